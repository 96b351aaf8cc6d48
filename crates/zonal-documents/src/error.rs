//! The one public error type of jobs.
use crate::options::WIDTH;

/// What can go wrong with a job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// From the mathematics or the training.
    #[error(transparent)]
    Core(#[from] zonal::Error),
    /// From files.
    #[error(transparent)]
    Io(#[from] zonal_io::Error),
    /// Options that do not fit together or have impossible values.
    #[error("{0}")]
    Usage(String),
    /// Stopped before the end; what was done is kept.
    #[error("{message}")]
    Interrupted {
        /// How far it came, and how to go on.
        message: String,
    },
    /// More memory than there is.
    #[error(
        "a width of {width} needs about {}, but {} of memory is free here; {}",
        crate::number::readable_bytes(*needed),
        crate::number::readable_bytes(*free),
        advice(*widest)
    )]
    Memory {
        /// The width asked for.
        width: usize,
        /// Bytes it needs.
        needed: u64,
        /// Bytes that are free.
        free: u64,
        /// The largest width that fits.
        widest: usize,
    },
}

impl Error {
    /// Whether the fault lies in how the job was asked for, rather than in the data or the machine.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Usage(_)
                | Self::Io(zonal_io::Error::Delimiter { .. })
                | Self::Core(
                    zonal::Error::Parameter { .. }
                        | zonal::Error::Expression { .. }
                        | zonal::Error::StepTooLarge { .. }
                )
        )
    }
}

fn advice(widest: usize) -> String {
    if widest == 0 { "no width fits".to_owned() } else { format!("{} would fit", WIDTH.with(widest)) }
}

/// Result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
