//! The page of a training.

mod classes;
mod summary;
mod tables;

pub(super) use summary::{activation, subject, width};

use super::{DEGREES, Origin, Page, Readout, Section, Slider, Toggle};
use crate::error::Result;
use crate::figure::{self, Curve, REST, degree_key, energy, has_rest, rest, shown_degrees};
use crate::palette::MUTED;
use crate::text::group_digits;
use tables::start;
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal_documents::number::{short, short_residual};
use zonal_documents::saved::SavedTraining;
use zonal_documents::train::{Checkpoint, TrainReport};

/// The largest number of labels with a figure of predicted against true values.
const LABELS: usize = 4;
/// The identifier of the figure whose bars follow the slider.
const LEFT: &str = "left";

/// Builds the page of a finished training.
///
/// # Errors
/// [`crate::Error::Core`] for a run with an invalid dimension.
pub fn training(run: &SavedTraining) -> Result<Page> {
    let (config, report) = (&run.record.configuration, &run.record.summary);
    let dim = Dim::new(report.dim)?;
    let listed = report.target_energy.as_ref().map_or(0, |e| e.len().saturating_sub(1));
    let last = figure::last_degree(listed);
    // Without a spectrum the page lacks one figure.
    // Grown units have none.
    let drawn = report.activation.as_ref().filter(|_| report.networks.is_none());
    let spectrum = drawn.and_then(|a| Spectrum::new(a, dim, report.scale, last.max(listed)).ok());
    let mut page = Page {
        kind: if report.target.is_some() { "Training on a target" } else { "Training on a table" },
        title: summary::title(report),
        lead: summary::lead(config, report),
        facts: summary::facts(report),
        notes: summary::notes(report),
        toggles_label: DEGREES,
        toggles: toggles(report),
        ..Page::default()
    };
    let story = story(run, spectrum.as_ref(), &mut page);
    page.sections.push(story);
    page.sections.extend(classes::section(report, &mut page.charts));
    page.sections.extend(tables::degrees_section(report, spectrum.as_ref(), dim));
    page.sections.extend(tables::polynomials(report));
    page.sections.extend(tables::labels(report));
    page.sections.extend(tables::importances(report));
    if let Some(spectrum) = &spectrum {
        let mut section = Section { heading: "The activation".to_owned(), ..Section::default() };
        section.push(&mut page.charts, figure::spectrum("spectrum", report, spectrum, last));
        page.sections.push(section);
    }
    page.sections.push(tables::numbers(report));
    if report.path.len() > 1 {
        page.slider = Some(slider(report, &page));
    }
    page.origins.push(Origin::new("Provenance".to_owned(), &run.record.provenance, config));
    Ok(page)
}

/// Returns the main section with the figures of the training.
fn story(run: &SavedTraining, spectrum: Option<&Spectrum>, page: &mut Page) -> Section {
    let report = &run.record.summary;
    let mut story = Section { texts: summary::choice(report).into_iter().collect(), ..Section::default() };
    story.push(&mut page.charts, figure::loss("loss", report));
    if let Some(chart) = figure::degrees("degrees", report, spectrum) {
        story.push(&mut page.charts, chart);
    }
    if let Some(chart) = figure::remaining(LEFT, report, start(report)) {
        story.push(&mut page.charts, chart);
        if let Some(figure) = story.figures.last_mut() {
            figure.stop = report.path.get(start(report)).map(|c| group_digits(c.iteration));
        }
    }
    // The outputs for classes are 0 or 1.
    let names = match report.classification {
        None => report.labels.as_deref().unwrap_or_default(),
        Some(_) => &[],
    };
    let total = report.rows.map_or(0, |r| r.test);
    for (i, label) in names.iter().enumerate().take(LABELS).filter(|_| !run.test_rows.is_empty()) {
        let id = if i == 0 { "truth".to_owned() } else { format!("truth-{}", i + 1) };
        let pairs: Vec<[f64; 2]> = run.test_rows.iter().filter_map(|r| r.pairs.get(i).copied()).collect();
        story.push(&mut page.charts, figure::predictions(&id, label, &pairs, total));
    }
    if names.len() > LABELS && !run.test_rows.is_empty() {
        story.texts.push(format!(
            "Figures of predicted values are shown for the first {LABELS} of {} labels; test_rows.csv has all.",
            names.len()
        ));
    }
    if let Some(chart) = figure::movement("movement", report) {
        story.push(&mut page.charts, chart);
    }
    story
}

fn toggles(report: &TrainReport) -> Vec<Toggle> {
    let toggle = |k: usize| Toggle { key: degree_key(k), name: k.to_string(), look: k };
    let shown = shown_degrees(report);
    let rest = Toggle { key: REST.to_owned(), name: REST.to_owned(), look: MUTED };
    let has_rest = has_rest(report, &shown);
    shown.into_iter().map(toggle).chain(has_rest.then_some(rest)).collect()
}

/// Returns the slider with losses and energies at each listed iteration, and the positions of cursors and bars.
fn slider(report: &TrainReport, page: &Page) -> Slider {
    let mut readings = Vec::new();
    let mut add = |name: String, toggle: Option<String>, f: &dyn Fn(&Checkpoint) -> Option<f64>| {
        if report.path.iter().any(|c| f(c).is_some()) {
            let text = |c| f(c).map_or("-".to_owned(), short_residual);
            readings.push(Readout { name, toggle, values: report.path.iter().map(text).collect() });
        }
    };
    if report.target.is_some() {
        add("loss".to_owned(), None, &|c| Some(c.loss));
    } else {
        let root = |f: Curve| move |c: &Checkpoint| f(c).map(f64::sqrt);
        let name = format!("{} RMSE", figure::fitted_rows(report));
        add(name, None, &root(|c| Some(c.loss)));
        add(format!("{} RMSE", report.held_out_name()), None, &root(|c| c.validation_loss));
        add("test RMSE".to_owned(), None, &root(|c| c.test_loss));
    }
    let shown = shown_degrees(report);
    for &k in &shown {
        add(format!("degree {k}"), Some(degree_key(k)), &|c| Some(energy(c, k)));
    }
    if has_rest(report, &shown) {
        add(REST.to_owned(), Some(REST.to_owned()), &|c| rest(c, &shown));
    }
    let places: Vec<f64> = report.path.iter().map(|c| c.iteration as f64).collect();
    let mut slider = Slider {
        label: "Iteration".to_owned(),
        stops: report.path.iter().map(|c| group_digits(c.iteration)).collect(),
        start: start(report),
        readings,
        cursors: page.cursors(figure::ITERATIONS, &places),
        ..Slider::default()
    };
    if let Some(left) = page.charts.iter().find(|d| d.chart.id == LEFT) {
        // One bar for each degree, as the figure has them.
        let energies: Vec<Vec<f64>> = shown_degrees(report)
            .into_iter()
            .map(|k| report.path.iter().map(|c| energy(c, k)).collect())
            .collect();
        let height = |e: &f64| left.drawing.bar(&left.chart, *e);
        let heights = energies.iter().map(|bar| bar.iter().map(height).collect()).collect();
        let texts = energies.iter().map(|bar| bar.iter().map(|e| short(*e)).collect()).collect();
        slider.bars.insert(LEFT.to_owned(), heights);
        slider.heights.insert(LEFT.to_owned(), texts);
    }
    slider
}
