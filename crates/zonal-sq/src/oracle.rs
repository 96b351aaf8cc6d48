//! Oracles: a secret target, and the policies by which queries about it are answered.

use crate::answers::{Answers, Convention, Rows};
use crate::expectation;
use crate::family::Family;
use crate::query::Query;
use crate::transcript::{Ledger, Transcript};
use rayon::prelude::*;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};
use zonal::linalg::Matrix;
use zonal::numeric::random::{Purpose, normal, stream, uniform};
use zonal::sphere::{Dim, uniform_point};
use zonal::target::Target;
use zonal::{Error, Result};

/// A target hidden from learners. It creates oracles and labelled rows, and gives the exact expectations for
/// evaluation.
pub struct Secret {
    truth: Truth,
}

impl fmt::Debug for Secret {
    /// Reveals nothing about the target.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("dim", &self.dim()).finish_non_exhaustive()
    }
}

enum Truth {
    Target(Target),
    Member(Arc<Family>, usize),
}

/// The rule by which an oracle answers a query with expectation E within a tolerance tau.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// E itself.
    Exact,
    /// E plus a uniform random number from [-tau, tau].
    Honest(f64),
    /// E rounded to multiples of 2 tau.
    Quantised(f64),
    /// The target-free answer if that is within tau of E; otherwise E moved towards it by tau.
    Lazy(f64),
    /// The mean over random rows: the same rows for all queries, or fresh ones for each.
    Sampled {
        /// The number of rows.
        rows: u64,
        /// Whether all queries share the rows.
        shared: bool,
    },
    /// As lazy with the tolerance of VSTAT(t): max(1/t, sqrt(p (1-p) / t)) with p = (1 + E/range)/2.
    Vstat(f64),
}

/// The largest number of rows of a mean.
const MAX_ROWS: f64 = 1e8;
/// The largest number of stored values of shared rows.
const MAX_SHARED_VALUES: u64 = 250_000_000;
/// Fresh rows are generated in batches of this size.
const BATCH_ROWS: u64 = 1 << 16;

impl FromStr for Policy {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is not an oracle; use exact, honest:TAU, quantised:TAU, lazy:TAU, sampled:ROWS, \
                 sampled:ROWS:shared or vstat:T, with positive numbers"
            )
        };
        let positive =
            |t: &str| t.parse::<f64>().ok().filter(|x| *x > 0.0 && x.is_finite()).ok_or_else(wrong);
        let rows = |t: &str| {
            positive(t)
                .and_then(|x| if x.fract() == 0.0 && x <= MAX_ROWS { Ok(x as u64) } else { Err(wrong()) })
        };
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["exact"] => Ok(Self::Exact),
            ["honest", t] => Ok(Self::Honest(positive(t)?)),
            ["quantised", t] => Ok(Self::Quantised(positive(t)?)),
            ["lazy", t] => Ok(Self::Lazy(positive(t)?)),
            ["vstat", t] => Ok(Self::Vstat(positive(t)?)),
            ["sampled", n] | ["sampled", n, "fresh"] => Ok(Self::Sampled { rows: rows(n)?, shared: false }),
            ["sampled", n, "shared"] => Ok(Self::Sampled { rows: rows(n)?, shared: true }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Honest(t) => write!(f, "honest:{t}"),
            Self::Quantised(t) => write!(f, "quantised:{t}"),
            Self::Lazy(t) => write!(f, "lazy:{t}"),
            Self::Sampled { rows, shared } => {
                write!(f, "sampled:{rows}{}", if *shared { ":shared" } else { "" })
            }
            Self::Vstat(t) => write!(f, "vstat:{t}"),
        }
    }
}

impl Secret {
    /// Creates a secret from a target.
    pub fn target(target: Target) -> Self {
        Self { truth: Truth::Target(target) }
    }

    /// Creates a secret from one member of a family.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an index out of range.
    pub fn member(family: Arc<Family>, index: usize) -> Result<Self> {
        family.check_member(index)?;
        Ok(Self { truth: Truth::Member(family, index) })
    }

    /// Returns the dimension n, which is public.
    pub fn dim(&self) -> Dim {
        match &self.truth {
            Truth::Target(target) => target.dim(),
            Truth::Member(family, _) => family.dim(),
        }
    }

    /// Returns a bound on |y| if one is known.
    pub fn label_bound(&self) -> Option<f64> {
        match &self.truth {
            Truth::Member(family, _) => Some(family.largest_value()),
            Truth::Target(target) => expectation::label_bound(target),
        }
    }

