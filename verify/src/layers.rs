//! The order of crates and modules, read from `docs/layers.txt`, and who uses whom, read from the sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A crate and its modules, in the order in which data flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Name of the crate.
    pub name: String,
    /// Its modules, each with the idea it stands for.
    pub modules: Vec<(String, String)>,
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of a crate.
pub fn folder(crate_name: &str) -> PathBuf {
    if crate_name == env!("CARGO_PKG_NAME") {
        root().join("verify")
    } else {
        root().join("crates").join(crate_name)
    }
}

/// Reads `docs/layers.txt`: a crate's name at the left margin, its modules indented, each followed by its idea.
///
/// # Panics
/// When the file cannot be read.
pub fn layers() -> Vec<Layer> {
    let path = root().join("docs/layers.txt");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut out: Vec<Layer> = Vec::new();
    for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
        let indented = line.starts_with(' ');
        let (name, idea) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let entry = (name.to_owned(), idea.trim().to_owned());
        match out.last_mut() {
            Some(layer) if indented => layer.modules.push(entry),
            _ => out.push(Layer { name: entry.0, modules: Vec::new() }),
        }
    }
    out
}

/// For each top-level module of a crate the top-level modules that it names as `crate::module`. Code below
/// `#[cfg(test)]` does not count.
///
/// # Panics
/// When a source cannot be read.
pub fn uses(crate_name: &str) -> BTreeMap<String, Vec<String>> {
    let source = folder(crate_name).join("src");
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).unwrap_or(&file);
        let first = relative.components().next().map(|c| c.as_os_str().to_string_lossy().into_owned());
        let module = first.unwrap_or_default().trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let used = out.entry(module.clone()).or_default();
        for line in code.lines().filter(|l| !l.trim_start().starts_with("//")) {
            for after in line.split("crate::").skip(1) {
                let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name != module && !used.contains(&name) {
                    used.push(name);
                }
            }
        }
    }
    out
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            out.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out.sort();
    out
}
