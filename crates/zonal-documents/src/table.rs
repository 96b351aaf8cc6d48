//! The table of a job: files and how they are written, or rows in memory.

use crate::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zonal_io::source::{Columns, Dialect, Missing, Source, Table};

/// Files of rows, or a table in memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Files or patterns, read in this order as one table.
    #[serde(serialize_with = "lossy")]
    pub files: Vec<PathBuf>,
    /// Whether the first line of CSV files names the columns.
    pub header: bool,
    /// The character between fields of CSV files.
    pub delimiter: char,
    /// Whether rows that lack a value are left out instead of being an error.
    pub drop_missing: bool,
    /// The folder from which names of files are meant, if not the current one; a record keeps it elsewhere.
    #[serde(skip)]
    pub directory: Option<PathBuf>,
    /// The table in memory, in place of files; a record does not keep it.
    #[serde(skip)]
    pub memory: Option<Memory>,
}

/// A table in memory with the names of its columns: features, labels, then the weight if there is one.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The rows.
    pub table: Arc<dyn Table>,
    /// The features.
    pub features: Vec<String>,
    /// The labels.
    pub labels: Vec<String>,
    /// The weight.
    pub weight: Option<String>,
    /// The number of the first row.
    pub first_row: u64,
}

impl PartialEq for Memory {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.table, &other.table)
            && (&self.features, &self.labels, &self.weight, self.first_row)
                == (&other.features, &other.labels, &other.weight, other.first_row)
    }
}

/// A path as text, likewise.
pub(crate) fn lossy_option<S: serde::Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    path.as_ref().map(|p| p.to_string_lossy()).serialize(serializer)
}

/// Paths as text; bytes that are no text are replaced, since JSON has none.
pub(crate) fn lossy<S: serde::Serializer>(
    paths: &[PathBuf],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|p| p.to_string_lossy()))
}

impl Data {
    /// Files as the options of a command name them; the character between fields is what their names stand for if it is
    /// not given.
    ///
    /// # Errors
    /// As [`zonal_io::source::default_delimiter`].
    pub fn of_files(
        files: &[PathBuf],
        others: &[PathBuf],
        dialect: (bool, Option<char>),
        drop_missing: bool,
    ) -> Result<Self> {
        let (no_header, delimiter) = dialect;
        let delimiter = match delimiter {
            Some(delimiter) => delimiter,
            None => zonal_io::source::default_delimiter(files.iter().chain(others))?,
        };
        Ok(Self {
            files: files.to_vec(),
            header: !no_header,
            delimiter,
            drop_missing,
            directory: None,
            memory: None,
        })
    }

    /// A table in memory.
    pub fn in_memory(memory: Memory, drop_missing: bool) -> Self {
        Self {
            files: Vec::new(),
            header: true,
            delimiter: ',',
            drop_missing,
            directory: None,
            memory: Some(memory),
        }
    }

    /// Other files that are written like these.
    pub fn with_files(&self, files: Vec<PathBuf>) -> Self {
        Self { files, memory: None, ..self.clone() }
    }

    /// Finds the files and the columns; a table in memory has its own.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open(&self, columns: &Columns) -> Result<Source> {
        self.open_by(columns, Source::open)
    }

    /// As [`Data::open`] for a table that is read once, which may come from a pipe.
    ///
    /// # Errors
    /// As [`Source::open_once`].
    pub fn open_once(&self, columns: &Columns) -> Result<Source> {
        self.open_by(columns, Source::open_once)
    }

    fn open_by(
        &self,
        columns: &Columns,
        open: impl FnOnce(&[PathBuf], Dialect, &Columns, Missing) -> zonal_io::Result<Source>,
    ) -> Result<Source> {
        let missing = if self.drop_missing { Missing::Drop } else { Missing::Reject };
        if let Some(memory) = &self.memory {
            let Memory { table, features, labels, weight, first_row } = memory.clone();
            return Ok(Source::memory(table, features, labels, weight, missing)?.starting_at(first_row));
        }
        let dialect = Dialect::new(self.header, self.delimiter)?;
        let files = match &self.directory {
            Some(directory) => &self.files.iter().map(|file| meant(directory, file)).collect(),
            None => &self.files,
        };
        Ok(open(files, dialect, columns, missing)?)
    }
}

/// A file that was named in another folder: there, or here if it has moved together with what names it.
pub fn meant(directory: &Path, file: &Path) -> PathBuf {
    // Joining leaves whole paths as they are.
    let there = directory.join(file);
    if there.exists() || !file.exists() { there } else { file.to_owned() }
}
