//! The elementary functions of which an activation may be composed, over any number type: one formula then gives
//! values, high-precision values, enclosures and Taylor coefficients.

use super::DoubleDouble;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number type with the field operations and the elementary functions.
pub trait Elementary:
    Clone + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// Returns the constant `x` in the same space as `self` (a jet needs to know its length).
    fn constant(&self, x: DoubleDouble) -> Self;
    /// exp(x).
    fn exp(&self) -> Self;
    /// ln(x).
    fn ln(&self) -> Self;
    /// sqrt(x).
    fn sqrt(&self) -> Self;
    /// sin(x).
    fn sin(&self) -> Self;
    /// cos(x).
    fn cos(&self) -> Self;
    /// tanh(x).
    fn tanh(&self) -> Self;
    /// 1 / (1 + exp(-x)).
    fn sigmoid(&self) -> Self;
    /// ln(1 + exp(x)).
    fn softplus(&self) -> Self;
    /// erf(x).
    fn erf(&self) -> Self;
    /// The distribution function of the standard normal law, (1 + erf(x / sqrt 2)) / 2.
    fn normal_cdf(&self) -> Self;
    /// |x|.
    fn abs(&self) -> Self;
    /// The larger of two numbers.
    fn max(&self, other: &Self) -> Self;
    /// 1 for x > 0, otherwise 0.
    fn step(&self) -> Self;

    /// The smaller of two numbers.
    fn min(&self, other: &Self) -> Self {
        -(-self.clone()).max(&-other.clone())
    }

    /// x^c for x >= 0 and any c, as exp(c ln x); 0^c is 0 for c > 0.
    fn powf(&self, exponent: DoubleDouble) -> Self {
        (self.constant(exponent) * self.ln()).exp()
    }

    /// x^n by repeated squaring; 1/x^|n| for negative n.
    fn powi(&self, n: i32) -> Self {
        let mut result = self.constant(DoubleDouble::ONE);
        let mut square = self.clone();
        let mut rest = n.unsigned_abs();
        while rest > 0 {
            if rest % 2 == 1 {
                result = result * square.clone();
            }
            rest /= 2;
            if rest > 0 {
                square = square.clone() * square;
            }
        }
        if n < 0 { self.constant(DoubleDouble::ONE) / result } else { result }
    }
}

impl Elementary for f64 {
    fn constant(&self, x: DoubleDouble) -> Self {
        x.to_f64()
    }
    fn exp(&self) -> Self {
        f64::exp(*self)
    }
    fn ln(&self) -> Self {
        f64::ln(*self)
    }
    fn sqrt(&self) -> Self {
        f64::sqrt(*self)
    }
    fn sin(&self) -> Self {
        f64::sin(*self)
    }
    fn cos(&self) -> Self {
        f64::cos(*self)
    }
    fn tanh(&self) -> Self {
        f64::tanh(*self)
    }
    fn sigmoid(&self) -> Self {
        // Each branch divides numbers of one sign and cannot overflow.
        if *self >= 0.0 {
            1.0 / (1.0 + (-self).exp())
        } else {
            let e = self.exp();
            e / (1.0 + e)
        }
    }
    fn softplus(&self) -> Self {
        f64::max(*self, 0.0) + (-f64::abs(*self)).exp().ln_1p()
    }
    fn erf(&self) -> Self {
        libm::erf(*self)
    }
    fn normal_cdf(&self) -> Self {
        0.5 * libm::erfc(-self * std::f64::consts::FRAC_1_SQRT_2)
    }
    fn abs(&self) -> Self {
        f64::abs(*self)
    }
    fn max(&self, other: &Self) -> Self {
        if *self >= *other { *self } else { *other }
    }
    fn step(&self) -> Self {
        if *self > 0.0 { 1.0 } else { 0.0 }
    }
}

impl Elementary for DoubleDouble {
    fn constant(&self, x: DoubleDouble) -> Self {
        x
    }
    fn exp(&self) -> Self {
        DoubleDouble::exp(*self)
    }
    fn ln(&self) -> Self {
        DoubleDouble::ln(*self)
    }
    fn sqrt(&self) -> Self {
        DoubleDouble::sqrt(*self)
    }
    fn sin(&self) -> Self {
        self.sin_cos().0
    }
    fn cos(&self) -> Self {
        self.sin_cos().1
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
    fn softplus(&self) -> Self {
        let positive = if self.to_f64() > 0.0 { *self } else { Self::ZERO };
        positive + (-DoubleDouble::abs(*self)).exp().ln_1p()
    }
    fn erf(&self) -> Self {
        DoubleDouble::erf(*self)
    }
    fn normal_cdf(&self) -> Self {
        (Self::ONE + (*self * Self::frac_1_sqrt_2()).erf()).scale_by_power_of_two(-1)
    }
    fn abs(&self) -> Self {
        DoubleDouble::abs(*self)
    }
    fn powf(&self, exponent: DoubleDouble) -> Self {
        // ln 0 is infinite, and products with infinite factors have no trailing part.
        if self.to_f64() == 0.0 {
            return Self::from(0f64.powf(exponent.to_f64()));
        }
        (exponent * self.ln()).exp()
    }
    fn max(&self, other: &Self) -> Self {
        if *self >= *other { *self } else { *other }
    }
    fn step(&self) -> Self {
        if self.to_f64() > 0.0 { Self::ONE } else { Self::ZERO }
    }
}
