//! Classes along a path: the iteration and the temperature with the smallest log-loss on sampled rows that a network was not fitted
//! to.

use super::problem::Problem;
use super::validation::Validation;
use crate::survey::Survey;
use rayon::prelude::*;
use zonal::classes::{Scored, Tally, Temperature, largest};
use zonal::lift::LabelScale;
use zonal::linalg::Matrix;
use zonal::rows::{Draw, Part};
use zonal_documents::Result;
use zonal_io::model::Units;

/// The largest number of scores that are held at a time; with many classes or iterations fewer rows are used.
const MOST_SCORES: usize = 1 << 23;
/// The smallest number of rows of a group that are used, if there are as many.
const FEWEST_ROWS: usize = 200;

/// The sampled rows of a table with classes, in groups of which networks are held out.
pub(super) struct SampledClasses<'a> {
    labels: &'a [LabelScale],
    points: Matrix,
    classes: Vec<usize>,
    weights: Vec<f64>,
    /// The group of each row: its part or its fold.
    groups: Vec<usize>,
}

/// The scores of the rows of some groups at each listed iteration.
#[derive(Clone, Default)]
pub(super) struct PathScores {
    /// One value for each row, listed iteration and class, in this order.
    values: Vec<f64>,
    rows: Vec<usize>,
}

/// What was found on rows that were held out.
#[derive(Clone, Debug)]
pub(crate) struct Calibration {
    pub(super) temperature: f64,
    /// None if there were no such rows, and the temperature was fitted to training rows.
    pub(super) held_out: Option<Tally>,
}

impl<'a> SampledClasses<'a> {
    /// Returns the sampled rows with the group of each draw; None if the labels are no classes. `map` makes points of features.
    pub(super) fn of(
        problem: &'a Problem,
        survey: &Survey,
        map: &dyn Fn(&Matrix) -> Result<Matrix>,
        group: &dyn Fn(&Draw) -> usize,
    ) -> Result<Option<Self>> {
        if problem.classes.is_none() {
            return Ok(None);
        }
        let sample = &survey.sample;
        Ok(Some(Self {
            labels: &problem.labels,
            points: map(&sample.features)?,
            classes: (0..sample.len()).map(|i| largest(sample.labels.row(i))).collect(),
            weights: sample.weights.clone(),
            groups: sample.draws(&problem.split).iter().map(group).collect(),
        }))
    }

    /// As [`Self::of`], in the groups of a validation, on the inputs of drawn units.
    pub(super) fn drawn(
        problem: &'a Problem,
        survey: &Survey,
        validation: Validation,
    ) -> Result<Option<Self>> {
        let group = |draw: &Draw| validation.part(&problem.split, draw);
        Self::of(problem, survey, &|features| Ok(problem.lift.apply(features)?), &group)
    }

    /// Computes the scores of the rows of a group at each listed iteration, from output coefficients with a row for each
    /// iteration and class. `groups` is the number of groups whose scores are held together.
    pub(super) fn scores(
        &self,
        group: usize,
        groups: usize,
        units: Units<'_>,
        coefficients: &Matrix,
    ) -> Result<PathScores> {
        let most = (MOST_SCORES / coefficients.rows().max(1) / groups.max(1)).max(FEWEST_ROWS);
        let mut rows: Vec<usize> = (0..self.groups.len()).filter(|&i| self.groups[i] == group).collect();
        // Samples are in the order of their rows, and every n-th of them is spread over the table.
        let stride = rows.len().div_ceil(most).max(1);
        rows = rows.into_iter().step_by(stride).collect();
        let mut scores = units.values(coefficients, &self.points.select(&rows))?;
        let labels = self.labels.len();
        for i in 0..scores.rows() {
            for (j, score) in scores.row_mut(i).iter_mut().enumerate() {
                *score = self.labels[j % labels].restore(*score);
            }
        }
        Ok(PathScores { values: scores.values().to_vec(), rows })
    }

    fn scored<T>(
        &self,
        scores: &PathScores,
        place: usize,
        use_of: impl FnOnce(&Scored<'_>) -> T,
    ) -> Result<T> {
        let (rows, labels) = (scores.rows.len(), self.labels.len());
        let width = scores.values.len() / rows.max(1);
        let at = |i: usize| &scores.values[i * width + place * labels..i * width + (place + 1) * labels];
        let matrix = Matrix::from_rows(rows, labels, (0..rows).flat_map(at).copied().collect())?;
        let classes: Vec<usize> = scores.rows.iter().map(|&row| self.classes[row]).collect();
        let weights: Vec<f64> =
            scores.rows.iter().filter_map(|&row| self.weights.get(row)).copied().collect();
        Ok(use_of(&Scored { scores: &matrix, classes: &classes, weights: &weights }))
    }

    /// Returns the best temperature at each listed iteration, with its loss.
    pub(super) fn temperatures(&self, scores: &PathScores) -> Result<Vec<Temperature>> {
        let listed = scores.values.len() / (scores.rows.len() * self.labels.len()).max(1);
        let found: Vec<Result<Temperature>> = (0..listed)
            .into_par_iter()
            .map(|place| Ok(self.scored(scores, place, |scored| scored.temperature())??))
            .collect();
        found.into_iter().collect()
    }

    /// Returns what was found at a listed iteration.
    pub(super) fn calibration(
        &self,
        scores: &PathScores,
        place: usize,
        is_held_out: bool,
    ) -> Result<Calibration> {
        self.scored(scores, place, |scored| {
            let temperature = scored.temperature()?.value;
            let mut tally = Tally::new(self.labels.len());
            tally.add(scored, temperature);
            Ok(Calibration { temperature, held_out: is_held_out.then_some(tally) })
        })?
    }

    /// Calibrates a network at one iteration on validation rows, or on training rows without any. The groups must be parts.
    pub(super) fn calibrate(&self, units: Units<'_>, coefficients: &Matrix) -> Result<Calibration> {
        let has_validation = self.groups.contains(&(Part::Validation as usize));
        let part = if has_validation { Part::Validation } else { Part::Train };
        self.calibration(&self.scores(part as usize, 1, units, coefficients)?, 0, has_validation)
    }
}

impl PathScores {
    /// Adds the scores of other rows.
    pub(super) fn append(&mut self, mut other: Self) {
        self.values.append(&mut other.values);
        self.rows.append(&mut other.rows);
    }

    /// Keeps the scores at one listed iteration of `listed` ones.
    pub(super) fn at(self, place: usize, listed: usize) -> Self {
        let width = self.values.len() / self.rows.len().max(1);
        let labels = width / listed.max(1);
        let one = |i: usize| &self.values[i * width + place * labels..i * width + (place + 1) * labels];
        Self { values: (0..self.rows.len()).flat_map(one).copied().collect(), rows: self.rows }
    }
}

/// Returns the index of the smallest loss, the first one among ties.
pub(super) fn smallest_loss(temperatures: &[Temperature]) -> usize {
    let losses: Vec<f64> = temperatures.iter().map(|temperature| temperature.loss).collect();
    super::validation::smallest(&losses, 1)
}
