//! The comparator of PL-1b: the network with the coefficients v_j = (1/sqrt m) sum_k s_k g_k(w_j) / alpha_k.

use super::trial::Trial;
use zonal::linalg::{Matrix, add_scaled, dot};
use zonal::measure::{Estimate, mean, residual_energies};
use zonal::network::Network;
use zonal::observer::Silent;
use zonal::sphere::Degree;
use zonal_documents::Result;

/// The comparator for one draw of the hidden units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparator {
    /// E (g - h)^2.
    error: f64,
    /// |v|^2.
    norm_sq: f64,
}

impl Comparator {
    /// Computes the comparator with these shares of degrees for the hidden units of one seed.
    pub(super) fn new(trial: &Trial, width: u64, shares: &[(Degree, f64)], seed: u64) -> Result<Self> {
        let width = width as usize;
        let network =
            Network::random(trial.activation.clone(), trial.scale, trial.target.dim(), width, seed)?;
        let last = shares.iter().map(|(k, _)| *k).max().unwrap_or(0);
        // Row k holds alpha_k g_k(w_j).
        let parts = trial.target.correlations(&network.unit(), network.directions(), last)?.by_degree;
        let spectrum = trial.spectrum(last)?;
        let mut coefficients = Matrix::zeros(1, width);
        for &(k, share) in shares {
            let factor = share / (spectrum.eigenvalue(k)? * (width as f64).sqrt());
            add_scaled(coefficients.row_mut(0), factor, parts.row(k));
        }
        let norm_sq = dot(coefficients.row(0), coefficients.row(0));
        let residual = residual_energies(&network, &trial.target, &coefficients, last, &mut Silent)?;
        Ok(Self { error: residual[0].total(), norm_sq })
    }
}

/// Returns the mean of E (g - h)^2 over draws.
pub(super) fn mean_error(draws: &[Comparator]) -> Estimate {
    mean(&draws.iter().map(|c| c.error).collect::<Vec<f64>>())
}

/// Returns the mean of |v|^2 over draws.
pub(super) fn mean_norm_sq(draws: &[Comparator]) -> Estimate {
    mean(&draws.iter().map(|c| c.norm_sq).collect::<Vec<f64>>())
}
