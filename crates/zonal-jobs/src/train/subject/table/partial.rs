//! Training on a table in several pieces: the sums over each piece can be computed anywhere and in any order, and the
//! merged sums give the whole path.

use super::accumulate::Prepared;
use super::cost::Cost;
use super::grown_path::GrownPaths;
use super::growth::{GrowthPlan, HoldOut};
use super::problem::{Draft, Problem};
use super::validation::Validation;
use super::whole_path::{Fit, Fitted};
use crate::coverage::Coverage;
use crate::data::for_each_prepared;
use crate::survey::{Survey, standardise_labels};
use crate::train::grown_layers::GrownLayers;
use crate::train::method::Course;
use crate::train::method::whole_path::WholePath;
use crate::train::trained::{Notes, Trained, check_finite};
use rayon::prelude::*;
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::network::{Mixed, Network};
use zonal::observer::{Observer, Stage};
use zonal::rows::{Part, Rows};
use zonal::statistics::{Precision, Statistics, Sums};
use zonal_documents::options::{FOLDS, REFIT, RIDGE, TEST_FRACTION};
use zonal_documents::train::{
    FitConfig, NetworkReport, PartRows, Stop, SubjectReport, TableJob, TableReport, TrainConfig, TrainReport,
    grid,
};
use zonal_documents::{Error, Result};
use zonal_io::source::Source;
use zonal_io::statistics::Shape;

/// The sums over some rows of a table for a given problem. Sums over disjoint rows can be merged. The result depends on
/// the rows and, through rounding, on how they are divided into pieces.
#[derive(Clone, Debug)]
pub struct PartialSums {
    pub(super) problem: Arc<Problem>,
    pub(super) units: Arc<Units>,
    /// One for each network.
    pub(super) statistics: Vec<Statistics>,
    pub(super) precision: Precision,
    pub(super) covered: Coverage,
    /// The number of training, validation and test rows, without dropped rows.
    pub(super) counts: [u64; 3],
}

/// The hidden units.
#[derive(Debug)]
pub(super) enum Units {
    /// The network that the seed of the problem draws.
    Drawn(Network),
    /// Networks that were grown on the sample of a survey, each without one fold.
    Grown(GrownLayers),
}

/// Returns the number of parts of the rows for one network.
pub(super) fn parts(problem: &Problem, units: &Units) -> usize {
    match units {
        Units::Drawn(_) if problem.split.has_test() => 3,
        _ => 2,
    }
}

impl PartialSums {
    /// Creates empty sums for a table like the surveyed one. Unspecified options are selected by trials on the survey's
    /// sample; on it hidden units are grown too, if that is requested.
    ///
    /// # Errors
    /// [`Error::Usage`] for folds of drawn units, which need the whole table at once, for test rows of grown units, and for an
    /// infinite width; [`Error::Memory`]; [`zonal::Error`] for columns and labels without a usable deviation.
    pub fn choose(
        config: &TrainConfig,
        job: &TableJob,
        columns: &[String],
        survey: &Survey,
        observer: &mut dyn Observer,
        notes: Notes<'_>,
    ) -> Result<Self> {
        let draft = Draft::learn(config, job, [columns, &job.labels], survey, notes)?;
        if let Some(plan) = GrowthPlan::new(config, job, columns, survey, notes)? {
            if draft.split.has_test() {
                return Err(Error::Usage(format!(
                    "{TEST_FRACTION} cannot be used with partial sums of grown units: the error of the mean of their networks \
                     does not follow from the sums; predict rows that were left out"
                )));
            }
            plan.check_memory(survey.sample.len())?;
            let problem = plan.problem(draft);
            let units = Units::Grown(plan.grow(&survey.sample, &problem, columns, observer)?);
            return Ok(Self::of(Arc::new(problem), Arc::new(units), job.precision));
        }
        if job.folds.is_some() {
            return Err(Error::Usage(format!(
                "{FOLDS} cannot be used with partial sums of drawn units, since it needs the whole table at once"
            )));
        }
        let cost = Cost::new(survey, &draft.lift, job, config.grid()?.len());
        cost.solver(draft.width as u64, config.solver, notes)?;
        let problem = draft.choose(config, job, &survey.sample, observer, notes)?;
        Self::drawn(problem, job.precision)
    }

