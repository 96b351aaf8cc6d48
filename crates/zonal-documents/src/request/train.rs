//! The options of `train`.

use super::choice::{
    DecimalChoice, HiddenChoice, LayersChoice, LiftChoice, MethodChoice, MissingChoice,
    ParametrisationChoice, PrecisionChoice, SolverChoice, StopChoice, TaskChoice, UnitsChoice,
};
use super::descent::DescentOptions;
use super::heading::{NETWORK, RUN, TABLE, TARGET as TARGET_HEADING, TRAINING};
use super::output::{Output, PageOptions};
use super::values::{non_defaults, parse_values, reject_with, split_names};
use crate::agreement::NewPaths;
use crate::error::{Error, Result};
use crate::number::{Auto, Count, Extended, Real, Scale, Whole, count, text};
use crate::options::{AGAIN, AT, DATA, HIDDEN, LABEL, PRECISION, RESUME, RIDGE, SEED, SOLVER, TARGET};
use crate::table::{Data, Memory, lossy, lossy_option};
use crate::train::{
    BatchChoice, DescentConfig, DescentMethod, GrowthConfig, Input, Stop, TableJob, TargetJob, TrainConfig,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal::activation::Activation;
use zonal::network::{Layers, Start};
use zonal::risk::BothLayers;
use zonal::statistics::Precision;
use zonal_io::option::{CATEGORICAL, EXCLUDE, FEATURES, GROUPS, INTERVAL, OptionId, TIME};

/// Train a network on a table or on a target, and measure its whole path
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TrainRequest {
    /// The table: files or glob patterns; CSV, lines of JSON, NPY, NPZ, Parquet or Arrow
    ///
    /// Rows are read in blocks, so that a table may be larger than memory.
    #[arg(value_name = "DATA", required_unless_present_any = ["target", "resume", "again"])]
    #[serde(serialize_with = "lossy")]
    pub data: Vec<PathBuf>,
    /// The column to predict; separate several by commas
    #[arg(long, value_name = "COLUMN", required_unless_present_any = ["target", "resume", "again"], help_heading = TABLE)]
    #[serde(deserialize_with = "text::list")]
    pub label: Vec<String>,
    /// Whether the label is a number or a class
    ///
    /// For classes the network has one output each, fitted by least squares to 1 for the class of a row and 0 for the others; iteration
    /// and temperature of the probabilities are chosen by the log-loss on held-out rows, over which, as over the test rows, each class
    /// is spread evenly.
    #[arg(long, value_enum, default_value_t = Self::default().task, help_heading = TABLE)]
    pub task: TaskChoice,
    /// The columns to predict from, separated by commas [default: all others]
    #[arg(long, value_name = "COLUMNS", help_heading = TABLE)]
    #[serde(deserialize_with = "text::list")]
    pub features: Vec<String>,
    /// The columns not to predict from, separated by commas
    #[arg(long, value_name = "COLUMNS", help_heading = TABLE, hide_short_help = true)]
    #[serde(deserialize_with = "text::list")]
    pub exclude: Vec<String>,
    /// The column of groups, such as patients: no group is divided between parts or folds
    #[arg(long, value_name = "COLUMN", conflicts_with = "time", help_heading = TABLE, hide_short_help = true)]
    pub groups: Option<String>,
    /// The column of times, numbers or dates: the last rows are for testing, those before them for validation
    ///
    /// Folds are intervals of time. The column is a feature only if --features names it.
    #[arg(long, value_name = "COLUMN", help_heading = TABLE, hide_short_help = true)]
    pub time: Option<String>,
    /// Files or glob patterns of the rows for choosing the iteration [default: rows split off the table, and folds of grown units]
    ///
    /// Each network of grown units is then fitted to all other rows of the table.
    #[arg(long, value_name = "FILE", help_heading = TABLE, hide_short_help = true)]
    #[serde(serialize_with = "lossy")]
    pub validation: Vec<PathBuf>,
    /// Test files or glob patterns [default: rows split off the table]
    #[arg(long, value_name = "FILE", help_heading = TABLE)]
    #[serde(serialize_with = "lossy")]
    pub test: Vec<PathBuf>,
    /// Treatment of missing values
    #[arg(long, value_enum, default_value_t = Self::default().missing, help_heading = TABLE)]
    pub missing: MissingChoice,
    /// Columns that hold levels, even if these look like numbers; separate several by commas
    ///
    /// Each level gets a column of its own, as for columns of text.
    #[arg(long, value_name = "COLUMNS", help_heading = TABLE, hide_short_help = true)]
    #[serde(deserialize_with = "text::list")]
    pub categorical: Vec<String>,
    /// The rows that choose the iteration [default: see --help]
    ///
    /// With leave-one-out each row is predicted by the network that descent on all other rows finds: exact at every iteration, and
    /// no row is held back; means and units of columns and labels are those of all rows. It is the default of drawn units below 20,000 rows, if rows times
    /// width times labels or classes is at most 2e7, in f64, without --groups, --time and options of other rows; otherwise that is validation,
    /// rows that are split off. Copies of rows that are kept in the same part are left out together. Grown units hold out folds.
    #[arg(long, value_enum, value_name = "ROWS", help_heading = TABLE)]
    pub stop: Option<StopChoice>,
    /// Choose the iteration by K-fold cross-validation [default with --stop folds: 5]
    ///
    /// The folds replace the validation rows. The final network is fitted to all rows except the test rows.
    #[arg(long, value_name = "K", allow_negative_numbers = true, help_heading = TABLE, hide_short_help = true)]
    pub folds: Option<Whole>,
    /// Fraction of the rows for testing [default: 0.2]
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true, help_heading = TABLE, hide_short_help = true)]
    pub test_fraction: Option<Real>,
    /// Fraction of the rows for choosing the iteration [default: 0.2]
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true, help_heading = TABLE, hide_short_help = true)]
    pub validation_fraction: Option<Real>,
    /// The probability with which reported intervals are to cover the labels of new rows
    #[arg(long, value_name = "P", default_value_t = Self::default().interval, allow_negative_numbers = true, help_heading = TABLE, hide_short_help = true)]
    pub interval: Real,
    /// Fit the final network to the validation rows too, once they have determined the iteration
    ///
    /// With leave-one-out all rows are fitted anyway.
    #[arg(long, help_heading = TABLE, hide_short_help = true)]
    pub refit: bool,
    /// The column of row weights; rows of weight 0 are dropped
    #[arg(long, value_name = "COLUMN", help_heading = TABLE, hide_short_help = true)]
    pub weight: Option<String>,
    /// Rows are points of the unit sphere: columns are not standardised, and no bias is appended
    #[arg(long, help_heading = TABLE, hide_short_help = true)]
    pub on_sphere: bool,
    /// Whether standardised rows are divided by their length [default: sphere]
    ///
    /// With none, drawn units see the standardised columns, each divided by the root of their number, and the bias. The points are not
    /// on the sphere, and no plan or spectrum applies to them. Smooth activations with both layers trained often do better.
    #[arg(long, value_enum, value_name = "MAP", help_heading = TABLE, hide_short_help = true)]
    pub lift: Option<LiftChoice>,
    /// The CSV has no header; columns are named c1, c2, ..
    #[arg(long, help_heading = TABLE, hide_short_help = true)]
    pub no_header: bool,
    /// Character between fields, or the word tab [default: tab for .tsv, else as the first line suggests]
    #[arg(long, value_parser = super::choice::delimiter, value_name = "CHAR", help_heading = TABLE, hide_short_help = true)]
    #[serde(deserialize_with = "super::choice::delimiter_of_json")]
    pub delimiter: Option<char>,
    /// Decimal mark of CSV files [default: as the first lines suggest]
    #[arg(long, value_enum, value_name = "MARK", help_heading = TABLE, hide_short_help = true)]
    pub decimal: Option<DecimalChoice>,
    /// A function to learn in place of a table
    ///
    /// A sum of polynomials in x1..xn, harmonic(K), neuron(A) and teacher(A, units=U), with coefficients.
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true, help_heading = TARGET_HEADING)]
    pub target: Option<String>,
    /// The dimension n of the target; its sphere is S^(n-1) [default: 10]
    #[arg(long, short = 'n', value_name = "N", help_heading = TARGET_HEADING)]
    pub dim: Option<Count>,
    /// The largest degree to list [default: that of the target, at least 4]
    #[arg(long, short = 'k', value_name = "K", allow_negative_numbers = true, help_heading = TARGET_HEADING)]
    pub max_degree: Option<Whole>,
    /// The number of hidden units; on targets also inf, for the limit of infinite width [default: 1000]
    ///
    /// Grown units: the number of units of each network [default: 300, and 600 from 2,000 rows].
    #[arg(long, short = 'm', value_name = "M", allow_negative_numbers = true, help_heading = NETWORK)]
    pub width: Option<Extended>,
    /// On tables, whether hidden units are grown on the rows or drawn at random [default: grown, see below]
    ///
    /// Grown units are drawn where rows are, on few columns, chosen in stages by what they add to the labels, and tuned by
    /// L-BFGS; then the output layer descends on them. The network is the mean of K ones (--folds; by default 8, 4 from 2,000
    /// rows, and a tenth of the rows below 80), each of which holds out one fold. Bounds of plans and spectra are for drawn units, which are the default
    /// in iterative training and with --scale, --bias, --lift, --on-sphere, --ridge, --validation-fraction, --refit, and --stop other than folds.
    #[arg(long, value_enum, value_name = "HOW", help_heading = NETWORK)]
    pub hidden: Option<HiddenChoice>,
    /// The activation: a name or an expression in t
    ///
    /// Names: relu, leaky-relu, squared-relu, step, sign, abs, sigmoid, tanh, erf, gelu, silu, softplus, sin, cos, exp,
    /// square, cube, hermite-K. With auto, tables are trained with the activation that does best on a sample of the rows
    /// not used for testing, and targets with relu.
    #[arg(long, short, default_value_t = Self::default().activation, value_name = "NAME", help_heading = NETWORK)]
    #[schemars(with = "String")]
    pub activation: Auto<Activation>,
    /// The scale s of the units phi(s <w, x>): auto, sqrt-dim or a number
    ///
    /// With auto, tables choose the scale on a sample; on targets it is 1.
    #[arg(long, default_value_t = Self::default().scale, value_name = "S", allow_negative_numbers = true, help_heading = NETWORK)]
    #[schemars(with = "String")]
    pub scale: Scale,
    /// On tables, the bias appended to each row before it is put on the sphere: auto or a number
    ///
    /// With auto, the bias is chosen on a sample.
    #[arg(long, default_value_t = Self::default().bias, value_name = "B", allow_negative_numbers = true, help_heading = NETWORK, hide_short_help = true)]
    #[schemars(with = "String")]
    pub bias: Auto<Real>,
    /// The number of iterations [default: the largest of --at, else 1e9; 1e4 in iterative training, 1e3 of lbfgs]
    #[arg(long, short = 't', value_name = "T", help_heading = TRAINING)]
    pub iterations: Option<Count>,
    /// The step of gradient descent: auto or a number
    ///
    /// With auto: 1 / largest eigenvalue; at infinite width 1 / norm squared of the activation; in iterative training
    /// 1 / curvature at the start.
    #[arg(long, default_value_t = Self::default().step, value_name = "ETA", allow_negative_numbers = true, help_heading = TRAINING)]
    #[schemars(with = "String")]
    pub step: Auto<Real>,
    /// Add R times the squared norm of the output weights to the mean squared error of drawn units on a table
    ///
    /// Labels are in standard units. Descent then approaches ridge regression with this ridge.
    #[arg(long, value_name = "R", default_value_t = Self::default().ridge, allow_negative_numbers = true, help_heading = TRAINING, hide_short_help = true)]
    pub ridge: Real,
    /// Iterations to report, separated by commas [default: six for each power of ten]
    #[arg(long, value_name = "LIST", help_heading = TRAINING)]
    #[serde(deserialize_with = "text::list")]
    pub at: Vec<String>,
    /// Precision of features on tables, and of all weights in iterative training
    ///
    /// f32 is up to twice as fast, and accurate to about six digits.
    #[arg(long, value_enum, default_value_t = Self::default().precision, help_heading = TRAINING, hide_short_help = true)]
    pub precision: PrecisionChoice,
    /// Solver of the path of the output layer
    #[arg(long, value_enum, default_value_t = Self::default().solver, help_heading = TRAINING, hide_short_help = true)]
    pub solver: SolverChoice,
    /// Options of iterative training.
    #[command(flatten)]
    #[serde(flatten)]
    pub descent: DescentOptions,
    /// The folder for the run, or none [default: a new folder below runs]
    #[arg(long, value_name = "DIR", help_heading = RUN)]
    #[serde(serialize_with = "lossy_option")]
    pub out: Option<PathBuf>,
    /// Replace a run in the folder given by --out
    #[arg(long, requires = "out", help_heading = RUN)]
    pub force: bool,
    /// Continue an interrupted training, with the options it was started with
    #[arg(long, value_name = "DIR", help_heading = RUN)]
    #[serde(serialize_with = "lossy_option")]
    pub resume: Option<PathBuf>,
    /// Repeat a finished training from its run.json, and check that the results agree
    ///
    /// The same version on the same kind of processor must reproduce every bit, others the losses to 1e-6 of the initial
    /// loss; otherwise the exit code is 3. If the table has moved, name it again as DATA and --test. The repetition is
    /// written only with --out.
    #[arg(long, value_name = "RUN", help_heading = RUN, hide_short_help = true)]
    #[serde(serialize_with = "lossy_option")]
    pub again: Option<PathBuf>,
    /// Seconds between two checkpoints
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().checkpoint, allow_negative_numbers = true, help_heading = RUN, hide_short_help = true)]
    pub checkpoint: Whole,
    /// Seed of everything random.
    #[arg(skip)]
    pub seed: Option<Whole>,
    /// The page.
    #[command(flatten)]
    #[serde(flatten)]
    pub page: PageOptions,
    /// The table in memory.
    #[arg(skip)]
    #[serde(skip)]
    pub(super) memory: Option<Memory>,
    /// The activation in memory.
    #[arg(skip)]
    #[serde(skip)]
    pub(super) callable: Option<Activation>,
}

