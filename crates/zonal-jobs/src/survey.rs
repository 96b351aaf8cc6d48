//! The first pass over a table: moments of the training rows, the sizes of the parts of the split, and a random
//! sample. Surveys of shards can be merged.

use crate::coverage::Coverage;
use crate::data::for_each_block;
use crate::fingerprint::Fingerprint;
use rayon::prelude::*;
use zonal::lift::{LabelScale, Moments};
use zonal::linalg::Matrix;
use zonal::observer::{Observer, Stage};
use zonal::rows::{Draw, Part, Rows, Split};
use zonal_documents::{Error, Result};
use zonal_io::source::Source;

/// The result of the first pass.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The rows that were read, including dropped ones.
    pub covered: Coverage,
    /// The fingerprint of the rows.
    pub fingerprint: Fingerprint,
    /// The number of rows of each part of the split.
    pub counts: [u64; 3],
    /// The moments of the features over training rows.
    pub features: Moments,
    /// The moments of the labels over training rows.
    pub labels: Moments,
    /// A random sample of the non-test rows, in the order of their numbers.
    pub sample: Rows,
}

/// The largest number of rows of the sample, and of values.
const SAMPLE_ROWS: usize = 16_384;
const SAMPLE_VALUES: usize = 1 << 23;

/// The smallest number of rows whose random numbers one thread draws at a time.
const ROWS_PER_TASK: usize = 256;

impl Survey {
    /// Surveys a table in one pass.
    ///
    /// # Errors
    /// The errors of reading; [`zonal::Error::Stopped`] if the observer requests a stop.
    pub fn of(source: &Source, split: &Split, observer: &mut dyn Observer) -> Result<Self> {
        let (features, labels) = (source.feature_names().len(), source.label_names().len());
        let limit_rows = sample_size(features + labels);
        let columns = features + labels;
        let mut survey = Self {
            covered: Coverage::default(),
            fingerprint: Fingerprint::default(),
            counts: [0; 3],
            features: Moments::new(features),
            labels: Moments::new(labels),
            sample: Rows::empty(0..0, features, labels),
        };
        // Rows with the smallest ranks: (rank, number, values, draw).
        let mut sample: Vec<(u64, u64, Vec<f64>, Draw)> = Vec::new();
        let mut have_draws = false;
        let mut limit = u64::MAX;
        for_each_block(source, Stage::Reading, 0, observer, |rows| {
            survey.covered.add(rows.covered.start, rows.covered.end)?;
            have_draws |= !rows.draws.is_empty();
            let draws: Vec<(Draw, Fingerprint)> = rows
                .draws(split)
                .into_par_iter()
                .enumerate()
                .with_min_len(ROWS_PER_TASK)
                .map(|(i, draw)| (draw, Fingerprint::of_row(&rows, i)))
                .collect();
            for (i, (draw, fingerprint)) in draws.into_iter().enumerate() {
                let (part, rank) = (split.part_of(&draw), draw.rank);
                survey.fingerprint = survey.fingerprint.merge(fingerprint);
                survey.counts[part as usize] += 1;
                if part == Part::Train {
                    survey.features.push(rows.features.row(i), rows.weight(i))?;
                    survey.labels.push(rows.labels.row(i), rows.weight(i))?;
                }
                if part != Part::Test && rank < limit {
                    let weight = rows.weights.get(i..=i).unwrap_or_default();
                    let values = [rows.features.row(i), rows.labels.row(i), weight].concat();
                    sample.push((rank, rows.numbers[i], values, draw));
                }
            }
            if sample.len() > 2 * limit_rows {
                sample.select_nth_unstable_by_key(limit_rows, |s| s.0);
                sample.truncate(limit_rows);
                limit = sample.iter().map(|s| s.0).max().unwrap_or(limit);
            }
            Ok(())
        })?;
        if sample.len() > limit_rows {
            sample.select_nth_unstable_by_key(limit_rows, |s| s.0);
            sample.truncate(limit_rows);
        }
        sample.sort_unstable_by_key(|s| s.1);
        let part = |range: std::ops::Range<usize>| {
            let mut values = Vec::with_capacity(sample.len() * range.len());
            sample.iter().for_each(|s| values.extend_from_slice(&s.2[range.clone()]));
            Matrix::from_rows(sample.len(), range.len(), values)
        };
        survey.sample = Rows {
            covered: 0..survey.covered.rows(),
            numbers: sample.iter().map(|s| s.1).collect(),
            features: part(0..features)?,
            labels: part(features..columns)?,
            weights: sample.iter().filter_map(|s| s.2.get(columns)).copied().collect(),
            draws: sample.iter().filter(|_| have_draws).map(|s| s.3).collect(),
        };
        Ok(survey)
    }

