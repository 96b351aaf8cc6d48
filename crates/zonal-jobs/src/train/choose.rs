//! Choosing activation, scale and bias for a table: short trainings on a sample of the rows, compared by the loss on rows
//! held out, by successive halving: many small trials, then fewer and larger ones of the better half.

use crate::survey::standardise_labels;
use crate::watchdog::{Cancellation, run_cancellable};
use rayon::prelude::*;
use zonal::activation::Activation;
use zonal::dynamics::path::Path;
use zonal::dynamics::{Step, logarithmic_grid};
use zonal::lift::{LabelScale, Lift};
use zonal::network::Network;
use zonal::observer::{Observer, Silent, Stage, check};
use zonal::risk::Quadratic;
use zonal::rows::{Rows, Split};
use zonal::statistics::{Batch, Precision, Statistics, Sums};
use zonal_documents::Result;
use zonal_documents::train::{Candidate, TrainConfig};

/// A round of trials.
struct Round {
    rows: usize,
    width: usize,
    folds: usize,
    /// How many candidates go on: one in so many.
    keep: usize,
}

const ROUNDS: [Round; 3] = [
    Round { rows: 1_000, width: 128, folds: 3, keep: 4 },
    Round { rows: 4_000, width: 256, folds: 3, keep: 6 },
    Round { rows: 16_384, width: 512, folds: 2, keep: usize::MAX },
];
/// Activations tried when none is given: one with a kink, one that saturates,
/// one between them, and one that oscillates.
const ACTIVATIONS: [Activation; 4] = [Activation::Relu, Activation::Tanh, Activation::Gelu, Activation::Sin];
/// Scales tried, in units of sqrt n.
const SCALES: [f64; 5] = [0.5, 1.0, 2.0, 4.0, 8.0];
/// Biases tried.
const BIASES: [f64; 3] = [0.5, 1.0, 2.0];
/// The bias where there is nothing to compare it by.
const DEFAULT_BIAS: f64 = 1.0;

/// What was chosen, and the trials that led to it, if there were any.
pub(super) struct Choice {
    pub(super) activation: Activation,
    pub(super) scale: f64,
    pub(super) bias: f64,
    pub(super) candidates: Option<Vec<Candidate>>,
}

/// Those of which the activation is a number wherever a row of the sphere can take it.
///
/// # Errors
/// That of the first, where there are none.
fn finite(combinations: Vec<(Activation, f64, f64)>) -> Result<Vec<(Activation, f64, f64)>> {
    let mut first = None;
    let mut out = Vec::new();
    for (activation, scale, bias) in combinations {
        match activation.structure(scale) {
            Ok(_) => out.push((activation, scale, bias)),
            Err(error) => first = first.or(Some(error)),
        }
    }
    match first {
        Some(error) if out.is_empty() => Err(error.into()),
        _ => Ok(out),
    }
}

/// What there is to choose from.
pub(super) struct Question<'a> {
    pub(super) config: &'a TrainConfig,
    /// The bias, if it is given.
    pub(super) bias: Option<f64>,
    /// The lift with any bias.
    pub(super) lift: &'a Lift,
    pub(super) labels: &'a [LabelScale],
    pub(super) sample: &'a Rows,
    pub(super) split: &'a Split,
    pub(super) width: usize,
}

