//! The page of a run and its figures: one file of HTML that needs no network, and the same figures as files for a paper.

#![forbid(unsafe_code)]
// What a user does must not make it panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod axis;
pub mod chart;
pub mod draw;
mod error;
pub mod figure;
pub mod page;
pub mod palette;
pub mod png;
mod text;
pub mod write;

pub use error::{Error, Result};
pub use write::{Format, Written, page_of, page_of_runs, write_page, write_run, write_run_figures};
