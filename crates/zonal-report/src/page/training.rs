//! The page of a training.

use super::{Cell, DEGREES, Fact, Page, Reading, Row, Section, Slider, Source, Table, Toggle, number, words};
use crate::error::Result;
use crate::figure::{self, Curve, degree_key, energy, shown_degrees};
use crate::text::{grouped, isolated, shorten};
use zonal::network::Layers;
use zonal::observer::StopReason;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, multiplicity};
use zonal_run::kept::KeptTraining;
use zonal_run::number::{short, short_count};
use zonal_run::train::{Checkpoint, Input, TestRow, TrainConfig, TrainReport};

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
    let spectrum = Spectrum::new(&report.activation, dim, report.scale, last.max(listed))?;
    let mut page = Page {
        kind: if report.target.is_some() { "Training on a target" } else { "Training on a table" },
        title: title(report),
        lead: lead(config, report),
        facts: facts(report, &run.test_rows),
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
        if let Some(chart) = figure::degrees("degrees", report, Some(&spectrum)) {
            push(chart, true);
        }
    }
    if let Some(chart) = figure::left("left", report, start) {
        let drawing = story.push(&mut page.charts, chart);
        if let Some(figure) = story.figures.last_mut() {
            "Outline: the target's energy in each degree. Filled: what the network has not learned at the slider's iteration."
                .clone_into(&mut figure.caption);
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
    for (i, (label, rows)) in by_label(&run.test_rows).into_iter().take(LABELS).enumerate() {
        let id = if i == 0 { "truth".to_owned() } else { format!("truth-{}", i + 1) };
        story.push(&mut page.charts, figure::truth(&id, label, &rows));
    }
    let mut activation = Section { heading: "The activation".to_owned(), ..Section::default() };
    activation.push(&mut page.charts, figure::spectrum("spectrum", &report.activation, &spectrum, last));
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
    page.sections.extend(degrees_section(report, &spectrum, dim));
    page.sections.extend(polynomials(report));
    page.sections.extend(labels(report));
    page.sections.push(activation);
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
    let last = report.path.last().map_or(report.iterations, |c| c.iteration);
    let how = format!("gradient descent on {layers}");
    match (&report.target, &config.input) {
        (Some(target), _) => format!(
            "A network of {units} learned {} in dimension {} by {how}. In {} iterations its mean squared error went from {} \
             to {}.",
            isolated(&shorten(target, LEAD)),
            report.dim,
            grouped(last),
            short(report.initial_loss),
            short(report.loss)
        ),
        (None, Input::Table(job)) => {
            let labels = report.labels.iter().flatten();
            let labels: Vec<String> = labels.map(|l| isolated(&shorten(l, LEAD))).collect();
            let files = job.data.files.iter();
            let files: Vec<String> =
                files.map(|f| isolated(&shorten(&f.display().to_string(), LEAD))).collect();
            let rows = report.rows.map_or(0, |r| r.train);
            let columns = report.dim.saturating_sub(1);
            let best = match report.test_rmse {
                Some(rmse) => {
                    let share = explained(report).map_or(String::new(), |r| {
                        format!(", which explains {:.1} % of the variance there", 100.0 * r)
                    });
                    format!("its root mean squared error on test rows is {}{share}", short(rmse))
                }
                None => format!(
                    "its root mean squared error on training rows is {}",
                    report.train_rmse.map_or("-".to_owned(), short)
                ),
            };
            format!(
                "A network of {units} learned {} from {columns} column{} of {} ({} training rows) by {how}. At iteration {}, \
                 {}, {best}.",
                shorten(&labels.join(", "), 2 * LEAD),
                if columns == 1 { "" } else { "s" },
                shorten(&files.join(", "), 2 * LEAD),
                grouped(rows),
                grouped(report.best_iteration),
                match (report.folds, report.validation_rmse) {
                    (Some(folds), _) => format!("chosen over {folds} folds"),
                    (None, Some(_)) => "chosen on validation rows".to_owned(),
                    (None, None) => "the last one".to_owned(),
                }
            )
        }
        (None, Input::Target(_)) => String::new(),
    }
}

/// The width for people.
pub(super) fn width(report: &TrainReport) -> String {
    match report.width {
        zonal_run::number::Extended::Finite(m) => grouped(m),
        zonal_run::number::Extended::Infinite => "infinitely many".to_owned(),
    }
}

/// The part of the variance over test rows that the network explains; a constant, the mean over training rows, is what it
/// is compared with.
fn explained(report: &TrainReport) -> Option<f64> {
    let best = report.path.iter().find(|c| c.iteration == report.best_iteration)?;
    let start = report.path.first().filter(|c| c.iteration == 0 && report.descent.is_none())?;
    Some(1.0 - best.test_loss? / start.test_loss?)
}

fn facts(report: &TrainReport, test_rows: &[TestRow]) -> Vec<Fact> {
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
        if let Some(share) = explained(report).filter(|_| !test_rows.is_empty()) {
            add("variance explained", format!("{:.1} %", 100.0 * share));
        }
        if let Some(rmse) = optional(report.validation_rmse) {
            add(if report.folds.is_some() { "held-out RMSE" } else { "validation RMSE" }, rmse);
        }
        if let Some(rmse) = optional(report.train_rmse) {
            add("training RMSE", rmse);
        }
        add("best iteration", grouped(report.best_iteration));
        if let Some(rows) = report.rows {
            let parts = [rows.train, rows.validation, rows.test].map(grouped);
            add("rows: train / validation / test", parts.join(" / "));
        }
    }
    add("width", report.width.to_string());
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
        let list: Vec<String> = dropped.iter().take(20).map(|c| isolated(&shorten(c, 40))).collect();
        notes.push(format!("Left out, since constant on the training rows: {}.", list.join(", ")));
    }
    if let Some(rows) = report.rows.filter(|r| r.dropped > 0) {
        notes.push(format!("{} rows with missing values were left out.", grouped(rows.dropped)));
    }
    notes
}

