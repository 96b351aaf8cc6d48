//! How columns become numbers: text becomes a column for each of its levels, and a missing value the mean of its column, with a
//! column that marks it. What was learned on one table is applied to others.

use super::classes::{Classes, class_name};
use super::dates;
use super::draws;
use super::field::not_a_number;
use super::reader::Cell;
use crate::error::shorten;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The largest number of columns for levels of their own, and of columns that all others share.
pub(super) const MOST_LEVELS: usize = 32;
pub(super) const MOST_SHARED: u64 = 32;

/// How the feature columns of a table become numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// One for each feature column, in order.
    pub columns: Vec<EncodedColumn>,
    /// The number of rows on which it was learned.
    #[serde(default)]
    pub rows: u64,
}

/// How one column becomes numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncodedColumn {
    /// The name of the column.
    pub name: String,
    /// What the column holds.
    pub kind: Kind,
    /// The number of rows without a value, among those on which the encoding was learned. If there are any, one more column
    /// marks them.
    pub missing: u64,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// Numbers; missing ones are replaced by the mean.
    Numbers {
        /// The mean over the training rows.
        mean: f64,
    },
    /// Text: a column for each level, which is 1 in rows of that level and 0 elsewhere.
    Levels {
        /// The levels, the most frequent first.
        levels: Vec<String>,
        /// The number of less frequent levels, which share columns; 0 if there are none. Levels that were never seen
        /// count as such a level if there are any, and else have 0 in all columns.
        others: u64,
        /// The number of columns that these levels share, each in the one that a hash of its text determines. Files without it
        /// have one.
        #[serde(default)]
        shared: u64,
    },
    /// Dates: columns for the days since 1970-01-01, the month, the day of the week and, if there are times, the hour. Missing ones are
    /// replaced by the mean.
    Dates {
        /// The mean of the days over the training rows.
        mean: f64,
        /// Whether some dates have a time.
        has_times: bool,
    },
    /// Nothing that is used: no value at all, or text that nearly always differs, such as names and identifiers.
    Unused {
        /// The number of different values that were counted.
        different: u64,
    },
}

/// What the cells of a column become before the encoding.
pub(super) enum Cells {
    Numbers,
    /// The number of their level; others share this number of columns.
    Levels(HashMap<String, usize>, u64),
    /// Days since 1970-01-01.
    Dates,
    /// A number for each group.
    Groups,
    /// Numbers, or days since 1970-01-01.
    Times,
    /// The number of their class; others are errors.
    Classes(Arc<Classes>, HashMap<String, usize>),
}

impl Cells {
    /// Returns the number of a cell, NaN for a missing one.
    ///
    /// # Errors
    /// What was found and what is needed.
    pub(super) fn value(&self, cell: &Cell<'_>) -> Result<f64, String> {
        let date = |text: &str| {
            let needed = "but a date such as 2024-01-31 is needed, as in other rows";
            dates::days(text).ok_or_else(|| format!("found '{}', {needed}", shorten(text)))
        };
        let level = |levels: &HashMap<String, usize>, shared: u64, text: &str| match levels.get(text) {
            Some(level) => *level as f64,
            None => levels.len() as f64 + (draws::hash(text) % shared.max(1)) as f64,
        };
        Ok(match (self, cell) {
            (_, Cell::Missing) => f64::NAN,
            (Self::Classes(classes, numbers), cell) => {
                let name = class_name(cell).unwrap_or_default();
                let known = numbers.get(name.as_ref()).map(|class| *class as f64);
                known.ok_or_else(|| classes.unknown(&name))?
            }
            // Numbers are the same level however they are written.
            (Self::Levels(levels, shared), Cell::Number(x)) => level(levels, *shared, &x.to_string()),
            (Self::Levels(levels, shared), Cell::Boolean(is_true)) => {
                level(levels, *shared, if *is_true { "1" } else { "0" })
            }
            (Self::Levels(levels, shared), Cell::Text(text)) => level(levels, *shared, text),
            (Self::Dates, Cell::Number(x)) => date(&x.to_string())?,
            (Self::Dates, Cell::Boolean(is_true)) => date(&is_true.to_string())?,
            (Self::Dates | Self::Times, Cell::Text(text)) => date(text)?,
            (Self::Groups, Cell::Text(text)) => draws::group(text),
            (Self::Numbers, Cell::Text(text)) => return Err(not_a_number(text)),
            (_, Cell::Number(x)) => *x,
            (_, Cell::Boolean(is_true)) => f64::from(u8::from(*is_true)),
        })
    }
}

