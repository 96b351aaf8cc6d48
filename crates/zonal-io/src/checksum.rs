//! Integrity checksums inside documents. The first key of the document's JSON is `checksum`, a 128-bit SipHash-1-3 of all bytes
//! except its own digits.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// The prefix of the digits.
pub(crate) const MARK: &str = "siphash-1-3:";
/// Hexadecimal digits of 128 bits.
const DIGITS: usize = 32;
/// The prefix must occur within this number of bytes from the beginning.
const SEARCH_BYTES: usize = 4_096;

/// Inserts a placeholder for the checksum as the first key of a JSON object.
pub fn insert_placeholder(object: &str) -> String {
    let rest = object.strip_prefix('{').unwrap_or(object);
    format!("{{\"checksum\":\"{MARK}{}\",{rest}", "0".repeat(DIGITS))
}

/// Removes the checksum from a JSON object.
///
/// # Errors
/// A message if the object has none.
pub fn strip(object: &str) -> Result<String, String> {
    let rest = object.strip_prefix("{\"checksum\":\"").and_then(|rest| rest.strip_prefix(MARK));
    let rest = rest.and_then(|rest| rest.get(DIGITS..)).and_then(|rest| rest.strip_prefix("\","));
    rest.map(|rest| format!("{{{rest}")).ok_or_else(missing)
}

/// Fills in the checksum of a document with a placeholder.
pub fn seal(document: &mut [u8]) {
    if let Some(start) = find_digits(document) {
        let digits = digits(|hasher| {
            hasher.write(&document[..start]);
            hasher.write(&document[start + DIGITS..]);
        });
        document[start..start + DIGITS].copy_from_slice(digits.as_bytes());
    }
}

/// Adds a checksum to a JSON object.
pub fn seal_object(object: &str) -> String {
    let mut bytes = insert_placeholder(object).into_bytes();
    seal(&mut bytes);
    // Only digits were replaced, so this is still UTF-8.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Verifies and removes the checksum of a JSON object.
///
/// # Errors
/// As [`check`] and [`strip`].
pub fn open_object(text: &str) -> Result<String, String> {
    check(text.as_bytes())?;
    strip(text)
}

/// Fills in the checksum of a document in a file, as [`seal`].
pub(crate) fn seal_file(file: &mut File) -> io::Result<()> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(SEARCH_BYTES as u64).read_to_end(&mut head)?;
    let Some(start) = find_digits(&head) else {
        return Err(io::Error::other("the document has no placeholder for a checksum"));
    };
    let mut hasher = SipHasher13::new();
    hasher.write(&head[..start]);
    file.seek(SeekFrom::Start((start + DIGITS) as u64))?;
    let mut chunk = vec![0; 1 << 18];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            read => hasher.write(&chunk[..read]),
        }
    }
    file.seek(SeekFrom::Start(start as u64))?;
    file.write_all(hexadecimal(&hasher).as_bytes())
}

/// Verifies the checksum of a document.
///
/// # Errors
/// A message that completes a sentence about the file.
pub fn check(document: &[u8]) -> Result<(), String> {
    let start = find_digits(document).ok_or_else(missing)?;
    let expected = digits(|hasher| {
        hasher.write(&document[..start]);
        hasher.write(&document[start + DIGITS..]);
    });
    if document[start..start + DIGITS] == *expected.as_bytes() {
        return Ok(());
    }
    Err("its checksum does not match its contents: it was damaged or changed after it was written".into())
}

fn missing() -> String {
    "it has no checksum: it is damaged, or was written by another program or an older version".into()
}

/// Finds the offset of the digits.
fn find_digits(document: &[u8]) -> Option<usize> {
    let head = &document[..document.len().min(SEARCH_BYTES)];
    let start = head.windows(MARK.len()).position(|w| w == MARK.as_bytes())? + MARK.len();
    (start + DIGITS <= document.len()).then_some(start)
}

fn digits(write: impl FnOnce(&mut SipHasher13)) -> String {
    let mut hasher = SipHasher13::new();
    write(&mut hasher);
    hexadecimal(&hasher)
}

fn hexadecimal(hasher: &SipHasher13) -> String {
    format!("{:032x}", hasher.finish128().as_u128())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_bit_is_detected() {
        let object = r#"{"seed":7,"name":"siphash-1-3:x"}"#;
        let text = seal_object(object);
        assert_eq!(open_object(&text).unwrap(), object);
        for i in 0..8 * text.len() {
            let mut damaged = text.clone().into_bytes();
            damaged[i / 8] ^= 1 << (i % 8);
            assert!(check(&damaged).is_err(), "bit {i}");
        }
        for end in 0..text.len() {
            assert!(check(&text.as_bytes()[..end]).is_err());
        }
        assert!(open_object(object).unwrap_err().contains("no checksum"));
    }

    #[test]
    fn a_file_is_sealed_like_its_bytes() {
        let mut bytes = insert_placeholder("{\"a\":1}").into_bytes();
        bytes.extend((0..600_000).map(|i| (i % 251) as u8));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        seal_file(&mut file).unwrap();
        seal(&mut bytes);
        let mut read = Vec::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut read).unwrap();
        assert!(read == bytes && check(&read).is_ok());
    }
}
