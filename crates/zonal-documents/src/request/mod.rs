//! Requests: the options of each command, typed, with defaults. The program parses them from its command line, other
//! callers from JSON. A request resolves into the configuration of a job, which checks that its options are
//! compatible.

mod analyze;
mod choice;
mod claims;
mod curve;
mod descent;
mod heading;
mod output;
mod page;
mod plan;
mod predict;
mod runs;
mod spectrum;
mod sq;
mod stop;
mod sweep;
mod train;
mod values;

pub use analyze::AnalyzeRequest;
pub use choice::{KernelChoice, LayersChoice, MissingChoice, PartChoice, PrecisionChoice, SolverChoice};
pub use claims::ReproduceRequest;
pub use curve::CurveRequest;
pub use output::{FigureFormat, FigureOptions, FolderOptions, Output, PageOptions};
pub use page::ReportRequest;
pub use plan::PlanRequest;
pub use predict::PredictRequest;
pub use runs::{CompareRequest, RemoveRequest, RunsRequest};
pub use spectrum::{Spectra, SpectrumRequest};
pub use sq::{BoundRequest, LearnRequest, PlayRequest};
pub use sweep::{Description, SweepRequest, SweepStart, Threads};
pub use train::{TrainRequest, Training};

use crate::error::{Error, Result};
use crate::table::Memory;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use values::read;
use zonal::activation::Activation;

/// A command with its options.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Request {
    /// Spectra of activations, or activations ranked for a range of degrees.
    Spectrum(SpectrumRequest),
    /// Width, step and iterations for a goal.
    Plan(PlanRequest),
    /// Predicted errors by the numbers of rows and units.
    Curve(Box<CurveRequest>),
    /// A training, a resumed training, or a repeated one.
    Train(Box<TrainRequest>),
    /// The analysis of a table.
    Analyze(AnalyzeRequest),
    /// Predictions of a model, or its score.
    Predict(PredictRequest),
    /// A page of finished runs.
    Report(ReportRequest),
    /// The runs of a folder.
    Runs(RunsRequest),
    /// A comparison of runs.
    RunsCompare(CompareRequest),
    /// The removal of runs.
    RunsRemove(RemoveRequest),
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

/// In-memory values of a request, which JSON cannot hold.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// The table that replaces files.
    pub table: Option<Memory>,
    /// The activation that replaces a name or an expression.
    pub activation: Option<Activation>,
}

impl Request {
    /// Parses a request from JSON: an object with the `command` and those options that differ from their defaults.
    /// Counts and numbers may be text as on the command line, such as `1e9`.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unknown command or option, and for a value that the option does not accept.
    pub fn from_json(text: &str) -> Result<Self> {
        let found: Value =
            serde_json::from_str(text).map_err(|e| Error::Usage(format!("the request is not JSON: {e}")))?;
        let Value::Object(mut options) = found else {
            return Err(Error::Usage(
                "the request is not a JSON object; write an object with the command and its options".into(),
            ));
        };
        let command = options.remove("command").unwrap_or_default();
        Ok(match command.as_str().unwrap_or_default() {
            "spectrum" => Self::Spectrum(read(options)?),
            "plan" => Self::Plan(read(options)?),
            "curve" => Self::Curve(Box::new(read(options)?)),
            "train" => Self::Train(Box::new(read(options)?)),
            "analyze" => Self::Analyze(read(options)?),
            "predict" => Self::Predict(read(options)?),
            "report" => Self::Report(read(options)?),
            "runs" => Self::Runs(read(options)?),
            "runs-compare" => Self::RunsCompare(read(options)?),
            "runs-remove" => Self::RunsRemove(read(options)?),
            "reproduce" => Self::Reproduce(read(options)?),
            "sweep" => Self::Sweep(read(options)?),
            "sq-bound" => Self::SqBound(read(options)?),
            "sq-play" => Self::SqPlay(read(options)?),
            "sq-learn" => Self::SqLearn(read(options)?),
            _ => return Err(Error::Usage(format!("the command is {command}, which does not exist"))),
        })
    }

    /// Returns the options of figures, for results without a run folder.
    pub fn figures(&self) -> Option<&FigureOptions> {
        match self {
            Self::Spectrum(request) => Some(&request.figures),
            Self::Curve(request) => Some(&request.figures),
            Self::Analyze(request) => Some(&request.figures),
            Self::SqBound(request) => Some(&request.figures),
            Self::SqLearn(request) => Some(&request.figures),
            _ => None,
        }
    }

    /// Returns the formats in which figures are written as files.
    pub fn figure_formats(&self) -> &[FigureFormat] {
        match self {
            Self::Train(request) => &request.page.figures,
            Self::Sweep(request) => &request.page.figures,
            Self::Reproduce(request) => &request.folder.page.figures,
            Self::SqPlay(request) => &request.folder.page.figures,
            Self::Report(request) => &request.figures,
            _ => self.figures().map_or(&[], |options| &options.figures),
        }
    }

    /// Attaches in-memory values.
    ///
    /// # Errors
    /// [`Error::Usage`] for a command that accepts none.
    pub fn attach(&mut self, values: Values) -> Result<()> {
        let Values { table, activation } = values;
        match self {
            Self::Train(request) => (request.memory, request.callable) = (table, activation),
            Self::Analyze(request) if activation.is_none() => request.memory = table,
            Self::Spectrum(request) if table.is_none() => request.callable = activation,
            Self::Plan(request) if table.is_none() => request.callable = activation,
            Self::Curve(request) => (request.memory, request.callable) = (table, activation),
            Self::SqLearn(request) if table.is_none() => request.callable = activation,
            _ if table.is_none() && activation.is_none() => {}
            _ => {
                let message = "the activation is a callable; this command needs a name or an expression in t";
                return Err(Error::Usage(message.into()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "runs",
            "runs-compare",
            "runs-remove",
            "reproduce",
            "sweep",
            "sq-bound",
            "sq-play",
            "sq-learn",
        ] {
            let request = Request::from_json(&format!(r#"{{"command": "{command}"}}"#)).unwrap();
            let text = serde_json::to_string(&request).unwrap();
            let copy = Request::from_json(&text).unwrap();
            assert_eq!(serde_json::to_string(&copy).unwrap(), text, "{command}");
        }
    }

    #[test]
    fn mistakes_are_named_by_their_option() {
        let error = |text: &str| Request::from_json(text).unwrap_err().to_string();
        assert_eq!(
            error(r#"{"command": "spectrum", "max_degree": "x"}"#),
            "max_degree: 'x' is not a non-negative integer; write digits, such as 0 or 12"
        );
        assert_eq!(
            error(r#"{"command": "train", "missing": "maybe"}"#),
            "missing: 'maybe' is not one of fill, drop, reject"
        );
        assert_eq!(
            error(r#"{"command": "plan", "epsilon": true}"#),
            "epsilon is true: a number or a string is needed"
        );
        assert_eq!(
            error(r#"{"command": "plan", "epsilom": 1}"#),
            "epsilom is not an option of this command; did you mean epsilon?"
        );
        assert_eq!(
            error(r#"{"command": "train", "missing": "Drop"}"#),
            "missing: 'Drop' is not one of fill, drop, reject; did you mean drop?"
        );
        assert!(error(r#"{"command": "dance"}"#).contains("does not exist"));
        assert!(error("[]").contains("not a JSON object") && error("{").contains("not JSON"));
    }
}
