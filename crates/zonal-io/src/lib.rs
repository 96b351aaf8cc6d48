//! Files: tables in; models, metrics and run records out. Everything that is read is checked before it is believed,
//! and everything that is written appears whole or not at all.

#![forbid(unsafe_code)]
// What a user does must not make it panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod checksum;
mod contents;
pub mod error;
pub mod folder;
pub mod journal;
pub mod model;
mod names;
pub mod results;
pub mod source;
pub mod statistics;
mod tensors;
pub mod weights;
pub mod write;

pub use contents::Kind;
pub use error::{Error, Result};
