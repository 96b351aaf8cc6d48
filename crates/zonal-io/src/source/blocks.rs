//! The rows of a table in blocks, with the checks that every value passes.

use super::reader::{Raw, Reader, block_rows, table};
use super::{Missing, Source};
use crate::error::{Error, Result};
use std::path::Path;
use zonal::linalg::Matrix;
use zonal::rows::Rows;

/// Weights within these limits have roots and sums in single precision too.
const SMALLEST_WEIGHT: f64 = 1e-30;
const LARGEST_WEIGHT: f64 = 1e30;

/// The blocks of a table, in order. After an error there are no more.
pub struct Blocks<'a> {
    source: &'a Source,
    piece: usize,
    reader: Option<Box<dyn Reader>>,
    next_row: u64,
    in_file: u64,
    /// The error of a row, to be returned after the rows before it.
    fault: Option<Error>,
    failed: bool,
}

impl Source {
    /// All rows from the first on, in blocks.
    pub fn blocks(&self) -> Blocks<'_> {
        Blocks::of(self)
    }
}

impl<'a> Blocks<'a> {
    fn of(source: &'a Source) -> Self {
        Self {
            source,
            piece: 0,
            reader: None,
            next_row: source.first_row,
            in_file: 0,
            fault: None,
            failed: false,
        }
    }

    fn advance(&mut self) -> Result<Option<Rows>> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let most = block_rows(self.source.columns());
        while let Some(piece) = self.source.pieces.get(self.piece) {
            if self.reader.is_none() {
                piece.check_unchanged()?;
                self.reader = Some(self.source.reader(piece)?);
                self.in_file = 0;
            }
            let next = match &mut self.reader {
                Some(reader) => match reader.next(most) {
                    Ok(next) => next,
                    // A file that changes is often no table while it does.
                    Err(error) => return Err(piece.check_unchanged().err().unwrap_or(error)),
                },
                None => None,
            };
            if next.is_none() {
                piece.check_unchanged()?;
            }
            match next {
                Some(raw) => return self.rows(piece.name(), raw).map(Some),
                None => {
                    self.reader = None;
                    self.piece += 1;
                }
            }
        }
        Ok(None)
    }

    /// Checks the values and leaves out rows that lack one. The error of a row that cannot be used is returned after the rows
    /// before it.
    fn rows(&mut self, path: &Path, raw: Raw) -> Result<Rows> {
        let source = self.source;
        let (features, labels) = (source.feature_names.len(), source.label_names.len());
        let first = self.next_row;
        let mut rows = Rows::empty(first..first + raw.rows as u64, features, labels);
        let mut x = Vec::with_capacity(raw.rows * features);
        let mut y = Vec::with_capacity(raw.rows * labels);
        for (i, row) in raw.values.chunks_exact(source.columns()).enumerate() {
            let number = first + i as u64;
            match source.usable(path, row, self.in_file + i as u64) {
                Ok(false) => {}
                Ok(true) => {
                    rows.weights.extend(source.is_weighted().then(|| row[features + labels]));
                    x.extend_from_slice(&row[..features]);
                    y.extend_from_slice(&row[features..features + labels]);
                    rows.numbers.push(number);
                }
                Err(fault) if rows.numbers.is_empty() => return Err(fault),
                Err(fault) => {
                    rows.covered.end = number;
                    self.fault = Some(fault);
                    break;
                }
            }
        }
        self.next_row += raw.rows as u64;
        self.in_file += raw.rows as u64;
        let matrix = |rows: usize, columns: usize, values: Vec<f64>| {
            Matrix::from_rows(rows, columns, values).map_err(|e| table(path, e.to_string()))
        };
        let kept = rows.numbers.len();
        rows.features = matrix(kept, features, x)?;
        rows.labels = matrix(kept, labels, y)?;
        Ok(rows)
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Rows>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance();
        self.failed = next.is_err();
        next.transpose()
    }
}

impl Source {
    /// Whether a row of a file is used, given its values; false for one that is left out.
    fn usable(&self, path: &Path, row: &[f64], place: u64) -> Result<bool> {
        let fail = |column: usize, message: String| {
            let mut names = self.feature_names.iter().chain(&self.label_names).chain(&self.weight_name);
            let column = names.nth(column).cloned();
            let message = format!("row {place} (counted from 0) {message}");
            Err(Error::Table { path: path.to_owned(), row: None, column, message })
        };
        let weight = self.is_weighted().then(|| row[row.len() - 1]);
        // A row that counts for nothing is as one that is not there.
        if weight == Some(0.0) {
            return Ok(false);
        }
        if let Some(column) = row.iter().position(|x| !x.is_finite()) {
            return match self.missing {
                Missing::Drop if row[column].is_nan() => Ok(false),
                _ if row[column].is_nan() => {
                    fail(column, "lacks a value; fill it in, or use --missing drop".into())
                }
                _ => fail(column, format!("holds {}, but only finite numbers can be used", row[column])),
            };
        }
        match weight {
            Some(weight) if !(SMALLEST_WEIGHT..=LARGEST_WEIGHT).contains(&weight) => fail(
                row.len() - 1,
                format!(
                    "has the weight {weight}, but 0 or a number from {SMALLEST_WEIGHT:e} to {LARGEST_WEIGHT:e} is needed"
                ),
            ),
            _ => Ok(true),
        }
    }
}
