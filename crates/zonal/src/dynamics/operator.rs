//! Infinite width: each step of gradient descent multiplies the degree-k part of the residual by 1 - eta alpha_k^2
//! (GD-1).

use super::{Step, decay};
use crate::error::{Error, Result};
use crate::quadrature::Law;
use crate::spectrum::{Coefficient, Spectrum, check_law, not_computed};
use crate::sphere::Degree;
use crate::target::PowerSpectrum;

/// The operator of gradient descent at infinite width.
///
/// ```
/// use zonal::prelude::*;
/// let spectrum = Spectrum::new(&Activation::Relu, Dim::new(10)?, 1.0, 4)?;
/// let operator = Operator::new(&spectrum, Step::Auto)?;
/// assert!(operator.time_to_learn(2, 0.5)? > operator.time_to_learn(1, 0.5)?);
/// assert_eq!(operator.time_to_learn(3, 0.5)?, None);
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Operator {
    law: Law,
    eigenvalues: Vec<f64>,
    step: f64,
}

impl Operator {
    /// Creates the operator of a spectrum with a step.
    ///
    /// # Errors
    /// [`Error::StepTooLarge`] if the step is at least 2 / max alpha_k^2, [`Error::Parameter`] if it is not positive.
    pub fn new(spectrum: &Spectrum, step: Step) -> Result<Self> {
        let eigenvalues = eigenvalues(spectrum);
        let largest = eigenvalues.iter().copied().fold(0.0, f64::max);
        let step = match step {
            Step::Auto => 1.0 / spectrum.norm_sq(),
            Step::Fixed(step) => check_step(step, largest, 1.0 / spectrum.norm_sq())?,
        };
        Ok(Self { law: spectrum.law(), eigenvalues, step })
    }

    /// Creates the operator with the step of a network of finite width, stable or not, as the prediction to compare
    /// with. With a step that is not positive and finite, every prediction is NaN or None.
    pub fn with_step(spectrum: &Spectrum, step: f64) -> Self {
        let step = if step > 0.0 && step.is_finite() { step } else { f64::NAN };
        Self { law: spectrum.law(), eigenvalues: eigenvalues(spectrum), step }
    }

    /// Returns the step eta.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Returns the factor (1 - eta alpha_k^2)^(2t) of the energy of degree k that remains after t steps.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a degree beyond those of the spectrum.
    pub fn remaining(&self, degree: Degree, t: u64) -> Result<f64> {
        self.eigenvalue(degree).map(|eigenvalue| self.remaining_share(eigenvalue, t))
    }

    fn remaining_share(&self, eigenvalue: f64, t: u64) -> f64 {
        let r = decay(self.step * eigenvalue, t);
        r * r
    }

    fn eigenvalue(&self, degree: Degree) -> Result<f64> {
        let found = self.eigenvalues.get(degree).copied();
        found.ok_or_else(|| not_computed(degree, self.eigenvalues.len().saturating_sub(1)))
    }

    /// Returns the first iteration with at most `share` of the energy of degree k, 0 < share < 1; None for a degree
    /// whose energy does not decrease, and beyond 10^18 iterations.
    ///
    /// # Errors
    /// As [`Self::remaining`], and for a share outside (0, 1).
    pub fn time_to_learn(&self, degree: Degree, share: f64) -> Result<Option<u64>> {
        if !(share > 0.0 && share < 1.0) {
            return Err(Error::parameter("the share", share, "a number between 0 and 1"));
        }
        let x = self.step * self.eigenvalue(degree)?;
        let rate = -2.0 * if x < 1.0 { (-x).ln_1p() } else { (x - 1.0).ln() };
        // A factor of zero has an infinite rate: one step suffices.
        let count = (-share.ln() / rate).ceil().max(1.0);
        Ok((rate > 0.0 && count <= 1e18).then_some(count as u64))
    }

