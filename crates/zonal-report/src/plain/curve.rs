//! Reports of `curve`.

use super::plan::short_rows;
use super::table::{Layout, csv};
use crate::text::count_noun;
use zonal_documents::curve::{CurvePoint, CurveReport, DegreeRows, MapReport, RegimeName};
use zonal_documents::number::{short, short_count};

/// Formats a curve for reading.
pub(crate) fn text(report: &CurveReport, layout: Layout) -> String {
    let energies = || report.target_energy.iter().map(|e| short(*e)).collect::<Vec<_>>().join(", ");
    let what =
        report.target.clone().unwrap_or_else(|| format!("a function with the energies {}", energies()));
    let mut text = format!(
        "{what} in dimension {}, noise of variance {}: {} units of scale {}\n",
        report.dim,
        short(report.noise),
        report.activation,
        short(report.scale)
    );
    text += "predicted mean over rows, noise and units; a prediction, not a bound\n\n";
    if let Some(map) = &report.map {
        return text + &map_text(report, map, layout);
    }
    let has_ridge = report.points.iter().any(|p| p.ridge.is_some());
    let has_iterations = report.points.iter().any(|p| p.iterations.is_some());
    let is_simulated = report.points.iter().any(|p| p.simulated.is_some());
    let mut header: Vec<&str> = vec!["rows", "width"];
    header.extend(has_ridge.then_some("ridge"));
    header.extend(has_iterations.then_some("iterations"));
    header.extend(["test error", "train error", "noise", "learned"]);
    header.extend(is_simulated.then_some("simulated"));
    header.push("");
    let header: Vec<String> = header.into_iter().map(str::to_owned).collect();
    let row = |point: &CurvePoint| {
        let mut row = vec![size(point.rows), size(point.width)];
        let best = if point.best { " best" } else { "" };
        if has_ridge {
            row.push(point.ridge.map_or(String::new(), |ridge| short(ridge) + best));
        }
        if has_iterations {
            row.push(point.iterations.map_or(String::new(), |t| short_count(t) + best));
        }
        row.extend([point.test_error, point.train_error, point.noise_share].map(number));
        row.push(learned(point));
        if is_simulated {
            let error = point.standard_error.map_or(String::new(), |e| format!(" +- {e:.1e}"));
            row.push(point.simulated.map_or(String::new(), |mean| short(mean) + &error));
        }
        row.push(point.regime.note().to_owned());
        row
    };
    let rows: Vec<Vec<String>> = report.points.iter().map(row).collect();
    text += &layout.columns(&header, &rows);
    text += &explanations(report);
    text
}

/// Formats a map: the degree learned for each number of rows and units, at most about a dozen of each.
fn map_text(report: &CurveReport, map: &MapReport, layout: Layout) -> String {
    const MOST: usize = 13;
    let every = |count: usize| count.div_ceil(MOST).max(1);
    let (rows_step, width_step) = (every(map.rows.len()), every(map.width.len()));
    let mut header = vec!["rows".to_owned()];
    header.extend(map.width.iter().step_by(width_step).map(|m| size(*m)));
    let cell = |degree: &Option<usize>| degree.map_or("-".to_owned(), |k| k.to_string());
    let lines = map.rows.iter().zip(&map.degree_learned).step_by(rows_step).map(|(rows, degrees)| {
        [vec![size(*rows)], degrees.iter().step_by(width_step).map(cell).collect()].concat()
    });
    let fit = match (map.ridge, map.iterations) {
        (Some(ridge), _) => format!("the ridge {}", short(ridge)),
        (None, Some(t)) => format!("{} iterations", short_count(t)),
        (None, None) => if map.is_stopped { "the best iteration" } else { "the best ridge" }.to_owned(),
    };
    let some = if rows_step.max(width_step) > 1 { "; some of the sizes" } else { "" };
    let mut text = format!(
        "largest degree of which half is learned, with {fit}, by rows (down) and width (across){some}\n\n"
    );
    text += &layout.columns(&header, &lines.collect::<Vec<_>>());
    text + "\n" + &never_learned(report) + &halves(report)
}

/// Formats the numbers of rows for half of each degree with energy.
fn halves(report: &CurveReport) -> String {
    let with_energy = report.rows_half.iter().filter(|half| report.target_energy[half.degree] > 0.0);
    let one = |half: &DegreeRows| {
        format!(
            "half of degree {}, by a wide network without a ridge: about {} rows\n",
            half.degree,
            short_rows(half.rows)
        )
    };
    with_energy.map(one).collect()
}

fn size(count: zonal_documents::number::Extended) -> String {
    count.finite().map_or("inf".to_owned(), short_count)
}

fn number(x: Option<f64>) -> String {
    x.map_or("infinite".to_owned(), short)
}

/// The learned factors of the degrees with energy.
fn learned(point: &CurvePoint) -> String {
    let with_energy = point.degrees.iter().filter(|d| d.energy > 0.0);
    with_energy.map(|d| format!("{:.2}", d.learned.clamp(0.0, 1.0))).collect::<Vec<_>>().join(" ")
}

