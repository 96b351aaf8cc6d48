//! Files: reads tables; writes models, metrics and run records. Input is validated before it is used, and output files appear
//! completely or not at all.

#![forbid(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod bundle;
pub mod checksum;
pub mod error;
pub mod folder;
pub mod journal;
pub mod model;
mod names;
pub mod option;
mod ownership;
pub mod results;
pub mod source;
pub mod statistics;
mod tensors;
pub mod weights;
pub mod write;

pub use error::{Error, Result};
pub use ownership::FolderKind;
