//! Choosing activation and scale for a table: short trainings on a sample of the rows, compared on validation rows.

use super::TrainConfig;
use super::table::Prepared;
use crate::error::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::dynamics::path::Path;
use zonal::dynamics::{Step, logarithmic_grid};
use zonal::linalg::Matrix;
use zonal::network::Network;
use zonal::observer::Observer;
use zonal::risk::Empirical;

/// One combination that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The activation.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale.
    pub scale: f64,
    /// The smallest root mean squared error on validation rows along the path, in the label's unit.
    pub validation_rmse: f64,
}

/// Widest network and most rows of a trial.
const TRIAL_WIDTH: usize = 400;
const TRIAL_ROWS: usize = 4_000;
/// Activations tried when none is given. The others have the same span as one of these or a coarser one.
const ACTIVATIONS: [Activation; 3] = [Activation::Relu, Activation::Tanh, Activation::Sigmoid];

/// The combinations to try: scales matter only where the activation is not homogeneous.
fn combinations(activation: Option<Activation>, scale: Option<f64>, dim: u64) -> Vec<(Activation, f64)> {
    let root = (dim as f64).sqrt();
    let activations = activation.map_or_else(|| ACTIVATIONS.to_vec(), |a| vec![a]);
    let mut out = Vec::new();
    for a in activations {
        match scale {
            Some(s) => out.push((a, s)),
            None if a.homogeneity().is_some() => out.push((a, 1.0)),
            None => out.extend([1.0, root, 2.0 * root].map(|s| (a.clone(), s))),
        }
    }
    out
}

/// Activation and scale, and the trials that led to them, if there were any.
pub(super) struct Choice {
    pub(super) activation: Activation,
    pub(super) scale: f64,
    pub(super) candidates: Option<Vec<Candidate>>,
}

/// Chooses on validation rows what is not given. Without validation rows the first combination is taken.
pub(super) fn choose(
    config: &TrainConfig,
    data: &Prepared,
    width: usize,
    observer: &mut dyn Observer,
) -> Result<Choice> {
    let dim = data.dim.get();
    let combinations = combinations(config.activation.clone().given(), config.scale.value(dim), dim);
    if combinations.len() == 1 || data.validation.1.is_empty() {
        let (activation, scale) = combinations[0].clone();
        return Ok(Choice { activation, scale, candidates: None });
    }
    let train = head(&data.train, TRIAL_ROWS);
    let validation = head(&data.validation, TRIAL_ROWS);
    let grid = logarithmic_grid(config.iterations);
    let mut candidates = Vec::new();
    for (activation, scale) in combinations {
        let network =
            Network::random(activation.clone(), scale, data.dim, width.min(TRIAL_WIDTH), config.seed)?;
        let quadratic = Empirical::new(&train.0, &train.1).quadratic(&network)?;
        let path = Path::new(&quadratic, Step::Auto, observer)?;
        let coefficients = path.coefficients(&grid);
        let losses = Empirical::new(&validation.0, &validation.1).quadratic(&network)?.losses(&coefficients);
        let best = losses.into_iter().fold(f64::INFINITY, f64::min);
        candidates.push(Candidate { activation, scale, validation_rmse: best.sqrt() * data.label.deviation });
    }
    let mut best = candidates[0].clone();
    for c in &candidates {
        if c.validation_rmse < best.validation_rmse {
            best = c.clone();
        }
    }
    Ok(Choice { activation: best.activation, scale: best.scale, candidates: Some(candidates) })
}

/// The first rows, at most `most`; parts are random already.
fn head(rows: &(Matrix, Vec<f64>), most: usize) -> (Matrix, Vec<f64>) {
    let count = rows.1.len().min(most);
    (rows.0.row_range(0, count), rows.1[..count].to_vec())
}
