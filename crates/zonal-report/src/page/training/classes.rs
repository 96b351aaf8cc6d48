//! The section of predicted classes: measures, calibration and confusion.

use crate::figure;
use crate::page::{DrawnChart, Row, Section, Table, number_cell, text_cell};
use crate::text::group_digits;
use zonal_documents::number::short;
use zonal_documents::train::{ClassReport, ClassScores, TrainReport};

/// The largest number of classes whose confusion is listed.
const CONFUSION: usize = 30;

/// Returns the section of the classes; None if the labels are numbers.
pub(super) fn section(report: &TrainReport, charts: &mut Vec<DrawnChart>) -> Option<Section> {
    let found = report.classification.as_ref()?;
    let parts = [("training", &found.train), ("held-out", &found.held_out), ("test", &found.test)];
    let known: Vec<(&str, &ClassScores)> =
        parts.iter().filter_map(|(name, scores)| Some((*name, scores.as_ref()?))).collect();
    let mut section = Section {
        heading: "Classes".to_owned(),
        texts: vec![format!(
            "The network has one output for each class, fitted by least squares to 1 for the class of a row and 0 for the others. The \
             probability of a class is proportional to the exponential of the temperature times its output; iteration and \
             temperature have the smallest log-loss on held-out rows{}, so that the measures on these are too good.",
            if report.networks.is_some() { ", on which grown units were chosen too" } else { "" }
        )],
        tables: vec![measures(&known)],
        ..Section::default()
    };
    if let Some((rows, scores)) = known.last() {
        section.push(charts, figure::calibration("calibration", scores, rows));
        section.tables.extend(confusion(found, scores, rows));
    }
    Some(section)
}

fn measures(parts: &[(&str, &ClassScores)]) -> Table {
    let row = |(name, s): &(&str, &ClassScores)| {
        let values = [s.accuracy, s.base_rate, s.log_loss, s.base_log_loss, s.brier];
        let auc = s.auc.map_or("-".to_owned(), short);
        let cells = values.map(short).into_iter().chain([auc]).map(number_cell);
        Row::new([text_cell(name), number_cell(group_digits(s.rows))].into_iter().chain(cells).collect())
    };
    let names = [
        "rows",
        "number",
        "accuracy",
        "most frequent class",
        "log-loss",
        "shares of classes",
        "Brier",
        "AUC",
    ];
    Table {
        caption: "Measures at the best iteration, with those of always the most frequent class of the training rows (accuracy) and \
                  of the shares of the classes in them (log-loss)"
            .to_owned(),
        header: names.map(String::from).to_vec(),
        rows: parts.iter().map(row).collect(),
        folded: false,
    }
}

fn confusion(report: &ClassReport, scores: &ClassScores, rows: &str) -> Option<Table> {
    let classes = &report.classes;
    if classes.len() > CONFUSION {
        return None;
    }
    let row = |(name, counts): (&String, &Vec<u64>)| {
        let cells = counts.iter().map(|count| number_cell(group_digits(*count)));
        Row::new([text_cell(name)].into_iter().chain(cells).collect())
    };
    Some(Table {
        caption: format!("Confusion: {rows} rows by true class (lines) and predicted class (columns)"),
        header: ["true class".to_owned()].into_iter().chain(classes.iter().cloned()).collect(),
        rows: classes.iter().zip(&scores.confusion).map(row).collect(),
        folded: false,
    })
}
