//! The single entry point of all jobs: it runs a request and returns its report, and writes runs and their pages. The
//! command-line program and the Python package call only this crate.

#![forbid(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use zonal::observer::{Observer, Stage};
use zonal_claims::reproduce;
use zonal_documents::SCHEMA;
use zonal_documents::provenance::Provenance;
use zonal_documents::record::{PageReport, Record, RunKind};
use zonal_documents::report::Report;
use zonal_documents::request::{
    CurveRequest, FigureOptions, FolderOptions, Output, PageOptions, PlayRequest, ReportRequest,
    ReproduceRequest, Request, Spectra, SpectrumRequest, SweepRequest, Threads, TrainRequest, Training,
};
use zonal_documents::saved::{SavedRun, SavedTraining};
use zonal_documents::table::Data;
use zonal_documents::train::{Input, TrainConfig};
use zonal_io::folder::{MODEL, RunFolder};
use zonal_io::model::Model;
use zonal_io::option::{OptionId, named};
use zonal_io::source::Columns;
use zonal_jobs::predict::Block;
use zonal_jobs::record;
use zonal_jobs::train::{Trained, train};
use zonal_report::{
    WrittenFiles, check_formats, check_page, page, page_of_runs, write_charts, write_page, write_run,
    write_run_figures,
};

/// Sets the number of threads of the process.
///
/// # Errors
/// If the threads are already running.
pub fn set_threads(threads: Threads) -> std::result::Result<(), rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads.0)).build_global()
}

/// The context of a request.
pub struct Context<'a> {
    /// The command line or the call, for the record of a run.
    pub command: Vec<String>,
    /// The observer, which receives progress and may request a stop.
    pub observer: &'a mut dyn Observer,
    /// The receiver of notes for the user.
    pub notes: &'a mut dyn FnMut(&str),
    /// The receiver of predictions, block by block while rows are read.
    pub predictions: &'a mut dyn FnMut(Block<'_>) -> zonal_documents::Result<()>,
}

/// The result of a request.
pub struct Outcome {
    /// The report.
    pub report: Report,
    /// The trained network; None for other requests and at infinite width.
    pub model: Option<Model>,
    /// The run in the form of a saved run, for its figures.
    pub run: Option<SavedRun>,
    /// An error of writing the run or its page; the result is valid nevertheless.
    pub write_error: Option<anyhow::Error>,
}

impl From<Report> for Outcome {
    fn from(report: Report) -> Self {
        Self { report, model: None, run: None, write_error: None }
    }
}

/// Runs a request.
///
/// # Errors
/// The errors of each job; [`zonal_documents::Error`] states what was found and what is needed.
pub fn run(request: &Request, context: &mut Context<'_>) -> Result<Outcome> {
    let options = request.figures().filter(|options| !options.figures.is_empty());
    // Known before the work.
    check_formats(request.figure_formats())?;
    if let Some(options) = options {
        RunFolder::check_parent(options.folder()).map_err(zonal_documents::Error::from)?;
    }
    let mut outcome = perform(request, context)?;
    if let Some(options) = options {
        match figures(&outcome.report, options) {
            Ok(files) => files.iter().for_each(|file| (context.notes)(&format!("wrote {}", file.display()))),
            Err(error) => outcome.write_error = Some(error.into()),
        }
    }
    Ok(outcome)
}

/// Writes the figures of a result that has no run folder, and returns their paths.
fn figures(report: &Report, options: &FigureOptions) -> zonal_report::Result<Vec<PathBuf>> {
    use zonal_report::figure::{of_analysis, of_bounds, of_curve, of_learning, of_spectrum, of_table_curve};
    let charts = match report {
        Report::Spectra(reports) => match reports.as_slice() {
            [report] => vec![of_spectrum("spectrum", report)],
            several => several
                .iter()
                .enumerate()
                .map(|(i, r)| of_spectrum(&format!("spectrum-{}", i + 1), r))
                .collect(),
        },
        Report::Curve(report) => of_curve("curve", report),
        Report::TableCurve(report) => vec![of_table_curve("curve", report)],
        Report::Analyze(report) => of_analysis("polynomials", report),
        Report::Bounds(reports, _) => of_bounds("bounds", reports).into_iter().collect(),
        Report::Learn(report) => vec![of_learning("descent", report)],
        _ => Vec::new(),
    };
    write_charts(charts.iter(), options.folder(), options.force, &options.figures)
}

