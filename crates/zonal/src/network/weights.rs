//! Networks with two trainable layers: their architecture, their weights, and the initial weights.

use crate::activation::Activation;
use crate::error::{Error, Result, check_finite, check_size};
use crate::linalg::{Matrix, is_addressable};
use crate::numeric::random::{Purpose, normal, stream};
use crate::sphere::{Dim, uniform_points};
use serde::{Deserialize, Serialize};

/// The layers that descent changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layers {
    /// The output layer.
    Output,
    /// The hidden layer, with its biases.
    Hidden,
    /// Both.
    Both,
}

impl Layers {
    /// Returns whether the output layer changes.
    pub fn output(self) -> bool {
        self != Self::Hidden
    }

    /// Returns whether the hidden layer changes.
    pub fn hidden(self) -> bool {
        self != Self::Output
    }
}

/// The factor c before the sum, f(x) = c sum_j a_j phi(s <w_j, x> + b_j), and the standard deviation of a_j at a random
/// start. The function at the start has the same law in the first two; a gradient step changes it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parametrisation {
    /// c = 1, standard deviation 1/sqrt m.
    Standard,
    /// c = 1/sqrt m, standard deviation 1.
    Ntk,
    /// c = 1/m, standard deviation 1.
    MeanField,
}

impl Parametrisation {
    /// Returns c for m units.
    pub fn factor(self, width: usize) -> f64 {
        match self {
            Self::Standard => 1.0,
            Self::Ntk => 1.0 / (width as f64).sqrt(),
            Self::MeanField => 1.0 / width as f64,
        }
    }

    /// Returns the standard deviation of output weights at a random start.
    pub fn deviation(self, width: usize) -> f64 {
        match self {
            Self::Standard => 1.0 / (width as f64).sqrt(),
            Self::Ntk | Self::MeanField => 1.0,
        }
    }
}

/// The initial output weights; directions are always uniform on the sphere and biases always zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Independent normal numbers.
    Random,
    /// Units in pairs (w, a), (w, -a), so that the function is exactly zero; for an odd number of units the last one
    /// has a = 0.
    Symmetric,
    /// All zero.
    Zero,
}

/// Everything about a network except its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// phi.
    pub activation: Activation,
    /// s.
    pub scale: f64,
    /// The number of coordinates of a point.
    pub dim: usize,
    /// m.
    pub width: usize,
    /// The number of functions that share the hidden layer.
    pub labels: usize,
    /// Whether units have trained biases.
    pub biases: bool,
    /// Whether directions are projected back to the sphere after each step.
    pub on_sphere: bool,
    /// The factor before the sum.
    pub parametrisation: Parametrisation,
}

/// Weights of an [`Architecture`].
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// w_j, one unit per row.
    pub hidden: Matrix,
    /// b_j; zero if there are none.
    pub biases: Vec<f64>,
    /// a_j, one label per row.
    pub output: Matrix,
}

/// Checks that the weights of `width` units, each with `numbers` of them, can be addressed.
pub(super) fn check_width(width: usize, numbers: usize) -> Result<()> {
    if is_addressable(width, numbers) {
        return Ok(());
    }
    let required = format!("small enough for memory to address {width} x {numbers} numbers");
    Err(Error::parameter("the width", width, required))
}

impl Architecture {
    /// Returns c.
    pub fn factor(&self) -> f64 {
        self.parametrisation.factor(self.width)
    }

    /// Checks that there are at least two coordinates, a unit, a label, and a valid scale and activation, and that the
    /// weights can be addressed.
    pub(crate) fn check(&self) -> Result<Dim> {
        if self.width == 0 || self.labels == 0 {
            return Err(Error::parameter("the width and the number of labels", 0, "at least 1"));
        }
        crate::spectrum::check_scale(self.scale)?;
        self.activation.check()?;
        let dim = Dim::new(self.dim as u64)?;
        check_width(self.width, self.dim.max(self.labels))?;
        Ok(dim)
    }

