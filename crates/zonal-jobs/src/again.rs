//! A finished training, repeated from its record, and whether it agrees.

use crate::kept::read;
use zonal_documents::options::AGAIN;
use zonal_documents::options::OUT;
use zonal_documents::request::Output;

use crate::train::{Notes, Trained, train_by};
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
use zonal_io::model::Model;

/// How far losses may differ, as part of the first one, where the processor or the number of its vectors is another one.
pub const TOLERANCE: f64 = 1e-6;

/// Repeats the training of a record, or of the folder that holds it.
///
/// # Errors
/// Those of [`read`] and [`train`](crate::train::train); [`Error::Usage`] for a run of another kind, of a table that was in memory and is not
/// given as files, or for files that the run had none of.
pub fn again(
    record: &Path,
    moved: &NewPaths,
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
        let message = format!("{} is no training; {AGAIN} repeats a finished training", folder.display());
        return Err(Error::Usage(message));
    };
    if let Output::Folder { path, .. } = output
        && let (Ok(to), Ok(from)) = (path.canonicalize(), folder.canonicalize())
        && to == from
    {
        let message =
            format!("{} holds the run that is repeated; choose another folder for {OUT}", path.display());
        return Err(Error::Usage(message));
    }
    let model = folder.join(MODEL);
    let model = if model.is_file() { Some(Model::load(&model)?.to_bytes()?) } else { None };
    let config = from_here(&first.record.configuration, moved, &first.record.provenance)?;
    let trained = train_by(&config, output, command, true, observer, notes)?;
    let agreement = compare(&first, model, &trained, notes)?;
    Ok((trained, agreement))
}

/// The configuration with the names of its files as they are meant: where they have been moved to, or from the folder in
/// which the run was called.
fn from_here(config: &TrainConfig, moved: &NewPaths, provenance: &Provenance) -> Result<TrainConfig> {
    let mut config = config.clone();
    let refuse = |message: String| Err(Error::Usage(message));
    let Input::Table(job) = &mut config.input else {
        if let Some(file) = moved.data.iter().chain(&moved.test).next() {
            let file = file.display();
            return refuse(format!(
                "{file} is given, but the run was on a target and had no table; leave it out"
            ));
        }
        return Ok(config);
    };
    let directory = Path::new(&provenance.directory);
    let place = |recorded: &[PathBuf], moved: &[PathBuf]| match moved {
        [] => recorded.iter().map(|file| resolve(directory, file)).collect(),
        moved => moved.to_vec(),
    };
    job.data.files = place(&job.data.files, &moved.data);
    if job.data.files.is_empty() {
        let message = "the table of this run was in memory, and its record does not hold it; repeat it where the table is, or \
                       give it as a file";
        return refuse(message.to_owned());
    }
    match (&mut job.test_data, &moved.test[..]) {
        (Some(files), moved) => *files = place(files, moved),
        (None, []) => {}
        (None, [file, ..]) => {
            let file = file.display();
            let message = format!(
                "{file} is given for testing, but the run tested on a part of its table; leave it out"
            );
            return refuse(message);
        }
    }
    Ok(config)
}

fn compare(
    first: &SavedTraining,
    model: Option<Vec<u8>>,
    again: &Trained,
    notes: Notes<'_>,
) -> Result<Agreement> {
    let there = &first.record.provenance;
    let here = Provenance::now(Vec::new(), std::time::SystemTime::now());
    let kind = |p: &Provenance| [&p.version, &p.platform, &p.instructions, &p.processor].map(String::clone);
    // A processor that is not known may be another one.
    let same_machine = kind(there) == kind(&here) && !here.processor.is_empty();
    let (old, new) = (&first.record.summary, &again.report);
    let mut differs = Vec::new();
    let same_table = old.fingerprint == new.fingerprint;
    if !same_table {
        differs.push("the table".to_owned());
    }
    let plain = |report: &TrainReport| {
        let mut summary = report.clone();
        summary.run = None;
        summary.path.clear();
        serde_json::to_value(summary).map_err(|e| Error::Usage(e.to_string()))
    };
    let (old_summary, new_summary) = (plain(old)?, plain(new)?);
    let keys = [&old_summary, &new_summary].into_iter().filter_map(|s| s.as_object());
    let keys: BTreeSet<&String> = keys.flat_map(|s| s.keys()).collect();
    for key in keys {
        if new_summary.get(key) != old_summary.get(key) && key != "fingerprint" {
            differs.push(format!("the summary's {key}"));
        }
    }
    if old.path != new.path {
        differs.push("the path".to_owned());
    }
    let mut compared = vec!["the summary".to_owned(), "the path".to_owned()];
    let mut compare_part = |what: &str, file: &str, is_there: bool, was_there: bool, same: bool| {
        if was_there {
            compared.push(what.to_owned());
            if !same {
                differs.push(what.to_owned());
            }
        } else if is_there {
            notes(&format!("{what} cannot be compared: the folder of the first run holds no {file}"));
        }
    };
    let network = again.model.as_ref().map(Model::to_bytes).transpose()?;
    compare_part("the network", MODEL, network.is_some(), model.is_some(), network == model);
    let (old_rows, new_rows) = (&first.test_rows, &again.test_rows);
    let [is_there, was_there] = [new_rows, old_rows].map(|rows| !rows.is_empty());
    compare_part("the test rows", TEST_ROWS, is_there, was_there, old_rows == new_rows);
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
