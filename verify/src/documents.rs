//! The generated parts of the documentation, as (path from the root, contents).

use crate::figures::{degrees, staircase};
use crate::layers::{layers, root};
use zonal_documents::schema::documents;

/// Markers around the list of modules in the README.
const BEGIN: &str = "<!-- house: written by `cargo xtask docs` -->\n```text\n";
const END: &str = "```\n<!-- end of house -->";

/// Returns everything that is generated.
///
/// # Panics
/// If the README or its markers are missing.
pub fn all() -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = documents()
        .into_iter()
        .map(|(name, schema)| {
            let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
            (format!("docs/schema/{name}.schema.json"), text + "\n")
        })
        .collect();
    out.push(("docs/figures/degrees.svg".into(), degrees()));
    out.push(("docs/figures/staircase.svg".into(), staircase()));
    let readme =
        std::fs::read_to_string(root().join("README.md")).unwrap_or_else(|e| panic!("README.md: {e}"));
    let (before, rest) = readme.split_once(BEGIN).unwrap_or_else(|| panic!("README.md lacks {BEGIN:?}"));
    let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("README.md lacks {END:?}"));
    out.push(("README.md".into(), format!("{before}{BEGIN}{}{END}{after}", house())));
    out
}

/// Lists crates and modules from top to bottom.
fn house() -> String {
    let mut text = String::new();
    for layer in layers() {
        text += &format!("{}\n", layer.name);
        for (module, idea) in layer.modules {
            text += &format!("  {module:<13}{idea}\n");
        }
    }
    text
}
