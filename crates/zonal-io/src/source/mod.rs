//! Tables of numbers in blocks of rows, from one file or several: CSV (plain or gzip), NPY, NPZ, Parquet and Arrow; or from
//! memory. Memory does not grow with the number of rows, and a table can be read as often as one likes.

mod announced;
mod arrow;
mod columns;
mod csv;
mod guard;
mod memory;
mod numpy;
mod pages;

pub use columns::Columns;
pub use csv::Dialect;
pub use memory::Table;

use crate::error::{Error, Result};
use columns::Chosen;
use memory::MemoryReader;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use zonal::linalg::Matrix;
use zonal::rows::Rows;

/// What to do with rows that lack a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Refuse the table.
    #[default]
    Reject,
    /// Leave such rows out and count them.
    Drop,
}

/// How a file is written, told by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    GzipCsv,
    Npy,
    Npz,
    Parquet,
    Arrow,
}

/// A table that has been found and whose columns are known.
#[derive(Clone, Debug)]
pub struct Source {
    pieces: Vec<Piece>,
    dialect: Dialect,
    missing: Missing,
    feature_names: Vec<String>,
    label_names: Vec<String>,
    weight_name: Option<String>,
    first_row: u64,
}

/// By which a file that was changed is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    /// None where the system does not tell.
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self> {
        check_plain_file(path)?;
        let meta = std::fs::metadata(path).map_err(Error::system(path, "opening"))?;
        Ok(Self { bytes: meta.len(), modified: meta.modified().ok() })
    }
}

/// Rows that stand together.
#[derive(Clone, Debug)]
enum Piece {
    File(PathBuf, Format, Stamp),
    Memory(Arc<dyn Table>),
}

impl Piece {
    /// Readings of one table must be of the same rows.
    fn check_unchanged(&self) -> Result<()> {
        let Self::File(path, _, before) = self else { return Ok(()) };
        let now = Stamp::of(path)?;
        if now == *before {
            return Ok(());
        }
        let message = format!(
            "was changed while it was being used ({} bytes before, {} now): results would be of no one table; run it anew \
             when nothing writes to it",
            before.bytes, now.bytes
        );
        Err(table(path, message))
    }

    /// What messages call it.
    fn name(&self) -> &Path {
        match self {
            Self::File(path, ..) => path,
            Self::Memory(_) => Path::new("the table in memory"),
        }
    }
}

/// Some rows of a file: values of the chosen columns, row after row, NaN where one is missing.
struct Raw {
    rows: usize,
    values: Vec<f64>,
}

/// The rows of one file, some at a time.
trait Reader: Send {
    /// At most `most` rows; None after the last.
    fn next(&mut self, most: usize) -> Result<Option<Raw>>;
}

/// How many rows of so many columns are read at a time.
fn block_rows(columns: usize) -> usize {
    (BLOCK_VALUES / columns.max(1)).clamp(16, BLOCK_ROWS)
}

/// Values of a block, as f64: 2 MB.
const BLOCK_VALUES: usize = 1 << 18;
/// Rows of a block at most.
const BLOCK_ROWS: usize = 8_192;
/// The most columns of a table.
const MOST_COLUMNS: usize = 1_000_000;
/// Weights within these limits have roots and sums in single precision too.
const SMALLEST_WEIGHT: f64 = 1e-30;
const LARGEST_WEIGHT: f64 = 1e30;

