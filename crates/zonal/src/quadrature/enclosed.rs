//! Funk-Hecke integrals of a formula with proven error bounds (FH-8).
//!
//! Each analytic piece is integrated from both of its ends, in the angle theta (t = sin theta; under the normal law in
//! t itself), on panels that are halved until a Gauss-Legendre rule is certain to be accurate: the integrand is
//! enclosed on an ellipse around the panel by complex interval arithmetic, and its bound M there bounds the error of
//! the rule. Therefore no feature of the formula is missed, however narrow, and panels are as long as the formula
//! allows. At a logarithm or a root, panels shrink geometrically towards the end. Rounding is tracked through the
//! formula.

mod enclosure;
mod legendre_bound;
mod panel;

use super::integral::{FunkHecke, Integral, NotFinite, ROUNDING, Route};
use super::law::Law;
use crate::activation::Piece;
use crate::numeric::{DoubleDouble, Scaled};
use crate::sphere::Degree;
use enclosure::Enclosure;
use legendre_bound::LegendreBound;
use panel::{Half, Rule};

/// The accepted error of one panel, relative to the norm. There are hundreds of panels, and rounding is 1e-28.
const WANTED: f64 = 1e-31;
/// The number of panels after which the remaining ones are accepted with their errors.
const MOST_PANELS: usize = 40_000;
/// The last panels before a singular end are those that end closer to it than this fraction of a piece.
const NEAREST: f64 = 1e-140;
/// Panels shorter than this fraction of a piece may count as flat, with errors that exceed the accepted ones by the
/// next factor (a logarithm).
const FLAT: f64 = 1e-5;
const LOOSE: f64 = 25.0;
/// Within this fraction of a piece from its end, f64 intervals may be unable to distinguish a subexpression from zero.
const COARSE: f64 = 1e-10;

/// Sums over nodes with bounds on everything that they lack.
pub(super) struct Sums {
    recurrence: Vec<(DoubleDouble, DoubleDouble)>,
    bound: LegendreBound,
    rule: Rule,
    /// One total for each degree, followed by that of f^2.
    totals: Vec<Total>,
    /// Degrees that are known to vanish; their accuracy is not required.
    vanishes: Vec<bool>,
    /// ln of the error that one panel may add to an integral of f, and to that of f^2.
    allowed: [f64; 2],
    /// Whether the part next to an end where f is infinite was extrapolated.
    extrapolated: bool,
    panels: usize,
}

/// One integral: the sum, the sum of absolute terms, and a bound on the error from rounding of f and from the rule.
#[derive(Clone, Copy, Default)]
struct Total {
    value: DoubleDouble,
    mass: f64,
    error: f64,
}

/// Computes alpha_k = E[f(s t) p_k(t)] for k <= `max_degree` of a formula in pieces that cover [-s, s], or, under the
/// normal law, the part of the line that has weight.
pub(super) fn funk_hecke(
    law: Law,
    scale: f64,
    max_degree: Degree,
    pieces: &[Piece],
    vanishes: &dyn Fn(Degree) -> bool,
) -> Result<FunkHecke, NotFinite> {
    let sums = Sums::of(law, scale, max_degree, pieces, vanishes)?;
    let ends = pieces.first().zip(pieces.last());
    let whole: Vec<Piece> =
        ends.map(|(first, last)| Piece::constant(first.from, last.to)).into_iter().collect();
    let weight = Sums::of(law, scale, 0, &whole, &|_| false)?.totals[0];
    Ok(sums.finish(law, weight))
}

impl Sums {
    fn of(
        law: Law,
        scale: f64,
        max_degree: Degree,
        pieces: &[Piece],
        vanishes: &dyn Fn(Degree) -> bool,
    ) -> Result<Self, NotFinite> {
        let halves: Vec<Half> = pieces.iter().flat_map(|piece| Half::both(law, scale, piece)).collect();
        let mut sums = Self::new(law, max_degree, &halves, vanishes);
        for half in &halves {
            sums.add_half(half)?;
        }
        Ok(sums)
    }

