//! Sums over rows as safetensors files, to resume a pass or to merge partial sums. The tensors of node i are `gram.i`,
//! `correlation.i`, `label_sq.i` and `weight.i`; everything else is one JSON object in the metadata.

use crate::error::{Error, Result};
use crate::model::SCHEMA;
use crate::source::check_plain_file;
use crate::tensors::{self, floats, little_endian};
use crate::write::write_by;
use safetensors::tensor::{Dtype, View};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::Path;
use zonal::linalg::{Matrix, Packed};
use zonal::statistics::{Precision, Statistics, Sums};

/// The metadata of the sums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    schema: u32,
    version: String,
    /// Identifies everything that determines the sums in addition to the rows; sums with different identities are never mixed.
    identity: String,
    width: usize,
    labels: usize,
    parts: usize,
    precision: Precision,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    first_block: u64,
    level: u32,
    covered: u64,
}

/// The sizes of statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The number of features.
    pub width: usize,
    /// The number of labels.
    pub labels: usize,
    /// The number of parts into which rows are split.
    pub parts: usize,
    /// The precision of the features.
    pub precision: Precision,
}

/// One tensor of a node, with its parts concatenated. Bytes are produced on demand, so that a large file needs memory for one
/// tensor only.
struct Tensor<'a> {
    sums: &'a [Sums],
    quantity: Quantity,
    sizes: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Quantity {
    Gram,
    Correlation,
    LabelSq,
    Weight,
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F64
    }

    fn shape(&self) -> &[usize] {
        &self.sizes
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(self.data_len());
        for sums in self.sums {
            match self.quantity {
                Quantity::Gram => bytes.extend(little_endian(sums.gram.values())),
                Quantity::Correlation => bytes.extend(little_endian(sums.correlation.values())),
                Quantity::LabelSq => bytes.extend(little_endian(&sums.label_sq)),
                Quantity::Weight => bytes.extend(sums.weight.to_le_bytes()),
            }
        }
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        8 * self.sizes.iter().product::<usize>()
    }
}

