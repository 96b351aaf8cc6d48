//! Standard output and standard error. Unlike the printing macros, these functions do not panic on a closed pipe.

use anyhow::Context;
use indicatif::ProgressBar;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Writes text to standard output.
///
/// # Errors
/// A closed pipe, which [`is_closed_pipe`] detects, or a full disk behind a redirection.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    write(text).context("writing to standard output failed")
}

/// Writes text to standard output while a job runs.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_part(text: &str) -> zonal_documents::Result<()> {
    above_bar(|| write(text)).map_err(|source| {
        let path = "standard output".into();
        zonal_io::Error::System { path, action: "writing", source }.into()
    })
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// The progress bar on the terminal, if any.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Sets the progress bar that later output must not overwrite.
pub(crate) fn set_bar(bar: Option<ProgressBar>) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar;
}

/// Writes a line to standard error, above the progress bar. A failure is ignored, since there is nowhere to report
/// it.
pub(crate) fn print_error_line(line: &str) {
    above_bar(|| {
        let _ = writeln!(io::stderr().lock(), "{line}");
    });
}

fn above_bar<T>(write: impl FnOnce() -> T) -> T {
    match &*BAR.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Returns whether an error is a closed pipe: the reader of the output has ended.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let is_broken = |e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(is_broken))
}

/// Returns the arguments of the command line, for the record of a run.
pub(crate) fn command_line() -> Vec<String> {
    std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect()
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&(serde_json::to_string(value)? + "\n"))
}

/// Returns the width of the terminal that standard output is; None if it is a file or a pipe.
pub(crate) fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}
