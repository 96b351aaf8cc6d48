//! Lower and upper bounds on the number of statistical queries, each with its theorem, query class, prior and
//! assumptions.
//!
//! Every number is rounded in the safe direction: lower bounds on queries down, upper bounds on errors up.

mod finite;
mod frame;
mod random;
mod regression;
mod tail;
mod zonal;

pub use finite::{orthonormal_members, products_of_signs, with_gram};
pub use frame::{from_separated_fraction, from_unequal_queries, statistical_dimension};
pub use random::{RandomSubfamily, random_harmonics, random_subfamily};
pub use regression::{Regression, regression};
pub use zonal::zonal_harmonics;

use ::zonal::sphere::Degree;
use ::zonal::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A class of queries h(x, y).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QueryClass {
    /// y g(x) with ||g||_2 <= 1: the queries of gradient descent on squared loss.
    Correlational,
    /// |dh/dy| <= L, values in [-1, 1].
    Lipschitz(f64),
    /// Any measurable function with values in [-1, 1].
    Any,
}

impl fmt::Display for QueryClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Correlational => f.write_str("correlational"),
            Self::Lipschitz(l) => write!(f, "lipschitz:{l}"),
            Self::Any => f.write_str("any"),
        }
    }
}

impl FromStr for QueryClass {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is not a class of queries; use correlational, any or lipschitz:L with L a positive number"
            )
        };
        match text {
            "correlational" => Ok(Self::Correlational),
            "any" => Ok(Self::Any),
            _ => match text.strip_prefix("lipschitz:").map(str::parse::<f64>) {
                Some(Ok(l)) if l > 0.0 && l.is_finite() => Ok(Self::Lipschitz(l)),
                _ => Err(wrong()),
            },
        }
    }
}

/// The accuracy that a learner must reach, and the probability of reaching it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// Probability of success over the target and the learner's randomness.
    pub delta: f64,
    /// The mean squared error is at most 1 - epsilon; the best constant has 1.
    pub epsilon: f64,
}

impl Goal {
    /// Checks 0 < delta <= 1 and 0 < epsilon <= 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] otherwise.
    pub fn new(delta: f64, epsilon: f64) -> Result<Self> {
        for (name, x) in [("delta", delta), ("epsilon", epsilon)] {
            if !(x > 0.0 && x <= 1.0) {
                return Err(Error::parameter(name, x, "above 0 and at most 1"));
            }
        }
        Ok(Self { delta, epsilon })
    }
}

/// Checks that a tolerance is in (0, 1].
///
/// # Errors
/// [`Error::Parameter`] unless it is positive and at most 1.
pub fn check_tolerance(tau: f64) -> Result<()> {
    if tau > 0.0 && tau <= 1.0 {
        return Ok(());
    }
    Err(Error::parameter("the tolerance", tau, "above 0 and at most 1, the largest answer to a unit query"))
}

fn check_degree(degree: Degree) -> Result<()> {
    if degree > 0 {
        return Ok(());
    }
    Err(Error::parameter("the degree", 0, "at least 1: only constants have degree 0"))
}

/// A lower bound on the number of queries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// The identifier of the theorem in docs/theory, such as SQ-1.
    pub theorem: String,
    /// The class of queries to which it applies.
    pub query_class: String,
    /// The distribution of the target.
    pub prior: String,
    /// log10 of the number of queries, rounded down. None if the formula is zero or negative, and if no number of
    /// queries suffices; the latter is stated by the last assumption, and `vacuous` is false.
    pub log10_queries: Option<f64>,
    /// Whether the bound is trivial: below one query.
    pub vacuous: bool,
    /// What the bound assumes.
    pub assumptions: Vec<String>,
}

impl Bound {
    fn new(theorem: &str, class: QueryClass, prior: &str, ln_queries: f64) -> Self {
        let log10 = ln_queries / std::f64::consts::LN_10;
        let log10_queries = log10.is_finite().then(|| crate::rounding::below(log10, 0.0));
        Self {
            theorem: theorem.to_owned(),
            query_class: class.to_string(),
            prior: prior.to_owned(),
            log10_queries,
            vacuous: log10_queries.is_none_or(|x| x < 0.0),
            assumptions: vec![WORST_CASE.to_owned()],
        }
    }

    fn assuming(mut self, what: impl Into<String>) -> Self {
        self.assumptions.push(what.into());
        self
    }

    /// Adds, for the Lipschitz class, the note that the constant does not enter.
    fn for_any_query(self, class: QueryClass) -> Self {
        match class {
            QueryClass::Lipschitz(_) => {
                self.assuming("the bound holds for any query: the Lipschitz constant does not enter")
            }
            QueryClass::Correlational | QueryClass::Any => self,
        }
    }

    /// Returns the larger of two bounds for the same claim.
    fn or(self, other: Self) -> Self {
        let size = |b: &Self| b.log10_queries.unwrap_or(f64::NEG_INFINITY);
        if size(&other) > size(&self) { other } else { self }
    }
}

const WORST_CASE: &str =
    "answers are the worst that the tolerance allows: the target-free one wherever it is admissible";

/// Computes ln((delta - p_plus) / p), rounded down; minus infinity if delta does not exceed p_plus.
fn ln_quotient(delta: f64, p_plus: f64, ln_p: f64) -> f64 {
    let margin = crate::rounding::below(delta - p_plus, delta);
    if margin <= 0.0 {
        f64::NEG_INFINITY
    } else {
        crate::rounding::below(margin.ln() - ln_p, 1.0 + ln_p.abs())
    }
}

/// Computes 1 / (1 + N epsilon), rounded up, from ln N.
fn cantelli(ln_n: f64, epsilon: f64) -> f64 {
    crate::rounding::above(1.0 / (1.0 + (ln_n + epsilon.ln()).exp()), 0.0)
}
