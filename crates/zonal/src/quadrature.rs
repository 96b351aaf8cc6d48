//! Expectations under the law of one coordinate t of a uniform point of the sphere, and Funk-Hecke integrals of
//! analytic functions, in double-double arithmetic with error bounds.
//!
//! With t = tanh u the law of t becomes sech^(n-1)(u) du up to normalisation, and the trapezoidal rule in u
//! converges exponentially: its error is about exp(-2 pi d / h), d the half-width of the strip of analyticity.
//! Halving h squares the error, so the change between two levels bounds the error of the finer one generously.
//! The normalisation is the same rule applied to 1: no Gamma function, no overflow in any dimension.

use crate::numeric::{DoubleDouble, Scaled};
use crate::sphere::{Degree, Dim};

/// Which formula a Funk-Hecke coefficient was computed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// A closed form, or an exact zero.
    Closed,
    /// The defining integral against P_k.
    Quadrature,
    /// Rodrigues' formula: the k-th derivative against the weight of dimension n + 2k.
    Rodrigues,
}

/// An integral with its route and a bound on its relative error.
#[derive(Clone, Copy, Debug)]
pub struct Integral {
    /// The value.
    pub value: Scaled,
    /// Bound on the relative error (infinite where not even the sign is certain).
    pub relative_error: f64,
    /// How it was computed.
    pub route: Route,
}

/// Funk-Hecke integrals of one function for all degrees up to a maximum.
#[derive(Clone, Debug)]
pub struct FunkHecke {
    /// E[f(t) P_k(t)], k = 0, 1, ..
    pub coefficients: Vec<Integral>,
    /// E[f(t)^2].
    pub norm_sq: DoubleDouble,
}

/// Relative rounding error granted to each term: a few hundred operations of 2^-102 each.
const ROUNDING: f64 = 1e-28;
/// A coefficient is finished when its relative error is below this.
const WANTED: f64 = 1e-15;
/// Halvings of the step before giving up; the error bound then says how far it got.
const LEVELS: usize = 14;
/// Taylor coefficients beyond this degree cost more than they give.
const MAX_TAYLOR: Degree = 96;

/// Computes alpha_k = E[f(s t) P_k(t)] for k <= `max_degree` and a function analytic on [-s, s].
///
/// `value` gives f, `taylor(x, order)` its Taylor coefficients f^(k)(x)/k!. Two routes run side by side on the
/// same nodes, the defining integral and Rodrigues' formula (FH-3), and each degree takes the one with the
/// smaller error bound. Degrees for which `vanishes` is true are exact zeros.
pub fn funk_hecke(
    dim: Dim,
    scale: f64,
    max_degree: Degree,
    value: &dyn Fn(DoubleDouble) -> DoubleDouble,
    taylor: &dyn Fn(DoubleDouble, Degree) -> Vec<DoubleDouble>,
    vanishes: &dyn Fn(Degree) -> bool,
) -> FunkHecke {
    let mut sums = Sums::new(dim, scale, max_degree);
    // One standard deviation of u: the first level is coarse on purpose.
    let mut h = 1.0 / (dim.as_f64() - 1.0).sqrt().max(1.0);
    sums.add_node(DoubleDouble::ZERO, value, taylor);
    sums.add_level(h, 1, value, taylor);
    let mut before = sums.snapshot();
    let mut out = sums.integrals(&before, &before, vanishes);
    for _ in 0..LEVELS {
        h *= 0.5;
        sums.add_level(h, 2, value, taylor);
        let now = sums.snapshot();
        out = sums.integrals(&before, &now, vanishes);
        let done = out.iter().all(|c| c.relative_error <= WANTED);
        before = now;
        if done {
            break;
        }
    }
    FunkHecke { coefficients: out, norm_sq: sums.square / sums.weight[0] }
}

/// Running sums over nodes; the step h cancels in every ratio.
struct Sums {
    n: f64,
    scale: f64,
    max_degree: Degree,
    taylor_degree: Degree,
    /// sum of w f P_k and its absolute terms.
    direct: Vec<(DoubleDouble, f64)>,
    /// sum of w_k f^(k)/k! and its absolute terms, w_k the weight of dimension n + 2k.
    rodrigues: Vec<(DoubleDouble, f64)>,
    /// sum of w_k.
    weight: Vec<DoubleDouble>,
    /// sum of w f^2.
    square: DoubleDouble,
    /// s^k k! / (n (n+2) .. (n+2k-2)).
    prefactor: Vec<Scaled>,
}

/// Both routes' values at one level.
type Snapshot = Vec<(DoubleDouble, DoubleDouble)>;

impl Sums {
    fn new(dim: Dim, scale: f64, max_degree: Degree) -> Self {
        let n = dim.as_f64();
        let taylor_degree = max_degree.min(MAX_TAYLOR);
        let mut prefactor = vec![Scaled::from(1.0)];
        for k in 0..taylor_degree {
            let k = k as f64;
            let factor = DoubleDouble::from(scale) * DoubleDouble::from(k + 1.0)
                / DoubleDouble::from(n + 2.0 * k);
            prefactor.push(prefactor[prefactor.len() - 1].times(factor));
        }
        Self {
            n,
            scale,
            max_degree,
            taylor_degree,
            direct: vec![(DoubleDouble::ZERO, 0.0); max_degree + 1],
            rodrigues: vec![(DoubleDouble::ZERO, 0.0); taylor_degree + 1],
            weight: vec![DoubleDouble::ZERO; taylor_degree + 1],
            square: DoubleDouble::ZERO,
            prefactor,
        }
    }

