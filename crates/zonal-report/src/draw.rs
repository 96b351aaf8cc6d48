//! Renders charts as SVG, for pages and for standalone files.

use crate::axis::Tick;
use crate::chart::{Chart, Form, Point, Rule, Series, Stroke};
use crate::palette::{COLOURS, GRID, GROUND, INK, LIGHT, MARKERS, MUTED, SOFT};
use crate::text::{escape, isolate, shorten};
use std::fmt::Write;

/// Width of a drawing in its own units. Text is 12 units high, legible in a column of 89 mm.
const WIDTH: f64 = 460.0;
/// Height of the plot area.
const HEIGHT: f64 = 230.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 14.0;
/// Height of tick labels and axis label below the plot area.
const BELOW: f64 = 40.0;
/// Height of a line of the legend.
const LINE: f64 = 17.0;
/// The approximate width of a character.
const CHARACTER: f64 = 6.6;
/// Height of a stamp above the axes.
const STAMP: f64 = 8.0;
/// Distance of the names of horizontal rules.
const TEXT: f64 = 13.0;
/// Length of the line from a horizontal rule to its name.
const LEADER: f64 = 9.0;
/// Longer names are truncated.
pub(crate) const LONGEST: usize = 26;
/// Width of a column in a printed page, in millimetres.
const COLUMN: f64 = 89.0;
/// Half the width of a marker.
const MARKER: f64 = 3.0;

/// A drawing and its geometry.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The SVG element.
    pub svg: String,
    /// Width and height in units of the drawing.
    pub size: (f64, f64),
    left: f64,
    width: f64,
    height: f64,
}

impl Drawing {
    /// Returns the x coordinate of a value in units of the drawing; None outside the axis.
    pub fn cursor_x(&self, chart: &Chart, value: f64) -> Option<f64> {
        let fraction = chart.x_axis.fraction(value).filter(|_| chart.x_axis.shows(value))?;
        Some(round(self.left + self.width * fraction))
    }

    /// Returns the height of a bar up to a value, in units of the drawing.
    pub fn bar(&self, chart: &Chart, value: f64) -> f64 {
        round(self.height * chart.y_axis.fraction(value).unwrap_or(0.0).clamp(0.0, 1.0))
    }
}

fn round(x: f64) -> f64 {
    (10.0 * x).round() / 10.0
}

/// Renders a chart as an element of a page, which defines the colours.
pub fn draw(chart: &Chart) -> Drawing {
    Plot::new(chart).draw("")
}

/// Renders a chart as a standalone file with a light background, as wide as a column.
pub fn svg_file(chart: &Chart) -> String {
    let mut style = String::from("<style>");
    for (i, colour) in LIGHT.iter().enumerate() {
        let _ = write!(style, ".c{i}{{color:{colour}}}");
    }
    let [ink, soft, grid, ground] = [INK[0], SOFT[0], GRID[0], GROUND[0]];
    let _ = write!(
        style,
        ".muted{{color:{soft}}}.ink{{fill:{ink}}}.soft{{fill:{soft}}}.grid{{stroke:{grid}}}.rule{{stroke:{soft}}}.ground{{fill:{ground}}}\
         .halo{{stroke:{ground};stroke-width:3px;paint-order:stroke}}.cursor{{visibility:hidden}}</style>"
    );
    Plot::new(chart).draw(&style).svg
}

/// A chart with its layout.
struct Plot<'a> {
    chart: &'a Chart,
    left: f64,
    width: f64,
    legend: Vec<Vec<&'a Series>>,
}

/// The width of the sample next to a name in the legend.
const SAMPLE: f64 = 26.0;

