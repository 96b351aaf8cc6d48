//! Descent step by step, on either layer or both, through the listed iterations.

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
    BatchChoice, Checkpoint, CourseReport, DescentConfig, DescentReport, MethodReport, NetworkReport,
    StepChange, TrainConfig,
};
use zonal_documents::{Error, Result};
use zonal_io::model::HiddenLayer;

/// Rows of which the curvature is taken, at most.
pub(crate) const CURVATURE_ROWS: u64 = 512;

/// A network and the weights that a descent begins with.
pub(crate) struct Descent<'a> {
    options: &'a DescentConfig,
    step: Step,
    seed: u64,
    /// The iterations to report, in order.
    grid: Vec<u64>,
    pub(crate) architecture: Architecture,
    pub(crate) start: Weights,
}

/// What a descent works on.
pub(crate) struct Objective<'a> {
    /// Where the rows of a step come from.
    pub(crate) source: Source<'a>,
    /// Orthonormal directions that the label is known to depend on, if they are not all.
    pub(crate) basis: Option<Matrix>,
    /// What decides the result besides the configuration.
    pub(crate) identity: String,
    /// Which of the listed networks is used.
    pub(crate) choice: Choice,
    /// Measures a network; also its validation loss in standard units, by which the best iteration is chosen.
    pub(crate) measure: &'a mut Measure<'a>,
}

pub(crate) type Measure<'a> =
    dyn FnMut(&Moment<'_>, &mut dyn Observer) -> Result<(Checkpoint, Option<f64>)> + 'a;

/// Which of the listed networks is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The last one; after a divergence the one with the smallest loss.
    Last,
    /// The one with the smallest validation loss, or without validation rows the smallest loss.
    Smallest,
}

/// A network at a listed iteration.
pub(crate) struct Moment<'m> {
    pub(crate) iteration: u64,
    pub(crate) weights: &'m Weights,
    pub(crate) steps: &'m Steps,
}

/// The width of a network that can be trained step by step.
pub(crate) fn finite_width(width: Extended) -> Result<u64> {
    match width {
        Extended::Finite(width) => Ok(width),
        Extended::Infinite => Err(Error::Usage(format!(
            "{} trains the output layer alone; for both layers give a number, or see `spectrum` with {}",
            WIDTH.with("inf"),
            KERNEL.with("tangent")
        ))),
    }
}

/// Refuses what can be known to be impossible before anything is read or computed.
pub(crate) fn check_options(config: &TrainConfig, options: &DescentConfig) -> Result<()> {
    finite_width(config.width)?;
    if let Some(step) = config.step.given()
        && !(step > 0.0 && step.is_finite())
    {
        return Err(zonal::Error::parameter("the step", step, "a positive number or auto").into());
    }
    // Of a configuration read from a file; never is None there.
    if let Some(patience) = options.patience.filter(|p| p.is_nan() || *p <= 1.0) {
        return Err(zonal::Error::parameter(PATIENCE.to_string(), patience, "above 1, or inf").into());
    }
    match config.activation.clone().given() {
        Some(activation) if options.batch != BatchChoice::Exact => check_slope(options, &activation),
        _ => Ok(()),
    }
}

/// Refuses an activation whose derivative is zero almost everywhere, or not known: rows carry no information about its
/// hidden units.
pub(crate) fn check_slope(options: &DescentConfig, activation: &Activation) -> Result<()> {
    if !options.layers.hidden() || has_tangent(activation, 1.0) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{activation} jumps or has no known derivative, so rows say nothing about its hidden units; use {}, or with a target \
         and no bias {}",
        LAYERS.with("output"),
        BATCH.with("exact")
    )))
}

impl<'a> Descent<'a> {
    /// The descent of a network with this number of labels.
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

