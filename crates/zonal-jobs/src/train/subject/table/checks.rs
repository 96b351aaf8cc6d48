//! What a table cannot be used for step by step, found before it is read.

use super::problem::Draft;
use crate::memory::check_need;
use crate::train::method::descent::{CURVATURE_ROWS, check_options};
use zonal_documents::options::{BATCH, FOLDS, LAYERS, REFIT, TARGET, VALIDATION_FRACTION, WEIGHT};
use zonal_documents::train::{BatchChoice, DescentConfig, TableJob, TrainConfig};
use zonal_documents::{Error, Result};

/// Rows on which the tangent kernel's prediction is made at most.
pub(super) const PREDICTED_ROWS: u64 = 1_500;

/// Refuses what cannot be learned from a table step by step.
pub(super) fn check_descent(config: &TrainConfig, options: &DescentConfig, job: &TableJob) -> Result<()> {
    if job.folds.is_some() || job.refit {
        return Err(Error::Usage(format!(
            "{FOLDS} and {REFIT} need a path that is found at once; with {} or both the iteration is chosen on \
             {VALIDATION_FRACTION}",
            LAYERS.with("hidden")
        )));
    }
    if matches!(options.batch, BatchChoice::Fresh(_) | BatchChoice::Exact) {
        return Err(Error::Usage(format!(
            "{} needs a {TARGET}; a table has {} or a number of rows",
            BATCH.with(options.batch),
            BATCH.with("full")
        )));
    }
    check_options(config, options)?;
    if job.weight.is_some() || job.data.memory.as_ref().is_some_and(|m| m.weight.is_some()) {
        return Err(Error::Usage(format!(
            "{WEIGHT} is for the output layer alone; training step by step counts all rows alike"
        )));
    }
    Ok(())
}

/// Memory for the rows on the sphere, their columns, and both packings; weights at each listed iteration and their bytes; rows
/// of the curvature and of the prediction.
pub(super) fn check_memory(draft: &Draft, job: &TableJob, rows: u64, listed: u64) -> Result<()> {
    let (columns, labels) = (draft.lift.kept.len() as u64, job.labels.len() as u64);
    let row = 8 * (5 * (columns + 1) + 3 * labels);
    let curvature = 4 * CURVATURE_ROWS.max(if rows <= PREDICTED_ROWS { rows } else { 0 });
    let unit = 8 * ((columns + 2 + labels) * (4 * listed + 8) + curvature);
    check_need(draft.width as u64, |m| rows.saturating_mul(row).saturating_add(m.saturating_mul(unit)))
}
