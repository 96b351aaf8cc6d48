//! The options of `curve`.

use super::choice::{HiddenChoice, StopChoice};
use super::heading::{FITTING, NETWORK, PAGE, TABLE, TARGET};
use super::output::FigureOptions;
use super::train::{TrainRequest, Training};
use super::values::{parse_values, reject_with, split_names};
use crate::curve::{CurveConfig, CurveLabels, Fit};
use crate::error::{Error, Result};
use crate::number::{Auto, Count, Extended, Real, Scale, Whole, count, real, text};
use crate::options::{
    CHECK, DATA, ENERGIES, ITERATIONS, LABEL, MAP, RIDGE, ROWS, SIMULATE, TARGET as TARGET_OPTION, WIDTH,
};
use crate::table::{Memory, lossy};
use crate::table_curve::{RowsChoice, TableCurveConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal_io::option::{EXCLUDE, FEATURES};

/// Predicted errors by the numbers of rows and units: how many rows a target, or a table, needs
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CurveRequest {
    /// A table in place of a function: files or glob patterns
    ///
    /// The error of drawn ReLU units, or those of --activation, is measured by leave-one-out at its own number of rows, and estimated at more,
    /// with the best ridge. It is not that of grown units, or of the activation that train would choose.
    #[arg(value_name = "DATA")]
    #[serde(serialize_with = "lossy")]
    pub data: Vec<PathBuf>,
    /// The column to predict
    #[arg(long, value_name = "COLUMN", help_heading = TABLE)]
    #[serde(deserialize_with = "text::list")]
    pub label: Vec<String>,
    /// The columns to predict from, separated by commas [default: all others]
    #[arg(long, value_name = "COLUMNS", help_heading = TABLE)]
    #[serde(deserialize_with = "text::list")]
    pub features: Vec<String>,
    /// The columns not to predict from, separated by commas
    #[arg(long, value_name = "COLUMNS", help_heading = TABLE, hide_short_help = true)]
    #[serde(deserialize_with = "text::list")]
    pub exclude: Vec<String>,
    /// The function to learn
    ///
    /// A sum of polynomials in x1..xn, harmonic(K), neuron(A) and teacher(A, units=U), with coefficients.
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true, help_heading = TARGET)]
    pub target: Option<String>,
    /// The energies of degrees 0, 1, .. of the function, in place of an expression
    #[arg(long, value_name = "LIST", allow_negative_numbers = true, help_heading = TARGET)]
    #[serde(deserialize_with = "text::list")]
    pub energies: Vec<String>,
    /// The dimension n of the target; its sphere is S^(n-1)
    #[arg(long, short = 'n', default_value_t = Self::default().dim, value_name = "N", allow_negative_numbers = true, help_heading = TARGET)]
    pub dim: Count,
    /// The variance of the noise of labels
    #[arg(long, default_value_t = Self::default().noise, value_name = "V", allow_negative_numbers = true, help_heading = TARGET)]
    pub noise: Real,
    /// The activation: a name or an expression in t
    ///
    /// Names: relu, leaky-relu, squared-relu, step, sign, abs, sigmoid, tanh, erf, gelu, silu, softplus, sin, cos, exp,
    /// square, cube, hermite-K.
    #[arg(long, short, default_value_t = Self::default().activation, value_name = "NAME", help_heading = NETWORK)]
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>): sqrt-dim or a number; auto is 1, and on tables chosen on a sample
    #[arg(long, default_value_t = Self::default().scale, value_name = "S", allow_negative_numbers = true, help_heading = NETWORK)]
    #[schemars(with = "String")]
    pub scale: Scale,
    /// The number of hidden units, or inf; several are compared [default: inf; one number on tables, 1000]
    #[arg(long, short = 'm', value_name = "LIST", allow_negative_numbers = true, help_heading = NETWORK)]
    #[serde(deserialize_with = "text::list")]
    pub width: Vec<String>,
    /// The number of rows, or inf; several make a curve [default: 10 to 100000; 2x,10x on tables]
    ///
    /// Tables: numbers, or multiples of their own number such as 2x, from 1x to 10x.
    #[arg(long, value_name = "LIST", allow_negative_numbers = true, help_heading = FITTING)]
    #[serde(deserialize_with = "text::list")]
    pub rows: Vec<String>,
    /// Iterations of gradient descent, or best; several are compared [default: best]
    ///
    /// best stops at the smallest predicted test error.
    #[arg(long, short = 't', value_name = "LIST", allow_negative_numbers = true, help_heading = FITTING)]
    #[serde(deserialize_with = "text::list")]
    pub iterations: Vec<String>,
    /// Ridges of ridge regression, or best, in place of gradient descent
    ///
    /// The output layer minimises the mean square error plus the ridge times the squared norm of its weights. 0 is the
    /// limit of small ridges; best is the ridge of the smallest predicted test error.
    #[arg(long, value_name = "LIST", allow_negative_numbers = true, help_heading = FITTING)]
    #[serde(deserialize_with = "text::list")]
    pub ridge: Vec<String>,
    /// The step of gradient descent; auto is 1 / ||phi||^2
    #[arg(long, default_value_t = Self::default().step, value_name = "STEP", allow_negative_numbers = true, help_heading = FITTING, hide_short_help = true)]
    #[schemars(with = "String")]
    pub step: Auto<Real>,
    /// The largest degree outside of the tail [default: the tail does not matter]
    #[arg(long, short = 'k', value_name = "K", allow_negative_numbers = true, help_heading = FITTING, hide_short_help = true)]
    pub max_degree: Option<Whole>,
    /// Compare with this many draws of rows and units, 20 if no number is given
    #[arg(long, value_name = "SEEDS", num_args = 0..=1, default_missing_value = "20", help_heading = FITTING)]
    pub simulate: Option<Count>,
    /// Exit with code 3 if an error differs by over four standard errors and 3 %
    #[arg(long, help_heading = FITTING, hide_short_help = true)]
    pub check: bool,
    /// A map over rows and units: what is learned, with the boundaries of each degree
    ///
    /// Without --rows and --width from 10 to 1e6. The default of a map is the best ridge.
    #[arg(long, help_heading = FITTING)]
    pub map: bool,
    /// Write a page with the figures, the numbers and a map of what is learned
    #[arg(long, value_name = "FILE", help_heading = PAGE)]
    #[serde(serialize_with = "crate::table::lossy_option")]
    pub page: Option<PathBuf>,
    /// Seed of the target's directions, and the first one of the draws.
    #[arg(skip)]
    pub seed: Option<Whole>,
    /// The figures.
    #[command(flatten)]
    #[serde(flatten)]
    pub figures: FigureOptions,
    /// The table in memory.
    #[arg(skip)]
    #[serde(skip)]
    pub(super) memory: Option<Memory>,
    /// The activation in memory.
    #[arg(skip)]
    #[serde(skip)]
    pub(super) callable: Option<Activation>,
}

