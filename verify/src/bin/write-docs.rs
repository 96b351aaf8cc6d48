//! Writes the generated parts of the documentation: schemas, lists of modules and decisions, figures. `cargo xtask docs` calls
//! it; a test compares what it would write with what is committed.

use zonal_verify::documents::texts;
use zonal_verify::figures::figures;
use zonal_verify::layers::root;

fn main() -> std::io::Result<()> {
    for (path, contents) in texts().into_iter().chain(figures()) {
        let path = root().join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, contents)?;
    }
    Ok(())
}
