//! The report of a training. Its field names are a stable interface for other programs.

use super::{BatchChoice, Candidate, ClassReport, DescentMethod, Stop};
use crate::number::Extended;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::dynamics::Solver;
use zonal::network::{Layers, Parametrisation, Start};
use zonal::observer::StopReason;
use zonal::sphere::Degree;
use zonal::statistics::Precision;
use zonal_io::model::SCHEMA;

/// The result of a training. Losses are mean squared errors E (f - g)^2, on tables in the label's unit squared, over
/// several labels their mean. Root mean squared errors are in the label's unit. Fields that do not apply are null.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainReport {
    /// The version of the document format.
    pub schema: u32,
    /// The path of the run folder; null if nothing was written.
    pub run: Option<String>,
    /// The reason for the end of the training.
    #[schemars(with = "String")]
    pub stop_reason: StopReason,
    /// The activation phi; null for grown units of several activations.
    #[schemars(with = "Option<String>")]
    pub activation: Option<Activation>,
    /// The scale s of the units phi(s <w, x>); 1 for grown units, which have lengths of their own.
    pub scale: f64,
    /// The bias of the lift, for tables with drawn units.
    pub bias: Option<f64>,
    /// Whether rows are divided by their length before drawn units see them, which makes them points of the sphere.
    #[serde(default)]
    pub normalised: Option<bool>,
    /// Tables with text or missing values: what was done to each column that is not used as it is.
    #[serde(default)]
    pub encoded_columns: Option<Vec<EncodedColumnReport>>,
    /// Tables with classes: their probabilities and measures.
    #[serde(default)]
    pub classification: Option<ClassReport>,
    /// Tables with numbers: the interval around predictions that covers a label with a given probability. Null without held-out rows.
    #[serde(default)]
    pub interval: Option<IntervalReport>,
    /// The dimension n of the sphere S^(n-1); for grown units the number of columns that they use.
    pub dim: u64,
    /// The width m; for grown units that of one network.
    pub width: Extended,
    /// The number of grown networks, whose mean is the network; null for drawn units, as the next four.
    #[serde(default)]
    pub networks: Option<usize>,
    /// The number of units of all grown networks.
    #[serde(default)]
    pub total_width: Option<u64>,
    /// The activations of grown units.
    #[schemars(with = "Option<Vec<String>>")]
    #[serde(default)]
    pub activations: Option<Vec<Activation>>,
    /// The best iteration of each grown network, by the loss on the rows that it held out.
    #[serde(default)]
    pub best_iterations: Option<Vec<u64>>,
    /// How much the grown networks move with each feature.
    #[serde(default)]
    pub importances: Option<Vec<Importance>>,
    /// The number of iterations.
    pub iterations: u64,
    /// The step size eta; for grown units the mean of those of the networks; for L-BFGS 1, the multiple of its direction that
    /// it tries first.
    pub step_size: f64,
    /// The expression of the target, for targets.
    pub target: Option<String>,
    /// The names of the labels, for tables. A label of classes is one, although the network has an output for each class, which is 1 in
    /// rows of that class and 0 elsewhere; losses are means over these outputs.
    pub labels: Option<Vec<String>>,
    /// The loss before the first step.
    pub initial_loss: f64,
    /// The loss after the last step; for tables on the rows that the network was fitted to: the training rows, with
    /// `refit` the validation rows too. For grown units the mean over the networks.
    pub loss: f64,
    /// The upper bound of PL-1b on the expectation of `loss` over random hidden units, for targets.
    pub loss_bound: Option<f64>,
    /// The energy of the target by degree, for targets.
    pub target_energy: Option<Vec<f64>>,
    /// The degrees in which the target has energy and the activation has coefficient zero, for targets.
    pub invisible_degrees: Option<Vec<Degree>>,
    /// The learning times of each degree with energy, for targets.
    pub learning: Option<Vec<LearningTime>>,
    /// The best polynomial of each degree, as a baseline.
    pub best_polynomial: Vec<BestPolynomialReport>,
    /// For tables the iteration with the smallest validation loss (over several labels the smallest mean of losses
    /// divided by each label's variance), otherwise the last; null for grown units, see `best_iterations`.
    pub best_iteration: Option<u64>,
    /// The root mean squared error on the training rows at the best iteration, over several labels the root of the
    /// mean. With `refit` it is still on the training rows, while `loss` and `path` are on training and validation
    /// rows together.
    pub train_rmse: Option<f64>,
    /// The root mean squared error at the best iteration on the rows that chose it: validation rows, held-out rows over folds, or
    /// each row left out.
    pub validation_rmse: Option<f64>,
    /// The root mean squared error on the test rows at the best iteration.
    pub test_rmse: Option<f64>,
    /// The same errors for each label, for tables; of classes for each of their outputs.
    pub label_errors: Option<Vec<LabelErrors>>,
    /// The solver of the path and its error bounds; null at infinite width and for iterative training.
    pub solver: Option<SolverReport>,
    /// The precision of the features, for tables.
    #[schemars(with = "Option<String>")]
    pub precision: Option<Precision>,
    /// The rows that chose the best iteration of a table: validation, folds or leave-one-out; null if none were held out.
    #[serde(default)]
    pub stop: Option<Stop>,
    /// The number of folds that chose the best iteration, or best iterations; null if other rows did.
    pub folds: Option<usize>,
    /// The ridge of drawn units on tables: its product with the squared norm of the output weights was added to the mean squared
    /// error, in the labels' standard units.
    #[serde(default)]
    pub ridge: Option<f64>,
    /// Whether the final network was fitted to the validation rows too, for tables.
    pub refit: Option<bool>,
    /// The numbers of training, validation and test rows, for tables.
    pub rows: Option<PartRows>,
    /// A hash of all rows that identifies the table; null for tables read in shards.
    pub fingerprint: Option<String>,
    /// The feature columns dropped because they are constant on the training rows, for tables.
    pub dropped_columns: Option<Vec<String>>,
    /// The candidates of an automatic choice of activation, scale or bias.
    pub candidates: Option<Vec<Candidate>>,
    /// Options and course of an iterative training; null for whole paths.
    pub descent: Option<DescentReport>,
    /// The path, one entry for each reported iteration.
    pub path: Vec<Checkpoint>,
}

