//! SQ-10: an upper bound, regression through queries.

use crate::rounding::{above, nearest};
use ::zonal::Result;
use ::zonal::sphere::{Degree, Dim, multiplicity};
use num_bigint::BigUint;

/// The cost and accuracy of regression on all harmonics up to a degree through queries.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// The number of unit queries, d_k = N(n+1, k): one for each basis function.
    pub queries: BigUint,
    /// An upper bound on the mean squared error: the target's energy beyond the degree plus d_k tau^2.
    pub error: f64,
}

/// Computes SQ-10: d_k = sum_{j <= k} N(n, j) = N(n + 1, k) correlational unit queries at tolerance tau give mean
/// squared error at most ||f - f_{<=k}||^2 + d_k tau^2, for any valid answers.
///
/// # Errors
/// [`::zonal::Error::Parameter`] for the largest dimension.
pub fn regression(dim: Dim, degree: Degree, energy_beyond: f64, tau: f64) -> Result<Regression> {
    let queries = multiplicity(Dim::new(dim.get() + 1)?, degree);
    let error = above(energy_beyond + nearest(&queries) * tau * tau, 0.0);
    Ok(Regression { queries, error })
}
