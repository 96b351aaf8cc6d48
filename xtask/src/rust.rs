//! Formatting, clippy, documentation and tests of the Rust packages.

use crate::packages::{packages, settings};
use crate::{cargo, cargo_has, run, target};
use anyhow::Result;
use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::Command;

/// Checks formatting and runs clippy; returns the checks that were skipped.
pub(crate) fn style() -> Result<Vec<String>> {
    let mut skipped = Vec::new();
    if cargo_has("fmt") {
        run("formatting", cargo().args(["fmt", "--all", "--", "--check"]))?;
    } else {
        skipped.push("formatting: rustfmt is not installed (rustup component add rustfmt)".into());
    }
    if cargo_has("clippy") {
        let mut clippy = cargo();
        clippy.args(["clippy", "--release", "--workspace", "--all-targets", "--quiet"]);
        clippy.args(settings(&packages()?)).args(["--", "-D", "warnings"]);
        run("clippy", &mut clippy)?;
    } else {
        skipped.push("clippy: it is not installed (rustup component add clippy)".into());
    }
    Ok(skipped)
}

/// Builds the documentation; warnings are errors.
pub(crate) fn documentation() -> Result<()> {
    let doc = ["doc", "--release", "--workspace", "--no-deps", "--quiet"];
    run("documentation", cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Returns the command that runs all tests, including slow ones.
pub(crate) fn tests() -> Result<Command> {
    let mut tests = cargo();
    tests.args(["test", "--release", "--workspace", "--no-fail-fast"]).args(settings(&packages()?));
    tests.args(["--", "--include-ignored"]);
    Ok(tests)
}

/// Checks licences and sources of all dependencies; returns the checks that were skipped.
pub(crate) fn dependency_policy() -> Result<Vec<String>> {
    if !cargo_has("deny") {
        return Ok(vec!["dependency policy: cargo-deny is not installed (cargo install cargo-deny)".into()]);
    }
    // The fuzzers have a separate lock file.
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let mut policy = cargo();
        policy.args(["deny", "--manifest-path", manifest, "--config", "deny.toml", "check"]);
        run(&format!("dependency policy of {manifest}"), policy.args(["bans", "licenses", "sources"]))?;
    }
    Ok(Vec::new())
}

/// Builds a program from the crates compiled for the tests.
pub(crate) fn checked_program(name: &str) -> Result<PathBuf> {
    build(name, &settings(&packages()?))
}

/// Builds a program as it is published.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    build(name, &[])
}

/// The whole workspace is named; otherwise dependencies would have other features and be compiled again.
fn build(name: &str, settings: &[String]) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--workspace", "--bin", name]).args(settings);
    run(&format!("the program {name}"), &mut build)?;
    Ok(target().canonicalize()?.join("release").join(format!("{name}{EXE_SUFFIX}")))
}
