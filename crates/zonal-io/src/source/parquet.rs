//! The reader of Parquet files: the rows of the batches that they decode into.

use super::arrow::{self, BatchReader, broken, check_types, open, read};
use super::encoding::Cells;
use super::parquet_limits;
use super::reader::block_rows;
use crate::error::Result;
use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

const PARQUET: &str = "Parquet";

pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    Ok(arrow::names(builder(path)?.schema()))
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let mut file = open(path)?;
    parquet_limits::check_schema(&mut file).map_err(|e| broken(path, PARQUET, &e))?;
    read(path, PARQUET, || ParquetRecordBatchReaderBuilder::try_new(file))
}

pub(super) fn reader(path: &Path, chosen: &[usize], cells: Option<Vec<Cells>>) -> Result<BatchReader> {
    let mut file = open(path)?;
    let builder = builder(path)?;
    check_types(path, builder.schema(), chosen, cells.as_deref())?;
    parquet_limits::check(&mut file, builder.metadata(), chosen).map_err(|e| broken(path, PARQUET, &e))?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), chosen.iter().copied());
    let batches = read(path, PARQUET, || {
        builder.with_projection(mask).with_batch_size(block_rows(chosen.len())).build()
    })?;
    Ok(BatchReader::new(path, PARQUET, Box::new(batches), chosen, cells))
}
