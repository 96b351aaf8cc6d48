//! What determines the part of a row: its number, the values of its features, its group or its time.

use super::dates;
use super::reader::Cell;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use zonal::rows::{Draw, Split, Strata};

/// The largest number of different rows that are remembered. Rows beyond that have draws of their own.
const MOST_ROWS: usize = 1 << 22;
/// The largest number of times that are stored.
const TIMES: usize = 1_024;

/// What determines the draws of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DrawRule {
    /// The number of the row; a row whose features equal those of an earlier one has the part and the fold of that.
    EqualRows,
    /// The value of this column: all rows of a group have the same part and fold. Groups are spread evenly in the order in which they
    /// appear.
    Groups {
        /// The column.
        column: String,
    },
    /// The time in this column: the last rows are for testing, those before them for validation, and folds are intervals of time.
    Time {
        /// The column.
        column: String,
        /// Evenly spaced times of the rows, ascending; all of them if they are few.
        times: Vec<f64>,
    },
}

impl DrawRule {
    /// Returns the column that determines the draws.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::EqualRows => None,
            Self::Groups { column } | Self::Time { column, .. } => Some(column),
        }
    }

    /// Returns a rule by time, given the times of rows.
    pub fn of_times(column: String, mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let stride = times.len().div_ceil(TIMES).max(1);
        // The middle of each run of rows stands for it.
        let times = times.iter().skip(stride / 2).step_by(stride).copied().collect();
        Self::Time { column, times }
    }

    /// Returns the value of a cell of the column; None for cells that have none.
    pub(super) fn key(&self, cell: &Cell<'_>) -> Option<f64> {
        match (cell, self) {
            (Cell::Number(x), _) => Some(*x),
            (Cell::Boolean(is_true), _) => Some(f64::from(u8::from(*is_true))),
            (Cell::Text(text), Self::Groups { .. }) => Some(group(text)),
            (Cell::Text(text), Self::Time { .. }) => dates::days(text),
            (Cell::Text(_), Self::EqualRows) | (Cell::Missing, _) => None,
        }
    }

    /// Returns whether the constants can be used, for rules that were read from a file.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::EqualRows | Self::Groups { .. } => true,
            Self::Time { times, .. } => {
                !times.is_empty() && times.is_sorted() && times.iter().all(|t| t.is_finite())
            }
        }
    }
}

/// Returns a number for the group of a text: a negative one, and a half, which distinguishes it from whole numbers.
pub(super) fn group(text: &str) -> f64 {
    -(hash(text) as f64) - 0.5
}

/// Returns a hash of 52 bits, which, unlike that of the standard library, is the same in all versions.
pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    hasher.finish() >> 12
}

/// The draws of the rows of one pass.
pub(super) struct Draws {
    split: Split,
    rule: Option<DrawRule>,
    /// The draws of classes that are spread evenly.
    strata: Option<Strata>,
    /// The draws of groups so far, and the sequence of those to come.
    groups: (HashMap<u64, Draw>, Strata),
    /// The draw of the first of equal rows, and whether there are others.
    seen: HashMap<u64, (Draw, bool)>,
    repeated: Arc<Repeated>,
}

/// The rows that equalled earlier ones, in all passes.
#[derive(Debug, Default)]
pub(super) struct Repeated {
    /// The number of rows that equalled an earlier one.
    pub(super) rows: AtomicU64,
    /// The number of rows that were equalled by later ones, but by none before.
    pub(super) firsts: AtomicU64,
}

impl Draws {
    pub(super) fn new(
        split: Split,
        rule: Option<DrawRule>,
        strata: Option<Strata>,
        repeated: Arc<Repeated>,
    ) -> Self {
        let groups = (HashMap::new(), Strata::of_groups(split.seed()));
        Self { split, rule, strata, groups, seen: HashMap::new(), repeated }
    }

    /// Returns the draw of a row by itself, given its number, its class and the value of the column of the rule. Every row with a class
    /// takes one, whether it is used or not.
    pub(super) fn own(&mut self, number: u64, class: Option<usize>, key: Option<f64>) -> Draw {
        match (&self.rule, key) {
            // Adding 0 makes one group of 0 and -0.
            (Some(DrawRule::Groups { .. }), Some(key)) => {
                let (known, coming) = &mut self.groups;
                let key = (key + 0.0).to_bits();
                let draw = match known.get(&key) {
                    Some(draw) => *draw,
                    None if known.len() < MOST_ROWS => *known.entry(key).or_insert(coming.draw(0)),
                    None => self.split.draw(key),
                };
                Draw { rank: self.split.draw(number).rank, ..draw }
            }
            (Some(DrawRule::Time { times, .. }), Some(time)) => {
                let count = times.len() as f64;
                let later = times.len() - times.partition_point(|t| *t <= time);
                let earlier = times.partition_point(|t| *t < time);
                // The newest row is among `times`, so that both numbers are below 1.
                let share = |n: usize, of: f64| (n as f64 / of).min(1.0_f64.next_down());
                // Folds divide the rows that are not for testing.
                let fitted = count * (1.0 - self.split.test_fraction());
                let rank = self.split.draw(number).rank;
                Draw { part: share(later, count), fold: share(earlier, fitted), rank }
            }
            _ => match (class, &mut self.strata) {
                (Some(class), Some(strata)) => strata.draw(class),
                _ => self.split.draw(number),
            },
        }
    }

