//! The reader of NumPy files. A matrix in an .npy file has the columns c1, c2, ..; the arrays of an .npz file are columns with
//! their names (X1, X2, .. for a matrix X). Supports numbers and booleans of any size and byte order; Fortran order only in
//! .npy files.

use super::reader::{Cell, RawRows, Reader, check_columns, table, wrong_type};
use crate::error::{Error, Result};
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The header of an array.
struct Array {
    /// The offset of its numbers in bytes.
    header: u64,
    rows: u64,
    columns: usize,
    fortran: bool,
    number: Number,
}

/// The encoding of a number.
#[derive(Clone, Copy)]
struct Number {
    kind: TypeChar,
    size: usize,
    big: bool,
}

impl Number {
    fn read(self, bytes: &[u8]) -> f64 {
        let mut word = [0u8; 8];
        for (i, b) in bytes.iter().enumerate() {
            word[if self.big { self.size - 1 - i } else { i }] = *b;
        }
        let bits = u64::from_le_bytes(word);
        match (self.kind, self.size) {
            (TypeChar::Float, 8) => f64::from_bits(bits),
            (TypeChar::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (TypeChar::Float, _) => half(bits as u16),
            // Sign extension from the array's own width.
            (TypeChar::Int, size) => {
                let shift = 64 - 8 * size as u32;
                (((bits << shift) as i64) >> shift) as f64
            }
            // Any nonzero byte is true.
            (TypeChar::Bool, _) => f64::from(u8::from(bits != 0)),
            _ => bits as f64,
        }
    }
}

/// Decodes a half-precision number: 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = ((bits >> 10) & 31, f64::from(bits & 1023) / 1024.0);
    sign * match exponent {
        0 => fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (1.0 + fraction) * 2f64.powi(i32::from(e) - 15),
    }
}

impl Array {
    /// Reads a header and checks that the array is a list or matrix of numbers.
    fn header(path: &Path, what: &str, reader: &mut impl Read) -> Result<Self> {
        let fail = |message: String| Err(table(path, format!("{what}{message}")));
        let header = header_bytes(reader)
            .and_then(|bytes| Ok((bytes.len() as u64, NpyHeader::from_reader(&bytes[..])?)));
        let (length, header) = match header {
            Ok(found) => found,
            Err(e) => return fail(format!("not a complete NumPy array: {e}")),
        };
        let number = match header.dtype() {
            DType::Plain(text) => {
                let (kind, size) = (text.type_char(), text.size_field());
                let known = match kind {
                    TypeChar::Float => [2, 4, 8].contains(&size),
                    TypeChar::Int | TypeChar::Uint => [1, 2, 4, 8].contains(&size),
                    TypeChar::Bool => size == 1,
                    _ => false,
                };
                if !known {
                    let is_time = matches!(kind, TypeChar::DateTime | TypeChar::TimeDelta);
                    return fail(wrong_type(&text, is_time));
                }
                Number { kind, size: size as usize, big: text.endianness() == Endianness::Big }
            }
            other => {
                return fail(wrong_type(&other.descr(), false));
            }
        };
        let (rows, columns) = match *header.shape() {
            [rows] => (rows, 1),
            [rows, columns] => (rows, columns),
            ref shape => {
                return fail(format!("has {} dimensions; a list or a matrix is needed", shape.len()));
            }
        };
        if rows == 0 || columns == 0 {
            return fail(format!("is empty: {rows} rows and {columns} columns"));
        }
        // Checked before names are created.
        let columns = usize::try_from(columns).unwrap_or(usize::MAX);
        check_columns(path, columns)?;
        // The order of a list or a single column is irrelevant.
        let fortran = header.order() == Order::Fortran && columns > 1 && rows > 1;
        Ok(Self { header: length, rows, columns, fortran, number })
    }

    fn bytes(&self) -> u128 {
        u128::from(self.rows) * self.columns as u128 * self.number.size as u128
    }
}

/// Reads the bytes of a header. Its length and nesting are checked before the library allocates memory or recurses.
/// <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
fn header_bytes(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let wrong = |message: String| Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
    // The magic bytes, the version, and the length in two bytes, or four from version 2 on.
    let mut bytes = vec![0; 10];
    reader.read_exact(&mut bytes)?;
    let mut length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    if bytes[6] > 1 {
        let mut rest = [0; 2];
        reader.read_exact(&mut rest)?;
        bytes.extend_from_slice(&rest);
        length += usize::from(u16::from_le_bytes(rest)) << 16;
    }
    if length > MAX_HEADER_BYTES {
        return wrong(format!(
            "its header claims {length} bytes, but at most {MAX_HEADER_BYTES} are supported"
        ));
    }
    let start = bytes.len();
    bytes.resize(start + length, 0);
    reader.read_exact(&mut bytes[start..])?;
    let mut depth = 0usize;
    for byte in &bytes[start..] {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return wrong(format!("its header is nested more than {MAX_DEPTH} levels deep"));
        }
    }
    Ok(bytes)
}

