//! Scores of a model. Predictions are not formatted here, since their rows are passed on while they are read.

use super::classes;
use super::table::{Layout, csv as csv_of, quoted};
use zonal_documents::number::short;
use zonal_documents::predict::PredictReport;

/// Returns each label with its error.
fn label_errors(report: &PredictReport) -> impl Iterator<Item = (&String, f64)> {
    report.labels.iter().zip(report.label_rmse.iter().flatten().copied())
}

/// Formats the error on labelled rows; empty for predictions.
pub(crate) fn text(report: &PredictReport, layout: Layout) -> String {
    if let (Some(scores), Some(names)) = (&report.class_scores, &report.classes) {
        return classes::score(names, scores, layout);
    }
    let Some(rmse) = report.rmse else { return String::new() };
    let mut text = format!("RMSE {} over {} rows\n", short(rmse), report.rows);
    if let Some(coverage) = &report.coverage {
        let each: Vec<String> = coverage.iter().map(|share| format!("{:.1}", 100.0 * share)).collect();
        text += &format!("intervals cover {} % of the labels\n", each.join(", "));
    }
    if report.labels.len() > 1 {
        for (label, rmse) in label_errors(report) {
            text += &format!("  {label}: {}\n", short(rmse));
        }
    }
    text
}

/// Formats the error of each label, or the measures of classes, as CSV; empty for predictions.
pub(crate) fn csv(report: &PredictReport) -> String {
    if let Some(scores) = &report.class_scores {
        let values = [scores.accuracy, scores.log_loss, scores.brier].map(|x| x.to_string());
        let auc = scores.auc.map_or(String::new(), |auc| auc.to_string());
        let row: Vec<String> = [quoted(&report.labels[0]), report.rows.to_string()]
            .into_iter()
            .chain(values)
            .chain([auc])
            .collect();
        return csv_of(&["label", "rows", "accuracy", "log_loss", "brier", "auc"].map(String::from), &[row]);
    }
    if report.rmse.is_none() {
        return String::new();
    }
    let row = |(label, rmse): (&String, f64)| vec![quoted(label), rmse.to_string(), report.rows.to_string()];
    let rows: Vec<Vec<String>> = label_errors(report).map(row).collect();
    csv_of(&["label", "rmse", "rows"].map(String::from), &rows)
}
