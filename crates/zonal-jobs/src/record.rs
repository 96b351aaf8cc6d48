//! The record of a run, `run.json`: what was asked for, under which circumstances, and what came of it. Every kind of run
//! writes one into its folder, last of all: a folder with a record is a complete run.

use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;
use zonal_documents::provenance::Provenance;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::request::Output;
use zonal_documents::{Error, Result};
use zonal_io::model::SCHEMA;

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