/// The longest header in bytes, the limit of NumPy itself.
const MAX_HEADER_BYTES: usize = 10_000;
/// The deepest nesting of brackets in a header; a matrix needs two levels.
const MAX_DEPTH: usize = 8;
/// The largest number of members of an archive.
const MAX_MEMBERS: usize = 10_000;

/// The total size in bytes of the buffers of arrays and columns that are read in parallel.
const TOTAL_BUFFER: usize = 64 << 20;
/// The largest buffer of one array or column, in bytes.
const MAX_BUFFER: usize = 1 << 17;
/// The smallest buffer of one array, in bytes.
const MIN_BUFFER: usize = 1 << 12;

/// An array that is being read, with its chosen columns.
struct Stream {
    array: Array,
    bytes: Bytes,
    /// Pairs of a column of this array and its position among the chosen columns.
    wanted: Vec<(usize, usize)>,
}

enum Bytes {
    /// The rows of the array, in sequence.
    Rows(Box<dyn Read + Send>),
    /// The chosen columns of a file in Fortran order.
    Columns(Columns),
}

/// Contiguous columns of a file, with a buffer of the same rows of each.
struct Columns {
    file: File,
    /// The offset of each column.
    starts: Vec<u64>,
    /// The size of a number in bytes.
    size: usize,
    /// The largest number of buffered rows.
    max_rows: usize,
    buffer: Vec<u8>,
    /// The first buffered row.
    first: u64,
    /// The number of buffered rows.
    rows: usize,
}

impl Columns {
    fn new(file: File, starts: Vec<u64>, size: usize) -> Self {
        let max_rows = (TOTAL_BUFFER / (size * starts.len()).max(1)).clamp(1, MAX_BUFFER / size);
        Self { file, starts, size, max_rows, buffer: Vec::new(), first: 0, rows: 0 }
    }

    /// Buffers row `row` of all columns, out of `rows` in total.
    fn fetch(&mut self, row: u64, rows: u64) -> std::io::Result<()> {
        if (self.first..self.first + self.rows as u64).contains(&row) {
            return Ok(());
        }
        (self.first, self.rows) = (row, self.max_rows.min((rows - row) as usize));
        let length = self.rows * self.size;
        self.buffer.resize(length * self.starts.len(), 0);
        for (start, bytes) in self.starts.iter().zip(self.buffer.chunks_exact_mut(length)) {
            self.file.seek(SeekFrom::Start(start + row * self.size as u64))?;
            self.file.read_exact(bytes)?;
        }
        Ok(())
    }

    /// Returns the bytes of one number of a buffered row.
    fn word(&self, column: usize, row: u64) -> &[u8] {
        let at = (column * self.rows + (row - self.first) as usize) * self.size;
        &self.buffer[at..at + self.size]
    }
}

/// A reader of .npy and .npz files.
pub(super) struct NumpyReader {
    path: PathBuf,
    streams: Vec<Stream>,
    /// Whether each chosen column holds booleans.
    booleans: Vec<bool>,
    rows: u64,
    done: u64,
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(Error::system(path, "opening"))
}

pub(super) fn npy_names(path: &Path) -> Result<Vec<String>> {
    let array = npy_array(path)?.0;
    Ok((1..=array.columns).map(|i| format!("c{i}")).collect())
}

/// Reads the header of an .npy file; also returns the offset of its numbers.
fn npy_array(path: &Path) -> Result<(Array, u64)> {
    let mut file = open(path)?;
    let length = file.metadata().map_err(Error::system(path, "reading"))?.len();
    let array = Array::header(path, "", &mut file)?;
    let start = array.header;
    if u128::from(length - start.min(length)) < array.bytes() {
        let found = length - start.min(length);
        let message =
            format!("is truncated: {found} bytes of numbers, but its header claims {}", array.bytes());
        return Err(table(path, message));
    }
    Ok((array, start))
}

/// An array in an archive.
struct Member {
    name: String,
    array: Array,
    /// The offset of its bytes in the file.
    start: u64,
    /// Its compressed size in bytes.
    compressed: u64,
    method: zip::CompressionMethod,
    /// Its decompressed size in bytes.
    size: u64,
    /// The CRC-32 of its decompressed bytes.
    checksum: u32,
}

