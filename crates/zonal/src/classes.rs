//! Classes of rows: probabilities from scores, the temperature that fits them, and measures of how good they are.
//!
//! A network that is fitted by least squares to labels that are 1 for the class of a row and 0 for the others has scores f_c, whose
//! best values are the probabilities. Their estimates are p_c = exp(T f_c) / sum_d exp(T f_d), with one temperature T for all rows,
//! fitted to rows that the network was not fitted to.

use crate::error::{Error, Result, check_finite, check_size};
use crate::linalg::Matrix;
use crate::numeric::sum::tree_sum;

/// Labelled rows with the scores of their classes.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// The scores: one row per row, one class per column.
    pub scores: &'a Matrix,
    /// The number of the class of each row.
    pub classes: &'a [usize],
    /// The weight of each row; empty if all are 1.
    pub weights: &'a [f64],
}

/// A temperature with the loss that it minimises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature {
    /// The factor T of the scores, at least 0.
    pub value: f64,
    /// The mean of -sum_c q_c log p_c over the rows, where q is 1 - 1/(N+2) for the class of the row and the rest is shared by the
    /// others; N is the number of rows.
    pub loss: f64,
}

/// The largest temperature.
const LARGEST: f64 = 1e9;
/// The largest number of steps of Newton's method or of bisection.
const STEPS: usize = 100;
/// The relative accuracy of the temperature.
const ACCURACY: f64 = 1e-10;

/// Replaces scores by probabilities at this temperature, and returns their logarithms' normaliser, log sum exp(T f).
pub fn probabilities(scores: &mut [f64], temperature: f64) -> f64 {
    let largest = scores.iter().fold(f64::NEG_INFINITY, |a, x| a.max(*x));
    let mut sum = 0.0;
    for x in &mut *scores {
        *x = (temperature * (*x - largest)).exp();
        sum += *x;
    }
    scores.iter_mut().for_each(|x| *x /= sum);
    temperature * largest + sum.ln()
}

impl Scored<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weights.get(row).copied().unwrap_or(1.0)
    }

    /// Returns the temperature with the smallest mean log-loss against smoothed classes, which is finite even if the scores separate
    /// the classes. The loss is convex in T. Cost: about ten passes over the scores.
    ///
    /// # Errors
    /// [`Error::TooFewRows`] without rows; [`Error::Size`] unless there is one class, below the number of columns, and one weight
    /// for each row; [`Error::NotFinite`] for scores that are not finite.
    pub fn temperature(&self) -> Result<Temperature> {
        let (rows, classes) = (self.scores.rows(), self.scores.columns());
        if rows == 0 || classes == 0 {
            return Err(Error::TooFewRows { part: "validation", found: rows, required: 1, total: rows });
        }
        check_size("classes of rows", self.classes.len(), rows)?;
        if !self.weights.is_empty() {
            check_size("weights of rows", self.weights.len(), rows)?;
        }
        if let Some(class) = self.classes.iter().find(|class| **class >= classes) {
            return Err(Error::Size {
                what: "columns of scores".into(),
                found: classes,
                required: class + 1,
            });
        }
        check_finite("scores", self.scores.values(), classes)?;
        let at = |t: f64| self.slopes(t);
        let (mut low, mut high) = (0.0, 1.0);
        if at(0.0)[1] >= 0.0 {
            return Ok(Temperature { value: 0.0, loss: at(0.0)[0] });
        }
        while at(high)[1] < 0.0 && high < LARGEST {
            low = high;
            high *= 4.0;
        }
        let mut t = 0.5 * (low + high);
        for _ in 0..STEPS {
            let [_, slope, curvature] = at(t);
            if slope < 0.0 {
                low = t
            } else {
                high = t
            }
            let newton = t - slope / curvature;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            let is_done = (next - t).abs() <= ACCURACY * next;
            t = next;
            if is_done {
                break;
            }
        }
        Ok(Temperature { value: t, loss: at(t)[0] })
    }

    /// Returns the loss at a temperature and its first two derivatives.
    fn slopes(&self, temperature: f64) -> [f64; 3] {
        let (rows, classes) = (self.scores.rows(), self.scores.columns());
        let others = if classes > 1 { 1.0 / (rows as f64 + 2.0) } else { 0.0 };
        let share = others / (classes.max(2) - 1) as f64;
        let mut parts = [(); 3].map(|()| Vec::with_capacity(rows));
        let mut p = vec![0.0; classes];
        let mut weight = 0.0;
        for row in 0..rows {
            let scores = self.scores.row(row);
            p.copy_from_slice(scores);
            let normaliser = probabilities(&mut p, temperature);
            let own = scores[self.classes[row]];
            let target = (1.0 - others) * own + share * (scores.iter().sum::<f64>() - own);
            let mean: f64 = p.iter().zip(scores).map(|(p, f)| p * f).sum();
            let variance: f64 = p.iter().zip(scores).map(|(p, f)| p * (f - mean) * (f - mean)).sum();
            let w = self.weight(row);
            weight += w;
            parts[0].push(w * (normaliser - temperature * target));
            parts[1].push(w * (mean - target));
            parts[2].push(w * variance);
        }
        parts.map(|part| tree_sum(&part) / weight)
    }
}

