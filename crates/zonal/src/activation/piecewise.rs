//! Combinations of the truncated powers t_+^a, a = 0, 1, 2, with a linear function: ReLU and related activations.

use crate::numeric::special::mean_abs_coordinate;
use crate::numeric::{DoubleDouble, Scaled};
use crate::sphere::{Degree, Dim};

/// phi(t) = sum_a c_a t_+^a + l t + c.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piecewise {
    /// Coefficients of t_+^0, t_+^1, t_+^2.
    pub truncated: [f64; 3],
    /// Coefficient of t.
    pub linear: f64,
    /// The constant term.
    pub constant: f64,
}

impl Piecewise {
    /// The zero function.
    pub(super) const ZERO: Self = Self { truncated: [0.0; 3], linear: 0.0, constant: 0.0 };

    /// Returns t -> phi(s t), whose coefficients are multiplied by s^a.
    pub fn scaled(&self, s: f64) -> Self {
        let [c0, c1, c2] = self.truncated;
        Self { truncated: [c0, c1 * s, c2 * s * s], linear: self.linear * s, constant: self.constant }
    }

    /// Returns the derivative, or None if there is a jump.
    pub fn derivative(&self) -> Option<Self> {
        let [jump, c1, c2] = self.truncated;
        (jump == 0.0).then_some(Self { truncated: [c1, 2.0 * c2, 0.0], linear: 0.0, constant: self.linear })
    }

    /// Computes the Funk-Hecke coefficients in closed form (FH-4): relative error below 1e-14 for every degree and
    /// dimension.
    pub fn coefficients(&self, dim: Dim, max_degree: Degree) -> Vec<Scaled> {
        let n = dim.as_f64();
        // FH-4 gives alpha_(k+2) / alpha_k = (a - k) / (k + n + a).
        let ratio = |a: f64, k: f64| DoubleDouble::from(a - k) / DoubleDouble::from(k + n + a);
        let moments = sphere_moments(dim);
        self.combine(&moments, 1.0 / n, ratio, max_degree)
    }

    /// Computes the normalised Hermite coefficients E[phi(z) He_k(z)] / sqrt(k!), z standard normal: the limit of
    /// alpha_k sqrt(N_k) at scale sqrt(n).
    pub fn hermite_coefficients(&self, max_degree: Degree) -> Vec<Scaled> {
        let ratio =
            |a: f64, k: f64| DoubleDouble::from(a - k) / DoubleDouble::from((k + 1.0) * (k + 2.0)).sqrt();
        self.combine(&normal_moments(), 1.0, ratio, max_degree)
    }

    /// Sums the coefficients of the truncated powers, each from its first two, E t_+^a and E t_+^(a+1), and a ratio.
    fn combine(
        &self,
        moments: &[f64; 5],
        second_moment: f64,
        ratio: impl Fn(f64, f64) -> DoubleDouble,
        max_degree: Degree,
    ) -> Vec<Scaled> {
        let mut out = vec![Scaled::ZERO; max_degree.max(1) + 1];
        for (a, &c) in self.truncated.iter().enumerate().filter(|(_, c)| **c != 0.0) {
            for first in 0..2 {
                let mut value = Scaled::from(moments[a + first]).times(DoubleDouble::from(c));
                for k in (first..=max_degree).step_by(2) {
                    out[k] = out[k].plus(value);
                    value = value.times(ratio(a as f64, k as f64));
                }
            }
        }
        out[0] = out[0].plus(Scaled::from(self.constant));
        out[1] = out[1].plus(Scaled::from(self.linear * second_moment));
        out.truncate(max_degree + 1);
        out
    }

    /// Computes E[phi(t)^2] over the sphere.
    pub fn norm_sq(&self, dim: Dim) -> f64 {
        self.mean_square(&sphere_moments(dim))
    }

    /// Computes E[phi(z)^2] for z standard normal.
    pub fn normal_norm_sq(&self) -> f64 {
        self.mean_square(&normal_moments())
    }

    fn mean_square(&self, moments: &[f64; 5]) -> f64 {
        // E t = 0, E t^2 = 2 E t_+^2.
        let mut sum = self.linear * self.linear * 2.0 * moments[2] + self.constant * self.constant;
        for (a, x) in self.truncated.iter().enumerate() {
            for (b, y) in self.truncated.iter().enumerate() {
                sum += x * y * moments[a + b];
            }
            sum += 2.0 * x * (self.linear * moments[a + 1] + self.constant * moments[a]);
        }
        sum
    }
}

/// Computes E t_+^p, p = 0..=4, on the sphere.
fn sphere_moments(dim: Dim) -> [f64; 5] {
    let n = dim.as_f64();
    let c = mean_abs_coordinate(dim.get());
    [0.5, c / 2.0, 0.5 / n, c / (n + 1.0), 1.5 / (n * (n + 2.0))]
}

/// Computes E z_+^p, p = 0..=4, for z standard normal.
fn normal_moments() -> [f64; 5] {
    let root = (2.0 * std::f64::consts::PI).sqrt();
    [0.5, 1.0 / root, 0.5, 2.0 / root, 1.5]
}
