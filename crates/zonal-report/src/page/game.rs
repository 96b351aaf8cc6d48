//! The page of a game: the members remaining after each query, compared with the lower bound for any learner.

use super::{Fact, Origin, Page, Readout, Row, Section, Slider, Table, number_cell, text_cell};
use crate::axis::Axis;
use crate::chart::{Chart, Rule, Series, Stroke};
use crate::error::Result;
use crate::text::{capitalise, count_noun, group_digits};
use zonal_documents::number::short;
use zonal_documents::record::Record;
use zonal_documents::sq::{PlayConfig, PlayReport};

/// The largest number of points of the curve, and of stops of the slider.
const POINTS: usize = 400;
/// The label of the horizontal axis.
const AXIS: &str = "queries";
/// The largest number of listed queries.
const LISTED: usize = 200;

/// Builds the page of a game.
///
/// # Errors
/// None for a finished game.
pub fn game(run: &Record<PlayConfig, PlayReport>) -> Result<Page> {
    let r = &run.summary;
    let mut page = Page {
        kind: "Game of statistical queries",
        title: format!("The learner {} against {} members", r.learner, group_digits(r.family_size)),
        lead: lead(r),
        facts: facts(r),
        ..Page::default()
    };
    match r.invariant_held {
        Some(false) => page.notes.push(
            "An answer ruled out more members than the theorem allows: this is a bug in zonal.".to_owned(),
        ),
        None if r.rows.is_none() => {
            page.notes.push(
                "Queries of this kind are not correlational, so the bound of the family does not apply."
                    .to_owned(),
            );
        }
        _ => {}
    }
    let stopped = r.assumptions.iter().filter(|a| a.starts_with("the learner stopped"));
    page.notes.extend(stopped.map(|a| format!("{}.", capitalise(a))));
    let mut story = Section::default();
    if !r.transcript.is_empty() {
        story.push(&mut page.charts, live(r));
        let shown = shown(r);
        let values = |f: &dyn Fn(usize) -> String| shown.iter().map(|&i| f(i)).collect::<Vec<String>>();
        let asked = |f: fn(&zonal_jobs::sq::Asked) -> String| {
            values(&|i| if i == 0 { "-".to_owned() } else { f(&r.transcript[i - 1]) })
        };
        let reading = |name: &str, values| Readout { name: name.to_owned(), toggle: None, values };
        let mut slider = Slider {
            label: "Queries".to_owned(),
            stops: values(&|i| group_digits(i as u64)),
            start: shown.len() - 1,
            readings: vec![
                reading("members remaining", values(&|i| group_digits(remaining(r, i)))),
                reading("ruled out", asked(|a| a.dropped.to_string())),
                reading("answer", asked(|a| short(a.answer))),
                reading("query", asked(|a| a.query.clone())),
            ],
            ..Slider::default()
        };
        let places: Vec<f64> = shown.iter().map(|&i| i as f64).collect();
        slider.cursors = page.cursors(AXIS, &places);
        if shown.len() > 1 {
            page.slider = Some(slider);
        }
        story.tables.push(queries(r));
    }
    page.sections.push(story);
    page.sections.push(Section {
        heading: "Assumptions of the bounds".to_owned(),
        texts: r.assumptions.iter().map(|a| format!("{}.", capitalise(a))).collect(),
        ..Section::default()
    });
    page.origins.push(Origin::new("Provenance".to_owned(), &run.provenance, &run.configuration));
    Ok(page)
}

fn lead(r: &PlayReport) -> String {
    let family = format!(
        "a family of {} ({}), degree {} in dimension {}",
        count_noun(r.family_size, "member"),
        r.family,
        r.degree,
        r.dim
    );
    if let Some(rows) = r.rows {
        let found = if r.learned { "found" } else { "missed" };
        return format!(
            "A learner that is not restricted to queries saw {rows} labelled rows of {family}, and {found} the target."
        );
    }
    let remaining =
        if r.live == 1 { "one remains".to_owned() } else { format!("{} remain", group_digits(r.live)) };
    let outcome =
        if r.learned { "few enough for one hypothesis to fit" } else { "too many for one hypothesis to fit" };
    format!(
        "The learner {} asked {} distinct quer{} of an oracle without a target, which answers within {} and keeps as many members \
         as possible of {family}: {remaining}, {outcome}.",
        r.learner,
        group_digits(r.queries_distinct),
        if r.queries_distinct == 1 { "y" } else { "ies" },
        short(r.tolerance)
    )
}

