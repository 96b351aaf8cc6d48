//! The inspection of a table whose columns hold text or lack values: what each column holds, and how it becomes numbers.

use super::dates;
use super::encoding::{EncodedColumn, Encoding, Kind, MOST_LEVELS, MOST_SHARED};
use super::reader::{Cell, inexact_name, is_inexact};
use super::{Piece, Source};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The largest number of different texts that are counted in a column.
const MOST_DIFFERENT: usize = 100_000;

/// Sees the number of a row, its file and line, which is 0 in formats without lines, the position of a column and its value.
type SeeCell<'a> = &'a mut dyn FnMut(u64, (&Path, u64), usize, Cell<'_>);

/// What was seen in one column.
#[derive(Default)]
struct Seen {
    numbers: u64,
    mean: f64,
    missing: u64,
    texts: u64,
    /// The texts that are dates, the mean of their days, and whether some have a time.
    dates: u64,
    mean_days: f64,
    has_times: bool,
    /// The first text that is no date, with its file and line.
    first: Option<(String, PathBuf, u64)>,
    /// The rows of each text, once the column is known to hold text.
    levels: HashMap<String, u64>,
    /// A level that is a number beyond those that are exact.
    inexact: Option<f64>,
    /// Whether there were more different texts than are counted.
    is_cut: bool,
}

impl Seen {
    fn add(&mut self, cell: &Cell<'_>, place: (&Path, u64)) {
        match cell {
            Cell::Number(x) => {
                self.numbers += 1;
                // A running mean does not overflow.
                self.mean += (x - self.mean) / self.numbers as f64;
            }
            Cell::Boolean(is_true) => self.add(&Cell::Number(f64::from(u8::from(*is_true))), place),
            Cell::Missing => self.missing += 1,
            Cell::Text(text) => {
                self.texts += 1;
                if let Some(days) = dates::days(text) {
                    self.dates += 1;
                    self.mean_days += (days - self.mean_days) / self.dates as f64;
                    self.has_times |= days.fract() != 0.0;
                    return;
                }
                self.first.get_or_insert_with(|| ((*text).to_owned(), place.0.to_owned(), place.1));
            }
        }
    }

    fn count(&mut self, text: &str) {
        if let Some(rows) = self.levels.get_mut(text) {
            *rows += 1;
        } else if self.levels.len() < MOST_DIFFERENT {
            self.levels.insert(text.to_owned(), 1);
        } else {
            self.is_cut = true;
        }
    }

    /// Returns the levels, or that there are too many.
    fn kind(&mut self) -> Kind {
        let different = self.levels.len() as u64;
        let rows: u64 = self.levels.values().sum();
        let mut levels: Vec<(String, u64)> = self.levels.drain().collect();
        levels.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if levels.len() <= MOST_LEVELS {
            let levels = levels.into_iter().map(|(level, _)| level).collect();
            return Kind::Levels { levels, others: 0, shared: 0 };
        }
        if self.is_cut || 2 * different > rows {
            return Kind::Unused { different };
        }
        levels.truncate(MOST_LEVELS - 1);
        let others = different - levels.len() as u64;
        let levels = levels.into_iter().map(|(level, _)| level).collect();
        Kind::Levels { levels, others, shared: others.min(MOST_SHARED) }
    }
}

impl Source {
    /// Inspects all feature columns: which hold numbers and which text, with its levels and the means over the rows of which
    /// `is_used` is true. Columns named in `categorical` are always text. Reads the table twice if there is text. If it
    /// is cancelled, it ends early, and its result is to be discarded.
    ///
    /// # Errors
    /// [`Error::Table`] for a few texts among numbers or dates, which are probably mistakes, and for decimal commas if the dialect has
    /// points; otherwise as reading.
    pub fn inspect(
        &self,
        categorical: &[String],
        is_used: &dyn Fn(u64) -> bool,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Encoding> {
        let names = &self.feature_names;
        let mut rows = 0;
        let mut seen: Vec<Seen> = names.iter().map(|_| Seen::default()).collect();
        self.for_each_cell(0..names.len(), is_cancelled, &mut |row, place, position, cell| {
            if is_used(row) {
                rows += u64::from(position == 0);
                seen[position].add(&cell, place);
            }
        })?;
        let is_named = |name: &String| categorical.contains(name);
        let mut is_text = Vec::new();
        for (name, seen) in names.iter().zip(&seen) {
            is_text.push(is_named(name) || Self::is_text(name, seen)?);
        }
        if is_text.contains(&true) {
            self.for_each_cell(0..names.len(), is_cancelled, &mut |row, _, position, cell| {
                if !is_text[position] || !is_used(row) {
                    return;
                }
                match cell {
                    Cell::Text(text) => seen[position].count(text),
                    Cell::Number(x) => {
                        seen[position].inexact =
                            seen[position].inexact.or(Some(x).filter(|x| is_inexact(*x)));
                        seen[position].count(&x.to_string());
                    }
                    Cell::Boolean(is_true) => seen[position].count(if is_true { "1" } else { "0" }),
                    Cell::Missing => {}
                }
            })?;
        }
        if let Some((name, x)) = names.iter().zip(&seen).find_map(|(name, seen)| Some((name, seen.inexact?)))
        {
            let path = self.pieces.first().map_or(Path::new("the table"), Piece::name).to_owned();
            let message = inexact_name(x, "levels");
            return Err(Error::Table { path, row: None, column: Some(name.clone()), message });
        }
        let columns = names.iter().zip(&mut seen).zip(is_text).map(|((name, seen), is_text)| EncodedColumn {
            name: name.clone(),
            kind: match is_text {
                true => seen.kind(),
                false if seen.dates > 0 && seen.dates == seen.texts && seen.numbers == 0 => {
                    Kind::Dates { mean: seen.mean_days, has_times: seen.has_times }
                }
                false if seen.numbers == 0 => Kind::Unused { different: 0 },
                false => Kind::Numbers { mean: seen.mean },
            },
            missing: seen.missing,
        });
        Ok(Encoding { columns: columns.collect(), rows })
    }

    /// Returns whether a column holds text.
    fn is_text(name: &str, seen: &Seen) -> Result<bool> {
        let values = seen.numbers + seen.texts;
        let Some((text, path, line)) = &seen.first else { return Ok(false) };
        match super::field::not_levels(text, seen.dates, seen.texts, values) {
            None => Ok(true),
            Some(message) => Err(Error::Table {
                path: path.clone(),
                row: Some(*line).filter(|line| *line > 0),
                column: Some(name.to_owned()),
                message,
            }),
        }
    }

    /// Calls `see` with the number of each row that is not appended for validation, the file and line, and the position and the value of each column at these positions.
    /// If it is cancelled, it ends early.
    pub(super) fn for_each_cell(
        &self,
        positions: Range<usize>,
        is_cancelled: &dyn Fn() -> bool,
        see: SeeCell<'_>,
    ) -> Result<()> {
        let last = positions.end - 1;
        let mut row = self.first_row;
        for piece in &self.pieces[..self.own_pieces] {
            piece.check_unchanged()?;
            self.reader_of(piece, None)?.for_each_cell(positions.clone(), &mut |line, position, cell| {
                see(row, (piece.name(), line), position, cell);
                row += u64::from(position == last);
                !is_cancelled()
            })?;
        }
        Ok(())
    }
}
