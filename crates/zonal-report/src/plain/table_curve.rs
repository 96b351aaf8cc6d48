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
    let header = ["rows", "times", "RMSE", ""].map(String::from);
    let mut rows = vec![vec![
        report.rows.to_string(),
        "1".to_owned(),
        short(report.leave_one_out),
        format!("measured by leave-one-out, ridge {}", short(report.ridge)),
    ]];
    rows.extend(report.points.iter().map(|point| {
        vec![
            point.rows.to_string(),
            short(point.rows as f64 / report.rows as f64),
            format!("{} to {}", short(point.low), short(point.high)),
            if point.at_most { "estimated, at most".to_owned() } else { "estimated".to_owned() },
        ]
    }));
    text += &layout.columns(&header, &rows);
    let parts: Vec<String> = report
        .parts
        .iter()
        .map(|part| format!("{} with {} rows", short(part.rmse), short_count(part.rows)))
        .collect();
    let law = &report.power_law;
    text += &format!(
        "\nestimated: between the law {} + {} n^-{} of the mean square, through the errors of parts of the table ({}), and the\n\
         equivalent of its spectrum and label (RW-7). Neither is a bound; comparisons with the truth are in docs/benchmarks.md.\n",
        short(law.offset),
        short(law.factor),
        short(law.exponent),
        parts.join(", ")
    );
    if report.points.iter().any(|point| point.at_most) {
        text += "at most: more rows could resolve more than those of the table show.\n";
    }
    text
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
