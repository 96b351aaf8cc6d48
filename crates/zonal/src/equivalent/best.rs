//! The ridge and the number of iterations with the smallest predicted test error.

use super::{Equivalent, Prediction, Sizes};
use crate::dynamics::logarithmic_grid;
use crate::error::Result;

/// Ridges that are tried, as powers of ten of their share of ||phi||^2.
const RIDGES: [i32; 2] = [-14, 4];
/// The number of ridges for each power of ten, and the steps of the golden section between two of them.
const EACH: i32 = 4;
const SECTIONS: usize = 30;
/// Errors that differ by less than this share are equal.
const FLAT: f64 = 1e-9;
/// The largest number of iterations that is tried.
const MOST_ITERATIONS: u64 = 1_000_000_000_000;

impl Equivalent {
    /// Returns the ridge with the smallest test error, between 1e-14 and 1e4 times ||phi||^2, and the prediction there: the
    /// best of four for each power of ten, and a golden section around it.
    ///
    /// # Errors
    /// As [`Self::ridge`].
    pub fn best_ridge(&self, sizes: Sizes) -> Result<(f64, Prediction)> {
        let ridge = |step: f64| self.norm_sq() * 10f64.powf(step / f64::from(EACH));
        let error = |step: f64| Ok::<f64, crate::Error>(self.ridge(sizes, ridge(step))?.test_error);
        let [first, last] = RIDGES.map(|power| power * EACH);
        let mut best = (f64::INFINITY, first);
        for step in first..=last {
            let found = error(f64::from(step))?;
            if found < best.0 {
                best = (found, step);
            }
        }
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        let [mut low, mut high] = [-1, 1].map(|side| f64::from((best.1 + side).clamp(first, last)));
        for _ in 0..SECTIONS {
            let [a, b] = [high - golden * (high - low), low + golden * (high - low)];
            if error(a)? <= error(b)? { high = b } else { low = a }
        }
        let middle = 0.5 * (low + high);
        let chosen = ridge(if error(middle)? <= best.0 { middle } else { f64::from(best.1) });
        Ok((chosen, self.ridge(sizes, chosen)?))
    }

    /// Returns the number of iterations with the smallest test error, up to 10^12, and the prediction there: the best of about
    /// six for each power of ten, and a ternary search around it. On a flat curve the
    /// first of them.
    ///
    /// # Errors
    /// As [`Self::descent`].
    pub fn best_iterations(&self, sizes: Sizes, step: f64) -> Result<(u64, Prediction)> {
        let error = |t: u64| Ok::<f64, crate::Error>(self.descent(sizes, step, t)?.test_error);
        let grid = logarithmic_grid(MOST_ITERATIONS);
        let errors = grid.iter().map(|&t| error(t)).collect::<Result<Vec<f64>>>()?;
        let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
        // On a flat curve the first count, not that of the smallest rounding error.
        let best = errors.iter().position(|e| *e <= least * (1.0 + FLAT)).unwrap_or(0);
        let mut low = grid[best.saturating_sub(1)];
        let mut high = grid[(best + 1).min(grid.len() - 1)];
        // Three significant digits of the count are enough: the error is flat there.
        while high - low > 2 + high / 1_000 {
            let third = (high - low) / 3;
            let [a, b] = [low + third, high - third];
            if error(a)? <= error(b)? { high = b } else { low = a }
        }
        let mut found = (grid[best], errors[best]);
        for t in [low, low + (high - low) / 2, high] {
            let error = error(t)?;
            if error < found.1 * (1.0 - FLAT) {
                found = (t, error);
            }
        }
        Ok((found.0, self.descent(sizes, step, found.0)?))
    }
}
