//! The reader of CSV files, plain or gzip. Fields are numbers with a decimal point or comma, or true and false for 1 and 0; surrounding
//! white space is ignored. Unused columns may hold anything.

use super::classes::{Classes, class_name};
use super::dates;
use super::draws;
use super::encoding::{Cells, EncodedColumn, Encoding};
use super::reader::{Cell, DATES, RawRows, Reader, check_columns, table};
use crate::error::{Error, Result, shorten};
use crate::option::{self, CATEGORICAL, DECIMAL, DELIMITER, FEATURES, NO_HEADER};
use flate2::read::MultiGzDecoder;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The dialect of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The byte between fields.
    pub delimiter: u8,
    /// Whether the first line names the columns; otherwise they are named c1, c2, ..
    pub header: bool,
    /// Whether decimals are written with a comma, and thousands with points, if they are marked.
    pub decimal_comma: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', header: true, decimal_comma: false }
    }
}

impl Dialect {
    /// Creates a dialect, and checks that the delimiter is one byte that cannot be part of a number.
    ///
    /// # Errors
    /// [`Error::Delimiter`].
    pub fn new(header: bool, delimiter: char, decimal_comma: bool) -> Result<Self> {
        let byte = u8::try_from(delimiter).ok().filter(u8::is_ascii);
        let byte = byte.filter(|b| !b.is_ascii_alphanumeric() && !b"\"\r\n.+-".contains(b));
        byte.map(|delimiter| Self { delimiter, header, decimal_comma })
            .ok_or(Error::Delimiter { found: delimiter })
    }
}

/// Fields that stand for a missing value, in addition to the empty field.
const MISSING: [&str; 7] = ["na", "n/a", "nan", "null", "none", "?", "-"];
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
    bytes: Box<dyn Read + Send>,
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
    rows: csv::Reader<LimitedReader>,
    counters: Arc<Counters>,
}

impl Records {
    fn new(bytes: Box<dyn Read + Send>, gzip: bool, dialect: Dialect) -> Self {
        let bytes: Box<dyn Read + Send> =
            if gzip { Box::new(MultiGzDecoder::new(BufReader::new(bytes))) } else { bytes };
        let counters = Arc::new(Counters::default());
        // Flexible, since the library's message for rows of unequal length gives no advice.
        let rows = csv::ReaderBuilder::new()
            .delimiter(dialect.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(LimitedReader { bytes, counters: Arc::clone(&counters) });
        Self { rows, counters }
    }

    /// Reads the next row of a file with this number of columns; false after the last.
    fn next(&mut self, record: &mut csv::ByteRecord, path: &Path, columns: usize) -> Result<bool> {
        let line = self.rows.position().line();
        self.counters.budget.store(MAX_ROW_BYTES, Ordering::Relaxed);
        self.rows.read_byte_record(record).map_err(|e| csv_error(path, e, columns, line))
    }

    /// Returns whether the buffer holds no further complete line, so that reading the next row may block.
    fn is_drained(&self) -> bool {
        // The line feed of CR LF is skipped with the next row.
        self.rows.position().byte() + 1 >= self.counters.lines_end.load(Ordering::Relaxed)
    }
}

/// A CSV file whose first line has been read.
pub(super) struct OpenCsv {
    records: Records,
    /// The names of the columns.
    pub(super) names: Vec<String>,
    /// The indices of the columns to which the header gives no name.
    pub(super) unnamed: Vec<usize>,
    /// The first line, if it is a row.
    first: Option<csv::ByteRecord>,
    decimal_comma: bool,
}

impl OpenCsv {
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
        let mut records = Records::new(bytes, gzip, dialect);
        let mut first = csv::ByteRecord::new();
        if !records.next(&mut first, path, 0)? {
            return Err(table(path, "the file is empty; a header and at least one row are needed".into()));
        }
        // Checked before the names are created.
        check_columns(path, first.len())?;
        if dialect.header {
            let is_unnamed =
                |field: &[u8]| field.strip_prefix(BYTE_ORDER_MARK).unwrap_or(field).trim_ascii().is_empty();
            let unnamed = (0..first.len()).filter(|i| first.get(*i).is_some_and(is_unnamed)).collect();
            let names = header(path, &first)?;
            return Ok(Self { records, names, unnamed, first: None, decimal_comma: dialect.decimal_comma });
        }
        let names = (1..=first.len()).map(|i| format!("c{i}")).collect();
        let decimal_comma = dialect.decimal_comma;
        Ok(Self { records, names, unnamed: Vec::new(), first: Some(first), decimal_comma })
    }
}

