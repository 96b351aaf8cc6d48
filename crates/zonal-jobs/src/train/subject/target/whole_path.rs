//! The whole path on a target: energies by degree at any iteration, and the learning time of each degree.

use super::{OPERATOR_DEGREE, TargetFindings, TargetSubject};
use crate::memory::check_width;
use crate::train::method::Course;
use crate::train::method::whole_path::WholePath;
use crate::train::run::TrainingRun;
use crate::train::subject::Method;
use crate::train::trained::Notes;
use zonal::activation::Activation;
use zonal::dynamics::{GradientPath, Operator, Solver, Step, logarithmic_grid};
use zonal::kernel::Kernel;
use zonal::measure::{SHARES, residual_energies, residual_errors, times_to_learn};
use zonal::network::Network;
use zonal::observer::Observer;
use zonal::plan::smallest_loss_bound;
use zonal::risk::{Population, Precise};
use zonal::target::PowerSpectrum;
use zonal_documents::Result;
use zonal_documents::number::Extended;
use zonal_documents::train::{Checkpoint, DegreeEnergy, LearningTime, NetworkReport};

impl Method<TargetSubject<'_>> for WholePath {
    fn train(
        &self,
        subject: &TargetSubject<'_>,
        run: &mut TrainingRun<'_>,
    ) -> Result<(Course, TargetFindings)> {
        // Energies by degree are small differences, which need exact eigenvectors.
        let solver = if self.solver == Solver::Auto { Solver::Dense } else { self.solver };
        let method = Self { solver, ..self.clone() };
        match run.config.width {
            Extended::Infinite => infinite(subject, &method),
            Extended::Finite(width) => finite(subject, &method, width, run),
        }
    }
}

/// Computes the course at infinite width from the operator (GD-1).
fn infinite(subject: &TargetSubject<'_>, method: &WholePath) -> Result<(Course, TargetFindings)> {
    let TargetSubject { energies, max_degree, .. } = subject;
    let operator = Operator::new(&subject.spectrum, method.step)?;
    let followed = followed_energies(subject)?;
    let path = method.grid.iter().map(|&t| {
        let residual = operator.residual(&followed, *max_degree, t);
        checkpoint(t, residual.total(), &residual, &residual)
    });
    let course =
        Course { report: method.report(operator.step(), path.collect()), network: None, grown: None };
    let times = learning_times(subject, method, &operator, |at| {
        Ok(at.iter().map(|&t| operator.residual(energies, *max_degree, t)).collect())
    })?;
    Ok((course, TargetFindings { times, loss_bound: None }))
}

/// Computes the course of a random network of this width.
fn finite(
    subject: &TargetSubject<'_>,
    method: &WholePath,
    width: u64,
    run: &mut TrainingRun<'_>,
) -> Result<(Course, TargetFindings)> {
    let TargetSubject { network: NetworkReport { activation, scale, .. }, max_degree, dim, .. } = subject;
    let per_unit = 8 * (dim.get() + 4 * method.grid.len() as u64 + *max_degree as u64 + 8);
    check_width(width, 7, per_unit)?;
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    let network = Network::random(activation.clone(), *scale, *dim, width, run.config.seed)?;
    let unit = (activation, *scale);
    let kernel = Kernel::cross_with(subject.target.spectra(), unit, unit, *dim, *max_degree)?;
    note_truncation(&kernel, activation, run.notes);
    let exact = Residuals::new(subject, method, &network, run.observer)?;
    let (residuals, errors) = exact.with_errors(&method.grid, run.observer)?;
    let operator = Operator::with_step(&subject.spectrum, exact.path.step());
    let times = learning_times(subject, method, &operator, |at| exact.energies(at, run.observer))?;
    let path = exact.path;
    let followed = followed_energies(subject)?;
    let at = |(&t, (residual, errors)): (&u64, (&PowerSpectrum, &PowerSpectrum))| {
        let predicted = operator.residual(&followed, *max_degree, t);
        with_errors(checkpoint(t, path.loss(t), residual, &predicted), path.loss_error(t), errors)
    };
    let checkpoints = method.grid.iter().zip(residuals.iter().zip(&errors)).map(at).collect();
    let loss_bound = loss_bound(subject, method, width, path.step());
    let coefficients = path.coefficients(&method.grid);
    let course = method.course(network, &path, coefficients, checkpoints, &[1.0])?;
    Ok((course, TargetFindings { times, loss_bound }))
}

/// Returns the target's energies up to the last degree that the operator predicts.
fn followed_energies(subject: &TargetSubject<'_>) -> Result<PowerSpectrum> {
    Ok(subject.target.power_spectrum(subject.max_degree.max(OPERATOR_DEGREE))?)
}

/// Computes the bound of PL-1 on the mean loss at the last iteration. It holds for the automatic step and for steps up
/// to 1/||phi||^2; None for larger ones.
fn loss_bound(subject: &TargetSubject<'_>, method: &WholePath, width: usize, step: f64) -> Option<f64> {
    let TargetSubject { spectrum, energies, .. } = subject;
    let norm_sq = spectrum.norm_sq();
    let inverse_step = match method.step {
        Step::Fixed(eta) if eta > 1.0 / norm_sq => return None,
        Step::Fixed(_) => 1.0 / step,
        Step::Auto => norm_sq,
    };
    let last = method.last() as f64;
    Some(smallest_loss_bound(energies, spectrum, width as f64, inverse_step, last).bound)
}

