//! Training on a table: a first reading for moments and a sample, a choice, a second reading for the sums that descent
//! depends on, the whole path from them, and a last reading for the errors on the rows themselves.

use super::accumulate::{Accumulated, Accumulation};
use super::choose::{Candidate, Choice, Question, each_fold};
use super::cost::{Cost, say_estimate};
use super::keep::Keep;
use super::result::{BestPolynomialReport, Checkpoint, LabelErrors, PartRows, SolverReport, TrainReport};
use super::{Notes, Outcome, Place, TrainConfig};
use crate::data::{Data, for_each_block};
use crate::error::{Error, Result};
use crate::number::{Auto, Extended};
use crate::score::{Score, Scorer, root_mean};
use crate::survey::Survey;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use zonal::block::FeatureMap;
use zonal::dynamics::path::{Path, Solver};
use zonal::lift::{LabelScale, Lift};
use zonal::linalg::{Matrix, symmetric_eigen};
use zonal::measure::{Monomials, best_polynomials, monomials};
use zonal::network::Network;
use zonal::observer::{Observer, Silent, Stage, StopReason};
use zonal::risk::Quadratic;
use zonal::rows::{Part, Split};
use zonal::statistics::{Precision, Sums};
use zonal_io::model::{Description, Model, SCHEMA, TableDescription};
use zonal_io::source::Source;

/// A table to learn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableJob {
    /// The files.
    pub data: Data,
    /// The labels' columns.
    pub labels: Vec<String>,
    /// The feature columns; all others if None.
    pub features: Option<Vec<String>>,
    /// Part of the rows for testing.
    pub test_fraction: f64,
    /// Part of the rows for choosing the iteration.
    pub validation_fraction: f64,
    /// Files with the test rows, in place of a part of the data.
    pub test_data: Option<Vec<PathBuf>>,
    /// The bias of the lift.
    pub bias: Auto<f64>,
    /// Choose the iteration over so many folds of the training rows, in place of validation rows.
    pub folds: Option<usize>,
    /// Fit the final network to validation rows too.
    pub refit: bool,
    /// The precision of the features.
    pub precision: Precision,
    /// Seconds between two savings of the sums.
    pub checkpoint_seconds: u64,
}

/// Best polynomials up to this degree, as far as their monomials cost little beside the network.
const POLYNOMIAL_DEGREE: usize = 3;
const FEW_MONOMIALS: usize = 300;
const FEW_ROWS: u64 = 1_000_000;
/// Candidates that get a line of their own.
const MOST_LINES: usize = 8;
/// The most folds.
const MOST_FOLDS: usize = 20;

