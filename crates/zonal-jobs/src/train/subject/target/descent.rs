//! Iterative descent on a target: energies by degree, and the prediction of the tangent kernel at infinite width.

use super::{PREDICTED_DEGREE, TargetFindings, TargetSubject};
use crate::memory::check_need;
use crate::train::method::Course;
use crate::train::method::descent::{
    CURVATURE_ROWS, Descent, DescentInput, Iterate, Selection, check_slope, finite, finite_width,
};
use crate::train::run::TrainingRun;
use crate::train::subject::Method;
use crate::train::trained::Notes;
use zonal::dynamics::{Source, Steps, has_tangent, share_left, tangent_spectrum};
use zonal::measure::{MovingEnergies, SHARES, moving_energies};
use zonal::network::Layers;
use zonal::observer::Observer;
use zonal::sphere::Degree;
use zonal::target::PowerSpectrum;
use zonal_documents::Result;
use zonal_documents::train::{
    BatchChoice, Checkpoint, CourseReport, DegreeEnergy, DescentConfig, DescentMethod, LearningTime,
    MethodReport,
};

/// The smallest relative error of a loss that is noted; smaller ones change no digit of the printed tables.
const NOTED_ERROR: f64 = 1e-6;

impl Method<TargetSubject<'_>> for DescentConfig {
    fn train(
        &self,
        subject: &TargetSubject<'_>,
        run: &mut TrainingRun<'_>,
    ) -> Result<(Course, TargetFindings)> {
        let TargetSubject { target, max_degree, network, .. } = subject;
        check_memory(subject, self, run.config.grid()?.len() as u64)?;
        let source = match self.batch {
            BatchChoice::Fresh(batch) => {
                check_slope(self, &network.activation)?;
                Source::Fresh { target, batch }
            }
            _ => Source::Exact { target },
        };
        let directions = target.relevant_directions();
        let basis = Some(directions).filter(|b| (1..subject.dim.as_usize()).contains(&b.rows()));
        let layers = self.layers;
        let method = Descent::new(&run.config, self, network, 1)?;
        let prediction = match self.method {
            DescentMethod::Descent => Prediction::new(&method, layers, subject, run.observer)?,
            DescentMethod::Lbfgs => None,
        };
        let mut measure = |iterate: &Iterate<'_>, observer: &mut dyn Observer| {
            let measured =
                moving_energies(&method.architecture, iterate.weights, target, *max_degree, observer)?;
            let predicted = prediction.as_ref().map(|p| p.at(iterate.steps, iterate.iteration));
            Ok((checkpoint(iterate.iteration, &measured, predicted.as_deref(), *max_degree), None))
        };
        let identity = subject.job.text.clone();
        let input =
            DescentInput { source, basis, identity, selection: Selection::Last, measure: &mut measure };
        let course = method.train(input, run)?;
        note_error(&course.report.path, run.notes);
        let times = learning_times(subject, &course.report, prediction.as_ref());
        Ok((course, TargetFindings { times, loss_bound: None }))
    }
}

/// Checks that the training fits into memory: weights at each listed iteration and copies of them as bytes when they
/// are saved; rows for the curvature; coefficients of units by degree; and matrices of pairs of units for exact
/// expectations, or the rows of a step.
fn check_memory(subject: &TargetSubject<'_>, options: &DescentConfig, listed: u64) -> Result<()> {
    let (dim, degrees) = (subject.job.dim, subject.max_degree as u64);
    // L-BFGS remembers ten pairs of differences, twice while they are saved.
    let remembered = if options.method == DescentMethod::Lbfgs { 44 } else { 0 };
    let weights = (dim + 2) * (4 * listed + 8 + remembered);
    let per_unit = 8 * (weights + 4 * CURVATURE_ROWS + 4 * (degrees + 64));
    let (rows, squares) = match options.batch {
        BatchChoice::Fresh(count) => (32 * (dim + 2) * count as u64, 0),
        _ => (0, 24),
    };
    check_need(finite_width(subject.network.width)?, |m| {
        let of_pairs = m.saturating_mul(m).saturating_mul(squares);
        rows.saturating_add(m.saturating_mul(per_unit)).saturating_add(of_pairs)
    })
}

/// The prediction of the tangent kernel at infinite width (GD-7), from the measured energies at initialisation.
struct Prediction {
    /// The eigenvalues of the tangent kernel by degree.
    eigenvalues: Vec<f64>,
    start: PowerSpectrum,
}

