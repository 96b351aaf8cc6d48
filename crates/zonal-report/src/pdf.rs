//! Renders drawings as PDF.

use crate::error::{Error, Result};
use crate::png::tree;
use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Filter, Finish, Pdf, Rect, Ref, TextStr};
use resvg::tiny_skia::{Path, PathSegment, Point, Transform};
use resvg::usvg::{Color, FillRule, Group, LineCap, LineJoin, Node, Paint, PaintOrder, Stroke};
use std::io::Write;

/// Points of PDF per unit of SVG.
const POINTS: f32 = 72.0 / 96.0;

/// Renders an SVG file as a page of its size. Text becomes outlines, so that no font is needed.
///
/// # Errors
/// [`Error::Picture`] for invalid SVG, and for one with more than filled and stroked paths, text and clipping by paths.
pub fn pdf(svg: &str) -> Result<Vec<u8>> {
    let tree = tree(svg)?;
    let (width, height) = (tree.size().width() * POINTS, tree.size().height() * POINTS);
    let mut content = Content::new();
    // PDF counts from the bottom.
    content.transform([POINTS, 0.0, 0.0, -POINTS, 0.0, height]);
    group(&mut content, tree.root(), Transform::identity())?;
    let [info, catalog, pages, page, stream] = [1, 2, 3, 4, 5].map(Ref::new);
    let mut pdf = Pdf::new();
    // The mark by which zonal recognises its own figures is near the beginning.
    pdf.document_info(info).producer(TextStr("zonal"));
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut only = pdf.page(page);
    only.parent(pages).media_box(Rect::new(0.0, 0.0, width, height)).contents(stream);
    only.resources();
    only.finish();
    pdf.stream(stream, &deflated(&content.finish())?).filter(Filter::FlateDecode);
    Ok(pdf.finish())
}

fn picture(message: impl Into<String>) -> Error {
    Error::Picture { message: message.into() }
}

fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_err(|e| picture(e.to_string()))
}

fn group(content: &mut Content, tree: &Group, above: Transform) -> Result<()> {
    let transform = above.pre_concat(tree.transform());
    if tree.mask().is_some() || !tree.filters().is_empty() || tree.opacity().get() < 1.0 {
        return Err(picture("PDF figures have no masks, filters or transparency"));
    }
    content.save_state();
    if let Some(clip) = tree.clip_path() {
        clip_by(content, clip.root(), transform.pre_concat(clip.transform()));
        content.clip_nonzero().end_path();
    }
    for node in tree.children() {
        match node {
            Node::Group(inner) => group(content, inner, transform)?,
            Node::Path(path) if !path.is_visible() => {}
            Node::Path(path) => {
                let fill = path.fill().map(|fill| (fill.paint(), fill.rule()));
                let stroke = path.stroke();
                let order = path.paint_order();
                draw(content, path.data(), fill, stroke, order, transform)?;
            }
            Node::Text(text) => group(content, text.flattened(), transform)?,
            Node::Image(_) => return Err(picture("PDF figures have no images")),
        }
    }
    content.restore_state();
    Ok(())
}

/// Adds the outlines of a clipping path.
fn clip_by(content: &mut Content, root: &Group, above: Transform) {
    let transform = above.pre_concat(root.transform());
    for node in root.children() {
        match node {
            Node::Group(inner) => clip_by(content, inner, transform),
            Node::Path(path) => {
                if let Some(moved) = path.data().clone().transform(transform) {
                    outline(content, &moved);
                }
            }
            Node::Text(_) | Node::Image(_) => {}
        }
    }
}

fn draw(
    content: &mut Content,
    path: &Path,
    fill: Option<(&Paint, FillRule)>,
    stroke: Option<&Stroke>,
    order: PaintOrder,
    transform: Transform,
) -> Result<()> {
    content.save_state();
    let Transform { sx, kx, ky, sy, tx, ty } = transform;
    content.transform([sx, ky, kx, sy, tx, ty]);
    let parts = match order {
        PaintOrder::FillAndStroke => [true, false],
        PaintOrder::StrokeAndFill => [false, true],
    };
    for is_fill in parts {
        match (is_fill, fill, stroke) {
            (true, Some((paint, rule)), _) => {
                let [r, g, b] = rgb(paint)?;
                content.set_fill_rgb(r, g, b);
                outline(content, path);
                match rule {
                    FillRule::NonZero => content.fill_nonzero(),
                    FillRule::EvenOdd => content.fill_even_odd(),
                };
            }
            (false, _, Some(stroke)) => {
                set_stroke(content, stroke)?;
                outline(content, path);
                content.stroke();
            }
            _ => {}
        }
    }
    content.restore_state();
    Ok(())
}

