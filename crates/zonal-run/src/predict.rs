//! Predictions of a trained model for the rows of a table.

use crate::data::{Data, for_each_block};
use crate::error::{Error, Result};
use crate::score::{Score, Scorer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zonal::linalg::Matrix;
use zonal::network::Network;
use zonal::observer::{Observer, Stage};
use zonal::rows::Part;
use zonal_io::model::{Model, SCHEMA, TableDescription};
use zonal_io::source::Columns;

/// What to predict.
#[derive(Clone, Debug)]
pub struct PredictConfig {
    /// A model file or a run folder.
    pub model: PathBuf,
    /// The table.
    pub data: Data,
    /// The iteration; the best one if None.
    pub iteration: Option<u64>,
    /// The labels, to score instead of predicting.
    pub labels: Vec<String>,
    /// The rows of one part of the split of the training; all rows if None.
    pub part: Option<Part>,
}

/// Predictions, or the error on labelled rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictReport {
    /// Version of the format.
    pub schema: u32,
    /// Names of what is predicted.
    pub labels: Vec<String>,
    /// The iteration used.
    pub iteration: u64,
    /// Number of rows.
    pub rows: u64,
    /// Root mean squared error in the label's unit, over several labels the root of the mean; null without labels.
    pub rmse: Option<f64>,
    /// The same for each label.
    pub label_rmse: Option<Vec<f64>>,
    /// The predictions in the labels' units, with each row's number counted from 0; null with labels.
    pub predictions: Option<Vec<Prediction>>,
}

/// One row's prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// The row's number, counted from 0 over all files without headers.
    pub row: u64,
    /// The prediction of each label in its unit.
    pub prediction: Vec<f64>,
}

/// A prediction of one row, and its line in what is printed.
const PREDICTION_BYTES: u64 = 150;

/// Predicts or scores.
///
/// # Errors
/// Those of reading the model and the table; [`Error::Usage`] for an iteration that the model does not hold, a model of
/// a target, or labels in another number than the model's.
pub fn predict(config: &PredictConfig, observer: &mut dyn Observer) -> Result<PredictReport> {
    let path = Model::file(&config.model)?;
    let model = Model::load(&path)?;
    let table = table_of(&model, &path)?;
    let names: Vec<String> = table.labels.iter().map(|l| l.name.clone()).collect();
    let iteration = config.iteration.unwrap_or(model.description.best_iteration);
    let (network, coefficients) = network_at(&model, iteration)?;
    let scorer = Scorer::new(table, network, coefficients);
    if !config.labels.is_empty() && config.labels.len() != names.len() {
        return Err(Error::Usage(format!(
            "--label names {} columns, but the model predicts {}: {}",
            config.labels.len(),
            names.len(),
            names.join(", ")
        )));
    }
    // The model's own names count in any order; other names stand for the labels one by one.
    let same = names.iter().all(|name| config.labels.contains(name));
    let labels = if same && !config.labels.is_empty() { &names } else { &config.labels };
    let columns =
        Columns { labels: labels.clone(), features: Some(table.lift.columns.clone()), weight: None };
    let source = config.data.open(&columns)?;
    let mut score = Score::default();
    let mut predictions = Vec::new();
    let most = crate::memory::budget() / (PREDICTION_BYTES + 30 * names.len() as u64);
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
        if !config.labels.is_empty() {
            return score.add(&scorer, &rows);
        }
        if !rows.is_empty() {
            if predictions.len() as u64 + rows.len() as u64 > most {
                let message = format!(
                    "there is memory for {most} predictions, and the table has more rows; predict a part of it at a time, or \
                     with --label what the error is, which needs none"
                );
                return Err(Error::Usage(message));
            }
            let values = scorer.predictions(&rows.features)?;
            let numbered = rows.numbers.iter().enumerate();
            predictions
                .extend(numbered.map(|(i, &row)| Prediction { row, prediction: values.row(i).to_vec() }));
        }
        Ok(())
    })?;
    if used == 0 {
        let part = config.part.map_or("all", Part::name);
        return Err(zonal::Error::TooFewRows { part, found: 0, required: 1, total: seen }.into());
    }
    let scored = !config.labels.is_empty();
    let roots = |m: Vec<f64>| m.into_iter().map(f64::sqrt).collect();
    Ok(PredictReport {
        schema: SCHEMA,
        labels: names,
        iteration,
        rows: used,
        rmse: score.rmse(),
        label_rmse: score.mean_squares().map(roots),
        predictions: (!scored).then_some(predictions),
    })
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
        let around: Vec<String> = held[near.saturating_sub(2)..(near + 2).min(held.len())]
            .iter()
            .map(u64::to_string)
            .collect();
        Error::Usage(format!(
            "the model holds no coefficients for iteration {iteration}; near it are {}; train with --at {iteration} \
             to keep it",
            around.join(", ")
        ))
    })
}
