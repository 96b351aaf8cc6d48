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
    values: Vec<f64>,
    rows: Vec<usize>,
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

    /// As [`Self::of`], in the groups of a validation, on the inputs of drawn units.
    pub(super) fn drawn(problem: &'a Problem, survey: &Survey, validation: Validation) -> Result<Self> {
        let group = |draw: &Draw| validation.part(&problem.split, draw);
        Self::of(problem, survey, &|features| Ok(problem.lift.apply(features)?), &group)
    }

    /// Predicts the rows of a group at each listed iteration, from output coefficients with a row for each iteration and label.
    /// `groups` is the number of groups whose predictions are held together.
    pub(super) fn predict(
        &self,
        group: usize,
        groups: usize,
        units: Units<'_>,
        coefficients: &Matrix,
    ) -> Result<Predicted> {
        let most = (MOST_SCORES / coefficients.rows().max(1) / groups.max(1)).max(FEWEST_ROWS);
        let mut rows: Vec<usize> = (0..self.groups.len()).filter(|&i| self.groups[i] == group).collect();
        // Samples are in the order of their rows, and every n-th of them is spread over the table.
        let stride = rows.len().div_ceil(most).max(1);
        rows = rows.into_iter().step_by(stride).collect();
        let mut values = units.values(coefficients, &self.points.select(&rows))?;
        let labels = self.scales.len();
        for i in 0..values.rows() {
            for (j, value) in values.row_mut(i).iter_mut().enumerate() {
                *value = self.scales[j % labels].restore(*value);
            }
        }
        Ok(Predicted { values: values.values().to_vec(), rows })
    }

    /// Returns the best temperature at each listed iteration, with its loss; empty if the labels are numbers.
    pub(super) fn temperatures(&self, networks: &[HeldOut<'_>]) -> Result<Vec<Temperature>> {
        if !self.is_classified {
            return Ok(Vec::new());
        }
        let predicted = self.all(networks)?;
        let listed = predicted.values.len() / (predicted.rows.len() * self.scales.len()).max(1);
        let found: Vec<Result<Temperature>> = (0..listed)
            .into_par_iter()
            .map(|place| Ok(self.scored(&predicted, place, |scored| scored.temperature())??))
            .collect();
        found.into_iter().collect()
    }

    /// Returns what the rows tell that these networks held out, each of which is given at one iteration. `is_held_out` is false if
    /// they are training rows, for want of others.
    pub(super) fn calibration(
        &self,
        networks: &[HeldOut<'_>],
        is_held_out: bool,
    ) -> Result<Option<Calibration>> {
        let predicted = self.all(networks)?;
        if self.is_classified {
            return self.scored(&predicted, 0, |scored| {
                let temperature = scored.temperature()?.value;
                let mut tally = Tally::new(self.scales.len());
                tally.add(scored, temperature);
                Ok(Some(Calibration::Classes(temperature, is_held_out.then(|| Box::new(tally)))))
            })?;
        }
        if !is_held_out || predicted.rows.is_empty() {
            return Ok(None);
        }
        let labels = self.scales.len();
        let error = |i: usize, label: usize| {
            (predicted.values[i * labels + label] - self.labels.row(predicted.rows[i])[label]).abs()
        };
        let of_label =
            |label| HeldOutErrors::new((0..predicted.rows.len()).map(|i| error(i, label)).collect());
        Ok(Some(Calibration::Numbers((0..labels).map(of_label).collect())))
    }

    /// Calibrates a network at one iteration on validation rows, or on training rows without any. The groups must be parts.
    pub(super) fn calibrate(&self, units: Units<'_>, coefficients: Matrix) -> Result<Option<Calibration>> {
        let has_validation = self.groups.contains(&(Part::Validation as usize));
        let part = if has_validation { Part::Validation } else { Part::Train };
        self.calibration(&[(part as usize, units, coefficients)], has_validation)
    }

    fn all(&self, networks: &[HeldOut<'_>]) -> Result<Predicted> {
        let mut all = Predicted::default();
        for (group, units, coefficients) in networks {
            let mut of = self.predict(*group, networks.len(), *units, coefficients)?;
            all.values.append(&mut of.values);
            all.rows.append(&mut of.rows);
        }
        Ok(all)
    }

    fn scored<T>(&self, all: &Predicted, place: usize, use_of: impl FnOnce(&Scored<'_>) -> T) -> Result<T> {
        let (rows, labels) = (all.rows.len(), self.scales.len());
        let width = all.values.len() / rows.max(1);
        let at = |i: usize| &all.values[i * width + place * labels..i * width + (place + 1) * labels];
        let matrix = Matrix::from_rows(rows, labels, (0..rows).flat_map(at).copied().collect())?;
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
