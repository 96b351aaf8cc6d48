//! The page of a sweep: the loss against the width, or whatever else the grid varies.

use super::{Page, Reading, Row, Section, Slider, Source, Table, Toggle, number, words};
use crate::axis::Axis;
use crate::chart::{Chart, Point, Series, Stroke};
use crate::draw::Drawing;
use crate::error::Result;
use crate::text::{isolated, shorten};
use std::collections::BTreeMap;
use zonal_run::number::{short, short_count};
use zonal_run::record::Record;
use zonal_run::sweep::{SweepReport, SweepRow};

/// Losses below this part of the largest are not drawn.
const FLOOR: f64 = 1e-9;
/// Curves in one figure, and figures.
const CURVES: usize = 8;
const FIGURES: usize = 12;
/// Rows that the page shows.
const ROWS: usize = 500;

/// Something that a grid varies.
struct Column {
    name: &'static str,
    text: fn(&SweepRow) -> String,
    value: Option<fn(&SweepRow) -> Option<f64>>,
    axis: &'static str,
}

/// In the order in which they are preferred for the horizontal axis.
const COLUMNS: [Column; 9] = [
    Column {
        name: "m",
        text: |r| r.width.to_string(),
        value: Some(|r| Some(r.log_n_width)),
        axis: "log_n of the width",
    },
    Column {
        name: "rows",
        text: |r| r.rows.map_or("exact".to_owned(), |n| n.to_string()),
        value: Some(|r| r.log_n_rows),
        axis: "log_n of the rows",
    },
    Column {
        name: "t",
        text: |r| short_count(r.iterations),
        value: Some(|r| Some(r.iterations as f64)),
        axis: "iterations",
    },
    Column { name: "scale", text: |r| short(r.scale), value: Some(|r| Some(r.scale)), axis: "scale" },
    Column {
        name: "degree",
        text: |r| r.degree.map_or("-".to_owned(), |k| k.to_string()),
        value: Some(|r| r.degree.map(|k| k as f64)),
        axis: "degree",
    },
    Column { name: "n", text: |r| r.dim.to_string(), value: Some(|r| Some(r.dim as f64)), axis: "dimension" },
    Column { name: "step", text: |r| r.step.clone(), value: None, axis: "" },
    Column { name: "", text: |r| r.activation.clone(), value: None, axis: "" },
    Column { name: "", text: |r| r.target.clone(), value: None, axis: "" },
];

/// The page of a finished sweep.
///
/// # Errors
/// None that a finished sweep can raise.
pub fn sweep(run: &Record<String, SweepReport>) -> Result<Page> {
    let report = &run.summary;
    let rows = &report.rows;
    let first = rows.first();
    let mut page = Page {
        kind: "Sweep",
        title: isolated(&shorten(&report.name, 60)),
        lead: format!(
            "{} trainings, {} of each kind: {} in {} rows of means{}.",
            report.trainings,
            first.map_or(0, |r| r.seeds),
            what(rows),
            rows.len(),
            if first.is_some_and(|r| r.seeds > 1) { " with their standard errors" } else { "" }
        ),
        toggles_label: "Curves",
        ..Page::default()
    };
    let diverged: u64 = rows.iter().map(|r| r.diverged).sum();
    if diverged > 0 {
        page.notes.push(format!("{diverged} trainings diverged: their rows have no losses."));
    }
    let mut story = Section::default();
    if let Some(plan) = Plan::of(rows) {
        plan.draw(rows, &mut story, &mut page);
    }
    story.tables.push(table(rows));
    page.sections.push(story);
    page.sources.push(Source {
        configuration: run.configuration.clone(),
        ..Source::new("Where it comes from".to_owned(), &run.provenance, &"")
    });
    Ok(page)
}

