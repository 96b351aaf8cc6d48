//! Tables of numbers from CSV files.

use crate::error::{Error, Result, shorten};
use std::fs::File;
use std::path::{Path, PathBuf};
use zonal::linalg::Matrix;

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

/// What to do with rows that lack a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Refuse the table.
    #[default]
    Reject,
    /// Leave such rows out and count them.
    Drop,
}

/// Which columns to read.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The label, if one is needed.
    pub label: Option<String>,
    /// The features in order; all columns but the label if None.
    pub features: Option<Vec<String>>,
}

/// The columns that were asked for, as numbers.
#[derive(Clone, Debug)]
pub struct Table {
    /// Names of the feature columns.
    pub feature_names: Vec<String>,
    /// The features, one row a row.
    pub features: Matrix,
    /// The label, if one was asked for.
    pub labels: Option<Vec<f64>>,
    /// Number of each row in the file, counted from 0 without the header; dropped rows keep theirs.
    pub numbers: Vec<u64>,
    /// How many rows were left out for missing values.
    pub dropped_rows: u64,
}

/// Texts that stand for a missing value, beside the empty field.
const MISSING: [&str; 7] = ["na", "n/a", "nan", "null", "none", "?", "-"];

/// Reads a table. Fields are numbers with a decimal point; white space around them is ignored. Columns that are not
/// asked for may hold anything.
///
/// # Errors
/// [`Error::NotAFile`] for pipes and folders, [`Error::Table`] with line and column for everything that is not a
/// rectangular table of finite numbers.
pub fn read(path: &Path, dialect: Dialect, columns: &Columns, missing: Missing) -> Result<Table> {
    let reader = Reader { path };
    let mut csv = reader.open(dialect)?;
    let names = reader.names(&mut csv, dialect)?;
    let (features, label) = reader.choose(&names, columns)?;

    let mut values = Vec::new();
    let mut labels = Vec::new();
    let mut numbers = Vec::new();
    let mut dropped_rows = 0u64;
    let mut record = csv::ByteRecord::new();
    let mut number = 0u64;
    while csv.read_byte_record(&mut record).map_err(|e| reader.csv_error(e, &names))? {
        let line = record.position().map_or(number + 1, csv::Position::line);
        if record.len() != names.len() {
            return Err(reader.at(Some(line), None, ragged(record.len(), names.len())));
        }
        let start = values.len();
        let mut complete = true;
        for &column in features.iter().chain(&label) {
            match parse(record.get(column).unwrap_or_default()) {
                Field::Number(x) => values.push(x),
                Field::Missing if missing == Missing::Drop => complete = false,
                Field::Missing => {
                    let message =
                        "the value is missing; fill it in, or leave such rows out with --missing drop";
                    return Err(reader.at(Some(line), Some(&names[column]), message.into()));
                }
                Field::Infinite(text) => {
                    let message = format!("found '{text}', but only finite numbers can be used");
                    return Err(reader.at(Some(line), Some(&names[column]), message));
                }
                Field::Text(text) => {
                    let message = if label == Some(column) {
                        format!("the label must be a number, but here it is '{text}'")
                    } else {
                        format!(
                            "found '{text}', but a number is needed; name the columns to use with --features, \
                             or turn text into numbers first"
                        )
                    };
                    return Err(reader.at(Some(line), Some(&names[column]), message));
                }
            }
        }
        if complete {
            if label.is_some() {
                labels.extend(values.pop());
            }
            numbers.push(number);
        } else {
            values.truncate(start);
            dropped_rows += 1;
        }
        number += 1;
    }
    if numbers.is_empty() {
        let message = if dropped_rows > 0 {
            format!("all {dropped_rows} rows lack a value, so none is left")
        } else {
            "the file has a header but no rows".to_owned()
        };
        return Err(reader.at(None, None, message));
    }
    let rows = numbers.len();
    let features_matrix =
        Matrix::from_rows(rows, features.len(), values).map_err(|e| reader.at(None, None, e.to_string()))?;
    Ok(Table {
        feature_names: features.iter().map(|&i| names[i].clone()).collect(),
        features: features_matrix,
        labels: label.is_some().then_some(labels),
        numbers,
        dropped_rows,
    })
}

/// The names of the columns of a file, without reading its rows.
///
/// # Errors
/// As [`read`].
pub fn column_names(path: &Path, dialect: Dialect) -> Result<Vec<String>> {
    let reader = Reader { path };
    let mut csv = reader.open(dialect)?;
    reader.names(&mut csv, dialect)
}

struct Reader<'a> {
    path: &'a Path,
}

