//! CSV files, plain or gzip. Fields are numbers with a decimal point, or true and false for 1 and 0; white space around them
//! is ignored. Columns that are not used may hold anything.

use super::reader::{DATES, Raw, Reader, check_columns, table};
use crate::error::{Error, Result, shorten};
use flate2::read::MultiGzDecoder;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

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
/// Bytes read at a time.
const BUFFER: usize = 1 << 16;

/// Bytes of a row at most: one without an end, as behind a quotation mark that nothing closes, would be held whole.
const MOST_ROW: usize = 32 << 20;

/// Counters that the reader of bytes shares with the reader of rows.
#[derive(Default)]
struct Flow {
    /// Bytes that the current row may still have.
    ration: AtomicUsize,
    /// Bytes read so far.
    bytes: AtomicU64,
    /// Bytes up to the end of the last line read so far.
    lines_end: AtomicU64,
}

/// A reader with a limit of bytes for each row.
struct Rationed {
    bytes: Box<dyn Read + Send>,
    flow: Arc<Flow>,
}

impl Read for Rationed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let ration = self.flow.ration.load(Ordering::Relaxed);
        if ration == 0 {
            let message = "a row is longer than 32 MiB; does a quotation mark open that nothing closes?";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
        }
        let read = self.bytes.read(buffer)?;
        self.flow.ration.store(ration.saturating_sub(read), Ordering::Relaxed);
        let before = self.flow.bytes.fetch_add(read as u64, Ordering::Relaxed);
        if let Some(at) = buffer[..read].iter().rposition(|&b| b == b'\n') {
            self.flow.lines_end.store(before + at as u64 + 1, Ordering::Relaxed);
        }
        Ok(read)
    }
}

/// The rows of a file as the library reads them.
struct Csv {
    rows: csv::Reader<Rationed>,
    flow: Arc<Flow>,
}

impl Csv {
    fn new(bytes: Box<dyn Read + Send>, gzip: bool, dialect: Dialect) -> Self {
        let bytes: Box<dyn Read + Send> =
            if gzip { Box::new(MultiGzDecoder::new(BufReader::new(bytes))) } else { bytes };
        let flow = Arc::new(Flow::default());
        // Ragged rows are found here rather than by the library, whose message lacks the advice.
        let rows = csv::ReaderBuilder::new()
            .delimiter(dialect.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER)
            .from_reader(Rationed { bytes, flow: Arc::clone(&flow) });
        Self { rows, flow }
    }

    /// The next row of a file with this number of columns; false after the last.
    fn next(&mut self, record: &mut csv::ByteRecord, path: &Path, columns: usize) -> Result<bool> {
        let line = self.rows.position().line();
        self.flow.ration.store(MOST_ROW, Ordering::Relaxed);
        self.rows.read_byte_record(record).map_err(|e| csv_error(path, e, columns, line))
    }

    /// Whether no complete line remains in the buffer, so that the next row may have to be waited for.
    fn is_drained(&self) -> bool {
        // The second of the two characters that end a line is skipped with the next row.
        self.rows.position().byte() + 1 >= self.flow.lines_end.load(Ordering::Relaxed)
    }
}

/// A table after its first line.
pub(super) struct Beginning {
    csv: Csv,
    /// The columns.
    pub(super) names: Vec<String>,
    /// The first line, where it is a row.
    first: Option<csv::ByteRecord>,
}

impl Beginning {
    /// Opens a file.
    pub(super) fn open(path: &Path, gzip: bool, dialect: Dialect) -> Result<Self> {
        let file = File::open(path).map_err(Error::system(path, "opening"))?;
        Self::read(path, Box::new(file), gzip, dialect)
    }

    /// Reads the first line.
    pub(super) fn read(
        path: &Path,
        bytes: Box<dyn Read + Send>,
        gzip: bool,
        dialect: Dialect,
    ) -> Result<Self> {
        let mut csv = Csv::new(bytes, gzip, dialect);
        let mut first = csv::ByteRecord::new();
        if !csv.next(&mut first, path, 0)? {
            return Err(table(path, "the file is empty; a header and at least one row are needed".into()));
        }
        // Before names of that many are made.
        check_columns(path, first.len())?;
        if dialect.header {
            return Ok(Self { csv, names: header(path, &first)?, first: None });
        }
        let names = (1..=first.len()).map(|i| format!("c{i}")).collect();
        Ok(Self { csv, names, first: Some(first) })
    }
}

