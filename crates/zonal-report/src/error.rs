//! What can go wrong with a page.

use std::path::PathBuf;
use zonal_io::option::{FORCE, OUT};

/// An error of a page or a figure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading or writing.
    #[error(transparent)]
    Files(#[from] zonal_io::Error),
    /// A job.
    #[error(transparent)]
    Run(#[from] zonal_documents::Error),
    /// The mathematics.
    #[error(transparent)]
    Core(#[from] zonal::Error),
    /// A file that must not be replaced.
    #[error(
        "{path} exists and was not written by zonal; choose another path for {OUT}, or replace it with {}",
        FORCE.set()
    )]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// The template.
    #[error("the page could not be put together: {message}")]
    Page {
        /// What was wrong.
        message: String,
    },
    /// A figure as a picture.
    #[error("the figure could not be drawn as PNG: {message}")]
    Picture {
        /// What was wrong.
        message: String,
    },
}

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;
