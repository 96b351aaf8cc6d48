//! The options of iterative training.

use super::choice::{LayersChoice, MethodChoice, ParametrisationChoice, StartChoice, UnitsChoice};
use super::heading::ITERATIVE;
use super::values::non_defaults;
use crate::error::{Error, Result};
use crate::number::{Auto, Real, real, text};
use crate::options::{BATCH, BIASES, INIT, LAYERS, METHOD, PRECISION, STEP, UNITS};
use crate::train::BatchChoice;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::network::{Layers, Start};
use zonal::statistics::Precision;

/// Iterative training (both layers, or mini-batches)
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DescentOptions {
    /// Layers to train; hidden and both are trained iteratively [default: output]
    #[arg(long, value_enum, help_heading = ITERATIVE)]
    pub layers: Option<LayersChoice>,
    /// What determines a step [default: descent]
    ///
    /// lbfgs minimises with an approximate inverse Hessian. Each step costs about two of descent, and far fewer are needed.
    /// It needs all rows, or exact expectations, and has neither a step size nor a prediction of its path.
    #[arg(long, value_enum, help_heading = ITERATIVE)]
    pub method: Option<MethodChoice>,
    /// Rows of a step: full, a number, fresh:N or exact
    ///
    /// full uses all rows of the table, a number that many of them; fresh:N draws N new points for each step; exact uses
    /// exact expectations. [default: full on tables; exact on targets that have exact expectations, else fresh:1024]
    #[arg(long, value_name = "ROWS", help_heading = ITERATIVE)]
    pub batch: Option<BatchChoice>,
    /// On tables, stop at this multiple of the best iteration so far, or inf for never [default: 10]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true, help_heading = ITERATIVE, hide_short_help = true)]
    pub patience: Option<Patience>,
    /// Whether hidden units may leave the sphere [default: free]
    #[arg(long, value_enum, help_heading = ITERATIVE, hide_short_help = true)]
    pub units: Option<UnitsChoice>,
    /// Give each unit a trained bias, which starts at zero
    #[arg(long, help_heading = ITERATIVE, hide_short_help = true)]
    pub biases: bool,
    /// The factor c before the sum of units, and the deviation of random output weights [default: ntk]
    #[arg(long, value_enum, value_name = "SCALING", help_heading = ITERATIVE, hide_short_help = true)]
    pub parametrisation: Option<ParametrisationChoice>,
    /// Initial output weights [default: symmetric; zero with --layers output]
    #[arg(long, value_enum, value_name = "START", help_heading = ITERATIVE, hide_short_help = true)]
    pub init: Option<StartChoice>,
}

/// A multiple of the best iteration, or `inf` to train to the last iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience(pub(super) f64);

impl std::str::FromStr for Patience {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let value =
            if text == "inf" { Ok(f64::INFINITY) } else { real(text).map_err(|e| format!("{e}, or inf")) };
        value.map(Self)
    }
}

impl Serialize for Patience {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Patience {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl JsonSchema for Patience {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Patience".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "number" }, { "const": "inf" }] })
    }
}

impl DescentOptions {
    /// Rejects options that a whole path does not have.
    pub(super) fn reject_all(&self) -> Result<()> {
        let whole_path = Self { layers: None, batch: None, ..self.clone() };
        match non_defaults(&whole_path).first() {
            None => Ok(()),
            Some(name) => Err(Error::Usage(format!(
                "{} is for iterative training: add {}, {} or {BATCH}",
                zonal_io::option::named(name),
                LAYERS.with("both"),
                LAYERS.with("hidden")
            ))),
        }
    }

    /// Returns whether L-BFGS determines the steps.
    pub(super) fn is_lbfgs(&self) -> bool {
        self.method == Some(MethodChoice::Lbfgs)
    }

    /// Rejects options that L-BFGS does not have.
    pub(super) fn check_lbfgs(
        &self,
        batch: BatchChoice,
        precision: Precision,
        step: Auto<Real>,
    ) -> Result<()> {
        let other = match batch {
            BatchChoice::Rows(_) | BatchChoice::Fresh(_) => BATCH.with(batch).to_string(),
            _ if precision == Precision::F32 => PRECISION.with("f32").to_string(),
            _ if self.units == Some(UnitsChoice::Sphere) => UNITS.with("sphere").to_string(),
            _ if step != Auto::Auto => STEP.to_string(),
            _ => return Ok(()),
        };
        Err(Error::Usage(format!(
            "{} compares losses of all rows, or exact ones, in f64, chooses its steps itself and moves units freely; it cannot \
             be used with {other}",
            METHOD.with("lbfgs")
        )))
    }

    /// Rejects options that contradict each other.
    pub(super) fn check(
        &self,
        layers: Layers,
        batch: BatchChoice,
        precision: Precision,
        on_target: bool,
        start: Start,
    ) -> Result<()> {
        let reject = |message: String| Err(Error::Usage(message));
        let both = LAYERS.with("both");
        if batch == BatchChoice::Exact && precision == Precision::F32 {
            let (exact, f64) = (BATCH.with("exact"), PRECISION.with("f64"));
            return reject(format!("{exact} is computed in f64; choose {f64}, or a batch of fresh points"));
        }
        if on_target && self.patience.is_some() {
            let patience = crate::options::PATIENCE;
            return reject(format!("{patience} is for tables: a target has no validation rows"));
        }
        if layers == Layers::Output && self.units.is_some() {
            let units = UNITS;
            return reject(format!("{units} is for hidden units that move: add {both} or hidden"));
        }
        if layers == Layers::Output && self.biases {
            let biases = BIASES;
            return reject(format!("{biases} are trained with the hidden layer: add {both} or hidden"));
        }
        if layers == Layers::Hidden && start == Start::Zero {
            let zero = INIT.with("zero");
            return reject(format!(
                "{zero} makes the gradient of the hidden layer zero; choose another start, or train both layers"
            ));
        }
        Ok(())
    }
}
