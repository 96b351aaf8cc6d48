//! The loss against iterations, with the errors of the best polynomials as lines.

use super::{Curve, last_iteration};
use crate::axis::Axis;
use crate::chart::{Chart, Level, Series, Stroke};
use zonal_run::train::TrainReport;

/// Losses below this part of the largest are not drawn.
const FLOOR: f64 = 1e-9;
/// Best polynomials that have a line.
const POLYNOMIALS: usize = 6;

/// The figure.
pub fn loss(id: &str, report: &TrainReport) -> Chart {
    let table = report.target.is_none();
    let levels = levels(report);
    let lines: [(&str, Curve); 3] = [
        (if table { "training" } else { "loss" }, |c| Some(c.loss)),
        (if report.folds.is_some() { "held out" } else { "validation" }, |c| c.validation_loss),
        ("test", |c| c.test_loss),
    ];
    let values = |f: Curve| report.path.iter().filter_map(move |c| Some((c.iteration as f64, f(c)?)));
    let all = lines.iter().flat_map(|(_, f)| values(*f)).map(|(_, v)| v);
    let all: Vec<f64> = all.chain(levels.iter().map(|l| l.value)).collect();
    let across = Axis::iterations(last_iteration(report));
    let mut chart = Chart::new(id, "Loss", across, Axis::logarithmic("mean squared error", all, FLOOR));
    for (look, (name, f)) in lines.into_iter().enumerate() {
        let line: Vec<(f64, f64)> = values(f).collect();
        if line.is_empty() {
            continue;
        }
        let points = line.iter().map(|&p| p.into()).collect();
        chart.series.push(Series { name: name.to_owned(), look, points, line, ..Series::default() });
    }
    let predicted: Vec<(f64, f64)> = values(|c| c.predicted_loss).collect();
    if !predicted.is_empty() {
        chart.series.push(Series {
            name: "tangent kernel".to_owned(),
            look: 5,
            line: predicted,
            stroke: Stroke::Dashed,
            ..Series::default()
        });
    }
    let of = if table && has_test(report) { "on test rows" } else { "of each degree" };
    chart.caption = match (chart.series.len() > 1, levels.is_empty()) {
        (_, true) => "The mean squared error after each listed number of iterations.".to_owned(),
        (_, false) if table => format!("Dotted: the error of the best polynomials {of}."),
        _ => "Dotted: the error of the best polynomial of each degree, which the loss reaches step by step."
            .to_owned(),
    };
    chart.levels = levels;
    if table {
        chart.uprights.push(Level { name: "best".to_owned(), value: report.best_iteration as f64 });
    }
    chart
}

fn has_test(report: &TrainReport) -> bool {
    report.best_polynomial.iter().any(|p| p.test_error.is_some())
}

/// Errors of the best polynomials that are no mere rounding, and the bound that is proved.
fn levels(report: &TrainReport) -> Vec<Level> {
    let test = has_test(report);
    let shown = |v: f64| v > FLOOR * report.initial_loss;
    let largest = report.path.iter().map(|c| c.test_loss.unwrap_or(c.loss).max(c.loss)).fold(0.0, f64::max);
    // A polynomial that is much worse than any network would press the curves together; it stands in the table.
    let near = |v: f64| v <= 2.0 * largest;
    let mut levels: Vec<Level> = report
        .best_polynomial
        .iter()
        .map(|p| Level {
            name: format!("degree {}", p.degree),
            value: if test { p.test_error.unwrap_or(p.error) } else { p.error },
        })
        .filter(|l| shown(l.value) && near(l.value))
        .collect();
    // Degrees without energy repeat the line of the one before.
    levels.dedup_by(|b, a| (a.value - b.value).abs() <= 1e-9 * a.value);
    levels.truncate(POLYNOMIALS);
    let bound = report.loss_bound.filter(|b| shown(*b) && near(*b));
    levels.extend(bound.map(|value| Level { name: "proved bound".to_owned(), value }));
    levels
}
