//! Tables of numbers in blocks of rows, from one or several files (CSV, lines of JSON, NPY, NPZ, Parquet, Arrow) or from memory.
//! Memory use does not grow with the number of rows. A table can be read any number of times, except from a pipe, which only
//! [`Source::open_once`] accepts.

#[cfg(feature = "arrow")]
mod arrow;
#[cfg(feature = "arrow")]
mod arrow_column;
#[cfg(feature = "arrow")]
mod arrow_limits;
mod blocks;
mod bytes;
mod classes;
mod columns;
mod dates;
mod dialect;
mod draws;
mod encoding;
mod field;
mod format;
#[cfg(feature = "arrow")]
mod guard;
mod inspect;
mod json;
mod labels;
mod memory;
mod numpy;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_limits;
mod pipe;
mod reader;
mod records;
mod sniff;
mod text;
mod times;

pub use blocks::Blocks;
pub use classes::Classes;
pub use columns::Columns;
pub use dialect::{Decimal, Dialect};
pub use draws::DrawRule;
pub use encoding::{EncodedColumn, Encoding, Kind, Unmarked};
pub use format::check_plain_file;
pub use memory::Table;
pub use sniff::default_dialect;

use crate::error::{Error, Result};
use classes::Classified;
use columns::ColumnIndices;
use draws::{Draws, Repeated};
use encoding::{Cells, UnmarkedCounts};
use format::{Format, format, matches};
use memory::MemoryReader;
use pipe::Pipe;
use reader::{Reader, check_columns, table};
use records::OpenText;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;
use text::{Rejects, TextReader};
use zonal::rows::{Split, Strata};

/// The treatment of rows with missing values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Missing values are errors.
    #[default]
    Reject,
    /// Such rows are dropped and counted.
    Drop,
    /// Missing features are replaced by what the encoding of the source says, and are errors without one. Rows without a label are
    /// dropped and counted.
    Fill,
}

/// A table whose files and columns have been found.
#[derive(Clone, Debug)]
pub struct Source {
    pieces: Vec<Piece>,
    /// The number of pieces before those whose rows are for validation.
    own_pieces: usize,
    dialect: Dialect,
    missing: Missing,
    /// The names of the feature columns before the encoding.
    feature_names: Vec<String>,
    /// How the features become numbers, and the names of the columns after it.
    encoding: Option<(Arc<Encoding>, Vec<String>)>,
    /// Values that no column marks, in all passes.
    unmarked: Arc<UnmarkedCounts>,
    /// The names of the label columns before classes get columns of their own.
    label_names: Vec<String>,
    classified: Option<Classified>,
    /// The split for rows with draws of their own, which spread classes evenly, and the rule of the draws.
    drawn: Option<(Split, Option<DrawRule>)>,
    repeated: Arc<Repeated>,
    weight_name: Option<String>,
    /// The name of the column that determines draws.
    key_name: Option<String>,
    first_row: u64,
    prompt: bool,
}

/// The size and modification time of a file, by which changes are detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    /// None if the system does not provide it.
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self> {
        check_plain_file(path)?;
        let meta = std::fs::metadata(path).map_err(Error::system(path, "opening"))?;
        Ok(Self { bytes: meta.len(), modified: meta.modified().ok() })
    }
}

/// A contiguous part of a table.
#[derive(Clone, Debug)]
enum Piece {
    File(PathBuf, Format, Stamp),
    Pipe(Pipe),
    Memory(Arc<dyn Table>),
}

impl Piece {
    /// Checks that a file is unchanged: all passes over a table must see the same rows.
    fn check_unchanged(&self) -> Result<()> {
        let Self::File(path, _, before) = self else { return Ok(()) };
        let now = Stamp::of(path)?;
        if now == *before {
            return Ok(());
        }
        let message = format!(
            "was changed while it was being used ({} bytes before, {} now): results would mix two tables; start over when \
             no program writes to it",
            before.bytes, now.bytes
        );
        Err(table(path, message))
    }

    /// Returns the name for messages.
    fn name(&self) -> &Path {
        match self {
            Self::File(path, ..) => path,
            Self::Pipe(pipe) => pipe.path(),
            Self::Memory(_) => Path::new("the table in memory"),
        }
    }
}

impl Source {
    /// Finds the files and the columns, reading headers only. A path that is not a file may be a pattern with `*` and `?`, whose
    /// files are read in the order of their names. All files must have the chosen columns, in any order.
    ///
    /// # Errors
    /// [`Error::NotAFile`] for pipes and folders, [`Error::Table`] for files without such columns, [`Error::System`].
    pub fn open(paths: &[PathBuf], dialect: Dialect, columns: &Columns, missing: Missing) -> Result<Self> {
        Self::find(paths, dialect, columns, missing, false)
    }

