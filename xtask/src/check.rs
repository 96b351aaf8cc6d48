//! `cargo xtask check`: the checks that a change requires, and no others.
//!
//! Cargo is always given the whole workspace: with some packages only, features of dependencies would differ, and all
//! of them would be compiled again. It compiles what has changed and what depends on it; of the linked test programs,
//! those of the affected packages are run.

use crate::packages::{Package, base, changed_files, owners, packages, settings, with_dependants};
use crate::{cargo, options, python, root, run, rust};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The test modules of the verification that read the sources of every package.
const ALWAYS: [&str; 2] = ["layers::", "documents::"];

/// `cargo xtask check [--since REV]`.
pub(crate) fn check(arguments: &[String]) -> Result<()> {
    let [since] = options(arguments, [("--since", "")])?;
    let base = base(&since)?;
    let files = changed_files(&base)?;
    if files.is_empty() {
        println!("nothing has changed since {base:.12}");
        return Ok(());
    }
    let packages = packages()?;
    let changed = owners(&packages, &files);
    let concerned = with_dependants(&packages, &changed);
    println!("== {} files have changed since {base:.12}, in {}", files.len(), list(&changed));
    println!("== tests of {}", list(&concerned));
    let mut skipped = rust::style()?;
    let settings = settings(&packages);
    tests(&settings, &concerned)?;
    if packages.iter().any(|p| changed.contains(&p.name) && has_examples(p)) {
        let examples = ["test", "--release", "--workspace", "--doc", "--quiet"];
        run("examples in the documentation", cargo().args(examples).args(&settings))?;
    }
    skipped.extend(python::check(&files)?);
    skipped.push("slow tests and the other checks of cargo xtask test".into());
    skipped.iter().for_each(|what| println!("skipped: {what}"));
    println!("passed");
    Ok(())
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Builds all test programs and runs those of these packages, without the tests that are marked as slow; all of them, even if
/// some fail.
fn tests(settings: &[String], packages: &BTreeSet<String>) -> Result<()> {
    let mut failed = Vec::new();
    for program in test_programs(settings)? {
        let mut command = Command::new(&program.path);
        // As cargo would run it.
        command.current_dir(&program.folder).env("CARGO_MANIFEST_DIR", &program.folder).arg("--quiet");
        if packages.contains(&program.package) {
            failed.extend(
                run(&format!("tests of {}: {}", program.package, program.target), &mut command).err(),
            );
        } else if program.package == "zonal-verify" && program.target == "it" {
            failed.extend(run("order of modules, generated documents", command.args(ALWAYS)).err());
        }
    }
    match failed.len() {
        0 => Ok(()),
        count => bail!("{count} test programs failed, the last with: {:?}", failed.pop()),
    }
}

/// A linked test program.
struct TestProgram {
    package: String,
    target: String,
    path: PathBuf,
    /// The folder of its package.
    folder: PathBuf,
}

/// Links all test programs, as `cargo xtask test` does.
fn test_programs(settings: &[String]) -> Result<Vec<TestProgram>> {
    println!("== compilation of tests");
    let mut build = cargo();
    build.args(["test", "--release", "--workspace", "--no-run", "--quiet"]).args(settings);
    build.args(["--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let output = build.output().context("cargo test could not be started")?;
    if !output.status.success() {
        bail!("the tests do not compile");
    }
    let mut programs = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines().filter(|l| l.starts_with('{')) {
        let message: Value = serde_json::from_str(line)?;
        if message["profile"]["test"] != true {
            continue;
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let Some(path) = text(&message["executable"]) else { continue };
        let folder = text(&message["manifest_path"]).and_then(|m| Some(Path::new(&m).parent()?.to_owned()));
        let folder = folder.context("cargo names no manifest of a test program")?;
        programs.push(TestProgram {
            package: package_of(&text(&message["package_id"]).unwrap_or_default()),
            target: text(&message["target"]["name"]).unwrap_or_default(),
            path: path.into(),
            folder,
        });
    }
    Ok(programs)
}

/// Extracts the name from `path+file:///folder/name#1.2.3` or `path+file:///folder#name@1.2.3`.
fn package_of(id: &str) -> String {
    let (place, version) = id.rsplit_once('#').unwrap_or((id, ""));
    let last = place.rsplit('/').next().unwrap_or_default();
    version.split_once('@').map_or(last, |(name, _)| name).to_owned()
}

/// Returns whether the documentation of a package has examples that are run.
fn has_examples(package: &Package) -> bool {
    fn within(folder: &Path) -> bool {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|e| e.path()).any(|path| {
            if path.is_dir() {
                return within(&path);
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            text.contains("/// ```\n") || text.contains("//! ```\n")
        })
    }
    within(&root().join(&package.folder).join("src"))
}

#[cfg(test)]
mod tests {
    use super::package_of;

    #[test]
    fn ids_of_packages_hold_their_names() {
        assert_eq!(package_of("path+file:///home/me/zonal/xtask#0.1.0"), "xtask");
        assert_eq!(package_of("path+file:///home/me/zonal/verify#zonal-verify@0.1.0"), "zonal-verify");
    }
}
