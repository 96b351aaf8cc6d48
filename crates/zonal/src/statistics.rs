//! What one pass over rows leaves behind: with fixed hidden units, gradient descent on squared loss depends on the
//! rows through these sums alone.

use crate::error::{Error, Result};
use crate::linalg::{Matrix, add_scaled};
use crate::network::{BLOCK_ROWS, Network};

/// Sums over rows: Phi^T Phi, Phi^T y, y^T y and the number of rows.
#[derive(Clone, Debug)]
pub struct Statistics {
    count: u64,
    /// Lower triangle of Phi^T Phi.
    gram: Matrix,
    correlation: Vec<f64>,
    label_sq: f64,
}

impl Statistics {
    /// No rows yet, for a network of this width.
    pub fn new(width: usize) -> Self {
        Self { count: 0, gram: Matrix::zeros(width, width), correlation: vec![0.0; width], label_sq: 0.0 }
    }

    /// Adds rows on the sphere with their labels, in blocks of fixed size and in order: the same bits for any number
    /// of threads.
    ///
    /// # Errors
    /// [`Error::Size`] when sizes differ.
    pub fn push(&mut self, network: &Network, points: &Matrix, labels: &[f64]) -> Result<()> {
        if labels.len() != points.rows() {
            return Err(Error::Size { what: "labels".into(), found: labels.len(), required: points.rows() });
        }
        if network.width() != self.correlation.len() {
            return Err(Error::Size {
                what: "hidden units".into(),
                found: network.width(),
                required: self.correlation.len(),
            });
        }
        for from in (0..points.rows()).step_by(BLOCK_ROWS) {
            let to = (from + BLOCK_ROWS).min(points.rows());
            let features = network.features(&points.row_range(from, to));
            self.gram.add_lower_gram(&features);
            for i in from..to {
                add_scaled(&mut self.correlation, labels[i], features.row(i - from));
                self.label_sq += labels[i] * labels[i];
            }
        }
        self.count += points.rows() as u64;
        Ok(())
    }

    /// The sums over the rows of both.
    ///
    /// # Errors
    /// [`Error::Size`] for different widths.
    pub fn merge(mut self, other: &Self) -> Result<Self> {
        if self.correlation.len() != other.correlation.len() {
            return Err(Error::Size {
                what: "hidden units of merged statistics".into(),
                found: other.correlation.len(),
                required: self.correlation.len(),
            });
        }
        self.count += other.count;
        add_scaled(self.gram.values_mut(), 1.0, other.gram.values());
        add_scaled(&mut self.correlation, 1.0, &other.correlation);
        self.label_sq += other.label_sq;
        Ok(self)
    }

    /// Number of rows.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Phi^T Phi / N as a full matrix, Phi^T y / N and y^T y / N; zero where there are no rows.
    pub(crate) fn into_means(mut self) -> (Matrix, Vec<f64>, f64) {
        let factor = if self.count == 0 { 0.0 } else { 1.0 / self.count as f64 };
        self.gram.mirror_lower();
        self.gram.values_mut().iter_mut().for_each(|x| *x *= factor);
        self.correlation.iter_mut().for_each(|x| *x *= factor);
        (self.gram, self.correlation, self.label_sq * factor)
    }
}
