//! Options in the terms of the caller. Messages name options, and the command line and Python spell them differently:
//! `--max-degree` and `max_degree`. The front end chooses a [`Style`] once; a message asks an [`OptionId`] for its text.

use std::fmt::{self, Display};
use std::path::Path;
use std::sync::OnceLock;

/// How messages spell options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// `max_degree`, `missing='drop'`: callers of the library.
    #[default]
    Library,
    /// `--max-degree`, `--missing drop`: the command line.
    Program,
    /// `max_degree`, `missing='drop'`, `zonal.train(..)`: Python.
    Python,
}

static STYLE: OnceLock<Style> = OnceLock::new();

/// Sets the style of the process. Only the first call has an effect.
pub fn set_style(style: Style) {
    let _ = STYLE.set(style);
}

/// The style of the process: [`Style::Library`] unless a front end has set another one.
pub fn style() -> Style {
    STYLE.get().copied().unwrap_or_default()
}

/// An option of a job, identified by its name in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionId(&'static str);

/// The columns of levels.
pub const CATEGORICAL: OptionId = OptionId::new("categorical");
/// The decimal mark of CSV files.
pub const DECIMAL: OptionId = OptionId::new("decimal");
/// The delimiter of CSV files.
pub const DELIMITER: OptionId = OptionId::new("delimiter");
/// The columns to use as features.
pub const FEATURES: OptionId = OptionId::new("features");
/// The flag that allows existing output to be replaced.
pub const FORCE: OptionId = OptionId::new("force");
/// The treatment of rows with missing values.
pub const MISSING: OptionId = OptionId::new("missing");
/// The columns that are no features.
pub const EXCLUDE: OptionId = OptionId::new("exclude");
/// The column whose groups are not divided between parts.
pub const GROUPS: OptionId = OptionId::new("groups");
/// The probability of prediction intervals.
pub const INTERVAL: OptionId = OptionId::new("interval");
/// The column of times, by which the last rows are for testing.
pub const TIME: OptionId = OptionId::new("time");
/// Whether the label is a number or a class.
pub const TASK: OptionId = OptionId::new("task");
/// The flag for CSV files whose first line is a row.
pub const NO_HEADER: OptionId = OptionId::new("no-header");
/// The file or folder to write.
pub const OUT: OptionId = OptionId::new("out");
/// The folder of an interrupted run.
pub const RESUME: OptionId = OptionId::new("resume");

impl OptionId {
    /// The option with this name in kebab case, such as `max-degree`.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name in kebab case.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The option with a value, as the caller would write it: `--missing drop` or `missing='drop'`. Numbers and booleans
    /// have no quotes.
    pub fn with(self, value: impl Display) -> impl Display {
        self.assigned(style(), &value.to_string())
    }

    /// The option as a flag that is set: `--force` or `force=True`.
    pub fn set(self) -> impl Display {
        self.flag(style())
    }

    fn spelled(self, style: Style) -> String {
        spelled(self.0, style)
    }

    fn assigned(self, style: Style, value: &str) -> String {
        let option = self.spelled(style);
        match (style, value) {
            (Style::Program, _) => format!("{option} {}", shell_word(value)),
            (Style::Python, "true") => format!("{option}=True"),
            (Style::Python, "false") => format!("{option}=False"),
            (_, "true" | "false") => format!("{option}={value}"),
            // Words that parse as floats, such as inf, are words here.
            _ if value.parse().is_ok_and(f64::is_finite) => format!("{option}={value}"),
            _ => format!("{option}={}", quoted(value)),
        }
    }

    fn flag(self, style: Style) -> String {
        match style {
            Style::Program => self.spelled(style),
            Style::Library | Style::Python => self.assigned(style, "true"),
        }
    }
}

impl Display for OptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled(style()))
    }
}

/// Arguments of the command line that have no name there.
const ARGUMENTS: [&str; 4] = ["data", "file", "model", "runs"];

/// An option by its name in kebab case or with underscores, in the style of the process.
pub fn named(name: &str) -> String {
    spelled(name, style())
}

fn spelled(name: &str, style: Style) -> String {
    match style {
        Style::Program if ARGUMENTS.contains(&name) => name.to_uppercase(),
        Style::Program => format!("--{}", name.replace('_', "-")),
        Style::Library | Style::Python => name.replace('-', "_"),
    }
}

/// A call of a command with one path, for advice such as how to resume a run: `zonal train --resume runs/x` or
/// `zonal.train(resume='runs/x')`.
pub fn call(command: &'static str, option: OptionId, path: &Path) -> impl Display {
    call_in(style(), command, option, path)
}

fn call_in(style: Style, command: &str, option: OptionId, path: &Path) -> String {
    let path = path.display().to_string();
    match style {
        Style::Program => format!("zonal {command} {}", option.assigned(style, &path)),
        // A path that looks like a number is still text.
        Style::Python => format!(
            "zonal.{}({option}={})",
            command.replace(' ', "."),
            quoted(&path),
            option = option.spelled(style)
        ),
        Style::Library => {
            format!("{}({}={})", command.replace(' ', "::"), option.spelled(style), quoted(&path))
        }
    }
}

/// A string literal of Python.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A word of a command line, in quotes where a shell needs them.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEGREE: OptionId = OptionId::new("max-degree");
    const STYLES: [Style; 3] = [Style::Program, Style::Python, Style::Library];

    #[test]
    fn options_are_spelled_in_the_style_of_the_caller() {
        assert_eq!(DEGREE.name(), "max-degree");
        assert_eq!(STYLES.map(|style| DEGREE.spelled(style)), ["--max-degree", "max_degree", "max_degree"]);
        assert_eq!(STYLES.map(|style| FORCE.flag(style)), ["--force", "force=True", "force=true"]);
        // No test sets the style of the process.
        assert_eq!(DEGREE.to_string(), "max_degree");
        assert_eq!(MISSING.with("drop").to_string(), "missing='drop'");
        assert_eq!(FORCE.set().to_string(), "force=true");
    }

    #[test]
    fn text_has_quotes_and_numbers_and_booleans_have_none() {
        let all = |option: OptionId, value: &str| STYLES.map(|style| option.assigned(style, value));
        assert_eq!(all(MISSING, "drop"), ["--missing drop", "missing='drop'", "missing='drop'"]);
        assert_eq!(all(DEGREE, "7"), ["--max-degree 7", "max_degree=7", "max_degree=7"]);
        assert_eq!(all(DEGREE, "1e-3"), ["--max-degree 1e-3", "max_degree=1e-3", "max_degree=1e-3"]);
        assert_eq!(all(DEGREE, "inf"), ["--max-degree inf", "max_degree='inf'", "max_degree='inf'"]);
        assert_eq!(all(NO_HEADER, "false"), ["--no-header false", "no_header=False", "no_header=false"]);
        assert_eq!(all(OUT, "it's"), ["--out 'it'\\''s'", "out='it\\'s'", "out='it\\'s'"]);
    }

    #[test]
    fn a_call_can_be_typed_as_it_is() {
        let all = |path: &str| STYLES.map(|style| call_in(style, "train", RESUME, Path::new(path)));
        let expected =
            ["zonal train --resume runs/x", "zonal.train(resume='runs/x')", "train(resume='runs/x')"];
        assert_eq!(all("runs/x"), expected);
        assert_eq!(all("a run")[0], "zonal train --resume 'a run'");
        assert_eq!(all("7")[1], "zonal.train(resume='7')");
        assert_eq!(call_in(Style::Python, "sq play", OUT, Path::new("g")), "zonal.sq.play(out='g')");
    }
}
