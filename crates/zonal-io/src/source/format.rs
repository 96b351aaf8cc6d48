//! How a file is written: by its first bytes, and by the ending of its name where these say nothing.

use super::reader::table;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How a file is written, as its first bytes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    GzipCsv,
    Npy,
    Npz,
    Parquet,
    Arrow,
}

/// The character between fields by the endings of files: a tab for `.tsv`, compressed or not, and otherwise a comma; names
/// without an ending follow the others. Files may be patterns as for [`Source::open`](super::Source::open).
///
/// # Errors
/// [`Error::Table`] where some files need a tab and others a comma; those of patterns.
pub fn usual_delimiter<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Result<char> {
    let (mut tabs, mut commas) = (None, None);
    for pattern in files {
        for file in matches(pattern)? {
            let name = file.to_string_lossy().to_lowercase();
            let name = name.strip_suffix(".gz").unwrap_or(&name);
            match Path::new(name).extension().and_then(|e| e.to_str()) {
                Some("tsv") => tabs = Some(file),
                None | Some("parquet" | "arrow" | "feather" | "npy" | "npz") => {}
                Some(_) => commas = Some(file),
            }
        }
    }
    match (tabs, commas) {
        (Some(tabs), Some(commas)) => Err(table(
            &tabs,
            format!(
                "its name stands for tabs between fields, and {} for commas, but all files need the same character; save \
                 them alike, or name it with --delimiter",
                commas.display()
            ),
        )),
        (Some(_), None) => Ok('\t'),
        (None, _) => Ok(','),
    }
}

/// The first bytes of each format.
pub(super) const BEGINNINGS: [(&[u8], Format); 5] = [
    (b"PAR1", Format::Parquet),
    (b"ARROW1", Format::Arrow),
    (b"\x93NUMPY", Format::Npy),
    (b"PK", Format::Npz),
    (b"\x1f\x8b", Format::GzipCsv),
];

/// The format that begins with these bytes.
pub(super) fn begins_like(first: &[u8]) -> Option<Format> {
    BEGINNINGS.iter().find(|(magic, _)| first.starts_with(magic)).map(|(_, format)| *format)
}

/// How a file is written.
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
        "parquet" | "arrow" | "feather" | "npy" | "npz" | "gz" => {
            Err(table(path, format!("the name ends in .{extension}, but the file does not begin like one")))
        }
        "xlsx" | "xls" | "json" | "jsonl" | "zip" | "bz2" | "xz" | "zst" => Err(table(
            path,
            format!("files of type .{extension} are not read; save the table as CSV, NPY, Parquet or Arrow"),
        )),
        _ => Ok(Format::Csv),
    }
}

/// Refuses what cannot be read twice.
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
        refuse("a folder")
    } else {
        refuse("a pipe or a device")
    }
}

/// The files that a path stands for.
pub(super) fn matches(path: &Path) -> Result<Vec<PathBuf>> {
    let text = path.to_string_lossy();
    if std::fs::metadata(path).is_ok() || !text.contains(['*', '?']) {
        return Ok(vec![path.to_owned()]);
    }
    let found = glob::glob(&text).map_err(|e| table(path, format!("not a pattern for files: {e}")))?;
    let files: Vec<PathBuf> = found.filter_map(std::result::Result::ok).collect();
    if files.is_empty() { Err(table(path, "no file matches this pattern".into())) } else { Ok(files) }
}
