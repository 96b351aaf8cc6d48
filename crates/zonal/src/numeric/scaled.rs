//! A number with a separate exponent, for values beyond the range of `f64`: coefficients at high degree in high
//! dimension are as small as 1e-400.

use super::DoubleDouble;
use std::fmt::{self, Debug, Display, Formatter, LowerExp};

/// `mantissa * 2^exponent`, with `1/2 <= |mantissa| < 2` or zero. Printed as a decimal with its exponent, serialised as
/// [`Scaled::to_f64`].
#[derive(Clone, Copy, Default, PartialEq, serde::Serialize)]
#[serde(into = "f64")]
pub struct Scaled {
    mantissa: DoubleDouble,
    exponent: i64,
}

impl Scaled {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: DoubleDouble::ZERO, exponent: 0 };

    /// Returns the product with a double-double factor.
    pub fn times(self, factor: DoubleDouble) -> Self {
        let factor = Self::from(factor);
        Self::from(self.mantissa * factor.mantissa).plus_exponent(self.exponent + factor.exponent)
    }

    fn plus_exponent(mut self, by: i64) -> Self {
        if self.mantissa.to_f64() == 0.0 {
            return Self::ZERO;
        }
        self.exponent += by;
        self
    }

    /// Returns the product of two scaled numbers.
    pub fn times_scaled(self, other: Self) -> Self {
        self.times(other.mantissa).plus_exponent(other.exponent)
    }

    /// Returns the sum of two scaled numbers.
    pub fn plus(self, other: Self) -> Self {
        if other.sign() == 0 {
            return self;
        }
        if self.sign() == 0 {
            return other;
        }
        // The smaller number is shifted to the exponent of the larger; a difference beyond 2000 leaves nothing of it.
        let (large, small) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let distance = (large.exponent - small.exponent).min(2000) as i32;
        let sum = large.mantissa + small.mantissa.scale_by_power_of_two(-distance);
        Self::from(sum).plus_exponent(large.exponent)
    }

    /// Returns the difference of two scaled numbers.
    pub fn minus(self, other: Self) -> Self {
        self.plus(other.times(-DoubleDouble::ONE))
    }

    /// Returns -1, 0 or 1.
    pub fn sign(self) -> i8 {
        let m = self.mantissa.to_f64();
        if m > 0.0 {
            1
        } else if m < 0.0 {
            -1
        } else {
            0
        }
    }

    /// Returns the nearest `f64`; zero or infinity out of range.
    pub fn to_f64(self) -> f64 {
        libm::scalbn(self.mantissa.to_f64(), self.exponent.clamp(-5000, 5000) as i32)
    }

    /// Returns the nearest double-double; zero or infinity beyond the range of f64.
    pub fn to_double_double(self) -> DoubleDouble {
        self.mantissa.scale_by_power_of_two(self.exponent.clamp(-2000, 2000) as i32)
    }

    /// Returns ln|x|, minus infinity at zero.
    pub fn ln_abs(self) -> f64 {
        if self.sign() == 0 {
            return f64::NEG_INFINITY;
        }
        let ln2 = DoubleDouble::from(2.0).ln();
        (self.mantissa.abs().ln() + ln2 * DoubleDouble::from(self.exponent as f64)).to_f64()
    }
}

impl From<DoubleDouble> for Scaled {
    fn from(x: DoubleDouble) -> Self {
        let hi = x.to_f64();
        if hi == 0.0 || !hi.is_finite() {
            return Self { mantissa: x, exponent: 0 };
        }
        let exponent = libm::ilogb(hi);
        Self { mantissa: x.scale_by_power_of_two(-exponent), exponent: i64::from(exponent) }
    }
}

impl From<f64> for Scaled {
    fn from(x: f64) -> Self {
        Self::from(DoubleDouble::from(x))
    }
}

impl From<Scaled> for f64 {
    fn from(x: Scaled) -> Self {
        x.to_f64()
    }
}

impl Display for Scaled {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let x = self.to_f64();
        if x.is_normal() || self.sign() == 0 {
            return LowerExp::fmt(&x, f);
        }
        let log = self.ln_abs() / std::f64::consts::LN_10;
        let mantissa = 10f64.powf(log - log.floor()) * f64::from(self.sign());
        let precision = f.precision().unwrap_or(12);
        f.pad_integral(true, "", &format!("{mantissa:.precision$}e{}", log.floor()))
    }
}

/// As [`Display`], which writes an exponent in any case.
impl LowerExp for Scaled {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Debug for Scaled {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_beyond_the_range_keep_their_logarithm() {
        let mut x = Scaled::from(-1.0);
        for _ in 0..500 {
            x = x.times(DoubleDouble::ONE / DoubleDouble::from(1e3));
        }
        assert_eq!(x.to_f64(), -0.0);
        assert_eq!(x.sign(), -1);
        assert!((x.ln_abs() + 1500.0 * std::f64::consts::LN_10).abs() < 1e-12 * 3500.0);
        for _ in 0..500 {
            x = x.times(DoubleDouble::from(1e3));
        }
        assert!((x.to_f64() + 1.0).abs() < 1e-14);
        assert_eq!(Scaled::ZERO.times(DoubleDouble::ONE).sign(), 0);
    }

    #[test]
    fn numbers_print_as_decimals_inside_and_outside_the_range() {
        let mut x = Scaled::from(-1.25);
        assert_eq!(
            format!("{x} {x:?} {x:.1} {x:>9.2}|{}", Scaled::ZERO),
            "-1.25e0 -1.25e0 -1.2e0   -1.25e0|0e0"
        );
        for _ in 0..400 {
            x = x.times(DoubleDouble::from(0.1));
        }
        assert_eq!((x.to_f64(), format!("{x:.3} {x:>12.2}|")), (0.0, "-1.250e-400   -1.25e-400|".into()));
        assert_eq!(format!("{x:.3e} {:.1e}", Scaled::from(0.25)), "-1.250e-400 2.5e-1");
    }
}
