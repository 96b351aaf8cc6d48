//! The tables of a job: which files, how they are written, and their rows, read ahead on a thread of its own.

use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use zonal::observer::{Observer, Stage};
use zonal::rows::Rows;
use zonal_io::source::{Columns, Dialect, Missing, Source};

/// Files of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Files or patterns, read in this order as one table.
    #[serde(serialize_with = "lossy")]
    pub files: Vec<PathBuf>,
    /// Whether the first line of CSV files names the columns.
    pub header: bool,
    /// The character between fields of CSV files.
    pub delimiter: char,
    /// Whether rows that lack a value are left out instead of being an error.
    pub drop_missing: bool,
}

/// Paths as text; bytes that are no text are replaced, since JSON has none.
fn lossy<S: serde::Serializer>(paths: &[PathBuf], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|p| p.to_string_lossy()))
}

/// Blocks that may wait between the thread that reads and the one that works.
const AHEAD: usize = 4;

impl Data {
    /// The same files with other ones in their place.
    pub fn with_files(&self, files: Vec<PathBuf>) -> Self {
        Self { files, ..self.clone() }
    }

    /// Finds the files and the columns.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open(&self, labels: &[String], features: Option<&[String]>) -> Result<Source> {
        let dialect = Dialect::new(self.header, self.delimiter)?;
        let missing = if self.drop_missing { Missing::Drop } else { Missing::Reject };
        let columns = Columns { labels: labels.to_vec(), features: features.map(<[String]>::to_vec) };
        Ok(Source::open(&self.files, dialect, &columns, missing)?)
    }
}

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
        // Ends when the receiver is gone.
        scope.spawn(move || source.blocks().try_for_each(|block| sender.send(prepared(block))));
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
