//! The whole path on a table: sums over the rows of each part determine the losses at every iteration.

use super::accumulate::{Accumulated, Accumulation};
use super::calibrate::{Calibration, HeldOut, Predicted, SampledRows, smallest_loss};
use super::cost::note_estimate;
use super::left_out::{LeftOut, TrainingRows};
use super::prepare::{TableFindings, TableSubject};
use super::problem::{Problem, units};
use super::validation::{Validation, over_folds, smallest, total};
use super::{grown, polynomials};
use crate::train::method::Course;
use crate::train::method::whole_path::WholePath;
use crate::train::run::TrainingRun;
use crate::train::subject::Method;
use zonal::dynamics::{GradientPath, Step};
use zonal::lift::LabelScale;
use zonal::linalg::Matrix;
use zonal::measure::{Monomials, best_polynomials};
use zonal::network::Network;
use zonal::observer::Observer;
use zonal::risk::Quadratic;
use zonal::rows::{Draw, Part};
use zonal::statistics::Sums;
use zonal_documents::Result;
use zonal_documents::train::Checkpoint;
use zonal_io::model::Units;

impl Method<TableSubject<'_>> for WholePath {
    fn train(
        &self,
        subject: &TableSubject<'_>,
        run: &mut TrainingRun<'_>,
    ) -> Result<(Course, TableFindings)> {
        if let Some(plan) = &subject.growth {
            return grown::train(subject, plan, self, run);
        }
        let Problem { lift, labels, width, .. } = &subject.problem;
        let network = subject.problem.network()?;
        let variables = lift.kept.len();
        let most = polynomials::affordable(*width, subject.survey.covered.rows());
        let monomials = polynomials::at_most(variables, most);
        if monomials.degree() < polynomials::MAX_DEGREE {
            (run.notes)(&format!(
                "best polynomials are computed up to degree {}: the next degree has too many monomials compared with \
                 the width of the network; `analyze` computes higher degrees",
                monomials.degree()
            ));
        }
        let sums = sums(subject, self, &network, &monomials, run)?;
        let validation = Validation::of(subject.job);
        let left_out = match validation {
            Validation::LeaveOneOut => {
                let rows = TrainingRows::read(subject, &network, run.observer)?;
                Some(LeftOut::new(&subject.problem, rows)?)
            }
            _ => None,
        };
        let sample = SampledRows::drawn(&subject.problem, &subject.survey, validation)?;
        let sample = Some(left_out.as_ref().map_or(&sample, |left_out| &left_out.rows));
        let fit = Fit { method: self, validation, labels, sample, left_out: left_out.as_ref() };
        let Fitted { course, validation: losses, calibration, .. } =
            fit.fit(network, &sums.features, run.observer)?;
        let has_validation = subject.job.has_validation() || subject.job.validation_fraction > 0.0;
        if !has_validation && matches!(validation, Validation::Rows { .. }) {
            (run.notes)("no validation rows: the last iteration is used");
        }
        // If the final network is fitted to the validation rows too, these losses are those of other networks.
        let losses = losses.filter(|_| validation.is_refitted());
        let held_out = losses.map(|losses| fit.mean_squares(&losses, course.report.best));
        let (train, test) = (validation.train(&sums.monomials)?, &sums.monomials[validation.parts() - 1]);
        let best_polynomial = polynomials::reports(&best_polynomials(&monomials, &train, test)?, labels);
        Ok((course, TableFindings { best_polynomial, held_out, calibration }))
    }
}

/// Computes the sums over the rows of each part; those over test rows are the last ones.
fn sums(
    subject: &TableSubject<'_>,
    method: &WholePath,
    network: &Network,
    monomials: &Monomials,
    run: &mut TrainingRun<'_>,
) -> Result<Accumulated> {
    let TableSubject { job, source, survey, problem, .. } = subject;
    let validation = Validation::of(job);
    let part = |draw: &Draw| validation.part(&problem.split, draw);
    let accumulation = Accumulation {
        network,
        monomials,
        lift: &problem.lift,
        labels: &problem.labels,
        precision: job.precision,
        parts: validation.parts(),
        split: &problem.split,
        part: &part,
    };
    if let Step::Fixed(_) = method.step {
        method.check_step(&sampled_features(subject, network)?)?;
    }
    note_estimate(&accumulation, survey, &subject.cost(method.grid.len()), method.solver, run.notes)?;
    let identity = subject.identity(&run.config)?;
    let mut sums = accumulation.run(source, survey.covered.rows(), &identity, run)?;
    if let Some(source) = &subject.test_source {
        let all_rows = Accumulation { parts: 1, part: &|_| 0, ..accumulation };
        let test = all_rows.run_once(source, run.observer)?;
        let last = validation.parts() - 1;
        sums.features.splice(last.., test.features);
        sums.monomials.splice(last.., test.monomials);
    }
    Ok(sums)
}