impl Default for CurveRequest {
    fn default() -> Self {
        Self {
            data: Vec::new(),
            label: Vec::new(),
            features: Vec::new(),
            exclude: Vec::new(),
            target: None,
            energies: Vec::new(),
            dim: Count(10),
            noise: Real(0.0),
            activation: Activation::Relu,
            scale: Scale::Auto,
            width: Vec::new(),
            rows: Vec::new(),
            iterations: Vec::new(),
            ridge: Vec::new(),
            step: Auto::Auto,
            max_degree: None,
            simulate: None,
            check: false,
            map: false,
            page: None,
            seed: None,
            figures: FigureOptions::default(),
            memory: None,
            callable: None,
        }
    }
}

/// The rows of a curve by default.
const DEFAULT_ROWS: [u64; 9] = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];
/// Returns the sizes of a map by default: four for each power of ten from 10 to 10^6.
fn map_sizes() -> Vec<Extended> {
    (0..=20).map(|i| Extended::Finite(10f64.powf(1.0 + 0.25 * f64::from(i)).round() as u64)).collect()
}

/// The numbers of rows of the curve of a table by default.
const DEFAULT_TIMES: [f64; 2] = [2.0, 10.0];
/// Options that a table does not have.
const NOT_OF_TABLES: [&str; 10] =
    ["target", "energies", "dim", "noise", "iterations", "ridge", "step", "max_degree", "simulate", "map"];
