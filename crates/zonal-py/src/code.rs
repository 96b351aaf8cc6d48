//! Activations that are Python callables.

use crate::error::{Failure, Outcome, exception};
use crate::work::{Shared, Work, lock, without_work};
use numpy::{PyArray1, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use zonal::activation::{Activation, Function};

/// A Python callable of one array, called with arrays of arguments on the thread that needs values.
#[pyclass(frozen, module = "zonal._native")]
pub(crate) struct Code {
    callable: Py<PyAny>,
    kinks: Vec<f64>,
    /// The identity of the callable, shared by its copies in all processes.
    identity: u128,
}

#[pymethods]
impl Code {
    #[new]
    #[pyo3(signature = (callable, kinks, identity = None))]
    fn new(py: Python<'_>, callable: Py<PyAny>, kinks: Vec<f64>, identity: Option<u128>) -> PyResult<Self> {
        // Errors in its return value are reported before any work.
        call(py, callable.bind(py), &mut [0.0, 1e-3, -1e-3])?;
        let identity = match identity {
            Some(identity) => identity,
            None => py.import("uuid")?.call_method0("uuid4")?.getattr("int")?.extract()?,
        };
        Ok(Self { callable, kinks, identity })
    }
}

impl Code {
    /// Returns the arguments of the constructor, for pickle.
    pub(crate) fn pieces(&self, py: Python<'_>) -> (Py<PyAny>, Vec<f64>, u128) {
        (self.callable.clone_ref(py), self.kinks.clone(), self.identity)
    }

    /// Returns an activation for one job, which computes at most `spectra` spectra. It collects the exceptions of
    /// that job only.
    pub(crate) fn begin(&self, py: Python<'_>, spectra: usize) -> Running {
        let name = self.callable.getattr(py, "__name__").and_then(|n| n.extract::<String>(py));
        let name = name.unwrap_or_else(|_| "callable".to_owned());
        let limit = MAX_CALLS.saturating_mul(spectra);
        let raised = Arc::new(Raised { limit, ..Raised::default() });
        let (inside, function) = (Arc::clone(&raised), self.callable.clone_ref(py));
        let apply = move |values: &mut [f64]| inside.apply(&function, values);
        let function = Function::of_slices(&name, self.kinks.clone(), apply).identified(self.identity);
        Running { activation: Activation::Function(Arc::new(function)), raised }
    }
}

/// A callable in use by one job.
pub(crate) struct Running {
    /// The activation that calls the callable.
    pub(crate) activation: Activation,
    raised: Arc<Raised>,
}

/// The state of a callable during one job: the first exception, and the job.
#[derive(Default)]
struct Raised {
    has_raised: AtomicBool,
    first: Mutex<Option<PyErr>>,
    /// The number of calls with a single argument.
    single: AtomicUsize,
    limit: usize,
    /// Whether calls were skipped because the interpreter was shutting down.
    skipped: AtomicBool,
    job: Mutex<Option<Arc<Shared>>>,
}

impl Running {
    /// Runs a computation. An exception of the callable takes precedence over the result.
    pub(crate) fn checked<T>(
        running: Option<&Self>,
        work: &Work,
        compute: impl FnOnce() -> Outcome<T>,
    ) -> Outcome<T> {
        let Some(running) = running else { return compute() };
        *lock(&running.raised.job) = Some(work.shared());
        let result = compute();
        match lock(&running.raised.first).take() {
            Some(error) => Err(Failure::Raised(error)),
            None if running.raised.skipped.load(Ordering::Relaxed) => Err(Failure::Shutdown),
            None => result,
        }
    }
}

/// The number of threads that are in a callable or about to enter one.
static CALLING: AtomicUsize = AtomicUsize::new(0);
/// Whether the interpreter is shutting down, after which no callable is called.
static CLOSING: AtomicBool = AtomicBool::new(false);
/// The limit on calls with a single argument per spectrum. Smooth functions need a few thousand.
const MAX_CALLS: usize = 150_000;
/// The time that the shutdown of the interpreter waits for callables.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

/// Waits for callables that abandoned work is still calling, and prevents new calls. Called at interpreter exit.
#[pyfunction]
pub(crate) fn close(py: Python<'_>) {
    CLOSING.store(true, Ordering::SeqCst);
    py.detach(|| {
        let until = Instant::now() + SHUTDOWN_TIMEOUT;
        while CALLING.load(Ordering::SeqCst) > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
    });
}

impl Raised {
    fn apply(&self, function: &Py<PyAny>, values: &mut [f64]) {
        let stopped = || lock(&self.job).as_ref().is_some_and(|job| job.is_stopped());
        CALLING.fetch_add(1, Ordering::SeqCst);
        // After the first exception or Ctrl-C, values no longer matter.
        let is_needed =
            !self.has_raised.load(Ordering::Relaxed) && !CLOSING.load(Ordering::SeqCst) && !stopped();
        let one = values.len() == 1 && self.single.fetch_add(1, Ordering::Relaxed) >= self.limit;
        let work = |py: Python<'_>| {
            if one {
                return Err(too_many(py, self.limit));
            }
            without_work(|| call(py, function.bind(py), values))
        };
        let called = if is_needed { Python::try_attach(work) } else { None };
        CALLING.fetch_sub(1, Ordering::SeqCst);
        match called {
            Some(Ok(())) => return,
            Some(Err(error)) => {
                lock(&self.first).get_or_insert(error);
                self.has_raised.store(true, Ordering::Relaxed);
            }
            None => {
                let known = self.has_raised.load(Ordering::Relaxed) || stopped();
                self.skipped.fetch_or(!known, Ordering::Relaxed);
            }
        }
        values.fill(0.0);
    }
}

fn too_many(py: Python<'_>, limit: usize) -> PyErr {
    let message = format!(
        "activation: the callable was called with {limit} single arguments and its coefficients have not converged, which \
         happens for functions that are not smooth; list the points of its kinks and jumps as kinks"
    );
    exception(py, "ParameterError", &message)
}

fn call(py: Python<'_>, function: &Bound<'_, PyAny>, values: &mut [f64]) -> PyResult<()> {
    let answer = function.call1((PyArray1::from_slice(py, values),))?;
    let numpy = py.import("numpy")?;
    let reject = |found: String| {
        Err(exception(
            py,
            "ParameterError",
            &format!(
                "activation: the callable was called with an array of {} numbers and {found}, but one real number for each is \
                 needed",
                values.len()
            ),
        ))
    };
    let Ok(array) = numpy.call_method1("asarray", (&answer,)) else {
        return reject(format!("returned {}", answer.get_type().name()?));
    };
    let shape = array.cast::<PyUntypedArray>()?.shape().to_vec();
    if shape != [values.len()] {
        return reject(format!("returned the shape {}", array.getattr("shape")?));
    }
    let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
    if !["f", "i", "u", "b"].contains(&kind.as_str()) {
        return reject(format!("returned the type {}", array.getattr("dtype")?));
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
