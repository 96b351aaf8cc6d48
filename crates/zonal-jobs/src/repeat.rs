//! Repetition of a finished training from its record, and the comparison of the two.

use crate::saved_run::read;
use zonal_documents::options::AGAIN;
use zonal_documents::options::OUT;
use zonal_documents::request::Output;

use crate::train::{GrownLayers, Notes, Repeats, Trained, train_by};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use zonal::observer::Observer;
use zonal_documents::agreement::{Agreement, NewPaths};
use zonal_documents::provenance::Provenance;
use zonal_documents::saved::{SavedRun, SavedTraining};
use zonal_documents::table::resolve;
use zonal_documents::train::{Input, TrainConfig, TrainReport};
use zonal_documents::{Error, Result};
use zonal_io::folder::{MODEL, RECORD, TEST_ROWS};
use zonal_io::model::{HiddenLayer, Model};

/// The allowed difference of losses on another processor or with other vector instructions, divided by the initial
/// loss.
pub const TOLERANCE: f64 = 1e-6;

/// Repeats the training of a record or of its folder, and compares the two.
///
/// # Errors
/// The errors of [`read`] and [`train`](crate::train::train); [`Error::Usage`] for a run of another kind, for a table
/// that was in memory and is not passed as files, or for files if the run had none.
pub fn repeat(
    record: &Path,
    paths: &NewPaths,
    output: &Output,
    command: Vec<String>,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<(Trained, Agreement)> {
    let folder = match record.file_name() {
        Some(name) if name == RECORD && !record.is_dir() => record.parent().unwrap_or(Path::new("")),
        _ => record,
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let SavedRun::Training(first) = read(folder)? else {
        let message = format!("{} is not a training; {AGAIN} needs a finished training", folder.display());
        return Err(Error::Usage(message));
    };
    if let Output::Folder { path, .. } = output
        && let (Ok(to), Ok(from)) = (path.canonicalize(), folder.canonicalize())
        && to == from
    {
        let message =
            format!("{} contains the run to repeat; choose another folder for {OUT}", path.display());
        return Err(Error::Usage(message));
    }
    let model = folder.join(MODEL);
    let model = if model.is_file() { Some(Model::load(&model)?) } else { None };
    let config = relocate(&first.record.configuration, paths, &first.record.provenance)?;
    let repeats = repeats(&first, model.as_ref())?;
    let model = model.as_ref().map(Model::to_bytes).transpose()?;
    let trained = train_by(&config, output, command, repeats, observer, notes)?;
    let agreement = compare(&first, model, &trained, notes)?;
    Ok((trained, agreement))
}

/// Returns what is repeated. Growth depends on every bit, so that another processor or compiler would grow other units: the
/// stored ones are used, if the network's file is there.
fn repeats(first: &SavedTraining, model: Option<&Model>) -> Result<Repeats> {
    let Some(model) = model else { return Ok(Repeats::Configuration) };
    match (&model.hidden, &model.description.grown, &first.record.summary.importances) {
        (HiddenLayer::Grown(units, _), Some(grown), Some(importances)) => {
            Ok(Repeats::Units(GrownLayers::stored(grown.columns.clone(), units, importances.clone())?))
        }
        _ => Ok(Repeats::Configuration),
    }
}

/// Returns the configuration with resolved paths: the new paths, or paths relative to the directory of the run.
fn relocate(config: &TrainConfig, paths: &NewPaths, provenance: &Provenance) -> Result<TrainConfig> {
    let mut config = config.clone();
    let reject = |message: String| Err(Error::Usage(message));
    let Input::Table(job) = &mut config.input else {
        if let Some(file) = paths.data.iter().chain(&paths.validation).chain(&paths.test).next() {
            let file = file.display();
            return reject(format!(
                "{file} is specified, but the run was on a target and had no table; omit it"
            ));
        }
        return Ok(config);
    };
    let directory = Path::new(&provenance.directory);
    let locate = |recorded: &[PathBuf], new: &[PathBuf]| match new {
        [] => recorded.iter().map(|file| resolve(directory, file)).collect(),
        new => new.to_vec(),
    };
    job.data.files = locate(&job.data.files, &paths.data);
    if job.data.files.is_empty() {
        let message = "the table of this run was in memory, and its record does not contain it; save the table to a file and name \
                       that file";
        return reject(message.to_owned());
    }
    for (recorded, new, use_of, part) in [
        (&mut job.validation_data, &paths.validation, "validation", "validation"),
        (&mut job.test_data, &paths.test, "testing", "test"),
    ] {
        match (recorded, &new[..]) {
            (Some(files), new) => *files = locate(files, new),
            (None, []) => {}
            (None, [file, ..]) => {
                let file = file.display();
                return reject(format!(
                    "{file} is specified for {use_of}, but the run split its {part} rows off the table; omit it"
                ));
            }
        }
    }
    Ok(config)
}

/// Returns the keys of the summary that differ, without those that are compared on their own.
fn different_keys(old: &TrainReport, new: &TrainReport) -> Result<Vec<String>> {
    let plain = |report: &TrainReport| {
        let mut summary = report.clone();
        summary.run = None;
        summary.path.clear();
        serde_json::to_value(summary).map_err(|e| Error::Usage(e.to_string()))
    };
    let (old, new) = (plain(old)?, plain(new)?);
    let keys: BTreeSet<&String> =
        [&old, &new].into_iter().filter_map(|s| s.as_object()).flat_map(|s| s.keys()).collect();
    let differ = keys.into_iter().filter(|key| new.get(key) != old.get(key) && *key != "fingerprint");
    Ok(differ.map(|key| format!("the summary's {key}")).collect())
}

fn compare(
    first: &SavedTraining,
    model: Option<Vec<u8>>,
    second: &Trained,
    notes: Notes<'_>,
) -> Result<Agreement> {
    let before = &first.record.provenance;
    let now = Provenance::now(Vec::new(), std::time::SystemTime::now());
    let kind = |p: &Provenance| [&p.version, &p.platform, &p.instructions, &p.processor].map(String::clone);
    // An unknown processor may be a different one.
    let same_machine = kind(before) == kind(&now) && !now.processor.is_empty();
    let (old, new) = (&first.record.summary, &second.report);
    let mut differs = Vec::new();
    let same_table = old.fingerprint == new.fingerprint;
    if !same_table {
        differs.push("the table".to_owned());
    }
    differs.extend(different_keys(old, new)?);
    if old.path != new.path {
        differs.push("the path".to_owned());
    }
    let mut compared = vec!["the summary".to_owned(), "the path".to_owned()];
    let mut compare_part = |what: &str, file: &str, exists: bool, existed: bool, same: bool| {
        if existed {
            compared.push(what.to_owned());
            if !same {
                differs.push(what.to_owned());
            }
        } else if exists {
            notes(&format!("{what} cannot be compared: the folder of the first run has no {file}"));
        }
    };
    let network = second.model.as_ref().map(Model::to_bytes).transpose()?;
    compare_part("the network", MODEL, network.is_some(), model.is_some(), network == model);
    let (old_rows, new_rows) = (&first.test_rows, &second.test_rows);
    let [exists, existed] = [new_rows, old_rows].map(|rows| !rows.is_empty());
    compare_part("the test rows", TEST_ROWS, exists, existed, old_rows == new_rows);
    let unit = old.initial_loss.abs().max(f64::MIN_POSITIVE);
    let iterations = |report: &TrainReport| report.path.iter().map(|c| c.iteration).collect::<Vec<_>>();
    let differences = old.path.iter().zip(&new.path).map(|(a, b)| (a.loss - b.loss).abs() / unit);
    let loss_difference = (iterations(old) == iterations(new)).then(|| differences.fold(0.0, f64::max));
    let same_bits = differs.is_empty();
    let near = !same_machine && same_table && loss_difference.is_some_and(|d| d <= TOLERANCE);
    Ok(Agreement {
        schema: zonal_documents::SCHEMA,
        agrees: same_bits || near,
        same_bits,
        compared,
        same_machine,
        same_table,
        loss_difference,
        tolerance: TOLERANCE,
        differs,
    })
}
