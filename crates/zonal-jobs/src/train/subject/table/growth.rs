//! How the hidden units of a table are grown: options, what follows from the sample, and the growth itself.

use super::problem::{Draft, Problem};
use crate::memory::check_width;
use crate::survey::{Survey, standardise_labels};
use crate::train::grown_layers::GrownLayers;
use crate::train::trained::Notes;
use crate::watchdog::{Cancellation, run_cancellable};
use rayon::prelude::*;
use zonal::activation::Activation;
use zonal::columns::ColumnMap;
use zonal::observer::{Observer, Stage};
use zonal::rows::{Draw, Part, Rows};
use zonal_documents::Result;
use zonal_documents::number::short;
use zonal_documents::train::{Importance, TableJob, TrainConfig};
use zonal_grow::{Grown, Growth, grow};

/// The most networks that grow at the same time: each needs the features of its sample in memory.
const AT_ONCE: usize = 2;

/// How the hidden units of a table are grown.
pub(super) struct GrowthPlan {
    pub(super) columns: ColumnMap,
    pub(super) growth: Growth,
    /// The number of networks, and what each of them holds out.
    pub(super) hold_out: HoldOut,
}

impl GrowthPlan {
    /// Learns the map of columns from the sample, and takes what is not specified from the number of rows.
    pub(super) fn new(
        config: &TrainConfig,
        job: &TableJob,
        names: &[String],
        survey: &Survey,
        notes: Notes<'_>,
    ) -> Result<Option<Self>> {
        let Some(asked) = &job.growth else { return Ok(None) };
        let (columns, outliers) = ColumnMap::learn(&survey.sample.features)?;
        for outlier in outliers {
            let [low, high] = outlier.inner.map(short);
            notes(&format!(
                "column '{}' has the value {}, far outside of the others, of which 99.8 % lie between {low} and {high}; it \
                 counts as one just outside",
                names[outlier.feature],
                short(outlier.value)
            ));
        }
        let rows = survey.counts[Part::Train as usize];
        let mut growth = Growth { seed: config.seed, ..Growth::for_rows(rows) };
        if let Some(width) = asked.width {
            growth.width = usize::try_from(width).unwrap_or(usize::MAX);
            growth.stages = growth.stages.min(growth.width.max(1));
        }
        if let Some(activation) = config.activation.clone().given() {
            growth.activations = vec![activation];
            growth.is_periodic = false;
        }
        let networks = job.folds.unwrap_or_else(|| Growth::networks(rows));
        let hold_out = HoldOut { networks, is_shared: job.has_validation() };
        Ok(Some(Self { columns, growth, hold_out }))
    }

    /// Checks that the training fits into memory: the features of the growing networks on the sample and their products, and
    /// the sums over the rows of each part of each network and of the drawn units, with the matrices of the solver.
    pub(super) fn check_memory(&self, sample: usize) -> Result<()> {
        let matrices = 8 * AT_ONCE + 6 * (self.hold_out.networks + 1) + 8;
        check_width(self.growth.width as u64, matrices as u64, (AT_ONCE * 16 * sample) as u64)
    }

    /// Returns the problem of grown units, which need no choice of activation, scale and bias.
    pub(super) fn problem(&self, draft: Draft) -> Problem {
        let Draft { lift, labels, split, .. } = draft;
        let activation = self.growth.activations.first().cloned().unwrap_or(Activation::Relu);
        let (width, seed) = (self.growth.width, self.growth.seed);
        Problem {
            lift,
            labels,
            split,
            activation,
            scale: 1.0,
            width,
            seed,
            candidates: None,
            encoding: None,
            classes: None,
            draws: None,
        }
    }

    /// Grows the networks on the sample, each without the rows of its fold.
    pub(super) fn grow(
        &self,
        sample: &Rows,
        problem: &Problem,
        names: &[String],
        observer: &mut dyn Observer,
    ) -> Result<GrownLayers> {
        let labels = standardise_labels(&problem.labels, &sample.labels);
        let group = |draw: &Draw| self.hold_out.group(problem.split.part_of(draw), draw);
        let groups: Vec<usize> = sample.draws(&problem.split).iter().map(group).collect();
        let part = |chosen: &[usize]| {
            let weights = if sample.weights.is_empty() { Vec::new() } else { sample.select(chosen).weights };
            let points = self.columns.apply(&sample.features.select(chosen))?;
            zonal_grow::Rows::new(points, labels.select(chosen), weights)
        };
        let one = |network: usize, mut cancellation: &Cancellation| -> Result<Grown> {
            let (held, fitted): (Vec<usize>, Vec<usize>) =
                (0..groups.len()).partition(|&i| groups[i] == self.hold_out.of(network));
            if held.is_empty() || fitted.len() < 2 {
                let (part, total) = ("validation", groups.len());
                return Err(zonal::Error::TooFewRows { part, found: held.len(), required: 1, total }.into());
            }
            Ok(grow(&part(&fitted)?, &part(&held)?, &self.growth, network as u64, &mut cancellation)?)
        };
        let numbers: Vec<usize> = (0..self.hold_out.networks).collect();
        let mut out = Vec::new();
        for group in numbers.chunks(AT_ONCE) {
            let at = (Stage::Growth, out.len() as u64, self.hold_out.networks as u64);
            let grown = run_cancellable(observer, at, |cancellation| {
                let grown: Vec<Result<Grown>> = group.par_iter().map(|&k| one(k, cancellation)).collect();
                grown.into_iter().collect::<Result<Vec<_>>>()
            })?;
            out.extend(grown);
        }
        let (columns, importances) = (self.columns.clone(), self.importances(names, &out));
        Ok(GrownLayers { columns, networks: out.into_iter().map(|g| g.network).collect(), importances })
    }

    /// Returns how much the mean of the networks moves with each feature, the largest first.
    fn importances(&self, names: &[String], grown: &[Grown]) -> Vec<Importance> {
        let mut shares = vec![0.0; names.len()];
        for network in grown {
            for (column, share) in network.importances.iter().enumerate() {
                shares[self.columns.feature_of(column)] += share / grown.len() as f64;
            }
        }
        let named = names.iter().zip(shares).filter(|(_, share)| *share > 0.0);
        let mut out: Vec<Importance> =
            named.map(|(feature, share)| Importance { feature: feature.clone(), share }).collect();
        out.sort_by(|a, b| b.share.total_cmp(&a.share));
        out
    }
}

/// Which rows a network holds out while it is grown and fitted: those of its fold, or all validation rows, if there are any.
#[derive(Clone, Copy)]
pub(super) struct HoldOut {
    pub(super) networks: usize,
    /// Whether there are validation rows.
    pub(super) is_shared: bool,
}

impl HoldOut {
    /// Returns the group of a row: that of test rows, of validation rows, its fold, or one that no network holds out.
    pub(super) fn group(self, part: Part, draw: &Draw) -> usize {
        match part {
            Part::Test => self.networks,
            Part::Validation => 0,
            Part::Train if self.is_shared => self.networks + 1,
            Part::Train => draw.fold(self.networks),
        }
    }

    /// Returns the group that a network holds out.
    pub(super) fn of(self, network: usize) -> usize {
        if self.is_shared { 0 } else { network }
    }

    /// Returns the part for a network of the rows of a group.
    pub(super) fn part(self, network: usize, group: usize) -> Part {
        match group {
            group if group == self.networks => Part::Test,
            group if group == self.of(network) => Part::Validation,
            _ => Part::Train,
        }
    }
}
