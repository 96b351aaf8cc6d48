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

/// Relative rounding error granted to the sum of absolute terms: a few hundred operations of 2^-102 each.
const ROUNDING: f64 = 1e-28;
/// Degrees that the defining integral leaves with a larger relative error than this go through Rodrigues' formula.
const WANTED: f64 = 1e-20;
/// Halvings of the step before giving up; the error bound then says how far it got.
const LEVELS: usize = 12;
/// Terms below this part of the sum of absolute terms are left out at the ends.
const NEGLIGIBLE: f64 = 1e-34;
/// Taylor coefficients beyond this degree cost more than they give.
const MAX_TAYLOR: Degree = 96;

/// Computes alpha_k = E[f(s t) P_k(t)] for k <= `max_degree` and a function analytic on [-s, s].
///
/// `value` gives f, `taylor(x, order)` its Taylor coefficients f^(k)(x)/k!. The defining integral comes first; where
/// its error bound is too large for the value, which happens when alpha_k sqrt(N_k) is far below ||f||, Rodrigues'
/// formula (FH-3) is tried, and each degree takes the route with the smaller bound. Degrees for which `vanishes` is
/// true are exact zeros.
pub fn funk_hecke(
    dim: Dim,
    scale: f64,
    max_degree: Degree,
    value: &dyn Fn(DoubleDouble) -> DoubleDouble,
    taylor: &dyn Fn(DoubleDouble, Degree) -> Vec<DoubleDouble>,
    vanishes: &dyn Fn(Degree) -> bool,
) -> FunkHecke {
    let n = dim.as_f64();
    let mut direct = Direct::new(n, scale, max_degree);
    let bounds = refine(n, |node| direct.add(node, value), vanishes);
    let (norm_sq, weight) = (direct.square / direct.weight, direct.weight);
    let mut coefficients: Vec<Integral> = direct
        .sums
        .iter()
        .enumerate()
        .map(|(k, sum)| match vanishes(k) {
            true => Integral { value: Scaled::ZERO, relative_error: 0.0, route: Route::Closed },
            false => Integral {
                value: Scaled::from(sum.value / weight),
                relative_error: bounds[k],
                route: Route::Quadrature,
            },
        })
        .collect();

    let last = max_degree.min(MAX_TAYLOR);
    let first = coefficients.iter().position(|c| c.relative_error > WANTED);
    if let Some(first) = first.filter(|f| *f <= last) {
        let mut rodrigues = Rodrigues::new(n, scale, first, last);
        let bounds =
            refine(n + 2.0 * first as f64, |node| rodrigues.add(node, taylor), &|i| vanishes(first + i));
        for (i, bound) in bounds.into_iter().enumerate() {
            let k = first + i;
            if !vanishes(k) && bound < coefficients[k].relative_error {
                coefficients[k] =
                    Integral { value: rodrigues.value(i), relative_error: bound, route: Route::Rodrigues };
            }
        }
    }
    FunkHecke { coefficients, norm_sq }
}

/// A point of the rule.
struct Node {
    t: DoubleDouble,
    /// ln sech u = ln(1 - t^2) / 2.
    ln_sech: DoubleDouble,
    /// The centre u = 0, which has no mirror image.
    centre: bool,
}

impl Node {
    fn new(u: DoubleDouble) -> Self {
        // sinh from expm1, so that ln cosh u = ln(1 + sinh^2 u) / 2 keeps its relative accuracy near u = 0.
        let one = DoubleDouble::ONE;
        let e = u.exp_m1();
        let sinh = (e + e / (one + e)) / DoubleDouble::from(2.0);
        let ln_sech = -((sinh * sinh).ln_1p() / DoubleDouble::from(2.0));
        Self { t: u.tanh(), ln_sech, centre: u.to_f64() == 0.0 }
    }
}

/// A running sum and the sum of its absolute terms.
#[derive(Clone, Copy, Default)]
struct Sum {
    value: DoubleDouble,
    mass: f64,
}

