//! Reports of `train`.

use super::table::Layout;
use zonal::network::{Layers, Parametrisation, Start};
use zonal_documents::agreement::Agreement;
use zonal_documents::number::{short, short_count, short_known, short_residual, short_up};
use zonal_documents::train::{
    BestPolynomialReport, Checkpoint, IntervalReport, LabelErrors, LearningTime, SolverReport, Stop,
    TrainReport,
};

/// The number of rows that the table aims for.
const ROWS: usize = 16;
/// Predictions are shown next to measurements for at most this many degrees.
const MAX_DEGREES_WITH_THEORY: usize = 5;
/// The number of features whose importance is listed.
const FEATURES: usize = 6;
/// The largest number of degrees in the table.
const MAX_DEGREES: usize = 12;

pub(crate) fn table(report: &TrainReport, layout: Layout) -> String {
    match &report.target {
        Some(target) => target_table(report, target, layout),
        None => rows_table(report, layout),
    }
}

/// Formats the comparison of a repeated run with the first one.
pub(crate) fn agreement(found: &Agreement) -> String {
    if found.same_bits {
        return format!("agrees: identical bit by bit\ncompared: {}\n", found.compared.join(", "));
    }
    let verdict = if !found.same_table {
        "does not agree: the table differs from that of the first run"
    } else if found.same_machine {
        "does not agree: the bits differ, although version, processor and instructions are the same"
    } else if found.agrees {
        "agrees within the tolerance: version, processor or instructions differ from those of the first run"
    } else {
        "does not agree: version, processor or instructions differ from those of the first run"
    };
    let differs: String = found.differs.iter().map(|what| format!("  {what}\n")).collect();
    let losses = match found.loss_difference {
        Some(difference) => format!(
            "losses differ by at most {} of the initial loss (allowed across machines: {:e})",
            short(difference),
            found.tolerance
        ),
        None => "the paths report different iterations".to_owned(),
    };
    format!("{verdict}\n{losses}\ncompared: {}\ndifferences:\n{differs}", found.compared.join(", "))
}

/// Selects the iterations to show: powers of ten, the best and the last.
fn select_rows(report: &TrainReport) -> Vec<&Checkpoint> {
    let path = &report.path;
    if path.len() <= ROWS {
        return path.iter().collect();
    }
    let is_round =
        |t: u64| t == 0 || t.is_multiple_of(10u64.pow(t.ilog10())) && t / 10u64.pow(t.ilog10()) == 1;
    let last = path.last().map_or(0, |c| c.iteration);
    let best = report.best().map(|c| c.iteration);
    let is_selected =
        |c: &&Checkpoint| is_round(c.iteration) || Some(c.iteration) == best || c.iteration == last;
    let round: Vec<&Checkpoint> = path.iter().filter(is_selected).collect();
    if (6..=ROWS + 6).contains(&round.len()) {
        return round;
    }
    let stride = path.len().div_ceil(ROWS);
    let best = |i: usize| Some(path[i].iteration) == best;
    (0..path.len()).filter(|&i| i % stride == 0 || i + 1 == path.len() || best(i)).map(|i| &path[i]).collect()
}

fn target_table(report: &TrainReport, target: &str, layout: Layout) -> String {
    let mut text = format!(
        "{target}\nin dimension {}, by {} {} units at scale {}{}{}\n\n",
        report.dim,
        report.width,
        report.activation_names(),
        short(report.scale),
        step(report),
        descent(report)
    );
    let degrees = shown_degrees(report);
    let theory = report.is_predicted() && degrees.len() <= MAX_DEGREES_WITH_THEORY;
    text += &path_by_degree(report, &degrees, theory, layout);
    text += &legend(report, theory);
    text += &rounding(report);
    text += &learning_times(report, &degrees, layout);
    if let Some(bound) = report.loss_bound {
        text += &format!(
            "Proven: the mean of the final loss over random hidden units is at most {}{}.\n",
            short(bound),
            worst_case(report, bound)
        );
    }
    if let Some(invisible) = report.invisible_degrees.as_ref().filter(|d| !d.is_empty()) {
        let list: Vec<String> = invisible.iter().map(usize::to_string).collect();
        let plural = if list.len() == 1 { "" } else { "s" };
        text += &format!(
            "{} has coefficient zero in degree{plural} {}, which cannot be learned.\n",
            report.activation_names(),
            list.join(", ")
        );
    }
    text + &run_line(report)
}

