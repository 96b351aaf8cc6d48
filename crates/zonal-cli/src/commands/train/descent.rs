//! The options of a training step by step.

use anyhow::Result;
use zonal::activation::Activation;
use zonal::network::{Layers, Parametrisation, Start};
use zonal::risk::BothLayers;
use zonal::statistics::Precision;
use zonal_documents::Error;
use zonal_documents::number::{Auto, real};
use zonal_documents::train::{BatchChoice, DescentConfig};

/// Training step by step: where hidden units move, or a step sees some rows only
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Step by step (with --layers hidden or both, or with --batch)")]
pub(crate) struct DescentArgs {
    /// Which layers are trained; hidden units stay as drawn with output
    #[arg(long, value_enum, default_value_t = LayersChoice::Output)]
    layers: LayersChoice,
    /// What a step sees: full (all rows), a number of rows, fresh:N (N new points in each step) or exact (expectations)
    /// [default: full on tables, exact on targets where there are exact expectations, else fresh:1024]
    #[arg(long, value_name = "ROWS")]
    batch: Option<BatchChoice>,
    /// Whether hidden units move freely or stay on the sphere [default: free]
    #[arg(long, value_enum)]
    units: Option<UnitsChoice>,
    /// Give each unit a bias of its own, trained with the hidden layer from zero
    #[arg(long)]
    biases: bool,
    /// The factor c before the sum of units, and the deviation of output weights at a random start [default: ntk]
    #[arg(long, value_enum, value_name = "SCALING")]
    parametrisation: Option<ParametrisationChoice>,
    /// How output weights begin [default: symmetric; zero with --layers output]
    #[arg(long, value_enum, value_name = "START")]
    init: Option<StartChoice>,
    /// On tables, end at this multiple of the iteration with the smallest validation loss, or inf [default: 10]
    #[arg(long, value_parser = patience, value_name = "FACTOR", allow_negative_numbers = true)]
    patience: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LayersChoice {
    /// The output layer
    Output,
    /// The hidden layer
    Hidden,
    /// Both layers
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum UnitsChoice {
    /// Free to leave the sphere
    Free,
    /// Put back on the sphere after each step
    Sphere,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ParametrisationChoice {
    /// c = 1, deviation 1/sqrt m
    Standard,
    /// c = 1/sqrt m, deviation 1
    Ntk,
    /// c = 1/m, deviation 1
    MeanField,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum StartChoice {
    /// Independent normal numbers
    Random,
    /// Units in pairs of opposite output weights, so that the network is exactly zero
    Symmetric,
    /// Zero
    Zero,
}

const PATIENCE: f64 = 10.0;

/// A multiple, or inf for no end.
fn patience(text: &str) -> Result<f64, String> {
    if text == "inf" { Ok(f64::INFINITY) } else { real(text).map_err(|e| format!("{e}, or inf")) }
}

const FRESH: usize = 1024;

impl DescentArgs {
    /// None where the path of the output layer is asked for.
    pub(crate) fn config(
        &self,
        on_target: bool,
        activation: &Auto<Activation>,
        precision: Precision,
        checkpoint_seconds: u64,
    ) -> Result<Option<DescentConfig>> {
        if self.layers == LayersChoice::Output && self.batch.is_none() {
            return match self.given() {
                None => Ok(None),
                Some(option) => Err(Error::Usage(format!(
                    "{option} belongs to training step by step: add --layers both, --layers hidden or --batch"
                ))
                .into()),
            };
        }
        let layers = match self.layers {
            LayersChoice::Output => Layers::Output,
            LayersChoice::Hidden => Layers::Hidden,
            LayersChoice::Both => Layers::Both,
        };
        let activation = activation.clone().given().unwrap_or(Activation::Relu);
        let usual = match on_target {
            false => BatchChoice::Full,
            true if BothLayers::exists(&activation, self.biases) && precision == Precision::F64 => {
                BatchChoice::Exact
            }
            true => BatchChoice::Fresh(FRESH),
        };
        let batch = self.batch.unwrap_or(usual);
        if batch == BatchChoice::Exact && precision == Precision::F32 {
            let message =
                "--batch exact is computed in f64; take --precision f64, or a batch of fresh points";
            return Err(Error::Usage(message.into()).into());
        }
        if on_target && self.patience.is_some() {
            let message = "--patience is for tables: a target has no validation rows";
            return Err(Error::Usage(message.into()).into());
        }
        if layers == Layers::Output && self.units.is_some() {
            let message = "--units says how hidden units move: add --layers both or hidden";
            return Err(Error::Usage(message.into()).into());
        }
        let patience = self.patience.unwrap_or(PATIENCE);
        if self.biases && layers == Layers::Output {
            let message = "--biases are trained with the hidden layer: add --layers both or hidden";
            return Err(Error::Usage(message.into()).into());
        }
        let start = match self.init {
            Some(StartChoice::Random) => Start::Random,
            Some(StartChoice::Symmetric) => Start::Symmetric,
            Some(StartChoice::Zero) => Start::Zero,
            None if layers == Layers::Output => Start::Zero,
            None => Start::Symmetric,
        };
        if start == Start::Zero && layers == Layers::Hidden {
            let message = "--init zero leaves nothing to learn when only the hidden layer is trained: its gradient is zero";
            return Err(Error::Usage(message.into()).into());
        }
        Ok(Some(DescentConfig {
            layers,
            batch,
            on_sphere: self.units == Some(UnitsChoice::Sphere),
            biases: self.biases,
            parametrisation: match self.parametrisation {
                Some(ParametrisationChoice::Standard) => Parametrisation::Standard,
                Some(ParametrisationChoice::MeanField) => Parametrisation::MeanField,
                Some(ParametrisationChoice::Ntk) | None => Parametrisation::Ntk,
            },
            start,
            precision,
            patience: Some(patience).filter(|p| p.is_finite()),
            checkpoint_seconds,
        }))
    }

    /// An option that was given although it means nothing without steps.
    fn given(&self) -> Option<&'static str> {
        [
            ("--units", self.units.is_some()),
            ("--biases", self.biases),
            ("--parametrisation", self.parametrisation.is_some()),
            ("--init", self.init.is_some()),
            ("--patience", self.patience.is_some()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name))
    }
}
