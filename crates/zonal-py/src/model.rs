//! Trained networks.

use crate::code::{Code, Running};
use crate::error::{Failure, Outcome, exception};
use crate::table::Table;
use crate::work::{run_after_fork, run_briefly};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::linalg::Matrix;
use zonal::network::Network;
use zonal::observer::Stage;
use zonal::rows::Rows;
use zonal_io::model::{HiddenLayer, Model as Inner, Units};
use zonal_io::source::{Encoding, Source};
use zonal_jobs::data::for_each_block;

/// A network with its output coefficients at every reported iteration.
#[pyclass(frozen, module = "zonal._native")]
pub(crate) struct Model {
    inner: Arc<Inner>,
    /// The callable, if the activation is one.
    code: Option<Py<Code>>,
}

/// Tables of at most this number of rows are predicted without a thread of their own.
const FEW_ROWS: u64 = 64;

/// Copies a matrix into an array of two dimensions.
pub(crate) fn array<'py>(py: Python<'py>, matrix: &Matrix) -> PyResult<Bound<'py, PyArray2<f64>>> {
    PyArray1::from_slice(py, matrix.values()).reshape([matrix.rows(), matrix.columns()])
}

#[pymethods]
impl Model {
    /// The reported iterations.
    #[getter]
    fn iterations<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u64>> {
        PyArray1::from_slice(py, &self.inner.iterations)
    }

    /// The default iteration of predictions.
    #[getter]
    fn best_iteration(&self) -> u64 {
        self.inner.description.best_iteration
    }

    /// Names of the feature columns; None for a network trained on a target.
    #[getter]
    fn columns(&self) -> Option<Vec<String>> {
        let table = self.inner.description.table.as_ref()?;
        Some(table.encoding.as_ref().map_or_else(|| table.lift.columns.clone(), Encoding::raw_names))
    }

    /// Names of the labels.
    #[getter]
    fn labels(&self) -> Vec<String> {
        let Some(table) = &self.inner.description.table else { return Vec::new() };
        match &table.classes {
            Some(classes) => vec![classes.classes.label.clone()],
            None => table.labels.iter().map(|label| label.name.clone()).collect(),
        }
    }

    /// The classes of the label and the temperature of their probabilities; None if labels are numbers.
    #[getter]
    fn classes(&self) -> Option<(Vec<String>, f64)> {
        let classes = self.inner.description.table.as_ref()?.classes.as_ref()?;
        Some((classes.classes.names.clone(), classes.temperature))
    }

    /// The activation's name or expression.
    #[getter]
    fn activation(&self) -> String {
        self.inner.description.activation.name()
    }

    /// The scale s of the units.
    #[getter]
    fn scale(&self) -> f64 {
        self.inner.description.scale
    }

    /// The step size eta.
    #[getter]
    fn step_size(&self) -> f64 {
        self.inner.description.step_size
    }

    /// The width m.
    #[getter]
    fn width(&self) -> usize {
        self.inner.coefficients.columns()
    }

