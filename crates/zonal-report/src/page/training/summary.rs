//! The text of a training's page: title, summary, facts and notes.

use crate::page::Fact;
use crate::text::{count_noun, group_digits, isolate, shorten};
use zonal::network::Layers;
use zonal::observer::StopReason;
use zonal_documents::number::{Extended, short, short_count};
use zonal_documents::train::{EncodedColumnReport, Input, Stop, TrainConfig, TrainReport};

/// The largest number of characters of a target or label in a heading.
const HEADING: usize = 60;
/// The largest number of labels in a fact.
const LABELS: usize = 3;
/// The largest number of characters of a target or label in the summary.
const LEAD: usize = 300;

/// Returns the target or the labels, for a heading.
pub(in crate::page) fn subject(report: &TrainReport) -> String {
    let text = match (&report.target, &report.labels) {
        (Some(target), _) => target.clone(),
        (None, Some(labels)) => labels.join(", "),
        (None, None) => String::new(),
    };
    isolate(&shorten(&text, HEADING))
}

pub(super) fn title(report: &TrainReport) -> String {
    let grown = if report.networks.is_some() { "grown " } else { "" };
    format!("{} by {grown}{} units", subject(report), activation(report))
}

/// Returns the name of the activation, truncated for long formulas.
pub(in crate::page) fn activation(report: &TrainReport) -> String {
    isolate(&shorten(&report.activation_names(), 40))
}

pub(super) fn lead(config: &TrainConfig, report: &TrainReport) -> String {
    let layers = match report.descent.as_ref().map(|d| d.layers) {
        None | Some(Layers::Output) => "its output layer",
        Some(Layers::Hidden) => "its hidden layer",
        Some(Layers::Both) => "both layers",
    };
    let method = if report.is_lbfgs() { "L-BFGS" } else { "gradient descent" };
    let units = format!("{} {} units", width(report), activation(report));
    match (&report.target, &config.input) {
        (Some(target), _) => format!(
            "A network of {units} was trained on {} in dimension {} by {method} on {layers}. In {} its mean squared error \
             went from {} to {}.",
            isolate(&shorten(target, LEAD)),
            report.dim,
            count_noun(report.best_iteration.unwrap_or(report.iterations), "iteration"),
            short(report.initial_loss),
            short(report.loss)
        ),
        (None, Input::Table(job)) => {
            let at = match &report.best_iterations {
                Some(each) => {
                    let [low, high] = [each.iter().min(), each.iter().max()].map(|t| t.copied().unwrap_or(0));
                    format!("Stopped between the iterations {} and {}", group_digits(low), group_digits(high))
                }
                None => format!("At iteration {}", group_digits(report.best_iteration.unwrap_or(0))),
            };
            let files: Vec<String> = job.data.files.iter().map(|f| f.display().to_string()).collect();
            format!(
                "A network of {units} was trained to predict {} from {} of {} ({}) by {method} on {layers}. {at}, {}, \
                 {}.",
                isolate(&shorten(&report.labels.as_deref().unwrap_or_default().join(", "), LEAD)),
                count_noun(columns(report), "column"),
                isolate(&shorten(&files.join(", "), LEAD)),
                count_noun(report.rows.map_or(0, |r| r.train), "training row"),
                selection(report),
                accuracy(report)
            )
        }
        (None, Input::Target(_)) => String::new(),
    }
}

/// Returns whether the iteration was selected on held-out rows.
fn is_validated(report: &TrainReport) -> bool {
    report.folds.is_some() || report.validation_rmse.is_some()
}

/// Describes the selection of the reported iteration of a table.
fn selection(report: &TrainReport) -> String {
    match (report.folds, is_validated(report), &report.descent) {
        (Some(folds), ..) => format!("chosen over {folds} folds"),
        (None, true, _) if report.stop == Some(Stop::LeaveOneOut) => "chosen by leave-one-out".to_owned(),
        (None, true, _) => "chosen on validation rows".to_owned(),
        (None, false, Some(_)) => "where the training loss is smallest".to_owned(),
        (None, false, None) => "the last one".to_owned(),
    }
}

