//! Nodes for the integrals of phi(s l sin theta + b) P_k(sin theta) cos^(n-2)(theta): pieces of theta that are halved
//! until a Gauss-Legendre rule is accurate for both factors.
//!
//! A rule of N nodes is exact for products of degree 2N - 1. On a piece, P_k and the weight are a polynomial of theta
//! of known degree, up to rounding; this leaves a largest degree for phi, and the Legendre coefficients of phi on the
//! piece show whether it exceeds that degree.

use crate::error::{Error, Result};
use crate::quadrature::gauss_legendre;
use crate::sphere::{Degree, Dim};
use std::f64::consts::FRAC_PI_2;
use std::sync::OnceLock;

/// Nodes of the rule.
const NODES: usize = 128;
/// The number of consecutive Legendre coefficients that must be at rounding level for a function to count as resolved.
const BAND: usize = 8;
/// From this degree on, the rule's own coefficients are too close to the aliased ones.
const LAST_BAND: f64 = (NODES - BAND) as f64;
/// The weight has fallen below e^-80 where the integrals end.
const NEGLIGIBLE: f64 = -80.0;
/// The error of an integral that is accepted, as a fraction of the largest value of phi.
const WANTED: f64 = 4e-15;
/// The number of halvings of a piece after which phi counts as unresolved.
const LEVELS: usize = 60;
/// The largest number of open pieces.
const MOST_PIECES: usize = 1 << 13;
/// The largest number of values of phi in memory.
const MOST_VALUES: usize = 1 << 26;

/// The rule with its discrete Legendre transform.
struct Rule {
    nodes: Vec<(f64, f64)>,
    /// w_i p_q(x_i) for the orthonormal p_q, one degree q a row.
    transform: Vec<Vec<f64>>,
    /// Legendre coefficients below this fraction of the largest value are rounding errors of the nodes and weights:
    /// three times the largest coefficient that the rule gives the constant 1, whose coefficients are zero.
    rounding: f64,
}

/// Returns the rule, which is computed once.
fn rule() -> Result<&'static Rule> {
    static RULE: OnceLock<Rule> = OnceLock::new();
    if let Some(rule) = RULE.get() {
        return Ok(rule);
    }
    let nodes = gauss_legendre(NODES)?;
    let column = |(x, w): &(f64, f64)| {
        let (mut previous, mut current) = (0.0, 1.0);
        (0..NODES)
            .map(|q| {
                let (k, value) = (q as f64, w * current * (q as f64 + 0.5).sqrt());
                (previous, current) = (current, ((2.0 * k + 1.0) * x * current - k * previous) / (k + 1.0));
                value
            })
            .collect::<Vec<f64>>()
    };
    let columns: Vec<Vec<f64>> = nodes.iter().map(column).collect();
    let transform: Vec<Vec<f64>> = (0..NODES).map(|q| columns.iter().map(|c| c[q]).collect()).collect();
    let of_one = transform.iter().skip(1).map(|row| row.iter().sum::<f64>().abs());
    let rounding = 3.0 * of_one.fold(f64::EPSILON, f64::max);
    Ok(RULE.get_or_init(|| Rule { nodes, transform, rounding }))
}

/// The pieces for degrees up to a maximum in one dimension.
pub(super) struct Pieces {
    rule: &'static Rule,
    /// n - 2, the exponent of the weight.
    exponent: f64,
    /// The largest frequency of P_k in theta.
    frequency: f64,
    /// Integrals extend to plus and minus this angle.
    pub(super) end: f64,
    /// The integral of the weight.
    total: f64,
}

/// Nodes (sin theta, weight), with weights that sum to 1, and the values of each function at them: one node per row.
pub(super) struct Sample {
    pub(super) nodes: Vec<(f64, f64)>,
    pub(super) values: Vec<f64>,
}

/// Evaluates each function at nodes; the result has one node per row.
type Values<'a> = dyn Fn(&[(f64, f64)]) -> Vec<f64> + 'a;

impl Pieces {
    pub(super) fn new(dim: Dim, max_degree: Degree) -> Result<Self> {
        let (k, exponent) = (max_degree as f64, dim.as_f64() - 2.0);
        let end = if exponent > 0.0 { (NEGLIGIBLE / exponent).exp().acos() } else { FRAC_PI_2 };
        let frequency = (k * (k + exponent)).sqrt();
        let mut pieces = Self { rule: rule()?, exponent, frequency, end, total: 1.0 };
        pieces.total = [(-end, 0.0), (0.0, end)].into_iter().flat_map(|p| pieces.nodes(p)).map(|n| n.1).sum();
        Ok(pieces)
    }

