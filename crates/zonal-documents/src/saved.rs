//! Finished runs read back from their folders.

use crate::claims::ReproduceReport;
use crate::record::Record;
use crate::sq::{PlayConfig, PlayReport};
use crate::sweep::SweepReport;
use crate::train::{TestRow, TrainConfig, TrainReport};

/// A finished run of any kind.
#[derive(Clone, Debug)]
pub enum SavedRun {
    /// A run of `train`.
    Training(Box<SavedTraining>),
    /// A run of `sweep`; its configuration is the TOML text.
    Sweep(Box<Record<String, SweepReport>>),
    /// A run of `reproduce`.
    Reproduce(Box<Record<serde_json::Value, ReproduceReport>>),
    /// A run of `sq play`.
    Game(Box<Record<PlayConfig, PlayReport>>),
}

/// A finished training.
#[derive(Clone, Debug)]
pub struct SavedTraining {
    /// The record, with the path from `metrics.jsonl`.
    pub record: Record<TrainConfig, TrainReport>,
    /// The predictions on the test rows, for tables.
    pub test_rows: Vec<TestRow>,
}
