//! Errors as the exceptions of `zonal.errors`, in the words of Python: options are named as keywords.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::any::Any;

/// Anything that ends a job.
pub(crate) enum Failure {
    /// An error of ours, with what was tried.
    Ours(anyhow::Error),
    /// An exception of the user's own code.
    Raised(PyErr),
    /// A fault of ours.
    Panic(String),
}

/// The result of a job.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

impl Failure {
    /// What a panic said.
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self::Panic(text.unwrap_or_else(|| "it left no message".to_owned()))
    }

    /// As a Python exception.
    pub(crate) fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Raised(error) => error,
            Self::Panic(text) => {
                exception(py, "InternalError", &format!("a fault of zonal's own, please report it: {text}"))
            }
            Self::Ours(error) => exception(py, class(&error), &keywords(&format!("{error:#}"))),
        }
    }
}

/// An exception of the package by its class.
pub(crate) fn exception(py: Python<'_>, class: &str, message: &str) -> PyErr {
    match py.import("zonal.errors").and_then(|m| m.getattr(class)).and_then(|c| c.call1((message,))) {
        Ok(instance) => PyErr::from_value(instance),
        Err(_) => PyRuntimeError::new_err(message.to_owned()),
    }
}

/// The class of an error.
fn class(error: &anyhow::Error) -> &'static str {
    let found = error.chain().find_map(|cause| {
        let of_run = cause.downcast_ref::<zonal_run::Error>().map(of_run);
        let of_core = || cause.downcast_ref::<zonal::Error>().map(of_core);
        let of_files = || cause.downcast_ref::<zonal_io::Error>().map(of_files);
        of_run.or_else(of_core).or_else(of_files)
    });
    found.unwrap_or("FileError")
}

fn of_run(error: &zonal_run::Error) -> &'static str {
    match error {
        zonal_run::Error::Core(e) => of_core(e),
        zonal_run::Error::Io(e) => of_files(e),
        zonal_run::Error::Memory { .. } => "OutOfMemory",
        zonal_run::Error::Interrupted { .. } => "Interrupted",
        _ => "ParameterError",
    }
}

fn of_core(error: &zonal::Error) -> &'static str {
    match error {
        zonal::Error::Parameter { .. }
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

/// Options of the program as keywords: `--max-degree` is `max_degree`. Commands to type stay as they are.
pub(crate) fn keywords(message: &str) -> String {
    let message = message
        .replace("--missing drop", "missing='drop'")
        .replace("--format json lists them", "candidates has them");
    let mut out = String::with_capacity(message.len());
    for (i, line) in message.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let mut rest = line;
        // "go on with: zonal train --resume runs/x" is typed, not called.
        let end = rest.find(": zonal ").unwrap_or(rest.len());
        let command = &line[end..];
        rest = &rest[..end];
        while let Some(at) = rest.find("--") {
            let name: &str = &rest[at + 2..];
            let length = name.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(name.len());
            let is_option = length > 0
                && name.starts_with(|c: char| c.is_ascii_lowercase())
                && !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-');
            out.push_str(&rest[..at]);
            if is_option {
                out.push_str(&name[..length].replace('-', "_"));
            } else {
                out.push_str(&rest[at..at + 2 + length]);
            }
            rest = &name[length..];
        }
        out.push_str(rest);
        out.push_str(command);
    }
    out
}
