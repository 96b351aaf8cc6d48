//! The rows on which the best iteration is selected, and those to which the final network is fitted.

use zonal::rows::{Draw, Part, Split};
use zonal::statistics::Sums;
use zonal_documents::Result;
use zonal_documents::train::{Stop, TableJob};

/// The selection of the best iteration of a whole path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    /// By the loss on the validation rows; with `refit` the final network is fitted to them too.
    Rows { refit: bool },
    /// By the mean loss on this number of folds, each predicted from the others.
    Folds(usize),
    /// By the mean loss on all rows that are not for testing, each predicted from all others.
    LeaveOneOut,
}

impl Validation {
    pub(super) fn of(job: &TableJob) -> Self {
        match (job.folds, job.stop) {
            (Some(folds), _) => Self::Folds(folds),
            (None, Stop::LeaveOneOut) => Self::LeaveOneOut,
            (None, _) => Self::Rows { refit: job.refit },
        }
    }

    /// Returns the name for reports.
    pub(super) fn stop(self) -> Stop {
        match self {
            Self::Rows { .. } => Stop::Validation,
            Self::Folds(_) => Stop::Folds,
            Self::LeaveOneOut => Stop::LeaveOneOut,
        }
    }

    /// Returns whether the final network is fitted to the rows on which the iteration is selected.
    pub(super) fn is_refitted(self) -> bool {
        !matches!(self, Self::Rows { refit: false })
    }

    /// Returns the number of paths to compute.
    pub(super) fn paths(self) -> usize {
        match self {
            Self::Rows { refit } => 1 + usize::from(refit),
            Self::Folds(folds) => folds.saturating_add(1),
            Self::LeaveOneOut => 1,
        }
    }

    /// Returns the number of sums: one for each part, or one for each fold, or all rows, and one for the test rows.
    pub(super) fn parts(self) -> usize {
        match self {
            Self::Rows { .. } => 3,
            Self::Folds(folds) => folds.saturating_add(1),
            Self::LeaveOneOut => 2,
        }
    }

    /// Returns the index of the sums to which a row belongs; test rows belong to the last ones.
    pub(super) fn part(self, split: &Split, draw: &Draw) -> usize {
        match (self, split.part_of(draw)) {
            (Self::Rows { .. }, part) => part as usize,
            (Self::Folds(folds), Part::Test) => folds,
            (Self::Folds(folds), _) => draw.fold(folds),
            (Self::LeaveOneOut, Part::Test) => 1,
            (Self::LeaveOneOut, _) => 0,
        }
    }

    /// Returns the sums over the training rows.
    pub(super) fn train(self, sums: &[Sums]) -> Result<Sums> {
        match self {
            Self::Rows { .. } | Self::LeaveOneOut => Ok(sums[Part::Train as usize].clone()),
            Self::Folds(folds) => total(&sums[..folds]),
        }
    }
}

/// Adds sums.
pub(super) fn total(parts: &[Sums]) -> Result<Sums> {
    let mut total = parts[0].clone();
    parts[1..].iter().try_for_each(|p| total.add(p))?;
    Ok(total)
}

/// Returns the sums over folds of `count` losses each, weighted by the weight of the fold, and the sum of the weights.
/// `losses` computes the losses on a fold from its number, the sums over it and the sums over all other folds.
pub(super) fn over_folds(
    folds: &[Sums],
    count: usize,
    mut losses: impl FnMut(usize, &Sums, &Sums) -> Result<Vec<f64>>,
) -> Result<(Vec<f64>, f64)> {
    let (mut totals, mut weight) = (vec![0.0; count], 0.0);
    for (i, held) in folds.iter().enumerate() {
        let mut rest = Sums::zeros(held.gram.order(), held.label_sq.len());
        let mut others = folds.iter().enumerate().filter(|(j, _)| *j != i);
        others.try_for_each(|(_, fold)| rest.add(fold))?;
        if held.is_empty() || rest.is_empty() {
            continue;
        }
        let found = losses(i, held, &rest)?;
        totals.iter_mut().zip(found).for_each(|(total, loss)| *total += loss * held.weight);
        weight += held.weight;
    }
    Ok((totals, weight))
}

/// Returns the index of the iteration with the smallest mean loss over labels in standard units, the first one among
/// ties.
pub(super) fn smallest(losses: &[f64], labels: usize) -> usize {
    let means: Vec<f64> = losses.chunks(labels).map(|l| l.iter().sum()).collect();
    let mut best = 0;
    for (i, mean) in means.iter().enumerate() {
        if *mean < means[best] {
            best = i;
        }
    }
    best
}
