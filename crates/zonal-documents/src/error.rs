//! The error type of requests and jobs.
use crate::options::WIDTH;

/// An error of a request or a job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of the mathematics or of a training.
    #[error(transparent)]
    Core(#[from] zonal::Error),
    /// An error of files.
    #[error(transparent)]
    Io(#[from] zonal_io::Error),
    /// Options that conflict or have values out of range.
    #[error("{0}")]
    Usage(String),
    /// The job was interrupted. Saved progress remains on disk.
    #[error("{message}")]
    Interrupted {
        /// The progress, and how to resume.
        message: String,
    },
    /// The job needs more memory than is available.
    #[error(
        "a width of {width} needs about {}; {} of memory is available; {}",
        crate::number::readable_bytes(*needed),
        crate::number::readable_bytes(*free),
        advice(*widest)
    )]
    Memory {
        /// The requested width m.
        width: usize,
        /// Bytes needed at this width.
        needed: u64,
        /// Bytes available.
        free: u64,
        /// The largest width that fits; 0 if none does.
        widest: usize,
    },
}

impl Error {
    /// Returns whether the request is at fault rather than the data or the machine (exit code 2 of the program).
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Usage(_)
                | Self::Io(zonal_io::Error::Delimiter { .. })
                | Self::Core(
                    zonal::Error::Parameter { .. }
                        | zonal::Error::Unknown { .. }
                        | zonal::Error::Expression { .. }
                        | zonal::Error::StepTooLarge { .. }
                )
        )
    }
}

fn advice(widest: usize) -> String {
    if widest == 0 { "no width fits".to_owned() } else { format!("{} would fit", WIDTH.with(widest)) }
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
