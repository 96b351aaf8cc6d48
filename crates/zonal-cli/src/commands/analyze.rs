//! `zonal analyze`.

use super::train::MissingChoice;
use crate::Global;
use crate::format::{Format, short};
use crate::interrupt::Interrupt;
use crate::output::{columns, csv, print, print_json, quoted};
use crate::progress::Progress;
use std::path::PathBuf;
use zonal_documents::Error;
use zonal_documents::analyze::{AnalyzeConfig, AnalyzeReport, LabelAnalysis};
use zonal_documents::number::{count, real};
use zonal_documents::table::Data;
use zonal_jobs::analyze::analyze;

/// What a table holds before any network: the best polynomial of each degree, the noise floor, energies by degree
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  zonal analyze data.csv --label y\n  zonal analyze 'rows/*.parquet' --label y --max-degree \
                  4 --format json\n\nEnergies are those of the label over the directions of the standardised rows (over the \
                  rows themselves if all have length 1). They are energies in the sense of harmonics for rows that are \
                  uniform on the sphere; how far the rows are from that is printed. The energy of degree 0 is the square of the \
                  label's mean.\n\nColumns of --format csv: error and test_error are mean squared errors, rmse and test_rmse their \
                  roots."
)]
pub(crate) struct Args {
    /// The table: files or patterns, CSV (plain or gzip), NPY, NPZ, Parquet or Arrow
    #[arg(value_name = "DATA", required = true)]
    data: Vec<PathBuf>,
    /// The column to explain, or several of them with commas between
    #[arg(long, value_name = "COLUMN", required = true)]
    label: Vec<String>,
    /// The columns to explain it by, separated by commas [default: all others]
    #[arg(long, value_name = "COLUMNS")]
    features: Vec<String>,
    /// The first line is a row, the columns are called c1, c2, ..
    #[arg(long)]
    no_header: bool,
    /// Character between fields, or tab [default: tab for .tsv, otherwise ,]
    #[arg(long, value_parser = super::delimiter, value_name = "CHAR")]
    delimiter: Option<char>,
    /// What to do with rows that lack a value
    #[arg(long, value_enum, default_value_t = MissingChoice::Reject)]
    missing: MissingChoice,
    /// Part of the rows on which polynomials are scored and not fitted
    #[arg(long, default_value_t = 0.2, value_parser = real, value_name = "FRACTION", allow_negative_numbers = true)]
    test_fraction: f64,
    /// Polynomials and energies up to this degree
    #[arg(long, short = 'k', default_value = "4", value_parser = degree, value_name = "K", allow_negative_numbers = true)]
    max_degree: usize,
    /// The most monomials that a polynomial may have; degrees with more are skipped
    #[arg(long, default_value = "3000", value_parser = count, value_name = "M")]
    most_monomials: u64,
}

/// The highest degree that can be asked for.
const MOST_DEGREE: u64 = 64;

fn degree(text: &str) -> Result<usize, String> {
    match count(text)? {
        k if k <= MOST_DEGREE => Ok(k as usize),
        k => Err(format!("{k} is too high; at most {MOST_DEGREE}")),
    }
}

impl Args {
    pub(crate) fn config(&self, global: &Global) -> Result<AnalyzeConfig, Error> {
        Ok(AnalyzeConfig {
            data: Data {
                files: self.data.clone(),
                header: !self.no_header,
                delimiter: super::delimiter_of(self.delimiter, &[&self.data])?,
                drop_missing: self.missing.drop(),
                directory: None,
                memory: None,
            },
            labels: super::lists(&self.label, "--label")?,
            features: super::columns(&self.features)?,
            test_fraction: self.test_fraction,
            max_degree: self.max_degree,
            most_monomials: usize::try_from(self.most_monomials).unwrap_or(usize::MAX),
            seed: global.seed(),
        })
    }
}

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> anyhow::Result<()> {
    let config = args.config(global)?;
    let report = analyze(&config, &mut Progress::new(interrupt, global.quiet))?;
    match global.format {
        Format::Json => print_json(&report),
        Format::Csv => print(&polynomials_csv(&report)),
        Format::Table => print(&text(&report)),
    }
}

