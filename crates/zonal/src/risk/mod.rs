//! The loss (1/2) E (f - g)^2 in the form that gradient descent uses: one interface for exact expectations and for
//! rows.

mod both_layers;
mod empirical;
mod gradient;
mod population;
mod precise;
mod quadratic;

pub use both_layers::BothLayers;
pub use empirical::Empirical;
pub use gradient::GradientOracle;
pub use population::{Population, answered_quadratic};
pub use precise::{MOST_UNITS, Precise};
pub use quadratic::Quadratic;
