//! The times of the rows of a table.

use super::Source;
use super::draws::DrawRule;
use super::reader::Cell;
use crate::error::{Error, Result, shorten};
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
        let source = self.clone().drawn(split, Some(rule.clone()))?;
        let position = source.roles();
        let (mut times, mut stride, mut seen, mut wrong) = (Vec::new(), 1u64, 0u64, None);
        source.for_each_cell(position..position + 1, is_cancelled, &mut |_, (path, line), _, cell| {
            let Some(time) = rule.key(&cell) else {
                if let Cell::Text(text) = cell {
                    wrong.get_or_insert_with(|| (shorten(text), path.to_owned(), line));
                }
                return;
            };
            if seen.is_multiple_of(stride) {
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
        })?;
        if let Some((text, path, line)) = wrong {
            let message = format!("found '{text}', but a date such as 2024-01-31, or a number, is needed");
            let (row, column) = (Some(line).filter(|line| *line > 0), Some(column.to_owned()));
            return Err(Error::Table { path, row, column, message });
        }
        Ok(DrawRule::of_times(column.to_owned(), times))
    }
}
