//! The seam between gradient descent and its source of labels.

use crate::error::Result;
use crate::linalg::Matrix;
use crate::network::Network;
use std::fmt::Debug;

/// Answers the label part of the gradient: the only thing that gradient descent on squared loss asks of the labels. The
/// model part, E[f df/da] and E[f df/dw], needs no labels and is computed.
///
/// An implementation may answer from exact expectations, from rows, or from anything else that knows the labels only
/// approximately. Each call is one step's worth of questions.
pub trait GradientOracle: Debug + Sync {
    /// c E[g(x) phi(s <w_j, x>)] for each hidden unit j, c the network's factor: the vector b of the output layer.
    ///
    /// # Errors
    /// Those of the source.
    fn output_layer(&self, network: &Network) -> Result<Vec<f64>>;

    /// E[g(x) s phi'(s <w_j, x>) x] for each hidden unit j of length 1, one a row, without its part along w_j: how the
    /// correlation with a unit changes as the unit turns. The factor c is not in it.
    ///
    /// # Errors
    /// Those of the source.
    fn hidden_layer(&self, network: &Network) -> Result<Matrix>;
}

/// Takes from each row of `gradient` its part along the same row of `directions`, unit vectors.
pub(crate) fn make_tangent(gradient: &mut Matrix, directions: &Matrix) {
    for j in 0..directions.rows() {
        let along = crate::linalg::dot(gradient.row(j), directions.row(j));
        crate::linalg::add_scaled(gradient.row_mut(j), -along, directions.row(j));
    }
}
