//! Tips for options that have other names in other programs, such as `--epochs`.

use clap::Command;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Options and their names in other programs.
const OTHER_NAMES: [(&str, &[&str]); 12] = [
    ("step", &["lr", "learning-rate", "learning-rate-init", "eta", "step-size"]),
    ("iterations", &["epochs", "steps", "num-steps", "n-iter", "max-iter", "max-steps", "iters"]),
    ("width", &["hidden", "hidden-units", "hidden-size", "hidden-layer-sizes", "neurons"]),
    ("batch", &["batch-size", "minibatch"]),
    ("label", &["y", "target-column", "labels", "outcome"]),
    ("features", &["x", "columns", "exclude", "drop-columns", "ignore"]),
    ("seed", &["random-state", "random-seed"]),
    ("threads", &["n-jobs", "jobs", "workers"]),
    ("out", &["output", "output-dir", "save"]),
    ("delimiter", &["sep", "separator"]),
    ("dim", &["dimension", "input-dim"]),
    ("test-fraction", &["test-size"]),
];

/// Replaces clap's tip for an unknown option, to pass it as a value, by the name of the corresponding option.
pub(crate) fn improve(error: &mut Error, command: &Command) {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else { return };
    let Some(unknown) = unknown.strip_prefix("--").filter(|_| error.kind() == ErrorKind::UnknownArgument)
    else {
        return;
    };
    let tip = tip(unknown, command);
    if tip.is_some() {
        error.remove(ContextKind::SuggestedArg);
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tip.into_iter().collect()));
}

fn tip(unknown: &str, command: &Command) -> Option<StyledStr> {
    let name = unknown.split('=').next().unwrap_or(unknown).replace('_', "-");
    let has = |option: &str| command.get_arguments().any(|a| a.get_long() == Some(option));
    let (option, _) = OTHER_NAMES.iter().find(|(o, names)| has(o) && names.contains(&name.as_str()))?;
    Some(StyledStr::from(match (*option, name.as_str()) {
        ("features", "exclude" | "drop-columns" | "ignore") => {
            format!("--{name}: use --features with the list of columns to keep")
        }
        _ => format!("--{name}: the option is --{option}"),
    }))
}

/// Returns the innermost command that the arguments name.
pub(crate) fn innermost(mut command: Command, arguments: impl Iterator<Item = String>) -> Command {
    command.build();
    for argument in arguments {
        if let Some(inner) = command.find_subcommand(&argument) {
            command = inner.clone();
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    fn message(arguments: &[&str]) -> String {
        let argv = || ["zonal"].iter().chain(arguments).map(|a| (*a).to_owned());
        let mut error = crate::Cli::try_parse_from(argv()).unwrap_err();
        improve(&mut error, &innermost(crate::Cli::command(), argv().skip(1)));
        error.to_string()
    }

    #[test]
    fn options_of_other_programs_yield_a_tip() {
        for (command, unknown, option) in [
            ("train", "--lr", "--step"),
            ("train", "--learning-rate=0.1", "--step"),
            ("train", "--learning_rate", "--step"),
            ("train", "--epochs", "--iterations"),
            ("train", "--hidden", "--width"),
            ("train", "--batch-size", "--batch"),
            ("plan", "--epochs", "--iterations"),
            ("analyze", "--n-jobs", "--threads"),
        ] {
            let text = message(&[command, unknown, "0.1"]);
            assert!(text.contains(&format!("the option is {option}\n")), "{unknown}: {text}");
            assert!(!text.contains("as a value"), "{text}");
        }
        let text = message(&["train", "data.csv", "--label", "y", "--exclude", "id"]);
        assert!(text.contains("use --features with the list of columns to keep"), "{text}");
    }

    #[test]
    fn a_command_without_the_option_and_unknown_words_get_no_wrong_tip() {
        for words in [["predict", "--lr"], ["train", "--groups"], ["spectrum", "--epochs"]] {
            let text = message(&words);
            assert!(!text.contains("the option is") && !text.contains("as a value"), "{text}");
        }
        // Typing errors keep clap's suggestion of the nearest option.
        assert!(message(&["train", "--iteratons", "5"]).contains("'--iterations'"));
    }

    /// Every option that a tip names exists in some command, and no other name is an option itself.
    #[test]
    fn tips_name_options_that_exist() {
        let mut all = crate::Cli::command();
        all.build();
        let commands: Vec<&Command> = all.get_subcommands().collect();
        let has =
            |option: &str| commands.iter().any(|c| c.get_arguments().any(|a| a.get_long() == Some(option)));
        for (option, names) in OTHER_NAMES {
            assert!(has(option), "--{option}");
            for name in names {
                let clash = commands.iter().any(|c| {
                    let long = |o: &str| c.get_arguments().any(|a| a.get_long() == Some(o));
                    long(name) && long(option)
                });
                assert!(!clash, "--{name}");
            }
        }
    }
}