/// Returns the number of columns that the rarer levels share.
fn shared_columns(others: u64, shared: u64) -> u64 {
    if others == 0 { 0 } else { shared.max(1) }
}

impl EncodedColumn {
    /// Returns the names of the columns that this one becomes.
    fn names(&self) -> Vec<String> {
        let name = &self.name;
        let mut out = match &self.kind {
            Kind::Numbers { .. } => vec![name.clone()],
            Kind::Levels { levels, others, shared } => {
                let other = |i: u64| match shared_columns(*others, *shared) {
                    1 => format!("{name}=(other)"),
                    _ => format!("{name}=(other {})", i + 1),
                };
                let others = (0..shared_columns(*others, *shared)).map(other);
                levels.iter().map(|level| format!("{name}={level}")).chain(others).collect()
            }
            Kind::Dates { has_times, .. } => {
                let parts = ["", " month", " weekday", " hour"];
                parts[..3 + usize::from(*has_times)].iter().map(|part| format!("{name}{part}")).collect()
            }
            Kind::Unused { .. } => return Vec::new(),
        };
        if self.missing > 0 {
            out.push(format!("{name} is missing"));
        }
        out
    }

    /// Returns whether this level, by its number, has no column.
    fn is_unknown_level(&self, level: f64) -> bool {
        matches!(&self.kind, Kind::Levels { levels, others: 0, .. } if level >= levels.len() as f64)
    }

    /// Appends the values of the columns that this one becomes. A level is its number, counted from 0; NaN is missing.
    fn push(&self, value: f64, out: &mut Vec<f64>) {
        let is_missing = value.is_nan();
        match &self.kind {
            Kind::Numbers { mean } => out.push(if is_missing { *mean } else { value }),
            Kind::Levels { levels, others, shared } => {
                let width = levels.len() as u64 + shared_columns(*others, *shared);
                // Unknown levels have the number of levels, which may be beyond the last column.
                out.extend((0..width).map(|level| if value == level as f64 { 1.0 } else { 0.0 }));
            }
            Kind::Dates { mean, has_times } => {
                let days = if is_missing { *mean } else { value };
                out.push(days);
                out.extend(dates::parts(days));
                out.extend(has_times.then(|| 24.0 * (days - days.floor())));
            }
            Kind::Unused { .. } => return,
        }
        if self.missing > 0 {
            out.push(f64::from(u8::from(is_missing)));
        }
    }

    /// Returns what the cells of the column become.
    pub(super) fn cells(&self) -> Cells {
        match &self.kind {
            Kind::Numbers { .. } => Cells::Numbers,
            Kind::Levels { levels, others, shared } => {
                let numbers = levels.iter().enumerate().map(|(i, level)| (level.clone(), i)).collect();
                Cells::Levels(numbers, shared_columns(*others, *shared))
            }
            Kind::Dates { .. } => Cells::Dates,
            Kind::Unused { .. } => Cells::Levels(HashMap::new(), 0),
        }
    }
}

impl Encoding {
    /// Creates the encoding of numbers with these means, without marks of missing values.
    pub fn of_numbers(names: &[String], means: &[f64]) -> Self {
        let column = |(name, mean): (&String, &f64)| EncodedColumn {
            name: name.clone(),
            kind: Kind::Numbers { mean: *mean },
            missing: 0,
        };
        Self { columns: names.iter().zip(means).map(column).collect(), rows: 0 }
    }

    /// Returns the names of the columns before the encoding.
    pub fn raw_names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// Returns the names of the columns after the encoding. They differ: a name that another column has already is followed by
    /// a prime.
    pub fn names(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let unique = |mut name: String| {
            while !seen.insert(name.clone()) {
                name.push('\'');
            }
            name
        };
        self.columns.iter().flat_map(EncodedColumn::names).map(unique).collect()
    }

