//! Frequency: low degrees are learned before high ones, at the rates of the operator; on the circle these are
//! Fourier frequencies.

use super::trial::{Trial, logarithmic_slope};
use super::{Check, Claim, Size};
use crate::error::Result;
use crate::experiment::over_seeds;
use std::f64::consts::PI;
use zonal::dynamics::operator::Operator;
use zonal::dynamics::{Step, logarithmic_grid};
use zonal::measure::time_to_learn;
use zonal::observer::Observer;
use zonal::sphere::Degree;

pub(super) const CLAIM: Claim = Claim {
    name: "frequency",
    statement: "Low degrees are learned before high ones, each at the rate of its eigenvalue; on the circle degrees are \
                Fourier frequencies, and ReLU learns frequency k in a time of about k^4",
    source: "Vempala and Wilmes 2019, lower frequencies first; the Fourier series of max(cos, 0)",
    formulas: "GD-1, FH-4",
    run,
};

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut checks = sphere(size, observer)?;
    checks.extend(circle(size, observer)?);
    Ok(checks)
}

/// For each degree the mean over seeds of the time to half of its energy, and the operator's.
fn times(
    trial: &Trial,
    width: u64,
    degrees: &[Degree],
    last: u64,
    seeds: u64,
    observer: &mut dyn Observer,
) -> Result<Vec<(f64, f64)>> {
    let highest = degrees.iter().copied().max().unwrap_or(0);
    let spectrum = trial.spectrum(highest)?;
    // A step far below the stable one, so that no degree is learned within the first step.
    let step = Step::Fixed(0.1 / spectrum.norm_sq());
    let operator = Operator::new(&spectrum, step)?;
    let grid = logarithmic_grid(last);
    let experiment = trial.experiment(width, step);
    let paths = over_seeds(0..seeds, observer, |seed| experiment.residuals(seed, &grid, highest))?;
    let half = |path: &[zonal::target::PowerSpectrum], k: Degree| {
        let course: Vec<(u64, f64)> = grid.iter().zip(path).map(|(&t, r)| (t, r.energies[k])).collect();
        time_to_learn(&course, 0.5).map_or(f64::INFINITY, |t| t as f64)
    };
    Ok(degrees
        .iter()
        .map(|&k| {
            let mean = paths.iter().map(|p| half(p, k)).sum::<f64>() / seeds as f64;
            (mean, operator.time_to_learn(k, 0.5).map_or(f64::INFINITY, |t| t as f64))
        })
        .collect())
}

fn rising(name: &str, degrees: &[Degree], times: &[(f64, f64)]) -> Vec<Check> {
    let list: Vec<String> = degrees.iter().zip(times).map(|(k, t)| format!("{k}: {:.0}", t.0)).collect();
    // A degree that is never learned has no time, and no order.
    let learned = times.iter().all(|t| t.0.is_finite());
    let ratio = times.windows(2).map(|w| w[1].0 / w[0].0).fold(f64::INFINITY, f64::min);
    let ratio = if learned { ratio } else { f64::NAN };
    let predicted = times.windows(2).map(|w| w[1].1 / w[0].1).fold(f64::INFINITY, f64::min);
    vec![
        Check::at_least(
            format!("{name}: smallest ratio of the times of neighbouring degrees (iterations to half the energy: {})", list.join(", ")),
            ratio,
            1.0,
            "below 1 a higher degree would be learned before a lower one",
        )
        .predicted(predicted),
    ]
}

fn sphere(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let (width, seeds) = size.pick((1500, 6), (500, 3));
    let degrees = [0, 1, 2, 4];
    let trial =
        Trial::new("relu", 1.0, 8, "0.5*harmonic(0) + 0.5*harmonic(1) + 0.5*harmonic(2) + 0.5*harmonic(4)")?;
    let found = times(&trial, width, &degrees, 10_000_000, seeds, observer)?;
    let mut checks = rising(&format!("relu, n = 8, m = {width}"), &degrees, &found);
    for (k, (measured, predicted)) in degrees.iter().zip(&found).take(3) {
        checks.push(Check::near(
            &format!("relu, n = 8, m = {width}: time to half of degree {k} against the operator's"),
            measured / predicted,
            1.0,
            size.pick(0.15, 0.3),
            "eigenvalues of K differ from those of the operator by about sqrt(N_k / m); degree 4 has 294 harmonics and is \
             judged by its order alone",
        ));
    }
    Ok(checks)
}

/// The k-th Fourier coefficient (1 / 2 pi) int max(cos x, 0) cos(k x) dx.
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
    let (width, seeds) = size.pick((1000, 6), (300, 3));
    let degrees = [1, 2, 4, 6, 8, 12, 16];
    let text: Vec<String> = degrees.iter().map(|k| format!("0.3*harmonic({k})")).collect();
    let trial = Trial::new("relu", 1.0, 2, &text.join(" + "))?;
    let spectrum = trial.spectrum(16)?;
    let difference = (0..=16).map(|k| (spectrum.coefficient(k) - fourier(k)).abs()).fold(0.0, f64::max);
    let mut checks = vec![Check::at_most(
        "n = 2: largest difference of the Funk-Hecke coefficients of relu from the Fourier coefficients of max(cos, 0)",
        difference,
        1e-15,
        "equal in exact arithmetic; a few roundings",
    )];
    let found = times(&trial, width, &degrees, 100_000_000, seeds, observer)?;
    checks.extend(rising(&format!("relu, n = 2, m = {width}"), &degrees, &found));
    let even: Vec<(f64, f64)> = degrees.iter().zip(&found).skip(2).map(|(&k, t)| (k as f64, t.0)).collect();
    let theory: Vec<(f64, f64)> = degrees.iter().zip(&found).skip(2).map(|(&k, t)| (k as f64, t.1)).collect();
    checks.push(Check::near(
        &format!("relu, n = 2, m = {width}: exponent of the time to half in the frequency, k = 4..16"),
        logarithmic_slope(&even),
        logarithmic_slope(&theory),
        size.pick(0.1, 0.2),
        "time is proportional to (k^2 - 1)^2; finite width slows high frequencies by a few percent",
    ));
    Ok(checks)
}
