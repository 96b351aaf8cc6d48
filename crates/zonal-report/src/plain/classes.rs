//! The measures of predicted classes.

use super::table::Layout;
use zonal_documents::number::short;
use zonal_documents::train::{ClassReport, ClassScores};

/// The largest number of classes whose confusion is listed.
const CONFUSION: usize = 12;

/// Formats the measures of a training on its parts, and the confusion on test rows, or held-out rows if there are none.
pub(super) fn training(report: &ClassReport, held_out: &str, layout: Layout) -> String {
    let parts = [("training", &report.train), (held_out, &report.held_out), ("test", &report.test)];
    let known: Vec<(&str, &ClassScores)> =
        parts.iter().filter_map(|(name, scores)| Some((*name, scores.as_ref()?))).collect();
    let mut text = format!("\n{}", measures(&known, layout));
    if let Some((name, scores)) = known.last() {
        text += &base(report, scores, name);
        text += &confusion(&report.classes, scores, &format!("{name} rows"), layout);
    }
    text
}

/// Formats the measures on some rows.
pub(super) fn score(classes: &[String], scores: &ClassScores, layout: Layout) -> String {
    measures(&[("scored", scores)], layout) + &confusion(classes, scores, "scored rows", layout)
}

fn measures(parts: &[(&str, &ClassScores)], layout: Layout) -> String {
    let header = ["rows", "number", "accuracy", "log-loss", "Brier", "AUC"].map(String::from);
    let row = |(name, scores): &(&str, &ClassScores)| {
        vec![
            (*name).to_owned(),
            scores.rows.to_string(),
            short(scores.accuracy),
            short(scores.log_loss),
            short(scores.brier),
            scores.auc.map_or("-".to_owned(), short),
        ]
    };
    layout.columns(&header, &parts.iter().map(row).collect::<Vec<_>>())
}

/// Formats what the shares of the classes alone would achieve.
fn base(report: &ClassReport, scores: &ClassScores, rows: &str) -> String {
    let frequent = zonal::classes::largest(&report.shares);
    format!(
        "Always '{}', the most frequent class: accuracy {} on {rows} rows; shares of classes as probabilities: log-loss {}.\n",
        report.classes[frequent],
        short(scores.base_rate),
        short(scores.base_log_loss)
    )
}

/// Formats the number of rows by true and predicted class.
fn confusion(classes: &[String], scores: &ClassScores, rows: &str, layout: Layout) -> String {
    if classes.len() > CONFUSION {
        return String::new();
    }
    let header: Vec<String> =
        [format!("{rows}: true \\ predicted")].into_iter().chain(classes.iter().cloned()).collect();
    let row = |(name, counts): (&String, &Vec<u64>)| {
        [name.clone()].into_iter().chain(counts.iter().map(u64::to_string)).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = classes.iter().zip(&scores.confusion).map(row).collect();
    format!("\n{}", layout.columns(&header, &rows))
}
