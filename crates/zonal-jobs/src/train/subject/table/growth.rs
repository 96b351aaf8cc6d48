//! How the hidden units of a table are grown: options, and what follows from the sample.

use crate::memory::check_width;
use crate::survey::Survey;
use crate::train::trained::Notes;
use zonal::columns::ColumnMap;
use zonal::rows::Part;
use zonal_documents::Result;
use zonal_documents::number::short;
use zonal_documents::train::{TableJob, TrainConfig};
use zonal_grow::Growth;

/// The most networks that grow at the same time: each needs the features of its sample in memory.
pub(super) const AT_ONCE: usize = 2;

/// How the hidden units of a table are grown.
pub(super) struct GrowthPlan {
    pub(super) columns: ColumnMap,
    pub(super) growth: Growth,
    pub(super) networks: usize,
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
        }
        let networks = job.folds.unwrap_or_else(|| Growth::networks(rows));
        Ok(Some(Self { columns, growth, networks }))
    }

    /// Checks that the training fits into memory: the features of the growing networks on the sample and their products, and
    /// the sums over the rows of each part of each network and of the drawn units, with the matrices of the solver.
    pub(super) fn check_memory(&self, sample: usize) -> Result<()> {
        let matrices = 8 * AT_ONCE + 6 * (self.networks + 1) + 8;
        check_width(self.growth.width as u64, matrices as u64, (AT_ONCE * 16 * sample) as u64)
    }
}
