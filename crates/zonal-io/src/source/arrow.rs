//! The reader of Arrow files, in the file and in the stream format.

use super::arrow_column::{Column, is_readable, is_text};
use super::arrow_limits;
use super::encoding::Cells;
use super::guard::catch_panic;
use super::reader::{RawRows, Reader, See, block_rows, table, wrong_type};
use crate::error::{Error, Result};
use crate::option::FEATURES;
use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use std::fs::File;
use std::io::{BufReader, Seek};
use std::ops::Range;
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
    let advice = if error.contains("save ") { "" } else { "; copy or save the file again" };
    table(path, format!("not a complete {kind} file: {error}{advice}"))
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

pub(super) fn ipc_names(path: &Path) -> Result<Vec<String>> {
    Ok(names(&ipc_reader(path, None)?.0))
}

pub(super) fn ipc(path: &Path, chosen: &[usize], cells: Option<Vec<Cells>>) -> Result<BatchReader> {
    let mut sorted = chosen.to_vec();
    sorted.sort_unstable();
    check_types(path, &ipc_reader(path, None)?.0, chosen, cells.as_deref())?;
    let (_, batches) = ipc_reader(path, Some(sorted))?;
    Ok(BatchReader::new(path, ARROW, batches, chosen, cells))
}

fn ipc_reader(path: &Path, columns: Option<Vec<usize>>) -> Result<(SchemaRef, Batches)> {
    let mut file = open(path)?;
    let is_stream = arrow_limits::check(&mut file).map_err(|e| broken(path, ARROW, &e))?;
    file.rewind().map_err(Error::system(path, "reading"))?;
    let file = BufReader::new(file);
    if is_stream {
        let reader = read(path, ARROW, || StreamReader::try_new(file, columns))?;
        return Ok((reader.schema(), Box::new(reader)));
    }
    let reader = read(path, ARROW, || FileReader::try_new(file, columns))?;
    Ok((reader.schema(), Box::new(reader)))
}

/// Checks that the types of the chosen columns can become these cells, before any rows are read.
pub(super) fn check_types(
    path: &Path,
    schema: &Schema,
    chosen: &[usize],
    cells: Option<&[Cells]>,
) -> Result<()> {
    for (position, &i) in chosen.iter().enumerate() {
        let field = schema.field(i);
        let kind = field.data_type();
        let needs_numbers = cells.is_some_and(|cells| matches!(cells.get(position), Some(Cells::Numbers)));
        let fail = |message: String| {
            let column = Some(field.name().clone());
            Err(Error::Table { path: path.to_owned(), row: None, column, message })
        };
        // Columns without values can claim any number of rows without any bytes; next to others they cannot.
        if chosen.iter().all(|&i| *schema.field(i).data_type() == DataType::Null) {
            return fail(format!("has no values; select other columns with {FEATURES}"));
        }
        if !is_readable(kind) || needs_numbers && is_text(kind) {
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
    /// What the cells of the chosen columns become.
    cells: Vec<Cells>,
    /// The current batch and the number of its rows already returned.
    current: Option<(RecordBatch, usize)>,
    rows: u64,
}

impl BatchReader {
    pub(super) fn new(
        path: &Path,
        kind: &'static str,
        batches: Batches,
        chosen: &[usize],
        cells: Option<Vec<Cells>>,
    ) -> Self {
        let mut sorted = chosen.to_vec();
        sorted.sort_unstable();
        let indices = chosen.iter().map(|c| sorted.partition_point(|s| s < c)).collect();
        let cells = cells.unwrap_or_default();
        Self { path: path.to_owned(), kind, batches, indices, cells, current: None, rows: 0 }
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

    /// Returns the column at this position.
    fn column<'a>(&self, batch: &'a RecordBatch, position: usize) -> Result<Column<'a>> {
        Column::of(batch.column(self.indices[position]))
            .ok_or_else(|| broken(&self.path, self.kind, &"a column changes its type"))
    }

    /// Returns the numbers of the column at this position.
    fn numbers(&self, batch: &RecordBatch, position: usize) -> Result<Vec<f64>> {
        let column = self.column(batch, position)?;
        match (self.cells.get(position), column) {
            (Some(Cells::Numbers) | None, Column::Numbers(values)) => Ok(values),
            (cells, column) => {
                let cells = cells.unwrap_or(&Cells::Numbers);
                (0..batch.num_rows())
                    .map(|row| cells.value(&column.cell(row)))
                    .collect::<std::result::Result<_, _>>()
            }
            .map_err(|message| {
                let name = batch.schema_ref().field(self.indices[position]).name().clone();
                Error::Table { path: self.path.clone(), row: None, column: Some(name), message }
            }),
        }
    }

    /// Returns at most this number of rows; None after the last.
    fn rows(&mut self, most: usize) -> Result<Option<RecordBatch>> {
        let Some((batch, used)) = self.batch()? else { return Ok(None) };
        // Decodes only the requested rows: a batch may hold many rows in few bytes.
        let take = (batch.num_rows() - used).min(most);
        let rows = batch.slice(used, take);
        self.current = Some((batch, used + take));
        self.rows += take as u64;
        Ok(Some(rows))
    }
}

impl Reader for BatchReader {
    fn next(&mut self, max_rows: usize) -> Result<Option<RawRows>> {
        let mut values = Vec::with_capacity(max_rows * self.indices.len());
        let mut rows = 0;
        while rows < max_rows {
            let Some(batch) = self.rows(max_rows - rows)? else { break };
            let columns: Vec<Vec<f64>> = (0..self.indices.len())
                .map(|position| self.numbers(&batch, position))
                .collect::<Result<_>>()?;
            for i in 0..batch.num_rows() {
                values.extend(columns.iter().map(|column| column[i]));
            }
            rows += batch.num_rows();
        }
        if self.rows == 0 {
            return Err(table(&self.path, "the file has columns but no rows".into()));
        }
        Ok((rows > 0).then_some(RawRows { rows, values }))
    }

    fn for_each_cell(&mut self, positions: Range<usize>, see: See<'_>) -> Result<()> {
        while let Some(batch) = self.rows(block_rows(self.indices.len()))? {
            let of = |position| self.column(&batch, position);
            let columns: Vec<Column<'_>> = positions.clone().map(of).collect::<Result<_>>()?;
            for row in 0..batch.num_rows() {
                for (position, column) in positions.clone().zip(&columns) {
                    if !see(0, position, column.cell(row)) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}
