//! `zonal spectrum`.

use super::{lists, reals};
use crate::Global;
use crate::format::{Format, short};
use crate::output::{columns, csv, print, print_json, quoted};
use anyhow::Result;
use zonal::activation::Activation;
use zonal_documents::Error;
use zonal_documents::number::{Extended, Scale, whole};
use zonal_documents::spectrum::{
    DegreeReport, KernelKind, RankConfig, Ranking, SpectrumConfig, SpectrumReport,
};
use zonal_jobs::spectrum::{rank, spectrum};

/// The Funk-Hecke spectrum of activations: which degrees they see, and how strongly
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  zonal spectrum --activation relu --dim 10 --max-degree 12\n  zonal spectrum --activation \
                  relu,tanh --dim 10,100,inf\n  zonal spectrum --activation 't*tanh(t)' --scale sqrt-dim\n  zonal \
                  spectrum --for-degrees 0..4 --dim 20\n\nEach degree k of a target is learned at the rate of its \
                  eigenvalue alpha_k^2; a degree whose coefficient is zero is invisible: no width and no number of \
                  iterations learns it."
)]
pub(crate) struct Args {
    /// A name (relu, leaky-relu, squared-relu, step, sign, abs, sigmoid, tanh, erf, gelu, silu, softplus, sin, cos, exp,
    /// square, cube, hermite-K) or an expression in t; several, repeated or separated by commas, are compared
    /// [default: relu]
    #[arg(long, short, value_name = "NAME|EXPRESSION", allow_hyphen_values = true)]
    activation: Vec<String>,
    /// The dimension n of the sphere S^(n-1), or inf for the limit at scale sqrt(n); several are compared
    #[arg(long, short = 'n', default_value = "10", value_name = "N", allow_negative_numbers = true)]
    dim: Vec<String>,
    /// The largest degree
    #[arg(long, short = 'k', default_value_t = 12, value_parser = whole::<usize>, value_name = "K", allow_negative_numbers = true)]
    max_degree: usize,
    /// The scale s of the unit phi(s <w, x>): sqrt-dim or a number; several are compared [default: 1]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    scale: Vec<String>,
    /// Points where the expression is not smooth, in place of those found
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    kinks: Option<String>,
    /// Whose eigenvalues: with the output layer trained, or with both layers
    #[arg(long, value_enum, default_value_t = KernelChoice::Feature)]
    kernel: KernelChoice,
    /// With trained biases: of the output for the feature kernel, of the units for the tangent kernel
    #[arg(long)]
    bias: bool,
    /// Fit the power of the degree by which eigenvalues fall, over the degrees A to B
    #[arg(long, value_name = "A..B")]
    decay: Option<String>,
    /// Rank activations for learning the degrees A to B
    #[arg(long, value_name = "A..B", conflicts_with_all = ["decay", "kernel", "bias", "scale"])]
    for_degrees: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum KernelChoice {
    /// Random-feature kernel
    Feature,
    /// Tangent kernel
    Tangent,
}

/// What is asked: spectra, or which activations suit a range of degrees.
#[derive(Debug)]
pub(crate) enum Question {
    Spectra(Vec<SpectrumConfig>),
    Rankings(Vec<RankConfig>),
}

impl Args {
    pub(crate) fn question(&self) -> Result<Question> {
        let activations = self.activations()?;
        let dims: Vec<Extended> = parse_list(&self.dim, "--dim")?;
        if let Some(text) = &self.for_degrees {
            return Ok(Question::Rankings(self.rankings(text, &dims)?));
        }
        let scales: Vec<Scale> = parse_list(&self.scale, "--scale")?;
        let decay = self.decay.as_deref().map(|d| range(d, "--decay")).transpose()?;
        let mut spectra = Vec::new();
        for activation in &activations {
            for &dim in &dims {
                let default = if dim == Extended::Infinite { Scale::SqrtDim } else { Scale::Fixed(1.0) };
                let scales = if scales.is_empty() { vec![default] } else { scales.clone() };
                spectra.extend(scales.into_iter().map(|scale| SpectrumConfig {
                    activation: activation.clone(),
                    dim,
                    scale,
                    max_degree: self.max_degree,
                    kernel: match self.kernel {
                        KernelChoice::Feature => KernelKind::Feature,
                        KernelChoice::Tangent => KernelKind::Tangent,
                    },
                    bias: self.bias,
                    decay,
                }));
            }
        }
        Ok(Question::Spectra(spectra))
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<()> {
    let spectra = match args.question()? {
        Question::Rankings(rankings) => return run_rankings(&rankings, global),
        Question::Spectra(spectra) => spectra,
    };
    let reports: Vec<SpectrumReport> =
        spectra.iter().map(spectrum).collect::<std::result::Result<_, zonal_documents::Error>>()?;
    match (global.format, reports.as_slice()) {
        (Format::Json, reports) => reports.iter().try_for_each(print_json),
        (Format::Csv, reports) => print(&csv_table(reports)),
        (Format::Table, [report]) => print(&table(report)),
        (Format::Table, reports) => print(&comparison(reports)),
    }
}

fn run_rankings(rankings: &[RankConfig], global: &Global) -> Result<()> {
    for config in rankings {
        let ranking = rank(config)?;
        match global.format {
            Format::Json => print_json(&ranking)?,
            Format::Csv => print(&csv(&ranking_header(), &ranking_rows(&ranking, |x| x.to_string())))?,
            Format::Table => print(&ranking_table(&ranking))?,
        }
    }
    Ok(())
}

impl Args {
    fn rankings(&self, text: &str, dims: &[Extended]) -> Result<Vec<RankConfig>> {
        let (from, to) = range(text, "--for-degrees")?;
        let activations = if self.activation.is_empty() {
            // A shift makes every degree visible; without one most activations miss half of them.
            let shifted =
                ["relu(t + 0.5)", "gelu(t + 0.5)", "tanh(t + 0.5)", "sin(t + 0.5)"].map(Activation::parse);
            let shifted: Result<Vec<Activation>, _> = shifted.into_iter().collect();
            let others = Activation::BUILTIN.into_iter().filter(|a| !a.support().is_finite());
            others.chain(shifted.map_err(Error::from)?).collect()
        } else {
            self.activations()?
        };
        let one = |dim: &Extended| match dim {
            &Extended::Finite(dim) => Ok(RankConfig { dim, from, to, activations: activations.clone() }),
            Extended::Infinite => Err(Error::Usage("--for-degrees needs a finite --dim".into()).into()),
        };
        dims.iter().map(one).collect()
    }

    fn activations(&self) -> Result<Vec<Activation>> {
        let texts = lists(&self.activation, "--activation")?;
        let mut out = if texts.is_empty() { vec![Activation::Relu] } else { Vec::new() };
        for text in &texts {
            out.push(Activation::parse(text).map_err(Error::from)?);
        }
        if let Some(kinks) = &self.kinks {
            let kinks = reals(std::slice::from_ref(kinks), "--kinks")?;
            for activation in &mut out {
                *activation = activation.with_kinks(kinks.clone()).map_err(Error::from)?;
            }
        }
        Ok(out)
    }
}

/// Values of an option that can be repeated or separated by commas.
fn parse_list<T: std::str::FromStr>(texts: &[String], option: &str) -> Result<Vec<T>, Error>
where
    T::Err: std::fmt::Display,
{
    lists(texts, option)?
        .iter()
        .map(|t| t.parse().map_err(|e| Error::Usage(format!("{option}: {t:?}: {e}"))))
        .collect()
}

/// A range of degrees A..B, both included.
fn range(text: &str, option: &str) -> Result<(usize, usize), Error> {
    let wrong = || {
        Error::Usage(format!("{option}: '{text}' is not a range of degrees; write two numbers such as 0..4"))
    };
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let number = |t: &str| t.trim_start_matches('=').parse::<usize>().map_err(|_| wrong());
    let (from, to) = (number(from)?, number(to)?);
    if from > to || to > zonal::spectrum::MAX_DEGREE {
        return Err(Error::Usage(format!(
            "{option}: '{text}' is not a range of degrees; the first must not exceed the last, and that at most {}",
            zonal::spectrum::MAX_DEGREE
        )));
    }
    Ok((from, to))
}

fn header() -> Vec<String> {
    ["degree", "multiplicity", "coefficient", "eigenvalue", "energy", "visible", "error", "route", "proven"]
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
            d.error.map_or(String::new(), &number),
            route(d.route),
            if d.proven { "yes" } else { "no" }.to_owned(),
        ]
    });
    rows.collect()
}

