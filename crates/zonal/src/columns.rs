//! Two columns for each feature of a table, the inputs of grown units: standard units that are clipped smoothly, and
//! normal scores.
//!
//! A feature x becomes u = 4 tanh(z / 4), where z = (x - centre) / deviation, and v, its normal score: the quantile of the
//! normal law at the share of the sample below x, interpolated linearly between at most 500 knots and constant outside. u
//! keeps what is linear, v makes skew columns, steps and integers of few levels easy; neither grows outside of the sample,
//! so that a row far away cannot decide a prediction.

use crate::error::{Error, Result, check_finite, check_size};
use crate::linalg::Matrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Where standard units are clipped.
const CLIP: f64 = 4.0;
/// The largest number of knots of a column.
const KNOTS: usize = 500;
/// Shares of a sample are kept this far from 0 and 1.
const TAIL: f64 = 1e-4;
/// Centre and deviation are those of values moved to at most this many lengths of the inner range outside of it; it leaves
/// out the share [`INNER`] of a sample at either end.
const FAR: f64 = 3.0;
const INNER: f64 = 1e-3;
/// The smallest number of rows that one thread maps at a time.
const CHUNK: usize = 64;

/// The map from the features of a table to two columns for each feature that varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMap {
    /// The number of features expected.
    features: usize,
    kept: Vec<Column>,
}

/// The map of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    /// The position of the feature.
    feature: usize,
    centre: f64,
    deviation: f64,
    /// Values of the feature, ascending, and their normal scores in standard units.
    knots: Vec<f64>,
    scores: Vec<f64>,
}

/// A feature with values far outside of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlier {
    /// The position of the feature.
    pub feature: usize,
    /// The value that is farthest outside.
    pub value: f64,
    /// The inner range: 99.8 % of the sample lie within.
    pub inner: [f64; 2],
}

impl ColumnMap {
    /// Learns the map from a sample of rows; features that do not vary are left out. Also returns the features with
    /// values far outside.
    ///
    /// # Errors
    /// [`Error::NoVaryingFeature`]; [`Error::NotFinite`].
    pub fn learn(sample: &Matrix) -> Result<(Self, Vec<Outlier>)> {
        let features = sample.columns();
        check_finite("the sample of features", sample.values(), features)?;
        let learned = |feature| Column::learn(feature, sample.column(feature));
        let found: Vec<_> = (0..features).into_par_iter().filter_map(learned).collect();
        if found.is_empty() {
            return Err(Error::NoVaryingFeature { columns: features, rows: sample.rows() });
        }
        let (kept, outliers): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        Ok((Self { features, kept }, outliers.into_iter().flatten().collect()))
    }

    /// Returns the number of features that rows must have.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Returns the number of columns of mapped rows.
    pub fn width(&self) -> usize {
        2 * self.kept.len()
    }

    /// Returns the feature from which a column of mapped rows is computed.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn feature_of(&self, column: usize) -> usize {
        self.kept[column / 2].feature
    }

    /// Maps rows: for each kept feature its clipped standard units and its normal score.
    ///
    /// # Errors
    /// [`Error::Size`] for another number of features; [`Error::NotFinite`].
    pub fn apply(&self, features: &Matrix) -> Result<Matrix> {
        check_size("feature columns", features.columns(), self.features)?;
        let mut out = Matrix::zeros(features.rows(), self.width());
        let rows = out.values_mut().par_chunks_mut(self.width()).enumerate().with_min_len(CHUNK);
        rows.for_each(|(i, row)| {
            for (pair, column) in row.chunks_mut(2).zip(&self.kept) {
                pair.copy_from_slice(&column.map(features.row(i)[column.feature]));
            }
        });
        let Some(at) = out.values().iter().position(|x| !x.is_finite()) else { return Ok(out) };
        let (row, column) = (at / self.width(), self.feature_of(at % self.width()));
        Err(Error::NotFinite { what: "the features".into(), row, column, value: features.row(row)[column] })
    }

    /// Checks a map that was read from a file.
    ///
    /// # Errors
    /// [`Error::Size`] for positions and lists that do not fit together; [`Error::NotFinite`].
    pub fn check(&self) -> Result<()> {
        if self.kept.is_empty() {
            return Err(Error::NoVaryingFeature { columns: self.features, rows: 0 });
        }
        for column in &self.kept {
            check_size("scores of a column", column.scores.len(), column.knots.len())?;
            let last = self.features.saturating_sub(1);
            if column.feature > last || column.knots.is_empty() {
                let what = "the position of a feature".into();
                return Err(Error::Size { what, found: column.feature, required: last });
            }
            let numbers = [column.centre, column.deviation];
            let all = column.knots.iter().chain(&column.scores).chain(&numbers);
            if let Some(&value) = all.into_iter().find(|x| !x.is_finite()) {
                let (what, row) = ("the map of columns".into(), 0);
                return Err(Error::NotFinite { what, row, column: column.feature, value });
            }
        }
        Ok(())
    }
}

impl Column {
    /// None for a feature that does not vary.
    fn learn(feature: usize, mut values: Vec<f64>) -> Option<(Self, Option<Outlier>)> {
        values.sort_unstable_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        if low == high {
            return None;
        }
        let [inner_low, inner_high] = inner_range(&values);
        let range = inner_high - inner_low;
        let bounds = if range > 0.0 {
            [inner_low - FAR * range, inner_high + FAR * range]
        } else {
            [f64::NEG_INFINITY, f64::INFINITY]
        };
        let value = if high - inner_high > inner_low - low { high } else { low };
        let outlier = (value < bounds[0] || value > bounds[1]).then_some(Outlier {
            feature,
            value,
            inner: [inner_low, inner_high],
        });
        let [centre, deviation] = moments(values.iter().map(|x| x.clamp(bounds[0], bounds[1])));
        let (knots, mut scores) = normal_scores(&values);
        let column = Self { feature, centre, deviation, knots, scores: scores.clone() };
        let [mean, spread] = moments(values.iter().map(|x| column.score(*x)));
        if !(deviation > 0.0 && deviation.is_finite() && spread > 0.0) {
            return None;
        }
        scores.iter_mut().for_each(|v| *v = (*v - mean) / spread);
        Some((Self { scores, ..column }, outlier))
    }

