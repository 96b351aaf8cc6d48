//! `zonal completions SHELL`.

use crate::command_line::definition;
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command};
use clap_complete::Shell;
use zonal::activation::Activation;

/// Prints the completions of a shell.
pub(crate) fn run(shell: Shell) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut with_names(definition()), "zonal", &mut text);
    crate::output::print(&String::from_utf8_lossy(&text))
}

/// Adds the names that options accept among other values. They are completed, but not checked: the command line is not
/// parsed with this definition.
fn with_names(command: Command) -> Command {
    let with_names_of = |arg: Arg| {
        let mut names: Vec<&str> = match arg.get_id().as_str() {
            // Leaked, since clap keeps names for as long as the program runs.
            "activation" => Activation::BUILTIN.iter().map(|a| &*a.name().leak()).collect(),
            "family" => zonal_sq::Kind::CHOICES.map(|(name, _)| name).to_vec(),
            "learner" => zonal_sq::learner::Strategy::CHOICES.map(|(name, _)| name).to_vec(),
            "claim" => zonal_claims::names(),
            _ => return arg,
        };
        // A default must be among the possible values.
        if arg.get_default_values().iter().any(|value| value == "auto") {
            names.push("auto");
        }
        arg.value_parser(PossibleValuesParser::new(names))
    };
    command.mut_args(with_names_of).mut_subcommands(with_names)
}