/// The first bytes of some UTF-8 files.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the names in the first line.
fn header(path: &Path, first: &csv::ByteRecord) -> Result<Vec<String>> {
    let fail = |column: Option<&str>, message: String| {
        Err(Error::Table { path: path.to_owned(), row: Some(1), column: column.map(str::to_owned), message })
    };
    // The first field without a byte order mark, if it has one.
    let unmarked = first.iter().next().and_then(|field| field.strip_prefix(BYTE_ORDER_MARK));
    let fields: Vec<&[u8]> =
        unmarked.into_iter().chain(first.iter().skip(usize::from(unmarked.is_some()))).collect();
    // A first line of numbers is almost always a row.
    let is_value = |field: &&[u8]| is_number(field) || boolean(field).is_some();
    if fields.iter().all(is_value) && fields.iter().any(|field| is_number(field)) {
        return fail(
            None,
            format!(
                "the first line holds numbers, but column names are needed; if it is a row, use {}",
                NO_HEADER.set()
            ),
        );
    }
    let mut names: Vec<String> = Vec::with_capacity(first.len());
    let mut indices = HashMap::new();
    for (i, field) in fields.into_iter().enumerate() {
        let name = match std::str::from_utf8(field) {
            Ok(text) => text.trim().to_owned(),
            Err(_) => return fail(None, format!("the name of column {} is not UTF-8", i + 1)),
        };
        let name = if name.is_empty() { format!("c{}", i + 1) } else { name };
        if let Some(earlier) = indices.insert(name.clone(), i) {
            let message = format!("columns {} and {} have the same name; rename one", earlier + 1, i + 1);
            return fail(Some(&name), message);
        }
        names.push(name);
    }
    Ok(names)
}

/// Returns whether a field begins like a date, such as 2024-01-31 or 2024/1/31.
fn is_date(field: &[u8]) -> bool {
    let year = field.iter().take_while(|b| b.is_ascii_digit()).count();
    year == 4 && matches!(field[year..], [b'-' | b'/', b'0'..=b'9', ..])
}

/// Returns whether a text begins like a date or is a number with a decimal comma.
pub(super) fn looks_like_a_number(text: &str) -> bool {
    is_date(text.as_bytes()) || has_decimal_comma(text)
}

/// Returns the advice for a number with a comma.
fn decimals() -> String {
    format!("; write decimals with a point, or use {}", DECIMAL.with("comma"))
}

/// Returns whether a text is a number with a comma in place of the point, such as -1,5.
fn has_decimal_comma(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.trim().trim_start_matches(['-', '+']);
    unsigned.split_once(',').is_some_and(|(whole, decimals)| digits(whole) && digits(decimals))
}

/// Parses a number whose decimal mark is a comma and whose thousands may be marked by points, such as -1.234,5.
pub(super) fn decimal_comma(text: &str) -> Option<f64> {
    let (whole, rest) = text.split_once(',').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let is_marked = whole.contains('.');
    if is_marked {
        let digits = whole.trim_start_matches(['-', '+']);
        let mut groups = digits.split('.');
        let are_digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
        let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && are_digits(group));
        if !first || !groups.all(|group| group.len() == 3 && are_digits(group)) {
            return None;
        }
    }
    if rest.is_some_and(|rest| rest.contains(['.', ','])) {
        return None;
    }
    let whole = whole.replace('.', "");
    rest.map_or_else(|| whole.clone(), |rest| format!("{whole}.{rest}")).parse().ok()
}

fn is_number(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| text.trim().parse::<f64>().is_ok())
}

/// Parses a boolean, ignoring case, as 0 or 1.
fn boolean(field: &[u8]) -> Option<f64> {
    let field = field.trim_ascii();
    if field.eq_ignore_ascii_case(b"true") {
        return Some(1.0);
    }
    field.eq_ignore_ascii_case(b"false").then_some(0.0)
}

