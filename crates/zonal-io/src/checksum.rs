//! A checksum inside a document, by which its reader knows that it is as it was written. The first key of its JSON is
//! `checksum`, SipHash-1-3 with 128 bits of everything but the digits themselves.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// What stands before the digits.
pub(crate) const MARK: &str = "siphash-1-3:";
/// The digits of 128 bits.
const DIGITS: usize = 32;
/// A document's mark stands this near to its beginning.
const NEAR: usize = 4_096;

/// A JSON object with a place for the checksum as its first key.
pub fn with_place(object: &str) -> String {
    let rest = object.strip_prefix('{').unwrap_or(object);
    format!("{{\"checksum\":\"{MARK}{}\",{rest}", "0".repeat(DIGITS))
}

/// The object without its checksum.
///
/// # Errors
/// A text that says so where it has none.
pub fn without(object: &str) -> Result<String, String> {
    let rest = object.strip_prefix("{\"checksum\":\"").and_then(|rest| rest.strip_prefix(MARK));
    let rest = rest.and_then(|rest| rest.get(DIGITS..)).and_then(|rest| rest.strip_prefix("\","));
    rest.map(|rest| format!("{{{rest}")).ok_or_else(missing)
}

/// Fills in the checksum of a document that has a place for it.
pub fn seal(document: &mut [u8]) {
    if let Some(start) = place(document) {
        let digits = digits(|hasher| {
            hasher.write(&document[..start]);
            hasher.write(&document[start + DIGITS..]);
        });
        document[start..start + DIGITS].copy_from_slice(digits.as_bytes());
    }
}

/// A JSON object with its checksum.
pub fn sealed(object: &str) -> String {
    let mut bytes = with_place(object).into_bytes();
    seal(&mut bytes);
    // Digits took the place of digits.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The object of a sealed text.
///
/// # Errors
/// As [`check`] and [`without`].
pub fn unsealed(text: &str) -> Result<String, String> {
    check(text.as_bytes())?;
    without(text)
}

/// As [`seal`], for a document in a file.
pub(crate) fn seal_file(file: &mut File) -> io::Result<()> {
    let mut near = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(NEAR as u64).read_to_end(&mut near)?;
    let Some(start) = place(&near) else {
        return Err(io::Error::other("it has no place for a checksum"));
    };
    let mut hasher = SipHasher13::new();
    hasher.write(&near[..start]);
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

/// Whether a document is as it was written.
///
/// # Errors
/// What is wrong, as the end of a sentence about the file.
pub fn check(document: &[u8]) -> Result<(), String> {
    let start = place(document).ok_or_else(missing)?;
    let expected = digits(|hasher| {
        hasher.write(&document[..start]);
        hasher.write(&document[start + DIGITS..]);
    });
    if document[start..start + DIGITS] == *expected.as_bytes() {
        return Ok(());
    }
    Err("its checksum does not fit its contents, so it was damaged or changed since it was written".into())
}

fn missing() -> String {
    "it has no checksum, so another program or an older version wrote it, or it is damaged".into()
}

/// Where the digits begin.
fn place(document: &[u8]) -> Option<usize> {
    let near = &document[..document.len().min(NEAR)];
    let start = near.windows(MARK.len()).position(|w| w == MARK.as_bytes())? + MARK.len();
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
    fn every_changed_bit_is_noticed() {
        let object = r#"{"seed":7,"name":"siphash-1-3:x"}"#;
        let text = sealed(object);
        assert_eq!(unsealed(&text).unwrap(), object);
        for i in 0..8 * text.len() {
            let mut damaged = text.clone().into_bytes();
            damaged[i / 8] ^= 1 << (i % 8);
            assert!(check(&damaged).is_err(), "bit {i}");
        }
        for end in 0..text.len() {
            assert!(check(&text.as_bytes()[..end]).is_err());
        }
        assert!(unsealed(object).unwrap_err().contains("no checksum"));
    }

    #[test]
    fn a_file_is_sealed_like_its_bytes() {
        let mut bytes = with_place("{\"a\":1}").into_bytes();
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