impl Question<'_> {
    /// The combinations to try: scales matter only where the activation is not homogeneous.
    fn combinations(&self) -> Vec<(Activation, f64, f64)> {
        let biases = self.bias.map_or_else(|| BIASES.to_vec(), |b| vec![b]);
        let given = self.config.activation.clone().given();
        let activations = given.map_or_else(|| ACTIVATIONS.to_vec(), |a| vec![a]);
        let mut out = Vec::new();
        for a in activations {
            for &bias in &biases {
                // Every column counts in the dimension, and the bias once.
                let dim = self.lift.kept.len() as u64 + u64::from(bias > 0.0);
                let root = (dim as f64).sqrt();
                match self.config.scale.value(dim) {
                    Some(s) => out.push((a.clone(), s, bias)),
                    None if a.homogeneity().is_some() => out.push((a.clone(), 1.0, bias)),
                    None => out.extend(SCALES.map(|s| (a.clone(), s * root, bias))),
                }
            }
        }
        out
    }

    /// Chooses what is not given.
    pub(super) fn choose(&self, observer: &mut dyn Observer) -> Result<Choice> {
        let combinations = finite(self.combinations())?;
        // A few rows tell nothing.
        if combinations.len() == 1 || self.sample.len() < 30 {
            let at = combinations.iter().position(|c| self.bias.is_some() || c.2 == DEFAULT_BIAS);
            let (activation, scale, bias) = combinations[at.unwrap_or(0)].clone();
            return Ok(Choice { activation, scale, bias, candidates: None });
        }
        let mut running: Vec<Candidate> = combinations
            .into_iter()
            .map(|(activation, scale, bias)| Candidate {
                activation,
                scale,
                bias,
                rows: 0,
                width: 0,
                relative_rmse: f64::NAN,
            })
            .collect();
        let mut out = Vec::new();
        for (i, round) in ROUNDS.iter().enumerate() {
            check(observer, Stage::Choice, i as u64, ROUNDS.len() as u64).map_err(zonal::Error::from)?;
            running =
                run_cancellable(observer, (Stage::Choice, i as u64, ROUNDS.len() as u64), |cancellation| {
                    let trials: Vec<Result<Candidate>> = running
                        .par_iter()
                        .map(|candidate| self.trial(candidate, round, cancellation))
                        .collect();
                    trials.into_iter().collect()
                })?;
            // A trial whose numbers leave the range loses; the order of equals is that of the list.
            running.sort_by(|a, b| a.relative_rmse.total_cmp(&b.relative_rmse));
            let keep = running.len().div_ceil(round.keep).max(2).min(running.len());
            if i + 1 < ROUNDS.len() {
                out.splice(0..0, running.drain(keep..));
            }
        }
        let best = running[0].clone();
        running.append(&mut out);
        Ok(Choice {
            activation: best.activation,
            scale: best.scale,
            bias: best.bias,
            candidates: Some(running),
        })
    }

    /// A training on some of the sample.
    fn trial(&self, candidate: &Candidate, round: &Round, cancellation: &Cancellation) -> Result<Candidate> {
        if cancellation.is_requested() {
            return Ok(candidate.clone());
        }
        // The rows with the smallest ranks, so that each round has those of the one before.
        let mut chosen: Vec<usize> = (0..self.sample.len()).collect();
        if chosen.len() > round.rows {
            chosen.select_nth_unstable_by_key(round.rows, |&i| self.split.rank(self.sample.numbers[i]));
            chosen.truncate(round.rows);
            chosen.sort_unstable();
        }
        let rows = self.sample.select(&chosen);
        let width = self.width.min(round.width).min(2 * rows.len());
        let lift = Lift { bias: candidate.bias, ..self.lift.clone() };
        let points = lift.apply(&rows.features)?;
        let labels = standardise_labels(self.labels, &rows.labels);
        let seed = self.config.seed;
        let network =
            Network::random(candidate.activation.clone(), candidate.scale, lift.dim()?, width, seed)?;
        let parts: Vec<usize> = rows.numbers.iter().map(|&n| self.split.fold(n, round.folds)).collect();
        let mut statistics = Statistics::new(width, self.labels.len(), round.folds, Precision::F64);
        // Rows of the sample stand far apart in the table; here they are a table of their own.
        let numbers: Vec<u64> = (0..rows.len() as u64).collect();
        let covered = (0, rows.len() as u64);
        let batch = Batch {
            covered,
            numbers: &numbers,
            parts: &parts,
            points: &points,
            labels: &labels,
            weights: &rows.weights,
        };
        statistics.update(&network, &batch)?;
        statistics.close(&network)?;
        let found = held_out(&statistics.into_parts(), self.config.iterations, cancellation)?;
        // Documents have no infinity.
        let relative_rmse = if found.is_finite() { found } else { f64::MAX };
        Ok(Candidate { rows: rows.len(), width, relative_rmse, ..candidate.clone() })
    }
}

/// The smallest root mean squared error along the path, each fold predicted from the others.
fn held_out(folds: &[Sums], iterations: u64, cancellation: &Cancellation) -> Result<f64> {
    let grid = logarithmic_grid(iterations);
    let mut totals = vec![0.0; grid.len()];
    let mut weight = 0.0;
    for fold in each_fold(folds) {
        let (held, rest) = fold?;
        if held.is_empty() || rest.is_empty() || cancellation.is_requested() {
            continue;
        }
        let path = Path::new(&Quadratic::from_sums(&rest)?, Step::Auto, &mut Silent)?;
        let losses = held.losses(&path.coefficients(&grid))?;
        let labels = path.labels();
        for (total, losses) in totals.iter_mut().zip(losses.chunks(labels)) {
            *total += losses.iter().sum::<f64>() / labels as f64 * held.weight;
        }
        weight += held.weight;
    }
    let least = totals.into_iter().fold(f64::INFINITY, f64::min);
    Ok((least / weight).sqrt())
}

/// Each fold with the sums over all others.
///
/// # Errors
/// [`zonal::Error::Size`] for folds of different sizes.
pub(super) fn each_fold(folds: &[Sums]) -> impl Iterator<Item = Result<(&Sums, Sums)>> {
    folds.iter().enumerate().map(|(i, held)| {
        let width = held.gram.order();
        let mut rest = Sums::zeros(width, held.label_sq.len());
        for (j, fold) in folds.iter().enumerate() {
            if j != i {
                rest.add(fold)?;
            }
        }
        Ok((held, rest))
    })
}
