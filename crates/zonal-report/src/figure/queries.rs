//! Statistical queries: descent through an oracle, and bounds on the number of queries.

use super::last_iteration_of;
use crate::axis::Axis;
use crate::chart::{Chart, Series, Stroke};
use zonal_documents::sq::{BoundReport, LearnReport};

/// Losses below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-9;

/// Returns the figure of the losses of a descent through an oracle and through the exact one.
pub fn of_learning(id: &str, report: &LearnReport) -> Chart {
    let path = &report.path;
    let through: Vec<(f64, f64)> = path.iter().map(|c| (c.iteration as f64, c.loss)).collect();
    let exact: Vec<(f64, f64)> = path.iter().map(|c| (c.iteration as f64, c.exact_loss)).collect();
    let all = through.iter().chain(&exact).map(|point| point.1);
    let x_axis = Axis::iterations(last_iteration_of(path.iter().map(|c| c.iteration)));
    let y_axis = Axis::logarithmic("mean squared error", all, FLOOR);
    let mut chart = Chart::new(id, "Descent through an oracle", x_axis, y_axis);
    let points = through.iter().map(|&point| point.into()).collect();
    let name = format!("oracle {}", report.oracle);
    chart.series.push(Series { name, points, line: through, ..Series::default() });
    let (name, stroke) = ("exact oracle".to_owned(), Stroke::Dashed);
    chart.series.push(Series { name, look: 1, line: exact, stroke, ..Series::default() });
    chart.caption =
        "The exact loss of gradient descent whose queries an oracle answers, and with exact answers."
            .to_owned();
    chart
}

/// Returns the figure of bounds by tolerance, with a series for each dimension and degree; None if no bound excludes
/// anything.
pub fn of_bounds(id: &str, reports: &[BoundReport]) -> Option<Chart> {
    let of = |r: &BoundReport| Some((r.tolerance, r.log10_queries.filter(|_| !r.vacuous)?));
    let all: Vec<(f64, f64)> = reports.iter().filter_map(of).collect();
    let first = reports.first().filter(|_| !all.is_empty())?;
    let x_axis = Axis::logarithmic("tolerance", all.iter().map(|point| point.0), 0.0);
    let y_axis = Axis::linear("log10 of the number of queries", all.iter().map(|point| point.1).chain([0.0]));
    let mut chart = Chart::new(id, format!("Bounds for the {} family", first.family), x_axis, y_axis);
    let mut settings: Vec<(u64, usize)> = reports.iter().map(|r| (r.dim, r.degree)).collect();
    settings.dedup();
    for (look, (dim, degree)) in settings.into_iter().enumerate() {
        let same = reports.iter().filter(|r| (r.dim, r.degree) == (dim, degree));
        let mut line: Vec<(f64, f64)> = same.filter_map(of).collect();
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
        let points = line.iter().map(|&point| point.into()).collect();
        chart.series.push(Series {
            name: format!("n = {dim}, k = {degree}"),
            look,
            points,
            line,
            ..Series::default()
        });
    }
    chart.caption =
        "Every learner needs at least this many queries. Bounds below one query are not drawn.".to_owned();
    Some(chart)
}
