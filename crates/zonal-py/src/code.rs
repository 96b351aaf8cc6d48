//! Python callables as activations.

use crate::error::{Failure, Outcome, exception};
use crate::work::lock;
use numpy::{PyArray1, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use zonal::activation::{Activation, Function};

/// A callable of one array, called with many arguments at once on whichever thread needs values.
#[pyclass(frozen, module = "zonal._native")]
pub(crate) struct Code {
    callable: Py<PyAny>,
    kinks: Vec<f64>,
    activation: Activation,
    raised: Arc<Raised>,
}

/// The first exception of a callable, and whether there is one.
#[derive(Default)]
struct Raised {
    is: AtomicBool,
    first: Mutex<Option<PyErr>>,
}

#[pymethods]
impl Code {
    #[new]
    fn new(py: Python<'_>, callable: Py<PyAny>, kinks: Vec<f64>) -> PyResult<Self> {
        let name = callable.getattr(py, "__name__").and_then(|n| n.extract::<String>(py));
        let name = name.unwrap_or_else(|_| "callable".to_owned());
        // A fault in what it returns is told before any work.
        call(py, callable.bind(py), &mut [0.0, 1e-3, -1e-3])?;
        let raised = Arc::new(Raised::default());
        let (inside, function) = (Arc::clone(&raised), callable.clone_ref(py));
        let apply = move |values: &mut [f64]| inside.apply(&function, values);
        let activation = Activation::Function(Arc::new(Function::of_slices(&name, kinks.clone(), apply)));
        Ok(Self { callable, kinks, activation, raised })
    }

    /// The callable.
    #[getter]
    fn callable(&self, py: Python<'_>) -> Py<PyAny> {
        self.callable.clone_ref(py)
    }

    /// The points where it is not smooth.
    #[getter]
    fn kinks(&self) -> Vec<f64> {
        self.kinks.clone()
    }
}

impl Code {
    /// The callable and its kinks, for pickle.
    pub(crate) fn pieces(&self, py: Python<'_>) -> (Py<PyAny>, Vec<f64>) {
        (self.callable.clone_ref(py), self.kinks.clone())
    }

    /// The activation that calls it.
    pub(crate) fn activation(&self) -> Activation {
        self.activation.clone()
    }

    /// What it raised while something was computed comes before whatever that led to.
    pub(crate) fn checked<T>(code: Option<&Py<Self>>, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let Some(code) = code else { return work() };
        let raised = &code.get().raised;
        raised.is.store(false, Ordering::Relaxed);
        *lock(&raised.first) = None;
        let result = work();
        match lock(&raised.first).take() {
            Some(error) => Err(Failure::Raised(error)),
            None => result,
        }
    }
}

impl Raised {
    fn apply(&self, function: &Py<PyAny>, values: &mut [f64]) {
        // After the first exception nothing counts any more.
        if !self.is.load(Ordering::Relaxed) {
            match Python::attach(|py| call(py, function.bind(py), values)) {
                Ok(()) => return,
                Err(error) => {
                    lock(&self.first).get_or_insert(error);
                    self.is.store(true, Ordering::Relaxed);
                }
            }
        }
        values.fill(0.0);
    }
}

fn call(py: Python<'_>, function: &Bound<'_, PyAny>, values: &mut [f64]) -> PyResult<()> {
    let answer = function.call1((PyArray1::from_slice(py, values),))?;
    let numpy = py.import("numpy")?;
    let refuse = |found: String| {
        Err(exception(
            py,
            "ParameterError",
            &format!(
                "activation: the callable was given an array of {} numbers and {found}, but one real number for each is \
                 needed",
                values.len()
            ),
        ))
    };
    let Ok(array) = numpy.call_method1("asarray", (&answer,)) else {
        return refuse(format!("returned {}", answer.get_type().name()?));
    };
    let shape = array.cast::<PyUntypedArray>()?.shape().to_vec();
    if shape != [values.len()] {
        return refuse(format!("returned the shape {}", array.getattr("shape")?));
    }
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    if !["f", "i", "u", "b"].contains(&kind.as_str()) {
        return refuse(format!("returned the type {}", array.getattr("dtype")?));
    }
    let wide = array.call_method1("astype", ("float64",))?;
    let wide: PyReadonlyArray1<'_, f64> = wide.extract()?;
    for (value, found) in values.iter_mut().zip(wide.as_array()) {
        if !found.is_finite() {
            return Err(exception(
                py,
                "ParameterError",
                &format!("activation: the callable returned {found} at {value}, but must be finite there"),
            ));
        }
        *value = *found;
    }
    Ok(())
}
