//! A chart as SVG: the same drawing in a page and in a file of its own.

use crate::axis::Mark;
use crate::chart::{Chart, Form, Level, Point, Series, Stroke};
use crate::palette::{COLOURS, GRID, GROUND, INK, LIGHT, MARKERS, SOFT};
use crate::text::{escape, isolated, shorten};
use std::fmt::Write;

/// Width of a drawing in its own units; text is 12 of them high, so that it can be read in a column of 89 mm.
const WIDTH: f64 = 460.0;
/// Height of the part where data are.
const HEIGHT: f64 = 230.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 14.0;
/// Below the data: the marks' text and the axis' name.
const BELOW: f64 = 40.0;
/// Height of a line of the legend.
const LINE: f64 = 17.0;
/// A character is about so wide.
const CHARACTER: f64 = 6.6;
/// Names longer than this are cut in a drawing.
const LONGEST: usize = 26;
/// Width of a column in a printed page, in millimetres.
const COLUMN: f64 = 89.0;
/// Half the size of a marker.
const MARKER: f64 = 3.0;

/// A drawing, and where things are in it.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The element.
    pub svg: String,
    /// Width and height in the drawing's units.
    pub size: (f64, f64),
    left: f64,
    width: f64,
    height: f64,
}

impl Drawing {
    /// The place of a value across, in the drawing's units; None where the axis does not reach.
    pub fn across(&self, chart: &Chart, value: f64) -> Option<f64> {
        let part = chart.across.part(value).filter(|_| chart.across.shows(value))?;
        Some(round(self.left + self.width * part))
    }

    /// The height of a bar up to a value, in the drawing's units.
    pub fn bar(&self, chart: &Chart, value: f64) -> f64 {
        round(self.height * chart.up.part(value).unwrap_or(0.0).clamp(0.0, 1.0))
    }
}

fn round(x: f64) -> f64 {
    (10.0 * x).round() / 10.0
}

/// A chart as an element of a page, which brings the colours.
pub fn draw(chart: &Chart) -> Drawing {
    Plot::new(chart).draw("")
}

/// A chart as a file of its own: light ground, as wide as a column.
pub fn file(chart: &Chart) -> String {
    let mut style = String::from("<style>");
    for (i, colour) in LIGHT.iter().enumerate() {
        let _ = write!(style, ".c{i}{{color:{colour}}}");
    }
    let [ink, soft, grid, ground] = [INK[0], SOFT[0], GRID[0], GROUND[0]];
    let _ = write!(
        style,
        ".ink{{fill:{ink}}}.soft{{fill:{soft}}}.grid{{stroke:{grid}}}.rule{{stroke:{soft}}}.ground{{fill:{ground}}}\
         .halo{{stroke:{ground};stroke-width:3px;paint-order:stroke}}.cursor{{visibility:hidden}}</style>"
    );
    Plot::new(chart).draw(&style).svg
}

/// A chart with its measures.
struct Plot<'a> {
    chart: &'a Chart,
    left: f64,
    width: f64,
    legend: Vec<Vec<&'a Series>>,
}

/// Something of the chart in the legend takes so much beside its name.
const SAMPLE: f64 = 26.0;

