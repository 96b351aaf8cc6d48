//! The card of a model: what it predicts, from which columns, how it was trained, and how far it can be trusted. It is
//! stored in the file of the model, for those who have nothing else.

use super::{IntervalReport, LabelErrors, Stop, TrainReport};
use crate::number::{short, short_count};
use zonal_io::model::TableDescription;
use zonal_io::source::DrawRule;

/// The largest number of columns that are listed.
const MOST_COLUMNS: usize = 100;

/// Returns the card of a trained model as Markdown.
pub fn card(report: &TrainReport, table: Option<&TableDescription>) -> String {
    match table {
        Some(table) => of_table(report, table),
        None => of_target(report),
    }
}

fn of_target(report: &TrainReport) -> String {
    let energy: f64 = report.target_energy.iter().flatten().sum();
    let mut text = format!(
        "# {}\n\nA network with one hidden layer of {} {} units, trained by zonal {} on a target on the uniform sphere in \
         dimension {}, not on data.\n\n## Training\n\n",
        report.target.as_deref().unwrap_or_default(),
        report.width,
        report.activation_names(),
        env!("CARGO_PKG_VERSION"),
        report.dim
    );
    text += &format!(
        "- iterations: {}\n- mean squared error: {}, before the training {}\n",
        short_count(report.iterations),
        short(report.loss),
        short(report.initial_loss)
    );
    if energy > 0.0 {
        text += &format!("- energy of the target: {}\n", short(energy));
    }
    text
}

fn of_table(report: &TrainReport, table: &TableDescription) -> String {
    let labels = report.labels.as_deref().unwrap_or_default().join(", ");
    let mut text = format!(
        "# {labels}\n\nA network with one hidden layer that predicts {} from {}, trained by zonal {}.\n\n## Input\n\n",
        match &report.classification {
            Some(found) => format!("`{labels}` (one of {})", found.classes.join(", ")),
            None => format!("`{labels}`"),
        },
        match columns(report, table).len() {
            1 => "one column".to_owned(),
            count => format!("{count} columns"),
        },
        env!("CARGO_PKG_VERSION"),
    );
    text += &inputs(report, table);
    text += "\n## Training\n\n";
    text += &training(report);
    text += &parts(table);
    text += "\n## Errors\n\n";
    text += &errors(report);
    text += "\n## Limits\n\n";
    if report.validation_rmse.is_some() || report.classification.is_some() {
        text += &format!(
            "- Errors on {} rows tend to be too small: these rows chose the network.\n",
            report.held_out_name()
        );
    }
    text += "- The errors above are those of rows of the same table. Rows from elsewhere, or from later, may have others.\n";
    text +=
        "- Beyond the range of the training rows predictions are extrapolations, without any guarantee.\n";
    text += "- The network describes the rows as they were. It does not say what happens if a column is changed.\n";
    text
}

/// Returns the columns that a table to predict must have.
fn columns<'a>(report: &'a TrainReport, table: &'a TableDescription) -> Vec<&'a str> {
    let dropped = report.dropped_columns.as_deref().unwrap_or_default();
    let names: Vec<&str> = match &table.encoding {
        Some(encoding) => encoding.columns.iter().map(|c| c.name.as_str()).collect(),
        None => table.lift.columns.iter().map(String::as_str).collect(),
    };
    names.into_iter().filter(|name| !dropped.iter().any(|d| d == name)).collect()
}

fn inputs(report: &TrainReport, table: &TableDescription) -> String {
    let encoded = report.encoded_columns.as_deref().unwrap_or_default();
    let all = columns(report, table);
    let mut text = String::new();
    for name in all.iter().take(MOST_COLUMNS) {
        let treatment = encoded.iter().find(|c| c.column == *name).map_or("number", |c| c.treatment.as_str());
        text += &format!("- `{name}`: {treatment}\n");
    }
    if all.len() > MOST_COLUMNS {
        text += &format!("- and {} more\n", all.len() - MOST_COLUMNS);
    }
    text
}

