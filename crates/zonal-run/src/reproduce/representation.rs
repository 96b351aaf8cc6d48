//! Representation: functions of visible degrees lie near the span of random units, as near as PL-1 says.

use super::trial::{FOR_EVER, Trial, logarithmic_slope};
use super::{Check, Claim, Size};
use crate::error::Result;
use zonal::dynamics::Step;
use zonal::observer::Observer;
use zonal::sphere::Degree;

pub(super) const CLAIM: Claim = Claim {
    name: "representation",
    statement: "Random gates suffice: the least-squares error over the span of m random units falls at least like 1/m, \
                with the constant of PL-1",
    source: "Vempala and Wilmes 2019, representation by random gates",
    formulas: "PL-1",
    run,
};

/// (activation, scale, dimension, target, highest degree)
const CASES: [(&str, f64, u64, &str, Degree); 4] = [
    ("relu", 1.0, 6, "0.8*harmonic(1) + 0.6*harmonic(2)", 2),
    ("step", 1.0, 4, "0.8*harmonic(1) + 0.6*harmonic(3)", 3),
    ("sigmoid", 3.0, 5, "0.6*harmonic(0) + 0.8*harmonic(1)", 1),
    ("softplus", 4.0, 4, "x1*x2 + x3^2 - 0.5*x4", 2),
];

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let seeds = size.pick(40, 10);
    let widths: &[u64] = size.pick(&[8, 16, 32, 64, 128, 256, 512, 1024], &[8, 32, 128, 512]);
    let mut checks = Vec::new();
    for (activation, scale, dim, target, degree) in CASES {
        let trial = Trial::new(activation, scale, dim, target)?;
        let energies = trial.energies(degree)?;
        let plan = trial.plan(degree, 1e-3 * energies.total())?;
        let mut curve = Vec::new();
        for &width in widths {
            let loss = trial.mean_loss(width, Step::Auto, FOR_EVER, seeds, observer)?;
            let bound = (plan.norm_sq * plan.comparator_norm_sq - energies.total()) / width as f64;
            checks.push(Check::at_most(
                format!("{activation}, n = {dim}, {target}, m = {width}: mean error of the best combination of the units"),
                loss.value,
                bound,
                "(||phi||^2 R^2 - ||g||^2) / m",
            ));
            curve.push((width as f64, loss.value));
        }
        checks.push(
            Check::at_most(
                format!("{activation}: slope of the error against the width"),
                logarithmic_slope(&curve),
                -0.9,
                "at least as fast as 1/m once m is beyond a few harmonics; a tenth allowed for small widths",
            )
            .predicted(-1.0),
        );
    }
    Ok(checks)
}
