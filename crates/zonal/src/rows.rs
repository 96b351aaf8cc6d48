//! Labelled rows in memory, and which part of a table a row belongs to.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::numeric::random::{Purpose, stream, uniform};
use serde::{Deserialize, Serialize};

/// Rows of a table: features, a label, and each row's number in the table it came from.
#[derive(Clone, Debug)]
pub struct Rows {
    feature_names: Vec<String>,
    features: Matrix,
    label_name: String,
    labels: Vec<f64>,
    numbers: Vec<u64>,
}

impl Rows {
    /// Checks that sizes agree and that every value is finite.
    ///
    /// # Errors
    /// [`Error::Size`], [`Error::NotFinite`].
    pub fn new(
        feature_names: Vec<String>,
        features: Matrix,
        label_name: String,
        labels: Vec<f64>,
        numbers: Vec<u64>,
    ) -> Result<Self> {
        let size = |what: &str, found, required| {
            if found == required {
                Ok(())
            } else {
                Err(Error::Size { what: what.to_owned(), found, required })
            }
        };
        size("names of features", feature_names.len(), features.columns())?;
        size("labels", labels.len(), features.rows())?;
        size("row numbers", numbers.len(), features.rows())?;
        for (row, &value) in labels.iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::NotFinite {
                    what: format!("the label '{label_name}'"),
                    row,
                    column: 0,
                    value,
                });
            }
        }
        for row in 0..features.rows() {
            if let Some(column) = features.row(row).iter().position(|x| !x.is_finite()) {
                let value = features.row(row)[column];
                return Err(Error::NotFinite { what: "the features".into(), row, column, value });
            }
        }
        Ok(Self { feature_names, features, label_name, labels, numbers })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Names of the feature columns.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// The features, one row a row.
    pub fn features(&self) -> &Matrix {
        &self.features
    }

    /// Name of the label.
    pub fn label_name(&self) -> &str {
        &self.label_name
    }

    /// The labels.
    pub fn labels(&self) -> &[f64] {
        &self.labels
    }

    /// The rows that belong to one part, in their order.
    pub fn part(&self, split: &Split, part: Part) -> Self {
        let chosen: Vec<usize> = (0..self.len()).filter(|&i| split.part(self.numbers[i]) == part).collect();
        self.select(&chosen)
    }

    /// The rows with the given positions.
    pub fn select(&self, chosen: &[usize]) -> Self {
        let mut features = Matrix::zeros(chosen.len(), self.features.columns());
        for (to, &from) in chosen.iter().enumerate() {
            features.row_mut(to).copy_from_slice(self.features.row(from));
        }
        Self {
            feature_names: self.feature_names.clone(),
            features,
            label_name: self.label_name.clone(),
            labels: chosen.iter().map(|&i| self.labels[i]).collect(),
            numbers: chosen.iter().map(|&i| self.numbers[i]).collect(),
        }
    }
}

/// What a row is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Everything that is learned is learned from these rows.
    Train,
    /// The iteration count is chosen on these rows.
    Validation,
    /// Nothing is chosen or learned from these rows.
    Test,
}

impl Part {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// A random split whose verdict on a row depends on the seed and the row's number alone: reading in another order,
/// in blocks or on other machines, and appending rows, changes no row's part. The sizes are therefore random.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    seed: u64,
    validation_fraction: f64,
    test_fraction: f64,
}

impl Split {
    /// Checks that fractions are at least 0 and leave something for training.
    ///
    /// # Errors
    /// [`Error::Parameter`].
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

    /// The part of the row with this number (counted from 0 over the whole table).
    pub fn part(&self, row: u64) -> Part {
        let u = uniform(&mut stream(self.seed, Purpose::Split, row));
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
    fn the_split_depends_on_row_numbers_alone() {
        let features = Matrix::from_rows(200, 1, (0..200).map(f64::from).collect()).unwrap();
        let labels: Vec<f64> = (0..200).map(f64::from).collect();
        let rows = Rows::new(vec!["a".into()], features, "y".into(), labels, (0..200).collect()).unwrap();
        let split = Split::new(3, 0.2, 0.3).unwrap();
        let whole = rows.part(&split, Part::Test);
        let half: Vec<usize> = (0..100).collect();
        let first = rows.select(&half).part(&split, Part::Test);
        assert_eq!(&whole.labels()[..first.len()], first.labels());
        let sizes: usize =
            [Part::Train, Part::Validation, Part::Test].map(|p| rows.part(&split, p).len()).iter().sum();
        assert_eq!(sizes, 200);
    }

    #[test]
    fn impossible_fractions_are_refused() {
        assert!(Split::new(0, 0.5, 0.5).is_err());
        assert!(Split::new(0, -0.1, 0.5).is_err());
        assert!(Split::new(0, f64::NAN, 0.1).is_err());
    }
}
