//! The seam between gradient descent and its source of labels.

use crate::error::Result;
use crate::network::Network;

/// Answers the label part of the gradient, E[g df/da]: the only thing that gradient descent asks of the labels. The
/// model part, E[f df/da], needs no labels and is computed.
pub trait GradientOracle {
    /// E[g(x) phi(s <w_j, x>)] / sqrt m for each hidden unit j: the vector b of the output layer.
    ///
    /// # Errors
    /// Those of the source.
    fn output_layer(&self, network: &Network) -> Result<Vec<f64>>;
}
