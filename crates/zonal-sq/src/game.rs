//! The game between a learner and an oracle that has no target: it answers so that as many members of a family as possible stay
//! possible, and at most K(tau) of them fall at one base answer (SQ-1). That is checked at every answer.

use crate::answers::{Answers, fullest_window};
use crate::family::{Family, GramBounds};
use crate::query::Query;
use crate::transcript::{Ledger, Transcript};
use crate::words;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};
use zonal::error::check_size;
use zonal::{Error, Result};

/// What the oracle answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answering {
    /// The target-free answer, zero; where that would leave nobody, the best window.
    #[default]
    Base,
    /// The centre of the window of width 2 tau that holds most members.
    Interval,
}

impl Answering {
    const WORDS: [(&'static str, Self); 2] = [("base", Self::Base), ("interval", Self::Interval)];
}

impl FromStr for Answering {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        words::read(text, "way to answer", &Self::WORDS)
    }
}

impl fmt::Display for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(words::name(self, &Self::WORDS))
    }
}

/// The oracle's side of the game.
#[derive(Debug)]
pub struct Game {
    family: Arc<Family>,
    tau: f64,
    /// What a correlation may be wrong by, in units of the query's norm.
    error: f64,
    answering: Answering,
    /// K(tau) where correlations are exact, and at the tolerance less their error.
    bounds: [u64; 2],
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ledger: Ledger,
    live: Vec<usize>,
    max_dropped: u64,
    /// None once a query was asked that is not correlational, for which K says nothing.
    held: Option<bool>,
    /// Whether every query so far had correlations without error.
    exact: bool,
    /// Members dropped by each answer, and left after it.
    counts: Vec<(u64, u64)>,
}

/// How a game stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GameReport {
    /// Members that no answer rules out.
    pub live: u64,
    /// Different queries.
    pub queries_distinct: u64,
    /// All queries.
    pub queries_issued: u64,
    /// The most members that fell at one answer.
    pub max_dropped: u64,
    /// Whether no correlational query ever dropped more than the bound; null where others were asked.
    pub invariant_held: Option<bool>,
}

/// Error of a correlation with any query, in units of its norm, as a multiple of that of members with each other.
const ERROR: f64 = 10.0;

impl Game {
    /// A game in units of the query's norm. `gram` are bounds of the family's own matrix.
    ///
    /// # Errors
    /// [`Error::Size`] for bounds of a family of another size, [`Error::Parameter`] for a tolerance outside (0, 1].
    pub fn new(family: Arc<Family>, gram: &GramBounds, tau: f64, answering: Answering) -> Result<Self> {
        crate::bound::check_tolerance(tau)?;
        check_size("members that the bounds are of", gram.size as usize, family.size())?;
        let live = (0..family.size()).collect();
        let exact = family.is_exact(&family.member(0));
        let state = State {
            ledger: Ledger::default(),
            live,
            max_dropped: 0,
            held: Some(true),
            exact,
            counts: Vec::new(),
        };
        let error = ERROR * family.correlation_error();
        if !exact && tau <= 4.0 * error {
            let required = format!("above {:e}, since correlations are not known better", 4.0 * error);
            return Err(Error::parameter("the tolerance of a game", tau, required));
        }
        // Who falls beyond tau - error in floating point is beyond tau - 2 error in truth.
        let bounds = [tau, tau - 2.0 * error].map(|t| gram.dropped_at_most(t));
        Ok(Self { family, tau, error, answering, bounds, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The most members that one base answer to a query drops: K(tau), at a tolerance that is smaller by the error of
    /// correlations unless they have none.
    pub fn dropped_at_most(&self, query: &Query) -> u64 {
        self.bounds[usize::from(!self.family.is_exact(query.function()))]
    }

    /// The tolerance at which K bounds every query so far.
    pub fn effective_tolerance(&self) -> f64 {
        if self.state().exact { self.tau } else { self.tau - 2.0 * self.error }
    }

    /// What a member may be away from an answer: the tolerance less the error of correlations, so that whoever is kept is
    /// really allowed.
    fn kept_within(&self, query: &Query) -> f64 {
        let error = if self.family.is_exact(query.function()) { 0.0 } else { self.error };
        (self.tau - error) * query.norm()
    }

    /// How it stands.
    pub fn report(&self) -> GameReport {
        let state = self.state();
        GameReport {
            live: state.live.len() as u64,
            queries_distinct: state.ledger.distinct(),
            queries_issued: state.ledger.issued(),
            max_dropped: state.max_dropped,
            invariant_held: state.held,
        }
    }

    /// Everything that was answered.
    pub fn transcript(&self) -> Transcript {
        let name = format!("{} answers at tolerance {} by unit", self.answering, self.tau);
        self.state().ledger.transcript(name)
    }

    /// Members dropped by each new answer, and left after it.
    pub fn counts(&self) -> Vec<(u64, u64)> {
        self.state().counts.clone()
    }

    /// Answers one new query and drops whom it rules out.
    fn answer(&self, query: &Query, live: &mut Vec<usize>) -> Result<(f64, u64)> {
        let tolerance = self.kept_within(query);
        if !(tolerance > 0.0 && tolerance.is_finite()) {
            return Err(Error::parameter(
                "the tolerance of a query",
                tolerance,
                "positive beside the error of correlations",
            ));
        }
        let expectations = self.family.answers(query, live)?;
        if let Some(bad) = expectations.iter().find(|c| !c.is_finite()) {
            return Err(Error::parameter(
                "an expectation",
                bad,
                "within the range of numbers; take a smaller degree",
            ));
        }
        let base = self.family.target_free(query)?;
        let allowed = expectations.iter().filter(|c| (*c - base).abs() <= tolerance).count();
        let answer = match self.answering {
            Answering::Base if allowed > 0 => base,
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
        let State { ledger, live, max_dropped, held, exact, counts } = &mut *guard;
        let tolerance = |query: &Query| self.tau * query.norm();
        // One after the other: an error leaves everything as it was before that query.
        let mut out = Vec::with_capacity(queries.len());
        for query in queries {
            let answer = ledger.answers(std::slice::from_ref(query), tolerance, |_| {
                let (answer, dropped) = self.answer(query, live)?;
                *max_dropped = (*max_dropped).max(dropped);
                *exact &= self.family.is_exact(query.function());
                let within = dropped <= self.dropped_at_most(query);
                *held = if query.is_correlational() { held.map(|h| h && within) } else { None };
                counts.push((dropped, live.len() as u64));
                Ok(vec![answer])
            })?;
            out.extend(answer);
        }
        Ok(out)
    }

    fn tolerance(&self, query: &Query) -> f64 {
        self.kept_within(query)
    }
}
