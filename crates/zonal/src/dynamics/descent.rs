//! Iterative gradient descent on either layer or both (GD-5): on all rows, on mini-batches, on fresh points of the
//! sphere, or on exact expectations.
//!
//! With the automatic step, a step that increases the loss of all rows is reverted, and a new step is chosen from the
//! curvature at the current weights. With a given step, a loss that grows without bound is reported as a result and not
//! as an error. On all rows and on exact expectations, L-BFGS may take the place of the gradient step.

use super::Step;
use super::curvature::curvature;
use super::search::{Search, SearchState};
use super::stepper::{Batch, Stepper, check_rows};
use crate::error::{Error, Result};
use crate::fused::Gradient;
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

/// The source of the rows of a step.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// All these rows in each step, or mini-batches of them in random order, where each row occurs once before any
    /// occurs again.
    Rows {
        /// One point per row.
        points: &'a Matrix,
        /// One point per row, one label per column.
        labels: &'a Matrix,
        /// The number of rows in a step; None for all.
        batch: Option<usize>,
    },
    /// Independent uniform points in each step, labelled by the target.
    Fresh {
        /// The target.
        target: &'a Target,
        /// The number of points in a step.
        batch: usize,
    },
    /// Exact expectations over the sphere.
    Exact {
        /// The target.
        target: &'a Target,
    },
    /// Exact expectations of everything except the labels, whose part an oracle answers (see [`BothLayers::answered`]).
    /// The loss of a step is then computed from the answers.
    Answered {
        /// The oracle.
        oracle: &'a dyn GradientOracle,
        /// E g^2.
        label_sq: f64,
    },
}

/// Returns whether the loss of a step is that of all rows, or exact.
fn sees_everything(source: Source<'_>) -> bool {
    match source {
        Source::Rows { points, batch, .. } => batch.is_none_or(|b| b >= points.rows()),
        Source::Fresh { .. } => false,
        Source::Exact { .. } | Source::Answered { .. } => true,
    }
}

/// Returns the mean square of the labels, summed over labels.
fn label_square(source: Source<'_>) -> Result<f64> {
    match source {
        Source::Rows { labels, .. } => {
            Ok(labels.values().iter().map(|y| y * y).sum::<f64>() / labels.rows().max(1) as f64)
        }
        Source::Fresh { target, .. } | Source::Exact { target } => target.norm_sq(),
        Source::Answered { label_sq, .. } => Ok(label_sq),
    }
}

/// Checks that sizes agree and that rows are finite.
fn check_source(architecture: &Architecture, source: Source<'_>) -> Result<()> {
    let (dim, labels) = (architecture.dim, architecture.labels);
    let sizes = match source {
        Source::Rows { points, labels: y, .. } => {
            check_rows(points, y)?;
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

/// A gradient descent with its source of rows and its step.
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
    /// All rows, prepared once.
    whole: Option<Batch>,
    /// The order of the rows in an epoch, with the epoch's number.
    order: Option<(u64, Vec<usize>)>,
    /// The mean square of the labels, which is the natural scale of a loss.
    label_square: f64,
    /// With mini-batches, the weights of an iteration at which the running mean of losses was low.
    good: Option<Weights>,
    /// L-BFGS, if it determines the steps.
    search: Option<Search>,
}

#[derive(Debug)]
enum Steps<'a> {
    Rows(Box<Stepper>),
    Exact(Box<Exact<'a>>),
}

impl<'a> Steps<'a> {
    /// Prepares the steps from a snapshot.
    fn new(
        architecture: &'a Architecture,
        layers: Layers,
        snapshot: &Snapshot,
        source: Source<'a>,
        precision: Precision,
    ) -> Result<Self> {
        let exact = |risk: BothLayers<'a>| {
            let (weights, before) = (snapshot.weights.clone(), snapshot.before.clone());
            Self::Exact(Box::new(Exact { risk, weights, before }))
        };
        match source {
            Source::Exact { target } => BothLayers::new(target, architecture, layers).map(exact),
            Source::Answered { oracle, label_sq } => {
                BothLayers::answered(oracle, label_sq, architecture, layers).map(exact)
            }
            Source::Rows { .. } | Source::Fresh { .. } => {
                let mut stepper = Stepper::new(architecture, layers, &snapshot.weights, precision)?;
                if sees_everything(source) {
                    stepper.keep_before(Some(snapshot.before.as_ref().unwrap_or(&snapshot.weights)));
                }
                Ok(Self::Rows(Box::new(stepper)))
            }
        }
    }
}

/// A descent on exact expectations.
#[derive(Debug)]
struct Exact<'a> {
    risk: BothLayers<'a>,
    weights: Weights,
    before: Option<Weights>,
}

