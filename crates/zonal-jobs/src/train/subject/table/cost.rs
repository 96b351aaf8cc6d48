//! The cost of a training on a table: memory, which is checked before it is allocated, and time, which is estimated
//! from a few rows.

use super::accumulate::{Accumulation, Prepared};
use super::validation::Validation;
use crate::memory::{check_need, free};
use crate::survey::{Survey, standardise_labels};
use crate::train::trained::Notes;
use std::time::Instant;
use zonal::dynamics::{MOST_LANCZOS_STEPS, Solver};
use zonal::lift::Lift;
use zonal::statistics::{Statistics, block_rows};
use zonal_documents::Result;
use zonal_documents::number::{readable_bytes, readable_seconds};
use zonal_documents::train::TableJob;

/// The sizes, in addition to the width, that determine the memory of a training.
pub(super) struct Cost {
    pub(super) rows: u64,
    pub(super) columns: usize,
    pub(super) labels: usize,
    /// The number of listed iterations.
    pub(super) iterates: usize,
    pub(super) validation: Validation,
}

impl Cost {
    pub(super) fn new(survey: &Survey, lift: &Lift, job: &TableJob, iterates: usize) -> Self {
        let (rows, columns, labels) = (survey.covered.rows(), lift.kept.len(), job.labels.len());
        Self { rows, columns, labels, iterates, validation: Validation::of(job) }
    }

    /// Returns the solver for this width; `auto` becomes Lanczos, with a note, if only Lanczos fits into memory.
    ///
    /// # Errors
    /// [`zonal_documents::Error::Memory`] if the training does not fit.
    pub(super) fn solver(&self, width: u64, asked: Solver, notes: Notes<'_>) -> Result<Solver> {
        let fits = |solver| check_need(width, |m| self.bytes(m, solver));
        if asked != Solver::Auto {
            return self.known_solver(width, asked);
        }
        if fits(Solver::Dense).is_ok() {
            return Ok(Solver::Auto);
        }
        fits(Solver::Lanczos)?;
        notes(&format!(
            "the eigendecomposition needs {}, but {} of memory is free: the path is computed by Lanczos, with a bound \
             on its error",
            readable_bytes(self.bytes(width, Solver::Dense)),
            readable_bytes(free())
        ));
        Ok(Solver::Lanczos)
    }

    /// Returns this solver, if the training fits into memory with it.
    ///
    /// # Errors
    /// As [`Self::solver`].
    pub(super) fn known_solver(&self, width: u64, solver: Solver) -> Result<Solver> {
        check_need(width, |m| self.bytes(m, solver)).map(|()| solver)
    }

    /// Returns the bytes for a width: the larger of the sums while rows are read, and the sums of each part with the
    /// matrices of the solver.
    pub(super) fn bytes(&self, width: u64, solver: Solver) -> u64 {
        let (m, parts, labels) = (u128::from(width), self.validation.parts() as u128, self.labels as u128);
        let square = m.saturating_mul(m).saturating_mul(8);
        let sums = parts.saturating_mul(square / 2);
        let blocks = self.rows / block_rows(usize::try_from(width).unwrap_or(usize::MAX)) + 1;
        // One run of blocks of each length, the current block, and one run as bytes when the sums are saved.
        let runs = u128::from(blocks.ilog2()) + 1;
        // Saved sums are read as a whole file.
        let reading = sums.saturating_mul((runs + 1 + u128::from(runs > 1)).max(2 * runs));
        let solving = match solver {
            // K, its copy, two matrices of eigenvectors, and three matrices allocated by the linear-algebra library.
            Solver::Dense | Solver::Auto => square.saturating_mul(7),
            // K and the basis of each Krylov space, twice while iterates are assembled.
            Solver::Lanczos => square.saturating_add(16 * labels * m * m.min(MOST_LANCZOS_STEPS as u128)),
        };
        // With a refit or folds, a path is in memory while the next one is computed and sums are added.
        let solving = if self.validation.paths() > 1 {
            solving.saturating_add(square.saturating_mul(2))
        } else {
            solving
        };
        // The features of all rows, their orthonormal directions with their squares, and a copy; right sides, labels and columns; and
        // an eigenproblem of its own.
        let rows = u128::from(self.rows);
        let left_out = match self.validation {
            Validation::LeaveOneOut => {
                let of_row = 4 * m + 2 * (512 + 2 * labels) + 5 * labels + self.columns as u128;
                8 * rows * of_row + 7 * 8 * m.min(rows).pow(2)
            }
            _ => 0,
        };
        let solving = solving.saturating_add(left_out);
        let iterates = (self.iterates * self.labels) as u128;
        let per_unit = 8 * (2 * self.columns as u128 + 3 * iterates + 1024);
        let total = reading.max(sums.saturating_add(solving)).saturating_add(m.saturating_mul(per_unit));
        u64::try_from(total).unwrap_or(u64::MAX)
    }
}

/// The smallest number of rows times squared width for which an estimate is noted; less takes seconds.
const NOTED_WORK: f64 = 2e11;
/// The number of rows on which the time is measured.
const TRIAL_ROWS: usize = 2_048;

/// Notes the sizes of a training, its memory, and an estimate of its time from the time for a few rows.
pub(super) fn note_estimate(
    accumulation: &Accumulation<'_>,
    survey: &Survey,
    cost: &Cost,
    solver: Solver,
    notes: Notes<'_>,
) -> Result<()> {
    let count = survey.sample.len().min(TRIAL_ROWS);
    let width = accumulation.network.width();
    if survey.covered.rows() as f64 * (width as f64).powi(2) < NOTED_WORK || count == 0 {
        return Ok(());
    }
    let rows = survey.sample.select(&(0..count).collect::<Vec<_>>());
    let points = accumulation.lift.apply(&rows.features)?;
    let labels = standardise_labels(accumulation.labels, &rows.labels);
    let mut statistics = Statistics::new(width, labels.columns(), 1, accumulation.precision);
    let rows = Prepared::in_memory(vec![0; count], points, labels, Vec::new());
    let began = Instant::now();
    rows.add_to(&mut statistics, accumulation.network)?;
    statistics.close(accumulation.network)?;
    let trial = began.elapsed().as_secs_f64();
    // An eigenproblem takes about 9 m^3 flops at half the rate of matrix products; Lanczos takes a fraction of that.
    let rate = count as f64 * (width as f64).powi(2) / trial;
    let problems = cost.validation.paths() as f64 * 18.0 * (width as f64).powi(3) / rate;
    let sums = survey.rows() as f64 / count as f64 * trial;
    notes(&format!(
        "{} rows, {} columns, width {width}: about {} for the sums, then at most {} for the path; {} of memory",
        survey.rows(),
        accumulation.lift.columns.len(),
        readable_seconds(sums),
        readable_seconds(problems),
        readable_bytes(cost.bytes(width as u64, solver))
    ));
    Ok(())
}
