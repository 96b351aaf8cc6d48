//! What the readers of all formats share: rows as they come, limits, and words for what is refused.

use crate::error::{Error, Result};
use std::path::Path;

/// Values of a block, as f64: 2 MB.
const BLOCK_VALUES: usize = 1 << 18;
/// Rows of a block at most.
const BLOCK_ROWS: usize = 8_192;
/// The most columns of a table.
const MOST_COLUMNS: usize = 1_000_000;

/// Some rows of a file: values of the chosen columns, row after row, NaN where one is missing.
pub(super) struct Raw {
    pub(super) rows: usize,
    pub(super) values: Vec<f64>,
}

/// The rows of one file, some at a time.
pub(super) trait Reader: Send {
    /// At most `most` rows; None after the last.
    fn next(&mut self, most: usize) -> Result<Option<Raw>>;
}

/// How many rows of so many columns are read at a time.
pub(super) fn block_rows(columns: usize) -> usize {
    (BLOCK_VALUES / columns.max(1)).clamp(16, BLOCK_ROWS)
}

/// What to do with dates.
pub(super) const DATES: &str = "turn dates into numbers first, such as days since the first one";

/// Why a column or an array of this type is refused: the same words for every format.
pub(super) fn wrong_type(kind: &dyn std::fmt::Display, is_time: bool) -> String {
    let advice =
        if is_time { DATES } else { "turn it into numbers first, or train on other columns (--features)" };
    format!("has the type {kind}, but numbers or booleans are needed; {advice}")
}

/// An error about a file as a whole.
pub(super) fn table(path: &Path, message: String) -> Error {
    Error::Table { path: path.to_owned(), row: None, column: None, message }
}

/// More columns would be names without numbers for most of memory.
pub(super) fn check_columns(path: &Path, columns: usize) -> Result<()> {
    if columns <= MOST_COLUMNS {
        return Ok(());
    }
    Err(table(path, format!("has {columns} columns, but at most {MOST_COLUMNS} are read")))
}
