//! Double-double arithmetic: a number as the unevaluated sum of two `f64`, about 31 decimal digits.
//!
//! Products are split by Dekker's method instead of a fused multiply-add, because the fused operation is a slow library
//! call on the baseline x86-64 target; the results are the same.
//!
//! Sources: T. J. Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18 (1971);
//! Y. Hida, X. S. Li, D. H. Bailey, "Library for double-double and quad-double arithmetic" (2007).

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number `hi + lo` with `|lo| <= ulp(hi)/2`. The relative rounding error of `+ - * /` is below 2^-102. A result that
/// is infinite or NaN in `f64` has `lo = 0`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DoubleDouble {
    hi: f64,
    lo: f64,
}

const LN_2: DoubleDouble = DoubleDouble { hi: std::f64::consts::LN_2, lo: 2.319_046_813_846_299_6e-17 };
const FRAC_PI_2: DoubleDouble =
    DoubleDouble { hi: std::f64::consts::FRAC_PI_2, lo: 6.123_233_995_736_766e-17 };
/// 2 / sqrt(pi).
const FRAC_2_SQRT_PI: DoubleDouble =
    DoubleDouble { hi: std::f64::consts::FRAC_2_SQRT_PI, lo: 1.533_545_961_316_588_2e-17 };

/// 1 / sqrt(2).
const FRAC_1_SQRT_2: DoubleDouble =
    DoubleDouble { hi: std::f64::consts::FRAC_1_SQRT_2, lo: -4.833_646_656_726_456_7e-17 };

impl DoubleDouble {
    /// Zero.
    pub const ZERO: Self = Self { hi: 0.0, lo: 0.0 };
    /// One.
    pub const ONE: Self = Self { hi: 1.0, lo: 0.0 };

    /// Returns the exact sum of two `f64` (barring overflow).
    #[inline]
    pub fn from_sum(a: f64, b: f64) -> Self {
        let s = a + b;
        let bb = s - a;
        Self::settled(s, (a - (s - bb)) + (b - bb))
    }

