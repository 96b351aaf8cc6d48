//! Requests: the options of each command, typed, with defaults. The program reads them from its command line, other
//! callers from JSON; each resolves into configurations of jobs, which checks how its options fit together.

mod analyze;
mod choice;
mod claims;
mod output;
mod page;
mod plan;
mod predict;
mod spectrum;
mod sq;
mod sweep;
mod train;

pub use analyze::AnalyzeRequest;
pub use choice::{KernelChoice, LayersChoice, MissingChoice, PartChoice, PrecisionChoice, SolverChoice};
pub use claims::ReproduceRequest;
pub use output::{FigureFormat, FolderOptions, Output, PageOptions};
pub use page::ReportRequest;
pub use plan::PlanRequest;
pub use predict::PredictRequest;
pub use spectrum::{Spectra, SpectrumRequest};
pub use sq::{BoundRequest, LearnRequest, PlayRequest};
pub use sweep::{SweepRequest, SweepStart, Threads};
pub use train::{TrainRequest, Training};

use crate::error::{Error, Result};
use crate::table::Memory;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zonal::activation::Activation;
use zonal_io::option::{OptionId, named};

/// A command with its options.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Request {
    /// Spectra of activations, or activations ranked for a range of degrees.
    Spectrum(SpectrumRequest),
    /// Width, step and iterations for a goal.
    Plan(PlanRequest),
    /// A training, its continuation, or its repetition.
    Train(Box<TrainRequest>),
    /// The analysis of a table.
    Analyze(AnalyzeRequest),
    /// Predictions of a model, or its score.
    Predict(PredictRequest),
    /// The page of finished runs.
    Report(ReportRequest),
    /// Claims of the theory.
    Reproduce(ReproduceRequest),
    /// A sweep over a grid.
    Sweep(SweepRequest),
    /// Bounds on the number of statistical queries.
    SqBound(BoundRequest),
    /// A game of queries.
    SqPlay(PlayRequest),
    /// Descent through an oracle.
    SqLearn(LearnRequest),
}

/// Values in memory that a request refers to: JSON does not hold them.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// The table, in place of files.
    pub table: Option<Memory>,
    /// The activation, in place of a name or an expression.
    pub activation: Option<Activation>,
}

impl Request {
    /// Reads a request from JSON: an object with the `command` and those of its options that differ from their defaults.
    /// Counts and numbers may be text as on the command line, `1e9`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a command or an option that does not exist, and for a value that the option does not take.
    pub fn from_json(text: &str) -> Result<Self> {
        let found: Value =
            serde_json::from_str(text).map_err(|e| Error::Usage(format!("the request is no JSON: {e}")))?;
        let Value::Object(mut options) = found else {
            return Err(Error::Usage(
                "the request is no JSON object; write its command and its options".into(),
            ));
        };
        let command = options.remove("command").unwrap_or_default();
        Ok(match command.as_str().unwrap_or_default() {
            "spectrum" => Self::Spectrum(read(options)?),
            "plan" => Self::Plan(read(options)?),
            "train" => Self::Train(Box::new(read(options)?)),
            "analyze" => Self::Analyze(read(options)?),
            "predict" => Self::Predict(read(options)?),
            "report" => Self::Report(read(options)?),
            "reproduce" => Self::Reproduce(read(options)?),
            "sweep" => Self::Sweep(read(options)?),
            "sq-bound" => Self::SqBound(read(options)?),
            "sq-play" => Self::SqPlay(read(options)?),
            "sq-learn" => Self::SqLearn(read(options)?),
            _ => return Err(Error::Usage(format!("the command is {command}, which does not exist"))),
        })
    }

    /// Attaches values in memory.
    ///
    /// # Errors
    /// [`Error::Usage`] for a command that takes none.
    pub fn attach(&mut self, values: Values) -> Result<()> {
        let Values { table, activation } = values;
        match self {
            Self::Train(request) => (request.memory, request.callable) = (table, activation),
            Self::Analyze(request) if activation.is_none() => request.memory = table,
            Self::Spectrum(request) if table.is_none() => request.callable = activation,
            Self::Plan(request) if table.is_none() => request.callable = activation,
            Self::SqLearn(request) if table.is_none() => request.callable = activation,
            _ if table.is_none() && activation.is_none() => {}
            _ => {
                let message = "here the activation is a name or an expression in t, not a callable";
                return Err(Error::Usage(message.into()));
            }
        }
        Ok(())
    }
}

