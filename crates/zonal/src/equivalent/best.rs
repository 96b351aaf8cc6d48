//! The ridge and the number of iterations with the smallest predicted test error.

use super::{Equivalent, Prediction, Sizes};
use crate::dynamics::logarithmic_grid;
use crate::error::Result;

/// Ridges that are tried, as powers of ten of their share of ||phi||^2.
const RIDGES: [i32; 2] = [-14, 4];
/// The number of ridges for each power of ten, and the steps of the golden section between two of them.
const EACH: i32 = 4;
const SECTIONS: usize = 30;
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
        let [mut low, mut high] = [-1, 1].map(|side| f64::from(best.1 + side));
        for _ in 0..SECTIONS {
            let [a, b] = [high - golden * (high - low), low + golden * (high - low)];
            if error(a)? <= error(b)? { high = b } else { low = a }
        }
        let chosen = ridge(0.5 * (low + high));
        Ok((chosen, self.ridge(sizes, chosen)?))
    }

    /// Returns the number of iterations with the smallest test error, up to 10^12, and the prediction there: the best of about
    /// six for each power of ten, and bisection around it.
    ///
    /// # Errors
    /// As [`Self::descent`].
    pub fn best_iterations(&self, sizes: Sizes, step: f64) -> Result<(u64, Prediction)> {
        let error = |t: u64| Ok::<f64, crate::Error>(self.descent(sizes, step, t)?.test_error);
        let grid = logarithmic_grid(MOST_ITERATIONS);
        let errors = grid.iter().map(|&t| error(t)).collect::<Result<Vec<f64>>>()?;
        let best = (0..grid.len()).fold(0, |best, i| if errors[i] < errors[best] { i } else { best });
        let mut low = grid[best.saturating_sub(1)];
        let mut high = grid[(best + 1).min(grid.len() - 1)];
        // Three significant digits of the count are enough: the error is flat there.
        while high - low > 1 + high / 1_000 {
            let third = (high - low) / 3;
            let [a, b] = [low + third, high - third.max(1)];
            if error(a)? <= error(b)? { high = b.max(low + 1) } else { low = a.max(low + 1).min(high) }
        }
        let middle = self.descent(sizes, step, high)?;
        let (chosen, found) = if middle.test_error <= errors[best] {
            (high, middle)
        } else {
            (grid[best], self.descent(sizes, step, grid[best])?)
        };
        Ok((chosen, found))
    }
}