/// Returns the iterations at which each degree with energy is learned, up to each of [`SHARES`], and those predicted at
/// infinite width. `energies` computes the energies of the residual at given iterations.
fn learning_times(
    subject: &TargetSubject<'_>,
    method: &WholePath,
    operator: &Operator,
    energies: impl FnMut(&[u64]) -> Result<Vec<PowerSpectrum>>,
) -> Result<Vec<LearningTime>> {
    let degrees = subject.degrees_with_energy();
    let times = times_to_learn(&degrees, &logarithmic_grid(method.last()), energies)?;
    let mut out = Vec::new();
    for (&degree, times) in degrees.iter().zip(times) {
        for (share, iteration) in SHARES.into_iter().zip(times) {
            let predicted = operator.time_to_learn(degree, share)?;
            out.push(LearningTime { degree, share, iteration, predicted });
        }
    }
    Ok(out)
}

/// The smallest error of a truncated series that is noted, relative to the square norm of the activation.
const NOTED_TRUNCATION: f64 = 1e-6;

/// Notes the error of a kernel whose series is truncated.
fn note_truncation(kernel: &Kernel, activation: &Activation, notes: Notes<'_>) {
    let part = kernel.truncation_error() / kernel.value(1.0);
    if part > NOTED_TRUNCATION {
        notes(&format!(
            "{activation} has a slowly decaying spectrum and no closed-form kernel: expectations of products of two \
             units have errors of up to {part:.0e} of its norm"
        ));
    }
}

fn checkpoint(iteration: u64, loss: f64, residual: &PowerSpectrum, predicted: &PowerSpectrum) -> Checkpoint {
    let degrees = residual.energies.iter().zip(&predicted.energies).enumerate();
    Checkpoint {
        iteration,
        loss,
        tail_energy: Some(residual.tail_energy),
        degrees: Some(
            degrees
                .map(|(degree, (&energy, &predicted))| DegreeEnergy {
                    degree,
                    energy,
                    error: None,
                    predicted: Some(predicted),
                })
                .collect(),
        ),
        ..Checkpoint::default()
    }
}

/// The largest error of a loss in f64, relative to the initial loss; for larger errors the path is computed in
/// double-double arithmetic.
const F64_TOLERANCE: f64 = 1e-9;

/// The path of a network on a target, which gives the energies of the residual at any iteration.
struct Residuals<'a> {
    subject: &'a TargetSubject<'a>,
    network: &'a Network,
    path: GradientPath,
    /// The network in double-double arithmetic, if the path was computed in it.
    precise: Option<Precise>,
}

impl<'a> Residuals<'a> {
    /// Computes the path, in double-double arithmetic if rounding errors in f64 are visible and the network is small.
    fn new(
        subject: &'a TargetSubject<'a>,
        method: &WholePath,
        network: &'a Network,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let target = &subject.target;
        let path = method.path(Population::new(target).quadratic(network)?, observer)?;
        let is_visible = path.loss_error(method.last()) > F64_TOLERANCE * path.loss(0);
        let is_needed = is_visible && method.solver != Solver::Lanczos;
        let precise = if is_needed { Precise::new(target, network)? } else { None };
        let path = match &precise {
            None => path,
            // With the step of the first path, so that both are the same descent.
            Some(precise) => GradientPath::precise(precise, Step::Fixed(path.step()), observer)?,
        };
        Ok(Self { subject, network, path, precise })
    }

    /// Returns the energies at each iteration and bounds on their errors (RD-1).
    fn with_errors(
        &self,
        at: &[u64],
        observer: &mut dyn Observer,
    ) -> Result<(Vec<PowerSpectrum>, Vec<PowerSpectrum>)> {
        let TargetSubject { target, max_degree, .. } = self.subject;
        let distances: Vec<f64> = at.iter().map(|&t| self.path.distances(t)[0]).collect();
        if let Some(precise) = &self.precise {
            let weights = self.path.precise_coefficients(at);
            let found = precise.residual_energies(target, &weights, &distances, *max_degree)?;
            return Ok(found.into_iter().unzip());
        }
        let coefficients = self.path.coefficients(at);
        let residuals = residual_energies(self.network, target, &coefficients, *max_degree, observer)?;
        let errors = residual_errors(self.network, target, &coefficients, &residuals, &distances)?;
        Ok((residuals, errors))
    }

    /// Returns the energies at each iteration.
    fn energies(&self, at: &[u64], observer: &mut dyn Observer) -> Result<Vec<PowerSpectrum>> {
        if self.precise.is_some() {
            return Ok(self.with_errors(at, observer)?.0);
        }
        let TargetSubject { target, max_degree, .. } = self.subject;
        Ok(residual_energies(self.network, target, &self.path.coefficients(at), *max_degree, observer)?)
    }
}

/// Adds error bounds to a checkpoint. Since no energy exceeds the loss, they are limited accordingly.
fn with_errors(mut checkpoint: Checkpoint, loss_error: f64, errors: &PowerSpectrum) -> Checkpoint {
    let highest = checkpoint.loss + loss_error;
    let limited = |energy: f64, error: f64| error.min((highest - energy).max(energy));
    for (degree, &error) in checkpoint.degrees.iter_mut().flatten().zip(&errors.energies) {
        degree.error = Some(limited(degree.energy, error));
    }
    checkpoint.tail_energy_error = checkpoint.tail_energy.map(|energy| limited(energy, errors.tail_energy));
    Checkpoint { loss_error: Some(loss_error), ..checkpoint }
}
