//! The program `zonal`, and its command line as values for those who ask in other ways.

#![forbid(unsafe_code)]
// What a user does must not make it panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

mod commands;
mod format;
mod hint;
mod interrupt;
mod output;
mod progress;
pub mod request;

use clap::{CommandFactory, Parser, Subcommand};
use format::Format;
use interrupt::Interrupt;
use std::process::ExitCode;
use zonal_documents::number::whole;

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
    /// How results are printed on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    format: Format,
    /// Seed of everything random; the same seed gives the same bits [default: 0]
    #[arg(long, global = true, value_name = "N", value_parser = whole::<u64>, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Threads to use [default: all cores]; results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = commands::threads, allow_negative_numbers = true)]
    threads: Option<u16>,
    /// No notes and no progress on standard error
    #[arg(long, short, global = true)]
    quiet: bool,
}

impl Global {
    fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }

    /// For commands whose seeds are set by something else.
    fn refuse_seed(&self, why: &str) -> anyhow::Result<()> {
        match self.seed {
            None => Ok(()),
            Some(_) => Err(zonal_documents::Error::Usage(format!("--seed has no effect here: {why}")).into()),
        }
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    Spectrum(commands::spectrum::Args),
    Plan(Box<commands::plan::Args>),
    Train(Box<commands::train::Args>),
    Analyze(commands::analyze::Args),
    Predict(commands::predict::Args),
    Report(commands::report::Args),
    Reproduce(commands::reproduce::Args),
    Sweep(commands::sweep::Args),
    Sq(commands::sq::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}

/// Exit codes beside success.
mod exit {
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const DOES_NOT_HOLD: u8 = 3;
}

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// It did what was asked.
    Well,
    /// A check ran, and what it checked is not so.
    DoesNotHold,
}

/// The program.
pub fn main() -> ExitCode {
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
        let _ = commands::set_threads(usize::from(threads));
    }
    match run(&cli, &interrupt) {
        Ok(done) => match (interrupt.waited(), done) {
            (Some(code), _) => ExitCode::from(code),
            (None, Done::Well) => ExitCode::SUCCESS,
            (None, Done::DoesNotHold) => ExitCode::from(exit::DOES_NOT_HOLD),
        },
        Err(error) => code_of(&error, &interrupt),
    }
}

fn run(cli: &Cli, interrupt: &Interrupt) -> anyhow::Result<Done> {
    zonal::numeric::check_instructions().map_err(zonal_documents::Error::from)?;
    match &cli.command {
        Command::Train(args) => return commands::train::run(args, &cli.global, interrupt),
        Command::Plan(args) => return commands::plan::run(args, &cli.global, interrupt),
        Command::Reproduce(args) => return commands::reproduce::run(args, &cli.global, interrupt),
        Command::Spectrum(args) => commands::spectrum::run(args, &cli.global)?,
        Command::Sweep(args) => commands::sweep::run(args, &cli.global, interrupt)?,
        Command::Sq(args) => commands::sq::run(args, &cli.global, interrupt)?,
        Command::Analyze(args) => commands::analyze::run(args, &cli.global, interrupt)?,
        Command::Predict(args) => commands::predict::run(args, &cli.global, interrupt)?,
        Command::Report(args) => commands::report::run(args, &cli.global)?,
        Command::Completions(args) => commands::completions::run(args)?,
        Command::Man(args) => commands::man::run(args)?,
    }
    Ok(Done::Well)
}

/// Prints the error and finds its exit code. A closed pipe is no error: whoever reads has read enough.
fn code_of(error: &anyhow::Error, interrupt: &Interrupt) -> ExitCode {
    if output::is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if let (Some(stopped @ zonal_documents::Error::Interrupted { .. }), Some(code)) =
        (error.downcast_ref::<zonal_documents::Error>(), interrupt.waited())
    {
        output::say(&stopped.to_string());
        return ExitCode::from(code);
    }
    // Work that keeps nothing.
    if let (Some(stopped @ zonal_documents::Error::Core(zonal::Error::Stopped(_))), Some(code)) =
        (error.downcast_ref::<zonal_documents::Error>(), interrupt.waited())
    {
        output::say(&stopped.to_string());
        return ExitCode::from(code);
    }
    output::say(&format!("error: {error:#}"));
    match error.downcast_ref::<zonal_documents::Error>() {
        Some(e) if e.is_usage() => {
            output::say("for help: zonal --help, or zonal COMMAND --help");
            ExitCode::from(exit::USAGE)
        }
        _ => ExitCode::from(exit::FAILED),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
