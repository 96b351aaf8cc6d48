//! Predicted errors by the numbers of rows and units.

use crate::number::{Extended, Scale, short, short_count};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal::sphere::Degree;

/// The configuration of a curve.
#[derive(Clone, Debug)]
pub struct CurveConfig {
    /// The function to learn.
    pub labels: CurveLabels,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The variance of the noise of labels.
    pub noise: f64,
    /// The activation phi.
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: Scale,
    /// The numbers of rows.
    pub rows: Vec<Extended>,
    /// The numbers of units.
    pub widths: Vec<Extended>,
    /// How the output layer is fitted, in one or several ways.
    pub fits: Vec<Fit>,
    /// The step of gradient descent; 1 / ||phi||^2 if automatic.
    pub step: Step,
    /// The largest degree that is not part of the tail; if None, one beyond which the tail does not matter.
    pub max_degree: Option<Degree>,
    /// The number of draws with which predictions are compared.
    pub simulate: Option<u64>,
    /// Whether the comparison decides the exit code.
    pub check: bool,
    /// Whether all numbers of rows and units are one map.
    pub map: bool,
    /// The seed of the target's directions, and the first seed of the draws.
    pub seed: u64,
}

/// The function to learn, or its energies.
#[derive(Clone, Debug)]
pub enum CurveLabels {
    /// An expression.
    Target(String),
    /// The energies of degrees 0, 1, ..
    Energies(Vec<f64>),
}

/// How the output layer is fitted to the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fit {
    /// Ridge regression; 0 is the limit of small ridges.
    Ridge(f64),
    /// Ridge regression with the ridge of the smallest test error.
    BestRidge,
    /// Gradient descent from zero with this number of iterations.
    Iterations(u64),
    /// Gradient descent stopped at the smallest test error.
    BestIterations,
}

/// Predicted errors for numbers of rows and units (RW-1 to RW-3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurveReport {
    /// The version of the document format.
    pub schema: u32,
    /// The expression of the target; null if energies were given.
    pub target: Option<String>,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The activation phi.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The variance of the noise of labels.
    pub noise: f64,
    /// The step of gradient descent.
    pub step_size: f64,
    /// ||phi||^2 = E[phi(s t)^2].
    pub norm_sq: f64,
    /// The energy of the target by degree.
    pub target_energy: Vec<f64>,
    /// The energy of the target in degrees that are not listed, which is never learned.
    pub unseen: f64,
    /// The largest degree that is not part of the tail.
    pub max_degree: Degree,
    /// The degrees in which the target has energy and which the activation does not see: it is never learned.
    pub invisible_degrees: Vec<Degree>,
    /// The predictions: for each fit, for each width, for each number of rows.
    pub points: Vec<CurvePoint>,
    /// The map over rows and units in place of points; null without one.
    pub map: Option<MapReport>,
    /// For each degree that the activation sees, up to that of the target, the number of rows with which a wide network
    /// without a ridge has learned half of it; also the number of units that learn half of it from unlimited rows.
    pub rows_half: Vec<DegreeRows>,
    /// The number of draws of rows and units; null without a simulation.
    pub seeds: Option<u64>,
    /// Whether each simulated error is within four standard errors and 3 % of its prediction; null without a check.
    pub holds: Option<bool>,
}

/// The degrees learned for all numbers of rows and units, by one fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapReport {
    /// The numbers of rows.
    pub rows: Vec<Extended>,
    /// The numbers of units.
    pub width: Vec<Extended>,
    /// The ridge; null if it is the best one everywhere, and for gradient descent.
    pub ridge: Option<f64>,
    /// The iterations; null if they are the best ones everywhere, and for ridge regression.
    pub iterations: Option<u64>,
    /// Whether the fit is gradient descent.
    pub is_stopped: bool,
    /// The test error, one list for each number of rows; null where it is infinite.
    pub test_error: Vec<Vec<Option<f64>>>,
    /// The largest degree of which half is learned, with all lower ones that have energy and are seen; null if none is. One list
    /// for each number of rows.
    pub degree_learned: Vec<Vec<Option<Degree>>>,
    /// For each degree with energy the boundary of what is half learned, for a ridge, or without one, in closed form.
    pub boundaries: Vec<Boundary>,
}

