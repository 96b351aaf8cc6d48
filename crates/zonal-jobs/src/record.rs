//! Writing of `run.json`, the record of a run: its configuration, provenance and result. It is the last file written,
//! so a folder with a record holds a complete run. Also bounded reading of text files.

use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::request::Output;
use zonal_documents::{Error, Result};

/// Writes a run that consists only of its record, and returns the path of its folder; None if nothing is written.
///
/// # Errors
/// The errors of creating the folder and of writing.
pub fn save<C: Serialize, S: Serialize>(output: &Output, record: &Record<C, S>) -> Result<Option<String>> {
    let name = match record.kind {
        RunKind::Train => "train",
        RunKind::Sweep => "sweep",
        RunKind::Reproduce => "reproduce",
        RunKind::SqPlay => "sq-play",
    };
    let Some(folder) = output.folder(name, record.kind)? else { return Ok(None) };
    let path = folder.path().display().to_string();
    if let Err(error) = record.write(&folder) {
        folder.abandon();
        return Err(error);
    }
    folder.finish();
    Ok(Some(path))
}

/// Serialises a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Usage(e.to_string()))
}

/// Reads a regular file as text, if it fits into memory. Other files, such as pipes, are rejected, since they might
/// never end.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let action = "reading";
    let system = |source| zonal_io::Error::System { path: path.to_owned(), action, source };
    let metadata = std::fs::metadata(path).map_err(system)?;
    if !metadata.is_file() {
        return Err(system(std::io::Error::other("not a plain file; a plain file is needed")).into());
    }
    // The factor 8 covers the text and the values parsed from it. Small files are read without a check.
    let limit = if metadata.len() <= SMALL { SMALL } else { crate::memory::budget() / 8 };
    read_text_up_to(path, limit)
}

/// The size in bytes up to which a file is assumed to fit into memory.
const SMALL: u64 = 1 << 20;

/// Reads a file or a pipe of at most `limit` bytes as text.
pub(crate) fn read_text_up_to(path: &Path, limit: u64) -> Result<String> {
    let system = |source| zonal_io::Error::System { path: path.to_owned(), action: "reading", source };
    let file = File::open(path).map_err(system)?;
    let metadata = file.metadata().map_err(system)?;
    let reject = |found: String| Err(Error::Usage(format!("{} {found}", path.display())));
    if metadata.is_file() && metadata.len() > limit {
        return reject(format!("has {} bytes, but must have at most {limit}", metadata.len()));
    }
    let mut text = String::new();
    let read = file.take(limit + 1).read_to_string(&mut text).map_err(system)?;
    if read as u64 > limit {
        return reject(format!("is not a plain file and has more than {limit} bytes; use a plain file"));
    }
    Ok(text)
}
