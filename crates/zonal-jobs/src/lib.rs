//! A job from its configuration to the finished run: load, split, choose, train, measure, write. What the program
//! and the Python package share.

#![forbid(unsafe_code)]
// What a user does must not make it panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod again;
pub mod analyze;
pub mod covered;
pub mod data;
pub mod experiment;
pub mod fingerprint;
pub mod kept;
pub mod memory;
pub mod plan;
pub mod predict;
pub mod record;
mod score;
pub mod spectrum;
pub mod sq;
pub mod survey;
pub mod sweep;
pub mod train;
mod watch;
