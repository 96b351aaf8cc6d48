//! The loss against iterations, with the errors of the best polynomials as lines.

use super::{Curve, error_name, fitted_rows, last_iteration, shown_error};
use crate::axis::Axis;
use crate::chart::{Chart, Level, Series, Stroke};
use zonal_documents::train::{Checkpoint, TrainReport};

/// Losses below this part of the largest are not drawn.
const FLOOR: f64 = 1e-9;
/// The name of the line of what is proved.
const BOUND: &str = "proved bound";
/// Best polynomials that have a line.
const POLYNOMIALS: usize = 6;

/// The figure: mean squared errors of a target, root mean squared errors of a table.
pub fn loss(id: &str, report: &TrainReport) -> Chart {
    let table = report.target.is_none();
    let shown = shown_error(report);
    let (levels, beyond) = levels(report);
    let lines: [(&str, Curve); 3] = [
        (first_name(report), |c| Some(c.loss)),
        (if report.folds.is_some() { "held out" } else { "validation" }, |c| c.validation_loss),
        ("test", |c| c.test_loss),
    ];
    let values = |f: Curve| {
        let value = move |c: &Checkpoint| Some((c.iteration as f64, shown(f(c)?)));
        report.path.iter().filter_map(value).collect::<Vec<(f64, f64)>>()
    };
    let all = lines.iter().flat_map(|(_, f)| values(*f)).map(|(_, v)| v);
    let all: Vec<f64> = all.chain(levels.iter().map(|l| l.value)).collect();
    let across = Axis::iterations(last_iteration(report));
    let mut chart = Chart::new(id, "Loss", across, Axis::logarithmic(error_name(report), all, FLOOR));
    for (look, (name, f)) in lines.into_iter().enumerate() {
        let line = values(f);
        if line.is_empty() {
            continue;
        }
        let points = line.iter().map(|&p| p.into()).collect();
        chart.series.push(Series { name: name.to_owned(), look, points, line, ..Series::default() });
    }
    let predicted = values(|c| c.predicted_loss);
    if !predicted.is_empty() {
        let (name, stroke) = ("tangent kernel".to_owned(), Stroke::Dashed);
        chart.series.push(Series { name, look: 5, line: predicted, stroke, ..Series::default() });
    }
    chart.caption = caption(report, &levels, &beyond);
    chart.levels = levels;
    if table {
        let name = if report.validation_rmse.is_some() { "best" } else { "kept" };
        chart.uprights.push(Level { name: name.to_owned(), value: report.best_iteration as f64 });
    }
    chart
}

fn first_name(report: &TrainReport) -> &'static str {
    match &report.target {
        Some(_) => "loss",
        None => fitted_rows(report),
    }
}

fn caption(report: &TrainReport, levels: &[Level], beyond: &[String]) -> String {
    let polynomials = levels.iter().any(|l| l.name != BOUND);
    let mut caption = match (polynomials, report.target.is_none()) {
        (false, _) => "The error after each listed number of iterations.",
        (true, true) if has_test(report) => "Dotted: errors of the best polynomials on test rows.",
        (true, true) => "Dotted: errors of the best polynomials on training rows.",
        (true, false) => "Dotted: errors of the best polynomials.",
    }
    .to_owned();
    if !beyond.is_empty() {
        caption += &format!(" Of {} the error lies beyond the picture.", beyond.join(", "));
    }
    if levels.iter().any(|l| l.name == BOUND) {
        caption += " Proved bound: of the last loss, in the mean over hidden units.";
    }
    caption
}

fn has_test(report: &TrainReport) -> bool {
    report.best_polynomial.iter().any(|p| p.test_error.is_some())
}

/// Errors of the best polynomials that are no mere rounding, and the bound that is proved; also the names of polynomials that
/// are much worse than any network: they would press the curves together, and stand in the table.
fn levels(report: &TrainReport) -> (Vec<Level>, Vec<String>) {
    let test = has_test(report);
    let shown = shown_error(report);
    let visible = |v: f64| v > FLOOR * report.initial_loss;
    let largest = report.path.iter().map(|c| c.test_loss.unwrap_or(c.loss).max(c.loss)).fold(0.0, f64::max);
    let near = |v: f64| v <= 2.0 * largest;
    let mut polynomials: Vec<Level> = report
        .best_polynomial
        .iter()
        .map(|p| Level {
            name: format!("degree {}", p.degree),
            value: if test { p.test_error.unwrap_or(p.error) } else { p.error },
        })
        .filter(|l| visible(l.value))
        .collect();
    // Degrees without energy repeat the line of the one before.
    polynomials.dedup_by(|b, a| (a.value - b.value).abs() <= 1e-9 * a.value);
    let (mut levels, beyond): (Vec<Level>, Vec<Level>) = polynomials.into_iter().partition(|l| near(l.value));
    levels.truncate(POLYNOMIALS);
    let bound = report.loss_bound.filter(|b| visible(*b) && near(*b));
    levels.extend(bound.map(|value| Level { name: BOUND.to_owned(), value }));
    levels.iter_mut().for_each(|l| l.value = shown(l.value));
    (levels, beyond.into_iter().map(|l| l.name).collect())
}
