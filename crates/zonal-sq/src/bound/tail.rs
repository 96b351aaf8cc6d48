//! How rarely a query can separate a random target from the target-free answer: tail bounds by hypercontractivity.
//!
//! For a function p of degree j, homogeneous on R^n, and q >= 2, Nelson's theorem on Gaussian space gives
//! ||p||_q <= C_(j,q) ||p||_2 on the sphere, with C_(j,q)^2 = (q-1)^j R^(2/q) and R = (E r^(2j))^(q/2) / E r^(jq), r the
//! length of a Gaussian vector. Any q gives a bound, so a grid loses tightness only. With q = 2 x / j and x whole every moment is
//! a product, and no gamma function is needed; between whole x the logarithm of E r^(2x) is convex and so at least
//! what its last slope says.

use crate::rounding::{Moments, above, below};

/// Exponents q = 2 x / j are searched in steps of x by one part in so many.
const PARTS: usize = 8;
/// And up to this x; beyond, in dimensions above a million or so, the bound is weaker than it could be.
const MOST: usize = PARTS << 20;

/// A lower bound of ln E r^(2x), x in parts and at least 1.
fn ln_moment(moments: &mut Moments, parts: usize) -> f64 {
    let (whole, beyond) = (parts / PARTS, (parts % PARTS) as f64 / PARTS as f64);
    let at = moments.sum(whole);
    if beyond == 0.0 { at } else { at + beyond * (at - moments.sum(whole - 1)) }
}

/// An upper bound of ln P[|<g, f_u>| > tau] over random targets of degree k, from `ln_v` = ln(N tau^2): the smaller of Chebyshev's
/// and the one by moments of every order (SQ-2). At most 0.
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
    for parts in PARTS * degree..MOST {
        let value = at(parts);
        if value < best {
            (best, where_best) = (value, parts);
        } else if parts > 2 * where_best + 32 * PARTS {
            break;
        }
    }
    best.min(above(-ln_v, 0.0)).min(0.0)
}

/// One degree of a query's energy: j, and the logarithm of the weight with which it counts.
pub(super) type Weight = (usize, f64);

/// An upper bound of ln p, where p is the fraction of targets that one query separates: the largest p at which
///
/// X(p) = sum_j w_j min(inf_q C_(j,q)^2 p^(-2/q), 1/p) + w_rest / p
///
/// still reaches tau^2 (SQ-4, SQ-5). X falls as p grows, so the answer is found by bisection in ln p, and the value that is
/// returned is one at which X, rounded up, stays below.
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

/// An upper bound of ln inf_q C_(j,q)^2 p^(-2/q), p = e^-l, rounding included: with q = 2x/j and S_x = ln E r^(2x) it is
/// j ln(2x/j - 1) + S_j - (j/x)(S_x - l).
fn ln_constant(moments: &mut Moments, j: usize, l: f64) -> f64 {
    let degree = j as f64;
    let first = moments.sum(j);
    let mut at = |parts: usize| {
        let ratio = degree * PARTS as f64 / parts as f64;
        let s = ln_moment(moments, parts);
        let value = degree * (2.0 / ratio - 1.0).ln() + first - ratio * (s - l);
        above(value, degree * (2.0 / ratio).ln() + first + ratio * (s + l))
    };
    // From a guess downhill, in smaller and smaller steps; the value anywhere is a bound.
    let mut i = (PARTS * j + (PARTS as f64 * l) as usize).min(MOST);
    let mut best = at(i);
    let mut stride = (i / 2).max(1);
    loop {
        let (less, more) = (i.saturating_sub(stride).max(PARTS * j), (i + stride).min(MOST));
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
