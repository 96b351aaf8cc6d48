//! Jobs: runs a request given as JSON and returns its reports.

use crate::code::{Code, Running};
use crate::error::{Failure, Outcome};
use crate::model::Model;
use crate::table::Table;
use crate::work::{Work, run as work};
use pyo3::prelude::*;
use std::sync::Arc;
use zonal_documents::report::Report as Document;
use zonal_documents::request::{Request, Spectra, Values};
use zonal_documents::saved::SavedRun;
use zonal_documents::spectrum::SpectrumReport;
use zonal_report::{draw, page_of};
use zonal_run::Context;

/// The result of a job: its document, notes, network and figures.
#[pyclass(frozen, module = "zonal._native")]
pub(crate) struct Report {
    json: String,
    notes: Vec<String>,
    model: Option<Py<Model>>,
    figures: Figures,
}

/// The data from which figures are drawn on demand.
enum Figures {
    None,
    Spectrum(Box<SpectrumReport>),
    Page(Arc<SavedRun>),
}

#[pymethods]
impl Report {
    /// The document that the command-line program prints with --format json.
    #[getter]
    fn json(&self) -> &str {
        &self.json
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

    /// The title of each figure of the page, and its drawing as SVG.
    fn figures(&self, py: Python<'_>) -> PyResult<Vec<(String, String)>> {
        let charts = match &self.figures {
            Figures::None => Vec::new(),
            Figures::Spectrum(report) => vec![zonal_report::figure::of_spectrum("spectrum", report)],
            Figures::Page(run) => {
                let page = page_of(run).map_err(|e| Failure::from(e).raise(py))?;
                page.charts.into_iter().map(|drawn| drawn.chart).collect()
            }
        };
        Ok(charts.iter().map(|chart| (chart.title.clone(), draw::svg_file(chart))).collect())
    }
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
    let (output, notes) = work(py, progress, move |work| {
        Running::checked(running.as_ref(), work, || perform(&request, command, work))
    })?;
    let (documents, model) = output;
    let mut model = model
        .map(|m| Py::new(py, Model::new(m, activation.as_ref().map(|c| c.clone_ref(py)))))
        .transpose()?;
    let report = |(json, figures)| Report { json, notes: notes.clone(), model: model.take(), figures };
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

/// The documents of a job, each with its figures, and the network.
type JobOutput = (Vec<(String, Figures)>, Option<zonal_io::model::Model>);

fn perform(request: &Request, command: Vec<String>, work: &Work) -> Outcome<JobOutput> {
    let mut observer = work.observer();
    let mut context = Context {
        command,
        observer: &mut observer,
        notes: &mut |note: &str| work.note(note),
        predictions: &mut |_| Ok(()),
    };
    let zonal_run::Outcome { report, model, run, write_error } = zonal_run::run(request, &mut context)?;
    if let Some(error) = write_error {
        work.note(&format!("{error:#}"));
    }
    let run = run.map(Arc::new);
    let mut documents = Vec::new();
    for (i, json) in report.json()?.into_iter().enumerate() {
        let figures = match (&report, &run) {
            (Document::Spectra(reports), _) => Figures::Spectrum(Box::new(reports[i].clone())),
            (_, Some(run)) => Figures::Page(Arc::clone(run)),
            (_, None) => Figures::None,
        };
        documents.push((json, figures));
    }
    Ok((documents, model))
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
