//! The choice between leave-one-out and validation rows, by the size of a table.

use std::borrow::Cow;
use zonal_documents::train::{Input, Stop, TableJob, Task, TrainConfig};
use zonal_io::source::Columns;

/// Leave-one-out is the default below this number of rows.
const ROWS: u64 = 20_000;
/// The largest product of rows, width and labels for which it is: features are held in memory, and the time grows with all three.
const WORK: u64 = 20_000_000;

/// Returns the configuration with the rows that choose the iteration. Errors of the table are found later.
pub(crate) fn resolved(config: &TrainConfig) -> Cow<'_, TrainConfig> {
    let Input::Table(job) = &config.input else { return Cow::Borrowed(config) };
    if job.stop != Stop::Auto {
        return Cow::Borrowed(config);
    }
    let is_small = config.width.finite().is_some_and(|width| is_small(job, width));
    let stop = if is_small { Stop::LeaveOneOut } else { Stop::Validation };
    let input = Input::Table(Box::new(TableJob { stop, ..(**job).clone() }));
    Cow::Owned(TrainConfig { input, ..config.clone() })
}

fn is_small(job: &TableJob, width: u64) -> bool {
    let columns = Columns { labels: job.labels.clone(), ..Columns::default() };
    let Ok(source) = job.data.open(&columns) else { return false };
    let (rows, values) = source.count_labels(ROWS);
    let are_classes = job.data.memory.as_ref().is_some_and(|memory| memory.classes.is_some());
    let is_classified = match job.task {
        Task::Regress => false,
        Task::Classify => true,
        Task::Auto => are_classes || source.has_class_label().unwrap_or(false),
    };
    let labels = if is_classified { values } else { job.labels.len() as u64 };
    rows < ROWS && rows.saturating_mul(width).saturating_mul(labels) <= WORK
}
