//! `predict`: predictions of a trained model for the rows of a table, and scores.

use crate::data::for_each_block;
use crate::fingerprint::Fingerprint;
use crate::saved_run::{TrainingTable, training_table};
use crate::score::{Score, Scorer};
use crate::train::Notes;
use std::path::Path;
use std::sync::Arc;
use zonal::linalg::Matrix;
use zonal::observer::{Observer, Stage};
use zonal::rows::{Part, Split};
use zonal_documents::options::{AT, INTERVAL, ITERATION, LABEL, PART};
use zonal_documents::predict::{PredictConfig, PredictReport};
use zonal_documents::train::ClassScores;
use zonal_documents::{Error, Result};
use zonal_io::model::{Model, SCHEMA, TableDescription};
use zonal_io::option::MISSING;
use zonal_io::source::{Columns, DrawRule, Encoding, Source, Unmarked};

/// The predictions for a block of rows.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The names of the predicted labels.
    pub labels: &'a [String],
    /// The classes of the label; None if labels are numbers.
    pub classes: Option<&'a [String]>,
    /// The iteration of the network; None for grown networks, each at its own best iteration.
    pub iteration: Option<u64>,
    /// The numbers of the rows, counted from 0.
    pub rows: &'a [u64],
    /// Half the width of the interval around the predictions of each label, if intervals are asked for.
    pub half_widths: Option<&'a [f64]>,
    /// The predictions in the labels' units, one row per row, one column per label; of classes their probabilities, one column per
    /// class.
    pub values: &'a Matrix,
}

