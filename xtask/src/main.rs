//! The project's own commands: `cargo xtask test | docs | wheel | refs | instructions | golden | faults | fuzz | soak | bench`.

#![forbid(unsafe_code)]

mod bench;
mod fuzz;
mod golden;
mod python;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const HELP: &str = "cargo xtask COMMAND

  test    everything: formatting, clippy, documentation, all tests, pages in a browser, the Python package,
          dependency policy
  docs    write the generated parts of the documentation (schemas, figures, picture of the house, results of Python)
  wheel   build the Python package and install it into the project's own virtual environment
  refs    make the reference tables again with mpmath, and say whether they changed
  instructions
          all tests of Rust once more with AVX2 and without vector instructions of ours
  golden  make the golden runs anew, for a change of numbers on purpose
  faults [--kills N] [--others N]
          runs that are killed (N times each kind, 100) and broken otherwise (N times, 10), into docs/reliability.md
  fuzz [--seconds N] [--page] [READER ..]
          hostile bytes for every reader, N seconds for each (60), in two processes; with --page what holds goes into
          docs/reliability.md
  soak [--minutes N]
          runs through the Python package in one process for N minutes (30), into docs/reliability.md
  bench spectrum
          time the spectra of all activations against scipy, in turn in one run
  bench peers [SECTION ..]
          tables against NumPy, PyTorch and scikit-learn, in turn in one run, into docs/benchmarks.md;
          sections: path, descent, width, files, choice (an hour for all)
  bench descent
          steps of both layers against PyTorch, JAX and NumPy
  bench python [SECTION ..]
          the Python package beside scikit-learn and on Dask; sections: import, estimator, dask";

/// Debug assertions for our own crates in tests; dependencies stay as they are and compile once.
const OUR_CRATES: [&str; 7] =
    ["zonal", "zonal-sq", "zonal-io", "zonal-jobs", "zonal-report", "zonal-cli", "zonal-py"];

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("test") => test(),
        Some("docs") => docs(),
        Some("wheel") => python::install(&python::prepare()?, false).map(|_| ()),
        Some("refs") => refs(),
        Some("instructions") => instructions(),
        Some("golden") => golden::golden(),
        Some("faults") => faults(&std::env::args().skip(2).collect::<Vec<_>>()),
        Some("fuzz") => fuzz::fuzz(&std::env::args().skip(2).collect::<Vec<_>>()),
        Some("soak") => python::soak(&std::env::args().skip(2).collect::<Vec<_>>()),
        Some("bench") => bench::bench(&std::env::args().skip(2).collect::<Vec<_>>()),
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => bail!("unknown command '{other}'\n\n{HELP}"),
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command and fails with its name.
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

/// Whether a program answers.
fn answers(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|o| o.status.success())
}

/// `cargo TOOL --version` answers.
fn cargo_has(tool: &str) -> bool {
    cargo().args([tool, "--version"]).output().is_ok_and(|o| o.status.success())
}

