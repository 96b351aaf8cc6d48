//! The quadratic form of the output layer's loss, which determines gradient descent with fixed hidden units.

use crate::error::{Error, Result, check_size};
use crate::linalg::{Matrix, dot};
use crate::numeric::sum::non_negative;
use crate::statistics::Sums;

/// The losses (1/2) a.Ka - b.a + c of one or several labels: K is common, each label has its own b and c.
#[derive(Clone, Debug)]
pub struct Quadratic {
    k: Matrix,
    /// One row for each label.
    b: Matrix,
    c: Vec<f64>,
    /// The ridge, which is part of K.
    ridge: f64,
    rounding: (f64, Vec<f64>),
}

/// The largest difference between mirrored entries of K, relative to its largest entry: rounding of products.
const ASYMMETRY: f64 = 1e-12;

impl Quadratic {
    /// Creates a form for one label from its parts: K symmetric and positive semidefinite, c half the labels' mean
    /// square.
    ///
    /// # Errors
    /// [`Error::Size`] if K is not a square matrix of the order of b; [`Error::Parameter`] if K is not symmetric or c is
    /// negative. That K is semidefinite is checked by [`crate::dynamics::GradientPath`].
    pub fn new(k: Matrix, b: Vec<f64>, c: f64) -> Result<Self> {
        let b = Matrix::from_rows(1, b.len(), b)?;
        Self::with_labels(k, b, vec![c])
    }

    /// Creates a form from its parts: a row of `b` and an entry of `c` for each label.
    ///
    /// # Errors
    /// [`Error::Size`] if K is not a square matrix of the order of the rows of b, if b and c differ in number, or if
    /// there is no label or no unit; [`Error::Parameter`] as [`Self::new`].
    pub fn with_labels(k: Matrix, b: Matrix, c: Vec<f64>) -> Result<Self> {
        for found in [k.rows(), k.columns()] {
            check_size("rows and columns of K", found, b.columns())?;
        }
        check_size("labels of b", b.rows(), c.len())?;
        if b.values().is_empty() {
            return Err(Error::Size { what: "values of b".into(), found: 0, required: 1 });
        }
        if let Some(c) = c.iter().find(|c| c.is_nan() || **c < 0.0) {
            return Err(Error::parameter("c, half the mean square of the labels,", c, "at least 0"));
        }
        let largest = k.values().iter().fold(0.0f64, |m, x| m.max(x.abs()));
        if let Some((i, j)) = k.asymmetric_entry(ASYMMETRY * largest) {
            let pair = format!("{:e} in row {i}, column {j} and {:e} mirrored", k.row(i)[j], k.row(j)[i]);
            return Err(Error::parameter("K", pair, "symmetric"));
        }
        let rounding = (0.0, vec![0.0; c.len()]);
        Ok(Self { k, b, c, ridge: 0.0, rounding })
    }

    /// Returns the form of the penalised loss (1/2) a.Ka - b.a + c + (1/2) ridge |a|^2, on which descent approaches ridge
    /// regression. [`Self::k`] then includes the ridge; losses are those of the network, without the penalty.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a ridge that is negative or not finite.
    pub fn with_ridge(mut self, ridge: f64) -> Result<Self> {
        if !(ridge >= 0.0 && ridge.is_finite()) {
            return Err(Error::parameter("the ridge", ridge, "at least 0 and finite"));
        }
        (0..self.k.rows()).for_each(|i| self.k.row_mut(i)[i] += ridge);
        self.ridge += ridge;
        Ok(self)
    }

    /// Returns the ridge; 0 by default.
    pub fn ridge(&self) -> f64 {
        self.ridge
    }

    /// Returns the same form with estimates of the errors of K, in the spectral norm, and of the b of each label, in
    /// the Euclidean norm, relative to the exact quantities that descent should follow. Both are zero by default, as
    /// for sums over rows, which are data.
    ///
    /// # Errors
    /// [`Error::Size`] if the number of estimates differs from the number of labels.
    pub fn with_rounding(self, k: f64, b: Vec<f64>) -> Result<Self> {
        check_size("estimates of rounding", b.len(), self.labels())?;
        Ok(Self { rounding: (k, b), ..self })
    }

