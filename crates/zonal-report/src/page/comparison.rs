//! The page that compares several trainings.

use super::training::{activation, subject, width};
use super::{
    Cell, DrawnChart, Origin, Page, Readout, Row, Section, Slider, Table, Toggle, number_cell, text_cell,
};
use crate::axis::Axis;
use crate::chart::{Chart, Series};
use crate::draw::LONGEST;
use crate::error::Result;
use crate::figure::{self, Curve, REST, degree_key, has_rest, rest, shown_degrees};
use crate::palette::MUTED;
use crate::text::{group_digits, isolate};
use std::collections::BTreeSet;
use zonal::network::Layers;
use zonal::observer::StopReason;
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal_documents::number::{short, short_residual};
use zonal_documents::record::Setting;
use zonal_documents::saved::SavedTraining;
use zonal_documents::train::{Checkpoint, TrainReport};

/// Losses below this fraction of the largest are not drawn.
const FLOOR: f64 = 1e-9;
/// The largest number of runs with a figure by degree.
const FIGURES: usize = 12;

/// Builds the page that compares trainings.
///
/// # Errors
/// None for finished runs.
pub fn comparison(runs: &[(String, &SavedTraining)]) -> Result<Page> {
    let reports: Vec<&TrainReport> = runs.iter().map(|(_, r)| &r.record.summary).collect();
    let folders: Vec<String> = runs.iter().map(|(name, _)| isolate(&tail(name, LONGEST))).collect();
    let names = names_by_setting(runs).unwrap_or_else(|| folders.clone());
    let mut page = Page {
        kind: "Comparison",
        title: format!("{} runs compared", runs.len()),
        lead: lead(&names, &folders),
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
    by_degree(&mut story, &mut page.charts, &reports, &names);
    if reports.len() > FIGURES {
        story
            .texts
            .push(format!("Figures by degree are shown for the first {FIGURES} of {} runs.", reports.len()));
    }
    let mut degrees: Vec<usize> = reports.iter().flat_map(|r| shown_degrees(r)).collect();
    degrees.sort_unstable();
    degrees.dedup();
    page.toggles = toggles(&reports, &names, &degrees);
    let mut stops: Vec<u64> = reports.iter().flat_map(|r| r.path.iter().map(|c| c.iteration)).collect();
    stops.sort_unstable();
    stops.dedup();
    if stops.len() > 1 {
        page.slider = Some(slider(&page, &stops, &reports, &names));
    }
    story.tables.push(table(&reports, &names));
    story.tables.extend(residuals(&reports, &names, &degrees));
    page.sections.push(story);
    for ((_, run), name) in runs.iter().zip(&names) {
        page.origins.push(Origin::new(name.clone(), &run.record.provenance, &run.record.configuration));
    }
    Ok(page)
}

/// Adds the figures by degree of the first runs.
fn by_degree(story: &mut Section, charts: &mut Vec<DrawnChart>, reports: &[&TrainReport], names: &[String]) {
    for (i, report) in reports.iter().enumerate().take(FIGURES) {
        let listed = report.target_energy.as_ref().map_or(0, |e| e.len().saturating_sub(1));
        // Without a spectrum predictions are drawn from the listed ones.
        let drawn = report.activation.as_ref().filter(|_| report.networks.is_none());
        let spectrum = drawn.and_then(|activation| {
            Dim::new(report.dim).and_then(|dim| Spectrum::new(activation, dim, report.scale, listed)).ok()
        });
        if let Some(mut chart) = figure::degrees(&format!("degrees-{}", i + 1), report, spectrum.as_ref()) {
            chart.title = format!("By degree: {}", names[i]);
            story.push(charts, chart);
            if let Some(figure) = story.figures.last_mut() {
                figure.toggle = Some(run_key(i));
            }
        }
    }
}

/// Returns the toggles of runs and degrees.
fn toggles(reports: &[&TrainReport], names: &[String], degrees: &[usize]) -> Vec<Toggle> {
    let run = |(look, name): (usize, &String)| Toggle { key: run_key(look), name: name.clone(), look };
    let degree = |&k: &usize| Toggle { key: degree_key(k), name: format!("degree {k}"), look: k };
    let mut toggles: Vec<Toggle> =
        names.iter().enumerate().map(run).chain(degrees.iter().map(degree)).collect();
    if reports.iter().any(|r| has_rest(r, &shown_degrees(r))) {
        toggles.push(Toggle { key: REST.to_owned(), name: REST.to_owned(), look: MUTED });
    }
    toggles
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

/// Returns names of runs by the only setting in which they differ, such as their activations; None if there is no such
/// setting, or if its values are too long for a name.
fn names_by_setting(runs: &[(String, &SavedTraining)]) -> Option<Vec<String>> {
    let trainings: Vec<&SavedTraining> = runs.iter().map(|(_, run)| *run).collect();
    let differences = zonal_jobs::runs::differences(&trainings).ok()?;
    let value = |settings: &Vec<Setting>| match settings.as_slice() {
        [Setting { name, value }] if value.parse::<f64>().is_ok() => Some(format!("{name} {value}")),
        [Setting { value, .. }] => Some(value.clone()),
        _ => None,
    };
    let names: Vec<String> = differences.iter().map(value).collect::<Option<_>>()?;
    let distinct: BTreeSet<&String> = names.iter().collect();
    let usable = |name: &String| !name.is_empty() && name.chars().count() <= LONGEST;
    (distinct.len() == names.len() && names.iter().all(usable))
        .then(|| names.iter().map(|n| isolate(n)).collect())
}

/// Returns the summary, which names the folders of the runs.
fn lead(names: &[String], folders: &[String]) -> String {
    let one = |(name, folder): (&String, &String)| {
        if name == folder { name.clone() } else { format!("{name} ({folder})") }
    };
    let list: Vec<String> = names.iter().zip(folders).map(one).collect();
    format!("Trainings side by side: {}.", list.join(", "))
}

/// Returns a table of the residual energies at the best iteration, with a row for each degree and a column for each run;
/// None without targets.
fn residuals(reports: &[&TrainReport], names: &[String], degrees: &[usize]) -> Option<Table> {
    let best = |r: &TrainReport| r.best().cloned();
    let checkpoints: Vec<Checkpoint> = reports.iter().map(|r| best(r)).collect::<Option<_>>()?;
    if degrees.is_empty() {
        return None;
    }
    let text = |energy: Option<f64>| number_cell(energy.map_or("-".to_owned(), short_residual));
    let row = |key: String, name: String, of: &dyn Fn(&Checkpoint) -> Option<f64>| {
        let cells = [text_cell(&name)].into_iter().chain(checkpoints.iter().map(|c| text(of(c)))).collect();
        Row { toggle: Some(key), cells }
    };
    let mut rows: Vec<Row> = degrees
        .iter()
        .map(|&k| {
            row(degree_key(k), format!("degree {k}"), &|c| {
                c.degrees.as_ref()?.iter().find(|d| d.degree == k).map(|d| d.energy)
            })
        })
        .collect();
    rows.push(row(REST.to_owned(), REST.to_owned(), &|c| rest(c, degrees)));
    let mut header = vec!["degree".to_owned()];
    header.extend(names.iter().cloned());
    Some(Table { caption: "Residual energy at the best iteration".to_owned(), header, rows, folded: false })
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
    column("step", &|_, r| number_cell(if r.is_lbfgs() { "L-BFGS".to_owned() } else { short(r.step_size) }));
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
