//! Labelled rows, and the assignment of a table's rows to training, validation and test.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::numeric::random::{Purpose, stream, uniform};
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A block of consecutive rows of a table: their features and labels, without the omitted rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// The range of the table's rows that the block covers, counted from 0, including omitted ones.
    pub covered: Range<u64>,
    /// The number of each row.
    pub numbers: Vec<u64>,
    /// The features, one table row per row.
    pub features: Matrix,
    /// The labels, one table row per row, one label per column.
    pub labels: Matrix,
    /// The weight of each row in every mean; empty if all weights are 1.
    pub weights: Vec<f64>,
}

impl Rows {
    /// Creates a block without rows for a covered range.
    pub fn empty(covered: Range<u64>, features: usize, labels: usize) -> Self {
        Self {
            covered,
            numbers: Vec::new(),
            features: Matrix::zeros(0, features),
            labels: Matrix::zeros(0, labels),
            weights: Vec::new(),
        }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Returns the rows at the given positions.
    ///
    /// # Panics
    /// If a position is out of range.
    pub fn select(&self, chosen: &[usize]) -> Self {
        Self {
            covered: self.covered.clone(),
            numbers: chosen.iter().map(|&i| self.numbers[i]).collect(),
            features: self.features.select(chosen),
            labels: self.labels.select(chosen),
            weights: match self.weights.as_slice() {
                [] => Vec::new(),
                weights => chosen.iter().map(|&i| weights[i]).collect(),
            },
        }
    }

    /// Returns the weight of the row at a position.
    pub fn weight(&self, position: usize) -> f64 {
        self.weights.get(position).copied().unwrap_or(1.0)
    }

    /// Returns the rows of each part, in the order of [`Part::ALL`].
    ///
    /// # Panics
    /// If numbers, features, labels and weights do not have the same number of rows.
    pub fn by_part(&self, split: &Split) -> [Self; 3] {
        let parts = split.parts(&self.numbers);
        Part::ALL.map(|part| {
            let chosen: Vec<usize> = (0..self.len()).filter(|&i| parts[i] == part).collect();
            self.select(&chosen)
        })
    }
}

/// The smallest number of rows for which one thread draws random numbers at a time.
const CHUNK: usize = 256;

/// The use of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Rows for training: all parameters are learned from them.
    Train,
    /// Rows for validation: the iteration count is chosen on them.
    Validation,
    /// Rows for testing: nothing is chosen or learned from them.
    Test,
}

impl Part {
    /// All parts, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// A random split in which the part of a row depends only on the seed and the row's number. Reading in another order,
/// in blocks or on other machines, and appending rows, does not change the part of any row. The sizes of the parts are
/// therefore random.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    seed: u64,
    validation_fraction: f64,
    test_fraction: f64,
}

impl Split {
    /// Creates a split; the fractions must be at least 0 and leave rows for training.
    ///
    /// # Errors
    /// [`Error::Parameter`] for other fractions.
    pub fn new(seed: u64, validation_fraction: f64, test_fraction: f64) -> Result<Self> {
        for (name, x) in
            [("the validation fraction", validation_fraction), ("the test fraction", test_fraction)]
        {
            if !(0.0..1.0).contains(&x) {
                return Err(Error::parameter(name, x, "at least 0 and below 1"));
            }
        }
        let sum = validation_fraction + test_fraction;
        if sum >= 1.0 {
            return Err(Error::parameter(
                "the sum of the validation and test fractions",
                sum,
                "below 1, so that rows remain for training",
            ));
        }
        Ok(Self { seed, validation_fraction, test_fraction })
    }

    /// Returns the part of the row with this number (counted from 0 over the whole table).
    pub fn part(&self, row: u64) -> Part {
        let u = uniform(&mut stream(self.seed, Purpose::Split, row));
        self.part_of(u)
    }

    /// Returns whether the split has test rows.
    pub fn has_test(&self) -> bool {
        self.test_fraction > 0.0
    }

    /// Returns the part of each row.
    pub fn parts(&self, rows: &[u64]) -> Vec<Part> {
        rows.par_iter().with_min_len(CHUNK).map(|&row| self.part(row)).collect()
    }

    /// Returns the fold of a row among `folds` equal ones, for rows that are not for testing. Independent of
    /// [`Self::part`].
    pub fn fold(&self, row: u64, folds: usize) -> usize {
        let mut rng = stream(self.seed, Purpose::Split, row);
        uniform(&mut rng);
        ((uniform(&mut rng) * folds as f64) as usize).min(folds.saturating_sub(1))
    }

    /// Returns a random number for each row: the rows with the smallest numbers are a random sample of the table.
    /// Independent of [`Self::part`] and [`Self::fold`].
    pub fn rank(&self, row: u64) -> u64 {
        self.part_and_rank(row).1
    }

    /// Returns [`Self::part`] and [`Self::rank`] in one call, in half the time.
    pub fn part_and_rank(&self, row: u64) -> (Part, u64) {
        let mut rng = stream(self.seed, Purpose::Split, row);
        let part = self.part_of(uniform(&mut rng));
        uniform(&mut rng);
        (part, rng.next_u64())
    }

    fn part_of(&self, u: f64) -> Part {
        if u < self.test_fraction {
            Part::Test
        } else if u < self.test_fraction + self.validation_fraction {
            Part::Validation
        } else {
            Part::Train
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_folds_and_ranks_depend_on_the_number_alone_and_not_on_each_other() {
        let split = Split::new(3, 0.2, 0.3).unwrap();
        let count = |part| (0..20_000).filter(|&i| split.part(i) == part).count() as f64 / 20_000.0;
        // Four standard errors of a share.
        assert!((count(Part::Test) - 0.3).abs() < 0.013 && (count(Part::Validation) - 0.2).abs() < 0.012);
        let mut folds = [0usize; 5];
        let train = (0..20_000).filter(|&i| split.part(i) == Part::Train);
        train.for_each(|i| folds[split.fold(i, 5)] += 1);
        assert!(folds.iter().all(|&n| (1_820..2_180).contains(&n)), "{folds:?}");
        let low = (0..20_000).filter(|&i| split.rank(i) < 1 << 62 && split.part(i) == Part::Train).count();
        assert!((2_300..2_700).contains(&low), "{low}");
        assert_eq!(split.fold(77, 1), 0);
    }

    #[test]
    fn selected_rows_keep_their_numbers() {
        let rows = Rows {
            covered: 5..9,
            numbers: vec![5, 6, 8],
            features: Matrix::from_rows(3, 1, vec![1.0, 2.0, 3.0]).unwrap(),
            labels: Matrix::from_rows(3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap(),
            weights: vec![0.5, 1.5, 2.5],
        };
        let some = rows.select(&[0, 2]);
        assert_eq!((some.weight(1), some.labels.row(1)), (2.5, &[5.0, 6.0][..]));
        assert_eq!(some.numbers, vec![5, 8]);
        assert_eq!(Rows { weights: Vec::new(), ..rows }.select(&[1]).weight(0), 1.0);
    }

    #[test]
    fn impossible_fractions_are_refused() {
        assert!(Split::new(0, 0.5, 0.5).is_err());
        assert!(Split::new(0, -0.1, 0.5).is_err());
        assert!(Split::new(0, f64::NAN, 0.1).is_err());
    }
}
