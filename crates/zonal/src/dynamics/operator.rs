//! Infinite width: each step of gradient descent multiplies the degree-k part of the residual by 1 - eta alpha_k^2
//! (GD-1).

use super::{Step, decay};
use crate::error::{Error, Result};
use crate::spectrum::Spectrum;
use crate::sphere::Degree;
use crate::target::PowerSpectrum;

/// The operator of gradient descent at infinite width.
#[derive(Clone, Debug)]
pub struct Operator {
    eigenvalues: Vec<f64>,
    step: f64,
}

impl Operator {
    /// Creates the operator of a spectrum with a step.
    ///
    /// # Errors
    /// [`Error::StepTooLarge`] if the step is at least 2 / max alpha_k^2, [`Error::Parameter`] if it is not positive.
    pub fn new(spectrum: &Spectrum, step: Step) -> Result<Self> {
        let eigenvalues: Vec<f64> = (0..=spectrum.max_degree()).map(|k| spectrum.eigenvalue(k)).collect();
        let largest = eigenvalues.iter().copied().fold(0.0, f64::max);
        let step = match step {
            Step::Auto => 1.0 / spectrum.norm_sq(),
            Step::Fixed(step) => check_step(step, largest, 1.0 / spectrum.norm_sq())?,
        };
        Ok(Self { eigenvalues, step })
    }

    /// Creates the operator with the step of a network of finite width, stable or not, as the prediction to compare
    /// with.
    pub fn with_step(spectrum: &Spectrum, step: f64) -> Self {
        Self { eigenvalues: (0..=spectrum.max_degree()).map(|k| spectrum.eigenvalue(k)).collect(), step }
    }

    /// Returns the step eta.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Returns the factor (1 - eta alpha_k^2)^(2t) of the energy of degree k that remains after t steps; 1 beyond the
    /// degrees of the spectrum.
    pub fn remaining(&self, degree: Degree, t: u64) -> f64 {
        let x = self.step * self.eigenvalues.get(degree).copied().unwrap_or(0.0);
        let r = decay(x, t);
        r * r
    }

    /// Returns the first iteration with at most `share` of the energy of degree k, 0 < share < 1; None for a degree
    /// whose energy does not decrease, and beyond 10^18 iterations.
    pub fn time_to_learn(&self, degree: Degree, share: f64) -> Option<u64> {
        let x = self.step * self.eigenvalues.get(degree).copied().unwrap_or(0.0);
        let rate = -2.0 * if x < 1.0 { (-x).ln_1p() } else { (x - 1.0).ln() };
        // A factor of zero has an infinite rate: one step suffices.
        let count = (-share.ln() / rate).ceil().max(1.0);
        (rate > 0.0 && count <= 1e18).then_some(count as u64)
    }

    /// Computes the residual's energies at iteration t. The energies of degrees beyond `max_degree` are summed into the
    /// tail; the target's own tail counts as not learned.
    pub fn residual(&self, target: &PowerSpectrum, max_degree: Degree, t: u64) -> PowerSpectrum {
        let mut energies: Vec<f64> =
            target.energies.iter().enumerate().map(|(k, e)| e * self.remaining(k, t)).collect();
        let beyond = energies.split_off(max_degree.saturating_add(1).min(energies.len()));
        PowerSpectrum { energies, tail_energy: beyond.iter().sum::<f64>() + target.tail_energy }
    }
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
        for step in [Step::Auto, Step::Fixed(1.0), Step::Fixed(1.9 / spectrum.eigenvalue(0))] {
            let operator = Operator::new(&spectrum, step).unwrap();
            for degree in [0, 1, 2, 4] {
                for share in [0.5, 0.01] {
                    let t = operator.time_to_learn(degree, share).unwrap();
                    assert!(operator.remaining(degree, t) <= share * (1.0 + 1e-12));
                    assert!(operator.remaining(degree, t - 1) > share);
                }
            }
            assert_eq!(operator.time_to_learn(3, 0.5), None);
        }
    }
}