    /// Computes the residual's energies at iteration t. They are listed up to `max_degree` or the last degree that both
    /// the target and the spectrum list, whichever is less; [`PowerSpectrum::energy`] reads any degree. The energy of
    /// higher degrees is in the tail, with what counts as not learned: the target's own tail, and degrees beyond those
    /// of the spectrum.
    ///
    /// Energies are NaN for a target on another sphere than that of the spectrum.
    pub fn residual(&self, target: &PowerSpectrum, max_degree: Degree, t: u64) -> PowerSpectrum {
        let fits = check_law(self.law, target.dim()).is_ok();
        let share = |lambda: f64| if fits { self.remaining_share(lambda, t) } else { f64::NAN };
        let known = target.energies.iter().zip(&self.eigenvalues);
        let mut energies: Vec<f64> = known.map(|(e, &lambda)| e * share(lambda)).collect();
        let unknown = target.energies[energies.len()..].to_vec();
        let beyond = energies.split_off(max_degree.saturating_add(1).min(energies.len()));
        let tail_energy = beyond.iter().chain(&unknown).sum::<f64>() + target.tail_energy;
        PowerSpectrum::new(target.dim(), energies, tail_energy)
    }
}

fn eigenvalues(spectrum: &Spectrum) -> Vec<f64> {
    spectrum.coefficients().iter().map(Coefficient::eigenvalue).collect()
}

/// Checks that a step is positive, finite and below 2 / largest eigenvalue.
pub(super) fn check_step(step: f64, largest: f64, suggested: f64) -> Result<f64> {
    if !(step > 0.0 && step.is_finite()) {
        return Err(Error::parameter("the step", step, "a positive number or auto"));
    }
    if step * largest >= 2.0 {
        return Err(Error::StepTooLarge { step, limit: 2.0 / largest, suggested });
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::sphere::Dim;

    #[test]
    fn times_are_the_first_iterations_below_the_share() {
        let spectrum = Spectrum::new(&Activation::Relu, Dim::new(5).unwrap(), 1.0, 6).unwrap();
        for step in [Step::Auto, Step::Fixed(1.0), Step::Fixed(1.9 / spectrum.eigenvalue(0).unwrap())] {
            let operator = Operator::new(&spectrum, step).unwrap();
            for degree in [0, 1, 2, 4] {
                for share in [0.5, 0.01] {
                    let t = operator.time_to_learn(degree, share).unwrap().unwrap();
                    assert!(operator.remaining(degree, t).unwrap() <= share * (1.0 + 1e-12));
                    assert!(operator.remaining(degree, t - 1).unwrap() > share);
                }
            }
            assert_eq!(operator.time_to_learn(3, 0.5).unwrap(), None);
            assert!(operator.time_to_learn(7, 0.5).is_err() && operator.remaining(7, 1).is_err());
        }
    }

    #[test]
    fn predictions_outside_their_domain_are_errors_or_nan() {
        let spectrum = Spectrum::new(&Activation::Relu, Dim::new(10).unwrap(), 1.0, 4).unwrap();
        let operator = Operator::new(&spectrum, Step::Auto).unwrap();
        let target = |n| PowerSpectrum::new(Dim::new(n).unwrap(), vec![0.0, 0.5, 0.25], 0.0);
        assert!(operator.residual(&target(4), 2, 1).total().is_nan());
        for share in [f64::NAN, 0.0, 1.0, 2.0, -0.5] {
            assert!(operator.time_to_learn(1, share).is_err(), "{share}");
        }
        for step in [-1.0, 0.0, f64::NAN, f64::INFINITY] {
            let operator = Operator::with_step(&spectrum, step);
            assert!(operator.remaining(1, 1).unwrap().is_nan() && operator.step().is_nan(), "{step}");
            assert!(operator.residual(&target(10), 2, 1).total().is_nan(), "{step}");
            assert_eq!(operator.time_to_learn(1, 0.5).unwrap(), None);
        }
        // Degrees 3 and 9 have no energy, listed or not; degrees in a tail with energy are not known.
        let residual = operator.residual(&target(10), 9, 5);
        assert_eq!((residual.energy(3).unwrap(), residual.energy(9).unwrap()), (0.0, 0.0));
        let cut = operator.residual(&target(10), 1, 5);
        assert!(cut.energy(1).unwrap() > 0.0 && cut.energy(2).is_err());
    }

    #[test]
    fn what_is_not_known_to_be_learned_stays_in_the_tail() {
        let spectrum = Spectrum::new(&Activation::Relu, Dim::new(5).unwrap(), 1.0, 1).unwrap();
        let operator = Operator::new(&spectrum, Step::Auto).unwrap();
        let dim = Dim::new(5).unwrap();
        let target = PowerSpectrum::new(dim, vec![0.0, 0.5, 0.25], 0.125);
        let residual = operator.residual(&target, 4, u64::MAX);
        assert_eq!(residual, PowerSpectrum::new(dim, vec![0.0, 0.0], 0.375));
    }
}
