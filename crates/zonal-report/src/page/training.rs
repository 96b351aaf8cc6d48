//! The page of a training.

use super::{Cell, DEGREES, Fact, Page, Reading, Row, Section, Slider, Source, Table, Toggle, number, words};
use crate::error::Result;
use crate::figure::{self, Curve, degree_key, energy, shown_degrees};
use crate::text::{counted, grouped, isolated, shorten};
use zonal::network::Layers;
use zonal::observer::StopReason;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, multiplicity};
use zonal_run::kept::KeptTraining;
use zonal_run::number::{Extended, short, short_count};
use zonal_run::train::{Checkpoint, Input, TrainConfig, TrainReport};

/// Labels that get a figure of predicted against true values.
const LABELS: usize = 4;
/// Characters of a target or a label in a heading, and in a sentence.
const HEADING: usize = 60;
const LEAD: usize = 300;

/// The page of a finished training.
///
/// # Errors
/// [`crate::Error::Core`] for an activation without a spectrum.
pub fn training(run: &KeptTraining) -> Result<Page> {
    let (config, report) = (&run.record.configuration, &run.record.summary);
    let dim = Dim::new(report.dim)?;
    let listed = report.target_energy.as_ref().map_or(0, |e| e.len().saturating_sub(1));
    let last = figure::last_degree(listed);
    // A page without this figure is better than none.
    let spectrum = Spectrum::new(&report.activation, dim, report.scale, last.max(listed)).ok();
    let mut page = Page {
        kind: if report.target.is_some() { "Training on a target" } else { "Training on a table" },
        title: title(report),
        lead: lead(config, report),
        facts: facts(report),
        notes: notes(report),
        toggles_label: DEGREES,
        ..Page::default()
    };
    page.toggles = toggles(report);
    let start = start(report);
    let mut slider = slider(report, start);
    let mut story = Section::default();
    let mut timed = Vec::new();
    {
        let mut push = |chart: crate::chart::Chart, follows: bool| {
            let drawing = story.push(&mut page.charts, chart);
            if follows {
                timed.push((page.charts.len() - 1, drawing));
            }
        };
        push(figure::loss("loss", report), true);
        if let Some(chart) = figure::degrees("degrees", report, spectrum.as_ref()) {
            push(chart, true);
        }
    }
    if let Some(chart) = figure::left("left", report, start) {
        let drawing = story.push(&mut page.charts, chart);
        if let Some(figure) = story.figures.last_mut() {
            figure.stop = report.path.get(start).map(|c| grouped(c.iteration));
        }
        let chart = &page.charts[page.charts.len() - 1];
        // A target's outline does not move.
        let of = |f: &dyn Fn(f64) -> f64| -> Vec<Vec<f64>> {
            shown_degrees(report)
                .into_iter()
                .map(|k| report.path.iter().map(|c| f(energy(c, k))).collect())
                .collect()
        };
        slider.bars.insert("left".to_owned(), of(&|e| drawing.bar(chart, e)));
        let texts = of(&|e| e).into_iter().map(|s| s.into_iter().map(short).collect()).collect();
        slider.heights.insert("left".to_owned(), texts);
    }
    let names = report.labels.as_deref().unwrap_or_default();
    let total = report.rows.map_or(0, |r| r.test);
    for (i, label) in names.iter().enumerate().take(LABELS).filter(|_| !run.test_rows.is_empty()) {
        let id = if i == 0 { "truth".to_owned() } else { format!("truth-{}", i + 1) };
        let pairs: Vec<[f64; 2]> = run.test_rows.iter().filter_map(|r| r.pairs.get(i).copied()).collect();
        story.push(&mut page.charts, figure::truth(&id, label, &pairs, total));
    }
    if names.len() > LABELS && !run.test_rows.is_empty() {
        story.texts.push(format!(
            "Figures of predicted values are of the first {LABELS} of {} labels; test_rows.csv has all.",
            names.len()
        ));
    }
    let mut activation = Section { heading: "The activation".to_owned(), ..Section::default() };
    if let Some(spectrum) = &spectrum {
        activation.push(&mut page.charts, figure::spectrum("spectrum", report, spectrum, last));
    }
    if let Some(chart) = figure::movement("movement", report) {
        let drawing = story.push(&mut page.charts, chart);
        timed.push((page.charts.len() - 1, drawing));
    }
    for (number, drawing) in timed {
        let chart = &page.charts[number];
        let places = report.path.iter().map(|c| drawing.across(chart, c.iteration as f64)).collect();
        slider.cursors.insert(chart.id.clone(), places);
    }
    story.texts.extend(chosen(report));
    page.sections.push(story);
    page.sections.extend(degrees_section(report, spectrum.as_ref(), dim));
    page.sections.extend(polynomials(report));
    page.sections.extend(labels(report));
    if !activation.figures.is_empty() {
        page.sections.push(activation);
    }
    page.sections.push(numbers(report));
    if report.path.len() > 1 {
        page.slider = Some(slider);
    }
    page.sources.push(Source::new("Where it comes from".to_owned(), &run.record.provenance, config));
    Ok(page)
}

