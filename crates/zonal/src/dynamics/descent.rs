//! Gradient descent step by step, on either layer or both (GD-5): on all rows, on some of them in turn, on fresh points
//! of the sphere, or on exact expectations.
//!
//! With the automatic step, one that makes the loss of all rows rise is taken back and the step chosen anew from the
//! curvature where the descent stands. A given step that lets the loss grow without bound is a finding.

use super::Step;
use super::curvature::curvature;
use super::stepper::{Batch, Stepper, check_finite};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::network::{Architecture, Layers, Weights};
use crate::numeric::random::{Purpose, stream};
use crate::observer::{Observer, Stage, StopReason};
use crate::risk::{BothLayers, GradientOracle};
use crate::sphere::{Dim, uniform_point, uniform_points};
use crate::statistics::Precision;
use crate::target::Target;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Where the rows of a step come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// All these rows in each step, or so many of them, in random order and each once before any comes again.
    Rows {
        /// One row a point.
        points: &'a Matrix,
        /// One row a point, one column a label.
        labels: &'a Matrix,
        /// How many make a step; all of them if None.
        batch: Option<usize>,
    },
    /// So many independent uniform points in each step, labelled by the target.
    Fresh {
        /// What is learned.
        target: &'a Target,
        /// How many.
        batch: usize,
    },
    /// Exact expectations over the sphere.
    Exact {
        /// What is learned.
        target: &'a Target,
    },
    /// Exact expectations of everything but the labels, which an oracle answers for (see [`BothLayers::answered`]). The
    /// loss of a step is then what the answers make of it.
    Answered {
        /// Who answers.
        oracle: &'a dyn GradientOracle,
        /// E g^2.
        label_sq: f64,
    },
}

/// Whether the loss of a step is that of all rows, or exact.
fn sees_everything(source: Source<'_>) -> bool {
    match source {
        Source::Rows { points, batch, .. } => batch.is_none_or(|b| b >= points.rows()),
        Source::Fresh { .. } => false,
        Source::Exact { .. } | Source::Answered { .. } => true,
    }
}

/// Sizes must agree, and rows be finite.
fn check_source(architecture: &Architecture, source: Source<'_>) -> Result<()> {
    let (dim, labels) = (architecture.dim, architecture.labels);
    let sizes = match source {
        Source::Rows { points, labels: y, .. } => {
            check_finite(points, y)?;
            [
                ("rows of labels", y.rows(), points.rows()),
                ("coordinates of a point", points.columns(), dim),
                ("labels of a row", y.columns(), labels),
            ]
        }
        Source::Fresh { target, .. } | Source::Exact { target } => {
            let n = target.dim().as_usize();
            [("coordinates of a point", n, dim), ("labels of a network", labels, 1), ("coordinates", n, dim)]
        }
        Source::Answered { .. } => return Ok(()),
    };
    for (what, found, required) in sizes {
        if found != required {
            return Err(Error::Size { what: what.into(), found, required });
        }
    }
    Ok(())
}

/// A descent with its source of rows and its step.
///
/// ```
/// use zonal::prelude::*;
/// let target = Target::parse("x1*x2", Dim::new(4)?, 0)?;
/// let architecture = Architecture {
///     activation: Activation::Relu,
///     scale: 1.0,
///     dim: 4,
///     width: 20,
///     labels: 1,
///     biases: false,
///     on_sphere: false,
///     parametrisation: Parametrisation::Ntk,
/// };
/// let weights = architecture.weights(Start::Random, 0)?;
/// let source = Source::Exact { target: &target };
/// let mut descent =
///     Descent::new(&architecture, Layers::Both, &weights, source, Step::Auto, Precision::F64, 0)?;
/// descent.run(20, 20, &mut Silent)?;
/// assert_eq!(descent.state().iteration, 20);
/// assert!(descent.state().last_loss < descent.state().first_loss);
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Debug)]
pub struct Descent<'a> {
    architecture: &'a Architecture,
    layers: Layers,
    source: Source<'a>,
    automatic: bool,
    seed: u64,
    steps: Steps<'a>,
    state: State,
    /// All rows, made ready once.
    whole: Option<Batch>,
    /// The order of rows in an epoch.
    order: Option<(u64, Vec<usize>)>,
    /// The mean square of the labels, the natural size of a loss.
    label_square: f64,
    /// On some rows only, the weights of a moment when the running mean of losses was low.
    good: Option<Weights>,
}

