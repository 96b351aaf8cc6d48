//! Safetensors files with a checksum over all bytes. All metadata is one JSON object under the key `zonal`, since several keys
//! would be written in random order.

use crate::checksum;
use crate::error::{Error, Result};
use safetensors::tensor::{SafeTensorError, SafeTensors, View};
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::path::Path;

const KEY: &str = "zonal";

fn metadata(object: &str) -> Option<HashMap<String, String>> {
    Some(HashMap::from([(KEY.to_owned(), checksum::insert_placeholder(object))]))
}

/// Encodes tensors and metadata as the bytes of a file.
pub(crate) fn to_bytes<S: AsRef<str> + Ord + std::fmt::Display, V: View>(
    tensors: Vec<(S, V)>,
    object: &str,
) -> std::result::Result<Vec<u8>, String> {
    let mut bytes = safetensors::serialize(tensors, metadata(object)).map_err(|e| e.to_string())?;
    checksum::seal(&mut bytes);
    Ok(bytes)
}

/// Writes the file to the temporary name `name`, one tensor at a time: a large file needs memory for one only. Errors name
/// `path`.
pub(crate) fn write_to<V: View>(
    name: &Path,
    path: &Path,
    tensors: Vec<(String, V)>,
    object: &str,
) -> Result<()> {
    safetensors::serialize_to_file(tensors, metadata(object), name).map_err(|e| match e {
        SafeTensorError::IoError(source) => Error::system(path, "writing")(source),
        e => Error::Model { path: path.to_owned(), message: e.to_string() },
    })?;
    let file = OpenOptions::new().read(true).write(true).open(name);
    file.and_then(|mut file| checksum::seal_file(&mut file)).map_err(Error::system(path, "writing"))
}

/// Reads the tensors and the JSON object of a file after checking that it is complete, written by zonal and unchanged.
pub(crate) fn open(bytes: &[u8]) -> std::result::Result<(SafeTensors<'_>, String), String> {
    let text = |e: SafeTensorError| format!("it is not a complete safetensors file ({e})");
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(text)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(text)?;
    let json = metadata.metadata().as_ref().and_then(|m| m.get(KEY));
    let json = json.ok_or("its metadata has no key 'zonal': it was written by another program")?;
    let object = checksum::strip(json)?;
    checksum::check(bytes)?;
    Ok((tensors, object))
}

/// Decodes little-endian numbers.
pub(crate) fn floats(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
}

/// Encodes numbers as little-endian bytes.
pub(crate) fn little_endian(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}
