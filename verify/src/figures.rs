//! The figures of the documentation, drawn by the code that draws those of every run: degrees learned one after
//! another, and the staircase of widths.

use crate::layers::root;
use zonal::activation::Activation;
use zonal::dynamics::Solver;
use zonal::observer::Silent;
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal_documents::number::{Auto, Extended, Scale};
use zonal_documents::provenance::Provenance;
use zonal_documents::record::{Record, RunKind};
use zonal_documents::request::{Description, Output, SweepStart};
use zonal_documents::train::{Input, TargetJob, TrainConfig};
use zonal_jobs::sweep::sweep;
use zonal_jobs::train::train;
use zonal_report::draw::svg_file;
use zonal_report::{figure, page};

/// The target of the first figure; the README names the same command.
const TARGET: &str =
    "0.3*harmonic(0) + 0.4*harmonic(1) + 0.7*harmonic(2) + 0.2*harmonic(3) + 0.3*harmonic(4)";
const DIM: u64 = 10;
const WIDTH: u64 = 2000;
const ITERATIONS: u64 = 100_000_000;

/// Returns the figures, as (path from the root, contents).
///
/// # Panics
/// If the sweep of the examples is missing or is no longer a sweep.
pub fn figures() -> Vec<(String, String)> {
    vec![("docs/figures/degrees.svg".into(), degrees()), ("docs/figures/staircase.svg".into(), staircase())]
}

/// Draws the residual's energy by degree along the path, measurement over theory.
fn degrees() -> String {
    let config = TrainConfig {
        input: Input::Target(TargetJob { text: TARGET.to_owned(), dim: DIM }),
        activation: Auto::Fixed(Activation::Relu),
        scale: Scale::Fixed(1.0),
        width: Extended::Finite(WIDTH),
        iterations: ITERATIONS,
        step: Auto::Auto,
        solver: Solver::Auto,
        at: None,
        max_degree: None,
        descent: None,
        seed: 0,
    };
    let report = train(&config, &Output::None, Vec::new(), &mut Silent, &mut |_| ());
    let report = report.unwrap_or_else(|e| panic!("the figure's problem is valid: {e}")).report;
    let dim = Dim::new(DIM).unwrap_or_else(|e| panic!("{e}"));
    let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 8).unwrap_or_else(|e| panic!("{e}"));
    let chart = figure::degrees("degrees", &report, Some(&spectrum));
    svg_file(&chart.unwrap_or_else(|| panic!("a target has degrees"))) + "\n"
}

/// Draws the error against log_n of the width, from the sweep of the examples.
fn staircase() -> String {
    let file_of_sweep = root().join("examples/staircase.toml");
    let start =
        SweepStart::New { description: Description::File(file_of_sweep), seed: 0, output: Output::None };
    let (summary, _) = sweep(&start, None, Vec::new(), &mut Silent).unwrap_or_else(|e| panic!("{e}"));
    let record = Record {
        schema: summary.schema,
        kind: RunKind::Sweep,
        configuration: String::new(),
        provenance: Provenance::now(Vec::new(), std::time::SystemTime::now()),
        summary,
    };
    let page = page::sweep(&record).unwrap_or_else(|e| panic!("{e}"));
    svg_file(&page.charts.first().unwrap_or_else(|| panic!("the sweep has a figure")).chart) + "\n"
}
