//! The map from a table's columns to points, usually of the sphere: standardise, append a bias, normalise.
//!
//! A row with standardised features z in R^d becomes (z / sqrt d, b) / |(z / sqrt d, b)| on the unit sphere of R^(d+1); without
//! the last step it becomes (z / sqrt d, b). All constants come from the training rows.

use crate::error::{Error, Result, check_size};
use crate::linalg::Matrix;
use crate::sphere::Dim;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Means and standard deviations of columns, accumulated row by row and merged (Chan, Golub, LeVeque 1983). Rows may
/// have weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    count: u64,
    /// The sum of the weights.
    weight: f64,
    #[serde(with = "bits")]
    mean: Vec<f64>,
    /// Weighted sum of squared deviations from the mean.
    #[serde(with = "bits")]
    spread: Vec<f64>,
    /// Smallest and largest values.
    #[serde(with = "bits")]
    low: Vec<f64>,
    #[serde(with = "bits")]
    high: Vec<f64>,
}

impl Moments {
    /// Creates moments of no rows.
    pub fn new(columns: usize) -> Self {
        Self {
            count: 0,
            weight: 0.0,
            mean: vec![0.0; columns],
            spread: vec![0.0; columns],
            low: vec![f64::INFINITY; columns],
            high: vec![f64::NEG_INFINITY; columns],
        }
    }

    /// Adds one row with a positive weight; use 1 for unweighted rows.
    ///
    /// # Errors
    /// [`Error::Size`] for a row with another number of columns, [`Error::Parameter`] for a weight that is not positive
    /// and finite.
    pub fn push(&mut self, row: &[f64], weight: f64) -> Result<()> {
        check_size("columns of a row", row.len(), self.mean.len())?;
        if !(weight > 0.0 && weight.is_finite()) {
            return Err(Error::parameter("the weight of a row", weight, "a positive number"));
        }
        self.add(row, weight);
        Ok(())
    }

    fn add(&mut self, row: &[f64], weight: f64) {
        self.count += 1;
        self.weight += weight;
        for (i, &x) in row.iter().enumerate() {
            let delta = x - self.mean[i];
            self.mean[i] += weight * delta / self.weight;
            self.spread[i] += weight * delta * (x - self.mean[i]);
            self.low[i] = self.low[i].min(x);
            self.high[i] = self.high[i].max(x);
        }
    }

    /// Computes the moments of the rows of a matrix.
    pub fn of(rows: &Matrix) -> Self {
        let mut out = Self::new(rows.columns());
        (0..rows.rows()).for_each(|i| out.add(rows.row(i), 1.0));
        out
    }

    /// Returns the moments of the rows of both.
    ///
    /// # Errors
    /// [`Error::Size`] for another number of columns.
    pub fn merge(mut self, other: &Self) -> Result<Self> {
        other.check(self.mean.len())?;
        let (a, b) = (self.weight, other.weight);
        if other.count == 0 {
            return Ok(self);
        }
        for i in 0..self.mean.len() {
            let delta = other.mean[i] - self.mean[i];
            self.mean[i] += delta * b / (a + b);
            self.spread[i] += other.spread[i] + delta * delta * a * b / (a + b);
            self.low[i] = self.low[i].min(other.low[i]);
            self.high[i] = self.high[i].max(other.high[i]);
        }
        self.count += other.count;
        self.weight += other.weight;
        Ok(self)
    }

    /// Checks the number of columns, for moments that were read from a file.
    ///
    /// # Errors
    /// [`Error::Size`].
    pub fn check(&self, columns: usize) -> Result<()> {
        let lengths = [&self.mean, &self.spread, &self.low, &self.high].map(Vec::len);
        lengths.into_iter().try_for_each(|found| check_size("columns of moments", found, columns))
    }

    /// Returns the number of rows.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the mean of column i.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn mean(&self, i: usize) -> f64 {
        self.mean[i]
    }

    /// Returns whether column i has more than one value.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn varies(&self, i: usize) -> bool {
        self.low[i] < self.high[i]
    }

    /// Returns the standard deviation of column i (divisor: the sum of the weights).
    ///
    /// # Panics
    /// If there is no such column.
    pub fn deviation(&self, i: usize) -> f64 {
        if self.count == 0 { 0.0 } else { (self.spread[i] / self.weight).sqrt() }
    }
}

/// Stores numbers as their bits: text formats cannot represent infinity, which marks columns without a value.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|x| x.to_bits()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<u64>::deserialize(deserializer)?.into_iter().map(f64::from_bits).collect())
    }
}

/// The constants of one label: y -> (y - mean) / deviation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelScale {
    /// The column's name.
    pub name: String,
    /// Mean over the training rows.
    pub mean: f64,
    /// Standard deviation over the training rows.
    pub deviation: f64,
}

