//! Descent step by step on a target: energies by degree with what the tangent kernel of infinite width predicts.

use super::super::target::{
    DEFAULT_DEGREE, best_polynomials, check_energy, degrees_with_energy, invisible_degrees,
};
use super::super::test_rows::TestSample;
use super::super::{Notes, Outcome, Place};
use super::{Descended, Setup, first_weights};
use crate::memory::check_need;
use zonal::activation::Activation;
use zonal::dynamics::descent::Source;
use zonal::dynamics::linear::{has_tangent, share_left, tangent_spectrum};
use zonal::measure::{MovingEnergies, SHARES, moving_energies};
use zonal::network::{Architecture, Layers, Network};
use zonal::observer::Observer;
use zonal::plan::NEGLIGIBLE;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Degree, Dim};
use zonal::target::{PowerSpectrum, Target};
use zonal_documents::number::Extended;
use zonal_documents::train::{
    BatchChoice, Checkpoint, DegreeEnergy, DescentConfig, LearningTime, TargetJob, TrainConfig, TrainReport,
};
use zonal_documents::{Error, Result};
use zonal_io::model::{Description, HiddenLayer, Model, SCHEMA};

/// Rows of which the curvature is taken, at most.
pub(super) const CURVATURE_ROWS: u64 = 512;
/// The prediction follows the degrees up to this one; what lies beyond hardly moves.
const PREDICTED_DEGREE: Degree = 48;
/// Errors below this part of a loss change no digit that a table shows.
const SHOWN_ERROR: f64 = 1e-6;

pub(in super::super) fn run(
    config: &TrainConfig,
    options: &DescentConfig,
    job: &TargetJob,
    place: &mut Place,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Outcome> {
    let Extended::Finite(width) = config.width else {
        return Err(Error::Usage(
            "--width inf trains the output layer alone; for both layers give a number, or see `zonal spectrum --kernel \
             tangent`"
                .into(),
        ));
    };
    let dim = Dim::new(job.dim)?;
    let target = Target::parse(&job.text, dim, config.seed)?;
    let activation = config.activation.clone().given().unwrap_or(Activation::Relu);
    let scale = config.scale.value(job.dim).unwrap_or(1.0);
    check_given(config, options)?;
    // The largest degree is checked before anything is made for it.
    let most_listed = config.max_degree.unwrap_or(DEFAULT_DEGREE);
    Spectrum::new(&activation, dim, scale, most_listed.saturating_add(PREDICTED_DEGREE))?;
    let grid = config.grid()?;
    // Weights at each listed iteration, which are written as bytes of other copies; rows for the curvature, coefficients of
    // units by degree; and for exact expectations matrices of pairs of units, or the rows of a step.
    let kept = (job.dim + 2) * (4 * grid.len() as u64 + 8);
    let per_unit = 8 * (kept + 4 * CURVATURE_ROWS + 4 * (most_listed as u64 + 64));
    let rows = match options.batch {
        BatchChoice::Fresh(count) => 32 * (job.dim + 2) * count as u64,
        _ => 0,
    };
    let squares = if options.batch == BatchChoice::Exact { 24 } else { 0 };
    check_need(width, |m| {
        rows.saturating_add(m.saturating_mul(per_unit))
            .saturating_add(m.saturating_mul(m).saturating_mul(squares))
    })?;
    let architecture = Architecture {
        activation: activation.clone(),
        scale,
        dim: dim.as_usize(),
        width: usize::try_from(width).unwrap_or(usize::MAX),
        labels: 1,
        biases: options.biases,
        on_sphere: options.on_sphere,
        parametrisation: options.parametrisation,
    };
    let source = source(options, &target, &activation)?;
    let max_degree =
        config.max_degree.unwrap_or_else(|| target.finite_degree().unwrap_or(DEFAULT_DEGREE).clamp(4, 64));
    let energies = target.power_spectrum(max_degree)?;
    check_energy(&energies)?;
    // A bias makes every degree visible.
    let invisible =
        if options.biases { Vec::new() } else { invisible_degrees(&energies, &activation, notes) };
    let basis = Some(target.relevant_directions()).filter(|b| (1..dim.as_usize()).contains(&b.rows()));
    let start = first_weights(&architecture, options, config.seed)?;
    place.name(config, &activation);

    let prediction = Prediction::new(&architecture, options.layers, &start, &target, max_degree, observer)?;
    let setup = Setup {
        config,
        options,
        architecture: &architecture,
        start,
        source,
        grid: &grid,
        basis,
        identity: job.text.clone(),
    };
    let mut measure = |moment: &super::Moment<'_>, observer: &mut dyn Observer| {
        let measured = moving_energies(&architecture, moment.weights, &target, max_degree, observer)?;
        let predicted = prediction.as_ref().map(|p| p.at(&moment.state.steps, moment.iteration));
        Ok((checkpoint(moment.iteration, &measured, predicted.as_deref(), max_degree), None))
    };
    let descended = setup.descend(place, observer, &mut measure, notes)?;
    note_error(&descended.checkpoints, notes);
    let with_energy = degrees_with_energy(&energies, NEGLIGIBLE);
    let learning = learning_times(&with_energy, &energies, &descended, prediction.as_ref());
    let best =
        if descended.state.diverged.is_some() { descended.best() } else { descended.checkpoints.len() - 1 };
    let kept = &descended.checkpoints[best];
    let (first, last_loss) = (&descended.checkpoints[0], kept.loss);
    let report = TrainReport {
        activation: activation.clone(),
        scale: architecture.scale,
        dim: job.dim,
        width: config.width,
        iterations: config.iterations,
        step_size: descended.state.step,
        stop_reason: descended.stop,
        target: Some(job.text.clone()),
        initial_loss: first.loss,
        loss: last_loss,
        learning: Some(learning),
        best_polynomial: best_polynomials(&energies),
        target_energy: Some(energies.energies),
        invisible_degrees: Some(invisible),
        best_iteration: kept.iteration,
        precision: Some(options.precision),
        descent: Some(descended.report(options, &architecture, setup.basis.as_ref())),
        path: descended.checkpoints.clone(),
        ..TrainReport::empty()
    };
    let description = Description {
        schema: SCHEMA,
        activation,
        scale: architecture.scale,
        parametrisation: options.parametrisation,
        seed: config.seed,
        step_size: descended.state.step,
        best_iteration: kept.iteration,
        target: Some(job.text.clone()),
        table: None,
    };
    let model = model(description, &architecture, &descended)?;
    Ok(Outcome { report, solver: config.solver, model: Some(model), test_rows: TestSample::default() })
}

