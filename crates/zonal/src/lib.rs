//! What a network with one hidden layer, f(x) = (1/sqrt m) sum_j a_j phi(s <w_j, x>), learns by gradient descent on
//! squared loss: the mathematics and the training. No files, no printing, no clock.
//!
//! The modules are listed in the order in which data flows; each uses only those above it.

#![deny(unsafe_code)]
// No input may cause a panic.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

pub mod activation;
pub mod block;
pub mod dynamics;
pub mod error;
pub mod expression;
mod fused;
mod gram;
pub mod kernel;
#[allow(unreachable_pub, reason = "of this crate alone; its sizes are those of the quadratic form")]
mod lanczos;
pub mod legendre;
pub mod lift;
pub mod linalg;
pub mod measure;
pub mod network;
pub mod numeric;
pub mod observer;
pub mod plan;
pub mod quadrature;
pub mod risk;
pub mod rows;
pub mod spectrum;
pub mod sphere;
pub mod statistics;
pub mod target;
#[allow(unreachable_pub, reason = "of this crate alone; its sizes are those of the network")]
mod units;

pub use error::{Error, Result};