/// The largest number of sampled rows for the check of a fixed step before the pass over all rows.
const STEP_CHECK_ROWS: usize = 512;

/// Computes the features of a few rows, each multiplied by the square root of its relative weight.
fn sampled_features(subject: &TableSubject<'_>, network: &Network) -> Result<Matrix> {
    let sample = &subject.survey.sample;
    let count = sample.len().min(STEP_CHECK_ROWS);
    let rows = sample.select(&(0..count).collect::<Vec<_>>());
    let mut features = network.features(&subject.problem.lift.apply(&rows.features)?)?;
    let mean = (0..count).map(|i| rows.weight(i)).sum::<f64>() / count.max(1) as f64;
    for i in (0..count).filter(|_| !rows.weights.is_empty()) {
        let root = (rows.weight(i) / mean).sqrt();
        features.row_mut(i).iter_mut().for_each(|x| *x *= root);
    }
    Ok(features)
}

/// Computes the path of a table from its sums.
pub(super) struct Fit<'a> {
    pub(super) method: &'a WholePath,
    pub(super) validation: Validation,
    pub(super) labels: &'a [LabelScale],
    /// Sampled rows; None for sums over shards, whose rows are not known.
    pub(super) sample: Option<&'a SampledRows<'a>>,
    /// The rows of leave-one-out.
    pub(super) left_out: Option<&'a LeftOut<'a>>,
}

/// The course of the final network, and losses in standard units: for each iteration one per label.
pub(super) struct Fitted {
    pub(super) course: Course,
    /// On validation rows, folds or rows left out, of networks that were not fitted to them.
    pub(super) validation: Option<Vec<f64>>,
    pub(super) test: Option<Vec<f64>>,
    pub(super) calibration: Option<Calibration>,
}

/// The path of the final network, with what was found on held-out rows.
struct Paths {
    path: GradientPath,
    coefficients: Matrix,
    /// For each iteration one loss for each label.
    validation: Option<Vec<f64>>,
    held_out: HeldOutRows,
}

/// The predictions of held-out rows at all listed iterations.
enum HeldOutRows {
    /// For each group of rows the output coefficients of the network that was not fitted to it; of training rows if there are no
    /// others.
    Networks(Vec<(usize, Matrix)>),
    /// Each by a network of its own.
    Predicted(Predicted),
}

