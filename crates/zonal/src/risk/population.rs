//! Exact expectations over the uniform measure of the sphere, for targets with a known spectrum (GD-2).

use super::{GradientOracle, Quadratic};
use crate::error::Result;
use crate::kernel::Kernel;
use crate::linalg::Matrix;
use crate::network::Network;
use crate::target::Target;
use rayon::prelude::*;

/// The population risk of a target.
#[derive(Clone, Copy, Debug)]
pub struct Population<'a> {
    target: &'a Target,
}

impl<'a> Population<'a> {
    /// The risk E (f - g)^2 / 2 for x uniform on the sphere.
    pub fn new(target: &'a Target) -> Self {
        Self { target }
    }

    /// The quadratic form of the output layer: K_ij = kappa(<w_i, w_j>) / m, b from the target, c = ||g||^2 / 2.
    /// Nothing is sampled. Cost m^2 (n + cost of the kernel).
    ///
    /// # Errors
    /// As [`crate::spectrum::Spectrum::new`].
    pub fn quadratic(&self, network: &Network) -> Result<Quadratic> {
        let dim = self.target.dim();
        let kernel = Kernel::random_feature(network.activation(), dim, network.scale(), 0)?;
        let k = kernel_matrix(&kernel, network.directions());
        Quadratic::new(k, self.output_layer(network)?, 0.5 * self.target.norm_sq()?)
    }
}

impl GradientOracle for Population<'_> {
    fn output_layer(&self, network: &Network) -> Result<Vec<f64>> {
        let mut b = self.target.correlations(&network.unit(), network.directions(), 0)?.total;
        let norm = 1.0 / (network.width() as f64).sqrt();
        b.iter_mut().for_each(|x| *x *= norm);
        Ok(b)
    }
}

/// kappa(<w_i, w_j>) / m for unit vectors w_i.
fn kernel_matrix(kernel: &Kernel, directions: &Matrix) -> Matrix {
    let m = directions.rows();
    let mut k = directions.times_transposed(directions);
    let norm = 1.0 / m as f64;
    k.values_mut().par_chunks_mut(m).enumerate().for_each(|(i, row)| {
        let mut rho: Vec<f64> = row.iter().map(|r| r.clamp(-1.0, 1.0)).collect();
        // A unit's product with itself is 1, not 1 - 2^-53: the square root in closed forms would feel it.
        rho[i] = 1.0;
        kernel.evaluate(&rho, row);
        row.iter_mut().for_each(|x| *x *= norm);
    });
    // The product is symmetric only up to rounding.
    k.mirror_lower();
    k
}
