//! Progress and interruption: long work reports to an observer, which owns the clock and the progress bar and may
//! ask to stop.

use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Why a training ended. Divergence and interruption are findings, not errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// All requested iterations were done.
    IterationLimit,
    /// The validation loss has not become better for long.
    Converged,
    /// The loss grew without bound.
    Diverged,
    /// The user or the system asked to stop.
    Interrupted,
}

/// The parts of the work that take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The first reading of a table: its moments and a sample.
    Reading,
    /// Trials of activations, scales and biases.
    Choice,
    /// The second reading: sums over rows, which can be taken up again.
    Statistics,
    /// The last reading: errors on the rows themselves.
    Scoring,
    /// The eigendecomposition.
    Eigenproblem,
    /// Steps of gradient descent.
    Descent,
    /// Energies by degree and losses.
    Measurement,
    /// The same work for several seeds.
    Seeds,
    /// The cells of a sweep.
    Cells,
    /// The claims of the theory.
    Claims,
    /// Correlations of the members of a family.
    Products,
    /// Statistical queries.
    Queries,
    /// Files; an interruption waits for their end.
    Writing,
}

impl Stage {
    /// A name for a progress bar.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Choice => "choice",
            Self::Statistics => "statistics",
            Self::Scoring => "scoring",
            Self::Eigenproblem => "eigenproblem",
            Self::Descent => "descent",
            Self::Measurement => "measurement",
            Self::Seeds => "seeds",
            Self::Cells => "cells",
            Self::Claims => "claims",
            Self::Products => "correlations",
            Self::Queries => "queries",
            Self::Writing => "writing",
        }
    }
}

/// What a training measures on its way, for those who watch.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Number of steps done.
    pub iteration: u64,
    /// The loss, on the training rows for tables.
    pub loss: f64,
    /// The loss on validation rows.
    pub validation_loss: Option<f64>,
    /// The residual's energy by degree; empty for tables.
    pub energies: &'a [f64],
}

/// Told about progress; answers whether to go on.
pub trait Observer {
    /// `done` of `total` units of `stage` are finished.
    fn progress(&mut self, stage: Stage, done: u64, total: u64) -> ControlFlow<StopReason>;

    /// Something was measured; most observers do not mind.
    fn measured(&mut self, _: &Reading<'_>) {}
}

/// The observer that only lets things go on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&mut self, _: Stage, _: u64, _: u64) -> ControlFlow<StopReason> {
        ControlFlow::Continue(())
    }
}

/// Turns a wish to stop into an error, for work that has no partial result.
///
/// # Errors
/// The reason, if the observer asks to stop.
pub fn check(
    observer: &mut dyn Observer,
    stage: Stage,
    done: u64,
    total: u64,
) -> std::result::Result<(), StopReason> {
    match observer.progress(stage, done, total) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(reason) => Err(reason),
    }
}
