//! Partial sums as bytes. Drawn units are drawn again from the seed; grown ones are part of the bytes.

use super::partial::{PartialSums, Units, shapes};
use super::problem::Problem;
use crate::coverage::Coverage;
use crate::memory::{check_need, needed};
use crate::record::json;
use crate::train::grown_layers::GrownLayers;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::linalg::Matrix;
use zonal::network::Parametrisation;
use zonal::statistics::{Precision, Statistics};
use zonal_documents::train::Importance;
use zonal_documents::{Error, Result};
use zonal_io::bundle::{self, Bundle};
use zonal_io::model::{Description, GROWN_SCHEMA, GrownDescription, HiddenLayer, Model};
use zonal_io::statistics::{from_bytes, to_bytes};

/// The description of serialised sums.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    problem: Problem,
    covered: Coverage,
    counts: [u64; 3],
    /// Of grown units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    importances: Option<Vec<Importance>>,
}

impl Identity {
    /// Reads and checks a description.
    fn read(text: &str) -> Result<Self> {
        let identity: Self = serde_json::from_str(text)
            .map_err(|e| broken(format!("it does not hold partial sums of a table ({e})")))?;
        identity.problem.table(None, None).check().map_err(broken)?;
        let counted = identity.counts.iter().try_fold(0u64, |sum, count| sum.checked_add(*count));
        if counted.is_none_or(|counted| counted > identity.covered.rows()) {
            return Err(broken("it counts more rows than it covers".into()));
        }
        Ok(identity)
    }
}

fn broken(message: String) -> Error {
    zonal_io::Error::Model { path: "statistics".into(), message }.into()
}

/// The name of the piece with the grown units.
const UNITS: &str = "units";

/// Returns the name of the piece with the sums of a network.
fn piece(network: usize) -> String {
    format!("sums.{network}")
}

impl PartialSums {
    /// Serialises the sums and their problem.
    ///
    /// # Errors
    /// [`Error::Usage`] for an activation given as code, which cannot be serialised.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        if matches!(self.problem.activation, Activation::Function(_)) {
            let message =
                "an activation given as code cannot be serialised; specify it as an expression in t";
            return Err(Error::Usage(message.into()));
        }
        let importances = match &*self.units {
            Units::Drawn(_) => None,
            Units::Grown(grown) => Some(grown.importances.clone()),
        };
        let (problem, covered) = ((*self.problem).clone(), self.covered.clone());
        let text = json(&Identity { problem, covered, counts: self.counts, importances })?;
        let shapes = shapes(&self.problem, &self.units, self.precision);
        let Units::Grown(grown) = &*self.units else {
            return Ok(to_bytes(&self.statistics[0], shapes[0], &text)?);
        };
        let mut pieces = vec![(UNITS.to_owned(), untrained(grown, &self.problem)?.to_bytes()?)];
        for (network, (statistics, shape)) in self.statistics.iter().zip(shapes).enumerate() {
            pieces.push((piece(network), to_bytes(statistics, shape, "")?));
        }
        Ok(bundle::to_bytes(&pieces, &text)?)
    }

    /// Deserialises sums.
    ///
    /// # Errors
    /// [`zonal_io::Error::Model`] for bytes that are damaged or were not written by zonal.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bundle::is_bundle(bytes) {
            return Self::of_bundle(&Bundle::open(bytes)?);
        }
        let (statistics, shape, text) = from_bytes(bytes, None)?;
        let Identity { problem, covered, counts, .. } = Identity::read(&text)?;
        // Memory for the network; empty sums need less memory than they do once rows are added.
        let dim = problem.lift.dim()?.get();
        if problem.width != shape.width {
            return Err(broken("the sizes of its sums do not match its network".into()));
        }
        check_need(problem.width as u64, |m| needed(m, 1, 16 * dim))?;
        let empty = Self::drawn(problem, shape.precision)?;
        if shapes(&empty.problem, &empty.units, empty.precision) != [shape] {
            return Err(broken("the sizes of its sums do not match its network".into()));
        }
        Ok(Self { statistics: vec![statistics], covered, counts, ..empty })
    }

    fn of_bundle(bundle: &Bundle<'_>) -> Result<Self> {
        let Identity { problem, covered, counts, importances } = Identity::read(bundle.object())?;
        let model = Model::read(bundle.piece(UNITS)?)?;
        let (HiddenLayer::Grown(units, _), Some(description), Some(importances)) =
            (&model.hidden, &model.description.grown, importances)
        else {
            return Err(broken("it does not hold grown units".into()));
        };
        if model.description.table.as_ref() != Some(&problem.table(None, None)) {
            return Err(broken("its units are those of another table".into()));
        }
        let grown = GrownLayers::stored(description.columns.clone(), units, importances)?;
        let mut statistics: Vec<Statistics> = Vec::new();
        let mut found = Vec::new();
        for network in 0..grown.networks.len() {
            let (sums, shape, _) = from_bytes(bundle.piece(&piece(network))?, None)?;
            statistics.push(sums);
            found.push(shape);
        }
        let precision = found.first().map_or(Precision::F64, |shape| shape.precision);
        let units = Units::Grown(grown);
        if shapes(&problem, &units, precision) != found {
            return Err(broken("the sizes of its sums do not match its networks".into()));
        }
        let empty = Self::of(Arc::new(problem), Arc::new(units), precision);
        Ok(Self { statistics, covered, counts, ..empty })
    }
}

