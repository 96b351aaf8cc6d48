//! The choice between leave-one-out and validation rows, by the size of a table.

use std::borrow::Cow;
use zonal_documents::number::Extended;
use zonal_documents::train::{Input, Stop, TableJob, TrainConfig};
use zonal_io::source::Columns;

/// Leave-one-out is the default below this number of rows.
const ROWS: u64 = 20_000;
/// The largest product of rows and width for which it is: the features of that many rows are held in memory.
const FEATURES: u64 = 20_000_000;

/// Returns the configuration with the rows that choose the iteration. Errors of the table are found later.
pub(crate) fn resolved(config: &TrainConfig) -> Cow<'_, TrainConfig> {
    let Input::Table(job) = &config.input else { return Cow::Borrowed(config) };
    if job.stop != Stop::Auto {
        return Cow::Borrowed(config);
    }
    let is_small = match config.width {
        Extended::Finite(width) => has_fewer_rows(job, ROWS.min(FEATURES / width.max(1))),
        Extended::Infinite => false,
    };
    let stop = if is_small { Stop::LeaveOneOut } else { Stop::Validation };
    let input = Input::Table(Box::new(TableJob { stop, ..(**job).clone() }));
    Cow::Owned(TrainConfig { input, ..config.clone() })
}

fn has_fewer_rows(job: &TableJob, most: u64) -> bool {
    let columns = Columns { labels: job.labels.clone(), ..Columns::default() };
    job.data.open(&columns).is_ok_and(|source| source.has_fewer_rows(most))
}