pub(super) fn run(
    config: &TrainConfig,
    job: &TableJob,
    place: &mut Place,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Outcome> {
    let Extended::Finite(width) = config.width else {
        return Err(Error::Usage("--width inf needs a --target; on a table the width is a number".into()));
    };
    let grid = config.grid()?;
    let split = job.split(config.seed)?;
    // The headers alone tell whether the columns exist: mistakes in names come before any long reading.
    let source = job.data.open(&job.labels, job.features.as_deref())?;
    let test_source = match &job.test_data {
        Some(files) => {
            Some(job.data.with_files(files.clone()).open(&job.labels, Some(source.feature_names()))?)
        }
        None => None,
    };
    let survey = Survey::of(&source, &split, observer)?;
    check_parts(&survey, job)?;
    let [test_rows, test_dropped] = match &test_source {
        Some(source) => count_rows(source, observer)?,
        None => [survey.counts[Part::Test as usize], 0],
    };
    let labels: Vec<LabelScale> = (0..job.labels.len())
        .map(|i| LabelScale::learn(&job.labels[i], &survey.labels, i))
        .collect::<std::result::Result<_, _>>()?;
    let lift = Lift::learn(source.feature_names(), &survey.features, job.bias.given().unwrap_or(1.0))?;
    let dropped_columns = lift.dropped();
    if !dropped_columns.is_empty() {
        notes(&format!("left out, since constant on the training rows: {}", dropped_columns.join(", ")));
    }
    let parts = job.folds.map_or(3, |folds| folds + 1);
    let cost = Cost {
        rows: survey.covered,
        parts,
        columns: lift.kept.len(),
        labels: labels.len(),
        iterates: grid.len(),
        paths: job.folds.map_or(1 + usize::from(job.refit), |folds| folds + 1),
    };
    let resumed = place.existing().is_some();
    let solver = if resumed {
        cost.known_solver(width, config.solver)?
    } else {
        cost.solver(width, config.solver, notes)?
    };
    let width = usize::try_from(width).unwrap_or(usize::MAX);

    let question = Question {
        config,
        bias: job.bias.given(),
        lift: &lift,
        labels: &labels,
        sample: &survey.sample,
        split: &split,
        width,
    };
    let Choice { activation, scale, bias, candidates } = question.choose(observer)?;
    candidates.iter().for_each(|tried| say_candidates(tried, notes));
    let lift = Lift { bias, ..lift };
    let dim = lift.dim()?;
    place.name(config, &activation);

    let network = Network::random(activation.clone(), scale, dim, width, config.seed)?;
    let monomials =
        Monomials::new(lift.kept.len(), polynomial_degree(lift.kept.len(), width, survey.covered));
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
        lift: &lift,
        labels: &labels,
        precision: job.precision,
        parts,
        part: &part,
    };
    check_step_on_sample(config, &accumulation, &survey)?;
    say_estimate(&accumulation, &survey, &cost, solver, notes)?;
    let identity = identity(&source, &lift, &labels, &split, config, job, &activation, scale)?;
    let every = Duration::from_secs(job.checkpoint_seconds);
    // A run that goes on does so with the solver that it began with.
    let begun = TrainConfig { solver, ..config.clone() };
    let mut keep = Keep::new(place, &begun, every, identity);
    let mut sums = accumulation.run(&source, survey.covered, &mut keep, observer, notes)?;
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

    let fit = Fit { config, job, labels: &labels, grid: &grid, solver };
    let Fitted { path, coefficients, validation } = fit.fit(&sums, observer)?;
    let solver_report = SolverReport::of(&path, config.iterations, &units(&labels))?;
    if job.validation_fraction == 0.0 && job.folds.is_none() {
        notes("without validation rows the last iteration is used");
    }
    let test_losses = (test.count > 0).then(|| test.losses(&coefficients));
    let checkpoints = fit.checkpoints(&path, validation.as_deref(), test_losses.as_deref());
    let best = validation.as_deref().map_or(grid.len() - 1, |v| smallest(v, labels.len()));

    let description = Description {
        schema: SCHEMA,
        activation: activation.clone(),
        scale,
        seed: config.seed,
        step_size: path.step(),
        best_iteration: grid[best],
        target: None,
        table: Some(TableDescription { lift, labels: labels.clone(), split }),
    };
    let model = Model { description, network, iterations: grid.clone(), coefficients };
    let scores = score(&model, grid[best], &source, test_source.as_ref(), survey.covered, observer)?;
    let held_out = validation.as_deref().map(|v| {
        let losses = &v[best * labels.len()..(best + 1) * labels.len()];
        losses.iter().zip(units(&labels)).map(|(l, unit)| l * unit).collect::<Vec<f64>>()
    });
    // Networks that never saw the validation rows are others than the final one with --refit and --folds.
    let unseen = job.folds.is_some() || job.refit;
    let validation_squares = if unseen { held_out } else { scores[1].mean_squares() };
    let report = TrainReport {
        schema: SCHEMA,
        run: None,
        stop_reason: StopReason::IterationLimit,
        activation,
        scale,
        bias: Some(bias),
        dim: dim.get(),
        width: config.width,
        iterations: config.iterations,
        step_size: path.step(),
        target: None,
        labels: Some(job.labels.clone()),
        initial_loss: checkpoints.first().map_or(f64::NAN, |c| c.loss),
        loss: checkpoints.last().map_or(f64::NAN, |c| c.loss),
        loss_bound: None,
        target_energy: None,
        invisible_degrees: None,
        learning: None,
        best_polynomial: polynomials(&monomials, job, &sums, &test_monomials, &labels)?,
        best_iteration: grid[best],
        train_rmse: scores[0].rmse(),
        validation_rmse: validation_squares.as_deref().map(root_mean),
        test_rmse: scores[2].rmse(),
        label_errors: Some(label_errors(&labels, &scores, validation_squares.as_deref())),
        solver: Some(solver_report),
        precision: Some(job.precision),
        folds: job.folds,
        refit: Some(job.refit || job.folds.is_some()),
        rows: Some(PartRows {
            train: scores[0].rows(),
            validation: scores[1].rows(),
            test: test_rows,
            dropped: survey.dropped() + test_dropped,
        }),
        dropped_columns: Some(dropped_columns),
        candidates,
        path: checkpoints,
    };
    Ok(Outcome { report, model: Some(model) })
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
    let features = accumulation.network.features(&accumulation.lift.apply(&rows.features)?);
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

/// Says how those did that came into the last round, and between what limits the others lay.
fn say_candidates(tried: &[Candidate], notes: Notes<'_>) {
    let Some(best) = tried.first() else { return };
    let last = tried.iter().take(MOST_LINES).take_while(|c| (c.rows, c.width) == (best.rows, best.width));
    let last = last.count();
    for (i, c) in tried[..last].iter().enumerate() {
        let verdict = if i == 0 { "; chosen" } else { "" };
        notes(&format!(
            "tried {} at scale {:.3}, bias {}: {:.4} of the deviation left on {} rows, width {}{verdict}",
            c.activation, c.scale, c.bias, c.relative_rmse, c.rows, c.width
        ));
    }
    let others = tried[last..].iter().map(|c| c.relative_rmse);
    let (low, high) = others.fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), x| (l.min(x), h.max(x)));
    if last < tried.len() {
        notes(&format!(
            "tried {} others, which left {low:.4} to {high:.4}; --format json lists them",
            tried.len() - last
        ));
    }
}

