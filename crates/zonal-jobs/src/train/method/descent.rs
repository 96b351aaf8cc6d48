//! Iterative gradient descent on either layer or both, measured at the listed iterations.

use super::Course;
use super::saved_descent::{Progress, SavedDescent, resume};
use crate::record::json;
use crate::train::run::TrainingRun;
use crate::train::trained::Notes;
use std::ops::ControlFlow;
use std::time::Instant;
use zonal::activation::Activation;
use zonal::dynamics::{Descent as Stepping, Snapshot, Source, State, Step, Stepper, Steps, has_tangent};
use zonal::linalg::Matrix;
use zonal::measure::{alignment, movement};
use zonal::network::{Architecture, Network, Weights};
use zonal::observer::{Observer, Reading, Stage, StopReason};
use zonal::statistics::Precision;
use zonal_documents::number::Extended;
use zonal_documents::options::{BATCH, KERNEL, LAYERS, PATIENCE, SCALE, STEP, WIDTH};
use zonal_documents::train::{
    BatchChoice, Checkpoint, CourseReport, DescentConfig, DescentMethod, DescentReport, MethodReport,
    NetworkReport, StepChange, TrainConfig,
};
use zonal_documents::{Error, Result};
use zonal_io::model::HiddenLayer;

/// The largest number of rows for the estimate of the curvature.
pub(crate) const CURVATURE_ROWS: u64 = 512;

/// The options of a descent, its network and the initial weights.
pub(crate) struct Descent<'a> {
    options: &'a DescentConfig,
    step: Step,
    seed: u64,
    /// The iterations to report, in order.
    grid: Vec<u64>,
    pub(crate) architecture: Architecture,
    pub(crate) start: Weights,
}

/// The inputs of a descent that depend on its subject.
pub(crate) struct DescentInput<'a> {
    /// The rows of each step, or exact expectations.
    pub(crate) source: Source<'a>,
    /// An orthonormal basis of the directions that the label depends on; None if they are unknown or span the space.
    pub(crate) basis: Option<Matrix>,
    /// Everything, in addition to the configuration, that determines the result.
    pub(crate) identity: String,
    pub(crate) selection: Selection,
    /// Measures the network at a listed iteration.
    pub(crate) measure: &'a mut Measure<'a>,
}

/// Returns the checkpoint of an iterate, and its validation loss in standard units, by which the best iteration is
/// selected.
pub(crate) type Measure<'a> =
    dyn FnMut(&Iterate<'_>, &mut dyn Observer) -> Result<(Checkpoint, Option<f64>)> + 'a;

/// The rule that selects the network to use among the listed iterations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// The last one; after a divergence the one with the smallest loss.
    Last,
    /// The one with the smallest validation loss; without validation rows, the smallest training loss.
    SmallestLoss,
}

/// The weights at a listed iteration, and the step sizes up to there.
pub(crate) struct Iterate<'m> {
    pub(crate) iteration: u64,
    pub(crate) weights: &'m Weights,
    pub(crate) steps: &'m Steps,
}

/// Returns the width of a network for iterative training, which must be finite.
pub(crate) fn finite_width(width: Extended) -> Result<u64> {
    match width {
        Extended::Finite(width) => Ok(width),
        Extended::Infinite => Err(Error::Usage(format!(
            "{} supports training of the output layer only; for both layers specify a number, or see `spectrum` with \
             {}",
            WIDTH.with("inf"),
            KERNEL.with("tangent")
        ))),
    }
}

/// Rejects invalid options before any row is read and anything is computed.
pub(crate) fn check_options(config: &TrainConfig, options: &DescentConfig) -> Result<()> {
    finite_width(config.width)?;
    if let Some(step) = config.step.given()
        && !(step > 0.0 && step.is_finite())
    {
        return Err(zonal::Error::parameter("the step", step, "a positive number or auto").into());
    }
    // A configuration file may hold an invalid number. None disables early stopping.
    if let Some(patience) = options.patience.filter(|p| p.is_nan() || *p <= 1.0) {
        return Err(zonal::Error::parameter(PATIENCE.to_string(), patience, "above 1, or inf").into());
    }
    match config.activation.clone().given() {
        Some(activation) if options.batch != BatchChoice::Exact => check_slope(options, &activation),
        _ => Ok(()),
    }
}

