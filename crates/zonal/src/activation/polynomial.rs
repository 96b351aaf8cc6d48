//! Polynomials in one variable: square, cube, Hermite polynomials, and formulas that are polynomials.

use crate::numeric::{DoubleDouble, Scaled};
use crate::sphere::{Degree, Dim};

/// phi(t) = sum_p c_p t^p in double-double arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerSeries {
    coefficients: Vec<DoubleDouble>,
}

/// The largest degree of a Hermite polynomial that can be chosen by name.
pub const MAX_HERMITE: u8 = 32;

impl PowerSeries {
    /// Creates a series from the coefficients of 1, t, t^2, ..; an empty list gives the zero polynomial.
    pub fn new(mut coefficients: Vec<DoubleDouble>) -> Self {
        while coefficients.len() > 1 && coefficients.last().is_some_and(|c| c.to_f64() == 0.0) {
            coefficients.pop();
        }
        if coefficients.is_empty() {
            coefficients.push(DoubleDouble::ZERO);
        }
        Self { coefficients }
    }

    /// t^p.
    pub fn monomial(p: usize) -> Self {
        let mut coefficients = vec![DoubleDouble::ZERO; p + 1];
        coefficients[p] = DoubleDouble::ONE;
        Self { coefficients }
    }

    /// The Hermite polynomial He_K / sqrt(K!) of norm 1 under the standard normal law.
    pub fn hermite(degree: u8) -> Self {
        let (mut previous, mut current) = (vec![DoubleDouble::ZERO], vec![DoubleDouble::ONE]);
        for k in 0..degree {
            // sqrt(k+1) h_(k+1) = t h_k - sqrt(k) h_(k-1).
            let (up, down) =
                (DoubleDouble::from(f64::from(k) + 1.0).sqrt(), DoubleDouble::from(f64::from(k)).sqrt());
            let mut next = vec![DoubleDouble::ZERO];
            next.extend(current.iter().map(|c| *c / up));
            for (n, p) in next.iter_mut().zip(&previous) {
                *n = *n - *p * down / up;
            }
            previous = current;
            current = next;
        }
        Self { coefficients: current }
    }

    /// Returns the algebraic degree.
    pub fn degree(&self) -> Degree {
        self.coefficients.len() - 1
    }

    /// Returns the coefficients of 1, t, t^2, ..
    pub fn coefficients(&self) -> &[DoubleDouble] {
        &self.coefficients
    }

    /// Returns the derivative.
    pub fn derivative(&self) -> Self {
        let terms = self.coefficients.iter().enumerate().skip(1);
        let mut coefficients: Vec<_> = terms.map(|(p, c)| *c * DoubleDouble::from(p as f64)).collect();
        if coefficients.is_empty() {
            coefficients.push(DoubleDouble::ZERO);
        }
        Self { coefficients }
    }

    /// Computes E[phi(s t) P_k(t)] with the sum of absolute terms, k = 0..=max_degree (FH-6): E[t^p P_k] = p! / ((p-k)!
    /// n (n+2) .. (n+2k-2)) E_(n+2k)[t^(p-k)].
    pub fn funk_hecke(&self, dim: Dim, scale: f64, max_degree: Degree) -> Vec<(Scaled, f64)> {
        let n = dim.as_f64();
        self.by_degree(max_degree, |p, k| {
            let mut value = power(scale, p);
            for i in 0..k {
                let factor = DoubleDouble::from((p - i) as f64) / DoubleDouble::from(n + 2.0 * i as f64);
                value = value.times(factor);
            }
            value.times(even_moment(n + 2.0 * k as f64, (p - k) / 2))
        })
    }

    /// Computes the normalised Hermite coefficients E[phi(s z) He_k(z)] / sqrt(k!) with the sum of absolute terms.
    pub fn hermite_coefficients(&self, scale: f64, max_degree: Degree) -> Vec<(Scaled, f64)> {
        self.by_degree(max_degree, |p, k| {
            // E[z^p He_k] = p! / (p-k)! E z^(p-k).
            let mut value = power(scale, p);
            for i in 0..k {
                let factor = DoubleDouble::from((p - i) as f64) / DoubleDouble::from(i as f64 + 1.0).sqrt();
                value = value.times(factor);
            }
            let moment =
                (0..(p - k) / 2).fold(DoubleDouble::ONE, |m, i| m * DoubleDouble::from(2.0 * i as f64 + 1.0));
            value.times(moment)
        })
    }

    fn by_degree(&self, max_degree: Degree, term: impl Fn(usize, Degree) -> Scaled) -> Vec<(Scaled, f64)> {
        (0..=max_degree)
            .map(|k| {
                let (mut sum, mut size) = (Scaled::ZERO, Scaled::ZERO);
                for p in (k..self.coefficients.len()).step_by(2) {
                    let value = term(p, k).times(self.coefficients[p]);
                    sum = sum.plus(value);
                    size = size.plus(if value.sign() < 0 { Scaled::ZERO.minus(value) } else { value });
                }
                let ratio = if sum.sign() == 0 { 0.0 } else { (size.ln_abs() - sum.ln_abs()).exp() };
                (sum, ratio)
            })
            .collect()
    }

    /// Computes E[phi(s t)^2]; `None` selects the standard normal law.
    pub fn norm_sq(&self, dim: Option<Dim>, scale: f64) -> DoubleDouble {
        let mut sum = DoubleDouble::ZERO;
        for (p, c) in self.coefficients.iter().enumerate() {
            for (q, d) in self.coefficients.iter().enumerate().filter(|(q, _)| (p + q) % 2 == 0) {
                let half = (p + q) / 2;
                let moment = match dim {
                    Some(dim) => even_moment(dim.as_f64(), half),
                    None => {
                        (0..half).fold(DoubleDouble::ONE, |m, i| m * DoubleDouble::from(2.0 * i as f64 + 1.0))
                    }
                };
                let power = (0..p + q).fold(DoubleDouble::ONE, |m, _| m * DoubleDouble::from(scale));
                sum = sum + *c * *d * moment * power;
            }
        }
        sum
    }
}

fn power(scale: f64, p: usize) -> Scaled {
    (0..p).fold(Scaled::from(1.0), |m, _| m.times(DoubleDouble::from(scale)))
}

/// E t^(2q) in dimension n.
fn even_moment(n: f64, q: usize) -> DoubleDouble {
    (0..q).fold(DoubleDouble::ONE, |m, i| {
        let i = 2.0 * i as f64;
        m * DoubleDouble::from(i + 1.0) / DoubleDouble::from(n + i)
    })
}