impl TableJob {
    /// How rows are split. With folds there are no validation rows.
    fn split(&self, seed: u64) -> Result<Split> {
        if let Some(folds) = self.folds
            && !(2..=MOST_FOLDS).contains(&folds)
        {
            return Err(zonal::Error::parameter("--folds", folds, format!("from 2 to {MOST_FOLDS}")).into());
        }
        let test = if self.test_data.is_some() { 0.0 } else { self.test_fraction };
        let validation = if self.folds.is_some() { 0.0 } else { self.validation_fraction };
        Ok(Split::new(seed, validation, test)?)
    }
}

/// Reads the test rows, so that their faults are found before the work; how many there are, and how many were left out.
fn count_rows(source: &Source, observer: &mut dyn Observer) -> Result<[u64; 2]> {
    let (mut rows, mut covered) = (0, 0);
    for_each_block(source, Stage::Reading, 0, observer, |block| {
        rows += block.len() as u64;
        covered = block.covered.end;
        Ok(())
    })?;
    if rows == 0 {
        let total = covered as usize;
        return Err(zonal::Error::TooFewRows { part: Part::Test.name(), found: 0, required: 1, total }.into());
    }
    Ok([rows, covered - rows])
}

/// Every part that was asked for needs rows, and training needs two.
fn check_parts(survey: &Survey, job: &TableJob) -> Result<()> {
    let total = survey.rows() as usize;
    if total == 0 {
        let message = format!("all {} rows lack a value, so none is left", survey.dropped());
        let path = job.data.files.first().cloned().unwrap_or_default();
        return Err(zonal_io::Error::Table { path, row: None, column: None, message }.into());
    }
    let [train, validation, test] = survey.counts.map(|n| n as usize);
    let few =
        |part, found, required| Err(Error::Core(zonal::Error::TooFewRows { part, found, required, total }));
    let needed = job.folds.map_or(2, |folds| 2 * folds);
    if train < needed {
        return few(Part::Train.name(), train, needed);
    }
    if job.validation_fraction > 0.0 && job.folds.is_none() && validation == 0 {
        return few(Part::Validation.name(), 0, 1);
    }
    if job.test_fraction > 0.0 && job.test_data.is_none() && test == 0 {
        return few(Part::Test.name(), 0, 1);
    }
    Ok(())
}

/// The highest degree whose monomials cost little: by themselves, or on a long table beside the network, whose sums take
/// a time that grows with the square of the width.
fn polynomial_degree(variables: usize, width: usize, rows: u64) -> usize {
    let most = if rows <= FEW_ROWS { FEW_MONOMIALS.max(width / 7) } else { width / 7 };
    (0..=POLYNOMIAL_DEGREE).rev().find(|&k| monomials(variables, k).is_some_and(|n| n <= most)).unwrap_or(0)
}

