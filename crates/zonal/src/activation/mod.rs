//! Activations phi: their values, derivatives, parity and exact structure.

mod analytic;
mod piecewise;

pub use analytic::Analytic;
pub use piecewise::Piecewise;

use crate::error::{Error, Result};
use crate::sphere::Degree;

/// An activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Activation {
    /// max(t, 0).
    Relu,
    /// 1 for t > 0, otherwise 0.
    Step,
    /// |t|.
    Abs,
    /// 1 / (1 + exp(-t)).
    Sigmoid,
    /// tanh(t).
    Tanh,
    /// erf(t).
    Erf,
}

/// Symmetry under t -> -t.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// phi(-t) = phi(t).
    Even,
    /// phi(-t) = -phi(t).
    Odd,
}

/// Where an activation's exact formulas come from.
#[derive(Clone, Copy, Debug)]
pub enum Structure {
    /// A combination of t_+^a and powers: closed forms for coefficients and kernels.
    Piecewise(Piecewise),
    /// Analytic on the real line: Taylor arithmetic and the trapezoidal rule.
    Analytic(Analytic),
}

impl Activation {
    /// All activations, in the order of the help.
    pub const ALL: [Self; 6] = [Self::Relu, Self::Step, Self::Abs, Self::Sigmoid, Self::Tanh, Self::Erf];

    /// The name by which users choose it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Step => "step",
            Self::Abs => "abs",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Erf => "erf",
        }
    }

    /// The activation of that name.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the list of names.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|a| a.name()).collect();
            Error::parameter("the activation", format!("'{name}'"), format!("one of {}", names.join(", ")))
        })
    }

    /// Its exact structure.
    pub fn structure(self) -> Structure {
        match self {
            Self::Relu => Structure::Piecewise(Piecewise::RELU),
            Self::Step => Structure::Piecewise(Piecewise::STEP),
            Self::Abs => Structure::Piecewise(Piecewise::ABS),
            Self::Sigmoid => Structure::Analytic(Analytic::Sigmoid),
            Self::Tanh => Structure::Analytic(Analytic::Tanh),
            Self::Erf => Structure::Analytic(Analytic::Erf),
        }
    }

    /// Its symmetry, if it has one.
    pub fn parity(self) -> Option<Parity> {
        match self {
            Self::Abs => Some(Parity::Even),
            Self::Tanh | Self::Erf => Some(Parity::Odd),
            Self::Relu | Self::Step | Self::Sigmoid => None,
        }
    }

    /// Whether the Funk-Hecke coefficient of degree k is zero in every dimension and at every scale.
    ///
    /// ReLU is t/2 plus an even function, step and sigmoid are 1/2 plus an odd one.
    pub fn vanishes_at(self, degree: Degree) -> bool {
        let odd = degree % 2 == 1;
        match self {
            Self::Relu => odd && degree >= 3,
            Self::Step | Self::Sigmoid => !odd && degree >= 2,
            Self::Abs => odd,
            Self::Tanh | Self::Erf => !odd,
        }
    }

    /// The exponent a with phi(c t) = c^a phi(t) for c > 0, if there is one: then the scale is only a factor.
    pub fn homogeneity(self) -> Option<u32> {
        match self {
            Self::Relu | Self::Abs => Some(1),
            Self::Step => Some(0),
            Self::Sigmoid | Self::Tanh | Self::Erf => None,
        }
    }

    /// phi(t).
    pub fn value(self, t: f64) -> f64 {
        match self.structure() {
            Structure::Piecewise(p) => p.value(t),
            Structure::Analytic(a) => a.value(&t),
        }
    }

    /// Replaces every argument by phi of it.
    pub fn apply(self, values: &mut [f64]) {
        match self {
            Self::Relu => values.iter_mut().for_each(|t| *t = t.max(0.0)),
            Self::Step => values.iter_mut().for_each(|t| *t = if *t > 0.0 { 1.0 } else { 0.0 }),
            Self::Abs => values.iter_mut().for_each(|t| *t = t.abs()),
            Self::Sigmoid | Self::Tanh | Self::Erf => {
                values.iter_mut().for_each(|t| *t = self.value(*t));
            }
        }
    }
}

impl std::fmt::Display for Activation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Activation {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        Self::from_name(name)
    }
}

impl From<Activation> for String {
    fn from(a: Activation) -> Self {
        a.name().to_owned()
    }
}

impl TryFrom<String> for Activation {
    type Error = Error;
    fn try_from(name: String) -> Result<Self> {
        Self::from_name(&name)
    }
}
