//! Lists of runs with what differs between them, and their removal.

use crate::record::read_text;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use zonal_documents::provenance::Provenance;
use zonal_documents::record::{Record, RemovedReport, RunEntry, RunKind, RunState, RunsReport, Setting};
use zonal_documents::saved::SavedTraining;
use zonal_documents::{Result, SCHEMA};
use zonal_io::folder::{Contents, RECORD, RESUME, RunFolder, SWEEP, classify, is_in_use};
use zonal_io::{FolderKind, checksum};

/// Lists the runs directly below a folder, finished or not, in the order of their start; unfinished ones come last.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for a path that is not a folder; [`zonal_io::Error::System`].
pub fn list(folder: &Path) -> Result<RunsReport> {
    let reject =
        |message: &str| zonal_io::Error::Folder { path: folder.to_owned(), message: message.to_owned() };
    if !folder.is_dir() {
        let found = if folder.exists() { "is a file" } else { "does not exist" };
        return Err(reject(&format!("{found}; name a folder that contains runs")).into());
    }
    let system = |source| zonal_io::Error::System { path: folder.to_owned(), action: "listing", source };
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut runs = Vec::new();
    for entry in entries.map_err(system)? {
        let path = entry.path();
        if path.is_dir() {
            runs.extend(read(&path)?);
        }
    }
    if runs.is_empty() && read(folder)?.is_some() {
        return Err(reject("is itself a run; name the folder that contains it").into());
    }
    runs.sort_by_cached_key(|run| {
        let entry = &run.entry;
        (entry.started.is_none(), entry.started.clone(), natural(&entry.run))
    });
    Ok(report(runs))
}

/// Compares runs, in the order in which they are named.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for a path that is not the folder of a run; [`zonal_io::Error::System`].
pub fn compare(paths: &[PathBuf]) -> Result<RunsReport> {
    let one = |path: &PathBuf| {
        check_exists(path)?;
        let found = if path.is_dir() { read(path)? } else { None };
        let message = "is not the folder of a run; name folders such as runs/data-relu-1".to_owned();
        found.ok_or_else(|| zonal_io::Error::Folder { path: path.clone(), message }.into())
    };
    Ok(report(paths.iter().map(one).collect::<Result<_>>()?))
}

/// Checks that something exists at the path of a run; it may be a link to nothing.
fn check_exists(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    let message = "does not exist; name the folder of a run, such as runs/data-relu-1".to_owned();
    Err(zonal_io::Error::Folder { path: path.to_owned(), message }.into())
}

/// Removes runs with their folders. All of them are checked before the first is removed.
///
/// # Errors
/// As [`RunFolder::delete`].
pub fn remove(paths: &[PathBuf]) -> Result<RemovedReport> {
    paths.iter().try_for_each(|path| check_exists(path))?;
    paths.iter().try_for_each(|path| RunFolder::check_delete(path))?;
    paths.iter().try_for_each(|path| RunFolder::delete(path))?;
    let removed = paths.iter().map(|path| path.display().to_string()).collect();
    Ok(RemovedReport { schema: SCHEMA, removed })
}

/// Returns the options in which trainings differ, a list for each of them.
///
/// # Errors
/// [`zonal_documents::Error::Usage`] for a record that JSON cannot hold.
pub fn differences(trainings: &[&SavedTraining]) -> Result<Vec<Vec<Setting>>> {
    let damaged = |error: serde_json::Error| zonal_documents::Error::Usage(error.to_string());
    let run = |training: &&SavedTraining| {
        let json = serde_json::to_value(&training.record).map_err(damaged)?;
        let record: Record<Value, Value> = serde_json::from_value(json).map_err(damaged)?;
        let mut entry = blank(String::new(), Some(RunKind::Train));
        let settings = finished(&mut entry, &record);
        Ok(Run { entry, settings })
    };
    let runs = trainings.iter().map(run).collect::<Result<Vec<Run>>>()?;
    Ok(report(runs).runs.into_iter().map(|run| run.differences).collect())
}