/// Everything that decides the sums beside the rows, and the sizes of the files.
#[expect(clippy::too_many_arguments, reason = "each of them decides the sums")]
fn identity(
    source: &Source,
    lift: &Lift,
    labels: &[LabelScale],
    split: &Split,
    config: &TrainConfig,
    job: &TableJob,
    activation: &zonal::activation::Activation,
    scale: f64,
) -> Result<String> {
    let sizes: Vec<u64> = source.files().map(|f| std::fs::metadata(f).map_or(0, |m| m.len())).collect();
    let all = (sizes, lift, labels, split, config.width, activation, scale, job.folds, job.precision);
    serde_json::to_string(&all).map_err(|e| Error::Usage(e.to_string()))
}

/// Squares of the labels' deviations: what a loss in standard units is multiplied by.
fn units(labels: &[LabelScale]) -> Vec<f64> {
    labels.iter().map(|l| l.deviation * l.deviation).collect()
}

/// The path of a table from its sums.
struct Fit<'a> {
    config: &'a TrainConfig,
    job: &'a TableJob,
    labels: &'a [LabelScale],
    grid: &'a [u64],
    solver: Solver,
}

/// The final path, its iterates, and the losses on rows that its networks, or those of the folds, have not seen: for
/// each iteration one for each label, in standard units.
struct Fitted {
    path: Path,
    coefficients: Matrix,
    validation: Option<Vec<f64>>,
}

impl Fit<'_> {
    fn fit(&self, sums: &Accumulated, observer: &mut dyn Observer) -> Result<Fitted> {
        if let Some(folds) = self.job.folds {
            let folds = &sums.features[..folds];
            let path = self.path(&total(folds), observer)?;
            let mut losses = vec![0.0; self.grid.len() * self.labels.len()];
            let mut count = 0;
            for (held, rest) in each_fold(folds) {
                if held.count == 0 || rest.count == 0 {
                    continue;
                }
                let found = held.losses(&self.path(&rest, observer)?.coefficients(self.grid));
                for (sum, loss) in losses.iter_mut().zip(found) {
                    *sum += loss * held.count as f64;
                }
                count += held.count;
            }
            losses.iter_mut().for_each(|l| *l /= count as f64);
            let coefficients = path.coefficients(self.grid);
            return Ok(Fitted { path, coefficients, validation: Some(losses) });
        }
        let [train, validation] = [Part::Train, Part::Validation].map(|p| &sums.features[p as usize]);
        let path = self.path(train, observer)?;
        let coefficients = path.coefficients(self.grid);
        let losses = (validation.count > 0).then(|| validation.losses(&coefficients));
        if !self.job.refit || validation.count == 0 {
            return Ok(Fitted { path, coefficients, validation: losses });
        }
        let path = self.path(&total(&[train.clone(), validation.clone()]), observer)?;
        let coefficients = path.coefficients(self.grid);
        Ok(Fitted { path, coefficients, validation: losses })
    }

    fn path(&self, sums: &Sums, observer: &mut dyn Observer) -> Result<Path> {
        let quadratic = Quadratic::from_sums(sums)?;
        let last = self.config.iterations;
        Ok(Path::with_solver(&quadratic, self.config.step(), self.solver, last, observer)?)
    }

    /// Means over labels, each in its own unit squared.
    fn mean(&self, losses: &[f64]) -> f64 {
        let terms = losses.iter().zip(units(self.labels)).map(|(l, unit)| l * unit);
        terms.sum::<f64>() / self.labels.len() as f64
    }

    fn checkpoints(&self, path: &Path, validation: Option<&[f64]>, test: Option<&[f64]>) -> Vec<Checkpoint> {
        let labels = self.labels.len();
        let at =
            |losses: Option<&[f64]>, i: usize| losses.map(|l| self.mean(&l[i * labels..(i + 1) * labels]));
        let one = |(i, &t): (usize, &u64)| Checkpoint {
            iteration: t,
            loss: self.mean(&path.losses(t)),
            validation_loss: at(validation, i),
            test_loss: at(test, i),
            tail_energy: None,
            degrees: None,
        };
        self.grid.iter().enumerate().map(one).collect()
    }
}

