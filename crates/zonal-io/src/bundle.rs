//! Several byte strings with names in one safetensors file with a checksum.

use crate::error::{Error, Result};
use crate::tensors;
use safetensors::tensor::{Dtype, SafeTensors, View};
use std::borrow::Cow;

/// The prefix of the names of pieces, which tells a bundle from other files.
const PREFIX: &str = "piece.";

struct Piece<'a> {
    bytes: &'a [u8],
    sizes: [usize; 1],
}

impl View for Piece<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::U8
    }

    fn shape(&self) -> &[usize] {
        &self.sizes
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Creates an error for bytes without a file.
fn broken(message: String) -> Error {
    Error::Model { path: "the bundle".into(), message }
}

/// Puts pieces, whose names differ, and a JSON object into one file.
///
/// # Errors
/// [`Error::Model`] if the file cannot be encoded.
pub fn to_bytes(pieces: &[(String, Vec<u8>)], object: &str) -> Result<Vec<u8>> {
    let tensors: Vec<(String, Piece<'_>)> = pieces
        .iter()
        .map(|(name, bytes)| (format!("{PREFIX}{name}"), Piece { bytes, sizes: [bytes.len()] }))
        .collect();
    tensors::to_bytes(tensors, object).map_err(broken)
}

/// Returns whether these bytes begin as those of a bundle.
pub fn is_bundle(bytes: &[u8]) -> bool {
    SafeTensors::read_metadata(bytes)
        .is_ok_and(|(_, metadata)| metadata.tensors().keys().any(|name| name.starts_with(PREFIX)))
}

/// A bundle whose bytes are complete and unchanged.
pub struct Bundle<'a> {
    tensors: SafeTensors<'a>,
    object: String,
}

impl<'a> Bundle<'a> {
    /// Opens a bundle.
    ///
    /// # Errors
    /// [`Error::Model`] for damaged bytes and for those of another program.
    pub fn open(bytes: &'a [u8]) -> Result<Self> {
        let (tensors, object) = tensors::open(bytes).map_err(broken)?;
        Ok(Self { tensors, object })
    }

    /// Returns the JSON object.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// Returns the piece of this name.
    ///
    /// # Errors
    /// [`Error::Model`] if there is none.
    pub fn piece(&self, name: &str) -> Result<&'a [u8]> {
        let tensor = self.tensors.tensor(&format!("{PREFIX}{name}"));
        Ok(tensor.map_err(|e| broken(format!("it lacks the piece '{name}' ({e})")))?.data())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_return_and_damage_is_refused() {
        let pieces = [("b".to_owned(), vec![1u8, 2, 3]), ("a".to_owned(), Vec::new())];
        let bytes = to_bytes(&pieces, "{\"x\":1}").unwrap();
        assert!(is_bundle(&bytes));
        let bundle = Bundle::open(&bytes).unwrap();
        assert_eq!((bundle.piece("b").unwrap(), bundle.piece("a").unwrap()), (&[1u8, 2, 3][..], &[][..]));
        assert_eq!(bundle.object(), "{\"x\":1}");
        assert!(bundle.piece("c").unwrap_err().to_string().contains("'c'"));
        for i in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[i] ^= 0x11;
            assert!(Bundle::open(&damaged).is_err(), "byte {i}");
            assert!(Bundle::open(&bytes[..i]).is_err());
        }
    }
}
