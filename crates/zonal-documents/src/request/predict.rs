//! The options of `predict`.

use super::choice::{MissingChoice, PartChoice};
use super::values::split_names;
use crate::error::Result;
use crate::number::{Count, text};
use crate::options::LABEL;
use crate::predict::PredictConfig;
use crate::table::{Data, lossy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Predict the rows of a table with a trained model, or score it on labelled rows
///
/// Predictions are printed while rows are read: from a pipe, those of the lines that have arrived. Where a row cannot be
/// used, the predictions of the rows before it have been printed, and the program fails.
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PredictRequest {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// Files or globs with the columns of the training: CSV (plain or gzip), NPY, NPZ, Parquet, Arrow; or - for CSV
    /// from standard input
    #[arg(value_name = "DATA", required = true, num_args = 1..)]
    #[serde(serialize_with = "lossy")]
    pub data: Vec<PathBuf>,
    /// Use the network after T iterations [default: the best iteration]
    #[arg(long, value_name = "T")]
    pub iteration: Option<Count>,
    /// The label's column, or as many as the model predicts: print the root mean squared error instead of predictions
    #[arg(long, value_name = "COLUMN")]
    #[serde(deserialize_with = "text::list")]
    pub label: Vec<String>,
    /// Only the rows of one part of the training's split, for the file it was trained on
    #[arg(long, value_enum, default_value_t = Self::default().part)]
    pub part: PartChoice,
    /// The CSV has no header; columns are named c1, c2, ..
    #[arg(long)]
    pub no_header: bool,
    /// Character between fields, or tab [default: tab for .tsv, otherwise ,]
    #[arg(long, value_parser = super::choice::delimiter, value_name = "CHAR")]
    #[serde(deserialize_with = "super::choice::delimiter_of_json")]
    pub delimiter: Option<char>,
    /// What to do with rows that lack a value
    #[arg(long, value_enum, default_value_t = Self::default().missing)]
    pub missing: MissingChoice,
}

impl Default for PredictRequest {
    fn default() -> Self {
        Self {
            model: PathBuf::new(),
            data: Vec::new(),
            iteration: None,
            label: Vec::new(),
            part: PartChoice::All,
            no_header: false,
            delimiter: None,
            missing: MissingChoice::Reject,
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
            data: Data::of_files(&self.data, &[], (self.no_header, self.delimiter), self.missing.value())?,
            iteration: self.iteration.map(|t| t.0),
            labels: self.label.clone(),
            part: self.part.value(),
        })
    }
}
