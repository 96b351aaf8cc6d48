//! The game between a learner and an adaptive oracle without a target. The oracle keeps as many members of a family as
//! possible consistent with its answers; a base answer rules out at most K(tau) of them (SQ-1), which is checked at
//! every answer.

use crate::answers::{Answers, fullest_window};
use crate::choice;
use crate::family::{Family, GramBounds};
use crate::query::Query;
use crate::transcript::{Ledger, Transcript};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};
use zonal::error::check_size;
use zonal::{Error, Result};

/// The rule by which the oracle chooses an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerRule {
    /// The target-free answer if some remaining member permits it; otherwise the centre of the fullest window.
    #[default]
    Base,
    /// The centre of the window of width 2 tau that keeps the most members.
    Interval,
}

impl AnswerRule {
    const CHOICES: [(&'static str, Self); 2] = [("base", Self::Base), ("interval", Self::Interval)];
}

impl FromStr for AnswerRule {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        choice::parse(text, "way to answer", &Self::CHOICES)
    }
}

impl fmt::Display for AnswerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(choice::name(self, &Self::CHOICES))
    }
}

/// The oracle's side of the game.
#[derive(Debug)]
pub struct Game {
    family: Arc<Family>,
    tau: f64,
    /// The error of a correlation, in units of the query's norm.
    error: f64,
    rule: AnswerRule,
    /// K(tau) for exact correlations, and K at the tolerance less their error for others.
    bounds: [u64; 2],
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ledger: Ledger,
    live: Vec<usize>,
    max_dropped: u64,
    /// Whether no answer exceeded K. None after a query that is not correlational, to which K does not apply.
    invariant_held: Option<bool>,
    /// Whether every query so far had exact correlations.
    exact: bool,
    /// For each answer, the members dropped and the members remaining.
    counts: Vec<(u64, u64)>,
}

/// The state of a game.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GameReport {
    /// Number of members consistent with every answer.
    pub live: u64,
    /// Number of distinct queries.
    pub queries_distinct: u64,
    /// Number of queries including repetitions.
    pub queries_issued: u64,
    /// Largest number of members ruled out by one answer.
    pub max_dropped: u64,
    /// Whether no correlational query dropped more members than the bound; null if other queries were asked.
    pub invariant_held: Option<bool>,
}

/// Error of a correlation with any query, in units of its norm, as a multiple of the error between members.
const ERROR: f64 = 10.0;

impl Game {
    /// Starts a game with tolerance `tau` relative to the query's norm. `gram` bounds the family's Gram matrix.
    ///
    /// # Errors
    /// [`Error::Size`] for the bounds of a family of another size; [`Error::Parameter`] for a tolerance outside (0, 1],
    /// or one that the error of correlations does not resolve.
    pub fn new(family: Arc<Family>, gram: &GramBounds, tau: f64, rule: AnswerRule) -> Result<Self> {
        crate::bound::check_tolerance(tau)?;
        check_size("members of the bounds' family", gram.size as usize, family.size())?;
        let live = (0..family.size()).collect();
        let exact = family.is_exact(&family.member(0));
        let state = State {
            ledger: Ledger::default(),
            live,
            max_dropped: 0,
            invariant_held: Some(true),
            exact,
            counts: Vec::new(),
        };
        let error = ERROR * family.correlation_error();
        if !exact && tau <= 4.0 * error {
            let required = format!("above {:e}, four times the error of correlations", 4.0 * error);
            return Err(Error::parameter("the tolerance of a game", tau, required));
        }
        // A computed correlation beyond tau - error means a true one beyond tau - 2 error.
        let bounds = [tau, tau - 2.0 * error].map(|t| gram.drop_bound(t));
        Ok(Self { family, tau, error, rule, bounds, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Returns the largest number of members that a base answer to this query can drop: K(tau), with the tolerance
    /// reduced by the error of correlations unless they are exact.
    pub fn drop_bound(&self, query: &Query) -> u64 {
        self.bounds[usize::from(!self.family.is_exact(query.function()))]
    }

    /// Returns the tolerance at which K bounds every query so far.
    pub fn effective_tolerance(&self) -> f64 {
        if self.state().exact { self.tau } else { self.tau - 2.0 * self.error }
    }

    /// The distance from an answer within which a member is kept: the tolerance less the error of correlations, so that
    /// every kept member is truly consistent.
    fn margin(&self, query: &Query) -> f64 {
        let error = if self.family.is_exact(query.function()) { 0.0 } else { self.error };
        (self.tau - error) * query.norm()
    }

    /// Returns the state of the game.
    pub fn report(&self) -> GameReport {
        let state = self.state();
        GameReport {
            live: state.live.len() as u64,
            queries_distinct: state.ledger.distinct(),
            queries_issued: state.ledger.issued(),
            max_dropped: state.max_dropped,
            invariant_held: state.invariant_held,
        }
    }

    /// Returns all answers so far.
    pub fn transcript(&self) -> Transcript {
        let name = format!("{} answers at tolerance {} by unit", self.rule, self.tau);
        self.state().ledger.transcript(name)
    }

    /// Returns for each distinct query the members dropped and the members remaining.
    pub fn counts(&self) -> Vec<(u64, u64)> {
        self.state().counts.clone()
    }

    /// Answers one new query and drops the members that it rules out.
    fn answer(&self, query: &Query, live: &mut Vec<usize>) -> Result<(f64, u64)> {
        let tolerance = self.margin(query);
        if !(tolerance > 0.0 && tolerance.is_finite()) {
            return Err(Error::parameter(
                "the tolerance of a query",
                tolerance,
                "above the error of correlations",
            ));
        }
        let expectations = self.family.answers(query, live)?;
        if let Some(bad) = expectations.iter().find(|c| !c.is_finite()) {
            return Err(Error::parameter("an expectation", bad, "finite; use a smaller degree"));
        }
        let base = self.family.target_free(query)?;
        let allowed = expectations.iter().filter(|c| (*c - base).abs() <= tolerance).count();
        let answer = match self.rule {
            AnswerRule::Base if allowed > 0 => base,
            _ => {
                let (window, count) = fullest_window(&expectations, tolerance);
                if count > allowed { window } else { base }
            }
        };
        let before = live.len();
        let mut keep = expectations.iter().map(|c| (c - answer).abs() <= tolerance);
        live.retain(|_| keep.next().unwrap_or(true));
        Ok((answer, (before - live.len()) as u64))
    }
}

impl Answers for Game {
    fn ask_all(&self, queries: &[Query]) -> Result<Vec<f64>> {
        let mut guard = self.state();
        let State { ledger, live, max_dropped, invariant_held, exact, counts } = &mut *guard;
        let tolerance = |query: &Query| self.tau * query.norm();
        // One at a time: an error leaves the state before its query.
        let mut out = Vec::with_capacity(queries.len());
        for query in queries {
            let answer = ledger.answers(std::slice::from_ref(query), tolerance, |_| {
                let (answer, dropped) = self.answer(query, live)?;
                *max_dropped = (*max_dropped).max(dropped);
                *exact &= self.family.is_exact(query.function());
                let within = dropped <= self.drop_bound(query);
                *invariant_held =
                    if query.is_correlational() { invariant_held.map(|h| h && within) } else { None };
                counts.push((dropped, live.len() as u64));
                Ok(vec![answer])
            })?;
            out.extend(answer);
        }
        Ok(out)
    }

    fn tolerance(&self, query: &Query) -> f64 {
        self.margin(query)
    }
}
