//! What a training on a table keeps on disk while it reads: its configuration and the sums so far.

use crate::record::read_text;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zonal::statistics::Statistics;
use zonal_documents::train::{Input, TrainConfig};
use zonal_documents::{Error, Result};
use zonal_io::folder::{MONOMIALS, RECORD, RESUME, RunFolder, STATISTICS};
use zonal_io::model::SCHEMA;
use zonal_io::statistics::{Shape, load, save};
use zonal_io::{FolderKind, checksum};

/// An unfinished run's configuration.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resume {
    schema: u32,
    version: String,
    /// The words of the command line that began it.
    command: Vec<String>,
    /// The folder in which it was called, from which names of files are meant.
    directory: String,
    configuration: TrainConfig,
}

/// A reading that took longer is worth keeping.
const LONG: Duration = Duration::from_secs(20);

/// Where sums are kept, if anywhere.
pub(super) struct Keep<'a> {
    place: &'a mut super::Place,
    config: &'a TrainConfig,
    every: Duration,
    last: Instant,
    identity: String,
    shapes: Option<[Shape; 2]>,
    began: Instant,
}

impl<'a> Keep<'a> {
    /// Sums of a run in `place`; `identity` says whatever decides them beside the rows.
    pub(super) fn new(
        place: &'a mut super::Place,
        config: &'a TrainConfig,
        every: Duration,
        identity: String,
    ) -> Self {
        Self { place, config, every, last: Instant::now(), identity, shapes: None, began: Instant::now() }
    }

    /// Sums that an earlier run has kept.
    pub(super) fn take_up(&mut self, shapes: [Shape; 2]) -> Result<Option<[Statistics; 2]>> {
        self.shapes = Some(shapes);
        let Some(folder) = self.place.existing() else { return Ok(None) };
        let path = folder.path().to_owned();
        if !path.join(STATISTICS).is_file() || !path.join(MONOMIALS).is_file() {
            return Ok(None);
        }
        let read = |name: &str, shape: Shape| {
            let path = path.join(name);
            let (statistics, found) = load(&path, Some(&self.identity))?;
            if found == shape {
                return Ok(statistics);
            }
            let message = "its sums have other sizes than this training".to_owned();
            Err(zonal_io::Error::Model { path, message })
        };
        Ok(Some([read(STATISTICS, shapes[0])?, read(MONOMIALS, shapes[1])?]))
    }

    /// Saves when it is time.
    pub(super) fn save_from_time_to_time(&mut self, sums: [&Statistics; 2]) -> Result<()> {
        if self.last.elapsed() < self.every || !self.place.keeps() {
            return Ok(());
        }
        let began = Instant::now();
        self.save(sums)?;
        self.last = Instant::now();
        // Saving takes a twentieth of the time at most.
        self.every = self.every.max(20 * began.elapsed());
        Ok(())
    }

    /// Saves the sums over all rows if they took long; what comes after them can then be repeated alone. Returns the folder.
    pub(super) fn save_whole(&mut self, sums: [&Statistics; 2]) -> Result<Option<PathBuf>> {
        if self.began.elapsed() < self.every.min(LONG) || !self.place.keeps() {
            return Ok(None);
        }
        self.save(sums)?;
        Ok(self.place.existing().map(|folder| folder.path().to_owned()))
    }

    fn save(&mut self, sums: [&Statistics; 2]) -> Result<()> {
        let command = self.place.command.clone();
        let (Some(shapes), Some(folder)) = (self.shapes, self.place.folder(self.config)?) else {
            return Ok(());
        };
        write_resume(folder, self.config, command)?;
        let path = folder.path();
        save(&path.join(STATISTICS), sums[0], shapes[0], &self.identity)?;
        save(&path.join(MONOMIALS), sums[1], shapes[1], &self.identity)?;
        Ok(())
    }

    /// Saves what there is, and says how to go on.
    pub(super) fn interrupted(&mut self, sums: [&Statistics; 2], done: u64, total: u64) -> Error {
        if let Some(why) = self.place.why_not_kept() {
            let message = format!("stopped after {done} of {total} rows; nothing was kept, {why}");
            return Error::Interrupted { message };
        }
        if let Err(error) = self.save(sums) {
            return error;
        }
        let path = self.place.existing().map(|f| f.path().display().to_string()).unwrap_or_default();
        let message =
            format!("stopped after {done} of {total} rows; go on with: zonal train --resume {path}");
        Error::Interrupted { message }
    }
}

/// The folder from which names of a run's files are meant.
pub(super) fn directory(config: &TrainConfig) -> String {
    let begun_in = match &config.input {
        Input::Table(job) => job.data.directory.clone(),
        Input::Target(_) => None,
    };
    let folder = begun_in.or_else(|| std::env::current_dir().ok());
    folder.map_or(String::new(), |folder| folder.display().to_string())
}

/// Writes what a run is to go on with.
pub(super) fn write_resume(folder: &RunFolder, config: &TrainConfig, command: Vec<String>) -> Result<()> {
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

/// The configuration of the interrupted run in a folder, and the command that began it.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for a folder without one, with a finished run, or of another version.
pub fn interrupted(path: &Path) -> Result<(TrainConfig, Vec<String>)> {
    let refuse = |message: String| zonal_io::Error::Folder { path: path.to_owned(), message };
    if path.join(RECORD).is_file() {
        return Err(refuse("holds a finished run: there is nothing to go on with".to_owned()).into());
    }
    let file = path.join(RESUME);
    if !path.is_dir() {
        let found = if path.exists() { "is a file" } else { "does not exist" };
        let message =
            format!("{found}, and holds no {RESUME}; name the folder of a training that was stopped");
        return Err(refuse(message).into());
    }
    if !file.is_file() {
        return Err(refuse(format!("holds no {RESUME}: there is no training to go on with")).into());
    }
    let text = read_text(&file)?;
    let damaged = |e: String| refuse(format!("has a {RESUME} that cannot be used: {e}; start it anew"));
    let object = checksum::open_object(&text).map_err(damaged)?;
    let resume: Resume = serde_json::from_str(&object).map_err(|e| damaged(e.to_string()))?;
    let version = env!("CARGO_PKG_VERSION");
    if (resume.schema, resume.version.as_str()) != (SCHEMA, version) {
        let message = format!(
            "was begun by version {} and this is {version}: numbers could differ; start it anew",
            resume.version
        );
        return Err(refuse(message).into());
    }
    // Whether the folder can be written to is known before the work.
    RunFolder::resume(path, FolderKind::Training)?;
    let mut configuration = resume.configuration;
    if let Input::Table(job) = &mut configuration.input {
        job.data.directory = Some(PathBuf::from(resume.directory));
    }
    Ok((configuration, resume.command))
}
