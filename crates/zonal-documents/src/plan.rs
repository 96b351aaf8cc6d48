//! Plans: a width and a number of iterations with a guaranteed loss, their cost, and their verification.

use crate::curve::DegreeRows;
use crate::number::Scale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::sphere::Degree;

/// The configuration of a plan.
#[derive(Clone, Debug)]
pub struct PlanConfig {
    /// The expression of the target.
    pub target: String,
    /// The energies of the target by degree, up to the degree of the comparator, then the energy beyond, for a target
    /// known only by them; `target` is then a name.
    pub energies: Option<Vec<f64>>,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The activation phi.
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: Scale,
    /// The degree of the comparator, a polynomial; if None, that of the target, or 4 if that is infinite.
    pub degree: Option<Degree>,
    /// The allowed excess of the loss over the comparator's error; 5 % of the target's energy if None.
    pub epsilon: Option<f64>,
    /// A fixed width; the smallest that suffices if None.
    pub width: Option<u64>,
    /// A fixed number of iterations; the smallest that suffices if None.
    pub iterations: Option<u64>,
    /// The failure probability of a bound for a single draw of hidden units; no such bound if None.
    pub delta: Option<f64>,
    /// The variance of the noise of labels, for the number of rows.
    pub noise: f64,
    /// The number of seeds over which the plan is verified by training; no verification if None.
    pub verify: Option<u64>,
    /// The seed of the target's directions, and the first seed of the verification.
    pub seed: u64,
}

/// A width, a step size and a number of iterations, and the loss that they guarantee (PL-1b).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanReport {
    /// The version of the document format.
    pub schema: u32,
    /// The expression of the target.
    pub target: String,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The activation phi.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The degree of the comparator, a polynomial.
    pub degree: Degree,
    /// The allowed excess of the expected loss over the best polynomial's error, in addition to the energy that
    /// cannot be learned.
    pub epsilon: f64,
    /// The width m.
    pub width: u64,
    /// The number of iterations T.
    pub iterations: u64,
    /// The step size eta = 1 / ||phi||^2; the automatic step of a training also satisfies the guarantee.
    pub step_size: f64,
    /// ||phi||^2 = E[phi(s t)^2].
    pub norm_sq: f64,
    /// R^2 of PL-1b, the mean square of the comparator's output coefficients.
    pub comparator_norm_sq: f64,
    /// The energy of the target, E[g^2].
    pub target_norm_sq: f64,
    /// The mean squared error of the best polynomial of this degree.
    pub best_polynomial_error: f64,
    /// The proven upper bound on the expected loss (PL-1b).
    pub loss_bound: f64,
    /// The error of the comparator's mean: the energy outside `degrees`, and what their shares leave out.
    pub comparator_error: f64,
    /// The degrees of the comparator: visible, with energy.
    pub degrees: Vec<Degree>,
    /// The share of each of them in the comparator; a small one would cost more than it gains.
    #[serde(default)]
    pub shares: Vec<f64>,
    /// The degrees up to `degree` in which the target has energy and the activation has coefficient zero.
    pub invisible_degrees: Vec<Degree>,
    /// The energy of the target in `invisible_degrees`: a lower limit of the loss at every width.
    pub invisible_energy: f64,
    /// The degrees up to `degree` in which the target has energy and the coefficient is below its error bound.
    pub undetermined_degrees: Vec<Degree>,
    /// The energy of the target in `undetermined_degrees`.
    pub undetermined_energy: f64,
    /// The number of iterations that the operator at infinite width predicts (PL-2); not a guarantee.
    pub operator_iterations: Option<u64>,
    /// A bound for a single draw of hidden units, if requested.
    pub single_draw: Option<SingleDraw>,
    /// The rows of a fresh batch: always null, since no number has a proof.
    pub batch_rows: Option<u64>,
    /// The variance of the noise of labels that the numbers of rows allow for.
    #[serde(default)]
    pub noise: f64,
    /// The number of rows with which the best ridge, or early stopping, is predicted to reach the goal at this width (RW-6), not
    /// a guarantee; null if no number is.
    #[serde(default)]
    pub rows_predicted: Option<f64>,
    /// The ridge of that prediction.
    #[serde(default)]
    pub ridge_predicted: Option<f64>,
    /// The number of rows for which ridge regression provably reaches the goal at infinite width, in the mean over rows and
    /// noise (PL-3); null if no number is proved.
    #[serde(default)]
    pub rows_proved: Option<u64>,
    /// The ridge of that proof.
    #[serde(default)]
    pub ridge_proved: Option<f64>,
    /// For each degree that is learned, the number of rows with which a wide network without a ridge is predicted to have learned
    /// half of it.
    #[serde(default)]
    pub rows_half: Vec<DegreeRows>,
    /// The cost of training with the plan on this machine.
    pub cost: Cost,
    /// Changes that make the invisible degrees visible, the cheapest of each kind.
    pub ways_out: Vec<WayOut>,
    /// The verification by training; null if not requested or interrupted.
    pub verification: Option<Verification>,
}

/// A bound for a single draw of hidden units that holds with probability 1 - delta.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleDraw {
    /// The probability that the bound fails.
    pub delta: f64,
    /// The upper bound on the loss.
    pub loss_bound: f64,
}

/// The memory and time of the planned training, extrapolated from a short one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// The bytes needed; 2^64 - 1 means at least that many.
    pub memory_bytes: u64,
    /// The bytes of memory available.
    pub memory_free_bytes: u64,
    /// The estimated seconds: the time of a training of `calibration_width`, scaled by the cube of the width; null if
    /// not even that training fits into memory.
    pub seconds: Option<f64>,
    /// The width of the timed training.
    pub calibration_width: u64,
}

/// A change of the units that makes the invisible degrees visible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WayOut {
    /// The kind of change.
    pub kind: WayOutKind,
    /// The activation phi.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The width of a plan with these units for the same epsilon.
    pub width: u64,
    /// The upper bound on the expected loss of that plan.
    pub loss_bound: f64,
}

/// The two ways to make a degree visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WayOutKind {
    /// The same activation with a bias.
    Bias,
    /// Another activation.
    Activation,
}

/// The verification of a plan by training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// The number of draws of hidden units.
    pub seeds: u64,
    /// The mean loss over the draws.
    pub mean_loss: f64,
    /// The standard error of the mean; 0 for a single draw.
    pub standard_error: f64,
    /// Whether the mean is within the bound plus four standard errors; null if the mean is above the bound over fewer
    /// than eight draws, whose standard error is too uncertain.
    pub holds: Option<bool>,
}