fn accuracy(report: &TrainReport) -> String {
    if let Some(classes) = &report.classification {
        let known = [(&classes.test, "test"), (&classes.held_out, "held-out"), (&classes.train, "training")];
        let found = known.iter().find_map(|(scores, rows)| Some((scores.as_ref()?, rows)));
        return found.map_or("its accuracy is not known".to_owned(), |(scores, rows)| {
            format!(
                "it predicts the class of {} % of the {rows} rows ({} % have the most frequent class), with a log-loss of {}",
                short(100.0 * scores.accuracy),
                short(100.0 * scores.base_rate),
                short(scores.log_loss)
            )
        });
    }
    match (report.test_rmse, report.train_rmse) {
        (Some(rmse), _) => {
            let below = improvement(report).map_or(String::new(), |part| {
                let side = if part >= 0.0 { "below" } else { "above" };
                let percent = short(100.0 * part.abs());
                format!("; the mean squared error is {percent} % {side} that of the training rows' mean")
            });
            format!("its root mean squared error on test rows is {}{below}", short(rmse))
        }
        (None, Some(rmse)) => format!("its root mean squared error on training rows is {}", short(rmse)),
        (None, None) => "its error is not known".to_owned(),
    }
}

/// Returns the number of columns that a network on a table uses.
fn columns(report: &TrainReport) -> u64 {
    match report.networks {
        // Two columns for each feature.
        Some(_) => report.dim / 2,
        None => report.dim.saturating_sub(1),
    }
}

/// Formats the width.
pub(in crate::page) fn width(report: &TrainReport) -> String {
    match (report.width, report.networks) {
        (Extended::Finite(m), Some(networks)) => format!("{networks} x {}", group_digits(m)),
        (Extended::Finite(m), None) => group_digits(m),
        (Extended::Infinite, _) => "infinitely many".to_owned(),
    }
}

/// Returns the relative improvement of the mean squared error on test rows over predicting the mean of the training
/// rows, as the untrained network does. None for several labels, which have different units.
fn improvement(report: &TrainReport) -> Option<f64> {
    let one = report.labels.as_ref().is_some_and(|l| l.len() == 1) && report.descent.is_none();
    let start = report.path.first().filter(|c| c.iteration == 0 && one)?;
    let best = report.best()?;
    Some(1.0 - best.test_loss? / start.test_loss?).filter(|part| part.is_finite())
}

pub(super) fn facts(report: &TrainReport) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| facts.push(Fact::new(name, value));
    if report.target.is_some() {
        add("mean squared error", short(report.loss));
        let total = report.target_energy.as_ref().map(|e| e.iter().sum::<f64>());
        if let Some(total) = total.filter(|t| *t > 0.0) {
            add("residual energy", format!("{} %", short(100.0 * report.loss / total)));
        }
        add("dimension", report.dim.to_string());
    } else {
        let optional = |x: Option<f64>| x.filter(|_| report.classification.is_none()).map(short);
        if let Some(classes) = &report.classification {
            let known =
                [("test", &classes.test), ("held-out", &classes.held_out), ("training", &classes.train)];
            for (rows, scores) in known.iter().filter_map(|(rows, scores)| Some((rows, scores.as_ref()?))) {
                add(&format!("{rows} accuracy"), format!("{} %", short(100.0 * scores.accuracy)));
                add(&format!("{rows} log-loss"), short(scores.log_loss));
            }
            add("classes", group_digits(classes.classes.len() as u64));
            add("temperature", short(classes.temperature));
        }
        if let Some(rmse) = optional(report.test_rmse) {
            add("test RMSE", rmse);
        }
        if let Some(rmse) = optional(report.validation_rmse) {
            add(&format!("{} RMSE", report.held_out_name()), rmse);
        }
        if let Some(rmse) = optional(report.train_rmse) {
            add("training RMSE", rmse);
        }
        if let Some(interval) = &report.interval {
            let widths: Vec<String> =
                interval.half_width.iter().take(LABELS).map(|half| short(*half)).collect();
            let more = if interval.half_width.len() > LABELS { ", .." } else { "" };
            add(
                &format!("{} % interval", short(100.0 * interval.level)),
                format!("\u{b1} {}{more}", widths.join(", ")),
            );
            if let Some([coverage]) = interval.test_coverage.as_deref() {
                add("test rows covered", format!("{} %", short(100.0 * coverage)));
            }
        }
        let name = if is_validated(report) || report.descent.is_some() {
            "best iteration"
        } else {
            "last iteration"
        };
        match &report.best_iterations {
            Some(each) => {
                let [low, high] = [each.iter().min(), each.iter().max()].map(|t| t.copied().unwrap_or(0));
                add("best iterations", format!("{} to {}", short_count(low), short_count(high)));
            }
            None => add(name, group_digits(report.best_iteration.unwrap_or(report.iterations))),
        }
        if let Some(rows) = report.rows {
            let parts = [rows.train, rows.validation, rows.test].map(group_digits);
            add("rows: train / validation / test", parts.join(" / "));
        }
    }
    add("width", width(report));
    if let Some(networks) = report.networks {
        add("networks", networks.to_string());
    } else {
        add("scale", short(report.scale));
    }
    if let Some(bias) = report.bias {
        add("bias", short(bias));
    }
    if report.normalised == Some(false) {
        add("rows", "not on the sphere".to_owned());
    }
    if let Some(ridge) = report.ridge.filter(|r| *r > 0.0) {
        add("ridge", short(ridge));
    }
    match report.descent.as_ref().and_then(|d| d.evaluations) {
        Some(evaluations) => add("steps", format!("L-BFGS, {} gradients", group_digits(evaluations as u64))),
        None => add("step", short(report.step_size)),
    }
    facts
}

