//! Predictions of a trained network and their errors.

use crate::table::Data;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal::rows::Part;

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