/// Reads the headers of all arrays of an .npz file.
fn npz_members(path: &Path) -> Result<Vec<Member>> {
    let mut archive = archive(path)?;
    let mut out: Vec<Member> = Vec::new();
    let mut columns = 0usize;
    for i in 0..archive.len() {
        let mut member = archive.by_index(i).map_err(|e| broken(path, &e))?;
        let name = member.name().map_err(|e| broken(path, &e))?.into_owned();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let (size, checksum) = (member.size(), member.crc32());
        let (compressed, method) = (member.compressed_size(), member.compression());
        let start = member.data_start().ok_or_else(|| broken(path, &"a member has no data"))?;
        let array = Array::header(path, &format!("its array '{name}' "), &mut member)?;
        let needed = u128::from(array.header) + array.bytes();
        if u128::from(size) < needed {
            return Err(table(path, format!("its array '{name}' is truncated")));
        }
        // The checksum is verified at the last byte, which must therefore belong to the array.
        if u128::from(size) > needed {
            return Err(table(
                path,
                format!("its array '{name}' has {size} bytes, but its header claims {needed}"),
            ));
        }
        if let Some(first) = out.first().filter(|first| first.array.rows != array.rows) {
            let (other, first) = (&first.name, first.array.rows);
            return Err(table(
                path,
                format!(
                    "its arrays '{other}' and '{name}' have {first} and {} rows; all need the same number",
                    array.rows
                ),
            ));
        }
        // All arrays together, before names are created.
        columns = columns.saturating_add(array.columns);
        check_columns(path, columns)?;
        out.push(Member { name, array, start, compressed, method, size, checksum });
    }
    if out.is_empty() { Err(table(path, "holds no array".into())) } else { Ok(out) }
}

fn archive(path: &Path) -> Result<zip::ZipArchive<BufReader<File>>> {
    let archive = zip::ZipArchive::new(BufReader::new(open(path)?)).map_err(|e| broken(path, &e))?;
    if archive.len() > MAX_MEMBERS {
        return Err(table(
            path,
            format!("has {} members, but at most {MAX_MEMBERS} are supported", archive.len()),
        ));
    }
    Ok(archive)
}

fn broken(path: &Path, error: &dyn std::fmt::Display) -> Error {
    table(path, format!("not a complete NPZ archive: {error}"))
}

pub(super) fn npz_names(path: &Path) -> Result<Vec<String>> {
    let names = npz_members(path)?.into_iter().flat_map(|Member { name, array, .. }| match array.columns {
        1 => vec![name],
        columns => (1..=columns).map(|i| format!("{name}{i}")).collect(),
    });
    Ok(names.collect())
}

impl NumpyReader {
    fn new(path: &Path, streams: Vec<Stream>, chosen: usize, rows: u64) -> Self {
        let mut booleans = vec![false; chosen];
        for Stream { array, wanted, .. } in &streams {
            wanted.iter().for_each(|(_, position)| booleans[*position] = array.number.kind == TypeChar::Bool);
        }
        Self { path: path.to_owned(), streams, booleans, rows, done: 0 }
    }

    pub(super) fn npy(path: &Path, chosen: &[usize]) -> Result<Self> {
        let (array, start) = npy_array(path)?;
        let mut file = open(path)?;
        let size = array.number.size;
        let bytes = if array.fortran {
            let column = array.rows * size as u64;
            Bytes::Columns(Columns::new(
                file,
                chosen.iter().map(|&c| start + c as u64 * column).collect(),
                size,
            ))
        } else {
            file.seek(SeekFrom::Start(start)).map_err(Error::system(path, "reading"))?;
            Bytes::Rows(Box::new(BufReader::with_capacity(MAX_BUFFER, file)))
        };
        let rows = array.rows;
        let wanted = chosen.iter().enumerate().map(|(position, &c)| (c, position)).collect();
        let streams = vec![Stream { array, bytes, wanted }];
        Ok(Self::new(path, streams, chosen.len(), rows))
    }

