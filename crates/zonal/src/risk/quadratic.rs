//! The quadratic form of the output layer's loss, which is everything that gradient descent with fixed hidden units
//! depends on.

use crate::error::{Error, Result};
use crate::linalg::{Matrix, dot};
use crate::numeric::sum::non_negative;
use crate::statistics::Statistics;

/// The loss (1/2) a.Ka - b.a + c.
#[derive(Clone, Debug)]
pub struct Quadratic {
    k: Matrix,
    b: Vec<f64>,
    c: f64,
}

impl Quadratic {
    /// From its parts: K symmetric and positive semidefinite, c half the labels' mean square.
    ///
    /// # Errors
    /// [`Error::Size`] when K is not square of b's length.
    pub fn new(k: Matrix, b: Vec<f64>, c: f64) -> Result<Self> {
        for found in [k.rows(), k.columns()] {
            if found != b.len() {
                return Err(Error::Size { what: "rows and columns of K".into(), found, required: b.len() });
            }
        }
        Ok(Self { k, b, c })
    }

    /// From the sums over rows.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_statistics(statistics: Statistics) -> Result<Self> {
        let (k, b, label_sq) = statistics.into_means();
        Self::new(k, b, 0.5 * label_sq)
    }

    /// K.
    pub fn k(&self) -> &Matrix {
        &self.k
    }

    /// b.
    pub fn b(&self) -> &[f64] {
        &self.b
    }

    /// c.
    pub fn c(&self) -> f64 {
        self.c
    }

    /// E (f - g)^2 = a.Ka - 2 b.a + 2c for each row a of `coefficients`; rounding below zero is clipped.
    pub fn losses(&self, coefficients: &Matrix) -> Vec<f64> {
        let products = coefficients.times(&self.k);
        (0..coefficients.rows())
            .map(|t| {
                let a = coefficients.row(t);
                non_negative(dot(products.row(t), a) - 2.0 * dot(&self.b, a) + 2.0 * self.c)
            })
            .collect()
    }

    /// One step of gradient descent, a + eta (b - K a): the plain definition, for tests and small problems.
    pub fn step(&self, a: &[f64], eta: f64) -> Vec<f64> {
        let ka = self.k.times_vector(a);
        (0..a.len()).map(|j| a[j] + eta * (self.b[j] - ka[j])).collect()
    }
}
