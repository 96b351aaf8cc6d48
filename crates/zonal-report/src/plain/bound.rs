//! Reports of `sq bound`.

use super::table::{Layout, csv, quoted};
use zonal_documents::number::short;
use zonal_documents::sq::BoundReport;

/// Formats an integer given by its digits; long ones in exponent form.
fn readable(digits: &str) -> String {
    match digits.len() {
        0..=20 => digits.to_owned(),
        length => format!("{}.{}e{}", &digits[..1], &digits[1..4], length - 1),
    }
}

/// Formats the number of queries of a bound.
fn queries(report: &BoundReport) -> String {
    match report.log10_queries {
        None if !report.vacuous => "unbounded".to_owned(),
        _ if report.vacuous => "vacuous".to_owned(),
        // A lower bound, therefore rounded down.
        Some(x) if x < 6.0 => format!("{:.0}", 10f64.powf(x).ceil()),
        Some(x) => format!("10^{:.1}", (10.0 * x).floor() / 10.0),
        None => "vacuous".to_owned(),
    }
}

/// Formats one bound in full, several as a grid with a column for each tolerance.
pub(crate) fn text(reports: &[BoundReport], columns: usize, layout: Layout) -> String {
    match reports {
        [report] => single(report),
        reports => grid(reports, columns, layout),
    }
}

fn single(report: &BoundReport) -> String {
    let mut text = format!(
        "{} family, degree {} in dimension {}: N = {}{}\n",
        report.family,
        report.degree,
        report.dim,
        readable(&report.multiplicity),
        report.size.as_ref().map_or(String::new(), |m| format!(", {} members", readable(m)))
    );
    let found = match report.log10_queries {
        None if !report.vacuous => "no number of queries suffices".to_owned(),
        _ if report.vacuous => "vacuous: the bound is below one query and excludes nothing".to_owned(),
        Some(_) => format!("at least {} queries", queries(report)),
        None => String::new(),
    };
    text += &format!(
        "\n{found}\n\nto reach a mean squared error of {} with probability {} at tolerance {}, by {} queries ({} in \
         {THEORY}).\n",
        short(1.0 - report.epsilon),
        report.delta,
        report.tolerance,
        report.query_class,
        report.theorem
    );
    text += &format!("\nTarget: {}\nAssumptions:\n", report.prior);
    let line = |what: &&str| format!("  - {what}\n");
    text += &assumptions(report).iter().map(line).collect::<String>();
    let used: Vec<&str> = report.assumptions.iter().filter_map(|a| a.strip_prefix(THEOREM)).collect();
    if !used.is_empty() {
        text += "Uses:\n";
        text += &used.iter().map(line).collect::<String>();
    }
    text
}

/// The page of the theorems.
const THEORY: &str = "docs/theory/queries.md";
/// The beginning of an assumption that is a theorem, which holds.
const THEOREM: &str = "theorem used: ";

/// Returns the assumptions that are no theorems.
fn assumptions(report: &BoundReport) -> Vec<&str> {
    report.assumptions.iter().map(String::as_str).filter(|a| !a.starts_with(THEOREM)).collect()
}

/// Formats a row for each dimension and degree, with a column for each tolerance.
fn grid(reports: &[BoundReport], tolerances: usize, layout: Layout) -> String {
    let mut header = ["n", "k", "N"].map(String::from).to_vec();
    header.extend(reports[..tolerances].iter().map(|r| format!("tau {}", r.tolerance)));
    let rows: Vec<Vec<String>> = reports
        .chunks(tolerances)
        .map(|row| {
            let first = &row[0];
            let mut cells =
                vec![first.dim.to_string(), first.degree.to_string(), readable(&first.multiplicity)];
            cells.extend(row.iter().map(queries));
            cells
        })
        .collect();
    let first = &reports[0];
    let mut theorems: Vec<&str> = reports.iter().map(|r| r.theorem.as_str()).collect();
    theorems.dedup();
    let vacuous = if reports.iter().any(|r| r.vacuous) {
        "Vacuous: the bound is below one query and excludes nothing.\n"
    } else {
        ""
    };
    format!(
        "Lower bounds on the number of queries, {} family, {} queries ({}), success with probability {} at mean squared error {}:\n\n{}\n\
         {vacuous}Assumptions include: {}. The JSON report lists \
         all for each entry.\n",
        first.family,
        first.query_class,
        theorems.join(", "),
        first.delta,
        short(1.0 - first.epsilon),
        layout.columns(&header, &rows),
        assumptions(first).into_iter().take(2).collect::<Vec<_>>().join("; ")
    )
}

pub(crate) fn table_csv(reports: &[BoundReport]) -> String {
    let header = [
        "family",
        "dim",
        "degree",
        "multiplicity",
        "size",
        "tolerance",
        "query_class",
        "theorem",
        "delta",
        "epsilon",
        "log10_queries",
        "vacuous",
        "prior",
    ]
    .map(String::from);
    let row = |r: &BoundReport| {
        vec![
            r.family.clone(),
            r.dim.to_string(),
            r.degree.to_string(),
            r.multiplicity.clone(),
            r.size.clone().unwrap_or_default(),
            r.tolerance.to_string(),
            quoted(&r.query_class),
            r.theorem.clone(),
            r.delta.to_string(),
            r.epsilon.to_string(),
            r.log10_queries.map_or(String::new(), |x| x.to_string()),
            r.vacuous.to_string(),
            quoted(&r.prior),
        ]
    };
    csv(&header, &reports.iter().map(row).collect::<Vec<_>>())
}