impl<'a> Plot<'a> {
    fn new(chart: &'a Chart) -> Self {
        let widest = |ticks: Vec<Tick>| {
            let width = |m: &Tick| {
                let text = m.text.chars().count().min(LONGEST) as f64;
                CHARACTER * (text + m.exponent.map_or(0.0, |e| 0.7 * e.to_string().len() as f64))
            };
            ticks.iter().map(width).fold(0.0, f64::max)
        };
        let names = chart.horizontal_rules.iter().map(|l| l.name.chars().count().min(LONGEST)).max();
        let right = names.map_or(RIGHT, |most| RIGHT + LEADER + CHARACTER * most as f64);
        let title = if chart.y_axis.label.is_empty() { 0.0 } else { 18.0 };
        let left = title + 12.0 + widest(chart.y_axis.ticks());
        let mut legend: Vec<Vec<&Series>> = Vec::new();
        let mut used = f64::INFINITY;
        for series in chart.series.iter().filter(|s| !s.name.is_empty()) {
            let width = entry(series);
            if used + width > WIDTH - 16.0 {
                legend.push(Vec::new());
                used = 0.0;
            }
            used += width;
            if let Some(line) = legend.last_mut() {
                line.push(series);
            }
        }
        Self { chart, left, width: WIDTH - left - right, legend }
    }

    fn x(&self, fraction: f64) -> f64 {
        self.left + self.width * fraction
    }

    fn y(&self, fraction: f64) -> f64 {
        TOP + HEIGHT * (1.0 - fraction)
    }

    /// Returns the coordinates of a point. Points outside the axes are moved to just outside the plot area, where they
    /// are clipped.
    fn place(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let x_axis = self.chart.x_axis.fraction(x)?;
        let y_axis = self.chart.y_axis.fraction(y).unwrap_or(-0.2).clamp(-0.2, 1.2);
        Some((round(self.x(x_axis.clamp(-0.2, 1.2))), round(self.y(y_axis))))
    }

