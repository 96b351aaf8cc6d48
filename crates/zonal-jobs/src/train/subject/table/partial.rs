//! Training on a table in several pieces: the sums over each piece can be computed anywhere and in any order, and the
//! merged sums give the whole path.

use super::accumulate::Prepared;
use super::cost::Cost;
use super::problem::{Draft, Problem};
use super::validation::Validation;
use super::whole_path::{Fit, Fitted};
use crate::coverage::Coverage;
use crate::data::for_each_prepared;
use crate::memory::{check_need, needed};
use crate::record::json;
use crate::survey::{Survey, standardise_labels};
use crate::train::method::whole_path::WholePath;
use crate::train::trained::{Notes, Trained, check_finite};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::network::Network;
use zonal::observer::{Observer, Stage};
use zonal::rows::{Part, Rows};
use zonal::statistics::{Precision, Statistics};
use zonal_documents::options::FOLDS;
use zonal_documents::train::{
    FitConfig, PartRows, SubjectReport, TableJob, TableReport, TrainConfig, TrainReport, grid,
};
use zonal_documents::{Error, Result};
use zonal_io::source::Source;
use zonal_io::statistics::{Shape, from_bytes, to_bytes};

/// The sums over some rows of a table for a given problem. Sums over disjoint rows can be merged. The result depends on
/// the rows and, through rounding, on how they are divided into pieces.
#[derive(Clone, Debug)]
pub struct PartialSums {
    problem: Arc<Problem>,
    network: Arc<Network>,
    statistics: Statistics,
    shape: Shape,
    covered: Coverage,
    /// The number of training, validation and test rows, without dropped rows.
    counts: [u64; 3],
}

/// The description of serialised sums.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    problem: Problem,
    covered: Coverage,
    counts: [u64; 3],
}

/// Returns the number of parts of the split that have rows.
fn parts(problem: &Problem) -> usize {
    if problem.split.has_test() { 3 } else { 2 }
}

impl PartialSums {
    /// Creates empty sums for a table like the surveyed one. Unspecified options are selected by trials on the survey's
    /// sample.
    ///
    /// # Errors
    /// [`Error::Usage`] for folds, which need the whole table at once, and for an infinite width; [`Error::Memory`];
    /// [`zonal::Error`] for columns and labels without a usable deviation.
    pub fn choose(
        config: &TrainConfig,
        job: &TableJob,
        columns: &[String],
        survey: &Survey,
        observer: &mut dyn Observer,
        notes: Notes<'_>,
    ) -> Result<Self> {
        if job.folds.is_some() {
            return Err(Error::Usage(format!(
                "{FOLDS} cannot be used with partial sums, since it needs the whole table at once"
            )));
        }
        let draft = Draft::learn(config, job, columns, survey, notes)?;
        let cost = Cost::new(survey, &draft.lift, job, config.grid()?.len());
        cost.solver(draft.width as u64, config.solver, notes)?;
        let problem = draft.choose(config, job, &survey.sample, observer, notes)?;
        Self::empty(problem, job.precision)
    }

    fn empty(problem: Problem, precision: Precision) -> Result<Self> {
        let network = problem.network()?;
        let shape =
            Shape { width: problem.width, labels: problem.labels.len(), parts: parts(&problem), precision };
        Ok(Self::of(Arc::new(problem), Arc::new(network), shape))
    }

    fn of(problem: Arc<Problem>, network: Arc<Network>, shape: Shape) -> Self {
        let statistics = Statistics::new(shape.width, shape.labels, shape.parts, shape.precision);
        Self { problem, network, statistics, shape, covered: Coverage::default(), counts: [0; 3] }
    }

    /// Returns empty sums for the same problem.
    pub fn without_rows(&self) -> Self {
        Self::of(Arc::clone(&self.problem), Arc::clone(&self.network), self.shape)
    }

    /// Returns the problem.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Returns the number of rows that were added, including dropped rows.
    pub fn rows(&self) -> u64 {
        self.covered.rows()
    }

    /// Returns the smallest row number, counted from 0, that was not added.
    pub fn next_row(&self) -> u64 {
        self.covered.next_row()
    }

    /// Adds all rows of a source, whose row numbers refer to the whole table. An error leaves the sums unchanged.
    ///
    /// # Errors
    /// Errors of reading; [`zonal::Error::Size`] for another number of columns or labels; [`zonal::Error::Parameter`]
    /// for rows that were added before; [`zonal::Error::Stopped`] if the observer requests a stop.
    pub fn add(&mut self, source: &Source, observer: &mut dyn Observer) -> Result<()> {
        let (problem, network) = (&*self.problem, &*self.network);
        if source.label_names().len() != problem.labels.len() {
            let (found, required) = (source.label_names().len(), problem.labels.len());
            return Err(zonal::Error::Size { what: "labels of a row".into(), found, required }.into());
        }
        let mut piece = self.without_rows().statistics;
        let mut covered = Coverage::default();
        let mut counts = self.counts;
        let prepare = |rows: &Rows| {
            let parts: Vec<usize> =
                problem.split.parts(&rows.numbers).into_iter().map(|p| p as usize).collect();
            let labels = standardise_labels(&problem.labels, &rows.labels);
            Prepared::new(rows, &parts, &labels, 0, &|features| Ok(problem.lift.apply(features)?))
        };
        for_each_prepared(source, Stage::Statistics, 0, observer, prepare, |rows, prepared| {
            covered.add(rows.covered.start, rows.covered.end)?;
            problem.split.parts(&rows.numbers).into_iter().for_each(|part| counts[part as usize] += 1);
            prepared.map_or(Ok(()), |rows| rows.add_to(&mut piece, network))
        })?;
        piece.close(network)?;
        let covered = self.covered.merge(&covered)?;
        self.statistics.absorb(piece)?;
        (self.covered, self.counts) = (covered, counts);
        Ok(())
    }