impl Default for TrainRequest {
    fn default() -> Self {
        Self {
            data: Vec::new(),
            target: None,
            dim: None,
            label: Vec::new(),
            task: TaskChoice::Auto,
            features: Vec::new(),
            exclude: Vec::new(),
            groups: None,
            time: None,
            weight: None,
            on_sphere: false,
            lift: None,
            no_header: false,
            delimiter: None,
            decimal: None,
            missing: MissingChoice::Fill,
            categorical: Vec::new(),
            validation: Vec::new(),
            test: Vec::new(),
            interval: Real(crate::train::interval()),
            test_fraction: None,
            validation_fraction: None,
            stop: None,
            folds: None,
            refit: false,
            precision: PrecisionChoice::F64,
            activation: Auto::Auto,
            scale: Scale::Auto,
            bias: Auto::Auto,
            width: None,
            hidden: None,
            iterations: None,
            step: Auto::Auto,
            ridge: Real(0.0),
            solver: SolverChoice::Auto,
            at: Vec::new(),
            max_degree: None,
            out: None,
            force: false,
            resume: None,
            again: None,
            checkpoint: Whole(60),
            seed: None,
            page: PageOptions::default(),
            descent: DescentOptions::default(),
            memory: None,
            callable: None,
        }
    }
}

/// The training that the options of `train` request.
#[derive(Clone, Debug)]
pub enum Training {
    /// A new training.
    New(Box<TrainConfig>, Output),
    /// An interrupted training in this folder, which is resumed.
    Resume(PathBuf),
    /// A finished training, which is repeated.
    Repeat {
        /// The path of the record.
        record: PathBuf,
        /// The new paths of its files.
        paths: NewPaths,
        /// The destination of the repetition.
        output: Output,
    },
}

