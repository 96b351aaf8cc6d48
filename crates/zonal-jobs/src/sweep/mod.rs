//! `sweep`: trainings over a grid of dimensions, degrees, widths, rows, ..., several in parallel, into one table. A
//! journal stores finished trainings, so that an interrupted sweep can be resumed with the same result.

mod grid;
mod measure;
mod saved;
mod table;

pub use saved::read_sweep;
pub use zonal_documents::sweep::SweepRow;

use crate::memory;
use crate::record::{json, read_text_up_to};
use crate::watchdog::Cancellation;
use grid::Grid;
use measure::{Measurements, measure};
use saved::{Access, Head, SavedSweep};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, SystemTime};
use zonal::observer::{Observer, Stage};
use zonal_documents::options::AT_ONCE;
use zonal_documents::options::OUT;
use zonal_documents::options::RESUME;
use zonal_documents::provenance::Provenance;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::request::{Description, Output, SweepStart};
use zonal_documents::sweep::{SweepReport, results};
use zonal_documents::{Error, Result};
use zonal_io::FolderKind;
use zonal_io::checksum::seal_object;
use zonal_io::folder::{ARROW, CELLS, RECORD, RunFolder, SWEEP, TABLE};
use zonal_io::journal::Journal;
use zonal_io::model::SCHEMA;
use zonal_io::option::call;

/// Returns the number of trainings that a description spans, without running them. `source` is its name in messages.
///
/// # Errors
/// [`Error::Usage`] for a file that does not describe a sweep.
pub fn trainings(text: &str, source: &str) -> Result<u64> {
    let grid = grid::read(text, source, "sweep", 0)?;
    Ok(grid.cells.len() as u64 * grid.seeds)
}

/// A sweep ready to run.
struct Job {
    grid: Grid,
    text: String,
    folder: Option<RunFolder>,
    journal: Option<Journal>,
    done: Vec<Option<Measurements>>,
    /// The command line of the first call.
    command: Vec<String>,
}

/// Runs or resumes a sweep, with `at_once` trainings in parallel (as many as threads if None).
///
/// The observer is polled about every tenth of a second. If it requests a stop, running trainings are abandoned, and
/// finished ones remain in the journal.
///
/// # Errors
/// [`Error::Usage`] for a file that does not describe a sweep; [`Error::Interrupted`] with the way to resume; the
/// errors of trainings, with their cells.
pub fn sweep(
    start: &SweepStart,
    at_once: Option<usize>,
    command: Vec<String>,
    observer: &mut dyn Observer,
) -> Result<(SweepReport, String)> {
    let started = SystemTime::now();
    let mut job = match start {
        SweepStart::New { description, seed, output } => {
            let (file, text) = match description {
                // Read while a signal still exits at once, since a pipe may never end.
                Description::File(file) => {
                    (Some(file.as_path()), read_text_up_to(file, grid::MAX_BYTES as u64)?)
                }
                Description::Text(text) => (None, text.clone()),
            };
            // From here on a signal requests a stop.
            let _ = observer.progress(Stage::Cells, 0, 0);
            begin((file, text), *seed, output, at_once, command)?
        }
        SweepStart::Resume(path) => resume(path)?,
    };
    let trainings = job.done.len();
    let missing: Vec<usize> = (0..trainings).filter(|&i| job.done[i].is_none()).collect();
    let workers = match missing.len() {
        0 => 0,
        trainings => workers(&job.grid, at_once)?.min(trainings),
    };
    run(&mut job, &missing, workers, observer)?;
    let measured: Vec<Measurements> = job.done.into_iter().flatten().collect();
    let rows = table::rows(&job.grid, &measured);
    let mut report = SweepReport {
        schema: SCHEMA,
        run: None,
        name: job.grid.name.clone(),
        trained: missing.len() as u64,
        trainings: trainings as u64,
        rows,
    };
    if let Some(folder) = &job.folder {
        report.run = Some(folder.path().display().to_string());
        let finished = [RECORD, TABLE, ARROW].iter().all(|name| folder.path().join(name).is_file());
        if missing.is_empty() && finished {
            return Ok((report, job.text));
        }
        let _ = observer.progress(Stage::Writing, 0, 1);
        let table = results(&report.rows);
        folder.write(TABLE, table.csv()?.as_bytes())?;
        if let Some(bytes) = table.arrow()? {
            folder.write(ARROW, &bytes)?;
        }
        let first_seed = job.grid.first_seed;
        let (name, trainings, rows) = (&report.name, report.trainings, report.rows.len());
        let record = Record {
            schema: SCHEMA,
            kind: RunKind::Sweep,
            configuration: &job.text,
            provenance: Provenance::now(job.command, started),
            summary: Summary { name, first_seed, trainings, rows },
        };
        record.write(folder)?;
        folder.finish();
        let _ = observer.progress(Stage::Writing, 1, 1);
    }
    Ok((report, job.text))
}

