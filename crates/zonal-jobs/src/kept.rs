//! A finished run read back from its folder, whatever its kind.

use crate::record::read_text;
use crate::sweep::finished;
use crate::train::read_test_rows;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::saved::{SavedRun, SavedTraining};
use zonal_documents::train::{Checkpoint, TrainConfig, TrainReport};
use zonal_documents::{Error, Result};
use zonal_io::folder::{METRICS, RECORD};
use zonal_io::model::SCHEMA;

/// Reads a finished run.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for a folder that holds none, is damaged or was written in another format;
/// [`zonal_io::Error::System`].
pub fn read(path: &Path) -> Result<SavedRun> {
    let refuse = |message: String| Error::from(zonal_io::Error::Folder { path: path.to_owned(), message });
    if !path.is_dir() {
        let found = if path.exists() { "is a file" } else { "does not exist" };
        return Err(refuse(format!("{found}; name the folder of a run, such as runs/data-relu-1")));
    }
    let file = path.join(RECORD);
    if !file.is_file() {
        return Err(refuse(format!("holds no {RECORD}: it is no finished run{}", runs_in(path))));
    }
    let text = read_text(&file)?;
    let damaged = |e: serde_json::Error| {
        refuse(format!("has a {RECORD} that cannot be read, where a whole record is needed: {e}"))
    };
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
        kind: Option<RunKind>,
    }
    let head: Head = serde_json::from_str(&text).map_err(damaged)?;
    let (SCHEMA, Some(kind)) = (head.schema, head.kind) else {
        let message = format!(
            "was written by another version (its {RECORD} has schema {}{}; this version reads schema {SCHEMA}): run it anew",
            head.schema,
            head.kind.map_or(" and no kind", |_| "")
        );
        return Err(refuse(message));
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
            let summary = finished(path)?;
            SavedRun::Sweep(Box::new(Record { schema, kind, configuration, provenance, summary }))
        }
        RunKind::Reproduce => SavedRun::Reproduce(Box::new(parse(&text).map_err(damaged)?)),
        RunKind::SqPlay => SavedRun::Game(Box::new(parse(&text).map_err(damaged)?)),
    })
}

/// Runs that were perhaps meant instead.
fn runs_in(path: &Path) -> String {
    let folders = std::fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.path());
    let mut runs: Vec<String> =
        folders.filter(|f| f.join(RECORD).is_file()).map(|f| f.display().to_string()).collect();
    runs.sort_unstable();
    match runs.as_slice() {
        [] => String::new(),
        [first, ..] => format!("; there are {} in it, such as {first}", runs.len()),
    }
}

/// A line of the metrics.
#[derive(Deserialize)]
struct Line {
    schema: u32,
    #[serde(flatten)]
    checkpoint: Checkpoint,
}

fn read_metrics(path: &Path) -> Result<Vec<Checkpoint>> {
    let text = read_text(&path.join(METRICS))?;
    let refuse = |message: String| Error::from(zonal_io::Error::Folder { path: path.to_owned(), message });
    let lines: Result<Vec<Checkpoint>> = text
        .lines()
        .enumerate()
        .map(|(i, line)| {
            let number = i + 1;
            let line: Line = serde_json::from_str(line).map_err(|e| {
                refuse(format!("has {METRICS} whose line {number} cannot be read, where a whole one is needed: {e}"))
            })?;
            if line.schema != SCHEMA {
                let found = line.schema;
                let message = format!(
                    "has {METRICS} whose line {number} is of another version (schema {found}, where {SCHEMA} is needed)"
                );
                return Err(refuse(message));
            }
            Ok(line.checkpoint)
        })
        .collect();
    match lines?.as_slice() {
        [] => Err(refuse(format!("has an empty {METRICS}, where the lines of a path are needed"))),
        path => Ok(path.to_vec()),
    }
}
