//! The loss against iterations, with the errors of the best polynomials as horizontal rules.

use super::{Curve, error_name, fitted_rows, last_iteration, shown_error};
use crate::axis::Axis;
use crate::chart::{Chart, Rule, Series, Stroke};
use zonal_documents::train::{Checkpoint, TrainReport};

/// Losses below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-9;
/// The label of the proved bound.
const BOUND: &str = "proved bound";
/// The largest number of polynomials with a rule.
const POLYNOMIALS: usize = 6;

/// Returns the figure: mean squared errors for a target, root mean squared errors for a table.
pub fn loss(id: &str, report: &TrainReport) -> Chart {
    let table = report.target.is_none();
    let shown = shown_error(report);
    let (horizontal_rules, beyond) = horizontal_rules(report);
    let lines: [(&str, Curve); 3] = [
        (first_name(report), |c| Some(c.loss)),
        (report.held_out_name(), |c| c.validation_loss),
        ("test", |c| c.test_loss),
    ];
    let values = |f: Curve| {
        let value = move |c: &Checkpoint| Some((c.iteration as f64, shown(f(c)?)));
        report.path.iter().filter_map(value).collect::<Vec<(f64, f64)>>()
    };
    let all = lines.iter().flat_map(|(_, f)| values(*f)).map(|(_, v)| v);
    let all: Vec<f64> = all.chain(horizontal_rules.iter().map(|l| l.value)).collect();
    let x_axis = Axis::iterations(last_iteration(report));
    let mut chart = Chart::new(id, "Loss", x_axis, Axis::logarithmic(error_name(report), all, FLOOR));
    for (look, (name, f)) in lines.into_iter().enumerate() {
        let line = values(f);
        if line.is_empty() {
            continue;
        }
        let points = line.iter().map(|&p| p.into()).collect();
        chart.series.push(Series { name: name.to_owned(), look, points, line, ..Series::default() });
    }
    let drawn = values(|c| c.drawn_test_loss);
    if !drawn.is_empty() {
        let (name, stroke) = ("test, drawn units".to_owned(), Stroke::Dashed);
        chart.series.push(Series { name, look: 5, line: drawn, stroke, ..Series::default() });
    }
    let predicted = values(|c| c.predicted_loss);
    if !predicted.is_empty() {
        let (name, stroke) = ("tangent kernel".to_owned(), Stroke::Dashed);
        chart.series.push(Series { name, look: 5, line: predicted, stroke, ..Series::default() });
    }
    chart.caption = caption(report, &horizontal_rules, &beyond);
    chart.horizontal_rules = horizontal_rules;
    if let Some(best) = report.best().filter(|_| table) {
        let name = if report.validation_rmse.is_some() { "best" } else { "saved" };
        chart.vertical_rules.push(Rule { name: name.to_owned(), value: best.iteration as f64 });
    }
    chart
}

fn first_name(report: &TrainReport) -> &'static str {
    match &report.target {
        Some(_) => "loss",
        None => fitted_rows(report),
    }
}

fn caption(report: &TrainReport, horizontal_rules: &[Rule], beyond: &[String]) -> String {
    let polynomials = horizontal_rules.iter().any(|l| l.name != BOUND);
    let mut caption = match (polynomials, report.target.is_none()) {
        (false, _) => "The error after each listed number of iterations.",
        (true, true) if has_test(report) => "Dotted: errors of the best polynomials on test rows.",
        (true, true) => "Dotted: errors of the best polynomials on training rows.",
        (true, false) => "Dotted: errors of the best polynomials.",
    }
    .to_owned();
    if report.path.iter().any(|c| c.drawn_test_loss.is_some()) {
        caption += &format!(
            " Dashed: for comparison, one network of {} ReLU units drawn at random, on the same rows.",
            report.width
        );
    }
    if !beyond.is_empty() {
        caption += &format!(" The error of {} is outside the figure.", beyond.join(", "));
    }
    if horizontal_rules.iter().any(|l| l.name == BOUND) {
        caption += " Proved bound: on the mean of the last loss over hidden units.";
    }
    caption
}

fn has_test(report: &TrainReport) -> bool {
    report.best_polynomial.iter().any(|p| p.test_error.is_some())
}

/// Returns rules for the errors of the best polynomials above rounding, and for the proved bound. Polynomials far worse
/// than the network would compress the curves: only their names are returned, and the table lists them.
fn horizontal_rules(report: &TrainReport) -> (Vec<Rule>, Vec<String>) {
    let test = has_test(report);
    let shown = shown_error(report);
    let visible = |v: f64| v > FLOOR * report.initial_loss;
    let largest = report.path.iter().map(|c| c.test_loss.unwrap_or(c.loss).max(c.loss)).fold(0.0, f64::max);
    let near = |v: f64| v <= 2.0 * largest;
    let mut polynomials: Vec<Rule> = report
        .best_polynomial
        .iter()
        .map(|p| Rule {
            name: format!("degree {}", p.degree),
            value: if test { p.test_error.unwrap_or(p.error) } else { p.error },
        })
        .filter(|l| visible(l.value))
        .collect();
    // Degrees without energy repeat the line of the one before.
    polynomials.dedup_by(|b, a| (a.value - b.value).abs() <= 1e-9 * a.value);
    let (mut horizontal_rules, beyond): (Vec<Rule>, Vec<Rule>) =
        polynomials.into_iter().partition(|l| near(l.value));
    horizontal_rules.truncate(POLYNOMIALS);
    let bound = report.loss_bound.filter(|b| visible(*b) && near(*b));
    horizontal_rules.extend(bound.map(|value| Rule { name: BOUND.to_owned(), value }));
    horizontal_rules.iter_mut().for_each(|l| l.value = shown(l.value));
    (horizontal_rules, beyond.into_iter().map(|l| l.name).collect())
}
