//! The rows of text files. Fields are numbers with a decimal point or comma, true and false for 1 and 0, or text; surrounding white space
//! is ignored. Unused columns may hold anything.

use super::dialect::Decimal;
use super::encoding::Cells;
use super::field::{boolean, decimals, finite, has_decimal_comma, is_missing, is_number, not_a_number, text};
use super::reader::{Cell, RawRows, Reader, See, table};
use super::records::OpenText;
use crate::error::{Error, Result, shorten};
use crate::option::{self, DECIMAL};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Which missing values are errors; others are NaN.
#[derive(Clone, Copy)]
pub(super) struct Rejects {
    pub(super) features: bool,
    /// Those of labels and weights.
    pub(super) labels: bool,
}

/// The rows of a text file.
pub(super) struct TextReader {
    path: PathBuf,
    records: OpenText,
    record: csv::ByteRecord,
    /// Indices of the chosen columns; the last `labels` of them are labels and the weight.
    chosen: Vec<usize>,
    labels: usize,
    rejects: Rejects,
    decimal: Decimal,
    /// What the cells of the first chosen columns become; those of more columns are numbers.
    cells: Vec<Cells>,
    /// Whether a block ends early instead of waiting for more rows.
    prompt: bool,
    /// The error of a row, to be returned after the rows before it.
    pending_error: Option<Error>,
    rows: u64,
}

impl TextReader {
    pub(super) fn new(
        path: &Path,
        records: OpenText,
        chosen: Vec<usize>,
        labels: usize,
        rejects: Rejects,
        prompt: bool,
    ) -> Self {
        Self {
            path: path.to_owned(),
            decimal: records.decimal,
            records,
            record: csv::ByteRecord::new(),
            chosen,
            labels,
            rejects,
            cells: Vec::new(),
            prompt,
            pending_error: None,
            rows: 0,
        }
    }

    /// Converts cells so, position by position.
    pub(super) fn with_cells(self, cells: Vec<Cells>) -> Self {
        Self { cells, ..self }
    }

    /// Reads a row; false after the last.
    fn row(&mut self, record: &mut csv::ByteRecord, values: &mut Vec<f64>) -> Result<bool> {
        let Some(line) = self.records.next(record, &self.path)? else { return Ok(false) };
        for (position, &column) in self.chosen.iter().enumerate() {
            let field = record.get(column).unwrap_or_default().trim_ascii();
            values.push(match self.cells.get(position) {
                Some(Cells::Numbers) | None => match finite(field, self.decimal) {
                    Some(x) => x,
                    None => self.special_value(field, line, position)?,
                },
                Some(cells) => self.converted(cells, field, line, position)?,
            });
        }
        Ok(true)
    }

    /// Returns the number of a field that may be text.
    fn converted(&self, cells: &Cells, field: &[u8], line: u64, position: usize) -> Result<f64> {
        let text = text(field);
        match self.cell(field, &text, line, position)? {
            Cell::Missing => self.special_value(field, line, position),
            cell => cells.value(&cell).map_err(|message| self.error(line, position, message)),
        }
    }

    fn error(&self, line: u64, position: usize, message: String) -> Error {
        let column = Some(self.records.names[self.chosen[position]].clone());
        Error::Table { path: self.path.clone(), row: Some(line), column, message }
    }

    /// Returns the value of a field, which has this text.
    fn cell<'a>(&self, field: &[u8], text: &'a str, line: u64, position: usize) -> Result<Cell<'a>> {
        Ok(match (boolean(field), finite(field, self.decimal)) {
            (Some(x), _) => Cell::Boolean(x != 0.0),
            (None, Some(x)) => Cell::Number(x),
            (None, None) if is_missing(text) => Cell::Missing,
            // An infinite number.
            (None, None) if is_number(field) => Cell::Number(self.special_value(field, line, position)?),
            (None, None) => Cell::Text(text),
        })
    }

    /// Interprets a field that is neither a finite number nor a boolean.
    fn special_value(&self, field: &[u8], line: u64, position: usize) -> Result<f64> {
        let fail = |message: String| Err(self.error(line, position, message));
        let text = text(field);
        let text = text.trim();
        if is_missing(text) {
            let is_label = position + self.labels >= self.chosen.len();
            if if is_label { self.rejects.labels } else { self.rejects.features } {
                let drop = option::MISSING.with("drop");
                return fail(format!("the value is missing; fill it in, or drop such rows with {drop}"));
            }
            return Ok(f64::NAN);
        }
        let found = shorten(text);
        match text.parse::<f64>() {
            Ok(x) if x.is_finite() && self.decimal != Decimal::Comma => Ok(x),
            Ok(x) if x.is_finite() => fail(format!(
                "found '{found}', but decimals have a comma here; write it so, or use {}",
                DECIMAL.with("point")
            )),
            Ok(_) => fail(format!("found '{found}', but only finite numbers can be used")),
            Err(_) if position + self.labels >= self.chosen.len() => {
                let advice = if has_decimal_comma(text) {
                    decimals()
                } else {
                    format!("; use {} if the labels are classes", option::TASK.with("classify"))
                };
                fail(format!("the label must be a number, but found '{found}'{advice}"))
            }
            Err(_) => fail(not_a_number(text)),
        }
    }
}

impl Reader for TextReader {
    fn next(&mut self, max_rows: usize) -> Result<Option<RawRows>> {
        if let Some(error) = self.pending_error.take() {
            return Err(error);
        }
        let mut values = Vec::with_capacity(max_rows * self.chosen.len());
        let mut rows = 0;
        let mut record = std::mem::take(&mut self.record);
        while rows < max_rows {
            match self.row(&mut record, &mut values) {
                Ok(true) => rows += 1,
                Ok(false) => break,
                Err(error) if rows == 0 => return Err(error),
                Err(error) => {
                    values.truncate(rows * self.chosen.len());
                    self.pending_error = Some(error);
                    break;
                }
            }
            if self.prompt && self.records.is_drained() {
                break;
            }
        }
        self.record = record;
        self.rows += rows as u64;
        if self.rows == 0 {
            return Err(table(&self.path, "the file has a header but no rows".into()));
        }
        Ok((rows > 0).then_some(RawRows { rows, values }))
    }

    fn for_each_cell(&mut self, positions: Range<usize>, see: See<'_>) -> Result<()> {
        let mut record = csv::ByteRecord::new();
        while let Some(line) = self.records.next(&mut record, &self.path)? {
            for position in positions.clone() {
                let field = record.get(self.chosen[position]).unwrap_or_default().trim_ascii();
                let text = text(field);
                if !see(line, position, self.cell(field, &text, line, position)?) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
