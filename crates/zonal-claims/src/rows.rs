//! Rows: the error of networks that are fitted to samples, predicted and simulated; and one row left out without a refit.
//!
//! Power. Simulated means average over targets and noise exactly, so that their standard errors are small; each reason states what
//! is detected. The prediction itself is an approximation for finite sizes: the bands of 3 % allow for it, as measured in
//! docs/theory/rows.md.

use crate::claim::Claim;
use zonal::activation::Activation;
use zonal::dynamics::{LeaveOneOut, Step, accumulated};
use zonal::equivalent::{Draw, Equivalent, Sizes};
use zonal::linalg::{Matrix, symmetric_eigen};
use zonal::measure::mean;
use zonal::network::Network;
use zonal::numeric::random::{Purpose, normal, stream};
use zonal::observer::Observer;
use zonal::plan::RowsBound;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, uniform_points};
use zonal::target::PowerSpectrum;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;

pub(super) const DOUBLE_DESCENT: Claim = Claim {
    name: "double-descent",
    statement: "Without a ridge the test error has a peak where there are as many units as rows, and falls again beyond; \
                stopped descent has none. One equation predicts the errors of both",
    source: "Mei and Montanari 2019, the generalization error of random features regression; Defilippis, Loureiro and \
             Misiakiewicz 2024",
    formulas: "RW-1, RW-2, RW-3",
    run: double_descent,
};

pub(super) const STAIRCASE: Claim = Claim {
    name: "staircase",
    statement: "A wide network needs about N_k rows to learn degree k: with those that RW-5 states for half of it, but at \
                least 30, and with four times as many, the errors of ridge regression and of descent after any number of steps are the predicted ones",
    source: "Ghorbani, Mei, Misiakiewicz and Montanari 2021, linearized two-layers neural networks in high dimension",
    formulas: "RW-1, RW-3, RW-5",
    run: staircase,
};

pub(super) const LEAVE_ONE_OUT: Claim = Claim {
    name: "leave-one-out",
    statement: "The residual of each row for descent on all others, after any number of steps, follows from one eigenproblem",
    source: "the leave-one-out formula of ridge regression, integrated over ridges",
    formulas: "RW-8",
    run: leave_one_out,
};

pub(super) const BOUNDS: Claim = Claim {
    name: "rows-bounds",
    statement: "No mean error of ridge regression or of descent on random rows exceeds the bound that is proved for it",
    source: "the proofs in docs/theory/plan.md",
    formulas: "PL-3r, PL-3s, PL-3g",
    run: bounds,
};

/// The share by which the prediction may differ at these sizes, in addition to four standard errors.
const BAND: f64 = 0.03;

/// A target of known energies with noise, and the units that learn it.
struct Problem {
    spectrum: Spectrum,
    target: PowerSpectrum,
    noise: f64,
    equivalent: Equivalent,
    step: f64,
}

/// How the output layer is fitted.
#[derive(Clone, Copy)]
enum Fit {
    Ridge(f64),
    Descent(u64),
}

impl Problem {
    fn new(activation: &str, dim: u64, scale: f64, energies: &[f64], noise: f64) -> Result<Self> {
        let dim = Dim::new(dim)?;
        let spectrum = Spectrum::new(&Activation::parse(activation)?, dim, scale, 60)?;
        let target = PowerSpectrum::new(dim, energies.to_vec(), 0.0);
        let equivalent = Equivalent::new(&spectrum, &target, noise)?;
        let step = equivalent.step(Step::Auto)?;
        Ok(Self { spectrum, target, noise, equivalent, step })
    }

