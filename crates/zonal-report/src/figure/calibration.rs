//! How often predicted classes are right, by their probability.

use crate::axis::Axis;
use crate::chart::{Chart, Point, Series};
use crate::text::group_digits;
use zonal_documents::train::ClassScores;

/// Draws the share of right predictions over the probability of the predicted class.
pub fn calibration(id: &str, scores: &ClassScores, rows: &str) -> Chart {
    let range = || [0.0, 1.0].into_iter();
    let x_axis = Axis::linear("probability of the predicted class", range());
    let mut chart =
        Chart::new(id, format!("Calibration on {rows} rows"), x_axis, Axis::linear("share right", range()));
    chart.diagonal = true;
    let points = scores.calibration.iter().map(|bin| {
        let p = bin.probability;
        let error = (p * (1.0 - p) / bin.rows as f64).sqrt();
        Point { x: p, y: bin.right, error: Some(error) }
    });
    chart.series.push(Series { points: points.collect(), ..Series::default() });
    chart.caption = format!(
        "{} rows by the probability of their predicted class, in tenths. Dashed: probabilities that are right as often as they say; \
         bars: one standard error if they are.",
        group_digits(scores.rows)
    );
    chart
}