/// Formats a list of degrees.
fn degree_list(degrees: &[String]) -> String {
    match degrees {
        [one] => format!("degree {one}"),
        several => format!("the degrees {}", several.join(", ")),
    }
}

/// Formats the energy that no number of rows or units learns.
fn never_learned(report: &CurveReport) -> String {
    let mut text = String::new();
    if !report.invisible_degrees.is_empty() {
        let list: Vec<String> = report.invisible_degrees.iter().map(usize::to_string).collect();
        let energy: f64 = report.invisible_degrees.iter().map(|&k| report.target_energy[k]).sum();
        text += &format!(
            "never learned: energy {} of {}, which {} does not see\n",
            short(energy),
            degree_list(&list),
            report.activation
        );
    }
    if report.unseen > 0.0 {
        text += &format!(
            "never learned here: energy {} beyond degree {}\n",
            short(report.unseen),
            report.target_energy.len().saturating_sub(1)
        );
    }
    text
}

fn explanations(report: &CurveReport) -> String {
    let degrees: Vec<String> = (0..report.target_energy.len())
        .filter(|&k| report.target_energy[k] > 0.0)
        .map(|k| k.to_string())
        .collect();
    let mut text = format!(
        "\nnoise: the part of the test error that is due to noise of the rows' labels; learned: of {}\n",
        degree_list(&degrees)
    );
    text += &never_learned(report);
    text += &halves(report);
    let has = |regime| report.points.iter().any(|p| p.regime == regime);
    if has(RegimeName::NearInterpolation) {
        text += "near interpolation: may be too low, by up to 40 % in dimension 5 (docs/theory/rows.md)\n";
    }
    if has(RegimeName::Few) {
        text += "few: with fewer than ten rows or units the prediction is an indication\n";
    }
    let tail = report.points.iter().map(|p| p.tail_error).fold(0.0, f64::max);
    if tail > 1e-6 {
        text += &format!(
            "degrees beyond {} count as a tail: the effective dimension is known to {:.0e} only\n",
            report.max_degree, tail
        );
    }
    if let Some(holds) = report.holds {
        let is_compared = |p: &&CurvePoint| p.simulated.is_some() && p.test_error.is_some();
        let draws = report.points.iter().filter(is_compared).count() as u64;
        let verb = match (holds, draws) {
            (true, 1) => "agrees",
            (true, _) => "agree",
            (false, 1) => "does not agree",
            (false, _) => "do not all agree",
        };
        text += &format!(
            "{} with a simulation {verb} within four standard errors and 3 %\n",
            count_noun(draws, "point")
        );
    }
    text
}

fn map_csv(map: &MapReport) -> String {
    let header = ["rows", "width", "test_error", "degree_learned"].map(String::from);
    let mut lines = Vec::new();
    for ((rows, errors), degrees) in map.rows.iter().zip(&map.test_error).zip(&map.degree_learned) {
        for ((width, error), degree) in map.width.iter().zip(errors).zip(degrees) {
            let error = error.map_or(String::new(), |x| x.to_string());
            let degree = degree.map_or(String::new(), |k| k.to_string());
            lines.push(vec![rows.to_string(), width.to_string(), error, degree]);
        }
    }
    csv(&header, &lines)
}

/// Formats a curve as CSV, one row for each point.
pub(crate) fn table_csv(report: &CurveReport) -> String {
    if let Some(map) = &report.map {
        return map_csv(map);
    }
    let listed = report.target_energy.len();
    let mut header: Vec<String> = [
        "rows",
        "width",
        "ridge",
        "iterations",
        "best",
        "test_error",
        "train_error",
        "excess",
        "noise_share",
        "effective_ridge",
        "effective_dimension",
        "regime",
        "simulated",
        "standard_error",
        "further_variance",
    ]
    .map(String::from)
    .to_vec();
    for k in 0..listed {
        header.extend(["learned", "bias", "variance"].map(|name| format!("{name}_{k}")));
    }
    let optional = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    let rows = report.points.iter().map(|p| {
        let mut row = vec![
            p.rows.to_string(),
            p.width.to_string(),
            optional(p.ridge),
            p.iterations.map_or(String::new(), |t| t.to_string()),
            p.best.to_string(),
            optional(p.test_error),
            optional(p.train_error),
            optional(p.excess),
            optional(p.noise_share),
            optional(p.effective_ridge),
            optional(p.effective_dimension),
            match p.regime {
                RegimeName::Regular => "regular",
                RegimeName::NearInterpolation => "near-interpolation",
                RegimeName::Few => "few",
            }
            .to_owned(),
            optional(p.simulated),
            optional(p.standard_error),
            optional(p.further_variance),
        ];
        for d in &p.degrees {
            row.extend([d.learned.to_string(), d.bias.to_string(), optional(d.variance)]);
        }
        row
    });
    csv(&header, &rows.collect::<Vec<_>>())
}
