//! The analysis of a table before any network is trained on it.

use crate::table::Data;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::sphere::Degree;

/// What to analyse.
#[derive(Clone, Debug)]
pub struct AnalyzeConfig {
    /// The table.
    pub data: Data,
    /// The labels' columns.
    pub labels: Vec<String>,
    /// The feature columns; all others if None.
    pub features: Option<Vec<String>>,
    /// Part of the rows on which polynomials are scored and not fitted.
    pub test_fraction: f64,
    /// Polynomials and energies up to this degree.
    pub max_degree: Degree,
    /// The most monomials that a polynomial may have.
    pub most_monomials: usize,
    /// The seed of the split and the sample.
    pub seed: u64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalyzeReport {
    /// Version of the format.
    pub schema: u32,
    /// Rows used.
    pub rows: u64,
    /// Rows left out for missing values.
    pub dropped: u64,
    /// Feature columns.
    pub columns: usize,
    /// Feature columns that do not vary.
    pub dropped_columns: Vec<String>,
    /// The first degree whose polynomial was not fitted, and the number of its monomials.
    pub skipped: Option<Skipped>,
    /// Rows with the same features as another row, of those that were followed; 0 if none repeats.
    pub repeated_rows: u64,
    /// The part of all features that was followed for repetitions: 1 unless there are very many.
    pub followed: f64,
    /// Rows from which energies are estimated.
    pub sampled_rows: usize,
    /// The dimension of the sphere of the energies.
    pub sphere_dim: u64,
    /// Whether rows had unit length already; otherwise the directions of standardised rows are used.
    pub on_sphere: bool,
    /// How far the rows are from uniform on the sphere, in standard errors, for degrees 1 and 2 (Rayleigh, Bingham).
    pub uniformity: Vec<f64>,
    /// Each label.
    pub labels: Vec<LabelAnalysis>,
}

/// A polynomial that would have had too many terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// The degree.
    pub degree: Degree,
    /// The number of its monomials; null if it has more than fit into 64 bits.
    pub monomials: Option<usize>,
}

/// What was found about one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelAnalysis {
    /// Its name.
    pub label: String,
    /// Its mean over the rows of the fit.
    pub mean: f64,
    /// Its standard deviation there.
    pub deviation: f64,
    /// The best polynomial of each degree.
    pub best_polynomial: Vec<PolynomialError>,
    /// The noise floor: the root mean squared error below which no function of the features gets; null where no row
    /// repeats.
    pub noise_rmse: Option<f64>,
    /// Energies of the label by degree, with standard errors, in the label's unit squared; that of degree 0 is the square of
    /// the label's mean. They are estimates without bias for rows that are independent and uniform on the sphere.
    pub energies: Vec<EnergyEstimate>,
}

/// The error of the best polynomial of one degree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolynomialError {
    /// The degree.
    pub degree: Degree,
    /// The number of its monomials.
    pub monomials: usize,
    /// How many independent directions the rows determine.
    pub rank: usize,
    /// Mean squared error on the rows of the fit.
    pub error: f64,
    /// Mean squared error on rows held out.
    pub test_error: Option<f64>,
}

/// An energy with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnergyEstimate {
    /// The degree.
    pub degree: Degree,
    /// The estimate; it may be negative.
    pub energy: f64,
    /// Its standard error.
    pub standard_error: f64,
}