impl Sum {
    fn add(&mut self, value: DoubleDouble, size: f64) {
        self.value = self.value + value;
        self.mass += size;
    }
}

/// What adding a node (with its mirror image) tells: the ratios of sums to weights, asked for at the end of a level,
/// and whether all terms were negligible.
struct Report {
    /// Value and mass of each integral, normalised.
    integrals: Vec<(DoubleDouble, f64)>,
    negligible: bool,
}

/// Adds the nodes of finer and finer levels until no integral gains from another one; answers with a bound on each
/// relative error. `n` is the dimension whose weight the integrals have at most.
fn refine(
    n: f64,
    mut add: impl FnMut(Option<&Node>) -> Report,
    vanishes: &dyn Fn(usize) -> bool,
) -> Vec<f64> {
    // One standard deviation of u: the first level is coarse on purpose.
    let mut h = 1.0 / (n - 1.0).sqrt().max(1.0);
    add(Some(&Node::new(DoubleDouble::ZERO)));
    let mut level = |h: f64, stride: usize| {
        let mut j = 1;
        while !add(Some(&Node::new(DoubleDouble::from_product(j as f64, h)))).negligible {
            j += stride;
        }
        add(None).integrals
    };
    let mut before = level(h, 1);
    let mut bounds = vec![f64::INFINITY; before.len()];
    for _ in 0..LEVELS {
        h *= 0.5;
        let now = level(h, 2);
        let mut finished = true;
        for (k, bound) in bounds.iter_mut().enumerate() {
            let (value, mass) = now[k];
            let change = if mass > 0.0 { (value - before[k].0).to_f64().abs() / mass } else { 0.0 };
            // The power 3/2 of the last relative change, where the trapezoidal rule promises the power 2.
            let convergence = if change > 1e-3 { change } else { change.powf(1.5) };
            let error = mass * (ROUNDING + convergence);
            let size = value.to_f64().abs();
            *bound = if error == 0.0 || vanishes(k) { 0.0 } else { error / size };
            if bound.is_nan() {
                *bound = f64::INFINITY;
            }
            finished &= convergence <= ROUNDING || vanishes(k);
        }
        if finished {
            break;
        }
        before = now;
    }
    bounds
}

/// The defining integrals E[f(s t) P_k(t)], and E[f(s t)^2].
struct Direct {
    n: f64,
    scale: DoubleDouble,
    /// Factors of P_(k+1) = a t P_k - b P_(k-1).
    recurrence: Vec<(DoubleDouble, DoubleDouble)>,
    sums: Vec<Sum>,
    weight: DoubleDouble,
    square: DoubleDouble,
}

impl Direct {
    fn new(n: f64, scale: f64, max_degree: Degree) -> Self {
        let factor = |k: Degree| {
            if k == 0 {
                return (DoubleDouble::ONE, DoubleDouble::ZERO);
            }
            let k = k as f64;
            let d = DoubleDouble::from(k + n - 2.0);
            (DoubleDouble::from(2.0 * k + n - 2.0) / d, DoubleDouble::from(k) / d)
        };
        Self {
            n,
            scale: DoubleDouble::from(scale),
            recurrence: (0..max_degree).map(factor).collect(),
            sums: vec![Sum::default(); max_degree + 1],
            weight: DoubleDouble::ZERO,
            square: DoubleDouble::ZERO,
        }
    }

