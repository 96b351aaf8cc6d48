//! The output of `zonal predict`.

use crate::format::{Format, short};
use crate::output::{csv, print, print_json, print_part, quoted};
use std::fmt::Write;
use zonal_documents::predict::PredictReport;
use zonal_io::model::SCHEMA;
use zonal_jobs::predict::Block;

/// Prints the end of the predictions, whose rows were printed while they were read; or a score.
pub(super) fn show(report: &PredictReport, format: Format) -> anyhow::Result<()> {
    match (report.rmse, format) {
        (Some(_), Format::Json) => print_json(report),
        (Some(_), Format::Csv) => print(&score_csv(report)),
        (Some(rmse), Format::Table) => print(&score(report, rmse)),
        (None, Format::Json) => print(&format!("],\"rows\":{}}}\n", report.rows)),
        (None, Format::Table | Format::Csv) => Ok(()),
    }
}

/// Returns each label with its error.
fn label_errors(report: &PredictReport) -> impl Iterator<Item = (&String, f64)> {
    report.labels.iter().zip(report.label_rmse.iter().flatten().copied())
}

fn score(report: &PredictReport, rmse: f64) -> String {
    let mut text = format!("RMSE {} over {} rows\n", short(rmse), report.rows);
    if report.labels.len() > 1 {
        text += &label_errors(report)
            .map(|(label, rmse)| format!("  {label}: {}\n", short(rmse)))
            .collect::<String>();
    }
    text
}

fn score_csv(report: &PredictReport) -> String {
    let rows = label_errors(report)
        .map(|(label, rmse)| vec![quoted(label), rmse.to_string(), report.rows.to_string()]);
    csv(&["label", "rmse", "rows"].map(String::from), &rows.collect::<Vec<_>>())
}

/// A printer of predictions in blocks: lines of CSV, or the pieces of one JSON document.
pub(super) struct Stream {
    json: bool,
    /// Whether nothing has been printed.
    is_empty: bool,
}

impl Stream {
    pub(super) fn new(json: bool) -> Self {
        Self { json, is_empty: true }
    }

    pub(super) fn print(&mut self, block: Block<'_>) -> zonal_documents::Result<()> {
        let mut text = String::new();
        if self.is_empty {
            text += &if self.json { document(&block) } else { header(block.labels) };
        }
        for (i, &row) in block.rows.iter().enumerate() {
            let values = block.values.row(i);
            if self.json {
                let comma = if self.is_empty && i == 0 { "" } else { "," };
                text += &format!("{comma}{{\"row\":{row},\"prediction\":{}}}", serde_json::json!(values));
            } else {
                // Writing to a string does not fail.
                let _ = write!(text, "{row}");
                for value in values {
                    let _ = write!(text, ",{value}");
                }
                text.push('\n');
            }
        }
        self.is_empty = false;
        print_part(&text)
    }
}

fn header(labels: &[String]) -> String {
    let names = match labels {
        [_] => "prediction".to_owned(),
        several => several.iter().map(|label| quoted(label)).collect::<Vec<_>>().join(","),
    };
    format!("row,{names}\n")
}

/// Returns the beginning of a JSON report; the number of rows follows the predictions.
fn document(block: &Block<'_>) -> String {
    format!(
        "{{\"schema\":{SCHEMA},\"labels\":{},\"iteration\":{},\"rmse\":null,\"label_rmse\":null,\"predictions\":[",
        serde_json::json!(block.labels),
        block.iteration
    )
}
