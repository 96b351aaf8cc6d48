//! The record of a run, `run.json`: its configuration, provenance and result.

use crate::error::{Error, Result};
use crate::provenance::Provenance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal_io::FolderKind;
use zonal_io::folder::{RECORD, RunFolder};

/// The kind of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

impl RunKind {
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
