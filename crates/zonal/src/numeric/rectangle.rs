//! Complex interval arithmetic: enclosures of the values of an analytic function on a rectangle of the complex plane,
//! for rigorous error bounds of quadrature (FH-8).
//!
//! A rectangle whose imaginary part is exactly zero is a real interval, and its images are those of real interval
//! arithmetic. Elsewhere |x|, max and step are continued analytically from the side that contains the real part. An
//! operation that is not analytic on the whole rectangle gives the whole plane.
//!
//! Rectangles have a separate scale, so that exp(-z^2) sin(z) can be bounded where one factor is above the range of f64
//! and the other below.

use super::{DoubleDouble, Elementary, Interval};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// All complex numbers exp(s) (x + iy) with x and y in two intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rectangle {
    /// Real parts, before scaling.
    re: Interval,
    /// Imaginary parts, before scaling.
    im: Interval,
    /// The logarithm s of the scale.
    ln_scale: f64,
}

/// For arguments beyond this, exp is moved into the scale.
const LARGE: f64 = 600.0;

const ZERO: Interval = Interval { low: 0.0, high: 0.0 };

impl Rectangle {
    /// The whole plane.
    pub const ALL: Self = Self { re: Interval::ALL, im: Interval::ALL, ln_scale: 0.0 };

    /// Creates a rectangle of unit scale.
    pub fn new(re: Interval, im: Interval) -> Self {
        Self { re, im, ln_scale: 0.0 }
    }

    /// Creates a real interval.
    pub fn real(re: Interval) -> Self {
        Self::new(re, ZERO)
    }

    fn is_real(self) -> bool {
        self.im == ZERO
    }

    /// Returns the real and imaginary parts.
    pub fn parts(self) -> (Interval, Interval) {
        let Self { re, im, .. } = self.settled();
        (re, im)
    }

    /// Returns ln of the largest modulus; infinite if nothing is known, minus infinity for zero.
    pub fn ln_magnitude(self) -> f64 {
        let largest = |x: Interval| x.low.abs().max(x.high.abs());
        let ln = largest(self.re).hypot(largest(self.im)).ln();
        // The rounding errors of the logarithms.
        let bound = self.ln_scale + ln + 8.0 * f64::EPSILON * (1.0 + ln.abs() + self.ln_scale.abs());
        if bound.is_nan() { if ln == f64::NEG_INFINITY { ln } else { f64::INFINITY } } else { bound }
    }

    /// Returns the same rectangle with unit scale, as far as the range of f64 allows.
    fn settled(self) -> Self {
        if self.ln_scale == 0.0 { self } else { self.with_scale(0.0) }
    }

    /// Returns the same rectangle with another scale; with a smaller one, values may leave the range.
    fn with_scale(self, ln_scale: f64) -> Self {
        if ln_scale == self.ln_scale {
            return self;
        }
        let distance = self.ln_scale - ln_scale;
        let slack = 4.0 * f64::EPSILON * (self.ln_scale.abs() + ln_scale.abs());
        let factor = Interval::new(distance - slack, distance + slack).exp();
        let im = if self.is_real() { ZERO } else { self.im * factor };
        Self { re: self.re * factor, im, ln_scale }
    }

    /// Returns the rectangle that reaches from the real axis to this one, which contains a path on which F(x + iy) -
    /// F(x) is integrated.
    fn down_to_the_axis(self) -> Self {
        Self::new(self.re, Interval::new(self.im.low.min(0.0), self.im.high.max(0.0)))
    }

    /// Encloses F(x + iy) = F(x) + i int_0^y F'(x + is) ds.
    fn by_slope(self, value: Interval, slope: Self) -> Self {
        Self::real(value) + Self::new(ZERO, self.im) * slope
    }

    /// Returns exp(z) - 1, with its relative accuracy near zero.
    fn exp_m1(self) -> Self {
        let half = Interval::new(0.5, 0.5);
        let double = Interval::new(2.0, 2.0);
        let re = self.re.increasing(f64::exp_m1) * self.im.cos() - double * (self.im * half).sin().powi(2);
        Self::new(re, self.re.exp() * self.im.sin())
    }

    /// Returns a logarithm or a root of a real interval, which does not exist for an interval of negative numbers.
    fn real_root(self, value: Interval) -> Self {
        if self.re.high < 0.0 { Self::ALL } else { Self::real(value) }
    }

    /// Bounds sin or cos far from the real axis: at most cosh y.
    fn wave_bound(self) -> Self {
        let one = Interval::new(-1.0, 1.0);
        let ln_scale = self.im.low.abs().max(self.im.high.abs());
        if ln_scale.is_finite() { Self { re: one, im: one, ln_scale } } else { Self::ALL }
    }
}

