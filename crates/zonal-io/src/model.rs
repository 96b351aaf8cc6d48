//! Trained networks as safetensors files with the tensors `directions`, `coefficients` and `iterations`. If the hidden layer was
//! trained too, `weights` (and `biases`) at each iteration replace `directions`. Grown networks (version 2) have `biases`, and
//! `best`, the output coefficients where each network is stopped. Everything else is one JSON object in the metadata.

use crate::error::{Error, Result};
use crate::names::MODEL;
use crate::source::{Classes, DrawRule, Encoding, check_plain_file};
use crate::tensors::{self, floats, little_endian};
use crate::write::write_file;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zonal::activation::Activation;
use zonal::block::FeatureMap;
use zonal::columns::ColumnMap;
use zonal::conformal::HeldOutErrors;
use zonal::lift::{LabelScale, Lift};
use zonal::linalg::Matrix;
use zonal::network::{Architecture, Mixed, Network, Parametrisation, Weights};
use zonal::rows::Split;

/// The version of the file formats of this crate.
pub const SCHEMA: u32 = 1;
/// The version of the files of grown networks.
pub const GROWN_SCHEMA: u32 = 2;

/// The metadata of a model: its network, its training and the preparation of its inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The version of the format.
    pub schema: u32,
    /// The activation.
    pub activation: Activation,
    /// The scale s.
    pub scale: f64,
    /// The parametrisation, which sets the factor before the sum over units.
    #[serde(default = "default_parametrisation")]
    pub parametrisation: Parametrisation,
    /// The seed of the hidden units.
    pub seed: u64,
    /// The step size of the descent.
    pub step_size: f64,
    /// The iteration to use by default; for grown networks the one with the smallest mean loss on held-out rows, while by
    /// default each of them is used at its own best iteration.
    pub best_iteration: u64,
    /// The expression of the target; None for tables.
    pub target: Option<String>,
    /// The preparation of rows; None for targets.
    pub table: Option<TableDescription>,
    /// The units of grown networks; None for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grown: Option<GrownDescription>,
    /// A description of the model for people, as Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
}

/// Several grown networks, whose mean is one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrownDescription {
    /// The map from features to the inputs of units.
    pub columns: ColumnMap,
    /// The activation and the number of units of each group, in the order of the units.
    pub groups: Vec<(Activation, usize)>,
    /// The best iteration of each network.
    pub best_iterations: Vec<u64>,
}

/// The parametrisation of networks that train only the output layer, which older files do not state.
fn default_parametrisation() -> Parametrisation {
    Parametrisation::Ntk
}

/// The maps from the rows of a table to points of the sphere and standardised labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDescription {
    /// The map from features to points.
    pub lift: Lift,
    /// The standardisation of each label.
    pub labels: Vec<LabelScale>,
    /// The split of rows into training, validation and test parts.
    pub split: Split,
    /// How the columns of a table become the features of the lift; None if they are these features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The classes of the label; None if the labels are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassDescription>,
    /// The errors of each label on held-out rows, from which intervals follow; None for classes and without such rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<HeldOutErrors>>,
    /// What determines the parts of rows; None if their numbers do, and, for classes, the sequence of their labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draws: Option<DrawRule>,
}

/// The classes of a label, each of which is one label of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassDescription {
    /// The classes.
    pub classes: Classes,
    /// The factor of the outputs whose exponentials are proportional to the probabilities.
    pub temperature: f64,
}

