//! `zonal sweep`.

use super::report::{PageArgs, output};
use crate::Global;
use crate::format::{Format, short, short_count, short_up};
use crate::interrupt::Interrupt;
use crate::output::{columns, command_line, print, print_json};
use crate::progress::Progress;
use anyhow::Result;
use std::path::PathBuf;
use zonal_documents::sweep::{SweepReport, SweepRow};
use zonal_jobs::sweep::{Description, Start, sweep};

const HELP: &str = r#"Examples:
  zonal sweep examples/staircase.toml
  zonal sweep grid.toml --out runs/grid --at-once 2
  zonal sweep --resume runs/grid

The file. Only target, dim and width are needed; a list may hold one value, and a list of values makes cells of each:

  target = "harmonic({degree})"     # {degree} is each degree in turn
  dim = [5, 10]
  degree = [1, 2, 3]
  activation = "tanh"               # default relu
  scale = "sqrt-dim"                # or a number; default 1
  width = [100, "n^2", "3*n^1.5"]   # counts, or powers of the dimension
  rows = ["exact", "n^2"]           # sampled rows; default exact expectations
  noise = 0.1                       # standard deviation added to sampled labels; a number, default 0
  step = "auto"                     # or a number
  iterations = [1e3, 1e9]           # default 1e9; all of them come from one path
  seeds = 5                         # a number: that many from --seed on; default 5
  max-degree = 4                    # a number: energies listed in the table

The folder holds report.html, table.csv, table.arrow (for pandas, polars, R), a copy of the file, and what is done so far. Ctrl-C
keeps that and says how to go on; the table is the same then, byte for byte. Cells that are the same are trained once.
A step that is too large is a finding: the cell counts the seeds that diverged and has no losses."#;

/// Train over a grid of dimensions, degrees, widths, rows, .., into one table
#[derive(clap::Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The file that describes the sweep
    #[arg(value_name = "FILE.toml", required_unless_present = "resume", conflicts_with = "resume")]
    file: Option<PathBuf>,
    /// Go on with an interrupted sweep
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "force"])]
    resume: Option<PathBuf>,
    /// The folder for the results, or none [default: a new folder below runs]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace a run in the folder of --out
    #[arg(long, requires = "out")]
    force: bool,
    /// Trainings side by side [default: as many as threads]
    #[arg(long, value_name = "N", value_parser = super::threads, allow_negative_numbers = true)]
    pub(crate) at_once: Option<u16>,
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

/// Rows shown in the table for people.
const SHOWN_ROWS: usize = 60;

impl Args {
    pub(crate) fn start(&self, global: &Global) -> Result<Start> {
        Ok(match (&self.resume, &self.file) {
            (Some(folder), _) => {
                global.refuse_seed("a sweep goes on with the seeds that it was begun with")?;
                Start::Resume(folder.clone())
            }
            (None, Some(file)) => {
                let output = output(self.out.as_deref(), self.force)?;
                self.page.check(&output)?;
                Start::New { file: Description::read(file)?, seed: global.seed(), output }
            }
            (None, None) => {
                return Err(zonal_documents::Error::Usage("a file or --resume is needed".into()).into());
            }
        })
    }
}

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> Result<()> {
    let start = args.start(global)?;
    let report = {
        let mut progress = Progress::asking(interrupt, global.quiet);
        sweep(&start, args.at_once.map(usize::from), command_line(), &mut progress)?
    };
    let page = interrupt.holding(|| args.page.write(report.run.as_deref()));
    match global.format {
        Format::Json => print_json(&report),
        Format::Csv => print(&report.csv()?),
        Format::Table => print(&table(&report)),
    }?;
    page
}

/// What a column of the table shows.
type Show = fn(&SweepRow) -> String;

/// Columns of which at least two values differ, then the losses.
fn table(report: &SweepReport) -> String {
    let rows = &report.rows;
    let describing: [(&str, Show); 9] = [
        ("dim", |r| r.dim.to_string()),
        ("degree", |r| r.degree.map_or("-".into(), |k| k.to_string())),
        ("target", |r| r.target.clone()),
        ("activation", |r| r.activation.clone()),
        ("scale", |r| short(r.scale)),
        ("width", |r| r.width.to_string()),
        ("rows", |r| r.rows.map_or("exact".into(), |n| n.to_string())),
        ("step", |r| r.step.clone()),
        ("iterations", |r| short_count(r.iterations)),
    ];
    let varies = |show: Show| rows.windows(2).any(|w| show(&w[0]) != show(&w[1]));
    let shown: Vec<(&str, Show)> = describing.iter().filter(|(_, show)| varies(*show)).copied().collect();
    let fixed: Vec<String> = match rows.first() {
        Some(first) => {
            let fixed = describing.iter().filter(|(_, show)| !varies(*show));
            fixed.map(|(name, show)| format!("{name} {}", show(first))).collect()
        }
        None => Vec::new(),
    };
    let mut header: Vec<String> = shown.iter().map(|(name, _)| (*name).to_owned()).collect();
    let measures: [(&str, Show); 6] = [
        ("diverged", |r| if r.diverged == 0 { "-".into() } else { r.diverged.to_string() }),
        ("loss", |r| r.loss.map_or("diverges".into(), short)),
        ("+-", |r| r.loss_standard_error.map_or("-".into(), short)),
        ("train loss", |r| r.train_loss.map_or("-".into(), short)),
        ("infinite width", |r| r.predicted_loss.map_or("-".into(), short)),
        ("bound", |r| r.loss_bound.map_or("-".into(), short_up)),
    ];
    // Columns of dashes say nothing.
    let measures: Vec<(&str, Show)> =
        measures.into_iter().filter(|(_, show)| rows.iter().any(|r| show(r) != "-")).collect();
    header.extend(measures.iter().map(|(name, _)| (*name).to_owned()));
    let lines: Vec<Vec<String>> = rows
        .iter()
        .take(SHOWN_ROWS)
        .map(|r| {
            let mut line: Vec<String> = shown.iter().map(|(_, show)| show(r)).collect();
            line.extend(measures.iter().map(|(_, show)| show(r)));
            line
        })
        .collect();
    let mut text = format!("{}: {}\n\n{}", report.name, fixed.join(", "), columns(&header, &lines));
    if rows.len() > SHOWN_ROWS {
        text += &format!(".. and {} more rows in the table\n", rows.len() - SHOWN_ROWS);
    }
    text += &format!(
        "\n{}; {} trainings",
        match rows.first().map_or(0, |r| r.seeds) {
            1 => "Losses of a single seed, without a standard error".to_owned(),
            n => format!("Mean loss over {n} seeds with its standard error"),
        },
        report.trainings
    );
    if report.trained < report.trainings {
        text += &format!(", {} of them done before", report.trainings - report.trained);
    }
    text += ".\n";
    text + &report.run.as_ref().map_or(String::new(), |run| format!("run: {run}\n"))
}
