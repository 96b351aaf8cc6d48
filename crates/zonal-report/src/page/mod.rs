//! Pages as values, and the template that all pages share.

mod claims;
mod comparison;
mod curve;
mod game;
mod grid;
mod join;
mod sweep;
mod training;

pub use claims::claims;
pub use comparison::comparison;
pub use curve::{curve, table_curve};
pub use game::game;
pub use join::join;
pub use sweep::sweep;
pub use training::training;

use crate::chart::Chart;
use crate::draw::{Drawing, draw, swatch};
use crate::error::{Error, Result};
use crate::palette::{COLOURS, DARK, GRID, GROUND, INK, LIGHT, SOFT};
use crate::text::{isolate, shorten};
use askama::Template;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use zonal_documents::provenance::Provenance;
use zonal_io::option::shell_word;

/// The generator in the mark of a page.
pub(crate) const GENERATOR: &str = "zonal";

/// The label of the toggles of a training.
pub(crate) const DEGREES: &str = "Degrees";

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The kind of page.
    pub kind: &'static str,
    /// A short title.
    pub title: String,
    /// A summary in one or two sentences.
    pub lead: String,
    /// The most important numbers.
    pub facts: Vec<Fact>,
    /// Warnings and notes.
    pub notes: Vec<String>,
    /// The slider, if there is more than one stop.
    pub slider: Option<Slider>,
    /// The label of the toggles.
    pub toggles_label: &'static str,
    /// The toggles.
    pub toggles: Vec<Toggle>,
    /// The sections of the body.
    pub sections: Vec<Section>,
    /// The provenance of the numbers.
    pub origins: Vec<Origin>,
    /// The charts of the figures in order, which can also be written as files.
    pub charts: Vec<DrawnChart>,
}

/// A chart and its drawing.
#[derive(Clone, Debug)]
pub struct DrawnChart {
    /// The chart.
    pub chart: Chart,
    /// The drawing.
    pub drawing: Drawing,
}

/// A named value.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A slider over iterations or another quantity.
#[derive(Clone, Debug, Default)]
pub struct Slider {
    /// The label.
    pub label: String,
    /// The text at each stop.
    pub stops: Vec<String>,
    /// The index of the initial stop.
    pub start: usize,
    /// The values at each stop.
    pub readings: Vec<Readout>,
    /// The x coordinate of the cursor at each stop, for each figure that has one.
    pub cursors: BTreeMap<String, Vec<Option<f64>>>,
    /// The heights of each bar at each stop, for each figure with moving bars.
    pub bars: BTreeMap<String, Vec<Vec<f64>>>,
    /// The values of each bar at each stop as text.
    pub heights: BTreeMap<String, Vec<Vec<String>>>,
}

/// A value that follows the slider.
#[derive(Clone, Debug)]
pub struct Readout {
    /// The name.
    pub name: String,
    /// The key of the toggle that shows and hides it.
    pub toggle: Option<String>,
    /// The text at each stop.
    pub values: Vec<String>,
}

/// A switch that shows and hides elements.
#[derive(Clone, Debug)]
pub struct Toggle {
    /// The key of the elements that it controls.
    pub key: String,
    /// The label.
    pub name: String,
    /// The index that selects colour and marker.
    pub look: usize,
}

impl Toggle {
    /// Renders its colour and marker.
    fn swatch(&self) -> String {
        swatch(self.look)
    }
}

/// A section of the body.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The heading; may be empty.
    pub heading: String,
    /// Whether a claim holds; None for other sections.
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
    /// The identifier in the page.
    pub id: String,
    /// The title.
    pub title: String,
    /// The caption.
    pub caption: String,
    /// The drawing as SVG.
    pub svg: String,
    /// The initial stop of the slider, if the drawing follows it.
    pub stop: Option<String>,
    /// The key of the toggle that shows and hides it.
    pub toggle: Option<String>,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The caption.
    pub caption: String,
    /// Names of the columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Whether it is initially collapsed.
    pub folded: bool,
}

/// A row of a table.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The key of the toggle that shows and hides it.
    pub toggle: Option<String>,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// Whether the cell holds prose, which may be wrapped, instead of a number.
    pub is_text: bool,
    /// An inline drawing.
    pub svg: Option<String>,
}

/// Creates the cell of a number.
pub(crate) fn number_cell(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), is_text: false, svg: None }
}

/// Creates the cell of a text, which may come from users.
pub(crate) fn text_cell(text: &str) -> Cell {
    Cell { text: isolate(text), is_text: true, svg: None }
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

/// The provenance of a run's numbers.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The run that this section belongs to.
    pub heading: String,
    /// The command that repeats the run; empty for a run without one.
    pub command: String,
    /// The working directory of the command.
    pub directory: String,
    /// Version, time, machine.
    pub circumstances: String,
    /// The complete configuration.
    pub configuration: String,
}

impl Origin {
    pub(crate) fn new(heading: String, provenance: &Provenance, configuration: &impl Serialize) -> Self {
        Self {
            heading,
            command: command_line(&provenance.command),
            directory: shorten(&isolate(&provenance.directory), 300),
            circumstances: format!(
                "zonal {} on {} with {} threads; started {} and took {} seconds.",
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

/// Formats a command line with quotes where a shell needs them. The path of the program is omitted.
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
    /// Adds a chart as a figure, and to the list of charts.
    pub(crate) fn push(&mut self, charts: &mut Vec<DrawnChart>, chart: Chart) {
        let drawing = draw(&chart);
        self.figures.push(Figure {
            id: chart.id.clone(),
            title: chart.title.clone(),
            caption: chart.caption.clone(),
            svg: drawing.svg.clone(),
            stop: None,
            toggle: None,
        });
        charts.push(DrawnChart { chart, drawing });
    }
}

/// The data of the page's script.
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
    /// Returns whether the controls are too tall to remain visible while scrolling.
    fn is_tall(&self) -> bool {
        self.toggles.len() + self.slider.as_ref().map_or(0, |s| s.readings.len()) > 40
    }

    /// Returns the cursor positions of these values for every figure with this horizontal axis.
    pub(crate) fn cursors(&self, axis: &str, values: &[f64]) -> BTreeMap<String, Vec<Option<f64>>> {
        let on_axis = self.charts.iter().filter(|d| d.chart.x_axis.label == axis);
        let places = |d: &DrawnChart| values.iter().map(|v| d.drawing.cursor_x(&d.chart, *v)).collect();
        on_axis.map(|d| (d.chart.id.clone(), places(d))).collect()
    }

    fn has_controls(&self) -> bool {
        self.slider.is_some() || !self.toggles.is_empty()
    }

    /// Renders the page as HTML.
    ///
    /// # Errors
    /// [`Error::Page`] if rendering fails.
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
        // A script element ends at the first "</", even within a string.
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

/// Returns the style sheet with the colours.
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
    text += ".muted{color:var(--soft)}";
    text + include_str!("../../templates/style.css")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted_into_a_shell() {
        let words = ["/usr/bin/zonal", "train", "--target", "x1*x2 + 'a'", "", "--out=a/b"].map(String::from);
        assert_eq!(command_line(&words), "zonal train --target 'x1*x2 + '\\''a'\\''' '' --out=a/b");
    }
}
