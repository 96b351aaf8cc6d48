//! The names of the files in run folders.

/// The record that marks a folder as one of ours.
pub const RECORD: &str = "run.json";
/// The metrics, one JSON object a line.
pub const METRICS: &str = "metrics.jsonl";
/// The same as a table.
pub const METRICS_CSV: &str = "metrics.csv";
/// Predictions on test rows.
pub const TEST_ROWS: &str = "test_rows.csv";
/// The trained network.
pub const MODEL: &str = "model.safetensors";

/// The plan of a sweep.
pub const SWEEP: &str = "sweep.toml";
/// The cells of a sweep that are done, one JSON object a line.
pub const CELLS: &str = "cells.jsonl";
/// The table of a sweep as CSV.
pub const TABLE: &str = "table.csv";
/// The table of a sweep as an Arrow file.
pub const ARROW: &str = "table.arrow";

/// The configuration of a training that is not finished.
pub const RESUME: &str = "resume.json";
/// The sums over rows of a training that is not finished.
pub const STATISTICS: &str = "statistics.safetensors";
/// The sums over rows of monomials, likewise.
pub const MONOMIALS: &str = "monomials.safetensors";

/// The weights of a descent that is not finished.
pub const DESCENT: &str = "descent.safetensors";

/// The page for people.
pub const PAGE: &str = "report.html";
/// What a page of ours holds near its beginning.
pub const PAGE_MARK: &[u8] = b"<meta name=\"generator\" content=\"zonal ";
/// The folder of figures.
pub const FIGURES: &str = "figures";
/// What a figure of ours holds near its beginning: SVG in its first element, PNG as the program that made it.
pub const FIGURE_MARKS: [&[u8]; 2] = [b"data-made-by=\"zonal\"", b"Software\0zonal"];

/// The file that stands in a folder from its first moment until the run in it is finished, with the kind of that run.
pub(crate) const UNFINISHED: &str = ".zonal-unfinished";
