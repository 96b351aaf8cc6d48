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
fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// Formats a table in plain, right-aligned columns with a header. Columns that do not fit the terminal are omitted from
/// the right, and a line below names them.
pub(crate) fn columns(header: &[String], rows: &[Vec<String>]) -> String {
    let order: Vec<usize> = (1..header.len()).rev().collect();
    columns_by_importance(header, rows, &order)
}

/// Formats a table as [`columns`], with the order in which columns may be omitted.
pub(crate) fn columns_by_importance(header: &[String], rows: &[Vec<String>], order: &[usize]) -> String {
    let omitted = omitted(header, rows, order, terminal_width());
    if omitted.is_empty() {
        return table(header, rows);
    }
    let fitting = |cells: &[String]| -> Vec<String> {
        cells.iter().enumerate().filter(|(i, _)| !omitted.contains(i)).map(|(_, cell)| cell.clone()).collect()
    };
    let mut names: Vec<&str> = Vec::new();
    for (i, name) in header.iter().enumerate() {
        if omitted.contains(&i) && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let rows: Vec<Vec<String>> = rows.iter().map(|row| fitting(row)).collect();
    let table = table(&fitting(header), &rows);
    format!("{table}Omitted to fit the terminal: {}; --format json lists all.\n", names.join(", "))
}

/// Returns the columns to omit from a table that is wider than the terminal.
fn omitted(header: &[String], rows: &[Vec<String>], order: &[usize], width: Option<usize>) -> Vec<usize> {
    let Some(width) = width else { return Vec::new() };
    // Each column has a space on either side.
    let widest = |i: usize| {
        let cells = rows.iter().filter_map(|row| row.get(i)).chain([&header[i]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0) + 2
    };
    let mut total: usize = (0..header.len()).map(widest).sum();
    let mut out = Vec::new();
    for &i in order {
        if total <= width {
            break;
        }
        total -= widest(i);
        out.push(i);
    }
    out
}

fn table(header: &[String], rows: &[Vec<String>]) -> String {
    use comfy_table::{CellAlignment, Table, presets};
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().map(|h| comfy_table::Cell::new(h).set_alignment(CellAlignment::Right)));
    for row in rows {
        table.add_row(row.iter().map(|c| comfy_table::Cell::new(c).set_alignment(CellAlignment::Right)));
    }
    let text = table.to_string();
    text.lines().map(|l| l.trim_end().to_owned() + "\n").collect()
}

/// Formats a CSV cell, quoted if necessary; formulas may contain commas.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Formats CSV from cells that need no quoting.
pub(crate) fn csv(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| cells.join(",") + "\n";
    line(header) + &rows.iter().map(|r| line(r)).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_omitted_only_on_a_narrow_terminal_and_in_order() {
        let header = ["iteration", "loss", "degree 1", "theory"].map(String::from);
        let rows = vec![["100", "0.5000", "0.2500", "0.2501"].map(String::from).to_vec()];
        // Widths with spaces: 11, 8, 10, 8.
        let of = |width| omitted(&header, &rows, &[3, 2, 1], width);
        assert_eq!(of(None), Vec::<usize>::new());
        assert_eq!(of(Some(37)), Vec::<usize>::new());
        assert_eq!(of(Some(36)), [3]);
        assert_eq!(of(Some(20)), [3, 2]);
        assert_eq!(of(Some(1)), [3, 2, 1]);
    }
}
