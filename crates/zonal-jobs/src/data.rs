//! Iteration over the blocks of a table, which another thread reads ahead.

use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use zonal::observer::{Observer, Stage};
use zonal::rows::Rows;
use zonal_documents::options::FEATURES;
use zonal_documents::table::Data;
use zonal_documents::{Error, Result};
use zonal_io::source::{Columns, Source};

/// The number of blocks that are read ahead.
const AHEAD: usize = 4;

/// Notes the columns without a name that become features, such as the numbers of rows that pandas writes. Errors are left
/// to the job.
pub fn note_unnamed(data: &Data, columns: &Columns, notes: &mut dyn FnMut(&str)) {
    if columns.features.is_some() {
        return;
    }
    let Ok(source) = data.open(columns) else { return };
    let file = source.files().next().map_or(String::new(), |file| file.display().to_string());
    for (number, name) in source.unnamed_features().unwrap_or_default() {
        notes(&format!(
            "column {number} of {file} has no name and is used as the feature {name}; if it numbers the rows, leave it out \
             of {FEATURES}"
        ));
    }
}

/// Calls `f` with each block of rows in order, while the next ones are being read. `total` is the number of rows for
/// the observer, 0 if unknown.
///
/// # Errors
/// The errors of reading and of `f`; [`zonal::Error::Stopped`] if the observer requests a stop.
pub fn for_each_block(
    source: &Source,
    stage: Stage,
    total: u64,
    observer: &mut dyn Observer,
    mut f: impl FnMut(Rows) -> Result<()>,
) -> Result<()> {
    for_each_prepared(source, stage, total, observer, |_| Ok(()), |rows, ()| f(rows))
}

/// As [`for_each_block`]; the reading thread also prepares a value from each block.
pub(crate) fn for_each_prepared<T: Send>(
    source: &Source,
    stage: Stage,
    total: u64,
    observer: &mut dyn Observer,
    prepare: impl Fn(&Rows) -> Result<T> + Send,
    mut f: impl FnMut(Rows, T) -> Result<()>,
) -> Result<()> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        let prepared = move |block: zonal_io::Result<Rows>| -> Result<(Rows, T)> {
            let rows = block?;
            let value = prepare(&rows)?;
            Ok((rows, value))
        };
        scope.spawn(move || {
            for block in source.blocks() {
                // Stop reading once the receiver is gone.
                if sender.send(prepared(block)).is_err() {
                    break;
                }
            }
        });
        let mut done = 0;
        for block in receiver {
            let (rows, value) = block?;
            if let ControlFlow::Break(reason) = observer.progress(stage, done, total) {
                return Err(Error::from(zonal::Error::from(reason)));
            }
            done = rows.covered.end;
            f(rows, value)?;
        }
        Ok(())
    })
}
