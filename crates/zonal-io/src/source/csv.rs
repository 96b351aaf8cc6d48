//! CSV files, plain or gzip. Fields are numbers with a decimal point; white space around them is ignored. Columns that
//! are not asked for may hold anything.

use super::{Raw, Reader, check_columns, table};
use crate::error::{Error, Result, shorten};
use flate2::read::MultiGzDecoder;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The byte between fields.
    pub delimiter: u8,
    /// Whether the first line names the columns; otherwise they are called c1, c2, ..
    pub header: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', header: true }
    }
}

impl Dialect {
    /// Checks that the delimiter is one byte that cannot be part of a number.
    ///
    /// # Errors
    /// [`Error::Delimiter`].
    pub fn new(header: bool, delimiter: char) -> Result<Self> {
        let byte = u8::try_from(delimiter).ok().filter(u8::is_ascii);
        let byte = byte.filter(|b| !b.is_ascii_alphanumeric() && !b"\"\r\n.+-".contains(b));
        byte.map(|delimiter| Self { delimiter, header }).ok_or(Error::Delimiter { found: delimiter })
    }
}

/// Texts that stand for a missing value, beside the empty field.
const MISSING: [&str; 7] = ["na", "n/a", "nan", "null", "none", "?", "-"];
/// Bytes read at a time of rows, and of a first line.
const BUFFER: usize = 1 << 16;
const LINE: usize = 1 << 13;

/// Bytes of a row at most: one without an end, as behind a quotation mark that nothing closes, would be held whole.
const MOST_ROW: usize = 32 << 20;

/// A reader that gives so many bytes for each row.
struct Rationed {
    bytes: Box<dyn Read + Send>,
    left: Arc<AtomicUsize>,
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            let message = "a row is longer than 32 MiB; does a quotation mark open that nothing closes?";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
        }
        let read = self.bytes.read(buffer)?;
        self.left.store(left.saturating_sub(read), Ordering::Relaxed);
        Ok(read)
    }
}

/// The rows of a file as the library reads them.
struct Csv {
    rows: csv::Reader<Rationed>,
    left: Arc<AtomicUsize>,
}

impl Csv {
    fn open(path: &Path, gzip: bool, dialect: Dialect, buffer: usize) -> Result<Self> {
        let file = File::open(path).map_err(Error::system(path, "opening"))?;
        let bytes: Box<dyn Read + Send> =
            if gzip { Box::new(MultiGzDecoder::new(std::io::BufReader::new(file))) } else { Box::new(file) };
        let left = Arc::new(AtomicUsize::new(0));
        // Ragged rows are found here rather than by the library, whose message lacks the advice.
        let rows = csv::ReaderBuilder::new()
            .delimiter(dialect.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(buffer)
            .from_reader(Rationed { bytes, left: Arc::clone(&left) });
        Ok(Self { rows, left })
    }

    /// The next row of a file with so many columns; false after the last.
    fn next(&mut self, record: &mut csv::ByteRecord, path: &Path, columns: usize) -> Result<bool> {
        let line = self.rows.position().line();
        self.left.store(MOST_ROW, Ordering::Relaxed);
        self.rows.read_byte_record(record).map_err(|e| csv_error(path, e, columns, line))
    }
}

/// The names of the columns.
pub(super) fn names(path: &Path, gzip: bool, dialect: Dialect) -> Result<Vec<String>> {
    let at = |row: Option<u64>, column: Option<&str>, message: String| {
        Err(Error::Table { path: path.to_owned(), row, column: column.map(str::to_owned), message })
    };
    let mut csv = Csv::open(path, gzip, dialect, LINE)?;
    let mut first = csv::ByteRecord::new();
    if !csv.next(&mut first, path, 0)? {
        return at(None, None, "the file is empty; a header and at least one row are needed".into());
    }
    // Before names of that many are made.
    check_columns(path, first.len())?;
    if !dialect.header {
        return Ok((1..=first.len()).map(|i| format!("c{i}")).collect());
    }
    let mut names: Vec<String> = Vec::with_capacity(first.len());
    let mut places = HashMap::new();
    for (i, field) in first.iter().enumerate() {
        let field = if i == 0 { field.strip_prefix(b"\xef\xbb\xbf").unwrap_or(field) } else { field };
        let name = match std::str::from_utf8(field) {
            Ok(text) => text.trim().to_owned(),
            Err(_) => return at(Some(1), None, format!("the name of column {} is not UTF-8", i + 1)),
        };
        let name = if name.is_empty() { format!("c{}", i + 1) } else { name };
        if let Some(earlier) = places.insert(name.clone(), i) {
            let message = format!("columns {} and {} have the same name; rename one", earlier + 1, i + 1);
            return at(Some(1), Some(&name), message);
        }
        names.push(name);
    }
    // A first line of numbers alone is almost always a row.
    if names.iter().all(|n| n.parse::<f64>().is_ok()) {
        return at(
            Some(1),
            None,
            "the first line holds numbers instead of names; is --no-header missing?".into(),
        );
    }
    Ok(names)
}

/// The rows of a CSV file.
pub(super) struct CsvReader {
    path: PathBuf,
    csv: Csv,
    record: csv::ByteRecord,
    /// How many fields each row has.
    fields: usize,
    names: Vec<String>,
    /// Places of the chosen columns; the last `labels` of them are labels.
    chosen: Vec<usize>,
    labels: usize,
    reject_missing: bool,
    rows: u64,
}

impl CsvReader {
    pub(super) fn open(
        path: &Path,
        gzip: bool,
        dialect: Dialect,
        names: Vec<String>,
        chosen: Vec<usize>,
        labels: usize,
        reject_missing: bool,
    ) -> Result<Self> {
        let mut csv = Csv::open(path, gzip, dialect, BUFFER)?;
        let mut record = csv::ByteRecord::new();
        if dialect.header {
            csv.next(&mut record, path, names.len())?;
        }
        let path = path.to_owned();
        Ok(Self { path, csv, record, fields: names.len(), names, chosen, labels, reject_missing, rows: 0 })
    }

