//! Jobs: runs a request given as JSON and returns its reports.

use crate::code::{Code, Running};
use crate::error::{Failure, Outcome, exception};
use crate::model::Model;
use crate::table::Table;
use crate::work::{Work, run as work};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use zonal_documents::report::Report as Document;
use zonal_documents::request::{FolderOptions, Request, Spectra, Values};
use zonal_documents::saved::SavedRun;
use zonal_documents::train::TrainReport;
use zonal_jobs::predict::Block;
use zonal_report::plain::{self, Layout};
use zonal_report::{draw, page_of};
use zonal_run::Context;

/// The result of a job: its document in every form, notes, network and figures.
#[pyclass(frozen, module = "zonal._native")]
pub(crate) struct Report {
    document: Document,
    /// The layout of the text.
    layout: Layout,
    notes: Vec<String>,
    model: Option<Py<Model>>,
    /// The run, for its figures and for saving.
    run: Option<Arc<SavedRun>>,
    /// The text that compares the reports of the job, if there are several.
    comparison: Option<Arc<str>>,
    predictions: Option<Predictions>,
}

#[pymethods]
impl Report {
    /// The document that the command-line program prints with --format json.
    #[getter]
    fn json(&self, py: Python<'_>) -> PyResult<String> {
        let documents = self.document.json().map_err(|e| Failure::from(e).raise(py))?;
        Ok(documents.into_iter().next().unwrap_or_default())
    }

    /// The kind of run that the report is of; empty for reports of other requests.
    #[getter]
    fn kind(&self) -> &'static str {
        match self.document {
            Document::Train(_) => "train",
            Document::Sweep(_) => "sweep",
            Document::Reproduce(_) => "reproduce",
            Document::Play(_) => "sq-play",
            _ => "",
        }
    }

    /// The text that the command-line program prints.
    fn text(&self) -> String {
        plain::text(&self.document, self.layout)
    }

    /// The table that the command-line program prints with --format csv.
    fn csv(&self, py: Python<'_>) -> PyResult<String> {
        plain::csv(&self.document).map_err(|e| Failure::from(e).raise(py))
    }

    /// The text that compares all reports of the job; None for a single one.
    #[getter]
    fn comparison(&self) -> Option<&str> {
        self.comparison.as_deref()
    }

    /// The notes on the job, for the user.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    /// The trained network; None if there is none.
    #[getter]
    fn model(&self, py: Python<'_>) -> Option<Py<Model>> {
        self.model.as_ref().map(|m| m.clone_ref(py))
    }

    /// The predictions of the job, an array (rows, labels); None if it made none.
    #[getter]
    fn predictions<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray2<f64>>>> {
        let shaped = |p: &Predictions| {
            PyArray1::from_slice(py, &p.values).reshape([p.values.len() / p.labels.max(1), p.labels])
        };
        self.predictions.as_ref().map(shaped).transpose()
    }

    /// The title of each figure of the page, and its drawing as SVG.
    fn figures(&self, py: Python<'_>) -> PyResult<Vec<(String, String)>> {
        let charts = match (&self.document, &self.run) {
            (Document::Spectra(reports), _) => {
                reports.iter().map(|report| zonal_report::figure::of_spectrum("spectrum", report)).collect()
            }
            (Document::Curve(report), _) => zonal_report::figure::of_curve("curve", report),
            (Document::TableCurve(report), _) => vec![zonal_report::figure::of_table_curve("curve", report)],
            (_, Some(run)) => {
                let page = page_of(run).map_err(|e| Failure::from(e).raise(py))?;
                page.charts.into_iter().map(|drawn| drawn.chart).collect::<Vec<_>>()
            }
            (_, None) => Vec::new(),
        };
        Ok(charts.iter().map(|chart| (chart.title.clone(), draw::svg_file(chart))).collect())
    }

    /// Writes a training into a folder, with its page. `options` are those of a folder, as JSON.
    fn save(&self, py: Python<'_>, options: &str) -> PyResult<()> {
        let Some(SavedRun::Training(training)) = self.run.as_deref() else {
            let message = "only results of zonal.train and zonal.load can be saved as a run folder; save the network, or pickle \
                           the result";
            return Err(exception(py, "ParameterError", message));
        };
        let options: FolderOptions =
            serde_json::from_str(options).map_err(|e| exception(py, "ParameterError", &e.to_string()))?;
        let model = self.model.as_ref().map(|m| m.get().without_code(py)).transpose()?;
        let write = || zonal_run::save(training, model.as_deref(), &options);
        py.detach(write).map_err(|e| Failure::Error(e).raise(py))?;
        Ok(())
    }
}

