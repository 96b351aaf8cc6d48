//! Labelled rows, and the assignment of a table's rows to training, validation and test.

mod split;
mod strata;

pub use split::{Draw, Part, Split};
pub use strata::Strata;

use crate::linalg::Matrix;
use rayon::prelude::*;
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
    /// The draw of each row, which determines its part; empty if it is that of its number.
    pub draws: Vec<Draw>,
}

/// The smallest number of rows for which one thread draws random numbers at a time.
const CHUNK: usize = 256;

impl Rows {
    /// Creates a block without rows for a covered range.
    pub fn empty(covered: Range<u64>, features: usize, labels: usize) -> Self {
        Self {
            covered,
            numbers: Vec::new(),
            features: Matrix::zeros(0, features),
            labels: Matrix::zeros(0, labels),
            weights: Vec::new(),
            draws: Vec::new(),
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
            draws: match self.draws.as_slice() {
                [] => Vec::new(),
                draws => chosen.iter().map(|&i| draws[i]).collect(),
            },
        }
    }

    /// Returns the weight of the row at a position.
    pub fn weight(&self, position: usize) -> f64 {
        self.weights.get(position).copied().unwrap_or(1.0)
    }

    /// Returns the draw of each row.
    pub fn draws(&self, split: &Split) -> Vec<Draw> {
        if !self.draws.is_empty() {
            return self.draws.clone();
        }
        self.numbers.par_iter().with_min_len(CHUNK).map(|&row| split.draw(row)).collect()
    }

    /// Returns the part of each row.
    pub fn parts(&self, split: &Split) -> Vec<Part> {
        self.draws(split).iter().map(|draw| split.part_of(draw)).collect()
    }

    /// Returns the rows of each part, in the order of [`Part::ALL`].
    ///
    /// # Panics
    /// If numbers, features, labels and weights do not have the same number of rows.
    pub fn by_part(&self, split: &Split) -> [Self; 3] {
        let parts = self.parts(split);
        Part::ALL.map(|part| {
            let chosen: Vec<usize> = (0..self.len()).filter(|&i| parts[i] == part).collect();
            self.select(&chosen)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selected_rows_keep_their_numbers() {
        let rows = Rows {
            covered: 5..9,
            numbers: vec![5, 6, 8],
            features: Matrix::from_rows(3, 1, vec![1.0, 2.0, 3.0]).unwrap(),
            labels: Matrix::from_rows(3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap(),
            weights: vec![0.5, 1.5, 2.5],
            draws: Vec::new(),
        };
        let some = rows.select(&[0, 2]);
        assert_eq!((some.weight(1), some.labels.row(1)), (2.5, &[5.0, 6.0][..]));
        assert_eq!(some.numbers, vec![5, 8]);
        assert_eq!(Rows { weights: Vec::new(), ..rows }.select(&[1]).weight(0), 1.0);
    }
}
