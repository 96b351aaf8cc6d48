//! How far the weights move, and whether hidden units turn into the target's directions.

use super::{Curve, last_iteration};
use crate::axis::Axis;
use crate::chart::{Chart, Level, Series};
use zonal_documents::train::TrainReport;

/// The figure; None for a path found at once, whose hidden units stand still.
pub fn movement(id: &str, report: &TrainReport) -> Option<Chart> {
    let descent = report.descent.as_ref()?;
    let lines: [(&str, Curve); 3] = [
        ("hidden weights moved", |c| c.hidden_movement),
        ("output weights moved", |c| c.output_movement),
        ("alignment", |c| c.alignment),
    ];
    let values = |f: Curve| report.path.iter().filter_map(move |c| Some((c.iteration as f64, f(c)?)));
    let all: Vec<f64> = lines.iter().flat_map(|(_, f)| values(*f)).map(|(_, v)| v).collect();
    if all.iter().all(|v| *v == 0.0) {
        return None;
    }
    let up = Axis::linear("part", all.into_iter().chain([0.0]));
    let mut chart = Chart::new(id, "Movement of the weights", Axis::iterations(last_iteration(report)), up);
    for (look, (name, f)) in lines.into_iter().enumerate() {
        let line: Vec<(f64, f64)> = values(f).collect();
        if !line.is_empty() {
            let points = line.iter().map(|&p| p.into()).collect();
            chart.series.push(Series { name: name.to_owned(), look, points, line, ..Series::default() });
        }
    }
    chart.caption = "How far weights are from their start, as part of their size there.".to_owned();
    if let Some(random) = descent.random_alignment {
        chart.levels.push(Level { name: "random".to_owned(), value: random });
        chart.caption +=
            " Alignment: the part of the hidden weights in the directions that the target depends on.";
    }
    Some(chart)
}
