//! The licences of the packages that a program is linked from.

use crate::cargo;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Returns the names of all dependencies of a package on a platform, and the texts of their licences, equal ones once.
pub(super) fn notices(package: &str, platform: &str) -> Result<String> {
    let linked = tree(package, platform)?;
    let metadata: Value = serde_json::from_str(&output(&["metadata", "--format-version", "1", "--locked"])?)?;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut list = String::new();
    for package in metadata["packages"].as_array().context("cargo metadata lists no packages")? {
        let text = |name: &str| package[name].as_str().unwrap_or_default();
        let name = format!("{} {}", text("name"), text("version"));
        // Packages of the workspace have no source.
        if package["source"].is_null() || !linked.contains(&name) {
            continue;
        }
        list += &format!("{name}: {}\n  {}\n", text("license"), text("repository"));
        let folder = Path::new(text("manifest_path")).parent().context("a manifest has no folder")?;
        for licence in licences(folder)? {
            texts.entry(licence).or_default().insert(name.clone());
        }
    }
    let mut all = format!(
        "zonal is linked from these packages, and from the standard library of Rust (MIT OR Apache-2.0).\n\n{list}"
    );
    for (text, names) in texts {
        let names: Vec<String> = names.into_iter().collect();
        all += &format!("\n{}\n{}\n\n{}\n", "=".repeat(80), names.join(", "), text.trim_end());
    }
    Ok(all)
}

/// Returns the names and versions of the packages that are linked.
fn tree(package: &str, platform: &str) -> Result<BTreeSet<String>> {
    let words = [
        "tree",
        "--locked",
        "--package",
        package,
        "--target",
        platform,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ];
    let name = |line: &str| {
        let mut words = line.split(' ');
        Some(format!("{} {}", words.next()?, words.next()?.trim_start_matches('v')))
    };
    Ok(output(&words)?.lines().filter_map(name).collect())
}

/// Returns the texts of the licence files in a folder.
fn licences(folder: &Path) -> Result<Vec<String>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        file.is_file()
            && ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT"].iter().any(|w| name.starts_with(w))
    });
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        Ok(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
    };
    files.iter().map(read).collect()
}

fn output(words: &[&str]) -> Result<String> {
    let output = cargo().args(words).output()?;
    if !output.status.success() {
        bail!("cargo {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_of_linked_packages_are_listed() {
        let text = notices("zonal-cli", "x86_64-unknown-linux-gnu").unwrap();
        let (list, texts) = text.split_once("====").unwrap();
        // Linked by way of zonal; used by tests only; a part of the workspace; linked on Windows only.
        assert!(list.contains("\nfaer ") && texts.contains("Permission is hereby granted"));
        assert!(
            ["\nassert_cmd ", "\nzonal", "\nwindows-sys "].iter().all(|name| !list.contains(name)),
            "{list}"
        );
    }
}