/// Columns that another one determines, as the dimension does a scale of sqrt n, say nothing more: the later one goes.
fn without_echoes(columns: Vec<&'static Column>, rows: &[SweepRow]) -> Vec<&'static Column> {
    let determines = |a: &Column, b: &Column| {
        let mut pairs: Vec<(String, String)> = rows.iter().map(|r| ((a.text)(r), (b.text)(r))).collect();
        pairs.sort();
        pairs.dedup();
        pairs.windows(2).all(|w| w[0].0 != w[1].0)
    };
    let mut kept: Vec<&'static Column> = Vec::new();
    // What people set comes first: dimension and degree, before what may follow from them.
    let rank = |c: &&Column| match c.name {
        "n" => 0,
        "degree" => 1,
        "" => 2,
        _ => 3,
    };
    let mut ordered = columns;
    ordered.sort_by_key(rank);
    for column in ordered {
        if !kept.iter().any(|k| determines(k, column)) {
            kept.push(column);
        }
    }
    kept
}

/// What is learned, in words.
fn what(rows: &[SweepRow]) -> String {
    let mut targets: Vec<&str> = rows.iter().map(|r| r.target.as_str()).collect();
    targets.dedup();
    targets.sort_unstable();
    targets.dedup();
    match targets.as_slice() {
        [one] => isolated(&shorten(one, 60)),
        several => format!("{} targets", several.len()),
    }
}

/// Which column goes across, which make curves, and which figures.
struct Plan {
    across: &'static Column,
    curves: Vec<&'static Column>,
    figures: Vec<&'static Column>,
}

impl Plan {
    /// None for a single row.
    fn of(rows: &[SweepRow]) -> Option<Self> {
        let count = |c: &Column| {
            let mut values: Vec<String> = rows.iter().map(c.text).collect();
            values.sort_unstable();
            values.dedup();
            values.len()
        };
        let mut varying: Vec<&'static Column> = COLUMNS.iter().filter(|c| count(c) > 1).collect();
        let position = varying.iter().position(|c| c.value.is_some())?;
        let across = varying.remove(position);
        // The column with most values stays in the curves; others go to figures of their own while there are too many.
        let mut curves = without_echoes(varying, rows);
        let mut figures = Vec::new();
        curves.sort_by_key(|c| count(c));
        while curves.len() > 1 && curves.iter().map(|c| count(c)).product::<usize>() > CURVES {
            figures.push(curves.remove(0));
        }
        Some(Self { across, curves, figures })
    }

    fn name(columns: &[&Column], row: &SweepRow) -> String {
        let one = |c: &&Column| {
            let text = (c.text)(row);
            if c.name.is_empty() { isolated(&shorten(&text, 24)) } else { format!("{} = {text}", c.name) }
        };
        columns.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn draw(&self, rows: &[SweepRow], story: &mut Section, page: &mut Page) {
        let Some(value) = self.across.value else { return };
        let mut groups: Vec<(String, Vec<&SweepRow>)> = Vec::new();
        for row in rows {
            let name = Self::name(&self.figures, row);
            match groups.iter_mut().find(|(n, _)| *n == name) {
                Some((_, list)) => list.push(row),
                None => groups.push((name, vec![row])),
            }
        }
        let mut looks: Vec<String> = Vec::new();
        let mut drawings: Vec<(usize, Drawing)> = Vec::new();
        let more = groups.len().saturating_sub(FIGURES);
        for (i, (name, rows)) in groups.iter().enumerate().take(FIGURES) {
            let id = if i == 0 { "staircase".to_owned() } else { format!("staircase-{}", i + 1) };
            let chart = self.chart(&id, name, rows, value, &mut looks);
            drawings.push((page.charts.len(), story.push(&mut page.charts, chart)));
        }
        if more > 0 {
            story.texts.push(format!("{more} more groups have no figure; they stand in table.csv."));
        }
        if looks.len() > 1 {
            page.toggles = looks
                .iter()
                .enumerate()
                .map(|(look, name)| Toggle { key: key(look), name: name.clone(), look })
                .collect();
        }
        // The slider goes through the values across in the first figure.
        let Some((_, first)) = groups.first() else { return };
        let mut stops: Vec<f64> = first.iter().filter_map(|r| value(r)).collect();
        stops.sort_by(f64::total_cmp);
        stops.dedup();
        if stops.len() < 2 {
            return;
        }
        let mut slider = Slider {
            label: self.across.axis,
            stops: stops.iter().map(|v| short(*v)).collect(),
            start: stops.len() - 1,
            ..Slider::default()
        };
        for (look, name) in looks.iter().enumerate() {
            let at = |stop: &f64| {
                let of_curve = first.iter().filter(|r| Self::name(&self.curves, r) == *name);
                let mut reached: Vec<&&SweepRow> =
                    of_curve.filter(|r| value(r).is_some_and(|v| v <= *stop)).collect();
                reached.sort_by(|a, b| value(a).unwrap_or(0.0).total_cmp(&value(b).unwrap_or(0.0)));
                reached.last().and_then(|r| r.loss).map_or("-".to_owned(), short)
            };
            let name = if name.is_empty() { "loss".to_owned() } else { name.clone() };
            slider.readings.push(Reading {
                name,
                toggle: Some(key(look)),
                values: stops.iter().map(at).collect(),
            });
        }
        for (number, drawing) in drawings {
            let chart = &page.charts[number];
            let places = stops.iter().map(|v| drawing.across(chart, *v)).collect();
            slider.cursors.insert(chart.id.clone(), places);
        }
        page.slider = Some(slider);
    }

    fn chart(
        &self,
        id: &str,
        name: &str,
        rows: &[&SweepRow],
        value: fn(&SweepRow) -> Option<f64>,
        looks: &mut Vec<String>,
    ) -> Chart {
        let losses = || rows.iter().filter_map(|r| r.loss);
        let places = || rows.iter().filter_map(|r| value(r));
        let (low, high) = losses().fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(v), h.max(v)));
        // A staircase is a matter of parts of the target's energy; only over many decades logarithms show more.
        let up = if high > 1e4 * low {
            Axis::logarithmic("mean loss", losses(), FLOOR)
        } else {
            Axis::linear("mean loss", losses().chain([0.0]))
        };
        let axis = self.across.axis;
        let across = match axis {
            "iterations" => Axis::iterations(rows.iter().map(|r| r.iterations).max().unwrap_or(1)),
            "scale" => Axis::logarithmic(axis, places(), 0.0),
            _ => Axis::linear(axis, places()),
        };
        let title = if name.is_empty() { format!("Loss against {axis}") } else { format!("Loss, {name}") };
        let mut chart = Chart::new(id, title, across, up);
        let mut curves: BTreeMap<usize, Vec<&SweepRow>> = BTreeMap::new();
        for row in rows {
            let name = Self::name(&self.curves, row);
            let look = looks.iter().position(|l| *l == name).unwrap_or_else(|| {
                looks.push(name);
                looks.len() - 1
            });
            curves.entry(look).or_default().push(row);
        }
        let mut theory = false;
        for (look, mut rows) in curves {
            rows.sort_by(|a, b| value(a).unwrap_or(0.0).total_cmp(&value(b).unwrap_or(0.0)));
            let points: Vec<Point> = rows
                .iter()
                .filter_map(|r| Some(Point { x: value(r)?, y: r.loss?, error: r.loss_standard_error }))
                .collect();
            let predicted: Vec<(f64, f64)> =
                rows.iter().filter_map(|r| Some((value(r)?, r.predicted_loss?))).collect();
            let toggle = Some(key(look));
            if !predicted.is_empty() {
                theory = true;
                let (toggle, stroke) = (toggle.clone(), Stroke::Dashed);
                chart.series.push(Series { look, toggle, line: predicted, stroke, ..Series::default() });
            }
            let line = points.iter().map(|p| (p.x, p.y)).collect();
            let name = looks[look].clone();
            chart.series.push(Series { name, look, toggle, points, line, ..Series::default() });
        }
        chart.caption = "Means over seeds; bars are standard errors.".to_owned();
        if theory {
            chart.caption += " Dashed: what infinite width predicts.";
        }
        chart
    }
}

