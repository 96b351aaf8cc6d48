//! A table: a first reading for moments and a sample, a choice of what is not given, the training, and a last reading for the
//! errors on the rows themselves.

mod accumulate;
mod checks;
mod choose;
mod cost;
mod descent;
mod partial;
mod polynomials;
mod prepare;
mod problem;
mod validation;
mod whole_path;

pub use partial::PartialSums;
pub(crate) use prepare::TableSubject;
pub use problem::Problem;