    fn map(&self, x: f64) -> [f64; 2] {
        let z = (x - self.centre) / self.deviation;
        if x.is_nan() {
            return [f64::NAN; 2];
        }
        [CLIP * (z / CLIP).tanh(), self.score(x)]
    }

    /// Interpolates the normal score.
    fn score(&self, x: f64) -> f64 {
        let above = self.knots.partition_point(|knot| *knot <= x);
        if above == 0 {
            return self.scores[0];
        }
        if above == self.knots.len() {
            return self.scores[above - 1];
        }
        let (x0, x1) = (self.knots[above - 1], self.knots[above]);
        let (v0, v1) = (self.scores[above - 1], self.scores[above]);
        v0 + (v1 - v0) * ((x - x0) / (x1 - x0))
    }
}

/// Returns mean and standard deviation.
fn moments(values: impl ExactSizeIterator<Item = f64> + Clone) -> [f64; 2] {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    [mean, variance.sqrt()]
}

/// Returns the range within which all but a share [`INNER`] of the sorted values at either end lie: at least one value at
/// either end is left out.
fn inner_range(sorted: &[f64]) -> [f64; 2] {
    let last = sorted.len() - 1;
    let left_out = ((INNER * last as f64).ceil() as usize).min(last / 2);
    [sorted[left_out], sorted[last - left_out]]
}

/// Returns knots among the sorted values, and the quantile of the normal law at the mid-rank of each.
fn normal_scores(sorted: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut levels: Vec<(f64, f64)> = Vec::new();
    let (mut below, total) = (0, sorted.len() as f64);
    for group in sorted.chunk_by(|a, b| a == b) {
        let share = (below as f64 + 0.5 * group.len() as f64) / total;
        levels.push((group[0], normal_quantile(share.clamp(TAIL, 1.0 - TAIL))));
        below += group.len();
    }
    if levels.len() > KNOTS {
        let last = levels.len() - 1;
        levels = (0..KNOTS).map(|i| levels[(i * last + (KNOTS - 1) / 2) / (KNOTS - 1)]).collect();
    }
    levels.into_iter().unzip()
}

/// Computes the quantile of the standard normal law at p in (0, 1): Abramowitz and Stegun 26.2.23, then Newton's method.
/// Absolute error below 1e-12 for p in [1e-4, 1 - 1e-4].
fn normal_quantile(p: f64) -> f64 {
    let tail = p.min(1.0 - p);
    let t = (-2.0 * tail.ln()).sqrt();
    let ratio =
        (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    let mut x = t - ratio;
    for _ in 0..3 {
        let excess = 0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2) - tail;
        let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        x += excess / density;
    }
    if p < 0.5 { -x } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_normal_law() {
        // From mpmath: sqrt(2) erfinv(2 p - 1).
        for (p, x) in
            [(0.5, 0.0), (0.975, 1.959963984540054), (1e-4, -3.719016485455709), (0.3, -0.5244005127080407)]
        {
            assert!((normal_quantile(p) - x).abs() < 1e-12, "{p}: {}", normal_quantile(p));
        }
    }

    #[test]
    fn columns_are_clipped_scores_are_monotone_and_constants_are_dropped() {
        let rows: Vec<f64> = (0..1000).flat_map(|i| [f64::from(i).powi(5), 7.0, f64::from(i % 3)]).collect();
        let (map, outliers) = ColumnMap::learn(&Matrix::from_rows(1000, 3, rows).unwrap()).unwrap();
        assert!(outliers.is_empty(), "{outliers:?}");
        assert_eq!((map.width(), map.feature_of(1), map.feature_of(2)), (4, 0, 2));
        let at =
            |x: f64| map.apply(&Matrix::from_rows(1, 3, vec![x, 7.0, 1.0]).unwrap()).unwrap().row(0).to_vec();
        let mut before = at(-1e30);
        assert!(before.iter().all(|x| x.abs() < 5.0), "{before:?}");
        for x in [1.0, 2.0, 5.0, 1e3, 1e9, 1e30] {
            let after = at(x);
            assert!(after[0] >= before[0] && after[1] >= before[1] && after[1].abs() < 5.0, "{after:?}");
            before = after;
        }
        assert!(map.apply(&Matrix::from_rows(1, 3, vec![f64::NAN, 7.0, 1.0]).unwrap()).is_err());
    }

    #[test]
    fn one_cell_far_outside_is_named_and_leaves_the_others_as_they_are() {
        let column = |last: f64| {
            let mut values: Vec<f64> = (0..2000).map(|i| f64::from(i).sin()).collect();
            values.push(last);
            Matrix::from_rows(2001, 1, values).unwrap()
        };
        let ((plain, none), (odd, some)) =
            (ColumnMap::learn(&column(0.3)).unwrap(), ColumnMap::learn(&column(1e15)).unwrap());
        assert!(none.is_empty());
        assert_eq!((some.len(), some[0].value), (1, 1e15));
        let at = |map: &ColumnMap| {
            map.apply(&Matrix::from_rows(1, 1, vec![0.7]).unwrap()).unwrap().row(0).to_vec()
        };
        for (a, b) in at(&plain).iter().zip(at(&odd)) {
            assert!((a - b).abs() < 0.05, "{a} {b}");
        }
    }
}
