//! Tables in memory, through a trait.

use super::encoding::Cells;
use super::reader::{Cell, RawRows, Reader};
use crate::error::{Error, Result};
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

/// A table in memory. Its columns are the features, the labels and, if present, the weight and the column that determines draws.
pub trait Table: Debug + Send + Sync {
    /// Returns the number of rows.
    fn rows(&self) -> u64;

    /// Returns the number of columns.
    fn columns(&self) -> usize;

    /// Copies the values of these rows in row-major order, with NaN for missing values.
    fn read(&self, rows: Range<u64>, out: &mut [f64]);

    /// Returns the texts of a column whose values are their numbers, counted from 0; None for a column of numbers.
    fn texts(&self, _column: usize) -> Option<&[String]> {
        None
    }
}

/// What the values of a column become before the encoding.
enum Values {
    AsTheyAre,
    /// One for each text.
    OfTexts(Vec<f64>),
    /// The numbers of levels, by the text of the number.
    OfNumbers(Cells),
}

/// A reader of a table in memory.
pub(super) struct MemoryReader {
    table: Arc<dyn Table>,
    columns: usize,
    next: u64,
    values: Vec<Values>,
}

impl MemoryReader {
    /// Starts to read a table whose columns become these cells, and whose first ones have these names.
    ///
    /// # Errors
    /// [`Error::Table`] for text in a column that is to hold numbers or dates.
    pub(super) fn new(
        table: Arc<dyn Table>,
        columns: usize,
        names: &[String],
        cells: Vec<Cells>,
    ) -> Result<Self> {
        let of = |(i, cells): (usize, Cells)| of_column(table.texts(i), names.get(i), cells);
        let values = cells.into_iter().enumerate().map(of).collect::<Result<_>>()?;
        Ok(Self { table, columns, next: 0, values })
    }
}

fn of_column(texts: Option<&[String]>, name: Option<&String>, cells: Cells) -> Result<Values> {
    let Some(texts) = texts else {
        return Ok(match cells {
            Cells::Levels(..) => Values::OfNumbers(cells),
            _ => Values::AsTheyAre,
        });
    };
    let of_text = |text: &String| {
        cells.value(&Cell::Text(text)).map_err(|message| Error::Table {
            path: "the table in memory".into(),
            row: None,
            column: name.cloned(),
            message,
        })
    };
    Ok(Values::OfTexts(texts.iter().map(of_text).collect::<Result<_>>()?))
}

impl Reader for MemoryReader {
    fn cell(&self, position: usize, value: f64) -> Cell<'_> {
        match self.table.texts(position) {
            _ if value.is_nan() => Cell::Missing,
            None => Cell::Number(value),
            Some(texts) => texts.get(value as usize).map_or(Cell::Missing, |text| Cell::Text(text)),
        }
    }

    fn next(&mut self, max_rows: usize) -> Result<Option<RawRows>> {
        let end = self.table.rows().min(self.next + max_rows as u64);
        if self.next >= end {
            return Ok(None);
        }
        let rows = (end - self.next) as usize;
        let mut values = vec![0.0; rows * self.columns];
        self.table.read(self.next..end, &mut values);
        self.next = end;
        for (column, of) in self.values.iter().enumerate() {
            let cells = values.iter_mut().skip(column).step_by(self.columns).filter(|x| !x.is_nan());
            match of {
                Values::AsTheyAre => {}
                Values::OfTexts(texts) => {
                    cells.for_each(|x| *x = texts.get(*x as usize).copied().unwrap_or(f64::NAN));
                }
                Values::OfNumbers(of) => {
                    cells.for_each(|x| *x = of.value(&Cell::Number(*x)).unwrap_or(f64::NAN));
                }
            }
        }
        Ok(Some(RawRows { rows, values }))
    }
}
