//! The figure of the first page: the residual's energy by degree along the path, theory under measurement.

use zonal::activation::Activation;
use zonal::dynamics::path::Path;
use zonal::dynamics::{Step, logarithmic_grid};
use zonal::measure::residual_energies;
use zonal::network::Network;
use zonal::observer::Silent;
use zonal::risk::Population;
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal::target::Target;

/// What the figure shows; the README names the same command.
const TARGET: &str =
    "0.3*harmonic(0) + 0.4*harmonic(1) + 0.7*harmonic(2) + 0.2*harmonic(3) + 0.3*harmonic(4)";
const WIDTH: usize = 2000;
const ITERATIONS: u64 = 100_000_000;
/// Colours that the colour-blind can tell apart (Okabe and Ito), readable on light and dark ground.
const COLOURS: [&str; 5] = ["#d55e00", "#e69f00", "#009e73", "#888888", "#0072b2"];
/// Energies below this are not drawn.
const FLOOR: f64 = 1e-5;

/// The drawing's size and margins in pixels.
const SIZE: (f64, f64) = (760.0, 400.0);
const LEFT: f64 = 64.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 48.0;

/// The figure as SVG.
///
/// # Panics
/// Never: the problem is fixed and valid.
pub fn figure() -> String {
    let compute = || -> zonal::Result<String> {
        let dim = Dim::new(10)?;
        let target = Target::parse(TARGET, dim, 0)?;
        let network = Network::random(Activation::Relu, 1.0, dim, WIDTH, 0)?;
        let path = Path::new(&Population::new(&target).quadratic(&network)?, Step::Auto, &mut Silent)?;
        let mut grid = logarithmic_grid(ITERATIONS);
        grid.remove(0);
        let residuals = residual_energies(&network, &target, &path.coefficients(&grid), 4, &mut Silent)?;
        let energies = target.power_spectrum(4)?.energies;
        let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 4)?;
        let mut curves = Vec::new();
        for k in 0..=4 {
            let measured = grid.iter().zip(&residuals).map(|(&t, r)| (t as f64, r.energies[k])).collect();
            // A finer grid, so that the dashes follow the steep ends.
            let theory = (0..=400)
                .map(|i| (ITERATIONS as f64).powf(f64::from(i) / 400.0))
                .map(|t| (t, energies[k] * (1.0 - path.step() * spectrum.eigenvalue(k)).abs().powf(2.0 * t)))
                .collect();
            curves.push((measured, theory));
        }
        Ok(draw(&curves))
    };
    compute().unwrap_or_else(|e| panic!("the figure's problem is valid: {e}"))
}

/// Measured points and theory's line of one degree.
type Curve = (Vec<(f64, f64)>, Vec<(f64, f64)>);

fn draw(curves: &[Curve]) -> String {
    let (width, height) = SIZE;
    let decades = (ITERATIONS as f64).log10();
    let x = |t: f64| LEFT + (width - LEFT - RIGHT) * t.log10() / decades;
    let y = |e: f64| TOP + (height - TOP - BOTTOM) * e.log10() / FLOOR.log10();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#777\">\n\
         <title>Residual energy by degree against iterations: points measured at width {WIDTH}, dashes infinite \
         width</title>\n"
    );
    for decade in 0..=decades as i32 {
        let at = x(10f64.powi(decade));
        svg += &format!(
            "<path d=\"M{at:.1} {TOP}V{:.1}\" stroke=\"#8883\"/><text x=\"{at:.1}\" y=\"{:.1}\" \
             text-anchor=\"middle\">10<tspan dy=\"-5\" font-size=\"10\">{decade}</tspan></text>\n",
            height - BOTTOM,
            height - BOTTOM + 20.0
        );
    }
    for decade in 0..=5 {
        let at = y(10f64.powi(-decade));
        svg += &format!(
            "<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#8883\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">10<tspan dy=\"-5\" font-size=\"10\">{}</tspan></text>\n",
            width - RIGHT,
            LEFT - 8.0,
            at + 4.0,
            -decade
        );
    }
    svg += &format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">iterations</text>\n\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">residual energy</text>\n",
        LEFT + (width - LEFT - RIGHT) / 2.0,
        height - 8.0,
        TOP + (height - TOP - BOTTOM) / 2.0
    );
    for (k, (measured, theory)) in curves.iter().enumerate() {
        let colour = COLOURS[k];
        let line: Vec<String> = theory
            .iter()
            .filter(|(_, e)| *e >= FLOOR)
            .map(|&(t, e)| format!("{:.1},{:.1}", x(t), y(e)))
            .collect();
        svg += &format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" \
             stroke-dasharray=\"6 4\"/>\n<g fill=\"{colour}\">",
            line.join(" ")
        );
        for &(t, e) in measured.iter().filter(|(_, e)| *e >= FLOOR) {
            svg += &format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.6\"/>", x(t), y(e));
        }
        svg += "</g>\n";
        let legend = TOP + 14.0 + 22.0 * k as f64;
        let left = width - RIGHT + 12.0;
        svg += &format!(
            "<circle cx=\"{left:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{legend:.1}\">\
             degree {k}</text>\n",
            legend - 4.0,
            left + 10.0
        );
    }
    svg + "</svg>\n"
}