impl<'a> Plot<'a> {
    fn new(chart: &'a Chart) -> Self {
        let widest = |marks: Vec<Mark>| {
            let width = |m: &Mark| {
                let text = m.text.chars().count().min(LONGEST) as f64;
                CHARACTER * (text + m.exponent.map_or(0.0, |e| 0.7 * e.to_string().len() as f64))
            };
            marks.iter().map(width).fold(0.0, f64::max)
        };
        let names = chart.levels.iter().map(|l| l.name.chars().count().min(LONGEST)).max();
        let right = names.map_or(RIGHT, |most| RIGHT + CHARACTER * most as f64);
        let title = if chart.up.label.is_empty() { 0.0 } else { 18.0 };
        let left = title + 12.0 + widest(chart.up.marks());
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

    fn x(&self, part: f64) -> f64 {
        self.left + self.width * part
    }

    fn y(&self, part: f64) -> f64 {
        TOP + HEIGHT * (1.0 - part)
    }

    /// The place of a point. What lies below the axis is drawn at its lower edge, where the clip hides it.
    fn place(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let across = self.chart.across.part(x)?;
        let up = self.chart.up.part(y).unwrap_or(-0.2).clamp(-0.2, 1.2);
        Some((round(self.x(across.clamp(-0.2, 1.2))), round(self.y(up))))
    }

    fn draw(&self, style: &str) -> Drawing {
        let chart = self.chart;
        let id = escape(&chart.id);
        let height = TOP + HEIGHT + BELOW + LINE * self.legend.len() as f64 + 4.0;
        let mm = COLUMN * height / WIDTH;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{COLUMN}mm\" \
             height=\"{mm:.1}mm\" role=\"img\" data-made-by=\"zonal\" aria-labelledby=\"{id}-title {id}-text\" data-x=\"{}\" data-y=\"{}\" \
             font-family=\"'DejaVu Sans',Verdana,sans-serif\" font-size=\"12\">{style}<title \
             id=\"{id}-title\">{}</title><desc id=\"{id}-text\">{}</desc>",
            escape(&chart.across.label),
            escape(&chart.up.label),
            escape(&chart.title),
            escape(&chart.caption)
        );
        let stands_alone = !style.is_empty();
        if stands_alone {
            let _ = write!(svg, "<rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>");
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
        for level in &chart.levels {
            if let Some(part) = chart.up.part(level.value).filter(|_| chart.up.shows(level.value)) {
                let y = self.y(part);
                let _ = write!(
                    svg,
                    "<path class=\"rule\" d=\"M{:.1} {y:.1}H{:.1}\" stroke-dasharray=\"1.5 3\"/>",
                    self.left,
                    self.left + self.width
                );
            }
        }
        for series in &chart.series {
            self.series(series, &mut svg);
        }
        svg.push_str("</g>");
        self.level_names(&mut svg);
        self.uprights(&mut svg);
        if let Some(stamp) = chart.stamp.as_ref().filter(|_| stands_alone) {
            let (x, y) = (self.left + self.width - 6.0, TOP + 14.0);
            let _ = write!(
                svg,
                "<text class=\"soft halo\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"11\" text-anchor=\"end\">{}</text>",
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

    /// Lines behind the data, marks and the axes' names.
    fn frame(&self, svg: &mut String) {
        let (left, right, bottom) = (self.left, self.left + self.width, TOP + HEIGHT);
        let mut free = f64::NEG_INFINITY;
        for mark in self.chart.across.marks() {
            let x = self.x(mark.part);
            let _ = write!(svg, "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>");
            let width = CHARACTER * mark.text.chars().count() as f64;
            // The last one does not leave the drawing; marks that would touch each other keep their line alone.
            let x = x.min(WIDTH - 0.5 * width - 2.0);
            if x - 0.5 * width > free {
                let _ = write!(
                    svg,
                    "<text class=\"soft\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                    bottom + 16.0,
                    label(&mark)
                );
                free = x + 0.5 * width + 4.0;
            }
        }
        for mark in self.chart.up.marks() {
            let y = self.y(mark.part);
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{left:.1} {y:.1}H{right:.1}\"/><text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{}</text>",
                left - 6.0,
                y + 4.0,
                label(&mark)
            );
        }
        let middle = 0.5 * (left + right);
        let _ = write!(
            svg,
            "<text class=\"ink\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 33.0,
            escape(&self.chart.across.label)
        );
        if !self.chart.up.label.is_empty() {
            let _ = write!(
                svg,
                "<text class=\"ink\" transform=\"translate(13 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
                TOP + 0.5 * HEIGHT,
                escape(&self.chart.up.label)
            );
        }
    }

    fn diagonal(&self, svg: &mut String) {
        let low = self.chart.across.low().max(self.chart.up.low());
        let high = self.chart.across.high().min(self.chart.up.high());
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
        let name = escape(&isolated(&shorten(&series.name, 60)));
        // The script of a page moves bars, and not their outlines.
        let moves = if series.form == Form::Bar { " moves" } else { "" };
        let _ = write!(svg, "<g class=\"c{}{moves}\"{toggle} data-name=\"{name}\">", series.look % COLOURS);
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
        let up = &self.chart.up;
        // Bars are counted by the script of a page, so that each is there whatever its height.
        let always = matches!(series.form, Form::Cross | Form::Bar | Form::Outline);
        let visible = self.chart.across.shows(point.x) && (up.shows(point.y) || always);
        let Some((x, y)) = self.place(point.x, point.y).filter(|_| visible) else { return };
        let tip =
            format!("data-v=\"{}|{}\"", escape(&self.chart.across.text(point.x)), escape(&up.text(point.y)));
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

    /// Distance of two neighbouring whole numbers.
    fn unit(&self) -> f64 {
        let part = |v: f64| self.chart.across.part(v).unwrap_or(0.0);
        (self.width * (part(1.0) - part(0.0))).min(40.0)
    }

    /// Names right of the data, moved apart where lines are near each other.
    fn level_names(&self, svg: &mut String) {
        let up = &self.chart.up;
        let mut shown: Vec<(&Level, f64)> = self
            .chart
            .levels
            .iter()
            .filter(|l| up.shows(l.value))
            .filter_map(|l| Some((l, self.y(up.part(l.value)?))))
            .collect();
        shown.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut free = TOP;
        for (level, y) in shown {
            let y = y.max(free);
            free = y + 13.0;
            let _ = write!(
                svg,
                "<text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\">{}</text>",
                self.left + self.width + 5.0,
                y + 4.0,
                escape(&isolated(&shorten(&level.name, LONGEST)))
            );
        }
    }

    fn uprights(&self, svg: &mut String) {
        for upright in &self.chart.uprights {
            let Some(part) =
                self.chart.across.part(upright.value).filter(|_| self.chart.across.shows(upright.value))
            else {
                continue;
            };
            let x = self.x(part);
            // Text stands where there is more room.
            let (anchor, shift) = if part > 0.5 { ("end", -4.0) } else { ("start", 4.0) };
            let _ = write!(
                svg,
                "<path class=\"rule\" d=\"M{x:.1} {TOP}V{:.1}\" stroke-dasharray=\"1.5 3\"/><text class=\"soft halo\" \
                 x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"{anchor}\">{}</text>",
                TOP + HEIGHT,
                x + shift,
                TOP + 10.0,
                escape(&upright.name)
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
                let _ = write!(svg, "<g class=\"c{}\"{toggle}>", series.look % COLOURS);
                sample(series, x, y - 4.0, svg);
                let _ = write!(
                    svg,
                    "<text class=\"ink\" x=\"{:.1}\" y=\"{y:.1}\">{}</text></g>",
                    x + SAMPLE - 4.0,
                    escape(&isolated(&shorten(&series.name, LONGEST)))
                );
                x += entry(series);
            }
            y += LINE;
        }
    }
}

/// Width of a series in the legend.
fn entry(series: &Series) -> f64 {
    SAMPLE + CHARACTER * (series.name.chars().count().min(LONGEST) as f64 + 1.5)
}

/// What a series looks like, beside its name.
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

/// The look of a series by itself.
pub(crate) fn swatch(look: usize) -> String {
    let mut svg =
        format!("<svg class=\"swatch c{}\" viewBox=\"-5 -5 10 10\" aria-hidden=\"true\">", look % COLOURS);
    marker(look, 0.0, 0.0, "", &mut svg);
    svg + "</svg>"
}

/// A marker: its shape changes when all colours have been used.
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

/// The text of a mark.
fn label(mark: &Mark) -> String {
    let text = escape(&isolated(&shorten(&mark.text, LONGEST)));
    match mark.exponent {
        None => text,
        Some(e) => format!("{text}<tspan dy=\"-5\" font-size=\"9\">{e}</tspan>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;

    fn chart(across: Axis, up: Axis, series: Series) -> Chart {
        Chart { series: vec![series], ..Chart::new("c", "Title", across, up) }
    }

    fn attribute(svg: &str, element: &str, name: &str) -> f64 {
        let tag = svg.split(&format!("<{element} ")).nth(1).unwrap_or_else(|| panic!("{element}: {svg}"));
        let value = tag.split(&format!("{name}=\"")).nth(1).unwrap_or_else(|| panic!("{name}: {tag}"));
        value.split('"').next().unwrap().parse().unwrap()
    }

    #[test]
    fn points_stand_where_their_values_are() {
        let axes = [
            (Axis::linear("", [0.0, 10.0]), Axis::linear("", [0.0, 10.0]), (2.5, 7.5), (0.25, 0.75)),
            (Axis::logarithmic("", [1.0, 1e4], 0.0), Axis::linear("", [-1.0, 1.0]), (10.0, 0.0), (0.25, 0.5)),
            (Axis::whole("", 0, 3), Axis::logarithmic("", [1e-6, 1.0], 0.0), (1.0, 1e-3), (0.375, 0.5)),
        ];
        for (across, up, (x, y), (right, height)) in axes {
            let chart = chart(across, up, Series { points: vec![(x, y).into()], ..Series::default() });
            let drawing = draw(&chart);
            let (cx, cy) = (attribute(&drawing.svg, "circle", "cx"), attribute(&drawing.svg, "circle", "cy"));
            assert!((cx - (drawing.left + right * drawing.width)).abs() < 0.06, "{cx}");
            assert!((cy - (TOP + (1.0 - height) * HEIGHT)).abs() < 0.06, "{cy}");
            // The line of the slider stands at the same place, and a bar would be as high.
            assert_eq!(drawing.across(&chart, x), Some(cx));
            assert!((drawing.bar(&chart, y) - height * HEIGHT).abs() < 0.06);
        }
    }

    #[test]
    fn what_is_beyond_the_axes_is_not_drawn_but_bars_are() {
        let axes = || (Axis::whole("", 0, 2), Axis::linear("", [0.0, 1.0]));
        let points = || vec![(1.0, 2.0).into(), (7.0, 0.5).into(), (1.0, f64::NAN).into()];
        let (across, up) = axes();
        let svg = draw(&chart(across, up, Series { points: points(), ..Series::default() })).svg;
        assert!(!svg.contains("<circle") && !svg.contains("NaN"));
        let (across, up) = axes();
        let bars = Series {
            points: vec![(0.0, 0.0).into(), (1.0, 0.5).into()],
            form: Form::Bar,
            ..Series::default()
        };
        let drawing = draw(&chart(across, up, bars));
        assert_eq!(drawing.svg.matches("data-v=").count(), 2);
        let last = drawing.svg.rsplit("<rect ").next().unwrap();
        assert_eq!(attribute(&format!("<rect {last}"), "rect", "height"), 0.5 * HEIGHT);
        assert_eq!(drawing.across(&chart(axes().0, axes().1, Series::default()), 9.0), None);
    }

    #[test]
    fn looks_differ_for_as_many_series_as_there_are() {
        let mut seen: Vec<String> = (0..COLOURS * MARKERS).map(swatch).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), COLOURS * MARKERS);
    }

    #[test]
    fn files_bring_their_colours_and_hostile_names_are_text() {
        let series = Series {
            name: "</text><script>".to_owned(),
            toggle: Some("\"><b>".to_owned()),
            points: vec![(1.0, 1.0).into()],
            ..Series::default()
        };
        let mut chart = chart(Axis::linear("<x>", [0.0, 1.0]), Axis::linear("&y", [0.0, 1.0]), series);
        chart.stamp = Some("after <3".to_owned());
        let (own, page) = (file(&chart), draw(&chart).svg);
        for svg in [&own, &page] {
            assert!(
                !svg.contains("<script>")
                    && !svg.contains("<b>")
                    && !svg.contains("<x>")
                    && !svg.contains("\"&y")
            );
        }
        // A file stands for itself; in a page the style and the slider do.
        assert!(own.contains("<style>") && own.contains("after &lt;3"));
        assert!(!page.contains("<style>") && !page.contains("after"));
        assert!(crate::png::png(&own).is_ok());
    }
}
