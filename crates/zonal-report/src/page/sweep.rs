//! The page of a sweep: the loss against the width, or against another varying quantity.

use super::grid::{COLUMNS, Column, Coordinate, Layout, varying};
use super::{Origin, Page, Readout, Row, Section, Slider, Table, Toggle, number_cell, text_cell};
use crate::axis::Axis;
use crate::chart::{Chart, Point, Rule, Series, Stroke};
use crate::error::Result;
use crate::text::{count_noun, isolate, shorten};
use zonal_documents::number::short;
use zonal_documents::record::Record;
use zonal_documents::sweep::{SweepReport, SweepRow};

/// Losses below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-9;
/// The largest number of figures.
const FIGURES: usize = 12;
/// The largest number of rows in the table.
const ROWS: usize = 500;
/// The largest number of values next to the slider.
const READINGS: usize = 24;

/// Builds the page of a finished sweep.
///
/// # Errors
/// None for a finished sweep.
pub fn sweep(run: &Record<String, SweepReport>) -> Result<Page> {
    let report = &run.summary;
    let rows = &report.rows;
    let seeds = rows.first().map_or(0, |r| r.seeds);
    let mut page = Page {
        kind: "Sweep",
        title: isolate(&shorten(&report.name, 60)),
        lead: format!(
            "{}, {seeds} of each kind, on {}: {} of means{}.",
            count_noun(report.trainings, "training"),
            subject(rows),
            count_noun(rows.len() as u64, "row"),
            if seeds > 1 { " with their standard errors" } else { "" }
        ),
        toggles_label: "Curves",
        ..Page::default()
    };
    // Each training has a row for each listed iteration.
    let first = rows.first().map_or(0, |r| r.iterations);
    let diverged: u64 = rows.iter().filter(|r| r.iterations == first).map(|r| r.diverged).sum();
    if diverged > 0 {
        page.notes.push(format!(
            "{diverged} of {} trainings diverged: their rows have no losses.",
            report.trainings
        ));
    }
    let mut story = Section::default();
    if let Some(layout) = Layout::of(rows) {
        draw(&layout, rows, &mut story, &mut page);
    }
    story.tables.push(table(rows));
    page.sections.push(story);
    page.origins.push(Origin {
        configuration: run.configuration.clone(),
        ..Origin::new("Provenance".to_owned(), &run.provenance, &"")
    });
    Ok(page)
}

/// Describes the targets.
fn subject(rows: &[SweepRow]) -> String {
    let mut targets: Vec<&str> = rows.iter().map(|r| r.target.as_str()).collect();
    targets.sort_unstable();
    targets.dedup();
    match targets.as_slice() {
        [one] => isolate(&shorten(one, 60)),
        several => format!("{} targets", several.len()),
    }
}

/// Draws the figures, with a toggle for each curve and a slider along the horizontal axis.
fn draw(layout: &Layout, rows: &[SweepRow], story: &mut Section, page: &mut Page) {
    let figures = layout.figures(rows);
    let mut looks: Vec<String> = Vec::new();
    for (i, (name, rows)) in figures.iter().enumerate().take(FIGURES) {
        let id = if i == 0 { "staircase".to_owned() } else { format!("staircase-{}", i + 1) };
        let chart = chart(layout, &id, name, rows, &mut looks);
        story.push(&mut page.charts, chart);
    }
    if figures.len() > FIGURES {
        story
            .texts
            .push(format!("{} more figures are omitted; table.csv has all rows.", figures.len() - FIGURES));
    }
    if looks.len() > 1 {
        let toggle = |(look, name): (usize, &String)| Toggle { key: key(look), name: name.clone(), look };
        page.toggles = looks.iter().enumerate().map(toggle).collect();
    }
    let mut stops: Vec<f64> = rows.iter().filter_map(layout.position).collect();
    stops.sort_by(f64::total_cmp);
    stops.dedup();
    if stops.len() < 2 {
        return;
    }
    let mut slider = Slider {
        label: layout.axis.to_owned(),
        stops: stops.iter().map(|v| short(*v)).collect(),
        start: stops.len() - 1,
        ..Slider::default()
    };
    for (figure, rows) in figures.iter().take(FIGURES) {
        for (curve, rows) in layout.curves(rows) {
            let look = looks.iter().position(|l| *l == curve);
            let name = match (curve.as_str(), figure.as_str()) {
                ("", "") => "loss".to_owned(),
                (one, "") | ("", one) => one.to_owned(),
                (curve, figure) => format!("{curve}, {figure}"),
            };
            let end = rows.iter().filter_map(|r| (layout.position)(r)).fold(f64::NEG_INFINITY, f64::max);
            let at = |stop: &f64| {
                let is_reached =
                    |r: &&&SweepRow| (layout.position)(r).is_some_and(|v| v <= *stop && *stop <= end);
                let reached = rows.iter().rev().find(is_reached);
                reached.and_then(|r| r.loss).map_or("-".to_owned(), short)
            };
            slider.readings.push(Readout {
                name,
                toggle: look.map(key),
                values: stops.iter().map(at).collect(),
            });
        }
    }
    if slider.readings.len() > READINGS {
        slider.readings.clear();
    }
    slider.cursors = page.cursors(layout.axis, &stops);
    page.slider = Some(slider);
}

