//! The errors of a table by the number of rows.

use crate::axis::Axis;
use crate::chart::{Chart, Point, Series, Stroke};
use zonal_documents::table_curve::TableCurveReport;

/// The number of points of the power law.
const POINTS: i32 = 60;

/// Returns the figure of the error by the number of rows: measured, and the two estimates.
pub fn of_table_curve(id: &str, report: &TableCurveReport) -> Chart {
    let measured: Vec<(f64, f64)> = report.parts.iter().map(|p| (p.rows as f64, p.rmse)).collect();
    let mut equivalent: Vec<(f64, f64)> = vec![(report.rows as f64, report.leave_one_out)];
    equivalent.extend(report.points.iter().map(|p| (p.rows as f64, p.equivalent)));
    equivalent.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rows = || measured.iter().chain(&equivalent).map(|p| p.0);
    let [low, high] = [rows().fold(f64::INFINITY, f64::min), rows().fold(0.0, f64::max)];
    let law: Vec<(f64, f64)> = (0..=POINTS)
        .map(|i| {
            let n = low * (high / low).powf(f64::from(i) / f64::from(POINTS));
            let square =
                report.power_law.offset + report.power_law.factor * n.powf(-report.power_law.exponent);
            (n, square.sqrt())
        })
        .collect();
    let all = measured.iter().chain(&equivalent).chain(&law).map(|p| p.1);
    let y_axis = Axis::logarithmic(format!("RMSE of {}", report.label), all.collect::<Vec<_>>(), 0.0);
    let mut chart =
        Chart::new(id, "Error by the number of rows", Axis::logarithmic("rows", rows(), 0.0), y_axis);
    let points = |pairs: &[(f64, f64)]| pairs.iter().map(|p| Point::from(*p)).collect();
    chart.series = vec![
        Series { name: "leave-one-out".to_owned(), look: 0, points: points(&measured), ..Series::default() },
        Series {
            name: "power law".to_owned(),
            look: 1,
            line: law,
            stroke: Stroke::Dashed,
            ..Series::default()
        },
        Series {
            name: "equivalent".to_owned(),
            look: 2,
            points: points(&equivalent[1..]),
            line: equivalent,
            ..Series::default()
        },
    ];
    chart.caption = "Points of leave-one-out are measured, on the table and on parts of it. Beyond its rows both lines are \
                     estimates, and no bounds."
        .to_owned();
    chart
}
