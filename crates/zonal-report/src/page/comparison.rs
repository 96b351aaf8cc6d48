//! The page that compares several trainings.

use super::training::{activation, subject, width};
use super::{Cell, Origin, Page, Readout, Row, Section, Slider, Table, Toggle, number_cell, text_cell};
use crate::axis::Axis;
use crate::chart::{Chart, Series};
use crate::error::Result;
use crate::figure::{self, Curve, degree_key, shown_degrees};
use crate::text::{group_digits, isolate};
use zonal::network::Layers;
use zonal::observer::StopReason;
use zonal_documents::number::short;
use zonal_documents::saved::SavedTraining;
use zonal_documents::train::TrainReport;

/// Losses below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-9;
/// The largest number of characters of a run's name.
const NAME: usize = 40;
/// The largest number of runs with a figure by degree.
const FIGURES: usize = 12;

/// Builds the page that compares trainings.
///
/// # Errors
/// None for finished runs.
pub fn comparison(runs: &[(String, &SavedTraining)]) -> Result<Page> {
    let reports: Vec<&TrainReport> = runs.iter().map(|(_, r)| &r.record.summary).collect();
    let names: Vec<String> = runs.iter().map(|(name, _)| isolate(&tail(name, NAME))).collect();
    let mut page = Page {
        kind: "Comparison",
        title: format!("{} runs compared", runs.len()),
        lead: format!("Trainings side by side: {}.", names.join(", ")),
        toggles_label: "Runs and degrees",
        ..Page::default()
    };
    let subject_of = |r: &TrainReport| (r.target.clone(), r.labels.clone(), r.dim);
    if reports.iter().any(|r| subject_of(r) != subject_of(reports[0])) {
        page.notes.push("The runs learned different targets: their errors may not be comparable.".to_owned());
    }
    for (report, name) in reports.iter().zip(&names).filter(|(r, _)| r.stop_reason == StopReason::Diverged) {
        page.notes.push(format!(
            "{name} diverged; its state at iteration {} was saved.",
            report.best_iteration.map_or_else(String::new, group_digits)
        ));
    }
    let mut story = Section::default();
    let kinds: [(&str, &str, Curve); 3] = [
        ("loss", "Loss", |c| Some(c.loss)),
        ("validation", "Validation loss", |c| c.validation_loss),
        ("test", "Test loss", |c| c.test_loss),
    ];
    for (id, title, of) in kinds {
        if let Some(chart) = losses(id, title, &reports, &names, of) {
            story.push(&mut page.charts, chart);
        }
    }
    for (i, report) in reports.iter().enumerate().take(FIGURES) {
        if let Some(mut chart) = figure::degrees(&format!("degrees-{}", i + 1), report, None) {
            chart.title = format!("By degree: {}", names[i]);
            story.push(&mut page.charts, chart);
            if let Some(figure) = story.figures.last_mut() {
                figure.toggle = Some(run_key(i));
            }
        }
    }
    if reports.len() > FIGURES {
        story
            .texts
            .push(format!("Figures by degree are shown for the first {FIGURES} of {} runs.", reports.len()));
    }
    page.toggles = names
        .iter()
        .enumerate()
        .map(|(look, name)| Toggle { key: run_key(look), name: name.clone(), look })
        .collect();
    let mut degrees: Vec<usize> = reports.iter().flat_map(|r| shown_degrees(r)).collect();
    degrees.sort_unstable();
    degrees.dedup();
    let toggle = |&k: &usize| Toggle { key: degree_key(k), name: format!("degree {k}"), look: k };
    page.toggles.extend(degrees.iter().map(toggle));

    let mut stops: Vec<u64> = reports.iter().flat_map(|r| r.path.iter().map(|c| c.iteration)).collect();
    stops.sort_unstable();
    stops.dedup();
    if stops.len() > 1 {
        page.slider = Some(slider(&page, &stops, &reports, &names));
    }
    story.tables.push(table(&reports, &names));
    page.sections.push(story);
    for ((_, run), name) in runs.iter().zip(&names) {
        page.origins.push(Origin::new(name.clone(), &run.record.provenance, &run.record.configuration));
    }
    Ok(page)
}

/// Returns the slider through the iterations, with the loss of each run at the last listed iteration up to there.
fn slider(page: &Page, stops: &[u64], reports: &[&TrainReport], names: &[String]) -> Slider {
    let (shown, _) = errors(reports);
    let reading = |(i, report): (usize, &&TrainReport)| {
        let end = figure::last_iteration(report);
        let at = |t: &u64| {
            let last = report.path.iter().rev().find(|c| c.iteration <= *t && *t <= end);
            last.map_or("-".to_owned(), |c| short(shown(c.loss)))
        };
        let values = stops.iter().map(at).collect();
        Readout { name: names[i].clone(), toggle: Some(run_key(i)), values }
    };
    let places: Vec<f64> = stops.iter().map(|t| *t as f64).collect();
    Slider {
        label: "Iteration".to_owned(),
        stops: stops.iter().map(|t| group_digits(*t)).collect(),
        start: stops.len() - 1,
        readings: reports.iter().enumerate().map(reading).collect(),
        cursors: page.cursors(figure::ITERATIONS, &places),
        ..Slider::default()
    }
}

