//! NumPy files: a matrix in an .npy file has the columns c1, c2, ..; the arrays of an .npz file are columns by their names
//! (X1, X2, .. for a matrix X). Numbers and booleans of any size and byte order; Fortran order in plain .npy files.

use super::{Raw, Reader, check_columns, table};
use crate::error::{Error, Result};
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// One array: its numbers and where they are.
struct Array {
    rows: u64,
    columns: usize,
    fortran: bool,
    number: Number,
}

/// How a number is written.
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
            _ => bits as f64,
        }
    }
}

/// A number of 16 bits: 5 for the exponent, 10 behind the point.
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
    /// Reads the header and checks that what it announces is numbers.
    fn header(path: &Path, what: &str, reader: &mut impl Read) -> Result<Self> {
        let fail = |message: String| Err(table(path, format!("{what}{message}")));
        let header = header_bytes(reader).and_then(|bytes| NpyHeader::from_reader(&bytes[..]));
        let header = match header {
            Ok(header) => header,
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
                    return fail(format!("holds values of type {text}; numbers or booleans are needed"));
                }
                Number { kind, size: size as usize, big: text.endianness() == Endianness::Big }
            }
            other => {
                return fail(format!("holds values of type {}; plain numbers are needed", other.descr()));
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
        // Before names of that many are made.
        let columns = usize::try_from(columns).unwrap_or(usize::MAX);
        check_columns(path, columns)?;
        // A list or a single column has no order.
        let fortran = header.order() == Order::Fortran && columns > 1 && rows > 1;
        Ok(Self { rows, columns, fortran, number })
    }

    fn bytes(&self) -> u128 {
        u128::from(self.rows) * self.columns as u128 * self.number.size as u128
    }
}

/// The bytes of a header up to where numbers begin, none of which the library takes memory or depth for before they are
/// there. <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
fn header_bytes(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let wrong = |message: String| Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
    // The magic word, the version, and the length in two bytes or, from version 2 on, in four.
    let mut bytes = vec![0; 10];
    reader.read_exact(&mut bytes)?;
    let mut length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    if bytes[6] > 1 {
        let mut rest = [0; 2];
        reader.read_exact(&mut rest)?;
        bytes.extend_from_slice(&rest);
        length += usize::from(u16::from_le_bytes(rest)) << 16;
    }
    if length > MOST_HEADER {
        return wrong(format!("its header announces {length} bytes, but at most {MOST_HEADER} are read"));
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
        if depth > MOST_DEPTH {
            return wrong(format!("its header is nested more than {MOST_DEPTH} deep"));
        }
    }
    Ok(bytes)
}

/// The most bytes of a header, as for NumPy itself.
const MOST_HEADER: usize = 10_000;
/// Brackets in brackets of a header; a matrix has two.
const MOST_DEPTH: usize = 8;
/// The most members of an archive.
const MOST_MEMBERS: usize = 10_000;

/// One array being read: its chosen columns and the streams that they come from.
struct Stream {
    array: Array,
    /// The whole array row by row, or in Fortran order one stream for each chosen column.
    readers: Vec<Box<dyn Read + Send>>,
    /// (column of this array, place among the chosen columns)
    wanted: Vec<(usize, usize)>,
}

/// The rows of .npy and .npz files.
pub(super) struct NumpyReader {
    path: PathBuf,
    streams: Vec<Stream>,
    chosen: usize,
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

/// The array of an .npy file and where its numbers begin.
fn npy_array(path: &Path) -> Result<(Array, u64)> {
    let mut file = open(path)?;
    let length = file.metadata().map_err(Error::system(path, "reading"))?.len();
    let array = Array::header(path, "", &mut file)?;
    let start = file.stream_position().map_err(Error::system(path, "reading"))?;
    if u128::from(length - start.min(length)) < array.bytes() {
        let found = length - start.min(length);
        let message =
            format!("is cut off: {found} bytes of numbers, but its header announces {}", array.bytes());
        return Err(table(path, message));
    }
    Ok((array, start))
}

/// The members of an .npz file with their arrays.
fn npz_members(path: &Path) -> Result<Vec<(String, Array)>> {
    let mut archive = archive(path)?;
    let mut out: Vec<(String, Array)> = Vec::new();
    for i in 0..archive.len() {
        let mut member = archive.by_index(i).map_err(|e| broken(path, &e))?;
        let name = member.name().map_err(|e| broken(path, &e))?.into_owned();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let size = member.size();
        let array = Array::header(path, &format!("its array '{name}' "), &mut member)?;
        if u128::from(size) < array.bytes() {
            return Err(table(path, format!("its array '{name}' is cut off")));
        }
        if let Some((other, first)) = out.first().filter(|(_, first)| first.rows != array.rows) {
            return Err(table(
                path,
                format!(
                    "its arrays '{other}' and '{name}' have {} and {} rows; all need as many",
                    first.rows, array.rows
                ),
            ));
        }
        out.push((name, array));
    }
    if out.is_empty() { Err(table(path, "holds no array".into())) } else { Ok(out) }
}

fn archive(path: &Path) -> Result<zip::ZipArchive<BufReader<File>>> {
    let archive = zip::ZipArchive::new(BufReader::new(open(path)?)).map_err(|e| broken(path, &e))?;
    if archive.len() > MOST_MEMBERS {
        return Err(table(
            path,
            format!("has {} members, but at most {MOST_MEMBERS} are read", archive.len()),
        ));
    }
    Ok(archive)
}

fn broken(path: &Path, error: &dyn std::fmt::Display) -> Error {
    table(path, format!("not a complete NPZ archive: {error}"))
}

pub(super) fn npz_names(path: &Path) -> Result<Vec<String>> {
    let names = npz_members(path)?.into_iter().flat_map(|(name, array)| match array.columns {
        1 => vec![name],
        columns => (1..=columns).map(|i| format!("{name}{i}")).collect(),
    });
    Ok(names.collect())
}

impl NumpyReader {
    pub(super) fn npy(path: &Path, chosen: &[usize]) -> Result<Self> {
        let (array, start) = npy_array(path)?;
        let at = |offset: u64| -> Result<Box<dyn Read + Send>> {
            let mut file = open(path)?;
            file.seek(SeekFrom::Start(start + offset)).map_err(Error::system(path, "reading"))?;
            Ok(Box::new(BufReader::with_capacity(1 << 17, file)))
        };
        let column = array.rows * array.number.size as u64;
        let readers = if array.fortran {
            chosen.iter().map(|&c| at(c as u64 * column)).collect::<Result<_>>()?
        } else {
            vec![at(0)?]
        };
        let rows = array.rows;
        let wanted = chosen.iter().enumerate().map(|(place, &c)| (c, place)).collect();
        let streams = vec![Stream { array, readers, wanted }];
        Ok(Self { path: path.to_owned(), streams, chosen: chosen.len(), rows, done: 0 })
    }

