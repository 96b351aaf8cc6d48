//! The rows on which units are grown.

use crate::unit::Units;
use zonal::error::{check_finite, check_size};
use zonal::linalg::Matrix;
use zonal::{Error, Result};

/// Rows in memory: points, with a last coordinate 1 for the biases of units, labels in standard units, and weights.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Points with a last coordinate 1.
    pub(crate) points: Matrix,
    pub(crate) labels: Matrix,
    /// The weight of each row divided by their mean.
    pub(crate) weights: Vec<f64>,
}

impl Rows {
    /// Creates rows from points, labels and weights, one row each; without weights all rows count alike.
    ///
    /// # Errors
    /// [`Error::Size`] for other numbers of rows, or without rows; [`Error::NotFinite`]; [`Error::Parameter`] for weights
    /// that are not positive and finite.
    pub fn new(points: Matrix, labels: Matrix, weights: Vec<f64>) -> Result<Self> {
        let (rows, columns) = (points.rows(), points.columns());
        if rows == 0 {
            return Err(Error::Size { what: "rows to grow units on".into(), found: 0, required: 1 });
        }
        check_size("labels of rows", labels.rows(), rows)?;
        if !weights.is_empty() {
            check_size("weights of rows", weights.len(), rows)?;
        }
        for (what, matrix) in [("the points", &points), ("the labels", &labels)] {
            check_finite(what, matrix.values(), matrix.columns())?;
        }
        if let Some(&weight) = weights.iter().find(|w| !(**w > 0.0 && w.is_finite())) {
            return Err(Error::parameter("the weight of a row", weight, "a positive number"));
        }
        let mean = weights.iter().sum::<f64>() / rows as f64;
        let weights =
            if weights.is_empty() { vec![1.0; rows] } else { weights.iter().map(|w| w / mean).collect() };
        let mut with_one = Matrix::zeros(rows, columns + 1);
        for i in 0..rows {
            with_one.row_mut(i)[..columns].copy_from_slice(points.row(i));
            with_one.row_mut(i)[columns] = 1.0;
        }
        Ok(Self { points: with_one, labels, weights })
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.points.rows()
    }

    /// Returns the number of coordinates without the last one.
    pub(crate) fn columns(&self) -> usize {
        self.points.columns() - 1
    }

    /// Returns the points of at most `most` rows, spread evenly.
    pub(crate) fn some(&self, most: usize) -> Matrix {
        let rows = self.len();
        let count = rows.min(most);
        self.points.select(&(0..count).map(|i| i * rows / count).collect::<Vec<_>>())
    }

    /// Subtracts the weighted mean from each column of a matrix with a row for each row here, and multiplies each row by
    /// the root of its weight. Returns the means.
    pub(crate) fn centre(&self, values: &mut Matrix) -> Vec<f64> {
        let mut means = values.transposed_times_vector(&self.weights);
        let total: f64 = self.weights.iter().sum();
        means.iter_mut().for_each(|x| *x /= total);
        for (i, weight) in self.weights.iter().enumerate() {
            let root = weight.sqrt();
            values.row_mut(i).iter_mut().zip(&means).for_each(|(x, mean)| *x = root * (*x - mean));
        }
        means
    }

    /// Returns the mean square of the residuals of a network, summed over labels.
    pub(crate) fn loss(&self, units: &Units, output: &Matrix, constants: &[f64]) -> f64 {
        let values = units.features(&self.points).times_transposed(output);
        let mut sum = 0.0;
        for i in 0..self.len() {
            let residuals = values.row(i).iter().zip(constants).zip(self.labels.row(i));
            sum += self.weights[i] * residuals.map(|((f, c), y)| (f + c - y).powi(2)).sum::<f64>();
        }
        sum / self.len() as f64
    }
}