/// Rejects training of hidden units whose activation has a derivative that is unknown or zero almost everywhere:
/// gradients over rows carry no information about them.
pub(crate) fn check_slope(options: &DescentConfig, activation: &Activation) -> Result<()> {
    if !options.layers.hidden() || has_tangent(activation, 1.0) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{activation} jumps or has no known derivative, so rows carry no information about its hidden units; use {}, \
         or, for a target and no biases, {}",
        LAYERS.with("output"),
        BATCH.with("exact")
    )))
}

impl<'a> Descent<'a> {
    /// Prepares the descent of a network with this number of labels, and draws its initial weights.
    pub(crate) fn new(
        config: &TrainConfig,
        options: &'a DescentConfig,
        network: &NetworkReport,
        labels: usize,
    ) -> Result<Self> {
        let architecture = Architecture {
            activation: network.activation.clone(),
            scale: network.scale,
            dim: usize::try_from(network.dim).unwrap_or(usize::MAX),
            width: usize::try_from(finite_width(network.width)?).unwrap_or(usize::MAX),
            labels,
            biases: options.biases,
            on_sphere: options.on_sphere,
            parametrisation: options.parametrisation,
        };
        let mut start = architecture.weights(options.start, config.seed)?;
        if options.precision == Precision::F32 {
            start = Stepper::new(&architecture, options.layers, &start, Precision::F32)?.weights();
        }
        let (step, seed, grid) = (config.step(), config.seed, config.grid()?);
        Ok(Self { options, step, seed, grid, architecture, start })
    }

    /// Trains through the listed iterations and measures the network at each. Resumes from the state in the run's
    /// folder, if there is one.
    pub(crate) fn train<'w>(&'w self, input: DescentInput<'w>, run: &mut TrainingRun<'_>) -> Result<Course> {
        let identity = json(&(env!("CARGO_PKG_VERSION"), &run.config, &input.identity))?;
        let saved = run.store.resume(|folder| resume(folder, &identity, &self.grid))?;
        let (stepping, progress) = self.start_or_resume(input.source, saved)?;
        let mut running = RunningDescent { descent: self, input, stepping, progress, identity };
        running.note_unstable_step(run.notes);
        let stop = running.measure_remaining(run)?;
        if running.progress.checkpoints.is_empty() {
            return Err(Error::Usage(format!(
                "the initial loss is beyond the range of f64; use a {SCALE} or labels closer to 1"
            )));
        }
        running.note_outcome(stop, run.notes);
        running.finish(stop)
    }

    fn start_or_resume<'w>(
        &'w self,
        source: Source<'w>,
        saved: Option<(Snapshot, Progress)>,
    ) -> Result<(Stepping<'w>, Progress)> {
        let Self { architecture, start, step, seed, .. } = self;
        let DescentConfig { layers, precision, .. } = *self.options;
        let Some((snapshot, progress)) = saved else {
            let stepping = match self.options.method {
                DescentMethod::Descent => {
                    Stepping::new(architecture, layers, start, source, *step, precision, *seed)?
                }
                DescentMethod::Lbfgs => Stepping::lbfgs(architecture, layers, start, source)?,
            };
            return Ok((stepping, Progress::default()));
        };
        progress.weights.iter().try_for_each(|w| Network::from_weights(architecture, w).map(|_| ()))?;
        let stepping = Stepping::resume(architecture, layers, &snapshot, source, *step, precision, *seed)?;
        Ok((stepping, progress))
    }

    fn last(&self) -> u64 {
        self.grid.last().copied().unwrap_or(0)
    }
}

/// Returns None for an infinite value or NaN, which documents cannot hold; predictions overflow if the step is
/// unstable.
pub(crate) fn finite(x: f64) -> Option<f64> {
    Some(x).filter(|x| x.is_finite())
}

/// A descent in progress.
struct RunningDescent<'a> {
    descent: &'a Descent<'a>,
    input: DescentInput<'a>,
    stepping: Stepping<'a>,
    progress: Progress,
    identity: String,
}

