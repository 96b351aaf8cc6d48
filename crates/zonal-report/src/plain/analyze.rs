//! Reports of `analyze`.

use super::table::{Layout, csv, quoted};
use zonal_documents::analyze::{AnalyzeReport, LabelAnalysis};
use zonal_documents::number::short;
use zonal_documents::options::{FEATURES, MOST_MONOMIALS};
use zonal_documents::train::EncodedColumnReport;

/// Formats an analysis as CSV, one row for each label and degree.
pub(crate) fn polynomials_csv(report: &AnalyzeReport) -> String {
    let header = [
        "label",
        "degree",
        "monomials",
        "rank",
        "error",
        "test_error",
        "noise_rmse",
        "energy",
        "energy_standard_error",
        "rmse",
        "test_rmse",
    ]
    .map(String::from);
    let optional = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    let of_label = |l: &LabelAnalysis| {
        let (label, noise) = (l.label.clone(), l.noise_rmse);
        let energies = l.energies.clone();
        let one = move |p: &zonal_documents::analyze::PolynomialError| {
            let energy = energies.get(p.degree);
            vec![
                quoted(&label),
                p.degree.to_string(),
                p.monomials.to_string(),
                p.rank.to_string(),
                p.error.to_string(),
                optional(p.test_error),
                optional(noise),
                optional(energy.map(|e| e.energy)),
                optional(energy.map(|e| e.standard_error)),
                p.error.sqrt().to_string(),
                optional(p.test_error.map(f64::sqrt)),
            ]
        };
        l.best_polynomial.iter().map(one).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = report.labels.iter().flat_map(of_label).collect();
    csv(&header, &rows)
}

pub(crate) fn text(report: &AnalyzeReport, layout: Layout) -> String {
    let mut text = format!("{} rows, {} feature columns", report.rows, report.columns);
    if report.dropped > 0 {
        text += &format!("; {} rows with missing values dropped", report.dropped);
    }
    if !report.dropped_columns.is_empty() {
        text += &format!("; constant: {}", report.dropped_columns.join(", "));
    }
    text.push('\n');
    for EncodedColumnReport { column, treatment } in report.encoded_columns.iter().flatten() {
        text += &format!("column '{column}': {treatment}\n");
    }
    for label in &report.labels {
        text += &of_label(report, label, layout);
    }
    if let Some(skipped) = report.skipped {
        let count = skipped.monomials.map_or("more than 2^64".to_owned(), |n| n.to_string());
        text += &format!(
            "\nDegree {} is skipped: it has {count} monomials; raise {MOST_MONOMIALS} or list fewer {FEATURES}.\n",
            skipped.degree
        );
    }
    text + &sphere(report)
}

fn of_label(report: &AnalyzeReport, label: &LabelAnalysis, layout: Layout) -> String {
    let mut text =
        format!("\n{}: mean {}, deviation {}\n\n", label.label, short(label.mean), short(label.deviation));
    let energies = !label.energies.is_empty();
    let mut header = ["degree", "monomials", "RMSE", "held-out RMSE"].map(String::from).to_vec();
    if energies {
        header.extend(["energy", "+-"].map(String::from));
    }
    let rows: Vec<Vec<String>> = label
        .best_polynomial
        .iter()
        .map(|p| {
            let fit = if p.rank < p.monomials {
                format!("{} ({})", p.monomials, p.rank)
            } else {
                p.monomials.to_string()
            };
            let mut row = vec![
                p.degree.to_string(),
                fit,
                short(p.error.sqrt()),
                p.test_error.map_or("-".to_owned(), |e| short(e.sqrt())),
            ];
            if let Some(e) = label.energies.get(p.degree) {
                row.extend([short(e.energy), short(e.standard_error)]);
            }
            row
        })
        .collect();
    text += &layout.columns(&header, &rows);
    if label.best_polynomial.iter().any(|p| p.rank < p.monomials) {
        text += "In brackets: the rank of the monomials on the rows.\n";
    }
    if let Some(noise) = label.noise_rmse {
        text += &format!(
            "Noise floor: RMSE {} over {} rows that share their features with others; no function of the features is \
             more accurate.\n",
            short(noise),
            report.repeated_rows
        );
    }
    for determining in &label.determined_by {
        text += &format!(
            "Column '{}' alone explains {} of the variance of {}. If it is a copy of the label, or known only after it, \
             leave it out ({FEATURES}).\n",
            determining.column,
            share(1.0 - determining.unexplained),
            label.label
        );
    }
    text
}

/// Formats a share just below 1, rounded down.
fn share(explained: f64) -> String {
    if explained >= 1.0 { "all".to_owned() } else { format!("{:.2} %", (1e4 * explained).floor() / 100.0) }
}

fn sphere(report: &AnalyzeReport) -> String {
    let [rayleigh, bingham] = report.uniformity[..] else { return String::new() };
    let what = if report.on_sphere { "the rows" } else { "the directions of the standardised rows" };
    let verdict = if rayleigh.abs().max(bingham.abs()) > 4.0 {
        "they are not uniform, and the energies depend on their distribution"
    } else {
        "they are consistent with uniform points, as the energies assume"
    };
    format!(
        "\nEnergies: {what} on the sphere of dimension {}, from {} rows. Degrees 1 and 2 of the rows themselves are {} and \
         {} standard errors from uniform: {verdict}.\n",
        report.sphere_dim,
        report.sampled_rows,
        short(rayleigh),
        short(bingham)
    )
}
