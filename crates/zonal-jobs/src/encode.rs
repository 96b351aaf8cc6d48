//! Tables whose columns are not all numbers: they are inspected, encoded, and then read as tables of numbers.

use crate::survey::Survey;
use crate::watchdog::run_cancellable;
use std::sync::Arc;
use zonal::observer::{Observer, Stage};
use zonal::rows::{Part, Split};
use zonal_documents::number::short;
use zonal_documents::options::TASK;
use zonal_documents::table::Data;
use zonal_documents::train::{EncodedColumnReport, TableJob, Task};
use zonal_documents::{Error, Result};
use zonal_io::option::CATEGORICAL;
use zonal_io::source::{DrawRule, EncodedColumn, Encoding, Kind, Source};

/// What a label is, and what determines the parts of rows.
#[derive(Clone, Debug)]
pub(crate) struct Roles {
    pub(crate) task: Task,
    /// The column of groups.
    pub(crate) groups: Option<String>,
    /// The column of times.
    pub(crate) time: Option<String>,
}

impl Default for Roles {
    fn default() -> Self {
        Self { task: Task::Auto, groups: None, time: None }
    }
}

impl Roles {
    pub(crate) fn of(job: &TableJob) -> Self {
        Self { task: job.task, groups: job.groups.clone(), time: job.time.clone() }
    }
}

/// If rows that repeat have more equal ones than this in the mean, they are combinations of a few values rather than copies, and are not
/// kept together: no part would have all combinations.
const MOST_COPIES: u64 = 5;
/// With fewer different rows equal ones are not kept together either: parts or folds could be empty.
const FEWEST_DIFFERENT: u64 = 50;

/// Surveys a table. If the label is to be classified, its classes are found first, each a label of its own. Copies of rows are
/// kept in the same part. If a feature turns out to hold text or to lack a value, and the options allow for it, the columns are
/// inspected and encoded. A table of numbers is read once, as it is.
///
/// # Errors
/// As [`Survey::of`], [`Source::find_classes`], [`Source::find_times`] and [`Source::inspect`]; [`zonal_io::Error::Table`] for a column
/// of levels that is not a feature.
pub(crate) fn survey(
    data: &Data,
    source: Source,
    roles: &Roles,
    split: &Split,
    observer: &mut dyn Observer,
) -> Result<(Source, Survey)> {
    check_categorical(data, source.raw_feature_names())?;
    let source = classify(data, source, roles.task, observer)?;
    let rule = match (&roles.groups, &roles.time) {
        (Some(column), _) => DrawRule::Groups { column: column.clone() },
        (None, Some(column)) => run_cancellable(observer, (Stage::Reading, 0, 0), |cancellation| {
            Ok(source.find_times(column, *split, &|| cancellation.is_requested())?)
        })?,
        (None, None) => DrawRule::EqualRows,
    };
    let is_by_column = rule.column().is_some();
    let (source, survey) = encoded_survey(data, source.drawn(*split, Some(rule))?, split, observer)?;
    if is_by_column {
        return Ok((source, survey));
    }
    let [rows, firsts] = source.repeated();
    if rows == 0 {
        return Ok((source.drawn(*split, None)?, survey));
    }
    if rows + firsts <= MOST_COPIES * firsts && survey.rows() >= rows + FEWEST_DIFFERENT {
        return Ok((source, survey));
    }
    let source = source.drawn(*split, None)?;
    let survey = Survey::of(&source, split, observer)?;
    Ok((source, survey))
}

/// Surveys a table, after encoding its columns if it has to.
fn encoded_survey(
    data: &Data,
    source: Source,
    split: &Split,
    observer: &mut dyn Observer,
) -> Result<(Source, Survey)> {
    if data.categorical.is_empty() {
        match Survey::of(&source, split, observer) {
            Err(Error::Io(zonal_io::Error::Table { column: Some(column), .. }))
                if (data.fill_missing || data.encode_text)
                    && source.raw_feature_names().contains(&column) => {}
            other => return Ok((source, other?)),
        }
    }
    let mut encoding = run_cancellable(observer, (Stage::Reading, 0, 0), |cancellation| {
        let is_cancelled = || cancellation.is_requested();
        let is_by_number =
            source.classes().is_none() && source.rule().is_none_or(|rule| rule.column().is_none());
        let others = if is_by_number { Vec::new() } else { source.training_rows(split, &is_cancelled)? };
        let is_used = |row: u64| match is_by_number {
            true => split.part(row) == Part::Train,
            false => others.get(row as usize).copied().unwrap_or(false),
        };
        Ok(source.inspect(&data.categorical, &is_used, &is_cancelled)?)
    })?;
    if data.drop_missing {
        // No row that is left lacks a value.
        encoding.columns.iter_mut().for_each(|column| column.missing = 0);
    }
    let source = source.encoded(Arc::new(encoding))?;
    let survey = Survey::of(&source, split, observer)?;
    Ok((source, survey))
}