    fn add(&mut self, node: Option<&Node>, value: &dyn Fn(DoubleDouble) -> DoubleDouble) -> Report {
        let Some(node) = node else {
            let weight = self.weight;
            let integrals = self.sums.iter().map(|s| (s.value / weight, s.mass / weight.to_f64())).collect();
            return Report { integrals, negligible: false };
        };
        let w = (node.ln_sech * DoubleDouble::from(self.n - 1.0)).exp();
        let x = node.t * self.scale;
        let plus = value(x);
        // At the centre the mirror image is the node itself, counted once.
        let (minus, both) = if node.centre { (DoubleDouble::ZERO, 1.0) } else { (value(-x), 2.0) };
        self.weight = self.weight + w * DoubleDouble::from(both);
        self.square = self.square + w * (plus * plus + minus * minus);
        let (even, odd) = (w * (plus + minus), w * (plus - minus));
        let size = w.to_f64() * (plus.to_f64().abs() + minus.to_f64().abs());
        let mut negligible = w.to_f64() < 1e-20;
        let (mut previous, mut current) = (DoubleDouble::ZERO, DoubleDouble::ONE);
        for (k, sum) in self.sums.iter_mut().enumerate() {
            let f = if k % 2 == 0 || node.centre { even } else { odd };
            // Far out the weight is tiny, but P_k is larger than in the bulk by up to sqrt(N_k).
            let term = size * current.to_f64().abs();
            sum.add(f * current, term);
            negligible &= term <= NEGLIGIBLE * sum.mass;
            if let Some(&(a, b)) = self.recurrence.get(k) {
                let next = a * (node.t * current) - b * previous;
                previous = current;
                current = next;
            }
        }
        Report { integrals: Vec::new(), negligible }
    }
}

/// Rodrigues' integrals E_(n+2k)[f^(k)(s t)] / k!, k = first..=last.
struct Rodrigues {
    n: f64,
    scale: DoubleDouble,
    first: Degree,
    sums: Vec<Sum>,
    /// Sum of the weights of dimension n + 2k.
    weights: Vec<DoubleDouble>,
    /// s^k k! / (n (n+2) .. (n+2k-2)).
    prefactors: Vec<Scaled>,
}

impl Rodrigues {
    fn new(n: f64, scale: f64, first: Degree, last: Degree) -> Self {
        let scale = DoubleDouble::from(scale);
        let mut prefactor = Scaled::from(1.0);
        let mut prefactors = Vec::new();
        for k in 0..=last {
            if k >= first {
                prefactors.push(prefactor);
            }
            let k = k as f64;
            prefactor =
                prefactor.times(scale * DoubleDouble::from(k + 1.0) / DoubleDouble::from(n + 2.0 * k));
        }
        let count = last - first + 1;
        Self {
            n,
            scale,
            first,
            sums: vec![Sum::default(); count],
            weights: vec![DoubleDouble::ZERO; count],
            prefactors,
        }
    }

    /// alpha_k for k = first + i.
    fn value(&self, i: usize) -> Scaled {
        self.prefactors[i].times(self.sums[i].value / self.weights[i])
    }

    fn add(
        &mut self,
        node: Option<&Node>,
        taylor: &dyn Fn(DoubleDouble, Degree) -> Vec<DoubleDouble>,
    ) -> Report {
        let Some(node) = node else {
            let ratio = |(s, w): (&Sum, &DoubleDouble)| (s.value / *w, s.mass / w.to_f64());
            let integrals = self.sums.iter().zip(&self.weights).map(ratio).collect();
            return Report { integrals, negligible: false };
        };
        let last = self.first + self.sums.len() - 1;
        let x = node.t * self.scale;
        let plus = taylor(x, last);
        let minus = if node.centre { Vec::new() } else { taylor(-x, last) };
        let both = DoubleDouble::from(if node.centre { 1.0 } else { 2.0 });
        let sech_sq = (node.ln_sech + node.ln_sech).exp();
        let mut w = (node.ln_sech * DoubleDouble::from(self.n + 2.0 * self.first as f64 - 1.0)).exp();
        let mut negligible = w.to_f64() < 1e-20;
        for (i, sum) in self.sums.iter_mut().enumerate() {
            let (a, b) = (plus[self.first + i], minus.get(self.first + i).copied().unwrap_or_default());
            let term = w.to_f64() * (a.to_f64().abs() + b.to_f64().abs());
            sum.add(w * (a + b), term);
            negligible &= term <= NEGLIGIBLE * sum.mass;
            self.weights[i] = self.weights[i] + w * both;
            w = w * sech_sq;
        }
        Report { integrals: Vec::new(), negligible }
    }
}
