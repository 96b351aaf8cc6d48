//! The order of crates and modules as `docs/layers.txt` states it, and what the sources make of it.

pub mod circles;
pub mod literals;
pub mod python;
pub mod tree;
pub mod uses;

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

/// Dependencies of a crate within the workspace, as its manifest names them; those of tests only do not count.
///
/// # Panics
/// When the manifest cannot be read.
pub fn dependencies(crate_name: &str) -> Vec<String> {
    let path = folder(crate_name).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let section = text.lines().skip_while(|l| l.trim() != "[dependencies]").skip(1);
    let lines = section.take_while(|l| !l.starts_with('['));
    let name = |line: &str| line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned();
    lines.map(name).filter(|n| n == "zonal" || n.starts_with("zonal-")).collect()
}
