//! The table of a sweep: one row for each cell and iteration, with means and standard errors over seeds.

use super::grid::{Cell, Grid};
use super::measure::{Measurements, State};
use zonal_documents::sweep::SweepRow;

/// Returns all rows, in the order of the cells. `measured` is ordered by cell, then by seed.
pub(super) fn rows(grid: &Grid, measured: &[Measurements]) -> Vec<SweepRow> {
    let mut rows = Vec::new();
    for (cell, runs) in grid.cells.iter().zip(measured.chunks(grid.seeds as usize)) {
        for (i, &iterations) in grid.iterations.iter().enumerate() {
            rows.push(row(cell, iterations, runs, i));
        }
    }
    rows
}

/// Returns the row of a cell at one of the listed iterations, given by its index.
fn row(cell: &Cell, iterations: u64, runs: &[Measurements], number: usize) -> SweepRow {
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
    let of_run = |f: &dyn Fn(&Measurements) -> f64| statistics(runs.iter().map(f)).0;
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

/// Returns the mean and its standard error, summed in order.
fn statistics(values: impl Iterator<Item = f64> + Clone) -> (f64, Option<f64>) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let spread: f64 = values.map(|x| (x - mean) * (x - mean)).sum();
    (mean, (count > 1.0).then(|| (spread / (count * (count - 1.0))).sqrt()))
}