fn total(parts: &[Sums]) -> Sums {
    let mut total = parts[0].clone();
    parts[1..].iter().for_each(|p| total.add(p));
    total
}

/// The iteration with the smallest mean over labels in standard units, the first of equals.
fn smallest(losses: &[f64], labels: usize) -> usize {
    let means: Vec<f64> = losses.chunks(labels).map(|l| l.iter().sum()).collect();
    let mut best = 0;
    for (i, mean) in means.iter().enumerate() {
        if *mean < means[best] {
            best = i;
        }
    }
    best
}

/// Errors on the rows of each part, by the code that `predict` uses: the same bits.
fn score(
    model: &Model,
    iteration: u64,
    source: &Source,
    test_source: Option<&Source>,
    total: u64,
    observer: &mut dyn Observer,
) -> Result<[Score; 3]> {
    let mut scores = <[Score; 3]>::default();
    let Some(table) = &model.description.table else { return Ok(scores) };
    let Ok(coefficients) = model.coefficients_at(iteration) else { return Ok(scores) };
    let scorer = Scorer::new(model, table, coefficients);
    for_each_block(source, Stage::Scoring, total, observer, |rows| {
        let parts = rows.by_part(&table.split);
        scores.iter_mut().zip(&parts).try_for_each(|(score, rows)| score.add(&scorer, rows))
    })?;
    if let Some(source) = test_source {
        let test = &mut scores[Part::Test as usize];
        for_each_block(source, Stage::Scoring, 0, &mut Silent, |rows| test.add(&scorer, &rows))?;
    }
    Ok(scores)
}

fn label_errors(
    labels: &[LabelScale],
    scores: &[Score; 3],
    validation_squares: Option<&[f64]>,
) -> Vec<LabelErrors> {
    let root = |squares: Option<&[f64]>, i: usize| squares.map(|s| s[i].sqrt());
    let [train, _, test] = scores.each_ref().map(Score::mean_squares);
    let one = |(i, label): (usize, &LabelScale)| LabelErrors {
        label: label.name.clone(),
        train_rmse: root(train.as_deref(), i),
        validation_rmse: root(validation_squares, i),
        test_rmse: root(test.as_deref(), i),
    };
    labels.iter().enumerate().map(one).collect()
}

fn polynomials(
    monomials: &Monomials,
    job: &TableJob,
    sums: &Accumulated,
    test: &Sums,
    labels: &[LabelScale],
) -> Result<Vec<BestPolynomialReport>> {
    let train = match job.folds {
        Some(folds) => total(&sums.monomials[..folds]),
        None => sums.monomials[Part::Train as usize].clone(),
    };
    let units = units(labels);
    let mean = |errors: &[f64]| {
        errors.iter().zip(&units).map(|(e, unit)| e * unit).sum::<f64>() / labels.len() as f64
    };
    let fits = best_polynomials(monomials, &train, test)?;
    let one = |fit: &zonal::measure::BestPolynomial| BestPolynomialReport {
        degree: fit.degree,
        monomials: Some(fit.monomials),
        rank: Some(fit.rank),
        error: mean(&fit.errors),
        test_error: fit.test_errors.as_deref().map(mean),
    };
    // Degree 0 is the mean of the labels, which the untrained network predicts.
    Ok(fits.iter().skip(1).map(one).collect())
}

impl SolverReport {
    /// How a path was found; `units` bring each label's losses into its unit.
    pub(super) fn of(path: &Path, last: u64, units: &[f64]) -> Result<Self> {
        let Some(steps) = path.lanczos_steps() else {
            let none = None;
            return Ok(Self {
                name: Solver::Dense,
                steps: None,
                prediction_error: none,
                loss_lower: none,
                loss_upper: none,
            });
        };
        let mean = |side: fn(&(f64, f64)) -> f64, bounds: &[(f64, f64)]| {
            bounds.iter().zip(units).map(|(b, unit)| unit * side(b)).sum::<f64>() / units.len() as f64
        };
        let bounds = path.loss_bounds(last)?.map(|b| (mean(|b| b.0, &b), mean(|b| b.1, &b)));
        Ok(Self {
            name: Solver::Lanczos,
            steps: Some(steps),
            prediction_error: Some(path.prediction_error(last)),
            loss_lower: bounds.map(|b| b.0),
            loss_upper: bounds.map(|b| b.1),
        })
    }
}
