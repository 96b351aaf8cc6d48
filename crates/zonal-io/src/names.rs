//! The file names in run folders, and the marks by which zonal recognises its files.

/// The record of a run, which marks its folder as complete.
pub const RECORD: &str = "run.json";
/// The metrics, one JSON object per line.
pub const METRICS: &str = "metrics.jsonl";
/// The metrics as CSV.
pub const METRICS_CSV: &str = "metrics.csv";
/// Predictions on test rows.
pub const TEST_ROWS: &str = "test_rows.csv";
/// The trained network.
pub const MODEL: &str = "model.safetensors";

/// The plan of a sweep.
pub const SWEEP: &str = "sweep.toml";
/// The finished cells of a sweep, one JSON object per line.
pub const CELLS: &str = "cells.jsonl";
/// The table of a sweep as CSV.
pub const TABLE: &str = "table.csv";
/// The table of a sweep as an Arrow file.
pub const ARROW: &str = "table.arrow";

/// The configuration of an unfinished training.
pub const RESUME: &str = "resume.json";
/// The sums over rows of an unfinished training.
pub const STATISTICS: &str = "statistics.safetensors";
/// The sums over rows of monomials of an unfinished training.
pub const MONOMIALS: &str = "monomials.safetensors";

/// The weights of an unfinished descent.
pub const DESCENT: &str = "descent.safetensors";

/// The report page.
pub const PAGE: &str = "report.html";
/// The mark of a page, near its beginning.
pub const PAGE_MARK: &[u8] = b"<meta name=\"generator\" content=\"zonal ";
/// The subfolder of figures.
pub const FIGURES: &str = "figures";
/// The marks of figures, near their beginning: an attribute of SVG's root element, the software entry of PNG, and
/// the producer of PDF.
pub const FIGURE_MARKS: [&[u8]; 3] = [b"data-made-by=\"zonal\"", b"Software\0zonal", b"/Producer (zonal)"];

/// The file that marks an unfinished run, with its kind. It exists from the creation of the folder until the run is finished.
pub(crate) const UNFINISHED: &str = ".zonal-unfinished";
