//! The number of rows that an excess error needs (RW-6).

use super::{Equivalent, Sizes};
use crate::error::{Error, Result};

/// The least number of rows for an excess error, and the ridge with which it is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowsFor {
    /// The number of rows.
    pub rows: f64,
    /// The ridge lambda.
    pub ridge: f64,
}

/// The number of effective ridges that are tried.
const TRIED: usize = 1_500;
/// More rows than this are not looked for.
const MOST: f64 = 1e18;
/// Effective ridges below this share of ||phi||^2 are not tried.
const SMALLEST: f64 = 1e-40;

impl Equivalent {
    /// Finds the least number of rows with which the best ridge brings the excess error, E |g - f|^2, to `excess`; None if no
    /// number up to 10^18 does at this width.
    ///
    /// For each effective ridge the number of rows is a fraction, nothing is inverted; 1500 are tried.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an excess that is not positive, and for a width below 1.
    pub fn rows_for(&self, excess: f64, width: f64) -> Result<Option<RowsFor>> {
        if !(excess > 0.0 && excess.is_finite()) {
            return Err(Error::parameter("the excess error", excess, "a positive number"));
        }
        Sizes { rows: f64::INFINITY, width }.check()?;
        let largest = 1e4 * self.norm_sq;
        let ratio = (SMALLEST * self.norm_sq / largest).ln() / (TRIED - 1) as f64;
        let kappa = |i: usize| largest * (ratio * i as f64).exp();
        let found = (0..TRIED).filter_map(|i| self.rows_at(kappa(i), excess, width));
        Ok(found.min_by(|a, b| a.rows.total_cmp(&b.rows)).filter(|found| found.rows <= MOST))
    }

    /// Returns the rows for which an effective ridge gives this excess.
    fn rows_at(&self, kappa: f64, excess: f64, width: f64) -> Option<RowsFor> {
        let sums = self.sums(kappa);
        let units = 1.0 - sums.dimension / width;
        if units < 0.0 {
            return None;
        }
        let free = width * units + sums.excess;
        let share = if width == f64::INFINITY { 0.0 } else { sums.excess / free };
        let found = sums.bias + share * sums.half_learned;
        if found >= excess {
            return None;
        }
        let used = sums.dimension - sums.excess + share * sums.excess;
        let rows = (used / (1.0 - (self.noise + found) / (self.noise + excess))).max(sums.dimension).max(1.0);
        Some(RowsFor { rows, ridge: kappa * units * (1.0 - sums.dimension / rows).max(0.0) })
    }
}
