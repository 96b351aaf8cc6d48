//! The figures of the documentation: degrees learned one after another, and the staircase of widths.

use crate::chart::{Axis, Series, draw};
use crate::layers::root;
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
use zonal_run::sweep::{Start, sweep};
use zonal_run::train::Output;

/// What the first figure shows; the README names the same command.
const TARGET: &str =
    "0.3*harmonic(0) + 0.4*harmonic(1) + 0.7*harmonic(2) + 0.2*harmonic(3) + 0.3*harmonic(4)";
const WIDTH: usize = 2000;
const ITERATIONS: u64 = 100_000_000;
/// Energies below this are not drawn.
const FLOOR: f64 = 1e-5;

/// The residual's energy by degree along the path, theory under measurement.
///
/// # Panics
/// Never: the problem is fixed and valid.
pub fn degrees() -> String {
    let compute = || -> zonal::Result<Vec<Series>> {
        let dim = Dim::new(10)?;
        let target = Target::parse(TARGET, dim, 0)?;
        let network = Network::random(Activation::Relu, 1.0, dim, WIDTH, 0)?;
        let path = Path::new(&Population::new(&target).quadratic(&network)?, Step::Auto, &mut Silent)?;
        let mut grid = logarithmic_grid(ITERATIONS);
        grid.remove(0);
        let residuals = residual_energies(&network, &target, &path.coefficients(&grid), 4, &mut Silent)?;
        let energies = target.power_spectrum(4)?.energies;
        let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 4)?;
        let of_degree = |k: usize| {
            // A finer grid, so that the dashes follow the steep ends.
            let theory = (0..=400)
                .map(|i| (ITERATIONS as f64).powf(f64::from(i) / 400.0))
                .map(|t| (t, energies[k] * (1.0 - path.step() * spectrum.eigenvalue(k)).abs().powf(2.0 * t)));
            Series {
                name: format!("degree {k}"),
                points: grid.iter().zip(&residuals).map(|(&t, r)| (t as f64, r.energies[k])).collect(),
                line: theory.collect(),
                dashed: true,
            }
        };
        Ok((0..=4).map(of_degree).collect())
    };
    let series = compute().unwrap_or_else(|e| panic!("the figure's problem is valid: {e}"));
    let across = Axis { label: "iterations", range: (1.0, ITERATIONS as f64), logarithmic: true, mark: 0.0 };
    let up = Axis { label: "residual energy", range: (FLOOR, 1.0), logarithmic: true, mark: 0.0 };
    let title = format!(
        "Residual energy by degree against iterations: points measured at width {WIDTH}, dashes infinite width"
    );
    draw(&title, &across, &up, &series)
}

/// The error against log_n of the width, from the sweep of the examples.
///
/// # Panics
/// When the example is missing or no sweep any more.
pub fn staircase() -> String {
    let file = root().join("examples/staircase.toml");
    let start = Start::New { file, seed: 0, output: Output::None };
    let report = sweep(&start, None, Vec::new(), &mut Silent).unwrap_or_else(|e| panic!("{e}"));
    let mut dims: Vec<u64> = report.rows.iter().map(|r| r.dim).collect();
    dims.dedup();
    let series: Vec<Series> = dims
        .into_iter()
        .map(|dim| {
            let rows = report.rows.iter().filter(|r| r.dim == dim);
            let points: Vec<(f64, f64)> = rows.filter_map(|r| Some((r.log_n_width, r.loss?))).collect();
            Series { name: format!("n = {dim}"), line: points.clone(), points, dashed: false }
        })
        .collect();
    let across = Axis { label: "log_n of the width", range: (0.0, 2.0), logarithmic: false, mark: 0.5 };
    let up = Axis { label: "mean loss", range: (0.0, 1.0), logarithmic: false, mark: 0.2 };
    draw("Mean loss against log_n of the width in three dimensions", &across, &up, &series)
}
