//! What is decided before the sums over a table are made: the map to the sphere, the units of the labels, and the network.

use crate::score::root_mean;
use crate::survey::Survey;
use crate::train::trained::Notes;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
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
use zonal_io::model::TableDescription;

/// Everything that decides a training on a table besides its rows, its step and its iterations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// The map to the sphere.
    pub lift: Lift,
    /// The units of the labels.
    pub labels: Vec<LabelScale>,
    /// The part of each row.
    pub split: Split,
    /// The activation.
    pub activation: Activation,
    /// The scale.
    pub scale: f64,
    /// The width.
    pub width: usize,
    /// The seed of the hidden units.
    pub seed: u64,
    /// What was tried when activation, scale or bias were chosen automatically.
    pub candidates: Option<Vec<Candidate>>,
}

/// A problem before activation, scale and bias are chosen.
pub(super) struct Draft {
    /// The map to the sphere, with the bias that is given or 1.
    pub(super) lift: Lift,
    pub(super) labels: Vec<LabelScale>,
    pub(super) split: Split,
    pub(super) width: usize,
}

impl Draft {
    /// Learns the units of columns and labels from the survey.
    ///
    /// # Errors
    /// Those of columns and labels without a usable deviation, [`Error::Usage`] for an infinite width.
    pub(super) fn learn(
        config: &TrainConfig,
        job: &TableJob,
        columns: &[String],
        survey: &Survey,
        notes: Notes<'_>,
    ) -> Result<Self> {
        let width = usize::try_from(finite_width(config)?).unwrap_or(usize::MAX);
        let split = job.split(config.seed)?;
        let labels: Vec<LabelScale> = (0..job.labels.len())
            .map(|i| LabelScale::learn(&job.labels[i], &survey.labels, i))
            .collect::<std::result::Result<_, _>>()?;
        let lift = lift(job, columns, survey)?;
        let dropped = lift.dropped();
        if !dropped.is_empty() {
            notes(&format!("left out, since constant on the training rows: {}", dropped.join(", ")));
        }
        Ok(Self { lift, labels, split, width })
    }
}

impl Problem {
    /// The hidden layer.
    ///
    /// # Errors
    /// As [`Network::random`].
    pub fn network(&self) -> Result<Network> {
        let dim = self.lift.dim()?;
        Ok(Network::random(self.activation.clone(), self.scale, dim, self.width, self.seed)?)
    }

    /// The network to train.
    pub(super) fn report_of_network(&self) -> Result<NetworkReport> {
        Ok(NetworkReport {
            activation: self.activation.clone(),
            scale: self.scale,
            dim: self.lift.dim()?.get(),
            width: Extended::Finite(self.width as u64),
        })
    }

    /// The report, from the mean squares of each label's error on the training, validation and test rows, with no polynomials,
    /// no folds, no refit and no fingerprint.
    pub(super) fn report(
        &self,
        squares: [Option<&[f64]>; 3],
        rows: PartRows,
        precision: Precision,
    ) -> TableReport {
        let one = |(i, label): (usize, &LabelScale)| {
            let [train_rmse, validation_rmse, test_rmse] = squares.map(|s| s.map(|s| s[i].sqrt()));
            LabelErrors { label: label.name.clone(), train_rmse, validation_rmse, test_rmse }
        };
        TableReport {
            bias: self.lift.bias,
            best_polynomial: Vec::new(),
            rmse: squares.map(|s| s.map(root_mean)),
            label_errors: self.labels.iter().enumerate().map(one).collect(),
            precision,
            folds: None,
            refit: false,
            rows,
            fingerprint: None,
            dropped_columns: self.lift.dropped(),
            candidates: self.candidates.clone(),
        }
    }

    /// How rows are prepared for it.
    pub(super) fn table(&self) -> TableDescription {
        TableDescription { lift: self.lift.clone(), labels: self.labels.clone(), split: self.split }
    }
}

/// The width of a network on a table; an infinite one needs a target.
pub(super) fn finite_width(config: &TrainConfig) -> Result<u64> {
    match config.width {
        Extended::Finite(width) => Ok(width),
        Extended::Infinite => Err(Error::Usage(format!(
            "{} needs a {TARGET}; on a table the width is a number",
            WIDTH.with("inf")
        ))),
    }
}

/// How far |x|^2 of a point may be from 1.
const UNIT: f64 = 1e-6;

/// The map to the sphere, with the bias that is given or 1.
fn lift(job: &TableJob, columns: &[String], survey: &Survey) -> Result<Lift> {
    if !job.on_sphere {
        return Ok(Lift::learn(columns, &survey.features, job.bias.given().unwrap_or(1.0))?);
    }
    let sample = &survey.sample;
    let square = |i: usize| sample.features.row(i).iter().map(|x| x * x).sum::<f64>();
    if let Some(i) = (0..sample.len()).find(|&i| (square(i) - 1.0).abs() > UNIT) {
        return Err(Error::Usage(format!(
            "row {} (counted from 0) has the length {}, but rows that are points of the sphere need the length 1; leave out \
             {ON_SPHERE}, or divide rows by their length",
            sample.numbers[i],
            square(i).sqrt()
        )));
    }
    Ok(Lift::of_points(columns))
}

/// Squares of the labels' deviations: what a loss in standard units is multiplied by.
pub(super) fn units(labels: &[LabelScale]) -> Vec<f64> {
    labels.iter().map(|l| l.deviation * l.deviation).collect()
}
