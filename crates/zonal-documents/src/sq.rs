//! Statistical queries: families, bounds, games, and descent through an oracle.

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

/// A family as users name it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyConfig {
    /// Its kind.
    pub kind: Kind,
    /// The dimension n.
    pub dim: u64,
    /// The degree k.
    pub degree: Degree,
    /// The number M of members.
    pub size: u64,
    /// The directions of zonal members.
    pub directions: Directions,
    /// Their seed.
    pub seed: u64,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct BoundConfig {
    /// The family.
    pub kind: Kind,
    /// The dimension n.
    pub dim: u64,
    /// The degree k.
    pub degree: Degree,
    /// The tolerance.
    pub tolerance: f64,
    /// Which queries the learner may ask.
    pub queries: QueryClass,
    /// Probability of success.
    pub delta: f64,
    /// Mean squared error at most 1 - epsilon.
    pub epsilon: f64,
    /// Members of a finite family; the whole family if None.
    pub size: Option<u64>,
    /// The directions of a finite zonal family.
    pub directions: Directions,
    /// The seed of a finite family.
    pub seed: u64,
}

/// A lower bound on the number of queries, and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundReport {
    /// Version of the format.
    pub schema: u32,
    /// zonal, random, signs or monomials.
    pub family: String,
    /// The dimension n.
    pub dim: u64,
    /// The degree k.
    pub degree: Degree,
    /// N(n, k), exactly.
    pub multiplicity: String,
    /// Members of a finite family, exactly; null where targets are infinitely many.
    pub size: Option<String>,
    /// The tolerance of an answer: by unit norm for correlational queries, for values in [-1, 1] otherwise.
    pub tolerance: f64,
    /// The class of queries.
    pub query_class: String,
    /// The law of the target.
    pub prior: String,
    /// The theorem's name in docs/theory.
    pub theorem: String,
    /// The probability of success.
    pub delta: f64,
    /// The mean squared error to be reached is 1 - epsilon.
    pub epsilon: f64,
    /// log10 of the number of queries, rounded down; null where the formula gives nothing positive, or where no number of
    /// queries suffices, in which case `vacuous` is false.
    pub log10_queries: Option<f64>,
    /// Whether the bound is below one query and so says nothing.
    pub vacuous: bool,
    /// What it rests on.
    pub assumptions: Vec<String>,
}

/// A game.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayConfig {
    /// The family.
    pub family: FamilyConfig,
    /// The tolerance of an answer to a query of norm 1.
    pub tolerance: f64,
    /// Who asks.
    pub learner: Strategy,
    /// How is answered.
    pub answering: AnswerRule,
    /// Mean squared error at most 1 - epsilon is to be reached.
    pub epsilon: f64,
    /// The learner may ask so many queries; ten times the members and 10,000 if None.
    pub max_queries: Option<u64>,
    /// Hidden units of the descent learner.
    pub width: u64,
    /// Rows of the brute-force learner; as many as suffice for products of signs with probability 0.99 if None.
    pub rows: Option<u64>,
    /// The noise on their labels.
    pub noise: f64,
    /// Where the transcript is kept for replaying.
    pub save: Option<PathBuf>,
}

/// How a game went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayReport {
    /// Version of the format.
    pub schema: u32,
    /// The run folder.
    pub run: Option<String>,
    /// zonal, random, signs or monomials.
    pub family: String,
    /// The dimension n.
    pub dim: u64,
    /// The degree k.
    pub degree: Degree,
    /// N(n, k), exactly.
    pub multiplicity: String,
    /// M.
    pub family_size: u64,
    /// The tolerance of an answer to a query of norm 1.
    pub tolerance: f64,
    /// Mean squared error at most 1 - epsilon is to be reached.
    pub epsilon: f64,
    /// The learner.
    pub learner: String,
    /// base or interval.
    pub answers: String,
    /// The most members that one correlational query can rule out (SQ-1).
    pub dropped_per_query_bound: u64,
    /// The most members that one hypothesis fits.
    pub fits_per_hypothesis_bound: u64,
    /// No learner by correlational queries succeeds with fewer; null where no number suffices, and for learners that ask others or
    /// none.
    pub predicted_queries: Option<u64>,
    /// Different queries.
    pub queries_distinct: u64,
    /// All queries.
    pub queries_issued: u64,
    /// Members that are left.
    pub live: u64,
    /// The most that were ruled out by one answer.
    pub max_dropped: u64,
    /// Whether no answer ruled out more than the bound; null where the bound does not apply.
    pub invariant_held: Option<bool>,
    /// Whether so few are left that one hypothesis may fit them all; for rows, whether the target was found.
    pub learned: bool,
    /// Rows that were looked at, by the learner that does.
    pub rows: Option<u64>,
    /// Each query that was asked, once.
    pub transcript: Vec<Asked>,
    /// What the bounds rest on.
    pub assumptions: Vec<String>,
}