fn csv_table(reports: &[SpectrumReport]) -> String {
    let mut all = Vec::new();
    for report in reports {
        let scale = report.scale.map_or("sqrt-dim".to_owned(), |s| s.to_string());
        let lead = [quoted(&report.activation.name()), report.dim.to_string(), scale];
        all.extend(rows(report, |x| x.to_string()).into_iter().map(|row| [lead.to_vec(), row].concat()));
    }
    let lead = ["activation", "dim", "scale"].map(String::from).to_vec();
    csv(&[lead, header()].concat(), &all)
}

/// A name for a report among others.
fn title(report: &SpectrumReport) -> String {
    let scale = report.scale.map_or("sqrt n".to_owned(), short);
    format!("{}, n = {}, s = {scale}", report.activation, report.dim)
}

fn scientific(x: f64, ln: Option<f64>) -> String {
    match ln {
        None => "0".to_owned(),
        // Below the range of f64 the logarithm still tells the size.
        Some(ln) if x.abs() < 1e-300 => {
            let power = ln / std::f64::consts::LN_10;
            format!(
                "{}{:.6}e{}",
                if x < 0.0 { "-" } else { "" },
                10f64.powf(power - power.floor()),
                power.floor()
            )
        }
        Some(_) => format!("{x:.6e}"),
    }
}

