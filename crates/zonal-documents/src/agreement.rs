//! Comparisons of repeated runs with the first ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The comparison of a repeated run with the first one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// The version of the document format.
    pub schema: u32,
    /// Whether the runs agree: bit by bit for the same version on the same kind of processor, otherwise losses within
    /// `tolerance`.
    pub agrees: bool,
    /// Whether everything compared is identical bit by bit.
    pub same_bits: bool,
    /// The documents compared: the summary, the path, and, if the first run still has them, the network and the test
    /// rows.
    pub compared: Vec<String>,
    /// Whether version, platform, processor and vector instructions match, so that the bits must match too.
    pub same_machine: bool,
    /// Whether the table is that of the first run; true for targets.
    pub same_table: bool,
    /// The largest difference of losses along the path, divided by the initial loss; null if the paths report
    /// different iterations.
    pub loss_difference: Option<f64>,
    /// The allowed `loss_difference` on another machine.
    pub tolerance: f64,
    /// Descriptions of the differences.
    pub differs: Vec<String>,
}

/// The new paths of a table whose files have moved since the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewPaths {
    /// The files of the table; empty for those of the record.
    pub data: Vec<PathBuf>,
    /// The files with validation rows; empty for those of the record.
    pub validation: Vec<PathBuf>,
    /// The files with test rows; empty for those of the record.
    pub test: Vec<PathBuf>,
}
