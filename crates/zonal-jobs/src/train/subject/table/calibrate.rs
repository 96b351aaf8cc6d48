//! What sampled rows tell that a network was not fitted to: the iteration and the temperature with the smallest log-loss, for classes,
//! and the errors from which intervals follow, for numbers.

use super::problem::Problem;
use super::validation::{Validation, smallest};
use crate::survey::Survey;
use rayon::prelude::*;
use zonal::classes::{Scored, Tally, Temperature, largest};
use zonal::conformal::HeldOutErrors;
use zonal::lift::LabelScale;
use zonal::linalg::Matrix;
use zonal::rows::{Draw, Part};
use zonal_documents::Result;
use zonal_io::model::Units;

/// The largest number of scores that are held at a time; with many classes or iterations fewer rows are used.
const MOST_SCORES: usize = 1 << 23;
/// The smallest number of rows of a group that are used, if there are as many.
const FEWEST_ROWS: usize = 200;

/// The sampled rows of a table, in groups of which networks are held out.
pub(super) struct SampledRows<'a> {
    scales: &'a [LabelScale],
    is_classified: bool,
    points: Matrix,
    labels: Matrix,
    weights: Vec<f64>,
    /// The group of each row: its part or its fold.
    groups: Vec<usize>,
}

/// The predictions of the rows of some groups, in the labels' units.
#[derive(Clone, Default)]
pub(super) struct Predicted {
    /// One value for each row, listed iteration and label, in this order.
    pub(super) values: Vec<f64>,
    /// The positions of the rows in the sample.
    pub(super) rows: Vec<usize>,
}

/// A network that held out the rows of a group: its units and output coefficients.
pub(super) type HeldOut<'a> = (usize, Units<'a>, Matrix);

/// What was found on rows that were held out.
#[derive(Clone, Debug)]
pub(crate) enum Calibration {
    /// The temperature of classes and their measures; None if there were no such rows, and it was fitted to training rows.
    Classes(f64, Option<Box<Tally>>),
    /// The errors of each label.
    Numbers(Vec<HeldOutErrors>),
}

impl<'a> SampledRows<'a> {
    /// Returns the sampled rows with the group of each draw. `map` makes points of features.
    pub(super) fn of(
        problem: &'a Problem,
        survey: &Survey,
        map: &dyn Fn(&Matrix) -> Result<Matrix>,
        group: &dyn Fn(&Draw) -> usize,
    ) -> Result<Self> {
        let sample = &survey.sample;
        Ok(Self {
            scales: &problem.labels,
            is_classified: problem.classes.is_some(),
            points: map(&sample.features)?,
            labels: sample.labels.clone(),
            weights: sample.weights.clone(),
            groups: sample.draws(&problem.split).iter().map(group).collect(),
        })
    }

    /// Returns rows that are left out one by one, with their labels, in the labels' units, and their weights.
    pub(super) fn left_out(problem: &'a Problem, labels: Matrix, weights: Vec<f64>) -> Self {
        let rows = labels.rows();
        Self {
            scales: &problem.labels,
            is_classified: problem.classes.is_some(),
            points: Matrix::zeros(0, 0),
            labels,
            weights,
            groups: vec![0; rows],
        }
    }

    pub(super) fn is_classified(&self) -> bool {
        self.is_classified
    }

