//! Reports of `plan`.

use super::table::{csv, quoted};
use zonal_documents::number::{readable_bytes, readable_seconds};
use zonal_documents::number::{short, short_count, short_up};
use zonal_documents::options::{ACTIVATION, DEGREE, DELTA, EPSILON, ITERATIONS, SCALE, WIDTH};
use zonal_documents::plan::{PlanReport, WayOut, WayOutKind};

/// Formats a plan as one row of CSV.
pub(crate) fn row(report: &PlanReport) -> String {
    let single = report.single_draw;
    let cells = [
        ("target", quoted(&report.target)),
        ("dim", report.dim.to_string()),
        ("activation", quoted(&report.activation.to_string())),
        ("scale", report.scale.to_string()),
        ("degree", report.degree.to_string()),
        ("epsilon", report.epsilon.to_string()),
        ("width", report.width.to_string()),
        ("iterations", report.iterations.to_string()),
        ("step_size", report.step_size.to_string()),
        ("norm_sq", report.norm_sq.to_string()),
        ("comparator_norm_sq", report.comparator_norm_sq.to_string()),
        ("best_polynomial_error", report.best_polynomial_error.to_string()),
        ("invisible_energy", report.invisible_energy.to_string()),
        ("loss_bound", report.loss_bound.to_string()),
        ("delta", single.map_or(String::new(), |s| s.delta.to_string())),
        ("single_draw_bound", single.map_or(String::new(), |s| s.loss_bound.to_string())),
        ("operator_iterations", report.operator_iterations.map_or(String::new(), |t| t.to_string())),
        ("noise", report.noise.to_string()),
        ("rows_predicted", report.rows_predicted.map_or(String::new(), |n| n.to_string())),
        ("ridge_predicted", report.ridge_predicted.map_or(String::new(), |ridge| ridge.to_string())),
        ("rows_proved", report.rows_proved.map_or(String::new(), |n| n.to_string())),
        ("ridge_proved", report.ridge_proved.map_or(String::new(), |ridge| ridge.to_string())),
        ("memory_bytes", report.cost.memory_bytes.to_string()),
        ("mean_loss", report.verification.map_or(String::new(), |v| v.mean_loss.to_string())),
        ("standard_error", report.verification.map_or(String::new(), |v| v.standard_error.to_string())),
    ];
    csv(&cells.clone().map(|(name, _)| name.to_owned()), &[cells.map(|(_, value)| value).to_vec()])
}

/// Formats a plan for reading.
pub(crate) fn text(report: &PlanReport) -> String {
    let mut text = format!(
        "{}\nin dimension {}, by {} units at scale {}: degree {}, epsilon {}\n\n",
        report.target,
        report.dim,
        report.activation,
        short(report.scale),
        report.degree,
        short(report.epsilon)
    );
    let pair = |name: &str, value: String| vec![name.to_owned(), value];
    let mut rows = vec![
        pair("width", report.width.to_string()),
        pair("iterations", short_count(report.iterations)),
        pair("step", format!("{} or auto", short(report.step_size))),
        pair("learns degrees", learns(report)),
    ];
    if let Some(t) = report.operator_iterations {
        rows.push(pair("at infinite width", format!("{} iterations (a prediction)", short_count(t))));
    }
    text += &left_columns(&rows);
    text += &bound(report);
    text += &rows_needed(report);
    text += &remarks(report);
    if let Some(v) = report.verification {
        let verdict = match v.holds {
            Some(true) => "holds",
            Some(false) => "does NOT hold",
            None => "holds for the mean; too few seeds to check it",
        };
        let found = match v.seeds {
            1 => format!("with one seed: loss {}", short(v.mean_loss)),
            n => format!("over {n} seeds: mean loss {} +- {}", short(v.mean_loss), short(v.standard_error)),
        };
        text += &format!("\nTrained {found}; the bound {} {verdict}.\n", short_up(report.loss_bound));
    }
    text
}

