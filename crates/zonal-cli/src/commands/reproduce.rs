//! `zonal reproduce`.

use super::report::FolderArgs;
use crate::format::{Format, short, short_up};
use crate::interrupt::Interrupt;
use crate::output::{columns, command_line, csv, print, print_json, quoted};
use crate::progress::Progress;
use crate::{Done, Global};
use anyhow::Result;
use std::time::SystemTime;
use zonal_claims::reproduce;
use zonal_documents::claims::{Check, ClaimReport, Relation, ReproduceReport, Size};
use zonal_documents::record::RunKind;
use zonal_jobs::record::keep;

/// Check the claims of the theory, one by one: measured against predicted
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  zonal reproduce\n  zonal reproduce --claim frequency,width\n  zonal reproduce --quick --format \
                  json\n\nClaims: convergence, width, iterations, representation, frequency, operator, invisible, \
                  sigmoid, relu, batches, circle, tangent-limit, both-layers, sq-lower-bound, sq-descent-stalls, sq-attack, \
                  sq-samples, sq-upper-bound. All of them take some minutes, with --quick about one. The exit code is \
                  3 if one does not hold. Seeds are fixed: the same version gives the same numbers."
)]
pub(crate) struct Args {
    /// The claims to check, with a comma between two [default: all]; then every comparison is shown
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    claim: Vec<String>,
    /// The same claims at smaller sizes, with thresholds to match; the output states what is smaller
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
}

impl Args {
    pub(crate) fn claims(&self) -> (Vec<String>, Size) {
        (self.claim.clone(), if self.quick { Size::Quick } else { Size::Whole })
    }
}

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> Result<Done> {
    let (claims, size) = args.claims();
    global.refuse_seed("claims use fixed seeds, so that the same version gives the same numbers")?;
    let output = args.folder.output(RunKind::Reproduce)?;
    let started = SystemTime::now();
    let mut report = {
        let mut progress = Progress::asking(interrupt, global.quiet);
        reproduce(&claims, size, &mut progress)?
    };
    // What was found is printed whatever becomes of its folder and its page.
    let (saved, page) = interrupt.holding(|| {
        let saved =
            keep(&output, RunKind::Reproduce, &asked(&claims, size), &report, command_line(), started);
        report.run = saved.as_ref().ok().cloned().flatten();
        (saved, args.folder.page.write(report.run.as_deref()))
    });
    match global.format {
        Format::Json => print_json(&report)?,
        Format::Csv => print(&checks_csv(&report))?,
        Format::Table => print(&text(&report, !args.claim.is_empty()))?,
    }
    saved?;
    page?;
    Ok(if report.holds { Done::Well } else { Done::DoesNotHold })
}

/// What the record of checked claims says was asked for.
pub fn asked(claims: &[String], size: Size) -> serde_json::Value {
    serde_json::json!({ "claims": claims, "quick": size == Size::Quick })
}

fn sign(relation: Relation) -> &'static str {
    match relation {
        Relation::AtMost => "<=",
        Relation::AtLeast => ">=",
        Relation::Within => "within",
    }
}

/// What a value is compared with: a bound, or a distance from what is predicted.
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

fn text(report: &ReproduceReport, details: bool) -> String {
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
    let mut text = columns(&header, &rows);
    text += "\nMeasured and threshold are those of the comparison that comes nearest to failing:\n";
    for claim in &report.claims {
        text += &story(claim, details);
    }
    if report.quick {
        text += "\nSmaller sizes (--quick): every claim, with fewer seeds and narrower networks, some with a larger epsilon \
                 or a wider band, and games on 3 of 6 families.\n";
    }
    if !report.not_reached.is_empty() {
        text += &format!(
            "\nInterrupted after {} of {} claims; not reached: {}.\n",
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

fn story(claim: &ClaimReport, details: bool) -> String {
    let mut text = format!(
        "\n{}: {}.\n  source: {}; formulas {}\n",
        claim.name, claim.statement, claim.source, claim.formulas
    );
    let failed = claim.checks.iter().filter(|c| !c.holds);
    let shown: Vec<&Check> = if details { claim.checks.iter().collect() } else { failed.collect() };
    if shown.is_empty() {
        text += &format!("  nearest: {} ({})\n", claim.quantity, claim.reason);
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

/// One row a comparison.
fn checks_csv(report: &ReproduceReport) -> String {
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
