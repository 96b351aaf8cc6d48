//! The problem of a training on a table: the map to the sphere, the units of the labels, and the network.

use crate::score::root_mean;
use crate::survey::Survey;
use crate::train::trained::Notes;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::conformal::HeldOutErrors;
use zonal::lift::{LabelScale, Lift};
use zonal::network::Network;
use zonal::rows::Split;
use zonal::statistics::Precision;
use zonal_documents::number::Extended;
use zonal_documents::options::{ON_SPHERE, TARGET, WIDTH};
use zonal_documents::train::{
    Candidate, LabelErrors, NetworkReport, PartRows, TableJob, TableReport, TrainConfig,
};
use zonal_documents::{Error, Result};
use zonal_io::model::{ClassDescription, TableDescription};
use zonal_io::source::{Classes, DrawRule, Encoding};

/// Everything that determines a training on a table in addition to its rows, its step and its iterations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// The map from features to points of the sphere (TB-1).
    pub lift: Lift,
    /// The names, means and deviations of the labels.
    pub labels: Vec<LabelScale>,
    /// The assignment of rows to training, validation and test.
    pub split: Split,
    /// The activation phi.
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The width m.
    pub width: usize,
    /// The seed of the hidden units.
    pub seed: u64,
    /// The candidates that were tried to select activation, scale or bias, best first; None if nothing was selected.
    pub candidates: Option<Vec<Candidate>>,
    /// How the columns of the table become the features of the lift; None if they are these features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The classes of the label, each of which is one label of the network; None if the labels are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Classes>,
    /// What determines the parts of rows; None if their numbers do, and, for classes, the sequence of their labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draws: Option<DrawRule>,
}

/// A problem before the selection of activation, scale and bias.
pub(super) struct Draft {
    /// The map to the sphere, with the specified bias or 1.
    pub(super) lift: Lift,
    pub(super) labels: Vec<LabelScale>,
    pub(super) split: Split,
    pub(super) width: usize,
}

impl Draft {
    /// Computes the units of columns and labels, with these names, from the survey, and notes constant columns, which are dropped.
    ///
    /// # Errors
    /// [`zonal::Error`] for columns and labels without a usable deviation; [`Error::Usage`] for an infinite width.
    pub(super) fn learn(
        config: &TrainConfig,
        job: &TableJob,
        [columns, names]: [&[String]; 2],
        survey: &Survey,
        notes: Notes<'_>,
    ) -> Result<Self> {
        let width = usize::try_from(finite_width(config)?).unwrap_or(usize::MAX);
        let split = job.split(config.seed)?;
        let mut labels = Vec::new();
        for (i, name) in names.iter().enumerate() {
            labels.push(match LabelScale::learn(name, &survey.labels, i) {
                Err(zonal::Error::ConstantLabel { value, rows, .. }) if rows > 0 => {
                    notes(&format!(
                        "the label '{name}' has the same value {value} in all {rows} training rows: the network is this constant"
                    ));
                    LabelScale { name: name.clone(), mean: value, deviation: 1.0 }
                }
                scale => scale?,
            });
        }
        let lift = lift(job, columns, survey)?;
        let dropped = lift.dropped();
        if !dropped.is_empty() {
            notes(&format!("dropped columns, constant on the training rows: {}", dropped.join(", ")));
        }
        Ok(Self { lift, labels, split, width })
    }
}

impl Problem {
    /// Draws the hidden layer from the seed.
    ///
    /// # Errors
    /// As [`Network::random`].
    pub fn network(&self) -> Result<Network> {
        let dim = self.lift.dim()?;
        Ok(Network::random(self.activation.clone(), self.scale, dim, self.width, self.seed)?)
    }

    /// Returns the description of the network to train.
    pub(super) fn report_of_network(&self) -> Result<NetworkReport> {
        Ok(NetworkReport {
            activation: self.activation.clone(),
            scale: self.scale,
            dim: self.lift.dim()?.get(),
            width: Extended::Finite(self.width as u64),
        })
    }

    /// Returns the report, given the mean squared errors of each label on the training, validation and test rows;
    /// without polynomials, folds, refit and fingerprint.
    pub(super) fn report(
        &self,
        squares: [Option<&[f64]>; 3],
        rows: PartRows,
        precision: Precision,
    ) -> TableReport {
        let errors = |(i, label): (usize, &LabelScale)| {
            let [train_rmse, validation_rmse, test_rmse] = squares.map(|s| s.map(|s| s[i].sqrt()));
            LabelErrors { label: label.name.clone(), train_rmse, validation_rmse, test_rmse }
        };
        TableReport {
            bias: Some(self.lift.bias),
            normalised: Some(self.lift.normalised),
            best_polynomial: Vec::new(),
            rmse: squares.map(|s| s.map(root_mean)),
            label_errors: self.labels.iter().enumerate().map(errors).collect(),
            precision,
            stop: None,
            folds: None,
            ridge: None,
            refit: false,
            rows,
            fingerprint: None,
            dropped_columns: self.lift.dropped(),
            candidates: self.candidates.clone(),
            encoded_columns: None,
            labels: match &self.classes {
                Some(classes) => vec![classes.label.clone()],
                None => self.labels.iter().map(|label| label.name.clone()).collect(),
            },
            classification: None,
            interval: None,
        }
    }

    /// Returns the description of the table in a model: map, labels and split, and what was found on held-out rows.
    pub(super) fn table(
        &self,
        temperature: Option<f64>,
        errors: Option<Vec<HeldOutErrors>>,
    ) -> TableDescription {
        let of_classes = |(classes, temperature): (&Classes, f64)| ClassDescription {
            classes: classes.clone(),
            temperature,
        };
        TableDescription {
            lift: self.lift.clone(),
            labels: self.labels.clone(),
            split: self.split,
            encoding: self.encoding.clone(),
            classes: self.classes.as_ref().zip(temperature).map(of_classes),
            errors,
            draws: self.draws.clone(),
        }
    }
}

/// Returns the width of a network on a table, which must be finite.
pub(super) fn finite_width(config: &TrainConfig) -> Result<u64> {
    match config.width {
        Extended::Finite(width) => Ok(width),
        Extended::Infinite => {
            Err(Error::Usage(format!("{} needs a {TARGET}; for a table specify a number", WIDTH.with("inf"))))
        }
    }
}

/// The largest difference of |x|^2 from 1 for a point of the sphere.
const UNIT_TOLERANCE: f64 = 1e-6;

/// Returns the map to the sphere, with the specified bias or 1. Checks the lengths of sampled rows that are points
/// already.
fn lift(job: &TableJob, columns: &[String], survey: &Survey) -> Result<Lift> {
    if !job.on_sphere {
        let lift = Lift::learn(columns, &survey.features, job.bias.given().unwrap_or(1.0))?;
        return Ok(Lift { normalised: job.normalised, ..lift });
    }
    let sample = &survey.sample;
    let square = |i: usize| sample.features.row(i).iter().map(|x| x * x).sum::<f64>();
    if let Some(i) = (0..sample.len()).find(|&i| (square(i) - 1.0).abs() > UNIT_TOLERANCE) {
        return Err(Error::Usage(format!(
            "row {} (counted from 0) has length {}, but points of the sphere have length 1; omit {ON_SPHERE}, or \
             divide each row by its length",
            sample.numbers[i],
            square(i).sqrt()
        )));
    }
    Ok(Lift::of_points(columns))
}

/// Returns the squared deviations of the labels, which convert losses from standard units to each label's unit squared.
pub(super) fn units(labels: &[LabelScale]) -> Vec<f64> {
    labels.iter().map(|l| l.deviation * l.deviation).collect()
}
