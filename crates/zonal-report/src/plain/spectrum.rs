//! Reports of `spectrum`.

use super::table::{Layout, csv, quoted};
use zonal_documents::number::{Extended, short};
use zonal_documents::spectrum::{DecayReport, DegreeReport, KernelKind, Ranking, SpectrumReport};

/// Formats one spectrum in full, several as a comparison.
pub(crate) fn text(reports: &[SpectrumReport], layout: Layout) -> String {
    match reports {
        [report] => table(report, layout),
        reports => comparison(reports, layout),
    }
}

/// Formats rankings, one after the other.
pub(crate) fn rankings(rankings: &[Ranking], layout: Layout) -> String {
    rankings.iter().map(|ranking| ranking_table(ranking, layout)).collect()
}

/// Formats rankings as CSV, one after the other.
pub(crate) fn rankings_csv(rankings: &[Ranking]) -> String {
    let one = |ranking: &Ranking| csv(&ranking_header(), &ranking_rows(ranking, |x| x.to_string()));
    rankings.iter().map(one).collect()
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

/// Formats spectra as CSV, one row for each degree.
pub(crate) fn csv_table(reports: &[SpectrumReport]) -> String {
    let mut all = Vec::new();
    for report in reports {
        let scale = report.scale.map_or("sqrt-dim".to_owned(), |s| s.to_string());
        let lead = [quoted(&report.activation.name()), report.dim.to_string(), scale];
        all.extend(rows(report, |x| x.to_string()).into_iter().map(|row| [lead.to_vec(), row].concat()));
    }
    let lead = ["activation", "dim", "scale"].map(String::from).to_vec();
    csv(&[lead, header()].concat(), &all)
}

/// Returns a title that identifies a spectrum among others.
fn title(report: &SpectrumReport) -> String {
    let scale = report.scale.map_or("sqrt n".to_owned(), short);
    format!("{}, n = {}, s = {scale}", report.activation, report.dim)
}

fn scientific(x: f64, ln: Option<f64>) -> String {
    match ln {
        None => "0".to_owned(),
        // On underflow the logarithm still determines the value.
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

/// Formats the error of a coefficient; an estimate is marked.
fn error(degree: &DegreeReport) -> String {
    match degree.error {
        None => "unknown".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(error) => format!("{}{error:.0e}", if degree.proven { "" } else { "~" }),
    }
}

fn table(report: &SpectrumReport, layout: Layout) -> String {
    let kernel = match (report.kernel, report.bias) {
        (KernelKind::Feature, false) => "",
        (KernelKind::Feature, true) => ", eigenvalues with a trained output bias",
        (KernelKind::Tangent, false) => ", eigenvalues of the tangent kernel",
        (KernelKind::Tangent, true) => ", eigenvalues of the tangent kernel with trained biases",
    };
    // Four digits are shown, so smaller errors are omitted.
    let norm_error = report.norm_sq_error.filter(|e| *e > 1e-5 * report.norm_sq);
    let norm_error = norm_error.map_or(String::new(), |e| format!(" +- {e:.0e}"));
    let mut text =
        format!("{}{kernel}: norm squared {}{norm_error}\n\n", title(report), short(report.norm_sq));
    let tangent = report.kernel == KernelKind::Tangent;
    let mut header = header()[..8].to_vec();
    let mut rows = rows(report, |x| if x == 0.0 { "0".into() } else { format!("{x:.6e}") });
    for (row, d) in rows.iter_mut().zip(&report.degrees) {
        // Multiplicities of more than 21 digits would make the table too wide.
        if let Some(ln) = d.ln_multiplicity.filter(|_| row[1].len() > 21) {
            row[1] = format!("10^{:.3}", ln / std::f64::consts::LN_10);
        }
        row[2] = scientific(d.coefficient, d.ln_abs_coefficient);
        row[3] = scientific(d.eigenvalue, d.ln_eigenvalue);
        row[5] = visibility(d).to_owned();
        row[6] = error(d);
        if let Some(error) = d.error.filter(|e| *e > 0.0 && d.sign == 0) {
            row[2] = format!("<{}", rounded_up(error));
            row[6] = format!("{}{}", if d.proven { "" } else { "~" }, rounded_up(error));
            if d.ln_eigenvalue.is_none() && !tangent {
                let square = error * error;
                row[3] = format!("<{}", rounded_up(square));
                row[4] = format!("<{}", rounded_up(square * d.ln_multiplicity.unwrap_or(0.0).exp()));
            }
        }
        row.truncate(header.len());
    }
    if tangent {
        // Errors and routes are those of the coefficients, not of the eigenvalues.
        header[2] = "coefficient of phi".to_owned();
        header.truncate(6);
        rows.iter_mut().for_each(|row| row.truncate(6));
    }
    // Route, multiplicity and energy are the first to be omitted on a narrow terminal.
    let order: Vec<usize> = [7, 1, 4, 6, 5, 2].into_iter().filter(|column| *column < header.len()).collect();
    text += &layout.columns_by_importance(&header, &rows, &order);
    if !tangent && report.degrees.iter().any(|d| !d.proven) {
        text += "errors marked ~ are estimates, the others proven bounds\n";
    }
    text + &notes(report)
}

/// Formats a bound, rounded up to one digit.
fn rounded_up(bound: f64) -> String {
    // The square of a small bound may underflow.
    let bound = bound.max(f64::MIN_POSITIVE);
    let power = bound.log10().floor();
    format!("{:.0e}", (bound / 10f64.powf(power)).ceil() * 10f64.powf(power))
}

/// Returns whether gradient descent can learn a degree.
fn visibility(degree: &DegreeReport) -> &'static str {
    match degree.visible {
        true => "yes",
        false if degree.is_undetermined() => "unknown",
        false => "no",
    }
}

/// Formats the lines below the table of a spectrum.
fn notes(report: &SpectrumReport) -> String {
    let mut text = limit_line(std::slice::from_ref(report));
    text += &format!("\nenergy beyond degree {}: {}\n", report.degrees.len() - 1, short(report.tail_energy));
    if let Some(degree) = report.degree_999 {
        let of = if report.kernel == KernelKind::Tangent { "energy of phi" } else { "feature energy" };
        text += &format!("99.9 % of the {of} is in degrees up to {degree}\n");
    }
    if let Some(decay) = &report.decay {
        text += &format!("eigenvalues {}\n", decay_text(decay));
    }
    text + &invisible_line(report) + "\n"
}

/// Explains the values in infinite dimension, if a report has any.
fn limit_line(reports: &[SpectrumReport]) -> String {
    if reports.iter().all(|r| r.dim != Extended::Infinite) {
        return String::new();
    }
    "dim inf: the coefficient is the limit of alpha_k sqrt(N_k) = E[phi(z) He_k(z)] / sqrt(k!), and the eigenvalue that of\n\
     alpha_k^2 N_k, the energy; eigenvalues of degrees k >= 1 themselves tend to 0\n"
        .to_owned()
}

/// The relative change of a local exponent beyond which eigenvalues do not follow a power law.
const DRIFT: f64 = 0.1;

/// Describes a decay: the exponent of the fitted power, and the local exponents at both ends.
fn decay_text(decay: &DecayReport) -> String {
    let [(first, start), (last, end)] = decay.ends;
    let local = format!("local exponent {:.2} at degree {first}, {:.2} at {last}", -start, -end);
    if end > (1.0 + DRIFT) * start {
        return format!("fall faster than a power of the degree: {local}");
    }
    if end < (1.0 - DRIFT) * start {
        return format!("fall more slowly than a power of the degree: {local}");
    }
    format!(
        "fall like degree^-{:.5} over the degrees {} to {}: {local}",
        decay.exponent, decay.from, decay.to
    )
}

/// States the invisible degrees, in one line.
fn invisible_line(report: &SpectrumReport) -> String {
    let invisible: Vec<usize> =
        report.degrees.iter().filter(|d| !d.visible && d.error == Some(0.0)).map(|d| d.degree).collect();
    let undetermined: Vec<String> =
        report.degrees.iter().filter(|d| d.is_undetermined()).map(|d| d.degree.to_string()).collect();
    let undetermined = match undetermined.len() {
        0 => String::new(),
        _ => format!("; not distinguished from zero: {}", undetermined.join(", ")),
    };
    let last = report.degrees.len() - 1;
    if invisible.is_empty() {
        return if undetermined.is_empty() {
            format!("every degree up to {last} is visible")
        } else {
            format!("no degree up to {last} is known to be invisible{undetermined}")
        };
    }
    // All degrees of one parity from some degree on are summarised.
    let mut summaries = Vec::new();
    let mut single = invisible.clone();
    for (parity, name) in [(0, "even"), (1, "odd")] {
        let visible = |k: usize| k % 2 == parity && !invisible.contains(&k);
        let first = (0..=last).rev().find(|k| visible(*k)).map_or(parity, |k| k + 2);
        if invisible.iter().filter(|k| **k >= first && *k % 2 == parity).count() >= 3 {
            single.retain(|k| *k < first || k % 2 != parity);
            summaries.push(if first <= 1 {
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
    list.extend(summaries);
    format!("cannot learn, at any width: {}{undetermined}", list.join(", "))
}

/// Formats the eigenvalues of several spectra in adjacent columns.
fn comparison(reports: &[SpectrumReport], layout: Layout) -> String {
    let mut header = vec!["degree".to_owned()];
    header.extend(reports.iter().enumerate().map(|(i, _)| format!("({})", i + 1)));
    let rows: Vec<Vec<String>> = (0..reports[0].degrees.len())
        .map(|k| {
            let values =
                reports.iter().map(|r| scientific(r.degrees[k].eigenvalue, r.degrees[k].ln_eigenvalue));
            std::iter::once(k.to_string()).chain(values).collect()
        })
        .collect();
    let mut text = "eigenvalues by degree\n\n".to_owned() + &layout.columns(&header, &rows) + "\n";
    for (i, report) in reports.iter().enumerate() {
        text += &format!("({}) {}: {}\n", i + 1, title(report), invisible_line(report));
        if let Some(decay) = &report.decay {
            text += &format!("    eigenvalues {}\n", decay_text(decay));
        }
    }
    text + &limit_line(reports)
}

fn ranking_header() -> Vec<String> {
    ["activation", "scale", "ratio", "ratio of visible", "smallest", "largest", "invisible"]
        .map(String::from)
        .to_vec()
}

fn ranking_rows(ranking: &Ranking, number: impl Fn(f64) -> String) -> Vec<Vec<String>> {
    let rows = ranking.ranking.iter().map(|r| {
        let invisible: Vec<String> = r.invisible_degrees.iter().map(usize::to_string).collect();
        vec![
            quoted(&r.activation.name()),
            number(r.scale),
            number(r.ratio),
            number(r.visible_ratio),
            number(r.smallest),
            number(r.largest),
            invisible.join(" "),
        ]
    });
    rows.collect()
}

fn ranking_table(ranking: &Ranking, layout: Layout) -> String {
    format!(
        "activations for the degrees {} to {} in dimension {}, best first\n\n{}\nratio: the smallest eigenvalue over \
         these degrees, divided by the largest up to degree {}. Its inverse\nis about the number of iterations that learn \
         all of them. Activations with more invisible degrees rank lower.\n",
        ranking.from,
        ranking.to,
        ranking.dim,
        layout.columns(&ranking_header(), &ranking_rows(ranking, short)),
        ranking.to
    )
}
