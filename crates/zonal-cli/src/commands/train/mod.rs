//! `zonal train`.

mod descent;
mod print;

use self::descent::DescentArgs;
use super::report::{PageArgs, output};
use super::split_list;
use crate::format::Format;
use crate::interrupt::Interrupt;
use crate::output::{command_line, print, print_json, say};
use crate::progress::Progress;
use crate::{Done, Global};
use anyhow::Result;
use std::path::{Path, PathBuf};
use zonal::activation::Activation;
use zonal::dynamics::path::Solver;
use zonal::statistics::Precision;
use zonal_documents::Error;
use zonal_documents::agreement::Moved;
use zonal_documents::number::{Auto, Extended, Scale, count, real, real_or_auto, whole};
use zonal_documents::table::Data;
use zonal_documents::train::{Input, TableJob, TargetJob, TrainConfig};
use zonal_jobs::again::again;
use zonal_jobs::record::Output;
use zonal_jobs::train::{interrupted, train};

/// Train a network on a table or on a target, and measure its whole path
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  zonal train data.csv --label y\n  zonal train 'rows/*.parquet' --label y,z --width 4000 \
                        --folds 5\n  zonal train --target '0.8*harmonic(2) + \
                        0.3*harmonic(4)' --dim 10 --width 2000 --iterations 1e9\n  zonal train --target \
                        'teacher(tanh, units=5) + x1^2' --dim 8 --activation tanh --width inf\n  zonal train --target \
                        'neuron(tanh)' --dim 20 --layers both --activation erf --width 500\n  zonal train data.csv --label y \
                        --layers both --batch 256 --precision f32\n\nTargets are sums of \
                        polynomials in x1..xn, harmonic(K), neuron(A) and teacher(A, units=U) with coefficients. \
                        Training is gradient descent on the output layer from zero, where every iteration count costs the \
                        same; with --layers both or hidden, or a --batch, it goes step by step.\n\nThe run folder holds run.json, metrics.jsonl and \
                  metrics.csv (the path), model.safetensors, report.html (a page to look at), and of tables test_rows.csv (labels and predictions \
                  of up to 1,000 test rows at equal distances)."
)]
pub(crate) struct Args {
    /// The table: files or patterns, CSV (plain or gzip), NPY, NPZ, Parquet or Arrow; larger than memory allowed
    #[arg(value_name = "DATA", required_unless_present_any = ["target", "resume", "again"], conflicts_with = "target")]
    data: Vec<PathBuf>,
    /// A function to learn in place of a table
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    target: Option<String>,
    /// The dimension of the target's sphere [default: 10]
    #[arg(long, short = 'n', value_parser = count, value_name = "N", conflicts_with = "data")]
    dim: Option<u64>,
    /// The column to predict, or several of them with commas between
    #[arg(long, value_name = "COLUMN", conflicts_with = "target", required_unless_present_any = ["target", "resume", "again"])]
    label: Vec<String>,
    /// The columns to predict from, separated by commas [default: all others]
    #[arg(long, value_name = "COLUMNS", conflicts_with = "target")]
    features: Vec<String>,
    /// The column of the rows' weights in every mean; rows of weight 0 are left out
    #[arg(long, value_name = "COLUMN", conflicts_with = "target")]
    weight: Option<String>,
    /// Rows are points of the unit sphere as they are: no column is standardised, no bias appended
    #[arg(long, conflicts_with_all = ["target", "bias"])]
    on_sphere: bool,
    /// The first line is a row, the columns are called c1, c2, ..
    #[arg(long, conflicts_with = "target")]
    no_header: bool,
    /// Character between fields, or tab [default: tab for .tsv, otherwise ,]
    #[arg(long, value_parser = super::delimiter, value_name = "CHAR", conflicts_with = "target")]
    delimiter: Option<char>,
    /// What to do with rows that lack a value
    #[arg(long, value_enum, default_value_t = MissingChoice::Reject, conflicts_with = "target")]
    missing: MissingChoice,
    /// Rows for testing: files or patterns [default: a part of the table]
    #[arg(long, value_name = "FILE", conflicts_with = "target")]
    test: Vec<PathBuf>,
    /// Part of the rows for testing
    #[arg(long, default_value_t = 0.2, value_parser = real, value_name = "FRACTION", allow_negative_numbers = true, conflicts_with_all = ["target", "test"])]
    test_fraction: f64,
    /// Part of the rows for choosing the iteration
    #[arg(
        long,
        default_value_t = 0.2,
        value_parser = real,
        value_name = "FRACTION",
        allow_negative_numbers = true,
        conflicts_with_all = ["target", "folds"]
    )]
    validation_fraction: f64,
    /// Choose the iteration over K folds of all rows that are not for testing, in place of validation rows; the final
    /// network is fitted to all of them
    #[arg(long, value_parser = whole::<usize>, value_name = "K", conflicts_with = "target", allow_negative_numbers = true)]
    folds: Option<usize>,
    /// Fit the final network to the validation rows too, once they have chosen the iteration
    #[arg(long, conflicts_with_all = ["target", "folds"])]
    refit: bool,
    /// The precision of the features on tables, and of all weights step by step; f32 is up to twice as fast, right to about
    /// six digits
    #[arg(long, value_enum, default_value_t = PrecisionChoice::F64)]
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
        value_parser = real_or_auto,
        value_name = "B",
        conflicts_with = "target",
        allow_negative_numbers = true
    )]
    bias: Auto<f64>,
    /// The number of hidden units; inf for the limit, on targets
    #[arg(long, short = 'm', default_value = "1000", value_name = "M", allow_negative_numbers = true)]
    width: Extended,
    /// The last iteration [default: 1e9, step by step 1e4, or the last one of --at]
    #[arg(long, short = 't', value_parser = count, value_name = "T")]
    iterations: Option<u64>,
    /// The step of the descent; auto is 1 / largest eigenvalue, at infinite width 1 / norm squared, step by step
    /// 1 / curvature at the start
    #[arg(long, default_value = "auto", value_parser = real_or_auto, value_name = "ETA", allow_negative_numbers = true)]
    step: Auto<f64>,
    /// How the path is found: the eigendecomposition, Lanczos with a bound on its error, or whichever is faster
    #[arg(long, value_enum, default_value_t = SolverChoice::Auto)]
    solver: SolverChoice,
    /// Iterations to report, separated by commas [default: six for each power of ten]
    #[arg(long, value_name = "LIST")]
    at: Option<String>,
    /// The largest degree to list, on targets [default: the target's, at least 4]
    #[arg(long, short = 'k', value_parser = whole::<usize>, value_name = "K", conflicts_with = "data", allow_negative_numbers = true)]
    max_degree: Option<usize>,
    /// The folder for the run, or none [default: a new folder below runs]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace a run in the folder of --out
    #[arg(long, requires = "out")]
    force: bool,
    /// Go on with an interrupted training, with its own options
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "data", "target", "dim", "label", "features", "weight", "on_sphere", "no_header", "delimiter", "missing", "test", "test_fraction",
        "validation_fraction", "folds", "refit", "precision", "activation", "scale", "bias", "width", "iterations",
        "layers", "batch", "units", "biases", "parametrisation", "init", "patience", "step", "solver", "at", "max_degree", "out", "force", "checkpoint",
    ])]
    resume: Option<PathBuf>,
    /// Repeat a finished training from its run.json, and say whether it agrees: the same bits by the same version on the same
    /// kind of processor, otherwise losses within 1e-6 of the first one; exit code 3 if not. DATA and --test say where its
    /// files are now, if they have been moved. Written only where --out says
    #[arg(long, value_name = "RECORD", conflicts_with_all = [
        "target", "dim", "label", "features", "weight", "on_sphere", "no_header", "delimiter", "missing", "test_fraction",
        "validation_fraction", "folds", "refit", "precision", "activation", "scale", "bias", "width", "iterations",
        "layers", "batch", "units", "biases", "parametrisation", "init", "patience", "step", "solver", "at", "max_degree", "resume", "checkpoint",
    ])]
    pub(crate) again: Option<PathBuf>,
    /// Seconds between two savings of what a training has done so far
    #[arg(long, value_parser = whole::<u64>, value_name = "SECONDS", default_value_t = 60, allow_negative_numbers = true)]
    checkpoint: u64,
    #[command(flatten)]
    pub(crate) page: PageArgs,
    // Last, since its heading would hold for what follows.
    #[command(flatten)]
    descent: DescentArgs,
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
/// The same, step by step.
const DEFAULT_STEPS: u64 = 10_000;
/// The dimension of targets where --dim does not say.
const DEFAULT_DIM: u64 = 10;

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> Result<Done> {
    if let Some(record) = &args.again {
        return repeat(record, args, global, interrupt);
    }
    let (config, output, command) = args.job(global)?;
    let command = command.unwrap_or_else(command_line);
    let report = {
        let mut progress = match &config.input {
            Input::Table(_) => Progress::saving(interrupt, global.quiet),
            Input::Target(_) if config.descent.is_some() => Progress::saving(interrupt, global.quiet),
            Input::Target(_) => Progress::new(interrupt, global.quiet),
        };
        let mut note = |note: &str| {
            if !global.quiet {
                say(&format!("note: {note}"));
            }
        };
        train(&config, &output, command, &mut progress, &mut note)?.report
    };
    // The run is there: its numbers are printed whatever becomes of its page.
    let page = interrupt.holding(|| args.page.write(report.run.as_deref()));
    match global.format {
        Format::Json => print_json(&report),
        Format::Csv => print(&report.path_csv()?),
        Format::Table => print(&print::table(&report)),
    }?;
    page?;
    Ok(Done::Well)
}