    /// Returns the two estimates of [`Self::with_rounding`].
    pub fn rounding(&self) -> (f64, &[f64]) {
        (self.rounding.0, &self.rounding.1)
    }

    /// Creates the form of the means of sums over rows; zero without rows.
    ///
    /// # Errors
    /// As [`Self::with_labels`].
    pub fn from_sums(sums: &Sums) -> Result<Self> {
        let factor = if sums.is_empty() { 0.0 } else { 1.0 / sums.weight };
        let mut b = sums.correlation.clone();
        b.values_mut().iter_mut().for_each(|x| *x *= factor);
        let c = sums.label_sq.iter().map(|y| 0.5 * factor * y).collect();
        Self::with_labels(sums.gram.unpacked(factor), b, c)
    }

    /// Returns the number of labels.
    pub fn labels(&self) -> usize {
        self.c.len()
    }

    /// Returns K, with the ridge on its diagonal.
    pub fn k(&self) -> &Matrix {
        &self.k
    }

    /// Returns b, one row for each label.
    pub fn b(&self) -> &Matrix {
        &self.b
    }

    /// Returns c of each label.
    pub fn c(&self) -> &[f64] {
        &self.c
    }

    /// Computes E (f - g)^2 = a.Ka - 2 b.a + 2c for each row a of `coefficients`; the rows are those of label 0, 1, ..
    /// in turn. Negative rounding errors are set to zero.
    ///
    /// # Errors
    /// [`Error::Size`] if the number of coefficients differs from the number of units.
    pub fn losses(&self, coefficients: &Matrix) -> Result<Vec<f64>> {
        check_size("output coefficients", coefficients.columns(), self.k.rows())?;
        let products = coefficients.times(&self.k);
        Ok((0..coefficients.rows())
            .map(|i| {
                let (a, label) = (coefficients.row(i), i % self.labels());
                let square = dot(products.row(i), a) - self.ridge * dot(a, a);
                non_negative(square - 2.0 * dot(self.b.row(label), a) + 2.0 * self.c[label])
            })
            .collect())
    }

    /// Performs one step of gradient descent for the first label, a + eta (b - K a), by the definition; for tests and
    /// small problems.
    ///
    /// # Errors
    /// [`Error::Size`] if the number of coefficients differs from the number of units.
    pub fn step(&self, a: &[f64], eta: f64) -> Result<Vec<f64>> {
        check_size("output coefficients", a.len(), self.k.rows())?;
        let ka = self.k.times_vector(a);
        Ok((0..a.len()).map(|j| a[j] + eta * (self.b.row(0)[j] - ka[j])).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(k: [f64; 4], c: f64) -> Result<Quadratic> {
        Quadratic::new(Matrix::from_rows(2, 2, k.to_vec())?, vec![1.0, 0.0], c)
    }

    #[test]
    fn forms_that_are_no_loss_are_refused() {
        let message = of([1.0, 5.0, 0.0, 1.0], 0.5).unwrap_err().to_string();
        assert_eq!(message, "K is 0e0 in row 1, column 0 and 5e0 mirrored, but must be symmetric");
        for c in [-0.5, f64::NAN] {
            assert!(matches!(of([1.0, 0.0, 0.0, 1.0], c), Err(Error::Parameter { .. })), "{c}");
        }
        assert!(of([1.0, 0.3 + 1e-16, 0.3, 1.0], 0.0).is_ok());
        // An entry far from the diagonal of a large matrix.
        let mut k = Matrix::zeros(150, 150);
        k.row_mut(3)[140] = 1e-3;
        k.row_mut(0)[0] = 1.0;
        assert!(Quadratic::new(k, vec![0.0; 150], 1.0).is_err());
    }
}