/// Errors below this fraction of the initial loss are ordinary rounding and are not shown.
const ROUNDING: f64 = 1e-12;

impl TrainReport {
    /// Returns the error if it is large enough to show.
    pub fn visible_error(&self, error: Option<f64>) -> Option<f64> {
        error.filter(|error| *error > ROUNDING * self.initial_loss)
    }

    /// Returns whether L-BFGS determined the steps.
    pub fn is_lbfgs(&self) -> bool {
        self.descent.as_ref().is_some_and(|d| d.method == DescentMethod::Lbfgs)
    }

    /// Returns whether the energies by degree have predictions.
    pub fn is_predicted(&self) -> bool {
        self.path.iter().flat_map(|c| c.degrees.iter().flatten()).any(|d| d.predicted.is_some())
    }

    /// Returns the first reported iteration whose loss may be off by more than 1 % from rounding.
    pub fn first_rounded(&self) -> Option<u64> {
        let off =
            |c: &&Checkpoint| self.visible_error(c.loss_error).is_some_and(|error| error > 0.01 * c.loss);
        // In iterative training the error comes from degrees that are not summed.
        self.path.iter().find(off).filter(|_| self.descent.is_none()).map(|c| c.iteration)
    }

    /// Returns whether the losses of the path are on training and validation rows together. With folds there are no
    /// validation rows.
    pub fn is_refitted(&self) -> bool {
        self.refit == Some(true) && self.folds.is_none() && self.stop != Some(Stop::LeaveOneOut)
    }

