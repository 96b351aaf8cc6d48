//! Writes the parts of the documentation that come from the code: schemas, the picture of the house, the figure of
//! the first page. `cargo xtask docs` calls it; a test compares what it would write with what is committed.

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
