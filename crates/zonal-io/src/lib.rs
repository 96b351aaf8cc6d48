//! Files: tables in; models, metrics and run records out. Everything that is read is checked before it is believed,
//! and everything that is written appears whole or not at all.

pub mod error;
pub mod write;
pub mod csv;
pub mod model;
pub mod folder;

pub use error::{Error, Result};
