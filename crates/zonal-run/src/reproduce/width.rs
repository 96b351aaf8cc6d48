//! Width: the comparator of the proof has exactly the stated error, the trained network stays below it, and learning
//! degree k takes a width that grows with the dimension about like n^k.

use super::trial::{FOR_EVER, Trial, logarithmic_slope};
use super::{Check, Claim, Size};
use crate::error::Result;
use crate::experiment::over_seeds;
use zonal::dynamics::Step;
use zonal::linalg::Matrix;
use zonal::measure::{Estimate, mean, residual_energies};
use zonal::network::Network;
use zonal::observer::{Observer, Silent};
use zonal::sphere::Degree;

pub(super) const CLAIM: Claim = Claim {
    name: "width",
    statement: "The error that a finite width m leaves falls like 1/m at least, and degree k needs a width of about n^k",
    source: "Vempala and Wilmes 2019, width n^O(k)",
    formulas: "PL-1",
    run,
};

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut checks = comparator(size, observer)?;
    checks.extend(growth(size, observer)?);
    Ok(checks)
}

/// (activation, scale, dimension, target, highest degree)
const COMPARATORS: [(&str, f64, u64, &str, Degree); 2] = [
    ("relu", 1.0, 6, "0.8*harmonic(1) + 0.6*harmonic(2)", 2),
    ("tanh", 2.0, 4, "0.8*harmonic(1) + 0.6*harmonic(3)", 3),
];

fn comparator(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let seeds = size.pick(400, 60);
    let widths: &[u64] = size.pick(&[25, 50, 100, 200, 400, 800], &[25, 50, 100, 200]);
    let mut checks = Vec::new();
    for (activation, scale, dim, target, degree) in COMPARATORS {
        let trial = Trial::new(activation, scale, dim, target)?;
        let plan = trial.plan(degree, 0.01)?;
        let energy = trial.energies(degree)?.total();
        let numerator = plan.norm_sq * plan.comparator_norm_sq - energy;
        let mut curve = Vec::new();
        for &width in widths {
            let errors =
                over_seeds(0..seeds, observer, |seed| comparator_error(&trial, width, degree, seed))?;
            let error: Estimate = mean(&errors);
            let exact = numerator / width as f64;
            checks.push(
                Check::at_most(
                    format!("{activation}, m = {width}: distance of the comparator's mean error from the exact one, in standard errors"),
                    (error.value - exact).abs() / error.standard_error,
                    4.0,
                    "an exact mean; beyond four standard errors less than once in 10^4",
                )
                .predicted(0.0),
            );
            curve.push((width as f64, error.value));
            let iterations = 100_000;
            let loss =
                trial.mean_loss(width, Step::Fixed(plan.step_size), iterations, seeds.min(40), observer)?;
            let allowed = exact + plan.comparator_norm_sq / (2.0 * plan.step_size * iterations as f64);
            checks.push(Check::at_most(
                format!("{activation}, m = {width}: loss of the trained network"),
                loss.value,
                allowed,
                "the comparator's mean error and R^2 / (2 eta T): PL-1 for energy in visible degrees alone",
            ));
        }
        checks.push(Check::near(
            &format!("{activation}: slope of the comparator's error against the width"),
            logarithmic_slope(&curve),
            -1.0,
            size.pick(0.05, 0.15),
            "five standard errors of the slope, from the spread over seeds",
        ));
    }
    Ok(checks)
}

/// The error of the network with the coefficients (1/sqrt m) sum_k g_k(w_j) / alpha_k of PL-1's proof.
fn comparator_error(trial: &Trial, width: u64, degree: Degree, seed: u64) -> Result<f64> {
    let width = width as usize;
    let network = Network::random(trial.activation.clone(), trial.scale, trial.target.dim(), width, seed)?;
    // Row k holds alpha_k g_k(w_j).
    let parts = trial.target.correlations(&network.unit(), network.directions(), degree)?.by_degree;
    let spectrum = trial.spectrum(degree)?;
    let mut coefficients = Matrix::zeros(1, width);
    for k in (0..=degree).filter(|&k| spectrum.visible(k)) {
        let factor = 1.0 / (spectrum.eigenvalue(k) * (width as f64).sqrt());
        zonal::linalg::add_scaled(coefficients.row_mut(0), factor, parts.row(k));
    }
    Ok(residual_energies(&network, &trial.target, &coefficients, degree, &mut Silent)?[0].total())
}

/// (activation, scale in units of sqrt n if not homogeneous, degree, dimensions whole, dimensions quick)
type Growth = (&'static str, bool, Degree, &'static [u64], &'static [u64]);

const GROWTH: [Growth; 3] = [
    ("relu", false, 1, &[8, 16, 32, 64], &[8, 16, 32]),
    ("relu", false, 2, &[8, 12, 18, 27], &[6, 9, 14]),
    ("tanh", true, 3, &[6, 8, 10, 12], &[4, 6, 8]),
];
/// The share of the energy that may be left.
const SHARE: f64 = 0.1;

fn growth(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let seeds = size.pick(8, 4);
    let mut checks = Vec::new();
    for (activation, scaled, degree, whole, quick) in GROWTH {
        let mut curve = Vec::new();
        for &dim in size.pick(whole, quick) {
            let scale = if scaled { (dim as f64).sqrt() } else { 1.0 };
            let trial = Trial::new(activation, scale, dim, &format!("harmonic({degree})"))?;
            let width = smallest_width(&trial, seeds, observer)?;
            curve.push((dim as f64, width));
        }
        let found: Vec<String> = curve.iter().map(|(n, m)| format!("{m:.0} at n = {n}")).collect();
        checks.push(Check::near(
            &format!(
                "{activation}: exponent in n of the smallest width that leaves {SHARE} of degree {degree} ({})",
                found.join(", ")
            ),
            logarithmic_slope(&curve),
            degree as f64,
            0.5,
            "n^k up to lower orders, which matter at small n; half a degree keeps neighbouring degrees apart",
        ));
    }
    Ok(checks)
}

/// The width at which the mean of the last loss crosses the share, between the two nearest widths tried.
fn smallest_width(trial: &Trial, seeds: u64, observer: &mut dyn Observer) -> Result<f64> {
    let mut loss = |width: u64| {
        Ok::<f64, crate::Error>(trial.mean_loss(width, Step::Auto, FOR_EVER, seeds, observer)?.value)
    };
    let (mut narrow, mut before) = (trial.dim(), f64::INFINITY);
    let mut wide = narrow;
    let mut after = loss(wide)?;
    while after > SHARE {
        (narrow, before) = (wide, after);
        wide = wide * 8 / 5 + 1;
        after = loss(wide)?;
    }
    while wide > narrow + 1 && (wide as f64) > 1.05 * narrow as f64 {
        let middle = ((wide as f64 * narrow as f64).sqrt().round() as u64).clamp(narrow + 1, wide - 1);
        let value = loss(middle)?;
        if value > SHARE { (narrow, before) = (middle, value) } else { (wide, after) = (middle, value) }
    }
    let part = if before.is_finite() { (before - SHARE) / (before - after) } else { 1.0 };
    Ok(narrow as f64 + part * (wide - narrow) as f64)
}
