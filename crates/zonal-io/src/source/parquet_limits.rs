//! Validates the sizes in the footer and page headers of a Parquet file before a library allocates memory for them.
//! <https://parquet.apache.org/docs/file-format/data-pages/>, in Thrift's compact protocol.

use super::arrow_limits::{MAX_BYTES, MAX_RATIO};
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// The deepest nesting of structures in a header; a page needs three levels.
const MAX_DEPTH: usize = 16;

/// Checks that the pages of these columns, one of each at a time, decompress to plausible sizes.
///
/// # Errors
/// A message that completes a sentence about the file.
pub(super) fn check(file: &mut File, metadata: &ParquetMetaData, chosen: &[usize]) -> Result<(), String> {
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let limit = MAX_BYTES.max(length.saturating_mul(MAX_RATIO));
    let claimed = claimed_page_bytes(file, length, metadata, chosen)?;
    if claimed > limit {
        return Err(format!(
            "its columns claim pages of {claimed} decompressed bytes, but at most {limit} are read; save it with smaller pages"
        ));
    }
    Ok(())
}

/// Checks that the schema in the footer claims no more children than the footer can hold: the library allocates memory for them
/// before it reads them.
///
/// # Errors
/// As [`check`].
pub(super) fn check_schema(file: &mut File) -> Result<(), String> {
    let mut end = [0; 8];
    let length = file.seek(SeekFrom::End(0)).map_err(|e| e.to_string())?;
    if length < 12 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-8)).and_then(|_| file.read_exact(&mut end)).map_err(|e| e.to_string())?;
    let [a, b, c, d, magic @ ..] = end;
    let size = u64::from(u32::from_le_bytes([a, b, c, d]));
    // A missing footer is reported by the library.
    if &magic != b"PAR1" || size > length - 8 {
        return Ok(());
    }
    file.seek(SeekFrom::Start(length - 8 - size)).map_err(|e| e.to_string())?;
    let mut footer = Compact { bytes: BufReader::new(file).take(size), read: 0 };
    let children = footer.max_children().map_err(|_| "its footer is damaged".to_owned())?;
    if children > size {
        return Err(format!("its schema claims {children} columns in a footer of {size} bytes"));
    }
    Ok(())
}

/// Returns the total decompressed size of the largest page of each of these columns, in the row group where it is largest.
fn claimed_page_bytes(
    file: &mut File,
    length: u64,
    metadata: &ParquetMetaData,
    chosen: &[usize],
) -> Result<u64, String> {
    let schema = metadata.file_metadata().schema_descr();
    let chosen: HashSet<usize> = chosen.iter().copied().collect();
    let mut bytes = BufReader::with_capacity(1 << 13, file);
    let mut largest_group = 0;
    for group in metadata.row_groups() {
        let mut claimed = 0u64;
        for (leaf, column) in group.columns().iter().enumerate() {
            if !chosen.contains(&schema.get_column_root_idx(leaf)) {
                continue;
            }
            let largest = largest_page(&mut bytes, column, length)?;
            // Uncompressed pages need no further memory.
            if column.compression() != Compression::UNCOMPRESSED {
                claimed = claimed.saturating_add(largest);
            }
        }
        largest_group = claimed.max(largest_group);
    }
    Ok(largest_group)
}

/// Returns the decompressed size of the largest page of a column plus that of its dictionary.
fn largest_page(
    bytes: &mut BufReader<&mut File>,
    column: &ColumnChunkMetaData,
    length: u64,
) -> Result<u64, String> {
    let beyond = || "one of its columns lies beyond its end".to_owned();
    let size = |n: i64| u64::try_from(n).map_err(|_| beyond());
    let start = size(column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset()))?;
    let end = start.checked_add(size(column.compressed_size())?).filter(|&end| end <= length);
    let end = end.ok_or_else(beyond)?;
    bytes.seek(SeekFrom::Start(start)).map_err(|e| e.to_string())?;
    let (mut at, mut dictionary, mut largest) = (start, 0, 0);
    while at < end {
        let mut header = Compact { bytes: Read::by_ref(bytes).take(end - at), read: 0 };
        let page = header.page()?;
        at += header.read + page.compressed;
        if at > end {
            return Err("one of its pages lies beyond its column".into());
        }
        let skipped = i64::try_from(page.compressed).map_err(|_| beyond())?;
        bytes.seek_relative(skipped).map_err(|e| e.to_string())?;
        if page.entries > page.decompressed {
            return Err(format!(
                "one of its dictionaries claims {} numbers in {} bytes",
                page.entries, page.decompressed
            ));
        }
        let size = if page.kind == DICTIONARY { &mut dictionary } else { &mut largest };
        *size = page.decompressed.max(*size);
    }
    Ok(dictionary + largest)
}

