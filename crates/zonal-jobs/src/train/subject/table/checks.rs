//! Checks of iterative training on a table, before the table is read.

use super::problem::Draft;
use crate::memory::check_need;
use crate::train::method::descent::{CURVATURE_ROWS, check_options};
use zonal_documents::options::{BATCH, FOLDS, LAYERS, REFIT, TARGET, VALIDATION_FRACTION, WEIGHT};
use zonal_documents::train::{BatchChoice, DescentConfig, TableJob, TrainConfig};
use zonal_documents::{Error, Result};

/// The largest number of training rows for which the prediction of the tangent kernel is computed.
pub(super) const PREDICTED_ROWS: u64 = 1_500;

/// Rejects options that do not apply to iterative training on a table.
pub(super) fn check_descent(config: &TrainConfig, options: &DescentConfig, job: &TableJob) -> Result<()> {
    if job.folds.is_some() || job.refit {
        return Err(Error::Usage(format!(
            "{FOLDS} and {REFIT} require training of the output layer only; with {} or both the iteration is selected \
             by {VALIDATION_FRACTION}",
            LAYERS.with("hidden")
        )));
    }
    if matches!(options.batch, BatchChoice::Fresh(_) | BatchChoice::Exact) {
        return Err(Error::Usage(format!(
            "{} needs a {TARGET}; for a table use {} or a number of rows",
            BATCH.with(options.batch),
            BATCH.with("full")
        )));
    }
    check_options(config, options)?;
    if job.weight.is_some() || job.data.memory.as_ref().is_some_and(|m| m.weight.is_some()) {
        return Err(Error::Usage(format!(
            "{WEIGHT} is supported only for training of the output layer; iterative training weights all rows equally"
        )));
    }
    Ok(())
}

/// Checks that the training fits into memory: points, columns and packed copies of all rows; weights at each listed
/// iteration and their bytes when they are saved; rows for the curvature and for the prediction.
pub(super) fn check_memory(draft: &Draft, job: &TableJob, rows: u64, listed: u64) -> Result<()> {
    let (columns, labels) = (draft.lift.kept.len() as u64, job.labels.len() as u64);
    let row = 8 * (5 * (columns + 1) + 3 * labels);
    let curvature = 4 * CURVATURE_ROWS.max(if rows <= PREDICTED_ROWS { rows } else { 0 });
    let unit = 8 * ((columns + 2 + labels) * (4 * listed + 8) + curvature);
    check_need(draft.width as u64, |m| rows.saturating_mul(row).saturating_add(m.saturating_mul(unit)))
}