/// Returns the grown units as a network whose output weights are zero.
fn untrained(grown: &GrownLayers, problem: &Problem) -> Result<Model> {
    let hidden = grown.side_by_side()?;
    let zeros = Matrix::zeros(problem.labels.len(), hidden.width());
    let description = Description {
        schema: GROWN_SCHEMA,
        activation: problem.activation.clone(),
        scale: problem.scale,
        parametrisation: Parametrisation::Standard,
        seed: problem.seed,
        step_size: 1.0,
        best_iteration: 0,
        target: None,
        table: Some(problem.table(None, None)),
        grown: Some(GrownDescription {
            columns: grown.columns.clone(),
            groups: grown.groups().map(|g| (g.activation().clone(), g.width())).collect(),
            best_iterations: vec![0; grown.networks.len()],
        }),
        card: None,
    };
    let hidden = HiddenLayer::Grown(hidden, zeros.clone());
    Ok(Model { description, hidden, iterations: vec![0], coefficients: zeros })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::columns::ColumnMap;
    use zonal::lift::{LabelScale, Lift};
    use zonal::network::{Mixed, Network};
    use zonal::rows::Split;

    /// Sums without rows of networks of these many units on two columns.
    fn sums(units: &[usize]) -> PartialSums {
        let values = (0..24).map(|i| f64::from(i * i % 13)).collect();
        let (columns, _) = ColumnMap::learn(&Matrix::from_rows(12, 2, values).unwrap()).unwrap();
        let group = |activation: Activation, weights: Matrix, bias: f64| {
            let biases = vec![bias; weights.rows()];
            Network::with_biases(activation, weights, biases).unwrap()
        };
        let network = |&units: &usize| {
            let wide = columns.width();
            let values = (0..units * wide).map(|i| (i as f64).sin()).collect();
            let tanh = Matrix::from_rows(units, wide, values).unwrap();
            let constant = group(Activation::Relu, Matrix::zeros(1, wide), 1.0);
            Mixed::new(vec![constant, group(Activation::Tanh, tanh, 0.5)]).unwrap()
        };
        let networks = units.iter().map(network).collect();
        let importances = vec![Importance { feature: "a".into(), share: 1.0 }];
        let problem = Problem {
            lift: Lift::of_points(&["a".into(), "b".into()]),
            labels: vec![LabelScale { name: "y".into(), mean: 1.0, deviation: 2.0 }],
            split: Split::new(0, 0.0, 0.0).unwrap(),
            activation: Activation::Tanh,
            scale: 1.0,
            width: units[0],
            seed: 3,
            candidates: None,
            encoding: None,
            classes: None,
            draws: None,
        };
        let grown = GrownLayers { columns, networks, importances };
        PartialSums::of(Arc::new(problem), Arc::new(Units::Grown(grown)), Precision::F64)
    }

    #[test]
    fn grown_units_travel_with_their_sums_and_what_does_not_fit_is_refused() {
        let own = sums(&[3, 4]);
        let bytes = own.to_bytes().unwrap();
        let again = PartialSums::from_bytes(&bytes).unwrap();
        assert_eq!(again.to_bytes().unwrap(), bytes);
        assert!(own.merge(&again).is_ok() && own.merge(&sums(&[4, 3])).is_err());
        let bundle = Bundle::open(&bytes).unwrap();
        let piece = |name: &str| (name.to_owned(), bundle.piece(name).unwrap().to_vec());
        let named = |name: &str, of: &str| (name.to_owned(), bundle.piece(of).unwrap().to_vec());
        let other_table = bundle.object().replace("\"deviation\":2", "\"deviation\":3");
        assert_ne!(other_table, bundle.object());
        for (pieces, object, part) in [
            (vec![piece(UNITS), piece("sums.0")], bundle.object(), "sums.1"),
            (vec![piece("sums.0"), piece("sums.1")], bundle.object(), "units"),
            (
                vec![piece(UNITS), named("sums.0", "sums.1"), named("sums.1", "sums.0")],
                bundle.object(),
                "sizes",
            ),
            (vec![named(UNITS, "sums.0"), piece("sums.0"), piece("sums.1")], bundle.object(), "metadata"),
            (vec![piece(UNITS), named("sums.0", UNITS), piece("sums.1")], bundle.object(), "metadata"),
            (vec![piece(UNITS), piece("sums.0"), piece("sums.1")], &other_table, "another table"),
            (vec![piece(UNITS), piece("sums.0"), piece("sums.1")], "{}", "partial sums"),
        ] {
            let said = PartialSums::from_bytes(&bundle::to_bytes(&pieces, object).unwrap());
            let said = said.map(|_| ()).unwrap_err().to_string();
            assert!(said.contains(part), "{part}: {said}");
        }
        for at in (0..bytes.len()).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(PartialSums::from_bytes(&damaged).is_err(), "byte {at}");
        }
    }
}
