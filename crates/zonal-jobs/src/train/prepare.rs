//! What every training on a table begins with: the files, a first reading, a choice of what is not given.

use super::Notes;
use super::problem::{Fits, Problem, infinite};
use super::test_rows::TestSample;
use crate::data::for_each_block;
use crate::fingerprint::Fingerprint;
use crate::record::json;
use crate::score::{Score, Scorer};
use crate::survey::Survey;
use zonal::lift::LabelScale;
use zonal::measure::BestPolynomial;
use zonal::observer::{Observer, Silent, Stage};
use zonal::rows::Part;
use zonal_documents::number::Extended;
use zonal_documents::request::Output;
use zonal_documents::train::{BestPolynomialReport, LabelErrors, TableJob, TrainConfig};
use zonal_documents::{Error, Result};
use zonal_io::model::Model;
use zonal_io::source::{Columns, Source};

/// A table that has been read once, and everything that was learned or chosen from it.
pub(super) struct Prepared {
    pub(super) source: Source,
    pub(super) test_source: Option<Source>,
    pub(super) survey: Survey,
    pub(super) problem: Problem,
    pub(super) dropped_columns: Vec<String>,
    pub(super) test_rows: u64,
    pub(super) test_dropped: u64,
    /// Of the rows of the table, and of the test rows where they have files of their own.
    pub(super) fingerprint: Fingerprint,
}

/// Reads the table once and chooses what is not given.
pub(super) fn prepare<R>(
    config: &TrainConfig,
    job: &TableJob,
    fits: Fits<'_, R>,
    output: &Output,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<(Prepared, R)> {
    if config.width == Extended::Infinite {
        return Err(infinite());
    }
    if job.labels.is_empty() {
        return Err(Error::Usage("no label is named; name the column to predict".into()));
    }
    let split = job.split(config.seed)?;
    // The headers alone tell whether the columns exist: mistakes in names come before any long reading.
    let columns =
        Columns { labels: job.labels.clone(), features: job.features.clone(), weight: job.weight.clone() };
    let source = job.data.open(&columns)?;
    let test_source = match &job.test_data {
        Some(files) => {
            let columns = Columns { features: Some(source.feature_names().to_vec()), ..columns };
            Some(job.data.with_files(files.clone()).open(&columns)?)
        }
        None => None,
    };
    output.check_spares(source.files().chain(test_source.iter().flat_map(Source::files)))?;
    let survey = Survey::of(&source, &split, observer)?;
    check_parts(&survey, job)?;
    let ([test_rows, test_dropped], of_test) = match &test_source {
        Some(source) => count_rows(source, observer)?,
        None => ([survey.counts[Part::Test as usize], 0], Fingerprint::default()),
    };
    let fingerprint = survey.fingerprint.merge(of_test);
    let (problem, fitting) =
        Problem::choose(config, job, source.feature_names(), &survey, fits, observer, notes)?;
    let dropped_columns = problem.lift.dropped();
    let prepared = Prepared {
        source,
        test_source,
        survey,
        problem,
        dropped_columns,
        test_rows,
        test_dropped,
        fingerprint,
    };
    Ok((prepared, fitting))
}

impl Prepared {
    /// Everything that decides a training.
    pub(super) fn identity(&self, config: &TrainConfig, job: &TableJob) -> Result<String> {
        let Problem { lift, labels, split, activation, scale, .. } = &self.problem;
        let chosen = (activation, scale, job.folds, job.precision);
        let version = env!("CARGO_PKG_VERSION");
        let all =
            (version, self.fingerprint.to_string(), lift, labels, split, config.width, config.seed, chosen);
        json(&all)
    }
}

/// Reads the test rows, so that their faults are found before the work; how many there are, how many were left out, and
/// which they are.
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

/// Every part that was asked for needs rows, and training needs two.
fn check_parts(survey: &Survey, job: &TableJob) -> Result<()> {
    let total = survey.rows() as usize;
    if total == 0 {
        let message = format!("no row is left: all {} lack a value or have the weight 0", survey.dropped());
        let in_memory = || "the table in memory".into();
        let path = job.data.files.first().cloned().unwrap_or_else(in_memory);
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

/// Squares of the labels' deviations: what a loss in standard units is multiplied by.
pub(super) fn units(labels: &[LabelScale]) -> Vec<f64> {
    labels.iter().map(|l| l.deviation * l.deviation).collect()
}

/// Errors on the rows of each part, by the code that `predict` uses: the same bits. Also predictions on some test rows.
pub(super) fn score(
    model: &Model,
    iteration: u64,
    source: &Source,
    test_source: Option<&Source>,
    total: u64,
    observer: &mut dyn Observer,
) -> Result<([Score; 3], TestSample)> {
    let mut scores = <[Score; 3]>::default();
    let mut sample = TestSample::default();
    let Some(table) = &model.description.table else { return Ok((scores, sample)) };
    let Ok((network, coefficients)) = model.at(iteration) else { return Ok((scores, sample)) };
    let scorer = Scorer::new(table, network, coefficients);
    for_each_block(source, Stage::Scoring, total, observer, |rows| {
        let parts = rows.by_part(&table.split);
        let [train, validation, test] = &mut scores;
        train.add(&scorer, &parts[Part::Train as usize])?;
        validation.add(&scorer, &parts[Part::Validation as usize])?;
        test.add_and(&scorer, &parts[Part::Test as usize], |rows, predictions| sample.add(rows, predictions))
    })?;
    if let Some(source) = test_source {
        let test = &mut scores[Part::Test as usize];
        for_each_block(source, Stage::Scoring, 0, &mut Silent, |rows| {
            test.add_and(&scorer, &rows, |rows, predictions| sample.add(rows, predictions))
        })?;
    }
    Ok((scores, sample))
}

pub(super) fn label_errors(
    labels: &[LabelScale],
    scores: &[Score; 3],
    validation_squares: Option<&[f64]>,
) -> Vec<LabelErrors> {
    let [train, _, test] = scores.each_ref().map(Score::mean_squares);
    label_errors_of(labels, [train.as_deref(), validation_squares, test.as_deref()])
}

/// The errors of each label from the mean squares on each part.
pub(super) fn label_errors_of(labels: &[LabelScale], squares: [Option<&[f64]>; 3]) -> Vec<LabelErrors> {
    let one = |(i, label): (usize, &LabelScale)| {
        let [train_rmse, validation_rmse, test_rmse] = squares.map(|s| s.map(|s| s[i].sqrt()));
        LabelErrors { label: label.name.clone(), train_rmse, validation_rmse, test_rmse }
    };
    labels.iter().enumerate().map(one).collect()
}

/// Best polynomials with their errors as means over labels, each in its own unit squared.
pub(super) fn polynomial_reports(
    fits: &[BestPolynomial],
    labels: &[LabelScale],
) -> Vec<BestPolynomialReport> {
    let units = units(labels);
    let mean = |errors: &[f64]| {
        errors.iter().zip(&units).map(|(e, unit)| e * unit).sum::<f64>() / labels.len() as f64
    };
    let one = |fit: &BestPolynomial| BestPolynomialReport {
        degree: fit.degree,
        monomials: Some(fit.monomials),
        rank: Some(fit.rank),
        error: mean(&fit.errors),
        test_error: fit.test_errors.as_deref().map(mean),
    };
    // Degree 0 is the mean of the labels, which the untrained network predicts.
    fits.iter().skip(1).map(one).collect()
}
