//! Expectations under the law of one coordinate t of a uniform point of the sphere, and Funk-Hecke integrals of
//! analytic functions, in double-double arithmetic with errors.
//!
//! Formulas are integrated with proven errors in `enclosed` (FH-8). If only values are known, and for derivatives, a
//! rule is refined until it converges (FH-7), and its error is an estimate.
//!
//! With t = tanh u the law of t becomes sech^(n-1)(u) du up to normalisation, and the trapezoidal rule in u converges
//! exponentially: its error is about exp(-2 pi d / h), where d is the half-width of the strip of analyticity. Halving h
//! squares the error, so the change between two levels is a safe estimate of the error of the finer one. The
//! normalisation is the same rule applied to 1, so no Gamma function is needed and nothing overflows in any dimension.

mod enclosed;
mod integral;
mod law;
mod refine;
mod rodrigues;

pub use integral::{FunkHecke, Integral, NotFinite, Route};
pub use law::Law;

use crate::activation::Numeric;
use crate::error::Result;
use crate::linalg::{Matrix, symmetric_eigen};
use crate::numeric::{DoubleDouble, Scaled};
use crate::sphere::Degree;
use integral::ROUNDING;
use law::Node;
use refine::{Answer, Bound, Integrals, NEGLIGIBLE, Sum, refine, update_bounds};

/// Computes the nodes and weights of the Gauss-Legendre rule on [-1, 1] from the eigenvalues of its Jacobi matrix
/// (Golub and Welsch).
///
/// # Errors
/// None for finite counts.
pub fn gauss_legendre(count: usize) -> Result<Vec<(f64, f64)>> {
    let mut jacobi = Matrix::zeros(count, count);
    for k in 1..count {
        let k = k as f64;
        jacobi.row_mut(k as usize)[k as usize - 1] = k / (4.0 * k * k - 1.0).sqrt();
    }
    let eigen = symmetric_eigen(&jacobi)?;
    let weight = |i: usize| 2.0 * eigen.vectors.row(i)[0] * eigen.vectors.row(i)[0];
    Ok((0..count).map(|i| (eigen.values[i], weight(i))).collect())
}

/// Degrees for which the defining integral has a larger relative error than this are computed by Rodrigues' formula.
const WANTED: f64 = 1e-16;
/// The largest number of halvings of the step; the error bound then shows the accuracy reached.
const LEVELS: usize = 12;
/// Taylor coefficients beyond this degree are not worth their cost.
const MAX_TAYLOR: Degree = 96;

/// Computes alpha_k = E[f(s t) p_k(t)] for k <= `max_degree`.
///
/// The defining integral comes first: with proven errors if f consists of pieces that can be enclosed (FH-8), otherwise
/// by the trapezoidal rule (FH-7), between breakpoints by the tanh-sinh rule in u. If its error is too large relative
/// to the value, which happens if alpha_k sqrt(N_k) is far below ||f||, Rodrigues' formula (FH-3) is tried for analytic
/// f, and each degree takes the route with the smaller error. Degrees for which `vanishes` is true are exact zeros.
///
/// # Errors
/// [`NotFinite`] if f has no finite value at some argument.
pub fn funk_hecke(
    law: Law,
    scale: f64,
    max_degree: Degree,
    f: &Numeric,
    vanishes: &dyn Fn(Degree) -> bool,
) -> std::result::Result<FunkHecke, NotFinite> {
    let rounding = ROUNDING.max(4.0 * f.accuracy);
    let vanishes = &|k: Degree| k <= max_degree && vanishes(k);
    let mut found = if f.pieces.is_empty() {
        defining(law, scale, max_degree, f, rounding, vanishes)
    } else {
        enclosed::funk_hecke(law, scale, max_degree, &f.pieces, vanishes)?
    };
    let last = max_degree.min(MAX_TAYLOR);
    let first = found.coefficients.iter().position(|c| c.relative_error > WANTED).filter(|k| *k <= last);
    if let (Some(first), Some(taylor), true) = (first, &f.taylor, f.breakpoints.is_empty()) {
        let candidates =
            rodrigues::coefficients(law, scale, first..=last, taylor.as_ref(), rounding, vanishes);
        for (held, candidate) in found.coefficients[first..].iter_mut().zip(candidates) {
            // Derivatives may miss features that an enclosure cannot miss, so a candidate is accepted only within the
            // proven error.
            let distance = held.value.minus(candidate.value).to_f64().abs();
            let agree = !held.proven || distance <= held.absolute_error + candidate.absolute_error;
            if candidate.relative_error < held.relative_error && agree {
                *held = candidate;
            }
        }
    }
    Ok(found)
}

