//! `train`: a network on a target or on a table, its whole path measured, the run written.

mod accumulate;
mod choose;
mod cost;
mod descend;
mod keep;
mod partial;
mod prepare;
mod problem;
mod table;
mod target;
mod test_rows;

pub use descend::measured;
pub use keep::interrupted;
pub use partial::PartialSums;
pub use problem::Problem;
pub use test_rows::read_test_rows;
pub use zonal_documents::train::{
    BatchChoice, BestPolynomialReport, Candidate, Checkpoint, DegreeEnergy, DescentConfig, DescentReport,
    FitConfig, LabelErrors, LearningTime, PartRows, SolverReport, StepChange, TableJob, TargetJob, TestRow,
    TrainReport,
};

use crate::record::json;
use serde::Serialize;
use std::time::SystemTime;
use test_rows::TestSample;
use zonal::activation::Activation;
use zonal::dynamics::path::Solver;
use zonal::observer::{Observer, Stage};
use zonal_documents::provenance::Provenance;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::request::Output;
use zonal_documents::train::{Input, TrainConfig};
use zonal_documents::{Error, Result};
use zonal_io::folder::{METRICS, METRICS_CSV, MODEL, RunFolder, TEST_ROWS};
use zonal_io::model::{Model, SCHEMA};

/// Says things that a person should know while a job runs: candidates tried, columns dropped.
pub type Notes<'a> = &'a mut dyn FnMut(&str);

/// What a job leaves: the report for people and programs, and the trained network, unless the width was infinite.
struct Outcome {
    report: TrainReport,
    /// The solver in place of the one that was asked for, where memory has decided.
    solver: Solver,
    model: Option<Model>,
    test_rows: TestSample,
}

impl Outcome {
    fn trained(self) -> Trained {
        Trained { report: self.report, model: self.model, test_rows: self.test_rows.into_rows() }
    }
}

/// The folder of a run: made when there is something to write.
struct Place {
    output: Output,
    folder: Option<RunFolder>,
    name: Option<String>,
    /// The words of the command line, for the record and for going on.
    command: Vec<String>,
    /// Whether a run that is stopped cannot go on later, since its table is in memory.
    in_memory: bool,
    /// Whether memory must decide nothing anew: the run is another one's, which goes on or is repeated.
    exactly: bool,
}

impl Place {
    /// Finds out before the work whether the run can be written.
    fn new(output: &Output, command: Vec<String>, in_memory: bool, repeats: bool) -> Result<Self> {
        output.check(RunKind::Train)?;
        let folder = match output {
            // Another program may have finished it since it was looked at.
            Output::Resume(_) => output.folder("", RunKind::Train)?,
            _ => None,
        };
        let exactly = repeats || folder.is_some();
        Ok(Self { output: output.clone(), folder, name: None, command, in_memory, exactly })
    }

    /// Whether a run that is stopped leaves what it has done.
    fn keeps(&self) -> bool {
        self.why_not_kept().is_none()
    }

    /// Why it does not.
    fn why_not_kept(&self) -> Option<&'static str> {
        match self.output {
            Output::None => Some("since --out is none"),
            _ if self.in_memory => Some("since the table is in memory"),
            _ => None,
        }
    }

    /// The folder, if it has been made.
    fn existing(&self) -> Option<&RunFolder> {
        self.folder.as_ref()
    }

    /// The activation is known: so is the folder's name.
    fn name(&mut self, config: &TrainConfig, activation: &Activation) {
        self.name = Some(config.name(activation));
    }

    /// The folder, made now if need be; None where nothing is written.
    fn folder(&mut self, config: &TrainConfig) -> Result<Option<&RunFolder>> {
        if self.folder.is_none() {
            let name = self.name.clone().unwrap_or_else(|| config.name(&Activation::Relu));
            self.folder = self.output.folder(&name, RunKind::Train)?;
        }
        Ok(self.folder.as_ref())
    }
}

/// A finished training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The report.
    pub report: TrainReport,
    /// The network; None at infinite width.
    pub model: Option<Model>,
    /// Predictions on test rows, some of them.
    pub test_rows: Vec<TestRow>,
}