/// The state of a descent that is needed, with its weights, to resume it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The number of steps done.
    pub iteration: u64,
    /// The current step size.
    pub step: f64,
    /// The curvature at the start, if it was computed.
    pub curvature: Option<f64>,
    /// Each step size used, with the first iteration that used it.
    pub steps: Vec<(u64, f64)>,
    /// The loss before the first step.
    pub first_loss: Option<f64>,
    /// The smallest loss so far, if losses are those of all rows.
    pub reference: Option<f64>,
    /// With mini-batches, the running mean of losses.
    pub mean: Option<f64>,
    /// The iteration at which a step was last reverted, and how many times this happened at or above that iteration.
    pub rejected: Option<(u64, u32)>,
    /// The loss before the last step.
    pub last_loss: Option<f64>,
    /// The iteration at which the loss grew without bound.
    pub diverged: Option<u64>,
    /// L-BFGS, if it determines the steps; then there is no step size.
    #[serde(default)]
    pub search: Option<SearchState>,
}

/// The weights and state of a descent, from which it resumes with identical bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The weights.
    pub weights: Weights,
    /// The weights one step before, to which the descent returns if the loss increases.
    pub before: Option<Weights>,
    /// With L-BFGS, the differences of weights and of gradients that it remembers.
    pub pairs: Vec<[Weights; 2]>,
    /// The remaining state.
    pub state: State,
}

impl Snapshot {
    /// Returns the start of a descent at these weights.
    fn start(weights: &Weights, search: Option<SearchState>) -> Self {
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
            search,
        };
        Self { weights: weights.clone(), before: None, pairs: Vec::new(), state }
    }
}

/// A loss counts as increased if it exceeds the smallest one by this fraction, and by this many rounding errors of the
/// first loss.
const RISE: f64 = 1e-3;
const ROUNDINGS: f64 = 64.0;
/// With mini-batches, a loss counts as increased if its running mean exceeds the first loss, or the labels' mean
/// square, by this factor.
const NOISY_RISE: f64 = 4.0;
/// The weight of the newest loss in the running mean.
const NEWEST: f64 = 0.05;
/// With a given step, or with mini-batches: the loss counts as unbounded if it exceeds the first loss by this factor.
const UNBOUNDED: f64 = 1e6;
/// A limit below any loss: the loss is computed, and no step is performed.
const NO_STEP: f64 = -1.0;
/// With mini-batches, the number of steps between two saves of good weights.
const GOOD_EVERY: u64 = 64;
/// The number of rows for which the curvature is computed.
const CURVATURE_ROWS: usize = 512;
/// The observer is polled about once per this number of flops.
const FLOPS_BETWEEN_REPORTS: f64 = 2e9;
/// The largest number of times that the step before one iteration is reverted.
const MOST_RETRIES: u32 = 60;
/// The largest number of steps between two reports: on exact expectations, whose steps take longer than their size
/// suggests, and otherwise.
const MOST_STEPS: [f64; 2] = [16.0, 256.0];