    /// Returns the adjective of errors on the rows that chose the iteration.
    pub fn held_out_name(&self) -> &'static str {
        match (self.stop, self.folds) {
            (Some(Stop::LeaveOneOut), _) => "leave-one-out",
            (_, Some(_)) => "held-out",
            (_, None) => "validation",
        }
    }

    /// Returns the entry of the path whose network is the best one; for grown units the one with the smallest mean loss on
    /// held-out rows.
    pub fn best(&self) -> Option<&Checkpoint> {
        let Some(best) = self.best_iteration else {
            let known = self.path.iter().filter_map(|c| Some((c.validation_loss?, c)));
            return known.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c);
        };
        self.path.iter().find(|c| c.iteration == best)
    }

    /// Returns the names of the outputs of a network on a table: the labels, or one for each class.
    pub fn outputs(&self) -> Vec<String> {
        self.label_errors.iter().flatten().map(|errors| errors.label.clone()).collect()
    }

    /// Returns the activation, or those of grown units.
    pub fn activation_names(&self) -> String {
        let all = self.activations.as_deref().unwrap_or_default();
        let names: Vec<String> = self.activation.iter().chain(all).map(Activation::name).collect();
        match names.split_last() {
            Some((last, others)) if !others.is_empty() && self.activation.is_none() => {
                format!("{} and {last}", others.join(", "))
            }
            _ => names.into_iter().next().unwrap_or_default(),
        }
    }

    /// Returns the report of a training from its parts; what does not apply is null.
    pub fn new(network: NetworkReport, course: CourseReport, subject: SubjectReport) -> Self {
        let (solver, descent) = match course.method {
            MethodReport::WholePath(solver) => (solver, None),
            MethodReport::Descent(descent) => (None, Some(descent)),
        };
        let loss = |checkpoint: Option<&Checkpoint>| checkpoint.map_or(f64::NAN, |c| c.loss);
        let (path, best) = (course.path, course.best);
        let (target, table) = match subject {
            SubjectReport::Target(target) => (Some(target), None),
            SubjectReport::Table(table) => (None, Some(table)),
        };
        let (of_target, of_table) = (target.as_ref(), table.as_ref());
        let of_growth = course.growth.as_ref();
        let best_polynomial = of_target.map(|t| &t.best_polynomial).or(of_table.map(|t| &t.best_polynomial));
        Self {
            schema: SCHEMA,
            run: None,
            stop_reason: course.stop_reason,
            activation: Some(network.activation)
                .filter(|_| of_growth.is_none_or(|g| g.activations.len() == 1)),
            scale: network.scale,
            bias: of_table.and_then(|t| t.bias),
            normalised: of_table.and_then(|t| t.normalised),
            encoded_columns: of_table.and_then(|t| t.encoded_columns.clone()),
            classification: of_table.and_then(|t| t.classification.clone()),
            interval: of_table.and_then(|t| t.interval.clone()),
            dim: network.dim,
            width: network.width,
            networks: of_growth.map(|g| g.best_iterations.len()),
            total_width: of_growth.map(|g| g.total_width),
            activations: of_growth.map(|g| g.activations.clone()),
            best_iterations: of_growth.map(|g| g.best_iterations.clone()),
            importances: of_growth.map(|g| g.importances.clone()),
            iterations: course.iterations,
            step_size: course.step_size,
            target: of_target.map(|t| t.target.clone()),
            labels: of_table.map(|t| t.labels.clone()),
            initial_loss: loss(path.first()),
            // A descent on a target that diverged is worth what its best network is.
            loss: loss(if of_target.is_some() { path.get(best) } else { path.last() }),
            loss_bound: of_target.and_then(|t| t.loss_bound),
            best_polynomial: best_polynomial.cloned().unwrap_or_default(),
            best_iteration: match of_growth {
                Some(_) => None,
                None => Some(path.get(best).map_or(course.iterations, |c| c.iteration)),
            },
            train_rmse: of_table.and_then(|t| t.rmse[0]),
            validation_rmse: of_table.and_then(|t| t.rmse[1]),
            test_rmse: of_table.and_then(|t| t.rmse[2]),
            label_errors: of_table.map(|t| t.label_errors.clone()),
            solver,
            precision: descent.as_ref().map(|d| d.precision).or(of_table.map(|t| t.precision)),
            stop: of_table.and_then(|t| t.stop),
            folds: of_table.and_then(|t| t.folds),
            ridge: of_table.and_then(|t| t.ridge),
            refit: of_table.map(|t| t.refit),
            rows: of_table.map(|t| t.rows),
            fingerprint: of_table.and_then(|t| t.fingerprint.clone()),
            dropped_columns: of_table.map(|t| t.dropped_columns.clone()),
            candidates: table.and_then(|t| t.candidates),
            target_energy: of_target.map(|t| t.target_energy.clone()),
            invisible_degrees: of_target.map(|t| t.invisible_degrees.clone()),
            learning: target.map(|t| t.learning),
            descent,
            path,
        }
    }
}

