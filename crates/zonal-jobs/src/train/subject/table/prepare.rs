//! The first and last steps of every training on a table: a pass for moments and a sample with the selection of
//! unspecified options, and a final pass for the errors on the rows.

use super::calibrate::Calibration;
use super::checks::{check_descent, check_memory};
use super::column_notes::note_columns;
use super::cost::Cost;
use super::growth::GrowthPlan;
use super::problem::{Draft, Problem, finite_width};
use super::row_notes::note_rows;
use super::validation::Validation;
use crate::data::for_each_block;
use crate::encode::{self, Roles};
use crate::fingerprint::Fingerprint;
use crate::record::json;
use crate::score::{Score, Scorer};
use crate::survey::Survey;
use crate::train::method::Origin;
use crate::train::run::TrainingRun;
use crate::train::subject::Subject;
use crate::train::test_rows::TestSample;
use std::sync::Arc;
use zonal::observer::{Observer, Silent, Stage};
use zonal::rows::Part;
use zonal_documents::number::Extended;
use zonal_documents::table::{Data, Memory};
use zonal_documents::train::{
    BestPolynomialReport, ClassReport, ClassScores, EncodedColumnReport, IntervalReport, NetworkReport,
    PartRows, Stop, SubjectReport, TableJob, TableReport, TestRow, TrainConfig,
};
use zonal_documents::{Error, Result};
use zonal_grow::Growth;
use zonal_io::model::Model;
use zonal_io::source::{Columns, DrawRule, Source};

/// A table with its survey and the problem that follows from it.
pub(crate) struct TableSubject<'a> {
    pub(super) job: &'a TableJob,
    pub(super) source: Source,
    pub(super) test_source: Option<Source>,
    pub(super) survey: Survey,
    pub(super) problem: Problem,
    /// The growth of the hidden units; None if they are drawn.
    pub(super) growth: Option<GrowthPlan>,
    pub(super) test_rows: u64,
    test_dropped: u64,
    /// The fingerprint of all rows, including separate test files.
    fingerprint: Fingerprint,
}

/// The results of a training on a table in addition to its course.
pub(crate) struct TableFindings {
    pub(super) best_polynomial: Vec<BestPolynomialReport>,
    /// The mean squared error of each label at the best iteration on held-out rows, of networks that were not fitted to
    /// these rows although the final network was; None if the final network was not.
    pub(super) held_out: Option<Vec<f64>>,
    /// What was found on held-out rows, if there are any.
    pub(super) calibration: Option<Calibration>,
}

impl<'a> TableSubject<'a> {
    /// Surveys the table and selects unspecified options. Options, parts and memory are checked before the training.
    pub(crate) fn prepare(job: &'a TableJob, run: &mut TrainingRun<'_>) -> Result<Self> {
        finite_width(&run.config)?;
        if let Some(options) = &run.config.descent {
            check_descent(&run.config, options, job)?;
        }
        run.config.grid()?;
        if job.labels.is_empty() {
            return Err(Error::Usage("no label is specified; specify the column to predict".into()));
        }
        let split = job.split(run.config.seed)?;
        let (source, test_source) = open(job)?;
        run.store.output.check_spares(source.files().chain(test_source.iter().flat_map(Source::files)))?;
        let (source, survey) = encode::survey(&job.data, source, &Roles::of(job), &split, run.observer)?;
        check_parts(&survey, job)?;
        let (encoding, classes) = (source.encoding().cloned(), source.classes().cloned());
        let test_source = match (test_source, &encoding) {
            (Some(test), Some(encoding)) => Some(test.encoded(Arc::new(encoding.clone()))?),
            (test, _) => test,
        };
        let test_source = match (test_source, &classes) {
            (Some(test), Some(classes)) => Some(test.classified(Arc::new(classes.clone()), false)?),
            (test, _) => test,
        };
        let reports = encoding.iter().flat_map(encode::reports);
        for EncodedColumnReport { column, treatment } in reports {
            (run.notes)(&format!("column '{column}': {treatment}"));
        }
        let ([test_rows, test_dropped], of_test) = match &test_source {
            Some(source) => count_rows(source, run.observer)?,
            None => ([survey.counts[Part::Test as usize], 0], Fingerprint::default()),
        };
        let fingerprint = survey.fingerprint.merge(of_test);
        let labels: &[String] = if classes.is_none() { &job.labels } else { &[] };
        note_rows(&survey, labels, test_rows, source.rule() == Some(&DrawRule::EqualRows), run.notes);
        let names = [source.feature_names(), source.label_names()];
        note_columns(&survey, names, source.raw_feature_names(), run.notes)?;
        let draft = Draft::learn(&run.config, job, names, &survey, run.notes)?;
        let growth = GrowthPlan::new(&run.config, job, source.feature_names(), &survey, run.notes)?;
        let problem = match &growth {
            Some(plan) => {
                plan.check_memory(survey.sample.len())?;
                run.config.width = Extended::Finite(plan.growth.width as u64);
                plan.problem(draft)
            }
            None => {
                check_cost(&draft, &survey, job, run)?;
                draft.choose(&run.config, job, &survey.sample, run.observer, run.notes)?
            }
        };
        let problem = Problem { encoding, classes, draws: source.rule().cloned(), ..problem };
        Ok(Self { job, source, test_source, survey, problem, growth, test_rows, test_dropped, fingerprint })
    }