fn set_stroke(content: &mut Content, stroke: &Stroke) -> Result<()> {
    let [r, g, b] = rgb(stroke.paint())?;
    content.set_stroke_rgb(r, g, b);
    content.set_line_width(stroke.width().get());
    content.set_line_cap(match stroke.linecap() {
        LineCap::Butt => LineCapStyle::ButtCap,
        LineCap::Round => LineCapStyle::RoundCap,
        LineCap::Square => LineCapStyle::ProjectingSquareCap,
    });
    content.set_line_join(match stroke.linejoin() {
        LineJoin::Miter | LineJoin::MiterClip => LineJoinStyle::MiterJoin,
        LineJoin::Round => LineJoinStyle::RoundJoin,
        LineJoin::Bevel => LineJoinStyle::BevelJoin,
    });
    content.set_miter_limit(stroke.miterlimit().get());
    let dashes = stroke.dasharray().unwrap_or_default();
    content.set_dash_pattern(dashes.iter().copied(), stroke.dashoffset());
    Ok(())
}

fn rgb(paint: &Paint) -> Result<[f32; 3]> {
    match paint {
        Paint::Color(Color { red, green, blue }) => Ok([red, green, blue].map(|c| f32::from(*c) / 255.0)),
        _ => Err(picture("PDF figures have no gradients or patterns")),
    }
}

fn outline(content: &mut Content, path: &Path) {
    let mut at = Point::zero();
    for segment in path.segments() {
        match segment {
            PathSegment::MoveTo(p) => {
                content.move_to(p.x, p.y);
                at = p;
            }
            PathSegment::LineTo(p) => {
                content.line_to(p.x, p.y);
                at = p;
            }
            PathSegment::QuadTo(c, p) => {
                // PDF has cubic curves only.
                let toward =
                    |from: Point| (from.x + 2.0 / 3.0 * (c.x - from.x), from.y + 2.0 / 3.0 * (c.y - from.y));
                let ((x1, y1), (x2, y2)) = (toward(at), toward(p));
                content.cubic_to(x1, y1, x2, y2, p.x, p.y);
                at = p;
            }
            PathSegment::CubicTo(a, b, p) => {
                content.cubic_to(a.x, a.y, b.x, b.y, p.x, p.y);
                at = p;
            }
            PathSegment::Close => {
                content.close_path();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal_io::folder::is_figure;

    #[test]
    fn a_page_has_the_size_of_the_drawing_the_mark_and_no_font() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"25.4mm\" height=\"12.7mm\" viewBox=\"0 0 20 10\"><clipPath \
                   id=\"c\"><rect width=\"15\" height=\"9\"/></clipPath><g clip-path=\"url(#c)\"><path d=\"M0 0Q5 5 9 1\" \
                   fill=\"none\" stroke=\"#00ff00\" stroke-dasharray=\"2 1\"/></g><text x=\"1\" y=\"9\" font-size=\"5\">ab</text></svg>";
        let bytes = pdf(svg).unwrap();
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("x.pdf");
        std::fs::write(&path, &bytes).unwrap();
        assert!(is_figure(&path));
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.starts_with("%PDF-1."), "{text}");
        let sides = text.split("/MediaBox [0 0 ").nth(1).unwrap().split(']').next().unwrap().split(' ');
        let sides: Vec<f32> = sides.map(|side| side.parse().unwrap()).collect();
        assert!((sides[0] - 72.0).abs() < 1e-3 && (sides[1] - 36.0).abs() < 1e-3, "{sides:?}");
        assert!(!text.contains("/Font"), "{text}");
        assert!(pdf("no drawing").is_err());
        assert!(pdf(&svg.replace("<g ", "<g opacity=\"0.5\" ")).is_err());
    }
}
