//! The documentation site, and the examples of its pages.

use crate::{environment_in, python, root, run, rust, target};
use anyhow::Result;
use std::process::Command;

/// Builds the site into `target/site` and checks its links, anchors and formulas.
pub(crate) fn site() -> Result<()> {
    let requirements = root().join("docs/requirements.txt");
    let python = environment_in("venv-site", &["-r", &requirements.to_string_lossy()])?;
    let program = rust::checked_program("zonal")?;
    run("site", Command::new(python).arg(script("build.py")).arg(program).arg(target()))
}

/// Runs the examples of the README, the tutorials and the how-to pages, and compares their output.
pub(crate) fn examples(python: &std::path::Path) -> Result<()> {
    let program = rust::checked_program("zonal")?;
    run("examples in pages", Command::new(python).arg(script("examples.py")).arg(program))
}

/// The same with a fresh wheel.
pub(crate) fn examples_alone() -> Result<()> {
    let python = python::prepare()?;
    python::install(&python, true)?;
    examples(&python)
}

fn script(name: &str) -> std::path::PathBuf {
    root().join("docs/site").join(name)
}
