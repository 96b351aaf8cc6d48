//! Atomic writes: every file is written to a temporary name in the same folder, flushed to disk and renamed. Only journals grow
//! in place.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use tempfile::{NamedTempFile, TempPath};

/// The prefix of temporary names.
pub(crate) const TEMPORARY: &str = ".zonal-";

/// Writes a file completely, or leaves the previous file unchanged.
///
/// # Errors
/// [`Error::System`], for example for a full disk or a read-only folder.
pub fn write_file(path: &Path, contents: &[u8]) -> Result<()> {
    check_regular(path)?;
    let mut file = temporary(path)?;
    file.write_all(contents).map_err(Error::system(path, "writing"))?;
    publish(file.into_temp_path(), path)
}

/// Writes a file as [`write_file`], by a function that receives the temporary name.
///
/// # Errors
/// As [`write_file`], and the errors of the function.
pub(crate) fn write_by(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    check_regular(path)?;
    let name = temporary(path)?.into_temp_path();
    write(&name)?;
    publish(name, path)
}

/// Refuses to replace a device, a pipe or a folder, also behind a link.
fn check_regular(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() => {
            let what = if meta.is_dir() { "it is a folder; name a file" } else { "it is not a regular file" };
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, what);
            Err(Error::System { path: path.to_owned(), action: "writing", source })
        }
        _ => Ok(()),
    }
}

/// Creates a temporary file in the same folder.
fn temporary(path: &Path) -> Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    // Temporary files are private by default; results get the usual permissions of new files.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path)).map_err(Error::system(path, "creating a temporary file next to it"))
}

/// Flushes a temporary file to disk and renames it.
fn publish(name: TempPath, path: &Path) -> Result<()> {
    let flushed = File::open(&name).and_then(|file| file.sync_all());
    flushed.map_err(Error::system(path, "flushing to disk"))?;
    name.persist(path).map_err(|e| e.error).map_err(Error::system(path, "renaming the temporary file"))?;
    flush_folder(path);
    Ok(())
}

/// Flushes the parent folder, so that the new name of a file or folder survives a power failure. Errors are ignored: not every
/// system can flush a folder, and the file itself is complete in any case.
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
