//! The built-in activations, as a table with one row per activation, and the type [`Activation`].

use super::exponential::Exponential;
use super::formula::Formula;
use super::function::Function;
use super::piecewise::Piecewise;
use super::slices::{BothPrecisions, SlopeFrom, cos_slopes, sin_slopes, slices};
use super::support::{Part, Support};
use super::tree;
use crate::numeric::vector;
use std::sync::Arc;

/// The properties of a built-in activation.
pub(super) struct Builtin {
    /// The name by which users choose it.
    pub(super) name: &'static str,
    /// A formula for the same function; the variable is written `(t)`.
    pub(super) formula: &'static str,
    /// The source of its exact formulas; piecewise powers have their kink at 0.
    pub(super) exact: Exact,
    /// The degrees of its even and odd parts.
    pub(super) support: Support,
    /// The exponent a such that phi(c t) = c^a phi(t) for all c > 0.
    pub(super) homogeneity: Option<u32>,
    /// The quantity from which its slopes are computed.
    pub(super) slope_from: SlopeFrom,
    /// Values and slopes over whole slices.
    pub(super) slices: BothPrecisions,
}

/// The structure of a built-in activation at every scale.
pub(super) enum Exact {
    Piecewise(Piecewise),
    /// t^p.
    Monomial(usize),
    Exponential(Exponential, tree::Function),
    Numeric(tree::Function),
}

