//! Jobs: the work behind each command, from a configuration to a report and, for runs, to a folder on disk. The
//! command-line program and the Python package share them.

#![forbid(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod analyze;
pub mod coverage;
pub mod curve;
pub mod data;
mod encode;
pub mod experiment;
pub mod fingerprint;
pub mod memory;
pub mod plan;
pub mod predict;
pub mod record;
pub mod repeat;
pub mod runs;
pub mod saved_run;
mod score;
pub mod spectrum;
pub mod sq;
pub mod survey;
pub mod sweep;
pub mod train;
mod watchdog;
