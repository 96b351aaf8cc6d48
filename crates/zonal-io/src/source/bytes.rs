//! The bytes of text files: unpacked from gzip and zstd, and converted from UTF-16 to UTF-8.

use crate::error::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

pub(super) type Bytes = Box<dyn Read + Send>;

/// The first bytes of gzip files.
pub(super) const GZIP: &[u8] = b"\x1f\x8b";
/// The first bytes of zstd files.
pub(super) const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Opens a text file.
pub(super) fn open(path: &Path) -> Result<Bytes> {
    let file = File::open(path).map_err(Error::system(path, "opening"))?;
    decoded(Box::new(file)).map_err(|e| io_error(path, Some(1), e))
}

/// Converts an error of reading: of the system, or of what was read in this row.
pub(super) fn io_error(path: &Path, row: Option<u64>, source: std::io::Error) -> Error {
    match source.kind() {
        std::io::ErrorKind::InvalidData => {
            Error::Table { path: path.to_owned(), row, column: None, message: source.to_string() }
        }
        _ => Error::System { path: path.to_owned(), action: "reading", source },
    }
}

/// Unpacks bytes that are packed, and converts them to UTF-8 without a byte order mark, if they begin with one. Bytes without one pass
/// unchanged.
pub(super) fn decoded(mut bytes: Bytes) -> io::Result<Bytes> {
    let first = first_bytes(&mut bytes, &[GZIP, ZSTD])?;
    let (is_gzip, is_zstd) = (first.starts_with(GZIP), first.starts_with(ZSTD));
    let bytes = BufReader::new(Cursor::new(first).chain(bytes));
    let unpacked: Bytes = if is_gzip {
        Box::new(Unpacked { bytes: MultiGzDecoder::new(bytes), name: "gzip" })
    } else if is_zstd {
        Box::new(Unpacked { bytes: zstd::Decoder::with_buffer(bytes)?, name: "zstd" })
    } else {
        Box::new(bytes)
    };
    unmarked(unpacked)
}

/// The byte order marks of UTF-8, and of UTF-16 with the lower and with the higher byte first.
const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];

/// Removes a byte order mark, and converts UTF-16 if there is its mark.
fn unmarked(mut bytes: Bytes) -> io::Result<Bytes> {
    let first = first_bytes(&mut bytes, &MARKS)?;
    Ok(match MARKS.iter().position(|mark| *mark == first) {
        Some(0) => bytes,
        Some(order) => {
            Box::new(Utf16 { bytes, is_high_first: order == 2, rest: Vec::new(), text: Vec::new() })
        }
        None => Box::new(Cursor::new(first).chain(bytes)),
    })
}

/// A reader of UTF-16 as UTF-8. What is no character becomes U+FFFD.
struct Utf16 {
    bytes: Bytes,
    is_high_first: bool,
    /// Bytes of a character that is not complete.
    rest: Vec<u8>,
    /// Text that was not yet asked for.
    text: Vec<u8>,
}

impl Utf16 {
    /// Converts the next bytes; no text is left at the end.
    fn fill(&mut self) -> io::Result<()> {
        while self.text.is_empty() {
            let mut buffer = [0; 1 << 12];
            let read = self.bytes.read(&mut buffer)?;
            self.rest.extend_from_slice(&buffer[..read]);
            let order = if self.is_high_first { u16::from_be_bytes } else { u16::from_le_bytes };
            let mut units: Vec<u16> = self.rest.as_chunks::<2>().0.iter().map(|pair| order(*pair)).collect();
            // The other half of the last character may come next.
            if read > 0 && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
                units.pop();
            }
            if read == 0 && units.is_empty() {
                return Ok(());
            }
            self.rest.drain(..2 * units.len());
            self.text = String::from_utf16_lossy(&units).into_bytes();
        }
        Ok(())
    }
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let count = self.text.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.text[..count]);
        self.text.drain(..count);
        Ok(count)
    }
}

/// Reads as few bytes as tell which of these beginnings the bytes have: the next bytes of a pipe may take long to arrive.
pub(super) fn first_bytes(bytes: &mut impl Read, beginnings: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    while beginnings.iter().any(|all| all.len() > first.len() && all.starts_with(&first)) {
        if Read::by_ref(bytes).take(1).read_to_end(&mut first)? == 0 {
            break;
        }
    }
    Ok(first)
}

/// A reader of packed bytes, whose errors say so.
struct Unpacked<R> {
    bytes: R,
    name: &'static str,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer).map_err(|e| match e.raw_os_error() {
            Some(_) => e,
            None => io::Error::new(ErrorKind::InvalidData, format!("not a complete {} file: {e}", self.name)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        decoded(Box::new(Cursor::new(bytes.to_vec())))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn wide_text_is_converted_wherever_its_reading_is_cut() {
        let text = "a,\u{1f980};\u{10ffff}\u{df}".repeat(3_000);
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(order).collect();
            assert_eq!(read(&bytes).unwrap(), text);
            // One byte at a time, and an end within a character.
            let ones = bytes[..9].chunks(1).fold(Box::new(io::empty()) as Bytes, |before, one| {
                Box::new(before.chain(Cursor::new(one.to_vec())))
            });
            let mut found = String::new();
            decoded(ones).unwrap().read_to_string(&mut found).unwrap();
            assert_eq!(found, "a,\u{fffd}");
        }
    }

    #[test]
    fn packed_and_wide_texts_are_read() {
        let wide = |order: fn(u16) -> [u8; 2]| {
            "\u{feff}Größe,y\n1,2\n".encode_utf16().flat_map(order).collect::<Vec<u8>>()
        };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&wide(u16::to_le_bytes)).unwrap();
        let zstd = zstd::encode_all(Cursor::new("Größe,y\n1,2\n"), 0).unwrap();
        for bytes in [
            "Größe,y\n1,2\n".as_bytes(),
            "\u{feff}Größe,y\n1,2\n".as_bytes(),
            &wide(u16::to_le_bytes),
            &wide(u16::to_be_bytes),
            &gzip.finish().unwrap(),
            &zstd,
        ] {
            assert_eq!(read(bytes).unwrap(), "Größe,y\n1,2\n");
        }
        let error = read(&zstd[..zstd.len() - 3]).unwrap_err();
        assert!(error.to_string().starts_with("not a complete zstd file: "), "{error}");
        assert_eq!((read(b"").unwrap(), read(b"\x28\xb5").is_err()), (String::new(), true));
    }
}
