//! The errors of a table at more rows than it has.

use crate::train::TrainConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;

/// The configuration of the learning curve of a table.
#[derive(Clone, Debug)]
pub struct TableCurveConfig {
    /// The table and the network.
    pub train: TrainConfig,
    /// The numbers of rows at which errors are predicted.
    pub rows: Vec<RowsChoice>,
}

/// A number of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowsChoice {
    /// This number.
    Count(u64),
    /// This multiple of the rows of the table.
    Times(f64),
}

/// The errors of drawn units with the best ridge, measured at a table's own number of rows and estimated at more. Errors are root
/// mean squared errors in the label's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableCurveReport {
    /// The version of the document format.
    pub schema: u32,
    /// The name of the label.
    pub label: String,
    /// The number of rows; those with equal features count once.
    pub rows: u64,
    /// The number of units m.
    pub width: u64,
    /// The activation phi.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The bias of the lift.
    pub bias: f64,
    /// The standard deviation of the label.
    pub deviation: f64,
    /// The smallest leave-one-out error over ridges, measured on all rows.
    pub leave_one_out: f64,
    /// The ridge of that error.
    pub ridge: f64,
    /// The smallest effective ridge about which the rows tell something.
    pub reach: f64,
    /// The leave-one-out errors of parts of the table.
    pub parts: Vec<PartError>,
    /// The law a + c n^-b through the mean squares of these errors.
    pub power_law: PowerLawReport,
    /// The estimates at other numbers of rows.
    pub points: Vec<TableCurvePoint>,
}

/// The mean error of disjoint parts of a table with the same number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartError {
    /// The number of rows of a part.
    pub rows: u64,
    /// The number of parts.
    pub parts: usize,
    /// The leave-one-out error with the best ridge for all parts.
    pub rmse: f64,
}

/// A power law of mean squared errors, in the label's unit squared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerLawReport {
    /// a.
    pub offset: f64,
    /// c.
    pub factor: f64,
    /// b.
    pub exponent: f64,
}

/// The estimated error at a number of rows: an interval between two heuristics, and no bound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableCurvePoint {
    /// The number of rows.
    pub rows: u64,
    /// The smaller one of the two estimates.
    pub low: f64,
    /// The larger one.
    pub high: f64,
    /// The estimate of the power law.
    pub power_law: f64,
    /// The estimate of the equivalent of the table (RW-7).
    pub equivalent: f64,
    /// Whether more rows could resolve more than those of the table show: the estimate of the equivalent may be too large.
    pub at_most: bool,
}
