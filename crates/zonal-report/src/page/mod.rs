//! A page as a value, and the one template that all pages share.

mod claims;
mod comparison;
mod game;
mod grid;
mod joined;
mod sweep;
mod training;

pub use claims::claims;
pub use comparison::comparison;
pub use game::game;
pub use joined::joined;
pub use sweep::sweep;
pub use training::training;

use crate::chart::Chart;
use crate::draw::{Drawing, draw, swatch};
use crate::error::{Error, Result};
use crate::palette::{COLOURS, DARK, GRID, GROUND, INK, LIGHT, SOFT};
use crate::text::{isolated, shorten};
use askama::Template;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use zonal_documents::provenance::Provenance;
use zonal_io::option::shell_word;

/// What marks a page as one of ours.
pub(crate) const GENERATOR: &str = "zonal";

/// What the toggles of a training switch.
pub(crate) const DEGREES: &str = "Degrees";

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What kind of page.
    pub kind: &'static str,
    /// What it is about, in a few words.
    pub title: String,
    /// The story in a sentence or two.
    pub lead: String,
    /// The numbers that matter most.
    pub facts: Vec<Fact>,
    /// What a reader must not miss.
    pub notes: Vec<String>,
    /// Moves through iterations.
    pub slider: Option<Slider>,
    /// What the toggles switch.
    pub toggles_label: &'static str,
    /// Switches.
    pub toggles: Vec<Toggle>,
    /// The body.
    pub sections: Vec<Section>,
    /// Where the numbers come from.
    pub sources: Vec<Source>,
    /// The charts of the figures, in their order: also files of their own.
    pub charts: Vec<Drawn>,
}

/// A chart and its drawing.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The chart.
    pub chart: Chart,
    /// Its drawing.
    pub drawing: Drawing,
}

/// A number with its name.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A slider over iterations.
#[derive(Clone, Debug, Default)]
pub struct Slider {
    /// What it moves through.
    pub label: String,
    /// What it shows at each stop.
    pub stops: Vec<String>,
    /// Where it begins.
    pub start: usize,
    /// Values at each stop.
    pub readings: Vec<Reading>,
    /// For each figure with a line across, its place at each stop.
    pub cursors: BTreeMap<String, Vec<Option<f64>>>,
    /// For each figure with moving bars, the heights of each bar at each stop.
    pub bars: BTreeMap<String, Vec<Vec<f64>>>,
    /// The same as numbers to read.
    pub heights: BTreeMap<String, Vec<Vec<String>>>,
}

/// A value at each stop of the slider.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Its name.
    pub name: String,
    /// What switches it.
    pub toggle: Option<String>,
    /// The values.
    pub values: Vec<String>,
}

/// A switch.
#[derive(Clone, Debug)]
pub struct Toggle {
    /// What it switches: everything with the same key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The number of its colour.
    pub look: usize,
}

impl Toggle {
    /// Its colour and marker.
    fn swatch(&self) -> String {
        swatch(self.look)
    }
}

/// A part of the body.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// For a claim: whether it holds.
    pub holds: Option<bool>,
    /// Paragraphs.
    pub texts: Vec<String>,
    /// Figures.
    pub figures: Vec<Figure>,
    /// Tables.
    pub tables: Vec<Table>,
}

/// A figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its id in the page.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What there is to see.
    pub caption: String,
    /// The drawing.
    pub svg: String,
    /// Where the slider begins, if the drawing follows it.
    pub stop: Option<String>,
    /// What switches it.
    pub toggle: Option<String>,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it holds.
    pub caption: String,
    /// Names of the columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether it is folded away at first.
    pub folded: bool,
}

/// A row of a table.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What switches it.
    pub toggle: Option<String>,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// Whether that is words, which may be broken into lines.
    pub words: bool,
    /// A small drawing.
    pub svg: Option<String>,
}

/// A number.
pub(crate) fn number(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), words: false, svg: None }
}

/// Words, also those of users.
pub(crate) fn words(text: &str) -> Cell {
    Cell { text: isolated(text), words: true, svg: None }
}

impl Row {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self { toggle: None, cells }
    }
}

impl Fact {
    pub(crate) fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into() }
    }
}

/// Where the numbers of a page come from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Whose.
    pub heading: String,
    /// The command that repeats it; none if it was no command.
    pub command: String,
    /// The folder in which it was given.
    pub directory: String,
    /// Version, time, machine.
    pub circumstances: String,
    /// The whole configuration.
    pub configuration: String,
}