impl TableDescription {
    /// Checks that the constants are consistent and usable.
    ///
    /// # Errors
    /// A message.
    pub fn check(&self) -> std::result::Result<(), String> {
        let (lift, labels) = (&self.lift, &self.labels);
        let used = lift.kept.len();
        let sound = used > 0
            && lift.mean.len() == used
            && lift.deviation.len() == used
            && lift.kept.iter().all(|&i| i < lift.columns.len())
            && lift.deviation.iter().all(|d| *d > 0.0 && d.is_finite())
            && lift.mean.iter().all(|m| m.is_finite())
            && lift.bias >= 0.0
            && lift.bias.is_finite()
            && !labels.is_empty()
            && labels.iter().all(|l| l.deviation > 0.0 && l.deviation.is_finite() && l.mean.is_finite())
            && self.encoding.as_ref().is_none_or(|e| e.is_sound() && e.names() == lift.columns)
            && self.draws.as_ref().is_none_or(DrawRule::is_sound)
            && self.errors.as_ref().is_none_or(|errors| {
                errors.len() == labels.len() && errors.iter().all(HeldOutErrors::is_sound)
            })
            && self.classes.as_ref().is_none_or(|c| {
                let is_temperature = c.temperature >= 0.0 && c.temperature.is_finite();
                c.classes.is_sound() && c.classes.names.len() == labels.len() && is_temperature
            });
        if sound { Ok(()) } else { Err("the constants that prepare its rows are damaged".into()) }
    }
}

/// The hidden layer at the iterations of a model.
#[derive(Clone, Debug)]
pub enum HiddenLayer {
    /// The same hidden layer at all iterations.
    Fixed(Network),
    /// A hidden layer for each iteration.
    Moving(Vec<Network>),
    /// Grown units, the same at all iterations, and the output coefficients to use by default, one row for each label.
    Grown(Mixed, Matrix),
}

/// A hidden layer at one iteration.
#[derive(Clone, Copy, Debug)]
pub enum Units<'a> {
    /// Units of one activation.
    Alike(&'a Network),
    /// Units of several activations.
    Mixed(&'a Mixed),
}

impl Units<'_> {
    /// Returns the number of units.
    pub fn width(self) -> usize {
        match self {
            Self::Alike(network) => network.width(),
            Self::Mixed(mixed) => mixed.width(),
        }
    }

    /// Returns the number of coordinates of a point.
    pub fn coordinates(self) -> usize {
        match self {
            Self::Alike(network) => network.directions().columns(),
            Self::Mixed(mixed) => FeatureMap::coordinates(mixed),
        }
    }

    /// Computes the values at the rows of `points`, as [`Network::values`].
    ///
    /// # Errors
    /// [`zonal::Error::Size`] if dimensions differ.
    pub fn values(self, coefficients: &Matrix, points: &Matrix) -> zonal::Result<Matrix> {
        match self {
            Self::Alike(network) => network.values(coefficients, points),
            Self::Mixed(mixed) => mixed.values(coefficients, points),
        }
    }
}

/// A network with its output coefficients at several iterations.
#[derive(Clone, Debug)]
pub struct Model {
    /// The metadata.
    pub description: Description,
    /// The hidden layer.
    pub hidden: HiddenLayer,
    /// Iteration counts, ascending.
    pub iterations: Vec<u64>,
    /// Output coefficients: one row for each iteration count and label.
    pub coefficients: Matrix,
}

/// Creates an error for bytes without a file.
fn in_memory(message: String) -> Error {
    Error::Model { path: "the network".into(), message }
}

impl Model {
    /// Returns the number of labels; 1 for a target.
    pub fn labels(&self) -> usize {
        self.description.table.as_ref().map_or(1, |t| t.labels.len())
    }

    /// Returns the hidden layer at an iteration and the output coefficients, one row for each label.
    ///
    /// # Errors
    /// The available iterations if this one is not among them, or lacks coefficients or a hidden layer.
    pub fn at(&self, iteration: u64) -> std::result::Result<(Units<'_>, Matrix), &[u64]> {
        let Ok(i) = self.iterations.binary_search(&iteration) else { return Err(&self.iterations) };
        let network = match &self.hidden {
            HiddenLayer::Fixed(network) => Units::Alike(network),
            HiddenLayer::Moving(networks) => Units::Alike(networks.get(i).ok_or(self.iterations.as_slice())?),
            HiddenLayer::Grown(mixed, _) => Units::Mixed(mixed),
        };
        let labels = self.labels();
        if self.coefficients.rows() < (i + 1) * labels {
            return Err(&self.iterations);
        }
        Ok((network, self.coefficients.row_range(i * labels, (i + 1) * labels)))
    }

