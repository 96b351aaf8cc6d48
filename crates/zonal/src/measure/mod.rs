//! Measurements of a trained network: residual energy by degree, time to learn a degree, the best polynomial.

mod best_polynomial;
mod learning;
mod moving;
mod repeats;
mod residual;
mod sampling;
mod unexplained;

pub use best_polynomial::{BestPolynomial, Monomials, best_polynomials, monomials};
pub use learning::{SHARES, time_to_learn, times_to_learn};
pub use moving::{MovingEnergies, alignment, movement, moving_energies};
pub use repeats::{NoiseFloor, Repeats};
pub use residual::{residual_energies, residual_errors};
pub use sampling::{Estimate, SampledSpectrum, energies_by_sampling, mean, sampled_energies};
pub use unexplained::unexplained_share;
