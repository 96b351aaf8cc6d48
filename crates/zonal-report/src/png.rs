//! A drawing as a picture of points, for those who cannot take SVG.

use crate::error::{Error, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};
use std::sync::{Arc, OnceLock};

/// Points to the inch.
const DENSITY: f32 = 300.0;
/// Points to the inch of SVG itself.
const CSS_DENSITY: f32 = 96.0;

/// The one font that comes with the program: pictures are the same on machines that have others, or none.
fn fonts() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let load = || {
        let mut fonts = Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        fonts.set_sans_serif_family("DejaVu Sans");
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

/// The drawing of a file at 300 points to the inch.
///
/// # Errors
/// [`Error::Picture`] for what is no drawing, or one too large.
pub fn png(svg: &str) -> Result<Vec<u8>> {
    let picture = |message: String| Error::Picture { message };
    let options = Options { fontdb: fonts(), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|e| picture(e.to_string()))?;
    let scale = DENSITY / CSS_DENSITY;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let mut map = Pixmap::new(width.ceil() as u32, height.ceil() as u32)
        .ok_or_else(|| picture(format!("{width:.0} x {height:.0} points are too many")))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut map.as_mut());
    map.encode_png().map_err(|e| picture(e.to_string()))
}
