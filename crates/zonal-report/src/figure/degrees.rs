//! Residual energy by degree against iterations: measured points and dashed predictions.

use super::{degree_key, energy, last_iteration, shown_degrees};
use crate::axis::Axis;
use crate::chart::{Chart, Series, Stroke};
use crate::text::group_digits;
use zonal::dynamics::Operator;
use zonal::spectrum::Spectrum;
use zonal_documents::number::Extended;
use zonal_documents::train::TrainReport;

/// Energies below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-9;
/// The number of points of a prediction that is available at every iteration.
const FINE: u32 = 240;

/// Returns the figure; None for a table. Given the spectrum of the activation, the prediction for a closed-form path is
/// drawn at many iterations, otherwise at the listed ones.
pub fn degrees(id: &str, report: &TrainReport, spectrum: Option<&Spectrum>) -> Option<Chart> {
    let target = report.target_energy.as_ref()?;
    let shown = shown_degrees(report);
    let measured = |k: usize| report.path.iter().map(move |c| (c.iteration as f64, energy(c, k)));
    let all = shown.iter().flat_map(|&k| measured(k)).map(|(_, e)| e);
    let x_axis = Axis::iterations(last_iteration(report));
    let y_axis = Axis::logarithmic("residual energy", all, FLOOR);
    let mut chart = Chart::new(id, "Residual energy by degree", x_axis, y_axis);
    let operator =
        spectrum.filter(|_| report.descent.is_none()).map(|s| Operator::with_step(s, report.step_size));
    for &k in &shown {
        let fine = |operator: &Operator| -> Vec<(f64, f64)> {
            let mut line = vec![(0.0, target[k])];
            if last_iteration(report) == 0 {
                return line;
            }
            let last = last_iteration(report) as f64;
            line.extend((0..=FINE).filter_map(|i| {
                let t = last.powf(f64::from(i) / f64::from(FINE)).round();
                Some((t, target[k] * operator.remaining(k, t as u64).ok()?))
            }));
            line.dedup_by(|a, b| a.0 == b.0);
            line
        };
        let listed = || {
            let predicted = |c: &zonal_jobs::train::Checkpoint| {
                Some((c.iteration as f64, c.degrees.as_ref()?.get(k)?.predicted?))
            };
            report.path.iter().filter_map(predicted).collect()
        };
        chart.series.push(Series {
            name: format!("degree {k}"),
            look: k,
            toggle: Some(degree_key(k)),
            points: measured(k).map(Into::into).collect(),
            line: operator.as_ref().map_or_else(listed, fine),
            stroke: Stroke::Dashed,
            ..Series::default()
        });
    }
    let theory = if report.descent.is_some() {
        "the tangent kernel at the start predicts at infinite width"
    } else {
        "infinite width predicts"
    };
    chart.caption = match report.width {
        Extended::Infinite => "What infinite width gives; points are the listed iterations.".to_owned(),
        Extended::Finite(width) => {
            format!("Points: measured at width {}. Dashed: what {theory}.", group_digits(width))
        }
    };
    Some(chart)
}
