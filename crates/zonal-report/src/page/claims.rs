//! The page of `reproduce`: a section for each claim with measured and predicted values.

use super::{Cell, Fact, Origin, Page, Row, Section, Table, number_cell, text_cell};
use crate::axis::Axis;
use crate::chart::{Chart, Point, Rule, Series};
use crate::error::Result;
use std::fmt::Write;
use zonal_documents::claims::{Check, Relation, ReproduceReport};
use zonal_documents::number::{readable_seconds, short, short_up};
use zonal_documents::record::Record;

/// The end of the horizontal axis, where larger values are drawn.
const AXIS_END: f64 = 1.5;

/// Builds the page of checked claims.
///
/// # Errors
/// None for a finished run.
pub fn claims(run: &Record<serde_json::Value, ReproduceReport>) -> Result<Page> {
    let report = &run.summary;
    let held = report.claims.iter().filter(|c| c.holds).count();
    let checks: usize = report.claims.iter().map(|c| c.checks.len()).sum();
    let mut page = Page {
        kind: "Claims",
        title: format!("{held} of {} claims hold", report.claims.len()),
        lead: format!(
            "Claims of the theory of networks with one hidden layer, checked by experiments{}: {checks} comparisons of measured \
             with predicted values.",
            if report.quick { " at smaller sizes" } else { "" }
        ),
        facts: vec![
            Fact::new("claims that hold", format!("{held} of {}", report.claims.len())),
            Fact::new("comparisons", checks.to_string()),
            Fact::new("time", readable_seconds(run.provenance.seconds)),
        ],
        ..Page::default()
    };
    if !report.not_reached.is_empty() {
        page.notes.push(format!("Interrupted; not reached: {}.", report.not_reached.join(", ")));
    }
    let mut section = Section::default();
    section.push(&mut page.charts, overview(report));
    page.sections.push(section);
    for claim in &report.claims {
        let rows = claim.checks.iter().map(row).collect();
        let header = ["comparison", "measured", "predicted", "must be", "ratio", "why"];
        let table = Table {
            caption: format!("Comparisons of {}", claim.name),
            header: header.map(String::from).to_vec(),
            rows,
            folded: claim.checks.len() > 12,
        };
        page.sections.push(Section {
            heading: claim.name.clone(),
            holds: Some(claim.holds),
            texts: vec![
                format!("{}.", claim.statement),
                format!("Source: {}. Formulas: {}.", claim.source, claim.formulas),
            ],
            figures: Vec::new(),
            tables: vec![table],
        });
    }
    page.origins.push(Origin::new("Provenance".to_owned(), &run.provenance, &run.configuration));
    Ok(page)
}

/// Returns the ratio of a measured value to its threshold, or the inverse ratio for a lower limit: 1 is at the
/// threshold, and larger values fail. None for thresholds without a ratio, such as zero.
fn threshold_ratio(check: &Check) -> Option<f64> {
    if check.measured.is_nan() {
        return None;
    }
    match check.relation {
        Relation::AtMost if check.threshold > 0.0 => Some(check.measured.max(0.0) / check.threshold),
        Relation::AtLeast if check.measured > 0.0 && check.threshold > 0.0 => {
            Some(check.threshold / check.measured)
        }
        Relation::Within if check.threshold > 0.0 => {
            Some((check.measured - check.predicted?).abs() / check.threshold)
        }
        _ => None,
    }
    .filter(|part| part.is_finite())
}

/// Returns the position of a comparison. Those without a ratio are at the left end, or at the right end if they fail.
fn position(check: &Check) -> f64 {
    let part = threshold_ratio(check).unwrap_or(if check.holds { 0.0 } else { AXIS_END });
    part.min(AXIS_END)
}