    /// Returns the hidden layer and the output coefficients to use by default, one row for each label.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn best(&self) -> std::result::Result<(Units<'_>, Matrix), &[u64]> {
        match &self.hidden {
            HiddenLayer::Grown(mixed, best) => Ok((Units::Mixed(mixed), best.clone())),
            _ => self.at(self.description.best_iteration),
        }
    }

    /// Writes the model to a file.
    ///
    /// # Errors
    /// [`Error::System`]; [`Error::Model`] for inconsistent sizes.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_file(path, &self.encode().map_err(|message| Error::Model { path: path.to_owned(), message })?)
    }

    /// Encodes the model as the bytes of such a file.
    ///
    /// # Errors
    /// [`Error::Model`] for inconsistent sizes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.encode().map_err(in_memory)
    }

    /// Decodes a model from such bytes.
    ///
    /// # Errors
    /// [`Error::Model`] with what was found.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        Self::from_bytes(bytes).map_err(in_memory)
    }

    fn encode(&self) -> std::result::Result<Vec<u8>, String> {
        let coefficients = little_endian(self.coefficients.values());
        let iterations: Vec<u8> = self.iterations.iter().flat_map(|t| t.to_le_bytes()).collect();
        let coefficients_shape = vec![self.iterations.len(), self.labels(), self.coefficients.columns()];
        let view = |dtype, shape, bytes| TensorView::new(dtype, shape, bytes).map_err(|e| e.to_string());
        let networks = match &self.hidden {
            HiddenLayer::Fixed(network) => std::slice::from_ref(network),
            HiddenLayer::Moving(networks) => networks,
            HiddenLayer::Grown(mixed, _) => mixed.groups(),
        };
        let weights: Vec<u8> = networks.iter().flat_map(|n| little_endian(n.directions().values())).collect();
        let biases: Vec<u8> =
            networks.iter().flat_map(|n| little_endian(n.biases().unwrap_or_default())).collect();
        let units = self.coefficients.columns();
        let dim = networks.first().map_or(0, |n| n.directions().columns());
        let mut tensors = vec![
            ("coefficients", view(Dtype::F64, coefficients_shape, &coefficients)?),
            ("iterations", view(Dtype::U64, vec![self.iterations.len()], &iterations)?),
        ];
        let best = match &self.hidden {
            HiddenLayer::Grown(_, best) => little_endian(best.values()),
            _ => Vec::new(),
        };
        match &self.hidden {
            HiddenLayer::Fixed(_) => {
                tensors.push(("directions", view(Dtype::F64, vec![units, dim], &weights)?))
            }
            HiddenLayer::Moving(_) => {
                tensors.push(("weights", view(Dtype::F64, vec![networks.len(), units, dim], &weights)?));
                if !biases.is_empty() {
                    tensors.push(("biases", view(Dtype::F64, vec![networks.len(), units], &biases)?));
                }
            }
            HiddenLayer::Grown(..) => {
                tensors.push(("directions", view(Dtype::F64, vec![units, dim], &weights)?));
                tensors.push(("biases", view(Dtype::F64, vec![units], &biases)?));
                tensors.push(("best", view(Dtype::F64, vec![self.labels(), units], &best)?));
            }
        }
        let json = serde_json::to_string(&self.description).map_err(|e| e.to_string())?;
        tensors::to_bytes(tensors, &json)
    }

    /// Returns the path of the model file, given the file or the folder of its run.
    ///
    /// # Errors
    /// [`Error::Folder`] for a path that does not exist and for a folder without a model.
    pub fn file(path: &Path) -> Result<PathBuf> {
        if !path.exists() {
            let message =
                "does not exist; name the folder of a run, such as runs/data-relu-1, or a model file"
                    .to_owned();
            return Err(Error::Folder { path: path.to_owned(), message });
        }
        if !path.is_dir() {
            return Ok(path.to_owned());
        }
        let file = path.join(MODEL);
        if file.exists() {
            return Ok(file);
        }
        let message = format!("holds no {MODEL}; only finished trainings of finite width have one");
        Err(Error::Folder { path: path.to_owned(), message })
    }

    /// Reads a model and validates it completely.
    ///
    /// # Errors
    /// [`Error::Model`] with what was found and needed, [`Error::System`], [`Error::NotAFile`].
    pub fn load(path: &Path) -> Result<Self> {
        check_plain_file(path)?;
        let bytes = std::fs::read(path).map_err(Error::system(path, "reading"))?;
        let reject = |message: String| Error::Model { path: path.to_owned(), message };
        // The header of a safetensors file, after its length, is a JSON object. A file with the extension is a damaged one.
        if bytes.get(8) != Some(&b'{') && path.extension().is_none_or(|extension| extension != "safetensors")
        {
            return Err(reject(format!(
                "it is neither a run folder nor a model; name a run, or its {MODEL}"
            )));
        }
        Self::from_bytes(&bytes).map_err(reject)
    }

    fn from_bytes(bytes: &[u8]) -> std::result::Result<Self, String> {
        let (tensors, json) = tensors::open(bytes)?;
        let schema: Schema =
            serde_json::from_str(&json).map_err(|e| format!("its metadata has no schema version: {e}"))?;
        if ![SCHEMA, GROWN_SCHEMA].contains(&schema.schema) {
            return Err(format!(
                "its format is version {}, but this program reads the versions {SCHEMA} and {GROWN_SCHEMA}",
                schema.schema
            ));
        }
        let description: Description =
            serde_json::from_str(&json).map_err(|e| format!("its metadata is damaged: {e}"))?;
        if description.grown.is_some() != (schema.schema == GROWN_SCHEMA) {
            return Err(format!("its metadata does not fit its version {}", schema.schema));
        }
        let labels = description.table.as_ref().map_or(1, |t| t.labels.len());
        let coefficients = coefficients(&tensors, labels)?;
        let view = tensors.tensor("iterations").map_err(|e| e.to_string())?;
        if view.dtype() != Dtype::U64 || view.shape().len() != 1 {
            return Err("the tensor 'iterations' is not a list of 64-bit counts".into());
        }
        let iterations: Vec<u64> =
            view.data().as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
        let same = |what: &str, a: usize, b: usize| {
            if a == b { Ok(()) } else { Err(format!("{what} disagree: {a} and {b}")) }
        };
        same(
            "the iterations of 'coefficients' and the length of 'iterations'",
            coefficients.rows() / labels.max(1),
            iterations.len(),
        )?;
        let hidden = hidden_layer(&tensors, &description, iterations.len(), labels)?;
        let (units, columns) = match &hidden {
            HiddenLayer::Fixed(network) => (network.width(), network.directions().columns()),
            HiddenLayer::Moving(networks) => {
                networks.first().map_or((0, 0), |n| (n.width(), n.directions().columns()))
            }
            HiddenLayer::Grown(mixed, best) => {
                same("the rows of 'best' and the labels", best.rows(), labels)?;
                same(
                    "the columns of 'best' and the units of the hidden layer",
                    best.columns(),
                    mixed.width(),
                )?;
                (mixed.width(), mixed.groups().first().map_or(0, |n| n.directions().columns()))
            }
        };
        same(
            "the columns of 'coefficients' and the units of the hidden layer",
            coefficients.columns(),
            units,
        )?;
        if units == 0 || !iterations.windows(2).all(|w| w[0] < w[1]) {
            return Err("it needs at least one unit and ascending iteration counts".into());
        }
        if !iterations.contains(&description.best_iteration) {
            return Err(format!(
                "it holds no coefficients for its best iteration {}",
                description.best_iteration
            ));
        }
        if let Some(table) = &description.table {
            table.check()?;
            let dim = match &description.grown {
                Some(grown) => {
                    grown.columns.check().map_err(|e| e.to_string())?;
                    same(
                        "the columns of its map and of its table",
                        grown.columns.features(),
                        table.lift.columns.len(),
                    )?;
                    grown.columns.width()
                }
                None => table.lift.dim().map_err(|e| e.to_string())?.as_usize(),
            };
            same("the dimension of its rows and of its units", dim, columns)?;
        }
        if !coefficients.values().iter().all(|x| x.is_finite()) {
            return Err("the tensor 'coefficients' holds values that are not finite".into());
        }
        Ok(Self { description, hidden, iterations, coefficients })
    }
}

