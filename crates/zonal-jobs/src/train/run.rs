//! The run of a training: its configuration, its observer, its folder, and the states saved there.

use super::grown_layers::GrownLayers;
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

/// A training in progress.
pub(super) struct TrainingRun<'a> {
    /// The configuration for the record, with the solver that was selected according to free memory.
    pub(super) config: TrainConfig,
    /// Whether decisions must not depend on free memory, since the run resumes or repeats another one.
    pub(super) ignores_free_memory: bool,
    /// The grown units of the run that this one repeats, if they are not to be grown again.
    pub(super) units: Option<GrownLayers>,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) notes: Notes<'a>,
    pub(super) store: RunStore,
}

/// What a training repeats.
#[derive(Clone, Debug)]
pub(crate) enum Repeats {
    /// It is a new one.
    Nothing,
    /// The configuration of another one.
    Configuration,
    /// The same, on its grown units.
    Units(GrownLayers),
}

/// The state of a training that a later run resumes from.
pub(super) trait SavedState {
    /// Writes the state into the folder of the run.
    fn write(&self, folder: &Path) -> Result<()>;
    /// Returns the progress of the work for a message, such as `after 7 of 9 rows`.
    fn position(&self) -> String;
}

/// The folder of a run, which is created at the first write, and the schedule of saved states.
pub(super) struct RunStore {
    pub(super) output: Output,
    /// The stem of the name of a numbered folder.
    pub(super) name: String,
    folder: Option<RunFolder>,
    /// The command line, for the record and for `resume.json`.
    command: Vec<String>,
    /// Whether the table is in memory, so that no later run can resume.
    in_memory: bool,
    /// The time between saved states.
    interval: Duration,
    started: Instant,
    /// The time of the last saved state.
    last: Instant,
}

/// Completed work that took longer than this is saved.
const LONG: Duration = Duration::from_secs(20);
/// An interval longer than any run.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

impl<'a> TrainingRun<'a> {
    /// Checks before the work that the run can be written, and opens the folder of a run that is resumed.
    pub(super) fn new(
        config: &TrainConfig,
        output: &Output,
        command: Vec<String>,
        repeats: Repeats,
        observer: &'a mut dyn Observer,
        notes: Notes<'a>,
    ) -> Result<Self> {
        output.check(RunKind::Train)?;
        let folder = match output {
            // Another process may have finished the run in the meantime.
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
        let ignores_free_memory = !matches!(repeats, Repeats::Nothing) || folder.is_some();
        let units = if let Repeats::Units(units) = repeats { Some(units) } else { None };
        let store = RunStore {
            output: output.clone(),
            folder,
            name: config.name(&Activation::Relu),
            command,
            in_memory: matches!(&config.input, Input::Table(job) if job.data.memory.is_some()),
            interval: Duration::from_secs(seconds),
            started: now,
            last: now,
        };
        Ok(Self { config: config.clone(), ignores_free_memory, units, observer, notes, store })
    }

    /// Saves the state of a stopped run. Returns the error, which states how to resume.
    pub(super) fn interrupted(&mut self, state: &dyn SavedState) -> Error {
        let position = state.position();
        if let Some(reason) = self.store.reason_not_saved() {
            return Error::Interrupted {
                message: format!("stopped {position}; nothing was saved, since {reason}"),
            };
        }
        if let Err(error) = self.store.save(&self.config, state) {
            return error;
        }
        let path = self.store.path().unwrap_or(Path::new(""));
        let resume = call("train", RESUME, path);
        Error::Interrupted { message: format!("stopped {position}; resume with: {resume}") }
    }

    /// Writes the finished run into its folder, if it has one, and sets the path of the folder in the report.
    pub(super) fn finish(mut self, trained: &mut Trained, started: SystemTime) -> Result<()> {
        // From here on stop requests are ignored: the training is complete and is only written.
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

    /// Removes the folder of a failed run, unless it holds a state to resume from.
    pub(super) fn give_up(self) {
        if let Some(folder) = self.store.folder {
            folder.give_up();
        }
    }
}

impl RunStore {
    /// Returns the reason why states cannot be saved; None if they can.
    fn reason_not_saved(&self) -> Option<String> {
        match self.output {
            Output::None => Some(format!("{} is none", OUT)),
            _ if self.in_memory => Some("the table is in memory".to_owned()),
            _ => None,
        }
    }

    /// Starts the interval until the next saved state. Returns the state that `read` finds in the folder of a resumed
    /// run.
    pub(super) fn resume<S>(&mut self, read: impl FnOnce(&Path) -> Result<Option<S>>) -> Result<Option<S>> {
        self.started = Instant::now();
        self.last = self.started;
        self.path().map_or(Ok(None), read)
    }

    /// Returns the time at which the next state is due to be saved.
    pub(super) fn due(&self) -> Instant {
        let wait = if self.reason_not_saved().is_none() { self.interval.min(NEVER) } else { NEVER };
        self.last + wait
    }

    /// Saves the state if it is due.
    pub(super) fn save_if_due(&mut self, config: &TrainConfig, state: &dyn SavedState) -> Result<()> {
        if Instant::now() < self.due() { Ok(()) } else { self.save(config, state) }
    }

    /// Saves the state of completed work that took long, so that a later run need not repeat it. Returns the folder if
    /// the state was saved.
    pub(super) fn save_if_long(
        &mut self,
        config: &TrainConfig,
        state: &dyn SavedState,
    ) -> Result<Option<&Path>> {
        if self.started.elapsed() < self.interval.min(LONG) || self.reason_not_saved().is_some() {
            return Ok(None);
        }
        self.save(config, state)?;
        Ok(self.path())
    }

    /// Saves the state, and the configuration to resume with, into the folder of the run.
    pub(super) fn save(&mut self, config: &TrainConfig, state: &dyn SavedState) -> Result<()> {
        let began = Instant::now();
        let command = self.command.clone();
        if let Some(folder) = self.folder()? {
            resume::write(folder, config, command)?;
            state.write(folder.path())?;
        }
        self.last = Instant::now();
        // Saving takes at most a twentieth of the time.
        self.interval = self.interval.max(20 * began.elapsed());
        Ok(())
    }

    /// Returns the path of the folder, if it has been created.
    fn path(&self) -> Option<&Path> {
        self.folder.as_ref().map(RunFolder::path)
    }

    /// Returns the folder, which is created if necessary; None if nothing is to be written.
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

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    #[serde(flatten)]
    checkpoint: &'a Checkpoint,
}

/// Writes metrics, predictions on test rows, model and record.
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
        folder.write(TEST_ROWS, test_rows::csv(&trained.test_rows, &report.outputs())?.as_bytes())?;
    }
    if let Some(model) = &trained.model {
        model.save(&folder.path().join(MODEL))?;
    }
    // The record omits the path, which the metrics hold. It is written last: a folder with a record is a complete run.
    let mut summary = report.clone();
    summary.path.clear();
    let record =
        Record { schema: SCHEMA, kind: RunKind::Train, configuration: config, provenance, summary: &summary };
    record.write(folder)
}
