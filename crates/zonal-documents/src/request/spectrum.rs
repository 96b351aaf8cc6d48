//! The options of `spectrum`: spectra and rankings.

use super::choice::KernelChoice;
use super::output::FigureOptions;
use super::values::{parse_values, reject_with, split_values};
use crate::error::{Error, Result};
use crate::number::{Extended, Scale, Whole, real, text};
use crate::options::{ACTIVATION, DECAY, DIM, FOR_DEGREES, KINKS, SCALE};
use crate::spectrum::{RankConfig, SpectrumConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal_io::option::OptionId;

/// The Funk-Hecke spectrum of activations: the degrees that they can learn, and how fast
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SpectrumRequest {
    /// The activation: a name or an expression in t; several are compared [default: relu]
    ///
    /// Names: relu, leaky-relu, squared-relu, step, sign, abs, sigmoid, tanh, erf, gelu, silu, softplus, sin, cos, exp,
    /// square, cube, hermite-K. Separate several by commas, or repeat the option.
    #[arg(long, short, value_name = "NAME|EXPRESSION", allow_hyphen_values = true)]
    #[serde(deserialize_with = "text::list")]
    pub activation: Vec<String>,
    /// The dimension n of the sphere S^(n-1), or inf; several are compared [default: 10]
    ///
    /// inf is the limit of large dimensions, at scale sqrt(n).
    #[arg(long, short = 'n', value_name = "N", allow_negative_numbers = true)]
    #[serde(deserialize_with = "text::list")]
    pub dim: Vec<String>,
    /// The largest degree
    #[arg(long, short = 'k', default_value_t = Self::default().max_degree, value_name = "K", allow_negative_numbers = true)]
    pub max_degree: Whole,
    /// The scale s of the unit phi(s <w, x>): sqrt-dim or a number; several are compared [default: 1]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    #[serde(deserialize_with = "text::list")]
    pub scale: Vec<String>,
    /// Points where the expression is not smooth; they replace the automatic search
    #[arg(long, value_name = "LIST", allow_negative_numbers = true, hide_short_help = true)]
    #[serde(deserialize_with = "text::list")]
    pub kinks: Vec<String>,
    /// The kernel whose eigenvalues are listed
    #[arg(long, value_enum, default_value_t = Self::default().kernel)]
    pub kernel: KernelChoice,
    /// Include a trained bias: of the output in the feature kernel, of each unit in the tangent kernel
    #[arg(long, hide_short_help = true)]
    pub bias: bool,
    /// Fit a power law to the eigenvalues of the degrees A to B
    #[arg(long, value_name = "A..B", hide_short_help = true)]
    pub decay: Option<String>,
    /// Rank activations by how evenly they learn the degrees A to B
    #[arg(long, value_name = "A..B")]
    pub for_degrees: Option<String>,
    /// The figures.
    #[command(flatten)]
    #[serde(flatten)]
    pub figures: FigureOptions,
    /// The activation in memory.
    #[arg(skip)]
    #[serde(skip)]
    pub(super) callable: Option<Activation>,
}

impl Default for SpectrumRequest {
    fn default() -> Self {
        Self {
            activation: Vec::new(),
            dim: Vec::new(),
            max_degree: Whole(12),
            scale: Vec::new(),
            kinks: Vec::new(),
            kernel: KernelChoice::Feature,
            bias: false,
            decay: None,
            for_degrees: None,
            figures: FigureOptions::default(),
            callable: None,
        }
    }
}

/// The jobs that the options of `spectrum` request.
#[derive(Clone, Debug)]
pub enum Spectra {
    /// A spectrum for each activation, dimension and scale.
    Spectra(Vec<SpectrumConfig>),
    /// A ranking of activations for each dimension.
    Rankings(Vec<RankConfig>),
}

/// The default dimension.
const DEFAULT_DIM: Extended = Extended::Finite(10);

impl SpectrumRequest {
    /// Returns the configurations of the spectra or rankings.
    ///
    /// # Errors
    /// [`Error::Usage`] for invalid values and conflicting options.
    pub fn spectra(&self) -> Result<Spectra> {
        let mut dims: Vec<Extended> = parse_values(&self.dim, DIM, |t| t.parse())?;
        if dims.is_empty() {
            dims.push(DEFAULT_DIM);
        }
        if let Some(text) = &self.for_degrees {
            let excluded = ["decay", "kernel", "bias", "scale"];
            reject_with(self, FOR_DEGREES, |name| excluded.contains(&name))?;
            return Ok(Spectra::Rankings(self.rankings(text, &dims)?));
        }
        let scales: Vec<Scale> = parse_values(&self.scale, SCALE, |t| t.parse())?;
        let decay = self.decay.as_deref().map(|d| range(d, DECAY)).transpose()?;
        let mut spectra = Vec::new();
        for activation in &self.activations()? {
            for &dim in &dims {
                let default = if dim == Extended::Infinite { Scale::SqrtDim } else { Scale::Fixed(1.0) };
                let scales = if scales.is_empty() { vec![default] } else { scales.clone() };
                spectra.extend(scales.into_iter().map(|scale| SpectrumConfig {
                    activation: activation.clone(),
                    dim,
                    scale,
                    max_degree: self.max_degree.0,
                    kernel: self.kernel.value(),
                    bias: self.bias,
                    decay,
                }));
            }
        }
        Ok(Spectra::Spectra(spectra))
    }

    fn rankings(&self, text: &str, dims: &[Extended]) -> Result<Vec<RankConfig>> {
        let (from, to) = range(text, FOR_DEGREES)?;
        let activations = if self.activation.is_empty() && self.callable.is_none() {
            // A shift makes every degree visible; without it most activations have coefficient zero in half of them.
            let shifted =
                ["relu(t + 0.5)", "gelu(t + 0.5)", "tanh(t + 0.5)", "sin(t + 0.5)"].map(Activation::parse);
            let shifted: zonal::error::Result<Vec<Activation>> = shifted.into_iter().collect();
            let others = Activation::BUILTIN.into_iter().filter(|a| !a.support().is_finite());
            others.chain(shifted?).collect()
        } else {
            self.activations()?
        };
        let one = |dim: &Extended| match dim {
            &Extended::Finite(dim) => Ok(RankConfig { dim, from, to, activations: activations.clone() }),
            Extended::Infinite => Err(Error::Usage(format!("{FOR_DEGREES} needs a finite {DIM}"))),
        };
        dims.iter().map(one).collect()
    }

    fn activations(&self) -> Result<Vec<Activation>> {
        if let Some(callable) = &self.callable {
            return Ok(vec![callable.clone()]);
        }
        let texts = split_values(&self.activation, ACTIVATION)?;
        let mut out = if texts.is_empty() { vec![Activation::Relu] } else { Vec::new() };
        for text in &texts {
            out.push(Activation::parse(text)?);
        }
        let kinks = parse_values(&self.kinks, KINKS, real)?;
        if !kinks.is_empty() {
            for activation in &mut out {
                *activation = activation.with_kinks(kinks.clone())?;
            }
        }
        Ok(out)
    }
}

/// Parses a range of degrees A..B, both included.
fn range(text: &str, option: OptionId) -> Result<(usize, usize)> {
    let wrong = |what: String| Error::Usage(format!("{option}: '{text}' is not a range of degrees; {what}"));
    let needed = || wrong("write two numbers such as 0..4".into());
    let (from, to) = text.split_once("..").ok_or_else(needed)?;
    let number = |t: &str| t.trim_start_matches('=').parse::<usize>().map_err(|_| needed());
    let (from, to) = (number(from)?, number(to)?);
    let max = zonal::spectrum::MAX_DEGREE;
    if from > to || to > max {
        return Err(wrong(format!("the first must be at most the last, and the last at most {max}")));
    }
    Ok((from, to))
}