/// Parses a finite number or a boolean.
fn finite(field: &[u8], has_comma: bool) -> Option<f64> {
    let text = std::str::from_utf8(field).ok();
    let number = text.and_then(|text| if has_comma { decimal_comma(text) } else { text.parse::<f64>().ok() });
    number.filter(|x| x.is_finite()).or_else(|| boolean(field))
}

/// Returns whether a text stands for a missing value.
fn is_missing(text: &str) -> bool {
    text.is_empty() || MISSING.contains(&text.to_ascii_lowercase().as_str())
}

/// A column is text if at least this share of its values is not a number. Fewer are probably mistakes.
const TEXT_SHARE: f64 = 0.1;

/// Returns whether this share of texts among the values of a column suggests that they are mistakes.
pub(super) fn is_mistake(texts: u64, values: u64) -> bool {
    (texts as f64) < TEXT_SHARE * values as f64
}

/// Returns why a column, in which this is the first text that is no date, does not hold levels; None if it does. `dates` of
/// its `texts` are dates.
pub(super) fn not_levels(text: &str, dates: u64, texts: u64, values: u64) -> Option<String> {
    let found = shorten(text);
    if 2 * dates > texts {
        return Some(format!(
            "found '{found}', but a date such as 2024-01-31 is needed, as in {dates} of the {values} values of this column; correct \
             the others, use {} if all are levels, or leave the column out of {FEATURES}",
            CATEGORICAL.set()
        ));
    }
    let needed = format!("found '{found}', but a number is needed");
    if has_decimal_comma(text) {
        return Some(needed + &decimals());
    }
    if is_date(text.as_bytes()) {
        return Some(format!("{needed}; {DATES}"));
    }
    if !is_mistake(texts, values) {
        return None;
    }
    Some(format!(
        "{needed}, as in {} of the {values} values of this column; correct the others, use {} if all are levels, or leave the \
         column out of {FEATURES}",
        values - texts,
        CATEGORICAL.set()
    ))
}

/// Which missing values are errors; others are NaN.
#[derive(Clone, Copy)]
pub(super) struct Rejects {
    pub(super) features: bool,
    /// Those of labels and weights.
    pub(super) labels: bool,
}

/// The rows of a CSV file.
pub(super) struct CsvReader {
    path: PathBuf,
    records: Records,
    record: csv::ByteRecord,
    /// The first row, if it was read in place of a header.
    first: Option<csv::ByteRecord>,
    names: Vec<String>,
    /// Indices of the chosen columns; the last `labels` of them are labels and the weight.
    chosen: Vec<usize>,
    labels: usize,
    rejects: Rejects,
    decimal_comma: bool,
    /// What the cells of the first chosen columns become; those of more columns are numbers.
    cells: Vec<Cells>,
    /// Whether a block ends early instead of waiting for more rows.
    prompt: bool,
    /// The error of a row, to be returned after the rows before it.
    pending_error: Option<Error>,
    rows: u64,
}

impl CsvReader {
    pub(super) fn new(
        path: &Path,
        csv: OpenCsv,
        chosen: Vec<usize>,
        labels: usize,
        rejects: Rejects,
        prompt: bool,
    ) -> Self {
        let OpenCsv { records, names, first, decimal_comma, .. } = csv;
        Self {
            path: path.to_owned(),
            records,
            record: csv::ByteRecord::new(),
            first,
            names,
            chosen,
            labels,
            rejects,
            decimal_comma,
            cells: Vec::new(),
            prompt,
            pending_error: None,
            rows: 0,
        }
    }

    /// Encodes the text of the feature columns, which come first, and of the label, which comes next.
    pub(super) fn encoded(
        mut self,
        features: usize,
        encoding: Option<&Encoding>,
        classes: Option<&Arc<Classes>>,
    ) -> Self {
        if let Some(encoding) = encoding {
            self.cells = encoding.columns.iter().map(EncodedColumn::cells).collect();
        }
        if let Some(classes) = classes {
            self.cells.resize_with(features, || Cells::Numbers);
            self.cells.push(Cells::Classes(Arc::clone(classes), classes.numbers()));
        }
        self
    }

