//! The Python package: built as a wheel, installed into the project's own virtual environment, and tested there.

use crate::packages::{packages, settings};
use crate::{environment, options, reliability, root, run, target};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages that the tests of the Python package and of pages need. The package itself needs NumPy.
const PACKAGES: [&str; 17] = [
    "maturin==1.16.0",
    "numpy==2.4.6",
    "scikit-learn==1.9.1",
    "pandas==3.1.1",
    "pyarrow==26.0.1",
    "dask[array,dataframe,distributed]==2026.8.0",
    "matplotlib==3.11.2",
    "polars==2.1.0",
    "duckdb==2.0.1",
    "onnx==1.23.2",
    "onnxruntime==1.32.0",
    "pytest==9.2.0",
    "mypy==2.4.1",
    "ruff==0.15.16",
    "pandas-stubs",
    // For pages of runs in a browser.
    "playwright==1.65.2",
    "axe-playwright-python==0.1.8",
];

/// The largest wheel, in bytes.
const LARGEST: u64 = 12_000_000;

/// Returns the folder of the package.
pub(crate) fn folder() -> PathBuf {
    root().join("crates/zonal-py")
}

/// Returns the environment of these tests.
pub(crate) fn prepare() -> Result<PathBuf> {
    environment(&PACKAGES)
}

/// Runs all tests of the package, after `prepare` and `install`.
pub(crate) fn test(python: &Path) -> Result<()> {
    tests(python)?;
    style(python)?;
    types(python)?;
    run(
        "Python stubs",
        Command::new(python)
            // The generated stub is incomplete, and says so; what it holds is compared.
            .args(["-m", "mypy.stubtest", "--concise", "--ignore-missing-stub", "zonal._native"])
            .current_dir(target()),
    )
}

/// Checks the package as far as these changed files require; returns the checks that were skipped.
pub(crate) fn check(files: &[String]) -> Result<Vec<String>> {
    let ours = |file: &&String| file.starts_with("crates/zonal-py/") || file.starts_with("docs/guide/");
    if !files.iter().any(|f| ours(&f)) {
        return Ok(Vec::new());
    }
    let python = match prepare() {
        Ok(python) => python,
        Err(e) => return Ok(vec![format!("Python: its packages could not be installed ({e})")]),
    };
    style(&python)?;
    // With changes in other packages, building the wheel would take long.
    let rust = files.iter().any(|f| f.ends_with(".rs") && !ours(&f));
    if !rust {
        install(&python, true)?;
        tests(&python)?;
    }
    if Command::new(&python).args(["-c", "import zonal"]).output()?.status.success() {
        types(&python)?;
    }
    Ok(if rust { vec!["Python tests, which need a new wheel".into()] } else { Vec::new() })
}

fn tests(python: &Path) -> Result<()> {
    run(
        "Python tests",
        Command::new(python)
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations", "5"])
            .arg(folder().join("tests"))
            // One NumPy thread in addition to zonal's own.
            .env("OPENBLAS_NUM_THREADS", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    )
}

fn style(python: &Path) -> Result<()> {
    for (what, words) in [("Python style", &["check"][..]), ("Python formatting", &["format", "--check"])] {
        let mut ruff = Command::new(python);
        ruff.args(["-m", "ruff"])
            .args(words)
            .arg("--quiet")
            .arg("--config")
            .arg(folder().join("pyproject.toml"));
        run(what, ruff.args([folder(), root().join("docs")]))?;
    }
    Ok(())
}

/// Checks types, for which the stubs of an installed wheel are needed.
fn types(python: &Path) -> Result<()> {
    run(
        "Python types",
        Command::new(python)
            .args(["-m", "mypy", "--no-error-summary"])
            .current_dir(folder())
            .env("MYPYPATH", folder().join("python")),
    )
}

/// `cargo xtask soak [--minutes N]`: runs in one process for a long time, and checks whether memory and open files
/// grow.
pub(crate) fn soak(arguments: &[String]) -> Result<()> {
    let [minutes] = options(arguments, [("--minutes", "30")])?;
    let python = prepare()?;
    install(&python, false)?;
    let mut soak = Command::new(python);
    soak.arg(folder().join("soak.py")).args(["--minutes", &minutes, "--page"]).arg(reliability());
    run("soak", soak.env("OPENBLAS_NUM_THREADS", "1"))
}

/// Builds the wheel from the crates compiled for the tests, and installs it.
pub(crate) fn install(python: &Path, checked: bool) -> Result<PathBuf> {
    let wheels = target().join("wheels");
    if wheels.exists() {
        std::fs::remove_dir_all(&wheels)
            .with_context(|| format!("{} could not be emptied", wheels.display()))?;
    }
    let mut build = Command::new(python);
    build.args([
        "-m",
        "maturin",
        "build",
        "--release",
        "--quiet",
        "--generate-stubs",
        "--compression-level",
        "9",
    ]);
    build.arg("--interpreter");
    build.arg(python).arg("--out").arg(&wheels).current_dir(folder());
    if checked {
        build.args(settings(&packages()?));
    }
    run("wheel", &mut build)?;
    let wheel = only_file(&wheels)?;
    let size = wheel.metadata()?.len();
    println!("== {}: {:.1} MB", wheel.display(), size as f64 / 1e6);
    if size > LARGEST {
        bail!("the wheel has {size} bytes, more than {LARGEST}");
    }
    let pip = ["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps"];
    run("installation", Command::new(python).args(pip).arg(&wheel))?;
    Ok(wheel)
}

pub(crate) fn only_file(folder: &Path) -> Result<PathBuf> {
    let files: Vec<PathBuf> = std::fs::read_dir(folder)?.filter_map(|e| Some(e.ok()?.path())).collect();
    match files.as_slice() {
        [file] => Ok(file.clone()),
        _ => bail!("{} holds {} files, where one wheel is needed", folder.display(), files.len()),
    }
}
