//! The reader of Arrow files: columns of numbers and booleans, with nulls as missing values.

use super::arrow_limits;
use super::guard::catch_panic;
use super::reader::{RawRows, Reader, table, wrong_type};
use crate::error::{Error, Result};
use crate::option::FEATURES;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::FileReader;
use arrow_schema::{ArrowError, DataType, Schema};
use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::{Path, PathBuf};

const ARROW: &str = "Arrow";

pub(super) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(Error::system(path, "opening"))
}

pub(super) fn broken(path: &Path, kind: &str, error: &dyn std::fmt::Display) -> Error {
    let error = error.to_string();
    if error.to_lowercase().contains("checksum") {
        return table(path, format!("is damaged ({kind}: {error}); copy or save the file again"));
    }
    table(path, format!("not a complete {kind} file: {error}"))
}

/// Calls a library, and converts its errors and panics.
pub(super) fn read<T, E: std::fmt::Display>(
    path: &Path,
    kind: &str,
    f: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    match catch_panic(f) {
        Ok(outcome) => outcome.map_err(|e| broken(path, kind, &e)),
        Err(panic) => Err(broken(path, kind, &panic)),
    }
}

pub(super) fn names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|f| f.name().clone()).collect()
}

/// Returns whether each column holds booleans.
pub(super) fn booleans(schema: &Schema) -> Vec<bool> {
    schema.fields().iter().map(|f| *f.data_type() == DataType::Boolean).collect()
}

pub(super) fn ipc_booleans(path: &Path) -> Result<Vec<bool>> {
    Ok(booleans(&ipc_reader(path, None)?.schema()))
}

pub(super) fn ipc_names(path: &Path) -> Result<Vec<String>> {
    Ok(names(&ipc_reader(path, None)?.schema()))
}

pub(super) fn ipc(path: &Path, chosen: &[usize]) -> Result<BatchReader> {
    let mut sorted = chosen.to_vec();
    sorted.sort_unstable();
    check_types(path, &ipc_reader(path, None)?.schema(), chosen)?;
    let reader = ipc_reader(path, Some(sorted))?;
    Ok(BatchReader::new(path, ARROW, Box::new(reader), chosen))
}

fn ipc_reader(path: &Path, columns: Option<Vec<usize>>) -> Result<FileReader<BufReader<File>>> {
    let mut file = open(path)?;
    arrow_limits::check(&mut file).map_err(|e| broken(path, ARROW, &e))?;
    file.rewind().map_err(Error::system(path, "reading"))?;
    read(path, ARROW, || FileReader::try_new(BufReader::new(file), columns))
}

/// Checks that every chosen column holds numbers, before any rows are read.
pub(super) fn check_types(path: &Path, schema: &Schema, chosen: &[usize]) -> Result<()> {
    for &i in chosen {
        let field = schema.field(i);
        let kind = field.data_type();
        let numbers = kind.is_integer() || kind.is_floating();
        let fail = |message: String| {
            let column = Some(field.name().clone());
            Err(Error::Table { path: path.to_owned(), row: None, column, message })
        };
        // A null column can claim any number of rows without any bytes.
        if *kind == DataType::Null {
            return fail(format!("has no values; select other columns with {FEATURES}"));
        }
        if !numbers && !matches!(kind, DataType::Boolean | DataType::Decimal128(..)) {
            return fail(wrong_type(kind, kind.is_temporal()));
        }
    }
    Ok(())
}

type Batches = Box<dyn Iterator<Item = std::result::Result<RecordBatch, ArrowError>> + Send>;

/// The rows of batches of columns.
pub(super) struct BatchReader {
    path: PathBuf,
    kind: &'static str,
    batches: Batches,
    /// For each chosen column its index among the columns read, which are in the order of the file.
    indices: Vec<usize>,
    /// The current batch and the number of its rows already returned.
    current: Option<(RecordBatch, usize)>,
    rows: u64,
}