impl Source {
    pub(crate) fn new(heading: String, provenance: &Provenance, configuration: &impl Serialize) -> Self {
        Self {
            heading,
            command: command_line(&provenance.command),
            directory: shorten(&isolated(&provenance.directory), 300),
            circumstances: format!(
                "zonal {} on {}, {} threads; began {} and took {} seconds.",
                provenance.version,
                provenance.platform,
                provenance.threads,
                provenance.started,
                provenance.seconds
            ),
            configuration: serde_json::to_string_pretty(configuration).unwrap_or_default(),
        }
    }
}

/// The words of a command line, quoted where a shell needs it. The program goes by its name alone.
pub(crate) fn command_line(words: &[String]) -> String {
    let quoted = |(i, word): (usize, &String)| {
        shell_word(match i {
            0 => word.rsplit(['/', '\\']).next().unwrap_or(word),
            _ => word,
        })
    };
    words.iter().enumerate().map(quoted).collect::<Vec<_>>().join(" ")
}

impl Section {
    /// Draws a chart into the section; also keeps it for files of its own.
    pub(crate) fn push(&mut self, charts: &mut Vec<Drawn>, chart: Chart) {
        let drawing = draw(&chart);
        self.figures.push(Figure {
            id: chart.id.clone(),
            title: chart.title.clone(),
            caption: chart.caption.clone(),
            svg: drawing.svg.clone(),
            stop: None,
            toggle: None,
        });
        charts.push(Drawn { chart, drawing });
    }
}

/// What the script needs.
#[derive(Serialize)]
struct Data<'a> {
    stops: &'a [String],
    readings: Vec<&'a [String]>,
    cursors: &'a BTreeMap<String, Vec<Option<f64>>>,
    bars: &'a BTreeMap<String, Vec<Vec<f64>>>,
    heights: &'a BTreeMap<String, Vec<Vec<String>>>,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Whole<'a> {
    page: &'a Page,
    version: &'static str,
    style: String,
    script: &'static str,
    data: String,
}

impl Page {
    /// Whether controls would cover too much if they stayed in sight.
    fn is_tall(&self) -> bool {
        self.toggles.len() + self.slider.as_ref().map_or(0, |s| s.readings.len()) > 40
    }

    /// For every figure with this axis across, the places of these values.
    pub(crate) fn cursors(&self, axis: &str, values: &[f64]) -> BTreeMap<String, Vec<Option<f64>>> {
        let on_axis = self.charts.iter().filter(|d| d.chart.across.label == axis);
        let places = |d: &Drawn| values.iter().map(|v| d.drawing.across(&d.chart, *v)).collect();
        on_axis.map(|d| (d.chart.id.clone(), places(d))).collect()
    }

    fn has_controls(&self) -> bool {
        self.slider.is_some() || !self.toggles.is_empty()
    }

    /// The page as HTML.
    ///
    /// # Errors
    /// [`Error::Page`], which no page of ours meets.
    pub fn html(&self) -> Result<String> {
        let empty = Slider::default();
        let slider = self.slider.as_ref().unwrap_or(&empty);
        let data = Data {
            stops: &slider.stops,
            readings: slider.readings.iter().map(|r| r.values.as_slice()).collect(),
            cursors: &slider.cursors,
            bars: &slider.bars,
            heights: &slider.heights,
        };
        let page = |message: String| Error::Page { message };
        // A script ends at the first "</", whatever it holds.
        let data = serde_json::to_string(&data).map_err(|e| page(e.to_string()))?.replace('<', "\\u003c");
        let whole = Whole {
            page: self,
            version: env!("CARGO_PKG_VERSION"),
            style: style(),
            script: include_str!("../../templates/page.js"),
            data,
        };
        whole.render().map_err(|e| page(e.to_string()))
    }
}

/// The style with its colours.
fn style() -> String {
    let mut text = String::from(":root{");
    for i in 0..COLOURS {
        let _ = write!(text, "--c{i}:light-dark({},{});", LIGHT[i], DARK[i]);
    }
    let pairs = [
        ("ink", INK),
        ("soft", SOFT),
        ("grid", GRID),
        ("ground", GROUND),
        ("panel", ["#f4f6f8", "#20252c"]),
        ("good", ["#1a6b3c", "#5fd39a"]),
        ("bad", ["#b3261e", "#ff8a80"]),
    ];
    for (name, [light, dark]) in pairs {
        let _ = write!(text, "--{name}:light-dark({light},{dark});");
    }
    text.push('}');
    for i in 0..COLOURS {
        let _ = write!(text, ".c{i}{{color:var(--c{i})}}");
    }
    text + include_str!("../../templates/style.css")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_given_to_a_shell() {
        let words = ["/usr/bin/zonal", "train", "--target", "x1*x2 + 'a'", "", "--out=a/b"].map(String::from);
        assert_eq!(command_line(&words), "zonal train --target 'x1*x2 + '\\''a'\\''' '' --out=a/b");
    }
}
