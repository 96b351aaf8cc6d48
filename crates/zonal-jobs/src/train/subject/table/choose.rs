//! Selects activation, scale and bias for a table by successive halving: short trainings on a sample of the rows are
//! compared by their loss on held-out rows, first many small ones, then fewer and larger ones of the best candidates.

use super::accumulate::Prepared;
use super::problem::{Draft, Problem};
use super::validation::over_folds;
use crate::survey::standardise_labels;
use crate::train::trained::Notes;
use crate::watchdog::{Cancellation, run_cancellable};
use rayon::prelude::*;
use zonal::activation::Activation;
use zonal::dynamics::{GradientPath, Step, logarithmic_grid};
use zonal::lift::Lift;
use zonal::network::Network;
use zonal::observer::{Observer, Silent, Stage, check};
use zonal::risk::Quadratic;
use zonal::rows::Rows;
use zonal::statistics::{Precision, Statistics, Sums};
use zonal_documents::Result;
use zonal_documents::number::short;
use zonal_documents::train::{Candidate, TableJob, TrainConfig};

/// A round of trials.
struct Round {
    /// The largest number of rows.
    rows: usize,
    /// The largest width.
    width: usize,
    folds: usize,
    /// One in this number of candidates enters the next round, and at least two do.
    divisor: usize,
}

const ROUNDS: [Round; 3] = [
    Round { rows: 1_000, width: 128, folds: 3, divisor: 4 },
    Round { rows: 4_000, width: 256, folds: 3, divisor: 6 },
    Round { rows: 16_384, width: 512, folds: 2, divisor: usize::MAX },
];
/// The activations that are tried if none is specified: one with a kink, one that saturates, a smooth one in between,
/// and one that oscillates.
const ACTIVATIONS: [Activation; 4] = [Activation::Relu, Activation::Tanh, Activation::Gelu, Activation::Sin];
/// The scales that are tried, in units of sqrt n.
const SCALES: [f64; 5] = [0.5, 1.0, 2.0, 4.0, 8.0];
/// The biases that are tried.
const BIASES: [f64; 3] = [0.5, 1.0, 2.0];
/// The bias if the sample is too small to compare candidates.
const DEFAULT_BIAS: f64 = 1.0;

/// The smallest number of sampled rows on which candidates are compared.
const MIN_SAMPLE: usize = 30;

/// An activation, a scale and a bias.
type Combination = (Activation, f64, f64);

/// Returns the combinations whose activation is finite on the whole range of its argument, [-s, s] for scale s.
///
/// # Errors
/// The error of the first combination, if there is no such combination.
fn with_finite_activation(combinations: Vec<Combination>) -> Result<Vec<Combination>> {
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

impl Draft {
    /// Selects unspecified options by trials on the sample of the survey.
    pub(super) fn choose(
        self,
        config: &TrainConfig,
        job: &TableJob,
        sample: &Rows,
        observer: &mut dyn Observer,
        notes: Notes<'_>,
    ) -> Result<Problem> {
        let bias = if job.on_sphere { Some(0.0) } else { job.bias.given() };
        let trials = Trials { draft: &self, config, bias, sample };
        let ((activation, scale, bias), candidates) = trials.run(observer)?;
        candidates.iter().for_each(|tried| note_candidates(tried, notes));
        let Self { lift, labels, split, width } = self;
        let (lift, seed) = (Lift { bias, ..lift }, config.seed);
        let (encoding, classes, draws) = (None, None, None);
        Ok(Problem {
            lift,
            labels,
            split,
            activation,
            scale,
            width,
            seed,
            candidates,
            encoding,
            classes,
            draws,
        })
    }
}

/// The trials of a draft on a sample of the rows.
struct Trials<'a> {
    draft: &'a Draft,
    config: &'a TrainConfig,
    /// The bias, if it is specified.
    bias: Option<f64>,
    sample: &'a Rows,
}