    /// Returns the sums over the rows of both.
    ///
    /// # Errors
    /// [`Error::Usage`] for sums of another problem, and for rows that are included in both.
    pub fn merge(&self, other: &Self) -> Result<Self> {
        if self.shape != other.shape || self.problem != other.problem {
            let message = "the sums belong to another network or to other columns, labels or options; merge only sums \
                           that start from the same choice of options";
            return Err(Error::Usage(message.into()));
        }
        let covered = self.covered.merge(&other.covered)?;
        let statistics = self.statistics.clone().merge(other.statistics.clone())?;
        let counts = [0, 1, 2].map(|i| self.counts[i] + other.counts[i]);
        Ok(Self { statistics, covered, counts, ..self.clone() })
    }

    /// Serialises the sums and their problem.
    ///
    /// # Errors
    /// [`Error::Usage`] for an activation given as code, which cannot be serialised.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        if matches!(self.problem.activation, Activation::Function(_)) {
            let message =
                "an activation given as code cannot be serialised; specify it as an expression in t";
            return Err(Error::Usage(message.into()));
        }
        let (problem, covered) = ((*self.problem).clone(), self.covered.clone());
        let identity = Identity { problem, covered, counts: self.counts };
        let text = json(&identity)?;
        Ok(to_bytes(&self.statistics, self.shape, &text)?)
    }

    /// Deserialises sums. The network is drawn again from the seed.
    ///
    /// # Errors
    /// [`zonal_io::Error::Model`] for bytes that are damaged or were not written by zonal.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let broken = |message: String| zonal_io::Error::Model { path: "statistics".into(), message };
        let (statistics, shape, text) = from_bytes(bytes, None)?;
        let identity: Identity = serde_json::from_str(&text)
            .map_err(|e| broken(format!("it does not hold partial sums of a table ({e})")))?;
        let Identity { problem, covered, counts } = identity;
        problem.table().check().map_err(broken)?;
        let of_problem =
            Shape { width: problem.width, labels: problem.labels.len(), parts: parts(&problem), ..shape };
        if of_problem != shape {
            return Err(broken("the sizes of its sums do not match its network".into()).into());
        }
        let counted = counts.iter().try_fold(0u64, |sum, count| sum.checked_add(*count));
        if counted.is_none_or(|counted| counted > covered.rows()) {
            return Err(broken("it counts more rows than it covers".into()).into());
        }
        // Memory for the network; empty sums need less memory than they do once rows are added.
        let dim = problem.lift.dim()?.get();
        check_need(problem.width as u64, |m| needed(m, 1, 16 * dim))?;
        let empty = Self::empty(problem, shape.precision)?;
        Ok(Self { statistics, covered, counts, ..empty })
    }

    /// Returns the same sums with an activation given as code, which the bytes do not hold.
    ///
    /// # Errors
    /// As [`Problem::network`].
    pub fn with_activation(&self, activation: Activation) -> Result<Self> {
        let mut problem = (*self.problem).clone();
        // A specified activation is also that of every candidate.
        problem.candidates.iter_mut().flatten().for_each(|c| c.activation = activation.clone());
        problem.activation = activation;
        let network = Arc::new(problem.network()?);
        Ok(Self { problem: Arc::new(problem), network, ..self.clone() })
    }

    /// Computes the path on all rows that were added, with the best iteration by the validation rows, and the network.
    ///
    /// # Errors
    /// [`zonal::Error::TooFewRows`] for fewer than two training rows; [`zonal::Error::Parameter`] for an unstable step;
    /// [`Error::Memory`].
    pub fn fit(&self, config: &FitConfig, observer: &mut dyn Observer, notes: Notes<'_>) -> Result<Trained> {
        let problem = &*self.problem;
        let labels = &problem.labels;
        let [train, validation, test] = self.counts;
        if train < 2 {
            let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
            let (part, found, total) = (Part::Train.name(), size(train), size(self.rows()));
            return Err(zonal::Error::TooFewRows { part, found, required: 2, total }.into());
        }
        let grid = grid(config.iterations, config.at.as_deref())?;
        let choice = Validation::Rows { refit: config.refit };
        let cost = Cost {
            rows: self.rows(),
            columns: problem.lift.kept.len(),
            labels: labels.len(),
            iterates: grid.len(),
            validation: choice,
        };
        let solver = cost.solver(problem.width as u64, config.solver, notes)?;
        let method = WholePath { step: config.step, solver, grid };
        let fit = Fit { method: &method, validation: choice, labels };
        let sums = self.statistics.parts();
        let Fitted { course, validation: held_out, test: of_test } =
            fit.fit((*self.network).clone(), &sums, observer)?;
        let network = problem.report_of_network()?;
        let origin = (None, Some(problem.table()));
        let (course, model) = course.into_model(&network, problem.seed, origin);
        let of_train =
            model.as_ref().map(|m| sums[Part::Train as usize].losses(&m.coefficients)).transpose()?;
        let at_best = |losses: Option<Vec<f64>>| losses.map(|l| fit.mean_squares(&l, course.best));
        let squares = [of_train, held_out, of_test].map(at_best);
        let dropped = self.rows() - (train + validation + test);
        let rows = PartRows { train, validation, test, dropped };
        let table = problem.report(squares.each_ref().map(Option::as_deref), rows, self.shape.precision);
        let table = TableReport { refit: config.refit, ..table };
        let report = TrainReport::new(network, course, SubjectReport::Table(table));
        check_finite(Trained { report, model, test_rows: Vec::new() })
    }
}