impl Add for Rectangle {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        let ln_scale = self.ln_scale.max(o.ln_scale);
        let (a, b) = (self.with_scale(ln_scale), o.with_scale(ln_scale));
        let im = if a.is_real() && b.is_real() { ZERO } else { a.im + b.im };
        Self { re: a.re + b.re, im, ln_scale }
    }
}

impl Sub for Rectangle {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + (-o)
    }
}

impl Neg for Rectangle {
    type Output = Self;
    fn neg(self) -> Self {
        Self { re: -self.re, im: if self.is_real() { ZERO } else { -self.im }, ..self }
    }
}

impl Mul for Rectangle {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        let (re, im) = match (self.is_real(), o.is_real()) {
            (true, true) => (self.re * o.re, ZERO),
            (true, false) => (self.re * o.re, self.re * o.im),
            (false, true) => (self.re * o.re, self.im * o.re),
            (false, false) => (self.re * o.re - self.im * o.im, self.re * o.im + self.im * o.re),
        };
        Self { re, im, ln_scale: self.ln_scale + o.ln_scale }
    }
}

impl Div for Rectangle {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let ln_scale = self.ln_scale - o.ln_scale;
        if o.is_real() {
            if o.re.contains_zero() {
                return if self.is_real() { Self::real(Interval::ALL) } else { Self::ALL };
            }
            let im = if self.is_real() { ZERO } else { self.im / o.re };
            return Self { re: self.re / o.re, im, ln_scale };
        }
        if o.re.contains_zero() && o.im.contains_zero() {
            return Self::ALL;
        }
        let square = o.re.powi(2) + o.im.powi(2);
        let product = self * Self { im: -o.im, ..o };
        Self { re: product.re / square, im: product.im / square, ln_scale }
    }
}

