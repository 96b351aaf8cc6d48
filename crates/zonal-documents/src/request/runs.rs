//! The options of `runs`, `runs compare` and `runs remove`.

use crate::error::{Error, Result};
use crate::table::lossy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal_io::option::named;

/// List, compare and remove runs
///
/// The list has the options that are not the same in all runs, the losses and the dates.
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunsRequest {
    /// The folder whose runs are listed
    #[arg(value_name = "DIR", default_value = "runs")]
    pub folder: PathBuf,
}

impl Default for RunsRequest {
    fn default() -> Self {
        Self { folder: PathBuf::from("runs") }
    }
}

/// Compare runs: what differs in their options, and their results, in columns
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CompareRequest {
    /// Folders of runs
    #[arg(value_name = "RUN", required = true, num_args = 2..)]
    #[serde(serialize_with = "lossy")]
    pub runs: Vec<PathBuf>,
}

/// Remove runs with their folders, without asking
///
/// Nothing is removed if one of the folders holds no run, is in use, or holds a file that the run did not write.
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RemoveRequest {
    /// Folders of runs
    #[arg(value_name = "RUN", required = true)]
    #[serde(serialize_with = "lossy")]
    pub runs: Vec<PathBuf>,
}

/// Checks that runs are named, each once.
pub(super) fn check_named(runs: &[PathBuf]) -> Result<()> {
    if runs.is_empty() {
        return Err(Error::Usage(format!("{} names no run; at least one is needed", named("runs"))));
    }
    match runs.iter().enumerate().find(|(i, run)| runs[..*i].contains(run)) {
        Some((_, twice)) => Err(Error::Usage(format!("{} is listed twice", twice.display()))),
        None => Ok(()),
    }
}

impl CompareRequest {
    /// Checks that runs are named, each once.
    ///
    /// # Errors
    /// [`Error::Usage`] otherwise.
    pub fn validate(&self) -> Result<()> {
        check_named(&self.runs)
    }
}

impl RemoveRequest {
    /// Checks that runs are named, each once.
    ///
    /// # Errors
    /// [`Error::Usage`] otherwise.
    pub fn validate(&self) -> Result<()> {
        check_named(&self.runs)
    }
}