/// `--again`.
fn repeat(record: &Path, args: &Args, global: &Global, interrupt: &Interrupt) -> Result<Done> {
    let output = args.repetition(global)?;
    let (trained, agreement) = {
        let mut progress = Progress::saving(interrupt, global.quiet);
        let mut note = |note: &str| {
            if !global.quiet {
                say(&format!("note: {note}"));
            }
        };
        again(record, &args.moved(), &output, command_line(), &mut progress, &mut note)?
    };
    let page = interrupt.holding(|| args.page.write(trained.report.run.as_deref()));
    match global.format {
        Format::Json => print_json(&agreement),
        Format::Csv => print(&trained.report.path_csv()?),
        Format::Table => print(&print::agreement(&agreement)),
    }?;
    page?;
    Ok(if agreement.agrees { Done::Well } else { Done::DoesNotHold })
}

impl Args {
    /// What to train and where it goes; the command line that began it, where it goes on.
    pub(crate) fn job(&self, global: &Global) -> Result<(TrainConfig, Output, Option<Vec<String>>)> {
        let (config, output, command) = match &self.resume {
            Some(folder) => {
                global.refuse_seed("a training goes on with the seed that it was begun with")?;
                let (config, command) = interrupted(folder)?;
                (config, Output::Resume(folder.clone()), Some(command))
            }
            None => (self.config(global)?, output(self.out.as_deref(), self.force)?, None),
        };
        self.page.check(&output)?;
        Ok((config, output, command))
    }

