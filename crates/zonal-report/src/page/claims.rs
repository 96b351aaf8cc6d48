//! The page of `reproduce`: a card for each claim, measured beside predicted.

use super::{Cell, Fact, Page, Row, Section, Source, Table, number, words};
use crate::axis::Axis;
use crate::chart::{Chart, Level, Point, Series};
use crate::error::Result;
use std::fmt::Write;
use zonal_run::number::{short, short_up};
use zonal_run::record::Record;
use zonal_run::reproduce::{Check, Relation, ReproduceReport};

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
            Fact::new("time", format!("{} s", short(run.provenance.seconds))),
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
        let header = ["comparison", "measured", "predicted", "must be", "allowance used", "why"];
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

/// Which part of what is allowed a measured value takes: up to 1 it holds.
fn used(check: &Check) -> f64 {
    let ratio = |a: f64, b: f64| if a == b { 1.0 } else { a / b };
    let part = match check.relation {
        Relation::AtMost if check.threshold > 0.0 => check.measured.max(0.0) / check.threshold,
        Relation::AtLeast if check.measured > 0.0 && check.threshold >= 0.0 => {
            ratio(check.threshold, check.measured)
        }
        Relation::Within if check.threshold > 0.0 => {
            (check.measured - check.predicted.unwrap_or(f64::NAN)).abs() / check.threshold
        }
        // Thresholds of zero and below have no parts.
        _ => f64::from(u8::from(!check.holds)) * 2.0,
    };
    if part.is_nan() { f64::INFINITY } else { part }
}

/// One line for each claim, one point for each comparison.
fn allowances(report: &ReproduceReport) -> Chart {
    // The first claim stands on top.
    let names: Vec<String> = report.claims.iter().rev().map(|c| c.name.clone()).collect();
    let count = names.len();
    let across = Axis::linear("part of the allowance that is used", [0.0, FURTHEST]);
    let mut chart = Chart::new("claims", "Every comparison", across, Axis::names("", names));
    for (holds, name, look) in [(true, "holds", 0), (false, "fails", 1)] {
        let mut points = Vec::new();
        for (i, claim) in report.claims.iter().enumerate() {
            let y = (count - 1 - i) as f64;
            let of_claim = claim.checks.iter().filter(|c| c.holds == holds);
            points.extend(of_claim.map(|c| Point::from((used(c).min(FURTHEST), y))));
        }
        if !points.is_empty() {
            chart.series.push(Series { name: name.to_owned(), look, points, ..Series::default() });
        }
    }
    chart.uprights.push(Level { name: "allowed".to_owned(), value: 1.0 });
    chart.caption = format!(
        "A point is a comparison: how much of what the theory or its statistics allow the measured value takes. Beyond 1 it \
         fails; beyond {FURTHEST} it stands at the edge."
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

/// A bar as long as the part that is used, with a line where it ends to be allowed.
fn allowance(check: &Check) -> Cell {
    const WIDTH: f64 = 144.0;
    let part = used(check);
    let length = WIDTH * (part / FURTHEST).min(1.0);
    let mut svg = String::new();
    let look = usize::from(!check.holds);
    let _ = write!(
        svg,
        "<svg viewBox=\"0 0 {WIDTH} 14\" aria-hidden=\"true\"><rect class=\"c{look}\" y=\"3\" width=\"{length:.1}\" height=\"8\" \
         fill=\"currentColor\"/><path class=\"rule\" d=\"M{:.1} 0V14\"/></svg>",
        WIDTH / FURTHEST
    );
    let text = if part.is_finite() { format!("{:.0} %", 100.0 * part) } else { "fails".to_owned() };
    Cell { text, words: false, svg: Some(svg) }
}
