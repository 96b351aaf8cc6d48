//! Detection of file formats by the first bytes, and by the extension where these are inconclusive.

use super::bytes::{GZIP, ZSTD};
use super::reader::table;
use super::records::JSON_LINES;
use crate::error::{Error, FOLDER, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// CSV or lines of JSON, perhaps packed.
    Text,
    Npy,
    Npz,
    Parquet,
    Arrow,
}

/// The first bytes of each format.
pub(super) const BEGINNINGS: [(&[u8], Format); 7] = [
    (b"PAR1", Format::Parquet),
    (b"ARROW1", Format::Arrow),
    // The stream format of Arrow.
    (b"\xff\xff\xff\xff", Format::Arrow),
    (b"\x93NUMPY", Format::Npy),
    (b"PK", Format::Npz),
    (GZIP, Format::Text),
    (ZSTD, Format::Text),
];

/// Returns the format that begins with these bytes.
pub(super) fn begins_like(first: &[u8]) -> Option<Format> {
    BEGINNINGS.iter().find(|(magic, _)| first.starts_with(magic)).map(|(_, format)| *format)
}

/// Detects the format of a file.
pub(super) fn format(path: &Path) -> Result<Format> {
    check_plain_file(path)?;
    let mut first = Vec::new();
    let file = File::open(path).map_err(Error::system(path, "opening"))?;
    file.take(8).read_to_end(&mut first).map_err(Error::system(path, "reading"))?;
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    match begins_like(&first) {
        Some(Format::Npz) if extension != "npz" => {}
        Some(format) => return Ok(format),
        None => {}
    }
    match extension.as_str() {
        "parquet" | "arrow" | "arrows" | "feather" | "npy" | "npz" | "gz" | "zst" => {
            Err(table(path, format!("has the extension .{extension} but is not a valid .{extension} file")))
        }
        "json" if !first.trim_ascii_start().starts_with(b"{") => {
            Err(table(path, format!("is not lines of JSON, but {JSON_LINES}")))
        }
        "xlsx" | "xls" | "zip" | "bz2" | "xz" => Err(table(
            path,
            format!(
                "files of type .{extension} are not supported; save the table as CSV, NPY, Parquet or Arrow"
            ),
        )),
        _ => Ok(Format::Text),
    }
}

/// Checks that a path is a plain file, which can be read more than once.
///
/// # Errors
/// [`Error::NotAFile`], [`Error::System`].
pub fn check_plain_file(path: &Path) -> Result<()> {
    let refuse = |found| Err(Error::NotAFile { path: PathBuf::from(path), found });
    if path.as_os_str() == "-" {
        return refuse("standard input, a pipe");
    }
    let meta = std::fs::metadata(path).map_err(Error::system(path, "opening"))?;
    if meta.is_file() {
        Ok(())
    } else if meta.is_dir() {
        refuse(FOLDER)
    } else {
        refuse("a pipe or a device")
    }
}

/// Returns the files that match a path.
pub(super) fn matches(path: &Path) -> Result<Vec<PathBuf>> {
    let text = path.to_string_lossy();
    if std::fs::metadata(path).is_ok() || !text.contains(['*', '?']) {
        return Ok(vec![path.to_owned()]);
    }
    let found = glob::glob(&text).map_err(|e| table(path, format!("not a pattern for files: {e}")))?;
    let files: Vec<PathBuf> = found.filter_map(std::result::Result::ok).collect();
    if files.is_empty() { Err(table(path, "no file matches this pattern".into())) } else { Ok(files) }
}
