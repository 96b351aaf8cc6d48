//! Descent step by step, on either layer or both: the loop over listed iterations that targets and tables share.

mod keep;
mod table;
mod target;

pub use keep::measured;
pub(super) use table::run as on_table;
pub(super) use target::run as on_target;
pub(super) use zonal_documents::train::DescentConfig;

use super::{Notes, Place};
use keep::{Keep, Progress};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use zonal::dynamics::descent::{Descent, Source, State, Stepper};
use zonal::linalg::Matrix;
use zonal::measure::{alignment, movement};
use zonal::network::{Architecture, Network, Weights};
use zonal::observer::{Observer, Reading, Stage, StopReason};
use zonal::statistics::Precision;
use zonal_documents::train::{Checkpoint, DescentReport, StepChange, TrainConfig};
use zonal_documents::{Error, Result};

/// What a descent starts from.
struct Setup<'a> {
    config: &'a TrainConfig,
    options: &'a DescentConfig,
    architecture: &'a Architecture,
    start: Weights,
    source: Source<'a>,
    grid: &'a [u64],
    /// Orthonormal directions that the label is known to depend on, if they are not all.
    basis: Option<Matrix>,
    /// Whatever decides the result beside the configuration.
    identity: String,
}

/// The weights that a descent begins with, in its precision.
fn first_weights(architecture: &Architecture, options: &DescentConfig, seed: u64) -> Result<Weights> {
    let weights = architecture.weights(options.start, seed)?;
    match options.precision {
        Precision::F64 => Ok(weights),
        Precision::F32 => Ok(Stepper::new(architecture, options.layers, &weights, Precision::F32)?.weights()),
    }
}

/// What a descent leaves.
struct Descended {
    checkpoints: Vec<Checkpoint>,
    /// The validation loss in standard units at each of them.
    judged: Vec<Option<f64>>,
    /// The weights at each of them.
    kept: Vec<Weights>,
    state: State,
    largest_stable_step: f64,
    stop: StopReason,
}

/// The state at a listed iteration, to be measured.
struct Moment<'m> {
    iteration: u64,
    weights: &'m Weights,
    state: &'m State,
}

/// Measures a state; also its validation loss in standard units, by which the iteration is chosen.
type Measure<'m> = &'m mut dyn FnMut(&Moment<'_>, &mut dyn Observer) -> Result<(Checkpoint, Option<f64>)>;

/// An observer that also stops when it is time to save.
struct Watch<'o> {
    inner: &'o mut dyn Observer,
    due: Instant,
    is_due: bool,
}

impl Observer for Watch<'_> {
    fn progress(&mut self, stage: Stage, done: u64, total: u64) -> ControlFlow<StopReason> {
        self.inner.progress(stage, done, total)?;
        if Instant::now() < self.due {
            return ControlFlow::Continue(());
        }
        self.is_due = true;
        ControlFlow::Break(StopReason::Interrupted)
    }
}

