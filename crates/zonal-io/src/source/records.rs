//! The records of a text file: lines of CSV or of JSON objects, with the names of their columns.

use super::bytes::{self, Bytes, io_error};
use super::dialect::{Decimal, Dialect};
use super::field::{boolean, is_number, text};
use super::json::JsonLines;
use super::reader::{check_columns, table};
use crate::error::{Error, Result};
use crate::option::{DELIMITER, NO_HEADER};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Bytes read at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// The longest row in bytes. A row without an end, such as after an unclosed quote, would be held in memory completely.
const MAX_ROW_BYTES: usize = 32 << 20;

/// Counters shared by the reader of bytes and the reader of rows.
#[derive(Default)]
struct Counters {
    /// Bytes that may still be read for the current row.
    budget: AtomicUsize,
    /// Bytes read so far.
    bytes: AtomicU64,
    /// Bytes up to the end of the last line read so far.
    lines_end: AtomicU64,
}

/// A reader that limits the bytes of each row.
struct LimitedReader {
    bytes: Bytes,
    counters: Arc<Counters>,
}

impl Read for LimitedReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let budget = self.counters.budget.load(Ordering::Relaxed);
        if budget == 0 {
            let message = "a row is longer than 32 MiB; is there an unclosed quote?";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
        }
        let read = self.bytes.read(buffer)?;
        self.counters.budget.store(budget.saturating_sub(read), Ordering::Relaxed);
        let before = self.counters.bytes.fetch_add(read as u64, Ordering::Relaxed);
        if let Some(at) = buffer[..read].iter().rposition(|&b| b == b'\n') {
            self.counters.lines_end.store(before + at as u64 + 1, Ordering::Relaxed);
        }
        Ok(read)
    }
}

/// The raw records of a file.
struct Records {
    rows: Form,
    counters: Arc<Counters>,
}

enum Form {
    Csv(Box<csv::Reader<LimitedReader>>),
    Json(Box<JsonLines<LimitedReader>>),
}

impl Records {
    fn new(bytes: Bytes, delimiter: Option<u8>) -> Self {
        let counters = Arc::new(Counters::default());
        let bytes = LimitedReader { bytes, counters: Arc::clone(&counters) };
        let Some(delimiter) = delimiter else {
            return Self { rows: Form::Json(Box::new(JsonLines::new(bytes))), counters };
        };
        // Flexible, since the library's message for rows of unequal length gives no advice.
        let rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(bytes);
        Self { rows: Form::Csv(Box::new(rows)), counters }
    }

    /// Reads the next row of a file with this number of columns; false after the last.
    fn next(&mut self, record: &mut csv::ByteRecord, path: &Path, columns: usize) -> Result<bool> {
        self.counters.budget.store(MAX_ROW_BYTES, Ordering::Relaxed);
        match &mut self.rows {
            Form::Csv(rows) => {
                let line = rows.position().line();
                rows.read_byte_record(record).map_err(|e| csv_error(path, e, columns, line))
            }
            Form::Json(lines) => lines.next(record).map_err(|e| io_error(path, None, e)),
        }
    }

    /// Returns whether the buffer holds no further complete line, so that reading the next row may block.
    fn is_drained(&self) -> bool {
        let lines_end = self.counters.lines_end.load(Ordering::Relaxed);
        match &self.rows {
            // The line feed of CR LF is skipped with the next row.
            Form::Csv(rows) => rows.position().byte() + 1 >= lines_end,
            Form::Json(lines) => {
                let (end, ahead) = lines.progress();
                ahead == 0 && end >= lines_end
            }
        }
    }
}

/// What files of JSON must hold.
pub(super) const JSON_LINES: &str =
    "each line must hold one object, such as {\"x\": 1.5, \"y\": 2}; jq -c '.[]' converts an array";

/// The rows of JSON whose keys are the columns.
const JSON_ROWS: usize = 1_000;

/// A text file whose first line has been read.
pub(super) struct OpenText {
    records: Records,
    /// The names of the columns.
    pub(super) names: Vec<String>,
    /// The indices of the columns to which the header gives no name.
    pub(super) unnamed: Vec<usize>,
    /// The first row, if it was read ahead.
    first: Option<csv::ByteRecord>,
    pub(super) decimal: Decimal,
}

impl OpenText {
    /// Opens a file.
    pub(super) fn open(path: &Path, dialect: Dialect) -> Result<Self> {
        Self::read(path, bytes::open(path)?, dialect, JSON_ROWS)
    }

    /// Reads the names of the columns; those of JSON from its first `json_rows` rows.
    pub(super) fn read(path: &Path, bytes: Bytes, dialect: Dialect, json_rows: usize) -> Result<Self> {
        let mut bytes = BufReader::new(bytes);
        let first = bytes.fill_buf().map_err(|e| io_error(path, Some(1), e))?;
        if first.trim_ascii_start().starts_with(b"{") {
            return Self::json(path, Box::new(bytes), json_rows);
        }
        Self::csv(path, Records::new(Box::new(bytes), Some(dialect.delimiter)), dialect)
    }

    fn json(path: &Path, bytes: Bytes, rows: usize) -> Result<Self> {
        let mut records = Records::new(bytes, None);
        let Records { rows: Form::Json(lines), counters } = &mut records else {
            return Err(table(path, "is not JSON".into()));
        };
        let before_each = || counters.budget.store(MAX_ROW_BYTES, Ordering::Relaxed);
        let names = lines.names(rows, &before_each).map_err(|e| io_error(path, None, e))?;
        check_columns(path, names.len())?;
        Ok(Self { records, names, unnamed: Vec::new(), first: None, decimal: Decimal::Point })
    }

