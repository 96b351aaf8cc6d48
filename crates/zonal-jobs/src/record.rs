//! The record of a run, `run.json`: what was asked for, under which circumstances, and what came of it. Every kind of run
//! writes one into its folder, last of all: a folder with a record is a complete run.

use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use zonal_documents::provenance::Provenance;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::{Error, Result};
use zonal_io::folder::RunFolder;
use zonal_io::model::SCHEMA;

/// Where a run is written.
#[derive(Clone, Debug)]
pub enum Output {
    /// Nowhere.
    None,
    /// The next free numbered folder below this one.
    Numbered(PathBuf),
    /// This folder, which must be empty or, with `force`, hold a run of ours.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Replace a run in it.
        force: bool,
    },
    /// The folder of an interrupted run, which goes on there.
    Resume(PathBuf),
}

impl Output {
    /// Finds out before the work whether a run of this kind can be written.
    ///
    /// # Errors
    /// As [`RunFolder::check_create`].
    pub fn check(&self, kind: RunKind) -> Result<()> {
        match self {
            Self::None | Self::Resume(_) => {}
            Self::Folder { path, force } => RunFolder::check_create(path, *force, kind.files())?,
            Self::Numbered(parent) => RunFolder::check_parent(parent)?,
        }
        Ok(())
    }

    /// Refuses to put a file of this name, which is no part of the run, into its folder: the folder must be empty, or hold a run.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub fn check_apart(&self, option: &str, file: &Path) -> Result<()> {
        let Self::Folder { path, .. } = self else { return Ok(()) };
        let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match (path.canonicalize(), parent.canonicalize()) {
            (Ok(folder), Ok(parent)) if folder == parent => Err(Error::Usage(format!(
                "{option} {} lies in the folder of --out, which is for the files of the run alone; name a file elsewhere",
                file.display()
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses to replace a run by one that reads a file of it.
    ///
    /// # Errors
    /// As [`RunFolder::check_inputs`].
    pub fn check_spares<'a>(&self, needed: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        match self {
            Self::Folder { path, force: true } => Ok(RunFolder::check_inputs(path, needed)?),
            _ => Ok(()),
        }
    }

    /// The folder of a run of this kind, made now; None where nothing is written.
    ///
    /// # Errors
    /// As [`RunFolder::create`], [`RunFolder::create_numbered`] and [`RunFolder::resume`].
    pub fn folder(&self, name: &str, kind: RunKind) -> Result<Option<RunFolder>> {
        let kind = kind.files();
        Ok(match self {
            Self::None => None,
            Self::Resume(path) => Some(RunFolder::resume(path, kind)?),
            Self::Folder { path, force } => Some(RunFolder::create(path, *force, kind)?),
            Self::Numbered(parent) => Some(RunFolder::create_numbered(parent, name, kind)?),
        })
    }
}

/// Keeps a run that is nothing but its record; returns its folder, if it has one.
///
/// # Errors
/// Those of making the folder and writing.
pub fn keep<C: Serialize, S: Serialize>(
    output: &Output,
    kind: RunKind,
    configuration: &C,
    summary: &S,
    command: Vec<String>,
    started: SystemTime,
) -> Result<Option<String>> {
    let name = match kind {
        RunKind::Train => "train",
        RunKind::Sweep => "sweep",
        RunKind::Reproduce => "reproduce",
        RunKind::SqPlay => "sq-play",
    };
    let Some(folder) = output.folder(name, kind)? else { return Ok(None) };
    let path = folder.path().display().to_string();
    let provenance = Provenance::now(command, started);
    let written = Record { schema: SCHEMA, kind, configuration, provenance, summary }.write(&folder);
    if let Err(error) = written {
        folder.abandon();
        return Err(error);
    }
    folder.finish();
    Ok(Some(path))
}

/// One line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Usage(e.to_string()))
}

/// A file as text that memory has room for. What is none could keep its reader waiting for ever.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let action = "reading";
    let system = |source| zonal_io::Error::System { path: path.to_owned(), action, source };
    let metadata = std::fs::metadata(path).map_err(system)?;
    if !metadata.is_file() {
        return Err(system(std::io::Error::other("it is no plain file, and one is needed")).into());
    }
    // The text and what is made of it; the system is not asked about what is small.
    let most = if metadata.len() <= SMALL { SMALL } else { crate::memory::budget() / 8 };
    read_text_up_to(path, most)
}

/// A file of so many bytes always fits.
const SMALL: u64 = 1 << 20;

/// A file of so many bytes at most, or a short pipe.
pub(crate) fn read_text_up_to(path: &Path, most: u64) -> Result<String> {
    let system = |source| zonal_io::Error::System { path: path.to_owned(), action: "reading", source };
    let file = File::open(path).map_err(system)?;
    let metadata = file.metadata().map_err(system)?;
    let refuse = |found: String| Err(Error::Usage(format!("{} {found} are read here", path.display())));
    if metadata.is_file() && metadata.len() > most {
        return refuse(format!("has {} bytes, but at most {most}", metadata.len()));
    }
    let mut text = String::new();
    let read = file.take(most + 1).read_to_string(&mut text).map_err(system)?;
    if read as u64 > most {
        return refuse(format!("is no plain file and has more than {most} bytes, but at most so many"));
    }
    Ok(text)
}
