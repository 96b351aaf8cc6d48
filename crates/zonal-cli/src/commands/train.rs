//! A training as a table for people.

use crate::format::{short, short_count, short_known, short_up};
use crate::output::columns;
use zonal::network::{Layers, Parametrisation, Start};
use zonal_documents::agreement::Agreement;
use zonal_documents::train::{Checkpoint, SolverReport, TrainReport};

/// Rows shown in the table for people.
const SHOWN_ROWS: usize = 16;
/// Theory stands beside measurement while this many degrees are shown.
const MOST_DEGREES_WITH_THEORY: usize = 5;
const MOST_DEGREES: usize = 12;

pub(super) fn table(report: &TrainReport) -> String {
    match &report.target {
        Some(target) => target_table(report, target),
        None => rows_table(report),
    }
}

/// Whether a repeated run agrees with the first one.
pub(super) fn agreement(found: &Agreement) -> String {
    if found.same_bits {
        return format!("agrees: the same bits\ncompared: {}\n", found.compared.join(", "));
    }
    let verdict = if !found.same_table {
        "does not agree: the table holds other numbers than in the first run"
    } else if found.same_machine {
        "does not agree: version, processor and instructions are those of the first run, and the bits are not"
    } else if found.agrees {
        "agrees within the tolerance: by another version, processor or other instructions"
    } else {
        "does not agree: by another version, processor or other instructions"
    };
    let differs: String = found.differs.iter().map(|what| format!("  {what}\n")).collect();
    let losses = match found.loss_difference {
        Some(difference) => format!(
            "losses differ by at most {} of the first one (at most {:e} across machines)",
            short(difference),
            found.tolerance
        ),
        None => "the paths list other iterations".to_owned(),
    };
    format!("{verdict}\n{losses}\ncompared: {}\nother bits in\n{differs}", found.compared.join(", "))
}

/// The iterations to show: powers of ten, the best and the last.
fn shown(report: &TrainReport) -> Vec<&Checkpoint> {
    let path = &report.path;
    if path.len() <= SHOWN_ROWS {
        return path.iter().collect();
    }
    let is_round =
        |t: u64| t == 0 || t.is_multiple_of(10u64.pow(t.ilog10())) && t / 10u64.pow(t.ilog10()) == 1;
    let last = path.last().map_or(0, |c| c.iteration);
    let wanted = |c: &&Checkpoint| {
        is_round(c.iteration) || c.iteration == report.best_iteration || c.iteration == last
    };
    let round: Vec<&Checkpoint> = path.iter().filter(wanted).collect();
    if (6..=SHOWN_ROWS + 6).contains(&round.len()) {
        return round;
    }
    let stride = path.len().div_ceil(SHOWN_ROWS);
    let best = |i: usize| path[i].iteration == report.best_iteration;
    (0..path.len()).filter(|&i| i % stride == 0 || i + 1 == path.len() || best(i)).map(|i| &path[i]).collect()
}

