//! Predicted errors by the numbers of rows and units.

use crate::axis::Axis;
use crate::chart::{Chart, Point, Series};
use zonal_documents::curve::{CurvePoint, CurveReport, MapReport};
use zonal_documents::number::{Extended, short_count};

/// Errors below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-6;
/// The largest number of series.
const SERIES: usize = 8;

/// Returns the figures of a curve: the error by the number of rows, and by the width, where there are several of them.
pub fn of_curve(id: &str, report: &CurveReport) -> Vec<Chart> {
    if let Some(map) = &report.map {
        return phases(&format!("{id}-map"), map).into_iter().collect();
    }
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
    let x_axis = Axis::logarithmic(size, finite.iter().map(|n| *n as f64), 0.0);
    let (shown, is_all) = shown_sizes(&report.points, &other);
    let is_shown = |p: &&CurvePoint| shown.contains(&other(p));
    let errors = report.points.iter().filter(is_shown).filter_map(|p| p.test_error);
    let mut chart = Chart::new(
        id,
        format!("Test error by the {size_name}", size_name = name_of(size)),
        x_axis,
        Axis::logarithmic("mean squared error", errors, FLOOR),
    );
    let mut keys: Vec<String> = Vec::new();
    for point in report.points.iter().filter(is_shown) {
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
    chart.caption = "Predicted mean over rows, noise and units.".to_owned();
    if report.seeds.is_some() {
        chart.caption += " Points: means of simulated draws.";
    }
    if report.points.iter().any(|p| p.test_error.is_none()) {
        chart.caption += " Infinite errors are not drawn.";
    }
    if !is_all {
        chart.caption +=
            &format!(" Only some numbers of {} are shown.", if size == "rows" { "units" } else { "rows" });
    }
    Some(chart)
}

/// Returns the other sizes whose series are shown, all of them unless there would be too many to tell apart, and whether these are all.
fn shown_sizes(points: &[CurvePoint], other: &impl Fn(&CurvePoint) -> Extended) -> (Vec<Extended>, bool) {
    let mut others: Vec<Extended> = Vec::new();
    for point in points {
        if !others.contains(&other(point)) {
            others.push(other(point));
        }
    }
    let mut fits: Vec<String> = points.iter().map(CurvePoint::fit).collect();
    fits.sort();
    fits.dedup();
    let step = others.len().div_ceil((SERIES / fits.len().max(1)).max(1)).max(1);
    (others.iter().rev().step_by(step).copied().collect(), step == 1)
}

/// Returns the phase diagram: the degree learned at each number of rows and units, and the boundaries; None for fewer than two
/// finite sizes.
fn phases(id: &str, map: &MapReport) -> Option<Chart> {
    let finite = |sizes: &[Extended]| -> Vec<f64> {
        sizes.iter().filter_map(|n| n.finite()).map(|n| n as f64).collect()
    };
    let (rows, widths) = (finite(&map.rows), finite(&map.width));
    if rows.len() < 2 || widths.len() < 2 {
        return None;
    }
    let x_axis = Axis::logarithmic("rows", rows.iter().copied(), 0.0);
    let y_axis = Axis::logarithmic("width", widths.iter().copied(), 0.0);
    let mut chart = Chart::new(id, "Degrees learned", x_axis, y_axis);
    let [least, most] = [f64::min, f64::max]
        .map(|pick| [&rows, &widths].map(|sizes| sizes.iter().copied().fold(sizes[0], pick)));
    for (look, boundary) in map.boundaries.iter().enumerate() {
        let mut points = Vec::new();
        for (n, degrees) in map.rows.iter().zip(&map.degree_learned) {
            for (m, degree) in map.width.iter().zip(degrees) {
                let sizes = n.finite().zip(m.finite()).filter(|_| *degree == Some(boundary.degree));
                points.extend(sizes.map(|(n, m)| Point::from((n as f64, m as f64))));
            }
        }
        // The boundary begins with infinitely many units.
        let first = boundary.rows.first().map(|n| (*n, most[1]));
        let line = first.into_iter().chain(boundary.rows.iter().copied().zip(boundary.width.iter().copied()));
        let inside =
            |&(n, m): &(f64, f64)| (least[0]..=most[0]).contains(&n) && (least[1]..=most[1]).contains(&m);
        let line: Vec<(f64, f64)> = line.filter(inside).collect();
        let name = format!("degree {}", boundary.degree);
        if !line.is_empty() || !points.is_empty() {
            chart.series.push(Series { name, look, points, line, ..Series::default() });
        }
    }
    chart.caption = "Points: the largest degree of which half is learned, with all lower ones. Lines: where half of a degree is learned, without a ridge or for the given one, in closed form.".to_owned();
    Some(chart)
}

fn name_of(size: &str) -> &'static str {
    if size == "rows" { "number of rows" } else { "width" }
}

/// Returns what distinguishes the curve of a point from others.
fn key(point: &CurvePoint, other: Extended, size: &str) -> String {
    let count = other.finite().map_or("infinitely many".to_owned(), short_count);
    let unit = if size == "rows" { "units" } else { "rows" };
    format!("{count} {unit}, {}", point.fit())
}
