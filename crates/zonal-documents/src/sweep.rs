//! The result of a sweep: one row for each cell of its grid and each listed iteration.

use crate::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal_io::results::{Results, Values};

/// The outcome of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepReport {
    /// Version of the format.
    pub schema: u32,
    /// The folder.
    pub run: Option<String>,
    /// The sweep's name.
    pub name: String,
    /// Trainings of this call; the others came from the journal.
    pub trained: u64,
    /// All trainings.
    pub trainings: u64,
    /// The table.
    pub rows: Vec<SweepRow>,
}

impl SweepReport {
    /// The table as CSV.
    ///
    /// # Errors
    /// As [`zonal_io::results::Results::csv`].
    pub fn csv(&self) -> Result<String> {
        Ok(results(&self.rows).csv()?)
    }
}

/// A row of the table. Means are over seeds; standard errors are null for a single seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepRow {
    /// The dimension n.
    pub dim: u64,
    /// The degree put into the target and compared with.
    pub degree: Option<usize>,
    /// The target.
    pub target: String,
    /// The activation.
    pub activation: String,
    /// The scale.
    pub scale: f64,
    /// The width m.
    pub width: u64,
    /// Rows of sampled data; null for exact expectations.
    pub rows: Option<u64>,
    /// The step asked for: auto or a number.
    pub step: String,
    /// Iterations.
    pub iterations: u64,
    /// ln m / ln n.
    pub log_n_width: f64,
    /// ln rows / ln n.
    pub log_n_rows: Option<f64>,
    /// How many seeds.
    pub seeds: u64,
    /// Seeds for which the step is too large, so that the iterates grow without bound; where there are any, means
    /// over the others would mislead, and all that descent gives is null.
    pub diverged: u64,
    /// Mean step.
    pub step_size: f64,
    /// Mean energy of the target.
    pub target_energy: f64,
    /// Mean of E (f - g)^2 over the sphere.
    pub loss: Option<f64>,
    /// Its standard error.
    pub loss_standard_error: Option<f64>,
    /// Mean loss on the sampled rows.
    pub train_loss: Option<f64>,
    /// Its standard error.
    pub train_loss_standard_error: Option<f64>,
    /// Mean loss that infinite width predicts, on exact expectations.
    pub predicted_loss: Option<f64>,
    /// Mean bound of PL-1, on exact expectations with a step that it covers.
    pub loss_bound: Option<f64>,
    /// Mean error of the best polynomial of the degree.
    pub best_polynomial_error: Option<f64>,
    /// Mean energy of the residual by degree; none where a seed diverged.
    pub energies: Vec<f64>,
    /// Mean energy of the residual beyond.
    pub tail_energy: Option<f64>,
}

/// The same rows as a table with one column for each degree.
pub fn results(rows: &[SweepRow]) -> Results {
    let mut table = Results::default();
    let counts = |f: &dyn Fn(&SweepRow) -> Option<u64>| Values::Count(rows.iter().map(f).collect());
    let words = |f: &dyn Fn(&SweepRow) -> String| Values::Text(rows.iter().map(f).collect());
    let numbers = |f: &dyn Fn(&SweepRow) -> Option<f64>| Values::Number(rows.iter().map(f).collect());
    table.push("dim", counts(&|r| Some(r.dim)));
    table.push("degree", counts(&|r| r.degree.map(|k| k as u64)));
    table.push("target", words(&|r| r.target.clone()));
    table.push("activation", words(&|r| r.activation.clone()));
    table.push("scale", numbers(&|r| Some(r.scale)));
    table.push("width", counts(&|r| Some(r.width)));
    table.push("rows", counts(&|r| r.rows));
    table.push("step", words(&|r| r.step.clone()));
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