    /// Finds the files as [`Source::open`] for a single pass: pipes with CSV or lines of JSON are accepted too, and `-` is
    /// standard input. Waits for the header of a pipe.
    ///
    /// # Errors
    /// As [`Source::open`], except for pipes; a second pass over a pipe fails.
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
        let chosen = ColumnIndices::find(first.name(), &names, columns)?;
        let of = |list: &[usize]| list.iter().map(|&i| names[i].clone()).collect::<Vec<_>>();
        let source = Self {
            dialect,
            missing,
            feature_names: of(&chosen.features),
            encoding: None,
            unmarked: Arc::default(),
            label_names: of(&chosen.labels),
            classified: None,
            drawn: None,
            repeated: Arc::default(),
            weight_name: chosen.weight.map(|i| names[i].clone()),
            key_name: chosen.key.map(|i| names[i].clone()),
            first_row: 0,
            prompt: false,
            pieces: Vec::new(),
            own_pieces: pieces.len(),
        };
        for piece in &pieces[1..] {
            source.chosen(piece.name(), &piece_names(piece, dialect)?)?;
        }
        Ok(Self { pieces, ..source })
    }

    /// Creates a source from a table in memory, whose columns are the features, the labels and, if named, the weight and the column that
    /// determines draws.
    ///
    /// # Errors
    /// [`Error::Table`] unless there is one name per column.
    pub fn memory(
        table: Arc<dyn Table>,
        feature_names: Vec<String>,
        label_names: Vec<String>,
        [weight_name, key_name]: [Option<String>; 2],
        missing: Missing,
    ) -> Result<Self> {
        let found = table.columns();
        let (pieces, dialect) = (vec![Piece::Memory(table)], Dialect::default());
        let source = Self {
            pieces,
            own_pieces: 1,
            dialect,
            missing,
            feature_names,
            encoding: None,
            unmarked: Arc::default(),
            label_names,
            classified: None,
            drawn: None,
            repeated: Arc::default(),
            weight_name,
            key_name,
            first_row: 0,
            prompt: false,
        };
        if found == source.columns() {
            return Ok(source);
        }
        let message = format!("it has {found} columns, but {} are named", source.columns());
        Err(Error::Table { path: "the table in memory".into(), row: None, column: None, message })
    }

    /// Appends the rows of a source with the same columns, all of which are for validation.
    ///
    /// # Errors
    /// [`Error::Table`] for other columns.
    pub fn with_validation(self, other: Self) -> Result<Self> {
        let columns = |source: &Self| {
            let Self { feature_names, label_names, weight_name, key_name, .. } = source.clone();
            (feature_names, label_names, weight_name.is_some(), key_name.is_some())
        };
        if columns(&self) != columns(&other) {
            let path = other.pieces.first().map_or(Path::new("the table"), Piece::name);
            return Err(table(path, "has other columns than the table that it is to validate".into()));
        }
        Ok(Self { pieces: self.pieces.into_iter().chain(other.pieces).collect(), ..self })
    }

    /// Numbers the rows from `first_row` instead of 0, as a shard of a longer table.
    pub fn starting_at(self, first_row: u64) -> Self {
        Self { first_row, ..self }
    }

    /// Encodes the features.
    ///
    /// # Errors
    /// [`Error::Table`] for an encoding of other columns.
    pub fn encoded(self, encoding: Arc<Encoding>) -> Result<Self> {
        if encoding.raw_names() != self.feature_names {
            let path = self.pieces.first().map_or(Path::new("the table"), Piece::name);
            let (found, needed) = (self.feature_names.join(", "), encoding.raw_names().join(", "));
            return Err(table(path, format!("has the features {found}, but {needed} are needed")));
        }
        let names = encoding.names();
        Ok(Self { encoding: Some((encoding, names)), ..self })
    }

    /// Gives rows draws of their own, by this rule; otherwise classes are spread evenly over parts and folds, if the label is one.
    ///
    /// # Errors
    /// [`Error::Table`] for a rule by another column than the one that was opened for it.
    pub fn drawn(self, split: Split, rule: Option<DrawRule>) -> Result<Self> {
        let column = rule.as_ref().and_then(DrawRule::column);
        // A table in memory has names of its own.
        if column.is_some() != self.key_name.is_some() {
            let path = self.pieces.first().map_or(Path::new("the table"), Piece::name);
            let message =
                format!("has no column '{}', which determines the parts of rows", column.unwrap_or("?"));
            return Err(table(path, message));
        }
        Ok(Self { drawn: Some((split, rule)), repeated: Arc::default(), ..self })
    }

    /// Returns the number of rows, in all passes so far, that equalled an earlier one and got its part, and the number of rows that were
    /// equalled.
    pub fn repeated(&self) -> [u64; 2] {
        [&self.repeated.rows, &self.repeated.firsts].map(|count| count.load(Ordering::Relaxed))
    }

    /// Returns the rule of the draws, if there is one.
    pub fn rule(&self) -> Option<&DrawRule> {
        self.drawn.as_ref().and_then(|(_, rule)| rule.as_ref())
    }

    /// Returns the draws of a pass; None if they are those of the numbers of the rows.
    fn draws(&self) -> Option<Draws> {
        let (split, rule) = self.drawn.clone()?;
        let is_by_column = rule.as_ref().is_some_and(|rule| rule.column().is_some());
        let strata = self.classes().filter(|_| !is_by_column).map(|c| Strata::new(split.seed(), &c.rows));
        Some(Draws::new(split, rule, strata, Arc::clone(&self.repeated)))
    }

    /// Makes blocks prompt: a block of a pipe ends when no further complete line has arrived.
    pub fn with_prompt_blocks(self) -> Self {
        Self { prompt: true, ..self }
    }

    /// Returns whether rows have weights.
    pub fn is_weighted(&self) -> bool {
        self.weight_name.is_some()
    }

    /// Returns the names of the feature columns, after the encoding if there is one.
    pub fn feature_names(&self) -> &[String] {
        self.encoding.as_ref().map_or(&self.feature_names, |(_, names)| names)
    }

    /// Returns the names of the feature columns before the encoding.
    pub fn raw_feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// Returns the numbers of missing values and levels read so far that no column marks: their columns had none when the
    /// encoding was learned.
    pub fn unmarked(&self) -> Unmarked {
        self.unmarked.get()
    }

    /// Returns how the features become numbers; None if they are numbers.
    pub fn encoding(&self) -> Option<&Encoding> {
        self.encoding.as_ref().map(|(encoding, _)| &**encoding)
    }

    /// Returns the numbers, counted from 1, of feature columns to which the header of the first text file gives no name,
    /// with the names that they have here. Reads the header.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn unnamed_features(&self) -> Result<Vec<(usize, String)>> {
        let Some(Piece::File(path, Format::Text, _)) = self.pieces.first() else {
            return Ok(Vec::new());
        };
        let text = OpenText::open(path, self.dialect)?;
        let named = text.unnamed.into_iter().map(|i| (i + 1, text.names[i].clone()));
        Ok(named.filter(|(_, name)| self.feature_names.contains(name)).collect())
    }

    /// Returns the names of the labels; of classes, one for each.
    pub fn label_names(&self) -> &[String] {
        self.classified.as_ref().map_or(&self.label_names, |classified| &classified.columns)
    }

    /// Returns the files in the order of their rows.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::File(path, ..) => Some(path.as_path()),
            Piece::Pipe(_) | Piece::Memory(_) => None,
        })
    }

    /// Returns the total size of all files in bytes.
    pub fn bytes(&self) -> u64 {
        self.files().filter_map(|p| std::fs::metadata(p).ok()).map(|m| m.len()).sum()
    }

    /// Returns the number of columns that are read.
    fn columns(&self) -> usize {
        self.roles() + usize::from(self.key_name.is_some())
    }

    /// Returns the number of features, labels and weights.
    fn roles(&self) -> usize {
        self.feature_names.len() + self.label_names.len() + usize::from(self.is_weighted())
    }

    /// Returns the indices of the chosen columns in one file.
    fn chosen(&self, path: &Path, names: &[String]) -> Result<Vec<usize>> {
        let columns = Columns {
            labels: self.label_names.clone(),
            features: Some(self.feature_names.clone()),
            weight: self.weight_name.clone(),
            key: self.key_name.clone(),
            excluded: Vec::new(),
        };
        let chosen = ColumnIndices::find(path, names, &columns)?;
        Ok(chosen.features.into_iter().chain(chosen.labels).chain(chosen.weight).chain(chosen.key).collect())
    }

    /// Returns what the cells of each column become, in the order of the roles.
    fn cells(&self) -> Vec<Cells> {
        let mut cells: Vec<Cells> = match self.encoding() {
            Some(encoding) => encoding.columns.iter().map(EncodedColumn::cells).collect(),
            None => self.feature_names.iter().map(|_| Cells::Numbers).collect(),
        };
        if let Some(classified) = self.classified.as_ref().filter(|classified| !classified.is_coded) {
            cells.push(Cells::Classes(Arc::clone(&classified.classes), classified.classes.numbers()));
        }
        cells.resize_with(self.columns(), || Cells::Numbers);
        match self.rule().filter(|_| self.key_name.is_some()) {
            Some(DrawRule::Groups { .. }) => cells[self.roles()] = Cells::Groups,
            Some(DrawRule::Time { .. }) => cells[self.roles()] = Cells::Times,
            _ => {}
        }
        cells
    }

    /// Returns a reader of a piece.
    fn reader(&self, piece: &Piece) -> Result<Box<dyn Reader>> {
        self.reader_of(piece, Some(self.cells()))
    }

    /// Returns a reader whose cells become numbers so; None to read them as they are.
    fn reader_of(&self, piece: &Piece, cells: Option<Vec<Cells>>) -> Result<Box<dyn Reader>> {
        let (path, format) = match piece {
            Piece::File(path, format, _) => (path, *format),
            Piece::Pipe(pipe) => {
                let reader = self.text_reader(pipe.path(), pipe.take()?, self.prompt)?;
                return Ok(Box::new(reader.with_cells(cells.unwrap_or_default())));
            }
            Piece::Memory(table) => {
                let (table, names) = (Arc::clone(table), &self.feature_names);
                let cells = cells.unwrap_or_default();
                return Ok(Box::new(MemoryReader::new(table, self.columns(), names, cells)?));
            }
        };
        let chosen = || self.chosen(path, &names(path, format, self.dialect)?);
        Ok(match format {
            Format::Text => {
                let reader = self.text_reader(path, OpenText::open(path, self.dialect)?, false)?;
                Box::new(reader.with_cells(cells.unwrap_or_default()))
            }
            Format::Npy => Box::new(numpy::NumpyReader::npy(path, &chosen()?)?),
            Format::Npz => Box::new(numpy::NumpyReader::npz(path, &chosen()?)?),
            #[cfg(feature = "parquet")]
            Format::Parquet => Box::new(parquet::reader(path, &chosen()?, cells)?),
            #[cfg(feature = "arrow")]
            Format::Arrow => Box::new(arrow::ipc(path, &chosen()?, cells)?),
            #[cfg(not(feature = "parquet"))]
            other => return Err(not_built(path, other)),
        })
    }

    fn text_reader(&self, path: &Path, rows: OpenText, prompt: bool) -> Result<TextReader> {
        let chosen = self.chosen(path, &rows.names)?;
        // Weights and keys are validated like labels.
        let labels = self.columns() - self.feature_names.len();
        let rejects = match self.missing {
            Missing::Reject => Rejects { features: true, labels: true },
            Missing::Drop => Rejects { features: false, labels: false },
            Missing::Fill => Rejects { features: self.encoding.is_none(), labels: false },
        };
        Ok(TextReader::new(path, rows, chosen, labels, rejects, prompt))
    }
}