    fn draw(&self, style: &str) -> Drawing {
        let chart = self.chart;
        let id = escape(&chart.id);
        let standalone = !style.is_empty();
        let stamp = chart.stamp.as_ref().filter(|_| standalone);
        // A stamp is above the axes, where no bar can be.
        let above = if stamp.is_some() { STAMP } else { 0.0 };
        let keys = usize::from(!chart.key.is_empty());
        let height = above + TOP + HEIGHT + BELOW + LINE * (self.legend.len() + keys) as f64 + 4.0;
        let mm = COLUMN * height / WIDTH;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 {} {WIDTH} {height}\" width=\"{COLUMN}mm\" \
             height=\"{mm:.1}mm\" role=\"img\" data-made-by=\"zonal\" aria-labelledby=\"{id}-title {id}-text\" data-x=\"{}\" data-y=\"{}\" \
             font-family=\"'DejaVu Sans',Verdana,sans-serif\" font-size=\"12\">{style}<title \
             id=\"{id}-title\">{}</title><desc id=\"{id}-text\">{}</desc>",
            0.0 - above,
            escape(&chart.x_axis.label),
            escape(&chart.y_axis.label),
            escape(&chart.title),
            escape(&chart.caption)
        );
        if standalone {
            let y = 0.0 - above;
            let _ = write!(svg, "<rect class=\"ground\" y=\"{y}\" width=\"{WIDTH}\" height=\"{height}\"/>");
        }
        self.frame(&mut svg);
        let _ = write!(
            svg,
            "<clipPath id=\"{id}-clip\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/></clipPath><g \
             clip-path=\"url(#{id}-clip)\">",
            self.left - 4.0,
            TOP - 4.0,
            self.width + 8.0,
            HEIGHT + 4.0
        );
        if chart.diagonal {
            self.diagonal(&mut svg);
        }
        self.horizontal_rules(&mut svg);
        for series in &chart.series {
            self.series(series, &mut svg);
        }
        svg.push_str("</g>");
        self.rule_names(&mut svg);
        self.vertical_rules(&mut svg);
        if let Some(stamp) = stamp {
            let (x, y) = (self.left + self.width, TOP - 6.0);
            let _ = write!(
                svg,
                "<text class=\"soft\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"11\" text-anchor=\"end\">{}</text>",
                escape(stamp)
            );
        }
        let _ = write!(
            svg,
            "<path class=\"cursor rule\" d=\"M0 {TOP}V{:.1}\" stroke-width=\"1.5\"/>",
            TOP + HEIGHT
        );
        self.legend(&mut svg);
        svg.push_str("</svg>");
        Drawing { svg, size: (WIDTH, height), left: self.left, width: self.width, height: HEIGHT }
    }

    /// Draws grid lines, ticks and axis labels.
    fn frame(&self, svg: &mut String) {
        let (left, right, bottom) = (self.left, self.left + self.width, TOP + HEIGHT);
        let mut free = f64::NEG_INFINITY;
        for tick in self.chart.x_axis.ticks() {
            let x = self.x(tick.fraction);
            let _ = write!(svg, "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>");
            let width = CHARACTER * tick.text.chars().count() as f64;
            // The last label stays inside the drawing; labels that would overlap are omitted.
            let x = x.min(WIDTH - 0.5 * width - 2.0);
            if x - 0.5 * width > free {
                let _ = write!(
                    svg,
                    "<text class=\"soft\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                    bottom + 16.0,
                    label(&tick)
                );
                free = x + 0.5 * width + 4.0;
            }
        }
        for tick in self.chart.y_axis.ticks() {
            let y = self.y(tick.fraction);
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{left:.1} {y:.1}H{right:.1}\"/><text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{}</text>",
                left - 6.0,
                y + 4.0,
                label(&tick)
            );
        }
        let middle = 0.5 * (left + right);
        let _ = write!(
            svg,
            "<text class=\"ink\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 33.0,
            escape(&self.chart.x_axis.label)
        );
        if !self.chart.y_axis.label.is_empty() {
            let _ = write!(
                svg,
                "<text class=\"ink\" transform=\"translate(13 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
                TOP + 0.5 * HEIGHT,
                escape(&self.chart.y_axis.label)
            );
        }
    }

    fn diagonal(&self, svg: &mut String) {
        let low = self.chart.x_axis.low().max(self.chart.y_axis.low());
        let high = self.chart.x_axis.high().min(self.chart.y_axis.high());
        if let (Some(a), Some(b)) = (self.place(low, low), self.place(high, high)) {
            let _ = write!(
                svg,
                "<path class=\"rule\" d=\"M{} {}L{} {}\" stroke-dasharray=\"5 4\"/>",
                a.0, a.1, b.0, b.1
            );
        }
    }

    fn series(&self, series: &Series, svg: &mut String) {
        let toggle =
            series.toggle.as_ref().map_or(String::new(), |t| format!(" data-toggle=\"{}\"", escape(t)));
        let name = escape(&isolate(&shorten(&series.name, 60)));
        // The page's script moves bars but not their outlines.
        let moves = if series.form == Form::Bar { " moves" } else { "" };
        let _ = write!(svg, "<g class=\"{}{moves}\"{toggle} data-name=\"{name}\">", class(series.look));
        let line: Vec<String> = series
            .line
            .iter()
            .filter_map(|&(x, y)| self.place(x, y))
            .map(|(x, y)| format!("{x} {y}"))
            .collect();
        if line.len() > 1 {
            let dashes = match series.stroke {
                Stroke::Solid => "",
                Stroke::Dashed => " stroke-dasharray=\"6 4\"",
            };
            let _ = write!(
                svg,
                "<path d=\"M{}\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.6\" stroke-linejoin=\"round\"{dashes}/>",
                line.join("L")
            );
        }
        for point in &series.points {
            self.point(series, point, svg);
        }
        svg.push_str("</g>");
    }

    fn point(&self, series: &Series, point: &Point, svg: &mut String) {
        let y_axis = &self.chart.y_axis;
        // The page's script counts bars, so that each must be present at any height.
        let always = matches!(series.form, Form::Cross | Form::Bar | Form::Outline);
        let visible = self.chart.x_axis.shows(point.x) && (y_axis.shows(point.y) || always);
        let Some((x, y)) = self.place(point.x, point.y).filter(|_| visible) else { return };
        let tip = format!(
            "data-v=\"{}|{}\"",
            escape(&self.chart.x_axis.text(point.x)),
            escape(&y_axis.text(point.y))
        );
        let bottom = TOP + HEIGHT;
        if let Some(error) = point.error {
            let ends = [point.y - error, point.y + error].map(|v| self.place(point.x, v).map_or(y, |p| p.1));
            let _ = write!(svg, "<path d=\"M{x} {}V{}\" stroke=\"currentColor\"/>", ends[0], ends[1]);
        }
        match series.form {
            Form::Marker => marker(series.look, x, y, &tip, svg),
            Form::Stem => {
                let _ = write!(
                    svg,
                    "<path d=\"M{x} {bottom}V{y}\" stroke=\"currentColor\" stroke-width=\"1.6\"/>"
                );
                marker(series.look, x, y, &tip, svg);
            }
            Form::Bar | Form::Outline => {
                let half = 0.32 * self.unit();
                let (x, width, height) = (round(x - half), round(2.0 * half), round(bottom - y));
                let fill = if series.form == Form::Bar {
                    "fill=\"currentColor\""
                } else {
                    "fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.4\""
                };
                let _ = write!(
                    svg,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {fill} {tip}/>"
                );
            }
            Form::Cross => {
                let y = bottom - 7.0;
                let _ = write!(
                    svg,
                    "<path d=\"M{:.1} {:.1}l8 8m0 -8l-8 8\" stroke=\"currentColor\" stroke-width=\"1.8\" {tip}/>",
                    x - 4.0,
                    y - 4.0
                );
            }
        }
    }

    /// Returns the distance of neighbouring integers.
    fn unit(&self) -> f64 {
        let fraction = |v: f64| self.chart.x_axis.fraction(v).unwrap_or(0.0);
        (self.width * (fraction(1.0) - fraction(0.0))).min(40.0)
    }

    fn horizontal_rules(&self, svg: &mut String) {
        let y_axis = &self.chart.y_axis;
        for rule in self.chart.horizontal_rules.iter().filter(|rule| y_axis.shows(rule.value)) {
            if let Some(fraction) = y_axis.fraction(rule.value) {
                let (y, right) = (self.y(fraction), self.left + self.width);
                let _ = write!(
                    svg,
                    "<path class=\"rule\" d=\"M{:.1} {y:.1}H{right:.1}\" stroke-dasharray=\"1.5 3\"/>",
                    self.left
                );
            }
        }
    }

    /// Draws the names of horizontal rules, moved apart where rules are close, with a line from each rule to its name.
    fn rule_names(&self, svg: &mut String) {
        let y_axis = &self.chart.y_axis;
        let mut shown: Vec<(&Rule, f64)> = self
            .chart
            .horizontal_rules
            .iter()
            .filter(|l| y_axis.shows(l.value))
            .filter_map(|l| Some((l, self.y(y_axis.fraction(l.value)?))))
            .collect();
        shown.sort_by(|a, b| a.1.total_cmp(&b.1));
        let right = self.left + self.width;
        let places = apart(&shown.iter().map(|(_, y)| *y).collect::<Vec<f64>>());
        for ((rule, at), y) in shown.into_iter().zip(places) {
            let _ = write!(
                svg,
                "<path class=\"rule\" d=\"M{right:.1} {at:.1}L{:.1} {y:.1}\" fill=\"none\"/><text class=\"soft\" x=\"{:.1}\" \
                 y=\"{:.1}\" font-size=\"11\">{}</text>",
                right + LEADER,
                right + LEADER + 3.0,
                y + 4.0,
                escape(&isolate(&shorten(&rule.name, LONGEST)))
            );
        }
    }

    fn vertical_rules(&self, svg: &mut String) {
        for rule in &self.chart.vertical_rules {
            let Some(fraction) =
                self.chart.x_axis.fraction(rule.value).filter(|_| self.chart.x_axis.shows(rule.value))
            else {
                continue;
            };
            let x = self.x(fraction);
            // The label is on the side with more space.
            let (anchor, shift) = if fraction > 0.5 { ("end", -4.0) } else { ("start", 4.0) };
            let _ = write!(
                svg,
                "<path class=\"rule\" d=\"M{x:.1} {TOP}V{:.1}\" stroke-dasharray=\"1.5 3\"/><text class=\"soft halo\" \
                 x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"{anchor}\">{}</text>",
                TOP + HEIGHT,
                x + shift,
                TOP + 10.0,
                escape(&rule.name)
            );
        }
    }

    fn legend(&self, svg: &mut String) {
        let mut y = TOP + HEIGHT + BELOW + 12.0;
        for line in &self.legend {
            let mut x = 10.0;
            for series in line {
                let toggle = series
                    .toggle
                    .as_ref()
                    .map_or(String::new(), |t| format!(" data-toggle=\"{}\"", escape(t)));
                let _ = write!(svg, "<g class=\"{}\"{toggle}>", class(series.look));
                sample(series, x, y - 4.0, svg);
                let _ = write!(
                    svg,
                    "<text class=\"ink\" x=\"{:.1}\" y=\"{y:.1}\">{}</text></g>",
                    x + SAMPLE - 4.0,
                    escape(&isolate(&shorten(&series.name, LONGEST)))
                );
                x += entry(series);
            }
            y += LINE;
        }
        if !self.chart.key.is_empty() {
            let _ = write!(
                svg,
                "<text class=\"soft\" x=\"10.0\" y=\"{y:.1}\">{}</text>",
                escape(&self.chart.key)
            );
        }
    }
}