/// The names in a first line.
fn header(path: &Path, first: &csv::ByteRecord) -> Result<Vec<String>> {
    let fail = |column: Option<&str>, message: String| {
        Err(Error::Table { path: path.to_owned(), row: Some(1), column: column.map(str::to_owned), message })
    };
    let marked = first.iter().next().and_then(|field| field.strip_prefix(b"\xef\xbb\xbf"));
    let fields: Vec<&[u8]> =
        marked.into_iter().chain(first.iter().skip(usize::from(marked.is_some()))).collect();
    // A first line of numbers alone is almost always a row.
    let is_value = |field: &&[u8]| is_number(field) || boolean(field).is_some();
    if fields.iter().all(is_value) && fields.iter().any(|field| is_number(field)) {
        return fail(
            None,
            "the first line holds numbers, but names of columns are needed; is --no-header missing?".into(),
        );
    }
    let mut names: Vec<String> = Vec::with_capacity(first.len());
    let mut places = HashMap::new();
    for (i, field) in fields.into_iter().enumerate() {
        let name = match std::str::from_utf8(field) {
            Ok(text) => text.trim().to_owned(),
            Err(_) => return fail(None, format!("the name of column {} is not UTF-8", i + 1)),
        };
        let name = if name.is_empty() { format!("c{}", i + 1) } else { name };
        if let Some(earlier) = places.insert(name.clone(), i) {
            let message = format!("columns {} and {} have the same name; rename one", earlier + 1, i + 1);
            return fail(Some(&name), message);
        }
        names.push(name);
    }
    Ok(names)
}

/// Whether a field begins like a date, 2024-01-31 or 2024/1/31.
fn is_date(field: &[u8]) -> bool {
    let year = field.iter().take_while(|b| b.is_ascii_digit()).count();
    year == 4 && matches!(field[year..], [b'-' | b'/', b'0'..=b'9', ..])
}

fn is_number(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| text.trim().parse::<f64>().is_ok())
}

/// A field that is a boolean in any case of its letters: 0 or 1.
fn boolean(field: &[u8]) -> Option<f64> {
    let field = field.trim_ascii();
    if field.eq_ignore_ascii_case(b"true") {
        return Some(1.0);
    }
    field.eq_ignore_ascii_case(b"false").then_some(0.0)
}

/// The rows of a CSV file.
pub(super) struct CsvReader {
    path: PathBuf,
    csv: Csv,
    record: csv::ByteRecord,
    /// A row that has been read already.
    first: Option<csv::ByteRecord>,
    names: Vec<String>,
    /// Places of the chosen columns; the last `labels` of them are labels.
    chosen: Vec<usize>,
    labels: usize,
    reject_missing: bool,
    /// Whether a block ends early rather than wait for more rows.
    prompt: bool,
    /// The error of a row, to be returned after the rows before it.
    fault: Option<Error>,
    rows: u64,
}

impl CsvReader {
    pub(super) fn new(
        path: &Path,
        beginning: Beginning,
        chosen: Vec<usize>,
        labels: usize,
        reject_missing: bool,
        prompt: bool,
    ) -> Self {
        let Beginning { csv, names, first } = beginning;
        Self {
            path: path.to_owned(),
            csv,
            record: csv::ByteRecord::new(),
            first,
            names,
            chosen,
            labels,
            reject_missing,
            prompt,
            fault: None,
            rows: 0,
        }
    }

    /// Reads a row; false after the last.
    fn row(&mut self, record: &mut csv::ByteRecord, values: &mut Vec<f64>) -> Result<bool> {
        match self.first.take() {
            Some(first) => *record = first,
            None if !self.csv.next(record, &self.path, self.names.len())? => return Ok(false),
            None => {}
        }
        let line = record.position().map(csv::Position::line);
        if record.len() != self.names.len() {
            let message = ragged(record.len(), self.names.len());
            return Err(Error::Table { path: self.path.clone(), row: line, column: None, message });
        }
        for (place, &column) in self.chosen.iter().enumerate() {
            let field = record.get(column).unwrap_or_default().trim_ascii();
            let number = std::str::from_utf8(field).ok().and_then(|text| text.parse::<f64>().ok());
            values.push(match number.filter(|x| x.is_finite()).or_else(|| boolean(field)) {
                Some(x) => x,
                None => self.unusual(field, line.unwrap_or(0), place)?,
            });
        }
        Ok(true)
    }

    /// A field that is neither a plain number nor a boolean.
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
            Err(_) => {
                let text = "turn text into numbers first, or train on other columns (--features)";
                let advice = if is_date(field) { DATES } else { text };
                fail(format!("found '{found}', but a number is needed; {advice}"))
            }
        }
    }
}

impl Reader for CsvReader {
    fn next(&mut self, most: usize) -> Result<Option<Raw>> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let mut values = Vec::with_capacity(most * self.chosen.len());
        let mut rows = 0;
        let mut record = std::mem::take(&mut self.record);
        while rows < most {
            match self.row(&mut record, &mut values) {
                Ok(true) => rows += 1,
                Ok(false) => break,
                Err(fault) if rows == 0 => return Err(fault),
                Err(fault) => {
                    values.truncate(rows * self.chosen.len());
                    self.fault = Some(fault);
                    break;
                }
            }
            if self.prompt && self.csv.is_drained() {
                break;
            }
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
