//! Reports as plain text and as CSV: what the program prints, and how results print in Python. Each module formats the
//! reports of one request.

mod analyze;
mod bound;
mod classes;
mod curve;
mod learn;
mod plan;
mod play;
mod predict;
mod reproduce;
mod runs;
mod spectrum;
mod sweep;
mod table;
mod table_curve;
mod train;

pub use table::{Layout, quoted};

use zonal_documents::Result;
use zonal_documents::report::Report;

/// Formats a report for reading.
///
/// The text of predictions is empty, since their rows have already been passed on.
pub fn text(report: &Report, layout: Layout) -> String {
    match report {
        Report::Spectra(reports) => spectrum::text(reports, layout),
        Report::Rankings(rankings) => spectrum::rankings(rankings, layout),
        Report::Plan(report) => plan::text(report),
        Report::Curve(report) => curve::text(report, layout),
        Report::TableCurve(report) => table_curve::text(report, layout),
        Report::Train(report) => train::table(report, layout),
        Report::Repeat(_, agreement) => train::agreement(agreement),
        Report::Analyze(report) => analyze::text(report, layout),
        Report::Predict(report) => predict::text(report, layout),
        Report::Page(report) => {
            [&report.page].into_iter().chain(&report.figures).map(|file| format!("{file}\n")).collect()
        }
        Report::Runs(report) => runs::list(report, layout),
        Report::Comparison(report) => runs::comparison(report, layout),
        Report::Removed(report) => report.removed.iter().map(|run| format!("removed {run}\n")).collect(),
        Report::Reproduce(report) => reproduce::text(report, layout),
        Report::Sweep(report) => sweep::table(report, layout),
        Report::Bounds(reports, columns) => bound::text(reports, *columns, layout),
        Report::Play(report) => play::text(report, layout),
        Report::Learn(report) => learn::text(report, layout),
    }
}

/// Formats a report as CSV; reports without a table as [`text`].
///
/// # Errors
/// None, since the columns of a report have the same length.
pub fn csv(report: &Report) -> Result<String> {
    Ok(match report {
        Report::Spectra(reports) => spectrum::csv_table(reports),
        Report::Rankings(rankings) => spectrum::rankings_csv(rankings),
        Report::Plan(report) => plan::row(report),
        Report::Curve(report) => curve::table_csv(report),
        Report::TableCurve(report) => table_curve::table_csv(report),
        Report::Train(report) | Report::Repeat(report, _) => report.path_csv()?,
        Report::Analyze(report) => analyze::polynomials_csv(report),
        Report::Runs(report) | Report::Comparison(report) => runs::list_csv(report),
        Report::Reproduce(report) => reproduce::checks_csv(report),
        Report::Sweep(report) => report.csv()?,
        Report::Bounds(reports, _) => bound::table_csv(reports),
        Report::Play(report) => play::transcript_csv(report),
        Report::Learn(report) => learn::path_csv(report),
        Report::Predict(report) => predict::csv(report),
        Report::Page(_) | Report::Removed(_) => text(report, Layout::default()),
    })
}