/// Returns why a bound on the loss is large if most of it is energy that may be impossible to learn.
fn worst_case(report: &TrainReport, bound: f64) -> String {
    let energies = report.target_energy.as_deref().unwrap_or_default();
    let energy = |k: &usize| energies.get(*k).copied().unwrap_or(0.0);
    let invisible = report.invisible_degrees.as_deref().unwrap_or_default();
    let unlearned: Vec<usize> = invisible.iter().copied().filter(|k| energy(k) > 0.0).collect();
    let total: f64 = unlearned.iter().map(energy).sum();
    if total < 0.5 * bound {
        return String::new();
    }
    let list: Vec<String> = unlearned.iter().map(usize::to_string).collect();
    let plural = if list.len() == 1 { "" } else { "s" };
    format!(
        " (a worst-case bound, which counts the energy {} of degree{plural} {} as not learned)",
        short(total),
        list.join(", ")
    )
}

/// Returns the degrees in which the target, or the network at some iteration, has energy.
fn shown_degrees(report: &TrainReport) -> Vec<usize> {
    let energies = report.target_energy.as_deref().unwrap_or_default();
    let total: f64 = energies.iter().sum();
    let has_energy = |k: usize| {
        let energy = |c: &Checkpoint| c.degrees.as_ref().map_or(0.0, |d| d[k].energy);
        energies[k] > 1e-12 * total || report.path.iter().any(|c| energy(c) > 1e-4 * total)
    };
    (0..energies.len()).filter(|&k| has_energy(k)).take(MAX_DEGREES).collect()
}

/// Formats the losses and the residual's energies by degree.
fn path_by_degree(report: &TrainReport, degrees: &[usize], theory: bool, layout: Layout) -> String {
    let mut header = vec!["iteration".to_owned(), "loss".to_owned()];
    for k in degrees {
        header.push(format!("degree {k}"));
        if theory {
            header.push("theory".to_owned());
        }
    }
    header.push("rest".to_owned());
    let aligned = report.path.iter().any(|c| c.alignment.is_some());
    if aligned {
        header.push("alignment".to_owned());
    }
    if report.descent.is_some() {
        header.push("movement".to_owned());
    }
    let rows: Vec<Vec<String>> = select_rows(report)
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
                    row.push(d.predicted.map_or("-".to_owned(), short_residual));
                }
            }
            // No energy of the residual exceeds the loss.
            let upper = c.loss + c.loss_error.unwrap_or(0.0);
            row.push(known(report, rest, rest_error.map(|error| error.min((upper - rest).max(rest)))));
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
    layout.columns_by_importance(&header, &rows, &omission_order(&header))
}

/// Explains the columns of a training on a target.
fn legend(report: &TrainReport, theory: bool) -> String {
    let mut text = "\nEnergy of the residual by degree".to_owned();
    text += match (theory, report.descent.is_some()) {
        (true, false) => "; theory: the prediction at infinite width.\n",
        (true, true) => {
            "; theory: the prediction of the tangent kernel at initialisation, at infinite width.\n"
        }
        (false, _) => ".\n",
    };
    if let Some(random) = report.descent.as_ref().and_then(|d| d.random_alignment) {
        text += &format!(
            "alignment: share of the hidden weights in the target's directions ({} for random directions)",
            short(random)
        );
        text += "; movement: distance of the hidden weights from initialisation, divided by their initial norm.\n";
    } else if report.descent.is_some() {
        text +=
            "movement: distance of the hidden weights from initialisation, divided by their initial norm.\n";
    }
    text
}

/// Returns the order in which columns are omitted on a narrow terminal: theory, then high degrees, then the others.
fn omission_order(header: &[String]) -> Vec<usize> {
    let rank = |name: &str| match name {
        "theory" => 0,
        name if name.starts_with("degree") => 1,
        _ => 2,
    };
    let mut order: Vec<usize> = (2..header.len()).rev().collect();
    order.sort_by_key(|&i| rank(&header[i]));
    order
}

/// Formats a number with the digits that its error determines.
fn known(report: &TrainReport, x: f64, error: Option<f64>) -> String {
    report.visible_error(error).map_or_else(|| short_residual(x), |error| short_known(x, error))
}

