//! Learners. Each is given somebody who answers, or rows, and never the target.

mod attack;
mod brute_force;
mod descent;
mod greedy;
mod regression;
mod version;

pub use attack::{Attack, attack};
pub use brute_force::{brute_force, rows_that_suffice, rows_that_suffice_without_noise};
pub use descent::AskedGradients;
pub use greedy::{Expects, greedy};
pub use regression::{Regressed, regression};
pub use version::VersionSpace;

use crate::answers::Answers;
use crate::basis::Basis;
use crate::query::{Query, Unit};
use crate::words;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zonal::activation::Activation;
use zonal::numeric::random::{Purpose, stream};
use zonal::observer::{Observer, Stage, check};
use zonal::sphere::uniform_point;
use zonal::{Error, Result};

/// How a learner that tells members of a known family apart chooses its queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The combination of members that separates most of those left, as far as a search from one of them finds it.
    Greedy,
    /// One member left after the other.
    Members,
    /// The functions of a basis of all harmonics of the degree.
    Regression,
    /// Hidden units in random directions, as the output layer of a network asks.
    Descent,
    /// Labels cut off, which is no correlational query: finds the direction of a zonal harmonic.
    Attack,
    /// Rows and no queries.
    BruteForce,
}

impl Strategy {
    const WORDS: [(&'static str, Self); 6] = [
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
        words::read(text, "learner", &Self::WORDS)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(words::name(self, &Self::WORDS))
    }
}

/// What a learner goes by when it tells members apart.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// It stops when at most so many members are left.
    pub stop: u64,
    /// It stops after so many queries.
    pub queries: u64,
    /// Hidden units of [`Strategy::Descent`].
    pub width: u64,
    /// Its own coins.
    pub seed: u64,
}

/// The greedy learner gives up after so many queries that dropped nobody.
const MOST_FRUITLESS: u32 = 20;

/// Asks until few members are left, the queries are used up or the strategy has none any more. The space is what the learner
/// knows: the members that every answer so far allows.
///
/// # Errors
/// Those of who answers; [`Error::Parameter`] for a strategy that does not fit the family; [`Error::Stopped`] when the observer
/// asks for it.
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
            let (mut expects, mut fruitless) = (Expects::Base, 0);
            while let Some(query) = greedy(space, answers, expects, limits.seed, round)? {
                let before = space.live().len();
                if !ask(space, &query)? {
                    break;
                }
                // An oracle that gives more than zero away is met by expecting the worst. When that drops nobody, no
                // combination that the search finds does.
                if space.live().len() == before {
                    if expects == Expects::Worst {
                        fruitless += 1;
                    }
                    expects = Expects::Worst;
                }
                if fruitless > MOST_FRUITLESS {
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
            let required = "one that asks: brute force needs rows";
            return Err(Error::parameter("the learner", strategy, required));
        }
    }
    Ok(())
}