#[derive(Debug)]
enum Steps<'a> {
    Rows(Box<Stepper>),
    Exact(Box<Exact<'a>>),
}

/// A descent on exact expectations.
#[derive(Debug)]
struct Exact<'a> {
    risk: BothLayers<'a>,
    weights: Weights,
    before: Option<Weights>,
}

/// What a descent needs to go on, beside its weights and what it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Steps done.
    pub iteration: u64,
    /// The step in use.
    pub step: f64,
    /// The first curvature, where it was asked for.
    pub curvature: Option<f64>,
    /// Each step in use, with the first iteration that took it.
    pub steps: Vec<(u64, f64)>,
    /// The loss before the first step.
    pub first_loss: Option<f64>,
    /// The smallest loss so far, where it is that of all rows.
    pub reference: Option<f64>,
    /// On some rows only, the running mean of losses.
    pub mean: Option<f64>,
    /// The iteration at which a step was last taken back, and how often so at iterations not below it.
    pub rejected: Option<(u64, u32)>,
    /// The loss before the last step.
    pub last_loss: Option<f64>,
    /// The iteration at which the loss grew without bound.
    pub diverged: Option<u64>,
}

/// A descent's weights and state, to go on from with the same bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The weights.
    pub weights: Weights,
    /// The weights one step before, which a rising loss goes back to.
    pub before: Option<Weights>,
    /// Everything else.
    pub state: State,
}

/// A loss is said to rise when it exceeds the smallest one by this part, and by this many roundings of the first.
const RISE: f64 = 1e-3;
const ROUNDINGS: f64 = 64.0;
/// On some rows only: when its running mean exceeds the first one, or the labels' mean square, by this factor.
const NOISY_RISE: f64 = 4.0;
/// Weight of the newest loss in the running mean.
const NEWEST: f64 = 0.05;
/// With a given step, or on some rows only: when it exceeds the first loss by this factor, it has no bound.
const UNBOUNDED: f64 = 1e6;
/// No loss is below this limit: the loss is computed, and no step taken.
const NO_STEP: f64 = -1.0;
/// On some rows only, good weights are kept every so many steps.
const GOOD_EVERY: u64 = 64;
/// Rows on which a curvature is taken.
const CURVATURE_ROWS: usize = 512;
/// An observer is asked about as often as this takes.
const FLOPS_BETWEEN_REPORTS: f64 = 2e9;
/// Most often that the step before one iteration is taken back.
const MOST_RETRIES: u32 = 60;
/// Most steps between two reports; on exact expectations, whose steps take longer than their size says, and others.
const MOST_STEPS: [f64; 2] = [16.0, 256.0];

impl<'a> Descent<'a> {
    /// A descent from some weights. `seed` decides which rows make a batch, and fresh points.
    ///
    /// # Errors
    /// Those of [`Stepper::new`] and [`BothLayers::new`]; [`Error::Parameter`] for a step that is not positive and finite
    /// or an empty batch; [`Error::Size`] for rows of other sizes.
    pub fn new(
        architecture: &'a Architecture,
        layers: Layers,
        weights: &Weights,
        source: Source<'a>,
        step: Step,
        precision: Precision,
        seed: u64,
    ) -> Result<Self> {
        let state = State {
            iteration: 0,
            step: 0.0,
            curvature: None,
            steps: Vec::new(),
            first_loss: None,
            reference: None,
            mean: None,
            rejected: None,
            last_loss: None,
            diverged: None,
        };
        let snapshot = Snapshot { weights: weights.clone(), before: None, state };
        let mut out = Self::resume(architecture, layers, &snapshot, source, step, precision, seed)?;
        let first = out.curvature()?;
        out.state.curvature = Some(first);
        out.state.step = match step {
            Step::Fixed(step) => step,
            Step::Auto if first > 0.0 && first.is_finite() => 1.0 / first,
            Step::Auto => {
                let required =
                    "positive, or a step given as a number (is every weight zero that is not trained?)";
                return Err(Error::parameter("the curvature at the start", first, required));
            }
        };
        out.state.steps.push((0, out.state.step));
        Ok(out)
    }

