//! The one public error type: each message names the file, the place in it, what was found and what was needed.

use std::path::PathBuf;

/// What can go wrong with files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: {action} failed", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Its answer.
        source: std::io::Error,
    },
    /// Not a plain file.
    #[error(
        "{} is {found}, but a plain file is needed: it is read more than once, so save it to a file first",
        path.display()
    )]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// a pipe, a folder, a device.
        found: &'static str,
    },
    /// A table that cannot be read.
    #[error("{}{}: {message}", path.display(), place(*row, column.as_deref()))]
    Table {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1 with the header, where it is about one row.
        row: Option<u64>,
        /// The column, where it is about one.
        column: Option<String>,
        /// What was found and what is needed.
        message: String,
    },
    /// A character that cannot separate numbers.
    #[error("the delimiter {found:?} cannot separate numbers; use ',', ';', '|', a space or a tab")]
    Delimiter {
        /// The character.
        found: char,
    },
    /// A model, sums or weights that cannot be used.
    #[error("{} cannot be used: {message}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What was found and what is needed.
        message: String,
    },
    /// A folder that must not be written to, or does not hold what it should.
    #[error("the folder {} {message}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why, and what to do.
        message: String,
    },
    /// A table of results that cannot be encoded.
    #[error("the table of results could not be encoded: {message}")]
    Results {
        /// The encoder's words.
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

fn place(row: Option<u64>, column: Option<&str>) -> String {
    match (row, column) {
        (Some(r), Some(c)) => format!(", line {r}, column '{}'", shorten(c)),
        (Some(r), None) => format!(", line {r}"),
        (None, Some(c)) => format!(", column '{}'", shorten(c)),
        (None, None) => String::new(),
    }
}

/// Text from files goes into messages without control characters and cut to a readable length.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    let clean: String =
        text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(MOST + 1).collect();
    if clean.chars().count() > MOST { clean.chars().take(MOST).collect::<String>() + ".." } else { clean }
}

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