impl Source {
    /// Finds the files and the columns; nothing but headers is read. A path that is no file may be a pattern with `*`
    /// and `?`; its files come in the order of their names. All files need the chosen columns, in any order.
    ///
    /// # Errors
    /// [`Error::NotAFile`] for pipes and folders, [`Error::Table`] for files without such columns, [`Error::System`].
    pub fn open(paths: &[PathBuf], dialect: Dialect, columns: &Columns, missing: Missing) -> Result<Self> {
        let mut files = Vec::new();
        for path in paths {
            for file in matches(path)? {
                let stamp = Stamp::of(&file)?;
                let format = format(&file)?;
                files.push((file, format, stamp));
            }
        }
        let Some((first, format, _)) = files.first() else {
            let path = PathBuf::from("the table");
            let message = "no file is given; at least one is needed".into();
            return Err(Error::Table { path, row: None, column: None, message });
        };
        let names = names(first, *format, dialect)?;
        let chosen = Chosen::find(first, &names, columns)?;
        let of = |list: &[usize]| list.iter().map(|&i| names[i].clone()).collect::<Vec<_>>();
        let mut source = Self {
            dialect,
            missing,
            feature_names: of(&chosen.features),
            label_names: of(&chosen.labels),
            weight_name: chosen.weight.map(|i| names[i].clone()),
            first_row: 0,
            pieces: Vec::new(),
        };
        for (file, format, _) in &files[1..] {
            source.chosen(file, *format)?;
        }
        source.pieces = files.into_iter().map(|(f, format, stamp)| Piece::File(f, format, stamp)).collect();
        Ok(source)
    }

    /// A table in memory, whose columns are the features, the labels and, where a weight is named, the weights.
    ///
    /// # Errors
    /// [`Error::Table`] for another number of names than columns.
    pub fn memory(
        table: Arc<dyn Table>,
        feature_names: Vec<String>,
        label_names: Vec<String>,
        weight_name: Option<String>,
        missing: Missing,
    ) -> Result<Self> {
        let found = table.columns();
        let (pieces, dialect) = (vec![Piece::Memory(table)], Dialect::default());
        let source = Self { pieces, dialect, missing, feature_names, label_names, weight_name, first_row: 0 };
        if found == source.columns() {
            return Ok(source);
        }
        let message = format!("it has {found} columns, but {} are named", source.columns());
        Err(Error::Table { path: "the table in memory".into(), row: None, column: None, message })
    }

    /// The same rows with numbers from another one on than 0, as a part of a longer table.
    pub fn starting_at(self, first_row: u64) -> Self {
        Self { first_row, ..self }
    }

    /// Whether rows have weights.
    pub fn is_weighted(&self) -> bool {
        self.weight_name.is_some()
    }

    /// Names of the feature columns.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// Names of the labels.
    pub fn label_names(&self) -> &[String] {
        &self.label_names
    }

    /// The files, in the order in which their rows are numbered.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::File(path, ..) => Some(path.as_path()),
            Piece::Memory(_) => None,
        })
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files().filter_map(|p| std::fs::metadata(p).ok()).map(|m| m.len()).sum()
    }

    /// All rows from the first on, in blocks.
    pub fn blocks(&self) -> Blocks<'_> {
        Blocks { source: self, piece: 0, reader: None, next_row: self.first_row, in_file: 0, failed: false }
    }

    /// How many columns are read.
    fn columns(&self) -> usize {
        self.feature_names.len() + self.label_names.len() + usize::from(self.is_weighted())
    }

    /// The columns of one file, and where the chosen ones stand.
    fn chosen(&self, path: &Path, format: Format) -> Result<(Vec<String>, Vec<usize>)> {
        let names = names(path, format, self.dialect)?;
        let columns = Columns {
            labels: self.label_names.clone(),
            features: Some(self.feature_names.clone()),
            weight: self.weight_name.clone(),
        };
        let chosen = Chosen::find(path, &names, &columns)?;
        let chosen = chosen.features.into_iter().chain(chosen.labels).chain(chosen.weight).collect();
        Ok((names, chosen))
    }

    fn reader(&self, piece: &Piece) -> Result<Box<dyn Reader>> {
        let (path, format) = match piece {
            Piece::File(path, format, _) => (path, *format),
            Piece::Memory(table) => {
                return Ok(Box::new(MemoryReader::new(Arc::clone(table), self.columns())));
            }
        };
        let (names, chosen) = self.chosen(path, format)?;
        // Weights must be there like labels.
        let labels = self.label_names.len() + usize::from(self.is_weighted());
        let reject = self.missing == Missing::Reject;
        Ok(match format {
            Format::Csv | Format::GzipCsv => Box::new(csv::CsvReader::open(
                path,
                format == Format::GzipCsv,
                self.dialect,
                names,
                chosen,
                labels,
                reject,
            )?),
            Format::Npy => Box::new(numpy::NumpyReader::npy(path, &chosen)?),
            Format::Npz => Box::new(numpy::NumpyReader::npz(path, &chosen)?),
            Format::Parquet => Box::new(arrow::parquet(path, &chosen)?),
            Format::Arrow => Box::new(arrow::ipc(path, &chosen)?),
        })
    }
}