fn target_table(report: &TrainReport, target: &str) -> String {
    let mut text = format!(
        "{target}\nin dimension {}, by {} of {} units at scale {}, step {}{}\n\n",
        report.dim,
        report.width,
        report.activation,
        short(report.scale),
        short(report.step_size),
        descent(report)
    );
    let energies = report.target_energy.as_deref().unwrap_or_default();
    let total: f64 = energies.iter().sum();
    // Degrees in which there is, or appears, anything to see.
    let appears = |k: usize| {
        let energy = |c: &Checkpoint| c.degrees.as_ref().map_or(0.0, |d| d[k].energy);
        energies[k] > 1e-12 * total || report.path.iter().any(|c| energy(c) > 1e-4 * total)
    };
    let degrees: Vec<usize> = (0..energies.len()).filter(|&k| appears(k)).take(MOST_DEGREES).collect();
    let theory = degrees.len() <= MOST_DEGREES_WITH_THEORY;
    let mut header = vec!["iteration".to_owned(), "loss".to_owned()];
    for k in &degrees {
        header.push(format!("degree {k}"));
        if theory {
            header.push("theory".to_owned());
        }
    }
    header.push("rest".to_owned());
    let aligned = report.path.iter().any(|c| c.alignment.is_some());
    if aligned {
        header.push("aligned".to_owned());
    }
    if report.descent.is_some() {
        header.push("moved".to_owned());
    }
    let rows: Vec<Vec<String>> = shown(report)
        .into_iter()
        .map(|c| {
            let mut row = vec![short_count(c.iteration), known(report, c.loss, c.loss_error)];
            let mut rest = c.tail_energy.unwrap_or(0.0);
            let mut rest_error = c.tail_energy_error;
            for d in c.degrees.iter().flatten() {
                if !degrees.contains(&d.degree) {
                    rest += d.energy;
                    rest_error = rest_error.zip(d.error).map(|(a, b)| a + b);
                    continue;
                }
                row.push(known(report, d.energy, d.error));
                if theory {
                    row.push(d.predicted.map_or("-".to_owned(), short));
                }
            }
            // No part of the residual exceeds the loss.
            let most = c.loss + c.loss_error.unwrap_or(0.0);
            row.push(known(report, rest, rest_error.map(|error| error.min((most - rest).max(rest)))));
            let share = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:.3}"));
            if aligned {
                row.push(share(c.alignment));
            }
            if report.descent.is_some() {
                row.push(share(c.hidden_movement));
            }
            row
        })
        .collect();
    text += &columns(&header, &rows);
    text += "\nEnergy of the residual by degree";
    text += match (theory, report.descent.is_some()) {
        (true, false) => "; theory: what infinite width predicts.\n",
        (true, true) => "; theory: what the tangent kernel at the start predicts, at infinite width.\n",
        (false, _) => ".\n",
    };
    if let Some(random) = report.descent.as_ref().and_then(|d| d.random_alignment) {
        text += &format!(
            "aligned: part of the hidden weights in the target's directions ({} at random)",
            short(random)
        );
        text += "; moved: how far hidden weights are from their start, as part of their size.\n";
    } else if report.descent.is_some() {
        text += "moved: how far hidden weights are from their start, as part of their size.\n";
    }
    text += &rounding(report);
    text += &learned(report, &degrees);
    if let Some(bound) = report.loss_bound {
        text += &format!("Proved for the mean over hidden units: last loss at most {}.\n", short(bound));
    }
    if let Some(invisible) = report.invisible_degrees.as_ref().filter(|d| !d.is_empty()) {
        let list: Vec<String> = invisible.iter().map(usize::to_string).collect();
        let plural = if list.len() == 1 { "" } else { "s" };
        text += &format!("{} cannot see degree{plural} {}.\n", report.activation, list.join(", "));
    }
    text + &written(report)
}

/// A number with the digits that its error allows.
fn known(report: &TrainReport, x: f64, error: Option<f64>) -> String {
    report.visible_error(error).map_or_else(|| short(x), |error| short_known(x, error))
}

/// The root of a mean square with the digits that its error allows.
fn known_root(report: &TrainReport, square: f64, error: Option<f64>) -> String {
    let root = square.sqrt();
    report
        .visible_error(error)
        .map_or_else(|| short(root), |error| short_known(root, (square + error).sqrt() - root))
}

/// From which listed iteration on losses are rounding.
fn rounding(report: &TrainReport) -> String {
    let Some(first) = report.first_rounded() else { return String::new() };
    format!(
        "From iteration {} on rounding may change the loss by more than 1 %: numbers have the digits that are known, and <x \
         is an upper bound (--format json has all errors).\n",
        short_count(first)
    )
}