/// Moves heights, in ascending order, apart to the distance of text lines, with as little movement as possible.
fn apart(heights: &[f64]) -> Vec<f64> {
    // Groups of lines that touch each other, with the sum of their heights as if each were the first of its group.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for y in heights {
        groups.push((*y, 1));
        while let [.., (above, lines), (sum, count)] = groups.as_slice() {
            let (start, end) = (above / *lines as f64, sum / *count as f64);
            if start + TEXT * *lines as f64 <= end {
                break;
            }
            let joined = (above + sum - TEXT * (lines * count) as f64, lines + count);
            groups.truncate(groups.len() - 2);
            groups.push(joined);
        }
    }
    let lines = |(sum, count): (f64, usize)| (0..count).map(move |i| sum / count as f64 + TEXT * i as f64);
    groups.into_iter().flat_map(lines).collect()
}

/// Returns the width of a series in the legend.
fn entry(series: &Series) -> f64 {
    SAMPLE + CHARACTER * (series.name.chars().count().min(LONGEST) as f64 + 1.5)
}

/// Draws the sample of a series in the legend.
fn sample(series: &Series, x: f64, y: f64, svg: &mut String) {
    if !series.line.is_empty() {
        let dashes = if series.stroke == Stroke::Dashed { " stroke-dasharray=\"6 4\"" } else { "" };
        let _ = write!(
            svg,
            "<path d=\"M{x:.1} {y:.1}h18\" stroke=\"currentColor\" stroke-width=\"1.6\"{dashes}/>"
        );
    }
    if series.points.is_empty() {
        return;
    }
    match series.form {
        Form::Marker | Form::Stem => marker(series.look, x + 9.0, y, "", svg),
        Form::Bar => {
            let _ = write!(
                svg,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"10\" height=\"10\" fill=\"currentColor\"/>",
                x + 4.0,
                y - 5.0
            );
        }
        Form::Outline => {
            let _ = write!(
                svg,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"10\" height=\"10\" fill=\"none\" stroke=\"currentColor\"/>",
                x + 4.0,
                y - 5.0
            );
        }
        Form::Cross => {
            let _ = write!(
                svg,
                "<path d=\"M{:.1} {:.1}l8 8m0 -8l-8 8\" stroke=\"currentColor\" stroke-width=\"1.8\"/>",
                x + 5.0,
                y - 4.0
            );
        }
    }
}

