//! Regression on all harmonics up to a degree, one query per basis function (SQ-10).

use crate::answers::Answers;
use crate::basis::Basis;
use crate::query::{Function, Query};
use std::sync::Arc;
use zonal::Result;
use zonal::error::check_size;
use zonal::sphere::{Degree, Dim};

/// The result of a regression: a function sum_i c_i Y_i over bases of the degrees 0, .., k.
#[derive(Clone, Debug)]
pub struct RegressionFit {
    /// The queries, one per basis function, in the order of degrees.
    pub queries: Vec<Query>,
    /// The answers, which are its coefficients.
    pub coefficients: Vec<f64>,
}

impl RegressionFit {
    /// Computes the loss E (f - h)^2 for a target f with these exact answers and this energy beyond the last degree.
    ///
    /// # Errors
    /// [`zonal::Error::Size`] unless there is one answer per coefficient.
    pub fn loss(&self, exact: &[f64], energy_beyond: f64) -> Result<f64> {
        check_size("exact answers", exact.len(), self.coefficients.len())?;
        let errors = self.coefficients.iter().zip(exact).map(|(c, e)| (c - e) * (c - e));
        Ok(energy_beyond + errors.sum::<f64>())
    }
}

/// Queries every coefficient up to degree k.
///
/// # Errors
/// As [`Basis::new`], and the errors of the oracle.
pub fn regression(answers: &dyn Answers, dim: Dim, degree: Degree, seed: u64) -> Result<RegressionFit> {
    let mut queries = Vec::new();
    for k in 0..=degree {
        let basis = Basis::new(dim, k, seed)?;
        for i in 0..basis.len() {
            let function = Function::Dense(Arc::new(basis.function(i)));
            queries.push(Query::correlation(function, dim)?);
        }
    }
    let coefficients = answers.ask_all(&queries)?;
    Ok(RegressionFit { queries, coefficients })
}
