//! Tables in memory, through a trait.

use super::reader::{RawRows, Reader};
use crate::error::Result;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

/// A table in memory. Its columns are the features, the labels and, if present, the weight.
pub trait Table: Debug + Send + Sync {
    /// Returns the number of rows.
    fn rows(&self) -> u64;

    /// Returns the number of columns.
    fn columns(&self) -> usize;

    /// Copies the values of these rows in row-major order, with NaN for missing values.
    fn read(&self, rows: Range<u64>, out: &mut [f64]);
}

/// A reader of a table in memory.
pub(super) struct MemoryReader {
    table: Arc<dyn Table>,
    columns: usize,
    next: u64,
}

impl MemoryReader {
    pub(super) fn new(table: Arc<dyn Table>, columns: usize) -> Self {
        Self { table, columns, next: 0 }
    }
}

impl Reader for MemoryReader {
    fn next(&mut self, max_rows: usize) -> Result<Option<RawRows>> {
        let end = self.table.rows().min(self.next + max_rows as u64);
        if self.next >= end {
            return Ok(None);
        }
        let rows = (end - self.next) as usize;
        let mut values = vec![0.0; rows * self.columns];
        self.table.read(self.next..end, &mut values);
        self.next = end;
        Ok(Some(RawRows { rows, values }))
    }
}
