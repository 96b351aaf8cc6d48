//! Progress and cancellation: long-running work reports to an observer, which owns the clock and the progress bar and
//! may request a stop.

use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// The reason for which a training ended. Divergence and interruption are results, not errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// All requested iterations were done.
    IterationLimit,
    /// The validation loss has not improved for a long time.
    Converged,
    /// The loss grew without bound.
    Diverged,
    /// The user or the system requested a stop.
    Interrupted,
}

/// The stages of the work that take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The first pass over a table: its moments and a sample.
    Reading,
    /// Trials of activations, scales and biases.
    Choice,
    /// Growth of hidden units.
    Growth,
    /// The second pass: sums over rows, which can be resumed.
    Statistics,
    /// The last pass: errors on the rows themselves.
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
    /// The points of a curve.
    Points,
    /// The claims of the theory.
    Claims,
    /// Correlations between the members of a family.
    Products,
    /// Statistical queries.
    Queries,
    /// Writing of files; an interruption takes effect afterwards.
    Writing,
}

impl Stage {
    /// Returns a name for a progress bar.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Choice => "choice",
            Self::Growth => "growth",
            Self::Statistics => "statistics",
            Self::Scoring => "scoring",
            Self::Eigenproblem => "eigenproblem",
            Self::Descent => "descent",
            Self::Measurement => "measurement",
            Self::Seeds => "seeds",
            Self::Cells => "cells",
            Self::Points => "points",
            Self::Claims => "claims",
            Self::Products => "correlations",
            Self::Queries => "queries",
            Self::Writing => "writing",
        }
    }
}

/// A measurement during training, for display.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The number of steps done.
    pub iteration: u64,
    /// The loss, on the training rows for tables.
    pub loss: f64,
    /// The loss on validation rows.
    pub validation_loss: Option<f64>,
    /// The residual's energy by degree; empty for tables.
    pub energies: &'a [f64],
}

/// A receiver of progress reports that can request a stop.
pub trait Observer {
    /// Reports that `done` of `total` units of `stage` are finished; returns whether to continue.
    fn progress(&mut self, stage: Stage, done: u64, total: u64) -> ControlFlow<StopReason>;

    /// Reports a measurement. The default does nothing.
    fn measured(&mut self, _: &Reading<'_>) {}
}

/// An observer that ignores reports and never requests a stop.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&mut self, _: Stage, _: u64, _: u64) -> ControlFlow<StopReason> {
        ControlFlow::Continue(())
    }
}

/// Maps a stop request to an error, for work that has no partial result.
///
/// # Errors
/// The reason, if the observer requests a stop.
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