/// Returns the class of a look, which has its colour.
fn class(look: usize) -> String {
    if look == MUTED { "muted".to_owned() } else { format!("c{}", look % COLOURS) }
}

/// Renders the marker of a series as a separate element.
pub(crate) fn swatch(look: usize) -> String {
    let mut svg =
        format!("<svg class=\"swatch {}\" viewBox=\"-5 -5 10 10\" aria-hidden=\"true\">", class(look));
    marker(look, 0.0, 0.0, "", &mut svg);
    svg + "</svg>"
}

/// Draws a marker. The shape changes once all colours have been used.
fn marker(look: usize, x: f64, y: f64, tip: &str, svg: &mut String) {
    let r = MARKER;
    let _ = match look / COLOURS % MARKERS {
        0 => write!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"currentColor\" {tip}/>"),
        1 => write!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{w}\" height=\"{w}\" fill=\"currentColor\" {tip}/>",
            x - r,
            y - r,
            w = 2.0 * r
        ),
        2 => write!(svg, "<path d=\"M{x} {:.1}l4 7h-8z\" fill=\"currentColor\" {tip}/>", y - 4.0),
        _ => write!(svg, "<path d=\"M{x} {:.1}l4 4l-4 4l-4 -4z\" fill=\"currentColor\" {tip}/>", y - 4.0),
    };
}

