//! `zonal sq bound`.

use crate::Global;
use crate::commands::reals;
use crate::format::{Format, short};
use crate::interrupt::Interrupt;
use crate::output::{columns, csv, print, print_json, quoted};
use crate::progress::Progress;
use zonal_documents::Error;
use zonal_documents::number::{count, real};
use zonal_documents::sq::{BoundConfig, BoundReport};
use zonal_jobs::sq::bound;
use zonal_sq::bound::QueryClass;
use zonal_sq::{Directions, Kind};

/// How many statistical queries a learner needs at least, with the theorem and everything that it assumes
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Families: zonal, sqrt(N) P_k(<u,x>) in an unknown direction u; random, any combination of all N harmonics of \
                  degree k; signs, a product of k of the signs of the coordinates; monomials, a product of k \
                  coordinates.\n\nTolerances are by unit norm for correlational queries and for values in [-1, 1] \
                  otherwise. A bound below one query says nothing and is called vacuous.\n\nExamples:\n  zonal sq bound \
                  --family zonal --dim 1000 --degree 3 --tolerance .01\n  zonal sq bound --family random --dim 20,50,100 \
                  --degree 3 --tolerance .3,.1,.03 --queries any\n  zonal sq bound --family signs --dim 100 --degree 4 \
                  --tolerance .03 --format json"
)]
pub(crate) struct Args {
    /// zonal, random, signs or monomials
    #[arg(long, value_name = "FAMILY")]
    family: Kind,
    /// The dimension n; several, with commas between, make a table
    #[arg(long, short = 'n', required = true, value_name = "N")]
    dim: Vec<String>,
    /// The degree k; several make a table
    #[arg(long, short = 'k', required = true, value_name = "K")]
    degree: Vec<String>,
    /// The largest error of an answer; several make a table
    #[arg(long, short, required = true, value_name = "TAU", allow_negative_numbers = true)]
    tolerance: Vec<String>,
    /// The queries that the learner may ask: correlational, lipschitz:L or any
    #[arg(long, default_value = "correlational", value_name = "CLASS")]
    queries: QueryClass,
    /// The probability of success
    #[arg(long, default_value_t = 0.5, value_parser = real, value_name = "DELTA", allow_negative_numbers = true)]
    delta: f64,
    /// The learner reaches a mean squared error of 1 - EPSILON, where the best constant has 1
    #[arg(long, default_value_t = 0.5, value_parser = real, value_name = "EPSILON", allow_negative_numbers = true)]
    epsilon: f64,
    /// For a finite family of so many members [default: all]
    #[arg(long, value_name = "M", value_parser = count)]
    size: Option<u64>,
    /// Directions of a finite zonal family: random, coordinate or devore
    #[arg(long, default_value_t = Directions::Random, value_name = "HOW")]
    directions: Directions,
}

impl Args {
    /// Everything asked about, and how many tolerances there are.
    pub(crate) fn configs(&self, global: &Global) -> anyhow::Result<(Vec<BoundConfig>, usize)> {
        let dims = super::counts(&self.dim, "--dim")?;
        let degrees = super::counts(&self.degree, "--degree")?;
        let tolerances = reals(&self.tolerance, "--tolerance")?;
        if dims.is_empty() || degrees.is_empty() || tolerances.is_empty() {
            return Err(Error::Usage("--dim, --degree and --tolerance each need a value".into()).into());
        }
        if self.size.is_none() || matches!(self.family, Kind::Signs | Kind::Monomials) {
            global.refuse_seed(
                "no member is drawn; a bound for --size M members of a zonal or random family draws them",
            )?;
        }
        let mut configs = Vec::new();
        for &dim in &dims {
            for &degree in &degrees {
                configs.extend(tolerances.iter().map(|&tolerance| BoundConfig {
                    kind: self.family,
                    dim,
                    degree: usize::try_from(degree).unwrap_or(usize::MAX),
                    tolerance,
                    queries: self.queries,
                    delta: self.delta,
                    epsilon: self.epsilon,
                    size: self.size,
                    directions: self.directions,
                    seed: global.seed(),
                }));
            }
        }
        Ok((configs, tolerances.len()))
    }
}

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> anyhow::Result<()> {
    let (configs, columns) = args.configs(global)?;
    let mut reports = Vec::new();
    for config in &configs {
        reports.push(bound(config, &mut Progress::new(interrupt, global.quiet))?);
    }
    match (global.format, reports.as_slice()) {
        (Format::Json, reports) => reports.iter().try_for_each(print_json),
        (Format::Csv, reports) => print(&table_csv(reports)),
        (Format::Table, [report]) => print(&single(report)),
        (Format::Table, reports) => print(&grid(reports, columns)),
    }
}

