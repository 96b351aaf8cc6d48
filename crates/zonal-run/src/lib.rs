//! A job from its configuration to the finished run: load, split, choose, train, measure, write. What the program
//! and the Python package share.

pub mod error;
pub mod experiment;
pub mod memory;
pub mod number;
pub mod plan;
pub mod predict;
pub mod provenance;
pub mod reproduce;
pub mod schema;
pub mod spectrum;
pub mod sweep;
pub mod train;

pub use error::{Error, Result};
