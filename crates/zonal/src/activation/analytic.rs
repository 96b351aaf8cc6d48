//! Activations that are analytic on the real line: one formula each, from which values, high-precision values and
//! Taylor coefficients follow.

use crate::numeric::{DoubleDouble, Elementary, Jet};
use crate::sphere::Degree;

/// An activation given by one formula in elementary functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Analytic {
    /// 1 / (1 + exp(-t)).
    Sigmoid,
    /// tanh(t).
    Tanh,
    /// erf(t).
    Erf,
}

impl Analytic {
    /// The value over any number type.
    pub fn value<T: Elementary>(self, t: &T) -> T {
        match self {
            Self::Sigmoid => t.sigmoid(),
            Self::Tanh => t.tanh(),
            Self::Erf => t.erf(),
        }
    }

    /// Taylor coefficients phi^(k)(x) / k! for k <= `order`.
    pub fn taylor(self, x: DoubleDouble, order: Degree) -> Vec<DoubleDouble> {
        self.value(&Jet::variable(x, order)).coefficients().to_vec()
    }
}