fn training(report: &TrainReport) -> String {
    let mut text = String::new();
    if let Some(rows) = report.rows {
        text += &format!(
            "- rows: {} for training, {} for validation, {} for testing, {} left out\n",
            rows.train, rows.validation, rows.test, rows.dropped
        );
    }
    let units = report.activation_names();
    text += &match report.networks {
        Some(networks) => {
            format!("- the mean of {networks} networks of {} grown units ({units})\n", report.width)
        }
        None => {
            let drawn = if report.descent.is_none() { "random " } else { "" };
            format!("- {} {drawn}units ({units}) at scale {}\n", report.width, short(report.scale))
        }
    };
    let counts = match (&report.best_iterations, report.best_iteration) {
        (Some(each), _) => each.iter().map(|t| short_count(*t)).collect::<Vec<_>>().join(", "),
        (None, Some(best)) => short_count(best),
        (None, None) => short_count(report.iterations),
    };
    text += &format!("- iterations: {counts}");
    text += match report.stop {
        Some(Stop::LeaveOneOut) => ", chosen by leave-one-out\n",
        Some(Stop::Folds) => ", chosen over folds\n",
        Some(Stop::Validation) => ", chosen on validation rows\n",
        Some(Stop::Auto) | None => "\n",
    };
    text += &report
        .fingerprint
        .as_ref()
        .map_or(String::new(), |print| format!("- fingerprint of the table: {print}\n"));
    text
}

/// Returns how rows were assigned to their parts.
fn parts(table: &TableDescription) -> String {
    match &table.draws {
        Some(DrawRule::Groups { column }) => {
            format!("- rows with the same `{column}` are in the same part\n")
        }
        Some(DrawRule::Time { column, .. }) => format!("- the test rows are the last ones by `{column}`\n"),
        Some(DrawRule::EqualRows) | None => "- the part of a row was drawn at random\n".to_owned(),
    }
}

fn errors(report: &TrainReport) -> String {
    let held_out = report.held_out_name();
    if let Some(found) = &report.classification {
        let parts = [("training", &found.train), (held_out, &found.held_out), ("test", &found.test)];
        let known = parts.into_iter().filter_map(|(name, scores)| Some((name, scores.as_ref()?)));
        return known
            .map(|(name, s)| {
                format!(
                    "- {name} rows ({}): accuracy {} (most frequent class: {}), log-loss {} (shares of the classes: {})\n",
                    s.rows,
                    short(s.accuracy),
                    short(s.base_rate),
                    short(s.log_loss),
                    short(s.base_log_loss)
                )
            })
            .collect();
    }
    let mut text: String =
        report.label_errors.iter().flatten().map(|errors| label_errors(errors, held_out)).collect();
    text += &report.interval.as_ref().map_or(String::new(), interval);
    text
}

fn label_errors(errors: &LabelErrors, held_out: &str) -> String {
    let known =
        [(errors.train_rmse, "training"), (errors.validation_rmse, held_out), (errors.test_rmse, "test")];
    let known = known.iter().filter_map(|(error, rows)| Some(format!("{} on {rows} rows", short((*error)?))));
    format!("- root mean squared error of `{}`: {}\n", errors.label, known.collect::<Vec<_>>().join(", "))
}

fn interval(found: &IntervalReport) -> String {
    let list = |values: &[f64]| values.iter().map(|x| short(*x)).collect::<Vec<_>>().join(", ");
    let covered = found.test_coverage.as_ref();
    let covered =
        covered.map_or(String::new(), |c| format!("; the share of test rows that they cover: {}", list(c)));
    format!(
        "- {} % intervals: the prediction plus and minus {}, from {} held-out rows{covered}\n",
        short(100.0 * found.level),
        list(&found.half_width),
        found.rows
    )
}
