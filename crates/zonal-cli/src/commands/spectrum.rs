//! `zonal spectrum`.

use crate::Global;
use crate::format::{Format, short};
use crate::output::{columns, csv, print, print_json};
use zonal::activation::Activation;
use zonal::sphere::Dim;
use zonal_run::number::{Scale, count};
use zonal_run::spectrum::{SpectrumReport, spectrum};

/// The Funk-Hecke spectrum of an activation: which degrees it sees, and how strongly
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  zonal spectrum --activation relu --dim 10 --max-degree 12\n\nEach degree k of the \
                        target is learned at the rate of its eigenvalue alpha_k^2; a degree whose coefficient is zero \
                        is invisible: no width and no number of iterations learns it."
)]
pub(crate) struct Args {
    /// The activation: relu, step, abs, sigmoid, tanh or erf
    #[arg(long, short, default_value = "relu", value_name = "NAME")]
    activation: Activation,
    /// The dimension n of the sphere S^(n-1)
    #[arg(long, short = 'n', default_value = "10", value_parser = count, value_name = "N", allow_negative_numbers = true)]
    dim: u64,
    /// The largest degree
    #[arg(long, short = 'k', default_value_t = 12, value_name = "K")]
    max_degree: usize,
    /// The scale s of the unit phi(s <w, x>): sqrt-dim or a number
    #[arg(long, default_value = "1", value_name = "S", allow_negative_numbers = true)]
    scale: Scale,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<()> {
    let dim = Dim::new(args.dim).map_err(zonal_run::Error::from)?;
    let scale = args.scale.value(args.dim).unwrap_or(1.0);
    let report = spectrum(args.activation, dim, scale, args.max_degree)?;
    match global.format {
        Format::Json => print_json(&report),
        Format::Csv => print(&csv(&header(), &rows(&report, |x| x.to_string()))),
        Format::Table => print(&table(&report)),
    }
}

fn header() -> Vec<String> {
    ["degree", "multiplicity", "coefficient", "eigenvalue", "energy", "visible", "error", "route"]
        .map(String::from)
        .to_vec()
}

fn rows(report: &SpectrumReport, number: impl Fn(f64) -> String) -> Vec<Vec<String>> {
    let route = |r| format!("{r:?}").to_lowercase();
    let rows = report.degrees.iter().map(|d| {
        vec![
            d.degree.to_string(),
            d.multiplicity.clone(),
            number(d.coefficient),
            number(d.eigenvalue),
            number(d.energy),
            if d.visible { "yes" } else { "no" }.to_owned(),
            number(d.error),
            route(d.route),
        ]
    });
    rows.collect()
}

fn table(report: &SpectrumReport) -> String {
    let mut text = format!(
        "{} in dimension {}, scale {}: norm squared {}\n\n",
        report.activation,
        report.dim,
        report.scale,
        short(report.norm_sq)
    );
    // Multiplicities beyond 21 digits would push everything else off the screen.
    let mut rows = rows(report, |x| if x == 0.0 { "0".into() } else { format!("{x:.6e}") });
    for (row, d) in rows.iter_mut().zip(&report.degrees) {
        if row[1].len() > 21 {
            row[1] = format!("10^{:.3}", d.ln_multiplicity / std::f64::consts::LN_10);
        }
        row[6] = format!("{:.0e}", d.error);
    }
    text += &columns(&header(), &rows);
    text += &format!("\nenergy beyond degree {}: {}\n", report.degrees.len() - 1, short(report.tail_energy));
    let invisible: Vec<String> =
        report.degrees.iter().filter(|d| !d.visible).map(|d| d.degree.to_string()).collect();
    if invisible.is_empty() {
        text += "every degree listed is visible\n";
    } else {
        text += &format!(
            "cannot learn, at any width: degree{} {}\n",
            if invisible.len() == 1 { "" } else { "s" },
            invisible.join(", ")
        );
    }
    text
}