/// Computes the defining integral by a rule whose error is estimated from its convergence.
fn defining(
    law: Law,
    scale: f64,
    max_degree: Degree,
    f: &Numeric,
    rounding: f64,
    vanishes: &dyn Fn(Degree) -> bool,
) -> FunkHecke {
    let mut direct = Direct::new(law, scale, max_degree);
    let bounds = if f.breakpoints.is_empty() {
        // A function with possible narrow features gets a rule that is fine from the start.
        refine(law.spread() / 16.0, LEVELS, rounding, |u| direct.add_pair(u, &f.value), vanishes)
    } else {
        panels(law, scale, max_degree, f, rounding, &mut direct, vanishes)
    };
    let (norm_sq, weight) = (direct.square / direct.weight, direct.weight);
    let integral = |(k, sum): (usize, &Sum)| match vanishes(k) {
        true => Integral::ZERO,
        false => {
            let norm = direct.inverse_norms[k];
            let value = Scaled::from(sum.value / weight).times_scaled(norm);
            bounds[k].integral(value, norm.to_f64(), Route::Quadrature)
        }
    };
    let coefficients = direct.sums.iter().enumerate().map(integral).collect();
    let norm_error = bounds.last().map_or(f64::INFINITY, |b| b.relative);
    FunkHecke { coefficients, norm_sq, norm_error }
}

/// Computes the same integrals over panels between breakpoints, each by the tanh-sinh rule.
fn panels(
    law: Law,
    scale: f64,
    max_degree: Degree,
    f: &Numeric,
    rounding: f64,
    direct: &mut Direct,
    vanishes: &dyn Fn(usize) -> bool,
) -> Vec<Bound> {
    let end = DoubleDouble::from(law.end(max_degree));
    let mut edges = vec![-end];
    for point in &f.breakpoints {
        let u = law.inverse(*point / DoubleDouble::from(scale));
        if u > -end && u < end {
            edges.push(u);
        }
    }
    edges.push(end);
    // If u is spread over many deviations (low dimension) or f has narrow features, panels are split so that the rule
    // has points in the relevant region.
    let most = DoubleDouble::from(16.0 * law.spread());
    let mut pieces: Vec<(DoubleDouble, DoubleDouble)> = Vec::new();
    for pair in edges.windows(2) {
        let length = pair[1] - pair[0];
        let count = (length / most).to_f64().ceil().max(1.0);
        let part = length / DoubleDouble::from(count);
        for i in 0..count as usize {
            let from = pair[0] + part * DoubleDouble::from(i as f64);
            let to = if i + 1 == count as usize { pair[1] } else { from + part };
            pieces.push((from, to));
        }
    }
    let mut before: Option<Integrals> = None;
    let mut bounds = vec![Bound::UNKNOWN; max_degree + 2];
    let mut h = 0.25;
    for level in 0..PANEL_LEVELS {
        let stride = if level == 0 { 1 } else { 2 };
        let start: i32 = if level == 0 { 0 } else { 1 };
        let last = (4.2 / h) as i32;
        for &(from, to) in &pieces {
            for j in (start..=last).step_by(stride) {
                add_panel_node(direct, &f.value, from, to, f64::from(j) * h);
                if j > 0 {
                    add_panel_node(direct, &f.value, from, to, -f64::from(j) * h);
                }
            }
        }
        let now = direct.integrals();
        if let Some(before) = before
            && update_bounds(&mut bounds, &before, &now, rounding, vanishes)
        {
            break;
        }
        before = Some(now);
        h *= 0.5;
    }
    bounds
}

/// The number of halvings of the step within panels.
const PANEL_LEVELS: usize = 8;

/// Adds the point of the tanh-sinh rule at v on [from, to]: u = from + (to - from) / (1 + exp(-pi sinh v)).
fn add_panel_node(
    direct: &mut Direct,
    value: &dyn Fn(DoubleDouble) -> DoubleDouble,
    from: DoubleDouble,
    to: DoubleDouble,
    v: f64,
) {
    let one = DoubleDouble::ONE;
    let e = DoubleDouble::from(v).exp();
    let half = |x: DoubleDouble| x.scale_by_power_of_two(-1);
    let (sinh, cosh) = (half(e - one / e), half(e + one / e));
    let x = DoubleDouble::pi() * sinh;
    let length = to - from;
    // The fraction of the way to the nearer end is small and retains its relative accuracy.
    let small = (-x.abs()).exp();
    let near = small / (one + small);
    let u = if v < 0.0 { from + length * near } else { to - length * near };
    let slope = length * DoubleDouble::pi() * cosh * near / (one + small);
    if slope.to_f64() > 0.0 {
        direct.add_single(u, slope, value);
    }
}

/// The defining integrals E[f(s t) p_k(t)], and E[f(s t)^2].
struct Direct {
    law: Law,
    scale: DoubleDouble,
    /// The factors of p_(k+1) = a t p_k - b p_(k-1).
    recurrence: Vec<(DoubleDouble, DoubleDouble)>,
    sums: Vec<Sum>,
    /// 1 / sqrt(N_k), which converts integrals against polynomials of norm 1 to coefficients.
    inverse_norms: Vec<Scaled>,
    weight: DoubleDouble,
    square: DoubleDouble,
}

