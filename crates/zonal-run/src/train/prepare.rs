//! What every training on a table begins with: the files, a first reading, a choice of what is not given.

use super::choose::{Candidate, Choice, Question};
use super::result::{BestPolynomialReport, LabelErrors};
use super::test_rows::TestSample;
use super::{Notes, TableJob, TrainConfig};
use crate::data::for_each_block;
use crate::error::{Error, Result};
use crate::number::Extended;
use crate::score::{Score, Scorer};
use crate::survey::Survey;
use zonal::activation::Activation;
use zonal::lift::{LabelScale, Lift};
use zonal::measure::BestPolynomial;
use zonal::observer::{Observer, Silent, Stage};
use zonal::rows::{Part, Split};
use zonal_io::model::Model;
use zonal_io::source::Source;

/// A table that has been read once, and everything that was learned or chosen from it.
pub(super) struct Prepared {
    pub(super) source: Source,
    pub(super) test_source: Option<Source>,
    pub(super) split: Split,
    pub(super) survey: Survey,
    pub(super) labels: Vec<LabelScale>,
    pub(super) lift: Lift,
    pub(super) activation: Activation,
    pub(super) scale: f64,
    pub(super) bias: f64,
    pub(super) candidates: Option<Vec<Candidate>>,
    pub(super) dropped_columns: Vec<String>,
    pub(super) test_rows: u64,
    pub(super) test_dropped: u64,
}

/// Candidates that get a line of their own.
const MOST_LINES: usize = 8;
/// The most folds.
const MOST_FOLDS: usize = 20;

/// Finds out after the first reading, and before any long work, whether the training fits.
pub(super) type Fits<'f, R> = &'f dyn Fn(&Survey, &Lift, Notes<'_>) -> Result<R>;

/// Reads the table once and chooses what is not given.
pub(super) fn prepare<R>(
    config: &TrainConfig,
    job: &TableJob,
    fits: Fits<'_, R>,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<(Prepared, R)> {
    let Extended::Finite(width) = config.width else {
        return Err(Error::Usage("--width inf needs a --target; on a table the width is a number".into()));
    };
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
    let fitting = fits(&survey, &lift, notes)?;
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
    let prepared = Prepared {
        source,
        test_source,
        split,
        survey,
        labels,
        lift,
        activation,
        scale,
        bias,
        candidates: candidates.clone(),
        dropped_columns,
        test_rows,
        test_dropped,
    };
    Ok((prepared, fitting))
}

impl Prepared {
    /// Everything that decides a training beside its rows, and the sizes of the files.
    pub(super) fn identity(&self, config: &TrainConfig, job: &TableJob) -> Result<String> {
        let files = self.source.files().chain(self.test_source.iter().flat_map(Source::files));
        let sizes: Vec<u64> = files.map(|f| std::fs::metadata(f).map_or(0, |m| m.len())).collect();
        let chosen = (&self.activation, self.scale, job.folds, job.precision);
        let all = (sizes, &self.lift, &self.labels, &self.split, config.width, chosen);
        serde_json::to_string(&all).map_err(|e| Error::Usage(e.to_string()))
    }
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
    pub(super) fn split(&self, seed: u64) -> Result<Split> {
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