/// A query, its answer, and what became of the members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The query in words.
    pub query: String,
    /// Its identity.
    pub identity: String,
    /// The answer.
    pub answer: f64,
    /// Members that it ruled out.
    pub dropped: u64,
    /// Members left after it.
    pub live: u64,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answerer {
    /// An oracle by a policy.
    Policy(Policy),
    /// A transcript in a file.
    Replay(PathBuf),
}

/// A descent through an oracle.
#[derive(Clone, Debug)]
pub struct LearnConfig {
    /// The target's text.
    pub target: String,
    /// The dimension n.
    pub dim: u64,
    /// Who answers.
    pub oracle: Answerer,
    /// What its tolerance is measured in.
    pub convention: Convention,
    /// The activation.
    pub activation: Activation,
    /// The scale of the units.
    pub scale: Scale,
    /// The width m.
    pub width: u64,
    /// Whether hidden units turn too.
    pub layers: Layers,
    /// The last iteration.
    pub iterations: u64,
    /// The step; 1 / (largest eigenvalue or curvature at the start) if automatic.
    pub step: Step,
    /// Energies up to this degree.
    pub max_degree: Degree,
    /// The seed of everything random.
    pub seed: u64,
    /// Where the transcript is kept for replaying.
    pub save: Option<PathBuf>,
}

/// A descent through an oracle beside the exact one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnReport {
    /// Version of the format.
    pub schema: u32,
    /// The target.
    pub target: String,
    /// The dimension n.
    pub dim: u64,
    /// Who answers.
    pub oracle: String,
    /// What its tolerance is measured in: unit, raw or range.
    pub convention: String,
    /// The activation.
    pub activation: String,
    /// The scale.
    pub scale: f64,
    /// The width m.
    pub width: u64,
    /// output or both.
    pub layers: String,
    /// The step.
    pub step_size: f64,
    /// The norm of an output unit's query; tolerances by unit are multiplied by it.
    pub query_norm: f64,
    /// ||g||^2, the loss of a network that has learned nothing.
    pub target_norm_sq: f64,
    /// The energy of the target by degree.
    pub target_energy: Vec<f64>,
    /// The smallest tolerance, by unit norm, at which lazy answers to every query of the first step are zero: descent never
    /// leaves zero from there on.
    pub vanishing_tolerance: f64,
    /// The same as a tolerance of the answer itself.
    pub vanishing_tolerance_raw: f64,
    /// Different queries up to the last iteration.
    pub queries_distinct: u64,
    /// Queries of a descent that asks anew at each step, at most 2^64 - 1.
    pub queries_issued: u64,
    /// The smallest loss at a listed iteration.
    pub smallest_loss: f64,
    /// The same through the exact oracle.
    pub smallest_exact_loss: f64,
    /// The iteration at which the loss grew without bound, if it did.
    pub diverged: Option<u64>,
    /// Listed iterations.
    pub path: Vec<LearnCheckpoint>,
}

/// One iteration. Losses and energies are true ones, whatever was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnCheckpoint {
    /// The iteration.
    pub iteration: u64,
    /// E (f - g)^2.
    pub loss: f64,
    /// The same through the exact oracle.
    pub exact_loss: f64,
    /// The residual's energy beyond the last listed degree.
    pub tail_energy: f64,
    /// The residual's energies.
    pub degrees: Vec<QueryDegree>,
}

/// The residual's energy in one degree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryDegree {
    /// The degree.
    pub degree: Degree,
    /// Through the oracle.
    pub energy: f64,
    /// Through the exact one.
    pub exact_energy: f64,
}

/// Degrees beyond this one have multiplicities that take minutes to write down.
const MOST_DEGREE: Degree = 10_000;

/// Refuses a degree that no family has here.
///
/// # Errors
/// [`Error::Usage`].
pub fn check_degree(degree: Degree) -> Result<()> {
    if (1..=MOST_DEGREE).contains(&degree) {
        return Ok(());
    }
    Err(Error::Usage(format!("the degree is {degree}, but must be from 1 to {MOST_DEGREE}")))
}

impl std::str::FromStr for Answerer {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.strip_prefix("replay:") {
            Some("") => Err("replay: needs the name of a file".to_owned()),
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