    fn new(law: Law, max_degree: Degree, halves: &[Half], vanishes: &dyn Fn(Degree) -> bool) -> Self {
        let norm = rough_norm(halves);
        let weight = law.rough_weight();
        let allowed = [norm.sqrt(), norm].map(|size| (WANTED * weight * size).ln());
        Self {
            recurrence: (0..max_degree).map(|k| law.factors(k)).collect(),
            bound: LegendreBound::new(law, max_degree),
            rule: Rule::new(),
            totals: vec![Total::default(); max_degree + 2],
            vanishes: (0..=max_degree).map(vanishes).collect(),
            allowed,
            extrapolated: false,
            panels: 0,
        }
    }

    /// Integrates from an end of a piece to its middle. The panel at the end itself is halved while f is not analytic
    /// there.
    fn add_half(&mut self, half: &Half) -> Result<(), NotFinite> {
        let mut end = 1.0;
        // Bounds on the integrals of |f| and f^2 over the last two panels.
        let mut sizes: [Option<[f64; 2]>; 2] = [None; 2];
        while !self.accept(half, 0.0, end) {
            let cut = 0.5 * end;
            let size = half.enclosed(cut, end, 0.0).map(|e| e.sizes(cut, end, half.length()));
            // This close to the end, intervals may be too coarse to distinguish f from infinity; the preceding panels
            // were then the last.
            let grows = size.zip(sizes[1]).is_none_or(|(now, before)| now[0] >= before[0]);
            let last = end < NEAREST || grows && end < COARSE;
            if !last {
                self.add_range(half, cut, end)?;
                sizes = [sizes[1], size];
            }
            let bounded = half.enclosed(0.0, cut, 0.0).is_some();
            if bounded && last {
                self.add_error(half, 0.0, end);
                return Ok(());
            }
            if !bounded && self.extrapolate(half, if last { end } else { cut }, sizes, last) {
                return Ok(());
            }
            end = cut;
        }
        Ok(())
    }

    /// Accounts for the part below `end` of an integrand that is infinite at the end of its piece, from the growth of
    /// its bounds over the last two panels. Returns whether that part is negligible, or no further progress is
    /// possible.
    fn extrapolate(&mut self, half: &Half, end: f64, sizes: [Option<[f64; 2]>; 2], last: bool) -> bool {
        let [Some(before), Some(now)] = sizes else { return last && self.give_up() };
        // Each panel is half as long as the preceding one; twice the geometric series allows for slow growth.
        let rest = [0, 1].map(|i| {
            let ratio = now[i] / before[i];
            if now[i] == 0.0 {
                0.0
            } else if ratio < 1.0 {
                2.0 * now[i] * ratio / (1.0 - ratio)
            } else {
                f64::INFINITY
            }
        });
        if !last && (rest[0].ln() > self.allowed[0] || rest[1].ln() > self.allowed[1]) {
            return false;
        }
        self.extrapolated = true;
        let degrees = self.vanishes.len();
        let polynomials = half.enclosed_polynomials(0.0, end, &self.bound);
        for (total, ln) in self.totals.iter_mut().zip(polynomials) {
            total.error += rest[0] * ln.exp();
        }
        self.totals[degrees].error += rest[1];
        true
    }

    /// Gives up on a part about which nothing is known: all errors become infinite.
    fn give_up(&mut self) -> bool {
        self.totals.iter_mut().for_each(|total| total.error = f64::INFINITY);
        true
    }

    /// Integrates a range away from the ends, in panels that are accepted or halved.
    fn add_range(&mut self, half: &Half, from: f64, to: f64) -> Result<(), NotFinite> {
        let mut open = vec![(from, to)];
        while let Some((a, b)) = open.pop() {
            if self.accept(half, a, b) {
                continue;
            }
            let middle = 0.5 * (a + b);
            if !half.value_is_finite(middle) {
                return Err(NotFinite(half.argument(middle)));
            }
            if middle <= a || middle >= b || self.panels > MOST_PANELS {
                self.add_error(half, a, b);
            } else {
                open.push((middle, b));
                open.push((a, middle));
            }
        }
        Ok(())
    }

