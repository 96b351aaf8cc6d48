//! Frequency: low degrees are learned before high ones, at the rates of the operator. On the circle, degrees are
//! Fourier frequencies.
//!
//! Power. The time to half of each degree is compared with the operator's; each reason states the detectable error.
//! The order of the degrees, a weaker statement, is checked in every network.

use super::trial::{Trial, logarithmic_slope};
use crate::claim::Claim;
use std::f64::consts::PI;
use zonal::dynamics::{Operator, Step, logarithmic_grid};
use zonal::measure::{Estimate, mean, time_to_learn};
use zonal::observer::Observer;
use zonal::sphere::Degree;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_documents::number::short;
use zonal_jobs::experiment::over_seeds;

pub(super) const CLAIM: Claim = Claim {
    name: "frequency",
    statement: "Low degrees are learned before high ones, each at the rate of its eigenvalue; on the circle degrees \
                are Fourier frequencies, and ReLU learns frequency k in a time of about k^4",
    source: "Vempala and Wilmes 2019, lower frequencies first; the Fourier series of max(cos, 0)",
    formulas: "GD-1, FH-4",
    run,
};

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut checks = sphere(size, observer)?;
    checks.extend(circle(size, observer)?);
    Ok(checks)
}

/// The number of iterations to half of the energy of each degree.
struct Times {
    /// The times that the operator predicts.
    predicted: Vec<f64>,
    /// The times of a network, and of the network of half its width that consists of its first units; one pair per
    /// seed.
    pairs: Vec<(Vec<f64>, Vec<f64>)>,
}

fn times(
    trial: &Trial,
    width: u64,
    degrees: &[Degree],
    last: u64,
    seeds: u64,
    observer: &mut dyn Observer,
) -> Result<Times> {
    let highest = degrees.iter().copied().max().unwrap_or(0);
    let spectrum = trial.spectrum(highest)?;
    // A step far below the largest stable one, so that rounding to whole iterations is negligible.
    let step = Step::Fixed(0.01 / spectrum.norm_sq());
    let operator = Operator::new(&spectrum, step)?;
    let grid = logarithmic_grid(last);
    let of_network = |width: u64, seed: u64| -> Result<Vec<f64>> {
        let path = trial.experiment(width, step).residuals(seed, &grid, highest)?;
        let half = |&k: &Degree| {
            let course: Vec<(u64, f64)> = grid.iter().zip(&path).map(|(&t, r)| (t, r.energies[k])).collect();
            // A degree that is never learned has time infinity, which fails its check.
            time_to_learn(&course, 0.5).map_or(f64::INFINITY, |t| t as f64)
        };
        Ok(degrees.iter().map(half).collect())
    };
    let pairs =
        over_seeds(0..seeds, observer, |seed| Ok((of_network(width, seed)?, of_network(width / 2, seed)?)))?;
    let of_operator =
        |&k: &Degree| -> Result<f64> { Ok(operator.time_to_learn(k, 0.5)?.map_or(f64::NAN, |t| t as f64)) };
    Ok(Times { predicted: degrees.iter().map(of_operator).collect::<Result<_>>()?, pairs })
}

impl Times {
    /// Returns the mean of a statistic of the times, extrapolated to infinite width: the deviation of order 1/m
    /// cancels.
    fn at_infinite_width(&self, statistic: impl Fn(&[f64]) -> f64) -> Estimate {
        mean(
            &self
                .pairs
                .iter()
                .map(|(wide, half)| 2.0 * statistic(wide) - statistic(half))
                .collect::<Vec<f64>>(),
        )
    }

    /// Checks that every network learns the degrees in order, and the time to half of each.
    fn checks(&self, name: &str, degrees: &[Degree]) -> Vec<Check> {
        let ratio = |times: &Vec<f64>| times.windows(2).map(|w| w[1] / w[0]).fold(f64::INFINITY, f64::min);
        let least = self.pairs.iter().map(|(wide, _)| ratio(wide)).fold(f64::INFINITY, f64::min);
        let expected = ratio(&self.predicted);
        let mut checks = vec![Check::at_least(
            format!("{name}: smallest ratio of the times to half of successive degrees, over all networks"),
            least,
            1.0,
            format!(
                "the order only; the operator's ratio is {}, and the times are compared below",
                short(expected)
            ),
        )];
        for (i, (k, predicted)) in degrees.iter().zip(&self.predicted).enumerate() {
            checks.push(Check::mean(
                &format!("{name}: iterations to half of degree {k}, extrapolated to infinite width"),
                self.at_infinite_width(|t| t[i]),
                *predicted,
                "the prediction of the operator",
            ));
        }
        checks
    }
}

fn sphere(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let (width, seeds) = size.pick((2000, 40), (1000, 40));
    let degrees = [0, 1, 2, 4];
    let trial =
        Trial::new("relu", 1.0, 8, "0.5*harmonic(0) + 0.5*harmonic(1) + 0.5*harmonic(2) + 0.5*harmonic(4)")?;
    let found = times(&trial, width, &degrees, 100_000_000, seeds, observer)?;
    Ok(found.checks(&format!("relu, n = 8, m = {width}"), &degrees))
}

/// Returns the k-th Fourier coefficient (1 / 2 pi) int max(cos x, 0) cos(k x) dx.
fn fourier(k: Degree) -> f64 {
    match k {
        0 => 1.0 / PI,
        1 => 0.25,
        k if k % 2 == 1 => 0.0,
        k => {
            let sign = if k % 4 == 0 { -1.0 } else { 1.0 };
            sign / (PI * ((k * k) as f64 - 1.0))
        }
    }
}

fn circle(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let (width, seeds) = size.pick((1000, 100), (400, 60));
    let degrees = [1, 2, 4, 6, 8, 12, 16];
    let text: Vec<String> = degrees.iter().map(|k| format!("0.3*harmonic({k})")).collect();
    let trial = Trial::new("relu", 1.0, 2, &text.join(" + "))?;
    let spectrum = trial.spectrum(16)?;
    let difference = spectrum.iter().map(|(k, c)| (c.value.to_f64() - fourier(k)).abs()).fold(0.0, f64::max);
    let mut checks = vec![Check::at_most(
        "n = 2: largest difference of the Funk-Hecke coefficients of relu from the Fourier coefficients of max(cos, 0)",
        difference,
        1e-15,
        "equal in exact arithmetic; a few rounding errors",
    )];
    let found = times(&trial, width, &degrees, 1_000_000_000, seeds, observer)?;
    checks.extend(found.checks(&format!("relu, n = 2, m = {width}"), &degrees));
    let slope = |times: &[f64]| {
        let points: Vec<(f64, f64)> =
            degrees.iter().zip(times).skip(2).map(|(&k, t)| (k as f64, *t)).collect();
        logarithmic_slope(&points)
    };
    checks.push(Check::mean(
        &format!("relu, n = 2, m = {width}: exponent of the time to half in the frequency, k = 4..16, extrapolated to \
                  infinite width"),
        found.at_infinite_width(slope),
        slope(&found.predicted),
        "time is proportional to (k^2 - 1)^2",
    ));
    Ok(checks)
}