/// Options of trainings on tables only.
const TABLE_OPTIONS: [&str; 26] = [
    "data",
    "label",
    "task",
    "features",
    "exclude",
    "groups",
    "time",
    "interval",
    "weight",
    "on_sphere",
    "lift",
    "no_header",
    "delimiter",
    "decimal",
    "missing",
    "categorical",
    "validation",
    "test",
    "test_fraction",
    "validation_fraction",
    "stop",
    "folds",
    "refit",
    "bias",
    "hidden",
    "ridge",
];
/// Options of drawn units only.
const DRAWN_OPTIONS: [&str; 7] =
    ["validation_fraction", "refit", "on_sphere", "lift", "scale", "bias", "ridge"];
/// Options of trainings on targets only.
const TARGET_OPTIONS: [&str; 2] = ["dim", "max_degree"];
/// Options of the page, which every training accepts.
const PAGE_OPTIONS: [&str; 2] = ["no_report", "figures"];

/// The default fraction of the rows for testing, and of those for choosing the iteration.
const FRACTION: f64 = 0.2;
/// The default number of iterations of a whole path.
const ITERATIONS: u64 = 1_000_000_000;
/// The default number of iterations of iterative training.
const STEPS: u64 = 10_000;
/// The default number of steps of L-BFGS.
const SEARCH_STEPS: u64 = 1_000;
/// The default width.
const WIDTH: u64 = 1000;
/// The default dimension of targets.
const DIM: u64 = 10;
/// The default multiple of the best iteration at which iterative training ends.
const PATIENCE: f64 = 10.0;
/// The default number of fresh points of a step.
const FRESH: usize = 1024;

