//! Claims of the theory, checked by running them.

use crate::number::short;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use zonal::measure::Estimate;

/// How much work is put into the claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// All sizes: minutes.
    Whole,
    /// The same claims at smaller sizes, with thresholds to match: seconds.
    Quick,
}

impl Size {
    /// One of two values.
    pub fn pick<T>(self, whole: T, quick: T) -> T {
        match self {
            Self::Whole => whole,
            Self::Quick => quick,
        }
    }
}

/// The outcome of all claims asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReproduceReport {
    /// Version of the format.
    pub schema: u32,
    /// The run folder.
    pub run: Option<String>,
    /// Whether the smaller sizes were used.
    pub quick: bool,
    /// Whether every claim asked for was checked and holds.
    pub holds: bool,
    /// Claims asked for and not reached, because the checks were interrupted.
    pub not_reached: Vec<String>,
    /// The claims.
    pub claims: Vec<ClaimReport>,
}

/// The outcome of one claim. `measured` and `threshold` are those of the check that comes nearest to failing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimReport {
    /// Its name.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// Where it is stated.
    pub source: String,
    /// The formulas of docs/theory behind it.
    pub formulas: String,
    /// What was measured.
    pub quantity: String,
    /// The measured value.
    #[serde(deserialize_with = "number")]
    pub measured: f64,
    /// What theory predicts, where it predicts a value and not only a bound.
    pub predicted: Option<f64>,
    /// How it must lie to the threshold.
    pub relation: Relation,
    /// The threshold.
    pub threshold: f64,
    /// Why this threshold.
    pub reason: String,
    /// Whether all checks hold.
    pub holds: bool,
    /// Everything that was compared.
    pub checks: Vec<Check>,
}

/// How a measured value must lie to its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Relation {
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// No further than the threshold from the predicted value.
    #[serde(rename = "within")]
    Within,
}

/// A measured value, what theory says about it, and the threshold that decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What is measured.
    pub quantity: String,
    /// The measured value; null for one that is no number, as when the claim's training failed.
    #[serde(deserialize_with = "number")]
    pub measured: f64,
    /// What theory predicts, where it predicts a value and not only a bound.
    pub predicted: Option<f64>,
    /// How the measured value must lie to the threshold.
    pub relation: Relation,
    /// The threshold.
    pub threshold: f64,
    /// Why this threshold.
    pub reason: String,
    /// Whether it does.
    pub holds: bool,
}

/// JSON has no NaN and writes null.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl Check {
    /// A value that must be at most the threshold.
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

    /// A value that must be at least the threshold.
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

    /// A value that must lie within `band` of the predicted one.
    pub fn near(quantity: &str, value: f64, predicted: f64, band: f64, reason: &str) -> Self {
        Self {
            relation: Relation::Within,
            holds: (value - predicted).abs() <= band,
            ..Self::at_most(quantity, value, band, reason).predicted(predicted)
        }
    }

    /// A mean over seeds whose expectation is known: it must lie within four standard errors, which chance exceeds about
    /// once in 10^4 for hundreds of seeds and once in 5,000 for sixty. The reason states the power: an error of seven
    /// standard errors is noticed with probability 0.998.
    pub fn mean(quantity: &str, found: Estimate, exact: f64, reason: &str) -> Self {
        let noticed = 100.0 * 7.0 * found.standard_error / exact.abs();
        let reason = format!("{reason}; four standard errors: an error of {} % is noticed", short(noticed));
        Self::near(quantity, found.value, exact, 4.0 * found.standard_error, &reason)
    }

    /// Adds the value that theory predicts.
    pub fn predicted(mut self, value: f64) -> Self {
        self.predicted = Some(value);
        self
    }

    /// How far from failing, relative to the threshold; negative for one that fails, least of all for NaN.
    pub fn margin(&self) -> f64 {
        let distance = match self.relation {
            Relation::AtMost => self.threshold - self.measured,
            Relation::AtLeast => self.measured - self.threshold,
            Relation::Within => self.threshold - (self.measured - self.predicted.unwrap_or(f64::NAN)).abs(),
        };
        if distance.is_nan() {
            f64::NEG_INFINITY
        } else if distance == 0.0 && self.threshold == 0.0 {
            // Exactly what it must be, which is not near to failing.
            f64::INFINITY
        } else {
            distance / self.threshold.abs().max(f64::MIN_POSITIVE)
        }
    }
}
