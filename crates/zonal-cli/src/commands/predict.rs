//! `zonal predict`.

use crate::Global;
use crate::format::Format;
use crate::output::{csv, print, print_json};
use std::path::PathBuf;
use zonal::rows::Part;
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
    /// The table, a CSV file with the columns of the training
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// Use the network after T iterations [default: the best iteration]
    #[arg(long, value_parser = count, value_name = "T")]
    iteration: Option<u64>,
    /// The label's column: print the root mean squared error instead of predictions
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
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

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<()> {
    let part = match args.part {
        PartChoice::Train => Some(Part::Train),
        PartChoice::Validation => Some(Part::Validation),
        PartChoice::Test => Some(Part::Test),
        PartChoice::All => None,
    };
    let report = predict(&PredictConfig {
        model: args.model.clone(),
        data: args.data.clone(),
        iteration: args.iteration,
        label: args.label.clone(),
        part,
        header: !args.no_header,
        delimiter: args.delimiter,
        drop_missing: args.missing.drop(),
    })?;
    if global.format == Format::Json {
        return print_json(&report);
    }
    if let Some(rmse) = report.rmse {
        return print(&format!("{rmse}\n"));
    }
    let header = ["row", "prediction"].map(String::from);
    let rows: Vec<Vec<String>> = report
        .predictions
        .iter()
        .flatten()
        .map(|p| vec![p.row.to_string(), p.prediction.to_string()])
        .collect();
    print(&csv(&header, &rows))
}