/// Options of tables.
const OF_TABLES: [&str; 3] = ["label", "features", "exclude"];

/// The value that is chosen for the smallest test error.
const BEST: &str = "best";

/// Reads a number of rows, or a multiple of those of a table.
fn rows_of_table(text: &str) -> std::result::Result<RowsChoice, String> {
    match text.strip_suffix('x') {
        Some(times) => real(times).map(RowsChoice::Times),
        None => count(text).map(RowsChoice::Count).map_err(|_| {
            format!(
                "'{text}' is neither a number of rows, such as 5000, nor a multiple of those of the table, such \
                 as 2x"
            )
        }),
    }
}

impl CurveRequest {
    /// Splits column names at commas, as on the command line.
    ///
    /// # Errors
    /// [`Error::Usage`] for an option without names.
    pub fn split_names(&mut self) -> Result<()> {
        split_names(&mut self.label, LABEL)?;
        split_names(&mut self.features, FEATURES)?;
        split_names(&mut self.exclude, EXCLUDE)
    }

    /// Returns the configuration of the curve of a table; None if a function is to be learned.
    ///
    /// # Errors
    /// As [`Self::config`] and [`TrainRequest::training`].
    pub fn table(&self) -> Result<Option<TableCurveConfig>> {
        if self.data.is_empty() && self.memory.is_none() {
            let table = format!("a {TARGET_OPTION} or {ENERGIES}; name a table first");
            return reject_with(self, table, |name| OF_TABLES.contains(&name)).map(|()| None);
        }
        reject_with(self, DATA, |name| NOT_OF_TABLES.contains(&name))?;
        if self.check {
            return Err(Error::Usage(format!("{CHECK} compares with draws, which a table does not have")));
        }
        let mut rows = parse_values(&self.rows, ROWS, rows_of_table)?;
        if rows.is_empty() {
            rows = DEFAULT_TIMES.map(RowsChoice::Times).to_vec();
        }
        let widths = parse_values(&self.width, WIDTH, count)?;
        let width = match widths.as_slice() {
            [] => None,
            [width] => Some(Extended::Finite(*width)),
            _ => {
                return Err(Error::Usage(format!("{WIDTH}: the curve of a table is of one number of units")));
            }
        };
        if self.memory.is_none() && self.label.is_empty() {
            return Err(Error::Usage(format!("the column to predict is missing; name it with {LABEL}")));
        }
        let request = TrainRequest {
            data: self.data.clone(),
            label: self.label.clone(),
            features: self.features.clone(),
            exclude: self.exclude.clone(),
            memory: self.memory.clone(),
            callable: self.callable.clone(),
            activation: Auto::Fixed(self.activation.clone()),
            scale: self.scale,
            width,
            hidden: Some(HiddenChoice::Drawn),
            stop: Some(StopChoice::LeaveOneOut),
            test_fraction: Some(Real(0.0)),
            seed: self.seed,
            out: Some("none".into()),
            ..TrainRequest::default()
        };
        match request.training()? {
            Training::New(train, _) => Ok(Some(TableCurveConfig { train: *train, rows })),
            _ => Ok(None),
        }
    }

