//! Integrals with their errors.

use crate::numeric::{DoubleDouble, Scaled};

/// The relative rounding error allowed for the sum of absolute terms: a few hundred operations of 2^-102 each.
pub(super) const ROUNDING: f64 = 1e-28;

/// The formula from which a Funk-Hecke coefficient was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// A closed form, or an exact zero.
    Closed,
    /// The defining integral against P_k.
    Quadrature,
    /// Rodrigues' formula: the k-th derivative against the weight of dimension n + 2k.
    Rodrigues,
}

/// An integral with its route and its errors.
#[derive(Clone, Copy, Debug)]
pub struct Integral {
    /// The value.
    pub value: Scaled,
    /// The relative error (infinite for a zero that is not exact).
    pub relative_error: f64,
    /// The absolute error.
    pub absolute_error: f64,
    /// The formula from which it was computed.
    pub route: Route,
    /// Whether the errors are proven bounds; otherwise they are estimates.
    pub proven: bool,
}

impl Integral {
    /// An exact zero.
    pub(crate) const ZERO: Self = Self {
        value: Scaled::ZERO,
        relative_error: 0.0,
        absolute_error: 0.0,
        route: Route::Closed,
        proven: true,
    };
}

/// Funk-Hecke integrals of one function for all degrees up to a maximum.
#[derive(Clone, Debug)]
pub struct FunkHecke {
    /// E[f(t) P_k(t)], k = 0, 1, ..
    pub coefficients: Vec<Integral>,
    /// E[f(t)^2].
    pub norm_sq: DoubleDouble,
    /// A bound on the relative error of `norm_sq`.
    pub norm_error: f64,
}

/// The error that a function has no finite value near this argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NotFinite(pub f64);
