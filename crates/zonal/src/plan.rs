//! Guarantees: a bound on the loss of a network of finite width after finitely many iterations (PL-1).

use crate::spectrum::Spectrum;
use crate::sphere::Degree;
use crate::target::PowerSpectrum;
use serde::Serialize;

/// The bound of PL-1 with the degrees that make it smallest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LossBound {
    /// The expectation over hidden units of E (g - f_T)^2 is at most this.
    pub bound: f64,
    /// The degrees D of the comparator.
    pub degrees: Vec<Degree>,
    /// Energy outside D: the error of the best function with degrees in D.
    pub outside: f64,
}

/// The smallest bound of PL-1 over all sets D of visible degrees, for a step of at most 1 / ||phi||^2 or the step
/// 1 / lambda_max(K), both of which are covered by 1/eta <= `inverse_step`:
///
/// e^2 + (||phi||^2 R^2 - sum_D ||g_k||^2) / m + R^2 / (2 eta T), R^2 = sum_D ||g_k||^2 / alpha_k^2.
///
/// Each degree enters on its own, so it belongs to the best set exactly when it lowers the sum. Infinite width and
/// infinitely many iterations are `f64::INFINITY`.
pub fn smallest_loss_bound(
    target: &PowerSpectrum,
    spectrum: &Spectrum,
    width: f64,
    inverse_step: f64,
    iterations: f64,
) -> LossBound {
    let mut outside = target.total();
    let mut excess = 0.0;
    let mut degrees = Vec::new();
    for (k, &energy) in target.energies.iter().enumerate() {
        let eigenvalue = spectrum.eigenvalue(k);
        if energy == 0.0 || !spectrum.visible(k) || eigenvalue == 0.0 {
            continue;
        }
        let r_sq = energy / eigenvalue;
        let cost = (spectrum.norm_sq() * r_sq - energy) / width + 0.5 * inverse_step * r_sq / iterations;
        if cost < energy {
            outside -= energy;
            excess += cost;
            degrees.push(k);
        }
    }
    // Differences of what was added: rounding may leave a trace below zero.
    let outside = if degrees.is_empty() { outside } else { outside.max(0.0) };
    LossBound { bound: outside + excess, degrees, outside }
}