    /// Creates an oracle. Random answers and rows depend on `seed` and on the query, not on the order of queries.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a tolerance that is not positive and finite, and if the policy or the convention needs
    /// a bound on the labels but none is known.
    pub fn oracle(&self, policy: Policy, convention: Convention, seed: u64) -> Result<Oracle<'_>> {
        let parameter = match policy {
            Policy::Exact => 1.0,
            Policy::Honest(t) | Policy::Quantised(t) | Policy::Lazy(t) | Policy::Vstat(t) => t,
            Policy::Sampled { rows, .. } => rows as f64,
        };
        if !(parameter > 0.0 && parameter.is_finite()) {
            return Err(Error::parameter("the oracle", policy, "one with a positive finite number"));
        }
        let needs_bound = matches!(policy, Policy::Vstat(_)) || convention == Convention::Range;
        if needs_bound && self.label_bound().is_none() {
            return Err(Error::parameter(
                "the bound on the labels",
                "unknown for this target",
                "known for VSTAT and for tolerances relative to the range: use a single harmonic or a member of a \
                 family",
            ));
        }
        let shared = match policy {
            Policy::Sampled { rows, shared: true } => {
                let values = rows.saturating_mul(self.dim().get() + 1);
                if values > MAX_SHARED_VALUES {
                    let required = format!(
                        "at most {} in this dimension, since all are stored",
                        MAX_SHARED_VALUES / (self.dim().get() + 1)
                    );
                    return Err(Error::parameter("the number of shared rows", rows, required));
                }
                Some(self.rows(rows as usize, 0.0, seed)?)
            }
            _ => None,
        };
        Ok(Oracle { secret: self, policy, convention, seed, shared, ledger: Mutex::default() })
    }

    /// Draws independent labelled points with Gaussian noise of this standard deviation on the labels.
    ///
    /// # Errors
    /// None in practice, since the points have the secret's dimension.
    pub fn rows(&self, count: usize, noise: f64, seed: u64) -> Result<Rows> {
        self.rows_from(0, count, noise, seed)
    }

    fn rows_from(&self, first: u64, count: usize, noise: f64, seed: u64) -> Result<Rows> {
        let dim = self.dim();
        let drawn: Result<Vec<(Vec<f64>, f64)>> = (0..count)
            .into_par_iter()
            .with_min_len(64)
            .map(|i| -> Result<(Vec<f64>, f64)> {
                let index = first.wrapping_add(i as u64);
                let x = uniform_point(dim, seed, Purpose::Fresh, index);
                let error =
                    if noise > 0.0 { noise * normal(&mut stream(seed, Purpose::Noise, index)) } else { 0.0 };
                let y = self.value(&x)? + error;
                Ok((x, y))
            })
            .collect();
        let drawn = drawn?;
        let mut points = Matrix::zeros(count, dim.as_usize());
        for (i, (x, _)) in drawn.iter().enumerate() {
            points.row_mut(i).copy_from_slice(x);
        }
        Ok(Rows { points, labels: drawn.into_iter().map(|(_, y)| y).collect() })
    }

    fn value(&self, x: &[f64]) -> Result<f64> {
        match &self.truth {
            Truth::Target(target) => target.value(x),
            Truth::Member(family, i) => family.value(*i, x),
        }
    }

    /// Returns the answer that does not depend on the target.
    fn target_free(&self, query: &Query) -> Result<f64> {
        match &self.truth {
            Truth::Target(_) => Ok(0.0),
            Truth::Member(family, _) => family.target_free(query),
        }
    }

    /// Computes the exact expectations, for evaluation and as the control for inexact oracles.
    ///
    /// # Errors
    /// [`Error::Size`] for a query of another dimension; [`Error::Parameter`] for a query without an exact expectation
    /// for this target.
    pub fn expectations(&self, queries: &[Query]) -> Result<Vec<f64>> {
        queries.iter().try_for_each(|q| q.function().check(self.dim()))?;
        match &self.truth {
            Truth::Member(family, i) => {
                queries.par_iter().map(|q| Ok(family.answers(q, &[*i])?[0])).collect()
            }
            Truth::Target(target) => expectation::of_target(target, queries),
        }
    }

    /// Computes the largest |E h| / ||g|| of some queries. A lazy oracle with at least this tolerance answers all of
    /// them with zero, so gradient descent through it stays at zero.
    ///
    /// # Errors
    /// As [`Self::expectations`].
    pub fn largest_unit_answer(&self, queries: &[Query]) -> Result<f64> {
        let answers = self.expectations(queries)?;
        Ok(answers.iter().zip(queries).fold(0.0, |most, (a, q)| f64::max(most, a.abs() / q.norm())))
    }
}

/// An oracle for a secret with a policy. Answers are cached by the identity of queries, so repetition cannot average
/// out errors.
pub struct Oracle<'a> {
    secret: &'a Secret,
    policy: Policy,
    convention: Convention,
    seed: u64,
    shared: Option<Rows>,
    ledger: Mutex<Ledger>,
}