    /// Creates empty sums of drawn units.
    pub(super) fn drawn(problem: Problem, precision: Precision) -> Result<Self> {
        let units = Units::Drawn(problem.network()?);
        Ok(Self::of(Arc::new(problem), Arc::new(units), precision))
    }

    pub(super) fn of(problem: Arc<Problem>, units: Arc<Units>, precision: Precision) -> Self {
        let empty = |s: Shape| Statistics::new(s.width, s.labels, s.parts, s.precision);
        let statistics = shapes(&problem, &units, precision).into_iter().map(empty).collect();
        Self { problem, units, statistics, precision, covered: Coverage::default(), counts: [0; 3] }
    }

    /// Returns empty sums for the same problem.
    pub fn without_rows(&self) -> Self {
        Self::of(Arc::clone(&self.problem), Arc::clone(&self.units), self.precision)
    }

    /// Returns the problem.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Returns whether hidden units are grown.
    pub fn is_grown(&self) -> bool {
        matches!(*self.units, Units::Grown(_))
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
        let (problem, units) = (&*self.problem, &*self.units);
        if source.label_names().len() != problem.labels.len() {
            let (found, required) = (source.label_names().len(), problem.labels.len());
            return Err(zonal::Error::Size { what: "labels of a row".into(), found, required }.into());
        }
        let mut pieces = self.without_rows().statistics;
        let mut covered = Coverage::default();
        let mut counts = self.counts;
        let prepare = |rows: &Rows| {
            let parts: Vec<usize> = rows.parts(&problem.split).into_iter().map(|p| p as usize).collect();
            let labels = standardise_labels(&problem.labels, &rows.labels);
            Prepared::new(rows, &parts, &labels, 0, &|features| match units {
                Units::Drawn(_) => Ok(problem.lift.apply(features)?),
                Units::Grown(grown) => Ok(grown.columns.apply(features)?),
            })
        };
        for_each_prepared(source, Stage::Statistics, 0, observer, prepare, |rows, prepared| {
            covered.add(rows.covered.start, rows.covered.end)?;
            rows.parts(&problem.split).into_iter().for_each(|part| counts[part as usize] += 1);
            prepared.map_or(Ok(()), |prepared| units.add(&prepared, &rows.numbers, problem, &mut pieces))
        })?;
        units.close(&mut pieces)?;
        let covered = self.covered.merge(&covered)?;
        for (own, piece) in self.statistics.iter_mut().zip(pieces) {
            own.absorb(piece)?;
        }
        (self.covered, self.counts) = (covered, counts);
        Ok(())
    }

    /// Returns the sums over the rows of both.
    ///
    /// # Errors
    /// [`Error::Usage`] for sums of another problem, and for rows that are included in both.
    pub fn merge(&self, other: &Self) -> Result<Self> {
        let is_same = Arc::ptr_eq(&self.units, &other.units) || self.units.is_same(&other.units);
        if !is_same || self.precision != other.precision || self.problem != other.problem {
            let message = "the sums belong to another network or to other columns, labels or options; merge only sums \
                           that start from the same choice of options";
            return Err(Error::Usage(message.into()));
        }
        let covered = self.covered.merge(&other.covered)?;
        let pairs = self.statistics.iter().zip(&other.statistics);
        let statistics = pairs.map(|(a, b)| a.clone().merge(b.clone())).collect::<zonal::Result<_>>()?;
        let counts = [0, 1, 2].map(|i| self.counts[i] + other.counts[i]);
        Ok(Self { statistics, covered, counts, ..self.clone() })
    }

