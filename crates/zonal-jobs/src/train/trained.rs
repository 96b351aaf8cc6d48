//! The result of a training.

use zonal_documents::options::SCALE;
use zonal_documents::train::{Checkpoint, TestRow, TrainReport, card};
use zonal_documents::{Error, Result};
use zonal_io::model::Model;

/// The receiver of notes for the user while a job runs, such as the candidates that were tried and the columns dropped.
pub type Notes<'a> = &'a mut dyn FnMut(&str);

/// A finished training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The report.
    pub report: TrainReport,
    /// The network; None at infinite width.
    pub model: Option<Model>,
    /// Predictions on a sample of at most 1000 test rows.
    pub test_rows: Vec<TestRow>,
}

impl Trained {
    /// Returns a finished training, and adds the card of its model.
    pub(super) fn new(report: TrainReport, mut model: Option<Model>, test_rows: Vec<TestRow>) -> Self {
        if let Some(model) = &mut model {
            model.description.card = Some(card(&report, model.description.table.as_ref()));
        }
        Self { report, model, test_rows }
    }
}

/// Rejects a result with a loss, an energy or a step beyond the range of f64.
pub(crate) fn check_finite(trained: Trained) -> Result<Trained> {
    let report = &trained.report;
    let energies = |c: &Checkpoint| {
        let degrees = c.degrees.iter().flatten().flat_map(|d| [Some(d.energy), d.predicted]);
        degrees.flatten().chain(c.tail_energy).all(f64::is_finite)
    };
    let losses = |c: &Checkpoint| {
        [Some(c.loss), c.validation_loss, c.test_loss].into_iter().flatten().all(f64::is_finite)
    };
    match report.path.iter().find(|c| !losses(c) || !energies(c)) {
        None => check_step_size(report.step_size).map(|()| trained),
        Some(c) => Err(Error::Usage(format!(
            "a loss at iteration {} is beyond the range of f64; scale the target, the table or {SCALE} closer to 1",
            c.iteration
        ))),
    }
}

/// Checks the step size of a training, which is not finite if all features are tiny.
pub(super) fn check_step_size(step: f64) -> Result<()> {
    if step.is_finite() && step > 0.0 {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "the step size is {step}, but must be positive and finite; use another {SCALE}"
    )))
}
