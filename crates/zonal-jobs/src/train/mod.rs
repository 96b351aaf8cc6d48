//! `train`: from a configuration to a finished run.
//!
//! A training has a subject, which is what is learned (a target or a table), and a method, which is how (the whole path at
//! once, or step by step). `follow` is the one way through all of them: prepare the subject, find the course by the method,
//! report.

mod method;
mod resume;
mod run;
mod subject;
mod test_rows;
mod trained;

pub use method::measured;
pub use resume::interrupted;
pub use run::save;
pub use subject::table::{PartialSums, Problem};
pub use test_rows::read_test_rows;
pub use trained::{Notes, Trained};
pub use zonal_documents::train::{
    BatchChoice, BestPolynomialReport, Candidate, Checkpoint, DegreeEnergy, DescentConfig, DescentReport,
    FitConfig, LabelErrors, LearningTime, PartRows, SolverReport, StepChange, TableJob, TargetJob, TestRow,
    TrainReport,
};

use method::whole_path::WholePath;
use run::TrainingRun;
use std::time::SystemTime;
use subject::table::TableSubject;
use subject::target::TargetSubject;
use subject::{Method, Subject};
use trained::check_finite;
use zonal::observer::Observer;
use zonal_documents::options::OUT;
use zonal_documents::request::Output;
use zonal_documents::train::{Input, TrainConfig};
use zonal_documents::{Error, Result};

/// Trains, and writes the run. Everything is checked before the work, the folder appears with its first file, and a run
/// that fails leaves no trace but the state from which it can be resumed.
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

/// Like [`train`]; a run that `repeats` another one takes every decision from its configuration, not from free memory.
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
    let mut run = TrainingRun::new(config, output, command, repeats, observer, notes)?;
    let done = match &config.input {
        Input::Target(job) => TargetSubject::prepare(job, &mut run).and_then(|s| follow(&s, &mut run)),
        Input::Table(job) => TableSubject::prepare(job, &mut run).and_then(|s| follow(&s, &mut run)),
    };
    match done.and_then(check_finite) {
        Ok(mut trained) => run.finish(&mut trained, started).map(|()| trained),
        Err(error) => {
            run.give_up();
            Err(error)
        }
    }
}

/// Trains on a subject that is prepared, by the method of the configuration.
fn follow<S: Subject>(subject: &S, run: &mut TrainingRun<'_>) -> Result<Trained>
where
    WholePath: Method<S>,
    DescentConfig: Method<S>,
{
    let network = subject.network()?;
    run.store.name = run.config.name(&network.activation);
    let (course, findings) = match run.config.descent.clone() {
        None => WholePath::new(&run.config)?.train(subject, run)?,
        Some(options) => options.train(subject, run)?,
    };
    let (course, model) = course.into_model(&network, run.config.seed, subject.origin());
    let (subject, test_rows) = subject.report(findings, model.as_ref(), run)?;
    Ok(Trained { report: TrainReport::new(network, course, subject), model, test_rows })
}

/// A record is text, so it cannot name files whose names are not valid text.
fn check_names(config: &TrainConfig, output: &Output) -> Result<()> {
    let Input::Table(job) = &config.input else { return Ok(()) };
    let mut files = job.data.files.iter().chain(job.test_data.iter().flatten());
    match files.find(|file| file.to_str().is_none()) {
        Some(file) if !matches!(output, Output::None) => Err(Error::Usage(format!(
            "the name {} is not valid text (UTF-8), so the record of the run could not hold it; rename the file, or write no \
             record by {}",
            file.display(),
            OUT.with("none")
        ))),
        _ => Ok(()),
    }
}