/// Finds the classes of the label, if it is to be classified.
fn classify(data: &Data, source: Source, task: Task, observer: &mut dyn Observer) -> Result<Source> {
    let coded = data.memory.as_ref().and_then(|memory| memory.classes.as_deref());
    let is_classified = match task {
        Task::Regress => false,
        Task::Classify => true,
        Task::Auto => coded.is_some() || source.has_class_label()?,
    };
    if !is_classified {
        return Ok(source);
    }
    if let [_, _, ..] = source.label_names() {
        return Err(Error::Usage(format!(
            "{} needs one label, but {} are named: {}; train a network for each",
            TASK.with("classify"),
            source.label_names().len(),
            source.label_names().join(", ")
        )));
    }
    let classes = match coded {
        Some(names) => source.coded_classes(names)?,
        None => run_cancellable(observer, (Stage::Reading, 0, 0), |cancellation| {
            Ok(source.find_classes(task == Task::Classify, &|| cancellation.is_requested())?)
        })?,
    };
    Ok(source.classified(Arc::new(classes), coded.is_some())?)
}

/// Checks that the columns of levels are features.
fn check_categorical(data: &Data, names: &[String]) -> Result<()> {
    let fail = |message: String| {
        let path = data.files.first().cloned().unwrap_or_else(|| "the table in memory".into());
        Err(Error::Io(zonal_io::Error::Table { path, row: None, column: None, message }))
    };
    for (i, name) in data.categorical.iter().enumerate() {
        if !names.contains(name) {
            let all = || {
                let shown: Vec<&str> = names.iter().take(20).map(String::as_str).collect();
                format!("the columns are {}", shown.join(", "))
            };
            let advice = zonal::error::advice(name, names.iter().map(String::as_str), all);
            return fail(format!("there is no feature '{name}' for {CATEGORICAL}; {advice}"));
        }
        if data.categorical[..i].contains(name) {
            return fail(format!("'{name}' is named twice in {CATEGORICAL}"));
        }
    }
    Ok(())
}

/// Returns what was done to each column that is not used as it is.
pub(crate) fn reports(encoding: &Encoding) -> Vec<EncodedColumnReport> {
    encoding.columns.iter().filter_map(|column| report(column, encoding.rows)).collect()
}

fn report(column: &EncodedColumn, rows: u64) -> Option<EncodedColumnReport> {
    let mut text = match &column.kind {
        Kind::Numbers { .. } => String::new(),
        Kind::Levels { levels, others: 0, .. } if levels.len() == 1 => {
            format!("text with one level, '{}'", levels[0])
        }
        Kind::Levels { levels, others: 0, .. } => {
            format!("text with {} levels, a column each", levels.len())
        }
        Kind::Levels { levels, others, shared } => format!(
            "text with {} levels: a column each for the {} most frequent ones, and {} for the others, by a hash",
            levels.len() as u64 + others,
            levels.len(),
            (*shared).max(1)
        ),
        Kind::Dates { has_times, .. } => {
            let hour = if *has_times { ", hour" } else { "" };
            format!("dates: columns for the days since 1970, month, day of the week{hour}")
        }
        Kind::Unused { different: 0 } => "no value in the training rows: not used".to_owned(),
        Kind::Unused { different } => {
            format!("text with {different} different values in {rows} rows: not used")
        }
    };
    if column.missing > 0 && !matches!(column.kind, Kind::Unused { .. }) {
        let filled = match &column.kind {
            Kind::Numbers { mean } => format!("the mean {} is used", short(*mean)),
            Kind::Dates { .. } => "the mean date is used".to_owned(),
            _ => "these have no level".to_owned(),
        };
        let share = 100.0 * column.missing as f64 / rows.max(1) as f64;
        let separator = if text.is_empty() { "" } else { "; " };
        text += &format!(
            "{separator}{} of {rows} values ({share:.2} %) are missing: {filled}, and a column marks them",
            column.missing
        );
    }
    (!text.is_empty()).then(|| EncodedColumnReport { column: column.name.clone(), treatment: text })
}
