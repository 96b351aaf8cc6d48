//! Prediction intervals from the errors on rows that were held out.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// The largest number of errors that are stored.
const STORED: usize = 1_024;
/// The quantile by which errors are compared with differences between networks.
const BULK: f64 = 0.9;
/// The smallest share of the squared error of networks that their mean is taken to have.
const LEAST_SQUARE: f64 = 0.25;

/// The absolute errors on N rows that a network was not fitted to. If these rows and a new one are exchangeable, the error of the new one
/// is at most the k-th smallest of them with probability at least k/(N+1) (Vovk, Gammerman and Shafer 2005; split conformal
/// prediction).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldOutErrors {
    /// The number N of rows.
    pub rows: u64,
    /// Errors in ascending order: all of them, or 1,024 of evenly spaced ranks.
    pub errors: Vec<f64>,
}

impl HeldOutErrors {
    /// Stores absolute errors in any order.
    pub fn new(mut errors: Vec<f64>) -> Self {
        errors.sort_by(f64::total_cmp);
        let rows = errors.len();
        let stored = rows.min(STORED);
        // The rank of the last one is that of all.
        let errors = (1..=stored).map(|j| errors[(j * rows).div_ceil(stored) - 1]).collect();
        Self { rows: rows as u64, errors }
    }

    /// Returns estimated errors of the mean of networks, given errors of each of them and the absolute differences between their
    /// predictions and their mean for other rows. The mean square error of a mean is smaller by the mean square of the differences (Krogh and
    /// Vedelsby 1995). Since both may have heavy tails, squares of their quantiles at 0.9 take the place of mean squares, and all
    /// errors are divided alike; they are at least half of the given ones. Too few rows change nothing.
    ///
    /// ```
    /// use zonal::conformal::HeldOutErrors;
    /// let errors = HeldOutErrors::new(vec![5.0; 20]);
    /// assert_eq!(errors.of_mean(&HeldOutErrors::new(vec![3.0; 20])).errors, [4.0; 20]);
    /// ```
    #[must_use]
    pub fn of_mean(&self, differences: &Self) -> Self {
        let [Ok(error), Ok(difference)] = [self, differences].map(|of| of.half_width(BULK)) else {
            return self.clone();
        };
        let share = if error > 0.0 { (difference / error).powi(2) } else { 0.0 };
        let factor = (1.0 - share).max(LEAST_SQUARE).sqrt();
        Self { rows: self.rows, errors: self.errors.iter().map(|error| factor * error).collect() }
    }

    /// Returns whether the errors can be used, for errors that were read from a file.
    pub fn is_sound(&self) -> bool {
        let are_numbers = self.errors.iter().all(|error| *error >= 0.0 && error.is_finite());
        are_numbers && self.errors.is_sorted() && self.errors.len() as u64 == self.rows.min(STORED as u64)
    }

    /// Returns half the width of the interval around a prediction that covers the label with at least this probability: the
    /// ceil((N+1) level)-th smallest error, or the next one that is stored.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a level that is not in (0, 1), and for one above N/(N+1), for which no error is large enough.
    pub fn half_width(&self, level: f64) -> Result<f64> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::parameter("the level of an interval", level, "above 0 and below 1"));
        }
        let rank = ((self.rows + 1) as f64 * level).ceil() as u64;
        if rank > self.rows {
            let most = self.rows as f64 / (self.rows + 1) as f64;
            let required = format!("at most {most:.4}, since {} rows were held out", self.rows);
            return Err(Error::parameter("the level of an interval", level, required));
        }
        let stored = self.errors.len() as u64;
        let place = (rank * stored).div_ceil(self.rows.max(1)).clamp(1, stored) - 1;
        Ok(self.errors[place as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::{Purpose, normal, stream};

    #[test]
    fn the_rank_is_that_of_the_level() {
        let errors = HeldOutErrors::new((1..=9).rev().map(f64::from).collect());
        assert!(errors.is_sound());
        for (level, width) in [(0.1, 1.0), (0.45, 5.0), (0.5, 5.0), (0.9, 9.0)] {
            assert_eq!(errors.half_width(level).unwrap(), width);
        }
        let refused = errors.half_width(0.91).unwrap_err().to_string();
        assert!(refused.contains("at most 0.9000, since 9 rows were held out"), "{refused}");
        for level in [0.0, 1.0, f64::NAN, -0.5] {
            assert!(errors.half_width(level).is_err());
        }
        assert!(HeldOutErrors::new(Vec::new()).half_width(0.5).is_err());
    }

    #[test]
    fn of_many_errors_evenly_spaced_ranks_are_stored() {
        let errors = HeldOutErrors::new((1..=50_000).map(f64::from).collect());
        assert!(errors.is_sound() && errors.errors.len() == 1_024 && errors.errors[1_023] == 50_000.0);
        for level in [0.01, 0.5, 0.9, 0.99, 0.9999] {
            let width = errors.half_width(level).unwrap();
            // Never narrower, and at most one stored rank wider.
            assert!(
                width >= (50_001.0 * level).ceil() && width <= 50_001.0 * level + 50.0,
                "{level}: {width}"
            );
        }
    }

    #[test]
    fn intervals_cover_new_errors_as_often_as_they_say() {
        let mut rng = stream(1, Purpose::Noise, 0);
        let (tables, rows, level) = (4_000, 39, 0.9);
        let mut covered = 0;
        for _ in 0..tables {
            let errors = HeldOutErrors::new((0..rows).map(|_| normal(&mut rng).abs()).collect());
            covered += usize::from(normal(&mut rng).abs() <= errors.half_width(level).unwrap());
        }
        // (N+1) level is a whole number, so that the coverage is 0.9 exactly; four standard errors of a share.
        let share = covered as f64 / f64::from(tables);
        assert!((share - level).abs() < 4.0 * (0.09 / f64::from(tables)).sqrt(), "{share}");
    }
}
