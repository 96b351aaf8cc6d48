//! The one way of writing files: to a temporary name in the same folder, flushed to disk, renamed. Only a journal grows in place.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use tempfile::{NamedTempFile, TempPath};

/// What the names of files begin with that are not written yet.
pub(crate) const TEMPORARY: &str = ".zonal-";

/// Writes a whole file, or leaves what was there before.
///
/// # Errors
/// [`Error::System`], for a full disk or a read-only folder for example.
pub fn write_file(path: &Path, contents: &[u8]) -> Result<()> {
    check_regular(path)?;
    let mut file = temporary(path)?;
    file.write_all(contents).map_err(Error::system(path, "writing"))?;
    keep(file.into_temp_path(), path)
}

/// Writes a whole file by a function that writes to the name it is given, or leaves what was there before.
///
/// # Errors
/// As [`write_file`], and those of the function.
pub(crate) fn write_by(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    check_regular(path)?;
    let name = temporary(path)?.into_temp_path();
    write(&name)?;
    keep(name, path)
}

/// A device, a pipe or a folder is nothing to put a file in place of. A link is followed to see what it leads to.
fn check_regular(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() => {
            let what = if meta.is_dir() { "it is a folder; name a file" } else { "it is no regular file" };
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, what);
            Err(Error::System { path: path.to_owned(), action: "writing", source })
        }
        _ => Ok(()),
    }
}

/// A new file in the same folder.
fn temporary(path: &Path) -> Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    // Temporary files are private; results are as readable as any other new file of the user.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path)).map_err(Error::system(path, "creating a temporary file beside it"))
}

/// Flushes it to disk and gives it its name.
fn keep(name: TempPath, path: &Path) -> Result<()> {
    let written = File::open(&name).and_then(|file| file.sync_all());
    written.map_err(Error::system(path, "flushing to disk"))?;
    name.persist(path).map_err(|e| e.error).map_err(Error::system(path, "renaming the temporary file"))?;
    flush_folder(path);
    Ok(())
}

/// The new name of a file or folder is on disk too, not only in memory: a power cut does not take it back. Not every system can flush a folder;
/// the file itself is whole in any case.
pub(crate) fn flush_folder(path: &Path) {
    #[cfg(unix)]
    {
        let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    {
        let _ = path;
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    }
}