/// A run with all its options.
struct Run {
    entry: RunEntry,
    settings: BTreeMap<String, String>,
}

/// Returns the entry of a run of which nothing else is known.
fn blank(run: String, kind: Option<RunKind>) -> RunEntry {
    RunEntry {
        run,
        kind,
        state: RunState::Incomplete,
        started: None,
        seconds: None,
        differences: Vec::new(),
        loss: None,
        best_iteration: None,
        train_rmse: None,
        validation_rmse: None,
        test_rmse: None,
        succeeded: None,
    }
}

/// Reads the run in a folder; None if there is none.
fn read(path: &Path) -> Result<Option<Run>> {
    let contents = classify(path)?;
    let Some(folder_kind) = contents.kind() else { return Ok(None) };
    let kind = match folder_kind {
        FolderKind::Training => Some(RunKind::Train),
        FolderKind::Sweep => Some(RunKind::Sweep),
        FolderKind::Record => None,
    };
    let mut entry = blank(path.display().to_string(), kind);
    let mut settings = BTreeMap::new();
    match contents {
        Contents::Run(_) => match record(path) {
            Some(record) => settings = finished(&mut entry, &record),
            None => entry.state = RunState::Unreadable,
        },
        Contents::Training | Contents::Sweep => {
            entry.state = RunState::Resumable;
            settings = flattened(&unfinished(path, folder_kind).unwrap_or_default());
        }
        Contents::Nothing | Contents::Remainder(_) | Contents::Foreign(_) => {}
    }
    if !matches!(entry.state, RunState::Finished | RunState::Unreadable) && is_in_use(path) {
        entry.state = RunState::Running;
    }
    Ok(Some(Run { entry, settings }))
}

/// Reads the record of a finished run; None if it is damaged or of another version.
fn record(path: &Path) -> Option<Record<Value, Value>> {
    let record: Record<Value, Value> = serde_json::from_str(&read_text(&path.join(RECORD)).ok()?).ok()?;
    (record.schema == SCHEMA).then_some(record)
}

/// Fills in the results of a finished run, and returns its options.
fn finished(entry: &mut RunEntry, record: &Record<Value, Value>) -> BTreeMap<String, String> {
    let summary = &record.summary;
    let number = |name: &str| summary.get(name).and_then(Value::as_f64);
    let Provenance { started, seconds, .. } = &record.provenance;
    entry.kind = Some(record.kind);
    entry.state = RunState::Finished;
    entry.started = Some(started.clone());
    entry.seconds = Some(*seconds);
    let mut settings = flattened(&match &record.configuration {
        Value::String(text) => description(text),
        other => other.clone(),
    });
    match record.kind {
        RunKind::Train => {
            entry.loss = number("loss");
            entry.best_iteration = summary.get("best_iteration").and_then(Value::as_u64);
            entry.train_rmse = number("train_rmse");
            entry.validation_rmse = number("validation_rmse");
            entry.test_rmse = number("test_rmse");
            // What was chosen automatically is more informative than that it was.
            for name in ["activation", "scale", "bias"] {
                let chosen = summary.get(name).filter(|value| !value.is_null());
                if let (Some(setting), Some(chosen)) = (settings.get_mut(name), chosen) {
                    *setting = text(chosen);
                }
            }
        }
        RunKind::Reproduce => entry.succeeded = summary.get("holds").and_then(Value::as_bool),
        RunKind::SqPlay => entry.succeeded = summary.get("learned").and_then(Value::as_bool),
        RunKind::Sweep => {}
    }
    settings
}

/// Reads the options of a run that can be resumed; None if they are damaged.
fn unfinished(path: &Path, kind: FolderKind) -> Option<Value> {
    if kind == FolderKind::Sweep {
        return Some(description(&read_text(&path.join(SWEEP)).ok()?));
    }
    #[derive(Deserialize)]
    struct Resume {
        configuration: Value,
    }
    let object = checksum::open_object(&read_text(&path.join(RESUME)).ok()?).ok()?;
    Some(serde_json::from_str::<Resume>(&object).ok()?.configuration)
}

