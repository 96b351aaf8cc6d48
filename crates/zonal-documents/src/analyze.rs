//! Analyses of tables, before training.

use crate::table::Data;
use crate::train::EncodedColumnReport;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::sphere::Degree;

/// The configuration of an analysis.
#[derive(Clone, Debug)]
pub struct AnalyzeConfig {
    /// The table: files or rows in memory.
    pub data: Data,
    /// The names of the label columns.
    pub labels: Vec<String>,
    /// The names of the feature columns; all other columns if None.
    pub features: Option<Vec<String>>,
    /// The fraction of the rows on which polynomials are scored and not fitted.
    pub test_fraction: f64,
    /// The largest degree of polynomials and energies.
    pub max_degree: Degree,
    /// The largest number of monomials of a polynomial.
    pub most_monomials: usize,
    /// The seed of the split and the sample.
    pub seed: u64,
}

/// The result of an analysis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalyzeReport {
    /// The version of the document format.
    pub schema: u32,
    /// The number of rows used.
    pub rows: u64,
    /// The number of rows dropped for missing values.
    pub dropped: u64,
    /// The number of feature columns.
    pub columns: usize,
    /// The feature columns dropped because they are constant.
    pub dropped_columns: Vec<String>,
    /// Tables with text or missing values: what was done to each column that is not used as it is.
    #[serde(default)]
    pub encoded_columns: Option<Vec<EncodedColumnReport>>,
    /// The first degree whose polynomial has too many monomials and was not fitted.
    pub skipped: Option<Skipped>,
    /// The number of rows with the same features as another row, among those compared; see `followed`.
    pub repeated_rows: u64,
    /// The fraction of all distinct feature rows that were compared for repetitions; 1 unless there are very many.
    pub followed: f64,
    /// The number of sampled rows from which energies are estimated.
    pub sampled_rows: usize,
    /// The dimension n of the sphere of the energies.
    pub sphere_dim: u64,
    /// Whether the rows have unit length; otherwise energies are those of the directions of standardised rows.
    pub on_sphere: bool,
    /// The Rayleigh and Bingham statistics for uniformity on the sphere (degrees 1 and 2), in standard errors.
    pub uniformity: Vec<f64>,
    /// The results for each label.
    pub labels: Vec<LabelAnalysis>,
}

/// A polynomial that was not fitted, since it has too many monomials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// The degree k.
    pub degree: Degree,
    /// The number of its monomials; null if it exceeds 64 bits.
    pub monomials: Option<usize>,
}

/// The analysis of one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelAnalysis {
    /// The name of the label.
    pub label: String,
    /// The mean over the fitted rows.
    pub mean: f64,
    /// The standard deviation over the fitted rows.
    pub deviation: f64,
    /// The best polynomial of each degree, by least squares.
    pub best_polynomial: Vec<PolynomialError>,
    /// The noise floor: the smallest root mean squared error that a function of the features can have; null if no row
    /// repeats.
    pub noise_rmse: Option<f64>,
    /// The feature columns each of which alone determines the label, such as copies of it, the closest first; empty for
    /// tables with a single feature column.
    #[serde(default)]
    pub determined_by: Vec<DeterminingColumn>,
    /// The energies of the label by degree, in the label's unit squared; that of degree 0 is the square of the mean.
    /// The estimates are unbiased for rows that are independent and uniform on the sphere.
    pub energies: Vec<EnergyEstimate>,
}

/// A feature column that alone determines a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeterminingColumn {
    /// The name of the column.
    pub column: String,
    /// The estimated fraction of the label's variance that no continuous function of the column explains; below 0.001.
    pub unexplained: f64,
}

/// The error of the best polynomial of one degree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolynomialError {
    /// The degree k.
    pub degree: Degree,
    /// The number of its monomials.
    pub monomials: usize,
    /// The rank of the monomials on the fitted rows.
    pub rank: usize,
    /// The mean squared error on the fitted rows.
    pub error: f64,
    /// The mean squared error on held-out rows.
    pub test_error: Option<f64>,
}

/// The estimated energy of one degree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnergyEstimate {
    /// The degree k.
    pub degree: Degree,
    /// The unbiased estimate, which may be negative.
    pub energy: f64,
    /// The standard error of the estimate.
    pub standard_error: f64,
}
