//! Classifies the contents of a folder, and protects files that zonal did not write. The decision uses the contents of files, not
//! only their names.

use crate::checksum;
use crate::error::{Error, Result};
use crate::names::{
    ARROW, CELLS, DESCENT, METRICS, METRICS_CSV, MODEL, MONOMIALS, PAGE, PAGE_MARK, RECORD, RESUME,
    STATISTICS, SWEEP, TABLE, TEST_ROWS, UNFINISHED,
};
use crate::write::TEMPORARY;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

/// The kind of a run folder, which determines its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderKind {
    /// A training.
    Training,
    /// A sweep.
    Sweep,
    /// A record and its page only.
    Record,
}

/// On removal the page goes before the record, all other files after it: a folder with a record is always a complete run.
const RECORD_FILES: [&str; 2] = [PAGE, RECORD];
const TRAINING_FILES: [&str; 8] =
    [METRICS_CSV, TEST_ROWS, MODEL, METRICS, STATISTICS, MONOMIALS, DESCENT, RESUME];
const SWEEP_FILES: [&str; 4] = [TABLE, ARROW, SWEEP, CELLS];

impl FolderKind {
    pub(crate) const ALL: [Self; 3] = [Self::Training, Self::Sweep, Self::Record];

    /// Returns all files that such a run may write, in the order of removal. No other file in a folder is ever removed.
    pub(crate) fn files(self) -> impl Iterator<Item = &'static str> {
        let own: &'static [&'static str] = match self {
            Self::Training => &TRAINING_FILES,
            Self::Sweep => &SWEEP_FILES,
            Self::Record => &[],
        };
        RECORD_FILES.iter().chain(own).copied()
    }

    /// Returns the word for this kind in the file that marks an unfinished run.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Sweep => "sweep",
            Self::Record => "record",
        }
    }
}

/// The contents of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// No files.
    Nothing,
    /// A finished run.
    Run(FolderKind),
    /// A training that can be resumed.
    Training,
    /// A sweep that can be resumed.
    Sweep,
    /// The remains of a run that was interrupted while it was written or replaced.
    Remainder(FolderKind),
    /// Files not written by zonal, with the reason.
    Foreign(&'static str),
}

impl Contents {
    /// Returns the kind of the run in the folder.
    pub fn kind(&self) -> Option<FolderKind> {
        match self {
            Self::Nothing | Self::Foreign(_) => None,
            Self::Run(kind) | Self::Remainder(kind) => Some(*kind),
            Self::Training => Some(FolderKind::Training),
            Self::Sweep => Some(FolderKind::Sweep),
        }
    }
}

/// Classifies the contents of a folder.
///
/// # Errors
/// [`Error::System`] if the folder cannot be listed.
pub fn classify(path: &Path) -> Result<Contents> {
    let listed = fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = listed.map_err(Error::system(path, "listing"))?;
    if entries.is_empty() {
        return Ok(Contents::Nothing);
    }
    let sealed = |name: &str| {
        let beginning = format!("{{\"checksum\":\"{}", checksum::MARK);
        head(&path.join(name)).is_some_and(|bytes| bytes.starts_with(beginning.as_bytes()))
    };
    Ok(if path.join(RECORD).exists() {
        match record_kind(&path.join(RECORD)) {
            Some(kind) => Contents::Run(kind),
            None => Contents::Foreign("its run.json is not the record of a run"),
        }
    } else if sealed(RESUME) {
        Contents::Training
    } else if sealed(CELLS) && path.join(SWEEP).is_file() {
        Contents::Sweep
    } else if let Some(kind) = unfinished_kind(path) {
        Contents::Remainder(kind)
    } else if entries.iter().all(is_temporary) {
        Contents::Remainder(FolderKind::Record)
    } else {
        Contents::Foreign("holds no run.json")
    })
}

/// Reads the kind of a run from its record, in this or an earlier format. None for other JSON.
fn record_kind(path: &Path) -> Option<FolderKind> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(rename = "schema")]
        _schema: u32,
        kind: Option<String>,
        #[serde(rename = "configuration")]
        _configuration: IgnoredAny,
        #[serde(rename = "provenance")]
        _provenance: IgnoredAny,
    }
    if !path.is_file() {
        return None;
    }
    let head: Head = serde_json::from_reader(BufReader::new(File::open(path).ok()?)).ok()?;
    Some(match head.kind.as_deref() {
        Some("train") | None => FolderKind::Training,
        Some("sweep") => FolderKind::Sweep,
        Some(_) => FolderKind::Record,
    })
}

/// Checks a run file by content; tables are recognised by name only.
pub(crate) fn is_own_file(path: &Path, name: &str) -> bool {
    let mark: &[u8] = match name {
        PAGE => PAGE_MARK,
        METRICS => b"{\"schema\":",
        MODEL | STATISTICS | MONOMIALS | DESCENT | RESUME | CELLS => checksum::MARK.as_bytes(),
        _ => b"",
    };
    // A link may be removed: its target remains.
    let is_link = fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink());
    is_link || path.is_file() && (mark.is_empty() || has_mark(path, mark))
}

/// Reads the kind of an unfinished run from its marker file.
fn unfinished_kind(path: &Path) -> Option<FolderKind> {
    let text = head(&path.join(UNFINISHED))?;
    FolderKind::ALL.into_iter().find(|kind| text == format!("{}\n", kind.word()).as_bytes())
}

/// Returns whether an entry is a temporary file of an unfinished write.
pub(crate) fn is_temporary(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let is_own = name.to_string_lossy().starts_with(TEMPORARY) && name != UNFINISHED;
    is_own && entry.file_type().is_ok_and(|t| t.is_file())
}

/// Returns whether a regular file, not a link, contains these bytes near its beginning.
pub fn has_mark(path: &Path, mark: &[u8]) -> bool {
    head(path).is_some_and(|bytes| bytes.windows(mark.len()).any(|w| w == mark))
}

/// Reads the first bytes of a regular file; None for a link.
fn head(path: &Path) -> Option<Vec<u8>> {
    if !fs::symlink_metadata(path).is_ok_and(|m| m.is_file()) {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(4_096).read_to_end(&mut bytes)).ok()?;
    Some(bytes)
}
