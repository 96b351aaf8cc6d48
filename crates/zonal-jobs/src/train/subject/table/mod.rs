//! Training on a table: a first pass for moments and a sample, the selection of unspecified options, the training, and
//! a last pass for the errors on the rows.

mod accumulate;
mod calibrate;
mod checks;
mod choose;
mod column_notes;
mod cost;
mod curve;
mod descent;
mod grown;
mod grown_path;
mod growth;
mod left_out;
mod partial;
mod partial_bytes;
mod polynomials;
mod prepare;
mod problem;
mod row_notes;
mod stop;
mod validation;
mod whole_path;

pub use curve::table_curve;
pub use partial::PartialSums;
pub(crate) use prepare::TableSubject;
pub use problem::Problem;
pub(crate) use stop::resolved;