    /// Adds a panel if its contribution is negligible or its rule is accurate. Returns whether the panel was added.
    fn accept(&mut self, half: &Half, a: f64, b: f64) -> bool {
        self.panels += 1;
        if let Some(e) = half.enclosed(a, b, 0.0)
            && let Some(errors) = self.errors(&e, half, a, b, (2.0f64).ln())
        {
            self.add_errors(&errors);
            return true;
        }
        for (rho, ln_error) in self.rule.ellipses() {
            // A larger ellipse contains the smaller ones: if f has no enclosure here, it has none on larger ones.
            let Some(e) = half.enclosed(a, b, rho) else { break };
            if let Some(errors) = self.errors(&e, half, a, b, ln_error) {
                self.add_errors(&errors);
                self.add_nodes(half, a, b);
                return true;
            }
        }
        b - a < FLAT && self.accept_flat(half, a, b)
    }

    /// Adds a short panel on which f is nearly constant, with the variation of f as its error. Kinks that are not
    /// resolved then cost only a few panels, also where two branches touch and intervals cannot decide which one is
    /// larger.
    fn accept_flat(&mut self, half: &Half, a: f64, b: f64) -> bool {
        let (Some(e), Some((middle, variation))) = (half.enclosed(a, b, 0.0), half.range(a, b)) else {
            return false;
        };
        let degrees = self.vanishes.len();
        let outside = e.ln_weight + ((b - a) * half.length()).ln();
        // The integral and the rule both differ by at most this from those with f = middle in place of f, and for these
        // the bound of a rule on such a short panel is below 1e-90.
        let off = [variation, variation * (2.0 * middle.abs() + variation)].map(|x| (2.0 * x).ln() + outside);
        let loose = |i: usize| self.allowed[i] + LOOSE;
        let mut errors: Vec<f64> = (0..degrees).map(|k| off[0] + self.bound.ln(k, &e)).collect();
        if off[1] > loose(1) || errors.iter().zip(&self.vanishes).any(|(x, v)| !v && *x > loose(0)) {
            return false;
        }
        errors.push(off[1]);
        self.add_errors(&errors);
        self.add_nodes(half, a, b);
        true
    }

    /// Returns ln of the error of each integral over a panel with this enclosure, where the rule's error is
    /// exp(ln_factor) times the half length times the bound; None as soon as one is too large.
    fn errors(&self, e: &Enclosure, half: &Half, a: f64, b: f64, ln_factor: f64) -> Option<Vec<f64>> {
        let outside = ln_factor + e.ln_weight + (0.5 * (b - a) * half.length()).ln();
        let size = e.ln_value;
        let square = outside + 2.0 * size;
        if square > self.allowed[1] {
            return None;
        }
        let degrees = self.vanishes.len();
        let mut errors = vec![f64::NEG_INFINITY; degrees + 1];
        // The highest degree is the first to fail.
        for k in (0..degrees).rev().filter(|&k| !self.vanishes[k]) {
            errors[k] = outside + size + self.bound.ln(k, e);
            if errors[k] > self.allowed[0] {
                return None;
            }
        }
        errors[degrees] = square;
        Some(errors)
    }

    fn add_errors(&mut self, errors: &[f64]) {
        self.totals.iter_mut().zip(errors).for_each(|(total, ln)| total.error += ln.exp());
    }