    /// Returns what was done to the columns that are not used as they are; None if all are.
    fn encoded_columns(&self) -> Option<Vec<EncodedColumnReport>> {
        Some(encode::reports(self.problem.encoding.as_ref()?))
    }

    /// Returns the measures of the probabilities of classes.
    fn classification(&self, found: Option<Calibration>, scores: &[Score; 3]) -> Option<ClassReport> {
        let classes = self.problem.classes.as_ref()?;
        let Some(Calibration::Classes(temperature, held_out)) = found else { return None };
        let shares: Vec<f64> = self.problem.labels.iter().map(|label| label.mean).collect();
        let of = |part: Part| ClassScores::new(scores[part as usize].tally()?, &shares);
        Some(ClassReport {
            classes: classes.names.clone(),
            temperature,
            train: of(Part::Train),
            held_out: held_out.and_then(|tally| ClassScores::new(&tally, &shares)),
            test: of(Part::Test),
            shares,
        })
    }

    /// Returns the interval around predictions, with its coverage of test rows. A level that the held-out rows do not determine is
    /// noted.
    fn interval(
        &self,
        found: Option<&Calibration>,
        coverage: Option<Vec<f64>>,
        run: &mut TrainingRun<'_>,
    ) -> Result<Option<IntervalReport>> {
        let Some(Calibration::Numbers(errors)) = found else { return Ok(None) };
        let level = self.job.interval;
        let widths: zonal::Result<Vec<f64>> = errors.iter().map(|errors| errors.half_width(level)).collect();
        match widths {
            Ok(half_width) => Ok(Some(IntervalReport {
                level,
                rows: errors.first().map_or(0, |errors| errors.rows),
                half_width,
                test_coverage: coverage,
            })),
            Err(error) => {
                (run.notes)(&format!("no interval is reported: {error}"));
                Ok(None)
            }
        }
    }

    pub(super) fn cost(&self, listed: usize) -> Cost {
        Cost::new(&self.survey, &self.problem.lift, self.job, listed)
    }

    /// Returns everything that determines the sums of a training.
    pub(super) fn identity(&self, config: &TrainConfig) -> Result<String> {
        let Problem { lift, labels, split, activation, scale, draws, .. } = &self.problem;
        let chosen = (activation, scale, self.job.folds, self.job.stop, self.job.precision, draws);
        let version = env!("CARGO_PKG_VERSION");
        let all =
            (version, self.fingerprint.to_string(), lift, labels, split, config.width, config.seed, chosen);
        json(&all)
    }

    /// Computes the errors on the rows of each part, and predictions on a sample of test rows. It uses the code of
    /// `predict`, so that results are bitwise equal.
    fn score(&self, model: &Model, observer: &mut dyn Observer) -> Result<([Score; 3], TestSample)> {
        let mut scores = <[Score; 3]>::default();
        let mut sample = TestSample::default();
        let Some(table) = &model.description.table else { return Ok((scores, sample)) };
        let Ok(network) = model.best() else { return Ok((scores, sample)) };
        let scorer = Scorer::new(model, table, network).with_interval(self.job.interval);
        for_each_block(&self.source, Stage::Scoring, self.survey.covered.rows(), observer, |rows| {
            let parts = rows.by_part(&table.split);
            let [train, validation, test] = &mut scores;
            train.add(&scorer, &parts[Part::Train as usize])?;
            validation.add(&scorer, &parts[Part::Validation as usize])?;
            let add = |rows: &_, predictions: &_| sample.add(rows, predictions);
            test.add_and(&scorer, &parts[Part::Test as usize], add)
        })?;
        if let Some(source) = &self.test_source {
            let test = &mut scores[Part::Test as usize];
            for_each_block(source, Stage::Scoring, 0, &mut Silent, |rows| {
                test.add_and(&scorer, &rows, |rows, predictions| sample.add(rows, predictions))
            })?;
        }
        Ok((scores, sample))
    }
}