/// Formats the root of a mean square with the digits that its error determines.
fn known_root(report: &TrainReport, square: f64, error: Option<f64>) -> String {
    let root = square.sqrt();
    report
        .visible_error(error)
        .map_or_else(|| short(root), |error| short_known(root, (square + error).sqrt() - root))
}

/// States the iteration from which losses are affected by rounding.
fn rounding(report: &TrainReport) -> String {
    let Some(first) = report.first_rounded() else { return String::new() };
    format!(
        "From iteration {} on, rounding may change the loss by more than 1 %: only reliable digits are shown, and <x is an \
         upper bound (the JSON report lists all errors).\n",
        short_count(first)
    )
}

/// Formats the learning times of degrees: measured, with predictions in brackets.
fn learning_times(report: &TrainReport, degrees: &[usize], layout: Layout) -> String {
    let times = report.learning.as_deref().unwrap_or_default();
    let time = |t: Option<u64>| t.map_or("-".to_owned(), short_count);
    let of = |degree: usize| times.iter().filter(move |t| t.degree == degree);
    let is_predicted = report.is_predicted();
    let cell = |t: &LearningTime| match is_predicted {
        true => format!("{} ({})", time(t.iteration), time(t.predicted)),
        false => time(t.iteration),
    };
    let rows: Vec<Vec<String>> = degrees
        .iter()
        .filter(|&&k| of(k).next().is_some())
        .map(|&k| [format!("degree {k}")].into_iter().chain(of(k).map(cell)).collect())
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let of_what = match (report.descent.is_some(), is_predicted) {
        (true, true) => "Reported iterations; in brackets, the prediction of the tangent kernel.",
        (true, false) => "Reported iterations.",
        (false, true) => "Iterations; in brackets, the prediction at infinite width.",
        (false, false) => "Iterations.",
    };
    let header = ["energy remaining", "50 %", "10 %", "1 %"].map(String::from);
    format!("\n{}{}\n\n", layout.columns(&header, &rows), of_what)
}

fn rows_table(report: &TrainReport, layout: Layout) -> String {
    let mut text = heading(report) + &path_of_errors(report, layout);
    text += &rounding(report);
    if has_tangent(report) {
        text += "tangent kernel: its prediction of the train RMSE, from initialisation. ";
    }
    if report.descent.is_some() {
        text +=
            "movement: distance of the hidden weights from initialisation, divided by their initial norm.\n";
    }
    if report.is_refitted() {
        text += "train+validation RMSE: of the final fit, on both parts; validation RMSE: of the fit to the training rows.\n";
    }
    let best = match &report.best_iterations {
        Some(each) => {
            let each: Vec<String> = each.iter().map(|t| short_count(*t)).collect();
            format!("iterations {} of the networks", each.join(", "))
        }
        None => format!("iteration {}", report.best_iteration.unwrap_or(report.iterations)),
    };
    let chosen = match (report.validation_rmse, report.folds) {
        (Some(_), None) if report.stop == Some(Stop::LeaveOneOut) => ", chosen by leave-one-out",
        (_, Some(_)) => ", chosen over folds",
        (Some(_), None) => ", chosen on validation rows",
        (None, None) => "",
    };
    if let Some(found) = &report.classification {
        text += "RMSE: of the outputs, which are 1 for the class of a row and 0 for the others.\n";
        if report.path.iter().any(|c| c.log_loss.is_some()) {
            text += "log-loss: on held-out rows, against smoothed classes, at the best temperature of each iteration.\n";
        }
        text += &format!("\nbest {best}{chosen}; temperature {}\n", short(found.temperature));
        let rows = match report.stop {
            Some(Stop::LeaveOneOut) => "left-out",
            _ => report.held_out_name(),
        };
        text += &super::classes::training(found, rows, layout);
        if found.held_out.is_some() {
            let what = if report.networks.is_some() { "units, iterations" } else { "the iteration" };
            text += &format!(
                "Measures on {rows} rows are too good: {what} and the temperature were chosen on them.\n"
            );
        }
        return text + &run_line(report);
    }
    text += &format!("\nbest {best}{chosen}: RMSE {}\n", errors(report));
    if let Some(interval) = &report.interval {
        text += &interval_line(interval);
    }
    if let Some(labels) = report.label_errors.as_ref().filter(|l| l.len() > 1) {
        text += &errors_by_label(labels, layout);
    }
    for polynomial in &report.best_polynomial {
        text += &polynomial_line(report, polynomial);
    }
    text + &run_line(report)
}

