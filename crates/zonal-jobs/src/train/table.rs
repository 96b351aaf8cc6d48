//! Training on a table: a first reading for moments and a sample, a choice, a second reading for the sums that descent
//! depends on, the whole path from them, and a last reading for the errors on the rows themselves.

use super::accumulate::{Accumulated, Accumulation};
use super::choose::each_fold;
use super::cost::{Cost, say_estimate};
use super::keep::Keep;
use super::prepare::{Prepared, label_errors, polynomial_reports, prepare, score, units};
use super::problem::{Problem, infinite};
use super::{Notes, Outcome, Place};
use crate::score::root_mean;
use crate::survey::Survey;
use std::time::Duration;
use zonal::block::FeatureMap;
use zonal::dynamics::Step;
use zonal::dynamics::path::{Path, Solver};
use zonal::lift::{LabelScale, Lift};
use zonal::linalg::{Matrix, symmetric_eigen};
use zonal::measure::{Monomials, best_polynomials, monomials};
use zonal::observer::Observer;
use zonal::risk::Quadratic;
use zonal::rows::Part;
use zonal::statistics::Sums;
use zonal_documents::Result;
use zonal_documents::number::Extended;
use zonal_documents::train::{
    BestPolynomialReport, Checkpoint, PartRows, SolverReport, TableJob, TrainConfig, TrainReport,
};
use zonal_io::model::{HiddenLayer, Model};

/// Best polynomials up to this degree, as far as their monomials cost little beside the network.
const POLYNOMIAL_DEGREE: usize = 3;
const FEW_MONOMIALS: usize = 300;
const FEW_ROWS: u64 = 1_000_000;

