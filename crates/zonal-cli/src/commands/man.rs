//! `zonal man DIR`: manual pages from the same definitions as the help.

use anyhow::Context;
use clap::CommandFactory;
use std::path::PathBuf;

/// Write manual pages into a folder
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  zonal man ~/.local/share/man/man1 && man zonal-train")]
pub(crate) struct Args {
    /// The folder; created if it does not exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let folder = args.folder.display();
    std::fs::create_dir_all(&args.folder).with_context(|| format!("creating the folder {folder}"))?;
    clap_mangen::generate_to(crate::Cli::command(), &args.folder)
        .with_context(|| format!("writing manual pages into {folder}"))
}