/// Formats the intervals around predictions.
fn interval_line(interval: &IntervalReport) -> String {
    let list = |values: &[f64], text: &dyn Fn(f64) -> String| {
        values.iter().map(|x| text(*x)).collect::<Vec<_>>().join(", ")
    };
    let widths = list(&interval.half_width, &short);
    let mut text = format!(
        "{} % intervals: prediction +- {widths}, from {} held-out rows",
        short(100.0 * interval.level),
        interval.rows
    );
    if let Some(coverage) = &interval.test_coverage {
        text +=
            &format!("; they cover {} % of the test rows", list(coverage, &|x| format!("{:.1}", 100.0 * x)));
    }
    text + "\n"
}

/// Formats the known errors; those on validation rows or folds, which chose the iteration, if there are no test rows.
fn errors(report: &TrainReport) -> String {
    let held_out = match (report.stop, report.folds) {
        (Some(Stop::LeaveOneOut), _) => "rows left out",
        (_, Some(_)) => "held-out folds",
        (_, None) => "validation rows",
    };
    let validation = report.validation_rmse.filter(|_| report.test_rmse.is_none());
    let all = [(report.train_rmse, "training rows"), (validation, held_out), (report.test_rmse, "test rows")];
    let known = all.iter().filter_map(|(error, rows)| Some(format!("{} on {rows}", short((*error)?))));
    known.collect::<Vec<_>>().join(", ")
}

/// Formats what was trained on, and by which network.
fn heading(report: &TrainReport) -> String {
    let label = report.labels.as_deref().unwrap_or_default().join(", ");
    let Some(r) = report.rows else { return String::new() };
    let mut text = match report.folds {
        Some(folds) => format!("{label} from {} rows in {folds} folds and {} test rows", r.train, r.test),
        None if report.stop == Some(Stop::LeaveOneOut) => {
            format!("{label} from {} training rows, each left out once, and {} test rows", r.train, r.test)
        }
        None => {
            format!("{label} from {} training, {} validation and {} test rows", r.train, r.validation, r.test)
        }
    };
    if r.dropped > 0 {
        text += &format!(" ({} rows with missing values or weight 0 dropped)", r.dropped);
    }
    if let Some(networks) = report.networks {
        return text + &grown_heading(report, networks);
    }
    text += &format!(
        "\nby {} {} units at scale {}, bias {}{}{}{}{}{}\n\n",
        report.width,
        report.activation_names(),
        short(report.scale),
        report.bias.map_or("-".to_owned(), short),
        if report.normalised == Some(false) { ", rows not on the sphere" } else { "" },
        step(report),
        report.ridge.filter(|r| *r > 0.0).map_or(String::new(), |ridge| format!(", ridge {}", short(ridge))),
        solver(report),
        descent(report)
    );
    text
}

fn grown_heading(report: &TrainReport, networks: usize) -> String {
    let mut text = format!(
        "\nby the mean of {networks} networks of {} grown units ({}), each fitted without one fold\n",
        report.width,
        report.activation_names()
    );
    let importances = report.importances.as_deref().unwrap_or_default();
    let shown = importances.iter().take(FEATURES).map(|i| format!("{} {:.0} %", i.feature, 100.0 * i.share));
    text += match importances {
        [] => "moves with no feature: it is a constant".to_owned(),
        _ => format!("moves with {}", shown.collect::<Vec<_>>().join(", ")),
    }
    .as_str();
    if importances.len() > FEATURES {
        text += &format!(" and {} more", importances.len() - FEATURES);
    }
    text + "\nguarantee: does not apply (units were chosen with the labels)\n\n"
}

/// Returns whether the path has predictions of the tangent kernel.
fn has_tangent(report: &TrainReport) -> bool {
    report.path.iter().any(|c| c.predicted_loss.is_some())
}

