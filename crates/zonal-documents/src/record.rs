//! The record of a run, `run.json`: its configuration, provenance and result.

use crate::error::{Error, Result};
use crate::provenance::Provenance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal_io::FolderKind;
use zonal_io::folder::{RECORD, RunFolder};

/// The kind of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// A run of `train`.
    Train,
    /// A run of `sweep`.
    Sweep,
    /// A run of `reproduce`.
    Reproduce,
    /// A run of `sq play`.
    SqPlay,
}

/// The record of a run. The types of configuration and summary depend on the kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record<C, S> {
    /// The version of the document format.
    pub schema: u32,
    /// The kind of the run.
    pub kind: RunKind,
    /// The configuration, all defaults filled in.
    pub configuration: C,
    /// Version, command, time and machine.
    pub provenance: Provenance,
    /// The result.
    pub summary: S,
}

/// The result of `report`: the files written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageReport {
    /// The version of the document format.
    pub schema: u32,
    /// The path of the page.
    pub page: String,
    /// The paths of the figures.
    pub figures: Vec<String>,
}

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// The run is complete.
    Finished,
    /// A program is working on the run.
    Running,
    /// The run was interrupted and can be resumed.
    Resumable,
    /// The run was interrupted and cannot be resumed.
    Incomplete,
    /// The record of the run is damaged, or was written by another version.
    Unreadable,
}

impl RunState {
    /// Returns the state as a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Running => "running",
            Self::Resumable => "resumable",
            Self::Incomplete => "incomplete",
            Self::Unreadable => "unreadable",
        }
    }
}

/// An option of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The name of the option.
    pub name: String,
    /// Its value as text; empty if the run does not have the option.
    pub value: String,
}

/// A run in a list of runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    /// The path of the run folder.
    pub run: String,
    /// The command of the run; null if it is not known.
    pub kind: Option<RunKind>,
    /// The state of the run.
    pub state: RunState,
    /// The start time, RFC 3339 in UTC; null for runs that are not finished.
    pub started: Option<String>,
    /// The duration in seconds; null for runs that are not finished.
    pub seconds: Option<f64>,
    /// The options that are not the same in all listed runs of this kind.
    pub differences: Vec<Setting>,
    /// The loss after the last step, for trainings.
    pub loss: Option<f64>,
    /// The iteration that was chosen as the best, for trainings.
    pub best_iteration: Option<u64>,
    /// The root mean squared error on the training rows at the best iteration, for trainings on tables.
    pub train_rmse: Option<f64>,
    /// The root mean squared error on the validation rows at the best iteration, for trainings on tables.
    pub validation_rmse: Option<f64>,
    /// The root mean squared error on the test rows at the best iteration, for trainings on tables.
    pub test_rmse: Option<f64>,
    /// Whether every claim holds, for checked claims; whether the learner succeeded, for games.
    pub succeeded: Option<bool>,
}

/// The runs of a folder, or those compared, in the order of their start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunsReport {
    /// The version of the document format.
    pub schema: u32,
    /// The runs.
    pub runs: Vec<RunEntry>,
}

/// The removal of runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovedReport {
    /// The version of the document format.
    pub schema: u32,
    /// The paths of the removed run folders.
    pub removed: Vec<String>,
}

impl RunKind {
    /// Returns the command of a run.
    pub fn command(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Sweep => "sweep",
            Self::Reproduce => "reproduce",
            Self::SqPlay => "sq play",
        }
    }

    /// Returns the kind of run folder, which determines the file names.
    pub fn files(self) -> FolderKind {
        match self {
            Self::Train => FolderKind::Training,
            Self::Sweep => FolderKind::Sweep,
            Self::Reproduce | Self::SqPlay => FolderKind::Record,
        }
    }
}

impl<C: Serialize, S: Serialize> Record<C, S> {
    /// Writes the record as `run.json` into a run folder.
    ///
    /// # Errors
    /// [`zonal_io::Error::System`].
    pub fn write(&self, folder: &RunFolder) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|e| Error::Usage(e.to_string()))?;
        Ok(folder.write(RECORD, (text + "\n").as_bytes())?)
    }
}