impl fmt::Debug for Oracle<'_> {
    /// Reveals nothing about the target.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oracle").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Oracle<'_> {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Returns the number of distinct queries.
    pub fn distinct(&self) -> u64 {
        self.ledger().distinct()
    }

    /// Returns the number of queries including repetitions.
    pub fn issued(&self) -> u64 {
        self.ledger().issued()
    }

    /// Returns all answers so far.
    pub fn transcript(&self) -> Transcript {
        let name = format!("{}, tolerance by {}", self.policy, self.convention);
        self.ledger().transcript(name)
    }

    /// Returns the absolute tolerance of an answer.
    fn answer_tolerance(&self, tau: f64, query: &Query) -> f64 {
        self.convention.answer_tolerance(tau, query, self.secret.label_bound().unwrap_or(f64::NAN))
    }

    fn answer(&self, queries: &[&Query]) -> Result<Vec<f64>> {
        if let Policy::Sampled { rows, .. } = self.policy {
            return queries.iter().map(|q| self.mean_over_rows(q, rows)).collect();
        }
        let owned: Vec<Query> = queries.iter().map(|q| (*q).clone()).collect();
        let exact = self.secret.expectations(&owned)?;
        queries.iter().zip(exact).map(|(q, e)| self.perturb(q, e)).collect()
    }

    /// Applies the policy to an exact expectation.
    fn perturb(&self, query: &Query, e: f64) -> Result<f64> {
        let lazy = |tolerance| Ok(lazy(e, self.secret.target_free(query)?, tolerance));
        match self.policy {
            Policy::Exact | Policy::Sampled { .. } => Ok(e),
            Policy::Honest(tau) => {
                let draw = uniform(&mut stream(self.seed, Purpose::Answers, query.identity().index()));
                Ok(e + self.answer_tolerance(tau, query) * (2.0 * draw - 1.0))
            }
            Policy::Quantised(tau) => {
                let width = 2.0 * self.answer_tolerance(tau, query);
                Ok(width * (e / width).round_ties_even())
            }
            Policy::Lazy(tau) => lazy(self.answer_tolerance(tau, query)),
            Policy::Vstat(_) => lazy(self.vstat_tolerance(query, e)),
        }
    }

    fn vstat_tolerance(&self, query: &Query, e: f64) -> f64 {
        let Policy::Vstat(t) = self.policy else { return f64::NAN };
        let range = query.range(self.secret.label_bound().unwrap_or(f64::NAN));
        let p = (0.5 * (1.0 + e / range)).clamp(0.0, 1.0);
        2.0 * range * (1.0 / t).max((p * (1.0 - p) / t).sqrt())
    }

    fn mean_over_rows(&self, query: &Query, count: u64) -> Result<f64> {
        let dim = self.secret.dim();
        query.function().check(dim)?;
        let sum = |rows: &Rows| {
            zonal::numeric::sum::blocked_sum(rows.labels.len(), |i| {
                query.at(dim, rows.points.row(i), rows.labels[i])
            })
        };
        if let Some(rows) = &self.shared {
            return Ok(sum(rows) / count as f64);
        }
        let first = query.identity().index();
        let one = |from: u64| -> Result<f64> {
            let size = BATCH_ROWS.min(count - from) as usize;
            Ok(sum(&self.secret.rows_from(first.wrapping_add(from), size, 0.0, self.seed)?))
        };
        let total: Result<f64> = (0..count).step_by(BATCH_ROWS as usize).map(one).sum();
        Ok(total? / count as f64)
    }
}

/// Returns the admissible answer nearest to the target-free answer `base`.
fn lazy(e: f64, base: f64, tolerance: f64) -> f64 {
    let away = e - base;
    if away.abs() <= tolerance { base } else { e - tolerance * away.signum() }
}

/// Error of an exact expectation, in units of the query's norm: rounding must not rule out the target.
const ROUNDING: f64 = 1e-11;

impl Answers for Oracle<'_> {
    fn ask_all(&self, queries: &[Query]) -> Result<Vec<f64>> {
        self.ledger().answers(queries, |q| self.tolerance(q), |new| self.answer(new))
    }

    fn tolerance(&self, query: &Query) -> f64 {
        let rounding = ROUNDING * query.norm();
        rounding
            + match self.policy {
                Policy::Exact => 0.0,
                Policy::Honest(tau) | Policy::Quantised(tau) | Policy::Lazy(tau) => {
                    self.answer_tolerance(tau, query)
                }
                // The largest possible value, which does not reveal E.
                Policy::Vstat(_) => self.vstat_tolerance(query, 0.0),
                // Two standard deviations for a label of norm 1: sample means have no strict bound.
                Policy::Sampled { rows, .. } => 2.0 * query.norm() / (rows as f64).sqrt(),
            }
    }
}
