//! The rows of a table in blocks, with validation of every value.

use super::draws::{DrawRule, Draws};
use super::reader::{RawRows, Reader, block_rows, inexact_name, is_inexact, table};
use super::{Missing, Piece, Source};
use crate::error::{Error, Result};
use crate::option::MISSING;
use std::path::Path;
use zonal::linalg::Matrix;
use zonal::rows::Rows;

/// The smallest weight. Weights within the limits have roots and sums in single precision too.
const SMALLEST_WEIGHT: f64 = 1e-30;
/// The largest weight.
const LARGEST_WEIGHT: f64 = 1e30;

/// An iterator over the blocks of a table in order. It ends after an error.
pub struct Blocks<'a> {
    source: &'a Source,
    piece: usize,
    reader: Option<Box<dyn Reader>>,
    next_row: u64,
    /// The number of the next row within its file.
    file_row: u64,
    /// The draws of the rows, unless they are those of their numbers.
    draws: Option<Draws>,
    /// The error of a row, to be returned after the rows before it.
    pending_error: Option<Error>,
    failed: bool,
}

impl Source {
    /// Starts a pass over all rows in blocks.
    pub fn blocks(&self) -> Blocks<'_> {
        Blocks::new(self)
    }
}

impl<'a> Blocks<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            source,
            piece: 0,
            reader: None,
            next_row: source.first_row,
            file_row: 0,
            draws: source.draws(),
            pending_error: None,
            failed: false,
        }
    }

    fn advance(&mut self) -> Result<Option<Rows>> {
        if let Some(error) = self.pending_error.take() {
            return Err(error);
        }
        let max_rows = block_rows(self.source.columns().max(self.source.feature_names().len()));
        while let Some(piece) = self.source.pieces.get(self.piece) {
            if self.reader.is_none() {
                piece.check_unchanged()?;
                self.reader = Some(self.source.reader(piece)?);
                self.file_row = 0;
            }
            let next = match &mut self.reader {
                Some(reader) => match reader.next(max_rows) {
                    Ok(next) => next,
                    // A file that is being changed is often invalid meanwhile: report the change.
                    Err(error) => return Err(piece.check_unchanged().err().unwrap_or(error)),
                },
                None => None,
            };
            if next.is_none() {
                piece.check_unchanged()?;
            }
            match next {
                Some(raw) => return self.rows(piece, raw).map(Some),
                None => {
                    self.reader = None;
                    self.piece += 1;
                }
            }
        }
        Ok(None)
    }

    /// Validates the values and drops rows with missing ones. The error of an invalid row is returned after the rows before it.
    fn rows(&mut self, piece: &Piece, raw: RawRows) -> Result<Rows> {
        let (source, path) = (self.source, piece.name());
        let features = source.feature_names.len();
        let [encoded, labels] = [source.feature_names(), source.label_names()].map(<[String]>::len);
        let first = self.next_row;
        let mut rows = Rows::empty(first..first + raw.rows as u64, encoded, labels);
        let is_for_validation = self.piece >= source.own_pieces;
        let mut x = Vec::with_capacity(raw.rows * encoded);
        let mut y = Vec::with_capacity(raw.rows * labels);
        for (i, row) in raw.values.chunks_exact(source.columns()).enumerate() {
            let number = first + i as u64;
            let in_file = self.file_row + i as u64;
            let label = &row[features..features + source.label_names.len()];
            let class = source.classified.as_ref().map(|c| source.class(piece, c, label[0]));
            let key = source.key_name.as_ref().map(|_| row[source.roles()]).filter(|key| !key.is_nan());
            let draw = self.draws.as_mut().map(|draws| draws.own(number, class.flatten(), key));
            let usable = source.is_usable(path, row, in_file).and_then(|is_used| match class {
                Some(None) if is_used => Err(source.unknown_class(path, label[0], in_file)),
                _ => Ok(is_used),
            });
            match usable {
                Ok(false) => {}
                Ok(true) => {
                    rows.weights.extend(source.is_weighted().then(|| row[source.roles() - 1]));
                    let start = x.len();
                    match source.encoding() {
                        Some(encoding) => {
                            source.unmarked.add(encoding.push(&row[..features], &mut x));
                        }
                        None => x.extend_from_slice(&row[..features]),
                    }
                    match class.flatten() {
                        Some(class) => y.extend((0..labels).map(|i| f64::from(u8::from(i == class)))),
                        None => y.extend_from_slice(label),
                    }
                    let features = &x[start..];
                    let draw = self.draws.as_mut().zip(draw).map(|(draws, own)| match is_for_validation {
                        true => own.for_validation(),
                        false => draws.of_used(own, features),
                    });
                    rows.draws.extend(draw);
                    rows.numbers.push(number);
                }
                Err(error) if rows.numbers.is_empty() => return Err(error),
                Err(error) => {
                    rows.covered.end = number;
                    self.pending_error = Some(error);
                    break;
                }
            }
        }
        self.next_row += raw.rows as u64;
        self.file_row += raw.rows as u64;
        let matrix = |rows: usize, columns: usize, values: Vec<f64>| {
            Matrix::from_rows(rows, columns, values).map_err(|e| table(path, e.to_string()))
        };
        let count = rows.numbers.len();
        rows.features = matrix(count, encoded, x)?;
        rows.labels = matrix(count, labels, y)?;
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
    /// Returns whether a row is used: false for a row that is dropped, an error for an invalid one.
    fn is_usable(&self, path: &Path, row: &[f64], number: u64) -> Result<bool> {
        let fail = |column: usize, message: String| {
            let labelled = self.feature_names.iter().chain(&self.label_names);
            let column = labelled.chain(&self.weight_name).chain(&self.key_name).nth(column).cloned();
            let message = format!("row {number} (counted from 0) {message}");
            Err(Error::Table { path: path.to_owned(), row: None, column, message })
        };
        let weight = self.is_weighted().then(|| row[self.roles() - 1]);
        // A row of weight 0 may hold anything.
        if weight == Some(0.0) {
            return Ok(false);
        }
        let filled = if self.missing == Missing::Fill && self.encoding.is_some() {
            self.feature_names.len()
        } else {
            0
        };
        let is_bad = |(column, x): (usize, &f64)| !(x.is_finite() || x.is_nan() && column < filled);
        if let Some(column) = row.iter().enumerate().position(is_bad) {
            let labels = self.feature_names.len()..self.feature_names.len() + self.label_names.len();
            return match self.missing {
                Missing::Drop if row[column].is_nan() => Ok(false),
                Missing::Fill if row[column].is_nan() && labels.contains(&column) => Ok(false),
                _ if row[column].is_nan() => fail(
                    column,
                    format!("lacks a value; fill it in, or drop such rows with {}", MISSING.with("drop")),
                ),
                _ => fail(column, format!("holds {}, but only finite numbers can be used", row[column])),
            };
        }
        if let (Some(DrawRule::Groups { .. }), Some(_)) = (self.rule(), &self.key_name)
            && is_inexact(row[self.roles()])
        {
            return fail(self.roles(), inexact_name(row[self.roles()], "groups"));
        }
        match weight {
            Some(weight) if !(SMALLEST_WEIGHT..=LARGEST_WEIGHT).contains(&weight) => fail(
                self.roles() - 1,
                format!(
                    "has the weight {weight}, but 0 or a number from {SMALLEST_WEIGHT:e} to {LARGEST_WEIGHT:e} is needed"
                ),
            ),
            _ => Ok(true),
        }
    }
}
