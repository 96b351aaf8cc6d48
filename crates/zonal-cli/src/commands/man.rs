//! `zonal man DIR`: manual pages, generated from the definitions of the command line.

use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::Man;
use std::path::{Path, PathBuf};
use zonal_io::write::write_file;

/// Write manual pages into a folder
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  zonal man ~/.local/share/man/man1 && man zonal-train")]
pub(crate) struct Args {
    /// The folder, created if it does not exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let folder = args.folder.display();
    std::fs::create_dir_all(&args.folder).with_context(|| format!("creating the folder {folder}"))?;
    let mut program = crate::Cli::command().disable_help_subcommand(true);
    program.build();
    write(&program, &args.folder)
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