impl Fit<'_> {
    /// Computes the course from the sums over each part, of which the last ones are over the test rows.
    pub(super) fn fit(&self, network: Network, sums: &[Sums], observer: &mut dyn Observer) -> Result<Fitted> {
        let Paths { path, coefficients, validation, held_out } = match self.validation {
            Validation::Folds(folds) => self.by_folds(&sums[..folds], observer)?,
            Validation::LeaveOneOut => self.by_left_out(&sums[Part::Train as usize], observer)?,
            Validation::Rows { refit } => {
                let [train, held_out] = [Part::Train, Part::Validation].map(|p| &sums[p as usize]);
                self.by_rows(train, Some(held_out).filter(|s| !s.is_empty()), refit, observer)?
            }
        };
        let test = sums.get(self.validation.parts() - 1).filter(|s| !s.is_empty());
        let test = test.map(|s| s.losses(&coefficients)).transpose()?;
        let temperatures = match (self.sample, &held_out) {
            (Some(sample), HeldOutRows::Networks(networks)) if sample.is_classified() => {
                sample.temperatures(&sample.all(&held_out_by(networks, &network, Matrix::clone))?)?
            }
            (Some(sample), HeldOutRows::Predicted(predicted)) => sample.temperatures(predicted)?,
            _ => Vec::new(),
        };
        let mut checkpoints = self.checkpoints(&path, validation.as_deref(), test.as_deref());
        let mut best = checkpoints.len().saturating_sub(1);
        if let Some(losses) = &validation {
            checkpoints.iter_mut().zip(&temperatures).for_each(|(c, t)| c.log_loss = Some(t.loss));
            best = match temperatures.as_slice() {
                [] => smallest(losses, self.labels.len()),
                temperatures => smallest_loss(temperatures),
            };
        }
        let labels = self.labels.len();
        let at_best = |all: &Matrix| all.row_range(best * labels, (best + 1) * labels);
        let calibration = match (self.sample, &held_out) {
            (Some(sample), HeldOutRows::Networks(networks)) => {
                let predicted = sample.all(&held_out_by(networks, &network, at_best))?;
                sample.calibration(&predicted, 0, validation.is_some())?
            }
            (Some(sample), HeldOutRows::Predicted(predicted)) => sample.calibration(predicted, best, true)?,
            (None, _) => None,
        };
        let mut course =
            self.method.course(network, &path, coefficients, checkpoints, &units(self.labels))?;
        course.report.best = best;
        Ok(Fitted { course, validation, test, calibration })
    }

    /// Returns the path on all folds, with the losses of cross-validation.
    fn by_folds(&self, folds: &[Sums], observer: &mut dyn Observer) -> Result<Paths> {
        let grid = &self.method.grid;
        let path = self.path(&total(folds)?, observer)?;
        let mut held_out = Vec::new();
        let count = grid.len() * self.labels.len();
        let (mut losses, weight) = over_folds(folds, count, |fold, held, rest| {
            let coefficients = self.path(rest, observer)?.coefficients(grid);
            let losses = held.losses(&coefficients)?;
            held_out.push((fold, coefficients));
            Ok(losses)
        })?;
        losses.iter_mut().for_each(|l| *l /= weight);
        let coefficients = path.coefficients(grid);
        Ok(Paths { path, coefficients, validation: Some(losses), held_out: HeldOutRows::Networks(held_out) })
    }

    /// Returns the path on all rows, with the losses of leave-one-out.
    fn by_left_out(&self, sums: &Sums, observer: &mut dyn Observer) -> Result<Paths> {
        let grid = &self.method.grid;
        let path = self.path(sums, observer)?;
        let coefficients = path.coefficients(grid);
        let found =
            self.left_out.map(|rows| rows.path(&path, self.method.ridge, grid, observer)).transpose()?;
        let (validation, held_out) = match found {
            Some(found) => (Some(found.losses), HeldOutRows::Predicted(found.predicted)),
            None => (None, HeldOutRows::Networks(Vec::new())),
        };
        Ok(Paths { path, coefficients, validation, held_out })
    }

    /// Returns the path on the training rows, or with `refit` on validation rows too, with the losses on the validation rows, if
    /// there are any.
    fn by_rows(
        &self,
        train: &Sums,
        validation: Option<&Sums>,
        refit: bool,
        observer: &mut dyn Observer,
    ) -> Result<Paths> {
        let grid = &self.method.grid;
        let path = self.path(train, observer)?;
        let coefficients = path.coefficients(grid);
        let losses = validation.map(|sums| sums.losses(&coefficients)).transpose()?;
        let part = if validation.is_some() { Part::Validation } else { Part::Train };
        let held_out = HeldOutRows::Networks(vec![(part as usize, coefficients.clone())]);
        match validation {
            Some(validation) if refit => {
                let path = self.path(&total(&[train.clone(), validation.clone()])?, observer)?;
                let coefficients = path.coefficients(grid);
                Ok(Paths { path, coefficients, validation: losses, held_out })
            }
            _ => Ok(Paths { path, coefficients, validation: losses, held_out }),
        }
    }

    fn path(&self, sums: &Sums, observer: &mut dyn Observer) -> Result<GradientPath> {
        self.method.path(Quadratic::from_sums(sums)?, observer)
    }

    /// Converts the losses of each label at one iteration from standard units to the label's unit squared.
    pub(super) fn mean_squares(&self, losses: &[f64], iteration: usize) -> Vec<f64> {
        let labels = self.labels.len();
        let losses = &losses[iteration * labels..(iteration + 1) * labels];
        losses.iter().zip(units(self.labels)).map(|(l, unit)| l * unit).collect()
    }

    fn checkpoints(
        &self,
        path: &GradientPath,
        validation: Option<&[f64]>,
        test: Option<&[f64]>,
    ) -> Vec<Checkpoint> {
        let mean = |losses: &[f64], i: usize| {
            self.mean_squares(losses, i).iter().sum::<f64>() / self.labels.len() as f64
        };
        let checkpoint = |(i, &t): (usize, &u64)| Checkpoint {
            iteration: t,
            loss: mean(&path.losses(t), 0),
            loss_error: Some(mean(&path.loss_errors(t), 0)),
            validation_loss: validation.map(|losses| mean(losses, i)),
            test_loss: test.map(|losses| mean(losses, i)),
            ..Checkpoint::default()
        };
        self.method.grid.iter().enumerate().map(checkpoint).collect()
    }
}

/// Returns networks with the same hidden units that held out groups of rows, with a selection of their output coefficients.
fn held_out_by<'a>(
    networks: &[(usize, Matrix)],
    hidden: &'a Network,
    select: impl Fn(&Matrix) -> Matrix,
) -> Vec<HeldOut<'a>> {
    networks.iter().map(|(group, all)| (*group, Units::Alike(hidden), select(all))).collect()
}