/// Returns the error of a format that this build does not read. The feature `parquet` includes `arrow`.
#[cfg(not(feature = "parquet"))]
fn not_built(path: &Path, format: Format) -> Error {
    let (name, feature) =
        if format == Format::Arrow { ("an Arrow", "arrow") } else { ("a Parquet", "parquet") };
    let message = format!(
        "is {name} file, which this build of zonal does not read; build it with the feature `{feature}`, or save the \
         table as CSV or NPY"
    );
    table(path, message)
}

/// Returns the names of the columns of a file or pipe.
fn piece_names(piece: &Piece, dialect: Dialect) -> Result<Vec<String>> {
    match piece {
        Piece::File(path, format, _) => names(path, *format, dialect),
        Piece::Pipe(pipe) => Ok(pipe.names().to_vec()),
        Piece::Memory(_) => Ok(Vec::new()),
    }
}

/// Reads the names of the columns of one file.
fn names(path: &Path, format: Format, dialect: Dialect) -> Result<Vec<String>> {
    let names = match format {
        Format::Text => OpenText::open(path, dialect)?.names,
        Format::Npy => numpy::npy_names(path)?,
        Format::Npz => numpy::npz_names(path)?,
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::names(path)?,
        #[cfg(feature = "arrow")]
        Format::Arrow => arrow::ipc_names(path)?,
        #[cfg(not(feature = "parquet"))]
        other => return Err(not_built(path, other)),
    };
    check_columns(path, names.len())?;
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|w| w[0] == w[1]) {
        Some(twice) => Err(table(path, format!("two columns are named '{}'; rename one", twice[0]))),
        None => Ok(names),
    }
}

#[cfg(test)]
#[cfg(feature = "parquet")]
mod tests;
