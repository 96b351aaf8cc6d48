//! Conversion of errors into the exceptions of `zonal.errors`.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::any::Any;

/// A failure of a job.
pub(crate) enum Failure {
    /// An error of zonal, with its context.
    Error(anyhow::Error),
    /// An exception raised by user code.
    Raised(PyErr),
    /// The interpreter is shutting down.
    Shutdown,
    /// A bug in zonal.
    Panic(String),
}

/// The result of a job.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl Failure {
    /// Returns the failure for the payload of a panic.
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panic(text.unwrap_or_else(|| "no message".to_owned()))
    }

    /// Converts the failure into a Python exception.
    pub(crate) fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Raised(error) => error,
            Self::Shutdown => exception(
                py,
                "ResourceError",
                "the interpreter is shutting down and can no longer call callables",
            ),
            Self::Panic(text) => {
                exception(py, "InternalError", &format!("internal error of zonal, please report it: {text}"))
            }
            Self::Error(error) => exception(py, class(&error), &format!("{error:#}")),
        }
    }
}

/// Creates an exception of the package, given the name of its class.
pub(crate) fn exception(py: Python<'_>, class: &str, message: &str) -> PyErr {
    match py.import("zonal.errors").and_then(|m| m.getattr(class)).and_then(|c| c.call1((message,))) {
        Ok(instance) => PyErr::from_value(instance),
        Err(_) => PyRuntimeError::new_err(message.to_owned()),
    }
}

/// Returns the name of the exception class for an error.
fn class(error: &anyhow::Error) -> &'static str {
    let found = error.chain().find_map(|cause| {
        let of_documents = cause.downcast_ref::<zonal_documents::Error>().map(of_documents);
        let of_core = || cause.downcast_ref::<zonal::Error>().map(of_core);
        let of_files = || cause.downcast_ref::<zonal_io::Error>().map(of_files);
        of_documents.or_else(of_core).or_else(of_files)
    });
    let of_system = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<std::io::Error>() || cause.is::<zonal_report::Error>()
    };
    found.unwrap_or_else(|| if error.chain().any(of_system) { "FileError" } else { "DataError" })
}

fn of_documents(error: &zonal_documents::Error) -> &'static str {
    match error {
        zonal_documents::Error::Core(e) => of_core(e),
        zonal_documents::Error::Io(e) => of_files(e),
        zonal_documents::Error::Memory { .. } => "OutOfMemory",
        zonal_documents::Error::Interrupted { .. } => "Interrupted",
        _ => "ParameterError",
    }
}

fn of_core(error: &zonal::Error) -> &'static str {
    match error {
        zonal::Error::Parameter { .. }
        | zonal::Error::Unknown { .. }
        | zonal::Error::Expression { .. }
        | zonal::Error::StepTooLarge { .. } => "ParameterError",
        zonal::Error::NoConvergence { .. } => "NumericalError",
        zonal::Error::Stopped(_) => "Interrupted",
        _ => "DataError",
    }
}

fn of_files(error: &zonal_io::Error) -> &'static str {
    match error {
        zonal_io::Error::Table { .. } | zonal_io::Error::Model { .. } => "DataError",
        zonal_io::Error::Delimiter { .. } => "ParameterError",
        _ => "FileError",
    }
}
