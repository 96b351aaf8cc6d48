//! The figures of trainings and of other results as charts.

mod analysis;
mod calibration;
mod curve;
mod degrees;
mod loss;
mod movement;
mod predictions;
mod queries;
mod remaining;
mod spectrum;
mod table_curve;

pub use crate::axis::ITERATIONS;
pub use analysis::of_analysis;
pub use calibration::calibration;
pub use curve::of_curve;
pub use degrees::degrees;
pub use loss::loss;
pub use movement::movement;
pub use predictions::predictions;
pub use queries::{of_bounds, of_learning};
pub use remaining::remaining;
pub use spectrum::{last_degree, of_spectrum, spectrum};
pub use table_curve::of_table_curve;

use zonal_documents::train::{Checkpoint, TrainReport};

/// The largest number of degrees in a figure, the number of looks.
const MAX_DEGREES: usize = 28;

/// The value of a curve at a listed iteration.
pub(crate) type Curve = fn(&Checkpoint) -> Option<f64>;

/// Returns the scale of displayed errors: mean squares for targets, root mean squares, in the label's unit, for tables.
pub(crate) fn shown_error(report: &TrainReport) -> fn(f64) -> f64 {
    if report.target.is_some() { |loss| loss } else { f64::sqrt }
}

/// Returns the name of displayed errors.
pub(crate) fn error_name(report: &TrainReport) -> &'static str {
    if report.target.is_some() { "mean squared error" } else { "root mean squared error" }
}

/// Returns the name of the rows whose loss the path of a table lists.
pub(crate) fn fitted_rows(report: &TrainReport) -> &'static str {
    if report.is_refitted() { "training and validation" } else { "training" }
}

/// Returns the toggle key of a degree.
pub fn degree_key(degree: usize) -> String {
    format!("degree-{degree}")
}

/// Returns the degrees with visible energy, at most as many as there are looks.
pub fn shown_degrees(report: &TrainReport) -> Vec<usize> {
    let mut degrees = all_degrees(report);
    degrees.truncate(MAX_DEGREES);
    degrees
}

/// Returns all degrees with visible energy.
pub(crate) fn all_degrees(report: &TrainReport) -> Vec<usize> {
    let Some(energies) = &report.target_energy else { return Vec::new() };
    let total: f64 = energies.iter().sum();
    let appears =
        |k: usize| energies[k] > 1e-12 * total || report.path.iter().any(|c| energy(c, k) > 1e-4 * total);
    (0..energies.len()).filter(|&k| appears(k)).collect()
}

/// Returns the residual energy in a degree; 0 if it is not listed.
pub(crate) fn energy(checkpoint: &Checkpoint, degree: usize) -> f64 {
    checkpoint.degrees.as_ref().and_then(|d| d.get(degree)).map_or(0.0, |d| d.energy)
}

/// The name and the toggle key of the energy in all degrees that are not listed on their own.
pub(crate) const REST: &str = "rest";

/// Returns the residual energy in all degrees that are not `listed`; None for a table. Together with the energies of the
/// listed degrees it is the loss.
pub(crate) fn rest(checkpoint: &Checkpoint, listed: &[usize]) -> Option<f64> {
    let other = checkpoint.degrees.as_ref()?.iter().filter(|d| !listed.contains(&d.degree)).map(|d| d.energy);
    // The tail of an iterative training is a difference, which rounding can make negative.
    Some(checkpoint.tail_energy.unwrap_or(0.0).max(0.0) + other.sum::<f64>())
}

/// Returns whether any listed iteration has energy in other degrees than the `listed` ones.
pub(crate) fn has_rest(report: &TrainReport, listed: &[usize]) -> bool {
    report.path.iter().any(|c| rest(c, listed).is_some_and(|energy| energy > 0.0))
}

/// Returns the last listed iteration.
pub(crate) fn last_iteration(report: &TrainReport) -> u64 {
    last_iteration_of(report.path.iter().map(|c| c.iteration))
}

/// Returns the last of listed iterations.
pub(crate) fn last_iteration_of(iterations: impl Iterator<Item = u64>) -> u64 {
    iterations.last().unwrap_or(0)
}
