//! Training on a table in shards: surveys and sums of shards.

use crate::code::{Code, Running};
use crate::error::{Failure, Outcome, exception};
use crate::job::Report;
use crate::model::Model;
use crate::table::Table;
use crate::work::{lock, run as work};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::{Deserialize, Serialize};
use std::sync::Mutex;
use zonal::dynamics::Step;
use zonal::lift::Moments;
use zonal::linalg::Matrix;
use zonal::rows::{Rows, Split};
use zonal_documents::request::{Request, Values};
use zonal_documents::train::FitConfig;
use zonal_jobs::coverage::Coverage;
use zonal_jobs::fingerprint::Fingerprint;
use zonal_jobs::survey::Survey as Inner;
use zonal_jobs::train::PartialSums;

/// Moments and a random sample of some rows of a table. Surveys of different rows can be merged.
#[pyclass(frozen, module = "zonal._native")]
pub(crate) struct Survey {
    inner: Inner,
    split: Split,
    columns: Vec<String>,
    labels: Vec<String>,
}

/// The state of a survey without the values of its sample.
#[derive(Serialize, Deserialize)]
struct State {
    covered: Coverage,
    fingerprint: Fingerprint,
    counts: [u64; 3],
    features: Moments,
    labels: Moments,
    numbers: Vec<u64>,
    split: Split,
    column_names: Vec<String>,
    label_names: Vec<String>,
    weighted: bool,
}

#[pymethods]
impl Survey {
    /// Surveys the rows of a table.
    #[new]
    fn new(
        py: Python<'_>,
        table: &Bound<'_, Table>,
        seed: u64,
        validation_fraction: f64,
        test_fraction: f64,
    ) -> PyResult<Self> {
        let fail = |e: Failure| e.raise(py);
        let split = Split::new(seed, validation_fraction, test_fraction).map_err(|e| fail(e.into()))?;
        let source = table.get().source().map_err(|e| fail(e.into()))?;
        let columns = source.feature_names().to_vec();
        let labels = table.get().labels().to_vec();
        let (inner, _) = work(py, None, move |work| Ok(Inner::of(&source, &split, &mut work.observer())?))?;
        Ok(Self { inner, split, columns, labels })
    }

    /// The number of rows surveyed.
    #[getter]
    fn rows(&self) -> u64 {
        self.inner.covered.rows()
    }

    /// Returns the survey of the rows of both.
    fn merge(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<Self> {
        let other = other.get();
        if (&self.columns, &self.labels, self.split) != (&other.columns, &other.labels, other.split) {
            let message = "the surveys have different columns, labels, seeds or fractions";
            return Err(exception(py, "ParameterError", message));
        }
        let merged = || self.inner.clone().merge(&other.inner, &self.split);
        let inner = py.detach(merged);
        let inner = inner.map_err(|e| Failure::from(e).raise(py))?;
        Ok(Self { inner, split: self.split, columns: self.columns.clone(), labels: self.labels.clone() })
    }

    /// The state for pickle: a text and the values of the sample.
    #[pyo3(signature = ())]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<(String, Bound<'py, PyArray1<f64>>)> {
        let sample = &self.inner.sample;
        let state = State {
            covered: self.inner.covered.clone(),
            fingerprint: self.inner.fingerprint,
            counts: self.inner.counts,
            features: self.inner.features.clone(),
            labels: self.inner.labels.clone(),
            numbers: sample.numbers.clone(),
            split: self.split,
            column_names: self.columns.clone(),
            label_names: self.labels.clone(),
            weighted: !sample.weights.is_empty(),
        };
        let text = serde_json::to_string(&state).map_err(|e| Failure::from(e).raise(py))?;
        let values = [sample.features.values(), sample.labels.values(), &sample.weights].concat();
        Ok((text, PyArray1::from_vec(py, values)))
    }

    /// Restores a survey from its state.
    #[staticmethod]
    #[pyo3(signature = (text, values))]
    fn from_state(py: Python<'_>, text: &str, values: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        let values: Vec<f64> = values.as_array().iter().copied().collect();
        restore(text, &values).map_err(|e| e.raise(py))
    }

    /// For pickle.
    #[pyo3(signature = () -> "tuple[object, ...]")]
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let restore = py.import("zonal._pickle")?.getattr("survey")?;
        Ok((restore, self.state(py)?.into_pyobject(py)?.into_any()))
    }
}

