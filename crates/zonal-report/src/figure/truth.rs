//! Predicted against true values on test rows.

use crate::axis::Axis;
use crate::chart::{Chart, Series};
use crate::text::{grouped, isolated, shorten};

/// The figure of one label, from pairs of label and prediction: some of so many test rows.
pub fn truth(id: &str, label: &str, pairs: &[[f64; 2]], total: u64) -> Chart {
    let name = isolated(&shorten(label, 30));
    let both = || pairs.iter().flatten().copied();
    let across = Axis::linear(format!("{name}, true"), both());
    let mut chart = Chart::new(id, format!("Test rows: {name}"), across, Axis::linear("predicted", both()));
    chart.diagonal = true;
    chart.series.push(Series {
        points: pairs.iter().map(|[value, prediction]| (*value, *prediction).into()).collect(),
        ..Series::default()
    });
    let some = if pairs.len() as u64 == total {
        grouped(total)
    } else {
        format!("{} of {}", grouped(pairs.len() as u64), grouped(total))
    };
    chart.caption =
        format!("{some} test rows at the best iteration. On the dashed line a prediction is right.");
    chart
}
