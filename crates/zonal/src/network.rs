//! The network f(x) = (1/sqrt m) sum_j a_j phi(s <w_j, x>): its hidden units, and the values it gives.

use crate::activation::Activation;
use crate::block::{self, FeatureMap};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Real};
use crate::numeric::random::Purpose;
use crate::sphere::{Dim, uniform_points};
use crate::target::Profile;
use rayon::prelude::*;

/// The hidden layer of a network; output coefficients are kept beside it, since one layer has many of them along
/// its path.
#[derive(Clone, Debug)]
pub struct Network {
    activation: Activation,
    scale: f64,
    directions: Matrix,
}

/// Rows evaluated at a time.
const BLOCK_ROWS: usize = 256;

impl FeatureMap for Network {
    fn width(&self) -> usize {
        self.directions.rows()
    }

    fn fill<T: Real>(&self, points: &Matrix, panel: usize, out: &mut [T]) {
        block::fill(&self.activation, self.scale, &self.directions, points, panel, out);
    }
}

impl Network {
    /// A network with `width` directions drawn uniformly on the sphere.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a width of zero or a scale that is not positive and finite.
    pub fn random(activation: Activation, scale: f64, dim: Dim, width: usize, seed: u64) -> Result<Self> {
        if width == 0 {
            return Err(Error::parameter("the width", 0, "at least 1"));
        }
        Self::from_directions(activation, scale, uniform_points(dim, width, seed, Purpose::HiddenUnits))
    }

    /// A network with given directions, the rows of a matrix.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a scale that is not positive and finite, [`Error::NotFinite`] for directions that
    /// are not finite.
    pub fn from_directions(activation: Activation, scale: f64, directions: Matrix) -> Result<Self> {
        crate::spectrum::check_scale(scale)?;
        let columns = directions.columns().max(1);
        if let Some(i) = directions.values().iter().position(|x| !x.is_finite()) {
            return Err(Error::NotFinite {
                what: "the hidden units".into(),
                row: i / columns,
                column: i % columns,
                value: directions.values()[i],
            });
        }
        Ok(Self { activation, scale, directions })
    }

    /// The width m.
    pub fn width(&self) -> usize {
        self.directions.rows()
    }

    /// The activation phi.
    pub fn activation(&self) -> &Activation {
        &self.activation
    }

    /// The scale s.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The directions w_j, one a row.
    pub fn directions(&self) -> &Matrix {
        &self.directions
    }

    /// The function of one variable behind each unit.
    pub fn unit(&self) -> Profile {
        Profile::Neuron { activation: self.activation.clone(), scale: self.scale }
    }

    /// Features phi(s <w_j, x_i>) / sqrt m of the rows of `points`: one row a point, one column a unit.
    pub fn features(&self, points: &Matrix) -> Matrix {
        let mut out = Matrix::zeros(points.rows(), self.width());
        self.fill(points, self.width(), out.values_mut());
        out
    }

    /// f(x_i) for each row of `points` and each row of output coefficients: a matrix of points by coefficient rows.
    ///
    /// # Errors
    /// [`Error::Size`] when dimensions differ.
    pub fn values(&self, coefficients: &Matrix, points: &Matrix) -> Result<Matrix> {
        let size = |what: &str, found, required| {
            if found == required {
                Ok(())
            } else {
                Err(Error::Size { what: what.to_owned(), found, required })
            }
        };
        size("output coefficients", coefficients.columns(), self.width())?;
        size("coordinates of a point", points.columns(), self.directions.columns())?;
        let (n, labels) = (self.directions.columns(), coefficients.rows());
        let mut out = Matrix::zeros(points.rows(), labels);
        if labels == 0 {
            return Ok(out);
        }
        let blocks = out.values_mut().par_chunks_mut(BLOCK_ROWS * labels);
        blocks.zip(points.values().par_chunks(BLOCK_ROWS * n)).try_for_each(
            |(out, points)| -> Result<()> {
                let points = Matrix::from_rows(points.len() / n, n, points.to_vec())?;
                out.copy_from_slice(self.features(&points).times_transposed(coefficients).values());
                Ok(())
            },
        )?;
        Ok(out)
    }
}
