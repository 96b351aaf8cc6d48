//! `zonal train`.

use super::split_list;
use crate::Global;
use crate::format::{Format, short, short_count, short_up};
use crate::interrupt::Interrupt;
use crate::output::{columns, csv, print, print_json, say};
use crate::progress::Progress;
use anyhow::Result;
use std::path::PathBuf;
use zonal::activation::Activation;
use zonal::dynamics::path::Solver;
use zonal::statistics::Precision;
use zonal_run::Error;
use zonal_run::data::Data;
use zonal_run::number::{Auto, Extended, Scale, count};
use zonal_run::train::{
    Checkpoint, Input, Output, SolverReport, TableJob, TargetJob, TrainConfig, TrainReport, interrupted,
    train,
};

/// Train a network on a table or on a target, and measure its whole path
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  zonal train data.csv --label y\n  zonal train 'rows/*.parquet' --label y,z --width 4000 \
                        --folds 5\n  zonal train --target '0.8*harmonic(2) + \
                        0.3*harmonic(4)' --dim 10 --width 2000 --iterations 1e9\n  zonal train --target \
                        'teacher(tanh, units=5) + x1^2' --dim 8 --activation tanh --width inf\n\nTargets are sums of \
                        polynomials in x1..xn, harmonic(K), neuron(A) and teacher(A, units=U) with coefficients. \
                        Training is gradient descent on the output layer from zero; every iteration count costs the \
                        same."
)]
pub(crate) struct Args {
    /// The table: files or patterns, CSV (plain or gzip), NPY, NPZ, Parquet or Arrow; larger than memory allowed
    #[arg(value_name = "DATA", required_unless_present_any = ["target", "resume"], conflicts_with = "target")]
    data: Vec<PathBuf>,
    /// A function to learn in place of a table
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    target: Option<String>,
    /// The dimension of the target's sphere [default: 10]
    #[arg(long, short = 'n', value_parser = count, value_name = "N", conflicts_with = "data")]
    dim: Option<u64>,
    /// The column to predict, or several of them with commas between
    #[arg(long, value_name = "COLUMN", conflicts_with = "target", required_unless_present_any = ["target", "resume"])]
    label: Vec<String>,
    /// The columns to predict from, separated by commas [default: all others]
    #[arg(long, value_name = "COLUMNS", conflicts_with = "target")]
    features: Vec<String>,
    /// The first line is a row, the columns are called c1, c2, ..
    #[arg(long, conflicts_with = "target")]
    no_header: bool,
    /// The character between fields; tab for a tabulator
    #[arg(long, default_value = ",", value_parser = super::delimiter, value_name = "CHAR", conflicts_with = "target")]
    delimiter: char,
    /// What to do with rows that lack a value
    #[arg(long, value_enum, default_value_t = MissingChoice::Reject, conflicts_with = "target")]
    missing: MissingChoice,
    /// Rows for testing: files or patterns [default: a part of the table]
    #[arg(long, value_name = "FILE", conflicts_with = "target")]
    test: Vec<PathBuf>,
    /// Part of the rows for testing
    #[arg(long, default_value_t = 0.2, value_name = "FRACTION", allow_negative_numbers = true, conflicts_with_all = ["target", "test"])]
    test_fraction: f64,
    /// Part of the rows for choosing the iteration
    #[arg(
        long,
        default_value_t = 0.2,
        value_name = "FRACTION",
        allow_negative_numbers = true,
        conflicts_with_all = ["target", "folds"]
    )]
    validation_fraction: f64,
    /// Choose the iteration over K folds of all rows that are not for testing, in place of validation rows; the final
    /// network is fitted to all of them
    #[arg(long, value_name = "K", conflicts_with = "target")]
    folds: Option<usize>,
    /// Fit the final network to the validation rows too, once they have chosen the iteration
    #[arg(long, conflicts_with_all = ["target", "folds"])]
    refit: bool,
    /// The precision of the features on tables; f32 is up to twice as fast, right to about six digits
    #[arg(long, value_enum, default_value_t = PrecisionChoice::F64, conflicts_with = "target")]
    precision: PrecisionChoice,
    /// A name (relu, leaky-relu, squared-relu, step, sign, abs, sigmoid, tanh, erf, gelu, silu, softplus, sin, cos,
    /// exp, square, cube, hermite-K) or an expression in t; auto chooses by a sample of the rows that are not for
    /// testing, and is relu for targets
    #[arg(long, short, default_value = "auto", value_name = "NAME")]
    activation: Auto<Activation>,
    /// The scale s of the units phi(s <w, x>): auto, sqrt-dim or a number; auto is 1 for targets
    #[arg(long, default_value = "auto", value_name = "S", allow_negative_numbers = true)]
    scale: Scale,
    /// The bias appended to the rows of a table before they are put on the sphere; auto chooses by a sample
    #[arg(
        long,
        default_value = "auto",
        value_name = "B",
        conflicts_with = "target",
        allow_negative_numbers = true
    )]
    bias: Auto<f64>,
    /// The number of hidden units; inf for the limit, on targets
    #[arg(long, short = 'm', default_value = "1000", value_name = "M", allow_negative_numbers = true)]
    width: Extended,
    /// The last iteration [default: 1e9, or the last one of --at]
    #[arg(long, short = 't', value_parser = count, value_name = "T")]
    iterations: Option<u64>,
    /// Which layers are trained
    #[arg(long, value_enum, default_value_t = Layers::Output)]
    layers: Layers,
    /// The step of the descent; auto is 1 / largest eigenvalue, at infinite width 1 / norm squared
    #[arg(long, default_value = "auto", value_name = "ETA", allow_negative_numbers = true)]
    step: Auto<f64>,
    /// How the path is found: the eigendecomposition, Lanczos with a bound on its error, or whichever is faster
    #[arg(long, value_enum, default_value_t = SolverChoice::Auto)]
    solver: SolverChoice,
    /// Iterations to report, separated by commas [default: six for each power of ten]
    #[arg(long, value_name = "LIST")]
    at: Option<String>,
    /// The largest degree to list, on targets [default: the target's, at least 4]
    #[arg(long, short = 'k', value_name = "K", conflicts_with = "data")]
    max_degree: Option<usize>,
    /// The folder for the run, or none [default: a new folder below runs]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace a run in the folder of --out
    #[arg(long, requires = "out")]
    force: bool,
    /// Go on with an interrupted training on a table, with its own options
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "data", "target", "dim", "label", "features", "no_header", "delimiter", "missing", "test", "test_fraction",
        "validation_fraction", "folds", "refit", "precision", "activation", "scale", "bias", "width", "iterations",
        "layers", "step", "solver", "at", "max_degree", "out", "force", "checkpoint",
    ])]
    resume: Option<PathBuf>,
    /// Seconds between two savings of what a training on a table has summed
    #[arg(long, value_name = "SECONDS", default_value_t = 60, conflicts_with = "target")]
    checkpoint: u64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PrecisionChoice {
    /// 53 bits
    F64,
    /// 24 bits for features and their products over a tile of rows
    F32,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SolverChoice {
    /// Lanczos where its bound is small after few steps
    Auto,
    /// The eigendecomposition
    Dense,
    /// Lanczos
    Lanczos,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Layers {
    /// The output layer; hidden units stay as drawn
    Output,
}

/// What to do with rows that lack a value.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum MissingChoice {
    /// Refuse the table
    Reject,
    /// Leave such rows out
    Drop,
}

impl MissingChoice {
    pub(crate) fn drop(self) -> bool {
        matches!(self, Self::Drop)
    }
}

/// The last iteration where neither --iterations nor --at says.
const DEFAULT_ITERATIONS: u64 = 1_000_000_000;
/// The dimension of targets where --dim does not say.
const DEFAULT_DIM: u64 = 10;
/// Rows shown in the table for people.
const SHOWN_ROWS: usize = 16;
/// Theory stands beside measurement while this many degrees are shown.
const MOST_DEGREES_WITH_THEORY: usize = 5;
const MOST_DEGREES: usize = 12;

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> Result<()> {
    let config = match &args.resume {
        Some(folder) => {
            global.refuse_seed("a training goes on with the seed that it was begun with")?;
            interrupted(folder)?
        }
        None => args.config(global)?,
    };
    let output = match (&args.out, &args.resume) {
        (_, Some(folder)) => Output::Resume(folder.clone()),
        (None, None) => Output::Numbered(PathBuf::from("runs")),
        (Some(path), None) if path.as_os_str() == "none" => Output::None,
        (Some(path), None) => Output::Folder { path: path.clone(), force: args.force },
    };
    let command = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let report = {
        let mut progress = match &config.input {
            Input::Table(_) => Progress::saving(interrupt, global.quiet),
            Input::Target(_) => Progress::new(interrupt, global.quiet),
        };
        let mut note = |note: &str| {
            if !global.quiet {
                say(&format!("note: {note}"));
            }
        };
        train(&config, &output, command, &mut progress, &mut note)?
    };
    match global.format {
        Format::Json => print_json(&report),
        Format::Csv => print(&path_csv(&report)),
        Format::Table => print(&table(&report)),
    }
}

impl Args {
    fn config(&self, global: &Global) -> Result<TrainConfig> {
        let Layers::Output = self.layers;
        let at = self.at.as_deref().map(counts).transpose()?;
        let last = at.as_ref().and_then(|list| list.iter().max().copied());
        let labels = super::lists(&self.label);
        let input = match &self.target {
            Some(text) => {
                Input::Target(TargetJob { text: text.clone(), dim: self.dim.unwrap_or(DEFAULT_DIM) })
            }
            None if self.data.is_empty() || labels.is_empty() => {
                return Err(Error::Usage("a table with --label, or a --target is needed".into()).into());
            }
            None => Input::Table(self.table(labels)),
        };
        Ok(TrainConfig {
            input,
            activation: self.activation.clone(),
            scale: self.scale,
            width: self.width,
            iterations: self.iterations.or(last).unwrap_or(DEFAULT_ITERATIONS),
            step: self.step,
            solver: match self.solver {
                SolverChoice::Auto => Solver::Auto,
                SolverChoice::Dense => Solver::Dense,
                SolverChoice::Lanczos => Solver::Lanczos,
            },
            at,
            max_degree: self.max_degree,
            seed: global.seed(),
        })
    }

    fn table(&self, labels: Vec<String>) -> TableJob {
        TableJob {
            data: Data {
                files: self.data.clone(),
                header: !self.no_header,
                delimiter: self.delimiter,
                drop_missing: self.missing.drop(),
            },
            labels,
            features: (!self.features.is_empty()).then(|| super::lists(&self.features)),
            test_fraction: self.test_fraction,
            validation_fraction: self.validation_fraction,
            test_data: (!self.test.is_empty()).then(|| self.test.clone()),
            bias: self.bias,
            folds: self.folds,
            refit: self.refit,
            precision: match self.precision {
                PrecisionChoice::F64 => Precision::F64,
                PrecisionChoice::F32 => Precision::F32,
            },
            checkpoint_seconds: self.checkpoint,
        }
    }
}

fn counts(list: &str) -> Result<Vec<u64>, Error> {
    let list = split_list(list);
    if list.is_empty() {
        return Err(Error::Usage("--at is empty; list iterations such as 0,10,1e3".into()));
    }
    list.iter().map(|t| count(t).map_err(|e| Error::Usage(format!("--at: {e}")))).collect()
}

/// The path as CSV, one row a listed iteration, degrees as columns.
fn path_csv(report: &TrainReport) -> String {
    let degrees = report.path.first().and_then(|c| c.degrees.as_ref()).map_or(0, Vec::len);
    let mut header: Vec<String> =
        ["iteration", "loss", "validation_loss", "test_loss", "tail_energy"].map(String::from).to_vec();
    for k in 0..degrees {
        header.push(format!("energy_{k}"));
        header.push(format!("predicted_{k}"));
    }
    let optional = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    let rows: Vec<Vec<String>> = report
        .path
        .iter()
        .map(|c| {
            let mut row = vec![
                c.iteration.to_string(),
                c.loss.to_string(),
                optional(c.validation_loss),
                optional(c.test_loss),
                optional(c.tail_energy),
            ];
            for d in c.degrees.iter().flatten() {
                row.push(d.energy.to_string());
                row.push(d.predicted.to_string());
            }
            row
        })
        .collect();
    csv(&header, &rows)
}

fn table(report: &TrainReport) -> String {
    match &report.target {
        Some(target) => target_table(report, target),
        None => rows_table(report),
    }
}

/// The iterations to show: powers of ten, the best and the last.
fn shown(report: &TrainReport) -> Vec<&Checkpoint> {
    let path = &report.path;
    if path.len() <= SHOWN_ROWS {
        return path.iter().collect();
    }
    let is_round =
        |t: u64| t == 0 || t.is_multiple_of(10u64.pow(t.ilog10())) && t / 10u64.pow(t.ilog10()) == 1;
    let wanted = |c: &&Checkpoint| {
        is_round(c.iteration) || c.iteration == report.best_iteration || c.iteration == report.iterations
    };
    let round: Vec<&Checkpoint> = path.iter().filter(wanted).collect();
    if (6..=SHOWN_ROWS + 6).contains(&round.len()) {
        return round;
    }
    let stride = path.len().div_ceil(SHOWN_ROWS);
    let best = |i: usize| path[i].iteration == report.best_iteration;
    (0..path.len()).filter(|&i| i % stride == 0 || i + 1 == path.len() || best(i)).map(|i| &path[i]).collect()
}

fn target_table(report: &TrainReport, target: &str) -> String {
    let mut text = format!(
        "{target}\nin dimension {}, by {} of {} units at scale {}, step {}\n\n",
        report.dim,
        report.width,
        report.activation,
        short(report.scale),
        short(report.step_size)
    );
    let energies = report.target_energy.as_deref().unwrap_or_default();
    let total: f64 = energies.iter().sum();
    // Degrees in which there is, or appears, anything to see.
    let appears = |k: usize| {
        let energy = |c: &Checkpoint| c.degrees.as_ref().map_or(0.0, |d| d[k].energy);
        energies[k] > 1e-12 * total || report.path.iter().any(|c| energy(c) > 1e-4 * total)
    };
    let degrees: Vec<usize> = (0..energies.len()).filter(|&k| appears(k)).take(MOST_DEGREES).collect();
    let theory = degrees.len() <= MOST_DEGREES_WITH_THEORY;
    let mut header = vec!["iteration".to_owned(), "loss".to_owned()];
    for k in &degrees {
        header.push(format!("degree {k}"));
        if theory {
            header.push("theory".to_owned());
        }
    }
    header.push("rest".to_owned());
    let rows: Vec<Vec<String>> = shown(report)
        .into_iter()
        .map(|c| {
            let mut row = vec![short_count(c.iteration), short(c.loss)];
            let mut rest = c.tail_energy.unwrap_or(0.0);
            for d in c.degrees.iter().flatten() {
                if !degrees.contains(&d.degree) {
                    rest += d.energy;
                    continue;
                }
                row.push(short(d.energy));
                if theory {
                    row.push(short(d.predicted));
                }
            }
            row.push(short(rest));
            row
        })
        .collect();
    text += &columns(&header, &rows);
    text += "\nEnergy of the residual by degree";
    text += if theory { "; theory: what infinite width predicts.\n" } else { ".\n" };
    text += &learned(report, &degrees);
    if let Some(bound) = report.loss_bound {
        text += &format!("Proved for the mean over hidden units: last loss at most {}.\n", short(bound));
    }
    if let Some(invisible) = report.invisible_degrees.as_ref().filter(|d| !d.is_empty()) {
        let list: Vec<String> = invisible.iter().map(usize::to_string).collect();
        let plural = if list.len() == 1 { "" } else { "s" };
        text += &format!("{} cannot see degree{plural} {}.\n", report.activation, list.join(", "));
    }
    text + &written(report)
}

/// When degrees are learned: measured, and predicted in brackets.
fn learned(report: &TrainReport, degrees: &[usize]) -> String {
    let times = report.learning.as_deref().unwrap_or_default();
    let time = |t: Option<u64>| t.map_or("-".to_owned(), short_count);
    let of = |degree: usize| times.iter().filter(move |t| t.degree == degree);
    let rows: Vec<Vec<String>> = degrees
        .iter()
        .filter(|&&k| of(k).next().is_some())
        .map(|&k| {
            let cells = of(k).map(|t| format!("{} ({})", time(t.iteration), time(t.predicted)));
            [format!("degree {k}")].into_iter().chain(cells).collect()
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = ["energy left", "50 %", "10 %", "1 %"].map(String::from);
    format!("\n{}Iterations, in brackets what infinite width predicts.\n\n", columns(&header, &rows))
}

fn rows_table(report: &TrainReport) -> String {
    let label = report.labels.as_deref().unwrap_or_default().join(", ");
    let mut text = String::new();
    if let Some(r) = report.rows {
        text += &match report.folds {
            Some(folds) => format!("{label} from {} rows in {folds} folds and {} test rows", r.train, r.test),
            None => format!(
                "{label} from {} training, {} validation and {} test rows",
                r.train, r.validation, r.test
            ),
        };
        if r.dropped > 0 {
            text += &format!(" ({} rows with missing values left out)", r.dropped);
        }
        text += &format!(
            "\nby {} of {} units at scale {}, bias {}, step {}{}\n\n",
            report.width,
            report.activation,
            short(report.scale),
            report.bias.map_or("-".to_owned(), short),
            short(report.step_size),
            solver(report)
        );
    }
    let held_out = if report.folds.is_some() { "held-out RMSE" } else { "validation RMSE" };
    let header = ["iteration", "train RMSE", held_out, "test RMSE", ""].map(String::from);
    let root = |x: Option<f64>| x.map_or("-".to_owned(), |x| short(x.sqrt()));
    let rows: Vec<Vec<String>> = shown(report)
        .into_iter()
        .map(|c| {
            let mark = if c.iteration == report.best_iteration { "best" } else { "" };
            vec![
                short_count(c.iteration),
                root(Some(c.loss)),
                root(c.validation_loss),
                root(c.test_loss),
                mark.to_owned(),
            ]
        })
        .collect();
    text += &columns(&header, &rows);
    let number = |x: Option<f64>| x.map_or("-".to_owned(), short);
    text += &format!(
        "\nbest iteration {}{}: RMSE {} on training rows, {} on test rows\n",
        report.best_iteration,
        match (report.validation_rmse, report.folds) {
            (_, Some(_)) => ", chosen over folds",
            (Some(_), None) => ", chosen on validation rows",
            (None, None) => "",
        },
        number(report.train_rmse),
        number(report.test_rmse)
    );
    if let Some(labels) = report.label_errors.as_ref().filter(|l| l.len() > 1) {
        let header = ["label", "train RMSE", "held out", "test RMSE"].map(String::from);
        let rows: Vec<Vec<String>> = labels
            .iter()
            .map(|l| {
                vec![l.label.clone(), number(l.train_rmse), number(l.validation_rmse), number(l.test_rmse)]
            })
            .collect();
        text += &format!(
            "\n{}\nErrors of all labels together are roots of means over labels.\n",
            columns(&header, &rows)
        );
    }
    for p in &report.best_polynomial {
        text += &format!(
            "best polynomial of degree {}: RMSE {} on training rows, {} on test rows",
            p.degree,
            short(p.error.sqrt()),
            root(p.test_error)
        );
        if let (Some(monomials), Some(rank), Some(rows)) = (p.monomials, p.rank, report.rows)
            && rank as u64 >= rows.train
        {
            text += &format!(" ({monomials} monomials: interpolates)");
        }
        text.push('\n');
    }
    text + &written(report)
}

/// What Lanczos did, where it was used.
fn solver(report: &TrainReport) -> String {
    let Some(SolverReport { steps: Some(steps), prediction_error: Some(error), .. }) = report.solver else {
        return String::new();
    };
    format!("\npath by {steps} steps of Lanczos: predictions within {} of the deviation", short_up(error))
}

fn written(report: &TrainReport) -> String {
    report.run.as_ref().map_or(String::new(), |run| format!("run: {run}\n"))
}
