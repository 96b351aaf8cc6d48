//! exp, sin and cos: their derivatives are again exp, sin or cos, so Rodrigues' formula sums to a hypergeometric series
//! (FH-5).

use crate::numeric::{DoubleDouble, Scaled};
use crate::sphere::{Degree, Dim};

/// The function: exp, sin or cos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exponential {
    /// exp(t).
    Exp,
    /// sin(t).
    Sin,
    /// cos(t).
    Cos,
}

impl Exponential {
    /// Computes alpha_k = +- s^k / (n (n+2) .. (n+2k-2)) 0F1(; n/2 + k; +- s^2/4), multiples of the Bessel functions I
    /// and J, with the sum of absolute terms divided by the absolute sum. In the limit of infinite dimension (`None`)
    /// the coefficients are +- s^k exp(+- s^2/2) / sqrt(k!). Degrees of the wrong parity are zero.
    pub fn coefficients(self, dim: Option<Dim>, scale: f64, max_degree: Degree) -> Vec<(Scaled, f64)> {
        let s = DoubleDouble::from(scale);
        let quarter = (s * s).scale_by_power_of_two(-2);
        let argument = if self == Self::Exp { quarter } else { -quarter };
        let mut prefactor = Scaled::from(1.0);
        let mut out = Vec::with_capacity(max_degree + 1);
        for k in 0..=max_degree {
            let kf = k as f64;
            let seen = match self {
                Self::Exp => true,
                Self::Sin => k % 2 == 1,
                Self::Cos => k % 2 == 0,
            };
            if seen {
                let (sum, size) = match dim {
                    Some(dim) => hypergeometric(dim.as_f64() / 2.0 + kf, argument),
                    None => ((argument + argument).exp(), 1.0),
                };
                let sign = if self != Self::Exp && (k / 2) % 2 == 1 { -1.0 } else { 1.0 };
                let ratio = if sum.to_f64() == 0.0 { f64::INFINITY } else { size / sum.to_f64().abs() };
                out.push((prefactor.times(sum * DoubleDouble::from(sign)), ratio));
            } else {
                out.push((Scaled::ZERO, 0.0));
            }
            let divisor = match dim {
                Some(dim) => DoubleDouble::from(dim.as_f64() + 2.0 * kf),
                None => DoubleDouble::from(kf + 1.0).sqrt(),
            };
            prefactor = prefactor.times(s / divisor);
        }
        out
    }
}

/// Computes 0F1(; b; x) = sum x^j / (j! b (b+1) .. (b+j-1)), and the sum of its absolute terms.
fn hypergeometric(b: f64, x: DoubleDouble) -> (DoubleDouble, f64) {
    let (mut term, mut sum, mut size) = (DoubleDouble::ONE, DoubleDouble::ONE, 1.0);
    for j in 0..100_000 {
        let j = f64::from(j);
        term = term * x / DoubleDouble::from((j + 1.0) * (b + j));
        sum = sum + term;
        size += term.to_f64().abs();
        if term.to_f64().abs() <= 1e-34 * size {
            break;
        }
    }
    (sum, if size.is_finite() { size } else { f64::INFINITY })
}