    /// Returns the draw of a row that is used, given that by itself and the features.
    pub(super) fn of_used(&mut self, own: Draw, features: &[f64]) -> Draw {
        if self.rule != Some(DrawRule::EqualRows) {
            return own;
        }
        let mut hasher = SipHasher13::new();
        features.iter().for_each(|x| hasher.write_u64((x + 0.0).to_bits()));
        let hash = hasher.finish();
        if let Some((first, has_others)) = self.seen.get_mut(&hash) {
            self.repeated.rows.fetch_add(1, Ordering::Relaxed);
            self.repeated.firsts.fetch_add(u64::from(!*has_others), Ordering::Relaxed);
            *has_others = true;
            return Draw { rank: own.rank, ..*first };
        }
        if self.seen.len() < MOST_ROWS {
            self.seen.insert(hash, (own, false));
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::rows::Part;

    fn draws(rule: DrawRule) -> (Draws, Arc<Repeated>) {
        let repeated = Arc::<Repeated>::default();
        let split = Split::new(3, 0.2, 0.25).unwrap();
        (Draws::new(split, Some(rule), None, Arc::clone(&repeated)), repeated)
    }

    #[test]
    fn equal_rows_have_the_draw_of_the_first() {
        let (mut draws, repeated) = draws(DrawRule::EqualRows);
        let mut of = |number: u64, features: &[f64]| {
            let own = draws.own(number, None, None);
            draws.of_used(own, features)
        };
        let first = of(0, &[1.0, 0.0]);
        let (other, again) = (of(1, &[1.0, 2.0]), of(2, &[1.0, -0.0]));
        assert_eq!((first.part, first.fold), (again.part, again.fold));
        assert!(first.rank != again.rank && first.part != other.part);
        of(3, &[1.0, 0.0]);
        assert_eq!([&repeated.rows, &repeated.firsts].map(|count| count.load(Ordering::Relaxed)), [2, 1]);
    }

    #[test]
    fn groups_stay_together_and_the_last_times_are_for_testing() {
        let (mut draws, _) = draws(DrawRule::Groups { column: "g".into() });
        let [a, b, c] = [(0, 7.0), (1, 7.0), (2, 8.0)].map(|(row, key)| draws.own(row, None, Some(key)));
        assert_eq!((a.part, a.fold), (b.part, b.fold));
        assert!(a.part != c.part && a.rank != b.rank);

        let split = Split::new(3, 0.2, 0.25).unwrap();
        for rows in [4u64, 20, 100, 5_000] {
            let times: Vec<f64> = (0..rows).map(|i| (i * 7 % rows) as f64).collect();
            let rule = DrawRule::of_times("t".into(), times.clone());
            assert!(rule.is_sound());
            let (mut draws, _) = self::draws(rule);
            let found: Vec<Draw> = times.iter().zip(0..).map(|(t, i)| draws.own(i, None, Some(*t))).collect();
            let latest = |part| {
                let of_part = times.iter().zip(&found).filter(|(_, d)| split.part_of(d) == part);
                of_part.map(|(t, _)| *t).fold(f64::NEG_INFINITY, f64::max)
            };
            let count = |part| found.iter().filter(|d| split.part_of(d) == part).count() as f64 / rows as f64;
            assert!(latest(Part::Train) < latest(Part::Validation) || rows == 4);
            assert!(latest(Part::Validation) < latest(Part::Test));
            assert!((count(Part::Test) - 0.25).abs() < 1.5 / rows.min(1_000) as f64, "{rows}");
            let folds: Vec<usize> = found.iter().map(|d| d.fold(4)).collect();
            let order = |i: &usize| times[*i] as u64;
            let mut sorted: Vec<usize> = (0..rows as usize).collect();
            sorted.sort_by_key(order);
            assert!(sorted.iter().map(|i| folds[*i]).is_sorted());
            let fitted: Vec<usize> = (0..rows as usize)
                .filter(|i| split.part_of(&found[*i]) != Part::Test)
                .map(|i| folds[i])
                .collect();
            assert!((0..4.min(rows as usize - 1)).all(|fold| fitted.contains(&fold)), "{rows}");
        }
        // Rows of one time are on one side.
        let (mut draws, _) = self::draws(DrawRule::of_times("t".into(), vec![1.0, 2.0, 2.0, 2.0, 3.0]));
        let found = [0, 1, 2].map(|row| draws.own(row, None, Some(2.0)).part);
        assert!(found.iter().all(|part| *part == found[0]));
    }
}
