//! The residual energy by degree at one iteration, as bars within outlines of the target's energy.

use super::{degree_key, energy, shown_degrees};
use crate::axis::Axis;
use crate::chart::{Chart, Form, Series};
use crate::text::count_noun;
use zonal_documents::train::TrainReport;

/// Returns the figure at the listed iteration with this index; None for a table.
pub fn remaining(id: &str, report: &TrainReport, number: usize) -> Option<Chart> {
    let target = report.target_energy.as_ref()?;
    let checkpoint = report.path.get(number)?;
    let shown = shown_degrees(report);
    let last = shown.last().copied().unwrap_or(0);
    // The axis fits every iteration, so that it does not change while the bars move.
    let all = report.path.iter().flat_map(|c| shown.iter().map(|&k| energy(c, k)));
    let y_axis = Axis::linear("energy", all.chain(shown.iter().map(|&k| target[k])).chain([0.0]));
    let mut chart = Chart::new(id, "Energy not yet learned", Axis::whole("degree", 0, last), y_axis);
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
        "Outline: the target's energy in each degree. Filled: the energy not yet learned.".to_owned();
    chart.stamp = Some(format!("after {}", count_noun(checkpoint.iteration, "iteration")));
    Some(chart)
}
