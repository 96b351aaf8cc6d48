//! Reports of `sweep`.

use super::table::Layout;
use zonal_documents::number::{short, short_count, short_up};
use zonal_documents::sweep::{SweepReport, SweepRow};

/// The largest number of rows in the table.
const MAX_ROWS: usize = 60;

/// A column of the table: the text of a cell.
type CellText = fn(&SweepRow) -> String;

/// Formats a sweep: the columns whose values differ between rows, then the losses.
pub(crate) fn table(report: &SweepReport, layout: Layout) -> String {
    let rows = &report.rows;
    let describing: [(&str, CellText); 9] = [
        ("dim", |r| r.dim.to_string()),
        ("degree", |r| r.degree.map_or("-".into(), |k| k.to_string())),
        ("target", |r| r.target.clone()),
        ("activation", |r| r.activation.clone()),
        ("scale", |r| short(r.scale)),
        ("width", |r| r.width.to_string()),
        ("rows", |r| r.rows.map_or("exact".into(), |n| n.to_string())),
        ("step", |r| r.step.clone()),
        ("iterations", |r| short_count(r.iterations)),
    ];
    let varies = |show: CellText| rows.windows(2).any(|w| show(&w[0]) != show(&w[1]));
    let shown: Vec<(&str, CellText)> = describing.iter().filter(|(_, show)| varies(*show)).copied().collect();
    let fixed: Vec<String> = match rows.first() {
        Some(first) => {
            let fixed = describing.iter().filter(|(_, show)| !varies(*show));
            fixed.map(|(name, show)| format!("{name} {}", show(first))).collect()
        }
        None => Vec::new(),
    };
    let mut header: Vec<String> = shown.iter().map(|(name, _)| (*name).to_owned()).collect();
    let measures: [(&str, CellText); 6] = [
        ("diverged", |r| if r.diverged == 0 { "-".into() } else { r.diverged.to_string() }),
        ("loss", |r| r.loss.map_or("diverges".into(), short)),
        ("+-", |r| r.loss_standard_error.map_or("-".into(), short)),
        ("train loss", |r| r.train_loss.map_or("-".into(), short)),
        ("infinite width", |r| r.predicted_loss.map_or("-".into(), short)),
        ("bound", |r| r.loss_bound.map_or("-".into(), short_up)),
    ];
    // Columns without values are omitted.
    let measures: Vec<(&str, CellText)> =
        measures.into_iter().filter(|(_, show)| rows.iter().any(|r| show(r) != "-")).collect();
    header.extend(measures.iter().map(|(name, _)| (*name).to_owned()));
    let lines: Vec<Vec<String>> = rows
        .iter()
        .take(MAX_ROWS)
        .map(|r| {
            let mut line: Vec<String> = shown.iter().map(|(_, show)| show(r)).collect();
            line.extend(measures.iter().map(|(_, show)| show(r)));
            line
        })
        .collect();
    let mut text = format!("{}: {}\n\n{}", report.name, fixed.join(", "), layout.columns(&header, &lines));
    if rows.len() > MAX_ROWS {
        text += &format!(".. and {} more rows in the table\n", rows.len() - MAX_ROWS);
    }
    text += &format!(
        "\n{}; {} trainings",
        match rows.first().map_or(0, |r| r.seeds) {
            1 => "Losses of a single seed, without a standard error".to_owned(),
            n => format!("Mean loss over {n} seeds with its standard error"),
        },
        report.trainings
    );
    if report.trained < report.trainings {
        text += &format!(", {} of them from the interrupted run", report.trainings - report.trained);
    }
    text += ".\n";
    text + &report.run.as_ref().map_or(String::new(), |run| format!("run: {run}\n"))
}