/// Formats the degrees that are learned, or the reason why there are none.
fn learns(report: &PlanReport) -> String {
    let uses_any = report.shares.iter().any(|share| *share > 0.0);
    if uses_any || report.loss_bound > goal(report) {
        return shared(report);
    }
    let learnable = report.target_norm_sq
        - report.best_polynomial_error
        - report.invisible_energy
        - report.undetermined_energy;
    match report.invisible_energy > 0.0 {
        true if learnable <= 1e-9 * report.target_norm_sq => {
            format!("none: {} sees no degree of this target", report.activation)
        }
        true => "none needed: predicting 0 meets the goal, which counts invisible energy as lost".to_owned(),
        false => "none needed: predicting 0 already meets the goal".to_owned(),
    }
}

/// Formats the degrees of the comparator, each with its share where that is not nearly all of it.
fn shared(report: &PlanReport) -> String {
    let one = |(degree, share): (&usize, &f64)| match *share {
        share if share >= 0.95 => degree.to_string(),
        share => format!("{degree} (share {share:.2})"),
    };
    let all: Vec<String> = report.degrees.iter().zip(&report.shares).map(one).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// Returns the loss that the plan is to reach.
fn goal(report: &PlanReport) -> f64 {
    report.best_polynomial_error + report.invisible_energy + report.undetermined_energy + report.epsilon
}

/// Formats names and values in left-aligned columns.
fn left_columns(rows: &[Vec<String>]) -> String {
    let width = rows.iter().map(|r| r[0].len()).max().unwrap_or(0);
    rows.iter().map(|r| format!("  {:<width$}  {}\n", r[0], r[1])).collect()
}

fn bound(report: &PlanReport) -> String {
    let iterations = match report.iterations {
        // Without iterations the comparator is zero.
        0 => 0.0,
        t => 0.5 * report.comparator_norm_sq * report.norm_sq / t as f64,
    };
    let width = (report.loss_bound - report.comparator_error - iterations).max(0.0);
    let unlearned = report.comparator_error
        - report.best_polynomial_error
        - report.invisible_energy
        - report.undetermined_energy;
    let mut terms = vec![(
        report.best_polynomial_error,
        format!("error of the best polynomial of degree {}", report.degree),
    )];
    if report.invisible_energy > 0.0 {
        terms.push((
            report.invisible_energy,
            format!("energy in degrees that are invisible to {}", report.activation),
        ));
    }
    if report.undetermined_energy > 0.0 {
        terms.push((
            report.undetermined_energy,
            "energy in degrees whose coefficient is below its error bound".to_owned(),
        ));
    }
    if unlearned > 1e-12 * report.target_norm_sq {
        terms.push((
            unlearned,
            "energy that the comparator omits, since it would cost more than it gains".to_owned(),
        ));
    }
    terms.push((width, "finite width".to_owned()));
    terms.push((iterations, "finite number of iterations".to_owned()));
    let rows: Vec<Vec<String>> = terms.into_iter().map(|(x, name)| vec![short(x), name]).collect();
    let widest = rows.iter().map(|r| r[0].len()).max().unwrap_or(0);
    let lines: String = rows.iter().map(|r| format!("  {:>widest$}  {}\n", r[0], r[1])).collect();
    let mut text = format!(
        "\nProven: the mean of the loss over random hidden units is at most {}, the sum of\n{lines}",
        short_up(report.loss_bound)
    );
    if report.loss_bound > goal(report) * (1.0 + 1e-9) {
        text += &format!(
            "This misses the goal of {}; omit {WIDTH} or {ITERATIONS} for a plan that reaches it.\n",
            short(goal(report))
        );
    }
    text + &single_draw(report)
}

/// Formats the numbers of rows that take the place of exact expectations.
fn rows_needed(report: &PlanReport) -> String {
    let noise = if report.noise > 0.0 {
        format!(", with noise of variance {}", short(report.noise))
    } else {
        String::new()
    };
    let mut text = format!("\nFrom rows in place of exact expectations, for the same goal{noise}:\n");
    text += &match report.rows_predicted {
        Some(rows) => format!(
            "  predicted: about {} rows at this width, {}, or with early stopping; not a guarantee\n",
            short_rows(rows),
            report.ridge_predicted.map_or(String::new(), |ridge| format!("with the ridge {}", short(ridge)))
        ),
        None => "  predicted: no number of rows reaches it at this width\n".to_owned(),
    };
    text += &match (report.rows_proved, report.ridge_proved) {
        (Some(rows), Some(ridge)) => format!(
            "  proven: {} rows at infinite width, by ridge regression with the ridge {}\n",
            short_count(rows),
            short(ridge)
        ),
        _ => "  proven: no number of rows\n".to_owned(),
    };
    let halves: Vec<String> = report
        .rows_half
        .iter()
        .map(|half| format!("{} rows for degree {}", short_rows(half.rows), half.degree))
        .collect();
    if !halves.is_empty() {
        text +=
            &format!("  half of a degree, by a wide network without a ridge: about {}\n", halves.join(", "));
    }
    text
}

/// Formats a predicted number of rows with three digits.
pub(super) fn short_rows(rows: f64) -> String {
    if rows < 1e6 {
        let unit = 10f64.powf((rows.max(1.0).log10().floor() - 2.0).max(0.0));
        return format!("{}", (rows / unit).ceil() * unit);
    }
    format!("{rows:.2e}")
}

/// A bound of this share of the target's energy says nothing.
const VACUOUS: f64 = 0.99;

/// Formats the bound for a single draw, if there is one.
fn single_draw(report: &PlanReport) -> String {
    let Some(single) = report.single_draw else { return String::new() };
    let mut text = format!(
        "The loss of a single draw is at most {}, except with probability {}.\n",
        short_up(single.loss_bound),
        short(single.delta)
    );
    if single.loss_bound >= VACUOUS * report.target_norm_sq {
        text += &format!(
            "That is vacuous: hardly better than predicting 0; choose {EPSILON} below {}, which is {DELTA} times the energy.\n",
            short(single.delta * report.target_norm_sq)
        );
    }
    text
}

fn remarks(report: &PlanReport) -> String {
    let mut text = String::new();
    if !report.invisible_degrees.is_empty() {
        let one = report.invisible_degrees.len() == 1;
        text += &format!(
            "\nDegree{} {} {} invisible to {}: {} of the target's energy {} remains at every width and after any number \
             of iterations.\n",
            if one { "" } else { "s" },
            list(&report.invisible_degrees),
            if one { "is" } else { "are" },
            report.activation,
            short(report.invisible_energy),
            short(report.target_norm_sq)
        );
        text += &ways(&report.ways_out);
    }
    if !report.undetermined_degrees.is_empty() {
        let one = report.undetermined_degrees.len() == 1;
        text += &format!(
            "\nThe coefficient{s} of {} in degree{s} {} {} below {} error bound{s}; the bound on the loss counts that energy as \
             not learned.\n",
            report.activation,
            list(&report.undetermined_degrees),
            if one { "is" } else { "are" },
            if one { "its" } else { "their" },
            s = if one { "" } else { "s" }
        );
    }
    let cost = report.cost;
    text += &format!(
        "\nTraining takes about {} of memory ({} available) and {}.\n",
        readable_bytes(cost.memory_bytes),
        // The largest number means that the system does not say.
        if cost.memory_free_bytes == u64::MAX {
            "unknown".to_owned()
        } else {
            readable_bytes(cost.memory_free_bytes)
        },
        cost.seconds.map_or("an unknown time".to_owned(), readable_seconds)
    );
    if cost.memory_bytes > cost.memory_free_bytes {
        text += &format!("This does not fit; raise {EPSILON}, lower {DEGREE} or set {WIDTH}.\n");
    }
    text
}

/// A width whose matrices exceed the memory of any machine.
const UNREALISTIC: u64 = 300_000;

fn ways(ways: &[WayOut]) -> String {
    let mut text = String::new();
    for way in ways {
        let kind = match way.kind {
            WayOutKind::Bias => "a bias",
            WayOutKind::Activation => "another activation, the cheapest built-in one",
        };
        text += &format!(
            "  {kind}: {} {} makes it visible, with width {} for a loss of at most {}{}\n",
            ACTIVATION.with(&way.activation),
            SCALE.with(way.scale),
            way.width,
            short_up(way.loss_bound),
            if way.width > UNREALISTIC { ": far too wide to train" } else { "" }
        );
    }
    text
}

fn list(degrees: &[usize]) -> String {
    if degrees.is_empty() {
        return "none".to_owned();
    }
    degrees.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}