    /// Half the width of the interval of each label at a level.
    fn half_widths<'py>(&self, py: Python<'py>, level: f64) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let errors = self.inner.description.table.as_ref().and_then(|table| table.errors.as_ref());
        let Some(errors) = errors else {
            let message = "the network has no errors on held-out rows, from which intervals would follow";
            return Err(exception(py, "ParameterError", message));
        };
        let all: zonal::Result<Vec<f64>> = errors.iter().map(|errors| errors.half_width(level)).collect();
        Ok(PyArray1::from_vec(py, all.map_err(|e| Failure::from(zonal_documents::Error::from(e)).raise(py))?))
    }

    /// Hidden weights (width, dimension), biases or None, and output coefficients (labels, width) at an iteration.
    #[pyo3(signature = (iteration = None))]
    fn weights<'py>(&self, py: Python<'py>, iteration: Option<u64>) -> PyResult<Weights<'py>> {
        let (units, coefficients) = at(&self.inner, iteration).map_err(|e| e.raise(py))?;
        let groups = match units {
            Units::Alike(network) => std::slice::from_ref(network),
            Units::Mixed(mixed) => mixed.groups(),
        };
        let hidden: Vec<f64> = groups.iter().flat_map(|g| g.directions().values()).copied().collect();
        let biases: Vec<f64> = groups.iter().flat_map(|g| g.biases().unwrap_or_default()).copied().collect();
        let hidden = PyArray1::from_vec(py, hidden);
        let columns = hidden.len()? / coefficients.columns();
        let biases = (!biases.is_empty()).then(|| PyArray1::from_vec(py, biases));
        Ok((hidden.reshape([coefficients.columns(), columns])?, biases, array(py, &coefficients)?))
    }

    /// The activation of each group of grown units and the number of its units, in the order of the weights; None for
    /// drawn units.
    #[getter]
    fn groups(&self) -> Option<Vec<(String, usize)>> {
        let grown = self.inner.description.grown.as_ref()?;
        Some(grown.groups.iter().map(|(activation, units)| (activation.name(), *units)).collect())
    }

    /// The activation, scale and factor of each group of units, and their number, in the order of the weights.
    #[getter]
    fn units(&self) -> Vec<(String, f64, f64, usize)> {
        let groups = match &self.inner.hidden {
            HiddenLayer::Fixed(network) => std::slice::from_ref(network),
            HiddenLayer::Moving(networks) => &networks[..networks.len().min(1)],
            HiddenLayer::Grown(mixed, _) => mixed.groups(),
        };
        let group = |network: &Network| {
            (network.activation().name(), network.scale(), network.factor(), network.width())
        };
        groups.iter().map(group).collect()
    }

    /// The metadata of the network's file, as JSON.
    #[getter]
    fn description(&self, py: Python<'_>) -> PyResult<String> {
        let text = serde_json::to_string(&self.inner.description);
        text.map_err(|e| exception(py, "InternalError", &e.to_string()))
    }

    /// The best iteration of each grown network; None for drawn units.
    #[getter]
    fn best_iterations(&self) -> Option<Vec<u64>> {
        self.inner.description.grown.as_ref().map(|grown| grown.best_iterations.clone())
    }

    /// The card of the model, as Markdown: what it predicts, from which columns, how it was trained, its errors and its limits; None
    /// in files of older versions.
    #[getter]
    fn card(&self) -> Option<&str> {
        self.inner.description.card.as_deref()
    }

    /// The part of the split of each row of the training table: 0 train, 1 validation, 2 test.
    fn parts<'py>(&self, py: Python<'py>, table: &Bound<'_, Table>) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let Some(description) = &self.inner.description.table else {
            return Err(exception(
                py,
                "ParameterError",
                "the network was trained on a target, which has no split into parts",
            ));
        };
        let is_by_column = description.draws.as_ref().is_some_and(|rule| rule.column().is_some());
        if description.classes.is_some() || is_by_column {
            let message =
                "the parts of its rows depend on their classes, groups or times; predict a file with part";
            return Err(exception(py, "ParameterError", message));
        }
        let split = description.split;
        let source =
            self.source(table).and_then(|source| Ok(source.drawn(split, description.draws.clone())?));
        let source = source.map_err(|e| Failure::from(e).raise(py))?;
        let parts = run_after_fork(py, move |work| {
            let mut out = Vec::new();
            for_each_block(&source, Stage::Scoring, 0, &mut work.observer(), |block| {
                out.extend(block.parts(&split).into_iter().map(|part| part as u8));
                Ok(())
            })?;
            Ok(out)
        })?;
        Ok(PyArray1::from_vec(py, parts))
    }

    /// Predictions for the rows of a table, at an iteration or by default: an array (rows, labels); of classes the outputs of the
    /// network, or probabilities.
    #[pyo3(signature = (table, iteration = None, has_probabilities = false))]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        table: &Bound<'_, Table>,
        iteration: Option<u64>,
        has_probabilities: bool,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let source = self.source(table).map_err(|e| Failure::from(e).raise(py))?;
        let temperature = self.classes().map(|(_, temperature)| temperature).filter(|_| has_probabilities);
        if self.code.is_none() && table.get().rows() <= FEW_ROWS {
            let (model, labels) = (Arc::clone(&self.inner), self.inner.labels());
            let values = run_briefly(py, move || {
                let (mut out, (units, coefficients)) = (Vec::new(), at(&model, iteration)?);
                for block in source.blocks() {
                    let rows = block.map_err(zonal_documents::Error::from)?;
                    out.extend(outputs(&model, units, &coefficients, temperature, &rows)?);
                }
                Ok(out)
            })?;
            let rows = values.len() / labels;
            return PyArray1::from_vec(py, values).reshape([rows, labels]);
        }
        let running = self.code.as_ref().map(|code| code.get().begin(py, 1));
        let model = match &running {
            None => Arc::clone(&self.inner),
            Some(running) => Arc::new(with_activation(&self.inner, &running.activation)),
        };
        let (values, rows) = run_after_fork(py, move |work| {
            Running::checked(running.as_ref(), work, || {
                let (mut out, mut rows) = (Vec::new(), 0);
                let (units, coefficients) = at(&model, iteration)?;
                for_each_block(&source, Stage::Scoring, 0, &mut work.observer(), |block| {
                    rows += block.len();
                    out.extend(outputs(&model, units, &coefficients, temperature, &block)?);
                    Ok(())
                })?;
                Ok((out, rows))
            })
        })?;
        PyArray1::from_vec(py, values).reshape([rows, self.inner.labels()])
    }

    /// The network as bytes of model.safetensors, without a callable activation.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.portable().to_bytes().map_err(|e| Failure::from(e).raise(py))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Reads a network from bytes, with the callable that was its activation.
    #[staticmethod]
    #[pyo3(signature = (bytes, activation = None))]
    fn from_bytes(py: Python<'_>, bytes: &[u8], activation: Option<Py<Code>>) -> PyResult<Self> {
        let model = Inner::read(bytes).map_err(|e| Failure::from(e).raise(py))?;
        let model = match &activation {
            None => model,
            Some(code) => with_activation(&model, &code.get().begin(py, 1).activation),
        };
        Ok(Self::new(model, activation))
    }

    /// Reads a network from a file or a run folder.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let model =
            Inner::file(&path).and_then(|file| Inner::load(&file)).map_err(|e| Failure::from(e).raise(py))?;
        Ok(Self::new(model, None))
    }

    /// Writes the network to a file, which the command-line program can read.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.without_code(py)?.save(&path).map_err(|e| Failure::from(e).raise(py))
    }

    /// For pickle.
    #[pyo3(signature = () -> "tuple[object, ...]")]
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let restore = py.import("zonal._pickle")?.getattr("model")?;
        let code = self.code.as_ref().map(|c| c.get().pieces(py));
        let arguments = (self.to_bytes(py)?, code).into_pyobject(py)?;
        Ok((restore, arguments.into_any()))
    }
}

