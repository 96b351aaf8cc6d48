//! What a learner is given: somebody who answers queries, or rows, and nothing else.

use crate::query::Query;
use crate::words;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zonal::Result;
use zonal::linalg::Matrix;

/// Somebody who answers queries, each with an error of the announced tolerance at most.
pub trait Answers: fmt::Debug + Sync {
    /// Answers to several queries at once, in their order. A query that was asked before gets the same answer again.
    ///
    /// # Errors
    /// Those of who answers: an expectation without an exact form, or a query that a replayed transcript lacks.
    fn ask_all(&self, queries: &[Query]) -> Result<Vec<f64>>;

    /// The largest error of an answer to this query.
    fn tolerance(&self, query: &Query) -> f64;

    /// The answer to one query.
    ///
    /// # Errors
    /// As [`Self::ask_all`].
    fn ask(&self, query: &Query) -> Result<f64> {
        Ok(self.ask_all(std::slice::from_ref(query))?[0])
    }
}

/// Labelled points, for learners that are not bound to queries.
#[derive(Clone, Debug)]
pub struct Rows {
    /// One point a row.
    pub points: Matrix,
    /// f(x) plus noise.
    pub labels: Vec<f64>,
}

/// What a tolerance is measured in. They differ by factors up to sqrt N, so that none goes without its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Convention {
    /// In units of the query's norm ||g||_2: the convention of correlational bounds.
    #[default]
    Unit,
    /// Of the answer itself.
    Raw,
    /// In units of the query's range, as if h had values in [-1, 1].
    Range,
}

impl Convention {
    /// The tolerance of an answer; `label_bound` is a bound of |y|.
    pub(crate) fn of_answer(self, tau: f64, query: &Query, label_bound: f64) -> f64 {
        match self {
            Self::Unit => tau * query.norm(),
            Self::Raw => tau,
            Self::Range => tau * query.range(label_bound),
        }
    }
}

impl Convention {
    const WORDS: [(&'static str, Self); 3] =
        [("unit", Self::Unit), ("raw", Self::Raw), ("range", Self::Range)];
}

impl FromStr for Convention {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        words::read(text, "convention", &Self::WORDS)
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(words::name(self, &Self::WORDS))
    }
}

/// The centre of the window of length 2 tau that holds most of some numbers, and how many; the one nearest to zero of
/// several.
pub(crate) fn fullest_window(values: &[f64], tau: f64) -> (f64, usize) {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (mut best, mut centre) = (0, 0.0f64);
    let mut end = 0;
    for start in 0..sorted.len() {
        // A little narrower, so that both ends are within tau of the centre after rounding.
        while end < sorted.len() && sorted[end] - sorted[start] <= 2.0 * tau * (1.0 - 1e-15) {
            end += 1;
        }
        if end <= start {
            // A negative length, or what is not a number.
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
        // Of two with as many the one nearer to zero.
        assert_eq!(fullest_window(&[-0.9, 0.2], 0.1), (0.2, 1));
    }
}
