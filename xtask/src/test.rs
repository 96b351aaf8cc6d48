//! `cargo xtask test`: all checks.

use crate::{checksums_script, python, root, run, rust, site, system_python, target};
use anyhow::{Result, anyhow};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs all checks.
pub(crate) fn test() -> Result<()> {
    // Python packages are downloaded while Rust is compiled.
    let packages = std::thread::spawn(python::prepare);
    let mut skipped = rust::style()?;
    rust::documentation()?;
    run("tests", &mut rust::tests()?)?;
    match system_python() {
        Some(python) => {
            run("reference tables are the committed ones", Command::new(python).arg(checksums_script()))?;
        }
        None => skipped.push("checksums of the reference tables: Python 3 is not installed".into()),
    }
    match packages.join().map_err(|_| anyhow!("the installation panicked")).flatten() {
        Ok(python) => {
            skipped.extend(pages_and_wheel(&python)?);
            python::test(&python)?;
            site::examples(&python, &[])?;
        }
        Err(e) => skipped.push(format!(
            "the Python package, and pages in a browser: their packages could not be installed ({e})"
        )),
    }
    skipped.extend(rust::dependency_policy()?);
    skipped.iter().for_each(|what| println!("skipped: {what}"));
    println!("all other checks passed");
    Ok(())
}

/// Runs all tests with each lower instruction set of zonal's own loops; each must pass within its tolerance.
pub(crate) fn instructions() -> Result<()> {
    for level in ["avx2", "none"] {
        run(&format!("tests with ZONAL_SIMD={level}"), rust::tests()?.env("ZONAL_SIMD", level))?;
    }
    println!("all tests pass with AVX2 and without vector instructions in zonal's loops");
    Ok(())
}

/// Checks pages while the wheel is built: a browser waits most of its time.
fn pages_and_wheel(python: &Path) -> Result<Vec<String>> {
    let browser = BROWSERS.into_iter().find_map(path_of);
    let (looked, built) = std::thread::scope(|scope| {
        let looked = browser.as_ref().map(|browser| scope.spawn(|| pages(python, browser)));
        let built = python::install(python, true);
        (looked.map(|thread| thread.join()), built)
    });
    built?;
    let Some(looked) = looked else {
        return Ok(vec!["pages in a browser: Chromium is not installed (apt-get install chromium)".into()]);
    };
    looked.map_err(|_| anyhow!("looking at pages panicked"))??;
    Ok(Vec::new())
}

/// The names of the browser's program.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Checks pages of runs in a headless browser.
fn pages(python: &Path, browser: &Path) -> Result<()> {
    let script = root().join("crates/zonal-report/browser/pages.py");
    // Built by the tests of the program.
    let program = target().join("release").join(format!("zonal{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(python);
    run("pages in a browser", command.arg(script).arg(program).arg(browser))
}

/// Returns the path of a program.
fn path_of(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|f| f.join(program)).find(|p| p.is_file())
}
