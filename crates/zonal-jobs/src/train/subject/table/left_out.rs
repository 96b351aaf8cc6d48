//! The rows of a table, each predicted by the network that descent on all others finds, at every iteration (RW-8).

use super::calibrate::{Predicted, SampledRows};
use super::prepare::TableSubject;
use super::problem::Problem;
use crate::data::for_each_prepared;
use crate::survey::standardise_labels;
use crate::train::trained::check_step_size;
use std::collections::HashMap;
use zonal::dynamics::{GradientPath, LeaveOneOut};
use zonal::lift::LabelScale;
use zonal::linalg::Matrix;
use zonal::network::Network;
use zonal::observer::{Observer, Stage, check};
use zonal::rows::Rows;
use zonal_documents::options::{STEP, STOP};
use zonal_documents::{Error, Result};
use zonal_io::source::DrawRule;

/// The training rows of a table. Rows with equal features are left out together, as one row that has their mean label and the sum of
/// their weights: without them the network is the same.
pub(super) struct LeftOut<'a> {
    scales: &'a [LabelScale],
    fits: LeaveOneOut,
    /// The means of the labels of rows that are left out together, in standard units.
    means: Matrix,
    /// The rows with their labels, in the labels' units.
    pub(super) rows: SampledRows<'a>,
    /// The labels in standard units.
    labels: Matrix,
    /// For each row the index of those that are left out together.
    together: Vec<usize>,
}

/// The predictions of rows that were left out.
pub(super) struct LeftOutPath {
    /// For each listed iteration the mean squared error of each label in standard units.
    pub(super) losses: Vec<f64>,
    pub(super) predicted: Predicted,
}

impl<'a> LeftOut<'a> {
    /// Prepares the fits without each of the rows.
    pub(super) fn new(problem: &'a Problem, rows: TrainingRows) -> Result<Self> {
        Ok(Self {
            scales: &problem.labels,
            fits: LeaveOneOut::new(&rows.features, &rows.means, &rows.weights)?,
            means: rows.means,
            labels: rows.standard,
            rows: SampledRows::left_out(problem, rows.labels, rows.own_weights),
            together: rows.together,
        })
    }

    /// Predicts each row after each of these iterations of a descent with the step and the ridge of a path.
    pub(super) fn path(
        &self,
        path: &GradientPath,
        ridge: f64,
        iterations: &[u64],
        observer: &mut dyn Observer,
    ) -> Result<LeftOutPath> {
        let step = path.step();
        self.check_step(step, ridge)?;
        let (rows, labels) = (self.together.len(), self.scales.len());
        let width = iterations.len() * labels;
        let kept = self.rows.spread(0, width, 1);
        let weights: f64 = (0..rows).map(|i| self.rows.weight(i)).sum();
        let (mut losses, mut values) = (Vec::new(), vec![0.0; kept.len() * width]);
        for (place, &t) in iterations.iter().enumerate() {
            check(observer, Stage::Measurement, place as u64, iterations.len() as u64)
                .map_err(zonal::Error::from)?;
            let residuals = self.fits.descent_residuals(step, ridge, t)?;
            let predict = |i: usize, label: usize| {
                let group = self.together[i];
                self.means.row(group)[label] - residuals.row(group)[label]
            };
            for label in 0..labels {
                let square = |i: usize| (self.labels.row(i)[label] - predict(i, label)).powi(2);
                losses.push((0..rows).map(|i| self.rows.weight(i) * square(i)).sum::<f64>() / weights);
                for (at, &i) in kept.iter().enumerate() {
                    values[at * width + place * labels + label] =
                        self.scales[label].restore(predict(i, label));
                }
            }
        }
        Ok(LeftOutPath { losses, predicted: Predicted { values, rows: kept } })
    }

    /// Checks that leave-one-out is computed for a step.
    fn check_step(&self, step: f64, ridge: f64) -> Result<()> {
        check_step_size(step)?;
        let limit = LeaveOneOut::LARGEST_REACH / (self.fits.largest_eigenvalue() + ridge);
        if step <= limit {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "{} is too large for {}, which needs at most {limit:.6e}; use a smaller one, or {}",
            STEP.with(step),
            STOP.with("leave-one-out"),
            STOP.with("validation")
        )))
    }
}