/// Decodes the hidden layer, fixed or at each iteration.
fn hidden_layer(
    tensors: &SafeTensors<'_>,
    description: &Description,
    iterations: usize,
    labels: usize,
) -> std::result::Result<HiddenLayer, String> {
    if let Some(grown) = &description.grown {
        return grown_units(tensors, grown);
    }
    let Ok(view) = tensors.tensor("weights") else {
        let directions = matrix(tensors, "directions")?;
        return Network::from_directions(description.activation.clone(), description.scale, directions)
            .map(HiddenLayer::Fixed)
            .map_err(|e| e.to_string());
    };
    let (Dtype::F64, &[found, units, dim]) = (view.dtype(), view.shape()) else {
        return Err(
            "the tensor 'weights' does not have the axes iterations, units, coordinates in 64-bit floats"
                .into(),
        );
    };
    if found != iterations || units == 0 || dim == 0 {
        return Err(format!(
            "the tensor 'weights' is {found} x {units} x {dim}, for {iterations} iterations"
        ));
    }
    let values = floats(view.data());
    let biases = match tensors.tensor("biases") {
        Err(_) => None,
        Ok(view) if view.dtype() == Dtype::F64 && view.shape() == [iterations, units] => {
            Some(floats(view.data()))
        }
        Ok(view) => return Err(format!("the tensor 'biases' has the shape {:?}", view.shape())),
    };
    let architecture = Architecture {
        activation: description.activation.clone(),
        scale: description.scale,
        dim,
        width: units,
        labels,
        biases: biases.is_some(),
        on_sphere: false,
        parametrisation: description.parametrisation,
    };
    let one = |i: usize| {
        let weights = Weights {
            hidden: Matrix::from_rows(units, dim, values[i * units * dim..(i + 1) * units * dim].to_vec())?,
            biases: biases
                .as_ref()
                .map_or_else(|| vec![0.0; units], |b| b[i * units..(i + 1) * units].to_vec()),
            output: Matrix::zeros(labels, units),
        };
        Network::from_weights(&architecture, &weights)
    };
    let networks: zonal::Result<Vec<Network>> = (0..iterations).map(one).collect();
    networks.map(HiddenLayer::Moving).map_err(|e| e.to_string())
}

