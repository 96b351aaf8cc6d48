//! Taylor arithmetic: a function near a point as its Taylor coefficients, f^(k)(x) / k!, k = 0, 1, .., K.
//!
//! Products are Cauchy products; a function y = F(u) is computed from its differential equation, for instance y' = (1 -
//! y^2) u' for tanh (A. Griewank, A. Walther, "Evaluating Derivatives", 2nd ed., chapter 13).

use super::{DoubleDouble, Elementary};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Taylor coefficients in double-double arithmetic. All jets of one computation have the same length.
#[derive(Clone, Debug)]
pub struct Jet {
    coefficients: Vec<DoubleDouble>,
}

impl Jet {
    /// Creates the variable itself at `x`: x + 1 h, with coefficients up to degree `order`.
    pub fn variable(x: DoubleDouble, order: usize) -> Self {
        let mut coefficients = vec![DoubleDouble::ZERO; order + 1];
        coefficients[0] = x;
        if order >= 1 {
            coefficients[1] = DoubleDouble::ONE;
        }
        Self { coefficients }
    }

    /// Returns the coefficients f^(k)(x) / k!.
    pub fn coefficients(&self) -> &[DoubleDouble] {
        &self.coefficients
    }

    fn scaled(&self, factor: DoubleDouble) -> Self {
        Self { coefficients: self.coefficients.iter().map(|c| *c * factor).collect() }
    }

    /// Returns sine and cosine together, since each is the other's derivative up to the sign.
    fn sin_cos(&self) -> (Self, Self) {
        let du = self.derivative();
        let (s0, c0) = self.coefficients[0].sin_cos();
        let (mut s, mut c) = (vec![s0], vec![c0]);
        for k in 0..self.len() - 1 {
            let step = DoubleDouble::from((k + 1) as f64);
            let (sine, cosine) = (convolution(&c, &du, k) / step, -convolution(&s, &du, k) / step);
            s.push(sine);
            c.push(cosine);
        }
        (Self { coefficients: s }, Self { coefficients: c })
    }

    fn len(&self) -> usize {
        self.coefficients.len()
    }

    /// Returns the derivative of the series, one coefficient shorter, padded with zero.
    fn derivative(&self) -> Vec<DoubleDouble> {
        let mut d: Vec<_> =
            (1..self.len()).map(|k| self.coefficients[k] * DoubleDouble::from(k as f64)).collect();
        d.push(DoubleDouble::ZERO);
        d
    }

    /// Solves y' = g u' order by order, where coefficient k of g may depend on coefficients 0..=k of y.
    fn integrate(
        &self,
        start: DoubleDouble,
        mut g: impl FnMut(&[DoubleDouble], usize) -> DoubleDouble,
    ) -> Self {
        let du = self.derivative();
        // Most arguments are c + h times a constant: then only du[0] is non-zero and the step is O(1).
        let last = last_non_zero(&du);
        let mut y = Vec::with_capacity(self.len());
        let mut gs = Vec::with_capacity(self.len());
        y.push(start);
        for k in 0..self.len() - 1 {
            gs.push(g(&y, k));
            let mut sum = DoubleDouble::ZERO;
            for j in 0..=k.min(last) {
                sum = sum + gs[k - j] * du[j];
            }
            y.push(sum / DoubleDouble::from((k + 1) as f64));
        }
        Self { coefficients: y }
    }
}

fn last_non_zero(a: &[DoubleDouble]) -> usize {
    a.iter().rposition(|x| x.to_f64() != 0.0).unwrap_or(0)
}

/// Returns coefficient k of the square of a series: pairs are computed once and doubled.
fn square_coefficient(a: &[DoubleDouble], k: usize) -> DoubleDouble {
    let pairs: DoubleDouble = (0..k.div_ceil(2)).map(|i| a[i] * a[k - i]).sum();
    let twice = pairs + pairs;
    if k.is_multiple_of(2) { twice + a[k / 2] * a[k / 2] } else { twice }
}

/// Returns coefficient k of the product of two series.
fn convolution(a: &[DoubleDouble], b: &[DoubleDouble], k: usize) -> DoubleDouble {
    (0..=k).map(|i| a[i] * b[k - i]).sum()
}

impl Add for Jet {
    type Output = Self;
    fn add(mut self, o: Self) -> Self {
        for (a, b) in self.coefficients.iter_mut().zip(o.coefficients) {
            *a = *a + b;
        }
        self
    }
}

impl Sub for Jet {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + (-o)
    }
}

impl Neg for Jet {
    type Output = Self;
    fn neg(mut self) -> Self {
        for a in &mut self.coefficients {
            *a = -*a;
        }
        self
    }
}

impl Mul for Jet {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        // A variable, a constant or a low polynomial has few non-zero coefficients: only these are visited.
        let (a, b) = (&self.coefficients, &o.coefficients);
        let (last_a, last_b) = (last_non_zero(a), last_non_zero(b));
        let coefficients = (0..self.len())
            .map(|k| (k.saturating_sub(last_b)..=k.min(last_a)).map(|i| a[i] * b[k - i]).sum())
            .collect();
        Self { coefficients }
    }
}

impl Div for Jet {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let mut q: Vec<DoubleDouble> = Vec::with_capacity(self.len());
        for k in 0..self.len() {
            let known: DoubleDouble = (0..k).map(|i| q[i] * o.coefficients[k - i]).sum();
            q.push((self.coefficients[k] - known) / o.coefficients[0]);
        }
        Self { coefficients: q }
    }
}

