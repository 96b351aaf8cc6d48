//! Errors of files. Each message names the file, the position in it, what was found and what is needed.

use std::path::{Path, PathBuf};

/// The type of a path that is a folder.
pub(crate) const FOLDER: &str = "a folder";

/// An error of a file or folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system reported an error.
    #[error("{}: {action} failed", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// The operation, such as "reading".
        action: &'static str,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A path that is not a plain file.
    #[error("{} is {found}, but a plain file is needed{}", path.display(), advice(path, found))]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// The type of the path: "a pipe", "a folder" or "a device".
        found: &'static str,
    },
    /// A table that cannot be used.
    #[error("{}{}: {message}", path.display(), position(*row, column.as_deref()))]
    Table {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1 including the header, if the error concerns one row.
        row: Option<u64>,
        /// The column, if the error concerns one.
        column: Option<String>,
        /// What was found and what is needed.
        message: String,
    },
    /// A character that cannot separate fields.
    #[error("the delimiter {found:?} cannot separate numbers; use ',', ';', '|', a space or a tab")]
    Delimiter {
        /// The character.
        found: char,
    },
    /// A file of a model, sums or weights that cannot be used.
    #[error("{} cannot be used: {message}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What was found and what is needed.
        message: String,
    },
    /// A folder that must not be written to, or lacks required files.
    #[error("the folder {} {message}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason, and what to do.
        message: String,
    },
    /// A table of results that cannot be encoded.
    #[error("the table of results could not be encoded: {message}")]
    Results {
        /// The message of the encoder.
        message: String,
    },
}

impl Error {
    pub(crate) fn results(error: &dyn std::fmt::Display) -> Self {
        Self::Results { message: error.to_string() }
    }

    pub(crate) fn system(
        path: impl Into<PathBuf>,
        action: &'static str,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::System { path, action, source }
    }
}

/// The advice for a path that is not a plain file.
fn advice(path: &Path, found: &str) -> String {
    if found == FOLDER {
        return format!("; name its files, such as '{}'", path.join("*.csv").display());
    }
    ", since it is read more than once; save it to a file first".to_owned()
}

fn position(row: Option<u64>, column: Option<&str>) -> String {
    match (row, column) {
        (Some(r), Some(c)) => format!(", line {r}, column '{}'", shorten(c)),
        (Some(r), None) => format!(", line {r}"),
        (None, Some(c)) => format!(", column '{}'", shorten(c)),
        (None, None) => String::new(),
    }
}

/// Prepares text from files for messages: replaces control characters and truncates to a readable length.
pub(crate) fn shorten(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    let clean: String =
        text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(MAX_CHARS + 1).collect();
    if clean.chars().count() > MAX_CHARS {
        clean.chars().take(MAX_CHARS).collect::<String>() + ".."
    } else {
        clean
    }
}

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
