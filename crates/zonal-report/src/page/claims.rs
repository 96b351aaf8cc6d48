//! The page of `reproduce`: a card for each claim, measured beside predicted.

use super::{Cell, Fact, Page, Row, Section, Source, Table, number, words};
use crate::axis::Axis;
use crate::chart::{Chart, Level, Point, Series};
use crate::error::Result;
use std::fmt::Write;
use zonal_documents::claims::{Check, Relation, ReproduceReport};
use zonal_documents::number::{readable_seconds, short, short_up};
use zonal_documents::record::Record;

/// The horizontal axis ends here; what lies beyond stands at its end.
const FURTHEST: f64 = 1.5;

/// The page of checked claims.
///
/// # Errors
/// None that checked claims can raise.
pub fn claims(run: &Record<serde_json::Value, ReproduceReport>) -> Result<Page> {
    let report = &run.summary;
    let held = report.claims.iter().filter(|c| c.holds).count();
    let checks: usize = report.claims.iter().map(|c| c.checks.len()).sum();
    let mut page = Page {
        kind: "Claims",
        title: format!("{held} of {} claims hold", report.claims.len()),
        lead: format!(
            "Claims of the theory of networks with one hidden layer, checked by running them{}: {checks} comparisons of what \
             was measured with what is predicted.",
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
    let mut overview = Section::default();
    overview.push(&mut page.charts, allowances(report));
    page.sections.push(overview);
    for claim in &report.claims {
        let rows = claim.checks.iter().map(row).collect();
        let header = ["comparison", "measured", "predicted", "must be", "nearness", "why"];
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
    page.sources.push(Source::new("Where it comes from".to_owned(), &run.provenance, &run.configuration));
    Ok(page)
}

/// How near a measured value comes to its threshold, 1 being the threshold: the part of what is allowed that it takes, or for
/// a value that must be large the threshold as a part of it. None for thresholds without parts, such as zero.
fn nearness(check: &Check) -> Option<f64> {
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

/// Where a comparison stands: those without parts at the left end, or at the right one if they fail.
fn place(check: &Check) -> f64 {
    let part = nearness(check).unwrap_or(if check.holds { 0.0 } else { FURTHEST });
    part.min(FURTHEST)
}

/// One line for each claim, one point for each comparison.
fn allowances(report: &ReproduceReport) -> Chart {
    // The first claim stands on top.
    let names: Vec<String> = report.claims.iter().rev().map(|c| c.name.clone()).collect();
    let count = names.len();
    let across = Axis::linear("nearness to the threshold", [0.0, FURTHEST]);
    let mut chart = Chart::new("claims", "Every comparison", across, Axis::names("", names));
    for (holds, name, look) in [(true, "holds", 0), (false, "fails", 1)] {
        let mut points = Vec::new();
        for (i, claim) in report.claims.iter().enumerate() {
            let y = (count - 1 - i) as f64;
            let of_claim = claim.checks.iter().filter(|c| c.holds == holds);
            points.extend(of_claim.map(|c| Point::from((place(c), y))));
        }
        if !points.is_empty() {
            chart.series.push(Series { name: name.to_owned(), look, points, ..Series::default() });
        }
    }
    chart.uprights.push(Level { name: "threshold".to_owned(), value: 1.0 });
    chart.caption = format!(
        "A point is a comparison: how near the measured value comes to its threshold, which stands at 1. Beyond it a claim fails; \
         beyond {FURTHEST} a point stands at the edge, and comparisons with zero at 0."
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
        words(&check.quantity),
        number(measured),
        number(check.predicted.map_or("-".to_owned(), short)),
        number(must),
        allowance(check),
        words(&check.reason),
    ])
}

/// A bar as long as the nearness, with a line at the threshold.
fn allowance(check: &Check) -> Cell {
    const WIDTH: f64 = 144.0;
    let length = WIDTH * place(check) / FURTHEST;
    let mut svg = String::new();
    let look = usize::from(!check.holds);
    let _ = write!(
        svg,
        "<svg viewBox=\"0 0 {WIDTH} 14\" aria-hidden=\"true\"><rect class=\"c{look}\" y=\"3\" width=\"{length:.1}\" height=\"8\" \
         fill=\"currentColor\"/><path class=\"rule\" d=\"M{:.1} 0V14\"/></svg>",
        WIDTH / FURTHEST
    );
    let text = match nearness(check) {
        Some(part) if part < 100.0 => format!("{part:.2}"),
        Some(_) => "beyond 100".to_owned(),
        None => "-".to_owned(),
    };
    Cell { text, words: false, svg: Some(svg) }
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
            (check(Relation::AtMost, 8.0, None, 4.0, false), Some(2.0), FURTHEST),
            (check(Relation::AtMost, 0.0, None, 0.0, true), None, 0.0),
            (check(Relation::AtMost, 1.0, None, 0.0, false), None, FURTHEST),
            (check(Relation::AtMost, f64::NAN, None, 4.0, false), None, FURTHEST),
            (check(Relation::AtLeast, 2.0, None, 1.0, true), Some(0.5), 0.5),
            (check(Relation::AtLeast, 0.0, None, 1.0, false), None, FURTHEST),
            (check(Relation::AtLeast, 5.0, None, -1.0, true), None, 0.0),
            (check(Relation::Within, 1.5, Some(1.0), 1.0, true), Some(0.5), 0.5),
            (check(Relation::Within, 1.5, None, 1.0, false), None, FURTHEST),
            (check(Relation::AtMost, f64::INFINITY, None, 1.0, false), None, FURTHEST),
        ];
        for (check, near, at) in cases {
            assert_eq!((nearness(&check), place(&check)), (near, at), "{check:?}");
        }
    }
}
