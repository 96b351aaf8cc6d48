//! The network f(x) = c sum_j a_j phi(s <w_j, x> + b_j): its hidden units and its values.

mod mixed;
mod weights;

pub use mixed::Mixed;
pub use weights::{Architecture, Layers, Parametrisation, Start, Weights};

use crate::activation::{Activation, Scalar};
use crate::block::{self, FeatureMap, Units};
use crate::error::{Error, Result, check_finite, check_size};
use crate::linalg::Matrix;
use crate::numeric::random::Purpose;
use crate::sphere::{Dim, uniform_points};
use crate::target::Profile;
use rayon::prelude::*;

/// The hidden layer of a network; output coefficients are stored separately, since one layer has many of them along its
/// path.
#[derive(Clone, Debug)]
pub struct Network {
    activation: Activation,
    scale: f64,
    directions: Matrix,
    /// None if all are zero.
    biases: Option<Vec<f64>>,
    /// c.
    factor: f64,
}

/// The tolerance for the squared length of a hidden unit, which should be 1.
const UNIT: f64 = 1e-6;
/// The number of rows evaluated at a time.
const BLOCK_ROWS: usize = 256;
/// Products of a few rows use other kernels with different rounding, so rows are multiplied in multiples of this
/// number.
const ROWS_TOGETHER: usize = 8;

impl FeatureMap for Network {
    fn coordinates(&self) -> usize {
        self.directions.columns()
    }

    fn width(&self) -> usize {
        self.directions.rows()
    }

    fn fill<T: Scalar>(&self, points: &Matrix, panel: usize, out: &mut [T]) {
        let units = Units { scale: self.scale, directions: &self.directions, biases: self.biases.as_deref() };
        block::fill(&self.activation, units, self.factor, points, panel, out);
    }
}

impl Network {
    /// Creates a network with `width` directions drawn uniformly on the sphere.
    ///
    /// ```
    /// use zonal::prelude::*;
    /// let network = Network::random(Activation::Relu, 1.0, Dim::new(3)?, 50, 0)?;
    /// let points = uniform_points(Dim::new(3)?, 4, 0, Purpose::Points);
    /// // Output weights are arguments, one row for each function: here the sum of all units, and zero.
    /// let weights = Matrix::from_rows(2, 50, [[1.0; 50], [0.0; 50]].concat())?;
    /// let values = network.values(&weights, &points)?;
    /// assert_eq!((values.rows(), values.columns()), (4, 2));
    /// assert!(values.row(0)[0] > 0.0 && values.row(0)[1] == 0.0);
    /// # Ok::<(), zonal::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a width of zero or one beyond what memory can address, a scale that is not positive and
    /// finite, or an activation that is not valid.
    pub fn random(activation: Activation, scale: f64, dim: Dim, width: usize, seed: u64) -> Result<Self> {
        if width == 0 {
            return Err(Error::parameter("the width", 0, "at least 1"));
        }
        weights::check_width(width, dim.as_usize())?;
        Self::from_directions(activation, scale, uniform_points(dim, width, seed, Purpose::HiddenUnits))
    }

    /// Creates a network with the given directions, the rows of a matrix, without biases and with c = 1/sqrt m.
    ///
    /// # Errors
    /// [`Error::Parameter`] if there is no direction, if directions have fewer than two coordinates, for a scale that is
    /// not positive and finite, and for an activation that is not valid; [`Error::NotFinite`] for directions that are not finite.
    pub fn from_directions(activation: Activation, scale: f64, directions: Matrix) -> Result<Self> {
        crate::spectrum::check_scale(scale)?;
        activation.check()?;
        let columns = Dim::new(directions.columns() as u64)?.as_usize();
        if directions.rows() == 0 {
            return Err(Error::parameter("the width", 0, "at least 1"));
        }
        check_finite("the hidden units", directions.values(), columns)?;
        let factor = Parametrisation::Ntk.factor(directions.rows());
        Ok(Self { activation, scale, directions, biases: None, factor })
    }

    /// Creates the hidden layer of a network with two trainable layers.
    ///
    /// # Errors
    /// [`Error::Size`] and [`Error::NotFinite`] for weights that do not fit the architecture.
    pub fn from_weights(architecture: &Architecture, weights: &Weights) -> Result<Self> {
        weights.check(architecture)?;
        Ok(Self {
            activation: architecture.activation.clone(),
            scale: architecture.scale,
            directions: weights.hidden.clone(),
            biases: architecture.biases.then(|| weights.biases.clone()),
            factor: architecture.factor(),
        })
    }

    /// Creates units phi(<w_j, x> + b_j), the rows of a matrix with their biases, with c = 1.
    ///
    /// # Errors
    /// [`Error::Size`] unless there is a bias for each unit; [`Error::Parameter`] without a unit or for fewer than two
    /// coordinates; [`Error::NotFinite`].
    pub fn with_biases(activation: Activation, weights: Matrix, biases: Vec<f64>) -> Result<Self> {
        let architecture = Architecture {
            activation,
            scale: 1.0,
            dim: weights.columns(),
            width: weights.rows(),
            labels: 1,
            biases: true,
            on_sphere: false,
            parametrisation: Parametrisation::Standard,
        };
        architecture.check()?;
        let output = Matrix::zeros(1, weights.rows());
        Self::from_weights(&architecture, &Weights { hidden: weights, biases, output })
    }

