//! The options of `sq bound`, `sq play` and `sq learn`.

use super::choice::LayersChoice;
use super::output::{FolderOptions, Output};
use super::values::parse_values;
use crate::error::{Error, Result};
use crate::number::{Auto, Count, Real, Scale, Whole, count, real, text};
use crate::options::{DEGREE, DIM, LAYERS, LEARNER, SAVE, SCALE, SEED, SIZE, TOLERANCE};
use crate::record::RunKind;
use crate::sq::{Answerer, BoundConfig, FamilyConfig, LearnConfig, PlayConfig, check_degree};
use crate::table::lossy_option;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal::network::Layers;
use zonal::sphere::Dim;
use zonal_io::option::OptionId;
use zonal_sq::bound::QueryClass;
use zonal_sq::learner::Strategy;
use zonal_sq::{AnswerRule, Convention, Directions, Family, Kind};

/// The least number of statistical queries that a learner needs, with the theorem and its assumptions
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BoundRequest {
    /// zonal, random, signs or monomials
    #[arg(long, value_name = "FAMILY")]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub family: Kind,
    /// Dimension n; comma-separated values give a table
    #[arg(long, short = 'n', required = true, value_name = "N")]
    #[serde(deserialize_with = "text::list")]
    pub dim: Vec<String>,
    /// Degree k; comma-separated values give a table
    #[arg(long, short = 'k', required = true, value_name = "K")]
    #[serde(deserialize_with = "text::list")]
    pub degree: Vec<String>,
    /// The largest error of an answer; comma-separated values give a table
    #[arg(long, short, required = true, value_name = "TAU", allow_negative_numbers = true)]
    #[serde(deserialize_with = "text::list")]
    pub tolerance: Vec<String>,
    /// The queries that the learner may ask: correlational, lipschitz:L or any
    #[arg(long, default_value_t = Self::default().queries, value_name = "CLASS")]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub queries: QueryClass,
    /// The probability of success
    #[arg(long, default_value_t = Self::default().delta, value_name = "DELTA", allow_negative_numbers = true)]
    pub delta: Real,
    /// The learner reaches a mean squared error of 1 - EPSILON, where the best constant has 1
    #[arg(long, default_value_t = Self::default().epsilon, value_name = "EPSILON", allow_negative_numbers = true)]
    pub epsilon: Real,
    /// For a finite family of M members [default: all]
    #[arg(long, value_name = "M")]
    pub size: Option<Count>,
    /// Directions of a finite zonal family: random, coordinate or devore
    #[arg(long, default_value_t = Self::default().directions, value_name = "HOW")]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub directions: Directions,
    /// Seed of the members.
    #[arg(skip)]
    pub seed: Option<Whole>,
}

impl Default for BoundRequest {
    fn default() -> Self {
        Self {
            family: Kind::Zonal,
            dim: Vec::new(),
            degree: Vec::new(),
            tolerance: Vec::new(),
            queries: QueryClass::Correlational,
            delta: Real(0.5),
            epsilon: Real(0.5),
            size: None,
            directions: Directions::Random,
            seed: None,
        }
    }
}

impl BoundRequest {
    /// Returns the configurations of the bounds, one for each dimension, degree and tolerance, and the number of
    /// tolerances.
    ///
    /// # Errors
    /// [`Error::Usage`] for invalid values, and for a seed if nothing is drawn.
    pub fn configs(&self) -> Result<(Vec<BoundConfig>, usize)> {
        let dims = parse_values(&self.dim, DIM, count)?;
        let degrees = parse_values(&self.degree, DEGREE, count)?;
        let tolerances = parse_values(&self.tolerance, TOLERANCE, real)?;
        if dims.is_empty() || degrees.is_empty() || tolerances.is_empty() {
            return Err(Error::Usage(format!("{DIM}, {DEGREE} and {TOLERANCE} each need a value")));
        }
        let draws = self.size.is_some() && !matches!(self.family, Kind::Signs | Kind::Monomials);
        if self.seed.is_some() && !draws {
            return Err(Error::Usage(format!(
                "{SEED} has no effect here: members are drawn only for {} of a zonal or random family",
                SIZE.with("M")
            )));
        }
        let mut configs = Vec::new();
        for &dim in &dims {
            for &degree in &degrees {
                configs.extend(tolerances.iter().map(|&tolerance| BoundConfig {
                    kind: self.family,
                    dim,
                    degree: usize::try_from(degree).unwrap_or(usize::MAX),
                    tolerance,
                    queries: self.queries,
                    delta: self.delta.0,
                    epsilon: self.epsilon.0,
                    size: self.size.map(|m| m.0),
                    directions: self.directions,
                    seed: self.seed.map_or(0, |seed| seed.0 as u64),
                }));
            }
        }
        Ok((configs, tolerances.len()))
    }
}

