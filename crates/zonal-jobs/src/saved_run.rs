//! Reading of finished runs, of any kind, from their folders.

use crate::record::read_text;
use crate::sweep::read_sweep;
use crate::train::read_test_rows;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::saved::{SavedRun, SavedTraining};
use zonal_documents::train::{Checkpoint, Input, PartRows, TrainConfig, TrainReport};
use zonal_documents::{Error, Result};
use zonal_io::folder::{METRICS, RECORD};
use zonal_io::model::SCHEMA;

/// Reads a finished run from its folder.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for a folder without a finished run, a damaged one, or one of another version;
/// [`zonal_io::Error::System`].
pub fn read(path: &Path) -> Result<SavedRun> {
    let reject = |message: String| Error::from(zonal_io::Error::Folder { path: path.to_owned(), message });
    if !path.is_dir() {
        let found = if path.exists() { "is a file" } else { "does not exist" };
        return Err(reject(format!("{found}; name the folder of a run, such as runs/data-relu-1")));
    }
    let file = path.join(RECORD);
    if !file.is_file() {
        return Err(reject(format!("holds no {RECORD}, so it is not a finished run{}", runs_in(path))));
    }
    let text = read_text(&file)?;
    let damaged = |e: serde_json::Error| {
        reject(format!("has a {RECORD} that cannot be read: {e}; restore it, or repeat the run"))
    };
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
        kind: Option<RunKind>,
    }
    let head: Head = serde_json::from_str(&text).map_err(damaged)?;
    let (SCHEMA, Some(kind)) = (head.schema, head.kind) else {
        let message = format!(
            "was written by another version (its {RECORD} has schema {}{}; this version reads schema {SCHEMA}); repeat the run",
            head.schema,
            head.kind.map_or(" and no kind", |_| "")
        );
        return Err(reject(message));
    };
    fn parse<T: DeserializeOwned>(text: &str) -> std::result::Result<T, serde_json::Error> {
        serde_json::from_str(text)
    }
    Ok(match kind {
        RunKind::Train => {
            let mut record: Record<TrainConfig, TrainReport> = parse(&text).map_err(damaged)?;
            record.summary.path = read_metrics(path)?;
            SavedRun::Training(Box::new(SavedTraining { record, test_rows: read_test_rows(path)? }))
        }
        RunKind::Sweep => {
            let record: Record<String, serde_json::Value> = parse(&text).map_err(damaged)?;
            let Record { schema, kind, configuration, provenance, .. } = record;
            let summary = read_sweep(path)?;
            SavedRun::Sweep(Box::new(Record { schema, kind, configuration, provenance, summary }))
        }
        RunKind::Reproduce => SavedRun::Reproduce(Box::new(parse(&text).map_err(damaged)?)),
        RunKind::SqPlay => SavedRun::Game(Box::new(parse(&text).map_err(damaged)?)),
    })
}

/// The table on which a network was trained, as its run records it.
#[derive(Debug)]
pub(crate) struct TrainingTable {
    /// The fingerprint of the table; None if the record has none of this table alone.
    pub(crate) fingerprint: Option<String>,
    /// The number of usable rows.
    pub(crate) rows: u64,
    /// The column with the weights of the rows.
    pub(crate) weight: Option<String>,
}

/// Returns the table that the record next to a model file describes; None without a readable record of a training on a
/// table.
pub(crate) fn training_table(model: &Path) -> Option<TrainingTable> {
    /// The part of a record that identifies the table.
    #[derive(Deserialize)]
    struct Excerpt {
        configuration: Configuration,
        summary: Summary,
    }
    #[derive(Deserialize)]
    struct Configuration {
        input: Input,
    }
    #[derive(Deserialize)]
    struct Summary {
        fingerprint: Option<String>,
        rows: Option<PartRows>,
    }
    let text = read_text(&model.parent()?.join(RECORD)).ok()?;
    let Excerpt { configuration, summary } = serde_json::from_str(&text).ok()?;
    let (Input::Table(job), Some(rows)) = (configuration.input, summary.rows) else { return None };
    // The fingerprint of a run covers its separate validation and test files too.
    let [validation, test] = [(job.has_validation(), rows.validation), (job.test_data.is_some(), rows.test)]
        .map(|(is_separate, rows)| if is_separate { 0 } else { rows });
    let is_whole = !job.has_validation() && job.test_data.is_none();
    Some(TrainingTable {
        fingerprint: summary.fingerprint.filter(|_| is_whole),
        rows: rows.train + validation + test,
        weight: job.weight,
    })
}

/// Names a run inside a folder that is not a run itself.
fn runs_in(path: &Path) -> String {
    let folders = std::fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.path());
    let mut runs: Vec<String> =
        folders.filter(|f| f.join(RECORD).is_file()).map(|f| f.display().to_string()).collect();
    runs.sort_unstable();
    match runs.as_slice() {
        [] => String::new(),
        [first, ..] => format!("; it contains {} runs, such as {first}", runs.len()),
    }
}

/// A line of `metrics.jsonl`.
#[derive(Deserialize)]
struct Line {
    schema: u32,
    #[serde(flatten)]
    checkpoint: Checkpoint,
}

fn read_metrics(path: &Path) -> Result<Vec<Checkpoint>> {
    let text = read_text(&path.join(METRICS))?;
    let reject = |message: String| Error::from(zonal_io::Error::Folder { path: path.to_owned(), message });
    let lines: Result<Vec<Checkpoint>> = text
        .lines()
        .enumerate()
        .map(|(i, line)| {
            let number = i + 1;
            let line: Line = serde_json::from_str(line).map_err(|e| {
                reject(format!("has a {METRICS} whose line {number} cannot be read: {e}; restore it, or repeat the run"))
            })?;
            if line.schema != SCHEMA {
                let found = line.schema;
                let message = format!(
                    "has a {METRICS} whose line {number} is of another version (schema {found}; this version reads schema {SCHEMA})"
                );
                return Err(reject(message));
            }
            Ok(line.checkpoint)
        })
        .collect();
    match lines?.as_slice() {
        [] => Err(reject(format!("has an empty {METRICS}; it must list the path"))),
        path => Ok(path.to_vec()),
    }
}