/// Returns a chart with a line for each claim and a point for each comparison.
fn overview(report: &ReproduceReport) -> Chart {
    // The first claim is at the top.
    let names: Vec<String> = report.claims.iter().rev().map(|c| c.name.clone()).collect();
    let count = names.len();
    let x_axis = Axis::linear("ratio to the threshold", [0.0, AXIS_END]);
    let mut chart = Chart::new("claims", "Every comparison", x_axis, Axis::names("", names));
    for (holds, name, look) in [(true, "holds", 0), (false, "fails", 1)] {
        let mut points = Vec::new();
        for (i, claim) in report.claims.iter().enumerate() {
            let y = (count - 1 - i) as f64;
            let of_claim = claim.checks.iter().filter(|c| c.holds == holds);
            points.extend(of_claim.map(|c| Point::from((position(c), y))));
        }
        if !points.is_empty() {
            chart.series.push(Series { name: name.to_owned(), look, points, ..Series::default() });
        }
    }
    chart.vertical_rules.push(Rule { name: "threshold".to_owned(), value: 1.0 });
    chart.caption = format!(
        "Each point is a comparison: the measured value relative to its threshold at 1. Points above 1 fail. Points above {AXIS_END} \
         are drawn at the edge, comparisons with zero at 0."
    );
    chart
}

fn row(check: &Check) -> Row {
    let must = match check.relation {
        Relation::AtMost => format!("at most {}", short_up(check.threshold)),
        Relation::AtLeast => format!("at least {}", short(check.threshold)),
        Relation::Within => format!("within {}", short(check.threshold)),
    };
    let measured = if check.measured.is_nan() { "-".to_owned() } else { short(check.measured) };
    Row::new(vec![
        text_cell(&check.quantity),
        number_cell(measured),
        number_cell(check.predicted.map_or("-".to_owned(), short)),
        number_cell(must),
        allowance(check),
        text_cell(&check.reason),
    ])
}

/// Returns a cell with a bar of this ratio and a line at the threshold.
fn allowance(check: &Check) -> Cell {
    const WIDTH: f64 = 144.0;
    let length = WIDTH * position(check) / AXIS_END;
    let mut svg = String::new();
    let look = usize::from(!check.holds);
    let _ = write!(
        svg,
        "<svg viewBox=\"0 0 {WIDTH} 14\" aria-hidden=\"true\"><rect class=\"c{look}\" y=\"3\" width=\"{length:.1}\" height=\"8\" \
         fill=\"currentColor\"/><path class=\"rule\" d=\"M{:.1} 0V14\"/></svg>",
        WIDTH / AXIS_END
    );
    let text = match threshold_ratio(check) {
        Some(part) if part < 100.0 => format!("{part:.2}"),
        Some(_) => "above 100".to_owned(),
        None => "-".to_owned(),
    };
    Cell { text, is_text: false, svg: Some(svg) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        relation: Relation,
        measured: f64,
        predicted: Option<f64>,
        threshold: f64,
        holds: bool,
    ) -> Check {
        let (quantity, reason) = (String::new(), String::new());
        Check { quantity, measured, predicted, relation, threshold, reason, holds }
    }

    #[test]
    fn points_beyond_the_threshold_are_those_that_fail() {
        let cases = [
            (check(Relation::AtMost, 1.0, None, 4.0, true), Some(0.25), 0.25),
            (check(Relation::AtMost, -3.0, None, 4.0, true), Some(0.0), 0.0),
            (check(Relation::AtMost, 8.0, None, 4.0, false), Some(2.0), AXIS_END),
            (check(Relation::AtMost, 0.0, None, 0.0, true), None, 0.0),
            (check(Relation::AtMost, 1.0, None, 0.0, false), None, AXIS_END),
            (check(Relation::AtMost, f64::NAN, None, 4.0, false), None, AXIS_END),
            (check(Relation::AtLeast, 2.0, None, 1.0, true), Some(0.5), 0.5),
            (check(Relation::AtLeast, 0.0, None, 1.0, false), None, AXIS_END),
            (check(Relation::AtLeast, 5.0, None, -1.0, true), None, 0.0),
            (check(Relation::Within, 1.5, Some(1.0), 1.0, true), Some(0.5), 0.5),
            (check(Relation::Within, 1.5, None, 1.0, false), None, AXIS_END),
            (check(Relation::AtMost, f64::INFINITY, None, 1.0, false), None, AXIS_END),
        ];
        for (check, near, at) in cases {
            assert_eq!((threshold_ratio(&check), position(&check)), (near, at), "{check:?}");
        }
    }
}
