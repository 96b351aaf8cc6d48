//! `zonal man DIR`: manual pages, generated from the definitions of the command line.

use crate::command_line::definition;
use crate::help::{Details, details};
use anyhow::Context;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::path::Path;
use zonal_io::write::write_file;

/// Writes the manual pages of the program and its commands.
pub(crate) fn run(folder: &Path) -> anyhow::Result<()> {
    let path = folder.display();
    std::fs::create_dir_all(folder).with_context(|| format!("creating the folder {path}"))?;
    let mut program = definition().disable_help_subcommand(true);
    program.build();
    write(&program, "", folder)
}

/// Writes the page of a command, named without the program, and those of its subcommands.
fn write(command: &clap::Command, name: &str, folder: &Path) -> anyhow::Result<()> {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        let name = format!("{name} {}", inner.get_name());
        write(inner, name.trim(), folder)?;
    }
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    if let Some(details) = details(name) {
        sections(details).to_writer(&mut text)?;
    }
    page.render_version_section(&mut text)?;
    Ok(write_file(&folder.join(page.get_filename()), &text)?)
}

/// Returns the explanations and the examples of a command as sections of a page.
fn sections(details: &Details) -> Roff {
    let mut roff = Roff::new();
    if !details.text.is_empty() {
        roff.control("SH", ["NOTES"]);
    }
    for paragraph in details.text.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        // Indented lines are those of a file.
        let is_file = paragraph.starts_with("  ");
        roff.control(if is_file { "nf" } else { "PP" }, []);
        for line in paragraph.lines() {
            roff.text([roman(line)]);
        }
        if is_file {
            roff.control("fi", []);
        }
    }
    roff.control("SH", ["EXAMPLES"]);
    for (what, call) in details.examples {
        roff.control("TP", []);
        roff.text([roman(*what)]);
        roff.text([bold(*call)]);
    }
    roff
}
