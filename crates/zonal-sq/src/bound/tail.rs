//! Tail bounds by hypercontractivity: the fraction of random targets that one query can separate from its target-free
//! answer.
//!
//! For a function p of degree j, homogeneous on R^n, and q >= 2, Nelson's theorem on Gaussian space gives ||p||_q <=
//! C_(j,q) ||p||_2 on the sphere, with C_(j,q)^2 = (q-1)^j R^(2/q) and R = (E r^(2j))^(q/2) / E r^(jq), r the length of
//! a Gaussian vector. Any q gives a bound, so a grid loses only tightness. With q = 2 x / j and integer x every moment
//! is a product, and no gamma function is needed. Between integers ln E r^(2x) is convex, so extrapolation with the
//! last slope is a lower bound.

use crate::rounding::{Moments, above, below};

/// The search over exponents q = 2 x / j has this number of steps per unit of x.
const PARTS: usize = 8;
/// The end of the search, in steps. In dimensions above about a million the bound is weaker than it could be.
const MAX_PARTS: usize = PARTS << 20;

/// Computes a lower bound on ln E r^(2x) for x >= 1 in steps of 1 / PARTS.
fn ln_moment(moments: &mut Moments, parts: usize) -> f64 {
    let (whole, beyond) = (parts / PARTS, (parts % PARTS) as f64 / PARTS as f64);
    let at = moments.sum(whole);
    if beyond == 0.0 { at } else { at + beyond * (at - moments.sum(whole - 1)) }
}

/// Computes an upper bound on ln P[|<g, f_u>| > tau] over random targets of degree k from `ln_v` = ln(N tau^2): the
/// smaller of Chebyshev's bound and the moment bounds of every order (SQ-2). At most 0.
pub(super) fn ln_single(degree: usize, n: f64, ln_v: f64) -> f64 {
    let mut moments = Moments::new(n);
    let k = degree as f64;
    let first = moments.sum(degree);
    let mut at = |parts: usize| {
        let ratio = parts as f64 / PARTS as f64 / k;
        let s = ln_moment(&mut moments, parts);
        let value = ratio * (k * (2.0 * ratio - 1.0).ln() - ln_v + first) - s;
        above(value, s + ratio * (k * (2.0 * ratio).ln() + ln_v.abs() + first))
    };
    let mut best = f64::INFINITY;
    let mut where_best = PARTS * degree;
    for parts in PARTS * degree..MAX_PARTS {
        let value = at(parts);
        if value < best {
            (best, where_best) = (value, parts);
        } else if parts > 2 * where_best + 32 * PARTS {
            break;
        }
    }
    best.min(above(-ln_v, 0.0)).min(0.0)
}

/// A degree j of a query and the logarithm of its weight.
pub(super) type Weight = (usize, f64);

/// Computes an upper bound on ln p, where p is the fraction of targets that one query separates: the largest p at which
///
/// X(p) = sum_j w_j min(inf_q C_(j,q)^2 p^(-2/q), 1/p) + w_rest / p
///
/// reaches tau^2 (SQ-4, SQ-5). X decreases in p, so the result is found by bisection in ln p; at the returned value X,
/// rounded up, is still below tau^2.
pub(super) fn ln_sum(weights: &[Weight], ln_rest: f64, n: f64, tau: f64) -> f64 {
    let mut moments = Moments::new(n);
    let ln_tau_sq = 2.0 * tau.ln();
    let mut falls_short = |l: f64| {
        let mut x = above((l + ln_rest).exp(), 0.0);
        for &(j, ln_w) in weights {
            x += above((ln_constant(&mut moments, j, l).min(l) + ln_w).exp(), 0.0);
        }
        above(x.ln(), 1.0) < below(ln_tau_sq, 1.0)
    };
    if !falls_short(0.0) {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while falls_short(high) {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if falls_short(middle) { low = middle } else { high = middle }
    }
    -low
}

/// Computes an upper bound on ln inf_q C_(j,q)^2 p^(-2/q), p = e^-l, including rounding: with q = 2x/j and
/// S_x = ln E r^(2x) it is j ln(2x/j - 1) + S_j - (j/x)(S_x - l).
fn ln_constant(moments: &mut Moments, j: usize, l: f64) -> f64 {
    let degree = j as f64;
    let first = moments.sum(j);
    let mut at = |parts: usize| {
        let ratio = degree * PARTS as f64 / parts as f64;
        let s = ln_moment(moments, parts);
        let value = degree * (2.0 / ratio - 1.0).ln() + first - ratio * (s - l);
        above(value, degree * (2.0 / ratio).ln() + first + ratio * (s + l))
    };
    // Descends from a guess with decreasing steps; any value is a valid bound.
    let mut i = (PARTS * j + (PARTS as f64 * l) as usize).min(MAX_PARTS);
    let mut best = at(i);
    let mut stride = (i / 2).max(1);
    loop {
        let (less, more) = (i.saturating_sub(stride).max(PARTS * j), (i + stride).min(MAX_PARTS));
        let (a, b) = (at(less), at(more));
        if a < best && a <= b {
            (i, best) = (less, a);
        } else if b < best {
            (i, best) = (more, b);
        } else if stride == 1 {
            return best;
        } else {
            stride /= 2;
        }
    }
}