    /// Where the files of a repetition are, if it is said.
    pub(crate) fn moved(&self) -> Moved {
        Moved { data: self.data.clone(), test: self.test.clone() }
    }

    /// Where a repetition goes: nowhere if it is not said.
    pub(crate) fn repetition(&self, global: &Global) -> Result<Output> {
        global.refuse_seed("a run is repeated with its own seed")?;
        let output = match &self.out {
            None => Output::None,
            Some(out) => output(Some(out), self.force)?,
        };
        self.page.check(&output)?;
        Ok(output)
    }

    fn config(&self, global: &Global) -> Result<TrainConfig> {
        let at = self.at.as_deref().map(counts).transpose()?;
        let last = at.as_ref().and_then(|list| list.iter().max().copied());
        let descent = self.descent.config(
            self.target.is_some(),
            &self.activation,
            self.precision(),
            self.checkpoint,
        )?;
        if descent.is_none() && self.target.is_some() && self.precision() == Precision::F32 {
            let message =
                "--precision f32 is for tables and for training step by step; the path on a target is f64";
            return Err(Error::Usage(message.into()).into());
        }
        if descent.is_some() && !matches!(self.solver, SolverChoice::Auto) {
            let message = "--solver is for the path of the output layer; training step by step has none";
            return Err(Error::Usage(message.into()).into());
        }
        let labels = super::lists(&self.label, "--label")?;
        let input = match &self.target {
            Some(text) => {
                Input::Target(TargetJob { text: text.clone(), dim: self.dim.unwrap_or(DEFAULT_DIM) })
            }
            None if self.data.is_empty() || labels.is_empty() => {
                return Err(Error::Usage("a table with --label, or a --target is needed".into()).into());
            }
            None => Input::Table(Box::new(self.table(labels)?)),
        };
        Ok(TrainConfig {
            input,
            activation: self.activation.clone(),
            scale: self.scale,
            width: self.width,
            iterations: self.iterations.or(last).unwrap_or(if descent.is_some() {
                DEFAULT_STEPS
            } else {
                DEFAULT_ITERATIONS
            }),
            step: self.step,
            solver: match self.solver {
                SolverChoice::Auto => Solver::Auto,
                SolverChoice::Dense => Solver::Dense,
                SolverChoice::Lanczos => Solver::Lanczos,
            },
            at,
            max_degree: self.max_degree,
            descent,
            seed: global.seed(),
        })
    }

    fn precision(&self) -> Precision {
        match self.precision {
            PrecisionChoice::F64 => Precision::F64,
            PrecisionChoice::F32 => Precision::F32,
        }
    }

    fn table(&self, labels: Vec<String>) -> Result<TableJob, Error> {
        Ok(TableJob {
            data: Data {
                files: self.data.clone(),
                header: !self.no_header,
                delimiter: super::delimiter_of(self.delimiter, &[&self.data, &self.test])?,
                drop_missing: self.missing.drop(),
                directory: None,
                memory: None,
            },
            labels,
            features: super::columns(&self.features)?,
            test_fraction: self.test_fraction,
            validation_fraction: self.validation_fraction,
            test_data: (!self.test.is_empty()).then(|| self.test.clone()),
            weight: self.weight.clone(),
            on_sphere: self.on_sphere,
            bias: self.bias,
            folds: self.folds,
            refit: self.refit,
            precision: self.precision(),
            checkpoint_seconds: self.checkpoint,
        })
    }
}

fn counts(list: &str) -> Result<Vec<u64>, Error> {
    let list = split_list(list);
    if list.is_empty() {
        return Err(Error::Usage("--at is empty; list iterations such as 0,10,1e3".into()));
    }
    list.iter().map(|t| count(t).map_err(|e| Error::Usage(format!("--at: {e}")))).collect()
}