/// The summary in the record; the table has its own files.
#[derive(Serialize)]
struct Summary<'a> {
    name: &'a str,
    first_seed: u64,
    trainings: u64,
    rows: usize,
}

fn begin(
    (file, text): (Option<&Path>, String),
    seed: u64,
    output: &Output,
    at_once: Option<usize>,
    command: Vec<String>,
) -> Result<Job> {
    let stem = file.and_then(Path::file_stem).map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let source = file.map_or("the sweep".to_owned(), |file| file.display().to_string());
    let grid = grid::read(&text, &source, &stem, seed)?;
    workers(&grid, at_once)?;
    output.check(RunKind::Sweep)?;
    output.check_spares(file)?;
    let folder = output.folder(&grid.name, RunKind::Sweep)?;
    let write = |folder: &RunFolder| -> Result<Journal> {
        let mut journal = Journal::create(&folder.path().join(CELLS))?;
        journal.add(&seal_object(&json(&Head::new(&stem, seed, command.clone(), &text))?))?;
        folder.write(SWEEP, text.as_bytes())?;
        Ok(journal)
    };
    let (folder, journal) = match folder.map(|folder| (write(&folder), folder)) {
        None => (None, None),
        Some((Ok(journal), folder)) => (Some(folder), Some(journal)),
        Some((Err(error), folder)) => {
            folder.give_up();
            return Err(error);
        }
    };
    let done = vec![None; grid.cells.len() * grid.seeds as usize];
    Ok(Job { grid, text, folder, journal, done, command })
}

fn resume(path: &Path) -> Result<Job> {
    let text = saved::description(path)?;
    let folder = RunFolder::resume(path, FolderKind::Sweep)?;
    let lines = saved::lines(path)?;
    let SavedSweep { grid, done, command } = saved::trainings(path, &text, &lines, Access::Resume)?;
    // Nothing in the folder is changed before it is identified.
    let journal = Journal::open(&path.join(CELLS))?;
    Ok(Job { grid, text, folder: Some(folder), journal: Some(journal), done, command })
}

/// Returns the number of trainings to run in parallel: as many as requested, or as threads and memory allow. The
/// widest cell may run with all its seeds in parallel.
fn workers(grid: &Grid, at_once: Option<usize>) -> Result<usize> {
    let iterations = grid.iterations.len() as u64;
    let need = |c: &grid::Cell| {
        let rows = c.rows.unwrap_or(0).saturating_mul(8 * (c.dim + 2));
        let per_unit = 8 * (c.dim + 64 + 4 * iterations);
        memory::needed(c.width, 7, per_unit).saturating_add(rows)
    };
    let widest = grid.cells.iter().max_by_key(|c| need(c));
    let Some(widest) = widest else { return Ok(1) };
    let (each, free) = (need(widest).max(1), memory::free());
    let fit = usize::try_from(memory::budget() / each).unwrap_or(usize::MAX);
    let target = at_once.unwrap_or_else(rayon::current_num_threads).max(1);
    if fit >= target || (fit >= 1 && at_once.is_none()) {
        return Ok(target.min(fit));
    }
    let readable = zonal_documents::number::readable_bytes;
    let advice = if fit == 0 {
        "use smaller widths or fewer rows".to_owned()
    } else {
        format!("use {}", AT_ONCE.with(fit))
    };
    Err(Error::Usage(format!(
        "a training of width {} takes about {}; {} of memory is available; {advice}",
        widest.width,
        readable(each),
        readable(free)
    )))
}

