//! The linearised prediction: what a network would learn if its function were linear in the weights (the tangent kernel
//! at the start). Training that departs from this prediction leaves the linear regime.

use super::curvature::Tangent;
use super::decay;
use crate::activation::Activation;
use crate::error::{Result, check_size};
use crate::kernel::layer_eigenvalues;
use crate::linalg::{Matrix, SymmetricEigen, dot, symmetric_eigen};
use crate::network::{Architecture, Layers, Weights};
use crate::sphere::{Degree, Dim};

/// Step sizes, each with the first iteration that used it.
pub type Steps = [(u64, f64)];

/// Returns prod (1 - eta lambda)^2 over the steps up to iteration t: the fraction of the energy of an eigenvalue that
/// remains.
pub fn share_left(steps: &Steps, eigenvalue: f64, t: u64) -> f64 {
    let ends = steps.iter().skip(1).map(|(first, _)| *first).chain([u64::MAX]);
    let of_step = |((first, step), end): (&(u64, f64), u64)| {
        let count = t.min(end).saturating_sub(*first);
        decay(step * eigenvalue, count).powi(2)
    };
    steps.iter().zip(ends).map(of_step).product()
}

/// Computes the eigenvalues on degrees 0..=`max_degree` of the tangent kernel of infinitely many units at a start, for
/// the trained layers: c^2 m (alpha_k^2 for the output layer, and `output_square`, the mean of a_j^2, times the kernel
/// of the hidden layer).
///
/// # Errors
/// As [`crate::spectrum::Spectrum::new`]; [`crate::Error::Parameter`] for an activation that jumps, if the hidden layer
/// is trained.
pub fn tangent_spectrum(
    architecture: &Architecture,
    layers: Layers,
    output_square: f64,
    max_degree: Degree,
) -> Result<Vec<f64>> {
    let dim = Dim::new(architecture.dim as u64)?;
    let Architecture { activation, scale, biases, .. } = architecture;
    let factor = architecture.factor().powi(2) * architecture.width as f64;
    if !layers.hidden() {
        let spectrum = crate::spectrum::Spectrum::new(activation, dim, *scale, max_degree)?;
        return Ok(spectrum.coefficients().iter().map(|c| factor * c.eigenvalue()).collect());
    }
    let [output, hidden] = layer_eigenvalues(activation, dim, *scale, *biases, max_degree)?;
    let trained = if layers.output() { 1.0 } else { 0.0 };
    let of_degree = |k: usize| factor * (trained * output[k].to_f64() + output_square * hidden[k].to_f64());
    Ok((0..=max_degree).map(of_degree).collect())
}

/// Returns whether [`tangent_spectrum`] exists if the hidden layer is trained.
pub fn has_tangent(activation: &Activation, scale: f64) -> bool {
    activation.derivative_structure(scale).is_ok()
}

/// The prediction for the loss on rows: the eigenvalues of their tangent kernel, with the energy of the residual along
/// each eigenvector.
#[derive(Clone, Debug)]
pub struct LinearPrediction {
    values: Vec<f64>,
    /// The mean square of the residual along each eigenvector.
    squares: Vec<f64>,
}

impl LinearPrediction {
    /// Computes the prediction at these weights, for one label. Cost 2 N^2 (2 m + n) + 9 N^3 flops for N rows.
    ///
    /// # Errors
    /// [`crate::Error::Size`] for several labels and for sizes that differ; [`crate::Error::NoConvergence`] for weights
    /// or points that are not finite.
    pub fn new(
        architecture: &Architecture,
        layers: Layers,
        weights: &Weights,
        points: &Matrix,
        labels: &Matrix,
    ) -> Result<Self> {
        for found in [labels.columns(), architecture.labels] {
            check_size("labels", found, 1)?;
        }
        check_size("rows of labels", labels.rows(), points.rows())?;
        let tangent = Tangent::new(architecture, layers, weights, points)?;
        let count = points.rows() as f64;
        let SymmetricEigen { values, vectors } = symmetric_eigen(&tangent.kernel())?;
        let f = tangent.values();
        let residual: Vec<f64> = f.iter().zip(labels.values()).map(|(f, y)| f - y).collect();
        let squares = (0..values.len()).map(|i| dot(vectors.row(i), &residual).powi(2) / count).collect();
        Ok(Self { values: values.into_iter().map(|v| v.max(0.0)).collect(), squares })
    }

    /// Returns the mean square of the residual after t steps.
    pub fn loss(&self, steps: &Steps, t: u64) -> f64 {
        self.values
            .iter()
            .zip(&self.squares)
            .map(|(value, square)| square * share_left(steps, *value, t))
            .sum()
    }

    /// Returns the eigenvalues, ascending.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.values
    }
}