/// Decodes the units of grown networks.
fn grown_units(
    tensors: &SafeTensors<'_>,
    grown: &GrownDescription,
) -> std::result::Result<HiddenLayer, String> {
    let directions = matrix(tensors, "directions")?;
    let biases = tensors.tensor("biases").map_err(|e| e.to_string())?;
    let total = grown.groups.iter().try_fold(0usize, |sum, (_, count)| sum.checked_add(*count));
    if total != Some(directions.rows())
        || biases.dtype() != Dtype::F64
        || biases.shape() != [directions.rows()]
        || grown.groups.iter().any(|(_, count)| *count == 0)
    {
        return Err("its groups, directions and biases have different numbers of units".into());
    }
    let biases = floats(biases.data());
    let mut first = 0;
    let mut groups = Vec::new();
    for (activation, count) in &grown.groups {
        let range = first..first + count;
        let hidden = directions.row_range(range.start, range.end);
        groups.push(Network::with_biases(activation.clone(), hidden, biases[range].to_vec()));
        first += count;
    }
    let groups = groups.into_iter().collect::<zonal::Result<Vec<_>>>().map_err(|e| e.to_string())?;
    let mixed = Mixed::new(groups).map_err(|e| e.to_string())?;
    let best = matrix(tensors, "best")?;
    if !best.values().iter().all(|x| x.is_finite()) {
        return Err("the tensor 'best' holds values that are not finite".into());
    }
    Ok(HiddenLayer::Grown(mixed, best))
}