impl TrainRequest {
    /// Splits column names at commas, as on the command line.
    ///
    /// # Errors
    /// [`Error::Usage`] for an option without names.
    pub fn split_names(&mut self) -> Result<()> {
        split_names(&mut self.label, LABEL)?;
        split_names(&mut self.features, FEATURES)?;
        split_names(&mut self.exclude, EXCLUDE)?;
        split_names(&mut self.categorical, CATEGORICAL)
    }

    /// Returns whether training is iterative: hidden units move, or a batch is set.
    pub fn is_iterative(&self) -> bool {
        self.descent.batch.is_some() || self.descent.layers.is_some_and(|l| l != LayersChoice::Output)
    }

    /// Returns whether hidden units are grown: on tables, unless another option needs drawn ones.
    pub(super) fn is_grown(&self) -> bool {
        match self.hidden {
            Some(choice) => choice == HiddenChoice::Grown,
            None => {
                let activation = self.activation().given();
                self.target.is_none()
                    && !self.is_iterative()
                    && self.grown_stop().is_ok()
                    && activation.is_none_or(|a| a.has_slope())
                    && !non_defaults(self).iter().any(|name| DRAWN_OPTIONS.contains(&name.as_str()))
            }
        }
    }

    /// Checks the options and returns the requested training.
    ///
    /// # Errors
    /// [`Error::Usage`] for conflicting options.
    pub fn training(&self) -> Result<Training> {
        let output = || {
            let output = Output::named(self.out.as_deref(), self.force)?;
            self.page.check(&output)?;
            Ok::<_, Error>(output)
        };
        if let Some(folder) = &self.resume {
            let own = |name: &str| name != "resume" && !PAGE_OPTIONS.contains(&name);
            self.reject_seed("a resumed training uses its own seed")?;
            reject_with(self, RESUME, own)?;
            return Ok(Training::Resume(folder.clone()));
        }
        if let Some(record) = &self.again {
            let own = |name: &str| {
                !["again", "data", "validation", "test", "out", "force"].contains(&name)
                    && !PAGE_OPTIONS.contains(&name)
            };
            self.reject_seed("a repeated run uses its own seed")?;
            reject_with(self, AGAIN, own)?;
            let (data, validation) = (self.data.clone(), self.validation.clone());
            let paths = NewPaths { data, validation, test: self.test.clone() };
            let output = if self.out.is_none() { Output::None } else { output()? };
            return Ok(Training::Repeat { record: record.clone(), paths, output });
        }
        let config = self.config()?;
        let output = output()?;
        if self.callable.is_some() && !matches!(output, Output::None) {
            let message = "the activation is a callable, which a run folder cannot store; set out to None";
            return Err(Error::Usage(message.into()));
        }
        Ok(Training::New(Box::new(config), output))
    }