impl LabelScale {
    /// Computes the constants of label i from moments of the labels.
    ///
    /// # Errors
    /// [`Error::Size`] if there is no label i; [`Error::ConstantLabel`], also without rows; [`Error::Column`] if
    /// values are not finite, or too large or too small for their variance.
    pub fn learn(name: &str, moments: &Moments, i: usize) -> Result<Self> {
        if i >= moments.mean.len() {
            return Err(Error::Size {
                what: "columns of moments".into(),
                found: moments.mean.len(),
                required: i + 1,
            });
        }
        let (mean, deviation) = (moments.mean(i), moments.deviation(i));
        check_range(name, moments, i)?;
        check_variance(&format!("the label '{name}'"), moments, i)?;
        if deviation == 0.0 {
            let rows = moments.count() as usize;
            return Err(Error::ConstantLabel { label: name.to_owned(), value: mean, rows });
        }
        Ok(Self { name: name.to_owned(), mean, deviation })
    }

    /// Computes the constants of a label from its values.
    ///
    /// # Errors
    /// As [`Self::learn`].
    pub fn of(name: &str, values: &[f64]) -> Result<Self> {
        Self::learn(name, &Moments::of(&Matrix::from_rows(values.len(), 1, values.to_vec())?), 0)
    }

    /// Converts a label to standard units.
    pub fn standard(&self, label: f64) -> f64 {
        (label - self.mean) / self.deviation
    }

    /// Converts a prediction to the unit of the label.
    pub fn restore(&self, standard: f64) -> f64 {
        self.mean + self.deviation * standard
    }
}

/// The map from feature rows to the sphere.
///
/// ```
/// use zonal::prelude::*;
/// let features = Matrix::from_rows(3, 2, vec![1.0, 7.0, 2.0, 7.0, 3.0, 7.0])?;
/// let lift = Lift::learn(&["a".into(), "b".into()], &Moments::of(&features), 1.0)?;
/// // The second column does not vary and is left out.
/// assert_eq!((lift.dropped(), lift.dim()?.get()), (vec!["b".to_owned()], 2));
/// // The mean of a column is where its coordinate is zero and the bias is all of the length.
/// assert_eq!(lift.apply(&features)?.row(1), [0.0, 1.0]);
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lift {
    /// The feature columns expected, in order.
    pub columns: Vec<String>,
    /// The positions of the columns used, which are those that vary over the training rows.
    pub kept: Vec<usize>,
    /// Mean of each used column.
    pub mean: Vec<f64>,
    /// Standard deviation of each used column.
    pub deviation: Vec<f64>,
    /// The bias b.
    pub bias: f64,
    /// Whether rows are divided by their length. Otherwise their points are not on the sphere, and no spectrum or bound
    /// applies to them.
    #[serde(default = "normalised", skip_serializing_if = "Clone::clone")]
    pub normalised: bool,
}

/// What files without the field mean.
fn normalised() -> bool {
    true
}

impl Lift {
    /// Computes means and standard deviations; columns that do not vary are dropped.
    ///
    /// # Errors
    /// [`Error::Size`] unless there is a name for each column, [`Error::NoVaryingFeature`], [`Error::Parameter`] for a
    /// bias that is negative or not finite, [`Error::Column`] for columns that are not finite, or so large that their
    /// variance overflows.
    pub fn learn(columns: &[String], moments: &Moments, bias: f64) -> Result<Self> {
        check_size("names of columns", columns.len(), moments.mean.len())?;
        if !(bias >= 0.0 && bias.is_finite()) {
            return Err(Error::parameter("the bias", bias, "a number of at least 0"));
        }
        for (i, name) in columns.iter().enumerate() {
            check_range(name, moments, i)?;
            check_variance(&format!("column '{name}'"), moments, i)?;
        }
        let kept: Vec<usize> = (0..columns.len()).filter(|&i| moments.deviation(i) > 0.0).collect();
        if kept.is_empty() {
            return Err(Error::NoVaryingFeature { columns: columns.len(), rows: moments.count() as usize });
        }
        Ok(Self {
            columns: columns.to_vec(),
            mean: kept.iter().map(|&i| moments.mean(i)).collect(),
            deviation: kept.iter().map(|&i| moments.deviation(i)).collect(),
            kept,
            bias,
            normalised: true,
        })
    }

    /// Creates the map for rows that are already points of the sphere: they are only divided by their length.
    pub fn of_points(columns: &[String]) -> Self {
        Self {
            columns: columns.to_vec(),
            kept: (0..columns.len()).collect(),
            mean: vec![0.0; columns.len()],
            deviation: vec![1.0; columns.len()],
            bias: 0.0,
            normalised: true,
        }
    }