fn chart(layout: &Layout, id: &str, name: &str, rows: &[&SweepRow], looks: &mut Vec<String>) -> Chart {
    let position: Coordinate = layout.position;
    let losses = || rows.iter().filter_map(|r| r.loss);
    let positions = || rows.iter().filter_map(|r| position(r));
    let (low, high) = losses().fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(v), h.max(v)));
    // A linear axis shows steps as fractions of the target's energy. A logarithmic one is better over many decades, and
    // for losses far above that energy, where few rows are overfitted.
    let energy = rows.iter().map(|r| r.target_energy).fold(0.0, f64::max);
    let y_axis = if high > 1e4 * low || high > 4.0 * energy {
        Axis::logarithmic("mean loss", losses(), FLOOR)
    } else {
        let tops = rows.iter().filter_map(|r| Some(r.loss? + r.loss_standard_error.unwrap_or(0.0)));
        Axis::linear("mean loss", tops.chain([0.0]))
    };
    let x_axis = match layout.axis {
        "iterations" => Axis::iterations(rows.iter().map(|r| r.iterations).max().unwrap_or(1)),
        "scale" => Axis::logarithmic(layout.axis, positions(), 0.0),
        axis => Axis::linear(axis, positions()),
    };
    let title =
        if name.is_empty() { format!("Loss against {}", layout.axis) } else { format!("Loss, {name}") };
    let mut chart = Chart::new(id, title, x_axis, y_axis);
    let (mut theory, mut exact) = (false, false);
    for (name, rows) in layout.curves(rows) {
        let look = looks.iter().position(|l| *l == name).unwrap_or_else(|| {
            looks.push(name.clone());
            looks.len() - 1
        });
        let toggle = Some(key(look));
        let predicted: Vec<(f64, f64)> =
            rows.iter().filter_map(|r| Some((position(r)?, r.predicted_loss?))).collect();
        if !predicted.is_empty() {
            theory = true;
            let (toggle, stroke) = (toggle.clone(), Stroke::Dashed);
            chart.series.push(Series { look, toggle, line: predicted, stroke, ..Series::default() });
        }
        // Exact expectations have no number of rows, hence no position.
        for row in rows.iter().filter(|r| position(r).is_none()) {
            exact = true;
            let separator = if name.is_empty() { "" } else { ", " };
            chart.horizontal_rules.extend(
                row.loss.map(|value| Rule { name: format!("{name}{separator}{}", missing(row)), value }),
            );
        }
        let points: Vec<Point> = rows
            .iter()
            .filter_map(|r| Some(Point { x: position(r)?, y: r.loss?, error: r.loss_standard_error }))
            .collect();
        if points.is_empty() {
            continue;
        }
        let line = points.iter().map(|p| (p.x, p.y)).collect();
        chart.series.push(Series { name, look, toggle, points, line, ..Series::default() });
    }
    chart.caption = if rows.iter().any(|r| r.loss_standard_error.is_some()) {
        "Means over seeds; bars are standard errors.".to_owned()
    } else {
        "Mean squared error over the sphere.".to_owned()
    };
    if theory {
        chart.caption += " Dashed: what infinite width predicts.";
    }
    if exact {
        chart.caption += " Dotted: trainings that have no place on this axis.";
    }
    chart
}

/// Returns the reason why a row has no position.
fn missing(row: &SweepRow) -> &'static str {
    if row.rows.is_none() { "exact" } else { "no degree" }
}

fn key(look: usize) -> String {
    format!("curve-{look}")
}

/// Returns the table of varying columns, or of all if none varies, and measurements.
fn table(rows: &[SweepRow]) -> Table {
    let mut shown: Vec<&Column> = varying(rows);
    if shown.is_empty() {
        shown = COLUMNS.iter().collect();
    }
    type Measure = fn(&SweepRow) -> Option<f64>;
    let measures: [(&str, Measure); 7] = [
        ("diverged", |r| (r.diverged > 0).then_some(r.diverged as f64)),
        ("loss", |r| r.loss),
        ("standard error", |r| r.loss_standard_error),
        ("training loss", |r| r.train_loss),
        ("infinite width", |r| r.predicted_loss),
        ("proved bound", |r| r.loss_bound),
        ("best polynomial", |r| r.best_polynomial_error),
    ];
    let measures: Vec<&(&str, Measure)> =
        measures.iter().filter(|(_, f)| rows.iter().any(|r| f(r).is_some())).collect();
    let row = |r: &SweepRow| {
        let described = shown.iter().map(|c| match c.heading {
            "target" | "activation" => text_cell(&(c.text)(r)),
            _ => number_cell((c.text)(r)),
        });
        let measured = measures.iter().map(|(_, f)| number_cell(f(r).map_or("-".to_owned(), short)));
        Row::new(described.chain(measured).collect())
    };
    let header = shown.iter().map(|c| c.heading).chain(measures.iter().map(|(name, _)| *name));
    let caption = if rows.len() > ROWS {
        format!("The first {ROWS} of {} rows; all are in table.csv and table.arrow", rows.len())
    } else {
        "All rows".to_owned()
    };
    Table {
        caption,
        header: header.map(str::to_owned).collect(),
        rows: rows.iter().take(ROWS).map(row).collect(),
        folded: rows.len() > 30,
    }
}
