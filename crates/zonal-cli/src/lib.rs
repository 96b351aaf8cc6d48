//! The program `zonal`: it turns the command line into a request, runs it, and prints the report.

#![forbid(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

mod commands;
mod format;
mod hint;
mod interrupt;
mod output;
mod progress;

use clap::{CommandFactory, Parser, Subcommand};
use commands::help;
use format::Format;
use interrupt::Interrupt;
use std::process::ExitCode;
use zonal_documents::number::Whole;
use zonal_documents::request::{
    AnalyzeRequest, BoundRequest, LearnRequest, PlanRequest, PlayRequest, PredictRequest, ReportRequest,
    ReproduceRequest, SpectrumRequest, SweepRequest, Threads, TrainRequest,
};
use zonal_io::option::{Style, set_style};

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
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(clap::Args, Debug, Clone)]
struct Global {
    /// Format of results on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    format: Format,
    /// Seed of all random numbers; the same seed gives the same bits [default: 0]
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    seed: Option<Whole>,
    /// Number of threads; results do not depend on it [default: all cores]
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    threads: Option<Threads>,
    /// Suppress notes and progress
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
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
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}

#[derive(Subcommand, Debug)]
enum Queries {
    #[command(after_help = help::SQ_BOUND)]
    Bound(BoundRequest),
    #[command(after_help = help::SQ_PLAY)]
    Play(PlayRequest),
    #[command(after_help = help::SQ_LEARN)]
    Learn(LearnRequest),
}

/// Exit codes other than success.
mod exit {
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const DOES_NOT_HOLD: u8 = 3;
}

/// The result of a command that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The command succeeded.
    Success,
    /// A check ran, and its statement does not hold.
    DoesNotHold,
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    set_style(Style::Program);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(mut error) => {
            let arguments = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned());
            hint::improve(&mut error, &hint::innermost(Cli::command(), arguments));
            // Help and version go to standard output and are a success. A closed pipe is not an error.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { 0 });
        }
    };
    let interrupt = Interrupt::install();
    if let Some(threads) = cli.global.threads {
        // This fails only if a thread pool exists, and none is created before this line.
        let _ = zonal_run::set_threads(threads);
    }
    match run(cli, &interrupt) {
        Ok(status) => match (interrupt.deferred_code(), status) {
            (Some(code), _) => ExitCode::from(code),
            (None, Status::Success) => ExitCode::SUCCESS,
            (None, Status::DoesNotHold) => ExitCode::from(exit::DOES_NOT_HOLD),
        },
        Err(error) => code_of(&error, &interrupt),
    }
}

fn run(cli: Cli, interrupt: &Interrupt) -> anyhow::Result<Status> {
    zonal::numeric::check_instructions().map_err(zonal_documents::Error::from)?;
    match cli.command {
        Command::Completions(args) => commands::completions::run(&args).map(|()| Status::Success),
        Command::Man(args) => commands::man::run(&args).map(|()| Status::Success),
        command => commands::perform(&commands::request(command, &cli.global)?, &cli.global, interrupt),
    }
}

/// Prints an error and returns its exit code. A closed pipe is not an error.
fn code_of(error: &anyhow::Error, interrupt: &Interrupt) -> ExitCode {
    use zonal_documents::Error;
    if output::is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let known = error.downcast_ref::<Error>();
    // An interrupted job, whether or not it saved its progress.
    if let (
        Some(interruption @ (Error::Interrupted { .. } | Error::Core(zonal::Error::Stopped(_)))),
        Some(code),
    ) = (known, interrupt.deferred_code())
    {
        output::print_error_line(&interruption.to_string());
        return ExitCode::from(code);
    }
    output::print_error_line(&format!("error: {error:#}"));
    match known {
        Some(e) if e.is_usage() => {
            output::print_error_line("for help: zonal --help, or zonal COMMAND --help");
            ExitCode::from(exit::USAGE)
        }
        _ => ExitCode::from(exit::FAILED),
    }
}

/// Returns the long names of a command's options with their default values, for tests.
pub fn options(command: &[String]) -> Vec<(String, Option<String>)> {
    let mut current = Cli::command();
    for name in command {
        let Some(next) = current.find_subcommand(name).cloned() else { return Vec::new() };
        current = next;
    }
    let default = |arg: &clap::Arg| {
        let values: Vec<String> =
            arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect();
        (!values.is_empty()).then(|| values.join(","))
    };
    current.get_arguments().filter_map(|a| Some((a.get_long()?.to_owned(), default(a)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// The requests define the defaults: a command line without options yields the default request.
    #[test]
    fn a_command_line_without_options_is_the_default_request() {
        use zonal_documents::request::Request;
        for (line, json) in [
            ("spectrum", r#"{"command": "spectrum"}"#),
            ("plan --target x1", r#"{"command": "plan", "target": "x1"}"#),
            ("train d.csv --label y", r#"{"command": "train", "data": ["d.csv"], "label": "y"}"#),
            ("analyze d.csv --label y", r#"{"command": "analyze", "data": ["d.csv"], "label": "y"}"#),
            ("predict m d.csv", r#"{"command": "predict", "model": "m", "data": ["d.csv"]}"#),
            ("report r", r#"{"command": "report", "runs": ["r"]}"#),
            ("reproduce", r#"{"command": "reproduce"}"#),
            ("sweep s.toml", r#"{"command": "sweep", "file": "s.toml"}"#),
            (
                "sq bound --family zonal --dim 9 --degree 3 --tolerance .1",
                r#"{"command": "sq-bound", "dim": 9, "degree": 3, "tolerance": ".1"}"#,
            ),
            (
                "sq play --family zonal --dim 9 --degree 3 --tolerance .1",
                r#"{"command": "sq-play", "dim": 9, "degree": 3, "tolerance": ".1"}"#,
            ),
            ("sq learn --target x1 --dim 5", r#"{"command": "sq-learn", "target": "x1", "dim": 5}"#),
        ] {
            let cli = Cli::try_parse_from(["zonal"].into_iter().chain(line.split(' '))).unwrap();
            let typed = commands::request(cli.command, &cli.global).unwrap();
            let expected = Request::from_json(json).unwrap();
            assert_eq!(
                serde_json::to_value(&typed).unwrap(),
                serde_json::to_value(&expected).unwrap(),
                "{line}"
            );
        }
    }
}
