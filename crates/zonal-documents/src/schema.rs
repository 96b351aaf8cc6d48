//! JSON Schema of the documents that other programs read, made from the types themselves. The committed copies in
//! `docs/schema` are compared with these by a test.

use crate::agreement::Agreement;
use crate::analyze::AnalyzeReport;
use crate::claims::ReproduceReport;
use crate::plan::PlanReport;
use crate::predict::PredictReport;
use crate::record::PageReport;
use crate::request::Request;
use crate::spectrum::{Ranking, SpectrumReport};
use crate::sq::{BoundReport, LearnReport, PlayReport};
use crate::sweep::SweepReport;
use crate::train::{Checkpoint, TrainReport};
use schemars::Schema;

/// Name and schema of each document.
pub fn documents() -> [(&'static str, Schema); 15] {
    [
        ("spectrum", schemars::schema_for!(SpectrumReport)),
        ("ranking", schemars::schema_for!(Ranking)),
        ("train", schemars::schema_for!(TrainReport)),
        ("metrics-line", schemars::schema_for!(Checkpoint)),
        ("agreement", schemars::schema_for!(Agreement)),
        ("plan", schemars::schema_for!(PlanReport)),
        ("reproduce", schemars::schema_for!(ReproduceReport)),
        ("sweep", schemars::schema_for!(SweepReport)),
        ("analyze", schemars::schema_for!(AnalyzeReport)),
        ("predict", schemars::schema_for!(PredictReport)),
        ("sq-bound", schemars::schema_for!(BoundReport)),
        ("sq-play", schemars::schema_for!(PlayReport)),
        ("sq-learn", schemars::schema_for!(LearnReport)),
        ("report", schemars::schema_for!(PageReport)),
        ("request", schemars::schema_for!(Request)),
    ]
}
