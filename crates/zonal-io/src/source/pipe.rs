//! Tables from pipes, which can be read only once: CSV, plain or gzip.

use super::csv::{Dialect, OpenCsv};
use super::format::{BEGINNINGS, Format, begins_like};
use super::reader::table;
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
    csv: Arc<Mutex<Option<OpenCsv>>>,
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
        let first = first_bytes(&mut bytes).map_err(Error::system(path, "reading"))?;
        let gzip = match begins_like(&first) {
            None => false,
            Some(Format::GzipCsv) => true,
            Some(_) => {
                let message =
                    "is not CSV, but a pipe must hold CSV, plain or gzip; save the table to a file first";
                return Err(table(path, message.into()));
            }
        };
        let csv = OpenCsv::read(path, Box::new(Cursor::new(first).chain(bytes)), gzip, dialect)?;
        let names = csv.names.clone();
        Ok(Self { path: path.to_owned(), names, csv: Arc::new(Mutex::new(Some(csv))) })
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
    pub(super) fn take(&self) -> Result<OpenCsv> {
        let csv = self.csv.lock().unwrap_or_else(PoisonError::into_inner).take();
        csv.ok_or_else(|| table(&self.path, "has already been read, and a pipe can be read only once".into()))
    }
}

/// Reads as few bytes as identify the format: the next bytes of a pipe may take long to arrive.
fn first_bytes(bytes: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut first = Vec::new();
    while BEGINNINGS.iter().any(|(magic, _)| magic.len() > first.len() && magic.starts_with(&first)) {
        if Read::by_ref(bytes).take(1).read_to_end(&mut first)? == 0 {
            break;
        }
    }
    Ok(first)
}
