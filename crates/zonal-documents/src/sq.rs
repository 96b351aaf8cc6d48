//! Statistical queries: families of targets, bounds on the number of queries, games, and gradient descent through an
//! oracle.

use crate::error::{Error, Result};
use crate::number::Scale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal::network::Layers;
use zonal::sphere::Degree;
use zonal_sq::bound::QueryClass;
use zonal_sq::learner::Strategy;
use zonal_sq::{AnswerRule, Convention, Directions, Kind, Policy};

/// The parameters of a family of targets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyConfig {
    /// The kind of family.
    pub kind: Kind,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The degree k of the members.
    pub degree: Degree,
    /// The number of members M.
    pub size: u64,
    /// The choice of directions of zonal members.
    pub directions: Directions,
    /// The seed of random members.
    pub seed: u64,
}

/// The configuration of a bound.
#[derive(Clone, Debug)]
pub struct BoundConfig {
    /// The kind of family.
    pub kind: Kind,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The degree k.
    pub degree: Degree,
    /// The tolerance tau of an answer.
    pub tolerance: f64,
    /// The class of queries that the learner may ask.
    pub queries: QueryClass,
    /// The probability of success of the learner.
    pub delta: f64,
    /// The learner reaches a mean squared error of 1 - epsilon.
    pub epsilon: f64,
    /// The number of members of a finite family; the whole family if None.
    pub size: Option<u64>,
    /// The choice of directions of a finite zonal family.
    pub directions: Directions,
    /// The seed of a finite family.
    pub seed: u64,
}

/// A lower bound on the number of queries, and its assumptions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundReport {
    /// The version of the document format.
    pub schema: u32,
    /// The kind of family: zonal, random, signs or monomials.
    pub family: String,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The degree k.
    pub degree: Degree,
    /// The multiplicity N(n, k) in exact decimal digits.
    pub multiplicity: String,
    /// The number of members in exact decimal digits; null for infinitely many targets.
    pub size: Option<String>,
    /// The tolerance tau of an answer: for queries of norm 1 if correlational, for values in [-1, 1] otherwise.
    pub tolerance: f64,
    /// The class of queries: correlational, lipschitz:L or any.
    pub query_class: String,
    /// The distribution of the target.
    pub prior: String,
    /// The identifier of the theorem in docs/theory.
    pub theorem: String,
    /// The probability of success of the learner.
    pub delta: f64,
    /// The learner reaches a mean squared error of 1 - epsilon.
    pub epsilon: f64,
    /// log10 of the number of queries, rounded down; null if the formula is not positive, or if no number of queries
    /// suffices, in which case `vacuous` is false.
    pub log10_queries: Option<f64>,
    /// Whether the bound is below one query and so excludes nothing.
    pub vacuous: bool,
    /// The assumptions of the theorem.
    pub assumptions: Vec<String>,
}

/// The configuration of a game between a learner and an oracle without a target.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayConfig {
    /// The family of candidates.
    pub family: FamilyConfig,
    /// The tolerance tau of an answer to a query of norm 1.
    pub tolerance: f64,
    /// The strategy of the learner.
    pub learner: Strategy,
    /// The rule that chooses among consistent answers.
    pub answering: AnswerRule,
    /// The learner is to reach a mean squared error of 1 - epsilon.
    pub epsilon: f64,
    /// The largest number of queries; ten times the number of members plus 10,000 if None.
    pub max_queries: Option<u64>,
    /// The number of hidden units of the descent learner.
    pub width: u64,
    /// The number of rows of the brute-force learner; if None, enough to identify a product of signs with probability
    /// 0.99.
    pub rows: Option<u64>,
    /// The standard deviation of the noise on the labels of those rows.
    pub noise: f64,
    /// The file to save the transcript in, for replaying.
    pub save: Option<PathBuf>,
}

/// The course and the result of a game.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayReport {
    /// The version of the document format.
    pub schema: u32,
    /// The path of the run folder; null if nothing was written.
    pub run: Option<String>,
    /// The kind of family: zonal, random, signs or monomials.
    pub family: String,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The degree k.
    pub degree: Degree,
    /// The multiplicity N(n, k) in exact decimal digits.
    pub multiplicity: String,
    /// The number of members M.
    pub family_size: u64,
    /// The tolerance tau of an answer to a query of norm 1.
    pub tolerance: f64,
    /// The learner is to reach a mean squared error of 1 - epsilon.
    pub epsilon: f64,
    /// The strategy of the learner.
    pub learner: String,
    /// The rule that chooses among consistent answers: base or interval.
    pub answers: String,
    /// The largest number of members that one correlational query can exclude (SQ-1).
    pub dropped_per_query_bound: u64,
    /// The largest number of members that one hypothesis fits.
    pub fits_per_hypothesis_bound: u64,
    /// The lower bound on the number of correlational queries of every successful learner; null if no number
    /// suffices, and for learners that ask other queries or none.
    pub predicted_queries: Option<u64>,
    /// The number of distinct queries.
    pub queries_distinct: u64,
    /// The number of queries including repetitions.
    pub queries_issued: u64,
    /// The number of remaining members.
    pub live: u64,
    /// The largest number of members excluded by one answer.
    pub max_dropped: u64,
    /// Whether every answer excluded at most `dropped_per_query_bound` members; null if the bound does not apply.
    pub invariant_held: Option<bool>,
    /// Whether few enough members remain for one hypothesis to fit them all; for the brute-force learner, whether it
    /// found the target.
    pub learned: bool,
    /// The number of rows that the brute-force learner used.
    pub rows: Option<u64>,
    /// The distinct queries with their answers, in order.
    pub transcript: Vec<Asked>,
    /// The assumptions of the bounds.
    pub assumptions: Vec<String>,
}