    /// Returns whether the constants can be used, for encodings that were read from a file.
    pub fn is_sound(&self) -> bool {
        let is_sound = |column: &EncodedColumn| match &column.kind {
            Kind::Numbers { mean } | Kind::Dates { mean, .. } => mean.is_finite(),
            Kind::Levels { levels, shared, .. } => levels.len() <= MOST_LEVELS && *shared <= MOST_SHARED,
            Kind::Unused { .. } => true,
        };
        self.columns.iter().all(is_sound)
    }

    /// Appends the values of one row after the encoding. Returns what no column marks.
    pub(super) fn push(&self, raw: &[f64], out: &mut Vec<f64>) -> Unmarked {
        let mut unmarked = Unmarked::default();
        for (column, &value) in self.columns.iter().zip(raw) {
            column.push(value, out);
            let is_used = !matches!(column.kind, Kind::Unused { .. });
            unmarked.missing += u64::from(value.is_nan() && column.missing == 0 && is_used);
            unmarked.levels += u64::from(column.is_unknown_level(value));
        }
        unmarked
    }
}

/// Numbers of values that no column marks, since the rows on which the encoding was learned had none like them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unmarked {
    /// Missing values.
    pub missing: u64,
    /// Levels of text.
    pub levels: u64,
}

/// The same, counted by several threads.
#[derive(Debug, Default)]
pub(super) struct UnmarkedCounts {
    missing: AtomicU64,
    levels: AtomicU64,
}

impl UnmarkedCounts {
    pub(super) fn add(&self, more: Unmarked) {
        self.missing.fetch_add(more.missing, Ordering::Relaxed);
        self.levels.fetch_add(more.levels, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Unmarked {
        let [missing, levels] = [&self.missing, &self.levels].map(|count| count.load(Ordering::Relaxed));
        Unmarked { missing, levels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding() -> Encoding {
        let levels = Kind::Levels { levels: vec!["red".into(), "blue".into()], others: 3, shared: 0 };
        Encoding {
            columns: vec![
                EncodedColumn { name: "a".into(), kind: Kind::Numbers { mean: 2.5 }, missing: 1 },
                EncodedColumn { name: "colour".into(), kind: levels, missing: 0 },
                EncodedColumn { name: "id".into(), kind: Kind::Unused { different: 9 }, missing: 0 },
                EncodedColumn { name: "a is missing".into(), kind: Kind::Numbers { mean: 0.0 }, missing: 0 },
            ],
            rows: 10,
        }
    }

    #[test]
    fn columns_become_numbers_with_names_of_their_own() {
        let encoding = encoding();
        let names = ["a", "a is missing", "colour=red", "colour=blue", "colour=(other)", "a is missing'"];
        assert_eq!(encoding.names(), names);
        let row = |raw: [f64; 4]| {
            let mut out = Vec::new();
            encoding.push(&raw, &mut out);
            out
        };
        assert_eq!(row([1.0, 0.0, 0.0, 7.0]), [1.0, 0.0, 1.0, 0.0, 0.0, 7.0]);
        assert_eq!(row([f64::NAN, 2.0, 0.0, 7.0]), [2.5, 1.0, 0.0, 0.0, 1.0, 7.0]);
        assert_eq!(row([1.0, f64::NAN, 0.0, f64::NAN]), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        // Others share columns by a hash, the unknown ones too.
        let shared = Kind::Levels { levels: vec!["a".into()], others: 5, shared: 5 };
        let column = EncodedColumn { name: "city".into(), kind: shared, missing: 0 };
        let number = |text: &str| column.cells().value(&Cell::Text(text)).unwrap();
        let numbers: Vec<f64> = (0..100).map(|i| number(&format!("city {i}"))).collect();
        assert!((1..6).all(|level| numbers.contains(&f64::from(level))));
        assert!(numbers.iter().all(|x| (1.0..=5.0).contains(x)) && number("a") == 0.0);
        assert_eq!(number("city 7"), numbers[7]);
        assert_eq!(column.names()[1..3], ["city=(other 1)", "city=(other 2)"]);
        let text = serde_json::to_string(&encoding).unwrap();
        assert_eq!(serde_json::from_str::<Encoding>(&text).unwrap(), encoding);
        assert!(encoding.is_sound());
    }
}
