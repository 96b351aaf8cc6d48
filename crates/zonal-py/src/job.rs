//! Jobs by the words of the program: what is asked is read by the program's own command line, so that names, defaults and
//! checks are the same.

use crate::code::{Code, Running};
use crate::error::{Failure, Outcome, exception};
use crate::model::Model;
use crate::table::Table;
use crate::work::{Work, run as work};
use pyo3::prelude::*;
use serde::Serialize;
use std::sync::Arc;
use std::time::SystemTime;
use zonal::activation::Activation;
use zonal::target::PowerSpectrum;
use zonal_claims::reproduce;
use zonal_cli::request::{PageArgs, Request, asked, read};
use zonal_documents::number::Auto;
use zonal_documents::provenance::Provenance;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::saved::{Kept, KeptTraining};
use zonal_documents::table::Data;
use zonal_documents::train::{Input, TrainConfig};
use zonal_jobs::again::again;
use zonal_jobs::analyze::analyze;
use zonal_jobs::plan::plan;
use zonal_jobs::record::{Output, keep};
use zonal_jobs::spectrum::{rank, spectrum};
use zonal_jobs::sq::{bound, learn, play};
use zonal_jobs::sweep::{Start, sweep};
use zonal_jobs::train::train;
use zonal_report::{draw, page};

/// What a job found: the document of the program, and what there is beside it.
#[pyclass(frozen, module = "zonal._native")]
pub(crate) struct Report {
    json: String,
    notes: Vec<String>,
    model: Option<Py<Model>>,
    figures: Figures,
}

/// How the figures of a result are made, when they are asked for.
enum Figures {
    None,
    Spectrum(Box<zonal_documents::spectrum::SpectrumReport>),
    Page(Arc<Kept>),
}

/// What a job leaves before it is a Python object.
struct Found {
    json: String,
    model: Option<zonal_io::model::Model>,
    figures: Figures,
}

impl Found {
    fn new(report: &impl Serialize, figures: Figures) -> Outcome<Self> {
        Ok(Self { json: serde_json::to_string(report)?, model: None, figures })
    }
}

#[pymethods]
impl Report {
    /// The document that the program prints with --format json.
    #[getter]
    fn json(&self) -> &str {
        &self.json
    }

    /// What a person should know.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    /// The trained network.
    #[getter]
    fn model(&self, py: Python<'_>) -> Option<Py<Model>> {
        self.model.as_ref().map(|m| m.clone_ref(py))
    }

    /// The figures of the page: what each shows, and its drawing as SVG.
    fn figures(&self, py: Python<'_>) -> PyResult<Vec<(String, String)>> {
        let charts = match &self.figures {
            Figures::None => Vec::new(),
            Figures::Spectrum(report) => vec![zonal_report::figure::of_spectrum("spectrum", report)],
            Figures::Page(kept) => page_of(kept).map_err(|e| Failure::from(e).raise(py))?,
        };
        Ok(charts.iter().map(|chart| (chart.title.clone(), draw::svg_file(chart))).collect())
    }
}

fn page_of(kept: &Kept) -> zonal_report::Result<Vec<zonal_report::chart::Chart>> {
    let page = match kept {
        Kept::Training(run) => page::training(run),
        Kept::Sweep(run) => page::sweep(run),
        Kept::Reproduce(run) => page::claims(run),
        Kept::Game(run) => page::game(run),
    }?;
    Ok(page.charts.into_iter().map(|drawn| drawn.chart).collect())
}