    /// Returns the same sums with an activation given as code, which the bytes do not hold.
    ///
    /// # Errors
    /// As [`Problem::network`]; [`Error::Usage`] for grown units, whose activations are always named.
    pub fn with_activation(&self, activation: Activation) -> Result<Self> {
        if self.is_grown() {
            return Err(Error::Usage("grown units have no activation given as code".into()));
        }
        let mut problem = (*self.problem).clone();
        // A specified activation is also that of every candidate.
        problem.candidates.iter_mut().flatten().for_each(|c| c.activation = activation.clone());
        problem.activation = activation;
        let units = Arc::new(Units::Drawn(problem.network()?));
        Ok(Self { problem: Arc::new(problem), units, ..self.clone() })
    }

    /// Computes the path on all rows that were added, with the best iteration by the validation rows or folds, and the network.
    ///
    /// # Errors
    /// [`zonal::Error::TooFewRows`] for fewer than two training rows, and for a fold without rows; [`zonal::Error::Parameter`]
    /// for an unstable step; [`Error::Usage`] for `refit` with grown units; [`Error::Memory`].
    pub fn fit(&self, config: &FitConfig, observer: &mut dyn Observer, notes: Notes<'_>) -> Result<Trained> {
        let problem = &*self.problem;
        let [train, validation, test] = self.counts;
        if train < 2 {
            return Err(self.too_few(Part::Train, train, 2));
        }
        let (Path { course, squares }, network) = match &*self.units {
            Units::Drawn(network) => {
                (self.drawn_path(network, config, observer, notes)?, problem.report_of_network()?)
            }
            Units::Grown(grown) => {
                let dim = grown.columns.width() as u64;
                (
                    self.grown_path(grown, config, observer)?,
                    NetworkReport { dim, ..problem.report_of_network()? },
                )
            }
        };
        let (course, model) =
            course.into_model(&network, problem.seed, (None, Some(problem.table(None, None))));
        let dropped = self.rows() - (train + validation + test);
        let rows = PartRows { train, validation, test, dropped };
        let table = problem.report(squares.each_ref().map(Option::as_deref), rows, self.precision);
        let table = match self.is_grown() {
            false => {
                let stop = squares[1].as_ref().map(|_| Stop::Validation);
                TableReport { refit: config.refit, stop, ridge: Some(config.ridge), ..table }
            }
            true => TableReport {
                bias: None,
                normalised: None,
                stop: Some(Stop::Folds),
                folds: Some(self.statistics.len()),
                ..table
            },
        };
        let report = TrainReport::new(network, course, SubjectReport::Table(Box::new(table)));
        check_finite(Trained::new(report, model, Vec::new()))
    }

    fn too_few(&self, part: Part, found: u64, required: usize) -> Error {
        let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        let (part, found, total) = (part.name(), size(found), size(self.rows()));
        zonal::Error::TooFewRows { part, found, required, total }.into()
    }

    fn drawn_path(
        &self,
        network: &Network,
        config: &FitConfig,
        observer: &mut dyn Observer,
        notes: Notes<'_>,
    ) -> Result<Path> {
        let labels = &self.problem.labels;
        let grid = grid(config.iterations, config.at.as_deref())?;
        let validation = Validation::Rows { refit: config.refit };
        let cost = Cost {
            rows: self.rows(),
            columns: self.problem.lift.kept.len(),
            labels: labels.len(),
            iterates: grid.len(),
            validation,
        };
        let solver = cost.solver(self.problem.width as u64, config.solver, notes)?;
        let method = WholePath { step: config.step, solver, grid, ridge: config.ridge };
        let fit = Fit { method: &method, validation, labels, sample: None, left_out: None };
        let sums = self.statistics[0].parts();
        let Fitted { course, validation: held_out, test, .. } = fit.fit(network.clone(), &sums, observer)?;
        let at_best = |losses: Option<Vec<f64>>| losses.map(|l| fit.mean_squares(&l, course.report.best));
        let coefficients = course.network.as_ref().map(|(_, coefficients)| coefficients);
        let of_train = coefficients.map(|c| sums[Part::Train as usize].losses(c)).transpose()?;
        let squares = [of_train, held_out, test].map(at_best);
        Ok(Path { course, squares })
    }

