//! Reading of saved sweeps: the description, and the journal of finished trainings.

use super::grid::{self, Grid};
use super::measure::Measurements;
use super::table;
use crate::record::read_text;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zonal_documents::options::{FORCE, RESUME};
use zonal_documents::sweep::SweepReport;
use zonal_documents::{Error, Result};
use zonal_io::checksum::open_object;
use zonal_io::folder::{CELLS, SWEEP};
use zonal_io::model::SCHEMA;
use zonal_io::option::call;

/// The first line of a journal, which identifies the sweep.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    schema: u32,
    version: String,
    /// The default name of the sweep.
    name: String,
    first_seed: u64,
    /// The command line of the first call.
    command: Vec<String>,
    /// The text of the description, which defines the numbers of the cells in the journal.
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

/// The purpose of reading a folder. Results of another version can be read, but not mixed with those of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// To run the missing trainings.
    Resume,
    /// To read the results.
    Read,
}

/// A sweep read from its folder.
pub(super) struct SavedSweep {
    pub(super) grid: Grid,
    pub(super) done: Vec<Option<Measurements>>,
    pub(super) command: Vec<String>,
}

/// Reads the description of the sweep in a folder.
pub(super) fn description(path: &Path) -> Result<String> {
    if let Some(missing) = [SWEEP, CELLS].into_iter().find(|name| !path.join(name).is_file()) {
        let message =
            format!("holds no {missing}, so there is no sweep to resume; name the folder of a sweep");
        return Err(zonal_io::Error::Folder { path: path.to_owned(), message }.into());
    }
    read_text(&path.join(SWEEP))
}

/// Reads the complete lines of the journal in a folder; an incomplete last line is ignored.
pub(super) fn lines(path: &Path) -> Result<Vec<String>> {
    let text = read_text(&path.join(CELLS))?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    Ok(whole.lines().map(str::to_owned).collect())
}

/// Restores the trainings of a journal, ordered by cell, then by seed.
pub(super) fn trainings(path: &Path, text: &str, lines: &[String], access: Access) -> Result<SavedSweep> {
    let reject = |message: String| Error::from(zonal_io::Error::Folder { path: path.to_owned(), message });
    let Some((head, lines)) = lines.split_first() else {
        return Err(reject(format!("was interrupted before its first training; start over with {FORCE}")));
    };
    let foreign = |e: String| reject(format!("has a journal whose first line cannot be used: {e}"));
    let head = open_object(head).map_err(foreign)?;
    let head: Head = serde_json::from_str(&head).map_err(|e| foreign(e.to_string()))?;
    let expected = Head::new(&head.name, head.first_seed, head.command.clone(), text);
    let differs =
        head.schema != expected.schema || access == Access::Resume && head.version != expected.version;
    if differs {
        return Err(reject(format!(
            "was started by version {} (format {}), and this is version {} (format {}); results might not be reproducible across versions, so start over with {FORCE}",
            head.version, head.schema, expected.version, expected.schema
        )));
    }
    if head.configuration != expected.configuration {
        let message =
            format!("has a {SWEEP} that was changed since the start; restore it, or start over with {FORCE}");
        return Err(reject(message));
    }
    let file = path.join(SWEEP).display().to_string();
    let grid = grid::read(text, &file, &head.name, head.first_seed)?;
    let mut done = vec![None; grid.cells.len() * grid.seeds as usize];
    for (i, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let bad = |what: String| reject(format!("has a journal whose line {} {what}", i + 2));
        let object = open_object(line).map_err(|e| bad(format!("cannot be used: {e}")))?;
        let measured: Measurements =
            serde_json::from_str(&object).map_err(|e| bad(format!("is not a training: {e}")))?;
        let fits = (measured.at.is_empty() || measured.at.len() == grid.iterations.len())
            && measured.seed < grid.seeds
            && measured.cell < grid.cells.len()
            && measured.at.iter().all(|s| s.energies.len() == grid.max_degree + 1);
        if !fits {
            return Err(bad(format!("does not match {SWEEP}")));
        }
        let place = measured.cell * grid.seeds as usize + measured.seed as usize;
        done[place] = Some(measured);
    }
    Ok(SavedSweep { grid, done, command: head.command })
}

/// Reads the results of a finished sweep from its folder.
///
/// # Errors
/// [`zonal_io::Error::Folder`] for a folder that is not a finished sweep.
pub fn read_sweep(path: &Path) -> Result<SweepReport> {
    let text = description(path)?;
    let lines = lines(path)?;
    let SavedSweep { grid, done, .. } = trainings(path, &text, &lines, Access::Read)?;
    let measured: Vec<Measurements> = done.into_iter().flatten().collect();
    let trainings = grid.cells.len() * grid.seeds as usize;
    if measured.len() < trainings {
        let message = format!(
            "holds a sweep with {} of {trainings} trainings finished; resume with: {}",
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
