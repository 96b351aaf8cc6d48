//! A chart as SVG: points over lines, on linear or logarithmic axes, legible on light and dark ground.

/// One axis.
pub struct Axis {
    /// What it shows.
    pub label: &'static str,
    /// Its ends.
    pub range: (f64, f64),
    /// Whether equal ratios are equal distances; then both ends are powers of ten.
    pub logarithmic: bool,
    /// Distance of the marks on a linear axis.
    pub mark: f64,
}

/// A series: measured points, and a line.
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Measured.
    pub points: Vec<(f64, f64)>,
    /// Drawn as a line.
    pub line: Vec<(f64, f64)>,
    /// Whether the line is dashed.
    pub dashed: bool,
}

/// Colours that the colour-blind can tell apart (Okabe and Ito), readable on light and dark ground.
const COLOURS: [&str; 5] = ["#d55e00", "#e69f00", "#009e73", "#888888", "#0072b2"];

/// The drawing's size and margins in pixels.
const SIZE: (f64, f64) = (760.0, 400.0);
const LEFT: f64 = 64.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 48.0;

impl Axis {
    /// Where a value lies between the ends, 0 to 1.
    fn part(&self, value: f64) -> f64 {
        let (low, high) = self.range;
        if self.logarithmic {
            (value / low).log10() / (high / low).log10()
        } else {
            (value - low) / (high - low)
        }
    }

    fn shows(&self, value: f64) -> bool {
        (0.0..=1.0).contains(&self.part(value))
    }

    /// Marks with their text.
    fn marks(&self) -> Vec<(f64, String)> {
        let (low, high) = self.range;
        if self.logarithmic {
            let decades = low.log10().round() as i32..=high.log10().round() as i32;
            let text = |d: i32| format!("10<tspan dy=\"-5\" font-size=\"10\">{d}</tspan>");
            return decades.map(|d| (10f64.powi(d), text(d))).collect();
        }
        let count = ((high - low) / self.mark).round() as i32;
        (0..=count)
            .map(|i| low + f64::from(i) * self.mark)
            .map(|v| (v, format!("{}", (v * 100.0).round() / 100.0)))
            .collect()
    }
}

/// The chart.
pub fn draw(title: &str, across: &Axis, up: &Axis, series: &[Series]) -> String {
    let (width, height) = SIZE;
    let x = |v: f64| LEFT + (width - LEFT - RIGHT) * across.part(v);
    let y = |v: f64| TOP + (height - TOP - BOTTOM) * (1.0 - up.part(v));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#777\">\n<title>{title}</title>\n"
    );
    for (value, text) in across.marks() {
        svg += &format!(
            "<path d=\"M{0:.1} {TOP}V{1:.1}\" stroke=\"#8883\"/><text x=\"{0:.1}\" y=\"{2:.1}\" \
             text-anchor=\"middle\">{text}</text>\n",
            x(value),
            height - BOTTOM,
            height - BOTTOM + 20.0
        );
    }
    for (value, text) in up.marks() {
        svg += &format!(
            "<path d=\"M{LEFT} {0:.1}H{1:.1}\" stroke=\"#8883\"/><text x=\"{2:.1}\" y=\"{3:.1}\" \
             text-anchor=\"end\">{text}</text>\n",
            y(value),
            width - RIGHT,
            LEFT - 8.0,
            y(value) + 4.0
        );
    }
    svg += &format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n<text transform=\"translate(16 {:.1}) \
         rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
        LEFT + (width - LEFT - RIGHT) / 2.0,
        height - 8.0,
        across.label,
        TOP + (height - TOP - BOTTOM) / 2.0,
        up.label
    );
    for (i, one) in series.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        let inside = |(a, b): &&(f64, f64)| across.shows(*a) && up.shows(*b);
        let line: Vec<String> =
            one.line.iter().filter(inside).map(|&(a, b)| format!("{:.1},{:.1}", x(a), y(b))).collect();
        let dashes = if one.dashed { " stroke-dasharray=\"6 4\"" } else { "" };
        svg += &format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"{dashes}/>\n<g \
             fill=\"{colour}\">",
            line.join(" ")
        );
        for &(a, b) in one.points.iter().filter(inside) {
            svg += &format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.6\"/>", x(a), y(b));
        }
        svg += "</g>\n";
        let legend = TOP + 14.0 + 22.0 * i as f64;
        let left = width - RIGHT + 12.0;
        svg += &format!(
            "<circle cx=\"{left:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{legend:.1}\">{}\
             </text>\n",
            legend - 4.0,
            left + 10.0,
            one.name
        );
    }
    svg + "</svg>\n"
}