    fn grown_path(
        &self,
        grown: &GrownLayers,
        config: &FitConfig,
        observer: &mut dyn Observer,
    ) -> Result<Path> {
        if config.refit {
            let message =
                format!("{REFIT} cannot be used with grown units, each of whose networks holds out one fold");
            return Err(Error::Usage(message));
        }
        if config.ridge != 0.0 {
            return Err(Error::Usage(format!("{RIDGE} is for drawn units; grown units have none")));
        }
        let grid = grid(config.iterations, config.at.as_deref())?;
        let method = WholePath { step: config.step, solver: config.solver, grid, ridge: 0.0 };
        let sums: Vec<Vec<Sums>> = self.statistics.iter().map(Statistics::parts).collect();
        if sums.iter().any(|parts| parts.iter().any(Sums::is_empty)) {
            return Err(self.too_few(Part::Validation, 0, 1));
        }
        let hold_out = HoldOut { networks: sums.len(), is_shared: false };
        let paths = GrownPaths::new(&sums, &method, &self.problem.labels, None, hold_out, observer)?;
        // The errors of the mean of the networks do not follow from the sums of each.
        Ok(Path { course: paths.course(grown, None)?, squares: [None, paths.held_out(), None] })
    }
}

/// A course, and the mean squared errors of each label on the training, validation and test rows.
struct Path {
    course: Course,
    squares: [Option<Vec<f64>>; 3],
}

/// Returns the sizes of the sums of each network.
pub(super) fn shapes(problem: &Problem, units: &Units, precision: Precision) -> Vec<Shape> {
    let (labels, parts) = (problem.labels.len(), parts(problem, units));
    let shape = |width: usize| Shape { width, labels, parts, precision };
    match units {
        Units::Drawn(network) => vec![shape(network.width())],
        Units::Grown(grown) => grown.networks.iter().map(|network| shape(network.width())).collect(),
    }
}

impl Units {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            // The problem determines them.
            (Self::Drawn(_), Self::Drawn(_)) => true,
            (Self::Grown(own), Self::Grown(other)) => own.is_same(other),
            _ => false,
        }
    }

    /// Adds rows with these numbers to the sums of each network.
    fn add(
        &self,
        rows: &Prepared,
        numbers: &[u64],
        problem: &Problem,
        statistics: &mut [Statistics],
    ) -> Result<()> {
        match self {
            Self::Drawn(network) => rows.add_to(&mut statistics[0], network),
            Self::Grown(GrownLayers { networks, .. }) => {
                let hold_out = HoldOut { networks: networks.len(), is_shared: false };
                let fold = |&row: &u64| hold_out.group(Part::Train, &problem.split.draw(row));
                let folds: Vec<usize> = numbers.iter().map(fold).collect();
                let add = |(k, (network, statistics)): (usize, (&Mixed, &mut Statistics))| {
                    let part = |&fold: &usize| hold_out.part(k, fold) as usize;
                    rows.add_parts_to(&folds.iter().map(part).collect::<Vec<_>>(), statistics, network)
                };
                networks.par_iter().zip(statistics.par_iter_mut()).enumerate().try_for_each(add)
            }
        }
    }

    fn close(&self, statistics: &mut [Statistics]) -> Result<()> {
        match self {
            Self::Drawn(network) => Ok(statistics[0].close(network)?),
            Self::Grown(grown) => {
                let mut pairs = statistics.iter_mut().zip(&grown.networks);
                pairs.try_for_each(|(statistics, network)| Ok(statistics.close(network)?))
            }
        }
    }
}