pub(super) fn run(
    config: &TrainConfig,
    job: &TableJob,
    place: &mut Place,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Outcome> {
    let Extended::Finite(width) = config.width else { return Err(infinite()) };
    let grid = config.grid()?;
    let parts = job.folds.map_or(3, |folds| folds.saturating_add(1));
    let exactly = place.exactly;
    let cost = |survey: &Survey, lift: &Lift| Cost {
        rows: survey.covered.rows(),
        parts,
        columns: lift.kept.len(),
        labels: job.labels.len(),
        iterates: grid.len(),
        paths: job.folds.map_or(1 + usize::from(job.refit), |folds| folds.saturating_add(1)),
    };
    let fits = |survey: &Survey, lift: &Lift, notes: Notes<'_>| {
        let cost = cost(survey, lift);
        if exactly {
            cost.known_solver(width, config.solver)
        } else {
            cost.solver(width, config.solver, notes)
        }
    };
    let (prepared, solver) = prepare(config, job, &fits, &place.output, observer, notes)?;
    let cost = cost(&prepared.survey, &prepared.problem.lift);
    let identity = prepared.identity(config, job)?;
    let Prepared {
        source,
        test_source,
        survey,
        problem,
        dropped_columns,
        test_rows,
        test_dropped,
        fingerprint,
    } = prepared;
    let Problem { lift, labels, split, .. } = &problem;
    let (width, dim) = (problem.width, lift.dim()?);
    place.name(config, &problem.activation);

    let network = problem.network()?;
    let monomials =
        Monomials::new(lift.kept.len(), polynomial_degree(lift.kept.len(), width, survey.covered.rows()));
    if monomials.degree() < POLYNOMIAL_DEGREE {
        notes(&format!(
            "best polynomials stop at degree {}: the monomials of the next one would cost too much beside the network; \
             `zonal analyze` goes further",
            monomials.degree()
        ));
    }
    let part = |row: u64| match (job.folds, split.part(row)) {
        (None, part) => part as usize,
        (Some(folds), Part::Test) => folds,
        (Some(folds), _) => split.fold(row, folds),
    };
    let accumulation = Accumulation {
        network: &network,
        monomials: &monomials,
        lift,
        labels,
        precision: job.precision,
        parts,
        part: &part,
    };
    check_step_on_sample(config, &accumulation, &survey)?;
    say_estimate(&accumulation, &survey, &cost, solver, notes)?;
    let every = Duration::from_secs(job.checkpoint_seconds);
    // A run that goes on does so with the solver that it began with.
    let begun = TrainConfig { solver, ..config.clone() };
    let mut keep = Keep::new(place, &begun, every, identity);
    let mut sums = accumulation.run(&source, survey.covered.rows(), &mut keep, observer, notes)?;
    let (test, test_monomials) = match &test_source {
        // The test rows are the last part.
        None => (sums.features.pop(), sums.monomials.pop()),
        Some(source) => {
            let everything = Accumulation { parts: 1, part: &|_| 0, ..accumulation };
            let mut sums = everything.run_once(source, observer)?;
            (sums.features.pop(), sums.monomials.pop())
        }
    };
    let test = test.unwrap_or_else(|| Sums::zeros(width, labels.len()));
    let test_monomials = test_monomials.unwrap_or_else(|| Sums::zeros(monomials.width(), labels.len()));

    let fit = Fit { step: config.step(), folds: job.folds, refit: job.refit, labels, grid: &grid, solver };
    let Fitted { path, coefficients, validation } = fit.fit(&sums.features, observer)?;
    let solver_report = solver_report(&path, config.iterations, &units(labels))?;
    if job.validation_fraction == 0.0 && job.folds.is_none() {
        notes("without validation rows the last iteration is used");
    }
    let test_losses = if test.is_empty() { None } else { Some(test.losses(&coefficients)?) };
    let checkpoints = fit.checkpoints(&path, validation.as_deref(), test_losses.as_deref());
    let best = validation.as_deref().map_or(grid.len() - 1, |v| smallest(v, labels.len()));

    let description = problem.description(path.step(), grid[best]);
    let hidden = HiddenLayer::Fixed(network);
    let model = Model { description, hidden, iterations: grid.clone(), coefficients };
    let (scores, test_sample) =
        score(&model, grid[best], &source, test_source.as_ref(), survey.covered.rows(), observer)?;
    let held_out = validation.as_deref().map(|v| {
        let losses = &v[best * labels.len()..(best + 1) * labels.len()];
        losses.iter().zip(units(labels)).map(|(l, unit)| l * unit).collect::<Vec<f64>>()
    });
    // Networks that never saw the validation rows are others than the final one with --refit and --folds.
    let unseen = job.folds.is_some() || job.refit;
    let validation_squares = if unseen { held_out } else { scores[1].mean_squares() };
    let report = TrainReport {
        activation: problem.activation.clone(),
        scale: problem.scale,
        bias: Some(lift.bias),
        dim: dim.get(),
        width: config.width,
        iterations: config.iterations,
        step_size: path.step(),
        labels: Some(job.labels.clone()),
        initial_loss: checkpoints.first().map_or(f64::NAN, |c| c.loss),
        loss: checkpoints.last().map_or(f64::NAN, |c| c.loss),
        best_polynomial: polynomials(&monomials, job, &sums, &test_monomials, labels)?,
        best_iteration: grid[best],
        train_rmse: scores[0].rmse(),
        validation_rmse: validation_squares.as_deref().map(root_mean),
        test_rmse: scores[2].rmse(),
        label_errors: Some(label_errors(labels, &scores, validation_squares.as_deref())),
        solver: Some(solver_report),
        precision: Some(job.precision),
        folds: job.folds,
        refit: Some(job.refit || job.folds.is_some()),
        fingerprint: Some(fingerprint.to_string()),
        rows: Some(PartRows {
            train: scores[0].rows(),
            validation: scores[1].rows(),
            test: test_rows,
            dropped: survey.dropped() + test_dropped,
        }),
        dropped_columns: Some(dropped_columns),
        candidates: problem.candidates.clone(),
        path: checkpoints,
        ..TrainReport::empty()
    };
    Ok(Outcome { report, solver, model: Some(model), test_rows: test_sample })
}

