//! The analysis of a table: the error of the best polynomial of each degree.

use crate::axis::Axis;
use crate::chart::{Chart, Rule, Series};
use zonal_documents::analyze::{AnalyzeReport, LabelAnalysis, PolynomialError};

/// Returns the figure of each label.
pub fn of_analysis(id: &str, report: &AnalyzeReport) -> Vec<Chart> {
    let several = report.labels.len() > 1;
    let name = |i: usize| if several { format!("{id}-{}", i + 1) } else { id.to_owned() };
    report.labels.iter().enumerate().map(|(i, label)| of_label(name(i), label)).collect()
}

fn of_label(id: String, label: &LabelAnalysis) -> Chart {
    let fits = &label.best_polynomial;
    let points = |error: fn(&PolynomialError) -> Option<f64>| -> Vec<(f64, f64)> {
        fits.iter().filter_map(|fit| Some((fit.degree as f64, error(fit)?.sqrt()))).collect()
    };
    let curves =
        [("fitted rows", points(|fit| Some(fit.error))), ("held-out rows", points(|fit| fit.test_error))];
    // Polynomials that fit the noise have large errors on other rows.
    let shown = |error: &f64| *error <= 2.0 * label.deviation;
    let errors = curves.iter().flat_map(|(_, points)| points.iter().map(|p| p.1));
    let all: Vec<f64> = errors.chain(label.noise_rmse).filter(shown).chain([0.0]).collect();
    let last = fits.last().map_or(0, |fit| fit.degree);
    let title = format!("Best polynomials of {}", crate::text::shorten(&label.label, 40));
    let x_axis = Axis::whole("degree of the polynomial", 0, last);
    let mut chart = Chart::new(id, title, x_axis, Axis::linear("root mean squared error", all));
    for (look, (name, line)) in curves.into_iter().enumerate().filter(|(_, (_, line))| !line.is_empty()) {
        let points = line.iter().map(|&point| point.into()).collect();
        chart.series.push(Series { name: name.to_owned(), look, points, line, ..Series::default() });
    }
    let floor = label.noise_rmse.map(|value| Rule { name: "noise floor".to_owned(), value });
    chart.horizontal_rules.extend(floor);
    chart.caption = "The error of the best polynomial of each degree. Errors of more than twice the deviation of the label are \
                     outside the figure."
        .to_owned();
    chart
}