/// The network of a training.
#[derive(Clone, Debug)]
pub struct NetworkReport {
    /// The activation used, for grown units the first one.
    pub activation: Activation,
    /// The scale of the hidden units.
    pub scale: f64,
    /// The dimension n of the sphere.
    pub dim: u64,
    /// The width m.
    pub width: Extended,
}

/// The course of a training.
#[derive(Clone, Debug)]
pub struct CourseReport {
    /// The number of iterations that the training was to have.
    pub iterations: u64,
    /// The step eta at the end.
    pub step_size: f64,
    /// The reason of its end.
    pub stop_reason: StopReason,
    /// The index in `path` of the network to use.
    pub best: usize,
    /// One entry for each listed iteration.
    pub path: Vec<Checkpoint>,
    /// The method of the training, with what it reports.
    pub method: MethodReport,
    /// The growth of the hidden units; None if they were drawn.
    pub growth: Option<GrowthReport>,
}

/// The growth of hidden units.
#[derive(Clone, Debug)]
pub struct GrowthReport {
    /// As in [`TrainReport::total_width`].
    pub total_width: u64,
    /// As in [`TrainReport::activations`].
    pub activations: Vec<Activation>,
    /// As in [`TrainReport::best_iterations`].
    pub best_iterations: Vec<u64>,
    /// As in [`TrainReport::importances`].
    pub importances: Vec<Importance>,
}

/// How much a network moves with a feature: the mean square of its derivative by the feature's columns, in standard units,
/// as a share of the sum. It is not a cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Importance {
    /// The name of the feature.
    pub feature: String,
    /// Its share.
    pub share: f64,
}

/// The method of a training, with what it reports.
#[derive(Clone, Debug)]
pub enum MethodReport {
    /// Every listed iteration at once: the solver, None at infinite width.
    WholePath(Option<SolverReport>),
    /// Iterative training.
    Descent(DescentReport),
}

/// The subject of a training, with what only such a subject has.
#[derive(Clone, Debug)]
pub enum SubjectReport {
    /// A function with a known spectrum.
    Target(TargetReport),
    /// The rows of a table.
    Table(Box<TableReport>),
}

/// The fields of a [`TrainReport`] that only targets have.
#[derive(Clone, Debug)]
pub struct TargetReport {
    /// The expression of the target.
    pub target: String,
    /// As in [`TrainReport::loss_bound`].
    pub loss_bound: Option<f64>,
    /// As in [`TrainReport::target_energy`].
    pub target_energy: Vec<f64>,
    /// As in [`TrainReport::invisible_degrees`].
    pub invisible_degrees: Vec<Degree>,
    /// As in [`TrainReport::learning`].
    pub learning: Vec<LearningTime>,
    /// As in [`TrainReport::best_polynomial`].
    pub best_polynomial: Vec<BestPolynomialReport>,
}

/// The fields of a [`TrainReport`] that only tables have.
#[derive(Clone, Debug)]
pub struct TableReport {
    /// The bias of the lift; None for grown units.
    pub bias: Option<f64>,
    /// As in [`TrainReport::normalised`].
    pub normalised: Option<bool>,
    /// As in [`TrainReport::encoded_columns`].
    pub encoded_columns: Option<Vec<EncodedColumnReport>>,
    /// As in [`TrainReport::labels`].
    pub labels: Vec<String>,
    /// As in [`TrainReport::classification`].
    pub classification: Option<ClassReport>,
    /// As in [`TrainReport::interval`].
    pub interval: Option<IntervalReport>,
    /// As in [`TrainReport::best_polynomial`].
    pub best_polynomial: Vec<BestPolynomialReport>,
    /// Root mean squared errors on the training, validation and test rows.
    pub rmse: [Option<f64>; 3],
    /// The same errors for each label, in the order of the labels.
    pub label_errors: Vec<LabelErrors>,
    /// The precision of the features of a whole path.
    pub precision: Precision,
    /// As in [`TrainReport::stop`].
    pub stop: Option<Stop>,
    /// As in [`TrainReport::folds`].
    pub folds: Option<usize>,
    /// As in [`TrainReport::ridge`].
    pub ridge: Option<f64>,
    /// As in [`TrainReport::refit`].
    pub refit: bool,
    /// The number of rows of each part.
    pub rows: PartRows,
    /// As in [`TrainReport::fingerprint`].
    pub fingerprint: Option<String>,
    /// As in [`TrainReport::dropped_columns`].
    pub dropped_columns: Vec<String>,
    /// As in [`TrainReport::candidates`].
    pub candidates: Option<Vec<Candidate>>,
}