fn restore(text: &str, values: &[f64]) -> Outcome<Survey> {
    let State {
        covered,
        fingerprint,
        counts,
        features,
        labels,
        numbers,
        split,
        column_names,
        label_names,
        weighted,
    } = serde_json::from_str(text)?;
    let (rows, d, l) = (numbers.len(), column_names.len(), label_names.len());
    let weights = if weighted { rows } else { 0 };
    let needed = rows.checked_mul(d + l).and_then(|all| all.checked_add(weights));
    if needed != Some(values.len()) {
        return Err(anyhow::anyhow!("the sample of the survey does not have the stated size").into());
    }
    features.check(d)?;
    labels.check(l)?;
    let all = counts.iter().try_fold(0u64, |all, count| all.checked_add(*count));
    if all.is_none_or(|all| all > covered.rows()) {
        return Err(anyhow::anyhow!("the survey counts more rows than it covers").into());
    }
    let (of_features, rest) = values.split_at(rows * d);
    let (of_labels, of_weights) = rest.split_at(rows * l);
    let sample = Rows {
        covered: 0..covered.rows(),
        numbers,
        features: Matrix::from_rows(rows, d, of_features.to_vec())?,
        labels: Matrix::from_rows(rows, l, of_labels.to_vec())?,
        weights: of_weights.to_vec(),
        draws: Vec::new(),
    };
    let inner = Inner { covered, fingerprint, counts, features, labels, sample };
    Ok(Survey { inner, split, columns: column_names, labels: label_names })
}

/// Sums over some rows of a table, from which gradient descent on the output layer is computed.
#[pyclass(frozen, module = "zonal._native")]
pub(crate) struct Sums {
    /// The lock is held only briefly: work is done on copies.
    inner: Mutex<PartialSums>,
    code: Option<Py<Code>>,
}