fn run_key(number: usize) -> String {
    format!("run-{number}")
}

/// Returns the scale and name of displayed errors: root mean squares if all runs are on tables, otherwise mean squares.
fn errors(reports: &[&TrainReport]) -> (fn(f64) -> f64, &'static str) {
    if reports.iter().all(|r| r.target.is_none()) {
        (f64::sqrt, "root mean squared error")
    } else {
        (|loss| loss, "mean squared error")
    }
}

/// Returns a chart with one curve for each run that has this loss.
fn losses(id: &str, title: &str, reports: &[&TrainReport], names: &[String], of: Curve) -> Option<Chart> {
    let (shown, unit) = errors(reports);
    let curve = |r: &TrainReport| -> Vec<(f64, f64)> {
        r.path.iter().filter_map(|c| Some((c.iteration as f64, shown(of(c)?)))).collect()
    };
    let curves: Vec<Vec<(f64, f64)>> = reports.iter().map(|r| curve(r)).collect();
    let last = reports.iter().map(|r| figure::last_iteration(r)).max()?;
    if curves.iter().all(Vec::is_empty) {
        return None;
    }
    let all = curves.iter().flatten().map(|p| p.1);
    let y_axis = Axis::logarithmic(unit, all, FLOOR);
    let mut chart = Chart::new(id, title, Axis::iterations(last), y_axis);
    chart.caption = "The error after each listed number of iterations.".to_owned();
    for (look, line) in curves.into_iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        chart.series.push(Series {
            name: names[look].clone(),
            look,
            toggle: Some(run_key(look)),
            points: line.iter().map(|&p| p.into()).collect(),
            line,
            ..Series::default()
        });
    }
    Some(chart)
}

fn table(reports: &[&TrainReport], names: &[String]) -> Table {
    let optional = |x: Option<f64>| number_cell(x.map_or("-".to_owned(), short));
    let mut table = Table {
        caption: "The runs".to_owned(),
        rows: (0..reports.len()).map(|i| Row { toggle: Some(run_key(i)), cells: Vec::new() }).collect(),
        ..Table::default()
    };
    // A column without values is omitted.
    let mut column = |name: &str, cell: &dyn Fn(usize, &TrainReport) -> Cell| {
        let cells: Vec<Cell> = reports.iter().enumerate().map(|(i, r)| cell(i, r)).collect();
        if cells.iter().any(|c| c.text != "-") {
            table.header.push(name.to_owned());
            table.rows.iter_mut().zip(cells).for_each(|(row, cell)| row.cells.push(cell));
        }
    };
    column("run", &|i, _| text_cell(&names[i]));
    column("learned", &|_, r| text_cell(&subject(r)));
    column("activation", &|_, r| text_cell(&activation(r)));
    column("dimension", &|_, r| number_cell(r.dim.to_string()));
    column("layers", &|_, r| number_cell(layers(r)));
    column("width", &|_, r| number_cell(width(r)));
    column("scale", &|_, r| number_cell(short(r.scale)));
    column("step", &|_, r| number_cell(short(r.step_size)));
    column("iterations", &|_, r| number_cell(group_digits(figure::last_iteration(r))));
    column("best iteration", &|_, r| {
        number_cell(r.best_iteration.map_or_else(|| "-".to_owned(), group_digits))
    });
    let best = |r: &TrainReport| r.best().map(|c| c.loss);
    column("loss", &|_, r| optional(best(r).filter(|_| r.target.is_some())));
    column("training RMSE", &|_, r| optional(r.train_rmse));
    column("validation RMSE", &|_, r| optional(r.validation_rmse));
    column("test RMSE", &|_, r| optional(r.test_rmse));
    table
}

fn layers(report: &TrainReport) -> &'static str {
    match report.descent.as_ref().map(|d| d.layers) {
        None | Some(Layers::Output) => "output",
        Some(Layers::Hidden) => "hidden",
        Some(Layers::Both) => "both",
    }
}

/// Truncates a long name to its end, which distinguishes runs better than its beginning.
fn tail(name: &str, max: usize) -> String {
    let count = name.chars().count();
    if count <= max {
        return name.to_owned();
    }
    "…".chars().chain(name.chars().skip(count - max + 1)).collect()
}