/// The header of a page.
struct Page {
    kind: u64,
    decompressed: u64,
    compressed: u64,
    /// The number of entries of a dictionary, each of at least one byte.
    entries: u64,
}

/// The kind of dictionary pages.
const DICTIONARY: u64 = 2;

/// The types of fields in the compact protocol.
mod field {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const STRUCT: u8 = 12;
}

/// A reader of the compact protocol that counts its bytes.
struct Compact<R> {
    bytes: R,
    read: u64,
}

fn damaged() -> String {
    "the header of one of its pages is damaged".into()
}

impl<R: Read> Compact<R> {
    fn byte(&mut self) -> Result<u8, String> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte).map_err(|_| damaged())?;
        self.read += 1;
        Ok(byte[0])
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(value);
            }
        }
        Err(damaged())
    }

    /// Reads a nonnegative number; in zigzag form these are even.
    fn size(&mut self) -> Result<u64, String> {
        let value = self.varint()?;
        if value % 2 == 0 { Ok(value / 2) } else { Err(damaged()) }
    }

    fn skip_bytes(&mut self, count: u64) -> Result<(), String> {
        let copied = std::io::copy(&mut Read::by_ref(&mut self.bytes).take(count), &mut std::io::sink());
        self.read = self.read.saturating_add(count);
        if copied.is_ok_and(|n| n == count) { Ok(()) } else { Err(damaged()) }
    }

    /// Reads the number and type of the next field of a structure.
    fn field(&mut self, last: u64) -> Result<(u64, u8), String> {
        let head = self.byte()?;
        let (step, kind) = (u64::from(head >> 4), head & 15);
        match (kind, step) {
            (field::STOP, _) => Ok((last, kind)),
            (_, 0) => Ok((self.size()?, kind)),
            _ => Ok((last + step, kind)),
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), String> {
        if depth == 0 {
            return Err(damaged());
        }
        match kind {
            field::TRUE | field::FALSE => Ok(()),
            field::BYTE => self.skip_bytes(1),
            field::I16 | field::I32 | field::I64 => self.varint().map(|_| ()),
            field::DOUBLE => self.skip_bytes(8),
            field::BINARY => {
                let count = self.varint()?;
                self.skip_bytes(count)
            }
            field::LIST | field::SET => {
                let head = self.byte()?;
                let (count, kind) = (u64::from(head >> 4), head & 15);
                let count = if count == 15 { self.varint()? } else { count };
                for _ in 0..count {
                    // In a list a boolean takes one byte, so that each iteration reads at least one.
                    let kind = if kind <= field::FALSE { field::BYTE } else { kind };
                    self.skip(kind, depth - 1)?;
                }
                Ok(())
            }
            field::STRUCT => {
                let mut last = 0;
                loop {
                    let (number, kind) = self.field(last)?;
                    if kind == field::STOP {
                        return Ok(());
                    }
                    self.skip(kind, depth - 1)?;
                    last = number;
                }
            }
            _ => Err(damaged()),
        }
    }

    /// Returns the largest number of children of a schema element: field 5 of the structures in the list of field 2.
    fn max_children(&mut self) -> Result<u64, String> {
        let (mut max, mut last) = (0, 0);
        loop {
            let (number, kind) = self.field(last)?;
            match (number, kind) {
                (_, field::STOP) => return Ok(max),
                (2, field::LIST) => {
                    let head = self.byte()?;
                    let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                    for _ in 0..count {
                        // The number of children is field 5 of an element.
                        max = max.max(self.size_field(5)?);
                    }
                }
                _ => self.skip(kind, MAX_DEPTH)?,
            }
            last = number;
        }
    }

    /// Reads a structure and returns the nonnegative number in this field; 0 if the field is absent.
    fn size_field(&mut self, wanted: u64) -> Result<u64, String> {
        let (mut size, mut last) = (0, 0);
        loop {
            let (number, kind) = self.field(last)?;
            match (number, kind) {
                (_, field::STOP) => return Ok(size),
                (number, field::I32) if number == wanted => size = self.size()?,
                _ => self.skip(kind, MAX_DEPTH)?,
            }
            last = number;
        }
    }

    /// Reads the header of a page.
    fn page(&mut self) -> Result<Page, String> {
        let (mut kind, mut decompressed, mut compressed) = (None, None, None);
        let (mut entries, mut last) = (0, 0);
        loop {
            let (number, field_kind) = self.field(last)?;
            match (number, field_kind) {
                (_, field::STOP) => break,
                (1, field::I32) => kind = Some(self.size()?),
                (2, field::I32) => decompressed = Some(self.size()?),
                (3, field::I32) => compressed = Some(self.size()?),
                // The header of a dictionary, whose field 1 is its number of entries.
                (7, field::STRUCT) => entries = self.size_field(1)?,
                (1..=3 | 7, _) => return Err(damaged()),
                _ => self.skip(field_kind, MAX_DEPTH)?,
            }
            last = number;
        }
        match (kind, decompressed, compressed) {
            (Some(kind), Some(decompressed), Some(compressed)) if compressed <= u64::from(u32::MAX) => {
                Ok(Page { kind, decompressed, compressed, entries })
            }
            _ => Err(damaged()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Float64Array, RecordBatch};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::properties::{WriterProperties, WriterVersion};
    use std::io::Write;
    use std::sync::Arc;

    #[test]
    fn a_schema_of_more_children_than_bytes_is_refused() {
        // Found by fuzzing: 993 bytes, for which the library would take a gigabyte.
        let found =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/parquet/found-children");
        let error = check_schema(&mut File::open(found).unwrap()).unwrap_err();
        assert!(error.contains("claims") || error.contains("damaged"), "{error}");
    }

    #[test]
    fn pages_of_real_files_are_found() {
        let rows = 20_000;
        for (version, dictionary, expected) in [
            // Definition levels of a nullable column take some bytes in addition to the numbers.
            (WriterVersion::PARQUET_1_0, false, 8 * rows..8 * rows + 100),
            (WriterVersion::PARQUET_2_0, false, 8 * rows..8 * rows + 100),
            // One number in the dictionary, and pages that repeat it.
            (WriterVersion::PARQUET_2_0, true, 8..100),
        ] {
            let zeros: ArrayRef = Arc::new(Float64Array::from(vec![0.0; rows as usize]));
            let one = RecordBatch::try_from_iter_with_nullable([("a", Arc::clone(&zeros), true)]).unwrap();
            let properties = WriterProperties::builder()
                .set_writer_version(version)
                .set_dictionary_enabled(dictionary)
                .set_compression(Compression::SNAPPY)
                .build();
            let mut bytes = Vec::new();
            let mut writer = ArrowWriter::try_new(&mut bytes, one.schema(), Some(properties)).unwrap();
            writer.write(&one).unwrap();
            writer.close().unwrap();
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file.try_clone().unwrap()).unwrap();
            let found = claimed_page_bytes(&mut file, bytes.len() as u64, reader.metadata(), &[0]).unwrap();
            assert!(expected.contains(&found), "{version:?}: {found}");
            assert_eq!(claimed_page_bytes(&mut file, bytes.len() as u64, reader.metadata(), &[]), Ok(0));
            assert_eq!(check(&mut file, reader.metadata(), &[0]), Ok(()));
            // A dictionary of 63 numbers in the bytes of one.
            if let Some(at) = bytes.windows(3).position(|w| w == [0x4c, 0x15, 2]).filter(|_| dictionary) {
                file.seek(SeekFrom::Start(at as u64 + 2)).unwrap();
                file.write_all(&[126]).unwrap();
                let refused = check(&mut file, reader.metadata(), &[0]).unwrap_err();
                assert_eq!(refused, "one of its dictionaries claims 63 numbers in 8 bytes");
            } else {
                assert!(!dictionary, "the file has a dictionary");
            }
        }
    }

    #[test]
    fn a_header_is_read_whatever_else_it_holds() {
        let page = |bytes: &[u8]| {
            let mut compact = Compact { bytes, read: 0 };
            compact.page().map(|p| (p.kind, p.decompressed, p.compressed, p.entries, compact.read))
        };
        // A dictionary of two numbers.
        assert_eq!(page(&[0x15, 4, 0x15, 32, 0x15, 32, 0x4c, 0x15, 4, 0, 0]), Ok((2, 16, 16, 2, 11)));
        // A data page of 2 GiB in 7 bytes, with a checksum, and a structure with a text, a list and a boolean.
        let whole = [
            0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 14, 0x15, 9, 0x1c, 0x18, 2, b'h', b'i', 0x29,
            0x25, 2, 4, 0x11, 0, 0,
        ];
        assert_eq!(page(&whole), Ok((0, (1 << 31) - 1, 7, 0, whole.len() as u64)));
        for cut in 0..whole.len() {
            assert!(page(&whole[..cut]).is_err(), "cut at {cut}");
        }
        // Sizes below zero, of another type, none; structures in structures for ever; a text longer than the file.
        for wrong in [
            &[0x15, 0, 0x15, 3, 0x15, 14, 0][..],
            &[0x15, 0, 0x18, 1, 2, 0x15, 14, 0],
            &[0x15, 0, 0],
            &[[0x5c].as_slice(), &[0x1c; 4_000]].concat(),
            // A dictionary whose header is not a structure, and one with a negative number of entries.
            &[0x75, 2, 0],
            &[0x7c, 0x15, 3, 0, 0],
            &[0x58, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ] {
            assert_eq!(page(wrong), Err(damaged()), "{wrong:?}");
        }
    }
}
