//! Tables from pipes, which are read once: CSV, plain or gzip.

use super::csv::{Beginning, Dialect};
use super::format::{BEGINNINGS, Format, begins_like};
use super::reader::table;
use crate::error::{Error, Result};
use std::fmt;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A pipe after its first line.
#[derive(Clone)]
pub(super) struct Pipe {
    path: PathBuf,
    names: Vec<String>,
    beginning: Arc<Mutex<Option<Beginning>>>,
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("path", &self.path).field("names", &self.names).finish_non_exhaustive()
    }
}

/// Whether a path is standard input, a pipe or a device.
pub(super) fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-" || std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

impl Pipe {
    /// Opens it and waits for its first line.
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
                    "is not CSV, but from a pipe only CSV is read, plain or gzip; save it to a file";
                return Err(table(path, message.into()));
            }
        };
        let beginning = Beginning::read(path, Box::new(Cursor::new(first).chain(bytes)), gzip, dialect)?;
        let names = beginning.names.clone();
        Ok(Self { path: path.to_owned(), names, beginning: Arc::new(Mutex::new(Some(beginning))) })
    }

    /// Its name in messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The columns.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Its rows, the first time.
    pub(super) fn take(&self) -> Result<Beginning> {
        let beginning = self.beginning.lock().unwrap_or_else(PoisonError::into_inner).take();
        beginning.ok_or_else(|| {
            table(&self.path, "has been read already, and a pipe can be read only once".into())
        })
    }
}

/// As few bytes as identify the format: a pipe may have no others for a long time.
fn first_bytes(bytes: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut first = Vec::new();
    while BEGINNINGS.iter().any(|(magic, _)| magic.len() > first.len() && magic.starts_with(&first)) {
        if Read::by_ref(bytes).take(1).read_to_end(&mut first)? == 0 {
            break;
        }
    }
    Ok(first)
}