    fn reject_seed(&self, why: &str) -> Result<()> {
        match self.seed {
            None => Ok(()),
            Some(_) => Err(Error::Usage(format!("{} has no effect here: {why}", SEED))),
        }
    }

    fn config(&self) -> Result<TrainConfig> {
        let input = match &self.target {
            Some(text) => Input::Target(TargetJob { text: text.clone(), dim: self.dim.map_or(DIM, |n| n.0) }),
            None => Input::Table(Box::new(self.table()?)),
        };
        self.config_of(input)
    }

    fn config_of(&self, input: Input) -> Result<TrainConfig> {
        self.check_subject()?;
        let at = parse_values(&self.at, AT, count)?;
        let at = if self.at.is_empty() { None } else { Some(at) };
        let last = at.as_ref().and_then(|list| list.iter().max().copied());
        let descent = self.descent_config()?;
        if descent.is_none() && self.target.is_some() && self.precision == PrecisionChoice::F32 {
            return Err(Error::Usage(format!(
                "{} is for tables and for iterative training; the path on a target is f64",
                PRECISION.with("f32")
            )));
        }
        if descent.is_some() && self.solver != SolverChoice::Auto {
            let solver = SOLVER;
            return Err(Error::Usage(format!(
                "{solver} is for the path of the output layer; iterative training has none"
            )));
        }
        let usual = match &descent {
            Some(_) if self.descent.is_lbfgs() => SEARCH_STEPS,
            Some(_) => STEPS,
            None => ITERATIONS,
        };
        Ok(TrainConfig {
            input,
            activation: self.activation(),
            scale: self.scale,
            width: self.width.unwrap_or(Extended::Finite(WIDTH)),
            iterations: self.iterations.map(|t| t.0).or(last).unwrap_or(usual),
            step: self.step.into(),
            solver: self.solver.value(),
            at,
            max_degree: self.max_degree.map(|k| k.0),
            descent,
            seed: self.seed.map_or(0, |seed| seed.0 as u64),
        })
    }