    /// Returns (sin theta, weight) on a piece.
    fn nodes(&self, (from, to): (f64, f64)) -> Vec<(f64, f64)> {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let node = |(x, w): &(f64, f64)| {
            let theta = middle + half * x;
            (theta.sin(), half * w * theta.cos().powf(self.exponent) / self.total)
        };
        self.rule.nodes.iter().map(node).collect()
    }

    /// Returns the degree in theta, up to rounding, of all P_k times the weight on a piece of this half length: a
    /// Bessel function J_j(x) falls to 1e-16 by j = x + 11.5 x^(1/3), and the weight is nearly Gaussian. Verified
    /// against Legendre transforms for n = 2 to 20,000.
    fn degree(&self, half: f64) -> f64 {
        let x = half * self.frequency;
        x + 11.5 * x.cbrt() + 4.0 * half * self.exponent.sqrt()
    }

    /// Returns the first degree that phi must not contain on a piece of this half length; None if the piece is too
    /// long.
    fn band(&self, half: f64) -> Option<usize> {
        let rest = (2 * NODES - 1) as f64 - self.degree(half);
        (rest >= (2 * BAND) as f64).then(|| rest.min(LAST_BAND) as usize)
    }

    /// Computes nodes for `count` functions of t = sin theta that are smooth between consecutive `ends`; `values`
    /// returns the values of all functions at given nodes, one node per row.
    ///
    /// # Errors
    /// [`Error::Parameter`] for functions that no number of nodes within the limits resolves.
    pub(super) fn sample(&self, ends: &[f64], count: usize, values: &Values<'_>) -> Result<Sample> {
        let mut open: Vec<(f64, f64)> = ends.windows(2).map(|w| (w[0], w[1])).collect();
        let mut sample = Sample { nodes: Vec::new(), values: Vec::new() };
        let mut sizes = vec![0.0; count];
        for _ in 0..LEVELS {
            let evaluated = open.iter().map(|&piece| {
                let nodes = if self.band(0.5 * (piece.1 - piece.0)).is_some() {
                    self.nodes(piece)
                } else {
                    Vec::new()
                };
                let values = values(&nodes);
                (piece, nodes, values)
            });
            let evaluated: Vec<_> = evaluated.collect();
            for row in evaluated.iter().flat_map(|(_, _, values)| values.chunks_exact(count)) {
                sizes.iter_mut().zip(row).for_each(|(size, v): (&mut f64, _)| *size = size.max(v.abs()));
            }
            open.clear();
            for (piece, nodes, values) in evaluated {
                if self.resolves(piece, &values, &sizes) {
                    sample.nodes.extend(nodes);
                    sample.values.extend(values);
                } else {
                    let middle = 0.5 * (piece.0 + piece.1);
                    open.extend([(piece.0, middle), (middle, piece.1)]);
                }
            }
            if open.is_empty() {
                return Ok(sample);
            }
            if open.len() > MOST_PIECES || open.len() * NODES * count + sample.values.len() > MOST_VALUES {
                break;
            }
        }
        let t = open.first().map_or(f64::NAN, |piece| piece.0.sin());
        Err(Error::parameter(
            "the activation of a unit",
            format!("not resolved near <u, x> = {t:.6}: it is not finite there or oscillates too fast"),
            "finite and smoother; use a smaller scale, or give the positions of its kinks",
        ))
    }

    /// Returns whether the rule is accurate on a piece for all functions with these values at its nodes.
    fn resolves(&self, piece: (f64, f64), values: &[f64], sizes: &[f64]) -> bool {
        let half = 0.5 * (piece.1 - piece.0);
        let Some(band) = self.band(half) else { return false };
        // The largest weight is at the angle closest to zero.
        let nearest = 0.0f64.clamp(piece.0.min(piece.1), piece.1);
        let density = nearest.cos().powf(self.exponent) / self.total;
        let mut missed = vec![0.0f64; sizes.len()];
        for row in &self.rule.transform[band..band + BAND] {
            let mut sums = vec![0.0; sizes.len()];
            for (factor, values) in row.iter().zip(values.chunks_exact(sizes.len())) {
                crate::linalg::add_scaled(&mut sums, *factor, values);
            }
            // A NaN must not be lost in a maximum.
            missed.iter_mut().zip(sums).for_each(|(m, s)| {
                *m = if s.is_nan() { f64::INFINITY } else { m.max(s.abs()) };
            });
        }
        let mut peaks = vec![0.0f64; sizes.len()];
        for values in values.chunks_exact(sizes.len()) {
            peaks.iter_mut().zip(values).for_each(|(p, v)| *p = p.max(v.abs()));
        }
        missed.iter().zip(&peaks).zip(sizes).all(|((missed, peak), size)| {
            let all = 2.0 * half * density * peak;
            let finite = peak.is_finite() && missed.is_finite();
            finite
                && (missed * (half * density).sqrt() <= WANTED * size
                    || *missed <= self.rule.rounding * peak
                    || all <= WANTED * size)
        })
    }
}