fn facts(r: &PlayReport) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("members", group_digits(r.family_size)),
        Fact::new("dimension", r.dim.to_string()),
        Fact::new("degree", r.degree.to_string()),
        Fact::new("tolerance", short(r.tolerance)),
    ];
    if let Some(rows) = r.rows {
        facts.push(Fact::new("rows", group_digits(rows)));
        return facts;
    }
    let needed = match (r.predicted_queries, r.invariant_held) {
        (Some(q), _) => group_digits(q),
        (None, None) => "no bound".to_owned(),
        (None, Some(_)) => "no number suffices".to_owned(),
    };
    facts.push(Fact::new("queries needed, at least", needed));
    facts.push(Fact::new("queries asked", group_digits(r.queries_distinct)));
    if r.invariant_held.is_some() {
        facts.push(Fact::new("ruled out by one, at most", group_digits(r.dropped_per_query_bound)));
    }
    facts.push(Fact::new("ruled out by one in this game", group_digits(r.max_dropped)));
    facts
}

/// Returns the members remaining after this number of queries.
fn remaining(r: &PlayReport, queries: usize) -> u64 {
    queries.checked_sub(1).and_then(|i| r.transcript.get(i)).map_or(r.family_size, |a| a.live)
}

/// Returns the numbers of queries that are drawn: evenly spaced, including the first and the last.
fn shown(r: &PlayReport) -> Vec<usize> {
    let last = r.transcript.len();
    let stride = last.div_ceil(POINTS).max(1);
    let mut shown: Vec<usize> = (0..=last).step_by(stride).collect();
    if shown.last() != Some(&last) {
        shown.push(last);
    }
    shown
}

/// Returns the chart of remaining members, with the lower bound for any learner.
fn live(r: &PlayReport) -> Chart {
    let shown = shown(r);
    let last = r.transcript.len() as f64;
    let members = r.family_size as f64;
    let x_axis = Axis::counts(AXIS, r.transcript.len() as u64);
    let y_axis = Axis::linear("members remaining", [0.0, members]);
    let mut chart = Chart::new("live", "Remaining members", x_axis, y_axis);
    let line: Vec<(f64, f64)> = shown.iter().map(|&i| (i as f64, remaining(r, i) as f64)).collect();
    let points = line.iter().map(|&p| p.into()).collect();
    chart.series.push(Series { name: "remaining".to_owned(), points, line, ..Series::default() });
    let each = r.dropped_per_query_bound as f64;
    if r.invariant_held.is_some() && each > 0.0 {
        let end = last.min(members / each);
        chart.series.push(Series {
            name: "bound for any learner".to_owned(),
            look: 1,
            line: vec![(0.0, members), (end, members - each * end)],
            stroke: Stroke::Dashed,
            ..Series::default()
        });
    }
    if r.invariant_held.is_some() {
        let value = r.fits_per_hypothesis_bound as f64;
        chart.horizontal_rules.push(Rule { name: "one fits".to_owned(), value });
    }
    if let Some(needed) = r.predicted_queries.filter(|q| *q as f64 <= last) {
        chart.vertical_rules.push(Rule { name: "needed".to_owned(), value: needed as f64 });
    }
    chart.caption = match r.invariant_held {
        Some(_) if each == 0.0 => "At this tolerance no answer needs to rule out any member.".to_owned(),
        Some(_) => format!(
            "Dashed: no answer rules out more than {} members. Dotted: one hypothesis may fit all remaining members.",
            group_digits(r.dropped_per_query_bound)
        ),
        None => "Queries that are not correlational may rule out any number of members.".to_owned(),
    };
    chart
}

fn queries(r: &PlayReport) -> Table {
    let rows = r.transcript.iter().take(LISTED).enumerate().map(|(i, a)| {
        Row::new(vec![
            number_cell((i + 1).to_string()),
            text_cell(&a.query),
            number_cell(short(a.answer)),
            number_cell(a.dropped.to_string()),
            number_cell(a.live.to_string()),
        ])
    });
    let caption = if r.transcript.len() > LISTED {
        format!("The first {LISTED} of {} answers", group_digits(r.transcript.len() as u64))
    } else {
        "All answers".to_owned()
    };
    let header = ["number", "query", "answer", "ruled out", "remaining"].map(String::from).to_vec();
    Table { caption, header, rows: rows.collect(), folded: true }
}