impl<'a> Descent<'a> {
    /// Creates a descent that starts from the given weights. `seed` determines the mini-batches and the fresh points.
    ///
    /// # Errors
    /// The errors of [`Stepper::new`] and [`BothLayers::new`]; [`Error::Parameter`] for a step that is not positive and
    /// finite or an empty batch; [`Error::Size`] for rows of other sizes.
    pub fn new(
        architecture: &'a Architecture,
        layers: Layers,
        weights: &Weights,
        source: Source<'a>,
        step: Step,
        precision: Precision,
        seed: u64,
    ) -> Result<Self> {
        let snapshot = Snapshot::start(weights, None);
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

    /// Creates a descent whose steps are those of L-BFGS in f64: much larger ones, for two gradients or so each.
    ///
    /// # Errors
    /// As [`Self::new`]; [`Error::Parameter`] for a source other than all rows or exact expectations, and for units that
    /// stay on the sphere.
    pub fn lbfgs(
        architecture: &'a Architecture,
        layers: Layers,
        weights: &Weights,
        source: Source<'a>,
    ) -> Result<Self> {
        let snapshot = Snapshot::start(weights, Some(SearchState::default()));
        Self::resume(architecture, layers, &snapshot, source, Step::Auto, Precision::F64, 0)
    }

    /// Resumes from a snapshot, with identical bits.
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
        let steps = Steps::new(architecture, layers, snapshot, source, precision)?;
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
        let kept = snapshot.before.as_ref().unwrap_or(&snapshot.weights);
        let mut out = Self {
            architecture,
            layers,
            source,
            automatic: step == Step::Auto,
            seed,
            steps,
            state: snapshot.state.clone(),
            whole,
            order: None,
            label_square: label_square(source)?,
            good: (!sees_everything(source)).then(|| kept.clone()),
            search: None,
        };
        if let Some(progress) = snapshot.state.search {
            out.begin_search(progress, snapshot)?;
        }
        Ok(out)
    }

    /// Begins or resumes L-BFGS.
    fn begin_search(&mut self, progress: SearchState, snapshot: &Snapshot) -> Result<()> {
        if !self.sees_everything() {
            let required = "all rows or exact expectations: L-BFGS compares losses";
            return Err(Error::parameter("the rows of a step", "some rows", required));
        }
        if self.architecture.on_sphere {
            return Err(Error::parameter("units on the sphere", true, "false: L-BFGS moves weights freely"));
        }
        snapshot.pairs.iter().flatten().try_for_each(|w| w.check(self.architecture))?;
        let (architecture, layers) = (self.architecture, self.layers);
        let value = &mut |weights: &Weights| self.value(weights);
        let search = Search::new(architecture, layers, &snapshot.weights, &snapshot.pairs, value)?;
        let is_new = progress.evaluations == 0;
        self.state.step = 1.0;
        if is_new {
            self.state.search = Some(SearchState { evaluations: 1, ended: None });
            self.state.first_loss = Some(search.loss());
            self.state.last_loss = Some(search.loss());
            self.state.diverged = (!search.loss().is_finite()).then_some(0);
        }
        self.search = Some(search);
        Ok(())
    }

    /// Returns the loss at these weights, summed over labels, and the gradient of half of it.
    fn value(&mut self, weights: &Weights) -> Result<(f64, Gradient)> {
        match (&mut self.steps, &self.whole) {
            (Steps::Exact(exact), _) => exact.risk.gradient(weights),
            (Steps::Rows(stepper), Some(whole)) => {
                stepper.set(weights);
                let (squares, gradient) = stepper.gradient(whole)?;
                Ok((squares.iter().sum(), gradient))
            }
            (Steps::Rows(_), None) => Err(Error::Size { what: "rows".into(), found: 0, required: 1 }),
        }
    }

