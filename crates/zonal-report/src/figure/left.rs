//! What is left to learn at one iteration, as bars beside the target's energy.

use super::{degree_key, energy, shown_degrees};
use crate::axis::Axis;
use crate::chart::{Chart, Form, Series};
use crate::text::counted;
use zonal_documents::train::TrainReport;

/// The figure at the listed iteration of that number; None for a table.
pub fn left(id: &str, report: &TrainReport, number: usize) -> Option<Chart> {
    let target = report.target_energy.as_ref()?;
    let checkpoint = report.path.get(number)?;
    let shown = shown_degrees(report);
    let last = shown.last().copied().unwrap_or(0);
    // Tall enough for every iteration, so that the axis stands still while the bars move.
    let all = report.path.iter().flat_map(|c| shown.iter().map(|&k| energy(c, k)));
    let up = Axis::linear("energy", all.chain(shown.iter().map(|&k| target[k])).chain([0.0]));
    let mut chart = Chart::new(id, "What is left to learn", Axis::whole("degree", 0, last), up);
    for &k in &shown {
        let of = |form, y| Series {
            look: k,
            toggle: Some(degree_key(k)),
            points: vec![(k as f64, y).into()],
            form,
            name: String::new(),
            ..Series::default()
        };
        chart.series.push(of(Form::Bar, energy(checkpoint, k)));
        chart.series.push(of(Form::Outline, target[k]));
    }
    chart.caption =
        "Outline: the target's energy in each degree. Filled: what the network has not learned.".to_owned();
    chart.stamp = Some(format!("after {}", counted(checkpoint.iteration, "iteration")));
    Some(chart)
}