/// The definition of an activation.
pub(super) enum Definition<'a> {
    Builtin(&'static Builtin),
    Hermite(u8),
    Formula(&'a Formula),
    Function(&'a Function),
}

/// Generates the variants of [`Activation`], their list and [`Activation::definition`] from the rows of the table, so
/// that a variant without a row does not compile.
macro_rules! activations {
    ($($(#[$documentation:meta])* $variant:ident: $row:expr;)*) => {
        /// An activation function.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub enum Activation {
            $($(#[$documentation])* $variant,)*
            /// The Hermite polynomial He_K(t) / sqrt(K!), of norm 1 under the standard normal law.
            Hermite(u8),
            /// An expression in t.
            Formula(Arc<Formula>),
            /// A function given as code.
            Function(Arc<Function>),
        }

        impl Activation {
            /// The built-in activations, in the order shown in the help.
            pub const BUILTIN: [Self; [$(stringify!($variant)),*].len()] = [$(Self::$variant),*];

            /// The built-in activations and two examples of Hermite polynomials.
            pub const NAMED: [Self; Self::BUILTIN.len() + 2] =
                [$(Self::$variant,)* Self::Hermite(3), Self::Hermite(4)];

            pub(super) fn definition(&self) -> Definition<'_> {
                match self {
                    $(Self::$variant => {
                        static ROW: Builtin = $row;
                        Definition::Builtin(&ROW)
                    })*
                    Self::Hermite(degree) => Definition::Hermite(*degree),
                    Self::Formula(formula) => Definition::Formula(formula),
                    Self::Function(function) => Definition::Function(function),
                }
            }
        }
    };
}

activations! {
    /// max(t, 0).
    Relu: Builtin {
        name: "relu",
        formula: "relu(t)",
        exact: Exact::Piecewise(Piecewise { truncated: [0.0, 1.0, 0.0], ..Piecewise::ZERO }),
        // t/2 plus an even function.
        support: Support { even: Part::Unlimited, odd: Part::Polynomial(1) },
        homogeneity: Some(1),
        slope_from: SlopeFrom::Value,
        // Written so that NaN is preserved.
        slices: slices!(each |t| if t < 0.0 { 0.0 } else { t }, slope |v| if v > 0.0 { 1.0 } else { 0.0 }),
    };
    /// t for t > 0, otherwise t / 100.
    LeakyRelu: Builtin {
        name: "leaky-relu",
        formula: "max((t), 0.01*(t))",
        exact: Exact::Piecewise(Piecewise { truncated: [0.0, 0.99, 0.0], linear: 0.01, ..Piecewise::ZERO }),
        // A multiple of t plus an even function.
        support: Support { even: Part::Unlimited, odd: Part::Polynomial(1) },
        homogeneity: Some(1),
        slope_from: SlopeFrom::Value,
        slices: slices!(each |t| if t > 0.0 { t } else { 0.01 * t }, slope |v| if v > 0.0 { 1.0 } else { 0.01 }),
    };
    /// max(t, 0)^2.
    SquaredRelu: Builtin {
        name: "squared-relu",
        formula: "relu(t)^2",
        exact: Exact::Piecewise(Piecewise { truncated: [0.0, 0.0, 1.0], ..Piecewise::ZERO }),
        // t^2/2 plus an odd function.
        support: Support { even: Part::Polynomial(2), odd: Part::Unlimited },
        homogeneity: Some(2),
        slope_from: SlopeFrom::Argument,
        slices: slices!(each |t| if t < 0.0 { 0.0 } else { t * t }, slope |t| 2.0 * t.max(0.0)),
    };
    /// 1 for t > 0, otherwise 0.
    Step: Builtin {
        name: "step",
        formula: "step(t)",
        exact: Exact::Piecewise(Piecewise { truncated: [1.0, 0.0, 0.0], ..Piecewise::ZERO }),
        // 1/2 plus an odd function.
        support: Support { even: Part::Polynomial(0), odd: Part::Unlimited },
        homogeneity: Some(0),
        slope_from: SlopeFrom::Value,
        slices: slices!(each |t| if t > 0.0 { 1.0 } else { 0.0 }, slope |_v| 0.0),
    };
    /// 1 for t > 0, otherwise -1.
    Sign: Builtin {
        name: "sign",
        formula: "sign(t)",
        exact: Exact::Piecewise(Piecewise { truncated: [2.0, 0.0, 0.0], constant: -1.0, ..Piecewise::ZERO }),
        support: Support { even: Part::Zero, odd: Part::Unlimited },
        homogeneity: Some(0),
        slope_from: SlopeFrom::Value,
        slices: slices!(each |t| if t > 0.0 { 1.0 } else { -1.0 }, slope |_v| 0.0),
    };
    /// |t|.
    Abs: Builtin {
        name: "abs",
        formula: "abs(t)",
        exact: Exact::Piecewise(Piecewise { truncated: [0.0, 2.0, 0.0], linear: -1.0, ..Piecewise::ZERO }),
        support: Support { even: Part::Unlimited, odd: Part::Zero },
        homogeneity: Some(1),
        slope_from: SlopeFrom::Argument,
        slices: slices!(each |t| t.abs(), slope |t| if t == 0.0 { 0.0 } else { t.signum() }),
    };
    /// 1 / (1 + exp(-t)).
    Sigmoid: Builtin {
        name: "sigmoid",
        formula: "sigmoid(t)",
        exact: Exact::Numeric(tree::Function::Sigmoid),
        // 1/2 plus an odd function.
        support: Support { even: Part::Polynomial(0), odd: Part::Unlimited },
        homogeneity: None,
        slope_from: SlopeFrom::Value,
        slices: slices!(vector sigmoid, slope |v| v * (1.0 - v)),
    };
    /// tanh(t).
    Tanh: Builtin {
        name: "tanh",
        formula: "tanh(t)",
        exact: Exact::Numeric(tree::Function::Tanh),
        support: Support { even: Part::Zero, odd: Part::Unlimited },
        homogeneity: None,
        slope_from: SlopeFrom::Value,
        slices: slices!(vector tanh, slope |v| 1.0 - v * v),
    };
    /// erf(t).
    Erf: Builtin {
        name: "erf",
        formula: "erf(t)",
        exact: Exact::Numeric(tree::Function::Erf),
        support: Support { even: Part::Zero, odd: Part::Unlimited },
        homogeneity: None,
        slope_from: SlopeFrom::Argument,
        slices: slices!(vector erf, erf_slopes),
    };
    /// t Phi(t), Phi the normal distribution function.
    Gelu: Builtin {
        name: "gelu",
        formula: "gelu(t)",
        exact: Exact::Numeric(tree::Function::Gelu),
        // t/2 plus an even function.
        support: Support { even: Part::Unlimited, odd: Part::Polynomial(1) },
        homogeneity: None,
        slope_from: SlopeFrom::Argument,
        slices: slices!(vector gelu, gelu_slopes),
    };
    /// t / (1 + exp(-t)).
    Silu: Builtin {
        name: "silu",
        formula: "silu(t)",
        exact: Exact::Numeric(tree::Function::Silu),
        // t/2 plus an even function.
        support: Support { even: Part::Unlimited, odd: Part::Polynomial(1) },
        homogeneity: None,
        slope_from: SlopeFrom::Argument,
        slices: slices!(vector silu, silu_slopes),
    };
    /// ln(1 + exp(t)).
    Softplus: Builtin {
        name: "softplus",
        formula: "softplus(t)",
        exact: Exact::Numeric(tree::Function::Softplus),
        // t/2 plus an even function.
        support: Support { even: Part::Unlimited, odd: Part::Polynomial(1) },
        homogeneity: None,
        slope_from: SlopeFrom::Argument,
        slices: slices!(vector softplus, softplus_slopes),
    };
    /// sin(t).
    Sin: Builtin {
        name: "sin",
        formula: "sin(t)",
        exact: Exact::Exponential(Exponential::Sin, tree::Function::Sin),
        support: Support { even: Part::Zero, odd: Part::Unlimited },
        homogeneity: None,
        slope_from: SlopeFrom::Argument,
        slices: slices!(wide vector::sin, sin_slopes),
    };
    /// cos(t).
    Cos: Builtin {
        name: "cos",
        formula: "cos(t)",
        exact: Exact::Exponential(Exponential::Cos, tree::Function::Cos),
        support: Support { even: Part::Unlimited, odd: Part::Zero },
        homogeneity: None,
        slope_from: SlopeFrom::Argument,
        slices: slices!(wide vector::cos, cos_slopes),
    };
    /// exp(t).
    Exp: Builtin {
        name: "exp",
        formula: "exp(t)",
        exact: Exact::Exponential(Exponential::Exp, tree::Function::Exp),
        support: Support { even: Part::Unlimited, odd: Part::Unlimited },
        homogeneity: None,
        slope_from: SlopeFrom::Value,
        slices: slices!(vector exp, slope |v| v),
    };
    /// t^2.
    Square: Builtin {
        name: "square",
        formula: "(t)^2",
        exact: Exact::Monomial(2),
        support: Support { even: Part::Polynomial(2), odd: Part::Zero },
        homogeneity: Some(2),
        slope_from: SlopeFrom::Argument,
        slices: slices!(each |t| t * t, slope |t| 2.0 * t),
    };
    /// t^3.
    Cube: Builtin {
        name: "cube",
        formula: "(t)^3",
        exact: Exact::Monomial(3),
        support: Support { even: Part::Zero, odd: Part::Polynomial(3) },
        homogeneity: Some(3),
        slope_from: SlopeFrom::Argument,
        slices: slices!(each |t| t * t * t, slope |t| 3.0 * t * t),
    };
}