    /// Goes on from a snapshot, with the same bits.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn resume(
        architecture: &'a Architecture,
        layers: Layers,
        snapshot: &Snapshot,
        source: Source<'a>,
        step: Step,
        precision: Precision,
        seed: u64,
    ) -> Result<Self> {
        if let Step::Fixed(step) = step
            && !(step > 0.0 && step.is_finite())
        {
            return Err(Error::parameter("the step", step, "a positive number or auto"));
        }
        check_source(architecture, source)?;
        snapshot.weights.check(architecture)?;
        if let Some(before) = &snapshot.before {
            before.check(architecture)?;
        }
        let steps = match source {
            Source::Exact { target } => Steps::Exact(Box::new(Exact {
                risk: BothLayers::new(target, architecture, layers)?,
                weights: snapshot.weights.clone(),
                before: snapshot.before.clone(),
            })),
            Source::Answered { oracle, label_sq } => Steps::Exact(Box::new(Exact {
                risk: BothLayers::answered(oracle, label_sq, architecture, layers)?,
                weights: snapshot.weights.clone(),
                before: snapshot.before.clone(),
            })),
            Source::Rows { .. } | Source::Fresh { .. } => {
                let mut stepper = Stepper::new(architecture, layers, &snapshot.weights, precision)?;
                if sees_everything(source) {
                    stepper.keep_before(Some(snapshot.before.as_ref().unwrap_or(&snapshot.weights)));
                }
                Steps::Rows(Box::new(stepper))
            }
        };
        let (batch, whole) = match (source, &steps) {
            (Source::Rows { points, labels, batch }, Steps::Rows(stepper)) => {
                let whole = if batch.is_none_or(|b| b >= points.rows()) {
                    Some(stepper.batch(points, labels)?)
                } else {
                    None
                };
                (batch.unwrap_or(points.rows()), whole)
            }
            (Source::Fresh { batch, .. }, _) => (batch, None),
            _ => (1, None),
        };
        if batch == 0 {
            return Err(Error::parameter("the batch", 0, "at least one row"));
        }
        let automatic = step == Step::Auto;
        let state = snapshot.state.clone();
        let label_square = match source {
            Source::Rows { labels, .. } => {
                labels.values().iter().map(|y| y * y).sum::<f64>() / labels.rows().max(1) as f64
            }
            Source::Fresh { target, .. } | Source::Exact { target } => target.norm_sq()?,
            Source::Answered { label_sq, .. } => label_sq,
        };
        let order = None;
        let kept = snapshot.before.as_ref().unwrap_or(&snapshot.weights);
        let good = (!sees_everything(source)).then(|| kept.clone());
        Ok(Self {
            architecture,
            layers,
            source,
            automatic,
            seed,
            steps,
            state,
            whole,
            order,
            label_square,
            good,
        })
    }

    /// Steps done, the step in use, and so on.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Everything that is needed to go on.
    pub fn snapshot(&self) -> Snapshot {
        let before = match &self.steps {
            Steps::Rows(_) if !self.sees_everything() => self.good.clone(),
            Steps::Rows(stepper) => stepper.before(),
            Steps::Exact(exact) => exact.before.clone(),
        };
        Snapshot { weights: self.weights(), before, state: self.state.clone() }
    }

    /// The weights as they are.
    pub fn weights(&self) -> Weights {
        match &self.steps {
            Steps::Rows(stepper) => stepper.weights(),
            Steps::Exact(exact) => exact.weights.clone(),
        }
    }

    /// The largest stable step at the start, 2 / curvature.
    pub fn largest_stable_step(&self) -> f64 {
        2.0 / self.state.curvature.unwrap_or(f64::NAN)
    }

    fn sees_everything(&self) -> bool {
        sees_everything(self.source)
    }

    fn curvature(&self) -> Result<f64> {
        let dim = Dim::new(self.architecture.dim as u64)?;
        let points = match self.source {
            Source::Rows { points, batch, .. } => {
                let count = points.rows().min(batch.unwrap_or(usize::MAX)).min(CURVATURE_ROWS);
                let mut all: Vec<usize> = (0..points.rows()).collect();
                let (chosen, _) =
                    all.partial_shuffle(&mut stream(self.seed, Purpose::Batches, u64::MAX), count);
                points.select(chosen)
            }
            Source::Fresh { batch, .. } => {
                uniform_points(dim, batch.min(CURVATURE_ROWS), self.seed, Purpose::Points)
            }
            Source::Exact { .. } | Source::Answered { .. } => {
                uniform_points(dim, CURVATURE_ROWS, self.seed, Purpose::Points)
            }
        };
        curvature(self.architecture, self.layers, &self.weights(), &points)
    }

    /// Steps until `until` of them are done; each report to the observer is one of `total`. Returns why it stopped before,
    /// if it did.
    ///
    /// # Errors
    /// Those of exact expectations.
    pub fn run(&mut self, until: u64, total: u64, observer: &mut dyn Observer) -> Result<Option<StopReason>> {
        while self.state.diverged.is_none() {
            if self.state.iteration >= until {
                if self.settles()? {
                    break;
                }
                continue;
            }
            if let ControlFlow::Break(reason) = observer.progress(Stage::Descent, self.state.iteration, total)
            {
                return Ok(Some(reason));
            }
            // On a thread of the pool, where tasks begin without a system call; observers are not asked for every step of
            // a small network.
            let next = until.min(self.state.iteration + self.steps_between_reports());
            let mut result = Ok(());
            rayon::scope(|_| {
                while self.state.iteration < next && self.state.diverged.is_none() && result.is_ok() {
                    result = self.advance();
                }
            });
            result?;
        }
        Ok(self.state.diverged.map(|_| StopReason::Diverged))
    }

    fn steps_between_reports(&self) -> u64 {
        let a = self.architecture;
        let rows = match self.source {
            Source::Rows { points, batch, .. } => batch.unwrap_or(points.rows()),
            Source::Fresh { batch, .. } => batch,
            Source::Exact { .. } | Source::Answered { .. } => 4 * a.width,
        };
        let flops = 4.0 * (a.dim + a.labels + 8) as f64 * a.width as f64 * rows as f64;
        let exact = matches!(self.source, Source::Exact { .. } | Source::Answered { .. });
        (FLOPS_BETWEEN_REPORTS / flops).clamp(1.0, MOST_STEPS[usize::from(!exact)]) as u64
    }

    /// One step more, or one less: after a loss above the limit the last one is taken back.
    fn advance(&mut self) -> Result<()> {
        let limit = self.limit();
        let loss = self.step(limit)?;
        if loss <= limit { self.accept(loss) } else { self.reject() }
    }

    /// Looks at the weights as they are, without a step: what is to be measured must not be taken back afterwards. Whether
    /// they stay.
    fn settles(&mut self) -> Result<bool> {
        let limit = self.limit();
        let loss = self.step(NO_STEP)?;
        let stays = loss <= limit;
        if !stays {
            self.reject()?;
        }
        Ok(stays)
    }

    /// The last step led too high: it is taken back and the step made smaller, or the loss has no bound.
    fn reject(&mut self) -> Result<()> {
        let at = self.state.iteration;
        let times = match self.state.rejected {
            Some((iteration, times)) if iteration >= at => times + 1,
            _ => 1,
        };
        self.state.rejected = Some((at, times));
        // Of the first step nothing can be taken back.
        if !self.automatic || at == 0 || times > MOST_RETRIES {
            self.state.diverged = Some(at);
            return Ok(());
        }
        self.undo();
        if self.sees_everything() {
            self.state.iteration -= 1;
        }
        self.choose_step()
    }

    /// A smaller step, by the curvature here.
    fn choose_step(&mut self) -> Result<()> {
        let curvature = self.curvature()?;
        let smaller = 0.5 * self.state.step;
        self.state.step = if curvature > 0.0 { smaller.min(1.0 / curvature) } else { smaller };
        let step = (self.state.iteration, self.state.step);
        self.state.steps.retain(|s| s.0 < step.0);
        self.state.steps.push(step);
        Ok(())
    }

    /// The step before a loss above this one is taken back.
    fn limit(&self) -> f64 {
        let Some(first) = self.state.first_loss else { return f64::MAX };
        let size = first.max(self.label_square);
        // The loss of some rows says little about one step.
        if !self.automatic || !self.sees_everything() {
            return UNBOUNDED * size;
        }
        let rounding = match &self.steps {
            Steps::Rows(stepper) => stepper.rounding(),
            Steps::Exact(_) => f64::EPSILON,
        };
        let reference = self.state.reference.unwrap_or(first);
        (1.0 + RISE) * reference + ROUNDINGS * rounding * size
    }

    fn accept(&mut self, loss: f64) -> Result<()> {
        let everything = self.sees_everything();
        let state = &mut self.state;
        state.first_loss.get_or_insert(loss);
        state.last_loss = Some(loss);
        state.iteration += 1;
        if everything {
            state.reference = Some(state.reference.map_or(loss, |lowest| lowest.min(loss)));
            return Ok(());
        }
        // A network that has learned nothing has about this loss.
        let size = self.label_square.max(state.first_loss.unwrap_or(loss));
        let mean = state.mean.map_or(loss, |mean| mean + NEWEST * (loss - mean));
        state.mean = Some(mean);
        if self.automatic && mean > NOISY_RISE * size {
            // No single step is to blame: it goes on from the last good weights with a smaller one.
            state.mean = Some(size);
            self.undo();
            return self.choose_step();
        }
        if self.automatic && mean <= size && self.state.iteration.is_multiple_of(GOOD_EVERY) {
            self.good = Some(self.weights());
        }
        Ok(())
    }

    fn undo(&mut self) {
        match &mut self.steps {
            Steps::Rows(stepper) => match &self.good {
                Some(good) => stepper.set(good),
                None => stepper.undo(),
            },
            Steps::Exact(exact) => {
                if let Some(before) = &exact.before {
                    exact.weights.clone_from(before);
                }
            }
        }
    }

    /// The loss before the step, summed over labels; the step is taken if that is within the limit.
    fn step(&mut self, limit: f64) -> Result<f64> {
        let step = self.state.step;
        let iteration = self.state.iteration;
        if matches!(self.source, Source::Rows { .. }) && self.whole.is_none() {
            self.order_rows(iteration);
        }
        match &mut self.steps {
            Steps::Exact(exact) => {
                let Exact { risk, weights, before } = &mut **exact;
                let (loss, gradient) = risk.gradient(weights)?;
                if loss <= limit {
                    before.clone_from(&Some(weights.clone()));
                    risk.step(weights, &gradient, step);
                }
                Ok(loss)
            }
            Steps::Rows(stepper) => {
                let made;
                let batch = match (&self.whole, self.source) {
                    (Some(whole), _) => whole,
                    (None, Source::Rows { points, labels, batch }) => {
                        let size = batch.unwrap_or(points.rows());
                        let order = self.order.as_ref().map_or(&[][..], |(_, order)| order);
                        let each = points.rows().div_ceil(size) as u64;
                        let first = (iteration % each) as usize * size;
                        let chosen = &order[first..(first + size).min(order.len())];
                        let rows: Vec<_> = chosen.iter().map(|&i| (points.row(i), labels.row(i))).collect();
                        made = stepper.pack(&rows);
                        &made
                    }
                    (None, Source::Fresh { target, batch }) => {
                        made = fresh(stepper, target, batch, self.seed, iteration)?;
                        &made
                    }
                    (None, Source::Exact { .. } | Source::Answered { .. }) => return Ok(f64::NAN),
                };
                Ok(stepper.step(batch, step, limit)?.iter().sum())
            }
        }
    }

    /// The order of the rows in the epoch of an iteration.
    fn order_rows(&mut self, iteration: u64) {
        let Source::Rows { points, batch, .. } = self.source else { return };
        let each = points.rows().div_ceil(batch.unwrap_or(points.rows()).max(1)).max(1) as u64;
        let epoch = iteration / each;
        if self.order.as_ref().is_none_or(|(e, _)| *e != epoch) {
            let mut order: Vec<usize> = (0..points.rows()).collect();
            order.shuffle(&mut stream(self.seed, Purpose::Batches, epoch));
            self.order = Some((epoch, order));
        }
    }
}

/// Points that no other step has.
fn fresh(stepper: &Stepper, target: &Target, batch: usize, seed: u64, iteration: u64) -> Result<Batch> {
    let draw = |i: usize| -> Result<(Vec<f64>, [f64; 1])> {
        let index = iteration.wrapping_mul(batch as u64).wrapping_add(i as u64);
        let point = uniform_point(target.dim(), seed, Purpose::Fresh, index);
        let label = [target.value(&point)?];
        Ok((point, label))
    };
    let rows: Result<Vec<(Vec<f64>, [f64; 1])>> =
        (0..batch).into_par_iter().with_min_len(64).map(draw).collect();
    Ok(stepper.pack(&rows?.iter().map(|(x, y)| (x.as_slice(), y.as_slice())).collect::<Vec<_>>()))
}
