//! The parts that the readers of all formats share: rows before validation, limits, and messages.

use crate::error::{Error, Result};
use crate::option::FEATURES;
use std::ops::Range;
use std::path::Path;

/// The number of values of a block: 2 MB as f64.
const BLOCK_VALUES: usize = 1 << 18;
/// The largest number of rows of a block.
const MAX_BLOCK_ROWS: usize = 8_192;
/// The largest number of columns of a table.
const MAX_COLUMNS: usize = 1_000_000;

/// Rows before validation: values of the chosen columns in row-major order, with NaN for missing values.
pub(super) struct RawRows {
    pub(super) rows: usize,
    pub(super) values: Vec<f64>,
}

/// The value of one cell.
pub(super) enum Cell<'a> {
    Number(f64),
    Boolean(bool),
    Missing,
    Text(&'a str),
}

/// Sees the line of a row, 0 in formats without lines, the position of a column and its value; false ends the pass.
pub(super) type See<'a> = &'a mut dyn FnMut(u64, usize, Cell<'_>) -> bool;

/// Returns whether other whole numbers may have been rounded to this one: whether it is beyond 2^53.
pub(super) fn is_inexact(x: f64) -> bool {
    x.abs() > 9_007_199_254_740_992.0 && x.is_finite()
}

/// Returns the message for a number that is to name something and may stand for several.
pub(super) fn inexact_name(x: f64, what: &str) -> String {
    format!(
        "holds {x}, but whole numbers beyond 2^53 are rounded and do not tell {what} apart; write them as text, such as id7"
    )
}

/// A reader of the rows of one file.
pub(super) trait Reader: Send {
    /// Reads at most `max_rows` rows; None after the last.
    fn next(&mut self, max_rows: usize) -> Result<Option<RawRows>>;

    /// Returns the cell of a value of the column at this position.
    fn cell(&self, _position: usize, value: f64) -> Cell<'_> {
        if value.is_nan() { Cell::Missing } else { Cell::Number(value) }
    }

    /// Calls `see` with the cells at these positions, row by row.
    fn for_each_cell(&mut self, positions: Range<usize>, see: See<'_>) -> Result<()> {
        while let Some(raw) = self.next(MAX_BLOCK_ROWS / 8)? {
            for row in raw.values.chunks_exact(raw.values.len() / raw.rows) {
                for position in positions.clone() {
                    if !see(0, position, self.cell(position, row[position])) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

/// Returns the number of rows of a block with this number of columns.
pub(super) fn block_rows(columns: usize) -> usize {
    (BLOCK_VALUES / columns.max(1)).clamp(16, MAX_BLOCK_ROWS)
}

/// The advice for dates.
pub(super) const DATES: &str = "convert dates to numbers first, such as days since the first one";

/// Returns the message for a column or array of this type, the same for every format.
pub(super) fn wrong_type(kind: &dyn std::fmt::Display, is_time: bool) -> String {
    let needed = format!("has the type {kind}, but numbers or booleans are needed");
    if is_time {
        return format!("{needed}; {DATES}");
    }
    format!("{needed}; convert it to numbers first, or select other columns with {FEATURES}")
}

/// Creates an error that concerns a file as a whole.
pub(super) fn table(path: &Path, message: String) -> Error {
    Error::Table { path: path.to_owned(), row: None, column: None, message }
}

/// Checks the number of columns, before memory is allocated for their names.
pub(super) fn check_columns(path: &Path, columns: usize) -> Result<()> {
    if columns <= MAX_COLUMNS {
        return Ok(());
    }
    Err(table(path, format!("has {columns} columns, but at most {MAX_COLUMNS} are supported")))
}