impl Direct {
    fn new(law: Law, scale: f64, max_degree: Degree) -> Self {
        let mut inverse_norms = vec![Scaled::from(1.0)];
        for k in 0..max_degree {
            inverse_norms.push(inverse_norms[k].times(DoubleDouble::ONE / law.norm_ratio(k)));
        }
        Self {
            law,
            inverse_norms,
            scale: DoubleDouble::from(scale),
            recurrence: (0..max_degree).map(|k| law.factors(k)).collect(),
            sums: vec![Sum::default(); max_degree + 1],
            weight: DoubleDouble::ZERO,
            square: DoubleDouble::ZERO,
        }
    }

    fn integrals(&self) -> Integrals {
        let weight = self.weight;
        let mean_square = self.square / weight;
        let coefficients = self.sums.iter().map(|s| (s.value / weight, s.mass / weight.to_f64()));
        // The mean square is last: f^2 may need a finer rule than f.
        coefficients.chain([(mean_square, mean_square.to_f64())]).collect()
    }

    fn add_pair(&mut self, u: Option<DoubleDouble>, value: &dyn Fn(DoubleDouble) -> DoubleDouble) -> Answer {
        let Some(u) = u else { return Answer::Integrals(self.integrals()) };
        let node = self.law.node(u);
        let w = node.ln_weight.exp();
        let x = node.t * self.scale;
        let plus = value(x);
        if u.to_f64() == 0.0 {
            return Answer::Negligible(self.add(&node, w, w, plus, DoubleDouble::ZERO));
        }
        Answer::Negligible(self.add(&node, w, w + w, plus, value(-x)))
    }

    fn add_single(
        &mut self,
        u: DoubleDouble,
        factor: DoubleDouble,
        value: &dyn Fn(DoubleDouble) -> DoubleDouble,
    ) {
        let node = self.law.node(u);
        let w = node.ln_weight.exp() * factor;
        if w.to_f64() > 0.0 {
            let plus = value(node.t * self.scale);
            self.add(&node, w, w, plus, DoubleDouble::ZERO);
        }
    }

    /// Adds f(s t) and the value at the mirror image, if it is not zero. Returns whether all terms were negligible.
    fn add(
        &mut self,
        node: &Node,
        w: DoubleDouble,
        total: DoubleDouble,
        plus: DoubleDouble,
        minus: DoubleDouble,
    ) -> bool {
        self.weight = self.weight + total;
        let square = w * (plus * plus + minus * minus);
        self.square = self.square + square;
        let (even, odd) = (w * (plus + minus), w * (plus - minus));
        let size = w.to_f64() * (plus.to_f64().abs() + minus.to_f64().abs());
        // The weights themselves must also have become negligible, since their sum normalises everything.
        let mut negligible = w.to_f64() <= NEGLIGIBLE * self.weight.to_f64() || !size.is_finite();
        // f^2 may decay later than f; without its last terms the norm would seem never to converge.
        let square = square.to_f64();
        negligible &= square <= NEGLIGIBLE * self.square.to_f64() || !square.is_finite();
        let (mut previous, mut current) = (DoubleDouble::ZERO, DoubleDouble::ONE);
        for (k, sum) in self.sums.iter_mut().enumerate() {
            // Far out the weight is tiny, but p_k is larger than in the bulk by up to sqrt(N_k).
            let term = size * current.to_f64().abs();
            sum.add((if k % 2 == 0 { even } else { odd }) * current, term);
            // A term that is not finite ends the rule; the sums then show it.
            negligible &= term <= NEGLIGIBLE * sum.mass || !term.is_finite() || sum.mass.is_nan();
            if let Some(&(a, b)) = self.recurrence.get(k) {
                let next = a * (node.t * current) - b * previous;
                previous = current;
                current = next;
            }
        }
        negligible
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Activation, Structure};
    use crate::sphere::Dim;

    #[test]
    fn a_square_that_ends_later_than_the_function_is_summed_to_its_end() {
        let n = 193;
        let Structure::Numeric(f) = Activation::parse("t^82").unwrap().structure(1.0).unwrap() else {
            panic!("a power beyond those of polynomials is left to the rule")
        };
        let found = funk_hecke(Law::Sphere(Dim::new(n).unwrap()), 1.0, 4, &f, &|k| k % 2 == 1).unwrap();
        // E t^164 = 1 3 .. 163 / (n (n + 2) .. (n + 162)).
        let exact = (0..82).fold(DoubleDouble::ONE, |product, i| {
            product * DoubleDouble::from(2.0 * f64::from(i) + 1.0)
                / DoubleDouble::from(n as f64 + 2.0 * f64::from(i))
        });
        let error = ((found.norm_sq - exact) / exact).to_f64().abs();
        assert!(error < 1e-26, "{error:e}");
        assert!(found.norm_error < 1e-27, "{:e}", found.norm_error);
    }
}