/// A request from the options in a JSON object; those that are not there have their defaults.
fn read<T: Default + Serialize + DeserializeOwned>(options: Map<String, Value>) -> Result<T> {
    let mut all = object(&T::default());
    for (name, value) in options {
        let option = named(&name);
        let Some(default) = all.insert(name.clone(), value.clone()) else {
            return Err(Error::Usage(format!("{option} is no option of this command")));
        };
        let checked: std::result::Result<T, _> = serde_json::from_value(Value::Object(all.clone()));
        if let Err(error) = checked {
            all.insert(name, default);
            let (reason, value) = (error.to_string(), value.to_string().replace('"', "'"));
            // Most reasons quote the value themselves.
            let quoted = reason.contains(value.trim_matches('\''));
            let found = if quoted { option } else { format!("{option} is {value}") };
            return Err(Error::Usage(format!("{found}: {reason}")));
        }
    }
    serde_json::from_value(Value::Object(all)).map_err(|e| Error::Usage(e.to_string()))
}

fn object(request: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(request) {
        Ok(Value::Object(map)) => map,
        // A request is a struct of plain values.
        _ => Map::new(),
    }
}

/// The options of a request that differ from their defaults.
fn given<T: Default + Serialize>(request: &T) -> Vec<String> {
    let default = object(&T::default());
    object(request)
        .into_iter()
        .filter(|(name, value)| default.get(name) != Some(value))
        .map(|(name, _)| name)
        .collect()
}

/// The first of the options given that is among some, which do not go with another one.
fn refuse_with<T: Default + Serialize>(
    request: &T,
    other: OptionId,
    excluded: impl Fn(&str) -> bool,
) -> Result<()> {
    match given(request).iter().find(|name| excluded(name)) {
        Some(name) => Err(Error::Usage(format!("{} cannot be used with {other}", named(name)))),
        None => Ok(()),
    }
}

/// Splits an option's text at commas outside brackets.
pub fn split_list(text: &str) -> Vec<String> {
    let mut depth = 0i32;
    let mut out = vec![String::new()];
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out.into_iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

/// The values of an option that can be repeated, each split at commas outside brackets; none where it is not given.
fn lists(values: &[String], option: OptionId) -> Result<Vec<String>> {
    let out: Vec<String> = values.iter().flat_map(|v| split_list(v)).collect();
    if out.is_empty() && !values.is_empty() {
        return Err(Error::Usage(format!(
            "{option} is empty; write a value, or several separated by commas"
        )));
    }
    Ok(out)
}

/// The values of an option that can be repeated or separated by commas, each read.
fn parsed<T>(
    values: &[String],
    option: OptionId,
    read: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Vec<T>> {
    let one = |text: &String| read(text).map_err(|e| Error::Usage(format!("{option}: {e}")));
    lists(values, option)?.iter().map(one).collect()
}

/// The names of columns as the command line has them: separated by commas outside brackets.
fn split_names(names: &mut Vec<String>, option: OptionId) -> Result<()> {
    *names = lists(names, option)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_outside_brackets() {
        assert_eq!(split_list("a, b(1,2),c,"), vec!["a", "b(1,2)", "c"]);
        assert!(split_list(" , ").is_empty());
    }

    #[test]
    fn requests_have_the_same_defaults_from_json_and_read_back() {
        let Ok(Request::Spectrum(found)) =
            Request::from_json(r#"{"command": "spectrum", "dim": [4, "inf"], "max_degree": "7"}"#)
        else {
            panic!()
        };
        assert_eq!(
            (found.dim.as_slice(), found.max_degree.0),
            (["4".to_owned(), "inf".to_owned()].as_slice(), 7)
        );
        for command in [
            "spectrum",
            "plan",
            "train",
            "analyze",
            "predict",
            "report",
            "reproduce",
            "sweep",
            "sq-bound",
            "sq-play",
            "sq-learn",
        ] {
            let request = Request::from_json(&format!(r#"{{"command": "{command}"}}"#)).unwrap();
            let text = serde_json::to_string(&request).unwrap();
            let again = Request::from_json(&text).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), text, "{command}");
        }
    }

    #[test]
    fn mistakes_are_named_by_their_option() {
        let error = |text: &str| Request::from_json(text).unwrap_err().to_string();
        assert_eq!(
            error(r#"{"command": "spectrum", "max_degree": "x"}"#),
            "max_degree: 'x' is not a whole number from 0 on; write digits, such as 0 or 12"
        );
        assert_eq!(
            error(r#"{"command": "train", "missing": "maybe"}"#),
            "missing: 'maybe' is not one of reject, drop"
        );
        assert_eq!(
            error(r#"{"command": "plan", "epsilon": true}"#),
            "epsilon is true: a number or a text is needed"
        );
        assert_eq!(error(r#"{"command": "plan", "epsilom": 1}"#), "epsilom is no option of this command");
        assert!(error(r#"{"command": "dance"}"#).contains("does not exist"));
        assert!(error("[]").contains("no JSON object") && error("{").contains("no JSON"));
    }
}
