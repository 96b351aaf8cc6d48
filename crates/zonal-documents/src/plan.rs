//! A plan: width and iterations with a guarantee, their cost, and its verification.

use crate::number::Scale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::sphere::Degree;
use zonal::target::PowerSpectrum;

/// What is to be planned.
#[derive(Clone, Debug)]
pub struct PlanConfig {
    /// The target's text.
    pub target: String,
    /// Its energies by degree up to the degree of the comparator, where nothing else is known of it; the text is then a
    /// name.
    pub energies: Option<PowerSpectrum>,
    /// The dimension n.
    pub dim: u64,
    /// The activation.
    pub activation: Activation,
    /// The scale of the units.
    pub scale: Scale,
    /// The degree of the comparator; the target's own if None, or 4 where that is infinite.
    pub degree: Option<Degree>,
    /// What the loss may exceed the comparator's error by; 5 % of the target's energy if None.
    pub epsilon: Option<f64>,
    /// A width that is given.
    pub width: Option<u64>,
    /// An iteration count that is given.
    pub iterations: Option<u64>,
    /// The probability with which a bound for single draws may fail.
    pub delta: Option<f64>,
    /// Train with the plan over this many seeds.
    pub verify: Option<u64>,
    /// The seed of the target's directions, and the first one of the verification.
    pub seed: u64,
}

/// Width, step and iterations, and the loss that they guarantee.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanReport {
    /// Version of the format.
    pub schema: u32,
    /// The target.
    pub target: String,
    /// The dimension n.
    pub dim: u64,
    /// The activation.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale.
    pub scale: f64,
    /// The degree of the comparator.
    pub degree: Degree,
    /// What the expected loss may exceed the best polynomial's error by, beside the energy that cannot be learned.
    pub epsilon: f64,
    /// The width m.
    pub width: u64,
    /// The iterations T.
    pub iterations: u64,
    /// The step, 1 / ||phi||^2; the automatic step of training does as well.
    pub step_size: f64,
    /// ||phi||^2.
    pub norm_sq: f64,
    /// R^2 of PL-1.
    pub comparator_norm_sq: f64,
    /// The energy of the target.
    pub target_norm_sq: f64,
    /// The error of the best polynomial of the degree.
    pub best_polynomial_error: f64,
    /// What the expected loss is proved to stay below (PL-1).
    pub loss_bound: f64,
    /// The part of the bound that no width and no iterations lower: the energy outside `degrees`.
    pub comparator_error: f64,
    /// Degrees that are learned.
    pub degrees: Vec<Degree>,
    /// Degrees up to `degree` with energy that the activation cannot see.
    pub invisible_degrees: Vec<Degree>,
    /// The energy in them: an error that stays at any width and after any number of iterations.
    pub invisible_energy: f64,
    /// Degrees up to `degree` with energy whose coefficients are too small to be told from zero.
    pub undetermined_degrees: Vec<Degree>,
    /// The energy in them.
    pub undetermined_energy: f64,
    /// The operator's prediction for infinite width (PL-2), not a guarantee.
    pub operator_iterations: Option<u64>,
    /// A bound for a single draw of hidden units.
    pub single_draw: Option<SingleDraw>,
    /// Rows for each fresh batch: always null, since there is no proof for any number.
    pub batch_rows: Option<u64>,
    /// What training with the plan takes on this machine.
    pub cost: Cost,
    /// What would make the invisible degrees visible, the cheapest of each kind.
    pub ways_out: Vec<WayOut>,
    /// What training with the plan gave; null also where that was interrupted.
    pub verification: Option<Verification>,
}

/// A bound that holds for a single draw of hidden units with a probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleDraw {
    /// It may fail with this probability.
    pub delta: f64,
    /// The bound on the loss.
    pub loss_bound: f64,
}

/// Memory and time of the planned training, extrapolated from a short one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Bytes needed; 2^64 - 1 stands for that many or more.
    pub memory_bytes: u64,
    /// Bytes free here.
    pub memory_free_bytes: u64,
    /// Seconds, by the cube of the width from a training of `calibration_width`; null where not even a short one fits.
    pub seconds: Option<f64>,
    /// The width of the training that was timed.
    pub calibration_width: u64,
}

/// A unit that sees what the activation of the plan does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WayOut {
    /// What is changed.
    pub kind: WayOutKind,
    /// The activation.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale.
    pub scale: f64,
    /// The width that a plan with it needs for the same epsilon.
    pub width: u64,
    /// The bound of that plan.
    pub loss_bound: f64,
}

/// Two ways to see a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WayOutKind {
    /// The same activation with a bias.
    Bias,
    /// Another activation.
    Activation,
}

/// The plan carried out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Draws of hidden units.
    pub seeds: u64,
    /// The mean of the losses.
    pub mean_loss: f64,
    /// Its standard error; 0 for a single seed.
    pub standard_error: f64,
    /// Whether the mean is within the bound, four standard errors allowed for; null for fewer than eight seeds, of which
    /// the standard error says too little, where the mean is above it.
    pub holds: Option<bool>,
}