/// A game: a learner asks, an oracle without a target answers so that as many members as possible remain
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlayRequest {
    /// zonal, random, signs or monomials
    #[arg(long, value_name = "FAMILY")]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub family: Kind,
    /// The dimension n
    #[arg(long, short = 'n', value_name = "N")]
    pub dim: Count,
    /// The degree k
    #[arg(long, short = 'k', value_name = "K", allow_negative_numbers = true)]
    pub degree: Whole,
    /// The number of members [default: all products of signs or coordinates, up to 5000; otherwise 500]
    #[arg(long, value_name = "M")]
    pub size: Option<Count>,
    /// Directions of a zonal family: random, coordinate or devore
    #[arg(long, default_value_t = Self::default().directions, value_name = "HOW")]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub directions: Directions,
    /// The largest error of an answer to a query of norm 1
    #[arg(long, short, value_name = "TAU", allow_negative_numbers = true)]
    pub tolerance: Real,
    /// greedy, members, regression, descent, attack or brute-force
    #[arg(long, default_value_t = Self::default().learner, value_name = "LEARNER")]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub learner: Strategy,
    /// Policy of the oracle: base, 0 whenever some remaining candidate permits it, or interval, the answer that keeps most
    /// candidates
    #[arg(long, default_value_t = Self::default().answers, value_name = "HOW")]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub answers: AnswerRule,
    /// The learner is to reach a mean squared error of 1 - EPSILON
    #[arg(long, default_value_t = Self::default().epsilon, value_name = "EPSILON", allow_negative_numbers = true)]
    pub epsilon: Real,
    /// The most queries that the learner may ask [default: ten for each member and 10,000]
    #[arg(long, value_name = "Q")]
    pub max_queries: Option<Count>,
    /// Hidden units of the descent learner [default: 1000]
    #[arg(long, value_name = "M")]
    pub width: Option<Count>,
    /// Rows of the brute-force learner [default: as many as suffice for products of signs 99 times in 100]
    #[arg(long, value_name = "S")]
    pub rows: Option<Count>,
    /// Noise on the labels of those rows [default: 0]
    #[arg(long, value_name = "SIGMA", allow_negative_numbers = true)]
    pub noise: Option<Real>,
    /// Save the transcript in a file, for replaying
    #[arg(long, value_name = "FILE")]
    #[serde(serialize_with = "lossy_option")]
    pub save: Option<PathBuf>,
    /// Seed of the family.
    #[arg(skip)]
    pub seed: Option<Whole>,
    /// The folder of the run.
    #[command(flatten)]
    #[serde(flatten)]
    pub folder: FolderOptions,
}

impl Default for PlayRequest {
    fn default() -> Self {
        Self {
            family: Kind::Zonal,
            dim: Count(0),
            degree: Whole(0),
            size: None,
            directions: Directions::Random,
            tolerance: Real(0.0),
            learner: Strategy::Greedy,
            answers: AnswerRule::Base,
            epsilon: Real(0.5),
            max_queries: None,
            width: None,
            rows: None,
            noise: None,
            save: None,
            seed: None,
            folder: FolderOptions::default(),
        }
    }
}

/// The default number of members of a zonal or random family.
const MEMBERS: u64 = 500;
/// The largest default number of members of a family of signs or monomials.
const MAX_SUBSETS: u64 = 5_000;

impl PlayRequest {
    /// Returns the destination of the game and checks that its transcript is saved outside the run's folder.
    ///
    /// # Errors
    /// [`Error::Usage`], and as [`Output::check`].
    pub fn output(&self) -> Result<Output> {
        let output = self.folder.output(RunKind::SqPlay)?;
        if let Some(file) = &self.save {
            output.check_outside(SAVE, file)?;
        }
        Ok(output)
    }

    /// Returns the configuration of the game.
    ///
    /// # Errors
    /// [`Error::Usage`] for options of another learner.
    pub fn config(&self) -> Result<PlayConfig> {
        let unused = |is_set: bool, option: &'static str, learner: Strategy| match is_set
            && self.learner != learner
        {
            true => Err(Error::Usage(format!("{} is for {}", OptionId::new(option), LEARNER.with(learner)))),
            false => Ok(()),
        };
        unused(self.width.is_some(), "width", Strategy::Descent)?;
        unused(self.rows.is_some(), "rows", Strategy::BruteForce)?;
        unused(self.noise.is_some(), "noise", Strategy::BruteForce)?;
        Ok(PlayConfig {
            family: FamilyConfig {
                kind: self.family,
                dim: self.dim.0,
                degree: self.degree.0,
                size: self.size.map_or_else(|| self.default_size(), |size| Ok(size.0))?,
                directions: self.directions,
                seed: self.seed.map_or(0, |seed| seed.0 as u64),
            },
            tolerance: self.tolerance.0,
            learner: self.learner,
            answering: self.answers,
            epsilon: self.epsilon.0,
            max_queries: self.max_queries.map(|q| q.0),
            width: self.width.map_or(1_000, |m| m.0),
            rows: self.rows.map(|s| s.0),
            noise: self.noise.map_or(0.0, |s| s.0),
            save: self.save.clone(),
        })
    }

