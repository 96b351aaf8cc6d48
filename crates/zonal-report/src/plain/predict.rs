//! Scores of a model. Predictions are not formatted here, since their rows are passed on while they are read.

use super::table::{csv as csv_of, quoted};
use zonal_documents::number::short;
use zonal_documents::predict::PredictReport;

/// Returns each label with its error.
fn label_errors(report: &PredictReport) -> impl Iterator<Item = (&String, f64)> {
    report.labels.iter().zip(report.label_rmse.iter().flatten().copied())
}

/// Formats the error on labelled rows; empty for predictions.
pub(crate) fn text(report: &PredictReport) -> String {
    let Some(rmse) = report.rmse else { return String::new() };
    let mut text = format!("RMSE {} over {} rows\n", short(rmse), report.rows);
    if report.labels.len() > 1 {
        for (label, rmse) in label_errors(report) {
            text += &format!("  {label}: {}\n", short(rmse));
        }
    }
    text
}

/// Formats the error of each label as CSV; empty for predictions.
pub(crate) fn csv(report: &PredictReport) -> String {
    if report.rmse.is_none() {
        return String::new();
    }
    let row = |(label, rmse): (&String, f64)| vec![quoted(label), rmse.to_string(), report.rows.to_string()];
    let rows: Vec<Vec<String>> = label_errors(report).map(row).collect();
    csv_of(&["label", "rmse", "rows"].map(String::from), &rows)
}
