//! One comparison of a measured value with a threshold.

use crate::number::short;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use zonal::measure::Estimate;

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
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl Check {
    pub(super) fn at_most(
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

    pub(super) fn at_least(
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
    pub(super) fn near(quantity: &str, value: f64, predicted: f64, band: f64, reason: &str) -> Self {
        Self {
            relation: Relation::Within,
            holds: (value - predicted).abs() <= band,
            ..Self::at_most(quantity, value, band, reason).predicted(predicted)
        }
    }

    /// A mean over seeds whose expectation is known: it must lie within four standard errors, which chance exceeds about
    /// once in 10^4 for hundreds of seeds and once in 5,000 for sixty. The reason states the power: an error of seven
    /// standard errors is noticed with probability 0.998.
    pub(super) fn mean(quantity: &str, found: Estimate, exact: f64, reason: &str) -> Self {
        let noticed = 100.0 * 7.0 * found.standard_error / exact.abs();
        let reason = format!("{reason}; four standard errors: an error of {} % is noticed", short(noticed));
        Self::near(quantity, found.value, exact, 4.0 * found.standard_error, &reason)
    }

    pub(super) fn predicted(mut self, value: f64) -> Self {
        self.predicted = Some(value);
        self
    }

    /// How far from failing, relative to the threshold; negative for one that fails, least of all for NaN.
    pub(super) fn margin(&self) -> f64 {
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
