//! The record of a run, `run.json`: the configuration, the circumstances and the result.

use crate::error::{Error, Result};
use crate::provenance::Provenance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal_io::FolderKind;
use zonal_io::folder::{RECORD, RunFolder};

/// What kind of run a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// `train`.
    Train,
    /// `sweep`.
    Sweep,
    /// `reproduce`.
    Reproduce,
    /// `sq play`.
    SqPlay,
}

/// A record: the configuration and the summary depend on the kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record<C, S> {
    /// Version of the format.
    pub schema: u32,
    /// What kind of run it is.
    pub kind: RunKind,
    /// What was asked for.
    pub configuration: C,
    /// The circumstances.
    pub provenance: Provenance,
    /// What came of it.
    pub summary: S,
}

/// What `report` has written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageReport {
    /// Version of the format.
    pub schema: u32,
    /// The page.
    pub page: String,
    /// Files of figures.
    pub figures: Vec<String>,
}

impl RunKind {
    /// By the files that such a run writes.
    pub fn files(self) -> FolderKind {
        match self {
            Self::Train => FolderKind::Training,
            Self::Sweep => FolderKind::Sweep,
            Self::Reproduce | Self::SqPlay => FolderKind::Record,
        }
    }
}

impl<C: Serialize, S: Serialize> Record<C, S> {
    /// Writes it into the folder.
    ///
    /// # Errors
    /// [`zonal_io::Error::System`].
    pub fn write(&self, folder: &RunFolder) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|e| Error::Usage(e.to_string()))?;
        Ok(folder.write(RECORD, (text + "\n").as_bytes())?)
    }
}
