//! Reports of `curve` on a table.

use super::table::{Layout, csv};
use crate::text::group_digits;
use zonal_documents::number::{short, short_count};
use zonal_documents::table_curve::TableCurveReport;

/// Formats a curve for reading.
pub(crate) fn text(report: &TableCurveReport, layout: Layout) -> String {
    let mut text = format!(
        "{} from {} rows: {} {} units at scale {}, bias {}, with the best ridge\n\n",
        report.label,
        group_digits(report.rows),
        group_digits(report.width),
        report.activation,
        short(report.scale),
        short(report.bias)
    );
    let header = ["rows", "", "RMSE", ""].map(String::from);
    let mut rows = vec![vec![
        report.rows.to_string(),
        times(1.0),
        short(report.leave_one_out),
        format!("measured by leave-one-out, ridge {}", short(report.ridge)),
    ]];
    rows.extend(report.points.iter().map(|point| {
        vec![
            point.rows.to_string(),
            times(point.rows as f64 / report.rows as f64),
            format!("{} to {}", short(point.low), short(point.high)),
            if point.at_most { "estimated, at most".to_owned() } else { "estimated".to_owned() },
        ]
    }));
    text += &layout.columns(&header, &rows);
    let parts: Vec<String> =
        report.parts.iter().map(|p| format!("{} ({} rows)", short(p.rmse), short_count(p.rows))).collect();
    let law = &report.power_law;
    text += &format!("\nmeasured on parts of the table and on all of it: {}\n", parts.join(", "));
    text += &format!(
        "estimated: between the law {} + {} n^-{} of their mean squares, and the equivalent of the table (RW-7);\n\
         heuristics and no bounds, compared with the truth in docs/benchmarks.md\n",
        short(law.offset),
        short(law.factor),
        short(law.exponent)
    );
    if report.points.iter().any(|point| point.at_most) {
        text += "at most: more rows could resolve more than those of the table show\n";
    }
    text
}

/// Formats a multiple of the table's own number of rows.
fn times(multiple: f64) -> String {
    if multiple.fract() == 0.0 { format!("{multiple}x") } else { format!("{}x", short(multiple)) }
}

/// Formats a curve as CSV, one row for each number of rows.
pub(crate) fn table_csv(report: &TableCurveReport) -> String {
    let header =
        ["rows", "parts", "measured", "low", "high", "power_law", "equivalent", "at_most"].map(String::from);
    let empty = String::new;
    let mut lines: Vec<Vec<String>> = report
        .parts
        .iter()
        .map(|p| {
            let measured = [p.rows.to_string(), p.parts.to_string(), p.rmse.to_string()];
            [measured.to_vec(), vec![empty(); 5]].concat()
        })
        .collect();
    lines.extend(report.points.iter().map(|p| {
        let estimates = [p.low, p.high, p.power_law, p.equivalent].map(|x| x.to_string());
        [vec![p.rows.to_string(), empty(), empty()], estimates.to_vec(), vec![p.at_most.to_string()]].concat()
    }));
    csv(&header, &lines)
}
