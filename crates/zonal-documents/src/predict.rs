//! Predictions of trained networks, and their errors.

use crate::table::Data;
use crate::train::ClassScores;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal::rows::Part;

/// The configuration of a prediction.
#[derive(Clone, Debug)]
pub struct PredictConfig {
    /// The path of a model file or a run folder.
    pub model: PathBuf,
    /// The rows to predict.
    pub data: Data,
    /// The iteration of the network; the best one if None.
    pub iteration: Option<u64>,
    /// The probability with which intervals are to cover labels; None for predictions without intervals.
    pub interval: Option<f64>,
    /// The label columns, if rows are scored instead of predicted.
    pub labels: Vec<String>,
    /// The part of the training's split to which rows are restricted; all rows if None.
    pub part: Option<Part>,
}

/// Predictions of a network, or its error on labelled rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PredictReport {
    /// The version of the document format.
    pub schema: u32,
    /// The names of the predicted labels.
    pub labels: Vec<String>,
    /// The classes, of a network that predicts them.
    #[serde(default)]
    pub classes: Option<Vec<String>>,
    /// The iteration of the network; null for grown networks, each at its own best iteration.
    pub iteration: Option<u64>,
    /// The number of rows.
    pub rows: u64,
    /// The root mean squared error in the label's unit, over several labels the root of the mean; null without
    /// labels.
    pub rmse: Option<f64>,
    /// The root mean squared error of each label.
    pub label_rmse: Option<Vec<f64>>,
    /// The measures of predicted classes; null without labels.
    #[serde(default)]
    pub class_scores: Option<ClassScores>,
    /// With intervals, the share of rows whose label the interval covers, for each label; null without labels.
    #[serde(default)]
    pub coverage: Option<Vec<f64>>,
    /// The predictions; null if rows were scored.
    pub predictions: Option<Vec<Prediction>>,
}

/// The prediction for one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// The number of the row, counted from 0 over all files without headers.
    pub row: u64,
    /// The prediction of each label, in its unit; of classes the probability of each.
    pub prediction: Vec<f64>,
    /// With intervals, the lower and the upper end for each label.
    #[serde(default)]
    pub interval: Option<Vec<[f64; 2]>>,
    /// The most probable class, of a network that predicts classes.
    #[serde(default)]
    pub class: Option<String>,
}
