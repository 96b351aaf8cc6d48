//! The tables of a training: by degree, compared with polynomials, by label, and the numbers behind the curves.

use super::summary::width;
use crate::figure::{self, Curve, REST, degree_key, energy, has_rest, rest, shown_degrees};
use crate::page::{Cell, Row, Section, Table, number_cell, text_cell};
use crate::text::group_digits;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, multiplicity};
use zonal_documents::number::{Extended, short, short_count, short_residual};
use zonal_documents::train::{Importance, TrainReport};

/// Returns the index of the initial iteration of the slider: the best one if it is listed, otherwise the last.
pub(super) fn start(report: &TrainReport) -> usize {
    let chosen =
        report.best().and_then(|best| report.path.iter().position(|c| c.iteration == best.iteration));
    chosen.unwrap_or(report.path.len().saturating_sub(1))
}

/// Returns the table by degree: energy, eigenvalue, learning times and residual energy.
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
    let is_predicted = report.is_predicted();
    let start = report.path.get(start(report))?;
    // Eigenvalues are for units without biases.
    let spectrum = spectrum.filter(|_| report.descent.as_ref().is_none_or(|d| !d.biases));
    let rows = all.iter().map(|&k| {
        let eigenvalue = match spectrum.and_then(|s| s.get(k)) {
            Some(c) if c.visible() => short(c.eigenvalue()),
            Some(c) if c.absolute_error > 0.0 => "unknown".to_owned(),
            Some(_) => "0: invisible".to_owned(),
            None => "-".to_owned(),
        };
        let mut cells = vec![
            number_cell(k.to_string()),
            number_cell(short(target[k])),
            number_cell(multiplicity_text(dim, k)),
            number_cell(eigenvalue),
        ];
        for share in [0.5, 0.1, 0.01] {
            let found = learning.iter().find(|l| l.degree == k && l.share == share);
            cells.push(number_cell(match found {
                Some(l) if is_predicted => format!("{} ({})", time(l.iteration), time(l.predicted)),
                found => time(found.and_then(|l| l.iteration)),
            }));
        }
        cells.push(number_cell(short_residual(energy(start, k))));
        Row { toggle: Some(degree_key(k)), cells }
    });
    let other = rest(start, &all).filter(|_| has_rest(report, &all)).map(|energy| {
        let mut cells = vec![number_cell(REST)];
        cells.extend((0..6).map(|_| number_cell("-")));
        cells.push(number_cell(short_residual(energy)));
        Row { toggle: Some(REST.to_owned()), cells }
    });
    let mut header: Vec<String> =
        ["degree", "energy", "multiplicity", "eigenvalue", "to 50 %", "to 10 %", "to 1 %"]
            .map(String::from)
            .into();
    header.push(format!("residual at {}", group_digits(start.iteration)));
    let rows = rows.chain(other).collect();
    let table = Table { caption: "By degree".to_owned(), header, rows, folded: false };
    let mut text = match (&report.descent, report.width) {
        (Some(_), _) if !is_predicted => {
            "Listed iterations at which the residual energy is down to 50, 10 and 1 %."
        }
        (Some(_), _) => {
            "Listed iterations at which the residual energy is down to 50, 10 and 1 %; in brackets the prediction of the tangent \
             kernel at the start."
        }
        (None, Extended::Finite(_)) => {
            "Iterations at which the residual energy is down to 50, 10 and 1 %; in brackets the prediction of infinite width."
        }
        (None, Extended::Infinite) => {
            "Iterations at which the residual energy is down to 50, 10 and 1 % at infinite width: found along the run to one part in \
             1,000, and in brackets by the formula."
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

/// Formats the multiplicity; numbers of more than nine digits are truncated to four.
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
                text_cell(&format!("polynomial of degree {}", p.degree)),
                number_cell(p.monomials.map_or("-".to_owned(), |m| group_digits(m as u64))),
                number_cell(root(Some(p.error))),
                number_cell(root(p.test_error) + if interpolates { " (interpolates)" } else { "" }),
            ])
        })
        .collect();
    let optional = |x: Option<f64>| x.map_or("-".to_owned(), short);
    rows.push(Row::new(vec![
        text_cell("this network"),
        number_cell(width(report)),
        number_cell(optional(report.train_rmse)),
        number_cell(optional(report.test_rmse)),
    ]));
    let header = ["model", "terms", "training RMSE", "test RMSE"].map(String::from).to_vec();
    let caption = "Polynomials fitted by least squares, and the network at its best iteration".to_owned();
    Some(Section {
        heading: "Comparison with polynomials".to_owned(),
        tables: vec![Table { caption, header, rows, folded: false }],
        ..Section::default()
    })
}

/// Returns the table of how much grown networks move with each feature.
pub(super) fn importances(report: &TrainReport) -> Option<Section> {
    let importances = report.importances.as_ref()?;
    let row = |i: &Importance| {
        Row::new(vec![text_cell(&i.feature), number_cell(format!("{} %", short(100.0 * i.share)))])
    };
    let caption =
        "Mean square of the derivative by each feature in standard units, as a share of the sum; not a cause";
    Some(Section {
        heading: "What the network moves with".to_owned(),
        tables: vec![Table {
            caption: caption.to_owned(),
            header: ["feature", "share"].map(String::from).to_vec(),
            rows: importances.iter().take(IMPORTANCES).map(row).collect(),
            folded: false,
        }],
        ..Section::default()
    })
}

/// The largest number of features in the table of importances.
const IMPORTANCES: usize = 30;

pub(super) fn labels(report: &TrainReport) -> Option<Section> {
    let errors = report.label_errors.as_ref().filter(|l| l.len() > 1 && report.classification.is_none())?;
    let optional = |x: Option<f64>| number_cell(x.map_or("-".to_owned(), short));
    let rows = errors
        .iter()
        .map(|l| {
            let errors = [l.train_rmse, l.validation_rmse, l.test_rmse].map(optional);
            Row::new([text_cell(&l.label)].into_iter().chain(errors).collect())
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

/// Returns a table of the numbers behind the curves.
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
    let rest_listed = has_rest(report, &degrees);
    header.extend(rest_listed.then(|| REST.to_owned()));
    let rows = report.path.iter().map(|c| {
        let mut cells = vec![number_cell(group_digits(c.iteration)), number_cell(short(shown(c.loss)))];
        let cell = |x: Option<f64>| -> Cell { number_cell(x.map_or("-".to_owned(), short)) };
        cells.extend(more.iter().map(|(_, f)| cell(f(c).map(shown))));
        cells.extend(degrees.iter().map(|&k| number_cell(short_residual(energy(c, k)))));
        cells.extend(
            rest(c, &degrees).filter(|_| rest_listed).map(|energy| number_cell(short_residual(energy))),
        );
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