/// Formats the root mean squared errors along the path.
fn path_of_errors(report: &TrainReport, layout: Layout) -> String {
    let held_out = &format!("{} RMSE", report.held_out_name());
    let linear = has_tangent(report);
    let train = if report.is_refitted() { "train+validation RMSE" } else { "train RMSE" };
    let mut header = ["iteration", train, held_out, "test RMSE"].map(String::from).to_vec();
    let has_classes = report.path.iter().any(|c| c.log_loss.is_some());
    if has_classes {
        header.push("log-loss".to_owned());
    }
    if linear {
        header.push("tangent kernel".to_owned());
    }
    if report.descent.is_some() {
        header.push("movement".to_owned());
    }
    header.push(String::new());
    let root = |x: Option<f64>| x.map_or("-".to_owned(), |x| short(x.sqrt()));
    let best = report.best().map(|c| c.iteration);
    let rows: Vec<Vec<String>> = select_rows(report)
        .into_iter()
        .map(|c| {
            let mark = if Some(c.iteration) == best { "best" } else { "" };
            let mut row = vec![
                short_count(c.iteration),
                known_root(report, c.loss, c.loss_error),
                root(c.validation_loss),
                root(c.test_loss),
            ];
            if has_classes {
                row.push(c.log_loss.map_or("-".to_owned(), short));
            }
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
    layout.columns(&header, &rows)
}

fn errors_by_label(labels: &[LabelErrors], layout: Layout) -> String {
    let number = |x: Option<f64>| x.map_or("-".to_owned(), short);
    let header = ["label", "train RMSE", "held-out RMSE", "test RMSE"].map(String::from);
    let row = |l: &LabelErrors| {
        vec![l.label.clone(), number(l.train_rmse), number(l.validation_rmse), number(l.test_rmse)]
    };
    let rows: Vec<Vec<String>> = labels.iter().map(row).collect();
    format!("\n{}\nErrors over all labels are roots of means over labels.\n", layout.columns(&header, &rows))
}

fn polynomial_line(report: &TrainReport, p: &BestPolynomialReport) -> String {
    let mut text =
        format!("best polynomial of degree {}: RMSE {} on training rows", p.degree, short(p.error.sqrt()));
    if let Some(error) = p.test_error {
        text += &format!(", {} on test rows", short(error.sqrt()));
    }
    if let (Some(monomials), Some(rank), Some(rows)) = (p.monomials, p.rank, report.rows)
        && rank as u64 >= rows.train
    {
        text += &format!(" ({monomials} monomials: interpolates)");
    }
    text + "\n"
}

/// Names the step size; L-BFGS has none.
fn step(report: &TrainReport) -> String {
    if report.is_lbfgs() { String::new() } else { format!(", step {}", short(report.step_size)) }
}

/// Describes an iterative training.
fn descent(report: &TrainReport) -> String {
    let Some(d) = &report.descent else { return String::new() };
    let layers = match d.layers {
        Layers::Output => "the output layer",
        Layers::Hidden => "the hidden layer",
        Layers::Both => "both layers",
    };
    let rule = d.evaluations.map_or(String::new(), |n| format!(" by L-BFGS with {n} gradients"));
    let mut text = format!("\niterative training of {layers}{rule}, batch {}, ", d.batch);
    text += match d.parametrisation {
        Parametrisation::Standard => "standard scaling, ",
        Parametrisation::Ntk => "ntk scaling, ",
        Parametrisation::MeanField => "mean-field scaling, ",
    };
    text += match d.start {
        Start::Random => "random start",
        Start::Symmetric => "symmetric start",
        Start::Zero => "zero start",
    };
    if d.biases {
        text += ", with trained biases";
    }
    if d.on_sphere {
        text += ", units on the sphere";
    }
    if d.steps.len() > 1 {
        text += &format!(" (the last of {} step sizes)", d.steps.len());
    }
    text
}

/// Describes the Lanczos path, if Lanczos was used.
fn solver(report: &TrainReport) -> String {
    let Some(SolverReport { steps: Some(steps), prediction_error: Some(error), .. }) = report.solver else {
        return String::new();
    };
    format!(
        "\npath by {steps} Lanczos steps: predictions within {} of the labels' standard deviation",
        short_up(error)
    )
}

fn run_line(report: &TrainReport) -> String {
    report.run.as_ref().map_or(String::new(), |run| format!("run: {run}\n"))
}