/// A boundary of a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Boundary {
    /// The degree.
    pub degree: Degree,
    /// Numbers of rows.
    pub rows: Vec<f64>,
    /// The width at which half of the degree is learned from them.
    pub width: Vec<f64>,
}

/// The predicted errors at one number of rows and units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// The number of rows N.
    pub rows: Extended,
    /// The number of units m.
    pub width: Extended,
    /// The ridge; null for gradient descent.
    pub ridge: Option<f64>,
    /// The number of iterations; null for ridge regression.
    pub iterations: Option<u64>,
    /// Whether the ridge or the iterations were chosen for the smallest test error.
    pub best: bool,
    /// The mean square error on new rows, noise of their labels included; null where it is infinite, at the peak of double
    /// descent.
    pub test_error: Option<f64>,
    /// The mean square error on the rows; null where it is not defined.
    pub train_error: Option<f64>,
    /// The test error without the noise of new labels, E |g - f|^2.
    pub excess: Option<f64>,
    /// The part of the excess that is due to the noise of the rows' labels.
    pub noise_share: Option<f64>,
    /// The ridge that infinitely many rows and units would need for the same mean; null for gradient descent.
    pub effective_ridge: Option<f64>,
    /// The sum of multiplicities times learned factors.
    pub effective_dimension: Option<f64>,
    /// A bound on the relative error of `effective_dimension` that is due to the tail.
    pub tail_error: f64,
    /// The errors by degree, up to the degree of the target.
    pub degrees: Vec<DegreePoint>,
    /// The energy of the networks in all further degrees.
    pub further_variance: Option<f64>,
    /// How far to trust the prediction.
    pub regime: RegimeName,
    /// The mean of the test error over draws of rows and units, with targets and noise averaged exactly; null without a
    /// simulation.
    pub simulated: Option<f64>,
    /// The standard error of that mean; null without a simulation and for a single draw.
    pub standard_error: Option<f64>,
}

/// The predicted error of one degree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DegreePoint {
    /// The degree.
    pub degree: Degree,
    /// The energy of the target.
    pub energy: f64,
    /// The factor of this degree in the mean of the networks.
    pub learned: f64,
    /// (1 - learned)^2 times the energy.
    pub bias: f64,
    /// The energy of the networks around their mean; null where it is infinite.
    pub variance: Option<f64>,
}

/// The number of rows for half of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DegreeRows {
    /// The degree.
    pub degree: Degree,
    /// The number of rows.
    pub rows: f64,
}

/// How far a prediction is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RegimeName {
    /// The ridge, or 1 / (step times iterations), is at least a thousandth of ||phi||^2.
    Regular,
    /// It is smaller; the prediction can be too low, by up to 40 % in dimension 5 (docs/theory/rows.md).
    NearInterpolation,
    /// Fewer than ten rows or units: an indication.
    Few,
}

impl CurvePoint {
    /// Returns the name of the fit.
    pub fn fit(&self) -> String {
        match (self.best, self.ridge, self.iterations) {
            (true, Some(_), _) => "best ridge".to_owned(),
            (true, None, _) => "best iteration".to_owned(),
            (false, Some(ridge), _) => format!("ridge {}", short(ridge)),
            (false, None, t) => format!("{} iterations", short_count(t.unwrap_or(0))),
        }
    }
}

impl RegimeName {
    /// Returns a note on how far to trust the prediction; empty in the usual regime.
    pub fn note(self) -> &'static str {
        match self {
            Self::Regular => "",
            Self::NearInterpolation => "near interpolation",
            Self::Few => "few",
        }
    }
}