impl Trials<'_> {
    /// Returns the combinations to try: scales matter only for activations that are not homogeneous.
    fn combinations(&self) -> Vec<Combination> {
        let biases = self.bias.map_or_else(|| BIASES.to_vec(), |b| vec![b]);
        let given = self.config.activation.clone().given();
        let activations = given.map_or_else(|| ACTIVATIONS.to_vec(), |a| vec![a]);
        let mut out = Vec::new();
        for a in activations {
            for &bias in &biases {
                // Every column counts in the dimension, and the bias once.
                let dim = self.draft.lift.kept.len() as u64 + u64::from(bias > 0.0);
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

    /// Returns the best combination and all candidates, best first; no candidates if there is nothing to compare.
    fn run(&self, observer: &mut dyn Observer) -> Result<(Combination, Option<Vec<Candidate>>)> {
        let combinations = with_finite_activation(self.combinations())?;
        if combinations.len() == 1 || self.sample.len() < MIN_SAMPLE {
            let at = combinations.iter().position(|c| self.bias.is_some() || c.2 == DEFAULT_BIAS);
            return Ok((combinations[at.unwrap_or(0)].clone(), None));
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
            // Candidates with an infinite loss are last; ties stay in the order of the list.
            running.sort_by(|a, b| a.relative_rmse.total_cmp(&b.relative_rmse));
            let best = running.len().div_ceil(round.divisor).max(2).min(running.len());
            if i + 1 < ROUNDS.len() {
                out.splice(0..0, running.drain(best..));
            }
        }
        let Candidate { activation, scale, bias, .. } = running[0].clone();
        running.append(&mut out);
        Ok(((activation, scale, bias), Some(running)))
    }

    /// Trains one candidate on rows of the sample and measures its error on held-out rows.
    fn trial(&self, candidate: &Candidate, round: &Round, cancellation: &Cancellation) -> Result<Candidate> {
        if cancellation.is_requested() {
            return Ok(candidate.clone());
        }
        // Rows with the smallest ranks, so that each round includes the rows of the previous one.
        let mut chosen: Vec<usize> = (0..self.sample.len()).collect();
        if chosen.len() > round.rows {
            let draws = self.sample.draws(&self.draft.split);
            chosen.select_nth_unstable_by_key(round.rows, |&i| draws[i].rank);
            chosen.truncate(round.rows);
            chosen.sort_unstable();
        }
        let rows = self.sample.select(&chosen);
        let width = self.draft.width.min(round.width).min(2 * rows.len());
        let lift = Lift { bias: candidate.bias, ..self.draft.lift.clone() };
        let points = lift.apply(&rows.features)?;
        let labels = standardise_labels(&self.draft.labels, &rows.labels);
        let seed = self.config.seed;
        let network =
            Network::random(candidate.activation.clone(), candidate.scale, lift.dim()?, width, seed)?;
        let draws = rows.draws(&self.draft.split);
        let parts: Vec<usize> = draws.iter().map(|draw| draw.fold(round.folds)).collect();
        let mut statistics = Statistics::new(width, self.draft.labels.len(), round.folds, Precision::F64);
        Prepared::in_memory(parts, points, labels, rows.weights).add_to(&mut statistics, &network)?;
        statistics.close(&network)?;
        let found = held_out_error(&statistics.into_parts(), self.config.iterations, cancellation)?;
        // Documents cannot hold an infinite value.
        let relative_rmse = if found.is_finite() { found } else { f64::MAX };
        Ok(Candidate { rows: chosen.len(), width, relative_rmse, ..candidate.clone() })
    }
}

/// Notes the selected candidate and the next best one. Only errors of trials with the same rows and width are comparable.
fn note_candidates(tried: &[Candidate], notes: Notes<'_>) {
    let [best, others @ ..] = tried else { return };
    let name =
        |c: &Candidate| format!("{} at scale {}, bias {}", c.activation, short(c.scale), short(c.bias));
    let mut text = format!(
        "selected {}: relative error {} on {} rows, width {}",
        name(best),
        short(best.relative_rmse),
        best.rows,
        best.width
    );
    let last_round = |c: &&Candidate| (c.rows, c.width) == (best.rows, best.width);
    let compared = others.iter().filter(last_round).count();
    if let Some(next) = others.iter().find(last_round) {
        text += &format!(", ahead of {} with {}", name(next), short(next.relative_rmse));
    }
    match others.len() - compared {
        0 => {}
        1 => text += "; another was dropped in an earlier round",
        dropped => text += &format!("; {dropped} others were dropped in earlier rounds"),
    }
    notes(&text);
}

/// Computes the smallest root mean squared error along the path in standard units, with each fold predicted from the
/// others.
fn held_out_error(folds: &[Sums], iterations: u64, cancellation: &Cancellation) -> Result<f64> {
    let grid = logarithmic_grid(iterations);
    let (totals, weight) = over_folds(folds, grid.len(), |_, held, rest| {
        if cancellation.is_requested() {
            return Ok(Vec::new());
        }
        let path = GradientPath::new(&Quadratic::from_sums(rest)?, Step::Auto, &mut Silent)?;
        let losses = held.losses(&path.coefficients(&grid))?;
        let labels = path.labels();
        Ok(losses.chunks(labels).map(|losses| losses.iter().sum::<f64>() / labels as f64).collect())
    })?;
    let least = totals.into_iter().fold(f64::INFINITY, f64::min);
    Ok((least / weight).sqrt())
}
