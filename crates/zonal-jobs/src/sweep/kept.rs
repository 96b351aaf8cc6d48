//! What a sweep keeps in its folder, read back: its plan, and a journal of the trainings that are done.

use super::grid::{self, Grid};
use super::measure::Measured;
use super::table;
use crate::record::read_text;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zonal_documents::options::RESUME;
use zonal_documents::sweep::SweepReport;
use zonal_documents::{Error, Result};
use zonal_io::checksum::open_object;
use zonal_io::folder::{CELLS, SWEEP};
use zonal_io::model::SCHEMA;
use zonal_io::option::call;

/// The first line of a journal: who wrote it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    schema: u32,
    version: String,
    /// The sweep's name where the file gives none.
    name: String,
    first_seed: u64,
    /// The words of the command line that began it.
    command: Vec<String>,
    /// The file as it was: the numbers of cells in the journal belong to it and no other.
    configuration: String,
}

impl Head {
    pub(super) fn new(name: &str, first_seed: u64, command: Vec<String>, configuration: &str) -> Self {
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: name.to_owned(),
            first_seed,
            command,
            configuration: configuration.to_owned(),
        }
    }
}

/// What a folder is read for: numbers of another version may be looked at, and not be mixed with those of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// To train what is missing.
    ToGoOn,
    /// To see what is there.
    ToLook,
}

/// A sweep as its folder tells it.
pub(super) struct Kept {
    pub(super) grid: Grid,
    pub(super) done: Vec<Option<Measured>>,
    pub(super) command: Vec<String>,
}

/// The plan of the sweep in a folder.
pub(super) fn plan(path: &Path) -> Result<String> {
    if let Some(missing) = [SWEEP, CELLS].into_iter().find(|name| !path.join(name).is_file()) {
        let message = format!(
            "holds no {missing}: there is no sweep to go on with; name the folder of a run that has one"
        );
        return Err(zonal_io::Error::Folder { path: path.to_owned(), message }.into());
    }
    read_text(&path.join(SWEEP))
}

/// The whole lines of the journal in a folder; the last one may have been cut off.
pub(super) fn lines(path: &Path) -> Result<Vec<String>> {
    let text = read_text(&path.join(CELLS))?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    Ok(whole.lines().map(str::to_owned).collect())
}

/// The trainings of a journal, each in its place: all seeds of the first cell, then of the second, ...
pub(super) fn trainings(path: &Path, text: &str, lines: &[String], reading: Reading) -> Result<Kept> {
    let refuse = |message: String| Error::from(zonal_io::Error::Folder { path: path.to_owned(), message });
    let Some((head, lines)) = lines.split_first() else {
        return Err(refuse("was stopped before its first training: start it anew".to_owned()));
    };
    let foreign = |e: String| refuse(format!("has a journal with a first line that cannot be used: {e}"));
    let head = open_object(head).map_err(foreign)?;
    let head: Head = serde_json::from_str(&head).map_err(|e| foreign(e.to_string()))?;
    let ours = Head::new(&head.name, head.first_seed, head.command.clone(), text);
    let differs = head.schema != ours.schema || reading == Reading::ToGoOn && head.version != ours.version;
    if differs {
        return Err(refuse(format!(
            "was begun by version {} (format {}) and this is {} (format {}): numbers could differ; start it anew",
            head.version, head.schema, ours.version, ours.schema
        )));
    }
    if head.configuration != ours.configuration {
        let message =
            format!("has a {SWEEP} that was changed since it was begun: change it back, or start anew");
        return Err(refuse(message));
    }
    let file = path.join(SWEEP).display().to_string();
    let grid = grid::read(text, &file, &head.name, head.first_seed)?;
    let mut done = vec![None; grid.cells.len() * grid.seeds as usize];
    for (i, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let bad = |what: String| refuse(format!("has a journal whose line {} {what}", i + 2));
        let object = open_object(line).map_err(|e| bad(format!("cannot be used: {e}")))?;
        let measured: Measured =
            serde_json::from_str(&object).map_err(|e| bad(format!("is not a training: {e}")))?;
        let fits = (measured.at.is_empty() || measured.at.len() == grid.iterations.len())
            && measured.seed < grid.seeds
            && measured.cell < grid.cells.len()
            && measured.at.iter().all(|s| s.energies.len() == grid.max_degree + 1);
        if !fits {
            return Err(bad(format!("does not fit to {SWEEP}")));
        }
        let place = measured.cell * grid.seeds as usize + measured.seed as usize;
        done[place] = Some(measured);
    }
    Ok(Kept { grid, done, command: head.command })
}

/// The outcome of a finished sweep, from its folder; nothing is trained or written.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for one that is not finished or not ours.
pub fn finished(path: &Path) -> Result<SweepReport> {
    let text = plan(path)?;
    let lines = lines(path)?;
    let Kept { grid, done, .. } = trainings(path, &text, &lines, Reading::ToLook)?;
    let measured: Vec<Measured> = done.into_iter().flatten().collect();
    let trainings = grid.cells.len() * grid.seeds as usize;
    if measured.len() < trainings {
        let message = format!(
            "holds a sweep of which {} of {trainings} trainings are done; resume with: {}",
            measured.len(),
            call("sweep", RESUME, path)
        );
        return Err(zonal_io::Error::Folder { path: path.to_owned(), message }.into());
    }
    Ok(SweepReport {
        schema: SCHEMA,
        run: Some(path.display().to_string()),
        name: grid.name.clone(),
        trained: 0,
        trainings: trainings as u64,
        rows: table::rows(&grid, &measured),
    })
}
