//! The spectrum of an activation as a figure: a chart is a value, drawn as SVG or PNG.

use zonal::prelude::*;
use zonal_report::axis::Axis;
use zonal_report::chart::{Chart, Form, Point, Series};
use zonal_report::draw::svg_file;
use zonal_report::png::png;

/// The eigenvalues of one activation, as points on stems.
fn series(activation: Activation, look: usize) -> zonal::Result<Series> {
    let spectrum = Spectrum::new(&activation, Dim::new(10)?, 1.0, 12)?;
    let seen = spectrum.iter().filter(|(_, c)| c.visible());
    let points: Vec<Point> = seen.map(|(k, c)| Point::from((k as f64, c.eigenvalue()))).collect();
    Ok(Series { name: activation.name(), look, form: Form::Stem, points, ..Series::default() })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let all = [series(Activation::Relu, 0)?, series(Activation::Tanh, 1)?];
    let values: Vec<f64> = all.iter().flat_map(|s| &s.points).map(|p| p.y).collect();
    let degrees = Axis::whole("degree", 0, 12);
    let mut chart = Chart::new("spectra", "Spectra", degrees, Axis::logarithmic("eigenvalue", values, 1e-12));
    chart.series.extend(all);

    let svg = svg_file(&chart);
    let folder = std::env::temp_dir().join(format!("zonal-spectra-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("spectra.svg"), &svg)?;
    std::fs::write(folder.join("spectra.png"), png(&svg)?)?;
    println!("{}", folder.display());

    // ReLU has degrees 0, 1 and the even ones, tanh the odd ones.
    assert_eq!(chart.series.iter().map(|s| s.points.len()).collect::<Vec<_>>(), [8, 6]);
    assert!(svg.starts_with("<svg") && svg.contains("relu") && svg.contains("tanh"));
    assert!(std::fs::read(folder.join("spectra.png"))?.starts_with(b"\x89PNG"));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[test]
fn example() {
    main().unwrap();
}
