//! Trainings: their configuration and their report.

mod card;
mod classes;
mod descent;
mod path_table;
mod report;

pub use card::card;
pub use classes::{CalibrationBin, ClassReport, ClassScores, Task};
pub use descent::{BatchChoice, DescentConfig, DescentMethod};
pub use report::{
    BestPolynomialReport, Checkpoint, CourseReport, DegreeEnergy, DescentReport, EncodedColumnReport,
    GrowthReport, Importance, IntervalReport, LabelErrors, LearningTime, MethodReport, NetworkReport,
    PartRows, SolverReport, StepChange, SubjectReport, TableReport, TargetReport, TrainReport,
};

use crate::error::{Error, Result};
use crate::number::{Auto, Extended, Scale};
use crate::options::{AT, FOLDS, ITERATIONS};
use crate::table::Data;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal::activation::Activation;
use zonal::dynamics::{Solver, Step, logarithmic_grid};
use zonal::rows::Split;
use zonal::statistics::Precision;

/// The configuration of a training, on a target or on a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// The target or the table to learn.
    pub input: Input,
    /// The activation phi; chosen on the table, or relu for targets, if automatic.
    pub activation: Auto<Activation>,
    /// The scale s of the units phi(s <w, x>).
    pub scale: Scale,
    /// The width m.
    pub width: Extended,
    /// The number of iterations.
    pub iterations: u64,
    /// The step size eta.
    pub step: Auto<f64>,
    /// The solver of a whole path.
    pub solver: Solver,
    /// The iterations to report; a logarithmic grid if None.
    pub at: Option<Vec<u64>>,
    /// The largest degree to report, on targets.
    pub max_degree: Option<usize>,
    /// The options of iterative training, needed if hidden units move or steps use mini-batches; None for the whole
    /// path.
    pub descent: Option<DescentConfig>,
    /// The seed of all random numbers.
    pub seed: u64,
}

/// The subject of a training: a target or a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// A target: a function on the sphere with a known spectrum.
    Target(TargetJob),
    /// A table: rows of files or in memory.
    Table(Box<TableJob>),
}

/// Returns the iterations to report, ascending: 0, those of `at`, and the last one; a logarithmic grid without `at`.
///
/// # Errors
/// [`Error::Usage`] if `at` exceeds the last iteration.
pub fn grid(last: u64, at: Option<&[u64]>) -> Result<Vec<u64>> {
    let Some(at) = at else { return Ok(logarithmic_grid(last)) };
    if let Some(beyond) = at.iter().find(|t| **t > last) {
        return Err(Error::Usage(format!(
            "{AT} lists {beyond}, which is beyond the last iteration {last}; raise {ITERATIONS}"
        )));
    }
    let mut grid = at.to_vec();
    grid.extend([0, last]);
    grid.sort_unstable();
    grid.dedup();
    Ok(grid)
}

impl TrainConfig {
    /// Returns the iterations to report; see [`grid`].
    ///
    /// # Errors
    /// [`Error::Usage`] if `at` exceeds the last iteration.
    pub fn grid(&self) -> Result<Vec<u64>> {
        grid(self.iterations, self.at.as_deref())
    }

    /// Returns the step size in the form of the core crate.
    pub fn step(&self) -> Step {
        self.step.given().map_or(Step::Auto, Step::Fixed)
    }
}

impl TrainConfig {
    /// Returns a short name for the run's folder, from the subject and the activation, or the word grown.
    pub fn name(&self, activation: &Activation) -> String {
        let subject = match &self.input {
            Input::Target(job) => format!("target-{}", in_a_path(&job.text)).trim_end_matches('-').to_owned(),
            Input::Table(job) => {
                let first = job.data.files.first().and_then(|f| f.file_name());
                let name = first.map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
                let stem = name.split('.').next().unwrap_or_default();
                let safe: String =
                    stem.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).take(40).collect();
                if safe.is_empty() { "table".to_owned() } else { safe }
            }
        };
        // A formula may contain characters that are not suitable for paths.
        let is_grown = matches!(&self.input, Input::Table(job) if job.growth.is_some());
        let activation = if is_grown { "grown".to_owned() } else { activation.name() };
        let activation: String =
            activation.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(20).collect();
        format!("{subject}-{activation}")
    }
}

/// The longest part of a target in the name of a folder.
const LONGEST: usize = 30;

/// Returns the text of a target in characters that are suitable for paths: `x1x2-0.5x3` for `x1*x2 + 0.5*x3`.
fn in_a_path(target: &str) -> String {
    let mut out = String::new();
    for c in target.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '.' => out.push(c),
            '+' | '-' | ',' if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    out.chars().take(LONGEST).collect::<String>().trim_end_matches(['-', '.']).to_owned()
}

/// A target to learn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetJob {
    /// The expression of the target.
    pub text: String,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
}