impl Report {
    /// Returns the report of a training that has no record.
    pub(crate) fn of_training(report: TrainReport, model: Py<Model>, notes: Vec<String>) -> Self {
        Self {
            document: Document::Train(Box::new(report)),
            layout: Layout::default(),
            notes,
            model: Some(model),
            run: None,
            comparison: None,
            predictions: None,
        }
    }
}

/// Predictions of all labels for each row, in the order of the rows.
#[derive(Default)]
struct Predictions {
    labels: usize,
    values: Vec<f64>,
}

/// Runs a request given as JSON, optionally on a table of arrays and with a callable as activation. `command` is the
/// call, for the record of a run.
#[pyfunction]
#[pyo3(signature = (request, command, table = None, activation = None, progress: "object | None" = None))]
pub(crate) fn run(
    py: Python<'_>,
    request: &str,
    command: Vec<String>,
    table: Option<&Bound<'_, Table>>,
    activation: Option<Py<Code>>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<Report>> {
    let fail = |e: zonal_documents::Error| Failure::from(e).raise(py);
    let mut request = Request::from_json(request).map_err(fail)?;
    let running = activation.as_ref().map(|code| code.get().begin(py, spectrum_count(&request)));
    let values = Values {
        table: table.map(|table| table.get().memory()),
        activation: running.as_ref().map(|running| running.activation.clone()),
    };
    request.attach(values).map_err(fail)?;
    let details = matches!(&request, Request::Reproduce(request) if !request.claim.is_empty());
    let (done, notes) = work(py, progress, move |work| {
        Running::checked(running.as_ref(), work, || perform(&request, command, work))
    })?;
    reports(py, done, Layout { details, width: None }, notes, activation)
}

/// Reads a finished run back from its folder.
#[pyfunction]
pub(crate) fn load(py: Python<'_>, folder: PathBuf) -> PyResult<Report> {
    let (outcome, notes) = work(py, None, move |_| Ok(zonal_run::load(&folder)?))?;
    let mut found = reports(py, (outcome, None), Layout::default(), notes, None)?;
    found.pop().ok_or_else(|| exception(py, "InternalError", "the run has no report"))
}

/// Returns a report for each document of an outcome.
fn reports(
    py: Python<'_>,
    (outcome, predictions): Done,
    layout: Layout,
    notes: Vec<String>,
    activation: Option<Py<Code>>,
) -> PyResult<Vec<Report>> {
    let run = outcome.run.map(Arc::new);
    let mut model = outcome.model.map(|m| Py::new(py, Model::new(m, activation))).transpose()?;
    let whole = plain::text(&outcome.report, layout);
    let documents = outcome.report.split();
    let comparison = (documents.len() > 1).then(|| Arc::from(whole));
    let mut predictions = predictions;
    let report = |document| Report {
        document,
        layout,
        notes: notes.clone(),
        model: model.take(),
        run: run.clone(),
        comparison: comparison.clone(),
        predictions: predictions.take(),
    };
    Ok(documents.into_iter().map(report).collect())
}

/// Returns the number of spectra that a callable must provide.
fn spectrum_count(request: &Request) -> usize {
    match request {
        Request::Spectrum(request) => match request.spectra() {
            Ok(Spectra::Spectra(configs)) => configs.len(),
            _ => 1,
        },
        _ => 1,
    }
}

/// The outcome of a job, and its predictions if it made any.
type Done = (zonal_run::Outcome, Option<Predictions>);

fn perform(request: &Request, command: Vec<String>, work: &Work) -> Outcome<Done> {
    let mut observer = work.observer();
    let mut predictions = Predictions::default();
    let mut collect = |block: Block<'_>| -> zonal_documents::Result<()> {
        predictions.labels = block.values.columns();
        predictions.values.extend_from_slice(block.values.values());
        Ok(())
    };
    let mut context = Context {
        command,
        observer: &mut observer,
        notes: &mut |note: &str| work.note(note),
        predictions: &mut collect,
    };
    let mut outcome = zonal_run::run(request, &mut context)?;
    if let Some(error) = outcome.write_error.take() {
        work.note(&format!("{error:#}"));
    }
    Ok((outcome, (predictions.labels > 0).then_some(predictions)))
}

/// Returns the options of a command with their defaults, as a request in JSON.
#[pyfunction]
pub(crate) fn options(py: Python<'_>, command: &str) -> PyResult<String> {
    let request = serde_json::json!({ "command": command }).to_string();
    let request = Request::from_json(&request).map_err(|e| Failure::from(e).raise(py))?;
    serde_json::to_string(&request).map_err(|e| Failure::from(e).raise(py))
}

/// Returns the names of all claims.
#[pyfunction]
pub(crate) fn claims() -> Vec<String> {
    zonal_claims::names().into_iter().map(str::to_owned).collect()
}