pub(super) fn notes(report: &TrainReport) -> Vec<String> {
    let mut notes = Vec::new();
    if report.stop_reason == StopReason::Diverged {
        let at = report.descent.as_ref().and_then(|d| d.diverged).unwrap_or(report.iterations);
        notes.push(format!(
            "The descent diverged at iteration {}: its step is too large. The listed state with the smallest loss, at iteration \
             {}, was saved.",
            group_digits(at),
            group_digits(report.best_iteration.unwrap_or(0))
        ));
    }
    if report.stop_reason == StopReason::Converged {
        notes.push(match report.descent.as_ref().and_then(|d| d.ended) {
            Some(ended) => format!("L-BFGS found no lower loss than at iteration {}.", group_digits(ended)),
            None => "Stopped early: the validation loss no longer improved.".to_owned(),
        });
    }
    if let Some(first) = report.first_rounded() {
        notes.push(format!(
            "From iteration {} on rounding may change the loss by more than 1 %; the errors are in metrics.csv.",
            group_digits(first)
        ));
    }
    if report.is_refitted() {
        notes.push(
            "The iteration was chosen by a network that saw no validation rows; the saved network is fitted to them too, and its \
             training curve covers both parts."
                .to_owned(),
        );
    }
    if report.networks.is_some() {
        notes.push(
            "Units were chosen with the labels: the bounds of a plan, the spectrum of the kernel and \u{201c}low degrees \
             first\u{201d} do not apply. Curves are means over the networks, each with its own fold held out; the saved \
             network is their mean, whose test error is listed above."
                .to_owned(),
        );
    }
    let invisible = report.invisible_degrees.as_deref().unwrap_or_default();
    if let Some(energies) = report.target_energy.as_ref().filter(|_| !invisible.is_empty()) {
        let list: Vec<String> = invisible.iter().map(usize::to_string).collect();
        let energy: f64 = invisible.iter().filter_map(|&k| energies.get(k)).sum();
        notes.push(format!(
            "{} cannot see degree{} {}: {} of the target's energy remains at any width and after any number of iterations.",
            activation(report),
            if list.len() == 1 { "" } else { "s" },
            list.join(", "),
            short(energy)
        ));
    }
    let dropped = report.dropped_columns.as_deref().unwrap_or_default();
    if !dropped.is_empty() {
        let mut list: Vec<String> = dropped.iter().take(20).map(|c| isolate(&shorten(c, 40))).collect();
        if dropped.len() > list.len() {
            list.push(format!("and {} more", dropped.len() - list.len()));
        }
        notes.push(format!("Dropped, since constant on the training rows: {}.", list.join(", ")));
    }
    for EncodedColumnReport { column, treatment } in report.encoded_columns.iter().flatten().take(20) {
        notes.push(format!("Column {}: {treatment}.", isolate(&shorten(column, 40))));
    }
    if let Some(rows) = report.rows.filter(|r| r.dropped > 0) {
        notes.push(format!(
            "Dropped for missing values or a weight of 0: {}.",
            count_noun(rows.dropped, "row")
        ));
    }
    notes
}

/// Describes the choice of activation, scale and bias.
pub(super) fn choice(report: &TrainReport) -> Option<String> {
    let candidates = report.candidates.as_ref()?;
    (candidates.len() > 1).then(|| {
        format!(
            "Activation, scale and bias were chosen among {} candidates on a sample of the non-test rows.",
            candidates.len()
        )
    })
}
