//! What a network with one hidden layer, f(x) = (1/sqrt m) sum_j a_j phi(s <w_j, x>), learns by gradient descent on
//! squared loss: the mathematics and the training. No files, no printing, no clock.
//!
//! The modules are listed in the order in which data flows; each uses only those above it.

pub mod observer;
pub mod error;
pub mod numeric;
pub mod linalg;
pub mod sphere;
pub mod legendre;
pub mod quadrature;
pub mod expression;
pub mod activation;
pub mod spectrum;
pub mod kernel;
pub mod target;
pub mod rows;
pub mod lift;
pub mod network;
pub mod statistics;
pub mod risk;
pub mod dynamics;
pub mod plan;
pub mod measure;

pub use error::{Error, Result};