/// What is learned, for a heading.
pub(super) fn subject(report: &TrainReport) -> String {
    let text = match (&report.target, &report.labels) {
        (Some(target), _) => target.clone(),
        (None, Some(labels)) => labels.join(", "),
        (None, None) => String::new(),
    };
    isolated(&shorten(&text, HEADING))
}

fn title(report: &TrainReport) -> String {
    format!("{} by {} units", subject(report), activation(report))
}

/// The activation's name, cut where it is a long formula.
pub(super) fn activation(report: &TrainReport) -> String {
    isolated(&shorten(&report.activation.name(), 40))
}

fn lead(config: &TrainConfig, report: &TrainReport) -> String {
    let layers = match report.descent.as_ref().map(|d| d.layers) {
        None | Some(Layers::Output) => "its output layer",
        Some(Layers::Hidden) => "its hidden layer",
        Some(Layers::Both) => "both layers",
    };
    let units = format!("{} {} units", width(report), activation(report));
    match (&report.target, &config.input) {
        (Some(target), _) => format!(
            "A network of {units} was trained on {} in dimension {} by gradient descent on {layers}. In {} its mean squared error \
             went from {} to {}.",
            isolated(&shorten(target, LEAD)),
            report.dim,
            counted(report.best_iteration, "iteration"),
            short(report.initial_loss),
            short(report.loss)
        ),
        (None, Input::Table(job)) => {
            let files: Vec<String> = job.data.files.iter().map(|f| f.display().to_string()).collect();
            format!(
                "A network of {units} was trained to predict {} from {} of {} ({}) by gradient descent on {layers}. At iteration {}, \
                 {}, {}.",
                isolated(&shorten(&report.labels.as_deref().unwrap_or_default().join(", "), LEAD)),
                counted(report.dim.saturating_sub(1), "column"),
                isolated(&shorten(&files.join(", "), LEAD)),
                counted(report.rows.map_or(0, |r| r.train), "training row"),
                grouped(report.best_iteration),
                how_chosen(report),
                how_good(report)
            )
        }
        (None, Input::Target(_)) => String::new(),
    }
}

/// Whether rows that are not learned from have chosen the iteration.
pub(super) fn is_chosen(report: &TrainReport) -> bool {
    report.folds.is_some() || report.validation_rmse.is_some()
}

/// Why the iteration of a table is the one whose errors are told.
fn how_chosen(report: &TrainReport) -> String {
    match (report.folds, is_chosen(report), &report.descent) {
        (Some(folds), ..) => format!("chosen over {folds} folds"),
        (None, true, _) => "chosen on validation rows".to_owned(),
        (None, false, Some(_)) => "where the training loss is smallest".to_owned(),
        (None, false, None) => "the last one".to_owned(),
    }
}