impl Reader<'_> {
    fn at(&self, row: Option<u64>, column: Option<&str>, message: String) -> Error {
        Error::Table { path: self.path.to_owned(), row, column: column.map(str::to_owned), message }
    }

    fn open(&self, dialect: Dialect) -> Result<csv::Reader<File>> {
        check_plain_file(self.path)?;
        let other = ["npy", "npz", "parquet", "arrow", "feather", "gz", "xlsx", "json"];
        let extension = self.path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
        if other.contains(&extension.as_str()) {
            let message =
                format!("files of type .{extension} are not read by this version; save the table as CSV");
            return Err(self.at(None, None, message));
        }
        let file = File::open(self.path).map_err(Error::system(self.path, "opening"))?;
        // Ragged rows are found here rather than by the library, whose message lacks the advice.
        Ok(csv::ReaderBuilder::new()
            .delimiter(dialect.delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(file))
    }

    fn names(&self, csv: &mut csv::Reader<File>, dialect: Dialect) -> Result<Vec<String>> {
        let mut first = csv::ByteRecord::new();
        let start = csv.position().clone();
        if !csv.read_byte_record(&mut first).map_err(|e| self.csv_error(e, &[]))? {
            return Err(self.at(
                None,
                None,
                "the file is empty; a header and at least one row are needed".into(),
            ));
        }
        if !dialect.header {
            csv.seek(start).map_err(|e| self.csv_error(e, &[]))?;
            return Ok((1..=first.len()).map(|i| format!("c{i}")).collect());
        }
        let mut names: Vec<String> = Vec::with_capacity(first.len());
        for (i, field) in first.iter().enumerate() {
            let field = if i == 0 { field.strip_prefix(b"\xef\xbb\xbf").unwrap_or(field) } else { field };
            let name = match std::str::from_utf8(field) {
                Ok(text) => text.trim().to_owned(),
                Err(_) => {
                    return Err(self.at(Some(1), None, format!("the name of column {} is not UTF-8", i + 1)));
                }
            };
            let name = if name.is_empty() { format!("c{}", i + 1) } else { name };
            if let Some(earlier) = names.iter().position(|n| *n == name) {
                let message = format!("columns {} and {} have the same name; rename one", earlier + 1, i + 1);
                return Err(self.at(Some(1), Some(&name), message));
            }
            names.push(name);
        }
        // A first line of numbers alone is almost always a row.
        if names.iter().all(|n| n.parse::<f64>().is_ok()) {
            let message = "the first line holds numbers instead of names; is --no-header missing?";
            return Err(self.at(Some(1), None, message.into()));
        }
        Ok(names)
    }

    fn choose(&self, names: &[String], columns: &Columns) -> Result<(Vec<usize>, Option<usize>)> {
        let find = |wanted: &str| {
            names.iter().position(|n| n == wanted).ok_or_else(|| {
                let shown: Vec<String> = names.iter().take(20).map(|n| shorten(n)).collect();
                let more =
                    if names.len() > 20 { format!(" and {} more", names.len() - 20) } else { String::new() };
                let message = format!(
                    "there is no column '{}'; the columns are {}{more}",
                    shorten(wanted),
                    shown.join(", ")
                );
                self.at(None, None, message)
            })
        };
        let label = columns.label.as_deref().map(find).transpose()?;
        let Some(wanted) = &columns.features else {
            let features: Vec<usize> = (0..names.len()).filter(|i| Some(*i) != label).collect();
            if features.is_empty() {
                return Err(self.at(
                    None,
                    None,
                    "the label is the only column; at least one feature is needed".into(),
                ));
            }
            return Ok((features, label));
        };
        let mut features = Vec::new();
        for name in wanted {
            let index = find(name)?;
            if Some(index) == label {
                return Err(self.at(
                    None,
                    Some(name),
                    "the label cannot be a feature too; leave it out of --features".into(),
                ));
            }
            if features.contains(&index) {
                return Err(self.at(None, Some(name), "this column is named twice in --features".into()));
            }
            features.push(index);
        }
        if features.is_empty() {
            return Err(self.at(None, None, "--features names no column; at least one is needed".into()));
        }
        Ok((features, label))
    }

    fn csv_error(&self, error: csv::Error, names: &[String]) -> Error {
        let row = error.position().map(csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::Io(source) => {
                Error::System { path: self.path.to_owned(), action: "reading", source }
            }
            csv::ErrorKind::UnequalLengths { len, .. } => {
                self.at(row, None, ragged(len as usize, names.len()))
            }
            other => self.at(row, None, format!("not readable as CSV: {other:?}")),
        }
    }
}

fn ragged(found: usize, needed: usize) -> String {
    format!(
        "found {found} fields, but the first line has {needed}; every row needs as many (is --delimiter right?)"
    )
}

