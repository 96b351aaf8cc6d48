//! The project's own commands: `cargo xtask check | test | docs | site | examples | wheel | package | refs | instructions | golden |
//! faults | fuzz | soak | bench`.

#![forbid(unsafe_code)]

mod bench;
mod check;
mod fuzz;
mod golden;
mod package;
mod packages;
mod python;
mod rust;
mod site;
mod test;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const HELP: &str = "cargo xtask COMMAND

  check [--since REV]
          formatting, clippy, and the tests of packages that changed since REV and of those that depend on them,
          except slow ones (marked as ignored); REV is where this branch left origin/main, or else the last commit
  test    everything: formatting, clippy, documentation, all tests, pages in a browser, the Python package,
          dependency policy
  docs    write the generated parts of the documentation (schemas, figures, lists of modules and decisions, results of
          Python)
  site    build the documentation site into target/site; npm is needed for its formulas
  examples [--write]
          run the examples of the README, the tutorials and the how-to pages, and compare their output; with --write
          outputs that have changed are replaced
  wheel   build the Python package and install it into the project's own virtual environment
  package [crates|program|deb|wheel|sdist|sbom|all] [--tag TAG]
          what is published, into target/packages; with --tag only if TAG is that of the version
  refs    compute the reference tables again with mpmath, and report whether they changed
  instructions
          all Rust tests again with AVX2, and without vector instructions in zonal's own loops
  golden  regenerate the golden runs, after an intended change of results
  faults [--kills N] [--others N]
          kill runs of each kind N times (100), inject each other fault N times (10), and write the outcomes to
          docs/reliability.md
  fuzz [--seconds N] [--page] [READER ..]
          untrusted bytes for every reader, N seconds for each (60), in two processes; --page writes the results to
          docs/reliability.md
  soak [--minutes N]
          runs through the Python package in one process for N minutes (30), results in docs/reliability.md
  bench spectrum
          spectra of all activations against SciPy, which alternate in one run
  bench rows [--write]
          predicted errors at finite numbers of rows and units against draws, and their time; --write puts the table into
          docs/theory/rows.md
  bench peers [SECTION ..]
          tables against NumPy, PyTorch and scikit-learn, which alternate in one run; results in docs/benchmarks.md;
          sections: path, descent, width, files, choice (an hour for all)
  bench descent
          steps of both layers against PyTorch, JAX and NumPy
  bench tables --data FOLDER [--both] [--splits N] [--only NAME,..] [--without PEER,..] [--write]
          grown units against boosting and perceptrons on the tables of a folder (NAME.csv.gz without header, label
          last; NAME.mask.csv.gz) and on ten public tables; with --both, both layers by L-BFGS against descent and
          perceptrons; --write puts the results into docs/benchmarks.md
  bench classes [--splits N] [--only NAME,..] [--write]
          classification against boosting, a perceptron and logistic regression on twelve public tables
  bench intervals --data FOLDER [--splits N] [--write]
          the share of labels that intervals cover, on twelve tables
  bench python [SECTION ..]
          the Python package compared with scikit-learn, and on Dask; sections: import, estimator, dask";

fn main() -> Result<()> {
    let rest: Vec<String> = std::env::args().skip(2).collect();
    match std::env::args().nth(1).as_deref() {
        Some("check") => check::check(&rest),
        Some("test") => test::test(),
        Some("docs") => docs(),
        Some("site") => site::site(),
        Some("examples") => site::examples_alone(&rest),
        Some("package") => package::package(&rest),
        Some("wheel") => python::install(&python::prepare()?, false).map(|_| ()),
        Some("refs") => refs(),
        Some("instructions") => test::instructions(),
        Some("golden") => golden::golden(),
        Some("faults") => faults(&rest),
        Some("fuzz") => fuzz::fuzz(&rest),
        Some("soak") => python::soak(&rest),
        Some("bench") => bench::bench(&rest),
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => bail!("unknown command '{other}'\n\n{HELP}"),
    }
}

