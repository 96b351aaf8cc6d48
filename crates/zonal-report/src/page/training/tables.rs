//! The tables of a training: by degree, beside polynomials, by label, and the numbers behind the curves.

use super::words::width;
use crate::figure::{self, Curve, degree_key, energy, shown_degrees};
use crate::page::{Cell, Row, Section, Table, number, words};
use crate::text::grouped;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, multiplicity};
use zonal_documents::number::{Extended, short, short_count};
use zonal_documents::train::TrainReport;

/// The listed iteration that the page begins with: the chosen one, which is mostly the last where nothing chooses.
pub(super) fn start(report: &TrainReport) -> usize {
    let chosen = report.path.iter().position(|c| c.iteration == report.best_iteration);
    chosen.unwrap_or(report.path.len().saturating_sub(1))
}

/// The table by degree: energy, speed, when it is learned, and what is left.
pub(super) fn degrees_section(
    report: &TrainReport,
    spectrum: Option<&Spectrum>,
    dim: Dim,
) -> Option<Section> {
    let target = report.target_energy.as_ref()?;
    let shown = shown_degrees(report);
    let all = figure::all_degrees(report);
    let learning = report.learning.as_deref().unwrap_or_default();
    let time = |t: Option<u64>| t.map_or("-".to_owned(), short_count);
    let kept = report.path.get(start(report))?;
    // Biases change what units see.
    let spectrum = spectrum.filter(|_| report.descent.as_ref().is_none_or(|d| !d.biases));
    let rows = all.iter().map(|&k| {
        let eigenvalue = match spectrum {
            Some(s) if s.visible(k) => short(s.eigenvalue(k)),
            Some(_) => "0: invisible".to_owned(),
            None => "-".to_owned(),
        };
        let mut cells = vec![
            number(k.to_string()),
            number(short(target[k])),
            number(multiplicity_text(dim, k)),
            number(eigenvalue),
        ];
        for share in [0.5, 0.1, 0.01] {
            let found = learning.iter().find(|l| l.degree == k && l.share == share);
            cells.push(number(
                found.map_or("-".to_owned(), |l| format!("{} ({})", time(l.iteration), time(l.predicted))),
            ));
        }
        cells.push(number(short(energy(kept, k))));
        Row { toggle: Some(degree_key(k)), cells }
    });
    let mut header: Vec<String> =
        ["degree", "energy", "multiplicity", "eigenvalue", "50 % left", "10 % left", "1 % left"]
            .map(String::from)
            .into();
    header.push(format!("left at {}", grouped(kept.iteration)));
    let table = Table { caption: "By degree".to_owned(), header, rows: rows.collect(), folded: false };
    let mut text = match (&report.descent, report.width) {
        (Some(_), _) => "Listed iterations; in brackets what the tangent kernel at the start predicts.",
        (None, Extended::Finite(_)) => "Iterations measured; in brackets what infinite width predicts.",
        (None, Extended::Infinite) => {
            "Iterations at infinite width: found along the run to one part in 1,000, and in brackets by the formula."
        }
    }
    .to_owned();
    if all.len() > shown.len() {
        text += &format!(" Figures show the first {} of {} degrees.", shown.len(), all.len());
    }
    Some(Section {
        heading: "When each degree is learned".to_owned(),
        texts: vec![text],
        tables: vec![table],
        ..Section::default()
    })
}

/// The multiplicity; of many digits the first four, cut off.
fn multiplicity_text(dim: Dim, degree: usize) -> String {
    let exact = multiplicity(dim, degree).to_string();
    if exact.len() <= 9 {
        return exact;
    }
    format!("{}.{}e{}", &exact[..1], &exact[1..4], exact.len() - 1)
}

pub(super) fn polynomials(report: &TrainReport) -> Option<Section> {
    if report.target.is_some() || report.best_polynomial.is_empty() {
        return None;
    }
    let root = |x: Option<f64>| x.map_or("-".to_owned(), |x| short(x.sqrt()));
    let train = report.rows.map_or(u64::MAX, |r| r.train);
    let mut rows: Vec<Row> = report
        .best_polynomial
        .iter()
        .map(|p| {
            let interpolates = p.rank.is_some_and(|r| r as u64 >= train);
            Row::new(vec![
                words(&format!("polynomial of degree {}", p.degree)),
                number(p.monomials.map_or("-".to_owned(), |m| grouped(m as u64))),
                number(root(Some(p.error))),
                number(root(p.test_error) + if interpolates { " (interpolates)" } else { "" }),
            ])
        })
        .collect();
    let optional = |x: Option<f64>| x.map_or("-".to_owned(), short);
    rows.push(Row::new(vec![
        words("this network"),
        number(width(report)),
        number(optional(report.train_rmse)),
        number(optional(report.test_rmse)),
    ]));
    let header = ["model", "terms", "training RMSE", "test RMSE"].map(String::from).to_vec();
    let caption = "Polynomials fitted by least squares, and the network at its best iteration".to_owned();
    Some(Section {
        heading: "Beside polynomials".to_owned(),
        tables: vec![Table { caption, header, rows, folded: false }],
        ..Section::default()
    })
}

pub(super) fn labels(report: &TrainReport) -> Option<Section> {
    let errors = report.label_errors.as_ref().filter(|l| l.len() > 1)?;
    let optional = |x: Option<f64>| number(x.map_or("-".to_owned(), short));
    let rows = errors
        .iter()
        .map(|l| {
            let errors = [l.train_rmse, l.validation_rmse, l.test_rmse].map(optional);
            Row::new([words(&l.label)].into_iter().chain(errors).collect())
        })
        .collect();
    let header = ["label", "training RMSE", "held out", "test RMSE"].map(String::from).to_vec();
    let caption = "Root mean squared errors at the best iteration, in each label's unit".to_owned();
    Some(Section {
        heading: "Each label".to_owned(),
        tables: vec![Table { caption, header, rows, folded: false }],
        ..Section::default()
    })
}

/// Everything that the curves show, as a table.
pub(super) fn numbers(report: &TrainReport) -> Section {
    let degrees = figure::all_degrees(report);
    let shown = figure::shown_error(report);
    let more: Vec<(&str, Curve)> = [
        ("validation", (|c| c.validation_loss) as Curve),
        ("test", |c| c.test_loss),
        ("tangent kernel", |c| c.predicted_loss),
    ]
    .into_iter()
    .filter(|(_, f)| report.path.iter().any(|c| f(c).is_some()))
    .collect();
    let mut header: Vec<String> = vec![
        "iteration".into(),
        if report.target.is_some() { "loss" } else { figure::fitted_rows(report) }.into(),
    ];
    header.extend(more.iter().map(|(name, _)| (*name).to_owned()));
    header.extend(degrees.iter().map(|k| format!("degree {k}")));
    let rows = report.path.iter().map(|c| {
        let mut cells = vec![number(grouped(c.iteration)), number(short(shown(c.loss)))];
        let cell = |x: Option<f64>| -> Cell { number(x.map_or("-".to_owned(), short)) };
        cells.extend(more.iter().map(|(_, f)| cell(f(c).map(shown))));
        cells.extend(degrees.iter().map(|&k| number(short(energy(c, k)))));
        Row::new(cells)
    });
    let caption = match report.target {
        Some(_) => "The numbers behind the curves: mean squared errors, and residual energies by degree",
        None => "The numbers behind the curves: root mean squared errors",
    }
    .to_owned();
    let table = Table { caption, header, rows: rows.collect(), folded: true };
    Section { tables: vec![table], ..Section::default() }
}