/// The options and the course of an iterative training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescentReport {
    /// What determined a step: descent or lbfgs.
    #[serde(default)]
    #[schemars(with = "String")]
    pub method: DescentMethod,
    /// With L-BFGS, the number of evaluations of loss and gradient; null for descent, which needs one a step.
    pub evaluations: Option<usize>,
    /// The iteration after which L-BFGS found no lower loss; null if it did.
    pub ended: Option<u64>,
    /// The layers that were trained: output, hidden or both.
    #[schemars(with = "String")]
    pub layers: Layers,
    /// The rows of a step: full, a number, fresh:N or exact.
    pub batch: BatchChoice,
    /// Whether hidden units were projected back to the sphere after each step.
    pub on_sphere: bool,
    /// Whether hidden units have trained biases.
    pub biases: bool,
    /// The factor before the sum of the units: standard, ntk or mean-field.
    #[schemars(with = "String")]
    pub parametrisation: Parametrisation,
    /// The initial output weights: random, symmetric or zero.
    #[schemars(with = "String")]
    pub start: Start,
    /// The precision of the steps: f64 or f32.
    #[schemars(with = "String")]
    pub precision: Precision,
    /// The step sizes in use, each with its first iteration.
    pub steps: Vec<StepChange>,
    /// The largest eigenvalue of the tangent kernel at initialisation.
    pub curvature: Option<f64>,
    /// The largest stable step size at initialisation, 2 / curvature.
    pub largest_stable_step: Option<f64>,
    /// The iteration at which the loss diverged; null if it did not.
    pub diverged: Option<u64>,
    /// The expected alignment of random directions, for targets that depend on few directions.
    pub random_alignment: Option<f64>,
}

/// A step size and the first iteration that used it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepChange {
    /// The first iteration with this step size.
    pub iteration: u64,
    /// The step size eta.
    pub step_size: f64,
}

/// Losses and energies at one reported iteration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checkpoint {
    /// The number of steps done.
    pub iteration: u64,
    /// The loss; for tables on the rows that the network was fitted to: the training rows, with `refit` the
    /// validation rows too. For grown units all losses of a path are means over the networks, each on the rows that it was
    /// fitted to, on its own fold, and on the test rows.
    pub loss: f64,
    /// The largest difference between the loss and that of exact descent; null for iterative training on tables and
    /// at infinite width. Whole paths: rounding, which grows with the iteration, and truncation of the solver (RD-1).
    /// Iterative training on targets: degrees that are not summed (GD-4), without rounding, which is about 1e-13 of
    /// the energies of the target and the units.
    pub loss_error: Option<f64>,
    /// The loss on the rows that choose the iteration: validation rows, folds, or each row left out of the descent on all others.
    pub validation_loss: Option<f64>,
    /// Tables with classes: the smoothed log-loss on held-out rows that chooses the iteration, each at its own temperature.
    #[serde(default)]
    pub log_loss: Option<f64>,
    /// The loss on the test rows.
    pub test_loss: Option<f64>,
    /// Grown units: the loss on the test rows, at the same iteration, of one network of as many ReLU units as one of these, but
    /// drawn at random, on all rows that are not for testing; for comparison.
    #[serde(default)]
    pub drawn_test_loss: Option<f64>,
    /// The energy of the residual beyond the last listed degree. Whole paths sum it directly; in iterative training
    /// it is the loss minus the listed energies, with the error of the loss.
    pub tail_energy: Option<f64>,
    /// The largest difference between `tail_energy` and that of exact descent (RD-1); null for iterative training, on
    /// tables and at infinite width.
    pub tail_energy_error: Option<f64>,
    /// The energy of the residual by degree, for targets.
    pub degrees: Option<Vec<DegreeEnergy>>,
    /// Iterative training: the loss predicted by the tangent kernel at initialisation. On targets it is the kernel of
    /// infinite width, on tables the kernel on the training rows (if they are few and each step uses all of them).
    pub predicted_loss: Option<f64>,
    /// Iterative training: the fraction of the hidden weights, each weighted by its output weights, in the span of
    /// the directions that the target depends on.
    pub alignment: Option<f64>,
    /// Iterative training: the distance of hidden weights and biases from initialisation, divided by their initial
    /// norm.
    pub hidden_movement: Option<f64>,
    /// Iterative training: the distance of output weights from initialisation, divided by their initial norm; null if
    /// that is zero.
    pub output_movement: Option<f64>,
}

