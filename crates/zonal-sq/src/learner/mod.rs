//! Learners. Each has access to an oracle or to labelled rows, never to the target.

mod attack;
mod brute_force;
mod descent;
mod greedy;
mod regression;
mod version;

pub use attack::{Attack, attack};
pub use brute_force::{brute_force, sufficient_noiseless_rows, sufficient_rows};
pub use descent::QueryGradients;
pub use greedy::{ExpectedAnswer, greedy};
pub use regression::{RegressionFit, regression};
pub use version::VersionSpace;

use crate::answers::Answers;
use crate::basis::Basis;
use crate::choice;
use crate::query::{Query, Unit};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zonal::activation::Activation;
use zonal::numeric::random::{Purpose, stream};
use zonal::observer::{Observer, Stage, check};
use zonal::sphere::uniform_point;
use zonal::{Error, Result};

/// The strategy by which a learner identifies a member of a known family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Combinations of members that separate most of the remaining ones, found by greedy search.
    Greedy,
    /// The remaining members, one at a time.
    Members,
    /// The functions of a basis of all harmonics of the degree.
    Regression,
    /// Hidden units in random directions: the queries of a network's output layer.
    Descent,
    /// Queries of clipped labels, which are not correlational: recovers the direction of a zonal harmonic.
    Attack,
    /// Labelled rows instead of queries.
    BruteForce,
}

impl Strategy {
    /// The strategies by their names.
    pub const CHOICES: [(&'static str, Self); 6] = [
        ("greedy", Self::Greedy),
        ("members", Self::Members),
        ("regression", Self::Regression),
        ("descent", Self::Descent),
        ("attack", Self::Attack),
        ("brute-force", Self::BruteForce),
    ];
}

impl FromStr for Strategy {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        choice::parse(text, "learner", &Self::CHOICES)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(choice::name(self, &Self::CHOICES))
    }
}

/// The limits of a learner that identifies a member.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The learner stops when at most this number of members remains.
    pub stop: u64,
    /// The learner stops after this number of queries.
    pub queries: u64,
    /// The number of hidden units of [`Strategy::Descent`].
    pub width: u64,
    /// The seed of the learner's randomness.
    pub seed: u64,
}

/// The greedy learner gives up after this number of queries that dropped no member.
const MAX_FRUITLESS: u32 = 20;

/// Asks queries until few members remain, the limit is reached or the strategy has no further query. The version space
/// holds the members that are consistent with every answer so far.
///
/// # Errors
/// The errors of the oracle; [`Error::Parameter`] for a strategy that does not fit the family; [`Error::Stopped`] when
/// the observer requests cancellation.
pub fn identify(
    strategy: Strategy,
    space: &mut VersionSpace<'_>,
    answers: &dyn Answers,
    limits: Limits,
    observer: &mut dyn Observer,
) -> Result<()> {
    let family = space.family();
    let dim = family.dim();
    let mut asked = 0;
    let mut ask = |space: &mut VersionSpace<'_>, query: &Query| -> Result<bool> {
        check(observer, Stage::Queries, asked, limits.queries)?;
        if space.live().len() as u64 <= limits.stop || asked >= limits.queries {
            return Ok(false);
        }
        asked += 1;
        let answer = answers.ask(query)?;
        space.learn(query, answer, answers.tolerance(query))?;
        Ok(true)
    };
    match strategy {
        Strategy::Greedy => {
            let mut round = 0;
            let (mut expected, mut fruitless) = (ExpectedAnswer::Base, 0);
            while let Some(query) = greedy(space, answers, expected, limits.seed, round)? {
                let before = space.live().len();
                if !ask(space, &query)? {
                    break;
                }
                // If expecting zero drops no member, the oracle answers otherwise: expect the worst answer. If that
                // drops none either, the search finds no useful combination.
                if space.live().len() == before {
                    if expected == ExpectedAnswer::Worst {
                        fruitless += 1;
                    }
                    expected = ExpectedAnswer::Worst;
                }
                if fruitless > MAX_FRUITLESS {
                    break;
                }
                round += 1;
            }
        }
        Strategy::Members => {
            let mut order: Vec<usize> = (0..family.size()).collect();
            order.shuffle(&mut stream(limits.seed, Purpose::Learner, 0));
            for i in order {
                if space.is_live(i) && !ask(space, &Query::correlation(family.member(i), dim)?)? {
                    break;
                }
            }
        }
        Strategy::Regression => {
            let basis = Basis::new(dim, family.degree(), limits.seed)?;
            for i in 0..basis.len() {
                let function = crate::query::Function::Dense(std::sync::Arc::new(basis.function(i)));
                if !ask(space, &Query::correlation(function, dim)?)? {
                    break;
                }
            }
        }
        Strategy::Descent => {
            let unit = Unit::new(Activation::Relu, 1.0, dim)?;
            for j in 0..limits.width {
                let direction = uniform_point(dim, limits.seed, Purpose::HiddenUnits, j);
                if !ask(space, &Query::unit(&unit, &direction)?)? {
                    break;
                }
            }
        }
        Strategy::Attack => {
            for query in Attack::new(family)?.queries()? {
                if !ask(space, &query)? {
                    break;
                }
            }
        }
        Strategy::BruteForce => {
            let required = "one that asks queries: brute force needs rows";
            return Err(Error::parameter("the learner", strategy, required));
        }
    }
    Ok(())
}