/// Formats the label of a tick.
fn label(tick: &Tick) -> String {
    let text = escape(&isolate(&shorten(&tick.text, LONGEST)));
    match tick.exponent {
        None => text,
        Some(e) => format!("{text}<tspan dy=\"-5\" font-size=\"9\">{e}</tspan>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;

    fn chart(x_axis: Axis, y_axis: Axis, series: Series) -> Chart {
        Chart { series: vec![series], ..Chart::new("c", "Title", x_axis, y_axis) }
    }

    fn attribute(svg: &str, element: &str, name: &str) -> f64 {
        let tag = svg.split(&format!("<{element} ")).nth(1).unwrap_or_else(|| panic!("{element}: {svg}"));
        let value = tag.split(&format!("{name}=\"")).nth(1).unwrap_or_else(|| panic!("{name}: {tag}"));
        value.split('"').next().unwrap().parse().unwrap()
    }

    #[test]
    fn points_are_at_their_values() {
        let axes = [
            (Axis::linear("", [0.0, 10.0]), Axis::linear("", [0.0, 10.0]), (2.5, 7.5), (0.25, 0.75)),
            (Axis::logarithmic("", [1.0, 1e4], 0.0), Axis::linear("", [-1.0, 1.0]), (10.0, 0.0), (0.25, 0.5)),
            (Axis::whole("", 0, 3), Axis::logarithmic("", [1e-6, 1.0], 0.0), (1.0, 1e-3), (0.375, 0.5)),
        ];
        for (x_axis, y_axis, (x, y), (right, height)) in axes {
            let chart = chart(x_axis, y_axis, Series { points: vec![(x, y).into()], ..Series::default() });
            let drawing = draw(&chart);
            let (cx, cy) = (attribute(&drawing.svg, "circle", "cx"), attribute(&drawing.svg, "circle", "cy"));
            assert!((cx - (drawing.left + right * drawing.width)).abs() < 0.06, "{cx}");
            assert!((cy - (TOP + (1.0 - height) * HEIGHT)).abs() < 0.06, "{cy}");
            // The cursor of the slider has the same position, and a bar the same height.
            assert_eq!(drawing.cursor_x(&chart, x), Some(cx));
            assert!((drawing.bar(&chart, y) - height * HEIGHT).abs() < 0.06);
        }
    }

    #[test]
    fn points_outside_the_axes_are_not_drawn_but_bars_are() {
        let axes = || (Axis::whole("", 0, 2), Axis::linear("", [0.0, 1.0]));
        let points = || vec![(1.0, 2.0).into(), (7.0, 0.5).into(), (1.0, f64::NAN).into()];
        let (x_axis, y_axis) = axes();
        let svg = draw(&chart(x_axis, y_axis, Series { points: points(), ..Series::default() })).svg;
        assert!(!svg.contains("<circle") && !svg.contains("NaN"));
        let (x_axis, y_axis) = axes();
        let bars = Series {
            points: vec![(0.0, 0.0).into(), (1.0, 0.5).into()],
            form: Form::Bar,
            ..Series::default()
        };
        let drawing = draw(&chart(x_axis, y_axis, bars));
        assert_eq!(drawing.svg.matches("data-v=").count(), 2);
        let last = drawing.svg.rsplit("<rect ").next().unwrap();
        assert_eq!(attribute(&format!("<rect {last}"), "rect", "height"), 0.5 * HEIGHT);
        assert_eq!(drawing.cursor_x(&chart(axes().0, axes().1, Series::default()), 9.0), None);
    }

    #[test]
    fn names_of_close_rules_are_moved_apart_around_them() {
        assert_eq!(apart(&[]), [0.0; 0]);
        assert_eq!(apart(&[20.0, 50.0]), [20.0, 50.0]);
        assert_eq!(apart(&[50.0, 50.0]), [43.5, 56.5]);
        assert_eq!(apart(&[20.0, 99.0, 100.0, 101.0]), [20.0, 87.0, 100.0, 113.0]);
        // The group of the last two reaches the first.
        let found = apart(&[50.0, 60.0, 61.0]);
        let middle = (50.0 + 60.0 + 61.0) / 3.0;
        assert!((found[1] - middle).abs() < 1e-9 && (found[2] - found[0] - 2.0 * TEXT).abs() < 1e-9);
    }

    #[test]
    fn all_looks_differ() {
        let mut seen: Vec<String> = (0..COLOURS * MARKERS).map(swatch).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), COLOURS * MARKERS);
    }

    #[test]
    fn standalone_files_have_colours_and_hostile_names_are_escaped() {
        let series = Series {
            name: "</text><script>".to_owned(),
            toggle: Some("\"><b>".to_owned()),
            points: vec![(1.0, 1.0).into()],
            ..Series::default()
        };
        let mut chart = chart(Axis::linear("<x>", [0.0, 1.0]), Axis::linear("&y", [0.0, 1.0]), series);
        chart.stamp = Some("after <3".to_owned());
        let (own, page) = (svg_file(&chart), draw(&chart).svg);
        for svg in [&own, &page] {
            assert!(
                !svg.contains("<script>")
                    && !svg.contains("<b>")
                    && !svg.contains("<x>")
                    && !svg.contains("\"&y")
            );
        }
        // The stamp is above the axes.
        let height = own.split("after &lt;3").next().unwrap().rsplit("y=\"").next().unwrap();
        assert!(height.split('"').next().unwrap().parse::<f64>().unwrap() < TOP, "{height}");
        assert!(own.contains("viewBox=\"0 -8 ") && page.contains("viewBox=\"0 0 "));
        // A file has its own style and stamp; a page has a style sheet and a slider.
        assert!(own.contains("<style>") && own.contains("after &lt;3"));
        assert!(!page.contains("<style>") && !page.contains("after"));
        #[cfg(feature = "png")]
        assert!(crate::png::png(&own).is_ok());
    }
}
