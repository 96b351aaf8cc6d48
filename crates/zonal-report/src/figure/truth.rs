//! Predicted against true values on test rows.

use crate::axis::Axis;
use crate::chart::{Chart, Series};
use crate::text::{isolated, shorten};
use zonal_run::train::TestRow;

/// The figure of one label.
pub fn truth(id: &str, label: &str, rows: &[&TestRow]) -> Chart {
    let name = isolated(&shorten(label, 30));
    let both = || rows.iter().flat_map(|r| [r.value, r.prediction]);
    let across = Axis::linear(format!("{name}, true"), both());
    let mut chart = Chart::new(id, format!("Test rows: {name}"), across, Axis::linear("predicted", both()));
    chart.diagonal = true;
    chart.series.push(Series {
        points: rows.iter().map(|r| (r.value, r.prediction).into()).collect(),
        ..Series::default()
    });
    chart.caption =
        format!("{} test rows at the best iteration. On the dashed line a prediction is right.", rows.len());
    chart
}