    pub(super) fn npz(path: &Path, chosen: &[usize]) -> Result<Self> {
        let members = npz_members(path)?;
        let rows = members.first().map_or(0, |m| m.1.rows);
        let mut streams = Vec::new();
        let mut first = 0;
        for (name, array) in members {
            let columns = first..first + array.columns;
            first = columns.end;
            let wanted: Vec<(usize, usize)> = chosen
                .iter()
                .enumerate()
                .filter(|(_, c)| columns.contains(c))
                .map(|(place, &c)| (c - columns.start, place))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            if array.fortran {
                let message = format!(
                    "its array '{name}' is in Fortran order, which cannot be read row by row from an archive; save \
                     numpy.ascontiguousarray({name})"
                );
                return Err(table(path, message));
            }
            let mut reader = member(path, &name)?;
            Array::header(path, "", &mut reader)?;
            streams.push(Stream { array, readers: vec![reader], wanted });
        }
        Ok(Self { path: path.to_owned(), streams, chosen: chosen.len(), rows, done: 0 })
    }
}

/// The bytes of a member, by a file handle of its own: several members are read side by side.
fn member(path: &Path, name: &str) -> Result<Box<dyn Read + Send>> {
    let mut archive = archive(path)?;
    let (start, length, method) = {
        let member = archive.by_name(&format!("{name}.npy")).map_err(|e| broken(path, &e))?;
        let start = member.data_start().ok_or_else(|| broken(path, &"a member has no data"))?;
        (start, member.compressed_size(), member.compression())
    };
    let mut file = open(path)?;
    file.seek(SeekFrom::Start(start)).map_err(Error::system(path, "reading"))?;
    let bytes = BufReader::with_capacity(1 << 17, file.take(length));
    match method {
        zip::CompressionMethod::Stored => Ok(Box::new(bytes)),
        zip::CompressionMethod::Deflated => Ok(Box::new(flate2::read::DeflateDecoder::new(bytes))),
        other => Err(broken(path, &format!("compression {other} is not read"))),
    }
}

impl Reader for NumpyReader {
    fn next(&mut self, most: usize) -> Result<Option<Raw>> {
        let rows = (self.rows - self.done).min(most as u64) as usize;
        if rows == 0 {
            return Ok(None);
        }
        let mut values = vec![0.0; rows * self.chosen];
        for Stream { array, readers, wanted } in &mut self.streams {
            let (size, number) = (array.number.size, array.number);
            if array.fortran {
                for (reader, &(_, place)) in readers.iter_mut().zip(wanted.iter()) {
                    let mut bytes = vec![0; rows * size];
                    reader.read_exact(&mut bytes).map_err(Error::system(&self.path, "reading"))?;
                    for (i, word) in bytes.chunks_exact(size).enumerate() {
                        values[i * self.chosen + place] = number.read(word);
                    }
                }
                continue;
            }
            let line = array.columns * size;
            let mut bytes = vec![0; line];
            for i in 0..rows {
                for reader in readers.iter_mut() {
                    reader.read_exact(&mut bytes).map_err(Error::system(&self.path, "reading"))?;
                }
                for &(column, place) in wanted.iter() {
                    values[i * self.chosen + place] = number.read(&bytes[column * size..(column + 1) * size]);
                }
            }
        }
        self.done += rows as u64;
        Ok(Some(Raw { rows, values }))
    }
}
