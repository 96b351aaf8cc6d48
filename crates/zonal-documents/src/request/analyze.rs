//! The options of `analyze`.

use super::choice::{DecimalChoice, MissingChoice};
use super::heading::{ANALYSIS, TABLE};
use super::output::FigureOptions;
use super::values::split_names;
use crate::analyze::AnalyzeConfig;
use crate::error::{Error, Result};
use crate::number::{Count, Real, Whole, count, text};
use crate::options::LABEL;
use crate::table::{Data, Memory, lossy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zonal_io::option::{CATEGORICAL, FEATURES};

/// Analyse a table before training: best polynomials, noise floor, energies by degree
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AnalyzeRequest {
    /// The table: files or glob patterns; CSV, lines of JSON, NPY, NPZ, Parquet or Arrow
    #[arg(value_name = "DATA", required = true)]
    #[serde(serialize_with = "lossy")]
    pub data: Vec<PathBuf>,
    /// The column to explain; separate several by commas
    #[arg(long, value_name = "COLUMN", required = true, help_heading = TABLE)]
    #[serde(deserialize_with = "text::list")]
    pub label: Vec<String>,
    /// The columns to explain it by, separated by commas [default: all others]
    #[arg(long, value_name = "COLUMNS", help_heading = TABLE)]
    #[serde(deserialize_with = "text::list")]
    pub features: Vec<String>,
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
    /// Treatment of missing values
    #[arg(long, value_enum, default_value_t = Self::default().missing, help_heading = TABLE)]
    pub missing: MissingChoice,
    /// Columns that hold levels, even if these look like numbers; separate several by commas
    ///
    /// Each level gets a column of its own, as for columns of text.
    #[arg(long, value_name = "COLUMNS", help_heading = TABLE, hide_short_help = true)]
    #[serde(deserialize_with = "text::list")]
    pub categorical: Vec<String>,
    /// Fraction of the rows held out: polynomials are scored on them, not fitted to them
    #[arg(long, default_value_t = Self::default().test_fraction, value_name = "FRACTION", allow_negative_numbers = true, help_heading = ANALYSIS)]
    pub test_fraction: Real,
    /// The largest degree of polynomials and energies
    #[arg(long, short = 'k', default_value_t = Self::default().max_degree, value_name = "K", allow_negative_numbers = true, help_heading = ANALYSIS)]
    #[schemars(with = "usize")]
    pub max_degree: Degree,
    /// The largest number of monomials of a polynomial; degrees with more are skipped
    #[arg(long, default_value_t = Self::default().most_monomials, value_name = "M", help_heading = ANALYSIS, hide_short_help = true)]
    pub most_monomials: Count,
    /// Seed of the split and of the sample.
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
}

/// A degree of polynomials on a table, at most 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Degree(usize);

/// The largest degree.
const MAX_DEGREE: u64 = 64;

impl std::str::FromStr for Degree {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match count(text)? {
            k if k <= MAX_DEGREE => Ok(Self(k as usize)),
            k => Err(format!("the degree is {k}; it must be at most {MAX_DEGREE}")),
        }
    }
}

impl std::fmt::Display for Degree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Degree {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}

impl Default for AnalyzeRequest {
    fn default() -> Self {
        Self {
            data: Vec::new(),
            label: Vec::new(),
            features: Vec::new(),
            no_header: false,
            delimiter: None,
            decimal: None,
            missing: MissingChoice::Fill,
            categorical: Vec::new(),
            test_fraction: Real(0.2),
            max_degree: Degree(4),
            most_monomials: Count(3000),
            seed: None,
            figures: FigureOptions::default(),
            memory: None,
        }
    }
}

impl AnalyzeRequest {
    /// Splits column names at commas, as on the command line.
    ///
    /// # Errors
    /// [`Error::Usage`] for an option without names.
    pub fn split_names(&mut self) -> Result<()> {
        split_names(&mut self.label, LABEL)?;
        split_names(&mut self.features, FEATURES)?;
        split_names(&mut self.categorical, CATEGORICAL)
    }

    /// Returns the configuration of the analysis.
    ///
    /// # Errors
    /// [`Error::Usage`] without a table or a label.
    pub fn config(&self) -> Result<AnalyzeConfig> {
        let mut data = Data::of_files(
            &self.data,
            &[],
            (self.no_header, self.delimiter, self.decimal.map(DecimalChoice::value)),
            self.missing.value(),
        )?;
        data.memory.clone_from(&self.memory);
        (data.encode_text, data.categorical) = (true, self.categorical.clone());
        let labels = data.memory.as_ref().map_or_else(|| self.label.clone(), |memory| memory.labels.clone());
        if (data.memory.is_none() && data.files.is_empty()) || labels.is_empty() {
            return Err(Error::Usage(format!("no table with {LABEL} is specified")));
        }
        Ok(AnalyzeConfig {
            data,
            labels,
            features: (!self.features.is_empty()).then(|| self.features.clone()),
            test_fraction: self.test_fraction.0,
            max_degree: self.max_degree.0,
            most_monomials: usize::try_from(self.most_monomials.0).unwrap_or(usize::MAX),
            seed: self.seed.map_or(0, |seed| seed.0 as u64),
        })
    }
}