/// The number of bins of a calibration curve.
pub const BINS: usize = 10;
/// The largest number of probabilities that are kept for the area under the curve.
const RANKED: usize = 1 << 20;

/// How good probabilities of classes are on rows that were added block by block.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The number of rows.
    pub rows: u64,
    /// The number of rows of each class, and of those the ones predicted as each class: true class times the number of classes
    /// plus predicted class.
    pub confusion: Vec<u64>,
    /// The bins of the calibration curve, by the probability of the predicted class: [0, 0.1), [0.1, 0.2), ..
    pub bins: [Bin; BINS],
    /// The weight of the rows of each class.
    class_weights: Vec<f64>,
    /// For each block: the sums of log-losses, of squares and of right predictions.
    sums: Vec<[f64; 3]>,
    /// For each row its probabilities, class and weight; None if there are too many.
    ranked: Option<Vec<(Vec<f64>, usize, f64)>>,
    classes: usize,
}

/// A bin of a calibration curve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// The number of rows.
    pub rows: u64,
    /// The sum of the probabilities of the predicted classes.
    pub probability: f64,
    /// The number of rows of which the predicted class is the true one.
    pub right: u64,
}

impl Tally {
    /// Starts the tally for this number of classes.
    pub fn new(classes: usize) -> Self {
        Self {
            rows: 0,
            confusion: vec![0; classes * classes],
            bins: [Bin::default(); BINS],
            class_weights: vec![0.0; classes],
            sums: Vec::new(),
            ranked: Some(Vec::new()),
            classes,
        }
    }

    /// Adds a block of rows, with the temperature of their probabilities.
    ///
    /// # Panics
    /// For a class beyond the number of classes.
    pub fn add(&mut self, scored: &Scored<'_>, temperature: f64) {
        let rows = scored.scores.rows();
        let mut sums = [(); 3].map(|()| Vec::with_capacity(rows));
        for row in 0..rows {
            let scores = scored.scores.row(row);
            let mut p = scores.to_vec();
            let normaliser = probabilities(&mut p, temperature);
            let (class, weight) = (scored.classes[row], scored.weight(row));
            let predicted = largest(scores);
            let is_right = predicted == class;
            let square: f64 =
                p.iter().enumerate().map(|(c, p)| (p - f64::from(u8::from(c == class))).powi(2)).sum();
            self.rows += 1;
            self.class_weights[class] += weight;
            sums[0].push(weight * (normaliser - temperature * scores[class]));
            sums[1].push(weight * square);
            sums[2].push(if is_right { weight } else { 0.0 });
            self.confusion[class * self.classes + predicted] += 1;
            let bin = &mut self.bins[((p[predicted] * BINS as f64) as usize).min(BINS - 1)];
            bin.rows += 1;
            bin.probability += p[predicted];
            bin.right += u64::from(is_right);
            if let Some(ranked) = &mut self.ranked {
                ranked.push((p, class, weight));
            }
        }
        if self.ranked.as_ref().is_some_and(|ranked| ranked.len() * self.classes > RANKED) {
            self.ranked = None;
        }
        self.sums.push(sums.map(|sum| tree_sum(&sum)));
    }

