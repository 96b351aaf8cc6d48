//! The run of a training: its configuration and observers, its folder, and the state that it saves there on the way.

use super::resume::{self, directory};
use super::test_rows;
use super::trained::{Notes, Trained};
use crate::record::json;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use zonal::activation::Activation;
use zonal::observer::{Observer, Stage};
use zonal_documents::options::{OUT, RESUME};
use zonal_documents::provenance::Provenance;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::request::Output;
use zonal_documents::saved::SavedTraining;
use zonal_documents::train::{Checkpoint, Input, TrainConfig};
use zonal_documents::{Error, Result};
use zonal_io::folder::{METRICS, METRICS_CSV, MODEL, RunFolder, TEST_ROWS};
use zonal_io::model::{Model, SCHEMA};
use zonal_io::option::call;

/// A training on its way.
pub(super) struct TrainingRun<'a> {
    /// The configuration as the record will hold it: with the solver that memory has decided.
    pub(super) config: TrainConfig,
    /// Whether free memory must not decide anything, since the run resumes or repeats another one.
    pub(super) is_decided: bool,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) notes: Notes<'a>,
    pub(super) store: RunStore,
}

/// The state of a training that a later run resumes from.
pub(super) trait SavedState {
    /// Writes the state into the folder of the run.
    fn write(&self, folder: &Path) -> Result<()>;
    /// How far the work has come, such as `after 7 of 9 rows`.
    fn position(&self) -> String;
}

/// The folder of a run, made when there is something to write, and the clock by which states are saved there.
pub(super) struct RunStore {
    pub(super) output: Output,
    /// The name of a numbered folder.
    pub(super) name: String,
    folder: Option<RunFolder>,
    /// The words of the command line, for the record and for `resume.json`.
    command: Vec<String>,
    /// Whether the table is in memory, so that no later run could resume.
    in_memory: bool,
    every: Duration,
    started: Instant,
    last: Instant,
}

/// Work that took longer is saved when it is done.
const LONG: Duration = Duration::from_secs(20);
/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

impl<'a> TrainingRun<'a> {
    /// Finds out before the work whether the run can be written, and takes the folder of one that is resumed.
    pub(super) fn new(
        config: &TrainConfig,
        output: &Output,
        command: Vec<String>,
        repeats: bool,
        observer: &'a mut dyn Observer,
        notes: Notes<'a>,
    ) -> Result<Self> {
        output.check(RunKind::Train)?;
        let folder = match output {
            // Another program may have finished it since it was looked at.
            Output::Resume(_) => output.folder("", RunKind::Train)?,
            _ => None,
        };
        let seconds = match (&config.descent, &config.input) {
            (Some(descent), _) => descent.checkpoint_seconds,
            (None, Input::Table(job)) => job.checkpoint_seconds,
            // The whole path on a target has no states to save.
            (None, Input::Target(_)) => 0,
        };
        let now = Instant::now();
        let is_decided = repeats || folder.is_some();
        let store = RunStore {
            output: output.clone(),
            folder,
            name: config.name(&Activation::Relu),
            command,
            in_memory: matches!(&config.input, Input::Table(job) if job.data.memory.is_some()),
            every: Duration::from_secs(seconds),
            started: now,
            last: now,
        };
        Ok(Self { config: config.clone(), is_decided, observer, notes, store })
    }

    /// The error of a run that was stopped, with the way to resume from its state, which is saved.
    pub(super) fn interrupted(&mut self, state: &dyn SavedState) -> Error {
        let position = state.position();
        if let Some(why) = self.store.why_not() {
            return Error::Interrupted {
                message: format!("stopped {position}; nothing was saved, since {why}"),
            };
        }
        if let Err(error) = self.store.save(&self.config, state) {
            return error;
        }
        let path = self.store.path().unwrap_or(Path::new(""));
        let resume = call("train", RESUME, path);
        Error::Interrupted { message: format!("stopped {position}; resume with: {resume}") }
    }

    /// Writes the finished run into its folder, if it has one, and the folder's name into the report.
    pub(super) fn finish(mut self, trained: &mut Trained, started: SystemTime) -> Result<()> {
        // From here on an interruption waits: the run is there and only has to be written.
        let _ = self.observer.progress(Stage::Writing, 0, 1);
        let Some(folder) = self.store.folder()? else { return Ok(()) };
        trained.report.run = Some(folder.path().display().to_string());
        let now = Provenance::now(self.store.command.clone(), started);
        let provenance = Provenance { directory: directory(&self.config), ..now };
        let Some(folder) = self.store.folder.take() else { return Ok(()) };
        if let Err(error) = write(&folder, &self.config, trained, provenance) {
            if folder.is_resumable() {
                let resume = call("train", RESUME, folder.path());
                (self.notes)(&format!("progress saved; resume with: {resume}"));
            }
            folder.abandon();
            return Err(error);
        }
        folder.finish();
        let _ = self.observer.progress(Stage::Writing, 1, 1);
        Ok(())
    }