/// Does what the words after `zonal` ask for, on a table of arrays and with a callable as activation where they are
/// given; `command` is what a record says of the call. A plan may be made for energies by degree, the rest last.
#[pyfunction]
#[pyo3(signature = (words, command, table = None, activation = None, watch: "object | None" = None, energies: "list[float] | None" = None, columns: "tuple[list[str], list[str] | None] | None" = None))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub(crate) fn run(
    py: Python<'_>,
    words: Vec<String>,
    command: Vec<String>,
    table: Option<&Bound<'_, Table>>,
    activation: Option<Py<Code>>,
    watch: Option<&Bound<'_, PyAny>>,
    energies: Option<Vec<f64>>,
    columns: Option<(Vec<String>, Option<Vec<String>>)>,
) -> PyResult<Vec<Report>> {
    let mut request = read(&words).map_err(|e| Failure::from(e).raise(py))?;
    if let Some(table) = table {
        put_table(&mut request, table.get().data());
    }
    if let Some((labels, features)) = columns {
        put_columns(&mut request, labels, features);
    }
    let spectra = if let Request::Spectra(configs) = &request { configs.len() } else { 1 };
    let running = activation.as_ref().map(|code| code.get().begin(py, spectra));
    if let Some(running) = &running {
        put_activation(&mut request, &running.activation)
            .map_err(|why| exception(py, "ParameterError", why))?;
    }
    if let (Request::Plan(config), Some(mut known)) = (&mut request, energies) {
        let tail_energy = known.pop().unwrap_or(0.0);
        config.energies = Some(PowerSpectrum { energies: known, tail_energy });
    }
    let (found, notes) = work(py, watch, move |work| {
        Running::checked(running.as_ref(), work, || perform(request, command, work))
    })?;
    let report = |found: Found| {
        let code = activation.as_ref().map(|c| c.clone_ref(py));
        let model = found.model.map(|m| Py::new(py, Model::new(m, code))).transpose()?;
        Ok(Report { json: found.json, notes: notes.clone(), model, figures: found.figures })
    };
    found.into_iter().map(report).collect()
}

/// Rows in memory in place of files; how files of test rows are written stays as it was asked for.
fn put_table(request: &mut Request, data: Data) {
    let labels = data.memory.as_ref().map_or_else(Vec::new, |m| m.labels.clone());
    let (place, names) = match request {
        Request::Train { config, .. } => match &mut config.input {
            Input::Table(job) => (&mut job.data, &mut job.labels),
            Input::Target(_) => return,
        },
        Request::Analyze(config) => (&mut config.data, &mut config.labels),
        _ => return,
    };
    *place =
        Data { files: Vec::new(), drop_missing: data.drop_missing, memory: data.memory, ..place.clone() };
    *names = labels;
}

/// Names of columns as they are, which the words of the program would split at commas.
fn put_columns(request: &mut Request, labels: Vec<String>, features: Option<Vec<String>>) {
    match request {
        Request::Train { config, .. } => {
            if let Input::Table(job) = &mut config.input {
                (job.labels, job.features) = (labels, features);
            }
        }
        Request::Analyze(config) => (config.labels, config.features) = (labels, features),
        _ => {}
    }
}

fn put_activation(request: &mut Request, activation: &Activation) -> Result<(), &'static str> {
    match request {
        Request::Spectra(configs) => configs.iter_mut().for_each(|c| c.activation = activation.clone()),
        Request::Plan(config) => config.activation = activation.clone(),
        Request::Learn(config) => config.activation = activation.clone(),
        Request::Train { config, output, .. } => {
            if !matches!(output, Output::None) {
                return Err(
                    "a run folder does not hold a callable: with one as activation, out must be None",
                );
            }
            config.activation = Auto::Fixed(activation.clone());
        }
        _ => return Err("here the activation is a name or an expression in t, not a callable"),
    }
    Ok(())
}

