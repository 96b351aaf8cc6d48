//! The interface of a learner: answers to queries, or labelled rows, and nothing else.

use crate::choice;
use crate::query::Query;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zonal::Result;
use zonal::linalg::Matrix;

/// A source of answers to queries, each within its tolerance.
pub trait Answers: fmt::Debug + Sync {
    /// Answers several queries in order. A repeated query gets the same answer.
    ///
    /// # Errors
    /// Fails for an expectation without an exact form, and for a query that is missing from a replayed transcript.
    fn ask_all(&self, queries: &[Query]) -> Result<Vec<f64>>;

    /// Returns the largest possible error of an answer to this query.
    fn tolerance(&self, query: &Query) -> f64;

    /// Answers one query.
    ///
    /// # Errors
    /// As [`Self::ask_all`].
    fn ask(&self, query: &Query) -> Result<f64> {
        Ok(self.ask_all(std::slice::from_ref(query))?[0])
    }
}

/// Labelled points, for learners that are not restricted to queries.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The points, one per row.
    pub points: Matrix,
    /// f(x) plus noise.
    pub labels: Vec<f64>,
}

/// The unit of a tolerance. Units differ by factors up to sqrt N, so a tolerance is always reported with its unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Convention {
    /// Relative to the query's norm ||g||_2: the convention of correlational bounds.
    #[default]
    Unit,
    /// The absolute error of the answer.
    Raw,
    /// Relative to the query's range, as if h had values in [-1, 1].
    Range,
}

impl Convention {
    /// Returns the absolute tolerance of an answer; `label_bound` is a bound on |y|.
    pub(crate) fn answer_tolerance(self, tau: f64, query: &Query, label_bound: f64) -> f64 {
        match self {
            Self::Unit => tau * query.norm(),
            Self::Raw => tau,
            Self::Range => tau * query.range(label_bound),
        }
    }
}

impl Convention {
    const CHOICES: [(&'static str, Self); 3] =
        [("unit", Self::Unit), ("raw", Self::Raw), ("range", Self::Range)];
}

impl FromStr for Convention {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        choice::parse(text, "convention", &Self::CHOICES)
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(choice::name(self, &Self::CHOICES))
    }
}

/// Returns the centre of the window of length 2 tau that contains the most values, and their number. Among ties the
/// centre nearest to zero wins.
pub(crate) fn fullest_window(values: &[f64], tau: f64) -> (f64, usize) {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (mut best, mut centre) = (0, 0.0f64);
    let mut end = 0;
    for start in 0..sorted.len() {
        // Slightly narrower, so that both ends are within tau of the centre after rounding.
        while end < sorted.len() && sorted[end] - sorted[start] <= 2.0 * tau * (1.0 - 1e-15) {
            end += 1;
        }
        if end <= start {
            // A negative length, or NaN.
            continue;
        }
        let middle = 0.5 * (sorted[start] + sorted[end - 1]);
        let count = end - start;
        if count > best || count == best && middle.abs() < centre.abs() {
            (best, centre) = (count, middle);
        }
    }
    (centre, best)
}

#[cfg(test)]
mod tests {
    use super::fullest_window;

    #[test]
    fn the_fullest_window_is_found() {
        assert_eq!(fullest_window(&[0.9, 0.0, 0.1, 0.8, 0.85], 0.1), (0.5 * (0.8 + 0.9), 3));
        assert_eq!(fullest_window(&[0.5], 0.1), (0.5, 1));
        assert_eq!(fullest_window(&[], 0.1), (0.0, 0));
        // Among ties, the window nearer to zero.
        assert_eq!(fullest_window(&[-0.9, 0.2], 0.1), (0.2, 1));
    }
}
