//! The order of crates and modules stated in `docs/layers.txt`, and the dependencies found in the sources.

pub mod circles;
pub mod literals;
pub mod python;
pub mod tree;
pub mod uses;

use std::path::{Path, PathBuf};

/// A crate and its modules, in the order in which data flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The name of the crate.
    pub name: String,
    /// Its modules, each with a description.
    pub modules: Vec<(String, String)>,
}

/// Returns the root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the folder of a crate.
pub fn folder(crate_name: &str) -> PathBuf {
    if crate_name == env!("CARGO_PKG_NAME") {
        root().join("verify")
    } else {
        root().join("crates").join(crate_name)
    }
}

/// Reads `docs/layers.txt`: a crate's name is at the left margin, its modules are indented, each followed by its
/// description.
///
/// # Panics
/// If the file cannot be read.
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

/// Returns the dependencies of a crate within the workspace according to its manifest, without development
/// dependencies.
///
/// # Panics
/// If the manifest cannot be read.
pub fn dependencies(crate_name: &str) -> Vec<String> {
    let path = folder(crate_name).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let section = text.lines().skip_while(|l| l.trim() != "[dependencies]").skip(1);
    let lines = section.take_while(|l| !l.starts_with('['));
    let name = |line: &str| line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned();
    lines.map(name).filter(|n| n == "zonal" || n.starts_with("zonal-")).collect()
}