    fn mean(&self, of: usize) -> Option<f64> {
        let sums: Vec<f64> = self.sums.iter().map(|sums| sums[of]).collect();
        (self.rows > 0).then(|| tree_sum(&sums) / self.class_weights.iter().sum::<f64>())
    }

    /// Returns the weight of the rows of each class.
    pub fn class_weights(&self) -> &[f64] {
        &self.class_weights
    }

    /// Returns the weighted mean of -log p of the true class; None without rows.
    pub fn log_loss(&self) -> Option<f64> {
        self.mean(0)
    }

    /// Returns the weighted mean of sum_c (p_c - y_c)^2, halved for two classes: the Brier score; None without rows.
    pub fn brier(&self) -> Option<f64> {
        self.mean(1).map(|sum| if self.classes == 2 { 0.5 * sum } else { sum })
    }

    /// Returns the weighted share of rows of which the class with the highest score is the true one; None without rows.
    pub fn accuracy(&self) -> Option<f64> {
        self.mean(2)
    }

    /// Returns the area under the receiver operating characteristic: the probability that a row of a class has a higher
    /// probability of it than a row of another class, where ties count half. For two classes that of the second one, for more
    /// the mean over the classes that have rows. None without two classes of rows, and for more than 2^20 probabilities.
    pub fn auc(&self) -> Option<f64> {
        let ranked = self.ranked.as_ref()?;
        let first = usize::from(self.classes == 2);
        let areas: Vec<f64> = (first..self.classes).filter_map(|class| area(ranked, class)).collect();
        (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
    }
}

/// Returns the first of the largest scores.
pub fn largest(scores: &[f64]) -> usize {
    let mut best = 0;
    for (class, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = class;
        }
    }
    best
}