/// The network at each listed iteration.
pub(super) fn model(
    description: Description,
    architecture: &Architecture,
    descended: &Descended,
) -> Result<Model> {
    let networks: zonal::Result<Vec<Network>> =
        descended.kept.iter().map(|w| Network::from_weights(architecture, w)).collect();
    let coefficients = descended.kept.iter().flat_map(|w| w.output.values()).copied().collect();
    let rows = descended.kept.len() * architecture.labels;
    Ok(Model {
        description,
        hidden: HiddenLayer::Moving(networks?),
        iterations: descended.checkpoints.iter().map(|c| c.iteration).collect(),
        coefficients: zonal::linalg::Matrix::from_rows(rows, architecture.width, coefficients)?,
    })
}

/// Where the rows of a step come from; refuses what cannot learn.
fn source<'a>(options: &DescentConfig, target: &'a Target, activation: &Activation) -> Result<Source<'a>> {
    match options.batch {
        BatchChoice::Exact => Ok(Source::Exact { target }),
        BatchChoice::Full | BatchChoice::Rows(_) => Err(Error::Usage(format!(
            "--batch {} takes rows of a table; a target has --batch fresh:N (N new points in each step) or exact",
            options.batch
        ))),
        BatchChoice::Fresh(batch) => {
            check_slope(options, activation)?;
            Ok(Source::Fresh { target, batch })
        }
    }
}

/// What can be told to be impossible before anything is read or computed.
pub(super) fn check_given(config: &TrainConfig, options: &DescentConfig) -> Result<()> {
    if let Some(step) = config.step.given()
        && !(step > 0.0 && step.is_finite())
    {
        return Err(zonal::Error::parameter("the step", step, "a positive number or auto").into());
    }
    // Of a configuration read from a file; never is None there.
    if let Some(patience) = options.patience.filter(|p| p.is_nan() || *p <= 1.0) {
        return Err(zonal::Error::parameter("--patience", patience, "above 1, or inf").into());
    }
    match config.activation.clone().given() {
        Some(activation) if options.batch != BatchChoice::Exact => check_slope(options, &activation),
        _ => Ok(()),
    }
}

/// The derivative of a jump is zero almost everywhere: rows tell its hidden units nothing.
pub(super) fn check_slope(options: &DescentConfig, activation: &Activation) -> Result<()> {
    if !options.layers.hidden() || has_tangent(activation, 1.0) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{activation} jumps or has no known derivative, so rows say nothing about its hidden units; train --layers output, or \
         with a target and no bias use --batch exact"
    )))
}

