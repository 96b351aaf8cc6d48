//! The use of rows for training, validation and test.

use crate::error::{Error, Result};
use crate::numeric::random::{Purpose, stream, uniform};
use rand::Rng;
use serde::{Deserialize, Serialize};

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

/// What determines the use of a row. A row's draw follows from the seed and its number; rows of a table of classes have draws that
/// spread each class evenly over the parts and the folds ([`Strata`](super::Strata)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// A number in [0, 1), which determines the part; [`Draw::VALIDATION`] for a row that is for validation in every split.
    pub part: f64,
    /// A number in [0, 1), which determines the fold.
    pub fold: f64,
    /// The rows with the smallest ranks are a random sample of the table.
    pub rank: u64,
}

/// A random split. Unless rows have draws of their own, the part of a row depends only on the seed and the row's number: reading
/// in another order, in blocks or on other machines, and appending rows, does not change the part of any row. The sizes of
/// the parts are therefore random.
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

    /// Returns the seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the draw of the row with this number (counted from 0 over the whole table).
    pub fn draw(&self, row: u64) -> Draw {
        let mut rng = stream(self.seed, Purpose::Split, row);
        Draw { part: uniform(&mut rng), fold: uniform(&mut rng), rank: rng.next_u64() }
    }

    /// Returns the part of the row with this number.
    pub fn part(&self, row: u64) -> Part {
        self.part_of(&self.draw(row))
    }

    /// Returns the part of a row with this draw.
    pub fn part_of(&self, draw: &Draw) -> Part {
        if draw.part >= Draw::VALIDATION {
            Part::Validation
        } else if draw.part < self.test_fraction {
            Part::Test
        } else if draw.part < self.test_fraction + self.validation_fraction {
            Part::Validation
        } else {
            Part::Train
        }
    }

    /// Returns the fraction of the rows for testing.
    pub fn test_fraction(&self) -> f64 {
        self.test_fraction
    }

    /// Returns whether the split has test rows.
    pub fn has_test(&self) -> bool {
        self.test_fraction > 0.0
    }

    /// Returns whether the split has validation rows.
    pub fn has_validation(&self) -> bool {
        self.validation_fraction > 0.0
    }
}

impl Draw {
    /// The part of rows that are for validation in every split.
    pub const VALIDATION: f64 = 1.0;

    /// Returns the draw of the same row for validation in every split.
    pub fn for_validation(self) -> Self {
        Self { part: Self::VALIDATION, ..self }
    }

    /// Returns the fold of a row among `folds` equal ones, for rows that are not for testing. Independent of the part.
    pub fn fold(&self, folds: usize) -> usize {
        ((self.fold * folds as f64) as usize).min(folds.saturating_sub(1))
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
        train.for_each(|i| folds[split.draw(i).fold(5)] += 1);
        assert!(folds.iter().all(|&n| (1_820..2_180).contains(&n)), "{folds:?}");
        let low =
            (0..20_000).filter(|&i| split.draw(i).rank < 1 << 62 && split.part(i) == Part::Train).count();
        assert!((2_300..2_700).contains(&low), "{low}");
        assert_eq!(split.draw(77).fold(1), 0);
        let split = Split::new(3, 0.0, 0.9).unwrap();
        assert!((0..99).all(|i| split.part_of(&split.draw(i).for_validation()) == Part::Validation));
    }

    #[test]
    fn impossible_fractions_are_refused() {
        assert!(Split::new(0, 0.5, 0.5).is_err());
        assert!(Split::new(0, -0.1, 0.5).is_err());
        assert!(Split::new(0, f64::NAN, 0.1).is_err());
    }
}
