//! Reports as plain text and as CSV: what the program prints, and how results print in Python. Each module formats the
//! reports of one request.

mod analyze;
mod bound;
mod learn;
mod plan;
mod play;
mod reproduce;
mod spectrum;
mod sweep;
mod table;
mod train;

pub use table::quoted;

use zonal_documents::Result;
use zonal_documents::report::Report;

/// Formats a report for reading. `details` lists every check of a claim, also those that hold.
///
/// The text of predictions is empty, since their rows have already been passed on; that of a score is one number.
pub fn text(report: &Report, details: bool) -> String {
    match report {
        Report::Spectra(reports) => spectrum::text(reports),
        Report::Rankings(rankings) => spectrum::rankings(rankings, false),
        Report::Plan(report) => plan::text(report),
        Report::Train(report) => train::table(report),
        Report::Repeat(_, agreement) => train::agreement(agreement),
        Report::Analyze(report) => analyze::text(report),
        Report::Predict(report) => report.rmse.map_or(String::new(), |rmse| format!("{rmse}\n")),
        Report::Page(report) => {
            [&report.page].into_iter().chain(&report.figures).map(|file| format!("{file}\n")).collect()
        }
        Report::Reproduce(report) => reproduce::text(report, details),
        Report::Sweep(report) => sweep::table(report),
        Report::Bounds(reports, columns) => bound::text(reports, *columns),
        Report::Play(report) => play::text(report),
        Report::Learn(report) => learn::text(report),
    }
}

/// Formats a report as CSV; reports without a table as [`text`].
///
/// # Errors
/// None, since the columns of a report have the same length.
pub fn csv(report: &Report) -> Result<String> {
    Ok(match report {
        Report::Spectra(reports) => spectrum::csv_table(reports),
        Report::Rankings(rankings) => spectrum::rankings(rankings, true),
        Report::Plan(report) => plan::row(report),
        Report::Train(report) | Report::Repeat(report, _) => report.path_csv()?,
        Report::Analyze(report) => analyze::polynomials_csv(report),
        Report::Reproduce(report) => reproduce::checks_csv(report),
        Report::Sweep(report) => report.csv()?,
        Report::Bounds(reports, _) => bound::table_csv(reports),
        Report::Play(report) => play::transcript_csv(report),
        Report::Learn(report) => learn::path_csv(report),
        Report::Predict(_) | Report::Page(_) => text(report, false),
    })
}
