//! A job from its configuration to the finished run: load, split, choose, train, measure, write. What the program
//! and the Python package share.

pub mod error;
pub mod number;
pub mod memory;
pub mod provenance;
pub mod spectrum;
pub mod train;
pub mod predict;

pub use error::{Error, Result};
