//! `zonal completions SHELL`.

use crate::command_line::Cli;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the completions of a shell.
pub(crate) fn run(shell: Shell) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "zonal", &mut text);
    crate::output::print(&String::from_utf8_lossy(&text))
}