#[pymethods]
impl Sums {
    /// Creates empty sums. Automatic options of the request are chosen on the sample of the survey.
    #[staticmethod]
    #[pyo3(signature = (request, survey, activation = None, progress: "object | None" = None))]
    fn choose(
        py: Python<'_>,
        request: &str,
        survey: &Bound<'_, Survey>,
        activation: Option<Py<Code>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(Self, Vec<String>)> {
        let survey = survey.get();
        let fail = |e: zonal_documents::Error| Failure::from(e).raise(py);
        let mut request = Request::from_json(request).map_err(fail)?;
        let running = activation.as_ref().map(|code| code.get().begin(py, 1));
        let callable = running.as_ref().map(|running| running.activation.clone());
        request.attach(Values { table: None, activation: callable }).map_err(fail)?;
        let Request::Train(request) = request else {
            return Err(exception(py, "InternalError", "the request is not a training"));
        };
        let (config, job) = request.sharded(survey.labels.clone()).map_err(fail)?;
        let (inner, columns) = (survey.inner.clone(), survey.columns.clone());
        let (inner, notes) = work(py, progress, move |work| {
            Running::checked(running.as_ref(), work, || {
                let mut notes = |note: &str| work.note(note);
                Ok(PartialSums::choose(&config, &job, &columns, &inner, &mut work.observer(), &mut notes)?)
            })
        })?;
        Ok((Self::new(inner, activation), notes))
    }

    /// Returns the same choice without rows.
    fn without_rows(&self, py: Python<'_>) -> Self {
        Self::new(lock(&self.inner).without_rows(), self.code(py))
    }

    /// Returns an independent copy.
    fn copy(&self, py: Python<'_>) -> Self {
        Self::new(self.current(), self.code(py))
    }

    /// The chosen options, as JSON.
    #[getter]
    fn problem(&self, py: Python<'_>) -> PyResult<String> {
        serde_json::to_string(lock(&self.inner).problem()).map_err(|e| Failure::from(e).raise(py))
    }

    /// Whether hidden units are grown.
    #[getter]
    fn is_grown(&self) -> bool {
        lock(&self.inner).is_grown()
    }

    /// The number of rows added.
    #[getter]
    fn rows(&self) -> u64 {
        lock(&self.inner).rows()
    }

    /// The first row that is missing from the rows added so far.
    #[getter]
    fn next_row(&self) -> u64 {
        lock(&self.inner).next_row()
    }

    /// Adds the rows of a table.
    #[pyo3(signature = (table, progress: "object | None" = None))]
    fn add(
        &self,
        py: Python<'_>,
        table: &Bound<'_, Table>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let source = table.get().source().map_err(|e| Failure::from(e).raise(py))?;
        let running = self.code.as_ref().map(|code| code.get().begin(py, 1));
        let mut inner = self.current();
        let (inner, _) = work(py, progress, move |work| {
            Running::checked(running.as_ref(), work, || {
                if let Some(running) = &running {
                    inner = inner.with_activation(running.activation.clone())?;
                }
                inner.add(&source, &mut work.observer())?;
                Ok(inner)
            })
        })?;
        *lock(&self.inner) = inner;
        Ok(())
    }

    /// Returns the sums over the rows of both.
    fn merge(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<Self> {
        let (a, b) = (self.current(), other.get().current());
        let (inner, _) = work(py, None, move |_| Ok(a.merge(&b)?))?;
        Ok(Self::new(inner, self.code(py)))
    }

    /// Computes the whole path.
    #[pyo3(signature = (iterations, at = None, step = None, solver = "auto", refit = false, ridge = 0.0, progress: "object | None" = None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn fit(
        &self,
        py: Python<'_>,
        iterations: u64,
        at: Option<Vec<u64>>,
        step: Option<f64>,
        solver: &str,
        refit: bool,
        ridge: f64,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Report> {
        let solver = serde_json::from_value(solver.into()).map_err(|_| {
            let message = format!("solver is '{solver}', but must be auto, dense or lanczos");
            exception(py, "ParameterError", &message)
        })?;
        let step = step.map_or(Step::Auto, Step::Fixed);
        let config = FitConfig { iterations, at, step, solver, ridge, refit };
        let inner = self.current();
        let (done, notes) = work(py, progress, move |work| {
            let mut notes = |note: &str| work.note(note);
            Ok(inner.fit(&config, &mut work.observer(), &mut notes)?)
        })?;
        let Some(model) = done.model else {
            return Err(exception(py, "InternalError", "the training on a table returned no network"));
        };
        let model = Py::new(py, Model::new(model, self.code(py)))?;
        Ok(Report::of_training(done.report, model, notes))
    }

    /// The sums and their choice as bytes, without a callable activation.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.current().to_bytes()).map_err(|e| Failure::from(e).raise(py))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Reads sums from bytes.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        let inner = py.detach(|| PartialSums::from_bytes(bytes)).map_err(|e| Failure::from(e).raise(py))?;
        Ok(Self::new(inner, None))
    }

    /// For pickle.
    #[pyo3(signature = () -> "tuple[object, ...]")]
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let restore = py.import("zonal._pickle")?.getattr("sums")?;
        let fail = |e: Failure| e.raise(py);
        let portable = match &self.code {
            None => self.current(),
            Some(_) => {
                let named = || self.current().with_activation(zonal::activation::Activation::Relu);
                py.detach(named).map_err(|e| fail(e.into()))?
            }
        };
        let bytes = py.detach(|| portable.to_bytes()).map_err(|e| fail(e.into()))?;
        let code = self.code.as_ref().map(|c| c.get().pieces(py));
        Ok((restore, (PyBytes::new(py, &bytes), code).into_pyobject(py)?.into_any()))
    }

    /// Returns the sums with the callable that was their activation.
    fn with_activation(&self, py: Python<'_>, activation: Py<Code>) -> PyResult<Self> {
        let running = activation.get().begin(py, 1).activation;
        let inner = py.detach(|| self.current().with_activation(running));
        let inner = inner.map_err(|e| Failure::from(e).raise(py))?;
        Ok(Self::new(inner, Some(activation)))
    }
}

impl Sums {
    fn new(inner: PartialSums, code: Option<Py<Code>>) -> Self {
        Self { inner: Mutex::new(inner), code }
    }

    fn current(&self) -> PartialSums {
        lock(&self.inner).clone()
    }

    fn code(&self, py: Python<'_>) -> Option<Py<Code>> {
        self.code.as_ref().map(|c| c.clone_ref(py))
    }
}
