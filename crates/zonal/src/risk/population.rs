//! Exact expectations over the uniform measure of the sphere, for targets with a known spectrum (GD-2).

use super::gradient::make_tangent;
use super::{GradientOracle, Quadratic};
use crate::error::Result;
use crate::kernel::Kernel;
use crate::linalg::{Matrix, dot};
use crate::network::Network;
use crate::spectrum::SpectrumCache;
use crate::sphere::Dim;
use crate::target::Target;
use rayon::prelude::*;

/// The population risk of a target.
///
/// ```
/// use zonal::prelude::*;
/// let target = Target::parse("x1*x2", Dim::new(4)?, 0)?;
/// let network = Network::random(Activation::Relu, 1.0, target.dim(), 20, 0)?;
/// let quadratic = Population::new(&target).quadratic(&network)?;
/// // With output weights of zero the loss is E g^2 = 1 / (n (n + 2)).
/// let loss = quadratic.losses(&Matrix::zeros(1, 20))?[0];
/// assert!((loss - 1.0 / 24.0).abs() < 1e-16);
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Population<'a> {
    target: &'a Target,
}

impl<'a> Population<'a> {
    /// Creates the risk E (f - g)^2 / 2 for x uniform on the sphere.
    pub fn new(target: &'a Target) -> Self {
        Self { target }
    }

    /// Computes the quadratic form of the output layer: K_ij = kappa(<w_i, w_j>) / m, b from the target, c = ||g||^2 /
    /// 2, without sampling. Cost m^2 (n + cost of the kernel).
    ///
    /// # Errors
    /// [`crate::Error::Size`] for units whose dimension differs from the target's; [`crate::Error::Parameter`] for a
    /// network with biases, a factor other than 1/sqrt m or units whose length is not 1; as
    /// [`crate::spectrum::Spectrum::new`].
    pub fn quadratic(&self, network: &Network) -> Result<Quadratic> {
        let (k, k_error) = exact_products(network, self.target.dim(), self.target.spectra())?;
        let b = self.output_layer(network)?;
        // Rounding of directions and products changes b along its gradient.
        let (_, slopes) = self.target.correlation_gradients(&network.unit(), network.directions())?;
        let slope = norm(slopes.values()) / (network.width() as f64).sqrt();
        let b_error = 2.0 * f64::EPSILON * (norm(&b) + slope);
        let form = Quadratic::new(k, b, 0.5 * self.target.norm_sq()?)?;
        form.with_rounding(k_error, vec![b_error])
    }
}

/// Computes the quadratic form of the output layer over the sphere with the label part from an oracle; `label_sq` is E
/// g^2, which only shifts the loss. Descent on this form is descent with the oracle's answers.
///
/// # Errors
/// As [`Population::quadratic`], and those of the oracle.
pub fn answered_quadratic(
    network: &Network,
    oracle: &dyn GradientOracle,
    label_sq: f64,
) -> Result<Quadratic> {
    let dim = Dim::new(network.directions().columns() as u64)?;
    let (k, k_error) = exact_products(network, dim, &SpectrumCache::default())?;
    Quadratic::new(k, oracle.output_layer(network)?, 0.5 * label_sq)?.with_rounding(k_error, vec![0.0])
}

/// Computes K and an estimate of its error.
fn exact_products(network: &Network, dim: Dim, spectra: &SpectrumCache) -> Result<(Matrix, f64)> {
    network.check_on_sphere(dim)?;
    let unit = (network.activation(), network.scale());
    let kernel = Kernel::cross_with(spectra, unit, unit, dim, 0)?;
    let k = kernel_matrix(&kernel, network.directions());
    Ok((k, matrix_error(&kernel, network.directions())?))
}

/// Estimates the spectral norm of the error of the kernel matrix from its Frobenius norm. The error consists of errors
/// of the kernel and of rounding of inner products times the kernel's derivative, which is sampled at the first unit's
/// row.
fn matrix_error(kernel: &Kernel, directions: &Matrix) -> Result<f64> {
    let mut rho = directions.times_vector(directions.row(0));
    rho.remove(0);
    rho.iter_mut().for_each(|r| *r = r.clamp(-1.0, 1.0));
    let mut slopes = vec![0.0; rho.len()];
    kernel.slope()?.evaluate(&rho, &mut slopes);
    let finite: Vec<f64> = slopes.into_iter().filter(|s| s.is_finite()).collect();
    let slope = norm(&finite) / (finite.len().max(1) as f64).sqrt();
    Ok(kernel.error() + 2.0 * f64::EPSILON * slope)
}

fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

impl GradientOracle for Population<'_> {
    fn output_layer(&self, network: &Network) -> Result<Vec<f64>> {
        let mut b = self.target.correlations(&network.unit(), network.directions(), 0)?.total;
        let norm = 1.0 / (network.width() as f64).sqrt();
        b.iter_mut().for_each(|x| *x *= norm);
        Ok(b)
    }

    fn hidden_layer(&self, network: &Network) -> Result<Matrix> {
        let directions = network.directions();
        let (_, mut gradient) = self.target.correlation_gradients(&network.unit(), directions)?;
        make_tangent(&mut gradient, directions);
        Ok(gradient)
    }
}

/// Computes kappa(<w_i, w_j>) / m for unit vectors w_i.
fn kernel_matrix(kernel: &Kernel, directions: &Matrix) -> Matrix {
    let m = directions.rows();
    let mut k = directions.times_transposed(directions);
    let norm = 1.0 / m as f64;
    k.values_mut().par_chunks_mut(m).enumerate().for_each(|(i, row)| {
        let mut rho: Vec<f64> = row.iter().map(|r| r.clamp(-1.0, 1.0)).collect();
        // The product of a unit with itself must be 1, not 1 - 2^-53: the square root in closed forms would amplify the
        // difference.
        rho[i] = 1.0;
        kernel.evaluate(&rho, row);
        row.iter_mut().for_each(|x| *x *= norm);
    });
    // The product is symmetric only up to rounding.
    k.mirror_lower();
    k
}