/// Predicts or scores the rows of a table. Without labels, `show` receives the predictions of each block in order,
/// while later blocks are being read. The report does not contain them, so memory does not grow with the number of
/// rows. If a row cannot be used, `show` has already received the rows before it.
///
/// A part of the split is a set of row numbers, which selects other rows from another table. If the run records its
/// table, the table is therefore read once more and compared; otherwise `notes` receives why it was not.
///
/// # Errors
/// The errors of reading the model and the table, and of `show`; [`Error::Usage`] for an iteration that the model
/// does not store, a model of a target, a different number of labels, or a part of another table.
pub fn predict(
    config: &PredictConfig,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
    mut show: impl FnMut(Block<'_>) -> Result<()>,
) -> Result<PredictReport> {
    let path = Model::file(&config.model)?;
    let model = Model::load(&path)?;
    let table = table_of(&model, &path)?;
    let names: Vec<String> = match &table.classes {
        Some(classes) => vec![classes.classes.label.clone()],
        None => table.labels.iter().map(|l| l.name.clone()).collect(),
    };
    let classes = table.classes.as_ref().map(|classes| classes.classes.names.as_slice());
    let best = model.description.best_iteration;
    let network = config.iteration.map_or_else(|| model.best(), |t| model.at(t));
    let network = network.map_err(|stored| not_stored(config.iteration.unwrap_or(best), stored))?;
    let half_widths = config.interval.map(|level| half_widths(config, table, level)).transpose()?;
    let scorer = Scorer::new(&model, table, network);
    let scorer = config.interval.into_iter().fold(scorer, Scorer::with_interval);
    let iteration = config.iteration.or_else(|| model.description.grown.is_none().then_some(best));
    let source = open(config, table, &names)?;
    if let Some(part) = config.part {
        let columns = Columns { labels: names.clone(), ..features(table) };
        match training_table(&path) {
            Some(trained) => check_same_table(config, table, part, columns, &trained, observer, notes)?,
            None => notes(&format!(
                "{} does not record the table of its training; {} selects its rows only if {} is that table, in \
                 the same order",
                path.display(),
                PART.with(part.name()),
                files(config)
            )),
        }
    }
    let is_scored = !config.labels.is_empty();
    let mut score = Score::default();
    let (mut total, mut used) = (0usize, 0u64);
    for_each_block(&source, Stage::Scoring, 0, observer, |rows| {
        total += rows.len();
        let rows = match config.part {
            Some(part) => {
                let [train, validation, test] = rows.by_part(&table.split);
                match part {
                    Part::Train => train,
                    Part::Validation => validation,
                    Part::Test => test,
                }
            }
            None => rows,
        };
        used += rows.len() as u64;
        if is_scored {
            return score.add(&scorer, &rows);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let values = scorer.predictions(&rows.features)?;
        let half_widths = half_widths.as_deref();
        show(Block { labels: &names, classes, half_widths, iteration, rows: &rows.numbers, values: &values })
    })?;
    note_unmarked(source.unmarked(), notes);
    if used == 0 {
        return Err(no_rows(config, &table.split, total));
    }
    let roots = |m: Vec<f64>| m.into_iter().map(f64::sqrt).collect();
    Ok(PredictReport {
        schema: SCHEMA,
        iteration,
        rows: used,
        rmse: score.rmse().filter(|_| classes.is_none()),
        label_rmse: score.mean_squares().filter(|_| classes.is_none()).map(roots),
        class_scores: score.tally().and_then(|tally| {
            let shares: Vec<f64> = table.labels.iter().map(|label| label.mean).collect();
            ClassScores::new(tally, &shares)
        }),
        classes: classes.map(<[String]>::to_vec),
        coverage: score.coverage(),
        predictions: None,
        labels: names,
    })
}

/// Returns half the width of the interval of each label.
fn half_widths(config: &PredictConfig, table: &TableDescription, level: f64) -> Result<Vec<f64>> {
    if let Some(iteration) = config.iteration {
        return Err(Error::Usage(format!(
            "{} cannot be used with {}: intervals are those of the best iteration",
            INTERVAL.with(level),
            ITERATION.with(iteration)
        )));
    }
    let Some(errors) = &table.errors else {
        let why = match table.classes {
            Some(_) => "the network predicts classes, whose probabilities say how sure they are",
            None => {
                "no rows were held out in the training of the network, from whose errors they would follow"
            }
        };
        return Err(Error::Usage(format!("{} cannot be used: {why}", INTERVAL.with(level))));
    };
    Ok(errors.iter().map(|errors| errors.half_width(level)).collect::<zonal::Result<_>>()?)
}

/// Opens the table, with labels if it is scored.
fn open(config: &PredictConfig, table: &TableDescription, names: &[String]) -> Result<Source> {
    if !config.labels.is_empty() && config.labels.len() != names.len() {
        return Err(Error::Usage(format!(
            "{LABEL} names {} columns, but the model predicts {}: {}",
            config.labels.len(),
            names.len(),
            names.join(", ")
        )));
    }
    // The names of the model's labels may be in any order; other names correspond to the labels by position.
    let same = !config.labels.is_empty() && names.iter().all(|name| config.labels.contains(name));
    // The classes determine the parts of the split.
    let is_needed = config.part.is_some() && table.classes.is_some();
    let labels = if same || is_needed && config.labels.is_empty() { names } else { &config.labels };
    let columns = Columns { labels: labels.to_vec(), ..features(table) };
    let columns = if config.part.is_some() { with_key(columns, table) } else { columns };
    let source = config.data.open_once(&columns)?;
    let source = if labels.is_empty() { source } else { classified(source, table)? };
    let source = if config.part.is_some() { source.drawn(table.split, table.draws.clone())? } else { source };
    let source = encoded(source, config, table)?;
    // A score is summed over whole blocks, so that its bits do not depend on how the rows arrive.
    Ok(if labels.is_empty() { source.with_prompt_blocks() } else { source })
}

/// Returns the feature columns of a model, as a table has them.
fn features(table: &TableDescription) -> Columns {
    let names = table.encoding.as_ref().map_or_else(|| table.lift.columns.clone(), Encoding::raw_names);
    Columns { features: Some(names), ..Columns::default() }
}

/// Adds the column that determines the parts of rows, if there is one.
fn with_key(columns: Columns, table: &TableDescription) -> Columns {
    Columns { key: table.draws.as_ref().and_then(DrawRule::column).map(str::to_owned), ..columns }
}

/// Makes classes of the label as in the training.
fn classified(source: Source, table: &TableDescription) -> Result<Source> {
    match &table.classes {
        Some(classes) => Ok(source.classified(Arc::new(classes.classes.clone()), false)?),
        None => Ok(source),
    }
}

/// Encodes the features as in the training. If the training had no missing values, the means of its rows replace them.
fn encoded(source: Source, config: &PredictConfig, table: &TableDescription) -> Result<Source> {
    let encoding = match &table.encoding {
        Some(encoding) => encoding.clone(),
        None if config.data.fill_missing => {
            let lift = &table.lift;
            let mut means = vec![0.0; lift.columns.len()];
            lift.kept.iter().zip(&lift.mean).for_each(|(&column, mean)| means[column] = *mean);
            Encoding::of_numbers(&lift.columns, &means)
        }
        None => return Ok(source),
    };
    Ok(source.encoded(Arc::new(encoding))?)
}

/// Returns the names of the files to predict, for messages.
fn files(config: &PredictConfig) -> String {
    config.data.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Compares the rows with those of the training. A table that cannot be compared, such as a pipe or one without labels,
/// is noted.
///
/// # Errors
/// [`Error::Usage`] for another table, and the errors of reading.
fn check_same_table(
    config: &PredictConfig,
    table: &TableDescription,
    part: Part,
    columns: Columns,
    trained: &TrainingTable,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<()> {
    let columns = Columns { weight: trained.weight.clone(), ..columns };
    let mut not_compared = |reason: &str| {
        let files = files(config);
        notes(&format!(
            "{files} was not compared with the table of the training: {reason}; {} selects its rows only if it is that \
             table, in the same order",
            PART.with(part.name())
        ));
        Ok(())
    };
    if config.data.files.iter().any(|file| file.as_os_str() == "-") {
        return not_compared("standard input can be read only once");
    }
    let opened = config.data.open(&columns).and_then(|source| classified(source, table));
    let opened = opened.and_then(|source| encoded(source, config, table));
    let source = match opened {
        Ok(source) => source,
        Err(error) => return not_compared(&error.to_string()),
    };
    let (mut rows, mut fingerprint) = (0, Fingerprint::default());
    for_each_block(&source, Stage::Reading, 0, observer, |block| {
        rows += block.len() as u64;
        fingerprint =
            (0..block.len()).map(|i| Fingerprint::of_row(&block, i)).fold(fingerprint, Fingerprint::merge);
        Ok(())
    })?;
    let is_same = match &trained.fingerprint {
        Some(recorded) => *recorded == fingerprint.to_string(),
        None => trained.rows == rows,
    };
    if is_same {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{} is not the table of the training: it has other rows, or the same in another order, so {} does not select \
         the rows of that part; use {}",
        files(config),
        PART.with(part.name()),
        PART.with("all")
    )))
}

fn note_unmarked(unmarked: Unmarked, notes: Notes<'_>) {
    if unmarked.missing > 0 {
        notes(&format!(
            "{} missing values are in columns in which the training rows had none: numbers and dates are replaced by the mean, \
             text has no level; {} leaves such rows out",
            unmarked.missing,
            MISSING.with("drop")
        ));
    }
    if unmarked.levels > 0 {
        notes(&format!(
            "{} values of text differ from all those of the training rows: they have no level",
            unmarked.levels
        ));
    }
}

/// Creates the error for a table, or a part of it, without rows that can be used.
fn no_rows(config: &PredictConfig, split: &Split, total: usize) -> Error {
    if config.part == Some(Part::Validation) && !split.has_validation() {
        return Error::Usage(format!(
            "the training split off no validation rows, since other rows or none chose its iteration (folds, each row left out, a file); \
             use {}",
            PART.with("train")
        ));
    }
    if let Some(part) = config.part {
        return zonal::Error::TooFewRows { part: part.name(), found: 0, required: 1, total }.into();
    }
    let labels = if config.labels.is_empty() { "" } else { "; rows without a label cannot be scored" };
    let path = config.data.files.first().cloned().unwrap_or_else(|| "the table in memory".into());
    let message = format!("none of the rows can be used{labels}");
    zonal_io::Error::Table { path, row: None, column: None, message }.into()
}

fn table_of<'a>(model: &'a Model, path: &Path) -> Result<&'a TableDescription> {
    model.description.table.as_ref().ok_or_else(|| {
        Error::Usage(format!(
            "{} was trained on the target '{}', not on a table; predictions need a network trained on a table",
            path.display(),
            model.description.target.as_deref().unwrap_or("?")
        ))
    })
}

/// Creates the error for an iteration that a model does not store, which lists the nearest ones that it stores.
pub fn not_stored(iteration: u64, stored: &[u64]) -> Error {
    let near = stored.partition_point(|t| *t < iteration);
    let around: Vec<String> =
        stored[near.saturating_sub(2)..(near + 2).min(stored.len())].iter().map(u64::to_string).collect();
    Error::Usage(format!(
        "the model has no coefficients for iteration {iteration}; the nearest are {}; train with {} to store it",
        around.join(", "),
        AT.with(iteration)
    ))
}