impl RunningDescent<'_> {
    fn saved(&self) -> SavedDescent<'_> {
        let (snapshot, progress) = (self.stepping.snapshot(), &self.progress);
        SavedDescent { identity: &self.identity, snapshot, progress, last: self.descent.last() }
    }

    /// Descends to each listed iteration that is not measured yet, and measures it. Returns the reason of the end.
    fn measure_remaining(&mut self, run: &mut TrainingRun<'_>) -> Result<StopReason> {
        for &t in &self.descent.grid[self.progress.checkpoints.len()..] {
            if !self.advance(t, run)? {
                return Ok(StopReason::Diverged);
            }
            let weights = self.stepping.weights();
            let iterate = Iterate { iteration: t, weights: &weights, steps: &self.stepping.state().steps };
            let (measured, validation) = match (self.input.measure)(&iterate, run.observer) {
                Err(Error::Core(zonal::Error::Stopped(_))) => return Err(run.interrupted(&self.saved())),
                other => other?,
            };
            let energies: Vec<f64> = measured.degrees.iter().flatten().map(|d| d.energy).collect();
            run.observer.measured(&Reading {
                iteration: t,
                loss: measured.loss,
                validation_loss: measured.validation_loss,
                energies: &energies,
            });
            self.progress.checkpoints.push(self.with_geometry(measured, &weights)?);
            self.progress.validation.push(validation);
            self.progress.weights.push(weights);
            if self.stepping.state().search.is_some_and(|search| search.ended.is_some()) {
                return Ok(StopReason::Converged);
            }
            if self.descent.options.patience.is_some_and(|patience| self.progress.is_past_best(patience)) {
                return Ok(StopReason::Converged);
            }
        }
        Ok(StopReason::IterationLimit)
    }

    /// Descends to iteration `t` and saves the state whenever it is due. Returns false if the descent diverged.
    fn advance(&mut self, t: u64, run: &mut TrainingRun<'_>) -> Result<bool> {
        loop {
            let mut timer = SaveTimer { inner: run.observer, due: run.store.due(), is_due: false };
            let reason = self.stepping.run(t, self.descent.last(), &mut timer)?;
            let is_due = timer.is_due;
            match reason {
                None => return Ok(true),
                Some(StopReason::Diverged) => return Ok(false),
                Some(StopReason::Interrupted) if is_due => run.store.save(&run.config, &self.saved())?,
                Some(_) => return Err(run.interrupted(&self.saved())),
            }
        }
    }

    /// Adds the alignment of the hidden units with the basis and the distance of the weights from initialisation.
    fn with_geometry(&self, checkpoint: Checkpoint, weights: &Weights) -> Result<Checkpoint> {
        let (hidden, output) = movement(weights, &self.descent.start)?;
        let aligned = self.input.basis.as_ref().map(|basis| alignment(weights, basis)).transpose()?;
        Ok(Checkpoint {
            alignment: aligned.and_then(finite),
            hidden_movement: finite(hidden),
            output_movement: finite(output),
            ..checkpoint
        })
    }

    fn finish(self, stop_reason: StopReason) -> Result<Course> {
        let Descent { options, architecture, .. } = self.descent;
        let state = self.stepping.state();
        let best = match self.input.selection {
            Selection::Last if state.diverged.is_none() => self.progress.checkpoints.len() - 1,
            _ => self.progress.best(),
        };
        let change = |&(iteration, step_size): &(u64, f64)| StepChange { iteration, step_size };
        let basis = self.input.basis.as_ref();
        let method = MethodReport::Descent(DescentReport {
            method: options.method,
            evaluations: state.search.map(|search| search.evaluations),
            ended: state.search.and_then(|search| search.ended),
            layers: options.layers,
            batch: options.batch,
            on_sphere: options.on_sphere,
            biases: options.biases,
            parametrisation: options.parametrisation,
            start: options.start,
            precision: options.precision,
            steps: state.steps.iter().map(change).collect(),
            curvature: state.curvature,
            largest_stable_step: finite(self.stepping.largest_stable_step()),
            diverged: state.diverged,
            random_alignment: basis.map(|b| b.rows() as f64 / architecture.dim as f64),
        });
        let (iterations, step_size) = (self.descent.last(), state.step);
        let Progress { checkpoints: path, weights, .. } = self.progress;
        let networks: zonal::Result<Vec<Network>> =
            weights.iter().map(|w| Network::from_weights(architecture, w)).collect();
        let coefficients = weights.iter().flat_map(|w| w.output.values()).copied().collect();
        let rows = weights.len() * architecture.labels;
        let coefficients = Matrix::from_rows(rows, architecture.width, coefficients)?;
        let report = CourseReport { iterations, step_size, stop_reason, best, path, method, growth: None };
        Ok(Course { report, network: Some((HiddenLayer::Moving(networks?), coefficients)), grown: None })
    }

    /// Notes a fixed step above the largest stable one at initialisation.
    fn note_unstable_step(&self, notes: Notes<'_>) {
        let limit = self.stepping.largest_stable_step();
        if let Step::Fixed(step) = self.descent.step
            && step > limit
        {
            notes(&format!(
                "the step {step} is above the largest stable step at initialisation, about {limit:.3e} (2 / \
                 curvature): the loss may rise; {} uses {:.3e}",
                STEP.with("auto"),
                0.5 * limit
            ));
        }
    }

    /// Notes reductions of the step, divergence and early stopping.
    fn note_outcome(&self, stop: StopReason, notes: Notes<'_>) {
        let State { steps, diverged, search, .. } = self.stepping.state();
        if let [(_, first), .., _] = steps[..] {
            let smallest = steps.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
            notes(&format!(
                "the loss rose {} times; each time the step was reduced according to the curvature there: from \
                 {first:.3e} down to {smallest:.3e}",
                steps.len() - 1
            ));
        }
        let last = self.progress.checkpoints.last().map_or(0, |c| c.iteration);
        match stop {
            StopReason::Diverged => notes(&format!(
                "diverged at iteration {}: the largest stable step at initialisation is about {:.3e} (2 / curvature); \
                 the listed network with the smallest loss is used",
                diverged.unwrap_or(last),
                self.stepping.largest_stable_step()
            )),
            StopReason::Converged if let Some(ended) = search.and_then(|s| s.ended) => notes(&format!(
                "L-BFGS found no lower loss than at iteration {ended}: a minimum up to rounding, or a kink"
            )),
            StopReason::Converged => notes(&format!(
                "stopped early at iteration {last}: the validation loss no longer improves ({PATIENCE})"
            )),
            StopReason::IterationLimit | StopReason::Interrupted => {}
        }
    }
}