    /// Returns the survey of the rows of both, which must be different rows of one table with the same split.
    ///
    /// # Errors
    /// [`zonal::Error::Size`] for different columns; [`Error::Usage`] if only one of them has weights, or if they
    /// share rows.
    pub fn merge(self, other: &Self, split: &Split) -> Result<Self> {
        let (a, b) = (&self.sample, &other.sample);
        for (what, found, required) in [
            ("feature columns of merged surveys", b.features.columns(), a.features.columns()),
            ("labels of merged surveys", b.labels.columns(), a.labels.columns()),
        ] {
            if found != required {
                return Err(zonal::Error::Size { what: what.into(), found, required }.into());
            }
        }
        if !a.is_empty() && !b.is_empty() && a.weights.is_empty() != b.weights.is_empty() {
            return Err(Error::Usage("one of the merged surveys has weights, the other has none".into()));
        }
        let all = a.numbers.iter().chain(&b.numbers);
        let mut order: Vec<(u64, u64, usize)> =
            all.enumerate().map(|(i, &number)| (split.draw(number).rank, number, i)).collect();
        let limit = sample_size(a.features.columns() + a.labels.columns());
        if order.len() > limit {
            order.select_nth_unstable_by_key(limit, |s| s.0);
            order.truncate(limit);
        }
        order.sort_unstable_by_key(|s| s.1);
        let chosen: Vec<usize> = order.iter().map(|s| s.2).collect();
        let stack = |a: &Matrix, b: &Matrix| {
            Matrix::from_rows(a.rows() + b.rows(), a.columns(), [a.values(), b.values()].concat())
        };
        let covered = self.covered.merge(&other.covered)?;
        let both = Rows {
            covered: 0..covered.rows(),
            numbers: [a.numbers.as_slice(), &b.numbers].concat(),
            features: stack(&a.features, &b.features)?,
            labels: stack(&a.labels, &b.labels)?,
            weights: [a.weights.as_slice(), &b.weights].concat(),
            draws: [a.draws.as_slice(), &b.draws].concat(),
        };
        Ok(Self {
            covered,
            fingerprint: self.fingerprint.merge(other.fingerprint),
            counts: [0, 1, 2].map(|i| self.counts[i] + other.counts[i]),
            sample: both.select(&chosen),
            features: self.features.merge(&other.features)?,
            labels: self.labels.merge(&other.labels)?,
        })
    }

    /// Returns the number of rows of all parts.
    pub fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the number of rows dropped for missing values or weight 0.
    pub fn dropped(&self) -> u64 {
        self.covered.rows() - self.rows()
    }
}

/// Returns the largest number of rows of a sample with this number of columns.
fn sample_size(columns: usize) -> usize {
    SAMPLE_ROWS.min(SAMPLE_VALUES / columns.max(1)).max(64)
}

/// Standardises labels.
pub(crate) fn standardise_labels(scales: &[LabelScale], labels: &Matrix) -> Matrix {
    let mut out = labels.clone();
    for i in 0..out.rows() {
        for (y, scale) in out.row_mut(i).iter_mut().zip(scales) {
            *y = scale.standard(*y);
        }
    }
    out
}