/// The blocks of a table, in order. After an error there are no more.
pub struct Blocks<'a> {
    source: &'a Source,
    piece: usize,
    reader: Option<Box<dyn Reader>>,
    next_row: u64,
    in_file: u64,
    failed: bool,
}

impl Blocks<'_> {
    fn advance(&mut self) -> Result<Option<Rows>> {
        let most = block_rows(self.source.columns());
        while let Some(piece) = self.source.pieces.get(self.piece) {
            if self.reader.is_none() {
                piece.check_unchanged()?;
                self.reader = Some(self.source.reader(piece)?);
                self.in_file = 0;
            }
            let next = match &mut self.reader {
                Some(reader) => match reader.next(most) {
                    Ok(next) => next,
                    // A file that changes is often no table while it does.
                    Err(error) => return Err(piece.check_unchanged().err().unwrap_or(error)),
                },
                None => None,
            };
            if next.is_none() {
                piece.check_unchanged()?;
            }
            match next {
                Some(raw) => return self.rows(piece.name(), raw).map(Some),
                None => {
                    self.reader = None;
                    self.piece += 1;
                }
            }
        }
        Ok(None)
    }

    /// Checks the values and leaves out rows that lack one.
    fn rows(&mut self, path: &Path, raw: Raw) -> Result<Rows> {
        let source = self.source;
        let (features, labels) = (source.feature_names.len(), source.label_names.len());
        let columns = source.columns();
        let name = |column: usize| {
            let mut names = source.feature_names.iter().chain(&source.label_names).chain(&source.weight_name);
            names.nth(column).cloned()
        };
        let first = self.next_row;
        let mut rows = Rows::empty(first..first + raw.rows as u64, features, labels);
        let mut x = Vec::with_capacity(raw.rows * features);
        let mut y = Vec::with_capacity(raw.rows * labels);
        for (i, row) in raw.values.chunks_exact(columns).enumerate() {
            // A row that counts for nothing is as one that is not there.
            if source.is_weighted() && row[features + labels] == 0.0 {
                continue;
            }
            match row.iter().position(|x| !x.is_finite()) {
                None => {
                    if source.is_weighted() {
                        let weight = row[features + labels];
                        if !(SMALLEST_WEIGHT..=LARGEST_WEIGHT).contains(&weight) {
                            let place = self.in_file + i as u64;
                            return Err(Error::Table {
                                path: path.to_owned(),
                                row: None,
                                column: name(features + labels),
                                message: format!(
                                    "row {place} (counted from 0) has the weight {weight}, but 0 or a number from {SMALLEST_WEIGHT:e} to \
                                     {LARGEST_WEIGHT:e} is needed"
                                ),
                            });
                        }
                        rows.weights.push(weight);
                    }
                    x.extend_from_slice(&row[..features]);
                    y.extend_from_slice(&row[features..features + labels]);
                    rows.numbers.push(first + i as u64);
                }
                Some(column) if row[column].is_nan() && source.missing == Missing::Drop => {}
                Some(column) => {
                    let place = self.in_file + i as u64;
                    let message = if row[column].is_nan() {
                        format!(
                            "row {place} (counted from 0) lacks a value; fill it in, or use --missing drop"
                        )
                    } else {
                        format!(
                            "row {place} (counted from 0) holds {}, but only finite numbers can be used",
                            row[column]
                        )
                    };
                    return Err(Error::Table {
                        path: path.to_owned(),
                        row: None,
                        column: name(column),
                        message,
                    });
                }
            }
        }
        self.next_row += raw.rows as u64;
        self.in_file += raw.rows as u64;
        let matrix = |rows: usize, columns: usize, values: Vec<f64>| {
            Matrix::from_rows(rows, columns, values).map_err(|e| table(path, e.to_string()))
        };
        let kept = rows.numbers.len();
        rows.features = matrix(kept, features, x)?;
        rows.labels = matrix(kept, labels, y)?;
        Ok(rows)
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Rows>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance();
        self.failed = next.is_err();
        next.transpose()
    }
}

