//! The options of `predict`.

use super::choice::{DecimalChoice, MissingChoice, PartChoice};
use super::heading::{PREDICTION, TABLE};
use super::values::split_names;
use crate::error::Result;
use crate::number::{Count, Real, text};
use crate::options::LABEL;
use crate::predict::PredictConfig;
use crate::table::{Data, lossy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Predict the rows of a table with a trained model, or score it on labelled rows
///
/// Predictions are printed while rows are read, from a pipe as soon as its lines arrive. If a row cannot be used, the
/// command fails after the predictions of the rows before it.
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PredictRequest {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// The rows: files or glob patterns, or - for CSV or lines of JSON from standard input
    ///
    /// The formats are those of training: CSV, lines of JSON, NPY, NPZ, Parquet or Arrow. Columns are found by the names
    /// that they had in training.
    #[arg(value_name = "DATA", required = true, num_args = 1..)]
    #[serde(serialize_with = "lossy")]
    pub data: Vec<PathBuf>,
    /// Use the network after T iterations [default: the best iteration]
    #[arg(long, value_name = "T", help_heading = PREDICTION)]
    pub iteration: Option<Count>,
    /// Score the model: print its root mean squared error on this column, in place of predictions
    ///
    /// A model of several labels needs as many columns, separated by commas.
    #[arg(long, value_name = "COLUMN", help_heading = PREDICTION)]
    #[serde(deserialize_with = "text::list")]
    pub label: Vec<String>,
    /// Add intervals that cover the label with probability P, by the errors on held-out rows of the training
    ///
    /// Each prediction is followed by the lower and the upper end. With --label, the share of labels that are covered is printed.
    #[arg(long, value_name = "P", allow_negative_numbers = true, help_heading = PREDICTION)]
    pub interval: Option<Real>,
    /// The part of the split of the training to use; for the table that the model was trained on
    #[arg(long, value_enum, default_value_t = Self::default().part, help_heading = PREDICTION)]
    pub part: PartChoice,
    /// The CSV has no header; columns are named c1, c2, ..
    #[arg(long, help_heading = TABLE, hide_short_help = true)]
    pub no_header: bool,
    /// Character between fields, or the word tab [default: tab for .tsv, else as the first line suggests]
    #[arg(long, value_parser = super::choice::delimiter, value_name = "CHAR", help_heading = TABLE, hide_short_help = true)]
    #[serde(deserialize_with = "super::choice::delimiter_of_json")]
    pub delimiter: Option<char>,
    /// Decimal mark of CSV files [default: as the first lines suggest]
    #[arg(long, value_enum, value_name = "MARK", help_heading = TABLE, hide_short_help = true)]
    pub decimal: Option<DecimalChoice>,
    /// Treatment of missing values
    #[arg(long, value_enum, default_value_t = Self::default().missing, help_heading = TABLE)]
    pub missing: MissingChoice,
}

impl Default for PredictRequest {
    fn default() -> Self {
        Self {
            model: PathBuf::new(),
            data: Vec::new(),
            iteration: None,
            label: Vec::new(),
            interval: None,
            part: PartChoice::All,
            no_header: false,
            delimiter: None,
            decimal: None,
            missing: MissingChoice::Fill,
        }
    }
}

impl PredictRequest {
    /// Splits column names at commas, as on the command line.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] for an option without names.
    pub fn split_names(&mut self) -> Result<()> {
        split_names(&mut self.label, LABEL)
    }

    /// Returns the configuration of the prediction.
    ///
    /// # Errors
    /// As [`Data::of_files`].
    pub fn config(&self) -> Result<PredictConfig> {
        Ok(PredictConfig {
            model: self.model.clone(),
            data: Data::of_files(
                &self.data,
                &[],
                (self.no_header, self.delimiter, self.decimal.map(DecimalChoice::value)),
                self.missing.value(),
            )?,
            iteration: self.iteration.map(|t| t.0),
            interval: self.interval.map(|level| level.0),
            labels: self.label.clone(),
            part: self.part.value(),
        })
    }
}
