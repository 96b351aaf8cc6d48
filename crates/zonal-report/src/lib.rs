//! Reports in forms for reading: plain text and CSV; a self-contained HTML page of runs, and its figures as SVG, PNG and
//! PDF files for papers.

#![forbid(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod axis;
pub mod chart;
pub mod draw;
mod error;
pub mod figure;
pub mod page;
pub mod palette;
#[cfg(feature = "png")]
pub mod pdf;
pub mod plain;
#[cfg(feature = "png")]
pub mod png;
mod text;
pub mod write;

pub use error::{Error, Result};
pub use write::{
    WrittenFiles, check_formats, check_page, page_of, page_of_runs, write_charts, write_page, write_run,
    write_run_figures,
};
