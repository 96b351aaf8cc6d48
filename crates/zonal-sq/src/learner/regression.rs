//! Regression on all harmonics up to a degree, one query for each function of a basis (SQ-10).

use crate::answers::Answers;
use crate::basis::Basis;
use crate::query::{Function, Query};
use std::sync::Arc;
use zonal::Result;
use zonal::error::check_size;
use zonal::sphere::{Degree, Dim};

/// A function sum_i c_i Y_i over bases of the degrees 0, .., k.
#[derive(Clone, Debug)]
pub struct Regressed {
    /// The queries, one for each basis function, in the order of degrees.
    pub queries: Vec<Query>,
    /// The answers, which are its coefficients.
    pub coefficients: Vec<f64>,
}

impl Regressed {
    /// E (f - h)^2 for a target f whose true answers are known, with this energy beyond the last degree.
    ///
    /// # Errors
    /// [`zonal::Error::Size`] for another number of answers than coefficients.
    pub fn loss(&self, truth: &[f64], energy_beyond: f64) -> Result<f64> {
        check_size("true answers", truth.len(), self.coefficients.len())?;
        let errors = self.coefficients.iter().zip(truth).map(|(c, t)| (c - t) * (c - t));
        Ok(energy_beyond + errors.sum::<f64>())
    }
}

/// Asks for every coefficient up to degree k.
///
/// # Errors
/// As [`Basis::new`], and those of who answers.
pub fn regression(answers: &dyn Answers, dim: Dim, degree: Degree, seed: u64) -> Result<Regressed> {
    let mut queries = Vec::new();
    for k in 0..=degree {
        let basis = Basis::new(dim, k, seed)?;
        for i in 0..basis.len() {
            let function = Function::Dense(Arc::new(basis.function(i)));
            queries.push(Query::correlation(function, dim)?);
        }
    }
    let coefficients = answers.ask_all(&queries)?;
    Ok(Regressed { queries, coefficients })
}