/// A query, its answer, and the number of members that remain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// A description of the query.
    pub query: String,
    /// The identity of the query: equal queries have equal identities.
    pub identity: String,
    /// The answer of the oracle.
    pub answer: f64,
    /// The number of members excluded by the answer.
    pub dropped: u64,
    /// The number of members remaining after it.
    pub live: u64,
}

/// The source of the answers: an oracle, or a transcript.
#[derive(Clone, Debug, PartialEq)]
pub enum Answerer {
    /// An oracle with a policy.
    Policy(Policy),
    /// The transcript in this file, replayed.
    Replay(PathBuf),
}

/// The configuration of a gradient descent through an oracle.
#[derive(Clone, Debug)]
pub struct LearnConfig {
    /// The expression of the target.
    pub target: String,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The oracle.
    pub oracle: Answerer,
    /// The unit of the oracle's tolerance.
    pub convention: Convention,
    /// The activation phi.
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: Scale,
    /// The width m.
    pub width: u64,
    /// The layers that are trained: output or both.
    pub layers: Layers,
    /// The number of iterations.
    pub iterations: u64,
    /// The step size eta; 1 / (largest eigenvalue, or curvature at initialisation) if automatic.
    pub step: Step,
    /// The largest degree of the reported energies.
    pub max_degree: Degree,
    /// The seed of all random numbers.
    pub seed: u64,
    /// The file to save the transcript in, for replaying.
    pub save: Option<PathBuf>,
}

/// The course of a descent through an oracle, compared with descent through the exact oracle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnReport {
    /// The version of the document format.
    pub schema: u32,
    /// The expression of the target.
    pub target: String,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The oracle, as in the request.
    pub oracle: String,
    /// The unit of the oracle's tolerance: unit, raw or range.
    pub convention: String,
    /// The activation phi.
    pub activation: String,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The width m.
    pub width: u64,
    /// The layers that were trained: output or both.
    pub layers: String,
    /// The step size eta.
    pub step_size: f64,
    /// The norm of the query of an output weight, by which tolerances in units of the norm are multiplied.
    pub query_norm: f64,
    /// ||g||^2 = E[g^2], the loss of the zero network.
    pub target_norm_sq: f64,
    /// The energy of the target by degree.
    pub target_energy: Vec<f64>,
    /// The smallest tolerance, for queries of norm 1, at which a lazy oracle answers every query of the first step
    /// with zero. From this tolerance on, descent stays at zero.
    pub vanishing_tolerance: f64,
    /// The same tolerance for the answer itself.
    pub vanishing_tolerance_raw: f64,
    /// The number of distinct queries up to the last iteration.
    pub queries_distinct: u64,
    /// The number of queries of a descent that asks all queries in each step, at most 2^64 - 1.
    pub queries_issued: u64,
    /// The smallest loss at a reported iteration.
    pub smallest_loss: f64,
    /// The smallest loss at a reported iteration through the exact oracle.
    pub smallest_exact_loss: f64,
    /// The iteration at which the loss diverged; null if it did not.
    pub diverged: Option<u64>,
    /// The path, one entry for each reported iteration.
    pub path: Vec<LearnCheckpoint>,
}

/// Losses and energies at one reported iteration. They are computed exactly, not through the oracle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnCheckpoint {
    /// The number of steps done.
    pub iteration: u64,
    /// The loss E (f - g)^2 of the descent through the oracle.
    pub loss: f64,
    /// The loss of the descent through the exact oracle.
    pub exact_loss: f64,
    /// The energy of the residual beyond the last listed degree.
    pub tail_energy: f64,
    /// The energies of the residual by degree.
    pub degrees: Vec<QueryDegree>,
}

/// The energy of the residual in one degree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryDegree {
    /// The degree k.
    pub degree: Degree,
    /// The energy after descent through the oracle.
    pub energy: f64,
    /// The energy after descent through the exact oracle.
    pub exact_energy: f64,
}

/// The largest degree accepted. Multiplicities of larger degrees have too many digits to write down in seconds.
const MAX_DEGREE: Degree = 10_000;

/// Checks that a degree is from 1 to 10,000.
///
/// # Errors
/// [`Error::Usage`] otherwise.
pub fn check_degree(degree: Degree) -> Result<()> {
    if (1..=MAX_DEGREE).contains(&degree) {
        return Ok(());
    }
    Err(Error::Usage(format!("the degree is {degree}; it must be from 1 to {MAX_DEGREE}")))
}

impl std::str::FromStr for Answerer {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.strip_prefix("replay:") {
            Some("") => Err("replay: needs a file name".to_owned()),
            Some(path) => Ok(Self::Replay(path.into())),
            None => text.parse().map(Self::Policy).map_err(|e| format!("{e}, or replay:FILE")),
        }
    }
}

impl std::fmt::Display for Answerer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Policy(policy) => policy.fmt(f),
            Self::Replay(path) => write!(f, "replay:{}", path.display()),
        }
    }
}
