//! Predicted test errors at finite numbers of rows and units, compared with draws, and the time that a prediction takes. Prints the
//! table of docs/theory/rows.md; with `--write` it writes it there.

use rayon::prelude::*;
use std::process::ExitCode;
use std::time::Instant;
use zonal::activation::Activation;
use zonal::dynamics::{LeaveOneOut, Step};
use zonal::equivalent::{Draw, Equivalent, Sizes};
use zonal::linalg::Matrix;
use zonal::measure::mean;
use zonal::network::Network;
use zonal::numeric::random::Purpose;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, uniform_points};
use zonal::target::PowerSpectrum;
use zonal_verify::documents::with_part;
use zonal_verify::layers::root;

const MARKERS: [&str; 2] =
    ["<!-- rows: written by cargo xtask bench rows --write -->\n", "<!-- end of rows -->"];
const PAGE: &str = "docs/theory/rows.md";
/// The settings: dimension, activation, scale, rows, width.
const SETTINGS: [(u64, &str, f64, f64, f64); 24] = [
    (5, "relu", 1.0, 40.0, 60.0),
    (5, "relu", 1.0, 60.0, 40.0),
    (5, "erf", 2.0, 80.0, 160.0),
    (5, "relu", 1.0, 200.0, 50.0),
    (5, "relu", 1.0, 50.0, 200.0),
    (5, "relu", 1.0, 300.0, 300.0),
    (5, "tanh", 3.0, 150.0, 60.0),
    (10, "relu", 1.0, 100.0, 60.0),
    (10, "relu", 1.0, 100.0, 400.0),
    (10, "relu", 1.0, 200.0, 200.0),
    (10, "tanh", 2.0, 300.0, 100.0),
    (10, "erf", 3.0, 200.0, 200.0),
    (10, "erf", 3.0, 200.0, 400.0),
    (30, "relu", 1.0, 60.0, 120.0),
    (30, "relu", 1.0, 300.0, 100.0),
    (30, "relu", 1.0, 400.0, 400.0),
    (30, "tanh", 5.0, 200.0, 300.0),
    (30, "erf", 5.0, 400.0, 200.0),
    (100, "relu", 1.0, 100.0, 100.0),
    (100, "relu", 1.0, 100.0, 300.0),
    (100, "relu", 1.0, 300.0, 100.0),
    (100, "relu", 1.0, 400.0, 400.0),
    (100, "tanh", 10.0, 400.0, 300.0),
    (100, "erf", 10.0, 300.0, 400.0),
];
/// Ridges as shares of ||phi||^2, and iterations: three regular ones and three near interpolation.
const RIDGES: [f64; 3] = [1e-1, 1e-3, 1e-8];
const ITERATIONS: [u64; 3] = [100, 1_000, 100_000];
const SEEDS: u64 = 64;

/// The deviation of a prediction from the mean of the draws, and that mean's relative standard error.
struct Found {
    dim: u64,
    is_regular: bool,
    deviation: f64,
    standard_error: f64,
}

fn compare((dim, activation, scale, rows, width): (u64, &str, f64, f64, f64)) -> zonal::Result<Vec<Found>> {
    let (n, sizes) = (Dim::new(dim)?, Sizes { rows, width });
    let spectrum = Spectrum::new(&Activation::parse(activation)?, n, scale, 60)?;
    let target = PowerSpectrum::new(n, vec![0.2, 0.4, 0.3, 0.1], 0.0);
    let noise = 0.2;
    let equivalent = Equivalent::new(&spectrum, &target, noise)?;
    let step = equivalent.step(Step::Auto)?;
    let draws = (0..SEEDS)
        .into_par_iter()
        .map(|seed| Draw::new(&spectrum, &target, noise, sizes, seed))
        .collect::<zonal::Result<Vec<Draw>>>()?;
    let found = |is_regular: bool, predicted: f64, errors: Vec<f64>| {
        let simulated = mean(&errors);
        let deviation = predicted / simulated.value - 1.0;
        Found { dim, is_regular, deviation, standard_error: simulated.standard_error / simulated.value }
    };
    let mut out = Vec::new();
    for share in RIDGES {
        let ridge = share * spectrum.norm_sq();
        let errors = draws.iter().map(|draw| draw.ridge(ridge)).collect();
        out.push(found(share >= 1e-3, equivalent.ridge(sizes, ridge)?.test_error, errors));
    }
    for t in ITERATIONS {
        let errors = draws.iter().map(|draw| draw.descent(step, t)).collect();
        out.push(found(t <= 1_000, equivalent.descent(sizes, step, t)?.test_error, errors));
    }
    Ok(out)
}