    /// Returns the exact product of two `f64` (barring overflow and underflow). Factors beyond 1e299 lose their low
    /// part, since splitting multiplies by 2^27.
    #[inline]
    pub fn from_product(a: f64, b: f64) -> Self {
        let p = a * b;
        let (ah, al) = split(a);
        let (bh, bl) = split(b);
        Self::settled(p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
    }

    /// Creates a result, dropping the trailing part if overflow has made it meaningless.
    #[inline]
    fn settled(hi: f64, lo: f64) -> Self {
        Self { hi, lo: if lo.is_finite() { lo } else { 0.0 } }
    }

    /// Returns the nearest `f64`.
    pub fn to_f64(self) -> f64 {
        self.hi
    }

    /// Returns the leading and trailing part.
    pub fn parts(self) -> (f64, f64) {
        (self.hi, self.lo)
    }

    /// Returns the absolute value.
    pub fn abs(self) -> Self {
        if self.hi < 0.0 { -self } else { self }
    }

    /// Returns whether the number is neither infinite nor NaN.
    pub fn is_finite(self) -> bool {
        self.hi.is_finite()
    }

    /// Multiplies by 2^k, exact barring overflow and underflow.
    pub fn scale_by_power_of_two(self, k: i32) -> Self {
        // Two factors, so that k may exceed the exponent range of one f64.
        let half = k / 2;
        let (a, b) = (2f64.powi(half), 2f64.powi(k - half));
        Self { hi: self.hi * a * b, lo: self.lo * a * b }
    }

    /// Returns the square root; NaN for negative numbers. Relative error below 2^-100.
    pub fn sqrt(self) -> Self {
        if self.hi <= 0.0 || !self.hi.is_finite() {
            return Self::from(self.hi.sqrt());
        }
        let x = Self::from(self.hi.sqrt());
        x + (self - x * x) / (x + x)
    }

    /// Returns exp(x) - 1 with a relative error near 1e-30 for every x.
    pub fn exp_m1(self) -> Self {
        if self.hi.abs() > 0.3 || !self.hi.is_finite() {
            return self.exp() - Self::ONE;
        }
        expm1_reduced(self)
    }

    /// Returns exp(x); relative error near 1e-30 (1 + |x|/100).
    pub fn exp(self) -> Self {
        if self.hi > 709.78 {
            return Self::from(if self.hi.is_nan() { f64::NAN } else { f64::INFINITY });
        }
        if self.hi < -745.2 {
            return Self::ZERO;
        }
        if self.hi.is_nan() {
            return self;
        }
        let k = (self.hi / LN_2.hi).round();
        let r = self - LN_2 * Self::from(k);
        (Self::ONE + expm1_reduced(r)).scale_by_power_of_two(k as i32)
    }

    /// Returns ln(x); NaN for negative numbers, minus infinity at zero. Error near 1e-31 absolute or relative,
    /// whichever is larger.
    pub fn ln(self) -> Self {
        if self.hi <= 0.0 || !self.hi.is_finite() {
            return Self::from(self.hi.ln());
        }
        // One Newton step on exp(y) = x doubles the sixteen digits of the f64 logarithm. The power of two is removed
        // first, so that neither exp nor its reciprocal leaves the range.
        let k = libm::ilogb(self.hi);
        let x = self.scale_by_power_of_two(-k);
        let y = Self::from(x.hi.ln());
        let fraction = y + (x * (-y).exp() - Self::ONE);
        fraction + LN_2 * Self::from(f64::from(k))
    }

    /// Returns ln(1 + x) with a relative error near 1e-30, also for tiny x.
    pub fn ln_1p(self) -> Self {
        if self.hi.abs() > 0.25 || !self.hi.is_finite() {
            return (Self::ONE + self).ln();
        }
        // Newton on expm1(y) = x: y <- y + (x - expm1(y)) / (1 + expm1(y)).
        let y = Self::from(self.hi.ln_1p());
        let e = y.exp_m1();
        y + (self - e) / (Self::ONE + e)
    }

    /// Returns sine and cosine; absolute error near 1e-31 (1 + |x|).
    pub fn sin_cos(self) -> (Self, Self) {
        if !self.hi.is_finite() || self.hi.abs() > 1e15 {
            return (Self::from(f64::NAN), Self::from(f64::NAN));
        }
        let k = (self.hi / FRAC_PI_2.hi).round();
        let r = self - FRAC_PI_2 * Self::from(k);
        let r2 = r * r;
        let (mut sin, mut cos) = (r, Self::ONE);
        let (mut s, mut c) = (r, Self::ONE);
        for j in 1..16 {
            let j = f64::from(j);
            c = -(c * r2) / Self::from((2.0 * j - 1.0) * (2.0 * j));
            s = -(s * r2) / Self::from((2.0 * j) * (2.0 * j + 1.0));
            cos = cos + c;
            sin = sin + s;
        }
        match (k.rem_euclid(4.0)) as i32 {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        }
    }

    /// Returns the hyperbolic tangent; relative error near 1e-30.
    pub fn tanh(self) -> Self {
        if self.hi.abs() > 40.0 {
            return Self::from(self.hi.signum());
        }
        let e = (self + self).exp_m1();
        e / (e + Self::from(2.0))
    }

    /// Returns the error function; absolute error near 1e-31.
    ///
    /// The series erf(x) = (2/sqrt(pi)) exp(-x^2) sum_k 2^k x^(2k+1) / (1 3 5 .. (2k+1)) has terms of one sign; beyond
    /// |x| = 8.7 the function is 1 to the last digit.
    pub fn erf(self) -> Self {
        if self.hi.abs() > 8.7 || !self.hi.is_finite() {
            return Self::from(if self.hi.is_nan() { f64::NAN } else { self.hi.signum() });
        }
        let x2 = self * self;
        let (mut term, mut sum) = (self, self);
        let mut k = 1.0;
        while term.hi.abs() > 1e-34 * sum.hi.abs() {
            term = term * (x2 + x2) / Self::from(2.0 * k + 1.0);
            sum = sum + term;
            k += 1.0;
        }
        FRAC_2_SQRT_PI * (-x2).exp() * sum
    }

    /// Returns 2 / sqrt(pi).
    pub fn frac_2_sqrt_pi() -> Self {
        FRAC_2_SQRT_PI
    }

    /// Returns pi.
    pub fn pi() -> Self {
        FRAC_PI_2.scale_by_power_of_two(1)
    }

    /// Returns 1 / sqrt(2).
    pub fn frac_1_sqrt_2() -> Self {
        FRAC_1_SQRT_2
    }

    /// Parses a decimal number such as `0.1` or `2.5e-3` to about 31 digits; None if the text is not a number.
    pub fn parse(text: &str) -> Option<Self> {
        let nearest: f64 = text.parse().ok().filter(|x: &f64| x.is_finite())?;
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let mut exponent: i32 = exponent.parse().ok()?;
        let mut value = Self::ZERO;
        let mut digits = 0;
        for (place, c) in mantissa.chars().filter(|c| *c != '.').enumerate() {
            let digit = c.to_digit(10)?;
            // 34 digits are more than fit; further digits only change the exponent.
            if digits > 0 || digit > 0 {
                digits += 1;
            }
            if digits <= 34 {
                value = value * Self::from(10.0) + Self::from(f64::from(digit));
            } else if mantissa.find('.').is_none_or(|point| place < point) {
                exponent = exponent.checked_add(1)?;
            }
            if digits <= 34 && mantissa.find('.').is_some_and(|point| place >= point) {
                exponent = exponent.checked_sub(1)?;
            }
        }
        // At the ends of the range powers of ten lose their trailing part, so the nearest f64 is returned.
        if exponent.abs() > 280 || nearest == 0.0 {
            return Some(Self::from(nearest));
        }
        let mut power = Self::ONE;
        for _ in 0..exponent.unsigned_abs() {
            power = power * Self::from(10.0);
        }
        Some(if exponent < 0 { value / power } else { value * power })
    }
}

/// Returns exp(r) - 1 for |r| <= 0.35: Taylor series of r / 512, then nine doublings of e -> 2 e + e^2.
fn expm1_reduced(r: DoubleDouble) -> DoubleDouble {
    let x = r.scale_by_power_of_two(-9);
    let (mut term, mut sum) = (x, x);
    for j in 2..10 {
        term = term * x / DoubleDouble::from(f64::from(j));
        sum = sum + term;
    }
    for _ in 0..9 {
        sum = sum + sum + sum * sum;
    }
    sum
}

/// Splits a number into two halves of 26 bits (Dekker).
#[inline]
fn split(a: f64) -> (f64, f64) {
    let c = 134_217_729.0 * a;
    let high = c - (c - a);
    (high, a - high)
}

#[inline]
fn quick_sum(a: f64, b: f64) -> DoubleDouble {
    let s = a + b;
    DoubleDouble::settled(s, b - (s - a))
}

impl From<f64> for DoubleDouble {
    fn from(x: f64) -> Self {
        Self { hi: x, lo: 0.0 }
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    #[inline]
    fn add(self, o: Self) -> Self {
        let s = Self::from_sum(self.hi, o.hi);
        let t = Self::from_sum(self.lo, o.lo);
        let c = quick_sum(s.hi, s.lo + t.hi);
        quick_sum(c.hi, c.lo + t.lo)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + (-o)
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    #[inline]
    fn mul(self, o: Self) -> Self {
        let p = Self::from_product(self.hi, o.hi);
        quick_sum(p.hi, p.lo + (self.hi * o.lo + self.lo * o.hi))
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let q1 = self.hi / o.hi;
        if !q1.is_finite() || !o.hi.is_finite() {
            return Self::from(q1);
        }
        let r = self - o * Self::from(q1);
        let q2 = r.hi / o.hi;
        let r = r - o * Self::from(q2);
        let q3 = r.hi / o.hi;
        quick_sum(q1, q2) + Self::from(q3)
    }
}

impl PartialOrd for DoubleDouble {
    fn partial_cmp(&self, o: &Self) -> Option<Ordering> {
        match self.hi.partial_cmp(&o.hi) {
            Some(Ordering::Equal) => self.lo.partial_cmp(&o.lo),
            other => other,
        }
    }
}

impl std::iter::Sum for DoubleDouble {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, |a, b| a + b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative(a: DoubleDouble, b: DoubleDouble) -> f64 {
        ((a - b).to_f64() / b.to_f64()).abs()
    }

    #[test]
    fn inverse_functions_return_to_the_start() {
        for &x in &[1e-12, 0.003, 0.24, 0.7, 1.0, 3.5, 20.0, 300.0] {
            let x = DoubleDouble::from(x) + DoubleDouble::from(x * 1e-18);
            assert!(relative(x.exp().ln(), x) < 1e-28 / x.to_f64().min(1.0), "ln exp {x:?}");
            assert!(relative(x.sqrt() * x.sqrt(), x) < 1e-30, "sqrt {x:?}");
            if x.to_f64() < 100.0 {
                assert!(relative(x.exp_m1().ln_1p(), x) < 1e-28, "ln_1p exp_m1 {x:?}");
            }
            assert!(relative(DoubleDouble::ONE / (DoubleDouble::ONE / x), x) < 1e-30, "1/1/{x:?}");
        }
    }

    #[test]
    fn sine_and_cosine_are_on_the_circle_and_odd_and_even() {
        for &x in &[0.1, 1.0, 2.0, 3.0, 4.5, 6.0, 100.0] {
            let (s, c) = DoubleDouble::from(x).sin_cos();
            assert!((s * s + c * c - DoubleDouble::ONE).to_f64().abs() < 1e-30);
            assert!((s.to_f64() - x.sin()).abs() < 1e-14 && (c.to_f64() - x.cos()).abs() < 1e-14);
            let (sm, cm) = DoubleDouble::from(-x).sin_cos();
            assert!((s + sm).to_f64().abs() < 1e-30 && (c - cm).to_f64().abs() < 1e-30);
        }
    }

    #[test]
    fn constants_and_decimals_have_all_their_digits() {
        let half = FRAC_1_SQRT_2 * FRAC_1_SQRT_2;
        assert!((half - DoubleDouble::from(0.5)).to_f64().abs() < 1e-31);
        let pi = FRAC_PI_2 + FRAC_PI_2;
        assert!((FRAC_2_SQRT_PI * FRAC_2_SQRT_PI * pi - DoubleDouble::from(4.0)).to_f64().abs() < 1e-30);
        let tenth = DoubleDouble::parse("0.1").unwrap();
        assert!((tenth * DoubleDouble::from(10.0) - DoubleDouble::ONE).to_f64().abs() < 1e-31);
        for (text, value) in [("12", 12.0), ("1e-3", 1e-3), ("2.50E2", 250.0), (".5", 0.5), ("0.000", 0.0)] {
            assert_eq!(DoubleDouble::parse(text).unwrap().to_f64(), value, "{text}");
        }
        let long = "1".repeat(60) + "." + &"3".repeat(60) + "e-50";
        let found = DoubleDouble::parse(&long).unwrap().to_f64();
        assert!((found / long.parse::<f64>().unwrap() - 1.0).abs() < 1e-15);
        assert!(DoubleDouble::parse("1.2.3").is_none());
    }

    #[test]
    fn overflow_gives_infinity_and_not_nan() {
        assert_eq!(DoubleDouble::from(800.0).exp().to_f64(), f64::INFINITY);
        assert_eq!(DoubleDouble::from(-800.0).exp().to_f64(), 0.0);
        assert_eq!((DoubleDouble::ONE / DoubleDouble::from(800.0).exp()).to_f64(), 0.0);
        assert!(DoubleDouble::from(-1.0).ln().to_f64().is_nan());
    }
}