/// Returns the description of a sweep as JSON; null if it is damaged.
fn description(text: &str) -> Value {
    toml::from_str::<toml::Table>(text)
        .ok()
        .and_then(|table| serde_json::to_value(table).ok())
        .unwrap_or_default()
}

/// Groups of options whose names stand for themselves: `input.table.data.files` is shown as `files`.
const GROUPS: [&str; 6] = ["input", "table", "data", "target", "descent", "family"];

/// Returns all options by name, with their values as text; those that are null are left out.
fn flattened(configuration: &Value) -> BTreeMap<String, String> {
    fn add(map: &Map<String, Value>, group: &str, out: &mut BTreeMap<String, String>) {
        for (name, value) in map {
            let shown = match (group, name.as_str()) {
                ("target", "text") => "target",
                ("family", "kind") => "family",
                ("descent", "on_sphere") => "units_on_sphere",
                (_, name) => name,
            };
            match value {
                Value::Object(inner) if GROUPS.contains(&name.as_str()) => add(inner, name, out),
                Value::Null => {}
                value => {
                    out.insert(shown.to_owned(), text(value));
                }
            }
        }
    }
    let mut out = BTreeMap::new();
    if let Value::Object(map) = configuration {
        add(map, "", &mut out);
    }
    out
}

/// Formats the value of an option.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Returns a key by which numbers in names are in the order of their values.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = vec![(String::new(), 0u64)];
    let mut in_number = false;
    for c in name.chars() {
        let digit = c.to_digit(10);
        if in_number && digit.is_none() {
            parts.push((String::new(), 0));
        }
        in_number = digit.is_some();
        if let Some(last) = parts.last_mut() {
            match digit {
                Some(digit) => last.1 = last.1.saturating_mul(10).saturating_add(u64::from(digit)),
                None => last.0.push(c),
            }
        }
    }
    parts
}

/// Builds the report: each run with the options in which runs of its kind differ.
fn report(mut runs: Vec<Run>) -> RunsReport {
    let known = |run: &&Run| !run.settings.is_empty();
    let mut differing: BTreeMap<Option<&'static str>, BTreeSet<String>> = BTreeMap::new();
    let command = |run: &Run| run.entry.kind.map(RunKind::command);
    for kind in runs.iter().filter(known).map(command).collect::<BTreeSet<_>>() {
        let same: Vec<&Run> = runs.iter().filter(known).filter(|run| command(run) == kind).collect();
        let names: BTreeSet<&String> = same.iter().flat_map(|run| run.settings.keys()).collect();
        let differs =
            |name: &&String| same.iter().any(|run| run.settings.get(*name) != same[0].settings.get(*name));
        differing.insert(kind, names.into_iter().filter(differs).cloned().collect());
    }
    for run in &mut runs {
        let names = differing.get(&run.entry.kind.map(RunKind::command)).into_iter().flatten();
        let settings = std::mem::take(&mut run.settings);
        let value = |name: &String| settings.get(name).cloned().unwrap_or_default();
        if !settings.is_empty() {
            run.entry.differences =
                names.map(|name| Setting { name: name.clone(), value: value(name) }).collect();
        }
    }
    RunsReport { schema: SCHEMA, runs: runs.into_iter().map(|run| run.entry).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_by_their_numbers() {
        let mut names = ["a-10", "a-9", "a-1", "b-2", "a"];
        names.sort_by_cached_key(|name| natural(name));
        assert_eq!(names, ["a", "a-1", "a-9", "a-10", "b-2"]);
    }

    #[test]
    fn options_in_groups_have_the_names_of_the_command() {
        let configuration = serde_json::json!({
            "input": { "target": { "text": "x1", "dim": 5 } },
            "descent": { "layers": "both", "on_sphere": true },
            "at": [1, 2],
            "max_degree": null,
        });
        let found = flattened(&configuration);
        let expected =
            [("at", "1,2"), ("dim", "5"), ("layers", "both"), ("target", "x1"), ("units_on_sphere", "true")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }
}