    pub(super) fn npz(path: &Path, chosen: &[usize]) -> Result<Self> {
        let members = npz_members(path)?;
        let rows = members.first().map_or(0, |m| m.array.rows);
        let file = Arc::new(Mutex::new(open(path)?));
        let buffer_size = (TOTAL_BUFFER / members.len().max(1)).clamp(MIN_BUFFER, MAX_BUFFER);
        // The chosen columns in the order of the file, each with its position.
        let mut positions: Vec<(usize, usize)> =
            chosen.iter().enumerate().map(|(position, &c)| (c, position)).collect();
        positions.sort_unstable();
        let mut rest = positions.as_slice();
        let mut streams = Vec::new();
        let mut first = 0;
        for member in members {
            let end = first + member.array.columns;
            let (here, after) = rest.split_at(rest.partition_point(|&(c, _)| c < end));
            let wanted: Vec<(usize, usize)> =
                here.iter().map(|&(c, position)| (c - first, position)).collect();
            (rest, first) = (after, end);
            if wanted.is_empty() {
                continue;
            }
            if member.array.fortran {
                let name = member.name;
                let message = format!(
                    "its array '{name}' is in Fortran order, which cannot be read row by row from an archive; save \
                     numpy.ascontiguousarray({name})"
                );
                return Err(table(path, message));
            }
            let mut bytes = member.bytes(path, &file, buffer_size)?;
            Array::header(path, "", &mut bytes)?;
            streams.push(Stream { array: member.array, bytes: Bytes::Rows(bytes), wanted });
        }
        Ok(Self::new(path, streams, chosen.len(), rows))
    }
}

impl Member {
    /// Returns a reader of its decompressed and verified bytes. All members are read in parallel through one file handle.
    fn bytes(
        &self,
        path: &Path,
        file: &Arc<Mutex<File>>,
        buffer_size: usize,
    ) -> Result<Box<dyn Read + Send>> {
        let range = FileRange { file: Arc::clone(file), at: self.start, remaining: self.compressed };
        let bytes = BufReader::with_capacity(buffer_size, range);
        let (remaining, checksum) = (self.size, self.checksum);
        match self.method {
            zip::CompressionMethod::Stored => {
                Ok(Box::new(ChecksumReader { bytes, sum: flate2::Crc::new(), remaining, checksum }))
            }
            zip::CompressionMethod::Deflated => {
                let bytes = flate2::read::DeflateDecoder::new(bytes);
                let bytes = ChecksumReader { bytes, sum: flate2::Crc::new(), remaining, checksum };
                Ok(Box::new(BufReader::with_capacity(buffer_size, bytes)))
            }
            other => Err(broken(path, &format!("compression {other} is not supported"))),
        }
    }
}

/// A range of a file that shares its handle with other readers.
struct FileRange {
    file: Arc<Mutex<File>>,
    at: u64,
    remaining: u64,
}

impl Read for FileRange {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        let mut file = self.file.lock().map_err(|_| std::io::Error::other("another reader has failed"))?;
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(&mut buffer[..length])?;
        self.at += read as u64;
        self.remaining -= read as u64;
        Ok(read)
    }
}

/// A reader that verifies the checksum of its bytes at their end.
struct ChecksumReader<R> {
    bytes: R,
    sum: flate2::Crc,
    remaining: u64,
    checksum: u32,
}

impl<R: Read> Read for ChecksumReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        let read = self.bytes.read(&mut buffer[..length])?;
        self.sum.update(&buffer[..read]);
        self.remaining -= read as u64;
        if self.remaining == 0 && read > 0 && self.sum.sum() != self.checksum {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "an array is damaged: its checksum does not match its contents; copy or save the file again",
            ));
        }
        Ok(read)
    }
}

impl Reader for NumpyReader {
    fn cell(&self, position: usize, value: f64) -> Cell<'_> {
        match self.booleans[position] {
            true => Cell::Boolean(value != 0.0),
            false if value.is_nan() => Cell::Missing,
            false => Cell::Number(value),
        }
    }

    fn next(&mut self, max_rows: usize) -> Result<Option<RawRows>> {
        let rows = (self.rows - self.done).min(max_rows as u64) as usize;
        if rows == 0 {
            return Ok(None);
        }
        let mut values = vec![0.0; rows * self.booleans.len()];
        for Stream { array, bytes, wanted } in &mut self.streams {
            let (size, number) = (array.number.size, array.number);
            let read = match bytes {
                Bytes::Rows(bytes) => {
                    let mut line = vec![0; array.columns * size];
                    values.chunks_exact_mut(self.booleans.len()).try_for_each(|row| {
                        bytes.read_exact(&mut line)?;
                        for &(column, position) in wanted.iter() {
                            row[position] = number.read(&line[column * size..(column + 1) * size]);
                        }
                        Ok(())
                    })
                }
                Bytes::Columns(columns) => (self.done..)
                    .zip(values.chunks_exact_mut(self.booleans.len()))
                    .try_for_each(|(row_number, row)| {
                        columns.fetch(row_number, self.rows)?;
                        for (column, &(_, position)) in wanted.iter().enumerate() {
                            row[position] = number.read(columns.word(column, row_number));
                        }
                        Ok(())
                    }),
            };
            read.map_err(Error::system(&self.path, "reading"))?;
        }
        self.done += rows as u64;
        Ok(Some(RawRows { rows, values }))
    }
}
