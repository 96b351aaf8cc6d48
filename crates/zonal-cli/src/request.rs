//! What a command line asks for, as values: for those who ask in another language by the same names, with the same
//! defaults and the same checks.

pub use crate::commands::report::PageArgs;
pub use crate::commands::reproduce::asked;
pub use crate::commands::set_threads;

use crate::commands::spectrum::Question;
use crate::commands::sq::Command as Queries;
use crate::{Cli, Command};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};
use std::path::PathBuf;
use zonal_documents::Error;
use zonal_documents::agreement::Moved;
use zonal_documents::analyze::AnalyzeConfig;
use zonal_documents::claims::Size;
use zonal_documents::plan::PlanConfig;
use zonal_documents::record::RunKind;
use zonal_documents::spectrum::{RankConfig, SpectrumConfig};
use zonal_documents::sq::{BoundConfig, LearnConfig, PlayConfig};
use zonal_documents::train::TrainConfig;
use zonal_jobs::record::Output;
use zonal_jobs::sweep::Start;

/// A job, complete and checked as far as its options go.
#[derive(Debug)]
pub enum Request {
    /// `spectrum`, one for each activation, dimension and scale.
    Spectra(Vec<SpectrumConfig>),
    /// `spectrum --for-degrees`, one for each dimension.
    Rankings(Vec<RankConfig>),
    /// `plan`.
    Plan(PlanConfig),
    /// `train`.
    Train {
        /// What to train.
        config: Box<TrainConfig>,
        /// Where it goes.
        output: Output,
        /// The page.
        page: PageArgs,
        /// The command line that began it, where it goes on.
        command: Option<Vec<String>>,
    },
    /// `train --again`.
    Again {
        /// The record of the run that is repeated.
        record: PathBuf,
        /// Where its files are now.
        moved: Moved,
        /// Where the repetition goes.
        output: Output,
        /// The page.
        page: PageArgs,
    },
    /// `analyze`.
    Analyze(AnalyzeConfig),
    /// `sweep`.
    Sweep {
        /// Where it begins.
        start: Start,
        /// Trainings side by side.
        at_once: Option<usize>,
        /// The page.
        page: PageArgs,
    },
    /// `reproduce`.
    Reproduce {
        /// The claims; all if empty.
        claims: Vec<String>,
        /// Their size.
        size: Size,
        /// Where it goes.
        output: Output,
        /// The page.
        page: PageArgs,
    },
    /// `sq bound`, one for each dimension, degree and tolerance.
    Bounds(Vec<BoundConfig>),
    /// `sq play`.
    Play {
        /// The game.
        config: Box<PlayConfig>,
        /// Where it goes.
        output: Output,
        /// The page.
        page: PageArgs,
    },
    /// `sq learn`.
    Learn(Box<LearnConfig>),
}

/// Reads the words after `zonal`.
///
/// # Errors
/// [`Error::Usage`] for words that are no command line, or of a command without a job; those of each command.
pub fn read(words: &[String]) -> anyhow::Result<Request> {
    let program = std::iter::once("zonal".to_owned());
    let cli = Cli::try_parse_from(program.chain(words.iter().cloned())).map_err(|e| usage(&e))?;
    let global = &cli.global;
    Ok(match &cli.command {
        Command::Spectrum(args) => match args.question()? {
            Question::Spectra(spectra) => Request::Spectra(spectra),
            Question::Rankings(rankings) => Request::Rankings(rankings),
        },
        Command::Plan(args) => Request::Plan(args.config(global)),
        Command::Train(args) => {
            if let Some(record) = &args.again {
                let output = args.repetition(global)?;
                let (record, moved) = (record.clone(), args.moved());
                return Ok(Request::Again { record, moved, output, page: args.page.clone() });
            }
            let (config, output, command) = args.job(global)?;
            Request::Train { config: Box::new(config), output, page: args.page.clone(), command }
        }
        Command::Analyze(args) => Request::Analyze(args.config(global)?),
        Command::Sweep(args) => Request::Sweep {
            start: args.start(global)?,
            at_once: args.at_once.map(usize::from),
            page: args.page.clone(),
        },
        Command::Reproduce(args) => {
            let (claims, size) = args.claims();
            Request::Reproduce {
                claims,
                size,
                output: args.folder.output(RunKind::Reproduce)?,
                page: args.folder.page.clone(),
            }
        }
        Command::Sq(args) => match &args.command {
            Queries::Bound(args) => Request::Bounds(args.configs(global)?.0),
            Queries::Play(args) => Request::Play {
                config: Box::new(args.config(global)?),
                output: args.output()?,
                page: args.folder.page.clone(),
            },
            Queries::Learn(args) => Request::Learn(Box::new(args.config(global)?)),
        },
        Command::Predict(_) | Command::Report(_) | Command::Completions(_) | Command::Man(_) => {
            return Err(Error::Usage("this command has no job".into()).into());
        }
    })
}

