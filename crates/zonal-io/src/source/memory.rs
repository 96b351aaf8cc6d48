//! Tables in memory, whoever holds them.

use super::reader::{Raw, Reader};
use crate::error::Result;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

/// Rows that are in memory already: features, then labels, then the weight if there is one.
pub trait Table: Debug + Send + Sync {
    /// How many rows there are.
    fn rows(&self) -> u64;

    /// How many columns there are.
    fn columns(&self) -> usize;

    /// Writes the values of some rows, row after row, NaN where one is missing.
    fn read(&self, rows: Range<u64>, out: &mut [f64]);
}

/// The rows of a table, some at a time.
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
    fn next(&mut self, most: usize) -> Result<Option<Raw>> {
        let end = self.table.rows().min(self.next + most as u64);
        if self.next >= end {
            return Ok(None);
        }
        let rows = (end - self.next) as usize;
        let mut values = vec![0.0; rows * self.columns];
        self.table.read(self.next..end, &mut values);
        self.next = end;
        Ok(Some(Raw { rows, values }))
    }
}
