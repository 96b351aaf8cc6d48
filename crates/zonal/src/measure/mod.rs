//! What a trained network has learned: residual energy by degree, time to learn a degree, the best polynomial.

mod best_polynomial;
mod residual;

pub use best_polynomial::{BestPolynomial, best_polynomial, monomials};
pub use residual::residual_energies;