/// The energy of the residual in one degree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DegreeEnergy {
    /// The degree k.
    pub degree: Degree,
    /// The energy of the residual.
    pub energy: f64,
    /// The largest difference between `energy` and that of exact descent (RD-1); null for iterative training and at
    /// infinite width.
    pub error: Option<f64>,
    /// The energy predicted at infinite width by the operator of the output layer, or by the tangent kernel at
    /// initialisation if hidden units move; null for an activation without a tangent kernel.
    pub predicted: Option<f64>,
}

/// The iteration at which the energy of the residual in a degree has fallen to a share of the target's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearningTime {
    /// The degree k.
    pub degree: Degree,
    /// The remaining share: 0.5, 0.1 or 0.01.
    pub share: f64,
    /// The first iteration with at most this share; null if the run does not reach it. Above 1000 it is accurate to
    /// one part in 1000; in iterative training it is the first reported one.
    pub iteration: Option<u64>,
    /// The iteration that the operator at infinite width predicts; null if the share is never reached.
    pub predicted: Option<u64>,
}

/// The best polynomial of one degree, fitted by least squares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestPolynomialReport {
    /// The largest degree of its monomials.
    pub degree: Degree,
    /// The number of its monomials, for tables.
    pub monomials: Option<usize>,
    /// The rank of the monomials on the training rows, for tables.
    pub rank: Option<usize>,
    /// The mean squared error, on the training rows for tables.
    pub error: f64,
    /// The mean squared error on the test rows.
    pub test_error: Option<f64>,
}

/// The root mean squared errors of one label, in its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelErrors {
    /// The name of the label.
    pub label: String,
    /// The error on the training rows.
    pub train_rmse: Option<f64>,
    /// The error on the rows that chose the iteration, as in `validation_rmse`.
    pub validation_rmse: Option<f64>,
    /// The error on the test rows.
    pub test_rmse: Option<f64>,
}

/// The solver of a whole path, and bounds on its error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SolverReport {
    /// The name of the solver: dense or lanczos.
    #[schemars(with = "String")]
    pub name: Solver,
    /// The number of Lanczos steps.
    pub steps: Option<usize>,
    /// A bound on the difference between predictions and those of exact descent at every reported iteration: the root
    /// mean square over the training rows, divided by the labels' standard deviation. It includes truncation of
    /// Lanczos (LZ-1) and rounding (RD-1).
    pub prediction_error: Option<f64>,
    /// A lower bound on the final training loss of exact descent (RD-1, with Lanczos Gauss-Radau).
    pub loss_lower: Option<f64>,
    /// An upper bound on the final training loss of exact descent (RD-1, with Lanczos Gauss).
    pub loss_upper: Option<f64>,
}

/// Prediction intervals: the prediction of the best network plus and minus half a width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntervalReport {
    /// The probability with which an interval is to cover the label of a new row.
    pub level: f64,
    /// The number of held-out rows from whose errors the widths follow.
    pub rows: u64,
    /// Half the width for each label, in its unit.
    pub half_width: Vec<f64>,
    /// The share of test rows whose label the interval covers, for each label; null without test rows.
    pub test_coverage: Option<Vec<f64>>,
}

/// What was done to a column that is not used as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EncodedColumnReport {
    /// The name of the column.
    pub column: String,
    /// What it holds and what was done, in words.
    pub treatment: String,
}

/// The number of rows of each part of the split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartRows {
    /// The rows for training.
    pub train: u64,
    /// The rows that choose the best iteration.
    pub validation: u64,
    /// The rows for testing, which are only scored.
    pub test: u64,
    /// The rows dropped for missing values or weight 0.
    pub dropped: u64,
}
