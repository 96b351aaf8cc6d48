//! Tables from pipes, which can be read only once: CSV or lines of JSON, perhaps packed.

use super::bytes::{decoded, first_bytes, io_error};
use super::dialect::Dialect;
use super::format::{BEGINNINGS, Format, begins_like};
use super::reader::table;
use super::records::OpenText;
use crate::error::{Error, Result};
use std::fmt;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A pipe whose first line has been read.
#[derive(Clone)]
pub(super) struct Pipe {
    path: PathBuf,
    names: Vec<String>,
    rows: Arc<Mutex<Option<OpenText>>>,
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("path", &self.path).field("names", &self.names).finish_non_exhaustive()
    }
}

/// Returns whether a path is standard input, a pipe or a device.
pub(super) fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-" || std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

impl Pipe {
    /// Opens a pipe and waits for its first line.
    pub(super) fn open(path: &Path, dialect: Dialect) -> Result<Self> {
        let (path, mut bytes): (_, Box<dyn Read + Send>) = if path.as_os_str() == "-" {
            (Path::new("standard input"), Box::new(std::io::stdin()))
        } else {
            (path, Box::new(File::open(path).map_err(Error::system(path, "opening"))?))
        };
        let beginnings = BEGINNINGS.map(|(magic, _)| magic);
        let first = first_bytes(&mut bytes, &beginnings).map_err(Error::system(path, "reading"))?;
        if begins_like(&first).is_some_and(|format| format != Format::Text) {
            let message =
                "is not CSV, but a pipe must hold CSV or lines of JSON; save the table to a file first";
            return Err(table(path, message.into()));
        }
        let bytes = decoded(Box::new(Cursor::new(first).chain(bytes)));
        // Further rows may take long to arrive.
        let rows = OpenText::read(path, bytes.map_err(|e| io_error(path, Some(1), e))?, dialect, 1)?;
        let names = rows.names.clone();
        Ok(Self { path: path.to_owned(), names, rows: Arc::new(Mutex::new(Some(rows))) })
    }

    /// Returns the name for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the names of the columns.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Takes the rows; fails the second time.
    pub(super) fn take(&self) -> Result<OpenText> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).take();
        rows.ok_or_else(|| {
            table(&self.path, "has already been read, and a pipe can be read only once".into())
        })
    }
}
