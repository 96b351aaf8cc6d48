//! On which rows the best iteration is chosen, and which rows the final network is fitted to.

use zonal::rows::{Part, Split};
use zonal::statistics::Sums;
use zonal_documents::Result;
use zonal_documents::train::TableJob;

/// How the best iteration of a whole path is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    /// By the loss on the validation rows, to which the final network is fitted too with `refit`.
    Rows { refit: bool },
    /// By the mean loss on this number of folds of the training rows, each predicted from the others.
    Folds(usize),
}

impl Validation {
    pub(super) fn of(job: &TableJob) -> Self {
        job.folds.map_or(Self::Rows { refit: job.refit }, Self::Folds)
    }

    pub(super) fn folds(self) -> Option<usize> {
        match self {
            Self::Folds(folds) => Some(folds),
            Self::Rows { .. } => None,
        }
    }

    /// Whether the final network is fitted to the rows by which the iteration is chosen.
    pub(super) fn is_refitted(self) -> bool {
        !matches!(self, Self::Rows { refit: false })
    }

    /// How many paths are found.
    pub(super) fn paths(self) -> usize {
        match self {
            Self::Rows { refit } => 1 + usize::from(refit),
            Self::Folds(folds) => folds.saturating_add(1),
        }
    }

    /// How many sums are made: of each part, or of each fold and the test rows.
    pub(super) fn parts(self) -> usize {
        self.folds().map_or(3, |folds| folds.saturating_add(1))
    }

    /// The sums to which a row belongs; test rows to the last ones.
    pub(super) fn part(self, split: &Split, row: u64) -> usize {
        match (self, split.part(row)) {
            (Self::Rows { .. }, part) => part as usize,
            (Self::Folds(folds), Part::Test) => folds,
            (Self::Folds(folds), _) => split.fold(row, folds),
        }
    }

    /// The sums over the training rows.
    pub(super) fn train(self, sums: &[Sums]) -> Result<Sums> {
        match self {
            Self::Rows { .. } => Ok(sums[Part::Train as usize].clone()),
            Self::Folds(folds) => total(&sums[..folds]),
        }
    }
}

pub(super) fn total(parts: &[Sums]) -> Result<Sums> {
    let mut total = parts[0].clone();
    parts[1..].iter().try_for_each(|p| total.add(p))?;
    Ok(total)
}

/// A number of losses on each fold, found by `losses` from its sums and those over all others: their sums over folds, each
/// by its weight, and the sum of the weights.
pub(super) fn over_folds(
    folds: &[Sums],
    count: usize,
    mut losses: impl FnMut(&Sums, &Sums) -> Result<Vec<f64>>,
) -> Result<(Vec<f64>, f64)> {
    let (mut totals, mut weight) = (vec![0.0; count], 0.0);
    for (i, held) in folds.iter().enumerate() {
        let mut rest = Sums::zeros(held.gram.order(), held.label_sq.len());
        let mut others = folds.iter().enumerate().filter(|(j, _)| *j != i);
        others.try_for_each(|(_, fold)| rest.add(fold))?;
        if held.is_empty() || rest.is_empty() {
            continue;
        }
        let found = losses(held, &rest)?;
        totals.iter_mut().zip(found).for_each(|(total, loss)| *total += loss * held.weight);
        weight += held.weight;
    }
    Ok((totals, weight))
}