/// Returns the area under the curve of one class against all others.
fn area(rows: &[(Vec<f64>, usize, f64)], class: usize) -> Option<f64> {
    let mut sorted: Vec<(f64, bool, f64)> =
        rows.iter().map(|(p, of, weight)| (p[class], *of == class, *weight)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut own, mut sum) = (0.0, 0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let weight = |is_own: bool| tied.iter().filter(|row| row.1 == is_own).map(|row| row.2).sum::<f64>();
        let (of_class, of_others) = (weight(true), weight(false));
        sum += of_class * (below + 0.5 * of_others);
        own += of_class;
        below += of_others;
    }
    (own > 0.0 && below > 0.0).then(|| sum / (own * below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::{Purpose, stream, uniform};

    fn matrix(rows: &[&[f64]]) -> Matrix {
        Matrix::from_rows(rows.len(), rows[0].len(), rows.concat()).unwrap()
    }

    #[test]
    fn the_temperature_minimises_the_loss_and_scales_with_the_scores() {
        let mut rng = stream(1, Purpose::Noise, 0);
        let values: Vec<f64> = (0..300 * 3).map(|_| uniform(&mut rng)).collect();
        let scores = Matrix::from_rows(300, 3, values).unwrap();
        let classes: Vec<usize> =
            (0..300).map(|i| if uniform(&mut rng) < 0.7 { largest(scores.row(i)) } else { i % 3 }).collect();
        let scored = Scored { scores: &scores, classes: &classes, weights: &[] };
        let found = scored.temperature().unwrap();
        for factor in [0.999, 1.001] {
            assert!(scored.slopes(factor * found.value)[0] > found.loss);
        }
        assert!(scored.slopes(found.value)[1].abs() < 1e-10);
        let halved = Matrix::from_rows(300, 3, scores.values().iter().map(|x| 0.5 * x).collect()).unwrap();
        let halved = Scored { scores: &halved, ..scored }.temperature().unwrap();
        assert!((halved.value - 2.0 * found.value).abs() < 1e-8 * found.value);
        assert!((halved.loss - found.loss).abs() < 1e-14);
        // A weight of 2 is a row twice, but for the smoothing, which counts rows.
        let doubled = Scored { weights: &[2.0; 300], ..scored }.temperature().unwrap();
        assert!((doubled.value - found.value).abs() < 1e-8 * found.value);
    }

    #[test]
    fn separated_and_useless_scores_have_finite_temperatures() {
        let scores = matrix(&[&[1.0, 0.0], &[0.0, 1.0], &[0.9, 0.1]]);
        let scored = Scored { scores: &scores, classes: &[0, 1, 0], weights: &[] };
        let found = scored.temperature().unwrap();
        // With one margin d for all rows: p = 1/(1 + exp(-T d)) = 1 - 1/(N + 2), so T = log(N + 1)/d.
        assert!(found.value > 4f64.ln() && found.value < 4f64.ln() / 0.8, "{found:?}");
        let wrong = Scored { classes: &[1, 0, 1], ..scored }.temperature().unwrap();
        assert_eq!((wrong.value, wrong.loss), (0.0, 2f64.ln()));
        let equal = matrix(&[&[0.5, 0.5], &[0.5, 0.5]]);
        let equal = Scored { scores: &equal, classes: &[0, 1], weights: &[] }.temperature().unwrap();
        assert_eq!(equal.value, 0.0);
        assert!(Scored { scores: &Matrix::zeros(0, 2), classes: &[], weights: &[] }.temperature().is_err());
        assert!(Scored { classes: &[0, 2, 0], ..scored }.temperature().is_err());
    }

    #[test]
    fn measures_of_a_few_rows_are_those_computed_by_hand() {
        let scores = matrix(&[&[0.0, 1.0], &[1.0, 0.0], &[0.2, 0.8], &[0.4, 0.6]]);
        let scored = Scored { scores: &scores, classes: &[1, 0, 0, 1], weights: &[1.0, 1.0, 2.0, 1.0] };
        let mut tally = Tally::new(2);
        tally.add(&scored, 2.0);
        let p = |margin: f64| 1.0 / (1.0 + (-2.0 * margin).exp());
        let own = [p(1.0), p(1.0), 1.0 - p(0.6), p(0.2)];
        let weights = [1.0, 1.0, 2.0, 1.0];
        let mean = |f: fn(f64) -> f64| own.iter().zip(weights).map(|(p, w)| w * f(*p)).sum::<f64>() / 5.0;
        assert!((tally.log_loss().unwrap() - mean(|p| -p.ln())).abs() < 1e-15);
        assert!((tally.brier().unwrap() - mean(|p| (1.0 - p) * (1.0 - p))).abs() < 1e-15);
        assert_eq!(tally.accuracy(), Some(0.6));
        assert_eq!(tally.confusion, [1, 1, 0, 2]);
        // Pairs of rows of class 1 and 0: (first, second), (first, third twice), (fourth, second), not (fourth, third).
        assert_eq!(tally.auc(), Some(4.0 / 6.0));
        assert_eq!(
            tally.bins.iter().map(|bin| (bin.rows, bin.right)).collect::<Vec<_>>()[5..9],
            [(1, 1), (0, 0), (1, 0), (2, 2)]
        );
        assert_eq!(Tally::new(3).log_loss(), None);
        assert_eq!(Tally::new(3).auc(), None);
    }
}
