//! The command line: commands and their options.

use crate::format::Format;
use crate::help;
use clap::{Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;
use zonal_documents::number::Whole;
use zonal_documents::request::{
    AnalyzeRequest, BoundRequest, LearnRequest, PlanRequest, PlayRequest, PredictRequest, ReportRequest,
    ReproduceRequest, SpectrumRequest, SweepRequest, Threads, TrainRequest,
};

/// Predict and run gradient descent on networks with one hidden layer: what is learned, in which order, at which
/// width
#[derive(Parser, Debug)]
#[command(
    name = "zonal",
    version,
    about,
    long_about = "For a network f(x) = (1/sqrt m) sum_j a_j phi(s <w_j, x>) with one hidden layer, trained by gradient \
                  descent on squared loss: the degrees that the activation can learn, the order in which it learns them, \
                  and the training itself, with any number of iterations at the cost of one if only the output layer \
                  is trained.",
    after_help = "Examples:\n  zonal spectrum --activation relu --dim 10\n  zonal train data.csv --label y\n  zonal \
                  analyze data.csv --label y\n  zonal \
                  train --target 'x1*x2' --dim 5\n  zonal predict runs/data-relu-1 new.csv",
    propagate_version = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(clap::Args, Debug, Clone)]
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
}

/// A command with its options.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    #[command(after_help = help::SPECTRUM)]
    Spectrum(SpectrumRequest),
    #[command(after_help = help::PLAN)]
    Plan(PlanRequest),
    #[command(after_help = help::TRAIN)]
    Train(Box<TrainRequest>),
    #[command(after_help = help::ANALYZE)]
    Analyze(AnalyzeRequest),
    #[command(after_help = help::PREDICT)]
    Predict(PredictRequest),
    #[command(after_help = help::REPORT)]
    Report(ReportRequest),
    #[command(after_help = help::REPRODUCE)]
    Reproduce(ReproduceRequest),
    #[command(after_help = help::SWEEP)]
    Sweep(SweepRequest),
    /// Statistical queries: bounds on their number, games against an oracle, descent through an oracle
    #[command(subcommand, after_help = help::SQ)]
    Sq(Queries),
    /// Print completions for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Write manual pages into a folder
    #[command(after_help = help::MAN)]
    Man {
        /// The folder, created if it does not exist
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// A command of the laboratory of statistical queries.
#[derive(Subcommand, Debug)]
pub(crate) enum Queries {
    #[command(after_help = help::SQ_BOUND)]
    Bound(BoundRequest),
    #[command(after_help = help::SQ_PLAY)]
    Play(PlayRequest),
    #[command(after_help = help::SQ_LEARN)]
    Learn(LearnRequest),
}