fn toggles(report: &TrainReport) -> Vec<Toggle> {
    let toggle = |k: usize| Toggle { key: degree_key(k), name: k.to_string(), look: k };
    shown_degrees(report).into_iter().map(toggle).collect()
}

/// The listed iteration that the page begins with: the best one of a table, the last one of a target.
fn start(report: &TrainReport) -> usize {
    let best = report.path.iter().position(|c| c.iteration == report.best_iteration);
    best.filter(|_| report.target.is_none()).unwrap_or(report.path.len().saturating_sub(1))
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
        add("training RMSE".to_owned(), None, &root(|c| Some(c.loss)));
        let held_out = if report.folds.is_some() { "held-out RMSE" } else { "validation RMSE" };
        add(held_out.to_owned(), None, &root(|c| c.validation_loss));
        add("test RMSE".to_owned(), None, &root(|c| c.test_loss));
    }
    for k in shown_degrees(report) {
        add(format!("degree {k}"), Some(degree_key(k)), &|c| Some(energy(c, k)));
    }
    Slider {
        label: "Iteration",
        stops: report.path.iter().map(|c| grouped(c.iteration)).collect(),
        start,
        readings,
        ..Slider::default()
    }
}

/// Test rows of each label, in the order of the labels.
fn by_label(rows: &[TestRow]) -> Vec<(&str, Vec<&TestRow>)> {
    let mut out: Vec<(&str, Vec<&TestRow>)> = Vec::new();
    for row in rows {
        match out.iter_mut().find(|(label, _)| *label == row.label) {
            Some((_, list)) => list.push(row),
            None => out.push((&row.label, vec![row])),
        }
    }
    out
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
fn degrees_section(report: &TrainReport, spectrum: &Spectrum, dim: Dim) -> Option<Section> {
    let target = report.target_energy.as_ref()?;
    let shown = shown_degrees(report);
    let learning = report.learning.as_deref().unwrap_or_default();
    let time = |t: Option<u64>| t.map_or("-".to_owned(), short_count);
    let last = report.path.last()?;
    let rows = shown.into_iter().map(|k| {
        let mut cells = vec![
            number(k.to_string()),
            number(short(target[k])),
            number(multiplicity_text(dim, k)),
            number(if spectrum.visible(k) {
                short(spectrum.eigenvalue(k))
            } else {
                "0: invisible".to_owned()
            }),
        ];
        for share in [0.5, 0.1, 0.01] {
            let found = learning.iter().find(|l| l.degree == k && l.share == share);
            cells.push(number(
                found.map_or("-".to_owned(), |l| format!("{} ({})", time(l.iteration), time(l.predicted))),
            ));
        }
        cells.push(number(short(energy(last, k))));
        Row { toggle: Some(degree_key(k)), cells }
    });
    let header = [
        "degree",
        "energy",
        "multiplicity",
        "eigenvalue",
        "50 % left",
        "10 % left",
        "1 % left",
        "left at the end",
    ];
    let theory = if report.descent.is_some() { "the tangent kernel at the start" } else { "infinite width" };
    let table = Table {
        caption: "By degree".to_owned(),
        header: header.map(String::from).to_vec(),
        rows: rows.collect(),
        folded: false,
    };
    Some(Section {
        heading: "When each degree is learned".to_owned(),
        texts: vec![format!("Iterations measured; in brackets what {theory} predicts.")],
        tables: vec![table],
        ..Section::default()
    })
}

/// The multiplicity, short where it has many digits.
fn multiplicity_text(dim: Dim, degree: usize) -> String {
    let exact = multiplicity(dim, degree).to_string();
    if exact.len() <= 9 { exact } else { format!("about 10^{}", exact.len() - 1) }
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
        number(grouped(match report.width {
            zonal_run::number::Extended::Finite(m) => m,
            zonal_run::number::Extended::Infinite => 0,
        })),
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
    let degrees = shown_degrees(report);
    let mut header: Vec<String> = vec!["iteration".into(), "loss".into()];
    let optional = |f: Curve| report.path.iter().any(|c| f(c).is_some()).then_some(f);
    let more: Vec<(&str, Curve)> = [
        ("validation", optional(|c| c.validation_loss)),
        ("test", optional(|c| c.test_loss)),
        ("tangent kernel", optional(|c| c.predicted_loss)),
    ]
    .into_iter()
    .filter_map(|(name, f)| Some((name, f?)))
    .collect();
    header.extend(more.iter().map(|(name, _)| (*name).to_owned()));
    header.extend(degrees.iter().map(|k| format!("degree {k}")));
    let rows = report.path.iter().map(|c| {
        let mut cells = vec![number(grouped(c.iteration)), number(short(c.loss))];
        let cell = |x: Option<f64>| -> Cell { number(x.map_or("-".to_owned(), short)) };
        cells.extend(more.iter().map(|(_, f)| cell(f(c))));
        cells.extend(degrees.iter().map(|&k| number(short(energy(c, k)))));
        Row::new(cells)
    });
    let caption =
        "The numbers behind the curves: mean squared errors, and residual energies by degree".to_owned();
    let table = Table { caption, header, rows: rows.collect(), folded: true };
    Section { tables: vec![table], ..Section::default() }
}
