//! Sources whose label is a class: how its classes are found, and which rows have which.

use super::classes::{Classes, Classified, class_name};
use super::field::{is_mistake, looks_like_a_number};
use super::reader::{Cell, inexact_name, is_inexact, table};
use super::{Format, Piece, Source};
use crate::error::{Error, Result, shorten};
use crate::option::TASK;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use zonal::rows::{Part, Split};

/// The largest number of classes.
const MOST_CLASSES: usize = 1_000;

/// Returns the classes in order: numbers ascending, texts by the alphabet.
fn in_order(rows: HashMap<String, u64>) -> Vec<(String, u64)> {
    let mut sorted: Vec<(String, u64)> = rows.into_iter().collect();
    sorted.sort();
    if sorted.iter().all(|(name, _)| name.parse::<f64>().is_ok()) {
        let number = |class: &(String, u64)| class.0.parse::<f64>().unwrap_or(0.0);
        sorted.sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    sorted
}

impl Source {
    /// Returns whether the label is to be classified rather than predicted as a number: whether its first value is a boolean or a text
    /// that is neither a date nor a number with a decimal comma.
    ///
    /// # Errors
    /// As reading.
    pub fn has_class_label(&self) -> Result<bool> {
        let mut found = None;
        if let [_] = self.label_names.as_slice() {
            for piece in &self.pieces {
                let label = self.feature_names.len();
                let mut first = None;
                // An error in a later cell is found when the rows are read.
                let outcome =
                    self.reader_of(piece, None)?.for_each_cell(label..label + 1, &mut |_, _, cell| {
                        first = match &cell {
                            Cell::Missing => None,
                            Cell::Number(_) => Some(false),
                            Cell::Boolean(_) => Some(true),
                            // Numbers and dates in another form are mistakes that reading explains.
                            Cell::Text(text) => Some(!looks_like_a_number(text)),
                        };
                        first.is_none()
                    });
                found = found.or(first);
                match outcome {
                    Ok(()) if found.is_none() => {}
                    _ => break,
                }
            }
        }
        Ok(found == Some(true))
    }

    /// Returns the numbers of rows, and of different values of the first label, up to `limit` rows; no more are read. Errors of rows
    /// are found when these are read.
    pub fn count_labels(&self, limit: u64) -> (u64, u64) {
        let label = self.feature_names.len();
        let rows = std::cell::Cell::new(0);
        let mut values = HashSet::new();
        let is_enough = || rows.get() >= limit;
        let _ = self.for_each_cell(label..label + 1, &is_enough, &mut |_, _, _, cell| {
            rows.set(rows.get() + 1);
            values.extend(class_name(&cell).map(|name| name.into_owned()));
        });
        (rows.get(), values.len() as u64)
    }

    /// Finds the classes of the label in a pass over all rows. If it is cancelled, it ends early, and its result is to be discarded.
    ///
    /// # Errors
    /// [`Error::Table`] for a single class and for too many; unless `is_asked`, also for a few texts among numbers, which are probably
    /// mistakes; otherwise as reading.
    pub fn find_classes(&self, is_asked: bool, is_cancelled: &dyn Fn() -> bool) -> Result<Classes> {
        let label = self.label_names.first().cloned().unwrap_or_default();
        let mut rows: HashMap<String, u64> = HashMap::new();
        let position = self.feature_names.len();
        let (mut numbers, mut texts, mut first, mut inexact) = (0u64, 0u64, None, None);
        self.for_each_cell(position..position + 1, is_cancelled, &mut |_, (path, line), _, cell| {
            let Some(name) = class_name(&cell) else { return };
            match &cell {
                Cell::Number(x) => {
                    numbers += 1;
                    inexact = inexact.or(Some(*x).filter(|x| is_inexact(*x)));
                }
                _ => {
                    texts += 1;
                    first.get_or_insert_with(|| (name.to_string(), path.to_owned(), line));
                }
            }
            if let Some(rows) = rows.get_mut(name.as_ref()) {
                *rows += 1;
            } else if rows.len() <= MOST_CLASSES {
                rows.insert(name.into_owned(), 1);
            }
        })?;
        if let Some((text, path, line)) = first.filter(|_| !is_asked && is_mistake(texts, numbers + texts)) {
            let message = format!(
                "found '{}', but the label must be a number, as in {numbers} of the {} rows with a label; correct the others, or use {} if \
                 all are classes",
                shorten(&text),
                numbers + texts,
                TASK.with("classify")
            );
            return Err(Error::Table {
                path,
                row: Some(line).filter(|line| *line > 0),
                column: Some(label),
                message,
            });
        }
        let sorted = in_order(rows);
        let path = self.pieces.first().map_or(Path::new("the table"), Piece::name);
        let fail = |message: String| {
            Err(Error::Table { path: path.to_owned(), row: None, column: Some(label.clone()), message })
        };
        match sorted.as_slice() {
            _ if is_cancelled() => {}
            _ if inexact.is_some() => return fail(inexact_name(inexact.unwrap_or_default(), "classes")),
            [] => return fail("the label has no value in any row".into()),
            [(one, _)] => {
                return fail(format!(
                    "the label is '{}' in all rows, but classification needs at least two classes",
                    shorten(one)
                ));
            }
            [(first, _), ..] if sorted.len() > MOST_CLASSES => {
                return fail(format!(
                    "the label has more than {MOST_CLASSES} different values, such as '{}': too many for classes; name another \
                     label, or use {} if it is a number",
                    shorten(first),
                    TASK.with("regress")
                ));
            }
            _ => {}
        }
        let (names, rows) = sorted.into_iter().unzip();
        Ok(Classes { label, names, rows })
    }

    /// Replaces the label by a column for each of its classes. `is_coded` states that a table in memory holds the numbers of classes
    /// in place of their values.
    ///
    /// # Errors
    /// [`Error::Table`] unless there is one label.
    pub fn classified(self, classes: Arc<Classes>, is_coded: bool) -> Result<Self> {
        if self.label_names.len() != 1 {
            let path = self.pieces.first().map_or(Path::new("the table"), Piece::name);
            return Err(table(path, format!("has {} labels, but one is needed", self.label_names.len())));
        }
        let value = |name: &str| match name {
            "false" => Some(0.0),
            "true" => Some(1.0),
            name => name.parse::<f64>().ok(),
        };
        let number = |(i, name): (usize, &String)| Some((value(name)?.to_bits(), i));
        let numbers = classes.names.iter().enumerate().filter_map(number).collect();
        let columns = classes.columns();
        Ok(Self { classified: Some(Classified { classes, columns, numbers, is_coded }), ..self })
    }

    /// Returns the classes of a table in memory that holds their numbers.
    ///
    /// # Errors
    /// As reading.
    pub fn coded_classes(&self, names: &[String]) -> Result<Classes> {
        let label = self.label_names.first().cloned().unwrap_or_default();
        let mut rows = vec![0; names.len()];
        let position = self.feature_names.len();
        self.for_each_cell(position..position + 1, &|| false, &mut |_, _, _, cell| {
            if let Cell::Number(x) = cell
                && let Some(rows) = rows.get_mut(x as usize)
            {
                *rows += 1;
            }
        })?;
        Ok(Classes { label, names: names.to_vec(), rows })
    }

    /// Returns whether each row is for training, in a pass over the labels: one byte a row. If it is cancelled, it ends early, and its
    /// result is to be discarded.
    ///
    /// # Errors
    /// As reading.
    pub fn training_rows(&self, split: &Split, is_cancelled: &dyn Fn() -> bool) -> Result<Vec<bool>> {
        let mut out = Vec::new();
        let Some(mut draws) = self.draws() else { return Ok(out) };
        let numbers = self.classes().map(Classes::numbers).unwrap_or_default();
        let is_coded = self.classified.as_ref().is_some_and(|classified| classified.is_coded);
        let label = self.feature_names.len();
        let last = if self.key_name.is_some() { self.roles() } else { label };
        let (mut class, mut key) = (None, None);
        self.for_each_cell(label..last + 1, is_cancelled, &mut |row, _, position, cell| {
            if position == label {
                class = match &cell {
                    Cell::Number(x) if is_coded => Some(*x as usize).filter(|c| *c < numbers.len()),
                    cell => class_name(cell).and_then(|name| numbers.get(name.as_ref()).copied()),
                };
            }
            if position == last {
                key = self.rule().and_then(|rule| rule.key(&cell)).filter(|_| self.key_name.is_some());
                out.push(split.part_of(&draws.own(row, class, key)) == Part::Train);
            }
        })?;
        Ok(out)
    }

    /// Returns the classes of the label; None if it is a number.
    pub fn classes(&self) -> Option<&Classes> {
        self.classified.as_ref().map(|classified| &*classified.classes)
    }

    /// Returns the number of the class of a raw value of the label column; None if it is none of them.
    pub(super) fn class(&self, piece: &Piece, classified: &Classified, value: f64) -> Option<usize> {
        let is_number = match piece {
            Piece::File(_, Format::Npy | Format::Npz, _) => false,
            Piece::File(..) | Piece::Pipe(_) => true,
            Piece::Memory(_) => classified.is_coded,
        };
        if is_number {
            let class = value as usize;
            return Some(class).filter(|class| !value.is_nan() && *class < classified.classes.names.len());
        }
        classified.numbers.get(&value.to_bits()).copied()
    }

    /// Returns the error of a row whose label is none of the classes.
    pub(super) fn unknown_class(&self, path: &Path, value: f64, row: u64) -> Error {
        let known = self.classes().map(|classes| classes.unknown(&value.to_string())).unwrap_or_default();
        let message = format!("row {row} (counted from 0): {known}");
        let column = self.label_names.first().cloned();
        Error::Table { path: path.to_owned(), row: None, column, message }
    }
}
