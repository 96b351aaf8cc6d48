//! Interval arithmetic: enclosures of the values of a formula on an interval, for finding kinks and poles.
//!
//! Bounds are widened by a few units in the last place after every operation, so that they enclose the exact range. An
//! operation that is not defined on the whole interval gives the whole line.

use super::{DoubleDouble, Elementary};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// All numbers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The whole line.
    pub const ALL: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// Creates the interval between two numbers.
    pub fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// Returns whether zero may be a value.
    pub fn contains_zero(self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }

    /// Returns whether both ends are finite.
    pub fn is_finite(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    /// Creates an enclosure slightly wider than the computed one.
    fn widened(low: f64, high: f64) -> Self {
        if low.is_nan() || high.is_nan() {
            return Self::ALL;
        }
        let slack = |x: f64| 8.0 * f64::EPSILON * x.abs() + f64::MIN_POSITIVE;
        Self { low: low - slack(low), high: high + slack(high) }
    }

    /// Returns the image under an increasing function.
    pub(super) fn increasing(self, f: impl Fn(f64) -> f64) -> Self {
        Self::widened(f(self.low), f(self.high))
    }

    /// Returns the image under sin or cos, whose extrema are at `offset` + k pi.
    fn wave(self, f: impl Fn(f64) -> f64, offset: f64) -> Self {
        let pi = std::f64::consts::PI;
        let length = self.high - self.low;
        if length.is_nan() || length >= 2.0 * pi || self.low.abs() > 1e8 || self.high.abs() > 1e8 {
            return Self { low: -1.0, high: 1.0 };
        }
        let (a, b) = (f(self.low), f(self.high));
        let (mut low, mut high) = (a.min(b), a.max(b));
        let first = ((self.low - offset) / pi - 1e-7).ceil() as i64;
        let last = ((self.high - offset) / pi + 1e-7).floor() as i64;
        for k in first..=last {
            if k.rem_euclid(2) == 0 { high = 1.0 } else { low = -1.0 }
        }
        let wide = Self::widened(low, high);
        Self { low: wide.low.max(-1.0), high: wide.high.min(1.0) }
    }
}

impl Add for Interval {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self::widened(self.low + o.low, self.high + o.high)
    }
}

impl Sub for Interval {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + (-o)
    }
}

impl Neg for Interval {
    type Output = Self;
    fn neg(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }
}

impl Mul for Interval {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        // 0 times an infinite end is 0: the end itself is never attained.
        let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let ends = [
            product(self.low, o.low),
            product(self.low, o.high),
            product(self.high, o.low),
            product(self.high, o.high),
        ];
        let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self::widened(low, high)
    }
}

impl Div for Interval {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        if o.contains_zero() {
            return Self::ALL;
        }
        self * Self::widened(1.0 / o.high, 1.0 / o.low)
    }
}

impl Elementary for Interval {
    fn constant(&self, x: DoubleDouble) -> Self {
        Self::widened(x.to_f64(), x.to_f64())
    }
    fn exp(&self) -> Self {
        self.increasing(f64::exp)
    }
    fn ln(&self) -> Self {
        if self.low <= 0.0 {
            Self { low: f64::NEG_INFINITY, ..self.increasing(|x| x.max(0.0).ln()) }
        } else {
            self.increasing(f64::ln)
        }
    }
    fn sqrt(&self) -> Self {
        if self.low < 0.0 {
            Self { low: 0.0, ..self.increasing(|x| x.max(0.0).sqrt()) }
        } else {
            self.increasing(f64::sqrt)
        }
    }
    fn sin(&self) -> Self {
        self.wave(f64::sin, std::f64::consts::FRAC_PI_2)
    }
    fn cos(&self) -> Self {
        self.wave(f64::cos, 0.0)
    }
    fn tanh(&self) -> Self {
        self.increasing(f64::tanh)
    }
    fn sigmoid(&self) -> Self {
        self.increasing(|x| Elementary::sigmoid(&x))
    }
    fn softplus(&self) -> Self {
        self.increasing(|x| Elementary::softplus(&x))
    }
    fn erf(&self) -> Self {
        self.increasing(libm::erf)
    }
    fn normal_cdf(&self) -> Self {
        self.increasing(|x| Elementary::normal_cdf(&x))
    }
    fn abs(&self) -> Self {
        if self.low >= 0.0 {
            *self
        } else if self.high <= 0.0 {
            -*self
        } else {
            Self { low: 0.0, high: self.high.max(-self.low) }
        }
    }
    fn max(&self, other: &Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }
    fn step(&self) -> Self {
        Self { low: self.low.step(), high: self.high.step() }
    }
    fn powf(&self, exponent: DoubleDouble) -> Self {
        let power = exponent.to_f64();
        // The exponent itself is rounded; the logarithm multiplies that error, and exponents are short decimals.
        let of = |x: f64| x.max(0.0).powf(power);
        let (low, high) =
            if power > 0.0 { (of(self.low), of(self.high)) } else { (of(self.high), of(self.low)) };
        let slack = |x: f64| {
            let logarithm = x.max(f64::MIN_POSITIVE).ln().abs().min(750.0);
            4.0 * f64::EPSILON * power.abs() * logarithm
        };
        let slack = 1.0 + slack(self.low) + slack(self.high);
        Self::widened(low / slack, high * slack)
    }
    fn powi(&self, n: i32) -> Self {
        if n < 0 {
            return Self::new(1.0, 1.0) / self.powi(-n);
        }
        let power = |x: f64| x.powi(n);
        if n % 2 == 1 {
            return Self::widened(power(self.low), power(self.high));
        }
        let size = Elementary::abs(self);
        Self::widened(power(size.low), power(size.high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_in_their_enclosures() {
        type Case = (&'static str, fn(&Interval) -> Interval, fn(&f64) -> f64);
        let formulas: [Case; 8] = [
            ("sin", |x| x.sin(), |x| x.sin()),
            ("cos", |x| x.cos(), |x| x.cos()),
            ("x^2 - x", |x| x.powi(2) - *x, |x| x * x - x),
            (
                "1/(1+x^2)",
                |x| Interval::new(1.0, 1.0) / (Interval::new(1.0, 1.0) + x.powi(2)),
                |x| 1.0 / (1.0 + x * x),
            ),
            ("abs", |x| Elementary::abs(x), |x| x.abs()),
            ("tanh", |x| x.tanh(), |x| x.tanh()),
            ("normal_cdf", |x| x.normal_cdf(), |x| x.normal_cdf()),
            ("x^3", |x| x.powi(3), |x| x * x * x),
        ];
        for (name, enclosure, value) in formulas {
            for i in -40..40 {
                for width in [0.01, 0.7, 3.0, 9.0] {
                    let low = f64::from(i) * 0.31;
                    let e = enclosure(&Interval::new(low, low + width));
                    for j in 0..=50 {
                        let v = value(&(low + width * f64::from(j) / 50.0));
                        assert!(
                            e.low <= v && v <= e.high,
                            "{name} on [{low}, {}]: {v} not in {e:?}",
                            low + width
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_has_no_meaning_is_the_whole_line() {
        assert_eq!(Interval::new(1.0, 1.0) / Interval::new(-1.0, 2.0), Interval::ALL);
        assert!(Interval::new(-1.0, 1.0).ln().low.is_infinite());
    }
}
