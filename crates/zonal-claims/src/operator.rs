//! Operator: at large width gradient descent follows (1 - eta alpha_k^2)^t, with deviations of order m^(-1/2).
//!
//! Power. The energies, extrapolated to infinite width, are compared with exact values; each reason states the
//! detectable error. The exponent of the spread is compared with -0.5 up to the printed band: m^(-0.35) and m^(-0.65)
//! fail.

use super::trial::{Trial, logarithmic_slope};
use crate::claim::Claim;
use zonal::dynamics::{Operator, Step};
use zonal::measure::{Estimate, mean};
use zonal::observer::Observer;
use zonal::sphere::Degree;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;

pub(super) const CLAIM: Claim = Claim {
    name: "operator",
    statement: "A step multiplies the degree-k part of the residual by 1 - eta alpha_k^2: exactly at infinite width, \
                and at width m up to fluctuations of order m^(-1/2)",
    source: "Vempala and Wilmes 2019, descent as an operator (Funk-Hecke)",
    formulas: "GD-1",
    run,
};

/// (activation, scale, dimension, target, (degree, iteration) of the comparisons)
type Case = (&'static str, f64, u64, &'static str, [(Degree, u64); 3]);

const CASES: [Case; 2] = [
    ("relu", 1.0, 6, "0.6*harmonic(1) + 0.8*harmonic(2)", [(1, 3), (2, 10), (2, 30)]),
    ("erf", 2.0, 5, "0.6*harmonic(1) + 0.8*harmonic(3)", [(1, 2), (3, 30), (3, 100)]),
];

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let seeds = 600;
    let widths: &[u64] = size.pick(&[50, 100, 200, 400], &[40, 80, 160]);
    let mut checks = Vec::new();
    for (activation, scale, dim, target, points) in CASES {
        let trial = Trial::new(activation, scale, dim, target)?;
        let spectrum = trial.spectrum(4)?;
        let step = Step::Fixed(0.5 / spectrum.norm_sq());
        let operator = Operator::new(&spectrum, step)?;
        let energies = trial.energies(4)?;
        let at = points.map(|(_, t)| t);
        let runs: Vec<Vec<Vec<f64>>> = widths
            .iter()
            .map(|&width| {
                let experiment = trial.experiment(width, step);
                over_seeds(0..seeds, observer, |seed| {
                    let residuals = experiment.residuals(seed, &at, 4)?;
                    Ok(points.iter().zip(residuals).map(|((k, _), r)| r.energies[*k]).collect())
                })
            })
            .collect::<Result<_>>()?;
        for (i, (degree, iteration)) in points.into_iter().enumerate() {
            let name = format!("{activation}, degree {degree} after {iteration} steps");
            checks.push(Check::mean(
                &format!("{name}: energy, extrapolated to infinite width"),
                extrapolate(&runs, i),
                energies.energies[degree] * operator.remaining(degree, iteration)?,
                "(1 - eta alpha_k^2)^(2t) ||g_k||^2",
            ));
            let estimates = runs.iter().map(|r| mean(&r.iter().map(|v| v[i]).collect::<Vec<f64>>()));
            let spread: Vec<(f64, f64)> =
                widths.iter().zip(estimates).map(|(&m, e)| (m as f64, e.standard_error)).collect();
            checks.push(Check::near(
                &format!("{name}: slope of the spread over {seeds} seeds against the width, m = {widths:?}"),
                logarithmic_slope(&spread),
                -0.5,
                size.pick(0.1, 0.14),
                "m^(-1/2), up to about five standard errors of the slope for this number of seeds",
            ));
        }
    }
    Ok(checks)
}

/// Extrapolates the mean to infinite width from the widths m, m/2 and m/4, with deviations c/m + d/m^2. It
/// extrapolates seed by seed, since the narrow networks consist of units of the wide one.
fn extrapolate(runs: &[Vec<Vec<f64>>], i: usize) -> Estimate {
    let [.., quarter, half, whole] = runs else {
        return Estimate { value: f64::NAN, standard_error: f64::NAN };
    };
    let of_seed = |((q, h), w): ((&Vec<f64>, &Vec<f64>), &Vec<f64>)| (8.0 * w[i] - 6.0 * h[i] + q[i]) / 3.0;
    mean(&quarter.iter().zip(half).zip(whole).map(of_seed).collect::<Vec<f64>>())
}