    /// Returns the names of the columns that do not vary and are not used.
    pub fn dropped(&self) -> Vec<String> {
        // The positions are ascending.
        let is_kept = |i: &usize| self.kept.binary_search(i).is_ok();
        (0..self.columns.len()).filter(|i| !is_kept(i)).map(|i| self.columns[i].clone()).collect()
    }

    /// Returns the dimension of the points: the used columns, plus one for the bias.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a single column without a bias.
    pub fn dim(&self) -> Result<Dim> {
        Dim::new(self.kept.len() as u64 + u64::from(self.bias > 0.0))
    }

    /// Returns the used columns in standard units.
    ///
    /// # Errors
    /// [`Error::Size`] if the number of columns differs from the one learned, or if the constants are inconsistent.
    pub fn standardise(&self, features: &Matrix) -> Result<Matrix> {
        self.check(features)?;
        let mut out = Matrix::zeros(features.rows(), self.kept.len());
        let rows = out.values_mut().par_chunks_mut(self.kept.len()).enumerate().with_min_len(CHUNK);
        rows.for_each(|(i, row)| {
            for (j, &column) in self.kept.iter().enumerate() {
                row[j] = (features.row(i)[column] - self.mean[j]) / self.deviation[j];
            }
        });
        Ok(out)
    }

    fn check(&self, features: &Matrix) -> Result<()> {
        check_size("feature columns", features.columns(), self.columns.len())?;
        let last = self.kept.last().map_or(0, |i| i + 1);
        if self.kept.is_empty() || last > self.columns.len() || !self.kept.is_sorted() {
            return Err(Error::Size {
                what: "columns of the used features".into(),
                found: last,
                required: self.columns.len(),
            });
        }
        check_size("means of the used features", self.mean.len(), self.kept.len())?;
        check_size("deviations of the used features", self.deviation.len(), self.kept.len())
    }

    /// Maps the rows to the sphere, or, if they are not normalised, to points of the space around it. A row of zeros, possible
    /// only without a bias, stays zero.
    ///
    /// # Errors
    /// [`Error::Size`] if the number of columns differs from the one learned, [`Error::NotFinite`] with the row and the
    /// column of `features`.
    pub fn apply(&self, features: &Matrix) -> Result<Matrix> {
        let standard = self.standardise(features)?;
        let d = self.kept.len();
        if let Some(at) = standard.values().iter().position(|z| !z.is_finite()) {
            let column = self.kept[at % d];
            return Err(Error::NotFinite {
                what: format!("the standardised column '{}'", self.columns[column]),
                row: at / d,
                column,
                value: standard.values()[at],
            });
        }
        let n = self.dim()?.as_usize();
        let mut out = Matrix::zeros(features.rows(), n);
        let rows = out.values_mut().par_chunks_mut(n).zip(standard.values().par_chunks(d));
        rows.with_min_len(CHUNK).for_each(|(row, standard)| self.lift(standard, row));
        Ok(out)
    }

    /// Maps one row in standard units.
    fn lift(&self, standard: &[f64], row: &mut [f64]) {
        let d = standard.len();
        let root = (d as f64).sqrt();
        if !self.normalised {
            row.iter_mut().zip(standard).for_each(|(x, z)| *x = z / root);
            row.iter_mut().skip(d).for_each(|x| *x = self.bias);
            return;
        }
        let last = self.bias * root;
        // Divide by the largest entry first: squares of huge or tiny entries overflow or underflow.
        let largest = standard.iter().fold(last, |m, z| m.max(z.abs()));
        if largest == 0.0 {
            return;
        }
        for (x, z) in row.iter_mut().zip(standard) {
            *x = z / largest;
        }
        if row.len() > d {
            row[d] = last / largest;
        }
        let norm = crate::linalg::dot(row, row).sqrt();
        row.iter_mut().for_each(|x| *x /= norm);
    }
}

/// The smallest number of rows that one thread processes at a time.
const CHUNK: usize = 256;

/// Checks that a varying column does not have the deviation of a constant.
fn check_variance(what: &str, moments: &Moments, i: usize) -> Result<()> {
    if moments.deviation(i) > 0.0 || !moments.varies(i) {
        return Ok(());
    }
    Err(Error::Column {
        what: format!("the deviation of {what}"),
        found: 0.0,
        required: "above 0; values below about 1e-150 are too small to be squared, so use a smaller unit",
    })
}

