//! Output formats: a table for reading, JSON or CSV for programs.

use clap::ValueEnum;

/// The format of results on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for reading
    Table,
    /// JSON, one object per line
    Json,
    /// Comma-separated values with a header
    Csv,
}
