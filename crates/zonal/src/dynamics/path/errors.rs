//! Bounds on the difference between a path and exact descent: rounding (RD-1) and omitted steps of Lanczos (LZ-1).

use super::{GradientPath, Solution, floored, share};
use crate::dynamics::{accumulated, accumulated_sum};
use crate::error::Result;
use crate::lanczos::Ritz;
use crate::numeric::sum::non_negative;

impl GradientPath {
    /// Bounds the difference between each label's [`Self::losses`] and those of exact descent (RD-1, LZ-1): rounding,
    /// its growth with the iteration count and, for Lanczos, the omitted steps. Exact losses decrease with the count,
    /// so bounds on earlier losses also bound later ones. Constants of rounding are estimates. Cost 40 m.
    pub fn loss_errors(&self, iteration: u64) -> Vec<f64> {
        let errors = |t: u64, losses: &[f64]| -> Vec<f64> {
            losses.iter().enumerate().map(|(label, &loss)| self.unlimited_error(label, loss, t)).collect()
        };
        let losses = self.losses(iteration);
        let own = errors(iteration, &losses);
        let mut highest: Vec<f64> = losses.iter().zip(&own).map(|(l, e)| l + e).collect();
        // With a ridge and a step beyond 1 / (the largest eigenvalue) losses may rise.
        let decreases = self.ridge == 0.0 || self.step * self.rounding.largest <= 1.0 + 1e-12;
        let mut earlier = if decreases { iteration } else { 0 };
        while earlier > 0 {
            earlier /= 3;
            let losses = self.losses(earlier);
            for ((most, loss), error) in highest.iter_mut().zip(&losses).zip(errors(earlier, &losses)) {
                *most = most.min(loss + error);
            }
        }
        let limited = |((loss, own), most): ((&f64, f64), f64)| (most - loss).max(own.min(*loss)).max(0.0);
        losses.iter().zip(own).zip(highest).map(limited).collect()
    }

    /// Returns the mean over labels of [`Self::loss_errors`].
    pub fn loss_error(&self, iteration: u64) -> f64 {
        let errors = self.loss_errors(iteration);
        errors.iter().sum::<f64>() / errors.len() as f64
    }

    /// Returns lower and upper bounds on the losses of exact descent: [`Self::losses`] with [`Self::loss_errors`]; for
    /// Lanczos without a ridge the Gauss and Gauss-Radau rules if they are tighter, since psi_2t has derivatives of alternating sign.
    ///
    /// # Errors
    /// [`NoConvergence`](crate::Error::NoConvergence).
    pub fn loss_bounds(&self, iteration: u64) -> Result<Vec<(f64, f64)>> {
        let twice = iteration.saturating_mul(2);
        let mut out = Vec::new();
        for (label, (loss, error)) in
            self.losses(iteration).into_iter().zip(self.loss_errors(iteration)).enumerate()
        {
            let (mut low, mut high) = (loss - error, loss + error);
            if let Solution::Krylov(spaces) = &self.solution
                && self.ridge == 0.0
            {
                let (space, ritz) = &spaces[label];
                let psi = |x: f64| accumulated(x.max(0.0), self.step, twice);
                let least = ritz.integral(|x| share(ritz, x, psi));
                let most =
                    if space.is_invariant() { Some(least) } else { space.radau()?.map(|r| r.integral(psi)) };
                let rounding = self.rounding_error(label, loss, iteration);
                high = high.min(self.label_sq[label] - least + rounding);
                low = most.map_or(low, |most| low.max(self.label_sq[label] - most - rounding));
            }
            out.push((non_negative(low), non_negative(high)));
        }
        Ok(out)
    }

    /// Bounds the difference between the predictions of each label and those of exact descent after `iteration` steps,
    /// as the root mean square over the rows, or under the law, behind K (RD-1, LZ-1). Constants of rounding are
    /// estimates.
    pub fn distances(&self, iteration: u64) -> Vec<f64> {
        let one = |label| {
            let size = self.longest(label, iteration);
            let rounding = self.rounding.distance(label, size, self.label_sq[label], iteration);
            rounding + self.trace.sqrt() * self.krylov_distance(label, iteration)
        };
        (0..self.labels()).map(one).collect()
    }

