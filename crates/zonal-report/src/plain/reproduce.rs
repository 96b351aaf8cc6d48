//! Reports of `reproduce`.

use super::table::{Layout, csv, quoted};
use zonal_documents::claims::{Check, ClaimReport, Relation, ReproduceReport};
use zonal_documents::number::{short, short_up};
use zonal_io::option::OptionId;

fn sign(relation: Relation) -> &'static str {
    match relation {
        Relation::AtMost => "<=",
        Relation::AtLeast => ">=",
        Relation::Within => "within",
    }
}

/// Formats the threshold of a comparison: a bound, or a distance from the predicted value.
fn threshold(relation: Relation, threshold: f64, predicted: Option<f64>) -> String {
    match (relation, predicted) {
        (Relation::Within, Some(predicted)) => format!("{} of {}", short(threshold), short(predicted)),
        (Relation::AtMost, _) => short_up(threshold),
        _ => short(threshold),
    }
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "FAILS" }
}

pub(crate) fn text(report: &ReproduceReport, layout: Layout) -> String {
    let header = ["claim", "", "measured", "", "threshold", "comparisons", "formulas"].map(String::from);
    let rows: Vec<Vec<String>> = report
        .claims
        .iter()
        .map(|c| {
            let failed = c.checks.iter().filter(|check| !check.holds).count();
            let count = c.checks.len();
            let count = if failed == 0 { count.to_string() } else { format!("{failed} of {count} fail") };
            vec![
                c.name.clone(),
                verdict(c.holds).to_owned(),
                short(c.measured),
                sign(c.relation).to_owned(),
                threshold(c.relation, c.threshold, c.predicted),
                count,
                c.formulas.clone(),
            ]
        })
        .collect();
    let mut text = layout.columns(&header, &rows);
    text += "\nMeasured and threshold are those of the comparison closest to failing:\n";
    for claim in &report.claims {
        text += &details_of(claim, layout.details);
    }
    if report.quick {
        text += &format!(
            "\nSmaller sizes ({}): all claims, with fewer seeds and narrower networks, some with a larger epsilon \
                 or a wider band, and games on 3 of 6 families.\n",
            OptionId::new("quick").set()
        );
    }
    if !report.not_reached.is_empty() {
        text += &format!(
            "\nInterrupted after {} of {} claims; not checked: {}.\n",
            report.claims.len(),
            report.claims.len() + report.not_reached.len(),
            report.not_reached.join(", ")
        );
    }
    if let Some(run) = &report.run {
        text += &format!("\nrun: {run}\n");
    }
    text
}

fn details_of(claim: &ClaimReport, details: bool) -> String {
    let mut text = format!(
        "\n{}: {}.\n  source: {}; formulas {}\n",
        claim.name, claim.statement, claim.source, claim.formulas
    );
    let failed = claim.checks.iter().filter(|c| !c.holds);
    let shown: Vec<&Check> = if details { claim.checks.iter().collect() } else { failed.collect() };
    if shown.is_empty() {
        text += &format!("  closest: {} ({})\n", claim.quantity, claim.reason);
    }
    for check in shown {
        let predicted = match check.predicted {
            Some(p) if check.relation != Relation::Within => format!(", predicted {}", short(p)),
            _ => String::new(),
        };
        text += &format!(
            "  {} {} {} {}{predicted}: {} ({})\n",
            verdict(check.holds),
            short(check.measured),
            sign(check.relation),
            threshold(check.relation, check.threshold, check.predicted),
            check.quantity,
            check.reason
        );
    }
    text
}

/// Formats the comparisons as CSV, one per row.
pub(crate) fn checks_csv(report: &ReproduceReport) -> String {
    let header =
        ["claim", "holds", "measured", "relation", "threshold", "predicted", "quantity"].map(String::from);
    let rows: Vec<Vec<String>> = report
        .claims
        .iter()
        .flat_map(|claim| {
            claim.checks.iter().map(|c| {
                vec![
                    claim.name.clone(),
                    c.holds.to_string(),
                    c.measured.to_string(),
                    sign(c.relation).to_owned(),
                    c.threshold.to_string(),
                    c.predicted.map_or(String::new(), |p| p.to_string()),
                    quoted(&c.quantity),
                ]
            })
        })
        .collect();
    csv(&header, &rows)
}
