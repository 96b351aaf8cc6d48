//! Ridge regression (RW-1, RW-2).

use super::points::unused;
use super::{DegreeError, Equivalent, Prediction, Sizes};
use crate::error::{Error, Result};

/// The solution of RW-1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Solution {
    pub(super) kappa: f64,
    /// 1 - df/N and 1 - df/m, without the loss of digits of these differences.
    pub(super) left: [f64; 2],
}

/// Halvings of the interval of ln kappa.
const HALVINGS: usize = 80;
/// kappa is not looked for below this share of its upper bound.
const SMALLEST: f64 = 1e-290;

impl Equivalent {
    /// Predicts the errors of ridge regression. A ridge of 0 is the limit of small ridges: interpolation, or all units used.
    ///
    /// Cost: 80 sums over degrees.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a ridge that is negative or not finite, and for sizes below 1.
    pub fn ridge(&self, sizes: Sizes, ridge: f64) -> Result<Prediction> {
        let sizes = sizes.check()?;
        if !(ridge >= 0.0 && ridge.is_finite()) {
            return Err(Error::parameter("the ridge", ridge, "at least 0 and finite"));
        }
        Ok(self.at(sizes, ridge, self.solve(sizes, ridge)))
    }

    /// Solves lambda = kappa (1 - df/N) (1 - df/m) for the largest kappa (RW-1). The right side increases where
    /// df < min(N, m).
    pub(super) fn solve(&self, sizes: Sizes, ridge: f64) -> Solution {
        let Sizes { rows, width } = sizes;
        let least = sizes.least();
        // df <= ||phi||^2 / kappa.
        let upper = ridge + self.norm_sq * (1.0 / rows + 1.0 / width);
        let rank = self.rank();
        if least == f64::INFINITY {
            return Solution { kappa: ridge, left: [1.0; 2] };
        }
        if upper == 0.0 || ridge == 0.0 && rank <= least {
            return Solution { kappa: 0.0, left: [1.0 - rank / rows, 1.0 - rank / width] };
        }
        let is_above = |kappa: f64| {
            let dimension = self.dimension(kappa);
            dimension < least && kappa * (1.0 - dimension / rows) * (1.0 - dimension / width) >= ridge
        };
        let (mut low, mut high) = ((upper.ln() + SMALLEST.ln()).max(ridge.ln()), upper.ln() + 1e-12);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if is_above(middle.exp()) { high = middle } else { low = middle }
        }
        let kappa = (0.5 * (low + high)).exp();
        Solution { kappa, left: unused(sizes, (ridge / kappa).into(), None).map(|s| s.re) }
    }

    /// Returns the number of harmonics that the activation sees.
    fn rank(&self) -> f64 {
        if self.white > 0.0 {
            return f64::INFINITY;
        }
        self.seen().map(|part| part.multiplicity).sum()
    }

    /// Evaluates RW-2 at a solution.
    pub(super) fn at(&self, sizes: Sizes, ridge: f64, solution: Solution) -> Prediction {
        let Solution { kappa, left: [s1, s2] } = solution;
        let Sizes { rows, width } = sizes;
        let sums = self.sums(kappa);
        // With p = df - df_2: the denominator of RW-2 without differences of nearly equal numbers, see docs/theory/rows.md.
        let p = sums.excess;
        let spread = s2 + p / width;
        // All units are used by as many harmonics, in the limit of small ridges.
        let is_full = spread == 0.0;
        let denominator = if is_full { s1 } else { (s1 * s2 + p * (s1 / width + s2 / rows)) / spread };
        let of_units = |x: f64| if is_full { 0.0 } else { x / (width * spread) };
        // 0/0 is a limit with as many rows as units: the peak, or nothing that could be wrong.
        let divide = |x: f64| if x == 0.0 { 0.0 } else { x / denominator };
        let test_error = divide(self.noise + sums.bias + of_units(sums.half_learned * p));
        let variance = |weight: f64, eigenvalue: f64| {
            let scale = weight / (eigenvalue + kappa).powi(2);
            if test_error == f64::INFINITY {
                return if weight > 0.0 { f64::INFINITY } else { 0.0 };
            }
            let from_rows = scale * eigenvalue * test_error / rows;
            let from_units = scale * kappa * of_units(sums.half_learned + p * test_error / rows);
            from_rows + from_units
        };
        let degrees = self.degrees.iter().map(|part| {
            let learned =
                if part.eigenvalue > 0.0 { part.eigenvalue / (part.eigenvalue + kappa) } else { 0.0 };
            let bias = if part.eigenvalue > 0.0 {
                (kappa / (part.eigenvalue + kappa)).powi(2) * part.energy
            } else {
                part.energy
            };
            let variance = if part.eigenvalue > 0.0 { variance(part.weight, part.eigenvalue) } else { 0.0 };
            DegreeError { energy: part.energy, learned, bias, variance }
        });
        Prediction {
            test_error,
            train_error: if s1 == 0.0 { 0.0 } else { s1 * s1 * test_error },
            noise_factor: 1.0 / denominator,
            effective_ridge: Some(kappa),
            effective_dimension: sums.dimension,
            degrees: degrees.collect(),
            unseen: self.unlisted,
            tail_variance: if self.white > 0.0 { variance(self.white, 0.0) } else { 0.0 },
            tail_error: self.tail_error(kappa, sums.dimension),
            regime: self.regime(sizes, ridge),
        }
    }

    pub(super) fn sums(&self, kappa: f64) -> Sums {
        let mut sums = Sums { bias: self.unseen, ..Sums::default() };
        for &super::Part { eigenvalue, weight, energy, .. } in self.seen() {
            let factor = 1.0 / (eigenvalue + kappa);
            let residual = kappa * factor;
            sums.dimension += weight * factor;
            sums.excess += weight * factor * residual;
            sums.bias += energy * residual * residual;
            sums.half_learned += energy * residual * (eigenvalue * factor);
        }
        if self.white > 0.0 {
            sums.dimension += self.white / kappa;
            // With a kappa of 0 both sizes are infinite and there is no variance.
            sums.excess += if kappa > 0.0 { self.white / kappa } else { 0.0 };
        }
        sums
    }
}

/// Sums over degrees at one kappa.
#[derive(Default)]
pub(super) struct Sums {
    /// df.
    pub(super) dimension: f64,
    /// df - df_2 = sum of N_k L_k (1 - L_k), with the learned factor L_k = alpha_k^2 / (alpha_k^2 + kappa).
    pub(super) excess: f64,
    /// sum of G_k (1 - L_k)^2.
    pub(super) bias: f64,
    /// sum of G_k L_k (1 - L_k).
    pub(super) half_learned: f64,
}
