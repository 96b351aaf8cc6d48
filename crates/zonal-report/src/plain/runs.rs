//! Lists and comparisons of runs.

use super::table::{Layout, csv, quoted};
use std::collections::BTreeSet;
use zonal_documents::number::{short, short_count};
use zonal_documents::record::{RunEntry, RunKind, RunState, RunsReport};

/// The length at which values of options are cut.
const LONGEST: usize = 28;

/// The results of a run, by name.
fn results(run: &RunEntry) -> [(&'static str, Option<String>); 6] {
    let number = |x: Option<f64>| x.map(short);
    [
        ("loss", number(run.loss)),
        ("train RMSE", number(run.train_rmse)),
        ("validation RMSE", number(run.validation_rmse)),
        ("test RMSE", number(run.test_rmse)),
        ("best iteration", run.best_iteration.map(short_count)),
        ("succeeded", run.succeeded.map(|yes| if yes { "yes" } else { "no" }.to_owned())),
    ]
}

/// Returns the names of the options that differ.
fn options(report: &RunsReport) -> Vec<String> {
    let names: BTreeSet<&str> =
        report.runs.iter().flat_map(|run| run.differences.iter().map(|d| d.name.as_str())).collect();
    names.into_iter().map(str::to_owned).collect()
}

fn option(run: &RunEntry, name: &str) -> String {
    let found = run.differences.iter().find(|setting| setting.name == name);
    found.map_or(String::new(), |setting| setting.value.clone())
}

fn cut(text: String) -> String {
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 2).chain("..".chars()).collect()
}

fn kind(run: &RunEntry) -> String {
    run.kind.map_or("unknown", RunKind::command).to_owned()
}

/// Returns the start of a run to the minute.
fn date(run: &RunEntry) -> String {
    let started = run.started.as_deref().unwrap_or_default();
    started.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// Formats the runs of a folder, one in each row, with the columns that are of use for them.
pub(super) fn list(report: &RunsReport, layout: Layout) -> String {
    if report.runs.is_empty() {
        return "no runs\n".to_owned();
    }
    let runs = &report.runs;
    let mut table: Vec<(String, Vec<String>)> =
        vec![("run".to_owned(), runs.iter().map(|run| run.run.clone()).collect())];
    if runs.iter().any(|run| run.kind != runs[0].kind) {
        table.push(("kind".to_owned(), runs.iter().map(kind).collect()));
    }
    for name in options(report) {
        table.push((name.clone(), runs.iter().map(|run| cut(option(run, &name))).collect()));
    }
    let last_option = table.len();
    // The loss of a table is that of its training rows, in standard units: errors on other rows tell more.
    let has_targets = runs.iter().any(|run| run.loss.is_some() && run.train_rmse.is_none());
    for i in [0, 2, 3, 5].into_iter().filter(|i| *i != 0 || has_targets) {
        let column: Vec<Option<String>> = runs
            .iter()
            .map(|run| results(run)[i].1.clone().filter(|_| i != 0 || run.train_rmse.is_none()))
            .collect();
        if column.iter().any(Option::is_some) {
            let name = results(&runs[0])[i].0.to_owned();
            table.push((name, column.into_iter().map(Option::unwrap_or_default).collect()));
        }
    }
    if runs.iter().any(|run| run.state != RunState::Finished) {
        table.push(("state".to_owned(), runs.iter().map(|run| run.state.name().to_owned()).collect()));
    }
    table.push(("started (UTC)".to_owned(), runs.iter().map(date).collect()));
    let header: Vec<String> = table.iter().map(|(name, _)| name.clone()).collect();
    let rows: Vec<Vec<String>> =
        (0..runs.len()).map(|i| table.iter().map(|(_, column)| column[i].clone()).collect()).collect();
    // Options are the first to be omitted on a narrow terminal, from the right.
    let order: Vec<usize> = (1..last_option).rev().chain((last_option..table.len()).rev()).collect();
    layout.columns_by_importance(&header, &rows, &order)
}

/// Formats a comparison: a column for each run.
pub(super) fn comparison(report: &RunsReport, layout: Layout) -> String {
    let runs = &report.runs;
    let row = |name: &str, value: &dyn Fn(&RunEntry) -> String| -> Vec<String> {
        std::iter::once(name.to_owned()).chain(runs.iter().map(value)).collect()
    };
    let header = row("", &|run| run.run.clone());
    let mut rows = vec![row("kind", &kind)];
    rows.extend(options(report).iter().map(|name| row(name, &|run| cut(option(run, name)))));
    for (i, (name, _)) in results(&runs[0]).iter().enumerate() {
        if runs.iter().any(|run| results(run)[i].1.is_some()) {
            rows.push(row(name, &|run| results(run)[i].1.clone().unwrap_or_default()));
        }
    }
    rows.push(row("state", &|run| run.state.name().to_owned()));
    rows.push(row("started (UTC)", &date));
    rows.push(row("seconds", &|run| run.seconds.map_or(String::new(), short)));
    let order: Vec<usize> = (1..header.len()).rev().collect();
    layout.columns_by_importance(&header, &rows, &order)
}

/// Formats runs as CSV: one row for each.
pub(super) fn list_csv(report: &RunsReport) -> String {
    let names = options(report);
    let number = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    let mut header = ["run", "kind", "state", "started", "seconds"].map(String::from).to_vec();
    header.extend(names.iter().map(|name| quoted(name)));
    let last = ["loss", "best_iteration", "train_rmse", "validation_rmse", "test_rmse", "succeeded"];
    header.extend(last.map(String::from));
    let row = |run: &RunEntry| {
        let mut row = vec![
            quoted(&run.run),
            run.kind.map_or(String::new(), |kind| kind.command().to_owned()),
            run.state.name().to_owned(),
            run.started.clone().unwrap_or_default(),
            number(run.seconds),
        ];
        row.extend(names.iter().map(|name| quoted(&option(run, name))));
        row.extend([
            number(run.loss),
            run.best_iteration.map_or(String::new(), |t| t.to_string()),
            number(run.train_rmse),
            number(run.validation_rmse),
            number(run.test_rmse),
            run.succeeded.map_or(String::new(), |yes| yes.to_string()),
        ]);
        row
    };
    csv(&header, &report.runs.iter().map(row).collect::<Vec<_>>())
}
