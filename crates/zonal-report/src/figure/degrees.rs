//! Residual energy by degree against iterations: measured points and dashed predictions.

use super::{REST, degree_key, energy, has_rest, last_iteration, rest, shown_degrees};
use crate::axis::Axis;
use crate::chart::{Chart, Series, Stroke};
use crate::palette::MUTED;
use crate::text::group_digits;
use zonal::dynamics::Operator;
use zonal::spectrum::Spectrum;
use zonal_documents::number::Extended;
use zonal_documents::train::TrainReport;

/// Energies below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-9;
/// The number of points of a prediction.
const FINE: u32 = 240;

/// Returns the figure; None for a table. Predictions are drawn at many iterations, which do not depend on the listed ones: those
/// of a closed-form path by GD-1, given the spectrum of the activation, and others between the listed ones.
pub fn degrees(id: &str, report: &TrainReport, spectrum: Option<&Spectrum>) -> Option<Chart> {
    let target = report.target_energy.as_ref()?;
    let shown = shown_degrees(report);
    let measured = |k: usize| report.path.iter().map(move |c| (c.iteration as f64, energy(c, k)));
    let other: Vec<(f64, f64)> =
        report.path.iter().filter_map(|c| Some((c.iteration as f64, rest(c, &shown)?))).collect();
    let other = if has_rest(report, &shown) { other } else { Vec::new() };
    let all = shown.iter().flat_map(|&k| measured(k)).chain(other.iter().copied()).map(|(_, e)| e);
    let x_axis = Axis::iterations(last_iteration(report));
    let y_axis = Axis::logarithmic("residual energy", all, FLOOR);
    let mut chart = Chart::new(id, "Residual energy by degree", x_axis, y_axis);
    let operator =
        spectrum.filter(|_| report.descent.is_none()).map(|s| Operator::with_step(s, report.step_size));
    let iterations = fine_iterations(last_iteration(report));
    for &k in &shown {
        let formula = |operator: &Operator| -> Vec<(f64, f64)> {
            let at = |t: &u64| Some((*t as f64, target[k] * operator.remaining(k, *t).ok()?));
            iterations.iter().filter_map(at).collect()
        };
        chart.series.push(Series {
            name: format!("degree {k}"),
            look: k,
            toggle: Some(degree_key(k)),
            points: measured(k).map(Into::into).collect(),
            line: operator.as_ref().map_or_else(|| between_listed(report, k, &iterations), formula),
            stroke: Stroke::Dashed,
            ..Series::default()
        });
    }
    if !other.is_empty() {
        chart.series.push(Series {
            name: REST.to_owned(),
            look: MUTED,
            toggle: Some(REST.to_owned()),
            points: other.iter().map(|&p| p.into()).collect(),
            ..Series::default()
        });
    }
    describe(&mut chart, report);
    Some(chart)
}

/// Sets the caption and the key.
fn describe(chart: &mut Chart, report: &TrainReport) {
    let theory = if report.descent.is_some() {
        "the tangent kernel at the start predicts at infinite width"
    } else {
        "infinite width predicts"
    };
    (chart.caption, chart.key) = match report.width {
        Extended::Infinite => (
            "What infinite width gives; points are the listed iterations.".to_owned(),
            "dashes: infinite width; points: its listed iterations".to_owned(),
        ),
        Extended::Finite(width) if chart.series.iter().all(|s| s.line.is_empty()) => {
            let width = group_digits(width);
            (format!("Points: measured at width {width}."), format!("points: width {width}"))
        }
        Extended::Finite(width) => {
            let width = group_digits(width);
            let dashes = if report.descent.is_some() { "tangent kernel" } else { "infinite width" };
            (
                format!("Points: measured at width {width}. Dashed: what {theory}."),
                format!("points: width {width}; dashes: {dashes}"),
            )
        }
    };
    if chart.series.iter().any(|s| s.name == REST) {
        chart.caption += " Rest: the energy in all other degrees.";
    }
}

/// Returns iterations from 0 to `last`, evenly spaced on the axis.
fn fine_iterations(last: u64) -> Vec<u64> {
    let power = |i: u32| (last as f64).powf(f64::from(i) / f64::from(FINE)).round() as u64;
    let mut iterations: Vec<u64> =
        [0].into_iter().chain((0..=FINE).map(power)).filter(|t| *t <= last).collect();
    iterations.dedup();
    iterations
}

/// Returns the listed predictions of a degree with values between them: at a constant step they decay geometrically
/// (GD-1).
fn between_listed(report: &TrainReport, k: usize, iterations: &[u64]) -> Vec<(f64, f64)> {
    let predicted = |c: &zonal_jobs::train::Checkpoint| {
        Some((c.iteration as f64, c.degrees.as_ref()?.get(k)?.predicted?))
    };
    let listed: Vec<(f64, f64)> = report.path.iter().filter_map(predicted).collect();
    let mut line = listed.get(..1).unwrap_or_default().to_vec();
    for pair in listed.windows(2) {
        let [(start, before), (end, after)] = [pair[0], pair[1]];
        let decays = before > 0.0 && after > 0.0;
        let inside = iterations.iter().map(|t| *t as f64).filter(|t| decays && start < *t && *t < end);
        line.extend(inside.map(|t| (t, before * (after / before).powf((t - start) / (end - start)))));
        line.push((end, after));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_are_dense_and_end_at_the_last() {
        assert_eq!(fine_iterations(0), [0]);
        assert_eq!(fine_iterations(7), [0, 1, 2, 3, 4, 5, 6, 7]);
        let many = fine_iterations(10_000_000);
        assert!(many.len() > 150 && many[..2] == [0, 1] && many.last() == Some(&10_000_000));
    }
}
