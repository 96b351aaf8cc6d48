//! The times of the rows of a table.

use super::Source;
use super::draws::DrawRule;
use super::reader::block_rows;
use crate::error::Result;
use zonal::rows::Split;

/// The largest number of times that are collected; of longer tables every second, fourth, .. row has one.
const MOST_TIMES: usize = 1 << 20;

impl Source {
    /// Returns the rule of draws by the times of the rows, in a pass over all of them. If it is cancelled, it ends early, and its result is
    /// to be discarded.
    ///
    /// # Errors
    /// As reading, also for times that are neither numbers nor dates; as [`Source::drawn`].
    pub fn find_times(
        &self,
        column: &str,
        split: Split,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<DrawRule> {
        let rule = DrawRule::of_times(column.to_owned(), Vec::new());
        let source = self.clone().drawn(split, Some(rule))?;
        let (mut times, mut stride, mut seen) = (Vec::new(), 1u64, 0u64);
        for piece in &source.pieces[..source.own_pieces] {
            let mut reader = source.reader(piece)?;
            while let Some(raw) = reader.next(block_rows(source.columns()))?.filter(|_| !is_cancelled()) {
                for row in raw.values.chunks_exact(source.columns()) {
                    let time = row[source.roles()];
                    if time.is_finite() && seen.is_multiple_of(stride) {
                        times.push(time);
                    }
                    seen += 1;
                    if times.len() > MOST_TIMES {
                        stride *= 2;
                        let mut place = 0;
                        times.retain(|_| {
                            place += 1;
                            place % 2 == 1
                        });
                    }
                }
            }
        }
        Ok(DrawRule::of_times(column.to_owned(), times))
    }
}
