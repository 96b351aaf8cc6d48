//! Reports of requests.

use crate::agreement::Agreement;
use crate::analyze::AnalyzeReport;
use crate::claims::ReproduceReport;
use crate::curve::CurveReport;
use crate::plan::PlanReport;
use crate::predict::PredictReport;
use crate::record::{PageReport, RemovedReport, RunsReport};
use crate::spectrum::{Ranking, SpectrumReport};
use crate::sq::{BoundReport, LearnReport, PlayReport};
use crate::sweep::SweepReport;
use crate::table_curve::TableCurveReport;
use crate::train::TrainReport;
use serde::Serialize;

/// The report of a request. Requests for several spectra, rankings or bounds yield one document for each.
#[derive(Clone, Debug)]
pub enum Report {
    /// Spectra of activations.
    Spectra(Vec<SpectrumReport>),
    /// Rankings of activations.
    Rankings(Vec<Ranking>),
    /// A plan with its cost.
    Plan(Box<PlanReport>),
    /// Predicted errors by the numbers of rows and units.
    Curve(Box<CurveReport>),
    /// The errors of a table at more rows than it has.
    TableCurve(Box<TableCurveReport>),
    /// A training.
    Train(Box<TrainReport>),
    /// A repeated training, and its comparison with the first one.
    Repeat(Box<TrainReport>, Box<Agreement>),
    /// The analysis of a table.
    Analyze(Box<AnalyzeReport>),
    /// Predictions, which have already been passed on while rows were read, or a score.
    Predict(Box<PredictReport>),
    /// A page of finished runs.
    Page(PageReport),
    /// The runs of a folder.
    Runs(RunsReport),
    /// A comparison of runs.
    Comparison(RunsReport),
    /// Removed runs.
    Removed(RemovedReport),
    /// Checked claims.
    Reproduce(Box<ReproduceReport>),
    /// A sweep.
    Sweep(Box<SweepReport>),
    /// Bounds on the number of queries, and the number of tolerances per dimension and degree.
    Bounds(Vec<BoundReport>, usize),
    /// A game of queries.
    Play(Box<PlayReport>),
    /// A gradient descent through an oracle.
    Learn(Box<LearnReport>),
}

impl Report {
    /// The path of the run folder in the report of a kind of run that has one.
    pub fn run_mut(&mut self) -> Option<&mut Option<String>> {
        match self {
            Self::Train(report) => Some(&mut report.run),
            Self::Sweep(report) => Some(&mut report.run),
            Self::Reproduce(report) => Some(&mut report.run),
            Self::Play(report) => Some(&mut report.run),
            _ => None,
        }
    }

    /// Splits a report of several spectra, rankings or bounds into one for each document.
    pub fn split(self) -> Vec<Self> {
        match self {
            Self::Spectra(all) => all.into_iter().map(|one| Self::Spectra(vec![one])).collect(),
            Self::Rankings(all) => all.into_iter().map(|one| Self::Rankings(vec![one])).collect(),
            Self::Bounds(all, columns) => {
                all.into_iter().map(|one| Self::Bounds(vec![one], columns)).collect()
            }
            single => vec![single],
        }
    }

    /// Returns the documents, each as one line of JSON.
    ///
    /// # Errors
    /// None, since every document of this crate serialises.
    pub fn json(&self) -> serde_json::Result<Vec<String>> {
        fn all(reports: &[impl Serialize]) -> serde_json::Result<Vec<String>> {
            reports.iter().map(serde_json::to_string).collect()
        }
        fn one(report: &impl Serialize) -> serde_json::Result<Vec<String>> {
            all(std::slice::from_ref(&report))
        }
        match self {
            Self::Spectra(reports) => all(reports),
            Self::Rankings(reports) => all(reports),
            Self::Bounds(reports, _) => all(reports),
            Self::Plan(report) => one(report),
            Self::Curve(report) => one(report),
            Self::TableCurve(report) => one(report),
            Self::Train(report) => one(report),
            Self::Repeat(_, agreement) => one(agreement),
            Self::Analyze(report) => one(report),
            Self::Predict(report) => one(report),
            Self::Page(report) => one(report),
            Self::Runs(report) | Self::Comparison(report) => one(report),
            Self::Removed(report) => one(report),
            Self::Reproduce(report) => one(report),
            Self::Sweep(report) => one(report),
            Self::Play(report) => one(report),
            Self::Learn(report) => one(report),
        }
    }
}