fn how_good(report: &TrainReport) -> String {
    match (report.test_rmse, report.train_rmse) {
        (Some(rmse), _) => {
            let below = below_the_mean(report).map_or(String::new(), |part| {
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

/// The width for people.
pub(super) fn width(report: &TrainReport) -> String {
    match report.width {
        Extended::Finite(m) => grouped(m),
        Extended::Infinite => "infinitely many".to_owned(),
    }
}

/// How far the mean squared error on test rows lies below that of the mean of the training rows, which the untrained
/// network predicts, as a part of it. Of several labels there is no such number: each has its own unit.
fn below_the_mean(report: &TrainReport) -> Option<f64> {
    let one = report.labels.as_ref().is_some_and(|l| l.len() == 1) && report.descent.is_none();
    let start = report.path.first().filter(|c| c.iteration == 0 && one)?;
    let best = report.path.iter().find(|c| c.iteration == report.best_iteration)?;
    Some(1.0 - best.test_loss? / start.test_loss?).filter(|part| part.is_finite())
}

fn facts(report: &TrainReport) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| facts.push(Fact::new(name, value));
    if report.target.is_some() {
        add("mean squared error", short(report.loss));
        let total = report.target_energy.as_ref().map(|e| e.iter().sum::<f64>());
        if let Some(total) = total.filter(|t| *t > 0.0) {
            add("energy left", format!("{} %", short(100.0 * report.loss / total)));
        }
        add("dimension", report.dim.to_string());
    } else {
        let optional = |x: Option<f64>| x.map(short);
        if let Some(rmse) = optional(report.test_rmse) {
            add("test RMSE", rmse);
        }
        if let Some(rmse) = optional(report.validation_rmse) {
            add(if report.folds.is_some() { "held-out RMSE" } else { "validation RMSE" }, rmse);
        }
        if let Some(rmse) = optional(report.train_rmse) {
            add("training RMSE", rmse);
        }
        let name =
            if is_chosen(report) || report.descent.is_some() { "best iteration" } else { "last iteration" };
        add(name, grouped(report.best_iteration));
        if let Some(rows) = report.rows {
            let parts = [rows.train, rows.validation, rows.test].map(grouped);
            add("rows: train / validation / test", parts.join(" / "));
        }
    }
    add("width", width(report));
    add("scale", short(report.scale));
    if let Some(bias) = report.bias {
        add("bias", short(bias));
    }
    add("step", short(report.step_size));
    facts
}

fn notes(report: &TrainReport) -> Vec<String> {
    let mut notes = Vec::new();
    if report.stop_reason == StopReason::Diverged {
        let at = report.descent.as_ref().and_then(|d| d.diverged).unwrap_or(report.iterations);
        notes.push(format!(
            "The descent diverged at iteration {}: its step is too large. The listed state with the smallest loss, at iteration \
             {}, is kept.",
            grouped(at),
            grouped(report.best_iteration)
        ));
    }
    if report.stop_reason == StopReason::Converged {
        notes.push("Stopped early: the validation loss had not become better for long.".to_owned());
    }
    if report.refit == Some(true) && report.folds.is_none() {
        notes.push(
            "The iteration was chosen by a network that saw no validation rows; the network kept is fitted to them too, and its \
             training curve is of both parts together."
                .to_owned(),
        );
    }
    let invisible = report.invisible_degrees.as_deref().unwrap_or_default();
    if let Some(energies) = report.target_energy.as_ref().filter(|_| !invisible.is_empty()) {
        let list: Vec<String> = invisible.iter().map(usize::to_string).collect();
        let energy: f64 = invisible.iter().filter_map(|&k| energies.get(k)).sum();
        notes.push(format!(
            "{} cannot see degree{} {}: {} of the target's energy stays at any width and after any number of iterations.",
            activation(report),
            if list.len() == 1 { "" } else { "s" },
            list.join(", "),
            short(energy)
        ));
    }
    let dropped = report.dropped_columns.as_deref().unwrap_or_default();
    if !dropped.is_empty() {
        let mut list: Vec<String> = dropped.iter().take(20).map(|c| isolated(&shorten(c, 40))).collect();
        if dropped.len() > list.len() {
            list.push(format!("and {} more", dropped.len() - list.len()));
        }
        notes.push(format!("Left out, since constant on the training rows: {}.", list.join(", ")));
    }
    if let Some(rows) = report.rows.filter(|r| r.dropped > 0) {
        notes.push(format!("Left out for missing values: {}.", counted(rows.dropped, "row")));
    }
    notes
}

fn toggles(report: &TrainReport) -> Vec<Toggle> {
    let toggle = |k: usize| Toggle { key: degree_key(k), name: k.to_string(), look: k };
    shown_degrees(report).into_iter().map(toggle).collect()
}

/// The listed iteration that the page begins with: the chosen one, which is mostly the last where nothing chooses.
fn start(report: &TrainReport) -> usize {
    let chosen = report.path.iter().position(|c| c.iteration == report.best_iteration);
    chosen.unwrap_or(report.path.len().saturating_sub(1))
}

fn slider(report: &TrainReport, start: usize) -> Slider {
    let mut readings = Vec::new();
    let mut add = |name: String, toggle: Option<String>, f: &dyn Fn(&Checkpoint) -> Option<f64>| {
        if report.path.iter().any(|c| f(c).is_some()) {
            let text = |c| f(c).map_or("-".to_owned(), short);
            readings.push(Reading { name, toggle, values: report.path.iter().map(text).collect() });
        }
    };
    if report.target.is_some() {
        add("loss".to_owned(), None, &|c| Some(c.loss));
    } else {
        let root = |f: Curve| move |c: &Checkpoint| f(c).map(f64::sqrt);
        let both = report.refit == Some(true);
        let name = if both { "training and validation RMSE" } else { "training RMSE" };
        add(name.to_owned(), None, &root(|c| Some(c.loss)));
        let held_out = if report.folds.is_some() { "held-out RMSE" } else { "validation RMSE" };
        add(held_out.to_owned(), None, &root(|c| c.validation_loss));
        add("test RMSE".to_owned(), None, &root(|c| c.test_loss));
    }
    for k in shown_degrees(report) {
        add(format!("degree {k}"), Some(degree_key(k)), &|c| Some(energy(c, k)));
    }
    Slider {
        label: "Iteration".to_owned(),
        stops: report.path.iter().map(|c| grouped(c.iteration)).collect(),
        start,
        readings,
        ..Slider::default()
    }
}

/// How activation, scale and bias were chosen.
fn chosen(report: &TrainReport) -> Option<String> {
    let tried = report.candidates.as_ref()?;
    (tried.len() > 1).then(|| {
        format!(
            "Activation, scale and bias were chosen among {} candidates on a sample of the rows that are not for testing.",
            tried.len()
        )
    })
}

/// The table by degree: energy, speed, when it is learned, and what is left.
fn degrees_section(report: &TrainReport, spectrum: Option<&Spectrum>, dim: Dim) -> Option<Section> {
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

fn polynomials(report: &TrainReport) -> Option<Section> {
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

fn labels(report: &TrainReport) -> Option<Section> {
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
fn numbers(report: &TrainReport) -> Section {
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
    let mut header: Vec<String> =
        vec!["iteration".into(), if report.target.is_some() { "loss" } else { "training" }.into()];
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
