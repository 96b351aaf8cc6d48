//! The options of `sq bound`, `sq play` and `sq learn`.

use super::choice::LayersChoice;
use super::heading::{FAMILY, GAME, LEARNER as LEARNER_HEADING, NETWORK, ORACLE, RUN, TARGET, TRAINING};
use super::output::{FigureOptions, FolderOptions, Output};
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

/// A lower bound on the number of statistical queries, with its theorem and assumptions
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BoundRequest {
    /// The family of targets: zonal, random, signs or monomials
    #[arg(long, value_name = "FAMILY", help_heading = FAMILY)]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub family: Kind,
    /// The dimension n; several values, separated by commas, give a table
    #[arg(long, short = 'n', required = true, value_name = "N", help_heading = FAMILY)]
    #[serde(deserialize_with = "text::list")]
    pub dim: Vec<String>,
    /// The degree k; several values, separated by commas, give a table
    #[arg(long, short = 'k', required = true, value_name = "K", help_heading = FAMILY)]
    #[serde(deserialize_with = "text::list")]
    pub degree: Vec<String>,
    /// The largest error of an answer; several values, separated by commas, give a table
    #[arg(long, short, required = true, value_name = "TAU", allow_negative_numbers = true, help_heading = LEARNER_HEADING)]
    #[serde(deserialize_with = "text::list")]
    pub tolerance: Vec<String>,
    /// The class of allowed queries: correlational, lipschitz:L or any
    #[arg(long, default_value_t = Self::default().queries, value_name = "CLASS", help_heading = LEARNER_HEADING)]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub queries: QueryClass,
    /// The probability with which the learner succeeds
    #[arg(long, default_value_t = Self::default().delta, value_name = "DELTA", allow_negative_numbers = true, help_heading = LEARNER_HEADING)]
    pub delta: Real,
    /// The goal: a mean squared error of 1 - EPSILON, where the best constant has 1
    #[arg(long, default_value_t = Self::default().epsilon, value_name = "EPSILON", allow_negative_numbers = true, help_heading = LEARNER_HEADING)]
    pub epsilon: Real,
    /// The number of members of a finite family [default: all members]
    #[arg(long, value_name = "M", help_heading = FAMILY)]
    pub size: Option<Count>,
    /// Directions of a finite zonal family: random, coordinate or devore
    #[arg(long, default_value_t = Self::default().directions, value_name = "DIRECTIONS", help_heading = FAMILY)]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub directions: Directions,
    /// Seed of the members.
    #[arg(skip)]
    pub seed: Option<Whole>,
    /// The figures.
    #[command(flatten)]
    #[serde(flatten)]
    pub figures: FigureOptions,
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
            figures: FigureOptions::default(),
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

/// A game: a learner against an oracle that has no target and gives away as little as it may
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlayRequest {
    /// The family of targets: zonal, random, signs or monomials
    #[arg(long, value_name = "FAMILY", help_heading = FAMILY)]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub family: Kind,
    /// The dimension n
    #[arg(long, short = 'n', value_name = "N", help_heading = FAMILY)]
    pub dim: Count,
    /// The degree k
    #[arg(long, short = 'k', value_name = "K", allow_negative_numbers = true, help_heading = FAMILY)]
    pub degree: Whole,
    /// The number of members [default: 500; of signs and monomials all, up to 5000]
    #[arg(long, value_name = "M", help_heading = FAMILY)]
    pub size: Option<Count>,
    /// Directions of a zonal family: random, coordinate or devore
    #[arg(long, default_value_t = Self::default().directions, value_name = "DIRECTIONS", help_heading = FAMILY)]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub directions: Directions,
    /// The largest error of an answer to a query of norm 1
    #[arg(long, short, value_name = "TAU", allow_negative_numbers = true, help_heading = GAME)]
    pub tolerance: Real,
    /// The learner: greedy, members, regression, descent, attack or brute-force
    #[arg(long, default_value_t = Self::default().learner, value_name = "LEARNER", help_heading = GAME)]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub learner: Strategy,
    /// The policy of the oracle: base or interval
    ///
    /// base answers 0 whenever some remaining member permits it; interval gives the answer that keeps most members.
    #[arg(long, default_value_t = Self::default().answers, value_name = "POLICY", help_heading = GAME)]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub answers: AnswerRule,
    /// The goal of the learner: a mean squared error of 1 - EPSILON
    #[arg(long, default_value_t = Self::default().epsilon, value_name = "EPSILON", allow_negative_numbers = true, help_heading = GAME)]
    pub epsilon: Real,
    /// The largest number of queries [default: 10,000 and ten for each member]
    #[arg(long, value_name = "Q", help_heading = GAME, hide_short_help = true)]
    pub max_queries: Option<Count>,
    /// The number of hidden units of the learner descent [default: 1000]
    #[arg(long, value_name = "M", help_heading = GAME, hide_short_help = true)]
    pub width: Option<Count>,
    /// The number of rows of the learner brute-force
    ///
    /// By default, it suffices for products of signs with probability 0.99.
    #[arg(long, value_name = "S", help_heading = GAME, hide_short_help = true)]
    pub rows: Option<Count>,
    /// Standard deviation of the noise on the labels of those rows [default: 0]
    #[arg(long, value_name = "SIGMA", allow_negative_numbers = true, help_heading = GAME, hide_short_help = true)]
    pub noise: Option<Real>,
    /// Save the transcript to a file, for the oracle replay
    #[arg(long, value_name = "FILE", help_heading = RUN)]
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

/// Gradient descent through an oracle, compared with descent through the exact one
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LearnRequest {
    /// The function to learn
    ///
    /// A sum of polynomials in x1..xn, harmonic(K), neuron(A) and teacher(A, units=U), with coefficients.
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true, help_heading = TARGET)]
    pub target: String,
    /// The dimension n of the target; its sphere is S^(n-1)
    #[arg(long, short = 'n', value_name = "N", help_heading = TARGET)]
    pub dim: Count,
    /// The oracle: exact, or inexact by up to TAU, by sampling or from a transcript
    ///
    /// exact, honest:TAU, quantised:TAU, lazy:TAU, sampled:ROWS, sampled:ROWS:shared, vstat:T or replay:FILE; see below.
    #[arg(long, default_value_t = Self::default().oracle, value_name = "ORACLE", help_heading = ORACLE)]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub oracle: Answerer,
    /// The unit of TAU: unit, raw or range
    ///
    /// For a query y g(x): unit is the norm of g, raw the answer itself, range the largest |y g(x)|.
    #[arg(long, default_value_t = Self::default().convention, value_name = "CONVENTION", help_heading = ORACLE)]
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub convention: Convention,
    /// The activation: a name or an expression in t, as in zonal train
    #[arg(long, short, default_value_t = Self::default().activation, value_name = "NAME", allow_hyphen_values = true, help_heading = NETWORK)]
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>): sqrt-dim or a number
    #[arg(long, default_value_t = Self::default().scale, value_name = "S", allow_negative_numbers = true, help_heading = NETWORK)]
    #[schemars(with = "String")]
    pub scale: Scale,
    /// The number of hidden units [default: 500; 100 with --layers both]
    #[arg(long, short = 'm', value_name = "M", help_heading = NETWORK)]
    pub width: Option<Count>,
    /// Layers to train: output or both
    #[arg(long, default_value = "output", value_name = "LAYERS", value_parser = layers, help_heading = TRAINING)]
    pub layers: LayersChoice,
    /// The number of iterations [default: 1e6; 1000 with --layers both]
    #[arg(long, short = 't', value_name = "T", help_heading = TRAINING)]
    pub iterations: Option<Count>,
    /// The step of gradient descent: auto or a number
    ///
    /// With auto: 1 / largest eigenvalue; with --layers both 1 / curvature at the start.
    #[arg(long, default_value_t = Self::default().step, value_name = "ETA", allow_negative_numbers = true, help_heading = TRAINING)]
    #[schemars(with = "String")]
    pub step: Auto<Real>,
    /// The largest degree to list
    #[arg(long, short = 'k', default_value_t = Self::default().max_degree, value_name = "K", allow_negative_numbers = true, help_heading = TARGET)]
    pub max_degree: Whole,
    /// Save the transcript to a file, for the oracle replay
    #[arg(long, value_name = "FILE", help_heading = ORACLE)]
    #[serde(serialize_with = "lossy_option")]
    pub save: Option<PathBuf>,
    /// Seed of everything random.
    #[arg(skip)]
    pub seed: Option<Whole>,
    /// The figures.
    #[command(flatten)]
    #[serde(flatten)]
    pub figures: FigureOptions,
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
            figures: FigureOptions::default(),
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