/// Rows of the sample by which a given step is judged before the long reading.
const JUDGES: usize = 512;
/// How far the largest eigenvalue over all rows may lie below that over a few of them.
const CLEARLY: f64 = 1.5;

/// Refuses a given step that must diverge by a clear margin, before the rows are read for their sums. K has the largest
/// eigenvalue of Phi Phi^T / N, which is small for a few rows.
fn check_step_on_sample(
    config: &TrainConfig,
    accumulation: &Accumulation<'_>,
    survey: &Survey,
) -> Result<()> {
    let Some(step) = config.step.given() else { return Ok(()) };
    let count = survey.sample.len().min(JUDGES);
    let rows = survey.sample.select(&(0..count).collect::<Vec<_>>());
    let mut features = accumulation.network.features(&accumulation.lift.apply(&rows.features)?)?;
    let mean = (0..count).map(|i| rows.weight(i)).sum::<f64>() / count.max(1) as f64;
    for i in (0..count).filter(|_| !rows.weights.is_empty()) {
        let root = (rows.weight(i) / mean).sqrt();
        features.row_mut(i).iter_mut().for_each(|x| *x *= root);
    }
    let eigen = symmetric_eigen(&features.times_transposed(&features))?;
    let largest = eigen.values.last().copied().unwrap_or(0.0) / count.max(1) as f64;
    let refuse = |required: String| Err(zonal::Error::parameter("the step", step, required).into());
    if !(step > 0.0 && step.is_finite()) {
        return refuse("a positive number or auto".into());
    }
    if step * largest > 2.0 * CLEARLY {
        return refuse(format!(
            "below about {:.3e} (2 / largest eigenvalue, by {count} rows), or gradient descent diverges; auto would take \
             about {:.3e}",
            2.0 / largest,
            1.0 / largest
        ));
    }
    Ok(())
}

/// The highest degree whose monomials cost little: by themselves, or on a long table beside the network, whose sums take
/// a time that grows with the square of the width.
fn polynomial_degree(variables: usize, width: usize, rows: u64) -> usize {
    let most = if rows <= FEW_ROWS { FEW_MONOMIALS.max(width / 7) } else { width / 7 };
    (0..=POLYNOMIAL_DEGREE).rev().find(|&k| monomials(variables, k).is_some_and(|n| n <= most)).unwrap_or(0)
}

/// The path of a table from its sums.
pub(super) struct Fit<'a> {
    pub(super) step: Step,
    pub(super) folds: Option<usize>,
    pub(super) refit: bool,
    pub(super) labels: &'a [LabelScale],
    /// The iterations to report, of which there is at least one.
    pub(super) grid: &'a [u64],
    pub(super) solver: Solver,
}

/// The final path, its iterates, and the losses on rows that its networks, or those of the folds, have not seen: for
/// each iteration one for each label, in standard units.
pub(super) struct Fitted {
    pub(super) path: Path,
    pub(super) coefficients: Matrix,
    pub(super) validation: Option<Vec<f64>>,
}