    fn default_size(&self) -> Result<u64> {
        let (dim, degree) = (self.dim.0, self.degree.0);
        Ok(match self.family {
            Kind::Zonal if self.directions == Directions::Coordinate => dim,
            Kind::Zonal | Kind::Random => MEMBERS,
            Kind::Signs | Kind::Monomials => {
                check_degree(degree)?;
                let all = Family::subsets(Dim::new(dim)?, degree);
                if all == 0u8.into() {
                    let message = format!("the degree is {degree}; it must be at most the dimension, {dim}");
                    return Err(Error::Usage(message));
                }
                u64::try_from(all).unwrap_or(u64::MAX).min(MAX_SUBSETS)
            }
        })
    }
}

/// Gradient descent that sees its target only through an oracle, compared with descent through the exact one
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LearnRequest {
    /// The target, as in zonal train
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub target: String,
    /// The dimension n
    #[arg(long, short = 'n', value_name = "N")]
    pub dim: Count,
    /// The oracle: exact, honest:TAU, quantised:TAU, lazy:TAU, sampled:ROWS, sampled:ROWS:shared, vstat:T or replay:FILE
    #[arg(long, default_value_t = Self::default().oracle, value_name = "ORACLE")]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub oracle: Answerer,
    /// Unit of TAU: unit, the norm of g in a query y g(x); raw, the answer itself; range, the largest |y g(x)|
    #[arg(long, default_value_t = Self::default().convention, value_name = "CONVENTION")]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub convention: Convention,
    /// The activation, as in zonal train
    #[arg(long, short, default_value_t = Self::default().activation, value_name = "NAME|EXPRESSION", allow_hyphen_values = true)]
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale of the units: sqrt-dim or a number
    #[arg(long, default_value_t = Self::default().scale, value_name = "S", allow_negative_numbers = true)]
    #[schemars(with = "String")]
    pub scale: Scale,
    /// The width m [default: 500, with --layers both 100]
    #[arg(long, short = 'm', value_name = "M")]
    pub width: Option<Count>,
    /// Layers to train: output, hidden units stay as they are; both, they turn too
    #[arg(long, default_value = "output", value_name = "LAYERS", value_parser = layers)]
    pub layers: LayersChoice,
    /// Number of iterations [default: 1e6, with --layers both 1000]
    #[arg(long, short = 't', value_name = "T")]
    pub iterations: Option<Count>,
    /// The step, or auto: 1 / (largest eigenvalue, or curvature at the start)
    #[arg(long, default_value_t = Self::default().step, value_name = "ETA", allow_negative_numbers = true)]
    #[schemars(with = "String")]
    pub step: Auto<Real>,
    /// Largest degree of the energies
    #[arg(long, short = 'k', default_value_t = Self::default().max_degree, value_name = "K", allow_negative_numbers = true)]
    pub max_degree: Whole,
    /// Save the transcript in a file, for replaying
    #[arg(long, value_name = "FILE")]
    #[serde(serialize_with = "lossy_option")]
    pub save: Option<PathBuf>,
    /// Seed of everything random.
    #[arg(skip)]
    pub seed: Option<Whole>,
    /// The activation in memory.
    #[arg(skip)]
    #[serde(skip)]
    pub(super) callable: Option<Activation>,
}

impl Default for LearnRequest {
    fn default() -> Self {
        Self {
            target: String::new(),
            dim: Count(0),
            oracle: Answerer::Policy(zonal_sq::Policy::Exact),
            convention: Convention::Unit,
            activation: Activation::Relu,
            scale: Scale::Fixed(1.0),
            width: None,
            layers: LayersChoice::Output,
            iterations: None,
            step: Auto::Auto,
            max_degree: Whole(6),
            save: None,
            seed: None,
            callable: None,
        }
    }
}

fn layers(text: &str) -> std::result::Result<LayersChoice, String> {
    match text {
        "output" => Ok(LayersChoice::Output),
        "both" => Ok(LayersChoice::Both),
        _ => Err(format!("'{text}' is not a choice of layers; write output or both")),
    }
}

impl LearnRequest {
    /// Returns the configuration of the descent.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unsupported scale or choice of layers.
    pub fn config(&self) -> Result<LearnConfig> {
        let layers = self.layers.value();
        if layers == Layers::Hidden {
            return Err(Error::Usage(format!(
                "{} is not supported here; choose output or both",
                LAYERS.with("hidden")
            )));
        }
        let both = layers == Layers::Both;
        if self.scale == Scale::Auto {
            let auto = SCALE.with("auto");
            return Err(Error::Usage(format!("{auto} needs a table; choose sqrt-dim or a number")));
        }
        Ok(LearnConfig {
            target: self.target.clone(),
            dim: self.dim.0,
            oracle: self.oracle.clone(),
            convention: self.convention,
            activation: self.callable.clone().unwrap_or_else(|| self.activation.clone()),
            scale: self.scale,
            width: self.width.map_or(if both { 100 } else { 500 }, |m| m.0),
            layers,
            iterations: self.iterations.map_or(if both { 1_000 } else { 1_000_000 }, |t| t.0),
            step: Auto::<f64>::from(self.step).given().map_or(Step::Auto, Step::Fixed),
            max_degree: self.max_degree.0,
            seed: self.seed.map_or(0, |seed| seed.0 as u64),
            save: self.save.clone(),
        })
    }
}
