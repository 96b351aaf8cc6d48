//! Requests, reports and records of every command, as typed values and as JSON. The command-line program, the Python
//! package and other callers share them.

#![forbid(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod agreement;
pub mod analyze;
pub mod claims;
pub mod curve;
mod error;
pub mod number;
pub mod options;
pub mod plan;
pub mod predict;
pub mod provenance;
pub mod record;
pub mod report;
pub mod request;
pub mod saved;
pub mod schema;
pub mod spectrum;
pub mod sq;
pub mod sweep;
pub mod table;
pub mod table_curve;
pub mod train;

pub use error::{Error, Result};
pub use zonal_io::model::SCHEMA;
