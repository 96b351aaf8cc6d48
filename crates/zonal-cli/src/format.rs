//! How results are printed: a table for people, JSON or CSV for programs.

use clap::ValueEnum;
pub(crate) use zonal_documents::number::{short, short_count, short_known, short_up};

/// The three formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Table,
    /// JSON, one object or one object a line
    Json,
    /// Comma-separated values with a header
    Csv,
}
