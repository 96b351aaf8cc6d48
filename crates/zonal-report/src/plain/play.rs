//! Reports of `sq play`.

use super::table::{Layout, csv, quoted};
use zonal_documents::number::short;
use zonal_documents::sq::PlayReport;

pub(crate) fn text(r: &PlayReport, layout: Layout) -> String {
    let mut text = format!(
        "{} family, degree {} in dimension {} (N = {}): {} members\n",
        r.family, r.degree, r.dim, r.multiplicity, r.family_size
    );
    if let Some(rows) = r.rows {
        text += &format!(
            "brute force used {rows} rows and {} the target\n",
            if r.learned { "found" } else { "missed" }
        );
        return text + &assumptions(r);
    }
    text += &format!("{} against {} answers at tolerance {}\n\n", r.learner, r.answers, r.tolerance);
    let optional = |x: Option<u64>, none: &str| x.map_or(none.to_owned(), |x| x.to_string());
    let attacks = r.invariant_held.is_none();
    let rows = [
        ("members excluded by one query, at most", r.dropped_per_query_bound.to_string()),
        ("  in this game", r.max_dropped.to_string()),
        (
            "queries needed, at least",
            optional(
                r.predicted_queries,
                if attacks { "no bound for such queries" } else { "no number suffices" },
            ),
        ),
        ("  queries asked", format!("{} distinct, {} in total", r.queries_distinct, r.queries_issued)),
        ("members remaining", r.live.to_string()),
        ("  one hypothesis may fit, at most", r.fits_per_hypothesis_bound.to_string()),
        (
            "invariant",
            match r.invariant_held {
                Some(true) => "held".to_owned(),
                Some(false) => "VIOLATED".to_owned(),
                None => "does not apply".to_owned(),
            },
        ),
        ("learned: one hypothesis may fit the rest", if r.learned { "yes" } else { "no" }.to_owned()),
    ];
    for (what, value) in rows {
        text += &format!("{what:<46}{value}\n");
    }
    if !r.transcript.is_empty() {
        let shown = 5.min(r.transcript.len());
        let header = ["query", "answer", "excluded", "remaining"].map(String::from);
        let lines: Vec<Vec<String>> = r.transcript[..shown]
            .iter()
            .map(|a| vec![a.query.clone(), short(a.answer), a.dropped.to_string(), a.live.to_string()])
            .collect();
        text += &format!(
            "\nThe first {shown} of {} answers:\n{}",
            r.transcript.len(),
            layout.columns(&header, &lines)
        );
    }
    text + &assumptions(r)
}

fn assumptions(r: &PlayReport) -> String {
    let run = r.run.as_ref().map_or(String::new(), |run| format!("\nrun: {run}\n"));
    format!("\nAssumptions:\n{}{run}", r.assumptions.iter().map(|a| format!("  - {a}\n")).collect::<String>())
}

/// Formats the transcript as CSV, one answer per row.
pub(crate) fn transcript_csv(r: &PlayReport) -> String {
    let header = ["number", "query", "identity", "answer", "dropped", "live"].map(String::from);
    let rows: Vec<Vec<String>> = r
        .transcript
        .iter()
        .enumerate()
        .map(|(i, a)| {
            vec![
                (i + 1).to_string(),
                quoted(&a.query),
                a.identity.clone(),
                a.answer.to_string(),
                a.dropped.to_string(),
                a.live.to_string(),
            ]
        })
        .collect();
    csv(&header, &rows)
}