    /// Compares the mean error of draws with the prediction for each fit, and returns the means.
    fn compare(
        &self,
        (rows, width): (f64, f64),
        fits: &[(&str, Fit)],
        seeds: u64,
        checks: &mut Vec<Check>,
        observer: &mut dyn Observer,
    ) -> Result<Vec<f64>> {
        let sizes = Sizes { rows, width };
        let errors = over_seeds(0..seeds, observer, |seed| {
            let draw = Draw::new(&self.spectrum, &self.target, self.noise, sizes, seed)?;
            let error = |(_, fit): &(&str, Fit)| match *fit {
                Fit::Ridge(ridge) => draw.ridge(ridge),
                Fit::Descent(t) => draw.descent(self.step, t),
            };
            Ok(fits.iter().map(error).collect::<Vec<f64>>())
        })?;
        let mut means = Vec::new();
        for (i, (name, fit)) in fits.iter().enumerate() {
            let found = mean(&errors.iter().map(|e| e[i]).collect::<Vec<f64>>());
            let predicted = match *fit {
                Fit::Ridge(ridge) => self.equivalent.ridge(sizes, ridge)?,
                Fit::Descent(t) => self.equivalent.descent(sizes, self.step, t)?,
            };
            checks.push(Check::near(
                &format!(
                    "{}, n = {}, N = {rows}, m = {width}: mean test error, {name}",
                    self.spectrum.activation(),
                    self.target.dim()
                ),
                found.value,
                predicted.test_error,
                BAND * predicted.test_error + 4.0 * found.standard_error,
                "3 % and four standard errors",
            ));
            means.push(found.value);
        }
        Ok(means)
    }
}

fn double_descent(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let problem = Problem::new("relu", 20, 1.0, &[0.0, 1.0], 0.2)?;
    let rows: f64 = size.pick(300.0, 120.0);
    // So small a ridge only keeps the error at the peak finite.
    let ridge = 1e-8 * problem.spectrum.norm_sq();
    let fits = [("ridge 1e-8 of the norm", Fit::Ridge(ridge)), ("after 300 steps", Fit::Descent(300))];
    let (mut checks, mut small, mut stopped) = (Vec::new(), Vec::new(), Vec::new());
    for share in [0.4, 0.7, 1.0, 1.5, 4.0] {
        let sizes = (rows, (share * rows).round());
        if let [a, b] = problem.compare(sizes, &fits, size.pick(40, 60), &mut checks, observer)?[..] {
            small.push(a);
            stopped.push(b);
        }
    }
    let [first, .., last] = small[..] else { return Ok(checks) };
    checks.push(Check::at_least(
        "error at as many units as rows, over the larger one of those at 0.4 and 4 times as many",
        small[2] / first.max(last),
        5.0,
        "a peak",
    ));
    let rises = stopped.windows(2).map(|pair| pair[1] / pair[0]).fold(0.0, f64::max);
    checks.push(Check::at_most(
        "after 300 steps: largest ratio of the error to that of the next narrower network",
        rises,
        1.0,
        "no peak",
    ));
    Ok(checks)
}

fn staircase(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for (activation, dim, scale, degrees) in
        [("relu", 10, 1.0, &[1usize, 2][..]), ("erf", size.pick(10, 7), 3.0, &[1, 3])]
    {
        for &degree in degrees {
            let mut energies = vec![0.0; degree + 1];
            energies[degree] = 1.0;
            let problem = Problem::new(activation, dim, scale, &energies, 0.1)?;
            let Some(half) = problem.equivalent.rows_half(degree) else { continue };
            let fits = [
                ("ridge 1e-4 of the norm", Fit::Ridge(1e-4 * problem.spectrum.norm_sq())),
                ("after 100 steps", Fit::Descent(100)),
                ("after 3000 steps", Fit::Descent(3_000)),
            ];
            // The rows for half of the degree, or enough for the approximation, and four times as many.
            let least = half.round().max(30.0);
            for rows in [least, 4.0 * least] {
                problem.compare((rows, f64::INFINITY), &fits, size.pick(60, 40), &mut checks, observer)?;
            }
        }
    }
    Ok(checks)
}

