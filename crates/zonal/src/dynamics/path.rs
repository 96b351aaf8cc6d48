//! Fixed hidden units: every iteration count at once, from a quadratic form and nothing else (GD-3).

use super::operator::check_step;
use super::{Step, accumulated};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, symmetric_eigen};
use crate::numeric::sum::{non_negative, tree_sum};
use crate::observer::{Observer, Stage, check};
use crate::risk::Quadratic;

/// The path of gradient descent from a = 0: after one eigendecomposition each iterate costs the same, whatever its
/// number.
#[derive(Clone, Debug)]
pub struct Path {
    eigenvalues: Vec<f64>,
    /// Row i is the eigenvector of eigenvalue i.
    vectors: Matrix,
    /// b in the eigenbasis.
    b: Vec<f64>,
    label_sq: f64,
    step: f64,
    clipped: f64,
}

impl Path {
    /// Solves the eigenproblem of K and fixes the step. Cost about 9 m^3 flops.
    ///
    /// # Errors
    /// [`Error::StepTooLarge`], [`Error::Parameter`], [`Error::NoConvergence`], or [`Error::Stopped`] when the
    /// observer asks for it.
    pub fn new(quadratic: &Quadratic, step: Step, observer: &mut dyn Observer) -> Result<Self> {
        check(observer, Stage::Eigenproblem, 0, 1)?;
        if let Some(j) = quadratic.b().iter().position(|x| !x.is_finite()) {
            let value = quadratic.b()[j];
            return Err(Error::NotFinite {
                what: "the label part of the gradient".into(),
                row: j,
                column: 0,
                value,
            });
        }
        let eigen = symmetric_eigen(quadratic.k())?;
        check(observer, Stage::Eigenproblem, 1, 1)?;
        // K is positive semidefinite: what is below zero is rounding, and shows how large rounding is. Eigenvalues
        // within it are not told from zero. On such a direction the iterate would grow like the rounding of b times
        // the iteration count, so it is left where it starts.
        let clipped = eigen.values.iter().map(|x| (-x).max(0.0)).sum();
        let lowest = eigen.values.first().copied().unwrap_or(0.0).min(0.0);
        let largest = eigen.values.last().copied().unwrap_or(0.0).max(0.0);
        let floor = (4.0 * f64::EPSILON * largest).max(-4.0 * lowest);
        let undetermined = |x: f64| x <= floor;
        let mut b = eigen.vectors.times_vector(quadratic.b());
        for (b, _) in b.iter_mut().zip(&eigen.values).filter(|(_, x)| undetermined(**x)) {
            *b = 0.0;
        }
        let eigenvalues = eigen.values.into_iter().map(|x| if undetermined(x) { 0.0 } else { x }).collect();
        let step = match step {
            Step::Auto if largest > 0.0 => 1.0 / largest,
            Step::Auto => 1.0,
            Step::Fixed(step) => check_step(step, largest, 1.0 / largest)?,
        };
        Ok(Self { eigenvalues, vectors: eigen.vectors, b, label_sq: 2.0 * quadratic.c(), step, clipped })
    }

    /// The step eta.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Eigenvalues of K, ascending.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// Sum of the negative eigenvalues that rounding made and that were set to zero, as a positive number.
    pub fn clipped(&self) -> f64 {
        self.clipped
    }

    /// The output coefficients a_t, one row for each iteration count. Cost 2 m^2 flops each.
    pub fn coefficients(&self, iterations: &[u64]) -> Matrix {
        let mut weights = Matrix::zeros(iterations.len(), self.b.len());
        for (i, &t) in iterations.iter().enumerate() {
            for (j, w) in weights.row_mut(i).iter_mut().enumerate() {
                *w = self.b[j] * accumulated(self.eigenvalues[j], self.step, t);
            }
        }
        weights.times(&self.vectors)
    }

    /// The loss E (f_t - g)^2 on the expectation or rows behind the quadratic form: ||g||^2 minus
    /// sum_i b_i^2 psi_2t(lambda_i). Cost m.
    pub fn loss(&self, iteration: u64) -> f64 {
        let learned: Vec<f64> = self
            .b
            .iter()
            .zip(&self.eigenvalues)
            .map(|(b, &lambda)| b * b * accumulated(lambda, self.step, iteration.saturating_mul(2)))
            .collect();
        non_negative(self.label_sq - tree_sum(&learned))
    }
}
