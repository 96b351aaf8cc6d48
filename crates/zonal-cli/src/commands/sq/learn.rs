//! `zonal sq learn`.

use crate::Global;
use crate::format::{Format, short, short_count};
use crate::interrupt::Interrupt;
use crate::output::{columns, csv, print, print_json};
use crate::progress::Progress;
use std::path::PathBuf;
use std::str::FromStr;
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal::network::Layers;
use zonal_documents::Error;
use zonal_documents::number::{Auto, Scale, count, real_or_auto, whole};
use zonal_documents::sq::{Answerer, LearnConfig, LearnReport};
use zonal_jobs::sq::learn;
use zonal_sq::Convention;

/// Gradient descent that sees its target only through an oracle, beside the same descent through the exact one
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Oracles: exact; honest:TAU adds a uniform error; quantised:TAU rounds to multiples of 2 TAU; lazy:TAU answers \
                  zero wherever that is within TAU, and otherwise as near to it as it may; sampled:ROWS takes the mean over \
                  rows, new ones for each query or, with sampled:ROWS:shared, the same for all; vstat:T is lazy with the tolerance \
                  max(1/T, sqrt(p (1-p) / T)) for p = (1 + E/range) / 2; replay:FILE answers what was kept by --save. Losses and energies are true ones. \
                  Bounds hold for the worst answers: honest errors of the same size are often harmless.\n\nExamples:\n  \
                  zonal sq learn --target 'harmonic(2)' --dim 10 --oracle lazy:0.3\n  zonal sq learn --target \
                  '0.8*harmonic(1) + 0.6*harmonic(2)' --dim 10 --oracle sampled:1000:shared --width 300\n  zonal sq learn \
                  --target 'harmonic(2)' --dim 10 --oracle lazy:0.1 --layers both --iterations 500"
)]
pub(crate) struct Args {
    /// The target, as in zonal train
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    target: String,
    /// The dimension n
    #[arg(long, short = 'n', value_name = "N", value_parser = count)]
    dim: u64,
    /// Who answers: exact, honest:TAU, quantised:TAU, lazy:TAU, sampled:ROWS, sampled:ROWS:shared, vstat:T or replay:FILE
    #[arg(long, default_value = "exact", value_name = "ORACLE", value_parser = answerer)]
    oracle: Answerer,
    /// What TAU is measured in: unit, the norm of g in a query y g(x); raw, the answer itself; range, the largest |y g(x)|
    #[arg(long, default_value = "unit", value_name = "CONVENTION")]
    convention: Convention,
    /// The activation, as in zonal train
    #[arg(long, short, default_value = "relu", value_name = "NAME|EXPRESSION", allow_hyphen_values = true)]
    activation: String,
    /// The scale of the units: sqrt-dim or a number
    #[arg(long, default_value = "1", value_name = "S", allow_negative_numbers = true)]
    scale: Scale,
    /// The width m [default: 500, with --layers both 100]
    #[arg(long, short = 'm', value_name = "M", value_parser = count)]
    width: Option<u64>,
    /// output, hidden units stay as they are; both, they turn too
    #[arg(long, default_value = "output", value_name = "LAYERS", value_parser = layers)]
    layers: Layers,
    /// The last iteration [default: 1e6, with --layers both 1000]
    #[arg(long, short = 't', value_name = "T", value_parser = count)]
    iterations: Option<u64>,
    /// The step, or auto: 1 / (largest eigenvalue, or curvature at the start)
    #[arg(long, default_value = "auto", value_parser = real_or_auto, value_name = "ETA", allow_negative_numbers = true)]
    step: Auto<f64>,
    /// Energies up to this degree
    #[arg(long, short = 'k', default_value_t = 6, value_parser = whole::<usize>, value_name = "K", allow_negative_numbers = true)]
    max_degree: usize,
    /// Keep the transcript in a file, to be replayed
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

fn answerer(text: &str) -> Result<Answerer, String> {
    match text.strip_prefix("replay:") {
        Some("") => Err("replay: needs the name of a file".to_owned()),
        Some(path) => Ok(Answerer::Replay(path.into())),
        None => {
            zonal_sq::Policy::from_str(text).map(Answerer::Policy).map_err(|e| format!("{e}, or replay:FILE"))
        }
    }
}

fn layers(text: &str) -> Result<Layers, String> {
    match text {
        "output" => Ok(Layers::Output),
        "both" => Ok(Layers::Both),
        _ => Err(format!("'{text}' is no choice of layers; write output or both")),
    }
}

impl Args {
    pub(crate) fn config(&self, global: &Global) -> anyhow::Result<LearnConfig> {
        let both = self.layers == Layers::Both;
        if self.scale == Scale::Auto {
            return Err(
                Error::Usage("--scale auto needs a table; here it is sqrt-dim or a number".into()).into()
            );
        }
        Ok(LearnConfig {
            target: self.target.clone(),
            dim: self.dim,
            oracle: self.oracle.clone(),
            convention: self.convention,
            activation: Activation::parse(&self.activation).map_err(Error::from)?,
            scale: self.scale,
            width: self.width.unwrap_or(if both { 100 } else { 500 }),
            layers: self.layers,
            iterations: self.iterations.unwrap_or(if both { 1_000 } else { 1_000_000 }),
            step: self.step.given().map_or(Step::Auto, Step::Fixed),
            max_degree: self.max_degree,
            seed: global.seed(),
            save: self.save.clone(),
        })
    }
}

pub(crate) fn run(args: &Args, global: &Global, interrupt: &Interrupt) -> anyhow::Result<()> {
    let config = args.config(global)?;
    let report = learn(&config, &mut Progress::new(interrupt, global.quiet))?;
    match global.format {
        Format::Json => print_json(&report),
        Format::Csv => print(&path_csv(&report)),
        Format::Table => print(&text(&report)),
    }
}

fn text(r: &LearnReport) -> String {
    let mut text = format!(
        "{} through {} answers (tolerance by {}), {} {} units in dimension {}, {} trained, step {}\n\n",
        r.target,
        r.oracle,
        r.convention,
        r.width,
        r.activation,
        r.dim,
        if r.layers == "both" { "both layers" } else { "output layer" },
        short(r.step_size)
    );
    // Degrees with energy in the target, or the network by the end.
    let shown: Vec<usize> = (0..r.target_energy.len())
        .filter(|&k| {
            let most =
                r.path.iter().map(|c| c.degrees[k].energy.max(c.degrees[k].exact_energy)).fold(0.0, f64::max);
            most > 1e-2 * r.target_norm_sq
        })
        .collect();
    let mut header = ["iteration", "loss", "exact"].map(String::from).to_vec();
    for k in &shown {
        header.push(format!("degree {k}"));
        header.push(format!("exact {k}"));
    }
    // A line for each power of ten, and the last.
    let round = |t: u64| t == 0 || 10u64.pow(t.ilog10()) == t;
    let last = r.path.last().map(|c| c.iteration);
    let rows: Vec<Vec<String>> = r
        .path
        .iter()
        .filter(|c| round(c.iteration) || Some(c.iteration) == last)
        .map(|c| {
            let mut row = vec![short_count(c.iteration), short(c.loss), short(c.exact_loss)];
            for &k in &shown {
                row.extend([short(c.degrees[k].energy), short(c.degrees[k].exact_energy)]);
            }
            row
        })
        .collect();
    text += &columns(&header, &rows);
    if shown.len() < r.target_energy.len() {
        text += "Degrees whose energy stays below 1 % are left out; --format csv has all of them.\n";
    }
    if let Some(at) = r.diverged {
        text += &format!("\nThe loss grew without bound at iteration {at}; take a smaller --step.\n");
    }
    text += &format!(
        "\nSmallest loss {} (exact oracle {}; {} is a network that has learned nothing).\n",
        short(r.smallest_loss),
        short(r.smallest_exact_loss),
        short(r.target_norm_sq)
    );
    text += &format!(
        "Queries: {} different, {} by descent step by step.\n",
        r.queries_distinct,
        if r.queries_issued == u64::MAX {
            "more than 1.8e19".to_owned()
        } else {
            short_count(r.queries_issued)
        }
    );
    if r.vanishing_tolerance == 0.0 {
        return text + "These units see nothing of the target: no oracle makes descent learn it.\n";
    }
    text + &format!(
        "At a lazy tolerance of {} by unit (raw: {}) every answer of the first step is zero, and descent never leaves its \
         start.\n",
        short(r.vanishing_tolerance),
        short(r.vanishing_tolerance_raw)
    )
}

fn path_csv(r: &LearnReport) -> String {
    let header = ["iteration", "loss", "exact_loss", "degree", "energy", "exact_energy"].map(String::from);
    let mut rows = Vec::new();
    for c in &r.path {
        for d in &c.degrees {
            rows.push(vec![
                c.iteration.to_string(),
                c.loss.to_string(),
                c.exact_loss.to_string(),
                d.degree.to_string(),
                d.energy.to_string(),
                d.exact_energy.to_string(),
            ]);
        }
    }
    csv(&header, &rows)
}
