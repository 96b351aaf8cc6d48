//! The movement of the weights, and the alignment of hidden units with the target's directions.

use super::{Curve, last_iteration};
use crate::axis::Axis;
use crate::chart::{Chart, Rule, Series};
use zonal_documents::train::TrainReport;

/// Returns the figure; None for a closed-form path, whose hidden units do not move.
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
    let y_axis = Axis::linear("part", all.into_iter().chain([0.0]));
    let mut chart =
        Chart::new(id, "Movement of the weights", Axis::iterations(last_iteration(report)), y_axis);
    for (look, (name, f)) in lines.into_iter().enumerate() {
        let line: Vec<(f64, f64)> = values(f).collect();
        if !line.is_empty() {
            let points = line.iter().map(|&p| p.into()).collect();
            chart.series.push(Series { name: name.to_owned(), look, points, line, ..Series::default() });
        }
    }
    chart.caption = "Distance of the weights from their start, relative to their initial size.".to_owned();
    if let Some(random) = descent.random_alignment {
        chart.horizontal_rules.push(Rule { name: "random".to_owned(), value: random });
        chart.caption +=
            " Alignment: the fraction of the hidden weights in the directions on which the target depends.";
    }
    Some(chart)
}