/// An error about a file as a whole.
fn table(path: &Path, message: String) -> Error {
    Error::Table { path: path.to_owned(), row: None, column: None, message }
}

/// The names of the columns of one file.
fn names(path: &Path, format: Format, dialect: Dialect) -> Result<Vec<String>> {
    let names = match format {
        Format::Csv | Format::GzipCsv => csv::names(path, format == Format::GzipCsv, dialect)?,
        Format::Npy => numpy::npy_names(path)?,
        Format::Npz => numpy::npz_names(path)?,
        Format::Parquet => arrow::parquet_names(path)?,
        Format::Arrow => arrow::ipc_names(path)?,
    };
    check_columns(path, names.len())?;
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|w| w[0] == w[1]) {
        Some(twice) => Err(table(path, format!("two columns are called '{}'; rename one", twice[0]))),
        None => Ok(names),
    }
}

/// More columns would be names without numbers for most of memory.
fn check_columns(path: &Path, columns: usize) -> Result<()> {
    if columns <= MOST_COLUMNS {
        return Ok(());
    }
    Err(table(path, format!("has {columns} columns, but at most {MOST_COLUMNS} are read")))
}

/// The files that a path stands for.
fn matches(path: &Path) -> Result<Vec<PathBuf>> {
    let text = path.to_string_lossy();
    if std::fs::metadata(path).is_ok() || !text.contains(['*', '?']) {
        return Ok(vec![path.to_owned()]);
    }
    let found = glob::glob(&text).map_err(|e| table(path, format!("not a pattern for files: {e}")))?;
    let files: Vec<PathBuf> = found.filter_map(std::result::Result::ok).collect();
    if files.is_empty() { Err(table(path, "no file matches this pattern".into())) } else { Ok(files) }
}

/// How a file is written.
fn format(path: &Path) -> Result<Format> {
    check_plain_file(path)?;
    let mut first = Vec::new();
    let file = File::open(path).map_err(Error::system(path, "opening"))?;
    file.take(8).read_to_end(&mut first).map_err(Error::system(path, "reading"))?;
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    match first.as_slice() {
        [b'P', b'A', b'R', b'1', ..] => Ok(Format::Parquet),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Ok(Format::Arrow),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Ok(Format::Npy),
        [b'P', b'K', ..] if extension == "npz" => Ok(Format::Npz),
        [0x1f, 0x8b, ..] => Ok(Format::GzipCsv),
        _ => match extension.as_str() {
            "parquet" | "arrow" | "feather" | "npy" | "npz" | "gz" => Err(table(
                path,
                format!("the name ends in .{extension}, but the file does not begin like one"),
            )),
            "xlsx" | "xls" | "json" | "jsonl" | "zip" | "bz2" | "xz" | "zst" => Err(table(
                path,
                format!(
                    "files of type .{extension} are not read; save the table as CSV, NPY, Parquet or Arrow"
                ),
            )),
            _ => Ok(Format::Csv),
        },
    }
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

#[cfg(test)]
mod tests;
