//! Invisible degrees: no width and no number of iterations learns them; units with a bias do.

use super::trial::{Trial, UNLIMITED};
use crate::claim::Claim;
use zonal::dynamics::Step;
use zonal::measure::{Estimate, mean};
use zonal::numeric::random::Purpose;
use zonal::observer::Observer;
use zonal::sphere::{Degree, uniform_points};
use zonal::target::Target;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;

pub(super) const CLAIM: Claim = Claim {
    name: "invisible",
    statement: "Degrees in which the activation has no energy are never learned, at any width; with a bias they are",
    source: "Vempala and Wilmes 2019, unbiased units",
    formulas: "FH-6",
    run,
};

/// An activation with coefficient zero in a degree, and the same activation with a bias.
struct Case {
    activation: &'static str,
    biased: &'static str,
    scale: f64,
    dim: u64,
    invisible: Degree,
    /// A visible term of the target, so that the network is not zero.
    visible: &'static str,
}

const CASES: [Case; 4] = [
    Case { activation: "relu", biased: "relu(t + 0.4)", scale: 1.0, dim: 3, invisible: 3, visible: "0.5" },
    Case {
        activation: "sigmoid",
        biased: "sigmoid(t + 1.5)",
        scale: 3.0,
        dim: 5,
        invisible: 2,
        visible: "0.5",
    },
    Case { activation: "tanh", biased: "tanh(t + 1)", scale: 3.0, dim: 4, invisible: 4, visible: "x1 + x2" },
    Case { activation: "abs", biased: "abs(t + 0.4)", scale: 1.0, dim: 6, invisible: 1, visible: "0.5" },
];
/// The number of iterations with a bias.
const WITH_BIAS: u64 = 1_000_000_000;

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let widths: &[u64] = size.pick(&[20, 200, 2000], &[20, 400]);
    let mut checks = Vec::new();
    for case in CASES {
        let Case { activation, biased, dim, invisible: degree, .. } = case;
        for &width in widths {
            let found = harmonic_share(&case, activation, width, UNLIMITED, size, observer)?;
            checks.push(
                Check::at_most(
                    format!(
                        "{activation}, n = {dim}, m = {width}, 10^18 iterations: sampled share of the degree-{degree} \
                         harmonic in the network is {:.4}; its distance from 0 in standard errors",
                        found.value
                    ),
                    (found.value / found.standard_error).abs(),
                    4.0,
                    "the share is exactly zero; four standard errors are exceeded less than once in 10^4",
                )
                .predicted(0.0),
            );
        }
        let width = widths[widths.len() - 1];
        let found = harmonic_share(&case, biased, width, WITH_BIAS, size, observer)?;
        checks.push(Check::at_least(
            format!("{biased}, n = {dim}, m = {width}, 10^9 iterations: sampled share of the degree-{degree} harmonic \
                     in the network"),
            found.value,
            0.5,
            "1 if it is learned; half suffices to show that it is not invisible",
        ));
    }
    Ok(checks)
}

/// Estimates the share of the target's harmonic in the trained network, E[f h] / E[g h], from values of the network
/// at random points, without use of spectra.
fn harmonic_share(
    case: &Case,
    activation: &str,
    width: u64,
    iterations: u64,
    size: Size,
    observer: &mut dyn Observer,
) -> Result<Estimate> {
    let harmonic = format!("harmonic({}, axis=e1)", case.invisible);
    let target = format!("0.7*{harmonic} + {}", case.visible);
    let trial = Trial::new(activation, case.scale, case.dim, &target)?;
    let harmonic = Target::parse(&harmonic, trial.target.dim(), 0)?;
    let experiment = trial.experiment(width, Step::Auto);
    let count = size.pick(40_000, 10_000);
    let shares = over_seeds(0..size.pick(3, 2), observer, |seed| {
        let (network, path) = experiment.train(seed, iterations)?;
        let points = uniform_points(trial.target.dim(), count, seed, Purpose::Points);
        let values = network.values(&path.coefficients(&[iterations]), &points)?;
        let product =
            |i: usize| -> Result<f64> { Ok(values.row(i)[0] * harmonic.value(points.row(i))? / 0.7) };
        (0..count).map(product).collect::<Result<Vec<f64>>>()
    })?;
    Ok(mean(&shares.concat()))
}