impl Elementary for Jet {
    fn constant(&self, x: DoubleDouble) -> Self {
        let mut coefficients = vec![DoubleDouble::ZERO; self.len()];
        coefficients[0] = x;
        Self { coefficients }
    }

    fn exp(&self) -> Self {
        self.integrate(self.coefficients[0].exp(), |y, k| y[k])
    }

    fn ln(&self) -> Self {
        let reciprocal = self.constant(DoubleDouble::ONE) / self.clone();
        self.integrate(self.coefficients[0].ln(), |_, k| reciprocal.coefficients[k])
    }

    fn sqrt(&self) -> Self {
        // y y = u, coefficient by coefficient.
        let u = &self.coefficients;
        let mut y = vec![u[0].sqrt()];
        let twice = y[0] + y[0];
        for k in 1..u.len() {
            let known: DoubleDouble = (1..k).map(|i| y[i] * y[k - i]).sum();
            y.push((u[k] - known) / twice);
        }
        Self { coefficients: y }
    }

    fn sin(&self) -> Self {
        self.sin_cos().0
    }

    fn cos(&self) -> Self {
        self.sin_cos().1
    }

    fn tanh(&self) -> Self {
        self.integrate(self.coefficients[0].tanh(), |y, k| {
            let square = square_coefficient(y, k);
            if k == 0 { DoubleDouble::ONE - square } else { -square }
        })
    }

    fn sigmoid(&self) -> Self {
        self.integrate(self.coefficients[0].sigmoid(), |y, k| y[k] - square_coefficient(y, k))
    }

    fn softplus(&self) -> Self {
        let slope = self.sigmoid();
        self.integrate(self.coefficients[0].softplus(), |_, k| slope.coefficients[k])
    }

    fn erf(&self) -> Self {
        let gaussian = (-(self.clone() * self.clone())).exp();
        self.integrate(self.coefficients[0].erf(), |_, k| {
            DoubleDouble::frac_2_sqrt_pi() * gaussian.coefficients[k]
        })
    }

    fn normal_cdf(&self) -> Self {
        let mut half = self.scaled(DoubleDouble::frac_1_sqrt_2()).erf();
        half.coefficients[0] = half.coefficients[0] + DoubleDouble::ONE;
        half.scaled(DoubleDouble::from(0.5))
    }

    fn abs(&self) -> Self {
        if self.coefficients[0].to_f64() < 0.0 { -self.clone() } else { self.clone() }
    }

    fn max(&self, other: &Self) -> Self {
        if self.coefficients[0] >= other.coefficients[0] { self.clone() } else { other.clone() }
    }

    fn step(&self) -> Self {
        self.constant(self.coefficients[0].step())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(jet: &Jet, expected: &[f64]) {
        for (k, &e) in expected.iter().enumerate() {
            let c = jet.coefficients()[k].to_f64();
            assert!((c - e).abs() <= 1e-15 * (1.0 + e.abs()), "coefficient {k}: {c} instead of {e}");
        }
    }

    #[test]
    fn series_at_zero_are_the_textbook_ones() {
        let x = Jet::variable(DoubleDouble::ZERO, 7);
        check(&x.exp(), &[1.0, 1.0, 0.5, 1.0 / 6.0, 1.0 / 24.0]);
        check(&x.tanh(), &[0.0, 1.0, 0.0, -1.0 / 3.0, 0.0, 2.0 / 15.0, 0.0, -17.0 / 315.0]);
        check(&x.sigmoid(), &[0.5, 0.25, 0.0, -1.0 / 48.0, 0.0, 1.0 / 480.0]);
        let c = std::f64::consts::FRAC_2_SQRT_PI;
        check(&x.erf(), &[0.0, c, 0.0, -c / 3.0, 0.0, c / 10.0, 0.0, -c / 42.0]);
        check(&(x.constant(DoubleDouble::ONE) / (x.constant(DoubleDouble::ONE) - x)), &[1.0; 8]);
    }

    #[test]
    fn relations_between_functions_hold_at_any_point() {
        for &at in &[-3.0, -0.4, 0.9, 2.5] {
            let x = Jet::variable(DoubleDouble::from(at), 40);
            // tanh(x) = 2 sigmoid(2x) - 1.
            let two = x.constant(DoubleDouble::from(2.0));
            let right = two.clone() * (two * x.clone()).sigmoid() - x.constant(DoubleDouble::ONE);
            for (a, b) in x.tanh().coefficients().iter().zip(right.coefficients()) {
                assert!((*a - *b).to_f64().abs() < 1e-28, "at {at}: {a:?} {b:?}");
            }
            // Functions and their inverses, and sin^2 + cos^2 = 1.
            let pairs = [
                (x.exp().ln(), x.clone()),
                ((x.clone() * x.clone()).sqrt(), x.abs()),
                (x.sin() * x.sin() + x.cos() * x.cos(), x.constant(DoubleDouble::ONE)),
                (x.softplus().exp(), x.exp() + x.constant(DoubleDouble::ONE)),
                (x.powi(-3) * x.powi(3), x.constant(DoubleDouble::ONE)),
            ];
            for (i, (left, right)) in pairs.iter().enumerate() {
                for (a, b) in left.coefficients().iter().zip(right.coefficients()).take(16) {
                    // Coefficients of 1/x at 0.4 grow like 2.5^k.
                    assert!((*a - *b).to_f64().abs() < 1e-19, "pair {i} at {at}: {a:?} {b:?}");
                }
            }
        }
    }
}