/// Trains, and writes the run: everything is checked before the work, the folder appears with its first file, and a
/// run that fails leaves no trace but the sums that a training on a long table has kept to go on from.
///
/// # Errors
/// Those of every part of the job; see [`Error`].
pub fn train(
    config: &TrainConfig,
    output: &Output,
    command: Vec<String>,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Trained> {
    train_by(config, output, command, false, observer, notes)
}

/// The same; a run that `repeats` another one is what its configuration says, whatever memory is free.
pub(crate) fn train_by(
    config: &TrainConfig,
    output: &Output,
    command: Vec<String>,
    repeats: bool,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Trained> {
    let started = SystemTime::now();
    check_names(config, output)?;
    let in_memory = matches!(&config.input, Input::Table(job) if job.data.memory.is_some());
    let mut place = Place::new(output, command.clone(), in_memory, repeats)?;
    let outcome = match (&config.input, &config.descent) {
        (Input::Target(job), None) => target::run(config, job, observer, notes),
        (Input::Table(job), None) => table::run(config, job, &mut place, observer, notes),
        (Input::Target(job), Some(options)) => {
            descend::on_target(config, options, job, &mut place, observer, notes)
        }
        (Input::Table(job), Some(options)) => {
            descend::on_table(config, options, job, &mut place, observer, notes)
        }
    };
    let done = outcome.and_then(|outcome| check_finite(&outcome.report).map(|()| outcome));
    let mut outcome = match done {
        Ok(outcome) => outcome,
        Err(error) => {
            if let Some(folder) = place.folder {
                folder.give_up();
            }
            return Err(error);
        }
    };
    place.name(config, &outcome.report.activation);
    // From here on an interruption waits: the run is there and only has to be written.
    let _ = observer.progress(Stage::Writing, 0, 1);
    let Some(folder) = place.folder(config)? else { return Ok(outcome.trained()) };
    outcome.report.run = Some(folder.path().display().to_string());
    let decided = TrainConfig { solver: outcome.solver, ..config.clone() };
    let provenance = Provenance { directory: keep::directory(config), ..Provenance::now(command, started) };
    let written = write(folder, &decided, &outcome, provenance);
    match (written, place.folder) {
        (Ok(()), Some(folder)) => folder.finish(),
        (Err(error), Some(folder)) => {
            if folder.is_resumable() {
                let path = folder.path().display();
                notes(&format!("what it has done is kept; go on with: zonal train --resume {path}"));
            }
            folder.abandon();
            return Err(error);
        }
        (written, None) => written?,
    }
    let _ = observer.progress(Stage::Writing, 1, 1);
    Ok(outcome.trained())
}

/// A record is text, and a run whose files it could not name could not be repeated.
fn check_names(config: &TrainConfig, output: &Output) -> Result<()> {
    let Input::Table(job) = &config.input else { return Ok(()) };
    let mut files = job.data.files.iter().chain(job.test_data.iter().flatten());
    match files.find(|file| file.to_str().is_none()) {
        Some(file) if !matches!(output, Output::None) => Err(Error::Usage(format!(
            "the name {} is not valid text (UTF-8), so the record of the run could not hold it; rename the file, or write no \
             record by --out none",
            file.display()
        ))),
        _ => Ok(()),
    }
}

/// Numbers beyond the range of f64 must not pass as results.
fn check_finite(report: &TrainReport) -> Result<()> {
    let energies = |c: &Checkpoint| {
        let degrees = c.degrees.iter().flatten().flat_map(|d| [Some(d.energy), d.predicted]);
        degrees.flatten().chain(c.tail_energy).all(f64::is_finite)
    };
    let losses = |c: &Checkpoint| {
        [Some(c.loss), c.validation_loss, c.test_loss].into_iter().flatten().all(f64::is_finite)
    };
    match report.path.iter().find(|c| !losses(c) || !energies(c)) {
        None if report.step_size.is_finite() && report.step_size > 0.0 => Ok(()),
        None => Err(Error::Usage(format!("the step becomes {}; use another --scale", report.step_size))),
        Some(c) => Err(Error::Usage(format!(
            "at iteration {} a loss leaves the range of numbers; bring the target, the table or --scale nearer to 1",
            c.iteration
        ))),
    }
}

/// A line of the metrics.
#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    #[serde(flatten)]
    checkpoint: &'a Checkpoint,
}

fn write(folder: &RunFolder, config: &TrainConfig, outcome: &Outcome, provenance: Provenance) -> Result<()> {
    let report = &outcome.report;
    let mut metrics = String::new();
    for checkpoint in &report.path {
        metrics.push_str(&json(&Line { schema: SCHEMA, checkpoint })?);
        metrics.push('\n');
    }
    folder.write(METRICS, metrics.as_bytes())?;
    folder.write(METRICS_CSV, report.path_csv()?.as_bytes())?;
    if !outcome.test_rows.is_empty() {
        let labels = report.labels.as_deref().unwrap_or_default();
        folder.write(TEST_ROWS, outcome.test_rows.csv(labels)?.as_bytes())?;
    }
    if let Some(model) = &outcome.model {
        model.save(&folder.path().join(MODEL))?;
    }
    // The path stands in the metrics; the record is the short version. It is written last: a folder with a record
    // is a complete run.
    let summary = TrainReport { path: Vec::new(), ..report.clone() };
    let record =
        Record { schema: SCHEMA, kind: RunKind::Train, configuration: config, provenance, summary: &summary };
    record.write(folder)
}
