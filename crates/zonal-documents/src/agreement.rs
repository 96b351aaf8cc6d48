//! The comparison of a run with its repetition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Whether a repeated run agrees with the first one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Version of the format.
    pub schema: u32,
    /// Whether it agrees: the same bits by the same version on the same kind of processor, otherwise losses to `tolerance`.
    pub agrees: bool,
    /// Whether everything that was compared is the same to the bit.
    pub same_bits: bool,
    /// What was compared: the summary, the path, and as far as the first run still has them the network and the test rows.
    pub compared: Vec<String>,
    /// Whether version, platform, processor and instructions are those of the first run, so that the bits must be.
    pub same_machine: bool,
    /// Whether the table is that of the first run; true for targets.
    pub same_table: bool,
    /// The largest difference of a loss of the path, as part of the first loss; null where the paths list other iterations.
    pub loss_difference: Option<f64>,
    /// What it may be on another machine.
    pub tolerance: f64,
    /// What differs.
    pub differs: Vec<String>,
}

/// Where a table is now, if it is no longer where the record says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moved {
    /// Its files; none for those of the record.
    pub data: Vec<PathBuf>,
    /// Files with rows for testing; none for those of the record.
    pub test: Vec<PathBuf>,
}