impl Subject for TableSubject<'_> {
    type Findings = TableFindings;

    fn network(&self) -> Result<NetworkReport> {
        let network = self.problem.report_of_network()?;
        Ok(match &self.growth {
            Some(plan) => NetworkReport { dim: plan.columns.width() as u64, ..network },
            None => network,
        })
    }

    fn origin(&self, findings: &TableFindings) -> Origin {
        let (temperature, errors) = match &findings.calibration {
            Some(Calibration::Classes(temperature, _)) => (Some(*temperature), None),
            Some(Calibration::Numbers(errors)) => (None, Some(errors.clone())),
            None => (None, None),
        };
        (None, Some(self.problem.table(temperature, errors)))
    }

    fn report(
        &self,
        found: TableFindings,
        model: Option<&Model>,
        run: &mut TrainingRun<'_>,
    ) -> Result<(SubjectReport, Vec<TestRow>)> {
        let (scores, sample) = match model {
            Some(model) => self.score(model, run.observer)?,
            None => Default::default(),
        };
        let [train, validation, test] = scores.each_ref().map(Score::mean_squares);
        let validation = found.held_out.or(validation);
        let rows = PartRows {
            train: scores[0].rows(),
            validation: scores[1].rows(),
            test: self.test_rows,
            dropped: self.survey.dropped() + self.test_dropped,
        };
        let is_untrained = |m: &Model| m.description.best_iteration == 0 && m.iterations.len() > 1;
        if self.growth.is_none() && model.is_some_and(is_untrained) {
            (run.notes)(
                "nothing was learned: on the rows that choose the iteration, no trained network predicts better than the one \
                 before training (best iteration 0)",
            );
        }
        let squares = [train.as_deref(), validation.as_deref(), test.as_deref()];
        let report = TableReport {
            best_polynomial: found.best_polynomial,
            stop: match &self.growth {
                Some(plan) if plan.hold_out.is_shared => Some(Stop::Validation),
                Some(_) => Some(Stop::Folds),
                None => validation.as_ref().map(|_| Validation::of(self.job).stop()),
            },
            ridge: self.growth.is_none().then_some(self.job.ridge),
            folds: match &self.growth {
                Some(plan) => Some(plan.hold_out.networks).filter(|_| !plan.hold_out.is_shared),
                None => self.job.folds,
            },
            bias: self.growth.is_none().then_some(self.problem.lift.bias),
            normalised: self.growth.is_none().then_some(self.problem.lift.normalised),
            refit: self.growth.is_none() && Validation::of(self.job).is_refitted(),
            fingerprint: Some(self.fingerprint.to_string()),
            encoded_columns: self.encoded_columns(),
            interval: self.interval(
                found.calibration.as_ref(),
                scores[Part::Test as usize].coverage(),
                run,
            )?,
            classification: self.classification(found.calibration, &scores),
            ..self.problem.report(squares, rows, self.job.precision)
        };
        Ok((SubjectReport::Table(Box::new(report)), sample.into_rows()))
    }
}

/// Checks that a training on drawn units fits into memory, and chooses the solver of a whole path.
fn check_cost(draft: &Draft, survey: &Survey, job: &TableJob, run: &mut TrainingRun<'_>) -> Result<()> {
    let listed = run.config.grid()?.len();
    if run.config.descent.is_some() {
        return check_memory(draft, job, survey.rows(), listed as u64);
    }
    let cost = Cost::new(survey, &draft.lift, job, listed);
    let (asked, width) = (run.config.solver, draft.width as u64);
    run.config.solver = if run.ignores_free_memory {
        cost.known_solver(width, asked)?
    } else {
        cost.solver(width, asked, run.notes)?
    };
    Ok(())
}