/// One row for each label and degree.
fn polynomials_csv(report: &AnalyzeReport) -> String {
    let header = [
        "label",
        "degree",
        "monomials",
        "rank",
        "error",
        "test_error",
        "noise_rmse",
        "energy",
        "energy_standard_error",
        "rmse",
        "test_rmse",
    ]
    .map(String::from);
    let optional = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    let of_label = |l: &LabelAnalysis| {
        let (label, noise) = (l.label.clone(), l.noise_rmse);
        let energies = l.energies.clone();
        let one = move |p: &zonal_documents::analyze::PolynomialError| {
            let energy = energies.get(p.degree);
            vec![
                quoted(&label),
                p.degree.to_string(),
                p.monomials.to_string(),
                p.rank.to_string(),
                p.error.to_string(),
                optional(p.test_error),
                optional(noise),
                optional(energy.map(|e| e.energy)),
                optional(energy.map(|e| e.standard_error)),
                p.error.sqrt().to_string(),
                optional(p.test_error.map(f64::sqrt)),
            ]
        };
        l.best_polynomial.iter().map(one).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = report.labels.iter().flat_map(of_label).collect();
    csv(&header, &rows)
}

fn text(report: &AnalyzeReport) -> String {
    let mut text = format!("{} rows, {} feature columns", report.rows, report.columns);
    if report.dropped > 0 {
        text += &format!("; {} rows with missing values left out", report.dropped);
    }
    if !report.dropped_columns.is_empty() {
        text += &format!("; constant: {}", report.dropped_columns.join(", "));
    }
    text.push('\n');
    for label in &report.labels {
        text += &of_label(report, label);
    }
    if let Some(skipped) = report.skipped {
        let count = skipped.monomials.map_or("more than 2^64".to_owned(), |n| n.to_string());
        text += &format!(
            "\nDegree {} is skipped: it has {count} monomials; raise --most-monomials or name fewer --features.\n",
            skipped.degree
        );
    }
    text + &sphere(report)
}

fn of_label(report: &AnalyzeReport, label: &LabelAnalysis) -> String {
    let mut text =
        format!("\n{}: mean {}, deviation {}\n\n", label.label, short(label.mean), short(label.deviation));
    let energies = !label.energies.is_empty();
    let mut header = ["degree", "monomials", "RMSE", "held out"].map(String::from).to_vec();
    if energies {
        header.extend(["energy", "+-"].map(String::from));
    }
    let rows: Vec<Vec<String>> = label
        .best_polynomial
        .iter()
        .map(|p| {
            let fit = if p.rank < p.monomials {
                format!("{} ({})", p.monomials, p.rank)
            } else {
                p.monomials.to_string()
            };
            let mut row = vec![
                p.degree.to_string(),
                fit,
                short(p.error.sqrt()),
                p.test_error.map_or("-".to_owned(), |e| short(e.sqrt())),
            ];
            if let Some(e) = label.energies.get(p.degree) {
                row.extend([short(e.energy), short(e.standard_error)]);
            }
            row
        })
        .collect();
    text += &columns(&header, &rows);
    if label.best_polynomial.iter().any(|p| p.rank < p.monomials) {
        text += "In brackets: directions that the rows determine.\n";
    }
    if let Some(noise) = label.noise_rmse {
        text += &format!(
            "Noise floor: RMSE {} over {} rows that share their features with others; no function of the features gets \
             below it.\n",
            short(noise),
            report.repeated_rows
        );
    }
    text
}

fn sphere(report: &AnalyzeReport) -> String {
    let [rayleigh, bingham] = report.uniformity[..] else { return String::new() };
    let what = if report.on_sphere { "the rows" } else { "the directions of the standardised rows" };
    let verdict = if rayleigh.abs().max(bingham.abs()) > 4.0 {
        "they are not uniform, and the energies depend on how they lie"
    } else {
        "they may be uniform, as energies suppose"
    };
    format!(
        "\nEnergies: {what} on the sphere of dimension {}, from {} rows. Degrees 1 and 2 of the rows themselves are {} and \
         {} standard errors from uniform: {verdict}.\n",
        report.sphere_dim,
        report.sampled_rows,
        short(rayleigh),
        short(bingham)
    )
}
