//! The report of a classification.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::classes::Tally;

/// What is to be predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Classes if the label is text or a boolean, otherwise a number.
    Auto,
    /// A number.
    #[default]
    Regress,
    /// A class.
    Classify,
}

/// The classes of a label, and how well they are predicted by the best network. The probability of class c is proportional to
/// exp(T f_c), where f_c is the output of the network for this class and T the temperature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassReport {
    /// The classes: numbers in ascending order, or texts in alphabetical order.
    pub classes: Vec<String>,
    /// The share of each class in the training rows.
    pub shares: Vec<f64>,
    /// The temperature T, which minimises the log-loss on held-out rows against classes smoothed by 1/(N+2).
    pub temperature: f64,
    /// On the training rows.
    pub train: Option<ClassScores>,
    /// On rows that were held out, of networks that were not fitted to them: on validation rows or folds, at most 16,384 rows of a
    /// sample. Iteration and temperature, and grown units, were chosen on these rows, so that the measures are too good; null
    /// without such rows.
    pub held_out: Option<ClassScores>,
    /// On the test rows.
    pub test: Option<ClassScores>,
}

/// How good predicted classes and probabilities are on some rows. Means are weighted by the weights of the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassScores {
    /// The number of rows.
    pub rows: u64,
    /// The share of rows of which the most probable class is the true one.
    pub accuracy: f64,
    /// The same for the most frequent class of the training rows, always.
    pub base_rate: f64,
    /// The mean of -log p of the true class.
    pub log_loss: f64,
    /// The same for the shares of the classes in the training rows, always.
    pub base_log_loss: f64,
    /// The mean of sum_c (p_c - y_c)^2, halved for two classes.
    pub brier: f64,
    /// The area under the receiver operating characteristic: of the second of two classes, or the mean of those of each class against
    /// the others. Null if only one class has rows, and for more than 2^20 probabilities.
    pub auc: Option<f64>,
    /// The number of rows by true class (one list each) and predicted class.
    pub confusion: Vec<Vec<u64>>,
    /// The rows by the probability of their predicted class, in tenths.
    pub calibration: Vec<CalibrationBin>,
}

/// Rows whose predicted classes have probabilities in one tenth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalibrationBin {
    /// The number of rows.
    pub rows: u64,
    /// The mean probability of the predicted class.
    pub probability: f64,
    /// The share of rows of which the predicted class is the true one.
    pub right: f64,
}

impl ClassScores {
    /// Returns the measures of a tally, given the share of each class in the training rows; None without rows, and for another number
    /// of classes.
    pub fn new(tally: &Tally, shares: &[f64]) -> Option<Self> {
        let weights = tally.class_weights();
        if weights.len() != shares.len() {
            return None;
        }
        let total: f64 = weights.iter().sum();
        let frequent = zonal::classes::largest(shares);
        // A class without weight does not count, even if its share is zero.
        let of_base = |(weight, share): (&f64, &f64)| if *weight > 0.0 { -weight * share.ln() } else { 0.0 };
        let bins = tally.bins.iter().filter(|bin| bin.rows > 0).map(|bin| CalibrationBin {
            rows: bin.rows,
            probability: bin.probability / bin.rows as f64,
            right: bin.right as f64 / bin.rows as f64,
        });
        Some(Self {
            rows: tally.rows,
            accuracy: tally.accuracy()?,
            base_rate: weights[frequent] / total,
            log_loss: tally.log_loss()?,
            base_log_loss: weights.iter().zip(shares).map(of_base).sum::<f64>() / total,
            brier: tally.brier()?,
            auc: tally.auc(),
            confusion: tally.confusion.chunks(shares.len()).map(<[u64]>::to_vec).collect(),
            calibration: bins.collect(),
        })
    }
}