/// Opens the table and the separate test files, if any. Missing columns are detected in the headers, before any row is
/// read.
fn open(job: &TableJob) -> Result<(Source, Option<Source>)> {
    let columns = Columns {
        labels: job.labels.clone(),
        features: job.features.clone(),
        excluded: job.exclude.clone(),
        weight: job.weight.clone(),
        key: job.groups.clone().or(job.time.clone()),
    };
    let mut source = job.data.open(&columns)?;
    if let Some(validation) = open_validation(job, &columns, &source)? {
        source = source.with_validation(validation)?;
    }
    // Separate test rows are in no other part, regardless of their group.
    let features = Some(source.raw_feature_names().to_vec());
    let columns = Columns { features, key: None, excluded: Vec::new(), ..columns };
    let open = |files: &Vec<_>| job.data.with_files(files.clone()).open(&columns);
    let test_source = job.test_data.as_ref().map(open).transpose()?;
    Ok((source, test_source))
}

/// Opens the separate validation rows, if there are any.
fn open_validation(job: &TableJob, columns: &Columns, source: &Source) -> Result<Option<Source>> {
    if let Some(files) = &job.validation_data {
        let columns = Columns {
            features: Some(source.raw_feature_names().to_vec()),
            excluded: Vec::new(),
            ..columns.clone()
        };
        return job.data.with_files(files.clone()).open(&columns).map(Some);
    }
    let Some(memory) = &job.data.memory else { return Ok(None) };
    let Some(table) = memory.validation.clone() else { return Ok(None) };
    let memory = Memory { table, validation: None, ..memory.clone() };
    let data = Data { memory: Some(memory), ..job.data.clone() };
    data.open(columns).map(Some)
}

/// Reads the separate test rows, so that invalid rows are detected before the training. Returns the numbers of rows and
/// of dropped rows, and the fingerprint.
fn count_rows(source: &Source, observer: &mut dyn Observer) -> Result<([u64; 2], Fingerprint)> {
    let (mut rows, mut covered, mut fingerprint) = (0, 0, Fingerprint::default());
    for_each_block(source, Stage::Reading, 0, observer, |block| {
        rows += block.len() as u64;
        covered = block.covered.end;
        for i in 0..block.len() {
            fingerprint = fingerprint.merge(Fingerprint::of_row(&block, i));
        }
        Ok(())
    })?;
    if rows == 0 {
        let total = covered as usize;
        return Err(zonal::Error::TooFewRows { part: Part::Test.name(), found: 0, required: 1, total }.into());
    }
    Ok(([rows, covered - rows], fingerprint))
}

/// Checks that every requested part has rows, and that there are two training rows, for each fold if there are folds.
fn check_parts(survey: &Survey, job: &TableJob) -> Result<()> {
    let total = survey.rows() as usize;
    if total == 0 {
        let message = format!("no usable rows: all {} have a missing value or weight 0", survey.dropped());
        let in_memory = || "the table in memory".into();
        let path = job.data.files.first().cloned().unwrap_or_else(in_memory);
        return Err(zonal_io::Error::Table { path, row: None, column: None, message }.into());
    }
    let [train, validation, test] = survey.counts.map(|n| n as usize);
    let few =
        |part, found, required| Err(Error::Core(zonal::Error::TooFewRows { part, found, required, total }));
    let folds = job.folds.or(job.growth.as_ref().map(|_| Growth::networks(train as u64)));
    let needed = folds.filter(|_| !job.has_validation()).map_or(2, |folds| 2 * folds);
    if train < needed {
        return few(Part::Train.name(), train, needed);
    }
    let is_split_off = job.validation_fraction > 0.0 && folds.is_none() && job.stop != Stop::LeaveOneOut;
    if job.has_validation() && validation == 0 {
        let message = "none of the rows can be used: all have a missing value, no label or weight 0".into();
        let file = job.validation_data.iter().flatten().next();
        let path = file.cloned().unwrap_or_else(|| "the validation rows in memory".into());
        return Err(zonal_io::Error::Table { path, row: None, column: None, message }.into());
    }
    if is_split_off && validation == 0 {
        return few(Part::Validation.name(), 0, 1);
    }
    if job.test_fraction > 0.0 && job.test_data.is_none() && test == 0 {
        return few(Part::Test.name(), 0, 1);
    }
    Ok(())
}
