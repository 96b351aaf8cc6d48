//! Output formats: a table for reading, JSON or CSV for programs.

use clap::ValueEnum;
pub(crate) use zonal_documents::number::{short, short_count, short_known, short_up};

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
