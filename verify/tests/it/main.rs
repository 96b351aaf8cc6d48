//! The theory, the order of the modules and the generated documents, in one test program.

mod descent;
mod documents;
mod exact_theory;
mod finite_width;
mod games;
mod hostile;
mod layers;
mod long_paths;
mod moving;
mod plan;
mod polynomials;
mod properties;
mod queries;
mod query_bounds;
mod reference;
mod rows;
mod sizes;
mod spectrum;
mod table_energies;