impl Prediction {
    /// Computes the prediction; None for an activation without a tangent kernel.
    fn new(
        method: &Descent<'_>,
        layers: Layers,
        subject: &TargetSubject<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Option<Self>> {
        let Descent { architecture, start, .. } = method;
        if layers.hidden() && !has_tangent(&architecture.activation, architecture.scale) {
            return Ok(None);
        }
        let last = subject.max_degree.max(PREDICTED_DEGREE);
        let square = start.output.values().iter().map(|a| a * a).sum::<f64>() / architecture.width as f64;
        let eigenvalues = tangent_spectrum(architecture, layers, square, last)?;
        let start = moving_energies(architecture, start, &subject.target, last, observer)?.energies;
        Ok(Some(Self { eigenvalues, start }))
    }

    /// Returns the predicted energies at iteration t by degree, followed by the energy beyond the last one.
    fn at(&self, steps: &Steps, t: u64) -> Vec<f64> {
        let of_degree = |(energy, value): (&f64, &f64)| energy * share_left(steps, *value, t);
        let energies = self.start.energies.iter().zip(&self.eigenvalues).map(of_degree);
        energies.chain([self.start.tail_energy]).collect()
    }

    /// Returns the first iteration with at most this energy in a degree at a constant step, since reductions of the
    /// step cannot be predicted. None beyond 2^60 iterations.
    fn time_to_learn(&self, degree: Degree, energy: f64, step: f64) -> Option<u64> {
        let (start, value) = (self.start.energies[degree], self.eigenvalues[degree]);
        let is_learned = |t: u64| start * share_left(&[(0, step)], value, t) <= energy;
        // Doubling, then bisection: for a stable step the energy decreases monotonically.
        let mut high = 1u64;
        while !is_learned(high) {
            high = high.checked_mul(2).filter(|h| *h < 1 << 60)?;
        }
        let mut low = 0;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_learned(middle) { high = middle } else { low = middle }
        }
        Some(if is_learned(0) { 0 } else { high })
    }
}

fn checkpoint(
    iteration: u64,
    measured: &MovingEnergies,
    predicted: Option<&[f64]>,
    max_degree: Degree,
) -> Checkpoint {
    let residual = &measured.energies;
    let of_degree = |degree: usize| DegreeEnergy {
        degree,
        energy: residual.energies[degree],
        error: None,
        predicted: predicted.and_then(|p| finite(p[degree])),
    };
    Checkpoint {
        iteration,
        loss: residual.total(),
        loss_error: Some(measured.error),
        predicted_loss: predicted.and_then(|p| finite(p.iter().sum())),
        tail_energy: Some(residual.tail_energy),
        degrees: Some((0..=max_degree).map(of_degree).collect()),
        ..Checkpoint::default()
    }
}

/// Notes the error of the losses if it can change a printed digit.
fn note_error(checkpoints: &[Checkpoint], notes: Notes<'_>) {
    let error = |c: &Checkpoint| c.loss_error.unwrap_or(0.0);
    let relative = |c: &&Checkpoint| error(c) / c.loss;
    let shown = checkpoints.iter().filter(|c| error(c) > NOTED_ERROR * c.loss);
    if let Some(worst) = shown.max_by(|a, b| relative(a).total_cmp(&relative(b))) {
        notes(&format!(
            "the loss and the energy beyond the listed degrees have errors of up to {:.1e} (at iteration {}, where the \
             loss is {:.4e}): these units have energy in degrees that are not summed; `loss_error` in the record \
             bounds each error",
            error(worst),
            worst.iteration,
            worst.loss
        ));
    }
}

/// Returns the first listed iteration at which each degree has at most each of [`SHARES`] of its energy, and the
/// predicted one.
fn learning_times(
    subject: &TargetSubject<'_>,
    course: &CourseReport,
    prediction: Option<&Prediction>,
) -> Vec<LearningTime> {
    let energy =
        |c: &Checkpoint, k: Degree| c.degrees.as_ref().and_then(|d| d.get(k)).map_or(f64::NAN, |d| d.energy);
    let first_below =
        |k: Degree, limit: f64| course.path.iter().find(|c| energy(c, k) <= limit).map(|c| c.iteration);
    let first_step = match &course.method {
        MethodReport::Descent(descent) => descent.steps.first().map(|s| s.step_size),
        MethodReport::WholePath(_) => None,
    };
    let predicted = |k: Degree, limit: f64| prediction?.time_to_learn(k, limit, first_step?);
    let of_degree = |degree: Degree| {
        SHARES.into_iter().map(move |share| {
            let limit = share * subject.energies.energies[degree];
            let (iteration, predicted) = (first_below(degree, limit), predicted(degree, limit));
            LearningTime { degree, share, iteration, predicted }
        })
    };
    subject.degrees_with_energy().into_iter().flat_map(of_degree).collect()
}