fn key(look: usize) -> String {
    format!("curve-{look}")
}

fn table(rows: &[SweepRow]) -> Table {
    let optional = |x: Option<f64>| number(x.map_or("-".to_owned(), short));
    let shown = rows.iter().take(ROWS).map(|r| {
        Row::new(vec![
            number(r.dim.to_string()),
            number(r.degree.map_or("-".to_owned(), |k| k.to_string())),
            words(&shorten(&r.target, 80)),
            words(&shorten(&r.activation, 40)),
            number(r.width.to_string()),
            number(r.rows.map_or("exact".to_owned(), |n| n.to_string())),
            number(short_count(r.iterations)),
            optional(r.loss),
            optional(r.loss_standard_error),
            optional(r.predicted_loss),
            optional(r.best_polynomial_error),
        ])
    });
    let header = [
        "n",
        "degree",
        "target",
        "activation",
        "width",
        "rows",
        "iterations",
        "loss",
        "standard error",
        "infinite width",
        "best polynomial",
    ];
    let caption = if rows.len() > ROWS {
        format!("The first {ROWS} of {} rows; all are in table.csv and table.arrow", rows.len())
    } else {
        "All rows".to_owned()
    };
    Table {
        caption,
        header: header.map(String::from).to_vec(),
        rows: shown.collect(),
        folded: rows.len() > 30,
    }
}
