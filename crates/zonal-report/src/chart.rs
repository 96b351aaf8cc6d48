//! Charts as values: axes, series of points and lines, and rules at fixed values. [`crate::draw`] renders them as SVG.

use crate::axis::Axis;

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The identifier: unique in a page, and the stem of the file name.
    pub id: String,
    /// A short title.
    pub title: String,
    /// The caption, also the text alternative.
    pub caption: String,
    /// The horizontal axis.
    pub x_axis: Axis,
    /// The vertical axis.
    pub y_axis: Axis,
    /// The series.
    pub series: Vec<Series>,
    /// Named horizontal lines.
    pub horizontal_rules: Vec<Rule>,
    /// Named vertical lines.
    pub vertical_rules: Vec<Rule>,
    /// Whether the line y = x is drawn.
    pub diagonal: bool,
    /// Text that a standalone file shows in place of the slider.
    pub stamp: Option<String>,
    /// A line below the legend that explains points and lines; none if empty.
    pub key: String,
}

/// A line at a fixed value.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The label.
    pub name: String,
    /// The value on the axis.
    pub value: f64,
}

/// The stroke of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stroke {
    /// Solid.
    #[default]
    Solid,
    /// Dashed, for theory.
    Dashed,
}

/// The symbol of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A marker.
    #[default]
    Marker,
    /// A marker on a stem.
    Stem,
    /// A bar.
    Bar,
    /// The outline of a bar.
    Outline,
    /// A cross at the bottom, for a value that does not exist.
    Cross,
}

/// A point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The horizontal coordinate.
    pub x: f64,
    /// The vertical coordinate.
    pub y: f64,
    /// Half the length of the error bar.
    pub error: Option<f64>,
}

impl From<(f64, f64)> for Point {
    fn from((x, y): (f64, f64)) -> Self {
        Self { x, y, error: None }
    }
}

/// Points and a line with a common look.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The name in the legend; no entry if empty.
    pub name: String,
    /// The index that selects colour and marker.
    pub look: usize,
    /// The key of the toggle that shows and hides the series in a page.
    pub toggle: Option<String>,
    /// The points.
    pub points: Vec<Point>,
    /// The symbol of the points.
    pub form: Form,
    /// The points of the line.
    pub line: Vec<(f64, f64)>,
    /// The stroke of the line.
    pub stroke: Stroke,
}

impl Chart {
    /// Creates an empty chart.
    pub fn new(id: impl Into<String>, title: impl Into<String>, x_axis: Axis, y_axis: Axis) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            caption: String::new(),
            x_axis,
            y_axis,
            series: Vec::new(),
            horizontal_rules: Vec::new(),
            vertical_rules: Vec::new(),
            diagonal: false,
            stamp: None,
            key: String::new(),
        }
    }
}
