//! The report of a training: its field names are a contract with other programs.

use super::{BatchChoice, Candidate};
use crate::number::Extended;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::dynamics::path::Solver;
use zonal::network::{Layers, Parametrisation, Start};
use zonal::observer::StopReason;
use zonal::sphere::Degree;
use zonal::statistics::Precision;
use zonal_io::model::SCHEMA;

/// Everything that a training found. Losses are mean squared errors E (f - g)^2, on tables in the label's unit
/// squared, and over several labels their mean; root mean squared errors are in the label's unit. What does not apply is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainReport {
    /// Version of the format.
    pub schema: u32,
    /// The run folder.
    pub run: Option<String>,
    /// Why it ended.
    #[schemars(with = "String")]
    pub stop_reason: StopReason,
    /// The activation used.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale used.
    pub scale: f64,
    /// The bias of the lift, for tables.
    pub bias: Option<f64>,
    /// The dimension of the sphere.
    pub dim: u64,
    /// The width m.
    pub width: Extended,
    /// The last iteration.
    pub iterations: u64,
    /// The step eta.
    pub step_size: f64,
    /// The target, for targets.
    pub target: Option<String>,
    /// Names of the labels, for tables.
    pub labels: Option<Vec<String>>,
    /// The loss before the first step.
    pub initial_loss: f64,
    /// The loss after the last one; for tables on the rows that the network was fitted to: the training rows, with `refit` those
    /// for validation too.
    pub loss: f64,
    /// The bound of PL-1 on the expectation of the last loss over hidden units, for targets.
    pub loss_bound: Option<f64>,
    /// The energy of the target by degree, for targets.
    pub target_energy: Option<Vec<f64>>,
    /// Degrees in which the target has energy and that the activation cannot see, for targets.
    pub invisible_degrees: Option<Vec<Degree>>,
    /// When each degree with energy is learned, for targets.
    pub learning: Option<Vec<LearningTime>>,
    /// The best polynomial of each degree.
    pub best_polynomial: Vec<BestPolynomialReport>,
    /// For tables the iteration with the smallest validation loss (over several labels the smallest mean of losses in units
    /// of each label's variance), otherwise the last.
    pub best_iteration: u64,
    /// Root mean squared error on the training rows at the best iteration, with `refit` too, where `loss` and `path` are over
    /// training and validation rows together; over several labels the root of the mean.
    pub train_rmse: Option<f64>,
    /// Root mean squared error on the validation rows at the best iteration, or over folds of rows held out.
    pub validation_rmse: Option<f64>,
    /// Root mean squared error on the test rows at the best iteration.
    pub test_rmse: Option<f64>,
    /// The same errors for each label, for tables.
    pub label_errors: Option<Vec<LabelErrors>>,
    /// How the path was found.
    pub solver: Option<SolverReport>,
    /// The precision of the features, for tables.
    #[schemars(with = "Option<String>")]
    pub precision: Option<Precision>,
    /// The folds over which the best iteration was chosen; null when it was on validation rows.
    pub folds: Option<usize>,
    /// Whether the final network is fitted to validation rows too, for tables.
    pub refit: Option<bool>,
    /// How many rows each part has, for tables.
    pub rows: Option<PartRows>,
    /// A hash of all rows by which a table is known again, for tables read by one program.
    pub fingerprint: Option<String>,
    /// Feature columns left out because they do not vary over the training rows, for tables.
    pub dropped_columns: Option<Vec<String>>,
    /// What was tried when activation or scale were chosen automatically.
    pub candidates: Option<Vec<Candidate>>,
    /// How the descent went, for trainings step by step.
    pub descent: Option<DescentReport>,
    /// The path, one entry for each listed iteration.
    pub path: Vec<Checkpoint>,
}

/// Errors below this part of the first loss are rounding that every number has.
const ROUNDING: f64 = 1e-12;

impl TrainReport {
    /// The error of a number, where it is large enough to show.
    pub fn visible_error(&self, error: Option<f64>) -> Option<f64> {
        error.filter(|error| *error > ROUNDING * self.initial_loss)
    }

    /// The first listed iteration whose loss rounding may change by more than 1 %.
    pub fn first_rounded(&self) -> Option<u64> {
        let off =
            |c: &&Checkpoint| self.visible_error(c.loss_error).is_some_and(|error| error > 0.01 * c.loss);
        // Step by step the error is of degrees that are not summed.
        self.path.iter().find(off).filter(|_| self.descent.is_none()).map(|c| c.iteration)
    }

    /// Whether the losses of the path are over training and validation rows together. With folds there are no validation rows.
    pub fn is_refitted(&self) -> bool {
        self.refit == Some(true) && self.folds.is_none()
    }

    /// A report to which nothing applies, to be filled in.
    pub fn empty() -> Self {
        Self {
            schema: SCHEMA,
            run: None,
            stop_reason: StopReason::IterationLimit,
            activation: Activation::Relu,
            scale: f64::NAN,
            bias: None,
            dim: 0,
            width: Extended::Finite(0),
            iterations: 0,
            step_size: f64::NAN,
            target: None,
            labels: None,
            initial_loss: f64::NAN,
            loss: f64::NAN,
            loss_bound: None,
            target_energy: None,
            invisible_degrees: None,
            learning: None,
            best_polynomial: Vec::new(),
            best_iteration: 0,
            train_rmse: None,
            validation_rmse: None,
            test_rmse: None,
            label_errors: None,
            solver: None,
            precision: None,
            folds: None,
            refit: None,
            fingerprint: None,
            rows: None,
            dropped_columns: None,
            candidates: None,
            descent: None,
            path: Vec::new(),
        }
    }
}