    /// Returns the weight of a row.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.get(row).copied().unwrap_or(1.0)
    }

    /// As [`Self::of`], in the groups of a validation, on the inputs of drawn units.
    pub(super) fn drawn(problem: &'a Problem, survey: &Survey, validation: Validation) -> Result<Self> {
        let group = |draw: &Draw| validation.part(&problem.split, draw);
        Self::of(problem, survey, &|features| Ok(problem.lift.apply(features)?), &group)
    }

    /// Predicts the rows of a group at each listed iteration, from output coefficients with a row for each iteration and label.
    /// `groups` is the number of groups whose predictions are held together.
    fn predict(
        &self,
        group: usize,
        groups: usize,
        units: Units<'_>,
        coefficients: &Matrix,
    ) -> Result<Predicted> {
        let rows = self.spread(group, coefficients.rows(), groups);
        let mut values = units.values(coefficients, &self.points.select(&rows))?;
        let labels = self.scales.len();
        for i in 0..values.rows() {
            for (j, value) in values.row_mut(i).iter_mut().enumerate() {
                *value = self.scales[j % labels].restore(*value);
            }
        }
        Ok(Predicted { values: values.values().to_vec(), rows })
    }

    /// Returns as many rows of a group as `scores` scores of each are held for, spread over the table.
    pub(super) fn spread(&self, group: usize, scores: usize, groups: usize) -> Vec<usize> {
        let most = (MOST_SCORES / scores.max(1) / groups.max(1)).max(FEWEST_ROWS);
        let rows: Vec<usize> = (0..self.groups.len()).filter(|&i| self.groups[i] == group).collect();
        // Samples are in the order of their rows.
        let stride = rows.len().div_ceil(most).max(1);
        rows.into_iter().step_by(stride).collect()
    }

    /// Returns the best temperature at each listed iteration, with its loss; empty if the labels are numbers.
    pub(super) fn temperatures(&self, predicted: &Predicted) -> Result<Vec<Temperature>> {
        if !self.is_classified {
            return Ok(Vec::new());
        }
        let listed = predicted.values.len() / (predicted.rows.len() * self.scales.len()).max(1);
        let found: Vec<Result<Temperature>> = (0..listed)
            .into_par_iter()
            .map(|place| Ok(self.scored(predicted, place, |scored| scored.temperature())??))
            .collect();
        found.into_iter().collect()
    }

    /// Returns what these predictions tell at a listed iteration. `is_held_out` is false if they are of training rows, for want of
    /// others.
    pub(super) fn calibration(
        &self,
        predicted: &Predicted,
        place: usize,
        is_held_out: bool,
    ) -> Result<Option<Calibration>> {
        if self.is_classified {
            return self.scored(predicted, place, |scored| {
                let temperature = scored.temperature()?.value;
                let mut tally = Tally::new(self.scales.len());
                tally.add(scored, temperature);
                Ok(Some(Calibration::Classes(temperature, is_held_out.then(|| Box::new(tally)))))
            })?;
        }
        if !is_held_out || predicted.rows.is_empty() {
            return Ok(None);
        }
        let error = |i: usize, label: usize| {
            (self.at(predicted, place, i)[label] - self.labels.row(predicted.rows[i])[label]).abs()
        };
        let labels = self.scales.len();
        let of_label =
            |label| HeldOutErrors::new((0..predicted.rows.len()).map(|i| error(i, label)).collect());
        Ok(Some(Calibration::Numbers((0..labels).map(of_label).collect())))
    }

    /// Calibrates a network at one iteration on validation rows, or on training rows without any. The groups must be parts.
    pub(super) fn calibrate(&self, units: Units<'_>, coefficients: Matrix) -> Result<Option<Calibration>> {
        let has_validation = self.groups.contains(&(Part::Validation as usize));
        let part = if has_validation { Part::Validation } else { Part::Train };
        self.calibration(&self.all(&[(part as usize, units, coefficients)])?, 0, has_validation)
    }

    /// Predicts the rows of all groups, each by the network that held them out.
    pub(super) fn all(&self, networks: &[HeldOut<'_>]) -> Result<Predicted> {
        let mut all = Predicted::default();
        for (group, units, coefficients) in networks {
            let mut of = self.predict(*group, networks.len(), *units, coefficients)?;
            all.values.append(&mut of.values);
            all.rows.append(&mut of.rows);
        }
        Ok(all)
    }

    /// Returns, for each label, by how much the predictions of networks at points, which none of them was fitted to, differ from their
    /// mean.
    pub(super) fn differences(
        &self,
        networks: &[HeldOut<'_>],
        points: &Matrix,
    ) -> Result<Vec<HeldOutErrors>> {
        let count = networks.len() as f64;
        let all = networks.iter().map(|(_, units, coefficients)| Ok(units.values(coefficients, points)?));
        let all = all.collect::<Result<Vec<Matrix>>>()?;
        let of_label = |(label, scale): (usize, &LabelScale)| {
            let of_row = |row: usize| {
                let mean = all.iter().map(|values| values.row(row)[label]).sum::<f64>() / count;
                all.iter().map(move |values| scale.deviation * (values.row(row)[label] - mean).abs())
            };
            HeldOutErrors::new((0..points.rows()).flat_map(of_row).collect())
        };
        Ok(self.scales.iter().enumerate().map(of_label).collect())
    }

    /// Returns the predictions of a row at a listed iteration.
    fn at<'p>(&self, all: &'p Predicted, place: usize, row: usize) -> &'p [f64] {
        let (width, labels) = (all.values.len() / all.rows.len(), self.scales.len());
        &all.values[row * width + place * labels..row * width + (place + 1) * labels]
    }

    fn scored<T>(&self, all: &Predicted, place: usize, use_of: impl FnOnce(&Scored<'_>) -> T) -> Result<T> {
        let (rows, labels) = (all.rows.len(), self.scales.len());
        let values = (0..rows).flat_map(|i| self.at(all, place, i)).copied().collect();
        let matrix = Matrix::from_rows(rows, labels, values)?;
        let classes: Vec<usize> = all.rows.iter().map(|&row| largest(self.labels.row(row))).collect();
        let weights: Vec<f64> = all.rows.iter().filter_map(|&row| self.weights.get(row)).copied().collect();
        Ok(use_of(&Scored { scores: &matrix, classes: &classes, weights: &weights }))
    }
}

/// Returns the index of the smallest loss, the first one among ties.
pub(super) fn smallest_loss(temperatures: &[Temperature]) -> usize {
    let losses: Vec<f64> = temperatures.iter().map(|temperature| temperature.loss).collect();
    smallest(&losses, 1)
}