    /// After a failure: the folder goes, unless it holds a state to resume from.
    pub(super) fn give_up(self) {
        if let Some(folder) = self.store.folder {
            folder.give_up();
        }
    }
}

impl RunStore {
    /// Why the state of a run that is stopped cannot be saved, if so.
    fn why_not(&self) -> Option<String> {
        match self.output {
            Output::None => Some(format!("{} is none", OUT)),
            _ if self.in_memory => Some("the table is in memory".to_owned()),
            _ => None,
        }
    }

    /// Starts the clock, and returns the state that `read` finds in the folder of a run that is resumed.
    pub(super) fn resume<S>(&mut self, read: impl FnOnce(&Path) -> Result<Option<S>>) -> Result<Option<S>> {
        self.started = Instant::now();
        self.last = self.started;
        self.path().map_or(Ok(None), read)
    }

    /// When the state is to be saved next.
    pub(super) fn due(&self) -> Instant {
        let wait = if self.why_not().is_none() { self.every.min(FOR_EVER) } else { FOR_EVER };
        self.last + wait
    }

    /// Saves the state if it is time.
    pub(super) fn save_if_due(&mut self, config: &TrainConfig, state: &dyn SavedState) -> Result<()> {
        if Instant::now() < self.due() { Ok(()) } else { self.save(config, state) }
    }

    /// Saves the state of finished work if it took long, so that what follows can be repeated alone. Returns the folder.
    pub(super) fn save_if_long(
        &mut self,
        config: &TrainConfig,
        state: &dyn SavedState,
    ) -> Result<Option<&Path>> {
        if self.started.elapsed() < self.every.min(LONG) || self.why_not().is_some() {
            return Ok(None);
        }
        self.save(config, state)?;
        Ok(self.path())
    }

    pub(super) fn save(&mut self, config: &TrainConfig, state: &dyn SavedState) -> Result<()> {
        let began = Instant::now();
        let command = self.command.clone();
        if let Some(folder) = self.folder()? {
            resume::write(folder, config, command)?;
            state.write(folder.path())?;
        }
        self.last = Instant::now();
        // Saving takes a twentieth of the time at most.
        self.every = self.every.max(20 * began.elapsed());
        Ok(())
    }

    /// Where the folder is, if it has been made.
    fn path(&self) -> Option<&Path> {
        self.folder.as_ref().map(RunFolder::path)
    }

    /// The folder, made now if need be; None where nothing is written.
    fn folder(&mut self) -> Result<Option<&RunFolder>> {
        if self.folder.is_none() {
            self.folder = self.output.folder(&self.name, RunKind::Train)?;
        }
        Ok(self.folder.as_ref())
    }
}

/// Writes a finished training, which has no folder yet or is in another one, into a folder. Returns its path; None if
/// nothing is to be written.
///
/// # Errors
/// As [`Output::check`]; those of writing files.
pub fn save(training: &SavedTraining, model: Option<&Model>, output: &Output) -> Result<Option<String>> {
    let Record { configuration, provenance, summary, .. } = &training.record;
    output.check(RunKind::Train)?;
    let Some(folder) = output.folder(&configuration.name(&Activation::Relu), RunKind::Train)? else {
        return Ok(None);
    };
    let path = folder.path().display().to_string();
    let mut report = summary.clone();
    report.run = Some(path.clone());
    let trained = Trained { report, model: model.cloned(), test_rows: training.test_rows.clone() };
    match write(&folder, configuration, &trained, provenance.clone()) {
        Ok(()) => {
            folder.finish();
            Ok(Some(path))
        }
        Err(error) => {
            folder.give_up();
            Err(error)
        }
    }
}

/// A line of the metrics.
#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    #[serde(flatten)]
    checkpoint: &'a Checkpoint,
}

fn write(folder: &RunFolder, config: &TrainConfig, trained: &Trained, provenance: Provenance) -> Result<()> {
    let report = &trained.report;
    let mut metrics = String::new();
    for checkpoint in &report.path {
        metrics.push_str(&json(&Line { schema: SCHEMA, checkpoint })?);
        metrics.push('\n');
    }
    folder.write(METRICS, metrics.as_bytes())?;
    folder.write(METRICS_CSV, report.path_csv()?.as_bytes())?;
    if !trained.test_rows.is_empty() {
        let labels = report.labels.as_deref().unwrap_or_default();
        folder.write(TEST_ROWS, test_rows::csv(&trained.test_rows, labels)?.as_bytes())?;
    }
    if let Some(model) = &trained.model {
        model.save(&folder.path().join(MODEL))?;
    }
    // The path is in the metrics; the record is the short version. It is written last: a folder with a record is a
    // complete run.
    let mut summary = report.clone();
    summary.path.clear();
    let record =
        Record { schema: SCHEMA, kind: RunKind::Train, configuration: config, provenance, summary: &summary };
    record.write(folder)
}
