//! Commands: from the command line to a request, and from its report to standard output.

pub(crate) mod completions;
pub(crate) mod man;
mod predict;

use crate::command_line::{Command, Global, Queries, Runs};
use crate::format::Format;
use crate::interrupt::Interrupt;
use crate::output::{command_line, print, print_error_line, terminal_width};
use crate::progress::Progress;
use anyhow::Result;
use predict::Stream;
use zonal_documents::Error;
use zonal_documents::report::Report;
use zonal_documents::request::{Request, TrainRequest};
use zonal_io::option::OptionId;
use zonal_report::plain::{self, Layout};
use zonal_run::{Context, Outcome};

/// The result of a command that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The command succeeded.
    Success,
    /// A check ran, and its statement does not hold.
    DoesNotHold,
}

/// Builds the request of a command line.
///
/// # Errors
/// [`Error::Usage`] for empty column names, and for a seed if the command draws no random numbers.
pub(crate) fn request(command: Command, global: &Global) -> Result<Request> {
    let seed = global.seed;
    let unused = |why: &str| match seed {
        None => Ok(()),
        Some(_) => Err(Error::Usage(format!("{} has no effect here: {why}", OptionId::new("seed")))),
    };
    Ok(match command {
        Command::Spectrum(request) => Request::Spectrum(request),
        Command::Plan(mut request) => {
            request.seed = seed;
            Request::Plan(request)
        }
        Command::Curve(mut request) => {
            request.seed = seed;
            request.split_names()?;
            Request::Curve(request)
        }
        Command::Train(mut request) => {
            request.seed = seed;
            request.split_names()?;
            Request::Train(request)
        }
        Command::Analyze(mut request) => {
            request.seed = seed;
            request.split_names()?;
            Request::Analyze(request)
        }
        Command::Predict(mut request) => {
            request.split_names()?;
            Request::Predict(request)
        }
        Command::Report(request) => {
            unused("a report uses no random numbers")?;
            Request::Report(request)
        }
        Command::Runs { list, action } => {
            unused("runs that are finished use no random numbers")?;
            match action {
                None => Request::Runs(list),
                Some(Runs::Compare(request)) => Request::RunsCompare(request),
                Some(Runs::Remove(request)) => Request::RunsRemove(request),
            }
        }
        Command::Reproduce(request) => {
            unused("claims use fixed seeds, so that a version always yields the same numbers")?;
            Request::Reproduce(request)
        }
        Command::Sweep(mut request) => {
            request.seed = seed;
            Request::Sweep(request)
        }
        Command::Sq(Queries::Bound(mut request)) => {
            request.seed = seed;
            Request::SqBound(request)
        }
        Command::Sq(Queries::Play(mut request)) => {
            request.seed = seed;
            Request::SqPlay(request)
        }
        Command::Sq(Queries::Learn(mut request)) => {
            request.seed = seed;
            Request::SqLearn(request)
        }
        Command::Completions { .. } | Command::Man { .. } => anyhow::bail!("this command has no request"),
    })
}

/// Runs a request and prints its report.
pub(crate) fn perform(request: &Request, global: &Global, interrupt: &Interrupt) -> Result<Status> {
    let mut stream = Stream::new(global.format == Format::Json);
    let outcome = {
        let mut progress = progress(request, global, interrupt);
        let mut notes = |note: &str| {
            if !global.quiet {
                print_error_line(&format!("note: {note}"));
            }
        };
        let mut predictions = |block: zonal_jobs::predict::Block<'_>| stream.print(block);
        let mut context = Context {
            command: command_line(),
            observer: &mut progress,
            notes: &mut notes,
            predictions: &mut predictions,
        };
        zonal_run::run(request, &mut context)
    };
    // All files are written: signals are no longer deferred.
    interrupt.defer(false);
    let Outcome { report, write_error, .. } = outcome?;
    show(&report, request, global.format)?;
    match write_error {
        Some(error) => Err(error),
        None => Ok(status(&report)),
    }
}

/// Returns the observer of a request, by whether a signal can stop its job.
fn progress(request: &Request, global: &Global, interrupt: &Interrupt) -> Progress {
    let is_resumable = |request: &TrainRequest| request.target.is_none() || request.is_iterative();
    match request {
        Request::Train(request) if is_resumable(request) => Progress::resumable(interrupt, global.quiet),
        // The plan is printed even if its verification is interrupted.
        Request::Plan(request) if request.verify.is_some() => Progress::stopping(interrupt, global.quiet),
        Request::Reproduce(_) | Request::Sweep(_) => Progress::stopping(interrupt, global.quiet),
        _ => Progress::new(interrupt, global.quiet),
    }
}

fn show(report: &Report, request: &Request, format: Format) -> Result<()> {
    if format == Format::Json {
        if let Report::Predict(report) = report {
            return predict::show_json(report);
        }
        return report.json()?.iter().try_for_each(|line| print(&format!("{line}\n")));
    }
    if format == Format::Csv {
        return print(&plain::csv(report)?);
    }
    let details = matches!(request, Request::Reproduce(request) if !request.claim.is_empty());
    print(&plain::text(report, Layout { details, width: terminal_width() }))?;
    match (report, request) {
        (Report::Plan(report), Request::Plan(request))
            if report.verification.is_none() && request.verify.is_some() =>
        {
            print("\nThe verification was interrupted.\n")
        }
        _ => Ok(()),
    }
}

/// Returns whether the statement that a command checked holds.
fn status(report: &Report) -> Status {
    let holds = match report {
        Report::Plan(report) => report.verification.is_none_or(|v| v.holds != Some(false)),
        Report::Curve(report) => report.holds != Some(false),
        Report::Repeat(_, agreement) => agreement.agrees,
        Report::Reproduce(report) => report.holds,
        _ => true,
    };
    if holds { Status::Success } else { Status::DoesNotHold }
}
