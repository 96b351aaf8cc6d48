//! The program `zonal`: it turns the command line into a request, runs it, and prints the report.

#![forbid(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

mod command_line;
mod commands;
mod format;
mod help;
mod hint;
mod interrupt;
mod output;
mod progress;

use command_line::{Cli, Command, definition, parse};
use commands::Status;
use interrupt::Interrupt;
use std::process::ExitCode;
use zonal_io::option::{Style, set_style};

/// Exit codes other than success.
mod exit {
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const DOES_NOT_HOLD: u8 = 3;
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    set_style(Style::Program);
    let cli = match parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(mut error) => {
            let arguments: Vec<String> = arguments().collect();
            hint::improve(&mut error, &hint::innermost(definition(), arguments.iter().cloned()), &arguments);
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
        Command::Completions { shell } => commands::completions::run(shell).map(|()| Status::Success),
        Command::Man { folder } => commands::man::run(&folder).map(|()| Status::Success),
        command => commands::perform(&commands::request(command, &cli.global)?, &cli.global, interrupt),
    }
}

/// Returns the words after the name of the program.
fn arguments() -> impl Iterator<Item = String> {
    std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned())
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
            let command = hint::innermost(definition(), arguments());
            output::print_error_line(&format!(
                "for help: {} --help",
                command.get_bin_name().unwrap_or("zonal")
            ));
            ExitCode::from(exit::USAGE)
        }
        _ => ExitCode::from(exit::FAILED),
    }
}

/// Returns the long names of a command's options with their default values, for tests.
pub fn options(command: &[String]) -> Vec<(String, Option<String>)> {
    let mut current = definition();
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
        definition().debug_assert();
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
            let cli = parse(["zonal"].into_iter().chain(line.split(' ')).map(Into::into)).unwrap();
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