    /// Reads the cells at this position, after those with other roles, as such a key.
    pub(super) fn with_key(mut self, position: usize, key: Cells) -> Self {
        self.cells.resize_with(position, || Cells::Numbers);
        self.cells.push(key);
        self
    }

    /// Reads a row and returns its line; None after the last.
    fn record(&mut self, record: &mut csv::ByteRecord) -> Result<Option<u64>> {
        match self.first.take() {
            Some(first) => *record = first,
            None if !self.records.next(record, &self.path, self.names.len())? => return Ok(None),
            None => {}
        }
        let line = record.position().map(csv::Position::line);
        if record.len() != self.names.len() {
            let message = unequal_fields(record.len(), self.names.len());
            return Err(Error::Table { path: self.path.clone(), row: line, column: None, message });
        }
        Ok(Some(line.unwrap_or(0)))
    }

    /// Reads a row; false after the last.
    fn row(&mut self, record: &mut csv::ByteRecord, values: &mut Vec<f64>) -> Result<bool> {
        let Some(line) = self.record(record)? else { return Ok(false) };
        for (position, &column) in self.chosen.iter().enumerate() {
            let field = record.get(column).unwrap_or_default().trim_ascii();
            values.push(match self.cells.get(position) {
                Some(Cells::Levels(levels)) => self.level(field, levels, line, position)?,
                Some(Cells::Dates) => self.date(field, line, position)?,
                Some(Cells::Groups) => self.group(field, line, position)?,
                Some(Cells::Times) => match finite(field, self.decimal_comma) {
                    Some(time) => time,
                    None => self.date(field, line, position)?,
                },
                Some(Cells::Classes(classes, numbers)) => {
                    self.class(field, (classes, numbers), line, position)?
                }
                Some(Cells::Numbers) | None => match finite(field, self.decimal_comma) {
                    Some(x) => x,
                    None => self.special_value(field, line, position)?,
                },
            });
        }
        Ok(true)
    }

    /// Returns the number of the level of a field, and for an unknown one the number of levels.
    fn level(
        &self,
        field: &[u8],
        levels: &HashMap<String, usize>,
        line: u64,
        position: usize,
    ) -> Result<f64> {
        let text = String::from_utf8_lossy(field);
        if is_missing(&text) {
            return self.special_value(field, line, position);
        }
        // Numbers are the same level however they are written.
        let level = match finite(field, self.decimal_comma) {
            Some(x) => levels.get(&x.to_string()),
            None => levels.get(text.as_ref()),
        };
        Ok(level.copied().unwrap_or(levels.len()) as f64)
    }

    /// Returns the days of a date.
    fn date(&self, field: &[u8], line: u64, position: usize) -> Result<f64> {
        let text = String::from_utf8_lossy(field);
        if is_missing(&text) {
            return self.special_value(field, line, position);
        }
        dates::days(&text).ok_or_else(|| Error::Table {
            path: self.path.clone(),
            row: Some(line),
            column: Some(self.names[self.chosen[position]].clone()),
            message: format!(
                "found '{}', but a date such as 2024-01-31 is needed, as in other rows",
                shorten(&text)
            ),
        })
    }

    /// Returns the number of a group: its own, or that of its text.
    fn group(&self, field: &[u8], line: u64, position: usize) -> Result<f64> {
        let text = String::from_utf8_lossy(field);
        if is_missing(&text) {
            return self.special_value(field, line, position);
        }
        Ok(finite(field, self.decimal_comma).unwrap_or_else(|| draws::group(&text)))
    }

    /// Returns the number of the class of a label.
    fn class(
        &self,
        field: &[u8],
        (classes, numbers): (&Classes, &HashMap<String, usize>),
        line: u64,
        position: usize,
    ) -> Result<f64> {
        // Most labels are written like the name of their class.
        if let Some(class) = std::str::from_utf8(field).ok().and_then(|text| numbers.get(text)) {
            return Ok(*class as f64);
        }
        let text = String::from_utf8_lossy(field);
        let Some(name) = class_name(&self.cell(field, &text, line, position)?) else {
            return self.special_value(field, line, position);
        };
        numbers.get(name.as_ref()).map(|class| *class as f64).ok_or_else(|| Error::Table {
            path: self.path.clone(),
            row: Some(line),
            column: Some(self.names[self.chosen[position]].clone()),
            message: classes.unknown(&text),
        })
    }

