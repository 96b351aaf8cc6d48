//! The names that most programs need: `use zonal::prelude::*`.
//!
//! ```
//! use zonal::prelude::*;
//!
//! let dim = Dim::new(10)?;
//! let target = Target::parse("x1*x2 + 0.5*x3", dim, 0)?;
//! let network = Network::random(Activation::Relu, 1.0, dim, 200, 0)?;
//! let path = GradientPath::new(&Population::new(&target).quadratic(&network)?, Step::Auto, &mut Silent)?;
//! assert!(path.loss(10_000) < 0.2 * path.loss(0));
//! # Ok::<(), zonal::Error>(())
//! ```

pub use crate::activation::{Activation, Function};
pub use crate::dynamics::{Descent, GradientPath, Operator, Solver, Source, Step, logarithmic_grid};
pub use crate::kernel::Kernel;
pub use crate::lift::{LabelScale, Lift, Moments};
pub use crate::linalg::Matrix;
pub use crate::measure::residual_energies;
pub use crate::network::{Architecture, Layers, Network, Parametrisation, Start, Weights};
pub use crate::numeric::random::Purpose;
pub use crate::observer::{Observer, Silent};
pub use crate::plan::{Goal, Plan};
pub use crate::risk::{Empirical, Population, Quadratic};
pub use crate::spectrum::{Coefficient, Spectrum};
pub use crate::sphere::{Degree, Dim, uniform_points};
pub use crate::statistics::{Batch, Precision, Statistics};
pub use crate::target::{PowerSpectrum, Target};
