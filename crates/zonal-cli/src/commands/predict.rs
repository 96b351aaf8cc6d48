//! The output of `zonal predict`.

use crate::output::{print, print_json, print_part};
use std::fmt::Write;
use zonal_documents::predict::PredictReport;
use zonal_io::model::SCHEMA;
use zonal_jobs::predict::Block;
use zonal_report::plain::quoted;

/// Prints the end of the document of predictions, whose rows were printed while they were read; or that of a score.
pub(super) fn show_json(report: &PredictReport) -> anyhow::Result<()> {
    match report.rmse {
        Some(_) => print_json(report),
        None => print(&format!("],\"rows\":{}}}\n", report.rows)),
    }
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
        serde_json::json!(block.iteration)
    )
}
