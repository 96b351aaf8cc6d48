//! What was asked and answered: counted, remembered, saved and played again.

use crate::answers::Answers;
use crate::query::{Identity, Query};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Mutex;
use zonal::{Error, Result};

/// One answer, the first time that it was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The query's identity.
    pub identity: String,
    /// The query in words.
    pub query: String,
    /// The largest error that the answer may have.
    pub tolerance: f64,
    /// The answer.
    pub answer: f64,
}

/// All answers, in the order in which they were first given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// Who answered, in words.
    pub oracle: String,
    /// The answers.
    pub entries: Vec<Entry>,
    /// How often anything was asked, repetitions included.
    pub issued: u64,
}

/// Remembers answers by the identity of queries, and counts.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    known: HashMap<Identity, f64>,
    entries: Vec<Entry>,
    issued: u64,
}

impl Ledger {
    /// The answers to some queries, of which those not known yet are found by `answer`, all at once and each once.
    pub(crate) fn answers(
        &mut self,
        queries: &[Query],
        tolerance: impl Fn(&Query) -> f64,
        answer: impl FnOnce(&[&Query]) -> Result<Vec<f64>>,
    ) -> Result<Vec<f64>> {
        let mut new: Vec<&Query> = Vec::new();
        let mut seen: std::collections::HashSet<Identity> = std::collections::HashSet::new();
        for query in queries {
            if !self.known.contains_key(&query.identity()) && seen.insert(query.identity()) {
                new.push(query);
            }
        }
        if !new.is_empty() {
            for (query, answer) in new.iter().zip(answer(&new)?) {
                self.known.insert(query.identity(), answer);
                self.entries.push(Entry {
                    identity: query.identity().to_string(),
                    query: query.to_string(),
                    tolerance: tolerance(query),
                    answer,
                });
            }
        }
        self.issued += queries.len() as u64;
        Ok(queries.iter().map(|q| self.known[&q.identity()]).collect())
    }

    pub(crate) fn distinct(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn issued(&self) -> u64 {
        self.issued
    }

    pub(crate) fn transcript(&self, oracle: String) -> Transcript {
        Transcript { oracle, entries: self.entries.clone(), issued: self.issued }
    }
}

/// Answers what a transcript holds, and nothing else.
#[derive(Debug)]
pub struct Replay {
    tolerances: HashMap<String, f64>,
    answers: HashMap<String, f64>,
    ledger: Mutex<Ledger>,
}

impl Replay {
    /// From a transcript.
    ///
    /// # Errors
    /// [`Error::Parameter`] where the same query has two answers or an answer is not a number.
    pub fn new(transcript: &Transcript) -> Result<Self> {
        let (mut answers, mut tolerances) = (HashMap::new(), HashMap::new());
        for entry in &transcript.entries {
            let before = answers.insert(entry.identity.clone(), entry.answer);
            tolerances.insert(entry.identity.clone(), entry.tolerance);
            if !entry.answer.is_finite() || before.is_some_and(|b| b != entry.answer) {
                let required = "a finite number, and the same each time";
                return Err(Error::parameter(
                    format!("the answer to {}", entry.query),
                    entry.answer,
                    required,
                ));
            }
        }
        Ok(Self { answers, tolerances, ledger: Mutex::default() })
    }

    /// How many different queries, and how many in all, were asked again.
    pub fn counts(&self) -> (u64, u64) {
        let ledger = self.ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (ledger.distinct(), ledger.issued())
    }
}

impl Answers for Replay {
    fn ask_all(&self, queries: &[Query]) -> Result<Vec<f64>> {
        let find = |query: &&Query| {
            self.answers.get(&query.identity().to_string()).copied().ok_or_else(|| {
                let required =
                    "one of the transcript's: the learner must be the one that made it, with the same seed";
                Error::parameter("the query", format!("{query} ({})", query.identity()), required)
            })
        };
        let mut ledger = self.ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        ledger.answers(queries, |q| self.tolerance(q), |new| new.iter().map(find).collect())
    }

    fn tolerance(&self, query: &Query) -> f64 {
        self.tolerances.get(&query.identity().to_string()).copied().unwrap_or(f64::NAN)
    }
}
