//! `zonal predict`.

use crate::Global;
use crate::format::Format;
use crate::interrupt::Interrupt;
use crate::output::{print, print_json, print_part, quoted};
use crate::progress::Progress;
use std::fmt::Write;
use std::path::PathBuf;
use zonal::rows::Part;
use zonal_documents::number::count;
use zonal_documents::predict::PredictConfig;
use zonal_documents::table::Data;
use zonal_io::model::SCHEMA;
use zonal_jobs::predict::{Block, predict};

/// Predict the rows of a table with a trained model, or score it on labelled rows
///
/// Predictions are printed while rows are read: from a pipe, those of the lines that have arrived. Where a row cannot be
/// used, the predictions of the rows before it have been printed, and the program fails.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  zonal predict runs/diabetes-relu-1 new.csv > predictions.csv\n  zonal predict \
                        runs/diabetes-relu-1 examples/data/diabetes.csv --label progression --part test\n  \
                        cat new.csv | zonal predict runs/diabetes-relu-1 -"
)]
pub(crate) struct Args {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Files or patterns with the columns of the training: CSV (plain or gzip), NPY, NPZ, Parquet, Arrow; or - for CSV
    /// from standard input
    #[arg(value_name = "DATA", required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Use the network after T iterations [default: the best iteration]
    #[arg(long, value_parser = count, value_name = "T")]
    iteration: Option<u64>,
    /// The label's column, or as many as the model predicts: print the root mean squared error instead of predictions
    #[arg(long, value_name = "COLUMN")]
    label: Vec<String>,
    /// Only the rows of one part of the training's split, for the file it was trained on
    #[arg(long, value_enum, default_value_t = PartChoice::All)]
    part: PartChoice,
    /// The first line is a row, the columns are called c1, c2, ..
    #[arg(long)]
    no_header: bool,
    /// Character between fields, or tab [default: tab for .tsv, otherwise ,]
    #[arg(long, value_parser = super::delimiter, value_name = "CHAR")]
    delimiter: Option<char>,
    /// What to do with rows that lack a value
    #[arg(long, value_enum, default_value_t = super::train::MissingChoice::Reject)]
    missing: super::train::MissingChoice,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PartChoice {
    Train,
    Validation,
    Test,
    All,
}

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> anyhow::Result<()> {
    let part = match args.part {
        PartChoice::Train => Some(Part::Train),
        PartChoice::Validation => Some(Part::Validation),
        PartChoice::Test => Some(Part::Test),
        PartChoice::All => None,
    };
    let config = PredictConfig {
        model: args.model.clone(),
        data: Data {
            files: args.data.clone(),
            header: !args.no_header,
            delimiter: super::delimiter_of(args.delimiter, &[&args.data])?,
            drop_missing: args.missing.drop(),
            directory: None,
            memory: None,
        },
        iteration: args.iteration,
        labels: super::lists(&args.label, "--label")?,
        part,
    };
    let json = global.format == Format::Json;
    let mut stream = Stream { json, is_empty: true };
    let report = predict(&config, &mut Progress::new(interrupt, global.quiet), |block| stream.print(block))?;
    match report.rmse {
        Some(_) if json => print_json(&report),
        Some(rmse) => print(&format!("{rmse}\n")),
        None if json => print(&format!("],\"rows\":{}}}\n", report.rows)),
        None => Ok(()),
    }
}

/// Predictions as they are printed: lines of CSV, or the parts of one JSON document.
struct Stream {
    json: bool,
    /// Whether nothing has been printed.
    is_empty: bool,
}

impl Stream {
    fn print(&mut self, block: Block<'_>) -> zonal_documents::Result<()> {
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
                // Writing to a text does not fail.
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

/// The beginning of a report; how many rows there are comes after their predictions.
fn document(block: &Block<'_>) -> String {
    format!(
        "{{\"schema\":{SCHEMA},\"labels\":{},\"iteration\":{},\"rmse\":null,\"label_rmse\":null,\"predictions\":[",
        serde_json::json!(block.labels),
        block.iteration
    )
}