    /// Runs through the listed iterations and measures at each, from the state of an earlier run if it has saved one.
    pub(crate) fn course<'w>(
        &'w self,
        objective: Objective<'w>,
        run: &mut TrainingRun<'_>,
    ) -> Result<Course> {
        let identity = json(&(env!("CARGO_PKG_VERSION"), &run.config, &objective.identity))?;
        let saved = run.store.resume(|folder| resume(folder, &identity, &self.grid))?;
        let (stepping, progress) = self.begin(objective.source, saved)?;
        let mut walk = Walk { descent: self, objective, stepping, progress, identity };
        walk.note_large_step(run.notes);
        let stop = walk.follow(run)?;
        if walk.progress.checkpoints.is_empty() {
            return Err(Error::Usage(format!(
                "the loss at the start leaves the range of numbers; bring {SCALE} or the label nearer to 1"
            )));
        }
        walk.note_end(stop, run.notes);
        walk.finish(stop)
    }

    fn begin<'w>(
        &'w self,
        source: Source<'w>,
        saved: Option<(Snapshot, Progress)>,
    ) -> Result<(Stepping<'w>, Progress)> {
        let Self { architecture, start, step, seed, .. } = self;
        let DescentConfig { layers, precision, .. } = *self.options;
        let Some((snapshot, progress)) = saved else {
            let stepping = Stepping::new(architecture, layers, start, source, *step, precision, *seed)?;
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

/// A number, unless it leaves the range of numbers, as the prediction of an unstable step does.
pub(crate) fn finite(x: f64) -> Option<f64> {
    Some(x).filter(|x| x.is_finite())
}

/// A descent on its way.
struct Walk<'a> {
    descent: &'a Descent<'a>,
    objective: Objective<'a>,
    stepping: Stepping<'a>,
    progress: Progress,
    identity: String,
}

impl Walk<'_> {
    fn saved(&self) -> SavedDescent<'_> {
        let (snapshot, progress) = (self.stepping.snapshot(), &self.progress);
        SavedDescent { identity: &self.identity, snapshot, progress, last: self.descent.last() }
    }

    /// Descends to each listed iteration that is not measured yet.
    fn follow(&mut self, run: &mut TrainingRun<'_>) -> Result<StopReason> {
        for &t in &self.descent.grid[self.progress.checkpoints.len()..] {
            if !self.advance(t, run)? {
                return Ok(StopReason::Diverged);
            }
            let weights = self.stepping.weights();
            let moment = Moment { iteration: t, weights: &weights, steps: &self.stepping.state().steps };
            let (measured, validation) = match (self.objective.measure)(&moment, run.observer) {
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
            if self.descent.options.patience.is_some_and(|patience| self.progress.is_past_best(patience)) {
                return Ok(StopReason::Converged);
            }
        }
        Ok(StopReason::IterationLimit)
    }

    /// Descends to iteration `t`, and saves the state whenever it is time. Returns false if the descent diverged.
    fn advance(&mut self, t: u64, run: &mut TrainingRun<'_>) -> Result<bool> {
        loop {
            let mut clock = Clock { inner: run.observer, due: run.store.due(), is_due: false };
            let reason = self.stepping.run(t, self.descent.last(), &mut clock)?;
            let is_due = clock.is_due;
            match reason {
                None => return Ok(true),
                Some(StopReason::Diverged) => return Ok(false),
                Some(StopReason::Interrupted) if is_due => run.store.save(&run.config, &self.saved())?,
                Some(_) => return Err(run.interrupted(&self.saved())),
            }
        }
    }

    /// Adds how the units lie and how far the weights have moved.
    fn with_geometry(&self, checkpoint: Checkpoint, weights: &Weights) -> Result<Checkpoint> {
        let (hidden, output) = movement(weights, &self.descent.start)?;
        let aligned = self.objective.basis.as_ref().map(|basis| alignment(weights, basis)).transpose()?;
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
        let best = match self.objective.choice {
            Choice::Last if state.diverged.is_none() => self.progress.checkpoints.len() - 1,
            _ => self.progress.best(),
        };
        let change = |&(iteration, step_size): &(u64, f64)| StepChange { iteration, step_size };
        let basis = self.objective.basis.as_ref();
        let method = MethodReport::Descent(DescentReport {
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
        let report = CourseReport { iterations, step_size, stop_reason, best, path, method };
        Ok(Course { report, network: Some((HiddenLayer::Moving(networks?), coefficients)) })
    }

    fn note_large_step(&self, notes: Notes<'_>) {
        let limit = self.stepping.largest_stable_step();
        if let Step::Fixed(step) = self.descent.step
            && step > limit
        {
            notes(&format!(
                "the step {step} is above the largest stable one at the start, about {limit:.3e} (2 / curvature): the loss may \
                 rise; {} takes {:.3e}",
                STEP.with("auto"),
                0.5 * limit
            ));
        }
    }

    fn note_end(&self, stop: StopReason, notes: Notes<'_>) {
        let State { steps, diverged, .. } = self.stepping.state();
        if let [(_, first), .., _] = steps[..] {
            let smallest = steps.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
            notes(&format!(
                "the loss rose {} times, and each time a new step was chosen from the curvature there: from {first:.3e} down to \
                 {smallest:.3e}",
                steps.len() - 1
            ));
        }
        let last = self.progress.checkpoints.last().map_or(0, |c| c.iteration);
        match stop {
            StopReason::Diverged => notes(&format!(
                "diverged at iteration {}: the largest stable step at the start is about {:.3e} (2 / curvature); the listed \
                 network with the smallest loss is used",
                diverged.unwrap_or(last),
                self.stepping.largest_stable_step()
            )),
            StopReason::Converged => notes(&format!(
                "stopped at iteration {last}: the validation loss has not improved for long ({PATIENCE})"
            )),
            StopReason::IterationLimit | StopReason::Interrupted => {}
        }
    }
}

/// An observer that also stops when it is time to save.
struct Clock<'o> {
    inner: &'o mut dyn Observer,
    due: Instant,
    is_due: bool,
}

impl Observer for Clock<'_> {
    fn progress(&mut self, stage: Stage, done: u64, total: u64) -> ControlFlow<StopReason> {
        self.inner.progress(stage, done, total)?;
        if Instant::now() < self.due {
            return ControlFlow::Continue(());
        }
        self.is_due = true;
        ControlFlow::Break(StopReason::Interrupted)
    }
}

/// Validation losses before this iteration decide nothing.
const MOST_PATIENT_FROM: u64 = 100;

impl Progress {
    /// Whether the last iteration is `patience` times as far as the one with the smallest validation loss.
    fn is_past_best(&self, patience: f64) -> bool {
        let (Some(last), Some(i)) = (self.checkpoints.last(), smallest(self.validation.iter().copied()))
        else {
            return false;
        };
        let best = self.checkpoints[i].iteration;
        last.iteration > best && last.iteration as f64 >= patience * best.max(MOST_PATIENT_FROM) as f64
    }

    /// The checkpoint with the smallest loss: on validation rows if there are any, else its own.
    fn best(&self) -> usize {
        let own = || smallest(self.checkpoints.iter().map(|c| Some(c.loss)));
        smallest(self.validation.iter().copied()).or_else(own).unwrap_or(0)
    }
}

/// The index of the smallest of the losses that there are.
fn smallest(losses: impl Iterator<Item = Option<f64>>) -> Option<usize> {
    let present = losses.enumerate().filter_map(|(i, loss)| Some((i, loss?)));
    present.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
}