fn test() -> Result<()> {
    let mut skipped: Vec<String> = Vec::new();
    // They come over the network while Rust is compiled.
    let packages = std::thread::spawn(python::prepare);
    if cargo_has("fmt") {
        run("formatting", cargo().args(["fmt", "--all", "--", "--check"]))?;
    } else {
        skipped.push("formatting: rustfmt is not installed (rustup component add rustfmt)".into());
    }
    if cargo_has("clippy") {
        let arguments =
            ["clippy", "--release", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
        run("clippy", cargo().args(arguments))?;
    } else {
        skipped.push("clippy: it is not installed (rustup component add clippy)".into());
    }
    let doc = ["doc", "--release", "--workspace", "--no-deps", "--quiet"];
    run("documentation", cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings"))?;
    run("tests", checked(cargo().args(["test", "--release", "--workspace", "--no-fail-fast"])))?;
    match python() {
        Some(python) => {
            run("reference tables are the committed ones", Command::new(python).arg(checksums_script()))?;
        }
        None => skipped.push("checksums of the reference tables: Python 3 is not installed".into()),
    }
    match packages.join().map_err(|_| anyhow::anyhow!("the installation panicked")).flatten() {
        Ok(python) => {
            // A browser waits most of its time, in which the wheel is built.
            let browser = BROWSERS.into_iter().find_map(path_of);
            let (looked, built) = std::thread::scope(|scope| {
                let looked = browser.as_ref().map(|browser| scope.spawn(|| pages(&python, browser)));
                let built = python::install(&python, true);
                (looked.map(|thread| thread.join()), built)
            });
            built?;
            match looked {
                Some(looked) => looked.map_err(|_| anyhow::anyhow!("looking at pages panicked"))??,
                None => skipped
                    .push("pages in a browser: Chromium is not installed (apt-get install chromium)".into()),
            }
            python::test(&python)?;
        }
        Err(e) => skipped.push(format!(
            "the Python package, and pages in a browser: their packages could not be installed ({e})"
        )),
    }
    if cargo_has("deny") {
        // The fuzzers have a lock file of their own.
        for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
            let mut policy = cargo();
            policy.args(["deny", "--manifest-path", manifest, "--config", "deny.toml", "check"]);
            run(&format!("dependency policy of {manifest}"), policy.args(["bans", "licenses", "sources"]))?;
        }
    } else {
        skipped.push("dependency policy: cargo-deny is not installed (cargo install cargo-deny)".into());
    }
    for what in &skipped {
        println!("skipped: {what}");
    }
    println!("everything else passed");
    Ok(())
}

/// All tests at the lower levels of our own loops: each holds within its tolerance.
fn instructions() -> Result<()> {
    for level in ["avx2", "none"] {
        let mut tests = cargo();
        tests.args(["test", "--release", "--workspace", "--no-fail-fast"]).env("ZONAL_SIMD", level);
        run(&format!("tests with ZONAL_SIMD={level}"), checked(&mut tests))?;
    }
    println!("all tests hold with AVX2 and without vector instructions of ours");
    Ok(())
}

/// With debug assertions in our own crates.
fn checked(command: &mut Command) -> &mut Command {
    command.args(cargo_settings())
}

/// Debug assertions in our own crates, as settings of cargo.
fn cargo_settings() -> Vec<String> {
    let mut settings = Vec::new();
    for name in OUR_CRATES {
        // Both by name: with one of them given, the other no longer follows.
        for check in ["debug-assertions", "overflow-checks"] {
            settings.extend(["--config".to_owned(), format!("profile.release.package.{name}.{check}=true")]);
        }
    }
    settings
}

/// Where cargo builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Names that the browser goes by.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Pages of runs in a headless browser.
fn pages(python: &Path, browser: &Path) -> Result<()> {
    let script = root().join("crates/zonal-report/browser/pages.py");
    // The tests of the command line have built it.
    let program = target().join("release/zonal");
    let mut command = Command::new(python);
    run("pages in a browser", command.arg(script).arg(program).arg(browser))
}

/// Where a program lies.
fn path_of(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|f| f.join(program)).find(|p| p.is_file())
}

/// What follows each of these names among the arguments, or its default.
fn options<const N: usize>(arguments: &[String], known: [(&str, &str); N]) -> Result<[String; N]> {
    let mut found = known.map(|(_, default)| default.to_owned());
    for pair in arguments.chunks(2) {
        let Some(place) = known.iter().position(|(name, _)| *name == pair[0]) else {
            bail!("unknown option '{}'\n\n{HELP}", pair[0]);
        };
        found[place] = pair.get(1).cloned().with_context(|| format!("{} needs a number", pair[0]))?;
    }
    Ok(found)
}

/// The page with the tables of what was tried.
fn reliability() -> PathBuf {
    root().join("docs/reliability.md")
}

/// Runs that the world breaks, and the table of what became of them.
fn faults(arguments: &[String]) -> Result<()> {
    let [kills, others] = options(arguments, [("--kills", "100"), ("--others", "10")])?;
    run("the program", cargo().args(["build", "--release"]))?;
    let mut harness = cargo();
    harness.args(["run", "--release", "--quiet", "--package", "zonal-verify", "--bin", "faults", "--"]);
    harness.arg(target().join("release/zonal")).arg(reliability()).args([kills, others]);
    run("faults", &mut harness)
}

fn docs() -> Result<()> {
    let arguments = ["run", "--release", "--quiet", "--package", "zonal-verify", "--bin", "write-docs"];
    run("generated documentation", cargo().args(arguments))?;
    let Some(python) = python() else { bail!("Python 3 is needed for the results of the Python package") };
    run("results of Python", Command::new(python).arg(python::folder().join("results.py")))
}

fn reference() -> PathBuf {
    root().join("verify/reference")
}

fn checksums_script() -> PathBuf {
    reference().join("verify_checksums.py")
}

fn python() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|p| answers(p, "--version"))
}

/// The Python of a virtual environment of the project's own, with these packages.
fn environment(packages: &[&str]) -> Result<PathBuf> {
    let Some(python) = python() else { bail!("Python 3 is needed for this") };
    let environment = target().join("venv");
    let inside = environment.join("bin/python");
    if !inside.exists() {
        run("virtual environment", Command::new(python).args(["-m", "venv"]).arg(&environment))?;
    }
    run("packages", Command::new(&inside).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
    Ok(inside)
}

/// Makes the reference tables again.
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
