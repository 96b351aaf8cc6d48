//! Writes the generated parts of the documentation: schemas, the list of modules, the figure of the README.
//! `cargo xtask docs` calls it; a test compares its output with the committed files.

use zonal_verify::documents::all;
use zonal_verify::layers::root;

fn main() -> std::io::Result<()> {
    for (path, contents) in all() {
        let path = root().join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, contents)?;
    }
    Ok(())
}