    /// Returns the largest of [`Self::distances`] up to the iteration `last`, relative to the root mean square of the
    /// label.
    pub fn prediction_error(&self, last: u64) -> f64 {
        // Weights are rounded to f64 when they are saved.
        let saved = |label| 2.0 * f64::EPSILON * self.longest(label, last) * self.rounding.largest.sqrt();
        let relative = self.distances(last).into_iter().zip(&self.label_sq).enumerate();
        let relative = relative.map(|(label, (d, y))| (d + saved(label)) / y.sqrt());
        relative.filter(|x| !x.is_nan()).fold(0.0, f64::max)
    }

    /// Returns the part of [`Self::prediction_error`] that more steps of Lanczos would remove.
    pub(super) fn krylov_error(&self, last: u64) -> f64 {
        let error = |(label, y): (usize, &f64)| self.krylov_distance(label, last) * (self.trace / y).sqrt();
        self.label_sq.iter().enumerate().map(error).filter(|x| !x.is_nan()).fold(0.0, f64::max)
    }

    /// LZ-1: |a_t - V psi_t(T) V^T b| <= eta beta |e_k . sum_(s<t) psi_s(T) e_1| |b| for eta lambda_max <= 1, where
    /// beta is the coupling out of the Krylov space.
    fn krylov_distance(&self, label: usize, last: u64) -> f64 {
        match &self.solution {
            Solution::Krylov(spaces) if spaces[label].1.coupling != 0.0 => {
                let ritz = &spaces[label].1;
                self.step * ritz.leaving(|x| accumulated_sum(floored(ritz, x), self.step, last))
            }
            _ => 0.0,
        }
    }

    /// Returns the largest length of the output weights of a label in the first t steps.
    fn longest(&self, label: usize, t: u64) -> f64 {
        // If eta lambda > 1, the weights are longest after the first step.
        let psi = |x: f64| {
            let psi = accumulated(x, self.step, t);
            if self.step * x > 1.0 { psi.max(self.step) } else { psi }
        };
        match &self.solution {
            Solution::Dense(dense) => {
                let terms = dense.b.row(label).iter().zip(&dense.eigenvalues).map(|(b, &x)| b * psi(x));
                terms.map(|a| a * a).sum::<f64>().sqrt()
            }
            Solution::Krylov(spaces) => {
                let ritz = &spaces[label].1;
                ritz.integral(|x| share(ritz, x, |x| psi(x).powi(2))).sqrt()
            }
        }
    }

    /// Returns the contribution of rounding to the error of a loss.
    fn rounding_error(&self, label: usize, loss: f64, t: u64) -> f64 {
        let size = self.longest(label, t);
        self.loss_difference(label, loss, size, self.rounding.distance(label, size, self.label_sq[label], t))
    }

    /// Returns the error of a loss without the bounds from earlier losses.
    fn unlimited_error(&self, label: usize, loss: f64, t: u64) -> f64 {
        let size = self.longest(label, t);
        let distance = self.rounding.distance(label, size, self.label_sq[label], t);
        let krylov = self.trace.sqrt() * self.krylov_distance(label, t);
        self.loss_difference(label, loss, size, distance + krylov)
    }

    /// Bounds the error of the loss if functions differ by `distance`.
    fn loss_difference(&self, label: usize, loss: f64, size: f64, distance: f64) -> f64 {
        let own = self.rounding.evaluation(label, size, self.label_sq[label]);
        own + (2.0 * (loss + own).sqrt() + distance) * distance
    }

    /// Returns, for each label, the length of the component of b in the directions that [`share`] omits.
    pub(super) fn unresolved_shares(&self) -> Vec<f64> {
        let Solution::Krylov(spaces) = &self.solution else { return Vec::new() };
        let kept = |ritz: &Ritz, x: f64| share(ritz, x, |_| 1.0);
        spaces.iter().map(|(_, ritz)| ritz.integral(|x| 1.0 - kept(ritz, x)).sqrt()).collect()
    }
}
