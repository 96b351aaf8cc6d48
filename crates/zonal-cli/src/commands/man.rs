//! `zonal man DIR`: manual pages, generated from the definitions of the command line.

use crate::command_line::Cli;
use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::Man;
use std::path::Path;
use zonal_io::write::write_file;

/// Writes the manual pages of the program and its commands.
pub(crate) fn run(folder: &Path) -> anyhow::Result<()> {
    let path = folder.display();
    std::fs::create_dir_all(folder).with_context(|| format!("creating the folder {path}"))?;
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    write(&program, folder)
}

/// Writes the page of a command and those of its subcommands.
fn write(command: &clap::Command, folder: &Path) -> anyhow::Result<()> {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        write(inner, folder)?;
    }
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text)?;
    Ok(write_file(&folder.join(page.get_filename()), &text)?)
}