    /// Returns the configuration of the curve.
    ///
    /// # Errors
    /// [`Error::Usage`] for invalid values and conflicting options.
    pub fn config(&self) -> Result<CurveConfig> {
        let labels = self.labels()?;
        let sizes = |values: &[String], option| parse_values(values, option, str::parse::<Extended>);
        let (mut rows, mut widths) = (sizes(&self.rows, ROWS)?, sizes(&self.width, WIDTH)?);
        if rows.is_empty() {
            rows = if self.map { map_sizes() } else { DEFAULT_ROWS.map(Extended::Finite).to_vec() };
        }
        if widths.is_empty() {
            widths = if self.map { map_sizes() } else { vec![Extended::Infinite] };
        }
        if self.map && self.simulate.is_some() {
            return Err(Error::Usage(format!("{SIMULATE} cannot be used with {MAP}")));
        }
        let fits = self.fits()?;
        if self.map && fits.len() > 1 {
            return Err(Error::Usage(format!("{MAP} shows one fit; found {}", fits.len())));
        }
        if self.check && self.simulate.is_none() {
            return Err(Error::Usage(format!("{CHECK} compares with draws: add {SIMULATE}")));
        }
        if self.check && self.simulate.is_some_and(|seeds| seeds.0 < 2) {
            return Err(Error::Usage(format!(
                "{CHECK} needs a standard error: at least {}",
                SIMULATE.with(2)
            )));
        }
        Ok(CurveConfig {
            labels,
            dim: self.dim.0,
            noise: self.noise.0,
            activation: self.callable.clone().unwrap_or_else(|| self.activation.clone()),
            scale: self.scale,
            rows,
            widths,
            fits,
            step: self.step.given().map_or(Step::Auto, |step| Step::Fixed(step.0)),
            max_degree: self.max_degree.map(|k| k.0),
            simulate: self.simulate.map(|seeds| seeds.0),
            check: self.check,
            map: self.map,
            seed: self.seed.map_or(0, |seed| seed.0 as u64),
        })
    }

    /// Returns the configuration of the map of the same function, with the best ridge.
    ///
    /// # Errors
    /// As [`Self::config`].
    pub fn map_of(&self) -> Result<CurveConfig> {
        let request = Self {
            map: true,
            simulate: None,
            check: false,
            rows: Vec::new(),
            width: Vec::new(),
            iterations: Vec::new(),
            ridge: Vec::new(),
            ..self.clone()
        };
        request.config()
    }

    /// Returns the function to learn.
    fn labels(&self) -> Result<CurveLabels> {
        let has_gap = |text: &&String| text.split(',').any(|part| part.trim().is_empty());
        if let Some(text) = self.energies.iter().find(has_gap) {
            return Err(Error::Usage(format!(
                "{ENERGIES}: found an empty entry in '{text}'; write 0 for a degree without energy"
            )));
        }
        let energies: Vec<f64> = parse_values(&self.energies, ENERGIES, real)?;
        match (&self.target, energies.is_empty()) {
            (Some(target), true) => Ok(CurveLabels::Target(target.clone())),
            (None, false) => Ok(CurveLabels::Energies(energies)),
            (Some(_), false) => Err(Error::Usage(format!("{ENERGIES} cannot be used with {TARGET_OPTION}"))),
            (None, true) => Err(Error::Usage(format!(
                "no function to learn: write {} or {}",
                TARGET_OPTION.with("EXPRESSION"),
                ENERGIES.with("LIST")
            ))),
        }
    }

    fn fits(&self) -> Result<Vec<Fit>> {
        let iterations = parse_values(&self.iterations, ITERATIONS, |t| match t {
            BEST => Ok(Fit::BestIterations),
            _ => count(t).map(Fit::Iterations),
        })?;
        let ridges = parse_values(&self.ridge, RIDGE, |t| match t {
            BEST => Ok(Fit::BestRidge),
            _ => real(t).map(Fit::Ridge),
        })?;
        let all = [iterations, ridges].concat();
        let default = if self.map { Fit::BestRidge } else { Fit::BestIterations };
        Ok(if all.is_empty() { vec![default] } else { all })
    }
}