/// An observer that also interrupts the descent when a state is due to be saved.
struct SaveTimer<'o> {
    inner: &'o mut dyn Observer,
    due: Instant,
    is_due: bool,
}

impl Observer for SaveTimer<'_> {
    fn progress(&mut self, stage: Stage, done: u64, total: u64) -> ControlFlow<StopReason> {
        self.inner.progress(stage, done, total)?;
        if Instant::now() < self.due {
            return ControlFlow::Continue(());
        }
        self.is_due = true;
        ControlFlow::Break(StopReason::Interrupted)
    }
}

/// A best iteration before this one counts as this one, so that early fluctuations do not stop the descent.
const MIN_BEST_ITERATION: u64 = 100;

impl Progress {
    /// Returns whether the last iteration is at least `patience` times the one with the smallest validation loss.
    fn is_past_best(&self, patience: f64) -> bool {
        let (Some(last), Some(i)) = (self.checkpoints.last(), smallest(self.validation.iter().copied()))
        else {
            return false;
        };
        let best = self.checkpoints[i].iteration;
        last.iteration > best && last.iteration as f64 >= patience * best.max(MIN_BEST_ITERATION) as f64
    }

    /// Returns the index of the checkpoint with the smallest validation loss, or the smallest loss without validation
    /// rows.
    fn best(&self) -> usize {
        let by_loss = || smallest(self.checkpoints.iter().map(|c| Some(c.loss)));
        smallest(self.validation.iter().copied()).or_else(by_loss).unwrap_or(0)
    }
}

/// Returns the index of the smallest of the losses that are not None.
fn smallest(losses: impl Iterator<Item = Option<f64>>) -> Option<usize> {
    let present = losses.enumerate().filter_map(|(i, loss)| Some((i, loss?)));
    present.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
}