/// Where little is learned the bounds are nearly attained, and one that is 3 % too low would fail; elsewhere they are worst cases.
fn bounds(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let (mut ridges, mut descents) = (0.0f64, 0.0f64);
    let mut settings = 0;
    for (activation, dim) in [("relu", 10), ("tanh", 5), ("erf", 20)] {
        let problem = Problem::new(activation, dim, 1.0, &[0.1, 0.6, 0.3], 0.2)?;
        let bound = RowsBound::new(&problem.target, &problem.spectrum, problem.noise)?;
        let value = |t: f64| problem.spectrum.activation().value(t).powi(2);
        for (rows, width) in [(30.0, 60.0), (30.0, f64::INFINITY), (200.0, 100.0), (200.0, f64::INFINITY)] {
            let is_finite = width < f64::INFINITY;
            let bound_sq = if is_finite { value(1.0).max(value(-1.0)) } else { problem.spectrum.norm_sq() };
            let given = is_finite.then_some(bound_sq);
            let step = rows / ((rows + 1.0) * bound_sq);
            let shares = [0.01, 0.1, 1.0];
            let counts = [3, 30, 300];
            let errors = over_seeds(0..size.pick(60, 20), observer, |seed| {
                let draw = Draw::new(
                    &problem.spectrum,
                    &problem.target,
                    problem.noise,
                    Sizes { rows, width },
                    seed,
                )?;
                let of_ridges = shares.map(|share| draw.ridge(share * bound_sq));
                Ok([of_ridges, counts.map(|t| draw.descent(step, t))].concat())
            })?;
            for i in 0..6 {
                let found = mean(&errors.iter().map(|e| e[i] - problem.noise).collect::<Vec<f64>>());
                let least = found.value - 4.0 * found.standard_error;
                if i < 3 {
                    ridges = ridges.max(least / bound.excess(rows, width, shares[i] * bound_sq, given)?);
                } else {
                    descents = descents.max(least / bound.descent(rows, width, step, counts[i - 3], given)?);
                }
                settings += 1;
            }
        }
    }
    let check = |fit: &str, ratio: f64| {
        let name = format!(
            "{fit}: largest ratio of the mean excess, less four standard errors, to its bound, {} settings",
            settings / 2
        );
        Check::at_most(name, ratio, 1.0, "a bound")
    };
    Ok(vec![check("ridge regression", ridges), check("descent", descents)])
}

fn leave_one_out(size: Size, _: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut worst = 0.0f64;
    let settings = size.pick(20, 5);
    for seed in 0..settings {
        let (rows, width) = (20 + 3 * seed as usize, 8 + 7 * seed as usize % 50);
        let dim = Dim::new(3 + seed % 6)?;
        let network = Network::random(Activation::Relu, 1.0, dim, width, seed)?;
        let points = uniform_points(dim, rows, seed, Purpose::Points);
        let features = network.features(&points)?;
        let mut rng = stream(seed, Purpose::Noise, 0);
        let labels =
            (0..rows).map(|i| points.row(i)[0] * points.row(i)[1] + 0.1 * normal(&mut rng)).collect();
        let labels = Matrix::from_rows(rows, 1, labels)?;
        let left_out = LeaveOneOut::new(&features, &labels, &[])?;
        let step = 1.0 / left_out.largest_eigenvalue();
        for t in [1, 30, 1_000, 100_000] {
            let found = left_out.descent_residuals(step, 0.0, t)?;
            for i in 0..rows {
                let expected = refitted(&features, &labels, i, step, t)?;
                worst = worst.max((found.row(i)[0] - expected).abs() / (1.0 + expected.abs()));
            }
        }
    }
    Ok(vec![Check::at_most(
        format!(
            "largest relative difference from a refit without the row, {settings} tables, up to 100,000 steps"
        ),
        worst,
        1e-9,
        "rounding",
    )])
}

/// Returns the residual of row i for descent on all other rows.
fn refitted(features: &Matrix, labels: &Matrix, i: usize, step: f64, iterations: u64) -> Result<f64> {
    let rows = features.rows();
    let others: Vec<usize> = (0..rows).filter(|j| *j != i).collect();
    let (x, y) = (features.select(&others), labels.select(&others));
    let mut moments = x.transposed_times(&x);
    moments.values_mut().iter_mut().for_each(|value| *value /= rows as f64);
    let eigen = symmetric_eigen(&moments)?;
    let products = eigen.vectors.times(&x.transposed_times(&y));
    let at = eigen.vectors.times_vector(features.row(i));
    let terms = eigen.values.iter().enumerate().map(|(k, eigenvalue)| {
        accumulated(eigenvalue.max(0.0), step, iterations) * products.row(k)[0] / rows as f64 * at[k]
    });
    Ok(labels.row(i)[0] - terms.sum::<f64>())
}
