//! Double-double numbers with a bound on their own error: the rounding of each operation and the errors of its
//! arguments, as propagated by a formula.

use super::{DoubleDouble, Elementary};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A value and a bound on the distance to the exact one; the bound is infinite if nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct Tracked {
    /// The value.
    pub value: DoubleDouble,
    /// A bound on its absolute error.
    pub error: f64,
}

/// The relative rounding error of one operation: 2^-102, plus a margin for the arithmetic of the bounds.
const OPERATION: f64 = 2.2e-31;
/// The relative or absolute error of one elementary function, as its documentation states.
const FUNCTION: f64 = 5e-30;

impl Tracked {
    /// Creates a number with a relative error of a few operations.
    pub fn rounded(value: DoubleDouble) -> Self {
        Self::new(value, 4.0 * OPERATION * value.to_f64().abs())
    }

    fn new(value: DoubleDouble, error: f64) -> Self {
        // The error of a value that is not a number is infinite.
        Self { value, error: if error.is_nan() || !value.is_finite() { f64::INFINITY } else { error } }
    }

    fn size(self) -> f64 {
        self.value.to_f64().abs()
    }

    /// Applies a function F, where |F'| is at most `slope` over the possible arguments and F is computed with error
    /// `own`.
    fn image(self, value: DoubleDouble, slope: f64, own: f64) -> Self {
        let carried = if self.error == 0.0 { 0.0 } else { slope * self.error };
        Self::new(value, carried + own)
    }

    /// Returns the smallest possible |x|.
    fn nearest_zero(self) -> f64 {
        (self.size() - self.error).max(0.0)
    }
}

impl Add for Tracked {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        let value = self.value + o.value;
        Self::new(value, self.error + o.error + OPERATION * value.to_f64().abs())
    }
}

impl Sub for Tracked {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + (-o)
    }
}

impl Neg for Tracked {
    type Output = Self;
    fn neg(self) -> Self {
        Self { value: -self.value, ..self }
    }
}

impl Mul for Tracked {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        let value = self.value * o.value;
        let carried = self.size() * o.error + o.size() * self.error + self.error * o.error;
        Self::new(value, carried + OPERATION * value.to_f64().abs())
    }
}

impl Div for Tracked {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let value = self.value / o.value;
        let quotient = value.to_f64().abs();
        let carried = (self.error + quotient * o.error) / o.nearest_zero();
        Self::new(value, carried + OPERATION * quotient)
    }
}

