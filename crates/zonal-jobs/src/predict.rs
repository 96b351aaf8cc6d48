//! Predictions of a trained model for the rows of a table.

use crate::data::for_each_block;
use crate::score::{Score, Scorer};
use std::path::Path;
use zonal::linalg::Matrix;
use zonal::network::Network;
use zonal::observer::{Observer, Stage};
use zonal::rows::Part;
use zonal_documents::options::AT;
use zonal_documents::options::LABEL;
use zonal_documents::predict::{PredictConfig, PredictReport};
use zonal_documents::{Error, Result};
use zonal_io::model::{Model, SCHEMA, TableDescription};
use zonal_io::source::{Columns, Source};

/// Predictions of some rows.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Names of what is predicted.
    pub labels: &'a [String],
    /// The iteration used.
    pub iteration: u64,
    /// The rows' numbers, counted from 0.
    pub rows: &'a [u64],
    /// The predictions in the labels' units: a row for each row, a column for each label.
    pub values: &'a Matrix,
}

/// Predicts or scores. Without labels `show` receives the predictions of each block of rows, in the order of the rows and
/// while later ones are being read; the report does not hold them, so memory does not grow with their number. Where a row
/// cannot be used, the rows before it have been shown.
///
/// # Errors
/// Those of reading the model and the table, and of `show`; [`Error::Usage`] for an iteration that the model does not hold,
/// a model of a target, or labels in another number than the model's.
pub fn predict(
    config: &PredictConfig,
    observer: &mut dyn Observer,
    mut show: impl FnMut(Block<'_>) -> Result<()>,
) -> Result<PredictReport> {
    let path = Model::file(&config.model)?;
    let model = Model::load(&path)?;
    let table = table_of(&model, &path)?;
    let names: Vec<String> = table.labels.iter().map(|l| l.name.clone()).collect();
    let iteration = config.iteration.unwrap_or(model.description.best_iteration);
    let (network, coefficients) = network_at(&model, iteration)?;
    let scorer = Scorer::new(table, network, coefficients);
    let source = open(config, table, &names)?;
    let scored = !config.labels.is_empty();
    let mut score = Score::default();
    let (mut seen, mut used) = (0usize, 0u64);
    for_each_block(&source, Stage::Scoring, 0, observer, |rows| {
        seen += rows.len();
        let rows = match config.part {
            Some(part) => {
                let [train, validation, test] = rows.by_part(&table.split);
                match part {
                    Part::Train => train,
                    Part::Validation => validation,
                    Part::Test => test,
                }
            }
            None => rows,
        };
        used += rows.len() as u64;
        if scored {
            return score.add(&scorer, &rows);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let values = scorer.predictions(&rows.features)?;
        show(Block { labels: &names, iteration, rows: &rows.numbers, values: &values })
    })?;
    if used == 0 {
        let part = config.part.map_or("all", Part::name);
        return Err(zonal::Error::TooFewRows { part, found: 0, required: 1, total: seen }.into());
    }
    let roots = |m: Vec<f64>| m.into_iter().map(f64::sqrt).collect();
    Ok(PredictReport {
        schema: SCHEMA,
        iteration,
        rows: used,
        rmse: score.rmse(),
        label_rmse: score.mean_squares().map(roots),
        predictions: None,
        labels: names,
    })
}

/// The rows to predict from, with labels where they are scored.
fn open(config: &PredictConfig, table: &TableDescription, names: &[String]) -> Result<Source> {
    if !config.labels.is_empty() && config.labels.len() != names.len() {
        return Err(Error::Usage(format!(
            "{LABEL} names {} columns, but the model predicts {}: {}",
            config.labels.len(),
            names.len(),
            names.join(", ")
        )));
    }
    // The model's own names count in any order; other names are those of the labels one by one.
    let same = !config.labels.is_empty() && names.iter().all(|name| config.labels.contains(name));
    let labels = if same { names } else { &config.labels };
    let columns =
        Columns { labels: labels.to_vec(), features: Some(table.lift.columns.clone()), weight: None };
    let source = config.data.open_once(&columns)?;
    // A score is summed over whole blocks, so that it has the same bits however the rows arrive.
    Ok(if labels.is_empty() { source.with_prompt_blocks() } else { source })
}

fn table_of<'a>(model: &'a Model, path: &Path) -> Result<&'a TableDescription> {
    model.description.table.as_ref().ok_or_else(|| {
        Error::Usage(format!(
            "{} was trained on the target '{}', not on a table: there are no columns to read",
            path.display(),
            model.description.target.as_deref().unwrap_or("?")
        ))
    })
}

/// The network of a model at an iteration.
///
/// # Errors
/// [`Error::Usage`] for one that it does not hold, with those that it does.
pub fn network_at(model: &Model, iteration: u64) -> Result<(&Network, Matrix)> {
    model.at(iteration).map_err(|held| {
        let near = held.partition_point(|t| *t < iteration);
        let around: Vec<String> =
            held[near.saturating_sub(2)..(near + 2).min(held.len())].iter().map(u64::to_string).collect();
        Error::Usage(format!(
            "the model holds no coefficients for iteration {iteration}; near it are {}; train with {} to \
             store it",
            around.join(", "),
            AT.with(iteration)
        ))
    })
}
