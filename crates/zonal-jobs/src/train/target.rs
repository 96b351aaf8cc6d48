//! Training on a target: exact expectations, energies by degree, the operator's prediction beside them.

use super::test_rows::TestSample;
use super::{Notes, Outcome};
use crate::memory::check_width;
use zonal::activation::Activation;
use zonal::dynamics::operator::Operator;
use zonal::dynamics::path::{Path, Solver};
use zonal::dynamics::{Step, logarithmic_grid};
use zonal::kernel::Kernel;
use zonal::measure::{SHARES, residual_energies, residual_errors, times_to_learn};
use zonal::network::{Network, Parametrisation};
use zonal::observer::Observer;
use zonal::plan::{NEGLIGIBLE, smallest_loss_bound};
use zonal::risk::{Population, Precise};
use zonal::sphere::{Degree, Dim};
use zonal::target::{PowerSpectrum, Target};
use zonal_documents::number::{Extended, short};
use zonal_documents::train::{
    BestPolynomialReport, Checkpoint, DegreeEnergy, LearningTime, TargetJob, TrainConfig, TrainReport,
};
use zonal_documents::{Error, Result};
use zonal_io::model::{Description, HiddenLayer, Model, SCHEMA};

/// Degrees listed where a target's energies go on for ever.
pub(super) const DEFAULT_DEGREE: Degree = 8;
/// The operator's tail is followed this far beyond the listed degrees.
const OPERATOR_DEGREE: Degree = 640;