/// The training rows of a table in memory. Rows with equal features are one, with their mean label and the sum of their weights.
pub(super) struct TrainingRows {
    /// The network's features.
    pub(super) features: Matrix,
    /// The labels in standard units, their means over rows with equal features.
    pub(super) means: Matrix,
    pub(super) weights: Vec<f64>,
    /// The mean square of the labels of the first label, in standard units, around the means of rows with equal features, which
    /// nothing predicts.
    pub(super) within: f64,
    /// For each row by itself its index above, its labels in their units and in standard units, and its weight.
    together: Vec<usize>,
    labels: Matrix,
    standard: Matrix,
    own_weights: Vec<f64>,
}

impl TrainingRows {
    /// Returns the number of rows, all counted.
    pub(super) fn len(&self) -> usize {
        self.together.len()
    }

    /// Reads the training rows of a subject.
    pub(super) fn read(
        subject: &TableSubject<'_>,
        network: &Network,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let TableSubject { source, survey, problem, .. } = subject;
        let mut read = Read {
            are_copies_together: source.rule() == Some(&DrawRule::EqualRows),
            labels: problem.labels.len(),
            ..Read::default()
        };
        let total = survey.covered.rows();
        let prepare = |rows: &Rows| {
            let [rows, ..] = rows.by_part(&problem.split);
            let features = network.features(&problem.lift.apply(&rows.features)?)?;
            Ok((rows, features))
        };
        for_each_prepared(source, Stage::Measurement, total, observer, prepare, |_, (rows, features)| {
            read.add(&rows, &features, &problem.labels);
            Ok(())
        })?;
        read.finish(network.width())
    }
}

/// Rows that have been read, with the values of matrices row after row.
#[derive(Default)]
struct Read {
    are_copies_together: bool,
    labels: usize,
    /// The index of the rows with these features, bit by bit.
    groups: HashMap<Vec<u64>, usize>,
    /// The network's features of each group.
    features: Vec<f64>,
    /// The sums of weights, and of weighted labels in standard units, of each group.
    weights: Vec<f64>,
    sums: Vec<f64>,
    together: Vec<usize>,
    own_labels: Vec<f64>,
    own_standard: Vec<f64>,
    own_weights: Vec<f64>,
}

impl Read {
    fn add(&mut self, rows: &Rows, features: &Matrix, scales: &[LabelScale]) {
        let standard = standardise_labels(scales, &rows.labels);
        for i in 0..rows.len() {
            let next = self.weights.len();
            let group = match self.are_copies_together {
                // Adding 0 makes 0 of -0.
                true => {
                    let bits = rows.features.row(i).iter().map(|x| (x + 0.0).to_bits()).collect();
                    *self.groups.entry(bits).or_insert(next)
                }
                false => next,
            };
            if group == next {
                self.features.extend_from_slice(features.row(i));
                self.weights.push(0.0);
                self.sums.extend(vec![0.0; self.labels]);
            }
            let weight = rows.weight(i);
            self.weights[group] += weight;
            let sums = &mut self.sums[group * self.labels..(group + 1) * self.labels];
            sums.iter_mut().zip(standard.row(i)).for_each(|(sum, y)| *sum += weight * y);
            self.together.push(group);
            self.own_labels.extend_from_slice(rows.labels.row(i));
            self.own_standard.extend_from_slice(standard.row(i));
            self.own_weights.push(weight);
        }
    }

    fn finish(self, width: usize) -> Result<TrainingRows> {
        let (rows, groups, labels) = (self.together.len(), self.weights.len(), self.labels);
        let mut means = Matrix::from_rows(groups, labels, self.sums)?;
        for (i, weight) in self.weights.iter().enumerate() {
            means.row_mut(i).iter_mut().for_each(|sum| *sum /= weight);
        }
        let standard = Matrix::from_rows(rows, labels, self.own_standard)?;
        let square = |i: usize| {
            let around = standard.row(i)[0] - means.row(self.together[i])[0];
            self.own_weights[i] * around * around
        };
        let within = (0..rows).map(square).sum::<f64>() / self.own_weights.iter().sum::<f64>();
        Ok(TrainingRows {
            features: Matrix::from_rows(groups, width, self.features)?,
            means,
            weights: self.weights,
            within,
            together: self.together,
            labels: Matrix::from_rows(rows, labels, self.own_labels)?,
            standard,
            own_weights: self.own_weights,
        })
    }
}
