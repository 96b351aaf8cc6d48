//! Funk-Hecke coefficients by Rodrigues' formula (FH-3): the k-th derivative under the weight of dimension n + 2k, for
//! coefficients that are far below the norm.

use super::integral::{Integral, Route};
use super::law::Law;
use super::refine::{Answer, Bound, NEGLIGIBLE, Sum, refine};
use crate::numeric::{DoubleDouble, Scaled};
use crate::sphere::Degree;
use std::ops::RangeInclusive;

/// The number of halvings of the step: where the formula is useful it converges at once, and its terms are expensive.
const RODRIGUES_LEVELS: usize = 6;
/// Computes the coefficients of a range of degrees by Rodrigues' formula; vanishing coefficients are exact zeros.
pub(super) fn coefficients(
    law: Law,
    scale: f64,
    degrees: RangeInclusive<Degree>,
    taylor: &dyn Fn(DoubleDouble, Degree) -> Vec<DoubleDouble>,
    rounding: f64,
    vanishes: &dyn Fn(Degree) -> bool,
) -> Vec<Integral> {
    let (first, last) = degrees.into_inner();
    let mut rodrigues = Rodrigues::new(law, scale, first, last);
    // Up to a polynomial, f is even or odd if the degrees of one parity vanish; the derivatives used are then even.
    rodrigues.mirrored = (first..=last).all(|k| vanishes(k) || vanishes(k + 1));
    let step = match law {
        Law::Sphere(dim) => 1.0 / (dim.as_f64() + 2.0 * first as f64 - 1.0).sqrt().max(1.0),
        Law::Normal => 1.0,
    };
    let none = |i: usize| vanishes(first + i);
    let bounds = refine(step, RODRIGUES_LEVELS, rounding, |u| rodrigues.add(u, taylor), &none);
    let integral = |(i, bound): (usize, Bound)| {
        if none(i) {
            return Integral::ZERO;
        }
        let factor = rodrigues.prefactors[i].to_f64().abs();
        bound.integral(rodrigues.value(i), factor, Route::Rodrigues)
    };
    bounds.into_iter().enumerate().map(integral).collect()
}

/// Rodrigues' integrals of f^(k)(s t) / k!, k = first..=last, on the sphere under the weight of dimension n + 2k.
struct Rodrigues {
    law: Law,
    scale: DoubleDouble,
    first: Degree,
    sums: Vec<Sum>,
    weights: Vec<DoubleDouble>,
    /// On the sphere s^k k! / (n (n+2) .. (n+2k-2)), under the normal law s^k sqrt(k!).
    prefactors: Vec<Scaled>,
    /// Whether derivatives have the same value at -x as at x.
    mirrored: bool,
}

impl Rodrigues {
    fn new(law: Law, scale: f64, first: Degree, last: Degree) -> Self {
        let scale = DoubleDouble::from(scale);
        let mut prefactor = Scaled::from(1.0);
        let mut prefactors = Vec::new();
        for k in 0..=last {
            if k >= first {
                prefactors.push(prefactor);
            }
            prefactor = prefactor.times(scale * law.rodrigues_factor(k));
        }
        let count = last - first + 1;
        Self {
            law,
            scale,
            first,
            sums: vec![Sum::default(); count],
            weights: vec![DoubleDouble::ZERO; count],
            prefactors,
            mirrored: false,
        }
    }

    /// Returns alpha_k for k = first + i.
    fn value(&self, i: usize) -> Scaled {
        self.prefactors[i].times(self.sums[i].value / self.weights[i])
    }

    fn add(
        &mut self,
        u: Option<DoubleDouble>,
        taylor: &dyn Fn(DoubleDouble, Degree) -> Vec<DoubleDouble>,
    ) -> Answer {
        let Some(u) = u else {
            let ratio = |(s, w): (&Sum, &DoubleDouble)| (s.value / *w, s.mass / w.to_f64());
            return Answer::Integrals(self.sums.iter().zip(&self.weights).map(ratio).collect());
        };
        let node = self.law.node(u);
        let centre = u.to_f64() == 0.0;
        let last = self.first + self.sums.len() - 1;
        let x = node.t * self.scale;
        let plus = taylor(x, last);
        let minus = match (centre, self.mirrored) {
            (true, _) => Vec::new(),
            (false, true) => plus.clone(),
            (false, false) => taylor(-x, last),
        };
        let both = DoubleDouble::from(if centre { 1.0 } else { 2.0 });
        let sech_sq = (node.ln_sech + node.ln_sech).exp();
        let lift = node.ln_sech * DoubleDouble::from(2.0 * self.first as f64);
        let mut w = (node.ln_weight + lift).exp();
        let mut negligible = w.to_f64() <= NEGLIGIBLE * self.weights[0].to_f64();
        for (i, sum) in self.sums.iter_mut().enumerate() {
            let (a, b) = (plus[self.first + i], minus.get(self.first + i).copied().unwrap_or_default());
            let term = w.to_f64() * (a.to_f64().abs() + b.to_f64().abs());
            sum.add(w * (a + b), term);
            negligible &= term <= NEGLIGIBLE * sum.mass || !term.is_finite() || sum.mass.is_nan();
            self.weights[i] = self.weights[i] + w * both;
            w = w * sech_sq;
        }
        Answer::Negligible(negligible)
    }
}
