//! Transcripts: recorded queries and answers, counted, saved and replayed.

use crate::answers::Answers;
use crate::query::{Identity, Query};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Mutex;
use zonal::{Error, Result};

/// The first answer to one query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The query's identity.
    pub identity: String,
    /// The query as text.
    pub query: String,
    /// The largest possible error of the answer.
    pub tolerance: f64,
    /// The answer.
    pub answer: f64,
}

/// All distinct answers, in the order in which they were first given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// A description of the oracle.
    pub oracle: String,
    /// The answers.
    pub entries: Vec<Entry>,
    /// Number of queries including repetitions.
    pub issued: u64,
}

/// A cache of answers by the identity of queries, with counts.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    answers: HashMap<Identity, f64>,
    entries: Vec<Entry>,
    issued: u64,
}

impl Ledger {
    /// Returns the answers to some queries. New queries are passed to `answer`, all at once and each once.
    pub(crate) fn answers(
        &mut self,
        queries: &[Query],
        tolerance: impl Fn(&Query) -> f64,
        answer: impl FnOnce(&[&Query]) -> Result<Vec<f64>>,
    ) -> Result<Vec<f64>> {
        let mut new: Vec<&Query> = Vec::new();
        let mut seen: std::collections::HashSet<Identity> = std::collections::HashSet::new();
        for query in queries {
            if !self.answers.contains_key(&query.identity()) && seen.insert(query.identity()) {
                new.push(query);
            }
        }
        if !new.is_empty() {
            for (query, answer) in new.iter().zip(answer(&new)?) {
                self.answers.insert(query.identity(), answer);
                self.entries.push(Entry {
                    identity: query.identity().to_string(),
                    query: query.to_string(),
                    tolerance: tolerance(query),
                    answer,
                });
            }
        }
        self.issued += queries.len() as u64;
        Ok(queries.iter().map(|q| self.answers[&q.identity()]).collect())
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

/// An oracle that gives the answers of a transcript, and fails for other queries.
#[derive(Debug)]
pub struct Replay {
    tolerances: HashMap<String, f64>,
    answers: HashMap<String, f64>,
    ledger: Mutex<Ledger>,
}

impl Replay {
    /// Creates the oracle from a transcript.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a query has two different answers or an answer is not finite.
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

    /// Returns the number of distinct queries and of all queries replayed so far.
    pub fn counts(&self) -> (u64, u64) {
        let ledger = self.ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (ledger.distinct(), ledger.issued())
    }
}

impl Answers for Replay {
    fn ask_all(&self, queries: &[Query]) -> Result<Vec<f64>> {
        let find = |query: &&Query| {
            self.answers.get(&query.identity().to_string()).copied().ok_or_else(|| {
                let required = "in the transcript; use the learner and the seed that produced it";
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