    /// Returns the initial weights of a descent. The direction of unit j (for a symmetric start, of pair j) depends
    /// only on `seed` and j, and so do its output weights up to the standard deviation.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a dimension below 2, no unit, no label, a scale that is not positive and finite, an
    /// activation that is not valid, or more weights than memory can address.
    pub fn weights(&self, start: Start, seed: u64) -> Result<Weights> {
        let dim = self.check()?;
        let (m, labels) = (self.width, self.labels);
        let each = if start == Start::Symmetric { 2 } else { 1 };
        let directions = uniform_points(dim, m.div_ceil(each), seed, Purpose::HiddenUnits);
        let deviation = self.parametrisation.deviation(m);
        let mut hidden = Matrix::zeros(m, self.dim);
        let mut output = Matrix::zeros(labels, m);
        for j in 0..m {
            hidden.row_mut(j).copy_from_slice(directions.row(j / each));
            let sign = match start {
                Start::Zero => continue,
                Start::Symmetric if j + 1 == m && j % 2 == 0 => continue,
                Start::Symmetric if j % 2 == 1 => -1.0,
                _ => 1.0,
            };
            let mut rng = stream(seed, Purpose::OutputWeights, (j / each) as u64);
            for l in 0..labels {
                output.row_mut(l)[j] = sign * deviation * normal(&mut rng);
            }
        }
        Ok(Weights { hidden, biases: vec![0.0; m], output })
    }
}

impl Weights {
    /// Checks that the sizes are those of the architecture.
    pub(crate) fn check_sizes(&self, architecture: &Architecture) -> Result<()> {
        architecture.check()?;
        let sizes = [
            ("hidden units", self.hidden.rows(), architecture.width),
            ("coordinates of a unit", self.hidden.columns(), architecture.dim),
            ("biases", self.biases.len(), architecture.width),
            ("labels of the output layer", self.output.rows(), architecture.labels),
            ("units of the output layer", self.output.columns(), architecture.width),
        ];
        for (what, found, required) in sizes {
            check_size(what, found, required)?;
        }
        Ok(())
    }

    /// Checks that the sizes are those of the architecture and that the values are finite.
    pub(crate) fn check(&self, architecture: &Architecture) -> Result<()> {
        self.check_sizes(architecture)?;
        let all = [
            ("the hidden weights", self.hidden.values(), self.hidden.columns()),
            ("the biases", &self.biases, 1),
            ("the output weights", self.output.values(), self.output.columns()),
        ];
        for (what, values, columns) in all {
            check_finite(what, values, columns)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_no_memory_holds_are_refused() {
        let architecture = |width, labels| Architecture {
            activation: Activation::Relu,
            scale: 1.0,
            dim: 2,
            width,
            labels,
            biases: false,
            on_sphere: false,
            parametrisation: Parametrisation::Ntk,
        };
        for (width, labels) in [(1 << 63, 1), (1 << 59, 1), (usize::MAX, 1), (1 << 20, 1 << 62)] {
            let found = architecture(width, labels).weights(Start::Random, 0);
            assert!(matches!(found, Err(Error::Parameter { .. })), "{width} {labels}");
        }
        let dim = Dim::new(2).unwrap();
        let network = crate::network::Network::random(Activation::Relu, 1.0, dim, 1 << 62, 0);
        assert!(matches!(network, Err(Error::Parameter { .. })));
    }

    #[test]
    fn starts_have_the_stated_deviation_and_pairs() {
        for (parametrisation, deviation) in [
            (Parametrisation::Standard, 1.0 / 4001f64.sqrt()),
            (Parametrisation::Ntk, 1.0),
            (Parametrisation::MeanField, 1.0),
        ] {
            let architecture = Architecture {
                activation: Activation::Relu,
                scale: 1.0,
                dim: 3,
                width: 4001,
                labels: 2,
                biases: false,
                on_sphere: false,
                parametrisation,
            };
            let random = architecture.weights(Start::Random, 1).unwrap();
            let values = random.output.values();
            let square = values.iter().map(|a| a * a).sum::<f64>() / values.len() as f64;
            // Four standard errors of a mean of 8,002 squares.
            assert!((square / (deviation * deviation) - 1.0).abs() < 4.0 * (2.0f64 / 8002.0).sqrt());
            let pairs = architecture.weights(Start::Symmetric, 1).unwrap();
            for j in (0..4000).step_by(2) {
                assert_eq!(pairs.hidden.row(j), pairs.hidden.row(j + 1));
                assert_eq!(pairs.output.row(1)[j], -pairs.output.row(1)[j + 1]);
            }
            assert_eq!(pairs.output.row(0)[4000], 0.0);
            let zero = architecture.weights(Start::Zero, 1).unwrap();
            assert!(zero.output.values().iter().all(|a| *a == 0.0));
            assert_eq!(zero.hidden, random.hidden);
        }
    }
}
