//! Tables of numbers in blocks of rows, from one file or several: CSV (plain or gzip), NPY, NPZ, Parquet and Arrow; or from
//! memory. Memory does not grow with the number of rows. A table can be read any number of times, except from a pipe, which
//! [`Source::open_once`] accepts.

mod announced;
mod arrow;
mod blocks;
mod columns;
mod csv;
mod format;
mod guard;
mod memory;
mod numpy;
mod pages;
mod pipe;
mod reader;

pub use blocks::Blocks;
pub use columns::Columns;
pub use csv::Dialect;
pub use format::{check_plain_file, usual_delimiter};
pub use memory::Table;

use crate::error::{Error, Result};
use columns::Chosen;
use format::{Format, format, matches};
use memory::MemoryReader;
use pipe::Pipe;
use reader::{Reader, check_columns, table};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What to do with rows that lack a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Refuse the table.
    #[default]
    Reject,
    /// Leave such rows out and count them.
    Drop,
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
    prompt: bool,
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
    Pipe(Pipe),
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
            Self::Pipe(pipe) => pipe.path(),
            Self::Memory(_) => Path::new("the table in memory"),
        }
    }
}

impl Source {
    /// Finds the files and the columns; nothing but headers is read. A path that is no file may be a pattern with `*`
    /// and `?`; its files come in the order of their names. All files need the chosen columns, in any order.
    ///
    /// # Errors
    /// [`Error::NotAFile`] for pipes and folders, [`Error::Table`] for files without such columns, [`Error::System`].
    pub fn open(paths: &[PathBuf], dialect: Dialect, columns: &Columns, missing: Missing) -> Result<Self> {
        Self::find(paths, dialect, columns, missing, false)
    }

    /// As [`Source::open`] for a table that is read once: pipes with CSV, plain or gzip, are accepted too, and `-` is
    /// standard input. The header of a pipe is waited for.
    ///
    /// # Errors
    /// As [`Source::open`], except for pipes; a second reading of a pipe fails.
    pub fn open_once(
        paths: &[PathBuf],
        dialect: Dialect,
        columns: &Columns,
        missing: Missing,
    ) -> Result<Self> {
        Self::find(paths, dialect, columns, missing, true)
    }

    fn find(
        paths: &[PathBuf],
        dialect: Dialect,
        columns: &Columns,
        missing: Missing,
        once: bool,
    ) -> Result<Self> {
        let mut pieces = Vec::new();
        for path in paths {
            for file in matches(path)? {
                pieces.push(if once && pipe::is_pipe(&file) {
                    Piece::Pipe(Pipe::open(&file, dialect)?)
                } else {
                    let stamp = Stamp::of(&file)?;
                    let format = format(&file)?;
                    Piece::File(file, format, stamp)
                });
            }
        }
        let Some(first) = pieces.first() else {
            return Err(table(Path::new("the table"), "no file is given; at least one is needed".into()));
        };
        let names = piece_names(first, dialect)?;
        let chosen = Chosen::find(first.name(), &names, columns)?;
        let of = |list: &[usize]| list.iter().map(|&i| names[i].clone()).collect::<Vec<_>>();
        let source = Self {
            dialect,
            missing,
            feature_names: of(&chosen.features),
            label_names: of(&chosen.labels),
            weight_name: chosen.weight.map(|i| names[i].clone()),
            first_row: 0,
            prompt: false,
            pieces: Vec::new(),
        };
        for piece in &pieces[1..] {
            source.chosen(piece.name(), &piece_names(piece, dialect)?)?;
        }
        Ok(Self { pieces, ..source })
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
        let source = Self {
            pieces,
            dialect,
            missing,
            feature_names,
            label_names,
            weight_name,
            first_row: 0,
            prompt: false,
        };
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

    /// The same rows in blocks that do not wait: a block of a pipe ends where no further complete line has arrived.
    pub fn with_prompt_blocks(self) -> Self {
        Self { prompt: true, ..self }
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
            Piece::Pipe(_) | Piece::Memory(_) => None,
        })
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files().filter_map(|p| std::fs::metadata(p).ok()).map(|m| m.len()).sum()
    }

    /// How many columns are read.
    fn columns(&self) -> usize {
        self.feature_names.len() + self.label_names.len() + usize::from(self.is_weighted())
    }

    /// The places of the chosen columns among those of one file.
    fn chosen(&self, path: &Path, names: &[String]) -> Result<Vec<usize>> {
        let columns = Columns {
            labels: self.label_names.clone(),
            features: Some(self.feature_names.clone()),
            weight: self.weight_name.clone(),
        };
        let chosen = Chosen::find(path, names, &columns)?;
        Ok(chosen.features.into_iter().chain(chosen.labels).chain(chosen.weight).collect())
    }

    fn reader(&self, piece: &Piece) -> Result<Box<dyn Reader>> {
        let (path, format) = match piece {
            Piece::File(path, format, _) => (path, *format),
            Piece::Pipe(pipe) => return self.csv(pipe.path(), pipe.take()?, self.prompt),
            Piece::Memory(table) => {
                return Ok(Box::new(MemoryReader::new(Arc::clone(table), self.columns())));
            }
        };
        let chosen = || self.chosen(path, &names(path, format, self.dialect)?);
        Ok(match format {
            Format::Csv | Format::GzipCsv => {
                return self.csv(
                    path,
                    csv::Beginning::open(path, format == Format::GzipCsv, self.dialect)?,
                    false,
                );
            }
            Format::Npy => Box::new(numpy::NumpyReader::npy(path, &chosen()?)?),
            Format::Npz => Box::new(numpy::NumpyReader::npz(path, &chosen()?)?),
            Format::Parquet => Box::new(arrow::parquet(path, &chosen()?)?),
            Format::Arrow => Box::new(arrow::ipc(path, &chosen()?)?),
        })
    }

    fn csv(&self, path: &Path, beginning: csv::Beginning, prompt: bool) -> Result<Box<dyn Reader>> {
        let chosen = self.chosen(path, &beginning.names)?;
        // Weights must be there like labels.
        let labels = self.label_names.len() + usize::from(self.is_weighted());
        let reject = self.missing == Missing::Reject;
        Ok(Box::new(csv::CsvReader::new(path, beginning, chosen, labels, reject, prompt)))
    }
}

/// The names of the columns of a file or a pipe.
fn piece_names(piece: &Piece, dialect: Dialect) -> Result<Vec<String>> {
    match piece {
        Piece::File(path, format, _) => names(path, *format, dialect),
        Piece::Pipe(pipe) => Ok(pipe.names().to_vec()),
        Piece::Memory(_) => Ok(Vec::new()),
    }
}

/// The names of the columns of one file.
fn names(path: &Path, format: Format, dialect: Dialect) -> Result<Vec<String>> {
    let names = match format {
        Format::Csv | Format::GzipCsv => {
            csv::Beginning::open(path, format == Format::GzipCsv, dialect)?.names
        }
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

#[cfg(test)]
mod tests;
