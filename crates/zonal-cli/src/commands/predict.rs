//! `zonal predict`.

use crate::Global;
use crate::format::Format;
use crate::interrupt::Interrupt;
use crate::output::{csv, print, print_json, quoted};
use crate::progress::Progress;
use std::path::PathBuf;
use zonal::rows::Part;
use zonal_run::data::Data;
use zonal_run::number::count;
use zonal_run::predict::{PredictConfig, predict};

/// Predict the rows of a table with a trained model, or score it on labelled rows
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  zonal predict runs/diabetes-relu-1 new.csv > predictions.csv\n  zonal predict \
                        runs/diabetes-relu-1 examples/data/diabetes.csv --label progression --part test"
)]
pub(crate) struct Args {
    /// A run folder or a model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Files or patterns with the columns of the training: CSV (plain or gzip), NPY, NPZ, Parquet, Arrow
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
    /// The character between fields; tab for a tabulator
    #[arg(long, default_value = ",", value_parser = super::delimiter, value_name = "CHAR")]
    delimiter: char,
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
            delimiter: args.delimiter,
            drop_missing: args.missing.drop(),
            directory: None,
            memory: None,
        },
        iteration: args.iteration,
        labels: super::lists(&args.label, "--label")?,
        part,
    };
    let report = predict(&config, &mut Progress::new(interrupt, global.quiet))?;
    if global.format == Format::Json {
        return print_json(&report);
    }
    if let Some(rmse) = report.rmse {
        return print(&format!("{rmse}\n"));
    }
    let mut header = vec!["row".to_owned()];
    match report.labels.as_slice() {
        [_] => header.push("prediction".to_owned()),
        several => header.extend(several.iter().map(|label| quoted(label))),
    }
    let rows: Vec<Vec<String>> = report
        .predictions
        .iter()
        .flatten()
        .map(|p| [p.row.to_string()].into_iter().chain(p.prediction.iter().map(f64::to_string)).collect())
        .collect();
    print(&csv(&header, &rows))
}
