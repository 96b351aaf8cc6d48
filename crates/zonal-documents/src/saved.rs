//! A finished run read back from its folder.

use crate::claims::ReproduceReport;
use crate::record::Record;
use crate::sq::{PlayConfig, PlayReport};
use crate::sweep::SweepReport;
use crate::train::{TestRow, TrainConfig, TrainReport};

/// A run read back from its folder.
#[derive(Clone, Debug)]
pub enum Kept {
    /// A training.
    Training(Box<KeptTraining>),
    /// A sweep.
    Sweep(Box<Record<String, SweepReport>>),
    /// Claims.
    Reproduce(Box<Record<serde_json::Value, ReproduceReport>>),
    /// A game.
    Game(Box<Record<PlayConfig, PlayReport>>),
}

/// A training read back.
#[derive(Clone, Debug)]
pub struct KeptTraining {
    /// Its record, the path included.
    pub record: Record<TrainConfig, TrainReport>,
    /// Predictions on test rows, for tables.
    pub test_rows: Vec<TestRow>,
}