impl BatchReader {
    pub(super) fn new(path: &Path, kind: &'static str, batches: Batches, chosen: &[usize]) -> Self {
        let mut sorted = chosen.to_vec();
        sorted.sort_unstable();
        let indices = chosen.iter().map(|c| sorted.partition_point(|s| s < c)).collect();
        Self { path: path.to_owned(), kind, batches, indices, current: None, rows: 0 }
    }

    /// Returns a batch with unread rows and the number of its rows already returned; None after the last batch.
    fn batch(&mut self) -> Result<Option<(RecordBatch, usize)>> {
        let mut current = self.current.take();
        while current.as_ref().is_none_or(|(batch, used)| *used == batch.num_rows()) {
            let batches = &mut self.batches;
            match read(&self.path, self.kind, || batches.next().transpose())? {
                Some(batch) => current = Some((batch, 0)),
                None => return Ok(None),
            }
        }
        Ok(current)
    }

    fn decode(&self, batch: &RecordBatch) -> Result<Vec<Vec<f64>>> {
        let one = |&index: &usize| {
            numbers(batch.column(index))
                .ok_or_else(|| broken(&self.path, self.kind, &"a column changes its type"))
        };
        self.indices.iter().map(one).collect()
    }
}

impl Reader for BatchReader {
    fn next(&mut self, max_rows: usize) -> Result<Option<RawRows>> {
        let mut values = Vec::with_capacity(max_rows * self.indices.len());
        let mut rows = 0;
        while rows < max_rows {
            let Some((batch, used)) = self.batch()? else { break };
            // Decodes only the requested rows: a batch may hold many rows in few bytes.
            let take = (batch.num_rows() - used).min(max_rows - rows);
            let decoded = self.decode(&batch.slice(used, take))?;
            for i in 0..take {
                values.extend(decoded.iter().map(|column| column[i]));
            }
            rows += take;
            self.current = Some((batch, used + take));
        }
        self.rows += rows as u64;
        if self.rows == 0 {
            return Err(table(&self.path, "the file has columns but no rows".into()));
        }
        Ok((rows > 0).then_some(RawRows { rows, values }))
    }
}

/// Converts a column to f64, with NaN for nulls; None for a type that does not hold numbers.
fn numbers(array: &dyn Array) -> Option<Vec<f64>> {
    fn of<T: ArrowPrimitiveType>(array: &dyn Array, f: impl Fn(T::Native) -> f64) -> Option<Vec<f64>> {
        let array = array.as_primitive_opt::<T>()?;
        if array.null_count() == 0 {
            return Some(array.values().iter().map(|&x| f(x)).collect());
        }
        Some(array.iter().map(|x| x.map_or(f64::NAN, &f)).collect())
    }
    match array.data_type() {
        DataType::Float64 => of::<Float64Type>(array, |x| x),
        DataType::Float32 => of::<Float32Type>(array, f64::from),
        DataType::Float16 => of::<Float16Type>(array, |x| x.to_f64()),
        DataType::Int64 => of::<Int64Type>(array, |x| x as f64),
        DataType::Int32 => of::<Int32Type>(array, f64::from),
        DataType::Int16 => of::<Int16Type>(array, f64::from),
        DataType::Int8 => of::<Int8Type>(array, f64::from),
        DataType::UInt64 => of::<UInt64Type>(array, |x| x as f64),
        DataType::UInt32 => of::<UInt32Type>(array, f64::from),
        DataType::UInt16 => of::<UInt16Type>(array, f64::from),
        DataType::UInt8 => of::<UInt8Type>(array, f64::from),
        DataType::Decimal128(_, scale) => {
            let unit = 10f64.powi(-i32::from(*scale));
            of::<Decimal128Type>(array, |x| x as f64 * unit)
        }
        DataType::Boolean => {
            let array = array.as_boolean_opt()?;
            Some(array.iter().map(|x| x.map_or(f64::NAN, |x| f64::from(u8::from(x)))).collect())
        }
        _ => None,
    }
}