    fn csv(path: &Path, mut records: Records, dialect: Dialect) -> Result<Self> {
        let (mut first, mut comment) = (csv::ByteRecord::new(), None);
        loop {
            if !records.next(&mut first, path, 0)? {
                let message = "the file is empty; a header and at least one row are needed";
                return Err(table(path, message.into()));
            }
            if is_comment(&first) {
                comment = Some(first.clone());
            } else if !is_separator(&first) {
                break;
            }
        }
        let field = first.get(0).unwrap_or_default().trim_ascii();
        if field == b"[" || field.starts_with(b"[{") {
            return Err(table(path, format!("is an array of JSON, but {JSON_LINES}")));
        }
        // Checked before the names are created.
        check_columns(path, first.len())?;
        let decimal = dialect.decimal;
        if !dialect.header {
            let names = (1..=first.len()).map(|i| format!("c{i}")).collect();
            return Ok(Self { records, names, unnamed: Vec::new(), first: Some(first), decimal });
        }
        if let Some(header) = comment.filter(|comment| is_header(comment, &first)) {
            let names = names(path, &header)?;
            return Ok(Self { records, names, unnamed: Vec::new(), first: Some(first), decimal });
        }
        let is_unnamed = |field: &[u8]| field.trim_ascii().is_empty();
        let unnamed = (0..first.len()).filter(|i| first.get(*i).is_some_and(is_unnamed)).collect();
        check_header(path, &first)?;
        Ok(Self { records, names: names(path, &first)?, unnamed, first: None, decimal })
    }

    /// Reads a row and returns its line; None after the last.
    pub(super) fn next(&mut self, record: &mut csv::ByteRecord, path: &Path) -> Result<Option<u64>> {
        let columns = self.names.len();
        loop {
            match self.first.take() {
                Some(first) => *record = first,
                None if !self.records.next(record, path, columns)? => return Ok(None),
                None => {}
            }
            let line = record.position().map(csv::Position::line);
            if record.len() == columns {
                return Ok(Some(line.unwrap_or(0)));
            }
            // Text that begins with # may be the field of a row.
            if !is_comment(record) {
                let message = unequal_fields(record.len(), columns);
                return Err(Error::Table { path: path.to_owned(), row: line, column: None, message });
            }
        }
    }

    /// Returns whether reading the next row may block.
    pub(super) fn is_drained(&self) -> bool {
        self.records.is_drained()
    }
}

/// Returns whether a line is a comment.
fn is_comment(record: &csv::ByteRecord) -> bool {
    record.get(0).is_some_and(|field| field.starts_with(b"#"))
}

/// Returns whether a line names the delimiter, as for Excel: sep=;
fn is_separator(record: &csv::ByteRecord) -> bool {
    record.get(0) == Some(b"sep=") && record.iter().skip(1).all(<[u8]>::is_empty)
}

/// Returns whether a comment names the columns of the row below it, as NumPy writes it: whether both have as many fields, and the
/// row holds a number.
fn is_header(comment: &csv::ByteRecord, row: &csv::ByteRecord) -> bool {
    comment.len() == row.len() && row.iter().any(is_number)
}

/// Rejects a first line that cannot be a header.
fn check_header(path: &Path, first: &csv::ByteRecord) -> Result<()> {
    let fail =
        |message: String| Err(Error::Table { path: path.to_owned(), row: Some(1), column: None, message });
    if first.iter().any(|field| field.contains(&0)) {
        return fail(
            "holds zero bytes, as UTF-16 without a byte order mark does; save the file as UTF-8".into(),
        );
    }
    // A first line of numbers is almost always a row.
    let is_value = |field: &[u8]| is_number(field) || boolean(field).is_some();
    if first.iter().all(is_value) && first.iter().any(is_number) {
        let advice = NO_HEADER.set();
        return fail(format!(
            "the first line holds numbers, but column names are needed; if it is a row, use {advice}"
        ));
    }
    Ok(())
}

/// Returns the names in a line.
fn names(path: &Path, line: &csv::ByteRecord) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::with_capacity(line.len());
    let mut indices = HashMap::new();
    for (i, field) in line.iter().enumerate() {
        let text = text(field);
        let name = if i == 0 { text.trim_start_matches('#') } else { &text }.trim();
        let name = if name.is_empty() { format!("c{}", i + 1) } else { name.to_owned() };
        if let Some(earlier) = indices.insert(name.clone(), i) {
            let message = format!("columns {} and {} have the same name; rename one", earlier + 1, i + 1);
            return Err(Error::Table { path: path.to_owned(), row: Some(1), column: Some(name), message });
        }
        names.push(name);
    }
    Ok(names)
}

/// Converts an error of the library in a row that begins in this line.
fn csv_error(path: &Path, error: csv::Error, fields: usize, line: u64) -> Error {
    let row = Some(error.position().map_or(line, csv::Position::line));
    let at = |message: String| Error::Table { path: path.to_owned(), row, column: None, message };
    match error.into_kind() {
        csv::ErrorKind::Io(source) => io_error(path, row, source),
        csv::ErrorKind::UnequalLengths { len, .. } => at(unequal_fields(len as usize, fields)),
        other => at(format!("not readable as CSV: {other:?}")),
    }
}

fn unequal_fields(found: usize, needed: usize) -> String {
    format!(
        "found {found} fields, but the first line has {needed}; every row needs the same number (check {DELIMITER} and \
         unclosed quotes)"
    )
}
