//! The committed generated files are those that the code generates now.

use zonal_verify::documents::all;
use zonal_verify::layers::root;

#[test]
fn generated_documents_are_current() {
    let stale: Vec<String> = all()
        .into_iter()
        .filter(|(path, contents)| {
            std::fs::read_to_string(root().join(path)).unwrap_or_default() != *contents
        })
        .map(|(path, _)| path)
        .collect();
    assert!(stale.is_empty(), "run `cargo xtask docs`; it changes {}", stale.join(", "));
}