    /// Checks that there is a table or a target, and only options of that one.
    fn check_subject(&self) -> Result<()> {
        match &self.target {
            Some(_) if self.memory.is_some() => {
                Err(Error::Usage(format!("a table and {TARGET} are both specified; choose one")))
            }
            Some(_) => reject_with(self, TARGET, |name| TABLE_OPTIONS.contains(&name)),
            None => reject_with(self, DATA, |name| TARGET_OPTIONS.contains(&name)),
        }?;
        let reject = |option: &str, is_set: bool, other: &'static str| match is_set {
            true => reject_with(self, OptionId::new(other), |name| name == option),
            false => Ok(()),
        };
        if self.is_grown() {
            self.check_grown()?;
        }
        self.check_stop()?;
        reject("bias", self.on_sphere, "on-sphere")?;
        reject("lift", self.on_sphere, "on-sphere")?;
        reject("test_fraction", !self.test.is_empty(), "test")?;
        reject("validation_fraction", self.folds.is_some(), "folds")?;
        reject("folds", self.has_validation(), "validation")?;
        reject("validation_fraction", self.has_validation(), "validation")?;
        reject("refit", self.folds.is_some(), "folds")
    }

    pub(super) fn has_validation(&self) -> bool {
        !self.validation.is_empty() || self.memory.as_ref().is_some_and(|memory| memory.validation.is_some())
    }

    /// Checks that there are no options that only drawn units have.
    fn check_grown(&self) -> Result<()> {
        reject_with(self, HIDDEN.with("grown"), |name| DRAWN_OPTIONS.contains(&name))?;
        self.grown_stop()?;
        if self.is_iterative() {
            return Err(Error::Usage(format!(
                "{} fixes the hidden units before the output layer descends; for iterative training use {}",
                HIDDEN.with("grown"),
                HIDDEN.with("drawn")
            )));
        }
        Ok(())
    }

    fn activation(&self) -> Auto<Activation> {
        self.callable.clone().map_or_else(|| self.activation.clone(), Auto::Fixed)
    }

    /// Returns the configuration of a training on a table in shards, with the labels of its survey. Its units are drawn unless
    /// grown ones are requested.
    ///
    /// # Errors
    /// As [`Self::training`].
    pub fn sharded(&self, labels: Vec<String>) -> Result<(TrainConfig, TableJob)> {
        let request = Self { hidden: self.hidden.or(Some(HiddenChoice::Drawn)), ..self.clone() };
        if request.is_grown() {
            request.check_grown()?;
        }
        let job = request.table_of(self.data()?, labels);
        // Sums over shards have no rows to leave out.
        let stop = if job.stop == Stop::Auto { Stop::Validation } else { job.stop };
        let job = TableJob { stop, ..job };
        Ok((request.config_of(Input::Table(Box::new(job.clone())))?, job))
    }

    fn data(&self) -> Result<Data> {
        let dialect = (self.no_header, self.delimiter, self.decimal.map(DecimalChoice::value));
        let others = [self.validation.clone(), self.test.clone()].concat();
        let data = Data::of_files(&self.data, &others, dialect, self.missing.value())?;
        let (memory, categorical) = (self.memory.clone(), self.categorical.clone());
        Ok(Data { memory, encode_text: true, categorical, ..data })
    }

    fn table(&self) -> Result<TableJob> {
        let data = self.data()?;
        let labels = data.memory.as_ref().map_or(&self.label, |memory| &memory.labels).clone();
        if (data.memory.is_none() && data.files.is_empty()) || labels.is_empty() {
            return Err(Error::Usage(format!(
                "nothing to learn is specified; name a table and {LABEL}, or {TARGET}"
            )));
        }
        if self.groups.is_some() && self.time.is_some() {
            return Err(Error::Usage(format!(
                "{GROUPS} and {TIME} both determine the parts of rows; use one of them"
            )));
        }
        if self.ridge.0 < 0.0 {
            return Err(zonal::Error::parameter(RIDGE.to_string(), self.ridge.0, "at least 0").into());
        }
        if self.ridge.0 > 0.0 && self.is_iterative() {
            return Err(Error::Usage(format!(
                "{RIDGE} is for training of the output layer only; iterative training has none"
            )));
        }
        if !(self.interval.0 > 0.0 && self.interval.0 < 1.0) {
            let required = "above 0 and below 1";
            return Err(zonal::Error::parameter(INTERVAL.to_string(), self.interval.0, required).into());
        }
        Ok(self.table_of(data, labels))
    }

    fn table_of(&self, data: Data, labels: Vec<String>) -> TableJob {
        TableJob {
            data,
            labels,
            task: self.task.value(),
            features: (!self.features.is_empty()).then(|| self.features.clone()),
            exclude: self.exclude.clone(),
            groups: self.groups.clone(),
            time: self.time.clone(),
            interval: self.interval.0,
            test_fraction: self.test_fraction.map_or(FRACTION, |f| f.0),
            validation_fraction: self.validation_fraction.map_or(FRACTION, |f| f.0),
            validation_data: (!self.validation.is_empty()).then(|| self.validation.clone()),
            test_data: (!self.test.is_empty()).then(|| self.test.clone()),
            weight: self.weight.clone(),
            on_sphere: self.on_sphere,
            normalised: self.lift.is_none_or(LiftChoice::value),
            bias: self.bias.into(),
            folds: match self.folds {
                Some(folds) => Some(folds.0),
                None => self.default_folds(),
            },
            stop: self.stop(),
            ridge: self.ridge.0,
            refit: self.refit,
            precision: self.precision.value(),
            checkpoint_seconds: self.checkpoint.0 as u64,
            growth: self.is_grown().then(|| GrowthConfig { width: self.width.and_then(Extended::finite) }),
        }
    }

    /// Returns the options of iterative training; None for the whole path of the output layer.
    fn descent_config(&self) -> Result<Option<DescentConfig>> {
        let options = &self.descent;
        let layers = options.layers.unwrap_or(LayersChoice::Output).value();
        if !self.is_iterative() {
            return options.reject_all().map(|()| None);
        }
        let on_target = self.target.is_some();
        let precision = self.precision.value();
        let activation = self.activation().given().unwrap_or(Activation::Relu);
        let usual = match on_target {
            false => BatchChoice::Full,
            true if BothLayers::exists(&activation, options.biases) && precision == Precision::F64 => {
                BatchChoice::Exact
            }
            true => BatchChoice::Fresh(FRESH),
        };
        let batch = options.batch.unwrap_or(usual);
        let start = match options.init {
            Some(start) => start.value(),
            None if layers == Layers::Output => Start::Zero,
            None => Start::Symmetric,
        };
        options.check(layers, batch, precision, on_target, start)?;
        if options.is_lbfgs() {
            options.check_lbfgs(batch, precision, self.step)?;
        }
        Ok(Some(DescentConfig {
            method: options.method.map_or(DescentMethod::Descent, MethodChoice::value),
            layers,
            batch,
            on_sphere: options.units == Some(UnitsChoice::Sphere),
            biases: options.biases,
            parametrisation: options.parametrisation.unwrap_or(ParametrisationChoice::Ntk).value(),
            start,
            precision,
            patience: Some(options.patience.map_or(PATIENCE, |p| p.0)).filter(|p| p.is_finite()),
            checkpoint_seconds: self.checkpoint.0 as u64,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(change: impl FnOnce(&mut TrainRequest)) -> String {
        let mut request = TrainRequest { out: Some("none".into()), ..TrainRequest::default() };
        change(&mut request);
        request.training().unwrap_err().to_string()
    }

    #[test]
    fn options_that_do_not_fit_together_are_refused_by_name() {
        let target = |r: &mut TrainRequest| r.target = Some("x1".into());
        assert_eq!(
            error(|r| {
                target(r);
                r.data = vec!["d.csv".into()];
            }),
            "data cannot be used with target"
        );
        assert_eq!(
            error(|r| {
                r.resume = Some("runs/x".into());
                r.out = None;
                r.width = Some(Extended::Finite(7));
                r.page.no_report = true;
            }),
            "width cannot be used with resume"
        );
        assert_eq!(
            error(|r| {
                target(r);
                r.descent.biases = true;
            }),
            "biases is for iterative training: add layers='both', layers='hidden' or batch"
        );
        assert!(error(|_| {}).contains("name a table and label, or target"));
        let message = error(|r| {
            target(r);
            r.at = vec!["x".into()];
        });
        assert_eq!(message.split(':').next(), Some("at"));
    }

    #[test]
    fn names_are_split_only_where_they_were_typed() {
        let mut request = TrainRequest { label: vec!["a,b".into()], ..TrainRequest::default() };
        request.split_names().unwrap();
        assert_eq!(request.label, ["a", "b"]);
        request.label = vec![" , ".into()];
        assert!(request.split_names().unwrap_err().to_string().contains("label is empty"));
    }
}
