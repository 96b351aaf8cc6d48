//! The table of a job: files with their dialect, or rows in memory.

use crate::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zonal_io::source::{Columns, Decimal, Dialect, Missing, Source, Table};

/// A table: files of rows, or rows in memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Files or globs, read in this order as one table.
    #[serde(serialize_with = "lossy")]
    pub files: Vec<PathBuf>,
    /// Whether CSV files begin with a header line.
    pub header: bool,
    /// The field delimiter of CSV files.
    pub delimiter: char,
    /// Whether decimals in CSV files are written with a comma.
    #[serde(default)]
    pub decimal_comma: bool,
    /// Whether commas mark thousands in CSV files wherever they can; otherwise only where they can mean nothing else.
    #[serde(default)]
    pub thousands: bool,
    /// Whether rows with missing values are dropped.
    pub drop_missing: bool,
    /// Whether missing features are replaced by the mean of their column; without this and `drop_missing` missing values are
    /// errors.
    #[serde(default)]
    pub fill_missing: bool,
    /// Whether columns of text become a column for each of their levels; otherwise they are errors.
    #[serde(default)]
    pub encode_text: bool,
    /// The columns that hold levels, even if these look like numbers.
    #[serde(default)]
    pub categorical: Vec<String>,
    /// The directory that relative file names start from; the current one if None. Not serialised: a record stores it
    /// in its provenance.
    #[serde(skip)]
    pub directory: Option<PathBuf>,
    /// A table in memory that replaces the files. Not serialised.
    #[serde(skip)]
    pub memory: Option<Memory>,
}

/// A table in memory and the names of its columns: features, labels, then the weight, if any.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The rows.
    pub table: Arc<dyn Table>,
    /// Further rows, all of which are for validation.
    pub validation: Option<Arc<dyn Table>>,
    /// The names of the feature columns.
    pub features: Vec<String>,
    /// The names of the label columns.
    pub labels: Vec<String>,
    /// The classes, if the label holds their numbers.
    pub classes: Option<Vec<String>>,
    /// The name of the weight column.
    pub weight: Option<String>,
    /// The name of the last column, if it determines the parts of rows.
    pub key: Option<String>,
    /// The number of the first row, counted from 0 over the whole table.
    pub first_row: u64,
}

impl PartialEq for Memory {
    fn eq(&self, other: &Self) -> bool {
        let is_same = |a: &Option<Arc<dyn Table>>, b: &Option<Arc<dyn Table>>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        Arc::ptr_eq(&self.table, &other.table)
            && is_same(&self.validation, &other.validation)
            && (&self.features, &self.labels, &self.classes, &self.weight, &self.key, self.first_row)
                == (
                    &other.features,
                    &other.labels,
                    &other.classes,
                    &other.weight,
                    &other.key,
                    other.first_row,
                )
    }
}

/// Serialises an optional path as text; see [`lossy`].
pub(crate) fn lossy_option<S: serde::Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    path.as_ref().map(|p| p.to_string_lossy()).serialize(serializer)
}

/// Serialises paths as text. Bytes that are not UTF-8 are replaced, since JSON cannot hold them.
pub(crate) fn lossy<S: serde::Serializer>(
    paths: &[PathBuf],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|p| p.to_string_lossy()))
}

impl Data {
    /// Returns the table of the files that the options of a command name. What is not given of the dialect (no header, delimiter,
    /// decimal mark) follows from the names and the first lines of the files.
    ///
    /// # Errors
    /// As [`zonal_io::source::default_dialect`].
    pub fn of_files(
        files: &[PathBuf],
        others: &[PathBuf],
        dialect: (bool, Option<char>, Option<Decimal>),
        missing: Missing,
    ) -> Result<Self> {
        let (no_header, delimiter, decimal) = dialect;
        let all: Vec<&PathBuf> = files.iter().chain(others).collect();
        let (delimiter, decimal) = zonal_io::source::default_dialect(&all, delimiter, decimal)?;
        Ok(Self {
            files: files.to_vec(),
            header: !no_header,
            delimiter,
            decimal_comma: decimal == Decimal::Comma,
            thousands: decimal == Decimal::PointWithThousands,
            drop_missing: missing == Missing::Drop,
            fill_missing: missing == Missing::Fill,
            encode_text: false,
            categorical: Vec::new(),
            directory: None,
            memory: None,
        })
    }

    /// Returns a table in memory.
    pub fn in_memory(memory: Memory, drop_missing: bool) -> Self {
        Self {
            files: Vec::new(),
            header: true,
            delimiter: ',',
            decimal_comma: false,
            thousands: false,
            drop_missing,
            fill_missing: false,
            encode_text: false,
            categorical: Vec::new(),
            directory: None,
            memory: Some(memory),
        }
    }

    /// Returns the same dialect with other files.
    pub fn with_files(&self, files: Vec<PathBuf>) -> Self {
        Self { files, memory: None, ..self.clone() }
    }

    /// Opens the table: finds its files and checks its columns. A table in memory has its own columns.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open(&self, columns: &Columns) -> Result<Source> {
        self.open_by(columns, Source::open)
    }

    /// Opens a table that is read once, such as one from a pipe; otherwise as [`Data::open`].
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
        let missing = match (self.drop_missing, self.fill_missing) {
            (true, _) => Missing::Drop,
            (false, true) => Missing::Fill,
            (false, false) => Missing::Reject,
        };
        if let Some(memory) = &self.memory {
            let Memory { table, features, labels, weight, key, first_row, .. } = memory.clone();
            return Ok(
                Source::memory(table, features, labels, [weight, key], missing)?.starting_at(first_row)
            );
        }
        let decimal = match (self.decimal_comma, self.thousands) {
            (true, _) => Decimal::Comma,
            (false, true) => Decimal::PointWithThousands,
            (false, false) => Decimal::Point,
        };
        let dialect = Dialect::new(self.header, self.delimiter, decimal)?;
        let files = match &self.directory {
            Some(directory) => &self.files.iter().map(|file| resolve(directory, file)).collect(),
            None => &self.files,
        };
        Ok(open(files, dialect, columns, missing)?)
    }
}

/// Resolves a file name against the directory it was recorded in. If the file exists only relative to the current
/// directory, because it moved together with the record, that path is returned.
pub fn resolve(directory: &Path, file: &Path) -> PathBuf {
    // `join` returns absolute paths unchanged.
    let recorded = directory.join(file);
    if recorded.exists() || !file.exists() { recorded } else { file.to_owned() }
}
