//! Predictions of a trained model for the rows of a table.

use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zonal::linalg::Matrix;
use zonal::rows::{Part, Rows};
use zonal_io::csv::{Columns, Dialect, Missing, read};
use zonal_io::folder::MODEL;
use zonal_io::model::{Model, SCHEMA, TableDescription};

/// What to predict.
#[derive(Clone, Debug)]
pub struct PredictConfig {
    /// A model file or a run folder.
    pub model: PathBuf,
    /// The table.
    pub data: PathBuf,
    /// The iteration; the best one if None.
    pub iteration: Option<u64>,
    /// The label, to score instead of predicting.
    pub label: Option<String>,
    /// The rows of one part of the split of the training; all rows if None.
    pub part: Option<Part>,
    /// Whether the first line names the columns.
    pub header: bool,
    /// The character between fields.
    pub delimiter: char,
    /// Whether rows that lack a value are left out.
    pub drop_missing: bool,
}

/// Predictions, or the error on labelled rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictReport {
    /// Version of the format.
    pub schema: u32,
    /// Name of what is predicted.
    pub label: String,
    /// The iteration used.
    pub iteration: u64,
    /// Number of rows.
    pub rows: usize,
    /// Root mean squared error in the label's unit; null without a label.
    pub rmse: Option<f64>,
    /// The predictions in the label's unit, with each row's number in the file counted from 0; null with a label.
    pub predictions: Option<Vec<Prediction>>,
}

/// One prediction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// The row's number in the file, counted from 0 without the header.
    pub row: u64,
    /// The prediction in the label's unit.
    pub prediction: f64,
}

/// Predicts or scores.
///
/// # Errors
/// Those of reading the model and the table; [`Error::Usage`] for an iteration that the model does not hold or a
/// model of a target.
pub fn predict(config: &PredictConfig) -> Result<PredictReport> {
    let path = if config.model.is_dir() { config.model.join(MODEL) } else { config.model.clone() };
    let model = Model::load(&path)?;
    let table = table_of(&model, &path)?;
    let iteration = config.iteration.unwrap_or(model.description.best_iteration);
    coefficients(&model, iteration)?;
    let dialect = Dialect::new(config.header, config.delimiter)?;
    let missing = if config.drop_missing { Missing::Drop } else { Missing::Reject };
    let columns = Columns { label: config.label.clone(), features: Some(table.lift.columns.clone()) };
    let read = read(&config.data, dialect, &columns, missing)?;
    let numbers = read.numbers.clone();
    let chosen: Vec<usize> = (0..numbers.len())
        .filter(|&i| config.part.is_none_or(|part| table.split.part(numbers[i]) == part))
        .collect();
    if chosen.is_empty() {
        let part = config.part.map_or("all", Part::name);
        let (found, total) = (0, numbers.len());
        return Err(zonal::Error::TooFewRows { part, found, required: 1, total }.into());
    }
    let features = select(&read.features, &chosen);
    let mut report = PredictReport {
        schema: SCHEMA,
        label: table.label.name.clone(),
        iteration,
        rows: chosen.len(),
        rmse: None,
        predictions: None,
    };
    match &config.label {
        Some(label) => {
            let labels = read.labels.unwrap_or_default();
            let labels: Vec<f64> = chosen.iter().map(|&i| labels[i]).collect();
            let numbers = chosen.iter().map(|&i| numbers[i]).collect();
            let rows = Rows::new(table.lift.columns.clone(), features, label.clone(), labels, numbers)?;
            report.rmse = Some(rmse(&model, &rows, iteration)?);
        }
        None => {
            let values = values(&model, &features, iteration)?;
            let numbered = chosen.iter().zip(values);
            report.predictions =
                Some(numbered.map(|(&i, prediction)| Prediction { row: numbers[i], prediction }).collect());
        }
    }
    Ok(report)
}

/// Root mean squared error of a model on labelled rows, in the label's unit.
pub(crate) fn rmse(model: &Model, rows: &Rows, iteration: u64) -> Result<f64> {
    let predictions = values(model, rows.features(), iteration)?;
    let squares: Vec<f64> = predictions.iter().zip(rows.labels()).map(|(f, y)| (f - y) * (f - y)).collect();
    Ok((zonal::numeric::sum::tree_sum(&squares) / rows.len() as f64).sqrt())
}

/// Predictions in the label's unit.
fn values(model: &Model, features: &Matrix, iteration: u64) -> Result<Vec<f64>> {
    let table = table_of(model, Path::new("the model"))?;
    let points = table.lift.apply(features)?;
    let values = model.network.values(&coefficients(model, iteration)?, &points)?;
    Ok(values.values().iter().map(|&v| table.label.restore(v)).collect())
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

fn coefficients(model: &Model, iteration: u64) -> Result<Matrix> {
    model.coefficients_at(iteration).map_err(|held| {
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

fn select(features: &Matrix, chosen: &[usize]) -> Matrix {
    let mut out = Matrix::zeros(chosen.len(), features.columns());
    for (to, &from) in chosen.iter().enumerate() {
        out.row_mut(to).copy_from_slice(features.row(from));
    }
    out
}
