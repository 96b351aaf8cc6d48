//! The theory, the order of the modules and the generated documents, in one test program.

mod descent;
mod documents;
mod exact_theory;
mod hostile;
mod layers;
mod plan;
mod polynomials;
mod properties;
mod queries;
mod query_bounds;
mod reference;
mod sizes;
mod spectrum;
mod table_energies;
