//! The figures of a training, one file each: what is drawn, as charts.

mod degrees;
mod left;
mod loss;
mod movement;
mod spectrum;
mod truth;

pub use crate::axis::ITERATIONS;
pub use degrees::degrees;
pub use left::left;
pub use loss::loss;
pub use movement::movement;
pub use spectrum::{last_degree, of_spectrum, spectrum};
pub use truth::truth;

use zonal_documents::train::{Checkpoint, TrainReport};

/// No more degrees than there are looks.
const MOST_DEGREES: usize = 28;

/// What a curve shows of each listed iteration.
pub(crate) type Curve = fn(&Checkpoint) -> Option<f64>;

/// How an error is shown: on tables in the label's unit, as everywhere else on their pages.
pub(crate) fn shown_error(report: &TrainReport) -> fn(f64) -> f64 {
    if report.target.is_some() { |loss| loss } else { f64::sqrt }
}

/// The name of such errors.
pub(crate) fn error_name(report: &TrainReport) -> &'static str {
    if report.target.is_some() { "mean squared error" } else { "root mean squared error" }
}

/// The rows whose loss the path lists, for tables.
pub(crate) fn fitted_rows(report: &TrainReport) -> &'static str {
    if report.is_refitted() { "training and validation" } else { "training" }
}

/// The key of everything that belongs to a degree.
pub fn degree_key(degree: usize) -> String {
    format!("degree-{degree}")
}

/// The degrees in which there is, or appears, anything to see, as far as there are looks for them.
pub fn shown_degrees(report: &TrainReport) -> Vec<usize> {
    let mut degrees = all_degrees(report);
    degrees.truncate(MOST_DEGREES);
    degrees
}

/// The same, however many they are.
pub(crate) fn all_degrees(report: &TrainReport) -> Vec<usize> {
    let Some(energies) = &report.target_energy else { return Vec::new() };
    let total: f64 = energies.iter().sum();
    let appears =
        |k: usize| energies[k] > 1e-12 * total || report.path.iter().any(|c| energy(c, k) > 1e-4 * total);
    (0..energies.len()).filter(|&k| appears(k)).collect()
}

/// The residual's energy in a degree; 0 where it is not listed.
pub(crate) fn energy(checkpoint: &Checkpoint, degree: usize) -> f64 {
    checkpoint.degrees.as_ref().and_then(|d| d.get(degree)).map_or(0.0, |d| d.energy)
}

/// The last listed iteration.
pub(crate) fn last_iteration(report: &TrainReport) -> u64 {
    report.path.last().map_or(0, |c| c.iteration)
}