/// The part of the metadata that all versions share.
#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

/// Decodes the coefficients, a tensor with the axes iterations, labels and units.
fn coefficients(tensors: &SafeTensors<'_>, labels: usize) -> std::result::Result<Matrix, String> {
    let view = tensors.tensor("coefficients").map_err(|e| e.to_string())?;
    let (Dtype::F64, &[iterations, found, units]) = (view.dtype(), view.shape()) else {
        return Err(
            "the tensor 'coefficients' does not have the axes iterations, labels, units in 64-bit floats"
                .into(),
        );
    };
    if found != labels {
        return Err(format!("the tensor 'coefficients' is for {found} labels, but {labels} are described"));
    }
    Matrix::from_rows(iterations * found, units, floats(view.data())).map_err(|e| e.to_string())
}

fn matrix(tensors: &SafeTensors<'_>, name: &str) -> std::result::Result<Matrix, String> {
    let view = tensors.tensor(name).map_err(|e| e.to_string())?;
    let (Dtype::F64, &[rows, columns]) = (view.dtype(), view.shape()) else {
        return Err(format!("the tensor '{name}' is not a matrix of 64-bit floats"));
    };
    Matrix::from_rows(rows, columns, floats(view.data())).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::network::Start;
    use zonal::sphere::Dim;

    fn model() -> Model {
        let network = Network::random(Activation::Tanh, 1.5, Dim::new(3).unwrap(), 4, 7).unwrap();
        let description = Description {
            schema: SCHEMA,
            activation: Activation::Tanh,
            scale: 1.5,
            parametrisation: default_parametrisation(),
            seed: 7,
            step_size: 0.1,
            best_iteration: 10,
            target: Some("x1".into()),
            table: None,
            grown: None,
            card: Some("# x1\n".into()),
        };
        let coefficients = Matrix::from_rows(2, 4, (0..8).map(|i| f64::from(i) / 7.0).collect()).unwrap();
        Model { description, hidden: HiddenLayer::Fixed(network), iterations: vec![0, 10], coefficients }
    }

    /// The same model with a trained hidden layer and biases.
    fn moving() -> Model {
        let architecture = Architecture {
            activation: Activation::Tanh,
            scale: 1.5,
            dim: 3,
            width: 4,
            labels: 1,
            biases: true,
            on_sphere: false,
            parametrisation: Parametrisation::MeanField,
        };
        let at = |seed| {
            let weights = architecture.weights(Start::Random, seed).unwrap();
            let biases = (0..4).map(|j| f64::from(j) - seed as f64).collect();
            Network::from_weights(&architecture, &Weights { biases, ..weights }).unwrap()
        };
        let model = model();
        let description = Description { parametrisation: Parametrisation::MeanField, ..model.description };
        Model { description, hidden: HiddenLayer::Moving(vec![at(1), at(2)]), ..model }
    }

    /// Two grown networks side by side, each with a constant unit.
    fn grown() -> Model {
        let sample = Matrix::from_rows(5, 2, (0..10).map(|i| f64::from(i * i % 7)).collect()).unwrap();
        let (columns, _) = ColumnMap::learn(&sample).unwrap();
        let group = |activation: Activation, units: usize| {
            let weights = (0..4 * units).map(|i| (i as f64).sin()).collect();
            let weights = Matrix::from_rows(units, 4, weights).unwrap();
            Network::with_biases(activation, weights, vec![1.0; units]).unwrap()
        };
        let networks =
            [(Activation::Relu, 1), (Activation::Tanh, 3), (Activation::Relu, 1), (Activation::Gelu, 2)];
        let mixed = Mixed::new(networks.iter().map(|(a, units)| group(a.clone(), *units)).collect()).unwrap();
        let row = |first: i32| (first..first + 7).map(|i| f64::from(i).cos());
        let lift = Lift::of_points(&["a".into(), "b".into()]);
        let label = LabelScale { name: "y".into(), mean: 1.0, deviation: 2.0 };
        let description = Description {
            schema: GROWN_SCHEMA,
            parametrisation: Parametrisation::Standard,
            target: None,
            table: Some(TableDescription {
                lift,
                labels: vec![label],
                split: Split::new(0, 0.0, 0.2).unwrap(),
                encoding: None,
                classes: None,
                errors: None,
                draws: None,
            }),
            grown: Some(GrownDescription {
                columns,
                groups: networks.to_vec(),
                best_iterations: vec![10, 0],
            }),
            ..model().description
        };
        let best = Matrix::from_rows(1, 7, row(3).collect()).unwrap();
        let coefficients = Matrix::from_rows(2, 7, row(0).chain(row(7)).collect()).unwrap();
        Model { description, hidden: HiddenLayer::Grown(mixed, best), iterations: vec![0, 10], coefficients }
    }

    #[test]
    fn grown_networks_survive_the_disk_bit_by_bit() {
        let model = grown();
        let bytes = model.to_bytes().unwrap();
        let loaded = Model::read(&bytes).unwrap();
        assert_eq!(loaded.description, model.description);
        assert_eq!(loaded.to_bytes().unwrap(), bytes);
        let points = model.description.grown.as_ref().unwrap().columns.apply(&Matrix::zeros(1, 2)).unwrap();
        let values = |m: &Model| {
            let all = [m.best().unwrap(), m.at(0).unwrap(), m.at(10).unwrap()];
            all.map(|(units, coefficients)| units.values(&coefficients, &points).unwrap().row(0)[0])
        };
        let [best, first, last] = values(&model);
        assert_eq!(values(&loaded), [best, first, last]);
        assert!(best != first && best != last && first != last);
        // A version that does not fit the contents, and groups that do not fit the units.
        for description in [
            Description { schema: SCHEMA, ..model.description.clone() },
            Description { grown: None, ..model.description.clone() },
            Description {
                grown: model.description.grown.clone().map(|g| GrownDescription { groups: Vec::new(), ..g }),
                ..model.description.clone()
            },
        ] {
            assert!(Model::read(&Model { description, ..model.clone() }.to_bytes().unwrap()).is_err());
        }
    }

    #[test]
    fn a_model_survives_the_disk_bit_by_bit_and_files_are_reproducible() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        for model in [model(), moving()] {
            model.save(&a).unwrap();
            let loaded = Model::load(&a).unwrap();
            assert_eq!(loaded.description, model.description);
            let point = Matrix::from_rows(1, 3, vec![0.6, 0.0, 0.8]).unwrap();
            for t in [0, 10] {
                let values = |m: &Model| {
                    let (network, coefficients) = m.at(t).unwrap();
                    network.values(&coefficients, &point).unwrap()
                };
                assert_eq!(values(&loaded), values(&model));
            }
            assert_eq!(loaded.at(5).unwrap_err(), [0, 10]);
            loaded.save(&b).unwrap();
            assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
        }
    }

    #[test]
    fn damaged_and_foreign_files_are_refused_and_never_panic() {
        for bytes in [model(), moving(), grown()].map(|m| m.to_bytes().unwrap()) {
            for length in 0..bytes.len() {
                assert!(Model::from_bytes(&bytes[..length]).is_err());
            }
            // The checksum covers every byte.
            for i in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[i] ^= 0x15;
                assert!(Model::from_bytes(&damaged).is_err(), "byte {i}");
            }
        }
        let foreign = safetensors::serialize(Vec::<(String, TensorView<'_>)>::new(), None).unwrap();
        assert!(Model::from_bytes(&foreign).unwrap_err().contains("another program"));
    }
}
