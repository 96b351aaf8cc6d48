//! Predicted errors by the numbers of rows and units.

use crate::axis::Axis;
use crate::chart::{Chart, Point, Series};
use zonal_documents::curve::{CurvePoint, CurveReport};
use zonal_documents::number::{Extended, short, short_count};

/// Errors below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-6;

/// Returns the figures of a curve: the error by the number of rows, and by the width, where there are several of them.
pub fn of_curve(id: &str, report: &CurveReport) -> Vec<Chart> {
    let rows = by(report, &format!("{id}-rows"), "rows", |p| p.rows, |p| p.width);
    let widths = by(report, &format!("{id}-width"), "width", |p| p.width, |p| p.rows);
    rows.into_iter().chain(widths).collect()
}

/// Returns the figure of the error by one size, with a series for each value of the other one and each fit; None for fewer
/// than two finite values.
fn by(
    report: &CurveReport,
    id: &str,
    size: &str,
    of: impl Fn(&CurvePoint) -> Extended,
    other: impl Fn(&CurvePoint) -> Extended,
) -> Option<Chart> {
    let finite: Vec<u64> = report.points.iter().filter_map(|p| of(p).finite()).collect();
    let (least, most) = (finite.iter().min()?, finite.iter().max()?);
    if least == most {
        return None;
    }
    let errors = report.points.iter().filter_map(|p| p.test_error);
    let x_axis = Axis::logarithmic(size, finite.iter().map(|n| *n as f64), 0.0);
    let mut chart = Chart::new(
        id,
        format!("Test error by the {size_name}", size_name = name_of(size)),
        x_axis,
        Axis::logarithmic("mean squared error", errors, FLOOR),
    );
    let mut keys: Vec<String> = Vec::new();
    for point in &report.points {
        let key = key(point, other(point), size);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for (look, name) in keys.into_iter().enumerate() {
        let same = report.points.iter().filter(|p| key(p, other(p), size) == name);
        let mut line = Vec::new();
        let mut points = Vec::new();
        for p in same {
            let Some(x) = of(p).finite().map(|n| n as f64) else { continue };
            line.extend(p.test_error.map(|error| (x, error)));
            points.extend(p.simulated.map(|mean| Point::from((x, mean))));
        }
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
        chart.series.push(Series { name, look, points, line, ..Series::default() });
    }
    chart.caption =
        "Lines: predicted mean over rows, noise and units. Points: means of simulated draws. Infinite errors are not drawn.".to_owned();
    Some(chart)
}

fn name_of(size: &str) -> &'static str {
    if size == "rows" { "number of rows" } else { "width" }
}

/// Returns what distinguishes the curve of a point from others.
fn key(point: &CurvePoint, other: Extended, size: &str) -> String {
    let count = other.finite().map_or("infinitely many".to_owned(), short_count);
    let unit = if size == "rows" { "units" } else { "rows" };
    let fit = match (point.best, point.ridge, point.iterations) {
        (true, Some(_), _) => "best ridge".to_owned(),
        (true, None, _) => "best iteration".to_owned(),
        (false, Some(ridge), _) => format!("ridge {}", short(ridge)),
        (false, None, t) => format!("{} iterations", short_count(t.unwrap_or(0))),
    };
    format!("{count} {unit}, {fit}")
}