/// Computes a curve of a function or a table, with its page if there is to be one.
fn curve(request: &CurveRequest, context: &mut Context<'_>) -> Result<Outcome> {
    let (started, command) = (SystemTime::now(), context.command.clone());
    let provenance = || Provenance::now(command, started);
    if let Some(path) = &request.page
        && let Err(zonal_report::Error::Occupied { path }) = check_page(path, request.figures.force)
    {
        anyhow::bail!(zonal_documents::Error::Usage(format!(
            "{} names a file that zonal did not write; choose another one",
            OptionId::new("page").with(path.display())
        )));
    }
    let (report, page) = match request.table()? {
        Some(config) => {
            if let Input::Table(job) = &config.train.input {
                note_unnamed(&job.data, &job.labels, job.features.as_deref(), &job.weight, context.notes);
            }
            let report = zonal_jobs::train::table_curve(&config, context.observer, &mut *context.notes)?;
            let page = request.page.as_ref().map(|_| page::table_curve(&report, &provenance(), request));
            (Report::TableCurve(Box::new(report)), page)
        }
        None => {
            let report = zonal_jobs::curve::curve(&request.config()?, context.observer)?;
            let page = match &request.page {
                Some(_) if report.map.is_none() => {
                    let map = zonal_jobs::curve::curve(&request.map_of()?, context.observer)?;
                    Some(page::curve(&report, Some(&map), &provenance(), request))
                }
                Some(_) => Some(page::curve(&report, None, &provenance(), request)),
                None => None,
            };
            (Report::Curve(Box::new(report)), page)
        }
    };
    let mut outcome = Outcome::from(report);
    if let (Some(path), Some(page)) = (&request.page, page) {
        match write_page(&page, path, request.figures.force, &[]) {
            Ok(written) => (context.notes)(&format!("wrote {}", written.page.display())),
            Err(error) => outcome.write_error = Some(error.into()),
        }
    }
    Ok(outcome)
}

fn perform(request: &Request, context: &mut Context<'_>) -> Result<Outcome> {
    let observer = &mut *context.observer;
    Ok(match request {
        Request::Spectrum(request) => spectra(request)?.into(),
        Request::Plan(request) => {
            Report::Plan(Box::new(zonal_jobs::plan::plan(&request.config(), observer)?)).into()
        }
        Request::Curve(request) => curve(request, context)?,
        Request::Train(request) => training(request, context)?,
        Request::Analyze(request) => {
            let config = request.config()?;
            note_unnamed(&config.data, &config.labels, config.features.as_deref(), &None, context.notes);
            Report::Analyze(Box::new(zonal_jobs::analyze::analyze(&config, observer)?)).into()
        }
        Request::Predict(request) => {
            let show = |block: Block<'_>| (context.predictions)(block);
            let report =
                zonal_jobs::predict::predict(&request.config()?, observer, &mut *context.notes, show)?;
            Report::Predict(Box::new(report)).into()
        }
        Request::Report(request) => page(request)?.into(),
        Request::Runs(request) => Report::Runs(zonal_jobs::runs::list(&request.folder)?).into(),
        Request::RunsCompare(request) => {
            request.validate()?;
            Report::Comparison(zonal_jobs::runs::compare(&request.runs)?).into()
        }
        Request::RunsRemove(request) => {
            request.validate()?;
            Report::Removed(zonal_jobs::runs::remove(&request.runs)?).into()
        }
        Request::Reproduce(request) => claims(request, context)?,
        Request::Sweep(request) => sweep(request, context)?,
        Request::SqBound(request) => {
            let (configs, tolerances) = request.configs()?;
            let bounds = configs.iter().map(|config| zonal_jobs::sq::bound(config, observer));
            Report::Bounds(bounds.collect::<zonal_documents::Result<_>>()?, tolerances).into()
        }
        Request::SqPlay(request) => game(request, context)?,
        Request::SqLearn(request) => {
            Report::Learn(Box::new(zonal_jobs::sq::learn(&request.config()?, observer)?)).into()
        }
    })
}

