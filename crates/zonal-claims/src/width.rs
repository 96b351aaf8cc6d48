//! Width: the comparator of the proof has exactly the stated error, the loss of the trained network stays below it,
//! and learning degree k takes a width that grows about like n^k with the dimension.
//!
//! Power. The comparator's mean error and the mean square of its coefficients are compared with their exact
//! expectations; each reason states the detectable error. The loss of the trained network has only an upper bound: a
//! bound that is too large is detected by the comparator's error. The exponents are distinguished to half a degree.

use super::comparator::{Comparator, mean_error, mean_norm_sq};
use super::trial::{Trial, UNLIMITED, logarithmic_slope};
use crate::claim::Claim;
use zonal::dynamics::Step;
use zonal::observer::Observer;
use zonal::plan::Plan;
use zonal::sphere::Degree;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_documents::number::short;
use zonal_jobs::experiment::over_seeds;

pub(super) const CLAIM: Claim = Claim {
    name: "width",
    statement: "The comparator behind PL-1 has an error of exactly (||phi||^2 R^2 - ||g||^2) / m, which bounds the \
                error that remains at width m, and degree k needs a width of about n^k",
    source: "Vempala and Wilmes 2019, width n^O(k)",
    formulas: "PL-1",
    run,
};

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut checks = comparators(size, observer)?;
    checks.extend(growth(size, observer)?);
    Ok(checks)
}

/// (activation, scale, dimension, target, highest degree)
const COMPARATORS: [(&str, f64, u64, &str, Degree); 2] = [
    ("relu", 1.0, 6, "0.8*harmonic(1) + 0.6*harmonic(2)", 2),
    ("tanh", 2.0, 4, "0.8*harmonic(1) + 0.6*harmonic(3)", 3),
];

fn comparators(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let seeds = size.pick(600, 400);
    let widths: &[u64] = size.pick(&[25, 50, 100, 200, 400, 800], &[25, 50, 100, 200]);
    let mut checks = Vec::new();
    for (activation, scale, dim, target, degree) in COMPARATORS {
        let trial = Trial::new(activation, scale, dim, target)?;
        let plan = trial.plan(degree, 0.01)?;
        let energy = trial.energies(degree)?.total();
        let norm_sq = trial.comparator_norm_sq(degree)?;
        let numerator = plan.norm_sq * norm_sq - energy;
        let all: Vec<(Degree, f64)> = plan.degrees.iter().map(|&k| (k, 1.0)).collect();
        let mut curve = Vec::new();
        for &width in widths {
            let draws = over_seeds(0..seeds, observer, |seed| Comparator::new(&trial, width, &all, seed))?;
            let (error, exact) = (mean_error(&draws), numerator / width as f64);
            let name = format!("{activation}, m = {width}");
            checks.push(Check::mean(
                &format!("{name}: mean error of the comparator"),
                error,
                exact,
                "(||phi||^2 R^2 - ||g||^2) / m exactly",
            ));
            checks.push(Check::mean(
                &format!("{name}: mean square of the comparator's coefficients"),
                mean_norm_sq(&draws),
                norm_sq,
                "R^2 exactly",
            ));
            curve.push((width as f64, error.value));
            checks.push(trained_loss(
                &trial,
                (&plan, norm_sq),
                width,
                &name,
                exact,
                seeds.min(40),
                observer,
            )?);
        }
        checks.push(Check::near(
            &format!("{activation}: slope of the comparator's error against the width"),
            logarithmic_slope(&curve),
            -1.0,
            size.pick(0.05, 0.1),
            "five standard errors of the slope, from the spread over seeds",
        ));
    }
    Ok(checks)
}

/// Checks the loss of descent, which PL-1 bounds by that of the comparator.
fn trained_loss(
    trial: &Trial,
    (plan, norm_sq): (&Plan, f64),
    width: u64,
    name: &str,
    comparator: f64,
    seeds: u64,
    observer: &mut dyn Observer,
) -> Result<Check> {
    let iterations = 100_000;
    let loss = trial.mean_loss(width, Step::Fixed(plan.step_size), iterations, seeds, observer)?;
    let bound = comparator + norm_sq / (2.0 * plan.step_size * iterations as f64);
    Ok(Check::at_most(
        format!("{name}: loss of the trained network"),
        loss.value,
        bound,
        format!("a bound, PL-1: the network's loss is {} times smaller", short(bound / loss.value)),
    ))
}

/// (activation, whether the scale is sqrt n, degree, dimensions at the whole size, dimensions at the quick size)
type Growth = (&'static str, bool, Degree, &'static [u64], &'static [u64]);

const GROWTH: [Growth; 3] = [
    ("relu", false, 1, &[8, 16, 32, 64], &[8, 16, 32]),
    ("relu", false, 2, &[8, 12, 18, 27], &[6, 9, 14]),
    ("tanh", true, 3, &[6, 8, 10, 12], &[4, 6, 8]),
];
/// The share of the energy that may remain.
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
            "n^k up to lower orders, which matter at small n; half a degree distinguishes successive degrees",
        ));
    }
    Ok(checks)
}

/// Returns the width at which the mean final loss crosses the share, interpolated between the two nearest widths
/// tried.
fn smallest_width(trial: &Trial, seeds: u64, observer: &mut dyn Observer) -> Result<f64> {
    let mut loss = |width: u64| {
        Ok::<f64, crate::Error>(trial.mean_loss(width, Step::Auto, UNLIMITED, seeds, observer)?.value)
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
    let fraction = if before.is_finite() { (before - SHARE) / (before - after) } else { 1.0 };
    Ok(narrow as f64 + fraction * (wide - narrow) as f64)
}
