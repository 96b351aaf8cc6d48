//! A training: what is learned, by which network, for how long, and the report.

mod descent;
mod path_table;
mod report;

pub use descent::{BatchChoice, DescentConfig};
pub use report::{
    BestPolynomialReport, Checkpoint, DegreeEnergy, DescentReport, LabelErrors, LearningTime, PartRows,
    SolverReport, StepChange, TrainReport,
};

use crate::error::{Error, Result};
use crate::number::{Auto, Extended, Scale};
use crate::table::Data;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal::activation::Activation;
use zonal::dynamics::path::Solver;
use zonal::dynamics::{Step, logarithmic_grid};
use zonal::rows::Split;
use zonal::statistics::Precision;

/// What both kinds of training have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// What is learned.
    pub input: Input,
    /// The activation.
    pub activation: Auto<Activation>,
    /// The scale of the units.
    pub scale: Scale,
    /// The width m.
    pub width: Extended,
    /// The last iteration.
    pub iterations: u64,
    /// The step of the descent.
    pub step: Auto<f64>,
    /// How the path is found.
    pub solver: Solver,
    /// The iterations to report; a logarithmic grid if None.
    pub at: Option<Vec<u64>>,
    /// The largest degree to list.
    pub max_degree: Option<usize>,
    /// Step by step, where hidden units move or a step sees some rows only; None for the path found at once.
    pub descent: Option<DescentConfig>,
    /// The seed of everything random.
    pub seed: u64,
}

/// A target or a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// A function with a known spectrum.
    Target(TargetJob),
    /// Rows of a file.
    Table(Box<TableJob>),
}

/// The iterations to report up to the last one: 0, those asked for, and the last.
///
/// # Errors
/// [`Error::Usage`] for one beyond the last.
pub fn grid(last: u64, at: Option<&[u64]>) -> Result<Vec<u64>> {
    let Some(at) = at else { return Ok(logarithmic_grid(last)) };
    if let Some(beyond) = at.iter().find(|t| **t > last) {
        return Err(Error::Usage(format!(
            "--at lists {beyond}, which is beyond the last iteration {last}; raise --iterations"
        )));
    }
    let mut grid = at.to_vec();
    grid.extend([0, last]);
    grid.sort_unstable();
    grid.dedup();
    Ok(grid)
}

impl TrainConfig {
    /// The iterations to report: 0, those asked for, and the last.
    ///
    /// # Errors
    /// [`Error::Usage`] for one beyond the last.
    pub fn grid(&self) -> Result<Vec<u64>> {
        grid(self.iterations, self.at.as_deref())
    }

    /// The step as the descent takes it.
    pub fn step(&self) -> Step {
        self.step.given().map_or(Step::Auto, Step::Fixed)
    }
}

impl TrainConfig {
    /// A short name for the run's folder: what was learned and by which activation.
    pub fn name(&self, activation: &Activation) -> String {
        let subject = match &self.input {
            Input::Target(_) => "target".to_owned(),
            Input::Table(job) => {
                let first = job.data.files.first().and_then(|f| f.file_name());
                let name = first.map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
                let stem = name.split('.').next().unwrap_or_default();
                let safe: String =
                    stem.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).take(40).collect();
                if safe.is_empty() { "table".to_owned() } else { safe }
            }
        };
        // A formula has characters that do not belong in a path.
        let activation: String =
            activation.name().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(20).collect();
        format!("{subject}-{activation}")
    }
}

/// A function to learn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetJob {
    /// Its text.
    pub text: String,
    /// The dimension n.
    pub dim: u64,
}

/// A table to learn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableJob {
    /// The files.
    pub data: Data,
    /// The labels' columns.
    pub labels: Vec<String>,
    /// The feature columns; all others if None.
    pub features: Option<Vec<String>>,
    /// Part of the rows for testing.
    pub test_fraction: f64,
    /// Part of the rows for choosing the iteration.
    pub validation_fraction: f64,
    /// Files with the test rows, in place of a part of the data.
    pub test_data: Option<Vec<PathBuf>>,
    /// The column of the rows' weights.
    #[serde(default)]
    pub weight: Option<String>,
    /// Whether rows are points of the sphere as they are, neither standardised nor given a bias.
    #[serde(default)]
    pub on_sphere: bool,
    /// The bias of the lift.
    pub bias: Auto<f64>,
    /// Choose the iteration over so many folds of the training rows, in place of validation rows.
    pub folds: Option<usize>,
    /// Fit the final network to validation rows too.
    pub refit: bool,
    /// The precision of the features.
    pub precision: Precision,
    /// Seconds between two savings of the sums.
    pub checkpoint_seconds: u64,
}

/// One combination that was tried, in the last round that it took part in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The activation.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale.
    pub scale: f64,
    /// The bias of the lift.
    pub bias: f64,
    /// Rows of the trial.
    pub rows: usize,
    /// Width of the trial.
    pub width: usize,
    /// The smallest root mean squared error along the path on rows held out, over folds, as part of the labels'
    /// deviation; the largest number where it leaves the range.
    pub relative_rmse: f64,
}

/// A test row: its labels, and their predictions at the best iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct TestRow {
    /// The row's number in its file or files, counted from 0.
    pub row: u64,
    /// For each label its value and the prediction, in the label's unit.
    pub pairs: Vec<[f64; 2]>,
}

/// How the path is found.
#[derive(Clone, Debug)]
pub struct FitConfig {
    /// The last iteration.
    pub iterations: u64,
    /// The iterations to report; a logarithmic grid if None.
    pub at: Option<Vec<u64>>,
    /// The step.
    pub step: Step,
    /// The solver.
    pub solver: Solver,
    /// Fit the final network to validation rows too.
    pub refit: bool,
}

/// The most folds.
const MOST_FOLDS: usize = 20;

impl TableJob {
    /// How rows are split. With folds there are no validation rows.
    pub fn split(&self, seed: u64) -> Result<Split> {
        if let Some(folds) = self.folds
            && !(2..=MOST_FOLDS).contains(&folds)
        {
            return Err(zonal::Error::parameter("--folds", folds, format!("from 2 to {MOST_FOLDS}")).into());
        }
        let test = if self.test_data.is_some() { 0.0 } else { self.test_fraction };
        let validation = if self.folds.is_some() { 0.0 } else { self.validation_fraction };
        Ok(Split::new(seed, validation, test)?)
    }
}