/// Returns the tensors and the metadata of statistics.
fn encode<'a>(
    statistics: &'a Statistics,
    shape: Shape,
    identity: &str,
) -> std::result::Result<(Vec<(String, Tensor<'a>)>, String), String> {
    let nodes = statistics.export();
    let Shape { width, labels, parts, precision } = shape;
    let fits = |s: &Sums| {
        (s.gram.order(), s.label_sq.len(), s.correlation.rows()) == (width, labels, labels)
            && s.correlation.columns() == width
    };
    if !nodes.iter().all(|n| n.sums.len() == parts && n.sums.iter().all(fits)) {
        return Err(format!(
            "its sums do not have the shape {width} features, {labels} labels and {parts} parts"
        ));
    }
    let mut tensors = Vec::new();
    for (i, node) in nodes.iter().enumerate() {
        for (name, quantity, sizes) in [
            ("gram", Quantity::Gram, vec![parts, width * (width + 1) / 2]),
            ("correlation", Quantity::Correlation, vec![parts, labels, width]),
            ("label_sq", Quantity::LabelSq, vec![parts, labels]),
            ("weight", Quantity::Weight, vec![parts]),
        ] {
            tensors.push((format!("{name}.{i}"), Tensor { sums: node.sums, quantity, sizes }));
        }
    }
    let description = Description {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        identity: identity.to_owned(),
        width,
        labels,
        parts,
        precision,
        nodes: nodes
            .iter()
            .map(|n| Node { first_block: n.first_block, level: n.level, covered: n.covered })
            .collect(),
    };
    Ok((tensors, serde_json::to_string(&description).map_err(|e| e.to_string())?))
}

/// Encodes statistics as bytes; blocks must be closed. `identity` identifies everything that determines the sums in addition to
/// the rows.
///
/// # Errors
/// [`Error::Model`] if the statistics do not have this shape.
pub fn to_bytes(statistics: &Statistics, shape: Shape, identity: &str) -> Result<Vec<u8>> {
    let broken = |message: String| Error::Model { path: "statistics".into(), message };
    let (tensors, description) = encode(statistics, shape, identity).map_err(broken)?;
    tensors::to_bytes(tensors, &description).map_err(broken)
}

/// Decodes statistics with their shape and identity. Refuses damaged bytes, sums of another version, and sums whose identity is
/// not the given one.
///
/// # Errors
/// [`Error::Model`] with what was found.
pub fn from_bytes(bytes: &[u8], identity: Option<&str>) -> Result<(Statistics, Shape, String)> {
    read(bytes, identity).map_err(|message| Error::Model { path: "statistics".into(), message })
}

fn read(bytes: &[u8], identity: Option<&str>) -> std::result::Result<(Statistics, Shape, String), String> {
    let (tensors, json) = tensors::open(bytes)?;
    let d: Description =
        serde_json::from_str(&json).map_err(|e| format!("its metadata does not describe sums: {e}"))?;
    let version = env!("CARGO_PKG_VERSION");
    if (d.schema, d.version.as_str()) != (SCHEMA, version) {
        return Err(format!(
            "it was written by version {} (format {}), but only sums of version {version} (format {SCHEMA}) are reproducible here",
            d.version, d.schema
        ));
    }
    if identity.is_some_and(|i| i != d.identity) {
        return Err("its sums are of other data, columns or options; start the training over".into());
    }
    let shape = Shape { width: d.width, labels: d.labels, parts: d.parts, precision: d.precision };
    let mut statistics = Statistics::new(d.width, d.labels, d.parts, d.precision);
    for (i, node) in d.nodes.iter().enumerate() {
        let tensor = |name: &str, values: Option<usize>| {
            let name = format!("{name}.{i}");
            let view = tensors.tensor(&name).map_err(|e| e.to_string())?;
            let expected = values.and_then(|v| v.checked_mul(8));
            if view.dtype() != Dtype::F64 || Some(view.data().len()) != expected {
                return Err(format!("the tensor '{name}' does not have the size in the metadata"));
            }
            Ok(view.data())
        };
        let order = d.width.checked_add(1).and_then(|w| w.checked_mul(d.width)).map(|w| w / 2);
        let product = |sizes: &[usize]| sizes.iter().try_fold(1usize, |a, b| a.checked_mul(*b));
        let gram = tensor("gram", order.and_then(|o| o.checked_mul(d.parts)))?;
        let correlation = tensor("correlation", product(&[d.parts, d.labels, d.width]))?;
        let squares = tensor("label_sq", product(&[d.parts, d.labels]))?;
        let weights = floats(tensor("weight", Some(d.parts))?);
        let mut sums = Vec::with_capacity(d.parts);
        for part in 0..d.parts {
            let of = |bytes: &[u8], size: usize| floats(&bytes[8 * part * size..8 * (part + 1) * size]);
            let values =
                [of(gram, order.unwrap_or(0)), of(correlation, d.labels * d.width), of(squares, d.labels)];
            if !values.iter().flatten().chain(&weights).all(|x| x.is_finite()) {
                return Err("it holds values that are not finite".into());
            }
            let [gram, correlation, label_sq] = values;
            sums.push(Sums {
                weight: weights[part],
                gram: Packed::from_values(d.width, gram).map_err(|e| e.to_string())?,
                correlation: Matrix::from_rows(d.labels, d.width, correlation).map_err(|e| e.to_string())?,
                label_sq,
            });
        }
        statistics
            .import(node.first_block, node.level, node.covered, sums)
            .map_err(|e| format!("its sums are inconsistent: {e}"))?;
    }
    Ok((statistics, shape, d.identity))
}

/// Writes statistics to a file.
///
/// # Errors
/// As [`to_bytes`], [`Error::System`].
pub fn save(path: &Path, statistics: &Statistics, shape: Shape, identity: &str) -> Result<()> {
    let broken = |message: String| Error::Model { path: path.to_owned(), message };
    let (tensors, description) = encode(statistics, shape, identity).map_err(broken)?;
    write_by(path, |name| tensors::write_to(name, path, tensors, &description))
}

/// Reads statistics from a file.
///
/// # Errors
/// As [`from_bytes`], [`Error::System`], [`Error::NotAFile`].
pub fn load(path: &Path, identity: Option<&str>) -> Result<(Statistics, Shape)> {
    check_plain_file(path)?;
    let bytes = std::fs::read(path).map_err(Error::system(path, "reading"))?;
    let (statistics, shape, _) =
        read(&bytes, identity).map_err(|message| Error::Model { path: path.to_owned(), message })?;
    Ok((statistics, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Statistics, Shape) {
        let shape = Shape { width: 3, labels: 2, parts: 2, precision: Precision::F64 };
        let mut s = Statistics::new(3, 2, 2, Precision::F64);
        let mut sums = vec![Sums::zeros(3, 2); 2];
        sums[1].weight = 7.5;
        sums[1].label_sq[0] = 0.1;
        sums[1].correlation.row_mut(1)[2] = -0.3;
        sums[0].gram = Packed::from_values(3, vec![1.0, 0.1, 2.0, 0.2, 0.3, 3.0]).unwrap();
        s.import(0, 1, 32_768, sums.clone()).unwrap();
        s.import(2, 0, 10, sums).unwrap();
        (s, shape)
    }

    #[test]
    fn sums_survive_the_disk_bit_by_bit() {
        let (s, shape) = sample();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        save(&path, &s, shape, "a").unwrap();
        let (again, found) = load(&path, Some("a")).unwrap();
        assert_eq!(found, shape);
        assert_eq!(again.next_row(), 32_778);
        for part in [0, 1] {
            assert_eq!(again.part(part), s.part(part));
        }
        assert_eq!(to_bytes(&again, shape, "a").unwrap(), std::fs::read(&path).unwrap());
        assert!(load(&path, Some("b")).unwrap_err().to_string().contains("other data"));
    }

    #[test]
    fn damaged_files_are_refused_and_never_panic() {
        let (s, shape) = sample();
        let bytes = to_bytes(&s, shape, "a").unwrap();
        for length in 0..bytes.len() {
            assert!(from_bytes(&bytes[..length], None).is_err());
        }
        for i in 0..bytes.len() {
            for flip in [0x01, 0x15, 0x80] {
                let mut damaged = bytes.clone();
                damaged[i] ^= flip;
                assert!(from_bytes(&damaged, None).is_err(), "byte {i}, {flip:#x}");
            }
        }
    }
}
