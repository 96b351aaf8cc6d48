//! `resume.json`: the configuration of an unfinished training.

use crate::record::read_text;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zonal_documents::options::FORCE;
use zonal_documents::train::{Input, TrainConfig};
use zonal_documents::{Error, Result};
use zonal_io::folder::{RECORD, RESUME, RunFolder};
use zonal_io::model::SCHEMA;
use zonal_io::{FolderKind, checksum};

/// The content of `resume.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resume {
    schema: u32,
    version: String,
    /// The command line that started the training.
    command: Vec<String>,
    /// The folder to which paths of input files are relative.
    directory: String,
    configuration: TrainConfig,
}

/// Returns the folder to which the paths of a run's input files are relative: the current one unless the run is
/// resumed.
pub(super) fn directory(config: &TrainConfig) -> String {
    let original = match &config.input {
        Input::Table(job) => job.data.directory.clone(),
        Input::Target(_) => None,
    };
    let folder = original.or_else(|| std::env::current_dir().ok());
    folder.map_or(String::new(), |folder| folder.display().to_string())
}

/// Writes the configuration for a later run that resumes this one.
pub(super) fn write(folder: &RunFolder, config: &TrainConfig, command: Vec<String>) -> Result<()> {
    let resume = Resume {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command,
        directory: directory(config),
        configuration: config.clone(),
    };
    let text = serde_json::to_string_pretty(&resume).map_err(|e| Error::Usage(e.to_string()))?;
    Ok(folder.write(RESUME, checksum::seal_object(&(text + "\n")).as_bytes())?)
}

/// Returns the configuration of the interrupted run in a folder, and the command that started it.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for a folder without an interrupted run, with a finished run, or with a run of another
/// version.
pub fn interrupted(path: &Path) -> Result<(TrainConfig, Vec<String>)> {
    let refuse = |message: String| zonal_io::Error::Folder { path: path.to_owned(), message };
    if path.join(RECORD).is_file() {
        return Err(refuse("holds a finished run; there is nothing to resume".to_owned()).into());
    }
    let file = path.join(RESUME);
    if !path.is_dir() {
        let found = if path.exists() { "is a file" } else { "does not exist" };
        let message = format!("{found}, so it holds no {RESUME}; name the folder of an interrupted training");
        return Err(refuse(message).into());
    }
    if !file.is_file() {
        return Err(refuse(format!("holds no {RESUME}, so there is no training to resume")).into());
    }
    let text = read_text(&file)?;
    let over = FORCE.set();
    let damaged =
        |e: String| refuse(format!("has a {RESUME} that cannot be used: {e}; start over with {over}"));
    let object = checksum::open_object(&text).map_err(damaged)?;
    let resume: Resume = serde_json::from_str(&object).map_err(|e| damaged(e.to_string()))?;
    let version = env!("CARGO_PKG_VERSION");
    if (resume.schema, resume.version.as_str()) != (SCHEMA, version) {
        let message = format!(
            "was started by version {} and this is {version}, whose results could differ; start over with {over}",
            resume.version
        );
        return Err(refuse(message).into());
    }
    // Fails before the work if the folder cannot be written.
    RunFolder::resume(path, FolderKind::Training)?;
    let mut configuration = resume.configuration;
    if let Input::Table(job) = &mut configuration.input {
        job.data.directory = Some(PathBuf::from(resume.directory));
    }
    Ok((configuration, resume.command))
}
