//! The one way of writing files: to a temporary name in the same folder, flushed to disk, renamed.

use crate::error::{Error, Result};
use std::io::Write;
use std::path::Path;

/// Writes a whole file, or leaves what was there before.
///
/// # Errors
/// [`Error::System`], for a full disk or a read-only folder for example.
pub fn write_file(path: &Path, contents: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let fail = |action| Error::system(path, action);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".zonal-");
    // Temporary files are private; results are as readable as any other new file of the user.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(fail("creating a temporary file beside it"))?;
    file.write_all(contents).map_err(fail("writing"))?;
    file.as_file().sync_all().map_err(fail("flushing to disk"))?;
    file.persist(path).map_err(|e| e.error).map_err(fail("renaming the temporary file"))?;
    Ok(())
}