/// Returns the median, the 90th percentile, the largest deviation and the median standard error.
fn summary(found: &[&Found]) -> [f64; 4] {
    let sorted = |of: fn(&Found) -> f64| {
        let mut values: Vec<f64> = found.iter().map(|f| of(f)).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let (deviations, errors) = (sorted(|f| f.deviation.abs()), sorted(|f| f.standard_error));
    let at = |values: &[f64], share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    [at(&deviations, 0.5), at(&deviations, 0.9), at(&deviations, 1.0), at(&errors, 0.5)]
}

fn table(found: &[Found]) -> String {
    let mut text = format!(
        "{} settings, {SEEDS} draws each; percent.\n\n| n | regime | settings | median | 90 % | largest | standard error, median |\n| --- | --- | --- | --- | --- | --- | --- |\n",
        found.len()
    );
    for dim in [5, 10, 30, 100] {
        for (is_regular, name) in [(true, "regular"), (false, "near interpolation")] {
            let same: Vec<&Found> =
                found.iter().filter(|f| (f.dim, f.is_regular) == (dim, is_regular)).collect();
            let cells = summary(&same).map(|x| format!("{:.2}", 100.0 * x)).join(" | ");
            text += &format!("| {dim} | {name} | {} | {cells} |\n", same.len());
        }
    }
    text
}

/// Prints the time of predictions on one thread, the least of several repetitions.
fn timings() -> zonal::Result<()> {
    let dim = Dim::new(10)?;
    let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 40)?;
    let target = PowerSpectrum::new(dim, vec![0.2, 0.4, 0.3, 0.1], 0.0);
    let equivalent = Equivalent::new(&spectrum, &target, 0.2)?;
    let (step, ridge) = (equivalent.step(Step::Auto)?, 1e-3 * spectrum.norm_sq());
    let size = |i: usize| 10f64.powf(1.0 + 0.1 * i as f64).round();
    let sizes = Sizes { rows: 600.0, width: 300.0 };
    let map = |of: &dyn Fn(Sizes) -> zonal::Result<f64>| -> zonal::Result<f64> {
        let mut sum = 0.0;
        for i in 0..50 {
            for j in 0..50 {
                sum += of(Sizes { rows: size(i), width: size(j) })?;
            }
        }
        Ok(sum)
    };
    let one_ridge = |sizes: Sizes| Ok(equivalent.ridge(sizes, ridge)?.test_error);
    let one_descent = |sizes: Sizes| Ok(equivalent.descent(sizes, step, 10_000)?.test_error);
    println!("\none ridge              {:>10.1} us", 1e6 * least(1_000, || one_ridge(sizes))?);
    println!("one descent            {:>10.1} us", 1e6 * least(200, || one_descent(sizes))?);
    println!("50 x 50 ridges         {:>10.1} ms", 1e3 * least(5, || map(&one_ridge))?);
    println!("50 x 50 descents       {:>10.1} ms", 1e3 * least(3, || map(&one_descent))?);
    let rows_for = || Ok(equivalent.rows_for(0.2, 400.0)?.map_or(0.0, |found| found.rows));
    println!("rows for an excess     {:>10.1} us", 1e6 * least(100, rows_for)?);
    leave_one_out()
}

/// Prints the time of leave-one-out residuals of a table at forty counts of iterations.
fn leave_one_out() -> zonal::Result<()> {
    let (rows, width) = (10_000, 1_000);
    let dim = Dim::new(10)?;
    let network = Network::random(Activation::Relu, 1.0, dim, width, 0)?;
    let points = uniform_points(dim, rows, 0, Purpose::Points);
    let features = network.features(&points)?;
    let labels =
        Matrix::from_rows(rows, 1, (0..rows).map(|i| points.row(i)[0] * points.row(i)[1]).collect())?;
    let started = Instant::now();
    let left_out = LeaveOneOut::new(&features, &labels, &[])?;
    let prepared = started.elapsed().as_secs_f64();
    let step = 1.0 / left_out.largest_eigenvalue();
    for i in 0..40 {
        let t = 10f64.powf(2.0 + 0.2 * f64::from(i)).round() as u64;
        std::hint::black_box(left_out.descent_residuals(step, 0.0, t)?);
    }
    let total = started.elapsed().as_secs_f64();
    println!("leave-one-out, N = {rows}, m = {width}: {prepared:.1} s, with 40 counts {total:.1} s");
    Ok(())
}

/// Returns the least seconds of some repetitions.
fn least(count: usize, work: impl Fn() -> zonal::Result<f64>) -> zonal::Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..count {
        let started = Instant::now();
        std::hint::black_box(work()?);
        least = least.min(started.elapsed().as_secs_f64());
    }
    Ok(least)
}

fn run(is_written: bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut found = Vec::new();
    for setting in SETTINGS {
        found.extend(compare(setting)?);
    }
    let table = table(&found);
    println!("{table}");
    if is_written {
        let (path, page) = with_part(PAGE, MARKERS, &table);
        std::fs::write(root().join(path), page)?;
    }
    Ok(timings()?)
}

fn main() -> ExitCode {
    match run(std::env::args().any(|argument| argument == "--write")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