/// Returns the root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command; an error names the command.
fn run(what: &str, command: &mut Command) -> Result<()> {
    println!("== {what}");
    let started = Instant::now();
    let status = command.status().with_context(|| format!("{what}: {command:?} could not be started"))?;
    if !status.success() {
        bail!("{what} failed ({status}): {command:?}");
    }
    println!("== {what}: done in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Returns whether a program can be started.
fn answers(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|o| o.status.success())
}

/// Returns whether `cargo TOOL --version` succeeds.
fn cargo_has(tool: &str) -> bool {
    cargo().args([tool, "--version"]).output().is_ok_and(|o| o.status.success())
}

/// Returns cargo's target folder.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns the value that follows each of these names among the arguments, or its default.
fn options<const N: usize>(arguments: &[String], known: [(&str, &str); N]) -> Result<[String; N]> {
    let mut found = known.map(|(_, default)| default.to_owned());
    for pair in arguments.chunks(2) {
        let Some(place) = known.iter().position(|(name, _)| *name == pair[0]) else {
            bail!("unknown option '{}'\n\n{HELP}", pair[0]);
        };
        found[place] = pair.get(1).cloned().with_context(|| format!("{} needs a value", pair[0]))?;
    }
    Ok(found)
}

/// Returns the page with the tables of injected faults and fuzzing.
fn reliability() -> PathBuf {
    root().join("docs/reliability.md")
}

/// Runs the fault injection, and writes the table of outcomes.
fn faults(arguments: &[String]) -> Result<()> {
    let [kills, others] = options(arguments, [("--kills", "100"), ("--others", "10")])?;
    let mut harness = Command::new(rust::checked_program("faults")?);
    harness.arg(rust::checked_program("zonal")?).arg(reliability()).args([kills, others]);
    run("faults", &mut harness)
}

fn docs() -> Result<()> {
    run("generated documentation", &mut Command::new(rust::checked_program("write-docs")?))?;
    let Some(python) = system_python() else {
        bail!("Python 3 is needed for the results of the Python package")
    };
    run("results of Python", Command::new(python).arg(python::folder().join("results.py")))
}

fn reference() -> PathBuf {
    root().join("verify/reference")
}

fn checksums_script() -> PathBuf {
    reference().join("verify_checksums.py")
}

/// Returns the installed Python.
fn system_python() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|p| answers(p, "--version"))
}

/// The Python of the virtual environment for tests and benchmarks, with these packages.
fn environment(packages: &[&str]) -> Result<PathBuf> {
    environment_in("venv", packages)
}

/// The Python of a virtual environment of the project, with these packages.
fn environment_in(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let Some(python) = system_python() else { bail!("Python 3 is needed for this") };
    let environment = target().join(name);
    let inside = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !inside.exists() {
        run("virtual environment", Command::new(python).args(["-m", "venv"]).arg(&environment))?;
    }
    run("packages", Command::new(&inside).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
    Ok(inside)
}

/// Computes the reference tables again.
fn refs() -> Result<()> {
    let python = environment(&["mpmath==1.3.0", "gmpy2==2.3.2", "python-flint==0.9.0"])?;
    run("tables", Command::new(&python).arg(reference().join("generate.py")).arg("--check"))?;
    run("formulas", Command::new(&python).arg(reference().join("generate_formulas.py")))?;
    run("bumps", Command::new(&python).arg(reference().join("generate_bumps.py")).arg("--check"))?;
    run("paths", Command::new(&python).arg(reference().join("generate_paths.py")))?;
    run("queries", Command::new(&python).arg(reference().join("generate_queries.py")))?;
    let changed =
        Command::new("git").current_dir(root()).args(["status", "--short"]).arg(reference()).output()?;
    match String::from_utf8_lossy(&changed.stdout).trim() {
        "" => println!("the tables are the committed ones"),
        list => println!("changed:\n{list}"),
    }
    Ok(())
}
