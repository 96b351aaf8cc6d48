//! `train`: trains a network according to a configuration, and writes the run.
//!
//! A training has a subject (a target or a table) and a method (the whole path at once, or iterative descent). All
//! combinations share the function `train_subject`: prepare the subject, train by the method, report.

mod grown_layers;
mod method;
mod resume;
mod run;
mod subject;
mod test_rows;
mod trained;

pub(crate) use grown_layers::GrownLayers;
pub use method::measured;
pub use resume::interrupted;
pub(crate) use run::Repeats;
pub use run::save;
pub use subject::table::{PartialSums, Problem, table_curve};
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

/// Trains a network and writes the run. The configuration and the destination are checked before the work. The folder
/// is created together with its first file; a failed run leaves only the state from which it can be resumed, if any.
///
/// # Errors
/// See [`Error`]; [`Error::Interrupted`] states how to resume.
pub fn train(
    config: &TrainConfig,
    output: &Output,
    command: Vec<String>,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Trained> {
    train_by(config, output, command, Repeats::Nothing, observer, notes)
}

/// Trains as [`train`]. A run that repeats another one does not depend on free memory.
pub(crate) fn train_by(
    config: &TrainConfig,
    output: &Output,
    command: Vec<String>,
    repeats: Repeats,
    observer: &mut dyn Observer,
    notes: Notes<'_>,
) -> Result<Trained> {
    let started = SystemTime::now();
    let config = &*subject::table::resolved(config);
    check_names(config, output)?;
    let mut run = TrainingRun::new(config, output, command, repeats, observer, notes)?;
    let done = match &config.input {
        Input::Target(job) => TargetSubject::prepare(job, &mut run).and_then(|s| train_subject(&s, &mut run)),
        Input::Table(job) => TableSubject::prepare(job, &mut run).and_then(|s| train_subject(&s, &mut run)),
    };
    match done.and_then(check_finite) {
        Ok(mut trained) => run.finish(&mut trained, started).map(|()| trained),
        Err(error) => {
            run.give_up();
            Err(error)
        }
    }
}

/// Trains on a prepared subject by the method of the configuration.
fn train_subject<S: Subject>(subject: &S, run: &mut TrainingRun<'_>) -> Result<Trained>
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
    let (course, model) = course.into_model(&network, run.config.seed, subject.origin(&findings));
    let (subject, test_rows) = subject.report(findings, model.as_ref(), run)?;
    Ok(Trained::new(TrainReport::new(network, course, subject), model, test_rows))
}

/// Rejects paths that are not valid UTF-8 if a record is to be written: records must be able to name their input files.
fn check_names(config: &TrainConfig, output: &Output) -> Result<()> {
    let Input::Table(job) = &config.input else { return Ok(()) };
    let mut files =
        job.data.files.iter().chain([&job.validation_data, &job.test_data].into_iter().flatten().flatten());
    match files.find(|file| file.to_str().is_none()) {
        Some(file) if !matches!(output, Output::None) => Err(Error::Usage(format!(
            "the path {} is not valid text (UTF-8), so it cannot be stored in the record of the run; rename the file, \
             or write no record: {}",
            file.display(),
            OUT.with("none")
        ))),
        _ => Ok(()),
    }
}
