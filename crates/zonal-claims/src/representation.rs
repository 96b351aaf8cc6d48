//! Representation: functions of visible degrees are close to the span of random units, as PL-1 states.
//!
//! Power. For one unit the least-squares error has an exact mean; each reason states the detectable error. A constant
//! target in a high dimension attains the constant of the bound: there a constant that is off by 4 % fails. Elsewhere
//! the error has only an upper bound, often many times too large, and its slope shows that it falls at least as fast
//! as 1/m.

use super::trial::{Trial, UNLIMITED, logarithmic_slope};
use crate::claim::Claim;
use zonal::dynamics::Step;
use zonal::observer::Observer;
use zonal::sphere::Degree;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_documents::number::short;

pub(super) const CLAIM: Claim = Claim {
    name: "representation",
    statement: "Random gates suffice: the least-squares error over the span of m random units falls at least like 1/m, \
                and the constant of PL-1 bounds it, which a constant target in a high dimension attains",
    source: "Vempala and Wilmes 2019, representation by random gates",
    formulas: "PL-1",
    run,
};

/// (activation, scale, dimension, target, highest degree)
type Case = (&'static str, f64, u64, &'static str, Degree);

const CASES: [Case; 4] = [
    ("relu", 1.0, 6, "0.8*harmonic(1) + 0.6*harmonic(2)", 2),
    ("step", 1.0, 4, "0.8*harmonic(1) + 0.6*harmonic(3)", 3),
    ("sigmoid", 3.0, 5, "0.6*harmonic(0) + 0.8*harmonic(1)", 1),
    ("softplus", 4.0, 4, "x1*x2 + x3^2 - 0.5*x4", 2),
];

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut checks = sharp_constant(size, observer)?;
    for case in CASES {
        checks.push(one_unit(&case, size, observer)?);
        checks.extend(many_units(&case, size, observer)?);
    }
    Ok(checks)
}

/// Checks that the constant of PL-1 is sharp for a constant target in a high dimension, where a unit is a constant
/// plus a small, nearly linear term. With q = ||phi||^2 / alpha_0^2 the bound is (q - 1)/m. For a linear term the
/// least-squares error is 1/(1 + S/(q - 1)) with S = 1^T (W W^T)^-1 1, whose mean over the directions W is m (n -
/// 2)/(n - m - 1).
fn sharp_constant(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let seeds = size.pick(400, 200);
    let n = 1000;
    let trial = Trial::new("sigmoid", 20.0, n, "1")?;
    let plan = trial.plan(0, 0.01)?;
    let constant = plan.norm_sq * trial.comparator_norm_sq(0)? - 1.0;
    let mut checks = Vec::new();
    for width in [8, 16, 32] {
        let loss = trial.mean_loss(width, Step::Auto, UNLIMITED, seeds, observer)?;
        let (m, n) = (width as f64, n as f64);
        let exact = 1.0 / (1.0 + m * (n - 2.0) / (n - m - 1.0) / constant);
        checks.push(Check::near(
            &format!("sigmoid, n = {n}, constant target, m = {width}: mean least-squares error as a fraction of the \
                      bound"),
            loss.value * m / constant,
            exact * m / constant,
            0.02,
            "1 up to (q - 1)/m and m/n: a constant that is off by 4 % is detected",
        ));
    }
    Ok(checks)
}

/// Checks the least-squares error over one unit: the mean over directions of <g, phi_w>^2 / ||phi||^2 is the sum of
/// alpha_k^2 ||g_k||^2 over degrees, divided by ||phi||^2.
fn one_unit(case: &Case, size: Size, observer: &mut dyn Observer) -> Result<Check> {
    let &(activation, scale, dim, target, degree) = case;
    let seeds = size.pick(4000, 2000);
    let trial = Trial::new(activation, scale, dim, target)?;
    let (energies, spectrum) = (trial.energies(degree)?, trial.spectrum(degree)?);
    let pairs = energies.energies.iter().zip(spectrum.coefficients());
    let visible: f64 = pairs.map(|(e, c)| c.eigenvalue() * e).sum();
    let loss = trial.mean_loss(1, Step::Auto, UNLIMITED, seeds, observer)?;
    Ok(Check::mean(
        &format!("{activation}, n = {dim}, {target}, m = 1: mean least-squares error"),
        loss,
        energies.total() - visible / spectrum.norm_sq(),
        "||g||^2 - sum_k alpha_k^2 ||g_k||^2 / ||phi||^2 exactly",
    ))
}

fn many_units(case: &Case, size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let &(activation, scale, dim, target, degree) = case;
    let seeds = size.pick(40, 10);
    let widths: &[u64] = size.pick(&[8, 16, 32, 64, 128, 256, 512, 1024], &[8, 32, 128, 512]);
    let trial = Trial::new(activation, scale, dim, target)?;
    let energies = trial.energies(degree)?;
    let plan = trial.plan(degree, 1e-3 * energies.total())?;
    let mut checks = Vec::new();
    let mut curve = Vec::new();
    for &width in widths {
        let loss = trial.mean_loss(width, Step::Auto, UNLIMITED, seeds, observer)?;
        let bound = (plan.norm_sq * trial.comparator_norm_sq(degree)? - energies.total()) / width as f64;
        checks.push(Check::at_most(
            format!("{activation}, n = {dim}, {target}, m = {width}: mean least-squares error"),
            loss.value,
            bound,
            format!(
                "a bound, (||phi||^2 R^2 - ||g||^2) / m: the error is {} times smaller",
                short(bound / loss.value)
            ),
        ));
        curve.push((width as f64, loss.value));
    }
    checks.push(
        Check::at_most(
            format!("{activation}: slope of the error against the width"),
            logarithmic_slope(&curve),
            -0.9,
            "a bound: at least as fast as 1/m once m exceeds a few harmonics; a margin of 0.1 for small widths",
        )
        .predicted(-1.0),
    );
    Ok(checks)
}
