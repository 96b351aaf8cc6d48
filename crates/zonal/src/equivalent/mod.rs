//! Deterministic equivalents (RW-1 to RW-6): the errors of a random network that is fitted to N random rows, by a ridge or by
//! gradient descent, from one scalar equation.
//!
//! N rows are independent and uniform on the sphere, their labels g(x) plus independent noise of variance nu; m hidden units
//! are uniform too, and the output layer minimises (1/2N) |y - Phi a|^2 + (lambda/2) |a|^2, or descends from zero without a
//! ridge. In expectation over rows, noise and units the error is linear in the energies of the target and in nu (RW-0). The
//! equivalent replaces harmonics by Gaussian variables of the same covariance: for a ridge this is a theorem in the limit of
//! many rows and units, for descent a derivation that simulations confirm. It is a prediction and no bound. Measured errors are
//! in `docs/theory/rows.md`.

mod best;
mod descent;
mod draw;
mod measured;
mod points;
mod power_law;
mod ridge;
mod rows_for;
#[cfg(test)]
mod tests;

use crate::dynamics::Step;
use crate::error::{Error, Result};
use crate::spectrum::{Spectrum, check_law};
use crate::sphere::Degree;
use crate::target::PowerSpectrum;

pub use draw::Draw;
pub use measured::{Measured, RidgeError};
pub use power_law::PowerLaw;
pub use rows_for::RowsFor;

/// The numbers of rows and of units, from 1; infinity for exact expectations and for the kernel limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// The number of rows N.
    pub rows: f64,
    /// The number of hidden units m.
    pub width: f64,
}

impl Sizes {
    fn check(self) -> Result<Self> {
        for (name, found) in [("the number of rows", self.rows), ("the width", self.width)] {
            if found < 1.0 || found.is_nan() {
                return Err(Error::parameter(name, found, "at least 1"));
            }
        }
        Ok(self)
    }

    fn least(self) -> f64 {
        self.rows.min(self.width)
    }
}

/// How far the prediction is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// The ridge, or 1/(eta t), is at least a thousandth of ||phi||^2.
    Regular,
    /// It is smaller: the prediction can be too low, by up to 40 % in dimension 5 (docs/theory/rows.md).
    NearInterpolation,
    /// Fewer than ten rows or units: an indication.
    Few,
}

/// The predicted error of one degree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DegreeError {
    /// The energy of the target.
    pub energy: f64,
    /// The factor of this degree in the mean of the networks over rows, noise and units.
    pub learned: f64,
    /// (1 - learned)^2 times the energy.
    pub bias: f64,
    /// The energy of the networks around their mean.
    pub variance: f64,
}

/// Predicted errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The mean square error on new rows, noise of their labels included; infinite at the peak of double descent.
    pub test_error: f64,
    /// The mean square error on the rows themselves.
    pub train_error: f64,
    /// The factor of nu in `test_error`: 1 for the labels of new rows and the rest for the noise that is fitted.
    pub noise_factor: f64,
    /// The ridge kappa that infinitely many rows and units would need for the same mean; None for descent.
    pub effective_ridge: Option<f64>,
    /// df, the sum of N_k times the learned factors.
    pub effective_dimension: f64,
    /// Errors by degree, as far as the spectrum is known. What is beyond them and what the activation does not see is in
    /// `unseen` and `tail_variance`.
    pub degrees: Vec<DegreeError>,
    /// The energy of the target that is not listed, which is never learned.
    pub unseen: f64,
    /// The energy of the networks in degrees that are not listed.
    pub tail_variance: f64,
    /// A bound on the relative error of `effective_dimension` that is due to degrees that are not listed.
    pub tail_error: f64,
    /// How far to trust it.
    pub regime: Regime,
}

/// A spectrum, a target and noise, for predictions at any numbers of rows and units.
///
/// ```
/// use zonal::equivalent::{Equivalent, Sizes};
/// use zonal::prelude::*;
/// let dim = Dim::new(10)?;
/// let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 30)?;
/// let target = PowerSpectrum::new(dim, vec![0.2, 0.4, 0.3, 0.1], 0.0);
/// let equivalent = Equivalent::new(&spectrum, &target, 0.2)?;
/// let sizes = Sizes { rows: 600.0, width: 300.0 };
/// // 40 draws of rows and units: 0.3638 with a standard error of 0.0012.
/// let ridge = equivalent.ridge(sizes, 1e-3 * spectrum.norm_sq())?;
/// assert!((ridge.test_error - 0.3626).abs() < 1e-4);
/// // The same after 1000 steps: 0.3491 with 0.0009.
/// let descent = equivalent.descent(sizes, equivalent.step(Step::Auto)?, 1_000)?;
/// assert!((descent.test_error - 0.3479).abs() < 1e-4);
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Equivalent {
    degrees: Vec<Part>,
    /// The sum of alpha_k^2 N_k over all further degrees, whose alpha_k^2 counts as 0.
    white: f64,
    /// The largest alpha_k^2 that a further degree can have.
    white_eigenvalue: f64,
    /// The energy of the target in further degrees.
    unlisted: f64,
    /// The energy of the target in invisible and further degrees.
    unseen: f64,
    noise: f64,
    norm_sq: f64,
}

/// One degree.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// alpha_k^2; 0 if the activation does not see the degree.
    eigenvalue: f64,
    /// alpha_k^2 N_k.
    weight: f64,
    /// N_k.
    multiplicity: f64,
    /// The energy of the target.
    energy: f64,
}

