//! The program `zonal`: its command line becomes a request, and the report of the request is printed.

#![forbid(unsafe_code)]
// What a user does must not make it panic.
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

/// What a network with one hidden layer learns by gradient descent, in which order, how wide and how long.
#[derive(Parser, Debug)]
#[command(
    name = "zonal",
    version,
    about,
    long_about = "For a network f(x) = (1/sqrt m) sum_j a_j phi(s <w_j, x>) with one hidden layer, trained by gradient \
                  descent on squared loss: which degrees its activation sees, what it learns and in which order, and \
                  the training itself, to any number of iterations at the cost of one.",
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

/// Options that every command takes.
#[derive(clap::Args, Debug, Clone)]
struct Global {
    /// Format of results on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    format: Format,
    /// Seed of everything random; the same seed gives the same bits [default: 0]
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    seed: Option<Whole>,
    /// Threads to use [default: all cores]; results do not depend on it
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
    /// Statistical queries: how many a learner needs, the game against an oracle, descent through one
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

/// The end of a command that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// It did what was asked.
    Well,
    /// A check ran, and what it checked does not hold.
    DoesNotHold,
}

/// The program.
pub fn main() -> ExitCode {
    set_style(Style::Program);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(mut error) => {
            let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
            hint::improve(&mut error, &hint::named(Cli::command(), words));
            // Help and version go to standard output and are a success, unless nobody reads them.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { 0 });
        }
    };
    let interrupt = Interrupt::install();
    if let Some(threads) = cli.global.threads {
        // Only fails when a pool exists already, which nothing before this line makes.
        let _ = zonal_run::set_threads(threads);
    }
    match run(cli, &interrupt) {
        Ok(done) => match (interrupt.waited(), done) {
            (Some(code), _) => ExitCode::from(code),
            (None, Done::Well) => ExitCode::SUCCESS,
            (None, Done::DoesNotHold) => ExitCode::from(exit::DOES_NOT_HOLD),
        },
        Err(error) => code_of(&error, &interrupt),
    }
}

fn run(cli: Cli, interrupt: &Interrupt) -> anyhow::Result<Done> {
    zonal::numeric::check_instructions().map_err(zonal_documents::Error::from)?;
    match cli.command {
        Command::Completions(args) => commands::completions::run(&args).map(|()| Done::Well),
        Command::Man(args) => commands::man::run(&args).map(|()| Done::Well),
        command => commands::perform(&commands::request(command, &cli.global)?, &cli.global, interrupt),
    }
}

/// Prints the error and finds its exit code. A closed pipe is no error: its reader has read enough.
fn code_of(error: &anyhow::Error, interrupt: &Interrupt) -> ExitCode {
    use zonal_documents::Error;
    if output::is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let found = error.downcast_ref::<Error>();
    // A job that was stopped, whether or not it saved its progress.
    if let (Some(stopped @ (Error::Interrupted { .. } | Error::Core(zonal::Error::Stopped(_)))), Some(code)) =
        (found, interrupt.waited())
    {
        output::say(&stopped.to_string());
        return ExitCode::from(code);
    }
    output::say(&format!("error: {error:#}"));
    match found {
        Some(e) if e.is_usage() => {
            output::say("for help: zonal --help, or zonal COMMAND --help");
            ExitCode::from(exit::USAGE)
        }
        _ => ExitCode::from(exit::FAILED),
    }
}

/// The options of a command by their long names, with their defaults as text where there is one: for tests.
pub fn options(command: &[String]) -> Vec<(String, Option<String>)> {
    let mut found = Cli::command();
    for name in command {
        let Some(next) = found.find_subcommand(name).cloned() else { return Vec::new() };
        found = next;
    }
    let default = |arg: &clap::Arg| {
        let values: Vec<String> =
            arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect();
        (!values.is_empty()).then(|| values.join(","))
    };
    found.get_arguments().filter_map(|a| Some((a.get_long()?.to_owned(), default(a)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Defaults are written once, in the requests: a command line without options asks for them.
    #[test]
    fn a_command_line_without_options_is_the_default_request() {
        use zonal_documents::request::Request;
        for (words, json) in [
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
            let cli = Cli::try_parse_from(["zonal"].into_iter().chain(words.split(' '))).unwrap();
            let typed = commands::request(cli.command, &cli.global).unwrap();
            let asked = Request::from_json(json).unwrap();
            assert_eq!(
                serde_json::to_value(&typed).unwrap(),
                serde_json::to_value(&asked).unwrap(),
                "{words}"
            );
        }
    }
}
