//! Predicted against true values on test rows.

use crate::axis::Axis;
use crate::chart::{Chart, Series};
use crate::text::{group_digits, isolate, shorten};

/// Returns the figure of one label from pairs of label and prediction, a sample of `total` test rows.
pub fn predictions(id: &str, label: &str, pairs: &[[f64; 2]], total: u64) -> Chart {
    let name = isolate(&shorten(label, 30));
    let both = || pairs.iter().flatten().copied();
    let x_axis = Axis::linear(format!("{name}, true"), both());
    let mut chart = Chart::new(id, format!("Test rows: {name}"), x_axis, Axis::linear("predicted", both()));
    chart.diagonal = true;
    chart.series.push(Series {
        points: pairs.iter().map(|[value, prediction]| (*value, *prediction).into()).collect(),
        ..Series::default()
    });
    let some = if pairs.len() as u64 == total {
        group_digits(total)
    } else {
        format!("{} of {}", group_digits(pairs.len() as u64), group_digits(total))
    };
    chart.caption = format!("{some} test rows at the best iteration. Dashed: perfect predictions.");
    chart
}
