//! Errors of pages and figures.

use std::path::PathBuf;
use zonal_io::option::{FORCE, OUT};

/// An error of a page or a figure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] zonal_io::Error),
    /// A run could not be read.
    #[error(transparent)]
    Run(#[from] zonal_documents::Error),
    /// A computation failed.
    #[error(transparent)]
    Core(#[from] zonal::Error),
    /// A file that zonal did not write would be replaced.
    #[error(
        "{path} exists and was not written by zonal; choose another path for {OUT}, or replace it with {}",
        FORCE.set()
    )]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// The template could not be rendered.
    #[error("the page could not be rendered: {message}")]
    Page {
        /// The message of the renderer.
        message: String,
    },
    /// A figure could not be encoded as PNG or PDF.
    #[error("the figure could not be drawn: {message}")]
    Picture {
        /// The message of the encoder.
        message: String,
    },
}

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;