/// The error of a coefficient; one that is not proven is marked.
fn error(degree: &DegreeReport) -> String {
    match degree.error {
        None => "unknown".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(error) => format!("{}{error:.0e}", if degree.proven { "" } else { "~" }),
    }
}

fn table(report: &SpectrumReport) -> String {
    let kernel = match (report.kernel, report.bias) {
        (KernelKind::Feature, false) => "",
        (KernelKind::Feature, true) => ", eigenvalues with a trained output bias",
        (KernelKind::Tangent, false) => ", eigenvalues of the tangent kernel",
        (KernelKind::Tangent, true) => ", eigenvalues of the tangent kernel with trained biases",
    };
    // Four digits are shown; an error that is smaller needs no words.
    let norm_error = report.norm_sq_error.filter(|e| *e > 1e-5 * report.norm_sq);
    let norm_error = norm_error.map_or(String::new(), |e| format!(" +- {e:.0e}"));
    let mut text =
        format!("{}{kernel}: norm squared {}{norm_error}\n\n", title(report), short(report.norm_sq));
    let header = &header()[..8];
    let mut rows = rows(report, |x| if x == 0.0 { "0".into() } else { format!("{x:.6e}") });
    for (row, d) in rows.iter_mut().zip(&report.degrees) {
        // Multiplicities beyond 21 digits would push everything else off the screen.
        if let Some(ln) = d.ln_multiplicity.filter(|_| row[1].len() > 21) {
            row[1] = format!("10^{:.3}", ln / std::f64::consts::LN_10);
        }
        row[2] = scientific(d.coefficient, d.ln_abs_coefficient);
        row[3] = scientific(d.eigenvalue, d.ln_eigenvalue);
        row[6] = error(d);
        row.truncate(header.len());
    }
    text += &columns(header, &rows);
    if report.degrees.iter().any(|d| !d.proven) {
        text += "errors marked ~ are estimates, the others proven bounds\n";
    }
    text += &format!("\nenergy beyond degree {}: {}\n", report.degrees.len() - 1, short(report.tail_energy));
    if let Some(degree) = report.degree_999 {
        text += &format!("99.9 % of the feature energy lies up to degree {degree}\n");
    }
    if let Some(decay) = report.decay {
        text += &format!(
            "eigenvalues fall like degree^-{:.5} (standard error {:.1e}, {} degrees from {} to {})\n",
            decay.exponent, decay.standard_error, decay.degrees, decay.from, decay.to
        );
    }
    text + &cannot_learn(report) + "\n"
}