/// A training step by step: what was asked for, and how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescentReport {
    /// Which layers changed: output, hidden or both.
    #[schemars(with = "String")]
    pub layers: Layers,
    /// The rows of a step: full, a number, fresh:N or exact.
    pub batch: BatchChoice,
    /// Whether hidden units stayed on the sphere.
    pub on_sphere: bool,
    /// Whether units have trained biases.
    pub biases: bool,
    /// The factor before the sum: standard, ntk or mean-field.
    #[schemars(with = "String")]
    pub parametrisation: Parametrisation,
    /// How output weights began: random, symmetric or zero.
    #[schemars(with = "String")]
    pub start: Start,
    /// The precision of the steps.
    #[schemars(with = "String")]
    pub precision: Precision,
    /// Each step in use, with the first iteration that took it.
    pub steps: Vec<StepChange>,
    /// The largest eigenvalue of the tangent kernel at the start.
    pub curvature: Option<f64>,
    /// The largest stable step there, 2 / curvature.
    pub largest_stable_step: Option<f64>,
    /// The iteration at which the loss grew without bound.
    pub diverged: Option<u64>,
    /// For targets that depend on few directions, the alignment of directions that know nothing of them.
    pub random_alignment: Option<f64>,
}

/// A step and the first iteration that took it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepChange {
    /// The iteration.
    pub iteration: u64,
    /// The step.
    pub step_size: f64,
}

/// The state at one iteration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checkpoint {
    /// Number of steps done.
    pub iteration: u64,
    /// The loss; for tables on the rows that the network was fitted to: the training rows, with `refit` those for validation
    /// too.
    pub loss: f64,
    /// How far the loss may be from that of exact descent. Whole paths: rounding, which grows with the iteration, and steps
    /// that the solver left out (RD-1). Step by step on targets: degrees that are not summed (GD-4; rounding, about 1e-13 of
    /// the energies of the target and the units, is not in it). Null step by step on tables and at infinite width.
    pub loss_error: Option<f64>,
    /// The loss on the validation rows.
    pub validation_loss: Option<f64>,
    /// The loss on the test rows.
    pub test_loss: Option<f64>,
    /// The residual's energy beyond the last listed degree. Whole paths sum it by itself; step by step it is the loss minus the
    /// listed energies, with the same error.
    pub tail_energy: Option<f64>,
    /// How far that energy may be from that of exact descent (RD-1); null step by step, on tables and at infinite width.
    pub tail_energy_error: Option<f64>,
    /// The residual's energy by degree, for targets.
    pub degrees: Option<Vec<DegreeEnergy>>,
    /// Step by step: the loss that the tangent kernel at the start predicts, on targets that of infinite width, on tables that
    /// on the training rows (where these are few and all stand in each step).
    pub predicted_loss: Option<f64>,
    /// Step by step: the part of the hidden weights, each counted by its output weights, that lies in the directions which
    /// the target depends on.
    pub alignment: Option<f64>,
    /// Step by step: how far hidden weights and biases have moved, as part of their size at the start.
    pub hidden_movement: Option<f64>,
    /// The same of output weights; null from a start at zero.
    pub output_movement: Option<f64>,
}

/// The residual's energy in one degree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DegreeEnergy {
    /// The degree.
    pub degree: Degree,
    /// The residual's energy.
    pub energy: f64,
    /// How far it may be from that of exact descent (RD-1); null step by step and at infinite width.
    pub error: Option<f64>,
    /// What infinite width predicts: the operator of the output layer, or the tangent kernel at the start where hidden units
    /// move; null for an activation without one.
    pub predicted: Option<f64>,
}

/// When the residual's energy in a degree has fallen to a share of the target's. Null where it does not fall so far
/// within the run, or for the prediction ever.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearningTime {
    /// The degree.
    pub degree: Degree,
    /// The share that is left: 0.5, 0.1 or 0.01.
    pub share: f64,
    /// The first iteration with so little left; from 1000 on to one part in 1000. Step by step the first listed one.
    pub iteration: Option<u64>,
    /// What the operator at infinite width predicts.
    pub predicted: Option<u64>,
}

/// The best polynomial of one degree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestPolynomialReport {
    /// The largest degree of its terms.
    pub degree: Degree,
    /// Number of its terms, for tables.
    pub monomials: Option<usize>,
    /// How many independent directions the training rows determine, for tables.
    pub rank: Option<usize>,
    /// Its error, on the training rows for tables.
    pub error: f64,
    /// Its error on the test rows.
    pub test_error: Option<f64>,
}

/// Root mean squared errors of one label, in its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelErrors {
    /// The label.
    pub label: String,
    /// On the training rows.
    pub train_rmse: Option<f64>,
    /// On the validation rows, or over folds of rows held out.
    pub validation_rmse: Option<f64>,
    /// On the test rows.
    pub test_rmse: Option<f64>,
}

/// How a path was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SolverReport {
    /// dense or lanczos.
    #[schemars(with = "String")]
    pub name: Solver,
    /// Steps of Lanczos.
    pub steps: Option<usize>,
    /// How far predictions on the training rows may be from those of exact descent at any listed iteration: a root mean
    /// square, as part of the labels' deviation. Steps that Lanczos left out (LZ-1) and rounding (RD-1).
    pub prediction_error: Option<f64>,
    /// A bound below the last training loss of exact descent (RD-1, with Lanczos Gauss-Radau).
    pub loss_lower: Option<f64>,
    /// A bound above it (RD-1, with Lanczos Gauss).
    pub loss_upper: Option<f64>,
}

/// How many rows each part has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartRows {
    /// Rows that are learned from.
    pub train: u64,
    /// Rows that the best iteration is chosen on.
    pub validation: u64,
    /// Rows that are only scored.
    pub test: u64,
    /// Rows left out for missing values, or since their weight is 0.
    pub dropped: u64,
}
