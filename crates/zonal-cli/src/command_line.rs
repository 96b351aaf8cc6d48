//! The command line: commands and their options.

use crate::format::Format;
use crate::help;
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use std::ffi::OsString;
use std::path::PathBuf;
use zonal_documents::number::Whole;
use zonal_documents::request::{
    AnalyzeRequest, BoundRequest, CompareRequest, CurveRequest, LearnRequest, PlanRequest, PlayRequest,
    PredictRequest, RemoveRequest, ReportRequest, ReproduceRequest, RunsRequest, SpectrumRequest,
    SweepRequest, Threads, TrainRequest,
};

/// Predict and run gradient descent on networks with one hidden layer: what is learned, in which order, at which
/// width
#[derive(Parser, Debug)]
#[command(
    name = "zonal",
    version,
    long_about = "For a network f(x) = (1/sqrt m) sum_j a_j phi(s <w_j, x>) with one hidden layer, trained by gradient \
                  descent on squared loss: the degrees that the activation can learn, the order in which it learns them, \
                  and the training itself, with any number of iterations at the cost of one if only the output layer \
                  is trained.",
    propagate_version = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Format of results on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Seed of all random numbers; the same seed gives the same bits [default: 0]
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    pub(crate) seed: Option<Whole>,
    /// Number of threads; results do not depend on it [default: all cores]
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    pub(crate) threads: Option<Threads>,
    /// Suppress notes and progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Print a summary (-h), or every option with its explanation (--help)
    #[arg(long, short, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// Print the version
    #[arg(long, short = 'V', global = true, action = ArgAction::Version)]
    version: Option<bool>,
}

/// Returns the command line with the examples of each command.
pub(crate) fn definition() -> clap::Command {
    help::add(Cli::command(), "")
}

/// Parses the arguments of the program.
///
/// # Errors
/// Unknown or missing arguments; also help and version, which are printed like errors.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = definition();
    let matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// A command with its options.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Spectrum(SpectrumRequest),
    Plan(PlanRequest),
    Curve(Box<CurveRequest>),
    Train(Box<TrainRequest>),
    Analyze(AnalyzeRequest),
    Predict(PredictRequest),
    Report(ReportRequest),
    /// List, compare and remove runs
    #[command(args_conflicts_with_subcommands = true)]
    Runs {
        #[command(flatten)]
        list: RunsRequest,
        #[command(subcommand)]
        action: Option<Runs>,
    },
    Reproduce(ReproduceRequest),
    Sweep(SweepRequest),
    /// Statistical queries: bounds on their number, games against an oracle, descent through an oracle
    #[command(subcommand)]
    Sq(Queries),
    /// Print completions for a shell
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Write manual pages into a folder
    Man {
        /// The folder, created if it does not exist
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// A command for runs.
#[derive(Subcommand, Debug)]
pub(crate) enum Runs {
    Compare(CompareRequest),
    Remove(RemoveRequest),
}

/// A command of the laboratory of statistical queries.
#[derive(Subcommand, Debug)]
pub(crate) enum Queries {
    Bound(BoundRequest),
    Play(PlayRequest),
    Learn(LearnRequest),
}
