//! Tips for options that have other names in other programs, such as `--epochs`.

use clap::Command;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Options and their names in other programs.
const OTHER_NAMES: [(&str, &[&str]); 18] = [
    ("step", &["lr", "learning-rate", "learning-rate-init", "eta", "step-size"]),
    ("iterations", &["epochs", "steps", "num-steps", "n-iter", "max-iter", "max-steps", "iters"]),
    ("width", &["hidden-units", "hidden-size", "hidden-layer-sizes", "neurons"]),
    ("batch", &["batch-size", "minibatch"]),
    ("label", &["y", "target-column", "labels", "outcome"]),
    ("features", &["x", "columns"]),
    ("exclude", &["drop-columns", "ignore"]),
    ("groups", &["group", "group-column"]),
    ("time", &["time-column", "date-column"]),
    ("task", &["objective", "problem-type"]),
    ("seed", &["random-state", "random-seed"]),
    ("threads", &["n-jobs", "jobs", "workers"]),
    ("out", &["output", "output-dir", "save"]),
    ("delimiter", &["sep", "separator"]),
    ("dim", &["dimension", "input-dim"]),
    ("test-fraction", &["test-size"]),
    ("ridge", &["alpha", "l2", "weight-decay", "regularization"]),
    ("stop", &["early-stopping", "cv"]),
];

/// Commands by their names in other programs.
const OTHER_COMMANDS: [(&str, &[&str]); 5] = [
    ("train", &["fit", "run"]),
    ("predict", &["score", "test", "evaluate", "infer"]),
    ("runs", &["list", "ls", "ps", "history"]),
    ("runs compare", &["compare", "diff"]),
    ("runs remove", &["remove", "rm", "delete", "clean"]),
];

/// Adds tips to an error of the command line: the option or command that has another name in other programs, and the
/// label that was written like a file.
pub(crate) fn improve(error: &mut Error, command: &Command, arguments: &[String]) {
    match error.kind() {
        ErrorKind::UnknownArgument => improve_option(error, command),
        ErrorKind::InvalidSubcommand => improve_command(error),
        ErrorKind::MissingRequiredArgument => improve_label(error, arguments),
        _ => {}
    }
}

fn add_tip(error: &mut Error, tip: String) {
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
}

fn improve_command(error: &mut Error) {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidSubcommand) else { return };
    let Some((command, _)) = OTHER_COMMANDS.iter().find(|(_, names)| names.contains(&unknown.as_str()))
    else {
        return;
    };
    let tip = format!("the command is zonal {command}");
    error.remove(ContextKind::SuggestedSubcommand);
    add_tip(error, tip);
}

/// Suggests the label if the last of several words after the command names no file: `zonal train data.csv y`.
fn improve_label(error: &mut Error, arguments: &[String]) {
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else { return };
    if !missing.iter().any(|option| option.starts_with("--label")) {
        return;
    }
    let words: Vec<&String> = arguments.iter().skip(1).take_while(|word| !word.starts_with('-')).collect();
    let is_column =
        |word: &&&String| !word.contains(['.', '*', '/', '\\']) && !std::path::Path::new(word).exists();
    if let [_, .., last] = words.as_slice()
        && is_column(&last)
    {
        add_tip(error, format!("did you mean --label {last}?"));
    }
}

/// Replaces clap's tip for an unknown option, to pass it as a value, by the name of the corresponding option.
fn improve_option(error: &mut Error, command: &Command) {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else { return };
    let Some(unknown) = unknown.strip_prefix("--") else { return };
    let tip = tip(unknown, command);
    if tip.is_some() {
        error.remove(ContextKind::SuggestedArg);
        // The usage names the option that clap suggested.
        error.insert(ContextKind::Usage, ContextValue::StyledStr(command.clone().render_usage()));
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tip.into_iter().collect()));
}

fn tip(unknown: &str, command: &Command) -> Option<StyledStr> {
    let name = unknown.split('=').next().unwrap_or(unknown).replace('_', "-");
    let short = |a: &&clap::Arg| a.get_short().is_some_and(|short| name == short.to_string());
    if let Some(long) = command.get_arguments().find(short).and_then(clap::Arg::get_long) {
        return Some(StyledStr::from(format!("--{name}: the option is --{long}, or -{name}")));
    }
    let has = |option: &str| command.get_arguments().any(|a| a.get_long() == Some(option));
    let (option, _) = OTHER_NAMES.iter().find(|(o, names)| has(o) && names.contains(&name.as_str()))?;
    Some(StyledStr::from(format!("--{name}: the option is --{option}")))
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

    fn message(arguments: &[&str]) -> String {
        let argv = || ["zonal"].iter().chain(arguments).map(|a| (*a).to_owned());
        let mut error = crate::parse(argv().map(Into::into)).unwrap_err();
        let words: Vec<String> = argv().skip(1).collect();
        improve(&mut error, &innermost(crate::definition(), argv().skip(1)), &words);
        error.to_string()
    }

    #[test]
    fn options_of_other_programs_yield_a_tip() {
        for (command, unknown, option) in [
            ("train", "--lr", "--step"),
            ("train", "--learning-rate=0.1", "--step"),
            ("train", "--learning_rate", "--step"),
            ("train", "--epochs", "--iterations"),
            ("train", "--hidden-units", "--width"),
            ("train", "--batch-size", "--batch"),
            ("plan", "--epochs", "--iterations"),
            ("analyze", "--n-jobs", "--threads"),
        ] {
            let text = message(&[command, unknown, "0.1"]);
            assert!(text.contains(&format!("the option is {option}\n")), "{unknown}: {text}");
            assert!(!text.contains("as a value"), "{text}");
        }
        let text = message(&["train", "--n", "5"]);
        assert!(text.contains("--n: the option is --dim, or -n\n") && !text.contains("--init"), "{text}");
        let text = message(&["train", "data.csv", "--label", "y", "--ignore", "id"]);
        assert!(text.contains("--ignore: the option is --exclude"), "{text}");
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

    #[test]
    fn commands_of_other_programs_and_a_label_without_its_option_yield_a_tip() {
        for (word, command) in
            [("fit", "train"), ("ls", "runs"), ("compare", "runs compare"), ("rm", "runs remove")]
        {
            let text = message(&[word]);
            assert!(text.contains(&format!("tip: the command is zonal {command}\n")), "{text}");
            let mut all = crate::definition();
            let found = command.split(' ').try_fold(&mut all, |c, name| c.find_subcommand_mut(name));
            assert!(found.is_some(), "{command}");
        }
        assert!(message(&["train", "data.csv", "y"]).contains("did you mean --label y?"));
        for words in [&["train", "data.csv"][..], &["train", "a.csv", "b.csv"], &["train", "a.csv", "*"]] {
            assert!(!message(words).contains("did you mean"), "{words:?}");
        }
    }

    /// Every option that a tip names exists in some command, and no other name is an option itself.
    #[test]
    fn tips_name_options_that_exist() {
        let mut all = crate::definition();
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
