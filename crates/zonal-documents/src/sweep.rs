//! The results of sweeps: one row for each cell of the grid and each reported iteration.

use crate::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal_io::results::{Results, Values};

/// The result of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepReport {
    /// The version of the document format.
    pub schema: u32,
    /// The path of the run folder; null if nothing was written.
    pub run: Option<String>,
    /// The name of the sweep.
    pub name: String,
    /// The number of trainings run by this call; the others came from the journal.
    pub trained: u64,
    /// The number of trainings of the whole grid.
    pub trainings: u64,
    /// The rows of the table.
    pub rows: Vec<SweepRow>,
}

impl SweepReport {
    /// Returns the table as CSV.
    ///
    /// # Errors
    /// As [`zonal_io::results::Results::csv`].
    pub fn csv(&self) -> Result<String> {
        Ok(results(&self.rows).csv()?)
    }
}

/// A row of the table: a cell of the grid at one iteration. Means are over seeds; standard errors are null for a
/// single seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepRow {
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The degree that is substituted into the target and used for the best polynomial.
    pub degree: Option<usize>,
    /// The expression of the target.
    pub target: String,
    /// The activation phi.
    pub activation: String,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The width m.
    pub width: u64,
    /// The number of sampled rows; null for exact expectations.
    pub rows: Option<u64>,
    /// The requested step size: auto or a number.
    pub step: String,
    /// The number of steps done.
    pub iterations: u64,
    /// ln m / ln n.
    pub log_n_width: f64,
    /// ln rows / ln n.
    pub log_n_rows: Option<f64>,
    /// The number of seeds.
    pub seeds: u64,
    /// The number of seeds for which descent diverged, since the step is too large. If there are any, all results of
    /// descent are null, because means over the other seeds would mislead.
    pub diverged: u64,
    /// The mean step size eta.
    pub step_size: f64,
    /// The mean energy of the target, E[g^2].
    pub target_energy: f64,
    /// The mean loss E (f - g)^2 over the sphere.
    pub loss: Option<f64>,
    /// The standard error of `loss`.
    pub loss_standard_error: Option<f64>,
    /// The mean loss on the sampled rows.
    pub train_loss: Option<f64>,
    /// The standard error of `train_loss`.
    pub train_loss_standard_error: Option<f64>,
    /// The mean loss predicted at infinite width, for exact expectations.
    pub predicted_loss: Option<f64>,
    /// The mean upper bound of PL-1b on the loss, for exact expectations and steps to which it applies.
    pub loss_bound: Option<f64>,
    /// The mean error of the best polynomial of `degree`.
    pub best_polynomial_error: Option<f64>,
    /// The mean energy of the residual by degree; empty if a seed diverged.
    pub energies: Vec<f64>,
    /// The mean energy of the residual beyond the listed degrees.
    pub tail_energy: Option<f64>,
}

/// Returns the rows as a table with one column for each degree.
pub fn results(rows: &[SweepRow]) -> Results {
    let mut table = Results::default();
    let counts = |f: &dyn Fn(&SweepRow) -> Option<u64>| Values::Count(rows.iter().map(f).collect());
    let texts = |f: &dyn Fn(&SweepRow) -> String| Values::Text(rows.iter().map(f).collect());
    let numbers = |f: &dyn Fn(&SweepRow) -> Option<f64>| Values::Number(rows.iter().map(f).collect());
    table.push("dim", counts(&|r| Some(r.dim)));
    table.push("degree", counts(&|r| r.degree.map(|k| k as u64)));
    table.push("target", texts(&|r| r.target.clone()));
    table.push("activation", texts(&|r| r.activation.clone()));
    table.push("scale", numbers(&|r| Some(r.scale)));
    table.push("width", counts(&|r| Some(r.width)));
    table.push("rows", counts(&|r| r.rows));
    table.push("step", texts(&|r| r.step.clone()));
    table.push("iterations", counts(&|r| Some(r.iterations)));
    table.push("log_n_width", numbers(&|r| Some(r.log_n_width)));
    table.push("log_n_rows", numbers(&|r| r.log_n_rows));
    table.push("seeds", counts(&|r| Some(r.seeds)));
    table.push("diverged", counts(&|r| Some(r.diverged)));
    table.push("step_size", numbers(&|r| Some(r.step_size)));
    table.push("target_energy", numbers(&|r| Some(r.target_energy)));
    table.push("loss", numbers(&|r| r.loss));
    table.push("loss_standard_error", numbers(&|r| r.loss_standard_error));
    table.push("train_loss", numbers(&|r| r.train_loss));
    table.push("train_loss_standard_error", numbers(&|r| r.train_loss_standard_error));
    table.push("predicted_loss", numbers(&|r| r.predicted_loss));
    table.push("loss_bound", numbers(&|r| r.loss_bound));
    table.push("best_polynomial_error", numbers(&|r| r.best_polynomial_error));
    let degrees = rows.iter().map(|r| r.energies.len()).max().unwrap_or(0);
    for k in 0..degrees {
        table.push(&format!("energy_{k}"), numbers(&|r| r.energies.get(k).copied()));
    }
    table.push("tail_energy", numbers(&|r| r.tail_energy));
    table
}