/// When degrees are learned: measured, and predicted in brackets.
fn learned(report: &TrainReport, degrees: &[usize]) -> String {
    let times = report.learning.as_deref().unwrap_or_default();
    let time = |t: Option<u64>| t.map_or("-".to_owned(), short_count);
    let of = |degree: usize| times.iter().filter(move |t| t.degree == degree);
    let rows: Vec<Vec<String>> = degrees
        .iter()
        .filter(|&&k| of(k).next().is_some())
        .map(|&k| {
            let cells = of(k).map(|t| format!("{} ({})", time(t.iteration), time(t.predicted)));
            [format!("degree {k}")].into_iter().chain(cells).collect()
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let of_what = if report.descent.is_some() {
        "Listed iterations, in brackets what the tangent kernel predicts."
    } else {
        "Iterations, in brackets what infinite width predicts."
    };
    let header = ["energy left", "50 %", "10 %", "1 %"].map(String::from);
    format!("\n{}{}\n\n", columns(&header, &rows), of_what)
}

fn rows_table(report: &TrainReport) -> String {
    let label = report.labels.as_deref().unwrap_or_default().join(", ");
    let mut text = String::new();
    if let Some(r) = report.rows {
        text += &match report.folds {
            Some(folds) => format!("{label} from {} rows in {folds} folds and {} test rows", r.train, r.test),
            None => format!(
                "{label} from {} training, {} validation and {} test rows",
                r.train, r.validation, r.test
            ),
        };
        if r.dropped > 0 {
            text += &format!(" ({} rows with missing values or of weight 0 left out)", r.dropped);
        }
        text += &format!(
            "\nby {} of {} units at scale {}, bias {}, step {}{}{}\n\n",
            report.width,
            report.activation,
            short(report.scale),
            report.bias.map_or("-".to_owned(), short),
            short(report.step_size),
            solver(report),
            descent(report)
        );
    }
    let held_out = if report.folds.is_some() { "held-out RMSE" } else { "validation RMSE" };
    let linear = report.path.iter().any(|c| c.predicted_loss.is_some());
    let fitted = if report.is_refitted() { "train+validation RMSE" } else { "train RMSE" };
    let mut header = ["iteration", fitted, held_out, "test RMSE"].map(String::from).to_vec();
    if linear {
        header.push("tangent kernel".to_owned());
    }
    if report.descent.is_some() {
        header.push("moved".to_owned());
    }
    header.push(String::new());
    let root = |x: Option<f64>| x.map_or("-".to_owned(), |x| short(x.sqrt()));
    let rows: Vec<Vec<String>> = shown(report)
        .into_iter()
        .map(|c| {
            let mark = if c.iteration == report.best_iteration { "best" } else { "" };
            let mut row = vec![
                short_count(c.iteration),
                known_root(report, c.loss, c.loss_error),
                root(c.validation_loss),
                root(c.test_loss),
            ];
            if linear {
                row.push(root(c.predicted_loss));
            }
            if report.descent.is_some() {
                row.push(c.hidden_movement.map_or("-".to_owned(), |x| format!("{x:.3}")));
            }
            row.push(mark.to_owned());
            row
        })
        .collect();
    text += &columns(&header, &rows);
    text += &rounding(report);
    if linear {
        text += "tangent kernel: the train RMSE that it predicts from the start. ";
    }
    if report.descent.is_some() {
        text += "moved: how far hidden weights are from their start, as part of their size.\n";
    }
    if report.is_refitted() {
        text += "train+validation RMSE: of the final fit, over the rows of both; validation RMSE: of the fit to training rows.\n";
    }
    let number = |x: Option<f64>| x.map_or("-".to_owned(), short);
    text += &format!(
        "\nbest iteration {}{}: RMSE {} on training rows, {} on test rows\n",
        report.best_iteration,
        match (report.validation_rmse, report.folds) {
            (_, Some(_)) => ", chosen over folds",
            (Some(_), None) => ", chosen on validation rows",
            (None, None) => "",
        },
        number(report.train_rmse),
        number(report.test_rmse)
    );
    if let Some(labels) = report.label_errors.as_ref().filter(|l| l.len() > 1) {
        let header = ["label", "train RMSE", "held out", "test RMSE"].map(String::from);
        let rows: Vec<Vec<String>> = labels
            .iter()
            .map(|l| {
                vec![l.label.clone(), number(l.train_rmse), number(l.validation_rmse), number(l.test_rmse)]
            })
            .collect();
        text += &format!(
            "\n{}\nErrors of all labels together are roots of means over labels.\n",
            columns(&header, &rows)
        );
    }
    for p in &report.best_polynomial {
        text += &format!(
            "best polynomial of degree {}: RMSE {} on training rows, {} on test rows",
            p.degree,
            short(p.error.sqrt()),
            root(p.test_error)
        );
        if let (Some(monomials), Some(rank), Some(rows)) = (p.monomials, p.rank, report.rows)
            && rank as u64 >= rows.train
        {
            text += &format!(" ({monomials} monomials: interpolates)");
        }
        text.push('\n');
    }
    text + &written(report)
}

/// How a descent step by step was done.
fn descent(report: &TrainReport) -> String {
    let Some(d) = &report.descent else { return String::new() };
    let layers = match d.layers {
        Layers::Output => "the output layer",
        Layers::Hidden => "the hidden layer",
        Layers::Both => "both layers",
    };
    let mut text = format!("\nstep by step, {layers}, batch {}, ", d.batch);
    text += match d.parametrisation {
        Parametrisation::Standard => "standard scaling, ",
        Parametrisation::Ntk => "ntk scaling, ",
        Parametrisation::MeanField => "mean-field scaling, ",
    };
    text += match d.start {
        Start::Random => "random start",
        Start::Symmetric => "symmetric start",
        Start::Zero => "start at zero",
    };
    if d.biases {
        text += ", with trained biases";
    }
    if d.on_sphere {
        text += ", units on the sphere";
    }
    if d.steps.len() > 1 {
        text += &format!(" (the last of {} steps)", d.steps.len());
    }
    text
}

/// What Lanczos did, where it was used.
fn solver(report: &TrainReport) -> String {
    let Some(SolverReport { steps: Some(steps), prediction_error: Some(error), .. }) = report.solver else {
        return String::new();
    };
    format!("\npath by {steps} steps of Lanczos: predictions within {} of the deviation", short_up(error))
}

fn written(report: &TrainReport) -> String {
    report.run.as_ref().map_or(String::new(), |run| format!("run: {run}\n"))
}