/// A whole number for people: its size where it has many digits.
fn readable(digits: &str) -> String {
    match digits.len() {
        0..=20 => digits.to_owned(),
        length => format!("{}.{}e{}", &digits[..1], &digits[1..4], length - 1),
    }
}

/// A number of queries for people.
fn queries(report: &BoundReport) -> String {
    match report.log10_queries {
        None if !report.vacuous => "unbounded".to_owned(),
        _ if report.vacuous => "vacuous".to_owned(),
        // Rounded down: it is a lower bound.
        Some(x) if x < 6.0 => format!("{:.0}", 10f64.powf(x).ceil()),
        Some(x) => format!("10^{:.1}", (10.0 * x).floor() / 10.0),
        None => "vacuous".to_owned(),
    }
}

fn single(report: &BoundReport) -> String {
    let mut text = format!(
        "{} family, degree {} in dimension {}: N = {}{}\n",
        report.family,
        report.degree,
        report.dim,
        readable(&report.multiplicity),
        report.size.as_ref().map_or(String::new(), |m| format!(", {} members", readable(m)))
    );
    let found = match report.log10_queries {
        None if !report.vacuous => "no number of queries suffices".to_owned(),
        _ if report.vacuous => "vacuous: the bound is below one query and says nothing".to_owned(),
        Some(_) => format!("at least {} queries", queries(report)),
        None => String::new(),
    };
    text += &format!(
        "\n{found}\n\nto reach a mean squared error of {} with probability {} at tolerance {}, by {} queries ({}).\n",
        short(1.0 - report.epsilon),
        report.delta,
        report.tolerance,
        report.query_class,
        report.theorem
    );
    text += &format!("\nTarget: {}\nAssumed:\n", report.prior);
    text + &report.assumptions.iter().map(|a| format!("  - {a}\n")).collect::<String>()
}

/// One row for each dimension and degree, one column for each tolerance.
fn grid(reports: &[BoundReport], tolerances: usize) -> String {
    let mut header = ["n", "k", "N"].map(String::from).to_vec();
    header.extend(reports[..tolerances].iter().map(|r| format!("tau {}", r.tolerance)));
    let rows: Vec<Vec<String>> = reports
        .chunks(tolerances)
        .map(|row| {
            let first = &row[0];
            let mut cells =
                vec![first.dim.to_string(), first.degree.to_string(), readable(&first.multiplicity)];
            cells.extend(row.iter().map(queries));
            cells
        })
        .collect();
    let first = &reports[0];
    let mut theorems: Vec<&str> = reports.iter().map(|r| r.theorem.as_str()).collect();
    theorems.dedup();
    let vacuous = if reports.iter().any(|r| r.vacuous) {
        "Vacuous: the bound is below one query and says nothing.\n"
    } else {
        ""
    };
    format!(
        "Queries needed at least, {} family, {} queries ({}), success with probability {} at mean squared error {}:\n\n{}\n\
         {vacuous}Assumed, among others: {}. --format json lists everything \
         for each entry.\n",
        first.family,
        first.query_class,
        theorems.join(", "),
        first.delta,
        short(1.0 - first.epsilon),
        columns(&header, &rows),
        first.assumptions.iter().take(2).cloned().collect::<Vec<_>>().join("; ")
    )
}

fn table_csv(reports: &[BoundReport]) -> String {
    let header = [
        "family",
        "dim",
        "degree",
        "multiplicity",
        "size",
        "tolerance",
        "query_class",
        "theorem",
        "delta",
        "epsilon",
        "log10_queries",
        "vacuous",
        "prior",
    ]
    .map(String::from);
    let row = |r: &BoundReport| {
        vec![
            r.family.clone(),
            r.dim.to_string(),
            r.degree.to_string(),
            r.multiplicity.clone(),
            r.size.clone().unwrap_or_default(),
            r.tolerance.to_string(),
            quoted(&r.query_class),
            r.theorem.clone(),
            r.delta.to_string(),
            r.epsilon.to_string(),
            r.log10_queries.map_or(String::new(), |x| x.to_string()),
            r.vacuous.to_string(),
            quoted(&r.prior),
        ]
    };
    csv(&header, &reports.iter().map(row).collect::<Vec<_>>())
}