    /// Adds the nodes h, (1 + stride) h, .. until the weight has vanished.
    fn add_level(
        &mut self,
        h: f64,
        stride: usize,
        value: &dyn Fn(DoubleDouble) -> DoubleDouble,
        taylor: &dyn Fn(DoubleDouble, Degree) -> Vec<DoubleDouble>,
    ) {
        let mut j = 1;
        loop {
            let negligible = self.add_node(DoubleDouble::from_product(j as f64, h), value, taylor);
            if negligible {
                break;
            }
            j += stride;
        }
    }

    /// Adds the nodes u and -u (one node for u = 0); answers whether their weight is negligible.
    fn add_node(
        &mut self,
        u: DoubleDouble,
        value: &dyn Fn(DoubleDouble) -> DoubleDouble,
        taylor: &dyn Fn(DoubleDouble, Degree) -> Vec<DoubleDouble>,
    ) -> bool {
        let one = DoubleDouble::ONE;
        // sinh from expm1, so that ln cosh u = ln(1 + sinh^2 u) / 2 keeps its relative accuracy near u = 0.
        let e = u.exp_m1();
        let sinh = (e + e / (one + e)) / DoubleDouble::from(2.0);
        let ln_sech = -((sinh * sinh).ln_1p() / DoubleDouble::from(2.0));
        let w = (ln_sech * DoubleDouble::from(self.n - 1.0)).exp();
        let sech_sq = (ln_sech + ln_sech).exp();
        let t = u.tanh();
        let x = t * DoubleDouble::from(self.scale);
        let single = u.to_f64() == 0.0;
        let plus = value(x);
        let minus = if single { DoubleDouble::ZERO } else { value(-x) };
        let (even, odd) = (plus + minus, plus - minus);
        let size = plus.to_f64().abs() + minus.to_f64().abs();
        self.square = self.square + w * (plus * plus + minus * minus);

        let (mut previous, mut current) = (one, t);
        for k in 0..=self.max_degree {
            let p = if k == 0 { one } else { current };
            let f = if k % 2 == 0 || single { even } else { odd };
            let wp = w * p;
            self.direct[k].0 = self.direct[k].0 + wp * f;
            self.direct[k].1 += wp.to_f64().abs() * size;
            if k >= 1 {
                let kf = k as f64;
                let next = (DoubleDouble::from(2.0 * kf + self.n - 2.0) * t * current
                    - DoubleDouble::from(kf) * previous)
                    / DoubleDouble::from(kf + self.n - 2.0);
                previous = current;
                current = next;
            }
        }

        let both = if single { one } else { DoubleDouble::from(2.0) };
        let series_plus = taylor(x, self.taylor_degree);
        let series_minus = if single { Vec::new() } else { taylor(-x, self.taylor_degree) };
        let mut wk = w;
        for k in 0..=self.taylor_degree {
            let (a, b) = (series_plus[k], series_minus.get(k).copied().unwrap_or_default());
            self.rodrigues[k].0 = self.rodrigues[k].0 + wk * (a + b);
            self.rodrigues[k].1 += wk.to_f64() * (a.to_f64().abs() + b.to_f64().abs());
            self.weight[k] = self.weight[k] + wk * both;
            wk = wk * sech_sq;
        }
        let w = w.to_f64();
        w < 1e-20 && w * (size + 1.0) <= 1e-34 * (self.direct[0].1 + self.weight[0].to_f64())
    }

    fn snapshot(&self) -> Snapshot {
        (0..=self.max_degree)
            .map(|k| {
                let direct = self.direct[k].0 / self.weight[0];
                let rodrigues = match self.weight.get(k) {
                    Some(&w) => self.rodrigues[k].0 / w,
                    None => DoubleDouble::ZERO,
                };
                (direct, rodrigues)
            })
            .collect()
    }

    fn integrals(
        &self,
        before: &Snapshot,
        now: &Snapshot,
        vanishes: &dyn Fn(Degree) -> bool,
    ) -> Vec<Integral> {
        let first = std::ptr::eq(before, now);
        (0..=self.max_degree)
            .map(|k| {
                if vanishes(k) {
                    return Integral { value: Scaled::ZERO, relative_error: 0.0, route: Route::Closed };
                }
                let mass = self.direct[k].1 / self.weight[0].to_f64();
                let direct = Integral {
                    value: Scaled::from(now[k].0),
                    relative_error: relative_error(before[k].0, now[k].0, mass, first),
                    route: Route::Quadrature,
                };
                if k > self.taylor_degree {
                    return direct;
                }
                let mass = self.rodrigues[k].1 / self.weight[k].to_f64();
                let rodrigues = Integral {
                    value: self.prefactor[k].times(now[k].1),
                    relative_error: relative_error(before[k].1, now[k].1, mass, first),
                    route: Route::Rodrigues,
                };
                if rodrigues.relative_error <= direct.relative_error { rodrigues } else { direct }
            })
            .collect()
    }
}

/// Relative error bound of `now`, given the value one level before and the mean size of the terms: rounding, and
/// convergence at the power 3/2 of the last relative change (the trapezoidal rule promises the power 2).
fn relative_error(before: DoubleDouble, now: DoubleDouble, mass: f64, first: bool) -> f64 {
    let value = now.to_f64().abs();
    if mass == 0.0 {
        return 0.0;
    }
    let change = (now - before).to_f64().abs() / mass;
    let convergence = if first { 1.0 } else { change.powf(1.5).max(if change > 1e-3 { change } else { 0.0 }) };
    let error = mass * (ROUNDING + convergence);
    if value > 0.0 && error.is_finite() { error / value } else { f64::INFINITY }
}
