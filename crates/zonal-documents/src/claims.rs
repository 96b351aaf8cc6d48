//! Claims of the theory: their checks and the report.

use crate::number::short;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use zonal::measure::Estimate;

/// The amount of work for the claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// All sizes, which take minutes.
    Whole,
    /// Smaller sizes with thresholds to match, which take seconds.
    Quick,
}

impl Size {
    /// Returns `whole` or `quick`, depending on the size.
    pub fn pick<T>(self, whole: T, quick: T) -> T {
        match self {
            Self::Whole => whole,
            Self::Quick => quick,
        }
    }
}

/// The results of the requested claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReproduceReport {
    /// The version of the document format.
    pub schema: u32,
    /// The path of the run folder; null if nothing was written.
    pub run: Option<String>,
    /// Whether the claims were checked at smaller sizes.
    pub quick: bool,
    /// Whether every requested claim was checked and holds.
    pub holds: bool,
    /// The requested claims that were not checked because of an interruption.
    pub not_reached: Vec<String>,
    /// The results of the checked claims.
    pub claims: Vec<ClaimReport>,
}

/// The result of one claim. `measured`, `predicted`, `relation`, `threshold` and `reason` are those of the check
/// closest to failing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimReport {
    /// The name of the claim.
    pub name: String,
    /// The statement of the claim.
    pub statement: String,
    /// The source of the statement in the literature.
    pub source: String,
    /// The identifiers of the formulas in docs/theory.
    pub formulas: String,
    /// The measured quantity.
    pub quantity: String,
    /// The measured value; null if the claim failed to run.
    #[serde(deserialize_with = "number")]
    pub measured: f64,
    /// The value predicted by the theory, unless the theory is only a bound.
    pub predicted: Option<f64>,
    /// The required relation of measured value and threshold.
    pub relation: Relation,
    /// The threshold of the comparison.
    pub threshold: f64,
    /// The justification of the threshold.
    pub reason: String,
    /// Whether every check holds.
    pub holds: bool,
    /// The individual comparisons.
    pub checks: Vec<Check>,
}

/// The required relation of a measured value and its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Relation {
    /// The value is at most the threshold.
    #[serde(rename = "<=")]
    AtMost,
    /// The value is at least the threshold.
    #[serde(rename = ">=")]
    AtLeast,
    /// The value differs from the predicted one by at most the threshold.
    #[serde(rename = "within")]
    Within,
}

/// The comparison of a measured value with the theory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The measured quantity.
    pub quantity: String,
    /// The measured value; null if it is not a number, for example because the training failed.
    #[serde(deserialize_with = "number")]
    pub measured: f64,
    /// The value predicted by the theory, unless the theory is only a bound.
    pub predicted: Option<f64>,
    /// The required relation of measured value and threshold.
    pub relation: Relation,
    /// The threshold of the comparison.
    pub threshold: f64,
    /// The justification of the threshold.
    pub reason: String,
    /// Whether the relation holds.
    pub holds: bool,
}

/// Deserialises a number; null, which JSON has in place of NaN, becomes NaN.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl Check {
    /// Returns the check that a value is at most the threshold.
    pub fn at_most(
        quantity: impl Into<String>,
        measured: f64,
        threshold: f64,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            quantity: quantity.into(),
            measured,
            predicted: None,
            relation: Relation::AtMost,
            threshold,
            reason: reason.into(),
            holds: measured <= threshold,
        }
    }

    /// Returns the check that a value is at least the threshold.
    pub fn at_least(
        quantity: impl Into<String>,
        measured: f64,
        threshold: f64,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            relation: Relation::AtLeast,
            holds: measured >= threshold,
            ..Self::at_most(quantity, measured, threshold, reason)
        }
    }

    /// Returns the check that a value is within `band` of the predicted one.
    pub fn near(quantity: &str, value: f64, predicted: f64, band: f64, reason: &str) -> Self {
        Self {
            relation: Relation::Within,
            holds: (value - predicted).abs() <= band,
            ..Self::at_most(quantity, value, band, reason).predicted(predicted)
        }
    }

    /// Returns the check that a mean over seeds is within four standard errors of its exact expectation. A correct
    /// mean fails about once in 10^4 for hundreds of seeds and once in 5,000 for sixty. The reason states the power:
    /// an error of seven standard errors is detected with probability 0.998.
    pub fn mean(quantity: &str, found: Estimate, exact: f64, reason: &str) -> Self {
        let detected = 100.0 * 7.0 * found.standard_error / exact.abs();
        let reason = format!("{reason}; four standard errors: an error of {} % is detected", short(detected));
        Self::near(quantity, found.value, exact, 4.0 * found.standard_error, &reason)
    }

    /// Sets the value predicted by the theory.
    pub fn predicted(mut self, value: f64) -> Self {
        self.predicted = Some(value);
        self
    }

    /// Returns the distance from failing, relative to the threshold; negative for a failed check, minus infinity for
    /// NaN.
    pub fn margin(&self) -> f64 {
        let distance = match self.relation {
            Relation::AtMost => self.threshold - self.measured,
            Relation::AtLeast => self.measured - self.threshold,
            Relation::Within => self.threshold - (self.measured - self.predicted.unwrap_or(f64::NAN)).abs(),
        };
        if distance.is_nan() {
            f64::NEG_INFINITY
        } else if distance == 0.0 && self.threshold == 0.0 {
            // An exact match of an exact requirement is not close to failing.
            f64::INFINITY
        } else {
            distance / self.threshold.abs().max(f64::MIN_POSITIVE)
        }
    }
}
