//! JSON Schemas of requests and reports, derived from their types. A test compares them with the copies in `docs/schema`.

use crate::agreement::Agreement;
use crate::analyze::AnalyzeReport;
use crate::claims::ReproduceReport;
use crate::curve::CurveReport;
use crate::plan::PlanReport;
use crate::predict::PredictReport;
use crate::record::{PageReport, RemovedReport, RunsReport};
use crate::request::Request;
use crate::spectrum::{Ranking, SpectrumReport};
use crate::sq::{BoundReport, LearnReport, PlayReport};
use crate::sweep::SweepReport;
use crate::table_curve::TableCurveReport;
use crate::train::{Checkpoint, TrainReport};
use schemars::Schema;

/// Returns the name and the schema of each document.
pub fn documents() -> [(&'static str, Schema); 19] {
    [
        ("spectrum", schemars::schema_for!(SpectrumReport)),
        ("ranking", schemars::schema_for!(Ranking)),
        ("train", schemars::schema_for!(TrainReport)),
        ("metrics-line", schemars::schema_for!(Checkpoint)),
        ("agreement", schemars::schema_for!(Agreement)),
        ("plan", schemars::schema_for!(PlanReport)),
        ("curve", schemars::schema_for!(CurveReport)),
        ("table-curve", schemars::schema_for!(TableCurveReport)),
        ("reproduce", schemars::schema_for!(ReproduceReport)),
        ("sweep", schemars::schema_for!(SweepReport)),
        ("analyze", schemars::schema_for!(AnalyzeReport)),
        ("predict", schemars::schema_for!(PredictReport)),
        ("sq-bound", schemars::schema_for!(BoundReport)),
        ("sq-play", schemars::schema_for!(PlayReport)),
        ("sq-learn", schemars::schema_for!(LearnReport)),
        ("report", schemars::schema_for!(PageReport)),
        ("runs", schemars::schema_for!(RunsReport)),
        ("runs-remove", schemars::schema_for!(RemovedReport)),
        ("request", schemars::schema_for!(Request)),
    ]
}
