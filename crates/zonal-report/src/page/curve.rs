//! The page of a curve: errors by the numbers of rows and units, and what is learned over both; or the errors of a table.

use super::{Fact, Origin, Page, Row, Section, Table, number_cell, text_cell};
use crate::figure::{of_curve, of_table_curve};
use crate::text::{group_digits, shorten};
use serde::Serialize;
use zonal_documents::curve::{CurvePoint, CurveReport, RegimeName};
use zonal_documents::number::{Extended, short, short_count};
use zonal_documents::provenance::Provenance;
use zonal_documents::table_curve::TableCurveReport;

/// The largest number of characters of a target in a title.
const TITLE: usize = 60;

/// Builds the page of a curve, with a map of the same function.
pub fn curve(
    report: &CurveReport,
    map: Option<&CurveReport>,
    provenance: &Provenance,
    configuration: &impl Serialize,
) -> Page {
    let energies = || report.target_energy.iter().map(|e| short(*e)).collect::<Vec<_>>().join(", ");
    let target = report.target.clone().unwrap_or_else(|| format!("energies {}", energies()));
    let mut page = Page {
        kind: "Predicted errors by rows and units",
        title: format!("How many rows and units: {}", shorten(&target, TITLE)),
        lead: format!(
            "The mean of the test error over random rows of the sphere, noise and random {} units, from one scalar equation. It is a \
             prediction and no bound: away from interpolation right to about 1 % in dimension 10 and above, near it up to 40 % too low in \
             dimension 5.",
            report.activation
        ),
        facts: facts(report),
        ..Page::default()
    };
    if !report.invisible_degrees.is_empty() {
        let degrees: Vec<String> = report.invisible_degrees.iter().map(usize::to_string).collect();
        let (degrees, them) = match degrees.as_slice() {
            [one] => (format!("degree {one}"), "it"),
            several => (format!("the degrees {}", several.join(", ")), "them"),
        };
        page.notes.push(format!(
            "{} does not see {degrees}: no number of rows or units learns {them}.",
            report.activation
        ));
    }
    if report.points.iter().any(|p| p.regime == RegimeName::NearInterpolation) {
        page.notes.push("Points that are marked as near interpolation may be too low.".to_owned());
    }
    let mut story = Section::default();
    for chart in of_curve("curve", report) {
        story.push(&mut page.charts, chart);
    }
    if !report.points.is_empty() {
        story.tables.push(points(report));
    }
    page.sections.push(story);
    for chart in map.iter().flat_map(|map| of_curve("phases", map)) {
        let mut section =
            Section { heading: "What is learned with the best ridge".to_owned(), ..Section::default() };
        section.push(&mut page.charts, chart);
        page.sections.push(section);
    }
    page.origins.push(Origin::new("Provenance".to_owned(), provenance, configuration));
    page
}

fn facts(report: &CurveReport) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("dimension", report.dim.to_string()),
        Fact::new("activation", report.activation.to_string()),
        Fact::new("noise", short(report.noise)),
    ];
    if report.target.is_some() {
        let energy: Vec<String> = report.target_energy.iter().map(|e| short(*e)).collect();
        facts.push(Fact::new("energies by degree", energy.join(", ")));
    }
    let with_energy = report.rows_half.iter().filter(|half| report.target_energy[half.degree] > 0.0);
    facts.extend(with_energy.map(|half| {
        Fact::new(&format!("rows for half of degree {}", half.degree), short_count(half.rows.ceil() as u64))
    }));
    facts
}

/// Returns the table of the points.
fn points(report: &CurveReport) -> Table {
    let is_simulated = report.points.iter().any(|p| p.simulated.is_some());
    let mut header =
        ["rows", "units", "fit", "test error", "training error", "from noise"].map(String::from).to_vec();
    header.extend(is_simulated.then(|| "simulated".to_owned()));
    header.push("regime".to_owned());
    let size = |n: Extended| n.finite().map_or("infinite".to_owned(), group_digits);
    let number = |x: Option<f64>| number_cell(x.map_or("infinite".to_owned(), short));
    let row = |p: &CurvePoint| {
        let mut cells = vec![number_cell(size(p.rows)), number_cell(size(p.width)), text_cell(&p.fit())];
        cells.extend([p.test_error, p.train_error, p.noise_share].map(number));
        if is_simulated {
            let error = p.standard_error.map_or(String::new(), |e| format!(" \u{b1} {e:.1e}"));
            cells.push(number_cell(p.simulated.map_or(String::new(), |mean| short(mean) + &error)));
        }
        cells.push(text_cell(p.regime.note()));
        Row::new(cells)
    };
    Table {
        caption: "The predictions".to_owned(),
        header,
        rows: report.points.iter().map(row).collect(),
        folded: report.points.len() > 20,
    }
}

/// Builds the page of the errors of a table.
pub fn table_curve(
    report: &TableCurveReport,
    provenance: &Provenance,
    configuration: &impl Serialize,
) -> Page {
    let mut page = Page {
        kind: "Errors of a table at more rows",
        title: format!("{} from more rows", shorten(&report.label, TITLE)),
        lead: format!(
            "The error of {} {} units with the best ridge, measured by leave-one-out at the table's own number of rows, and estimated at more. \
             Estimates lie between two heuristics; neither is a bound.",
            group_digits(report.width),
            report.activation
        ),
        facts: vec![
            Fact::new("rows", group_digits(report.rows)),
            Fact::new("leave-one-out RMSE", short(report.leave_one_out)),
            Fact::new("deviation of the label", short(report.deviation)),
            Fact::new("ridge", short(report.ridge)),
            Fact::new("scale", short(report.scale)),
            Fact::new("bias", short(report.bias)),
        ],
        ..Page::default()
    };
    if report.points.iter().any(|p| p.at_most) {
        page.notes.push("The estimate of the equivalent is marked \u{201c}at most\u{201d} where more rows could resolve more than those of the table show.".to_owned());
    }
    let mut story = Section::default();
    story.push(&mut page.charts, of_table_curve("curve", report));
    let row = |p: &zonal_documents::table_curve::TableCurvePoint| {
        let numbers = [p.low, p.high, p.power_law, p.equivalent].map(|x| number_cell(short(x)));
        let note = text_cell(if p.at_most { "at most" } else { "" });
        Row::new([vec![number_cell(group_digits(p.rows))], numbers.to_vec(), vec![note]].concat())
    };
    story.tables.push(Table {
        caption: "Estimated RMSE".to_owned(),
        header: ["rows", "from", "to", "power law", "equivalent", "note"].map(String::from).to_vec(),
        rows: report.points.iter().map(row).collect(),
        folded: false,
    });
    let part = |p: &zonal_documents::table_curve::PartError| {
        let cells = [group_digits(p.rows), p.parts.to_string(), short(p.rmse)];
        Row::new(cells.map(number_cell).to_vec())
    };
    story.tables.push(Table {
        caption: "Measured by leave-one-out".to_owned(),
        header: ["rows", "parts", "RMSE"].map(String::from).to_vec(),
        rows: report.parts.iter().map(part).collect(),
        folded: false,
    });
    page.sections.push(story);
    page.origins.push(Origin::new("Provenance".to_owned(), provenance, configuration));
    page
}