/// What is invisible, in one line.
fn cannot_learn(report: &SpectrumReport) -> String {
    let hidden: Vec<usize> =
        report.degrees.iter().filter(|d| !d.visible && d.error == Some(0.0)).map(|d| d.degree).collect();
    let unclear: Vec<String> = report
        .degrees
        .iter()
        .filter(|d| !d.visible && d.error != Some(0.0))
        .map(|d| d.degree.to_string())
        .collect();
    let unclear = match unclear.len() {
        0 => String::new(),
        _ => format!("; not told from zero: {}", unclear.join(", ")),
    };
    let last = report.degrees.len() - 1;
    if hidden.is_empty() {
        return if unclear.is_empty() {
            format!("every degree up to {last} is visible")
        } else {
            format!("no degree up to {last} is known to be invisible{unclear}")
        };
    }
    // Degrees of one parity, from some degree to the end of the list, are said in words.
    let mut words = Vec::new();
    let mut single = hidden.clone();
    for (parity, name) in [(0, "even"), (1, "odd")] {
        let visible = |k: usize| k % 2 == parity && !hidden.contains(&k);
        let first = (0..=last).rev().find(|k| visible(*k)).map_or(parity, |k| k + 2);
        if hidden.iter().filter(|k| **k >= first && *k % 2 == parity).count() >= 3 {
            single.retain(|k| *k < first || k % 2 != parity);
            words.push(if first <= 1 {
                format!("{name} degrees")
            } else {
                format!("{name} degrees from {first} on")
            });
        }
    }
    let mut list: Vec<String> = single.iter().map(usize::to_string).collect();
    if !list.is_empty() {
        list = vec![format!("degree{} {}", if list.len() == 1 { "" } else { "s" }, list.join(", "))];
    }
    list.extend(words);
    format!("cannot learn, at any width: {}{unclear}", list.join(", "))
}

/// Eigenvalues of several spectra side by side.
fn comparison(reports: &[SpectrumReport]) -> String {
    let mut header = vec!["degree".to_owned()];
    header.extend(reports.iter().enumerate().map(|(i, _)| format!("({})", i + 1)));
    let rows: Vec<Vec<String>> = (0..reports[0].degrees.len())
        .map(|k| {
            let values =
                reports.iter().map(|r| scientific(r.degrees[k].eigenvalue, r.degrees[k].ln_eigenvalue));
            std::iter::once(k.to_string()).chain(values).collect()
        })
        .collect();
    let mut text = "eigenvalues by degree\n\n".to_owned() + &columns(&header, &rows) + "\n";
    for (i, report) in reports.iter().enumerate() {
        text += &format!("({}) {}: {}\n", i + 1, title(report), cannot_learn(report));
        if let Some(decay) = report.decay {
            text +=
                &format!("    falls like degree^-{:.5} +- {:.1e}\n", decay.exponent, decay.standard_error);
        }
    }
    text
}

fn ranking_header() -> Vec<String> {
    ["activation", "scale", "ratio", "ratio of visible", "smallest", "largest", "invisible"]
        .map(String::from)
        .to_vec()
}

fn ranking_rows(ranking: &Ranking, number: impl Fn(f64) -> String) -> Vec<Vec<String>> {
    let rows = ranking.ranking.iter().map(|r| {
        let hidden: Vec<String> = r.invisible_degrees.iter().map(usize::to_string).collect();
        vec![
            quoted(&r.activation.name()),
            number(r.scale),
            number(r.ratio),
            number(r.visible_ratio),
            number(r.smallest),
            number(r.largest),
            hidden.join(" "),
        ]
    });
    rows.collect()
}

fn ranking_table(ranking: &Ranking) -> String {
    format!(
        "activations for the degrees {} to {} in dimension {}, best first\n\n{}\nratio: the smallest eigenvalue over \
         these degrees, relative to the largest up to degree {}; about\nits inverse many iterations learn all of them. \
         What sees fewer of the degrees comes later.\n",
        ranking.from,
        ranking.to,
        ranking.dim,
        columns(&ranking_header(), &ranking_rows(ranking, short)),
        ranking.to
    )
}
