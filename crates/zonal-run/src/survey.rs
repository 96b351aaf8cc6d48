//! The first reading of a table: moments of the training rows, the sizes of the parts, and a random sample.

use crate::data::for_each_block;
use crate::error::Result;
use rayon::prelude::*;
use zonal::lift::{LabelScale, Moments};
use zonal::linalg::Matrix;
use zonal::observer::{Observer, Stage};
use zonal::rows::{Part, Rows, Split};
use zonal_io::source::Source;

/// What the first reading found.
pub(crate) struct Survey {
    /// Rows of the table, with those that were left out.
    pub(crate) covered: u64,
    /// Rows of each part.
    pub(crate) counts: [u64; 3],
    /// Moments of the features of training rows.
    pub(crate) features: Moments,
    /// Moments of the labels of training rows.
    pub(crate) labels: Moments,
    /// A random sample of the rows that are not for testing, in the order of their numbers.
    pub(crate) sample: Rows,
}

/// Rows of the sample at most, and values.
const SAMPLE_ROWS: usize = 16_384;
const SAMPLE_VALUES: usize = 1 << 23;

/// Rows whose random numbers one thread draws at a time, at least.
const DRAWN_AT_ONCE: usize = 256;

impl Survey {
    pub(crate) fn of(source: &Source, split: &Split, observer: &mut dyn Observer) -> Result<Self> {
        let (features, labels) = (source.feature_names().len(), source.label_names().len());
        let most = SAMPLE_ROWS.min(SAMPLE_VALUES / (features + labels)).max(64);
        let mut survey = Self {
            covered: 0,
            counts: [0; 3],
            features: Moments::new(features),
            labels: Moments::new(labels),
            sample: Rows::empty(0..0, features, labels),
        };
        // Rows with the smallest ranks: (rank, number, values).
        let mut sample: Vec<(u64, u64, Vec<f64>)> = Vec::new();
        let mut limit = u64::MAX;
        for_each_block(source, Stage::Reading, 0, observer, |rows| {
            survey.covered = rows.covered.end;
            let drawn: Vec<(Part, u64)> = rows
                .numbers
                .par_iter()
                .with_min_len(DRAWN_AT_ONCE)
                .map(|&number| split.part_and_rank(number))
                .collect();
            for (i, (part, rank)) in drawn.into_iter().enumerate() {
                survey.counts[part as usize] += 1;
                if part == Part::Train {
                    survey.features.push(rows.features.row(i));
                    survey.labels.push(rows.labels.row(i));
                }
                if part != Part::Test && rank < limit {
                    sample.push((rank, rows.numbers[i], [rows.features.row(i), rows.labels.row(i)].concat()));
                }
            }
            if sample.len() > 2 * most {
                sample.select_nth_unstable_by_key(most, |s| s.0);
                sample.truncate(most);
                limit = sample.iter().map(|s| s.0).max().unwrap_or(limit);
            }
            Ok(())
        })?;
        if sample.len() > most {
            sample.select_nth_unstable_by_key(most, |s| s.0);
            sample.truncate(most);
        }
        sample.sort_unstable_by_key(|s| s.1);
        let part = |range: std::ops::Range<usize>| {
            let values = sample.iter().flat_map(|s| &s.2[range.clone()]).copied().collect();
            Matrix::from_rows(sample.len(), range.len(), values)
        };
        survey.sample = Rows {
            covered: 0..survey.covered,
            numbers: sample.iter().map(|s| s.1).collect(),
            features: part(0..features)?,
            labels: part(features..features + labels)?,
        };
        Ok(survey)
    }

    /// Rows of all parts.
    pub(crate) fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Rows left out for missing values.
    pub(crate) fn dropped(&self) -> u64 {
        self.covered - self.rows()
    }
}

/// Labels in standard units.
pub(crate) fn standardised(scales: &[LabelScale], labels: &Matrix) -> Matrix {
    let mut out = labels.clone();
    for i in 0..out.rows() {
        for (y, scale) in out.row_mut(i).iter_mut().zip(scales) {
            *y = scale.standard(*y);
        }
    }
    out
}
