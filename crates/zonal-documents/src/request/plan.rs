//! The options of `plan`.

use super::heading::{GOAL, NETWORK, TARGET};
use crate::number::{Count, Real, Scale, Whole};
use crate::plan::PlanConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;

/// Width, step and iterations that provably bring the loss to a goal
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlanRequest {
    /// The function to learn
    ///
    /// A sum of polynomials in x1..xn, harmonic(K), neuron(A) and teacher(A, units=U), with coefficients.
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true, help_heading = TARGET)]
    pub target: String,
    /// The dimension n of the target; its sphere is S^(n-1)
    #[arg(long, short = 'n', default_value_t = Self::default().dim, value_name = "N", allow_negative_numbers = true, help_heading = TARGET)]
    pub dim: Count,
    /// The activation: a name or an expression in t
    ///
    /// Names: relu, leaky-relu, squared-relu, step, sign, abs, sigmoid, tanh, erf, gelu, silu, softplus, sin, cos, exp,
    /// square, cube, hermite-K.
    #[arg(long, short, default_value_t = Self::default().activation, value_name = "NAME", help_heading = NETWORK)]
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>): sqrt-dim or a number; auto is 1
    #[arg(long, default_value_t = Self::default().scale, value_name = "S", allow_negative_numbers = true, help_heading = NETWORK)]
    #[schemars(with = "String")]
    pub scale: Scale,
    /// The degree of the polynomials to compare with [default: that of the target, or 4 if it has none]
    #[arg(long, short = 'k', value_name = "K", allow_negative_numbers = true, help_heading = GOAL)]
    pub degree: Option<Count>,
    /// Allowed excess of the loss over the best such polynomial [default: 5 % of the target's energy]
    #[arg(long, short, value_name = "E", allow_negative_numbers = true, help_heading = GOAL)]
    pub epsilon: Option<Real>,
    /// Plan the iterations for this width [default: the plan chooses the width]
    ///
    /// The plan takes the smallest width that leaves 1 % of epsilon to the iterations.
    #[arg(long, short = 'm', value_name = "M", allow_negative_numbers = true, help_heading = GOAL)]
    pub width: Option<Count>,
    /// Plan the width for this number of iterations [default: the fewest that suffice]
    #[arg(long, short = 't', value_name = "T", allow_negative_numbers = true, help_heading = GOAL)]
    pub iterations: Option<Count>,
    /// Also bound the loss of a single draw of hidden units, except with this probability
    #[arg(long, value_name = "DELTA", allow_negative_numbers = true, help_heading = GOAL, hide_short_help = true)]
    pub delta: Option<Real>,
    /// The variance of the noise of labels, for the number of rows
    #[arg(long, default_value_t = Self::default().noise, value_name = "V", allow_negative_numbers = true, help_heading = GOAL, hide_short_help = true)]
    pub noise: Real,
    /// Train with the plan over this many seeds, 20 if no number is given, and check the bound
    ///
    /// The exit code is 3 if the mean loss exceeds the bound.
    #[arg(long, value_name = "SEEDS", num_args = 0..=1, default_missing_value = "20", help_heading = GOAL)]
    pub verify: Option<Count>,
    /// Seed of the target's directions, and the first one of the verification.
    #[arg(skip)]
    pub seed: Option<Whole>,
    /// Energies by degree in place of the target's own, then the energy beyond.
    #[arg(skip)]
    pub energies: Option<Vec<f64>>,
    /// The activation in memory.
    #[arg(skip)]
    #[serde(skip)]
    pub(super) callable: Option<Activation>,
}

impl Default for PlanRequest {
    fn default() -> Self {
        Self {
            target: String::new(),
            dim: Count(10),
            activation: Activation::Relu,
            scale: Scale::Auto,
            degree: None,
            epsilon: None,
            width: None,
            iterations: None,
            delta: None,
            noise: Real(0.0),
            verify: None,
            seed: None,
            energies: None,
            callable: None,
        }
    }
}

impl PlanRequest {
    /// Returns the configuration of the plan.
    pub fn config(&self) -> PlanConfig {
        PlanConfig {
            target: self.target.clone(),
            energies: self.energies.clone(),
            dim: self.dim.0,
            activation: self.callable.clone().unwrap_or_else(|| self.activation.clone()),
            scale: self.scale,
            degree: self.degree.map(|k| usize::try_from(k.0).unwrap_or(usize::MAX)),
            epsilon: self.epsilon.map(|e| e.0),
            width: self.width.map(|m| m.0),
            iterations: self.iterations.map(|t| t.0),
            delta: self.delta.map(|d| d.0),
            noise: self.noise.0,
            verify: self.verify.map(|n| n.0),
            seed: self.seed.map_or(0, |seed| seed.0 as u64),
        }
    }
}