/// What the tangent kernel of infinitely many units predicts from the measured start.
struct Prediction {
    eigenvalues: Vec<f64>,
    start: PowerSpectrum,
}

impl Prediction {
    /// None for an activation without a tangent kernel.
    fn new(
        architecture: &Architecture,
        layers: Layers,
        start: &zonal::network::Weights,
        target: &Target,
        max_degree: Degree,
        observer: &mut dyn Observer,
    ) -> Result<Option<Self>> {
        if layers.hidden() && !has_tangent(&architecture.activation, architecture.scale) {
            return Ok(None);
        }
        let last = max_degree.max(PREDICTED_DEGREE);
        let square = start.output.values().iter().map(|a| a * a).sum::<f64>() / architecture.width as f64;
        let eigenvalues = tangent_spectrum(architecture, layers, square, last)?;
        let start = moving_energies(architecture, start, target, last, observer)?.energies;
        Ok(Some(Self { eigenvalues, start }))
    }

    /// Energies by degree, and at the end what lies beyond.
    fn at(&self, steps: &[(u64, f64)], t: u64) -> Vec<f64> {
        let of_degree = |(energy, value): (&f64, &f64)| energy * share_left(steps, *value, t);
        let energies = self.start.energies.iter().zip(&self.eigenvalues).map(of_degree);
        energies.chain([self.start.tail_energy]).collect()
    }
}

/// A prediction that leaves the range of numbers, as that of an unstable step does, is none.
pub(super) fn finite(x: f64) -> Option<f64> {
    Some(x).filter(|x| x.is_finite())
}

fn checkpoint(
    iteration: u64,
    measured: &MovingEnergies,
    predicted: Option<&[f64]>,
    max_degree: Degree,
) -> Checkpoint {
    let residual = &measured.energies;
    let one = |degree: usize| DegreeEnergy {
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
        degrees: Some((0..=max_degree).map(one).collect()),
        ..Checkpoint::default()
    }
}

/// States the error of the losses where it can reach the digits that a table shows.
fn note_error(checkpoints: &[Checkpoint], notes: Notes<'_>) {
    let error = |c: &Checkpoint| c.loss_error.unwrap_or(0.0);
    let relative = |c: &&Checkpoint| error(c) / c.loss;
    let shown = checkpoints.iter().filter(|c| error(c) > SHOWN_ERROR * c.loss);
    if let Some(worst) = shown.max_by(|a, b| relative(a).total_cmp(&relative(b))) {
        notes(&format!(
            "loss and rest have errors of up to {:.1e} (at iteration {}, where the loss is {:.4e}): these units have energy in \
             degrees beyond those that are summed; `loss_error` in the record bounds the error of each",
            error(worst),
            worst.iteration,
            worst.loss
        ));
    }
}

/// The first listed iteration at which each degree has so little left of the target's energy, and when the prediction has.
fn learning_times(
    degrees: &[Degree],
    target: &PowerSpectrum,
    descended: &Descended,
    prediction: Option<&Prediction>,
) -> Vec<LearningTime> {
    let energy =
        |c: &Checkpoint, k: usize| c.degrees.as_ref().and_then(|d| d.get(k)).map_or(f64::NAN, |d| d.energy);
    let first_below = |k: usize, limit: f64| {
        descended.checkpoints.iter().find(|c| energy(c, k) <= limit).map(|c| c.iteration)
    };
    let predicted = |k: usize, limit: f64| {
        let prediction = prediction?;
        // The step of the start: later ones are not known beforehand.
        let (step, value) = (descended.state.steps.first()?.1, prediction.eigenvalues[k]);
        let left = |t: u64| prediction.start.energies[k] * share_left(&[(0, step)], value, t) <= limit;
        // Doubling, then halving: what is left falls all the time for a stable step.
        let mut high = 1u64;
        while !left(high) {
            high = high.checked_mul(2).filter(|h| *h < 1 << 60)?;
        }
        let mut low = 0;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if left(middle) { high = middle } else { low = middle }
        }
        Some(if left(0) { 0 } else { high })
    };
    let of_degree = |&degree: &Degree| {
        SHARES.into_iter().map(move |share| {
            let limit = share * target.energies[degree];
            LearningTime {
                degree,
                share,
                iteration: first_below(degree, limit),
                predicted: predicted(degree, limit),
            }
        })
    };
    degrees.iter().flat_map(of_degree).collect()
}