/// The options of a command by their long names, with their defaults as text where there is one.
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

/// What clap found, as a sentence of ours.
fn usage(error: &clap::Error) -> Error {
    let text = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(one)) => Some(one.clone()),
        Some(ContextValue::Strings(several)) => Some(several.join(", ")),
        _ => None,
    };
    // "--max-degree <K>" without what its value is called.
    let option = |kind| text(kind).map(|t| t.split(" <").next().unwrap_or_default().to_owned());
    let argument = option(ContextKind::InvalidArg);
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    let message = match (error.kind(), argument) {
        (ErrorKind::InvalidValue, Some(name)) if value.is_empty() => format!("{name} needs a value"),
        (ErrorKind::InvalidValue, Some(name)) => {
            let possible = text(ContextKind::ValidValue).unwrap_or_default();
            format!("{name} is '{value}', but must be one of {possible}")
        }
        (ErrorKind::ValueValidation, Some(name)) => {
            let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            // Most reasons quote the value themselves.
            if source.contains(&value) {
                format!("{name}: {source}")
            } else {
                format!("{name} is '{value}': {source}")
            }
        }
        (ErrorKind::ArgumentConflict, Some(name)) => {
            let other = option(ContextKind::PriorArg).unwrap_or_default();
            format!("{name} cannot be used with {other}")
        }
        (ErrorKind::MissingRequiredArgument, Some(names)) => format!("needed, but not given: {names}"),
        _ => {
            let whole = error.to_string();
            let whole = whole.strip_prefix("error: ").unwrap_or(&whole);
            let end = whole.find("\n\n").unwrap_or(whole.len());
            whole[..end].trim_end().to_owned()
        }
    };
    Error::Usage(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn words_become_jobs_with_the_defaults_of_the_program() {
        let Ok(Request::Spectra(spectra)) = read(&words("spectrum --dim 4,5")) else { panic!() };
        assert_eq!((spectra.len(), spectra[1].max_degree), (2, 12));
        let Ok(Request::Train { config, .. }) = read(&words("train d.csv --label y --out none")) else {
            panic!()
        };
        assert_eq!(config.iterations, 1_000_000_000);
        assert!(matches!(
            read(&words("sq bound --family zonal --dim 9 --degree 3 --tolerance .1")),
            Ok(Request::Bounds(_))
        ));
    }

    #[test]
    fn faults_are_told_without_the_help_of_a_terminal() {
        let error = read(&words("spectrum --max-degree x")).unwrap_err().to_string();
        assert_eq!(error, "--max-degree: 'x' is not a whole number from 0 on; write digits, such as 0 or 12");
        let told = |line: &str| read(&words(line)).unwrap_err().to_string();
        assert_eq!(
            told("train d.csv --label y --missing maybe"),
            "--missing is 'maybe', but must be one of reject, drop"
        );
        assert_eq!(told("train d.csv --target x1"), "[DATA]... cannot be used with --target");
        assert!(told("sq play --dim 5").contains("--family"));
        assert!(read(&words("completions bash")).unwrap_err().to_string().contains("no job"));
        let found = options(&words("sq play"));
        assert!(found.contains(&("epsilon".to_owned(), Some("0.5".to_owned()))));
    }
}
