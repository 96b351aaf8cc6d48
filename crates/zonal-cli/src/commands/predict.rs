//! The output of `zonal predict`.

use crate::output::{print, print_json, print_part};
use std::fmt::Write;
use zonal::classes::largest;
use zonal_documents::predict::PredictReport;
use zonal_io::model::SCHEMA;
use zonal_jobs::predict::Block;
use zonal_report::plain::quoted;

/// Prints the end of the document of predictions, whose rows were printed while they were read; or that of a score.
pub(super) fn show_json(report: &PredictReport) -> anyhow::Result<()> {
    match report.rmse.is_some() || report.class_scores.is_some() {
        true => print_json(report),
        false => print(&format!("],\"rows\":{}}}\n", report.rows)),
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
            text += &if self.json { document(&block) } else { header(&block) };
        }
        for (i, &row) in block.rows.iter().enumerate() {
            let values = block.values.row(i);
            let class = block.classes.map(|classes| classes[largest(values)].as_str());
            if self.json {
                let comma = if self.is_empty && i == 0 { "" } else { "," };
                let class =
                    class.map_or(String::new(), |name| format!(",\"class\":{}", serde_json::json!(name)));
                let interval = block.half_widths.map_or(String::new(), |half_widths| {
                    let ends: Vec<[f64; 2]> =
                        values.iter().zip(half_widths).map(|(x, half)| ends(*x, *half)).collect();
                    format!(",\"interval\":{}", serde_json::json!(ends))
                });
                text += &format!(
                    "{comma}{{\"row\":{row},\"prediction\":{}{interval}{class}}}",
                    serde_json::json!(values)
                );
            } else {
                // Writing to a string does not fail.
                let _ = write!(text, "{row}");
                if let Some(name) = class {
                    let _ = write!(text, ",{}", quoted(name));
                }
                for (label, value) in values.iter().enumerate() {
                    let _ = write!(text, ",{value}");
                    if let Some(half_widths) = block.half_widths {
                        let [lower, upper] = ends(*value, half_widths[label]);
                        let _ = write!(text, ",{lower},{upper}");
                    }
                }
                text.push('\n');
            }
        }
        self.is_empty = false;
        print_part(&text)
    }
}

/// Returns the ends of the interval around a value.
fn ends(value: f64, half_width: f64) -> [f64; 2] {
    [value - half_width, value + half_width]
}

fn header(block: &Block<'_>) -> String {
    let all = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",");
    let names = match (block.classes, block.labels) {
        (Some(classes), _) => {
            let columns: Vec<String> =
                classes.iter().map(|class| format!("{}={class}", block.labels[0])).collect();
            format!("prediction,{}", all(&columns))
        }
        (None, [_]) if block.half_widths.is_some() => "prediction,lower,upper".to_owned(),
        (None, [_]) => "prediction".to_owned(),
        (None, several) if block.half_widths.is_some() => {
            let three = |label: &String| [label.clone(), format!("{label} lower"), format!("{label} upper")];
            all(&several.iter().flat_map(three).collect::<Vec<_>>())
        }
        (None, several) => all(several),
    };
    format!("row,{names}\n")
}

/// Returns the beginning of a JSON report; the number of rows follows the predictions.
fn document(block: &Block<'_>) -> String {
    format!(
        "{{\"schema\":{SCHEMA},\"labels\":{},\"classes\":{},\"iteration\":{},\"rmse\":null,\"label_rmse\":null,\
         \"class_scores\":null,\"coverage\":null,\"predictions\":[",
        serde_json::json!(block.labels),
        serde_json::json!(block.classes),
        serde_json::json!(block.iteration)
    )
}
