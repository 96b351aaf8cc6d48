//! What is decided before the sums over a table are made: the map to the sphere, the units of the labels, and the network.

use super::Notes;
use super::choose::{Choice, Question};
use crate::survey::Survey;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::lift::{LabelScale, Lift};
use zonal::network::{Network, Parametrisation};
use zonal::observer::Observer;
use zonal::rows::Split;
use zonal_documents::number::{Extended, short};
use zonal_documents::train::{Candidate, TableJob, TrainConfig};
use zonal_documents::{Error, Result};
use zonal_io::model::{Description, SCHEMA, TableDescription};

/// Everything that decides a training on a table beside its rows, its step and its iterations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// The map to the sphere.
    pub lift: Lift,
    /// The units of the labels.
    pub labels: Vec<LabelScale>,
    /// The part of each row.
    pub split: Split,
    /// The activation.
    pub activation: Activation,
    /// The scale.
    pub scale: f64,
    /// The width.
    pub width: usize,
    /// The seed of the hidden units.
    pub seed: u64,
    /// What was tried when activation, scale or bias were chosen automatically.
    pub candidates: Option<Vec<Candidate>>,
}

/// Finds out after the first reading, and before any long work, whether the training fits.
pub(super) type Fits<'f, R> = &'f dyn Fn(&Survey, &Lift, Notes<'_>) -> Result<R>;

impl Problem {
    /// Learns the units of columns and labels from the survey, and chooses what is not given on its sample.
    ///
    /// # Errors
    /// Those of columns and labels without a usable deviation, [`Error::Usage`] for an infinite width.
    pub(super) fn choose<R>(
        config: &TrainConfig,
        job: &TableJob,
        columns: &[String],
        survey: &Survey,
        fits: Fits<'_, R>,
        observer: &mut dyn Observer,
        notes: Notes<'_>,
    ) -> Result<(Self, R)> {
        let Extended::Finite(width) = config.width else { return Err(infinite()) };
        let split = job.split(config.seed)?;
        let labels: Vec<LabelScale> = (0..job.labels.len())
            .map(|i| LabelScale::learn(&job.labels[i], &survey.labels, i))
            .collect::<std::result::Result<_, _>>()?;
        let lift = lift(job, columns, survey)?;
        let dropped = lift.dropped();
        if !dropped.is_empty() {
            notes(&format!("left out, since constant on the training rows: {}", dropped.join(", ")));
        }
        let fitting = fits(survey, &lift, notes)?;
        let width = usize::try_from(width).unwrap_or(usize::MAX);
        let question = Question {
            config,
            bias: if job.on_sphere { Some(0.0) } else { job.bias.given() },
            lift: &lift,
            labels: &labels,
            sample: &survey.sample,
            split: &split,
            width,
        };
        let Choice { activation, scale, bias, candidates } = question.choose(observer)?;
        candidates.iter().for_each(|tried| say_candidates(tried, notes));
        let lift = Lift { bias, ..lift };
        let seed = config.seed;
        Ok((Self { lift, labels, split, activation, scale, width, seed, candidates }, fitting))
    }

    /// The hidden layer.
    ///
    /// # Errors
    /// As [`Network::random`].
    pub fn network(&self) -> Result<Network> {
        let dim = self.lift.dim()?;
        Ok(Network::random(self.activation.clone(), self.scale, dim, self.width, self.seed)?)
    }

    /// What a model says of it.
    pub(super) fn description(&self, step_size: f64, best_iteration: u64) -> Description {
        Description {
            schema: SCHEMA,
            activation: self.activation.clone(),
            scale: self.scale,
            parametrisation: Parametrisation::Ntk,
            seed: self.seed,
            step_size,
            best_iteration,
            target: None,
            table: Some(self.table()),
        }
    }

    /// How rows are prepared for it.
    pub(super) fn table(&self) -> TableDescription {
        TableDescription { lift: self.lift.clone(), labels: self.labels.clone(), split: self.split }
    }
}

/// A width without end needs a target.
pub(super) fn infinite() -> Error {
    Error::Usage("--width inf needs a --target; on a table the width is a number".into())
}

/// Candidates that get a line of their own.
const MOST_LINES: usize = 8;

/// Says how those did that came into the last round, and between what limits the others lay.
fn say_candidates(tried: &[Candidate], notes: Notes<'_>) {
    let Some(best) = tried.first() else { return };
    let last = tried.iter().take(MOST_LINES).take_while(|c| (c.rows, c.width) == (best.rows, best.width));
    let last = last.count();
    for (i, c) in tried[..last].iter().enumerate() {
        let verdict = if i == 0 { "; chosen" } else { "" };
        notes(&format!(
            "tried {} at scale {}, bias {}: {} of the deviation left on {} rows, width {}{verdict}",
            c.activation,
            short(c.scale),
            short(c.bias),
            short(c.relative_rmse),
            c.rows,
            c.width
        ));
    }
    let others = tried[last..].iter().map(|c| c.relative_rmse);
    let (low, high) = others.fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), x| (l.min(x), h.max(x)));
    if last < tried.len() {
        notes(&format!(
            "tried {} others, which left {} to {}; --format json lists them",
            tried.len() - last,
            short(low),
            short(high)
        ));
    }
}

/// How far |x|^2 of a point may be from 1.
const UNIT: f64 = 1e-6;

/// The map to the sphere, with the bias that is given or 1.
fn lift(job: &TableJob, columns: &[String], survey: &Survey) -> Result<Lift> {
    if !job.on_sphere {
        return Ok(Lift::learn(columns, &survey.features, job.bias.given().unwrap_or(1.0))?);
    }
    let sample = &survey.sample;
    let square = |i: usize| sample.features.row(i).iter().map(|x| x * x).sum::<f64>();
    if let Some(i) = (0..sample.len()).find(|&i| (square(i) - 1.0).abs() > UNIT) {
        return Err(Error::Usage(format!(
            "row {} (counted from 0) has the length {}, but rows that are points of the sphere need the length 1; leave out \
             --on-sphere, or divide rows by their length",
            sample.numbers[i],
            square(i).sqrt()
        )));
    }
    Ok(Lift::of_points(columns))
}
