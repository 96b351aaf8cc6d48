//! The elementary functions that an activation may be made of, over any number type: one formula then gives
//! values, high-precision values and Taylor coefficients.

use super::DoubleDouble;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number type with the field operations and the elementary functions.
pub trait Elementary:
    Clone + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The constant `x` in the same space as `self` (a jet needs to know its length).
    fn constant(&self, x: f64) -> Self;
    /// exp(x).
    fn exp(&self) -> Self;
    /// tanh(x).
    fn tanh(&self) -> Self;
    /// 1 / (1 + exp(-x)).
    fn sigmoid(&self) -> Self;
    /// erf(x).
    fn erf(&self) -> Self;
}

impl Elementary for f64 {
    fn constant(&self, x: f64) -> Self {
        x
    }
    fn exp(&self) -> Self {
        f64::exp(*self)
    }
    fn tanh(&self) -> Self {
        f64::tanh(*self)
    }
    fn sigmoid(&self) -> Self {
        // Either branch divides numbers of one sign and overflows nowhere.
        if *self >= 0.0 {
            1.0 / (1.0 + (-self).exp())
        } else {
            let e = self.exp();
            e / (1.0 + e)
        }
    }
    fn erf(&self) -> Self {
        libm::erf(*self)
    }
}

impl Elementary for DoubleDouble {
    fn constant(&self, x: f64) -> Self {
        Self::from(x)
    }
    fn exp(&self) -> Self {
        DoubleDouble::exp(*self)
    }
    fn tanh(&self) -> Self {
        DoubleDouble::tanh(*self)
    }
    fn sigmoid(&self) -> Self {
        if self.to_f64() >= 0.0 {
            Self::ONE / (Self::ONE + (-*self).exp())
        } else {
            let e = self.exp();
            e / (Self::ONE + e)
        }
    }
    fn erf(&self) -> Self {
        DoubleDouble::erf(*self)
    }
}