impl Elementary for Rectangle {
    fn constant(&self, x: DoubleDouble) -> Self {
        Self::real(self.re.constant(x))
    }
    fn exp(&self) -> Self {
        let z = self.settled();
        if z.re.high == f64::INFINITY {
            return if z.is_real() { Self::real(z.re.exp()) } else { Self::ALL };
        }
        let ln_scale = if z.re.high.abs() > LARGE { z.re.high } else { 0.0 };
        let size =
            if ln_scale == 0.0 { z.re.exp() } else { (z.re - Interval::new(ln_scale, ln_scale)).exp() };
        let (re, im) = if z.is_real() { (size, ZERO) } else { (size * z.im.cos(), size * z.im.sin()) };
        Self { re, im, ln_scale }
    }
    fn ln(&self) -> Self {
        let z = self.settled();
        if z.is_real() {
            return z.real_root(z.re.ln());
        }
        if z.re.low <= 0.0 {
            return Self::ALL;
        }
        // ln|z| = ln x + ln(1 + (y/x)^2) / 2 cannot overflow.
        let ratio = z.im / z.re;
        let half = Interval::new(0.5, 0.5);
        let re = z.re.ln() + half * ratio.powi(2).increasing(|x| x.max(0.0).ln_1p());
        Self::new(re, ratio.increasing(f64::atan))
    }
    fn sqrt(&self) -> Self {
        let z = self.settled();
        if z.is_real() {
            return z.real_root(z.re.sqrt());
        }
        z.powf(DoubleDouble::from(0.5))
    }
    fn sin(&self) -> Self {
        let z = self.settled();
        if z.is_real() {
            return Self::real(z.re.sin());
        }
        if z.im.low.abs().max(z.im.high.abs()) > LARGE {
            return z.wave_bound();
        }
        Self::new(
            z.re.sin() * Elementary::abs(&z.im).increasing(f64::cosh),
            z.re.cos() * z.im.increasing(f64::sinh),
        )
    }
    fn cos(&self) -> Self {
        let z = self.settled();
        if z.is_real() {
            return Self::real(z.re.cos());
        }
        if z.im.low.abs().max(z.im.high.abs()) > LARGE {
            return z.wave_bound();
        }
        Self::new(
            z.re.cos() * Elementary::abs(&z.im).increasing(f64::cosh),
            -(z.re.sin() * z.im.increasing(f64::sinh)),
        )
    }
    fn tanh(&self) -> Self {
        let z = self.settled();
        if z.is_real() {
            return Self::real(z.re.tanh());
        }
        let one = self.constant(DoubleDouble::ONE);
        if z.re.low.abs().max(z.re.high.abs()) < 1.0 {
            let e = (z + z).exp_m1();
            return e / (e + one + one);
        }
        let twice = (z + z).sigmoid();
        twice + twice - one
    }
    fn sigmoid(&self) -> Self {
        let z = self.settled();
        if z.is_real() {
            return Self::real(z.re.sigmoid());
        }
        let one = self.constant(DoubleDouble::ONE);
        if z.re.high <= 0.0 {
            let e = z.exp();
            return e / (one + e);
        }
        one / (one + (-z).exp())
    }
    fn softplus(&self) -> Self {
        let z = self.settled();
        if z.is_real() {
            return Self::real(z.re.softplus());
        }
        z.by_slope(z.re.softplus(), z.down_to_the_axis().sigmoid())
    }
    fn erf(&self) -> Self {
        let z = self.settled();
        if z.is_real() {
            return Self::real(z.re.erf());
        }
        let path = z.down_to_the_axis();
        let slope = (-path.powi(2)).exp() * self.constant(DoubleDouble::frac_2_sqrt_pi());
        z.by_slope(z.re.erf(), slope)
    }
    fn normal_cdf(&self) -> Self {
        let z = self.settled();
        if z.is_real() {
            return Self::real(z.re.normal_cdf());
        }
        let half = self.constant(DoubleDouble::from(0.5));
        half + half * (z * self.constant(DoubleDouble::frac_1_sqrt_2())).erf()
    }
    fn abs(&self) -> Self {
        if self.is_real() {
            Self { re: Elementary::abs(&self.re), ..*self }
        } else if self.re.low >= 0.0 {
            *self
        } else if self.re.high <= 0.0 {
            -*self
        } else {
            Self::ALL
        }
    }
    fn max(&self, other: &Self) -> Self {
        if self.is_real() && other.is_real() {
            return Self::real(Elementary::max(&self.settled().re, &other.settled().re));
        }
        let difference = (*self - *other).re;
        if difference.low >= 0.0 {
            *self
        } else if difference.high <= 0.0 {
            *other
        } else {
            Self::ALL
        }
    }
    fn step(&self) -> Self {
        if self.is_real() || self.re.low > 0.0 || self.re.high <= 0.0 {
            Self::real(self.re.step())
        } else {
            Self::ALL
        }
    }
    fn powf(&self, exponent: DoubleDouble) -> Self {
        if self.is_real() {
            let z = self.settled();
            return z.real_root(z.re.powf(exponent));
        }
        (self.ln() * self.constant(exponent)).exp()
    }
    fn powi(&self, n: i32) -> Self {
        if self.is_real() {
            return Self { re: self.re.powi(n), im: ZERO, ln_scale: f64::from(n) * self.ln_scale };
        }
        if n == 2 {
            let im = self.re * self.im;
            let re = self.re.powi(2) - self.im.powi(2);
            return Self { re, im: im + im, ln_scale: 2.0 * self.ln_scale };
        }
        let whole = |n: i32| {
            let mut result = self.constant(DoubleDouble::ONE);
            let (mut square, mut rest) = (*self, n.unsigned_abs());
            while rest > 0 {
                if rest % 2 == 1 {
                    result = result * square;
                }
                rest /= 2;
                if rest > 0 {
                    square = square.powi(2);
                }
            }
            result
        };
        if n < 0 { self.constant(DoubleDouble::ONE) / whole(n) } else { whole(n) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A complex number, from which the functions below are computed in another way.
    type Complex = (f64, f64);

    fn times(a: Complex, b: Complex) -> Complex {
        (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
    }

    fn over(a: Complex, b: Complex) -> Complex {
        let size = b.0 * b.0 + b.1 * b.1;
        let product = times(a, (b.0, -b.1));
        (product.0 / size, product.1 / size)
    }

    fn exp(z: Complex) -> Complex {
        (z.0.exp() * z.1.cos(), z.0.exp() * z.1.sin())
    }

    fn ln(z: Complex) -> Complex {
        (z.0.hypot(z.1).ln(), z.1.atan2(z.0))
    }

    fn erf(z: Complex) -> Complex {
        // The power series, whose terms are small for |z| < 4.
        let mut term = z;
        let mut sum = z;
        for k in 1..200 {
            let k = f64::from(k);
            term = times(term, times(z, z));
            term = (-term.0 / k, -term.1 / k);
            sum = (sum.0 + term.0 / (2.0 * k + 1.0), sum.1 + term.1 / (2.0 * k + 1.0));
        }
        (sum.0 * std::f64::consts::FRAC_2_SQRT_PI, sum.1 * std::f64::consts::FRAC_2_SQRT_PI)
    }

    #[test]
    fn values_lie_in_their_enclosures() {
        type Case = (&'static str, fn(&Rectangle) -> Rectangle, fn(Complex) -> Complex);
        let cases: [Case; 12] = [
            ("exp", |z| z.exp(), exp),
            ("ln", |z| z.ln(), ln),
            ("sqrt", |z| z.sqrt(), |z| exp((ln(z).0 / 2.0, ln(z).1 / 2.0))),
            (
                "sin",
                |z| z.sin(),
                |z| {
                    let (a, b) = (exp((-z.1, z.0)), exp((z.1, -z.0)));
                    over((a.0 - b.0, a.1 - b.1), (0.0, 2.0))
                },
            ),
            (
                "cos",
                |z| z.cos(),
                |z| {
                    let (a, b) = (exp((-z.1, z.0)), exp((z.1, -z.0)));
                    ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)
                },
            ),
            (
                "tanh",
                |z| z.tanh(),
                |z| {
                    let e = exp((2.0 * z.0, 2.0 * z.1));
                    over((e.0 - 1.0, e.1), (e.0 + 1.0, e.1))
                },
            ),
            (
                "sigmoid",
                |z| z.sigmoid(),
                |z| {
                    let e = exp(z);
                    over(e, (e.0 + 1.0, e.1))
                },
            ),
            (
                "softplus",
                |z| z.softplus(),
                |z| {
                    let e = exp(z);
                    ln((e.0 + 1.0, e.1))
                },
            ),
            ("erf", |z| z.erf(), erf),
            (
                "normal_cdf",
                |z| z.normal_cdf(),
                |z| {
                    let e = erf((z.0 / 2f64.sqrt(), z.1 / 2f64.sqrt()));
                    ((1.0 + e.0) / 2.0, e.1 / 2.0)
                },
            ),
            ("z^5", |z| z.powi(5), |z| times(times(times(z, z), times(z, z)), z)),
            (
                "1/(1+z^2)",
                |z| z.constant(DoubleDouble::ONE) / (z.constant(DoubleDouble::ONE) + z.powi(2)),
                |z| {
                    let s = times(z, z);
                    over((1.0, 0.0), (1.0 + s.0, s.1))
                },
            ),
        ];
        for (name, enclosure, value) in cases {
            let mut finite = 0;
            for i in -12..12 {
                for (width, low, height) in
                    [(0.01, -0.3, 0.6), (0.4, 0.1, 0.2), (0.05, -1.2, 2.4), (1.5, -0.9, 0.8)]
                {
                    let left = f64::from(i) * 0.17 + 0.03;
                    let z =
                        Rectangle::new(Interval::new(left, left + width), Interval::new(low, low + height));
                    let e = enclosure(&z);
                    finite += usize::from(e.ln_magnitude().is_finite());
                    let e = e.settled();
                    for j in 0..=12 {
                        for l in 0..=12 {
                            let point =
                                (left + width * f64::from(j) / 12.0, low + height * f64::from(l) / 12.0);
                            let (re, im) = value(point);
                            // The values here have rounding errors of their own.
                            let slack = 1e-12 * (1.0 + re.abs() + im.abs());
                            assert!(
                                e.re.low - slack <= re && re <= e.re.high + slack,
                                "{name} at {point:?}: {re} not in {:?}",
                                e.re
                            );
                            assert!(
                                e.im.low - slack <= im && im <= e.im.high + slack,
                                "{name} at {point:?}: {im} not in {:?}",
                                e.im
                            );
                        }
                    }
                }
            }
            assert!(finite > 20, "{name}: only {finite} enclosures are finite");
        }
    }

    #[test]
    fn what_is_not_analytic_is_the_whole_plane() {
        let z = Rectangle::new(Interval::new(-0.1, 0.2), Interval::new(-0.1, 0.1));
        for found in [Elementary::abs(&z), z.step(), z.ln(), z.sqrt(), z.constant(DoubleDouble::ONE) / z] {
            assert!(found.ln_magnitude().is_infinite());
        }
        let right = Rectangle { re: Interval::new(0.1, 0.2), ..z };
        assert_eq!(Elementary::abs(&-right), right);
        assert_eq!(Rectangle::real(z.re).step().re, Interval::new(0.0, 1.0));
    }

    #[test]
    fn products_of_huge_and_tiny_factors_are_bounded() {
        // exp(-z^2) sin(z) near z = 1e5 + 900i: exp(-1e10 + 8.1e5 + 900) at most.
        let z = Rectangle::new(Interval::new(1e5, 1.01e5), Interval::new(899.0, 900.0));
        let found = ((-z.powi(2)).exp() * z.sin()).ln_magnitude();
        assert!(found > -1.001e10 && found < -0.999e10, "{found:e}");
        // Added to a number of normal size, it is negligible.
        let sum = ((-z.powi(2)).exp() * z.sin() + z.constant(DoubleDouble::ONE)).ln_magnitude();
        assert!((0.0..1e-12).contains(&sum), "{sum:e}");
        let large = Rectangle::real(Interval::new(830.0, 831.0)).exp().ln_magnitude();
        assert!((831.0..831.001).contains(&large), "{large}");
    }
}