impl Setup<'_> {
    /// Runs through the listed iterations, measuring at each, and goes on from what an earlier run has kept.
    fn descend(
        &self,
        place: &mut Place,
        observer: &mut dyn Observer,
        measure: Measure<'_>,
        notes: Notes<'_>,
    ) -> Result<Descended> {
        let every = Duration::from_secs(self.options.checkpoint_seconds);
        let mut keep = Keep::new(place, self.config, every, self.identity.clone());
        let (mut descent, mut done) = match keep.take_up(self.grid)? {
            Some((snapshot, done)) => {
                done.kept.iter().try_for_each(|w| Network::from_weights(self.architecture, w).map(|_| ()))?;
                (self.resumed(&snapshot)?, done)
            }
            None => (self.begun()?, Progress::default()),
        };
        let total = self.grid.last().copied().unwrap_or(0);
        let limit = descent.largest_stable_step();
        if let Some(step) = self.config.step.given().filter(|step| *step > limit) {
            notes(&format!(
                "the step {step} is above the largest stable one at the start, about {limit:.3e} (2 / curvature): the loss may \
                 rise; --step auto takes {:.3e}",
                0.5 * limit
            ));
        }
        let mut stop = StopReason::IterationLimit;
        for &t in &self.grid[done.checkpoints.len()..] {
            let reason = loop {
                let due = keep.due();
                let mut watch = Watch { inner: observer, due, is_due: false };
                let reason = descent.run(t, total, &mut watch)?;
                let is_due = watch.is_due;
                match reason {
                    Some(StopReason::Interrupted) if is_due => keep.save(&descent.snapshot(), &done)?,
                    Some(StopReason::Diverged) | None => break reason,
                    Some(_) => return Err(keep.interrupted(&descent.snapshot(), &done, total)),
                }
            };
            if reason.is_some() {
                stop = StopReason::Diverged;
                break;
            }
            let weights = descent.weights();
            let moment = Moment { iteration: t, weights: &weights, state: descent.state() };
            let (measured, judged) = match measure(&moment, observer) {
                Err(Error::Core(zonal::Error::Stopped(_))) => {
                    return Err(keep.interrupted(&descent.snapshot(), &done, total));
                }
                other => other?,
            };
            let energies: Vec<f64> = measured.degrees.iter().flatten().map(|d| d.energy).collect();
            observer.measured(&Reading {
                iteration: t,
                loss: measured.loss,
                validation_loss: measured.validation_loss,
                energies: &energies,
            });
            done.checkpoints.push(self.with_geometry(measured, &weights)?);
            done.judged.push(judged);
            done.kept.push(weights);
            if self.is_past_best(&done) {
                stop = StopReason::Converged;
                break;
            }
        }
        if done.checkpoints.is_empty() {
            return Err(Error::Usage(
                "the loss at the start leaves the range of numbers; bring --scale or the label nearer to 1"
                    .into(),
            ));
        }
        let (state, largest_stable_step) = (descent.state().clone(), descent.largest_stable_step());
        say_how_it_ended(stop, &state, largest_stable_step, &done.checkpoints, notes);
        let Progress { checkpoints, judged, kept } = done;
        Ok(Descended { checkpoints, judged, kept, state, largest_stable_step, stop })
    }

    fn begun(&self) -> Result<Descent<'_>> {
        let (step, precision) = (self.config.step(), self.options.precision);
        let (layers, seed) = (self.options.layers, self.config.seed);
        Ok(Descent::new(self.architecture, layers, &self.start, self.source, step, precision, seed)?)
    }

    fn resumed(&self, snapshot: &zonal::dynamics::descent::Snapshot) -> Result<Descent<'_>> {
        let (step, precision) = (self.config.step(), self.options.precision);
        let (layers, seed) = (self.options.layers, self.config.seed);
        Ok(Descent::resume(self.architecture, layers, snapshot, self.source, step, precision, seed)?)
    }

    /// Adds how the units lie and how far the weights have moved.
    fn with_geometry(&self, checkpoint: Checkpoint, weights: &Weights) -> Result<Checkpoint> {
        let finite = |x: f64| Some(x).filter(|x| x.is_finite());
        let (hidden, output) = movement(weights, &self.start)?;
        let aligned = self.basis.as_ref().map(|basis| alignment(weights, basis)).transpose()?;
        Ok(Checkpoint {
            alignment: aligned.and_then(finite),
            hidden_movement: finite(hidden),
            output_movement: finite(output),
            ..checkpoint
        })
    }

    /// Whether the validation loss has not become better for so long that it is not worth going on.
    fn is_past_best(&self, done: &Progress) -> bool {
        let (Some(patience), Some(last)) = (self.options.patience, done.checkpoints.last()) else {
            return false;
        };
        let Some(i) = smallest(done.judged.iter().copied()) else { return false };
        let best = done.checkpoints[i].iteration;
        last.iteration > best && last.iteration as f64 >= patience * best.max(MOST_PATIENT_FROM) as f64
    }
}

/// Where the smallest of the losses stands that there are.
fn smallest(losses: impl Iterator<Item = Option<f64>>) -> Option<usize> {
    let present = losses.enumerate().filter_map(|(i, loss)| Some((i, loss?)));
    present.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
}

/// Validation losses before this iteration decide nothing.
const MOST_PATIENT_FROM: u64 = 100;

impl Descended {
    /// What the report says of the descent itself.
    fn report(
        &self,
        options: &DescentConfig,
        architecture: &Architecture,
        basis: Option<&Matrix>,
    ) -> DescentReport {
        let steps = self.state.steps.iter();
        DescentReport {
            layers: options.layers,
            batch: options.batch,
            on_sphere: options.on_sphere,
            biases: options.biases,
            parametrisation: options.parametrisation,
            start: options.start,
            precision: options.precision,
            steps: steps.map(|&(iteration, step_size)| StepChange { iteration, step_size }).collect(),
            curvature: self.state.curvature,
            largest_stable_step: Some(self.largest_stable_step).filter(|s| s.is_finite()),
            diverged: self.state.diverged,
            random_alignment: basis.map(|b| b.rows() as f64 / architecture.dim as f64),
        }
    }

    /// The checkpoint with the smallest loss: on validation rows if there are any, else its own.
    fn best(&self) -> usize {
        let own = || smallest(self.checkpoints.iter().map(|c| Some(c.loss)));
        smallest(self.judged.iter().copied()).or_else(own).unwrap_or(0)
    }
}

fn say_how_it_ended(
    stop: StopReason,
    state: &State,
    largest_stable_step: f64,
    checkpoints: &[Checkpoint],
    notes: Notes<'_>,
) {
    if state.steps.len() > 1 {
        let smallest = state.steps.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
        notes(&format!(
            "the loss rose {} times, and the step was chosen anew from the curvature there: from {:.3e} down to \
             {smallest:.3e}",
            state.steps.len() - 1,
            state.steps[0].1
        ));
    }
    let last = checkpoints.last().map_or(0, |c| c.iteration);
    match stop {
        StopReason::Diverged => notes(&format!(
            "diverged at iteration {}: the largest stable step at the start is about {largest_stable_step:.3e} (2 / \
             curvature); the listed state with the smallest loss is kept",
            state.diverged.unwrap_or(last)
        )),
        StopReason::Converged => {
            notes(&format!(
                "stopped at iteration {last}: the validation loss has not become better for long (--patience)"
            ));
        }
        StopReason::IterationLimit | StopReason::Interrupted => {}
    }
}
