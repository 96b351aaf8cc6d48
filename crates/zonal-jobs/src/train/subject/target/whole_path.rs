//! The whole path on a target: energies by degree at any iteration, and when each degree is learned.

use super::{Learned, OPERATOR_DEGREE, TargetSubject};
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
use zonal::sphere::Degree;
use zonal::target::PowerSpectrum;
use zonal_documents::Result;
use zonal_documents::number::Extended;
use zonal_documents::train::{Checkpoint, DegreeEnergy, LearningTime, NetworkReport};

impl Method<TargetSubject<'_>> for WholePath {
    fn train(&self, subject: &TargetSubject<'_>, run: &mut TrainingRun<'_>) -> Result<(Course, Learned)> {
        // Energies by degree are small differences, for which exact eigenvectors are worth their time.
        let solver = if self.solver == Solver::Auto { Solver::Dense } else { self.solver };
        let method = Self { solver, ..self.clone() };
        match run.config.width {
            Extended::Infinite => infinite(subject, &method),
            Extended::Finite(width) => finite(subject, &method, width, run),
        }
    }
}

fn infinite(subject: &TargetSubject<'_>, method: &WholePath) -> Result<(Course, Learned)> {
    let TargetSubject { energies, max_degree, .. } = subject;
    let operator = Operator::new(&subject.spectrum, method.step)?;
    let followed = followed_energies(subject)?;
    let path = method.grid.iter().map(|&t| {
        let residual = operator.residual(&followed, *max_degree, t);
        checkpoint(t, residual.total(), &residual, &residual)
    });
    let course = Course { report: method.report(operator.step(), path.collect()), network: None };
    let times = learning_times(subject, method, &operator, |at| {
        Ok(at.iter().map(|&t| operator.residual(energies, *max_degree, t)).collect())
    })?;
    Ok((course, Learned { times, loss_bound: None }))
}

fn finite(
    subject: &TargetSubject<'_>,
    method: &WholePath,
    width: u64,
    run: &mut TrainingRun<'_>,
) -> Result<(Course, Learned)> {
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
    Ok((course, Learned { times, loss_bound }))
}

/// The energies that the operator follows: of all degrees that matter, so that its tail is a sum too.
fn followed_energies(subject: &TargetSubject<'_>) -> Result<PowerSpectrum> {
    Ok(subject.target.power_spectrum(subject.max_degree.max(OPERATOR_DEGREE))?)
}

/// The bound of PL-1, which holds for steps up to 1/||phi||^2 and for the automatic step.
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

/// When each degree with energy is learned, by the `energies` of the residual at given iterations, and when infinite width
/// predicts it.
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

/// Part of the norm from which on a series that was cut is worth a word.
const WORTH_A_NOTE: f64 = 1e-6;

fn note_truncation(kernel: &Kernel, activation: &Activation, notes: Notes<'_>) {
    let part = kernel.truncation_error() / kernel.value(1.0);
    if part > WORTH_A_NOTE {
        notes(&format!(
            "{activation} has a slowly falling spectrum and no closed kernel: expectations between two units are \
             right to {part:.0e} of its norm"
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

/// A path in double-double arithmetic is worth its time where losses in f64 are off by this part of the first one.
const WORTH_PRECISION: f64 = 1e-9;

/// A path and the residual's energies along it.
struct Residuals<'a> {
    subject: &'a TargetSubject<'a>,
    network: &'a Network,
    path: GradientPath,
    /// The same path in double-double arithmetic.
    precise: Option<Precise>,
}

impl<'a> Residuals<'a> {
    /// Finds the path, in double-double arithmetic where rounding in f64 shows and the network is small.
    fn new(
        subject: &'a TargetSubject<'a>,
        method: &WholePath,
        network: &'a Network,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let target = &subject.target;
        let path = method.path(&Population::new(target).quadratic(network)?, observer)?;
        let shows = path.loss_error(method.last()) > WORTH_PRECISION * path.loss(0);
        let wanted = shows && method.solver != Solver::Lanczos;
        let precise = if wanted { Precise::new(target, network)? } else { None };
        let path = match &precise {
            None => path,
            // The step of the first path, so that both are the same descent.
            Some(precise) => GradientPath::precise(precise, Step::Fixed(path.step()), observer)?,
        };
        Ok(Self { subject, network, path, precise })
    }

    /// The energies at each iteration and what they may be off by.
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

    fn energies(&self, at: &[u64], observer: &mut dyn Observer) -> Result<Vec<PowerSpectrum>> {
        if self.precise.is_some() {
            return Ok(self.with_errors(at, observer)?.0);
        }
        let TargetSubject { target, max_degree, .. } = self.subject;
        Ok(residual_energies(self.network, target, &self.path.coefficients(at), *max_degree, observer)?)
    }
}

/// The checkpoint with the errors of its numbers. No energy exceeds the loss.
fn with_errors(mut checkpoint: Checkpoint, loss_error: f64, errors: &PowerSpectrum) -> Checkpoint {
    let highest = checkpoint.loss + loss_error;
    let limited = |energy: f64, error: f64| error.min((highest - energy).max(energy));
    for (degree, &error) in checkpoint.degrees.iter_mut().flatten().zip(&errors.energies) {
        degree.error = Some(limited(degree.energy, error));
    }
    checkpoint.tail_energy_error = checkpoint.tail_energy.map(|energy| limited(energy, errors.tail_energy));
    Checkpoint { loss_error: Some(loss_error), ..checkpoint }
}
