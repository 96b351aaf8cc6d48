//! Run folders: numbered or named by the user, never overwriting what is not ours.

use crate::error::{Error, Result};
use crate::write::write_file;
use std::fs;
use std::path::{Path, PathBuf};

/// The record that marks a folder as one of ours.
pub const RECORD: &str = "run.json";
/// The metrics, one JSON object a line.
pub const METRICS: &str = "metrics.jsonl";
/// The trained network.
pub const MODEL: &str = "model.safetensors";

/// An output folder that may be written to.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    created: bool,
}

impl RunFolder {
    /// A folder chosen by the user: created, or empty, or with `force` one that holds a run of ours. Nothing is
    /// deleted; files of the same name are replaced when the new ones are complete.
    ///
    /// # Errors
    /// [`Error::Folder`] for a folder that must not be written to, [`Error::System`].
    pub fn named(path: &Path, force: bool) -> Result<Self> {
        let refuse = |message: &str| Error::Folder { path: path.to_owned(), message: message.to_owned() };
        match fs::metadata(path) {
            Ok(meta) if !meta.is_dir() => return Err(refuse("is a file; choose another name for --out")),
            Ok(_) => {
                let mut entries = fs::read_dir(path).map_err(Error::system(path, "listing"))?;
                let empty = entries.next().is_none();
                if !empty && !force {
                    return Err(refuse(
                        "is not empty; choose another one, or --force to replace a run in it",
                    ));
                }
                if !empty && !path.join(RECORD).is_file() {
                    return Err(refuse(
                        "is not empty and holds no run.json, so it is not a run of ours: --force does not replace it",
                    ));
                }
                return Self { path: path.to_owned(), created: false }.writable();
            }
            Err(_) => fs::create_dir_all(path).map_err(Error::system(path, "creating the folder"))?,
        }
        Self { path: path.to_owned(), created: true }.writable()
    }

    /// Finds out whether numbered folders can be made below `parent`, which is created if it does not exist.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn check_parent(parent: &Path) -> Result<()> {
        fs::create_dir_all(parent).map_err(Error::system(parent, "creating the folder"))?;
        Self { path: parent.to_owned(), created: false }.writable().map(drop)
    }

    /// The next free `parent/name-N`, N = 1, 2, ..
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn numbered(parent: &Path, name: &str) -> Result<Self> {
        fs::create_dir_all(parent).map_err(Error::system(parent, "creating the folder"))?;
        let mut number = 1u32;
        loop {
            let path = parent.join(format!("{name}-{number}"));
            // Creating is the test: two runs at once never get the same folder.
            match fs::create_dir(&path) {
                Ok(()) => return Self { path, created: true }.writable(),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
                Err(e) => return Err(Error::system(path, "creating the folder")(e)),
            }
        }
    }

    /// Finds out before the work whether its result can be written.
    fn writable(self) -> Result<Self> {
        tempfile::Builder::new()
            .prefix(".zonal-")
            .tempfile_in(&self.path)
            .map_err(Error::system(&self.path, "writing into the folder"))?;
        Ok(self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one file of the run.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<()> {
        write_file(&self.path.join(name), contents)
    }

    /// Removes the folder if it was created for this run and nothing was written: a failed run leaves no trace.
    pub fn abandon(self) {
        if self.created {
            // Fails, as it should, when the folder is not empty.
            let _ = fs::remove_dir(&self.path);
        }
    }
}