    /// Returns the same units with another activation.
    pub fn with_activation(&self, activation: Activation) -> Self {
        Self { activation, ..self.clone() }
    }

    /// Returns the width m.
    pub fn width(&self) -> usize {
        self.directions.rows()
    }

    /// Returns the activation phi.
    pub fn activation(&self) -> &Activation {
        &self.activation
    }

    /// Returns the scale s.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Returns the directions w_j, one per row: unit vectors, unless the hidden layer was trained without that
    /// constraint.
    pub fn directions(&self) -> &Matrix {
        &self.directions
    }

    /// Returns the biases b_j, if there are any.
    pub fn biases(&self) -> Option<&[f64]> {
        self.biases.as_deref()
    }

    /// Returns the factor c before the sum.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// Returns the function of one variable of each unit of length 1 without a bias.
    pub fn unit(&self) -> Profile {
        Profile::Neuron { activation: self.activation.clone(), scale: self.scale }
    }

    /// Computes the features c phi(s <w_j, x_i> + b_j) of the rows of `points`: one point per row, one unit per column.
    ///
    /// # Errors
    /// [`Error::Size`] for points of another dimension.
    pub fn features(&self, points: &Matrix) -> Result<Matrix> {
        check_size("coordinates of a point", points.columns(), self.directions.columns())?;
        let mut out = Matrix::zeros(points.rows(), self.width());
        self.fill(points, self.width(), out.values_mut());
        Ok(out)
    }

    /// Checks the conditions of exact expectations over the sphere: units of its dimension and of length 1, no biases
    /// and c = 1/sqrt m.
    pub(crate) fn check_on_sphere(&self, dim: Dim) -> Result<()> {
        check_size("coordinates of a hidden unit", self.directions.columns(), dim.as_usize())?;
        let unit = |j: usize| {
            let w = self.directions.row(j);
            (crate::linalg::dot(w, w) - 1.0).abs() <= UNIT
        };
        let plain = self.biases.is_none() && self.factor == Parametrisation::Ntk.factor(self.width());
        if plain && (0..self.width()).all(unit) {
            return Ok(());
        }
        Err(Error::parameter(
            "the network of exact expectations over the output layer",
            "one with biases, a factor other than 1/sqrt(m) or hidden units of a length other than 1",
            "one without these; use moving_energies or rows",
        ))
    }

    /// Computes f(x_i) for each row of `points` and each row of output coefficients: a matrix with one point per row
    /// and one column for each row of coefficients. The bits of a row do not depend on the other rows.
    ///
    /// # Errors
    /// [`Error::Size`] if dimensions differ.
    pub fn values(&self, coefficients: &Matrix, points: &Matrix) -> Result<Matrix> {
        check_size("output coefficients", coefficients.columns(), self.width())?;
        check_size("coordinates of a point", points.columns(), self.directions.columns())?;
        let (n, labels) = (self.directions.columns(), coefficients.rows());
        let mut out = Matrix::zeros(points.rows(), labels);
        if labels == 0 {
            return Ok(out);
        }
        let blocks = out.values_mut().par_chunks_mut(BLOCK_ROWS * labels);
        blocks.zip(points.values().par_chunks(BLOCK_ROWS * n)).try_for_each(
            |(out, points)| -> Result<()> {
                let rows = points.len() / n;
                let padded = rows.next_multiple_of(ROWS_TOGETHER);
                let last = &points[points.len() - n..];
                let points = [points, &last.repeat(padded - rows)].concat();
                let features = self.features(&Matrix::from_rows(padded, n, points)?)?;
                out.copy_from_slice(&features.times_transposed(coefficients).values()[..out.len()]);
                Ok(())
            },
        )?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_same_bits_regardless_of_the_others() {
        let dim = Dim::new(12).unwrap();
        let points = uniform_points(dim, 80, 1, Purpose::Points);
        for (width, labels) in [(20, 1), (333, 1), (333, 3), (1000, 9)] {
            let network = Network::random(Activation::Tanh, 2.0, dim, width, 7).unwrap();
            let coefficients: Vec<f64> = (0..labels * width).map(|i| (i as f64).sin()).collect();
            let coefficients = Matrix::from_rows(labels, width, coefficients).unwrap();
            let all = network.values(&coefficients, &points).unwrap();
            for rows in 1..80 {
                let some = Matrix::from_rows(rows, 12, points.values()[..12 * rows].to_vec()).unwrap();
                let some = network.values(&coefficients, &some).unwrap();
                assert_eq!(some.values(), &all.values()[..labels * rows], "{width} {labels} {rows}");
            }
        }
    }
}
