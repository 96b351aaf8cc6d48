//! The documentation site, and the examples of its pages.

use crate::{environment_in, python, root, run, rust, target};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the site into `target/site` and checks its links, anchors and formulas.
pub(crate) fn site() -> Result<()> {
    let requirements = root().join("docs/requirements.txt");
    let python = environment_in("venv-site", &["-r", &requirements.to_string_lossy()])?;
    let program = rust::checked_program("zonal")?;
    run("site", Command::new(python).arg(script("build.py")).arg(program).arg(target()))
}

/// Runs the examples of the README, the tutorials and the how-to pages, and compares their output.
pub(crate) fn examples(python: &Path, options: &[String]) -> Result<()> {
    let program = rust::checked_program("zonal")?;
    let mut command = Command::new(python);
    run("examples in pages", command.arg(script("examples.py")).args(options).arg(program))
}

/// `cargo xtask examples [--write]`: the same with a fresh wheel.
pub(crate) fn examples_alone(options: &[String]) -> Result<()> {
    if !matches!(options, [] | [_] if options.iter().all(|o| o == "--write")) {
        bail!("cargo xtask examples takes no option but --write");
    }
    let python = python::prepare()?;
    python::install(&python, true)?;
    examples(&python, options)
}

fn script(name: &str) -> PathBuf {
    root().join("docs/site").join(name)
}