/// Reads a finished run back from its folder, with its network if it has one.
///
/// # Errors
/// As [`zonal_jobs::saved_run::read`]; for a damaged network as [`Model::load`].
pub fn load(folder: &Path) -> Result<Outcome> {
    let run = zonal_jobs::saved_run::read(folder)?;
    let mut model = None;
    let mut report = match &run {
        SavedRun::Training(training) => {
            let file = folder.join(MODEL);
            model = file.is_file().then(|| Model::load(&file)).transpose()?;
            Report::Train(Box::new(training.record.summary.clone()))
        }
        SavedRun::Sweep(record) => Report::Sweep(Box::new(record.summary.clone())),
        SavedRun::Reproduce(record) => Report::Reproduce(Box::new(record.summary.clone())),
        SavedRun::Game(record) => Report::Play(Box::new(record.summary.clone())),
    };
    // The folder may have been moved since it was written.
    if let Some(path) = report.run_mut() {
        *path = Some(folder.display().to_string());
    }
    Ok(Outcome { report, model, run: Some(run), write_error: None })
}

/// Writes a finished training into a folder, with its page. Returns the path of the folder.
///
/// # Errors
/// As [`zonal_jobs::train::save`]; for a page that cannot be written, once the run is saved.
pub fn save(
    training: &SavedTraining,
    model: Option<&Model>,
    options: &FolderOptions,
) -> Result<Option<String>> {
    let output = options.output(RunKind::Train)?;
    let path = zonal_jobs::train::save(training, model, &output)?;
    write(&options.page, path.as_deref())?;
    Ok(path)
}

fn spectra(request: &SpectrumRequest) -> Result<Report> {
    Ok(match request.spectra()? {
        Spectra::Spectra(configs) => {
            let reports = configs.iter().map(zonal_jobs::spectrum::spectrum);
            Report::Spectra(reports.collect::<zonal_documents::Result<_>>()?)
        }
        Spectra::Rankings(configs) => {
            let reports = configs.iter().map(zonal_jobs::spectrum::rank);
            Report::Rankings(reports.collect::<zonal_documents::Result<_>>()?)
        }
    })
}

fn training(request: &TrainRequest, context: &mut Context<'_>) -> Result<Outcome> {
    let started = SystemTime::now();
    let (config, output, command) = match request.training()? {
        Training::New(config, output) => (*config, output, context.command.clone()),
        Training::Resume(folder) => {
            let (config, command) = zonal_jobs::train::interrupted(&folder)?;
            (config, Output::Resume(folder), command)
        }
        Training::Repeat { record, paths, output } => {
            let (observer, notes) = (&mut *context.observer, &mut *context.notes);
            let command = context.command.clone();
            let (trained, agreement) =
                zonal_jobs::repeat::repeat(&record, &paths, &output, command, observer, notes)?;
            let write_error = write(&request.page, trained.report.run.as_deref()).err();
            let report = Report::Repeat(Box::new(trained.report), Box::new(agreement));
            return Ok(Outcome { write_error, ..report.into() });
        }
    };
    if let Input::Table(job) = &config.input {
        note_unnamed(&job.data, &job.labels, job.features.as_deref(), &job.weight, context.notes);
    }
    let Trained { report, model, test_rows } =
        train(&config, &output, command.clone(), context.observer, context.notes)?;
    // The run is saved: its results are returned even if its page cannot be written.
    let write_error = write(&request.page, report.run.as_deref()).err();
    let record: Record<TrainConfig, _> = new_record(RunKind::Train, config, command, started, report.clone());
    let run = SavedRun::Training(Box::new(SavedTraining { record, test_rows }));
    Ok(Outcome { model, run: Some(run), write_error, ..Report::Train(Box::new(report)).into() })
}

/// Notes feature columns without a name in a table.
fn note_unnamed(
    data: &Data,
    labels: &[String],
    features: Option<&[String]>,
    weight: &Option<String>,
    notes: &mut dyn FnMut(&str),
) {
    let features = features.map(<[String]>::to_vec);
    let columns = Columns { labels: labels.to_vec(), features, weight: weight.clone(), ..Columns::default() };
    zonal_jobs::data::note_unnamed(data, &columns, notes);
}

fn claims(request: &ReproduceRequest, context: &mut Context<'_>) -> Result<Outcome> {
    let started = SystemTime::now();
    let output = request.folder.output(RunKind::Reproduce)?;
    let mut report = reproduce(&request.claim, request.size(), context.observer)?;
    let command = context.command.clone();
    let _ = context.observer.progress(Stage::Writing, 0, 1);
    let run = new_record(RunKind::Reproduce, request.configuration(), command, started, report.clone());
    let saved = record::save(&output, &run);
    let write_error = finish(&request.folder.page, saved, &mut report.run);
    let run = Some(SavedRun::Reproduce(Box::new(run)));
    Ok(Outcome { run, write_error, ..Report::Reproduce(Box::new(report)).into() })
}

