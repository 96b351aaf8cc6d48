//! The table of a sweep: one row for each cell and iteration, means and standard errors over seeds.

use super::grid::{Cell, Grid};
use super::measure::{Measured, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal_io::results::{Results, Values};

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

/// All rows, cells in the order of the file; `measured` holds all seeds of the first cell, then of the second, ...
pub(super) fn rows(grid: &Grid, measured: &[Measured]) -> Vec<SweepRow> {
    let mut rows = Vec::new();
    for (cell, runs) in grid.cells.iter().zip(measured.chunks(grid.seeds as usize)) {
        for (i, &iterations) in grid.iterations.iter().enumerate() {
            rows.push(row(cell, iterations, runs, i));
        }
    }
    rows
}

/// The row of a cell at the listed iteration of that number.
fn row(cell: &Cell, iterations: u64, runs: &[Measured], number: usize) -> SweepRow {
    let diverged = runs.iter().filter(|r| r.at.is_empty()).count() as u64;
    let states: Vec<&State> = match diverged {
        0 => runs.iter().map(|r| &r.at[number]).collect(),
        _ => Vec::new(),
    };
    let mean = |f: &dyn Fn(&State) -> f64| statistics(states.iter().map(|s| f(s))).0;
    let optional = |f: &dyn Fn(&State) -> Option<f64>| {
        let values: Option<Vec<f64>> = states.iter().map(|s| f(s)).collect();
        values.filter(|v| !v.is_empty()).map(|v| statistics(v.into_iter()))
    };
    let of_run = |f: &dyn Fn(&Measured) -> f64| statistics(runs.iter().map(f)).0;
    let loss = optional(&|s| Some(s.loss));
    let train = optional(&|s| s.train_loss);
    let degrees = states.first().map_or(0, |s| s.energies.len());
    let ln = (cell.dim as f64).ln();
    SweepRow {
        dim: cell.dim,
        degree: cell.degree,
        target: cell.target.clone(),
        activation: cell.activation.name(),
        scale: cell.scale,
        width: cell.width,
        rows: cell.rows,
        step: cell.step.to_string(),
        iterations,
        log_n_width: (cell.width as f64).ln() / ln,
        log_n_rows: cell.rows.map(|n| (n as f64).ln() / ln),
        seeds: runs.len() as u64,
        diverged,
        step_size: of_run(&|r| r.step_size),
        target_energy: of_run(&|r| r.target_energy),
        loss: loss.map(|l| l.0),
        loss_standard_error: loss.and_then(|l| l.1),
        train_loss: train.map(|t| t.0),
        train_loss_standard_error: train.and_then(|t| t.1),
        predicted_loss: optional(&|s| s.predicted).map(|p| p.0),
        loss_bound: optional(&|s| s.bound).map(|b| b.0),
        best_polynomial_error: cell.degree.map(|_| of_run(&|r| r.best_polynomial_error.unwrap_or(f64::NAN))),
        energies: (0..degrees).map(|k| mean(&|s| s.energies[k])).collect(),
        tail_energy: optional(&|s| Some(s.tail)).map(|t| t.0),
    }
}

/// Mean and its standard error, summed in order.
fn statistics(values: impl Iterator<Item = f64> + Clone) -> (f64, Option<f64>) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let spread: f64 = values.map(|x| (x - mean) * (x - mean)).sum();
    (mean, (count > 1.0).then(|| (spread / (count * (count - 1.0))).sqrt()))
}

/// The same rows as a table with one column for each degree.
pub(super) fn results(rows: &[SweepRow]) -> Results {
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