impl Fit<'_> {
    /// From the sums of each part.
    pub(super) fn fit(&self, sums: &[Sums], observer: &mut dyn Observer) -> Result<Fitted> {
        if let Some(folds) = self.folds {
            let folds = &sums[..folds];
            let path = self.path(&total(folds)?, observer)?;
            let mut losses = vec![0.0; self.grid.len() * self.labels.len()];
            let mut weight = 0.0;
            for fold in each_fold(folds) {
                let (held, rest) = fold?;
                if held.is_empty() || rest.is_empty() {
                    continue;
                }
                let found = held.losses(&self.path(&rest, observer)?.coefficients(self.grid))?;
                for (sum, loss) in losses.iter_mut().zip(found) {
                    *sum += loss * held.weight;
                }
                weight += held.weight;
            }
            losses.iter_mut().for_each(|l| *l /= weight);
            let coefficients = path.coefficients(self.grid);
            return Ok(Fitted { path, coefficients, validation: Some(losses) });
        }
        let [train, validation] = [Part::Train, Part::Validation].map(|p| &sums[p as usize]);
        let path = self.path(train, observer)?;
        let coefficients = path.coefficients(self.grid);
        let losses = if validation.is_empty() { None } else { Some(validation.losses(&coefficients)?) };
        if !self.refit || validation.is_empty() {
            return Ok(Fitted { path, coefficients, validation: losses });
        }
        let path = self.path(&total(&[train.clone(), validation.clone()])?, observer)?;
        let coefficients = path.coefficients(self.grid);
        Ok(Fitted { path, coefficients, validation: losses })
    }

    fn path(&self, sums: &Sums, observer: &mut dyn Observer) -> Result<Path> {
        let quadratic = Quadratic::from_sums(sums)?;
        let last = self.grid.last().copied().unwrap_or(0);
        Ok(Path::with_solver(&quadratic, self.step, self.solver, last, observer)?)
    }

    /// Means over labels, each in its own unit squared.
    fn mean(&self, losses: &[f64]) -> f64 {
        let terms = losses.iter().zip(units(self.labels)).map(|(l, unit)| l * unit);
        terms.sum::<f64>() / self.labels.len() as f64
    }

    pub(super) fn checkpoints(
        &self,
        path: &Path,
        validation: Option<&[f64]>,
        test: Option<&[f64]>,
    ) -> Vec<Checkpoint> {
        let labels = self.labels.len();
        let at =
            |losses: Option<&[f64]>, i: usize| losses.map(|l| self.mean(&l[i * labels..(i + 1) * labels]));
        let one = |(i, &t): (usize, &u64)| Checkpoint {
            iteration: t,
            loss: self.mean(&path.losses(t)),
            loss_error: Some(self.mean(&path.loss_errors(t))),
            validation_loss: at(validation, i),
            test_loss: at(test, i),
            ..Checkpoint::default()
        };
        self.grid.iter().enumerate().map(one).collect()
    }
}

fn total(parts: &[Sums]) -> Result<Sums> {
    let mut total = parts[0].clone();
    parts[1..].iter().try_for_each(|p| total.add(p))?;
    Ok(total)
}

/// The iteration with the smallest mean over labels in standard units, the first of equals.
pub(super) fn smallest(losses: &[f64], labels: usize) -> usize {
    let means: Vec<f64> = losses.chunks(labels).map(|l| l.iter().sum()).collect();
    let mut best = 0;
    for (i, mean) in means.iter().enumerate() {
        if *mean < means[best] {
            best = i;
        }
    }
    best
}

fn polynomials(
    monomials: &Monomials,
    job: &TableJob,
    sums: &Accumulated,
    test: &Sums,
    labels: &[LabelScale],
) -> Result<Vec<BestPolynomialReport>> {
    let train = match job.folds {
        Some(folds) => total(&sums.monomials[..folds])?,
        None => sums.monomials[Part::Train as usize].clone(),
    };
    Ok(polynomial_reports(&best_polynomials(monomials, &train, test)?, labels))
}

/// How a path was found; `units` bring each label's losses into its unit.
pub(super) fn solver_report(path: &Path, last: u64, units: &[f64]) -> Result<SolverReport> {
    let mean = |side: fn(&(f64, f64)) -> f64, bounds: &[(f64, f64)]| {
        bounds.iter().zip(units).map(|(b, unit)| unit * side(b)).sum::<f64>() / units.len() as f64
    };
    let bounds = path.loss_bounds(last)?;
    let steps = path.lanczos_steps();
    Ok(SolverReport {
        name: if steps.is_some() { Solver::Lanczos } else { Solver::Dense },
        steps,
        prediction_error: Some(path.prediction_error(last)),
        loss_lower: Some(mean(|b| b.0, &bounds)),
        loss_upper: Some(mean(|b| b.1, &bounds)),
    })
}