    /// Treats a panel that cannot be halved as zero, with its size as the error.
    fn add_error(&mut self, half: &Half, a: f64, b: f64) {
        let Some(e) = half.enclosed(a, b, 0.0) else {
            self.give_up();
            return;
        };
        let outside = e.ln_weight + ((b - a) * half.length()).ln();
        let degrees = self.vanishes.len();
        for k in 0..degrees {
            self.totals[k].error += (outside + e.ln_value + self.bound.ln(k, &e)).exp();
        }
        self.totals[degrees].error += (outside + 2.0 * e.ln_value).exp();
    }

    fn add_nodes(&mut self, half: &Half, a: f64, b: f64) {
        let degrees = self.vanishes.len();
        for (part, share) in self.rule.nodes(a, b) {
            let node = half.node(part);
            let w = node.ln_weight.exp() * share * half.length;
            let f = node.value;
            let (size, weight) = (f.value.to_f64().abs(), w.to_f64());
            let wf = w * f.value;
            let (mut previous, mut current) = (DoubleDouble::ZERO, DoubleDouble::ONE);
            for k in 0..degrees {
                let p = current.to_f64().abs();
                let total = &mut self.totals[k];
                total.value = total.value + wf * current;
                total.mass += weight * size * p;
                total.error += weight * f.error * p;
                if let Some(&(up, down)) = self.recurrence.get(k) {
                    let next = up * (node.t * current) - down * previous;
                    previous = current;
                    current = next;
                }
            }
            let square = &mut self.totals[degrees];
            square.value = square.value + wf * f.value;
            square.mass += weight * size * size;
            square.error += weight * f.error * (2.0 * size + f.error);
        }
    }

    /// Computes means from the sums and the integral of the weight.
    fn finish(self, law: Law, weight: Total) -> FunkHecke {
        let degrees = self.vanishes.len();
        // Recurrences of high degree take a proportional number of operations.
        let rounding = |k: usize| ROUNDING * (1.0 + k as f64 / 256.0);
        let weight_error = weight.error / weight.value.to_f64() + ROUNDING;
        let mean = |total: &Total, rounding: f64| {
            let (value, w) = (total.value / weight.value, weight.value.to_f64());
            let error = (total.error + rounding * total.mass) / w + value.to_f64().abs() * weight_error;
            (value, error)
        };
        let mut inverse_norm = Scaled::from(1.0);
        let mut coefficients = Vec::with_capacity(degrees);
        for k in 0..degrees {
            let (value, error) = mean(&self.totals[k], rounding(k));
            coefficients.push(if self.vanishes[k] {
                Integral::ZERO
            } else {
                Integral {
                    value: Scaled::from(value).times_scaled(inverse_norm),
                    relative_error: error / value.to_f64().abs(),
                    absolute_error: error * inverse_norm.to_f64(),
                    route: Route::Quadrature,
                    proven: !self.extrapolated,
                }
            });
            inverse_norm = inverse_norm.times(DoubleDouble::ONE / law.norm_ratio(k));
        }
        let (norm_sq, error) = mean(&self.totals[degrees], ROUNDING);
        FunkHecke { coefficients, norm_sq, norm_error: error / norm_sq.to_f64() }
    }
}

/// Returns a lower estimate of the integral of f^2 to an order of magnitude; an underestimate only makes panels shorter
/// than necessary.
fn rough_norm(halves: &[Half]) -> f64 {
    let sample = |half: &Half| -> (f64, f64) {
        let geometric = (0..60).map(|i| 2f64.powf(-0.5 * f64::from(i)));
        let uniform = (0..64).map(|i| (f64::from(i) + 0.5) / 64.0);
        let mut sums = (0.0, 0.0);
        for part in geometric.chain(uniform) {
            let node = half.node(DoubleDouble::from(part));
            // Any positive weights are sufficient.
            let w = node.ln_weight.to_f64().exp() * half.length() * part;
            let f = node.value.value.to_f64();
            if f.is_finite() {
                sums = (sums.0 + w * f * f, sums.1 + w);
            }
        }
        sums
    };
    let (square, weight) = halves.iter().map(sample).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    let norm = square / weight;
    if norm.is_normal() { norm } else { 1.0 }
}
