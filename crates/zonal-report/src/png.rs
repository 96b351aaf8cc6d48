//! Renders drawings as PNG, which needs the feature `png`.

use crate::error::{Error, Result};
use png::{BitDepth, ColorType, Encoder, PixelDimensions, Unit};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};
use std::sync::{Arc, OnceLock};

/// Pixels per inch.
const DENSITY: f32 = 300.0;
/// Pixels per inch of SVG's own units.
const CSS_DENSITY: f32 = 96.0;
/// Inches per metre.
const INCHES: f32 = 39.370_08;

/// Returns the bundled font. No other font is used, so that pictures are the same on all machines.
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

/// Parses an SVG file.
pub(crate) fn tree(svg: &str) -> Result<Tree> {
    let options = Options { fontdb: fonts(), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|e| Error::Picture { message: e.to_string() })
}

/// Renders an SVG file at 300 pixels per inch, and records this density in the picture.
///
/// # Errors
/// [`Error::Picture`] for invalid SVG, and for a picture that is too large.
pub fn png(svg: &str) -> Result<Vec<u8>> {
    let picture = |message: String| Error::Picture { message };
    let tree = tree(svg)?;
    let scale = DENSITY / CSS_DENSITY;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let mut map = Pixmap::new(width.ceil() as u32, height.ceil() as u32)
        .ok_or_else(|| picture(format!("{width:.0} x {height:.0} pixels are too many")))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut map.as_mut());
    encode(map).map_err(|e| picture(e.to_string()))
}

fn encode(map: Pixmap) -> std::result::Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, map.width(), map.height());
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    let density = (DENSITY * INCHES).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: density, yppu: density, unit: Unit::Meter }));
    // The mark by which zonal recognises its own pictures.
    encoder.add_text_chunk("Software".to_owned(), "zonal".to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&map.take_demultiplied())?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal_io::folder::{FIGURE_MARKS, is_figure};

    #[test]
    fn a_picture_has_size_density_and_mark() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"25.4mm\" height=\"12.7mm\" viewBox=\"0 0 2 1\"><rect \
                   width=\"1\" height=\"1\" fill=\"#ff0000\"/></svg>";
        let bytes = png(svg).unwrap();
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("x.png");
        std::fs::write(&path, &bytes).unwrap();
        assert!(is_figure(&path) && bytes.windows(14).any(|w| w == FIGURE_MARKS[1]));
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let info = reader.info();
        assert_eq!((info.width, info.height), (300, 150));
        assert_eq!(info.pixel_dims.map(|d| (d.xppu, d.yppu)), Some((11_811, 11_811)));
        let mut points = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut points).unwrap();
        // Red on the left, nothing on the right.
        assert_eq!((&points[..4], &points[4 * 299..4 * 300]), (&[255, 0, 0, 255][..], &[0, 0, 0, 0][..]));
        assert!(png("no drawing").is_err());
    }
}