type Weights<'py> = (Bound<'py, PyArray2<f64>>, Option<Bound<'py, PyArray1<f64>>>, Bound<'py, PyArray2<f64>>);

impl Model {
    pub(crate) fn new(model: Inner, code: Option<Py<Code>>) -> Self {
        Self { inner: Arc::new(model), code }
    }

    /// Opens a table with the features of the network.
    fn source(&self, table: &Bound<'_, Table>) -> zonal_documents::Result<Source> {
        let encoding = self.inner.description.table.as_ref().and_then(|table| table.encoding.as_ref());
        encoding.map_or_else(|| table.get().source(), |encoding| table.get().encoded(encoding))
    }

    /// Returns the model for a file, which cannot store a callable.
    pub(crate) fn without_code(&self, py: Python<'_>) -> PyResult<Arc<Inner>> {
        if self.code.is_some() {
            let message = "the activation is a callable, which a file cannot store; pickle the network, or use an expression in t";
            return Err(exception(py, "ParameterError", message));
        }
        Ok(Arc::clone(&self.inner))
    }

    /// Returns the model with a placeholder for a callable activation.
    fn portable(&self) -> Inner {
        let mut model = (*self.inner).clone();
        if self.code.is_some() {
            model.description.activation = Activation::Relu;
        }
        model
    }
}

/// Returns the hidden units and their output coefficients at an iteration, or by default.
fn at(model: &Inner, iteration: Option<u64>) -> Outcome<(Units<'_>, Matrix)> {
    let found = iteration.map_or_else(|| model.best(), |t| model.at(t));
    let asked = iteration.unwrap_or(model.description.best_iteration);
    Ok(found.map_err(|stored| zonal_jobs::predict::not_stored(asked, stored))?)
}

/// Returns the outputs of the network for rows, in the labels' units, or with a temperature probabilities.
fn outputs(
    model: &Inner,
    units: Units<'_>,
    coefficients: &Matrix,
    temperature: Option<f64>,
    rows: &Rows,
) -> zonal_documents::Result<Vec<f64>> {
    let points = points(model, &rows.features)?;
    let mut values = predictions(model, units, coefficients, &points)?;
    if let Some(temperature) = temperature {
        for i in 0..values.rows() {
            zonal::classes::probabilities(values.row_mut(i), temperature);
        }
    }
    Ok(values.values().to_vec())
}

/// Maps rows to the inputs of the units; for a network trained on a target, rows are points already.
fn points(model: &Inner, features: &Matrix) -> zonal_documents::Result<Matrix> {
    match (&model.description.grown, &model.description.table) {
        (Some(grown), _) => Ok(grown.columns.apply(features)?),
        (None, Some(table)) => Ok(table.lift.apply(features)?),
        (None, None) => Ok(features.clone()),
    }
}

/// Computes predictions in the labels' units.
fn predictions(
    model: &Inner,
    units: Units<'_>,
    coefficients: &Matrix,
    points: &Matrix,
) -> zonal_documents::Result<Matrix> {
    let mut values = units.values(coefficients, points)?;
    for (j, label) in model.description.table.iter().flat_map(|t| &t.labels).enumerate() {
        for i in 0..values.rows() {
            let standard = values.row(i)[j];
            values.row_mut(i)[j] = label.restore(standard);
        }
    }
    Ok(values)
}

/// Returns the network with the activation of another job.
fn with_activation(model: &Inner, activation: &Activation) -> Inner {
    let replace = |network: &Network| network.with_activation(activation.clone());
    let hidden = match &model.hidden {
        HiddenLayer::Fixed(network) => HiddenLayer::Fixed(replace(network)),
        HiddenLayer::Moving(networks) => HiddenLayer::Moving(networks.iter().map(replace).collect()),
        // Units of grown networks have named activations: functions without a derivative are refused.
        HiddenLayer::Grown(..) => model.hidden.clone(),
    };
    let mut description = model.description.clone();
    description.activation = activation.clone();
    Inner { description, hidden, ..model.clone() }
}