/// Refuses what cannot be read twice.
///
/// # Errors
/// [`Error::NotAFile`], [`Error::System`].
pub fn check_plain_file(path: &Path) -> Result<()> {
    let refuse = |found| Err(Error::NotAFile { path: PathBuf::from(path), found });
    if path.as_os_str() == "-" {
        return refuse("standard input, a pipe");
    }
    let meta = std::fs::metadata(path).map_err(Error::system(path, "opening"))?;
    if meta.is_file() {
        Ok(())
    } else if meta.is_dir() {
        refuse("a folder")
    } else {
        refuse("a pipe or a device")
    }
}

enum Field {
    Number(f64),
    Missing,
    Infinite(String),
    Text(String),
}

fn parse(field: &[u8]) -> Field {
    let text = String::from_utf8_lossy(field);
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if text.is_empty() || MISSING.contains(&lower.as_str()) {
        return Field::Missing;
    }
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Field::Number(x),
        Ok(_) => Field::Infinite(shorten(text)),
        Err(_) => Field::Text(shorten(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &[u8], columns: &Columns, missing: Missing, dialect: Dialect) -> Result<Table> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.csv");
        std::fs::write(&path, text).unwrap();
        read(&path, dialect, columns, missing)
    }

    fn labelled(label: &str) -> Columns {
        Columns { label: Some(label.to_owned()), features: None }
    }

    #[test]
    fn a_plain_table_is_read() {
        let text = b"\xef\xbb\xbfa, b ,y\n1,2,3\r\n\"4\",-5e-1,6\n";
        let table = read_text(text, &labelled("y"), Missing::Reject, Dialect::default()).unwrap();
        assert_eq!(table.feature_names, vec!["a", "b"]);
        assert_eq!(table.features.values(), &[1.0, 2.0, 4.0, -0.5]);
        assert_eq!(table.labels.unwrap(), vec![3.0, 6.0]);
    }

    #[test]
    fn columns_without_names_and_other_delimiters() {
        let dialect = Dialect { delimiter: b';', header: false };
        let columns = Columns { label: Some("c3".into()), features: Some(vec!["c2".into()]) };
        let table = read_text(b"x;2;3\ny;5;6\n", &columns, Missing::Reject, dialect).unwrap();
        assert_eq!(table.features.values(), &[2.0, 5.0]);
    }

    #[test]
    fn rows_with_missing_values_keep_the_numbers_of_the_others() {
        let text = b"a,y\n1,2\n,3\n4,NA\n5,6\n";
        let table = read_text(text, &labelled("y"), Missing::Drop, Dialect::default()).unwrap();
        assert_eq!(table.numbers, vec![0, 3]);
        assert_eq!(table.dropped_rows, 2);
    }

    #[test]
    fn every_fault_is_named_with_its_place() {
        let cases: &[(&[u8], &str)] = &[
            (b"", "the file is empty"),
            (b"a,y\n", "no rows"),
            (b"a,y\n1,2\n1,2,3\n", "line 3: found 3 fields, but the first line has 2"),
            (b"a,y\n1,2\nx,2\n", "line 3, column 'a': found 'x', but a number is needed"),
            (b"a,y\n1,2\n1,high\n", "line 3, column 'y': the label must be a number"),
            (b"a,y\n1,\n", "line 2, column 'y': the value is missing"),
            (b"a,y\nnan,1\n", "line 2, column 'a': the value is missing"),
            (b"a,y\n-inf,1\n", "line 2, column 'a': found '-inf'"),
            (b"a,y\n1e999,1\n", "found '1e999', but only finite"),
            (b"a,y,a\n1,2,3\n", "columns 1 and 3 have the same name"),
            (b"1,2\n3,4\n", "--no-header"),
            (b"a,b\n1,2\n", "there is no column 'y'; the columns are a, b"),
            (b"y\n1\n", "only column"),
            (b"a\xff,y\n1,2\n", "not UTF-8"),
        ];
        for (text, expected) in cases {
            let error = read_text(text, &labelled("y"), Missing::Reject, Dialect::default()).unwrap_err();
            let message = error.to_string();
            assert!(message.contains(expected), "{:?}: {message}", String::from_utf8_lossy(text));
        }
        let both = Columns { label: Some("y".into()), features: Some(vec!["a".into(), "y".into()]) };
        let message =
            read_text(b"a,y\n1,2\n", &both, Missing::Reject, Dialect::default()).unwrap_err().to_string();
        assert!(message.contains("cannot be a feature too"), "{message}");
    }

    #[test]
    fn what_is_not_a_file_is_refused_by_name() {
        let message = |p: &str| {
            read(Path::new(p), Dialect::default(), &Columns::default(), Missing::Reject)
                .unwrap_err()
                .to_string()
        };
        assert!(message("-").contains("a pipe"));
        assert!(message(".").contains("a folder"));
        assert!(message("/no/such/file.csv").contains("opening failed"));
    }
}
