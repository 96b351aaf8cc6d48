//! A number with its derivative: forward differentiation of formulas.

use super::{DoubleDouble, Elementary};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// f(x) and f'(x).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual {
    /// f(x).
    pub value: f64,
    /// f'(x).
    pub slope: f64,
}

impl Dual {
    /// Creates the variable itself.
    pub fn variable(x: f64) -> Self {
        Self { value: x, slope: 1.0 }
    }

    /// Applies a function with the given value and derivative by the chain rule. A slope of zero remains zero where the
    /// derivative is infinite.
    fn chain(self, value: f64, derivative: f64) -> Self {
        Self { value, slope: if self.slope == 0.0 { 0.0 } else { derivative * self.slope } }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, slope: self.slope + other.slope }
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { value: self.value - other.value, slope: self.slope - other.slope }
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        // A slope of zero remains zero at a pole of the other factor.
        let part = |slope: f64, value: f64| if slope == 0.0 { 0.0 } else { slope * value };
        let slope = part(self.slope, other.value) + part(other.slope, self.value);
        Self { value: self.value * other.value, slope }
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self { value, slope: (self.slope - value * other.slope) / other.value }
    }
}

impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        Self { value: -self.value, slope: -self.slope }
    }
}

impl Elementary for Dual {
    fn constant(&self, x: DoubleDouble) -> Self {
        Self { value: x.to_f64(), slope: 0.0 }
    }
    fn exp(&self) -> Self {
        let value = Elementary::exp(&self.value);
        self.chain(value, value)
    }
    fn ln(&self) -> Self {
        self.chain(Elementary::ln(&self.value), 1.0 / self.value)
    }
    fn sqrt(&self) -> Self {
        let root = Elementary::sqrt(&self.value);
        self.chain(root, 0.5 / root)
    }
    fn sin(&self) -> Self {
        self.chain(Elementary::sin(&self.value), Elementary::cos(&self.value))
    }
    fn cos(&self) -> Self {
        self.chain(Elementary::cos(&self.value), -Elementary::sin(&self.value))
    }
    fn tanh(&self) -> Self {
        let value = Elementary::tanh(&self.value);
        self.chain(value, (1.0 - value) * (1.0 + value))
    }
    fn sigmoid(&self) -> Self {
        let value = Elementary::sigmoid(&self.value);
        self.chain(value, value * (1.0 - value))
    }
    fn softplus(&self) -> Self {
        self.chain(Elementary::softplus(&self.value), Elementary::sigmoid(&self.value))
    }
    fn erf(&self) -> Self {
        let slope = std::f64::consts::FRAC_2_SQRT_PI * (-self.value * self.value).exp();
        self.chain(Elementary::erf(&self.value), slope)
    }
    fn normal_cdf(&self) -> Self {
        let root = (2.0 * std::f64::consts::PI).sqrt();
        self.chain(Elementary::normal_cdf(&self.value), (-0.5 * self.value * self.value).exp() / root)
    }
    fn abs(&self) -> Self {
        let sign = if self.value == 0.0 { 0.0 } else { self.value.signum() };
        self.chain(self.value.abs(), sign)
    }
    fn max(&self, other: &Self) -> Self {
        if other.value > self.value { *other } else { *self }
    }
    fn step(&self) -> Self {
        self.chain(Elementary::step(&self.value), 0.0)
    }
}