fn perform(request: Request, command: Vec<String>, work: &Work) -> Outcome<Vec<Found>> {
    let observer = &mut work.observer();
    let started = SystemTime::now();
    match request {
        Request::Spectra(configs) => configs
            .iter()
            .map(|config| {
                let report = spectrum(config)?;
                Found::new(&report, Figures::Spectrum(Box::new(report.clone())))
            })
            .collect(),
        Request::Rankings(configs) => {
            configs.iter().map(|config| Found::new(&rank(config)?, Figures::None)).collect()
        }
        Request::Plan(config) => Ok(vec![Found::new(&plan(&config, observer)?, Figures::None)?]),
        Request::Analyze(config) => Ok(vec![Found::new(&analyze(&config, observer)?, Figures::None)?]),
        Request::Bounds(configs) => {
            configs.iter().map(|config| Found::new(&bound(config, observer)?, Figures::None)).collect()
        }
        Request::Learn(config) => Ok(vec![Found::new(&learn(&config, observer)?, Figures::None)?]),
        Request::Train { config, output, page, command: begun } => {
            Ok(vec![trained(*config, &output, &page, begun.unwrap_or(command), work)?])
        }
        Request::Again { record, moved, output, page } => {
            let mut notes = |note: &str| work.note(note);
            let (trained, agreement) = again(&record, &moved, &output, command, observer, &mut notes)?;
            written(&page, trained.report.run.as_deref(), work);
            Ok(vec![Found::new(&agreement, Figures::None)?])
        }
        Request::Sweep { start, at_once, page } => {
            let text = match &start {
                Start::New { file, .. } => file.text().to_owned(),
                Start::Resume(_) => String::new(),
            };
            let report = sweep(&start, at_once, command.clone(), observer)?;
            let found = record(RunKind::Sweep, text, command, started, report.clone());
            written(&page, report.run.as_deref(), work);
            Ok(vec![Found::new(&report, Figures::Page(Arc::new(Kept::Sweep(Box::new(found)))))?])
        }
        Request::Reproduce { claims, size, output, page } => {
            let mut report = reproduce(&claims, size, observer)?;
            let question = asked(&claims, size);
            report.run = keep(&output, RunKind::Reproduce, &question, &report, command.clone(), started)?;
            written(&page, report.run.as_deref(), work);
            let found = record(RunKind::Reproduce, question, command, started, report.clone());
            Ok(vec![Found::new(&report, Figures::Page(Arc::new(Kept::Reproduce(Box::new(found)))))?])
        }
        Request::Play { config, output, page } => {
            let mut report = play(&config, observer)?;
            report.run = keep(&output, RunKind::SqPlay, &*config, &report, command.clone(), started)?;
            written(&page, report.run.as_deref(), work);
            let found = record(RunKind::SqPlay, *config, command, started, report.clone());
            Ok(vec![Found::new(&report, Figures::Page(Arc::new(Kept::Game(Box::new(found)))))?])
        }
    }
}

fn trained(
    config: TrainConfig,
    output: &Output,
    page: &PageArgs,
    command: Vec<String>,
    work: &Work,
) -> Outcome<Found> {
    let started = SystemTime::now();
    let mut notes = |note: &str| work.note(note);
    let done = train(&config, output, command.clone(), &mut work.observer(), &mut notes)?;
    written(page, done.report.run.as_deref(), work);
    let record = record(RunKind::Train, config, command, started, done.report.clone());
    let kept = Kept::Training(Box::new(KeptTraining { record, test_rows: Vec::new() }));
    let found = Found::new(&done.report, Figures::Page(Arc::new(kept)))?;
    Ok(Found { model: done.model, ..found })
}

/// Writes the page of a run; the run itself is there whatever becomes of it.
fn written(page: &PageArgs, run: Option<&str>, work: &Work) {
    if let Err(error) = page.write(run) {
        work.note(&format!("{error:#}"));
    }
}

fn record<C, S>(
    kind: RunKind,
    configuration: C,
    command: Vec<String>,
    started: SystemTime,
    summary: S,
) -> Record<C, S> {
    let provenance = Provenance::now(command, started);
    Record { schema: zonal_documents::SCHEMA, kind, configuration, provenance, summary }
}

/// The options of a command of the program, by their long names, with their defaults.
#[pyfunction]
pub(crate) fn options(command: Vec<String>) -> Vec<(String, Option<String>)> {
    zonal_cli::request::options(&command)
}

/// Names of the claims that can be checked.
#[pyfunction]
pub(crate) fn claims() -> Vec<String> {
    zonal_claims::names().into_iter().map(str::to_owned).collect()
}