impl Elementary for Tracked {
    fn constant(&self, x: DoubleDouble) -> Self {
        // Numbers that are exact in f64 are exact.
        if x.parts().1 == 0.0 { Self { value: x, error: 0.0 } } else { Self::rounded(x) }
    }
    fn exp(&self) -> Self {
        let value = self.value.exp();
        let size = value.to_f64();
        // Values below the range of f64 become zero.
        let own = FUNCTION * (1.0 + 0.01 * self.size()) * size + f64::MIN_POSITIVE;
        Self::new(value, size * self.error.exp_m1() * (1.0 + FUNCTION) + own)
    }
    fn ln(&self) -> Self {
        let value = self.value.ln();
        let slope = 1.0 / (self.value.to_f64() - self.error).max(0.0);
        self.image(value, slope, FUNCTION * (1.0 + value.to_f64().abs()))
    }
    fn sqrt(&self) -> Self {
        let value = self.value.sqrt();
        let below = self.value.to_f64() - self.error;
        let carried = if below > 0.0 { 0.5 * self.error / below.sqrt() } else { (2.0 * self.error).sqrt() };
        Self::new(value, carried + FUNCTION * value.to_f64())
    }
    fn sin(&self) -> Self {
        // Near zero the argument is not reduced, and the series retains its relative accuracy.
        let own = if self.size() < 0.5 { self.size() } else { 1.0 + self.size() };
        self.image(self.value.sin_cos().0, 1.0, FUNCTION * own)
    }
    fn cos(&self) -> Self {
        self.image(self.value.sin_cos().1, 1.0, FUNCTION * (1.0 + self.size()))
    }
    fn tanh(&self) -> Self {
        let value = self.value.tanh();
        let slope = (4.0 * (-2.0 * self.nearest_zero()).exp()).min(1.0);
        self.image(value, slope, FUNCTION * value.to_f64().abs())
    }
    fn sigmoid(&self) -> Self {
        let value = Elementary::sigmoid(&self.value);
        let slope = (-self.nearest_zero()).exp().min(0.25);
        let own = FUNCTION * (1.0 + 0.01 * self.size()) * value.to_f64() + f64::MIN_POSITIVE;
        self.image(value, slope, own)
    }
    fn softplus(&self) -> Self {
        let value = Elementary::softplus(&self.value);
        let slope = (self.value.to_f64() + self.error).min(0.0).exp();
        let own = FUNCTION * (1.0 + 0.01 * self.size()) * value.to_f64() + f64::MIN_POSITIVE;
        self.image(value, slope, own)
    }
    fn erf(&self) -> Self {
        let nearest = self.nearest_zero();
        let slope = std::f64::consts::FRAC_2_SQRT_PI * (-nearest * nearest).exp();
        let value = self.value.erf();
        self.image(value, slope, FUNCTION * value.to_f64().abs())
    }
    fn normal_cdf(&self) -> Self {
        let nearest = self.nearest_zero();
        let slope = 0.4 * (-0.5 * nearest * nearest).exp();
        self.image(Elementary::normal_cdf(&self.value), slope, FUNCTION)
    }
    fn abs(&self) -> Self {
        Self { value: self.value.abs(), ..*self }
    }
    fn max(&self, other: &Self) -> Self {
        let larger = if self.value >= other.value { self } else { other };
        Self { value: larger.value, error: self.error.max(other.error) }
    }
    fn step(&self) -> Self {
        let known = self.size() > self.error || self.error == 0.0;
        Self { value: Elementary::step(&self.value), error: if known { 0.0 } else { 1.0 } }
    }
    fn powf(&self, exponent: DoubleDouble) -> Self {
        let (x, c) = (self.value.to_f64(), exponent.to_f64());
        if c > 0.0 && x <= 2.0 * self.error {
            return Self::new(self.value.powf(exponent), (3.0 * self.error).powf(c));
        }
        (self.constant(exponent) * self.ln()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_cover_cancellation() {
        // ((1e15 + x) - 1e15) / x is 1; the bound includes the digits of x that the sum lost.
        for x in [0.3, 1e-3, 1e-9] {
            let x = Tracked::rounded(DoubleDouble::from(1.0) / DoubleDouble::from(1.0 / x));
            let large = x.constant(DoubleDouble::from(1e15));
            let found = ((large + x) - large) / x;
            let error = (found.value - DoubleDouble::ONE).to_f64().abs();
            assert!(error <= found.error && found.error < 1e-5, "{error:e} {:e}", found.error);
        }
    }

    #[test]
    fn errors_cover_those_of_the_argument() {
        let functions: [fn(&Tracked) -> Tracked; 12] = [
            |x| x.exp(),
            |x| Elementary::abs(x).ln(),
            |x| Elementary::abs(x).sqrt(),
            |x| x.sin(),
            |x| x.cos(),
            |x| x.tanh(),
            |x| x.sigmoid(),
            |x| x.softplus(),
            |x| x.erf(),
            |x| x.normal_cdf(),
            |x| Elementary::abs(x).powf(DoubleDouble::from(0.3)),
            |x| x.powi(7),
        ];
        for (i, function) in functions.iter().enumerate() {
            for at in [-30.0, -4.0, -0.7, -1e-3, 1e-6, 0.2, 1.0, 5.0, 40.0] {
                for error in [1e-25, 1e-12, 1e-7] {
                    let here = function(&Tracked { value: DoubleDouble::from(at), error });
                    for shift in [-0.99 * error, 0.6 * error] {
                        let there = DoubleDouble::from(at) + DoubleDouble::from(shift);
                        let there = function(&Tracked { value: there, error: 0.0 });
                        let distance = (there.value - here.value).to_f64().abs();
                        assert!(
                            distance <= here.error + there.error,
                            "function {i} at {at} +- {error}: {distance:e} > {:e}",
                            here.error
                        );
                    }
                }
            }
        }
    }
}
