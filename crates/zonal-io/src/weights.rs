//! Checkpoints of a descent: snapshots of the weights in one safetensors file. The first axis of the tensors `hidden`, `biases`
//! and `output` is the snapshot; everything else is one JSON object in the metadata.

use crate::error::{Error, Result};
use crate::source::check_plain_file;
use crate::tensors::{self, floats, little_endian};
use crate::write::write_file;
use safetensors::tensor::{Dtype, TensorView};
use std::path::Path;
use zonal::linalg::Matrix;
use zonal::network::Weights;

/// Writes the metadata and snapshots of equal sizes.
///
/// # Errors
/// [`Error::System`]; [`Error::Model`] for weights of different sizes.
pub fn save(path: &Path, json: &str, snapshots: &[Weights]) -> Result<()> {
    let broken = |message: String| Error::Model { path: path.to_owned(), message };
    let Some(first) = snapshots.first() else { return Err(broken("there are no weights to write".into())) };
    let (m, n, labels) = (first.hidden.rows(), first.hidden.columns(), first.output.rows());
    let all = |values: &dyn Fn(&Weights) -> Vec<u8>| snapshots.iter().flat_map(values).collect::<Vec<u8>>();
    let hidden = all(&|w| little_endian(w.hidden.values()));
    let biases = all(&|w| little_endian(&w.biases));
    let output = all(&|w| little_endian(w.output.values()));
    let view = |shape: Vec<usize>, bytes| {
        TensorView::new(Dtype::F64, shape, bytes).map_err(|e| broken(e.to_string()))
    };
    let count = snapshots.len();
    let tensors = vec![
        ("hidden", view(vec![count, m, n], &hidden)?),
        ("biases", view(vec![count, m], &biases)?),
        ("output", view(vec![count, labels, m], &output)?),
    ];
    let bytes = tensors::to_bytes(tensors, json).map_err(broken)?;
    write_file(path, &bytes)
}

/// Reads the metadata and snapshots written by [`save`].
///
/// # Errors
/// [`Error::Model`] for a file that is damaged or was not written by zonal, [`Error::System`], [`Error::NotAFile`].
pub fn load(path: &Path) -> Result<(String, Vec<Weights>)> {
    check_plain_file(path)?;
    let bytes = std::fs::read(path).map_err(Error::system(path, "reading"))?;
    from_bytes(&bytes).map_err(|message| Error::Model { path: path.to_owned(), message })
}

/// Decodes the bytes of such a file.
///
/// # Errors
/// A message that completes a sentence about the file.
pub fn from_bytes(bytes: &[u8]) -> std::result::Result<(String, Vec<Weights>), String> {
    let (tensors, json) = tensors::open(bytes)?;
    let read = |name: &str| {
        let view = tensors.tensor(name).map_err(|e| e.to_string())?;
        if view.dtype() != Dtype::F64 {
            return Err(format!("the tensor '{name}' does not hold 64-bit floats"));
        }
        Ok((view.shape().to_vec(), floats(view.data())))
    };
    let ((hidden_shape, hidden), (bias_shape, biases), (output_shape, output)) =
        (read("hidden")?, read("biases")?, read("output")?);
    let (&[count, m, n], &[_, labels, _]) = (hidden_shape.as_slice(), output_shape.as_slice()) else {
        return Err("its tensors do not have three axes".into());
    };
    if m == 0 || n == 0 || labels == 0 || bias_shape != [count, m] || output_shape != [count, labels, m] {
        return Err(format!(
            "its tensors have the shapes {hidden_shape:?}, {bias_shape:?}, {output_shape:?}"
        ));
    }
    let chunks = hidden.chunks(m * n).zip(biases.chunks(m)).zip(output.chunks(labels * m));
    let weights = chunks.map(|((hidden, biases), output)| {
        Ok(Weights {
            hidden: Matrix::from_rows(m, n, hidden.to_vec())?,
            biases: biases.to_vec(),
            output: Matrix::from_rows(labels, m, output.to_vec())?,
        })
    });
    let weights = weights.collect::<zonal::Result<Vec<_>>>().map_err(|e| e.to_string())?;
    Ok((json, weights))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_survive_the_disk_and_damage_is_refused() {
        let snapshot = |x: f64| Weights {
            hidden: Matrix::from_rows(3, 2, (0..6).map(|i| x / (1.0 + f64::from(i))).collect()).unwrap(),
            biases: vec![x, 0.0, -x],
            output: Matrix::from_rows(2, 3, vec![x; 6]).unwrap(),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d");
        let snapshots = vec![snapshot(0.1), snapshot(1e-300), snapshot(-7.0)];
        save(&path, "{\"a\":1}", &snapshots).unwrap();
        assert_eq!(load(&path).unwrap(), ("{\"a\":1}".to_owned(), snapshots));
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            assert!(from_bytes(&bytes[..length]).is_err());
        }
        for i in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[i] ^= 0x15;
            assert!(from_bytes(&damaged).is_err(), "byte {i}");
        }
        assert!(save(&path, "", &[]).is_err());
    }
}
