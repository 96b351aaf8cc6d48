//! The tables of a job: which files, how they are written, or rows in memory; read ahead on a thread of its own.

use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use zonal::observer::{Observer, Stage};
use zonal::rows::Rows;
use zonal_documents::{Error, Result};
use zonal_io::source::Source;

/// Blocks that may wait between the thread that reads and the one that works.
const AHEAD: usize = 4;

/// Calls `f` with each block of rows in order, while the next ones are being read. `total` is the number of rows, 0 if
/// it is not known yet.
///
/// # Errors
/// Those of reading and of `f`; [`zonal::Error::Stopped`] when the observer asks for it.
pub fn for_each_block(
    source: &Source,
    stage: Stage,
    total: u64,
    observer: &mut dyn Observer,
    mut f: impl FnMut(Rows) -> Result<()>,
) -> Result<()> {
    for_each_prepared(source, stage, total, observer, |_| Ok(()), |rows, ()| f(rows))
}

/// As [`for_each_block`], with something made of each block beforehand by the thread that reads.
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
            let made = prepare(&rows)?;
            Ok((rows, made))
        };
        scope.spawn(move || {
            for block in source.blocks() {
                // The receiver is gone: nobody waits for more.
                if sender.send(prepared(block)).is_err() {
                    break;
                }
            }
        });
        let mut done = 0;
        for block in receiver {
            let (rows, made) = block?;
            if let ControlFlow::Break(reason) = observer.progress(stage, done, total) {
                return Err(Error::from(zonal::Error::from(reason)));
            }
            done = rows.covered.end;
            f(rows, made)?;
        }
        Ok(())
    })
}