/// Runs the missing trainings: workers take one after another, and this thread writes the journal.
fn run(job: &mut Job, missing: &[usize], workers: usize, observer: &mut dyn Observer) -> Result<()> {
    let stop = Cancellation::default();
    let next = AtomicUsize::new(0);
    let threads = (rayon::current_num_threads() / workers.max(1)).max(1);
    let grid = &job.grid;
    let (done, journal) = (&mut job.done, &mut job.journal);
    let finished = std::thread::scope(|scope| -> Result<bool> {
        // The bounded channel makes workers wait for the journal, so that little is lost if the process is killed.
        let (sender, receiver) = sync_channel::<Result<Measurements>>(workers);
        for _ in 0..workers {
            let (sender, stop, next) = (sender.clone(), &stop, &next);
            scope.spawn(move || work(grid, missing, threads, next, stop, &sender));
        }
        drop(sender);
        let mut outcome = Ok(true);
        let total = done.len() as u64;
        let mut count = total - missing.len() as u64;
        loop {
            match receiver.recv_timeout(Duration::from_millis(100)) {
                Ok(Ok(measured)) => {
                    if outcome.is_err() {
                        continue;
                    }
                    let line = seal_object(&json(&measured)?);
                    if let Some(journal) = journal.as_mut()
                        && let Err(error) = journal.add(&line)
                    {
                        stop.request();
                        outcome = Err(error.into());
                        continue;
                    }
                    let place = measured.cell * grid.seeds as usize + measured.seed as usize;
                    done[place] = Some(measured);
                    count += 1;
                }
                Ok(Err(error)) => {
                    // A training that was stopped on purpose is not an error.
                    let stopped = matches!(error, Error::Core(zonal::Error::Stopped(_)));
                    if !stopped && outcome.is_ok() {
                        outcome = Err(error);
                    }
                    stop.request();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if observer.progress(Stage::Cells, count, total).is_break() {
                stop.request();
                if let Ok(finished) = &mut outcome {
                    *finished = false;
                }
            }
        }
        outcome
    })?;
    let complete = job.done.iter().all(Option::is_some);
    if finished || complete { Ok(()) } else { Err(interrupted(job)) }
}

/// The error of a sweep that was stopped, with the way to resume it.
fn interrupted(job: &Job) -> Error {
    let done = job.done.iter().flatten().count();
    let advice = match &job.folder {
        Some(folder) => format!("resume with: {}", call("sweep", RESUME, folder.path())),
        None => format!("nothing was saved, because of {}", OUT.with("none")),
    };
    let message = format!("interrupted after {done} of {} trainings; {advice}", job.done.len());
    Error::Interrupted { message }
}

fn work(
    grid: &Grid,
    missing: &[usize],
    threads: usize,
    next: &AtomicUsize,
    mut stop: &Cancellation,
    sender: &SyncSender<Result<Measurements>>,
) {
    // A separate pool, so that parallel trainings do not wait for each other's tasks.
    let pool = match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool,
        Err(e) => {
            let _ = sender.send(Err(Error::Usage(format!("cannot start threads for a training: {e}"))));
            return;
        }
    };
    while !stop.is_requested() {
        let Some(&training) = missing.get(next.fetch_add(1, Ordering::SeqCst)) else { return };
        let (cell, seed) = (training / grid.seeds as usize, training as u64 % grid.seeds);
        let result = pool.install(|| measure(grid, cell, seed, &mut stop));
        let result = result.map_err(|error| in_cell(grid, cell, error));
        // The receiver is gone only if the sweep has already failed.
        if sender.send(result).is_err() {
            return;
        }
    }
}

/// Adds the cell to an error.
fn in_cell(grid: &Grid, index: usize, error: Error) -> Error {
    if matches!(error, Error::Core(zonal::Error::Stopped(_))) {
        return error;
    }
    let c = &grid.cells[index];
    let place =
        format!("dim {}, target '{}', activation {}, width {}", c.dim, c.target, c.activation, c.width);
    Error::Usage(format!("in the cell with {place}: {error}"))
}