    /// A field that is not a plain number.
    fn unusual(&self, field: &[u8], line: u64, place: usize) -> Result<f64> {
        let column = self.chosen[place];
        let fail = |message: String| {
            let column = Some(self.names[column].clone());
            Err(Error::Table { path: self.path.clone(), row: Some(line), column, message })
        };
        let text = String::from_utf8_lossy(field);
        let text = text.trim();
        if text.is_empty() || MISSING.contains(&text.to_ascii_lowercase().as_str()) {
            if self.reject_missing {
                return fail(
                    "the value is missing; fill it in, or leave such rows out with --missing drop".into(),
                );
            }
            return Ok(f64::NAN);
        }
        let found = shorten(text);
        match text.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(x),
            Ok(_) => fail(format!("found '{found}', but only finite numbers can be used")),
            Err(_) if place + self.labels >= self.chosen.len() => {
                fail(format!("the label must be a number, but here it is '{found}'"))
            }
            Err(_) => fail(format!(
                "found '{found}', but a number is needed; turn text into numbers first, or train on other columns \
                 (--features)"
            )),
        }
    }
}

impl Reader for CsvReader {
    fn next(&mut self, most: usize) -> Result<Option<Raw>> {
        let mut values = Vec::with_capacity(most * self.chosen.len());
        let mut rows = 0;
        let mut record = std::mem::take(&mut self.record);
        while rows < most {
            if !self.csv.next(&mut record, &self.path, self.fields)? {
                break;
            }
            if record.len() != self.fields {
                let line = record.position().map(csv::Position::line);
                let message = ragged(record.len(), self.fields);
                return Err(Error::Table { path: self.path.clone(), row: line, column: None, message });
            }
            for (place, &column) in self.chosen.iter().enumerate() {
                let field = record.get(column).unwrap_or_default().trim_ascii();
                let number = std::str::from_utf8(field).ok().and_then(|text| text.parse::<f64>().ok());
                values.push(match number {
                    Some(x) if x.is_finite() => x,
                    _ => {
                        let line = record.position().map_or(0, csv::Position::line);
                        self.unusual(field, line, place)?
                    }
                });
            }
            rows += 1;
        }
        self.record = record;
        self.rows += rows as u64;
        if self.rows == 0 {
            return Err(table(&self.path, "the file has a header but no rows".into()));
        }
        Ok((rows > 0).then_some(Raw { rows, values }))
    }
}

/// An error of the library in a row that begins in that line.
fn csv_error(path: &Path, error: csv::Error, fields: usize, line: u64) -> Error {
    let row = Some(error.position().map_or(line, csv::Position::line));
    let at = |message: String| Error::Table { path: path.to_owned(), row, column: None, message };
    match error.into_kind() {
        csv::ErrorKind::Io(source) if source.kind() == std::io::ErrorKind::InvalidData => {
            at(source.to_string())
        }
        csv::ErrorKind::Io(source)
            if matches!(
                source.kind(),
                std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidInput
            ) =>
        {
            at(format!("not a complete gzip file: {source}"))
        }
        csv::ErrorKind::Io(source) => Error::System { path: path.to_owned(), action: "reading", source },
        csv::ErrorKind::UnequalLengths { len, .. } => at(ragged(len as usize, fields)),
        other => at(format!("not readable as CSV: {other:?}")),
    }
}

fn ragged(found: usize, needed: usize) -> String {
    format!(
        "found {found} fields, but the first line has {needed}; every row needs as many (is --delimiter right, and \
         every quotation mark closed?)"
    )
}
