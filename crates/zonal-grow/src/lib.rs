//! Hidden units that are grown on rows: drawn where the rows are, on few columns, chosen in stages by what they add to the
//! labels, then moved by some steps of L-BFGS. Afterwards they are fixed, and gradient descent of the output layer on them
//! is as exact as on random units ([`zonal::dynamics::GradientPath`]).
//!
//! What holds for units drawn without sight of the labels (the bounds of a plan, the spectrum of the kernel, low degrees
//! before high ones) does not hold for these.
//!
//! ```
//! use zonal::columns::ColumnMap;
//! use zonal::linalg::Matrix;
//! use zonal::observer::Silent;
//! use zonal_grow::{Growth, Rows, grow};
//!
//! // y = |a - b|, on a grid of 400 rows; every fifth row is held out.
//! let features: Vec<f64> = (0..400).flat_map(|i| [f64::from(i % 20), f64::from(i / 20)]).collect();
//! let features = Matrix::from_rows(400, 2, features)?;
//! let (map, _) = ColumnMap::learn(&features)?;
//! let labels: Vec<f64> = (0..400).map(|i| (features.row(i)[0] - features.row(i)[1]).abs() / 5.0 - 1.3).collect();
//! let (held, fitted): (Vec<usize>, Vec<usize>) = (0..400).partition(|i| i % 5 == 0);
//! let points = map.apply(&features)?;
//! let labels = Matrix::from_rows(400, 1, labels)?;
//! let part = |chosen: &[usize]| Rows::new(points.select(chosen), labels.select(chosen), Vec::new());
//! let growth = Growth { width: 64, stages: 4, ..Growth::for_rows(400) };
//! let grown = grow(&part(&fitted)?, &part(&held)?, &growth, 0, &mut Silent)?;
//! assert!(grown.held_out_loss < 0.05, "{}", grown.held_out_loss);
//! # Ok::<(), zonal::Error>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]

mod candidates;
mod fit;
mod growth;
mod periodic;
mod rows;
mod tuning;
mod unit;

pub use growth::{Grown, Growth, grow};
pub use rows::Rows;
