//! The interface between gradient descent and its source of labels.

use crate::error::Result;
use crate::linalg::Matrix;
use crate::network::Network;
use std::fmt::Debug;

/// A source of the label part of the gradient, which is the only way in which gradient descent on squared loss uses the
/// labels. The model part, E[f df/da] and E[f df/dw], needs no labels and is computed.
///
/// An implementation may answer from exact expectations, from rows, or from any other approximate knowledge of the
/// labels. Each call asks the questions of one step.
pub trait GradientOracle: Debug + Sync {
    /// Returns c E[g(x) phi(s <w_j, x>)] for each hidden unit j, where c is the network's factor: the vector b of the
    /// output layer.
    ///
    /// # Errors
    /// The errors of the source.
    fn output_layer(&self, network: &Network) -> Result<Vec<f64>>;

    /// Returns E[g(x) s phi'(s <w_j, x>) x] for each hidden unit j of length 1, one per row, without its component
    /// along w_j: the change of the correlation with a unit as the unit turns. The factor c is not included.
    ///
    /// # Errors
    /// The errors of the source.
    fn hidden_layer(&self, network: &Network) -> Result<Matrix>;
}

/// Removes from each row of `gradient` its component along the same row of `directions`, which are unit vectors.
pub(crate) fn make_tangent(gradient: &mut Matrix, directions: &Matrix) {
    for j in 0..directions.rows() {
        let along = crate::linalg::dot(gradient.row(j), directions.row(j));
        crate::linalg::add_scaled(gradient.row_mut(j), -along, directions.row(j));
    }
}