/// A table to learn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableJob {
    /// The table: files or rows in memory.
    pub data: Data,
    /// The names of the label columns.
    pub labels: Vec<String>,
    /// Whether the label is a number or a class.
    #[serde(default)]
    pub task: Task,
    /// The names of the feature columns; all other columns if None.
    pub features: Option<Vec<String>>,
    /// The names of columns that are no features.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// The name of the column whose groups are not divided between parts and folds.
    #[serde(default)]
    pub groups: Option<String>,
    /// The name of the column of times, by which the last rows are for testing.
    #[serde(default)]
    pub time: Option<String>,
    /// The fraction of the rows for testing, in [0, 1).
    pub test_fraction: f64,
    /// The fraction of the rows for choosing the iteration, in [0, 1).
    pub validation_fraction: f64,
    /// Files with the validation rows; if None, they are split off the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_data: Option<Vec<PathBuf>>,
    /// Files with the test rows; if None, they are split off the table.
    pub test_data: Option<Vec<PathBuf>>,
    /// The probability with which intervals are to cover labels.
    #[serde(default = "interval")]
    pub interval: f64,
    /// The name of the column with the weights of the rows.
    #[serde(default)]
    pub weight: Option<String>,
    /// Whether rows are already points of the unit sphere, neither standardised nor extended by a bias.
    #[serde(default)]
    pub on_sphere: bool,
    /// Whether rows are divided by their length, which makes them points of the sphere.
    #[serde(default = "normalised")]
    pub normalised: bool,
    /// The bias of the lift to the sphere; chosen on a sample if automatic.
    pub bias: Auto<f64>,
    /// The rows that choose the iteration, unless units are grown.
    #[serde(default)]
    pub stop: Stop,
    /// The number of folds for choosing the iteration by cross-validation.
    pub folds: Option<usize>,
    /// The ridge: its product with the squared norm of the output weights is added to the mean squared error.
    #[serde(default)]
    pub ridge: f64,
    /// Whether the final network is fitted to the validation rows too.
    pub refit: bool,
    /// The precision of the features: f64 or f32.
    pub precision: Precision,
    /// The seconds between two saved states of the sums.
    pub checkpoint_seconds: u64,
    /// The growth of hidden units; None if they are drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<GrowthConfig>,
}

/// What documents without the field mean.
fn normalised() -> bool {
    true
}

/// The default probability of intervals.
pub fn interval() -> f64 {
    0.9
}

/// The rows that choose the iteration of drawn units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// Leave-one-out if the table is small, otherwise validation rows.
    Auto,
    /// Validation rows.
    #[default]
    Validation,
    /// Each fold, predicted by networks that were fitted to the others.
    Folds,
    /// Each row, predicted by the network that descent on all others finds.
    LeaveOneOut,
}

/// The options of grown units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrowthConfig {
    /// The number of units of a network; by the number of rows if None.
    pub width: Option<u64>,
}

/// A candidate of the automatic choice, with its result in the last round it took part in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The activation phi.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The bias of the lift to the sphere.
    pub bias: f64,
    /// The number of rows of the trial.
    pub rows: usize,
    /// The width m of the trial.
    pub width: usize,
    /// The smallest root mean squared error along the path on held-out rows, over folds, divided by the labels'
    /// standard deviation; the largest f64 on overflow. Errors of trials with other rows or widths are not comparable.
    pub relative_rmse: f64,
}

/// The labels of a test row and their predictions at the best iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct TestRow {
    /// The number of the row in its file or files, counted from 0.
    pub row: u64,
    /// The value and the prediction of each label, in the label's unit.
    pub pairs: Vec<[f64; 2]>,
}

/// The options of a whole path that is found from finished sums.
#[derive(Clone, Debug)]
pub struct FitConfig {
    /// The number of iterations.
    pub iterations: u64,
    /// The iterations to report; a logarithmic grid if None.
    pub at: Option<Vec<u64>>,
    /// The step size eta.
    pub step: Step,
    /// The solver of the path.
    pub solver: Solver,
    /// As in [`TableJob::ridge`].
    pub ridge: f64,
    /// Whether the final network is fitted to the validation rows too.
    pub refit: bool,
}

/// The largest number of folds.
const MAX_FOLDS: usize = 20;

impl TableJob {
    /// Returns whether there are validation rows that are not split off the table.
    pub fn has_validation(&self) -> bool {
        self.validation_data.is_some() || self.data.memory.as_ref().is_some_and(|m| m.validation.is_some())
    }

    /// Returns the split into training, validation and test rows. There are no validation rows with folds, on which networks are
    /// always grown, and with leave-one-out.
    pub fn split(&self, seed: u64) -> Result<Split> {
        if let Some(folds) = self.folds
            && !(2..=MAX_FOLDS).contains(&folds)
        {
            return Err(
                zonal::Error::parameter(FOLDS.to_string(), folds, format!("from 2 to {MAX_FOLDS}")).into()
            );
        }
        let test = if self.test_data.is_some() { 0.0 } else { self.test_fraction };
        let are_all_fitted = self.folds.is_some() || self.growth.is_some() || self.stop == Stop::LeaveOneOut;
        let validation = if are_all_fitted || self.has_validation() { 0.0 } else { self.validation_fraction };
        Ok(Split::new(seed, validation, test)?)
    }
}

#[cfg(test)]
mod tests {
    use super::in_a_path;

    #[test]
    fn targets_are_recognised_in_the_names_of_folders() {
        assert_eq!(in_a_path("x1*x2 + 0.5*x3"), "x1x2-0.5x3");
        assert_eq!(in_a_path("-2*harmonic(3)"), "2harmonic3");
        assert_eq!(in_a_path("teacher(tanh, units=5) + x1^2"), "teachertanh-units5-x12");
        assert_eq!(in_a_path("../../etc + x1"), "....etc-x1");
        assert_eq!(in_a_path(&"harmonic(2) + ".repeat(9)), "harmonic2-harmonic2-harmonic2");
        assert_eq!(in_a_path("()"), "");
    }
}
