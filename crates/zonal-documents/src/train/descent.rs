//! The options of iterative training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zonal::network::{Layers, Parametrisation, Start};
use zonal::statistics::Precision;

/// The options of iterative training that whole paths do not have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescentConfig {
    /// What determines a step.
    #[serde(default)]
    pub method: DescentMethod,
    /// The layers that are trained.
    pub layers: Layers,
    /// The rows of a step.
    pub batch: BatchChoice,
    /// Whether hidden units are projected back to the sphere after each step.
    pub on_sphere: bool,
    /// Whether hidden units have trained biases.
    pub biases: bool,
    /// The factor c before the sum of the units.
    pub parametrisation: Parametrisation,
    /// The initial output weights.
    pub start: Start,
    /// The precision of the steps: weights, features and gradients.
    pub precision: Precision,
    /// On tables, training ends at this multiple of the iteration with the smallest validation loss; never if None.
    pub patience: Option<f64>,
    /// The seconds between two saved states.
    pub checkpoint_seconds: u64,
}

/// What determines a step of iterative training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DescentMethod {
    /// The gradient, times the step size.
    #[default]
    Descent,
    /// L-BFGS.
    Lbfgs,
}

/// The rows of a step: `exact`, `full`, a number, or `fresh:` and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchChoice {
    /// Exact expectations over the sphere.
    Exact,
    /// All rows.
    Full,
    /// This number of rows of the table.
    Rows(usize),
    /// This number of new points of the sphere in each step.
    Fresh(usize),
}

impl FromStr for BatchChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is not a batch; write full, a number of rows, fresh:N for N new points, or exact"
            )
        };
        let number = |text: &str| {
            let count = crate::number::count(text).map_err(|_| wrong())?;
            usize::try_from(count)
                .ok()
                .filter(|n| (1..=MAX_ROWS).contains(n))
                .ok_or_else(|| format!("a batch has {text} rows; it must have from 1 to {MAX_ROWS}"))
        };
        match text.strip_prefix("fresh:") {
            Some(count) => number(count).map(Self::Fresh),
            None if text == "exact" => Ok(Self::Exact),
            None if text == "full" => Ok(Self::Full),
            None => number(text).map(Self::Rows),
        }
    }
}

/// The largest batch, in rows.
const MAX_ROWS: usize = 100_000_000;

impl fmt::Display for BatchChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Full => f.write_str("full"),
            Self::Rows(count) => write!(f, "{count}"),
            Self::Fresh(count) => write!(f, "fresh:{count}"),
        }
    }
}

impl Serialize for BatchChoice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BatchChoice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::number::text::deserialize(deserializer)
    }
}

impl JsonSchema for BatchChoice {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BatchChoice".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The rows of a step: exact, full, a number, or fresh: and a number.",
            "type": "string"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_survive_being_written_and_nonsense_is_refused() {
        for text in ["exact", "full", "64", "fresh:1024"] {
            assert_eq!(text.parse::<BatchChoice>().unwrap().to_string(), text);
        }
        assert_eq!("1e3".parse(), Ok(BatchChoice::Rows(1000)));
        for text in ["", "0", "fresh:0", "fresh", "-3", "all", "1e12", "fresh:x"] {
            assert!(text.parse::<BatchChoice>().is_err(), "{text}");
        }
    }
}