/// Checks that mean and standard deviation are finite; otherwise no later value would be.
fn check_range(name: &str, moments: &Moments, i: usize) -> Result<()> {
    let (mean, deviation) = (moments.mean(i), moments.deviation(i));
    if mean.is_finite() && deviation.is_finite() {
        return Ok(());
    }
    // NaN is not among the smallest and largest values, and the mean of values within range is finite.
    let (low, high) = (moments.low[i], moments.high[i]);
    let too_large = low.is_finite() && high.is_finite() && (mean.is_finite() || !(high - low).is_finite());
    let required = if too_large {
        "finite; values beyond about 1e150 are too large to be squared, so use a larger unit"
    } else {
        "finite; the column holds NaN or infinite values, so remove their rows or replace them"
    };
    Err(Error::Column { what: format!("the deviation of column '{name}'"), found: deviation, required })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Matrix {
        Matrix::from_rows(4, 3, vec![1.0, 7.0, 2.0, 2.0, 7.0, -1.0, 4.0, 7.0, 0.5, 9.0, 7.0, 0.1]).unwrap()
    }

    fn names() -> Vec<String> {
        ["a", "constant", "c"].map(String::from).to_vec()
    }

    #[test]
    fn rows_that_are_not_normalised_are_the_standard_columns_with_the_bias() {
        let lift = Lift { normalised: false, ..Lift::learn(&names(), &Moments::of(&table()), 0.7).unwrap() };
        let (points, standard) = (lift.apply(&table()).unwrap(), lift.standardise(&table()).unwrap());
        for i in 0..4 {
            let expected: Vec<f64> =
                standard.row(i).iter().map(|z| z / 2f64.sqrt()).chain(std::iter::once(0.7)).collect();
            assert_eq!(points.row(i), expected);
        }
    }

    #[test]
    fn rows_land_on_the_sphere_and_constants_are_dropped() {
        let lift = Lift::learn(&names(), &Moments::of(&table()), 1.0).unwrap();
        assert_eq!(lift.dropped(), vec!["constant"]);
        let lifted = lift.apply(&table()).unwrap();
        assert_eq!(lifted.columns(), 3);
        for i in 0..4 {
            let norm: f64 = lifted.row(i).iter().map(|x| x * x).sum();
            assert!((norm - 1.0).abs() < 1e-15);
            assert!(lifted.row(i)[2] > 0.0);
        }
    }

    #[test]
    fn merged_moments_equal_moments_of_all_rows() {
        let all = Moments::of(&table());
        let merged =
            Moments::of(&table().row_range(0, 1)).merge(&Moments::of(&table().row_range(1, 4))).unwrap();
        for i in 0..3 {
            assert!((all.mean(i) - merged.mean(i)).abs() < 1e-14);
            assert!((all.deviation(i) - merged.deviation(i)).abs() < 1e-14);
        }
    }

    #[test]
    fn values_that_are_not_finite_are_reported_where_the_table_has_them() {
        let lift = Lift::learn(&names(), &Moments::of(&table()), 1.0).unwrap();
        let mut features = table();
        features.row_mut(2)[2] = f64::NAN;
        let message = lift.apply(&features).unwrap_err().to_string();
        assert!(
            message.starts_with("the standardised column 'c' holds NaN at row 2, column 2 (counted from 0)"),
            "{message}"
        );
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            features.row_mut(2)[2] = bad;
            let message = Lift::learn(&names(), &Moments::of(&features), 1.0).unwrap_err().to_string();
            assert!(message.contains("column 'c'") && message.contains("NaN or infinite"), "{message}");
        }
        for large in [1e200, 1.7e308] {
            features.row_mut(2)[2] = large;
            features.row_mut(3)[2] = -large;
            let message = Lift::learn(&names(), &Moments::of(&features), 1.0).unwrap_err().to_string();
            assert!(message.contains("too large to be squared"), "{message}");
        }
    }

    #[test]
    fn hopeless_tables_are_errors() {
        let constant = Matrix::from_rows(2, 1, vec![5.0, 5.0]).unwrap();
        let name = vec!["a".to_owned()];
        assert!(matches!(
            Lift::learn(&name, &Moments::of(&constant), 1.0),
            Err(Error::NoVaryingFeature { columns: 1, rows: 2 })
        ));
        let huge = Matrix::from_rows(2, 1, vec![1e300, -1e300]).unwrap();
        assert!(Lift::learn(&name, &Moments::of(&huge), 1.0).is_err());
        let same = Moments::of(&Matrix::from_rows(2, 1, vec![2.0, 2.0]).unwrap());
        assert!(matches!(LabelScale::learn("y", &same, 0), Err(Error::ConstantLabel { rows: 2, .. })));
        assert!(matches!(LabelScale::of("y", &[]), Err(Error::ConstantLabel { rows: 0, .. })));
        let scale = LabelScale::of("y", &[1.0, 3.0]).unwrap();
        assert_eq!((scale.mean, scale.deviation), (2.0, 1.0));
        let tiny = Moments::of(&Matrix::from_rows(2, 1, vec![1e-200, 2e-200]).unwrap());
        assert!(matches!(LabelScale::learn("y", &tiny, 0), Err(Error::Column { .. })));
    }
}
