//! A chart as a value: axes, series of points and lines, lines at fixed values. [`crate::draw`] makes SVG of it.

use crate::axis::Axis;

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Its name: unique in a page, and the name of its file.
    pub id: String,
    /// What it shows, in a few words.
    pub title: String,
    /// What there is to see, for a caption and for those who do not see the picture.
    pub caption: String,
    /// The horizontal axis.
    pub across: Axis,
    /// The vertical axis.
    pub up: Axis,
    /// The series.
    pub series: Vec<Series>,
    /// Named lines at a fixed height.
    pub levels: Vec<Level>,
    /// Named lines at a fixed place across.
    pub uprights: Vec<Level>,
    /// Whether the line where both values are equal is drawn.
    pub diagonal: bool,
    /// What a file of its own says in addition, as it has no slider.
    pub stamp: Option<String>,
}

/// A line at one value.
#[derive(Clone, Debug)]
pub struct Level {
    /// Its name.
    pub name: String,
    /// The value.
    pub value: f64,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stroke {
    /// Solid.
    #[default]
    Solid,
    /// Dashed: theory.
    Dashed,
}

/// What stands for a point.
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
    /// A cross, for what is not there.
    Cross,
}

/// A point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Its place across.
    pub x: f64,
    /// Its height.
    pub y: f64,
    /// Half the length of its error bar.
    pub error: Option<f64>,
}

impl From<(f64, f64)> for Point {
    fn from((x, y): (f64, f64)) -> Self {
        Self { x, y, error: None }
    }
}

/// Points and a line of one colour and shape.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Its name in the legend; none there if empty.
    pub name: String,
    /// The number of its colour and of its marker.
    pub look: usize,
    /// What switches it on and off in a page.
    pub toggle: Option<String>,
    /// The points.
    pub points: Vec<Point>,
    /// What stands for a point.
    pub form: Form,
    /// The line.
    pub line: Vec<(f64, f64)>,
    /// How it is drawn.
    pub stroke: Stroke,
}

impl Chart {
    /// A chart with nothing on it yet.
    pub fn new(id: impl Into<String>, title: impl Into<String>, across: Axis, up: Axis) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            caption: String::new(),
            across,
            up,
            series: Vec::new(),
            levels: Vec::new(),
            uprights: Vec::new(),
            diagonal: false,
            stamp: None,
        }
    }
}