pub(super) fn run(
    config: &TrainConfig,
    job: &TargetJob,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Outcome> {
    let dim = Dim::new(job.dim)?;
    let target = Target::parse(&job.text, dim, config.seed)?;
    let activation = config.activation.clone().given().unwrap_or(Activation::Relu);
    let scale = config.scale.value(job.dim).unwrap_or(1.0);
    let max_degree =
        config.max_degree.unwrap_or_else(|| target.finite_degree().unwrap_or(DEFAULT_DEGREE).clamp(4, 64));
    let grid = config.grid()?;
    let spectra = target.spectra();
    let spectrum = spectra.spectrum(&activation, dim, scale, max_degree.max(OPERATOR_DEGREE))?;
    let energies = target.power_spectrum(max_degree)?;
    check_energy(&energies)?;
    let invisible = invisible_degrees(&energies, &activation, notes);
    // The operator follows all degrees that matter, so that its tail is a sum too.
    let all_energies = target.power_spectrum(max_degree.max(OPERATOR_DEGREE))?;

    let with_energy = degrees_with_energy(&energies, NEGLIGIBLE);
    let search = logarithmic_grid(config.iterations);
    let (path, step, model, times, solver) = match config.width {
        Extended::Infinite => {
            let operator = Operator::new(&spectrum, config.step())?;
            let path = grid.iter().map(|&t| {
                let residual = operator.residual(&all_energies, max_degree, t);
                checkpoint(t, residual.total(), &residual, &residual)
            });
            let times = times_to_learn(&with_energy, &search, |at| {
                Ok::<_, Error>(at.iter().map(|&t| operator.residual(&energies, max_degree, t)).collect())
            })?;
            (path.collect(), operator.step(), None, times, None)
        }
        Extended::Finite(width) => {
            let per_unit = 8 * (job.dim + 4 * grid.len() as u64 + max_degree as u64 + 8);
            check_width(width, 7, per_unit)?;
            let width = usize::try_from(width).unwrap_or(usize::MAX);
            let network = Network::random(activation.clone(), scale, dim, width, config.seed)?;
            let unit = (&activation, scale);
            say_truncation(&Kernel::cross_with(spectra, unit, unit, dim, max_degree)?, &activation, notes);
            let quadratic = Population::new(&target).quadratic(&network)?;
            let path = Path::with_solver(
                &quadratic,
                config.step(),
                target_solver(config.solver),
                config.iterations,
                observer,
            )?;
            drop(quadratic);
            let exact = Residuals { network: &network, target: &target, max_degree };
            let (path, precise) = exact.path(path, config, observer)?;
            let coefficients = path.coefficients(&grid);
            let (residuals, errors) = exact.with_errors(&path, precise.as_ref(), &grid, observer)?;
            let times = times_to_learn(&with_energy, &search, |at| {
                exact.energies(&path, precise.as_ref(), at, observer)
            })?;
            let operator = Operator::with_step(&spectrum, path.step());
            let checkpoints: Vec<Checkpoint> = grid
                .iter()
                .zip(residuals.iter().zip(&errors))
                .map(|(&t, (residual, errors))| {
                    let predicted = operator.residual(&all_energies, max_degree, t);
                    let checkpoint = checkpoint(t, path.loss(t), residual, &predicted);
                    with_errors(checkpoint, path.loss_error(t), errors)
                })
                .collect();
            let description = Description {
                schema: SCHEMA,
                activation: activation.clone(),
                scale,
                parametrisation: Parametrisation::Ntk,
                seed: config.seed,
                step_size: path.step(),
                best_iteration: config.iterations,
                target: Some(job.text.clone()),
                table: None,
            };
            let hidden = HiddenLayer::Fixed(network);
            let model = Model { description, hidden, iterations: grid.clone(), coefficients };
            let solver = super::table::solver_report(&path, config.iterations, &[1.0])?;
            (checkpoints, path.step(), Some(model), times, Some(solver))
        }
    };

    let (Some(first), Some(last)) = (path.first(), path.last()) else {
        return Err(Error::Usage("no iteration to report".into()));
    };
    let width = match config.width {
        Extended::Finite(m) => m as f64,
        Extended::Infinite => f64::INFINITY,
    };
    // PL-1 holds for steps up to 1/||phi||^2 and for the automatic step.
    let norm_sq = spectrum.norm_sq();
    let provable = width.is_finite() && config.step.given().is_none_or(|eta| eta <= 1.0 / norm_sq);
    let inverse_step = if config.step.given().is_some() { 1.0 / step } else { norm_sq };
    let bound = smallest_loss_bound(&energies, &spectrum, width, inverse_step, config.iterations as f64);
    let report = TrainReport {
        activation,
        scale,
        dim: job.dim,
        width: config.width,
        iterations: config.iterations,
        step_size: step,
        target: Some(job.text.clone()),
        initial_loss: first.loss,
        loss: last.loss,
        loss_bound: provable.then_some(bound.bound),
        learning: Some(learning_times(&with_energy, &times, &Operator::with_step(&spectrum, step))),
        best_polynomial: best_polynomials(&energies),
        target_energy: Some(energies.energies),
        invisible_degrees: Some(invisible),
        best_iteration: config.iterations,
        solver,
        path,
        ..TrainReport::empty()
    };
    Ok(Outcome { report, solver: config.solver, model, test_rows: TestSample::default() })
}

/// A target must be neither nothing nor beyond all numbers.
pub(super) fn check_energy(energies: &PowerSpectrum) -> Result<()> {
    let found = energies.total();
    if (1e-290..1e290).contains(&found) {
        return Ok(());
    }
    Err(zonal::Error::parameter("the target's norm squared", found, "between 1e-290 and 1e290").into())
}

/// The degrees that hold more than this part of the energy.
pub(super) fn degrees_with_energy(energies: &PowerSpectrum, part: f64) -> Vec<Degree> {
    let listed = energies.energies.iter().enumerate();
    listed.filter(|(_, e)| **e > part * energies.total()).map(|(k, _)| k).collect()
}

/// Energies by degree are small differences, for which exact eigenvectors are worth their time.
fn target_solver(asked: Solver) -> Solver {
    if asked == Solver::Auto { Solver::Dense } else { asked }
}

/// Part of the norm from which on a series that was cut is worth a word.
const WORTH_A_NOTE: f64 = 1e-6;

fn say_truncation(kernel: &Kernel, activation: &Activation, notes: Notes<'_>) {
    let part = kernel.truncation_error() / kernel.value(1.0);
    if part > WORTH_A_NOTE {
        notes(&format!(
            "{activation} has a slowly falling spectrum and no closed kernel: expectations between two units are \
             right to {part:.0e} of its norm"
        ));
    }
}

/// The degrees with energy that no width and no number of iterations learns; says so.
pub(super) fn invisible_degrees(
    energies: &PowerSpectrum,
    activation: &Activation,
    notes: Notes<'_>,
) -> Vec<Degree> {
    let total = energies.total();
    let listed = energies.energies.iter().enumerate();
    let invisible: Vec<(Degree, f64)> = listed
        .filter(|&(k, &e)| activation.vanishes_at(k) && e > NEGLIGIBLE * total)
        .map(|(k, &e)| (k, e))
        .collect();
    if !invisible.is_empty() {
        let degrees: Vec<String> = invisible.iter().map(|(k, _)| k.to_string()).collect();
        let energy: f64 = invisible.iter().map(|(_, e)| e).sum();
        let (noun, verb) = if degrees.len() == 1 { ("degree", "is") } else { ("degrees", "are") };
        notes(&format!(
            "{noun} {} {verb} invisible to {activation}: {} of the target's energy stays at any width and \
             after any number of iterations; another activation would see it",
            degrees.join(", "),
            short(energy)
        ));
    }
    invisible.into_iter().map(|(k, _)| k).collect()
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

/// The residual's energies along a path.
struct Residuals<'a> {
    network: &'a Network,
    target: &'a Target,
    max_degree: Degree,
}

impl Residuals<'_> {
    /// The path itself, or one in double-double arithmetic where rounding in f64 shows and the network is small.
    fn path(
        &self,
        path: Path,
        config: &TrainConfig,
        observer: &mut dyn Observer,
    ) -> Result<(Path, Option<Precise>)> {
        let shows = path.loss_error(config.iterations) > WORTH_PRECISION * path.loss(0);
        if !shows || config.solver == Solver::Lanczos {
            return Ok((path, None));
        }
        let Some(precise) = Precise::new(self.target, self.network)? else { return Ok((path, None)) };
        // The step of the first path, so that both are the same descent.
        let step = Step::Fixed(path.step());
        Ok((Path::precise(&precise, step, observer)?, Some(precise)))
    }

    /// The energies at each iteration and what they may be off by.
    fn with_errors(
        &self,
        path: &Path,
        precise: Option<&Precise>,
        at: &[u64],
        observer: &mut dyn Observer,
    ) -> Result<(Vec<PowerSpectrum>, Vec<PowerSpectrum>)> {
        let distances: Vec<f64> = at.iter().map(|&t| path.distances(t)[0]).collect();
        if let Some(precise) = precise {
            let weights = path.precise_coefficients(at);
            let found = precise.residual_energies(self.target, &weights, &distances, self.max_degree)?;
            return Ok(found.into_iter().unzip());
        }
        let coefficients = path.coefficients(at);
        let residuals =
            residual_energies(self.network, self.target, &coefficients, self.max_degree, observer)?;
        let errors = residual_errors(self.network, self.target, &coefficients, &residuals, &distances)?;
        Ok((residuals, errors))
    }

    fn energies(
        &self,
        path: &Path,
        precise: Option<&Precise>,
        at: &[u64],
        observer: &mut dyn Observer,
    ) -> Result<Vec<PowerSpectrum>> {
        if precise.is_some() {
            return Ok(self.with_errors(path, precise, at, observer)?.0);
        }
        Ok(residual_energies(self.network, self.target, &path.coefficients(at), self.max_degree, observer)?)
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

/// When each degree with energy is learned, measured and predicted.
fn learning_times(
    degrees: &[Degree],
    times: &[[Option<u64>; SHARES.len()]],
    operator: &Operator,
) -> Vec<LearningTime> {
    let of_degree = |(&degree, times): (&Degree, &[Option<u64>; SHARES.len()])| {
        let one = move |(share, &iteration): (f64, &Option<u64>)| LearningTime {
            degree,
            share,
            iteration,
            predicted: operator.time_to_learn(degree, share),
        };
        SHARES.into_iter().zip(times).map(one).collect::<Vec<_>>()
    };
    degrees.iter().zip(times).flat_map(of_degree).collect()
}

/// The error of the best polynomial of degree <= k is the energy beyond k.
pub(super) fn best_polynomials(energies: &PowerSpectrum) -> Vec<BestPolynomialReport> {
    let mut beyond = energies.tail_energy;
    let mut out: Vec<BestPolynomialReport> = Vec::new();
    for (degree, energy) in energies.energies.iter().enumerate().rev() {
        out.push(BestPolynomialReport {
            degree,
            monomials: None,
            rank: None,
            error: beyond,
            test_error: None,
        });
        beyond += energy;
    }
    out.reverse();
    out
}