impl Equivalent {
    /// Creates the equivalent. Degrees of the target beyond those of the spectrum are never learned; coefficients that are not
    /// distinguished from zero count as zero.
    ///
    /// # Errors
    /// [`Error::Size`] for a target in another dimension; [`Error::Parameter`] for the spectrum of infinite dimension, and for
    /// energies and noise that are negative or not finite.
    pub fn new(spectrum: &Spectrum, target: &PowerSpectrum, noise: f64) -> Result<Self> {
        check_law(spectrum.law(), target.dim())?;
        let energies = target.energies.iter().chain([&target.tail_energy]);
        for (name, found) in energies.map(|e| ("an energy", *e)).chain([("the noise", noise)]) {
            if !(found >= 0.0 && found.is_finite()) {
                return Err(Error::parameter(name, found, "at least 0 and finite"));
            }
        }
        let mut white = spectrum.tail_energy().max(0.0);
        let further = target.energies.iter().skip(spectrum.coefficients().len()).sum::<f64>();
        let unlisted = target.tail_energy + further;
        let mut unseen = unlisted;
        let mut degrees = Vec::with_capacity(spectrum.coefficients().len());
        for (k, coefficient) in spectrum {
            let energy = target.energies.get(k).copied().unwrap_or(0.0);
            let (eigenvalue, weight) = (coefficient.eigenvalue(), coefficient.energy.to_f64());
            let is_seen = eigenvalue > 0.0 && weight > 0.0;
            if !is_seen {
                white += weight;
                unseen += energy;
            }
            let [eigenvalue, weight] = if is_seen { [eigenvalue, weight] } else { [0.0; 2] };
            let multiplicity = coefficient.multiplicity.to_f64();
            degrees.push(Part { eigenvalue, weight, multiplicity, energy });
        }
        // N_k increases with k, and no degree has more than the whole tail.
        let multiplicity = spectrum.coefficients().last().map_or(1.0, |c| c.multiplicity.to_f64());
        let white_eigenvalue = white / multiplicity;
        let norm_sq = spectrum.norm_sq();
        Ok(Self { degrees, white, white_eigenvalue, unlisted, unseen, noise, norm_sq })
    }

    /// Returns ||phi||^2.
    pub fn norm_sq(&self) -> f64 {
        self.norm_sq
    }

    /// Returns the variance nu of the noise.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    /// Returns a step; the automatic one is 1 / ||phi||^2.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a step that is not positive and finite.
    pub fn step(&self, step: Step) -> Result<f64> {
        match step {
            Step::Auto => Ok(1.0 / self.norm_sq),
            Step::Fixed(step) if step > 0.0 && step.is_finite() => Ok(step),
            Step::Fixed(step) => Err(Error::parameter("the step", step, "a positive number")),
        }
    }

    /// Returns the number of rows with which a wide network without a ridge has learned half of a degree (RW-5), which is also
    /// the width that learns half of it from unlimited rows; None for degrees that are not seen.
    pub fn rows_half(&self, degree: Degree) -> Option<f64> {
        let part = self.degrees.get(degree).filter(|part| part.eigenvalue > 0.0)?;
        Some(self.dimension(part.eigenvalue))
    }

    /// Returns the width at which ridge regression on this number of rows has learned half of a degree, the boundary of a phase diagram
    /// (RW-5); None where no width has.
    pub fn width_half(&self, degree: Degree, rows: f64, ridge: f64) -> Option<f64> {
        let part = self.degrees.get(degree).filter(|part| part.eigenvalue > 0.0)?;
        let dimension = self.dimension(part.eigenvalue);
        // (1 - df/N) (1 - df/m) = lambda / alpha_k^2.
        let share = ridge / (part.eigenvalue * (1.0 - dimension / rows));
        (dimension < rows && share < 1.0).then(|| dimension / (1.0 - share))
    }

    /// Returns df(kappa) = sum N_k alpha_k^2 / (alpha_k^2 + kappa), for kappa > 0.
    fn dimension(&self, kappa: f64) -> f64 {
        self.seen().map(|part| part.weight / (part.eigenvalue + kappa)).sum::<f64>() + self.white / kappa
    }

    /// Returns the bound on the relative error of df at kappa that is due to the tail.
    fn tail_error(&self, kappa: f64, dimension: f64) -> f64 {
        if self.white == 0.0 || dimension == 0.0 || kappa == 0.0 {
            return 0.0;
        }
        let least = self.white / (kappa + self.white_eigenvalue);
        (self.white / kappa - least) / dimension
    }

    fn seen(&self) -> impl Iterator<Item = &Part> {
        self.degrees.iter().filter(|part| part.eigenvalue > 0.0)
    }

    fn regime(&self, sizes: Sizes, ridge: f64) -> Regime {
        /// Fewer rows or units than this are few.
        const FEW: f64 = 10.0;
        /// Ridges below this share of ||phi||^2 are small.
        const SMALL: f64 = 1e-3;
        if sizes.least() == f64::INFINITY {
            Regime::Regular
        } else if sizes.least() < FEW {
            Regime::Few
        } else if ridge < SMALL * self.norm_sq * (1.0 - 1e-9) {
            Regime::NearInterpolation
        } else {
            Regime::Regular
        }
    }
}