fn game(request: &PlayRequest, context: &mut Context<'_>) -> Result<Outcome> {
    let started = SystemTime::now();
    let (config, output) = (request.config()?, request.output()?);
    let mut report = zonal_jobs::sq::play(&config, context.observer)?;
    let command = context.command.clone();
    let _ = context.observer.progress(Stage::Writing, 0, 1);
    let run = new_record(RunKind::SqPlay, config, command, started, report.clone());
    let saved = record::save(&output, &run);
    let write_error = finish(&request.folder.page, saved, &mut report.run);
    let run = Some(SavedRun::Game(Box::new(run)));
    Ok(Outcome { run, write_error, ..Report::Play(Box::new(report)).into() })
}

fn sweep(request: &SweepRequest, context: &mut Context<'_>) -> Result<Outcome> {
    let started = SystemTime::now();
    let command = context.command.clone();
    let at_once = request.at_once.map(|n| usize::from(n.0));
    let (report, text) =
        zonal_jobs::sweep::sweep(&request.start()?, at_once, command.clone(), context.observer)?;
    let write_error = write(&request.page, report.run.as_deref()).err();
    let run = SavedRun::Sweep(Box::new(new_record(RunKind::Sweep, text, command, started, report.clone())));
    Ok(Outcome { run: Some(run), write_error, ..Report::Sweep(Box::new(report)).into() })
}

/// Sets the folder of a report and writes the page; returns the first error of writing the run or its page.
fn finish(
    page: &PageOptions,
    saved: zonal_documents::Result<Option<String>>,
    folder: &mut Option<String>,
) -> Option<anyhow::Error> {
    match saved {
        Ok(path) => *folder = path,
        Err(error) => return Some(error.into()),
    }
    write(page, folder.as_deref()).err()
}

/// Writes the page of a saved run.
fn write(page: &PageOptions, run: Option<&str>) -> Result<()> {
    let Some(run) = run else { return Ok(()) };
    let folder = Path::new(run);
    let result = match (page.no_report, page.figures.is_empty()) {
        (true, true) => return Ok(()),
        (true, false) => write_run_figures(folder, &page.figures).map(|_| ()),
        (false, _) => write_run(folder, false, &page.figures).map(|_| ()),
    };
    result.with_context(|| {
        format!("the run is saved in {run}, but its page could not be written; after fixing the cause, run: zonal \
                 report {run}")
    })
}

fn new_record<C, S>(
    kind: RunKind,
    configuration: C,
    command: Vec<String>,
    started: SystemTime,
    summary: S,
) -> Record<C, S> {
    let provenance = Provenance::now(command, started);
    Record { schema: SCHEMA, kind, configuration, provenance, summary }
}

/// Writes one page of one or several runs.
fn page(request: &ReportRequest) -> Result<Report> {
    request.validate()?;
    let WrittenFiles { page, figures } = match (request.runs.as_slice(), &request.out) {
        ([], _) => anyhow::bail!(zonal_documents::Error::Usage(format!("{} names no run", named("runs")))),
        ([run], None) => write_run(run, request.force, &request.figures)?,
        (runs, out) => {
            let read = |run: &PathBuf| Ok((name(run, runs), zonal_jobs::saved_run::read(run)?));
            let saved: Vec<(String, SavedRun)> =
                runs.iter().map(read).collect::<zonal_documents::Result<_>>()?;
            let path = out.clone().unwrap_or_else(|| PathBuf::from("comparison.html"));
            write_page(&page_of_runs(&saved)?, &path, request.force, &request.figures)?
        }
    };
    let text = |path: &PathBuf| path.display().to_string();
    Ok(Report::Page(PageReport {
        schema: SCHEMA,
        page: text(&page),
        figures: figures.iter().map(text).collect(),
    }))
}

/// Returns a name that identifies a run among others: the name of its folder, or its path if another folder has the
/// same name.
fn name(run: &Path, runs: &[PathBuf]) -> String {
    let same = runs.iter().filter(|r| r.file_name() == run.file_name()).count();
    match run.file_name().filter(|_| same == 1) {
        Some(name) => name.to_string_lossy().into_owned(),
        None => run.display().to_string(),
    }
}