    /// Performs one step of L-BFGS; none after it has found no lower loss.
    fn search_step(&mut self, mut search: Search) -> Result<Search> {
        let mut weights = self.weights();
        let ended = self.state.search.and_then(|s| s.ended);
        let before = search.evaluations();
        if ended.is_none() && !search.step(&mut weights, &mut |w| self.value(w))? {
            self.state.search =
                self.state.search.map(|s| SearchState { ended: Some(self.state.iteration), ..s });
        }
        match &mut self.steps {
            Steps::Rows(stepper) => stepper.set(&weights),
            Steps::Exact(exact) => exact.weights = weights,
        }
        let more = search.evaluations() - before;
        self.state.search = self.state.search.map(|s| SearchState { evaluations: s.evaluations + more, ..s });
        self.state.last_loss = Some(search.loss());
        self.state.iteration += 1;
        Ok(search)
    }

    /// Returns the state: the steps done, the current step size, and so on.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns everything that is needed to resume.
    pub fn snapshot(&self) -> Snapshot {
        let before = match &self.steps {
            Steps::Rows(_) if !self.sees_everything() => self.good.clone(),
            Steps::Rows(stepper) => stepper.before(),
            Steps::Exact(exact) => exact.before.clone(),
        };
        let weights = self.weights();
        let pairs = self.search.as_ref().map_or(Vec::new(), |search| search.pairs(&weights));
        let before = before.filter(|_| self.search.is_none());
        Snapshot { weights, before, pairs, state: self.state.clone() }
    }

    /// Returns the current weights.
    pub fn weights(&self) -> Weights {
        match &self.steps {
            Steps::Rows(stepper) => stepper.weights(),
            Steps::Exact(exact) => exact.weights.clone(),
        }
    }

    /// Returns the largest stable step at the start, 2 / curvature.
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

    /// Performs steps until `until` of them are done; reports to the observer are out of `total`. Returns the reason if
    /// it stopped early.
    ///
    /// # Errors
    /// The errors of exact expectations.
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
            // Run on a thread of the pool, where tasks start without a system call; the observer of a small network is
            // not polled at every step.
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

    /// Advances by one step; if the loss is above the limit, goes back by one: the last step is reverted.
    fn advance(&mut self) -> Result<()> {
        if let Some(search) = self.search.take() {
            self.search = Some(self.search_step(search)?);
            return Ok(());
        }
        let limit = self.limit();
        let loss = self.step(limit)?;
        if loss <= limit { self.accept(loss) } else { self.reject() }
    }

    /// Evaluates the loss at the current weights without a step, since weights that are measured must not be reverted
    /// afterwards. Returns whether the weights are accepted.
    fn settles(&mut self) -> Result<bool> {
        if self.search.is_some() {
            return Ok(true);
        }
        let limit = self.limit();
        let loss = self.step(NO_STEP)?;
        let stays = loss <= limit;
        if !stays {
            self.reject()?;
        }
        Ok(stays)
    }

    /// Handles a loss above the limit: reverts the last step and reduces the step size, or reports that the loss has no
    /// bound.
    fn reject(&mut self) -> Result<()> {
        let at = self.state.iteration;
        let times = match self.state.rejected {
            Some((iteration, times)) if iteration >= at => times + 1,
            _ => 1,
        };
        self.state.rejected = Some((at, times));
        // Before the first step there is nothing to revert.
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

    /// Chooses a smaller step from the current curvature.
    fn choose_step(&mut self) -> Result<()> {
        let curvature = self.curvature()?;
        let smaller = 0.5 * self.state.step;
        self.state.step = if curvature > 0.0 { smaller.min(1.0 / curvature) } else { smaller };
        let step = (self.state.iteration, self.state.step);
        self.state.steps.retain(|s| s.0 < step.0);
        self.state.steps.push(step);
        Ok(())
    }

    /// Returns the loss above which the last step is reverted.
    fn limit(&self) -> f64 {
        let Some(first) = self.state.first_loss else { return f64::MAX };
        let size = first.max(self.label_square);
        // The loss of a mini-batch is not sufficient to judge one step.
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
            // The increase is not due to a single step, so the descent resumes from the last good weights with a
            // smaller step.
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

    /// Returns the loss before the step, summed over labels; the step is performed if the loss is within the limit.
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

    /// Determines the order of the rows in the epoch of an iteration.
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

/// Draws points that are used in no other step.
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
