//! Operator: at large width descent follows (1 - eta alpha_k^2)^t, with deviations of order m^(-1/2).

use super::trial::{Trial, logarithmic_slope};
use super::{Check, Claim, Size};
use crate::error::Result;
use crate::experiment::over_seeds;
use zonal::dynamics::Step;
use zonal::dynamics::operator::Operator;
use zonal::measure::mean;
use zonal::observer::Observer;
use zonal::sphere::Degree;

pub(super) const CLAIM: Claim = Claim {
    name: "operator",
    statement: "A step multiplies the degree-k part of the residual by 1 - eta alpha_k^2: exactly at infinite width, and \
                at width m up to fluctuations of order m^(-1/2)",
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
    let seeds = size.pick(200, 60);
    let widths: &[u64] = size.pick(&[200, 400, 800], &[100, 200, 400]);
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
            let estimates: Vec<_> =
                runs.iter().map(|r| mean(&r.iter().map(|v| v[i]).collect::<Vec<f64>>())).collect();
            let predicted = energies.energies[degree] * operator.remaining(degree, iteration);
            // The bias is c / m + O(1/m^2): twice the mean at the largest width minus the mean at half of it has none
            // of order 1/m.
            // Both have the same seeds, and the narrow network is a part of the wide one: seed by seed.
            let (wide, half) = (&runs[runs.len() - 1], &runs[runs.len() - 2]);
            let differences: Vec<f64> = wide.iter().zip(half).map(|(w, h)| 2.0 * w[i] - h[i]).collect();
            let extrapolated = mean(&differences);
            checks.push(
                Check::at_most(
                    format!("{name}: distance of the energy, extrapolated to infinite width, from the operator's {predicted:.4}, in standard errors"),
                    (extrapolated.value - predicted).abs() / extrapolated.standard_error,
                    4.0,
                    "an exact limit; beyond four standard errors less than once in 10^4",
                )
                .predicted(0.0),
            );
            let spread: Vec<(f64, f64)> =
                widths.iter().zip(&estimates).map(|(&m, e)| (m as f64, e.standard_error)).collect();
            checks.push(Check::near(
                &format!("{name}: slope of the spread over seeds against the width"),
                logarithmic_slope(&spread),
                -0.5,
                size.pick(0.25, 0.45),
                "m^(-1/2); five standard errors of the slope for this number of seeds",
            ));
        }
    }
    Ok(checks)
}