    /// Returns the value of a field, which has this text.
    fn cell<'a>(&self, field: &[u8], text: &'a str, line: u64, position: usize) -> Result<Cell<'a>> {
        Ok(match (boolean(field), finite(field, self.decimal_comma)) {
            (Some(x), _) => Cell::Boolean(x != 0.0),
            (None, Some(x)) => Cell::Number(x),
            (None, None) if is_missing(text) => Cell::Missing,
            // An infinite number.
            (None, None) if is_number(field) => Cell::Number(self.special_value(field, line, position)?),
            (None, None) => Cell::Text(text),
        })
    }

    /// Calls `see` with the line, the position and the value of the chosen columns at these positions, row by row, until it returns
    /// false.
    pub(super) fn for_each_cell(
        &mut self,
        positions: Range<usize>,
        see: &mut dyn FnMut(u64, usize, Cell<'_>) -> bool,
    ) -> Result<()> {
        let mut record = csv::ByteRecord::new();
        while let Some(line) = self.record(&mut record)? {
            for position in positions.clone() {
                let field = record.get(self.chosen[position]).unwrap_or_default().trim_ascii();
                let text = String::from_utf8_lossy(field);
                if !see(line, position, self.cell(field, &text, line, position)?) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Interprets a field that is neither a finite number nor a boolean.
    fn special_value(&self, field: &[u8], line: u64, position: usize) -> Result<f64> {
        let column = self.chosen[position];
        let fail = |message: String| {
            let column = Some(self.names[column].clone());
            Err(Error::Table { path: self.path.clone(), row: Some(line), column, message })
        };
        let text = String::from_utf8_lossy(field);
        let text = text.trim();
        if is_missing(text) {
            let is_label = position + self.labels >= self.chosen.len();
            if if is_label { self.rejects.labels } else { self.rejects.features } {
                let drop = option::MISSING.with("drop");
                return fail(format!("the value is missing; fill it in, or drop such rows with {drop}"));
            }
            return Ok(f64::NAN);
        }
        let found = shorten(text);
        match text.parse::<f64>() {
            Ok(x) if x.is_finite() && !self.decimal_comma => Ok(x),
            Ok(x) if x.is_finite() => fail(format!(
                "found '{found}', but decimals have a comma here; write it so, or use {}",
                DECIMAL.with("point")
            )),
            Ok(_) => fail(format!("found '{found}', but only finite numbers can be used")),
            Err(_) if position + self.labels >= self.chosen.len() => {
                let advice = if has_decimal_comma(text) {
                    decimals()
                } else {
                    format!("; use {} if the labels are classes", option::TASK.with("classify"))
                };
                fail(format!("the label must be a number, but found '{found}'{advice}"))
            }
            Err(_) => {
                let needed = format!("found '{found}', but a number is needed");
                if has_decimal_comma(text) {
                    return fail(needed + &decimals());
                }
                if is_date(field) {
                    return fail(format!("{needed}; {DATES}"));
                }
                fail(format!("{needed}; select other columns with {FEATURES}"))
            }
        }
    }
}

impl Reader for CsvReader {
    fn next(&mut self, max_rows: usize) -> Result<Option<RawRows>> {
        if let Some(error) = self.pending_error.take() {
            return Err(error);
        }
        let mut values = Vec::with_capacity(max_rows * self.chosen.len());
        let mut rows = 0;
        let mut record = std::mem::take(&mut self.record);
        while rows < max_rows {
            match self.row(&mut record, &mut values) {
                Ok(true) => rows += 1,
                Ok(false) => break,
                Err(error) if rows == 0 => return Err(error),
                Err(error) => {
                    values.truncate(rows * self.chosen.len());
                    self.pending_error = Some(error);
                    break;
                }
            }
            if self.prompt && self.records.is_drained() {
                break;
            }
        }
        self.record = record;
        self.rows += rows as u64;
        if self.rows == 0 {
            return Err(table(&self.path, "the file has a header but no rows".into()));
        }
        Ok((rows > 0).then_some(RawRows { rows, values }))
    }
}

/// Converts an error of the library in a row that begins in this line.
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
