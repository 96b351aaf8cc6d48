//! What a folder holds, told by what stands in its files and not by their names: whether a run may take the place of it.

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

/// Kinds of runs, by the files that they write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A training.
    Training,
    /// A sweep.
    Sweep,
    /// Nothing but a record and its page.
    Record,
}

/// A record's page goes before it, everything else after it: a folder with a record is a complete run.
const RECORD_FILES: [&str; 2] = [PAGE, RECORD];
const TRAINING_FILES: [&str; 8] =
    [METRICS_CSV, TEST_ROWS, MODEL, METRICS, STATISTICS, MONOMIALS, DESCENT, RESUME];
const SWEEP_FILES: [&str; 4] = [TABLE, ARROW, SWEEP, CELLS];

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Training, Self::Sweep, Self::Record];

    /// Everything that such a run may write, in the order in which it is removed; nothing else in a folder is touched.
    pub(crate) fn files(self) -> impl Iterator<Item = &'static str> {
        let own: &'static [&'static str] = match self {
            Self::Training => &TRAINING_FILES,
            Self::Sweep => &SWEEP_FILES,
            Self::Record => &[],
        };
        RECORD_FILES.iter().chain(own).copied()
    }

    /// What the file of an unfinished run says.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Sweep => "sweep",
            Self::Record => "record",
        }
    }
}

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Nothing.
    Nothing,
    /// A finished run.
    Run(Kind),
    /// A training that can go on.
    Training,
    /// A sweep that can go on.
    Sweep,
    /// What is left of a run that was stopped while it was written, or while it made room for another one.
    Remainder(Kind),
    /// Something of somebody else; why it is none of ours.
    Foreign(&'static str),
}

impl Contents {
    /// Which files are a run's of ours.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Nothing | Self::Foreign(_) => None,
            Self::Run(kind) | Self::Remainder(kind) => Some(*kind),
            Self::Training => Some(Kind::Training),
            Self::Sweep => Some(Kind::Sweep),
        }
    }
}

/// What a folder holds.
///
/// # Errors
/// [`Error::System`] when it cannot be listed.
pub(crate) fn contents(path: &Path) -> Result<Contents> {
    let listed = fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = listed.map_err(Error::system(path, "listing"))?;
    if entries.is_empty() {
        return Ok(Contents::Nothing);
    }
    let sealed = |name: &str| {
        let beginning = format!("{{\"checksum\":\"{}", checksum::MARK);
        near_beginning(&path.join(name)).is_some_and(|bytes| bytes.starts_with(beginning.as_bytes()))
    };
    Ok(if path.join(RECORD).exists() {
        match record(&path.join(RECORD)) {
            Some(kind) => Contents::Run(kind),
            None => Contents::Foreign("its run.json is no record of a run"),
        }
    } else if sealed(RESUME) {
        Contents::Training
    } else if sealed(CELLS) && path.join(SWEEP).is_file() {
        Contents::Sweep
    } else if let Some(kind) = unfinished(path) {
        Contents::Remainder(kind)
    } else if entries.iter().all(is_temporary) {
        Contents::Remainder(Kind::Record)
    } else {
        Contents::Foreign("holds no run.json")
    })
}

/// The kind of run of a record of ours, of this or an earlier format.
fn record(path: &Path) -> Option<Kind> {
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
        Some("train") | None => Kind::Training,
        Some("sweep") => Kind::Sweep,
        Some(_) => Kind::Record,
    })
}

/// Whether a file of a run's is one by what stands in it: tables are told by their names alone.
pub(crate) fn has_written(path: &Path, name: &str) -> bool {
    let mark: &[u8] = match name {
        PAGE => PAGE_MARK,
        METRICS => b"{\"schema\":",
        MODEL | STATISTICS | MONOMIALS | DESCENT | RESUME | CELLS => checksum::MARK.as_bytes(),
        _ => b"",
    };
    // A link may go: what it leads to stays.
    let is_link = fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink());
    is_link || path.is_file() && (mark.is_empty() || has_mark(path, mark))
}

/// The kind of run that has been begun in a folder.
fn unfinished(path: &Path) -> Option<Kind> {
    let text = near_beginning(&path.join(UNFINISHED))?;
    Kind::ALL.into_iter().find(|kind| text == format!("{}\n", kind.word()).as_bytes())
}

/// Whether a regular file is one that has no name yet.
pub(crate) fn is_temporary(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let ours = name.to_string_lossy().starts_with(TEMPORARY) && name != UNFINISHED;
    ours && entry.file_type().is_ok_and(|t| t.is_file())
}

/// Whether a regular file, and no link to one, has these bytes near its beginning.
pub fn has_mark(path: &Path, mark: &[u8]) -> bool {
    near_beginning(path).is_some_and(|bytes| bytes.windows(mark.len()).any(|w| w == mark))
}

/// The first bytes of a regular file, and of no link to one.
fn near_beginning(path: &Path) -> Option<Vec<u8>> {
    if !fs::symlink_metadata(path).is_ok_and(|m| m.is_file()) {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(4_096).read_to_end(&mut bytes)).ok()?;
    Some(bytes)
}
