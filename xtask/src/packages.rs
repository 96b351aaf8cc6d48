//! The packages of the workspace, and those that a change affects.

use crate::{cargo, root};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A package of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, relative to the root.
    pub(crate) folder: String,
    /// Whether it is for crates.io.
    pub(crate) published: bool,
    /// The packages of the workspace on which it depends, including those of its tests.
    needs: Vec<String>,
}

/// Returns all packages, as reported by cargo.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let output = cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let top = text(&metadata, "workspace_root")?;
    let mut packages = Vec::new();
    for package in metadata["packages"].as_array().context("cargo metadata lists no packages")? {
        let folder =
            Path::new(text(package, "manifest_path")?).parent().context("a manifest has no folder")?;
        let needs = package["dependencies"].as_array().into_iter().flatten();
        packages.push(Package {
            name: text(package, "name")?.to_owned(),
            folder: folder.strip_prefix(top)?.to_string_lossy().into_owned(),
            published: package["publish"].is_null(),
            needs: needs
                .filter(|d| d["path"].is_string())
                .filter_map(|d| d["name"].as_str())
                .map(str::to_owned)
                .collect(),
        });
    }
    Ok(packages)
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name].as_str().with_context(|| format!("cargo metadata has no {name}"))
}

/// The packages whose loops take the time of the tests. The others are optimised for size: they compile sooner, and the wheel stays small.
const HOT: [&str; 7] = ["zonal", "zonal-grow", "zonal-io", "zonal-jobs", "zonal-sq", "zonal-verify", "xtask"];

/// Returns the cargo settings of everything that tests run, including the wheel, so that each package is compiled once:
/// debug assertions and overflow checks in the published packages, and incremental compilation, with which a changed line
/// costs seconds. Dependencies are not affected.
pub(crate) fn settings(packages: &[Package]) -> Vec<String> {
    let mut settings = vec!["profile.release.incremental=true".to_owned()];
    for Package { name, folder, .. } in packages {
        let mut set = |option: &str| settings.push(format!("profile.release.package.{name}.{option}"));
        if folder.starts_with("crates/") {
            // Both are set by name: if one of them is given, the other no longer follows.
            set("debug-assertions=true");
            set("overflow-checks=true");
        }
        if !HOT.contains(&name.as_str()) {
            set("opt-level='s'");
        }
    }
    settings.into_iter().flat_map(|setting| ["--config".to_owned(), setting]).collect()
}

/// Returns the revision from which changes are counted: a named one, or else the one at which this branch left
/// `origin/main`, or else the last commit.
pub(crate) fn base(since: &str) -> Result<String> {
    if !since.is_empty() {
        return git(&["rev-parse", "--verify", &format!("{since}^{{commit}}")]);
    }
    git(&["merge-base", "HEAD", "origin/main"]).or_else(|_| git(&["rev-parse", "HEAD"]))
}

/// Returns the files that differ from a revision, including untracked ones.
pub(crate) fn changed_files(base: &str) -> Result<Vec<String>> {
    let changed = git(&["diff", "--name-only", base])?;
    let unknown = git(&["ls-files", "--others", "--exclude-standard"])?;
    Ok(changed.lines().chain(unknown.lines()).map(str::to_owned).collect())
}

pub(crate) fn git(words: &[&str]) -> Result<String> {
    let output =
        Command::new("git").current_dir(root()).args(words).output().context("git could not be started")?;
    if !output.status.success() {
        bail!("git {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns the names of the packages whose files, or whose tests' files, are among these.
pub(crate) fn owners(packages: &[Package], files: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let within = |p: &&Package| Path::new(file).starts_with(&p.folder);
        if let Some(package) = packages.iter().find(within) {
            found.insert(package.name.clone());
        } else if ["Cargo.toml", "Cargo.lock"].contains(&file.as_str()) || file.starts_with(".cargo/") {
            found.extend(packages.iter().map(|p| p.name.clone()));
        } else {
            // Documents, examples and fuzzing seeds are read by tests.
            found.extend(["zonal-verify", "zonal-cli"].map(str::to_owned));
        }
    }
    found
}

/// Returns these packages and all that depend on them.
pub(crate) fn with_dependants(packages: &[Package], changed: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = changed.clone();
    loop {
        let more =
            packages.iter().filter(|p| p.needs.iter().any(|n| all.contains(n)) && !all.contains(&p.name));
        let more: Vec<String> = more.map(|p| p.name.clone()).collect();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Vec<Package> {
        [
            ("zonal", "crates/zonal", &[][..]),
            ("zonal-io", "crates/zonal-io", &["zonal"]),
            ("zonal-cli", "crates/zonal-cli", &["zonal-io", "zonal-verify"]),
            ("zonal-verify", "verify", &["zonal"]),
            ("xtask", "xtask", &[]),
        ]
        .map(|(name, folder, needs)| Package {
            name: name.into(),
            folder: folder.into(),
            published: true,
            needs: needs.iter().map(|n| (*n).to_owned()).collect(),
        })
        .into()
    }

    fn owned_by(file: &str) -> Vec<String> {
        owners(&workspace(), &[file.to_owned()]).into_iter().collect()
    }

    #[test]
    fn files_belong_to_packages() {
        assert_eq!(owned_by("crates/zonal/src/lib.rs"), ["zonal"]);
        assert_eq!(owned_by("crates/zonal-io/Cargo.toml"), ["zonal-io"]);
        assert_eq!(owned_by("verify/reference/paths.json"), ["zonal-verify"]);
        assert_eq!(owned_by("docs/layers.txt"), ["zonal-cli", "zonal-verify"]);
        assert_eq!(owned_by("Cargo.lock").len(), 5);
    }

    #[test]
    fn dependants_are_followed_to_the_end() {
        let all = |name: &str| {
            with_dependants(&workspace(), &BTreeSet::from([name.to_owned()])).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(all("zonal-verify"), ["zonal-cli", "zonal-verify"]);
        assert_eq!(all("zonal"), ["zonal", "zonal-cli", "zonal-io", "zonal-verify"]);
        assert_eq!(all("xtask"), ["xtask"]);
    }
}
