//! The ridge profile of hidden units.

use std::sync::Arc;
use zonal::Result;
use zonal::activation::Activation;
use zonal::kernel::Kernel;
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal::target::Profile;

/// The function phi(s t) of queries about hidden units, with its norms and bounds, computed once for all directions.
#[derive(Clone, Debug)]
pub struct Unit {
    activation: Activation,
    scale: f64,
    dim: Dim,
    norm: f64,
    /// None if phi jumps or its derivative is unknown.
    derivative_norm: Option<f64>,
    largest: f64,
    largest_slope: f64,
}

/// Number of steps of the grid on [-s, s] for the search of maxima.
const GRID: usize = 20_000;

impl Unit {
    /// Creates the unit with activation phi and scale s in dimension n.
    ///
    /// # Errors
    /// As [`Spectrum::new`].
    pub fn new(activation: Activation, scale: f64, dim: Dim) -> Result<Arc<Self>> {
        let norm = Spectrum::new(&activation, dim, scale, 0)?.norm_sq().sqrt();
        // E_n[phi'^2 (1 - t^2)] / (n - 1) = E_(n+2)[phi'^2] / n: the weight 1 - t^2 adds two dimensions.
        let derivative_norm = match activation.derivative_structure(scale) {
            Ok(_) => {
                let raised = Dim::new(dim.get() + 2)?;
                let slope = Kernel::of_derivative(&activation, raised, scale, 0)?.value(1.0);
                Some((slope / dim.as_f64()).sqrt())
            }
            Err(_) => None,
        };
        let grid = (0..=GRID).map(|i| 2.0 * i as f64 / GRID as f64 - 1.0);
        let largest = grid.clone().map(|t| activation.value(scale * t).abs()).fold(0.0, f64::max);
        let slope = |t: f64| activation.slope(scale * t).abs() * (1.0 - t * t).max(0.0).sqrt();
        let largest_slope =
            if derivative_norm.is_some() { grid.map(slope).fold(0.0, f64::max) } else { f64::NAN };
        Ok(Arc::new(Self { activation, scale, dim, norm, derivative_norm, largest, largest_slope }))
    }

    /// Returns phi(s t) as a profile.
    pub fn profile(&self) -> Profile {
        Profile::Neuron { activation: self.activation.clone(), scale: self.scale }
    }

    /// Returns the activation phi.
    pub fn activation(&self) -> &Activation {
        &self.activation
    }

    /// Returns the scale s.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Returns the norm sqrt(E phi(s <w, x>)^2).
    pub fn norm(&self) -> f64 {
        self.norm
    }

    /// Returns the dimension n.
    pub(crate) fn dim(&self) -> Dim {
        self.dim
    }

    /// Returns the norm of phi'(s <w, x>) <e, x>; None if phi jumps or its derivative is unknown.
    pub(super) fn derivative_norm(&self) -> Option<f64> {
        self.derivative_norm
    }

    /// Returns the largest |phi(s t)| on the grid.
    pub(super) fn largest(&self) -> f64 {
        self.largest
    }

    /// Returns the largest |phi'(s t)| sqrt(1 - t^2) on the grid.
    pub(super) fn largest_slope(&self) -> f64 {
        self.largest_slope
    }
}
