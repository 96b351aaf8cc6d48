//! Activations phi: their values, symmetry and exact structure.

mod exponential;
mod formula;
mod function;
mod pieces;
mod piecewise;
mod polynomial;
mod slices;
mod smooth;
mod tree;

pub use exponential::Exponential;
pub use formula::Formula;
pub use function::Function;
pub use pieces::{FromEnd, Piece};
pub use piecewise::{LEAKY_SLOPE, Piecewise};
pub use polynomial::{MAX_HERMITE, PowerSeries};
pub(crate) use slices::Keep;
pub use slices::Scalar;
pub use smooth::Numeric;

use crate::error::{Error, Result};
use crate::sphere::Degree;
use std::sync::Arc;

/// An activation function.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Activation {
    /// max(t, 0).
    Relu,
    /// t for t > 0, otherwise t / 100.
    LeakyRelu,
    /// max(t, 0)^2.
    SquaredRelu,
    /// 1 for t > 0, otherwise 0.
    Step,
    /// 1 for t > 0, otherwise -1.
    Sign,
    /// |t|.
    Abs,
    /// 1 / (1 + exp(-t)).
    Sigmoid,
    /// tanh(t).
    Tanh,
    /// erf(t).
    Erf,
    /// t Phi(t), Phi the normal distribution function.
    Gelu,
    /// t / (1 + exp(-t)).
    Silu,
    /// ln(1 + exp(t)).
    Softplus,
    /// sin(t).
    Sin,
    /// cos(t).
    Cos,
    /// exp(t).
    Exp,
    /// t^2.
    Square,
    /// t^3.
    Cube,
    /// The Hermite polynomial He_K(t) / sqrt(K!), of norm 1 under the standard normal law.
    Hermite(u8),
    /// An expression in t.
    Formula(Arc<Formula>),
    /// A function of one's own.
    Function(Arc<Function>),
}

/// Which degrees can have a non-zero coefficient: the even part of phi is a polynomial of degree `even`, the odd part
/// one of degree `odd`; -1 where there is none, `i32::MAX` where it is no polynomial.
///
/// A polynomial of degree p is orthogonal to P_k for every k > p, in every dimension and at every scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    even: i32,
    odd: i32,
}

impl Support {
    const NO_LIMIT: i32 = i32::MAX;

    /// Whether the Funk-Hecke coefficient of this degree is zero in every dimension and at every scale.
    pub fn vanishes_at(self, degree: Degree) -> bool {
        let last = if degree.is_multiple_of(2) { self.even } else { self.odd };
        i64::from(last) < degree as i64 && last != Self::NO_LIMIT
    }

    /// The support of the derivative.
    pub fn derivative(self) -> Self {
        let lower = |d: i32| if d == Self::NO_LIMIT { d } else { (d - 1).max(-1) };
        Self { even: lower(self.odd), odd: lower(self.even) }
    }
}

/// Where an activation's exact formulas come from.
#[derive(Debug)]
pub enum Structure {
    /// Truncated powers: closed forms for coefficients and kernels.
    Piecewise(Piecewise),
    /// A polynomial: finitely many coefficients, in closed form.
    Polynomial(PowerSeries),
    /// exp, sin or cos: a series beside the numerical routes.
    Exponential(Exponential, Numeric),
    /// Everything else: numerical, with an error bound.
    Numeric(Numeric),
}

impl Activation {
    /// All activations with a name of their own, in the order of the help; Hermite polynomials by two examples.
    pub const NAMED: [Self; 19] = [
        Self::Relu,
        Self::LeakyRelu,
        Self::SquaredRelu,
        Self::Step,
        Self::Sign,
        Self::Abs,
        Self::Sigmoid,
        Self::Tanh,
        Self::Erf,
        Self::Gelu,
        Self::Silu,
        Self::Softplus,
        Self::Sin,
        Self::Cos,
        Self::Exp,
        Self::Square,
        Self::Cube,
        Self::Hermite(3),
        Self::Hermite(4),
    ];

    /// The name by which users choose it, or the formula.
    pub fn name(&self) -> String {
        let name = match self {
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky-relu",
            Self::SquaredRelu => "squared-relu",
            Self::Step => "step",
            Self::Sign => "sign",
            Self::Abs => "abs",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Erf => "erf",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Softplus => "softplus",
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Exp => "exp",
            Self::Square => "square",
            Self::Cube => "cube",
            Self::Hermite(k) => return format!("hermite-{k}"),
            Self::Formula(f) => f.text(),
            // No name of a built-in one: what is written must not be read as something else.
            Self::Function(f) => return format!("function '{}'", f.name),
        };
        name.to_owned()
    }

    /// The activation of that name, or a formula in `t`.
    ///
    /// ```
    /// use zonal::activation::Activation;
    /// let a = Activation::parse("t*tanh(t)")?;
    /// assert_eq!(a.value(0.0), 0.0);
    /// assert!(Activation::parse("swash").is_err());
    /// # Ok::<(), zonal::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] with the list of names, [`Error::Expression`] pointing into a formula.
    pub fn parse(text: &str) -> Result<Self> {
        // Spaces around a name or a formula mean nothing, and must not make a formula of a misspelt name.
        let text = text.trim();
        if let Some(found) = Self::NAMED.into_iter().find(|a| a.name() == text) {
            return Ok(found);
        }
        if let Some(degree) = text.strip_prefix("hermite-") {
            let wrong = || {
                Error::parameter(
                    "the Hermite polynomial",
                    format!("'{text}'"),
                    format!("hermite-0 to hermite-{MAX_HERMITE}"),
                )
            };
            let degree: u8 = degree.parse().map_err(|_| wrong())?;
            return if degree <= MAX_HERMITE { Ok(Self::Hermite(degree)) } else { Err(wrong()) };
        }
        // A single word that is no name is a misspelt name, not a formula.
        if text != "t" && text.chars().all(|c| c.is_ascii_alphabetic() || "-_".contains(c)) {
            let names: Vec<_> = Self::NAMED.iter().take(17).map(Self::name).collect();
            let required =
                format!("one of {}, hermite-K, or an expression in t such as 't*tanh(t)'", names.join(", "));
            return Err(Error::parameter("the activation", format!("'{text}'"), required));
        }
        Ok(Self::Formula(Arc::new(Formula::parse(text, None)?)))
    }

    /// The formula t -> phi(t + bias): a shift breaks the symmetry that hides degrees from odd and even activations.
    /// None for Hermite polynomials and functions given as code.
    pub fn with_bias(&self, bias: f64) -> Option<Self> {
        let t = if bias < 0.0 { format!("(t - {})", -bias) } else { format!("(t + {bias})") };
        let text = match self {
            Self::LeakyRelu => format!("max({t}, {LEAKY_SLOPE}*{t})"),
            Self::SquaredRelu => format!("relu{t}^2"),
            Self::Square => format!("{t}^2"),
            Self::Cube => format!("{t}^3"),
            Self::Formula(f) => replace_variable(f.text(), &t),
            Self::Hermite(_) | Self::Function(_) => return None,
            named => format!("{named}{t}"),
        };
        Self::parse(&text).ok()
    }

    /// The same activation with the kinks of its formula given instead of searched; named ones know theirs.
    ///
    /// # Errors
    /// [`Error::Parameter`] for kinks that are not finite numbers, or a named activation.
    pub fn with_kinks(&self, kinks: Vec<f64>) -> Result<Self> {
        if let Some(bad) = kinks.iter().find(|k| !k.is_finite()) {
            return Err(Error::parameter("a kink", bad, "a finite number"));
        }
        match self {
            Self::Formula(f) => Ok(Self::Formula(Arc::new(f.with_kinks(kinks)))),
            _ => Err(Error::parameter("the activation with --kinks", self.name(), "an expression in t")),
        }
    }

    /// Its exact structure for arguments between -scale and scale.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a formula that is not finite there or has too many kinks.
    pub fn structure(&self, scale: f64) -> Result<Structure> {
        Ok(match self {
            Self::Relu => Structure::Piecewise(Piecewise::RELU),
            Self::LeakyRelu => Structure::Piecewise(Piecewise::LEAKY_RELU),
            Self::SquaredRelu => Structure::Piecewise(Piecewise::SQUARED_RELU),
            Self::Step => Structure::Piecewise(Piecewise::STEP),
            Self::Sign => Structure::Piecewise(Piecewise::SIGN),
            Self::Abs => Structure::Piecewise(Piecewise::ABS),
            Self::Sigmoid => Structure::Numeric(Numeric::call(tree::Function::Sigmoid, scale)),
            Self::Tanh => Structure::Numeric(Numeric::call(tree::Function::Tanh, scale)),
            Self::Erf => Structure::Numeric(Numeric::call(tree::Function::Erf, scale)),
            Self::Gelu => Structure::Numeric(Numeric::call(tree::Function::Gelu, scale)),
            Self::Silu => Structure::Numeric(Numeric::call(tree::Function::Silu, scale)),
            Self::Softplus => Structure::Numeric(Numeric::call(tree::Function::Softplus, scale)),
            Self::Sin => Structure::Exponential(Exponential::Sin, Numeric::call(tree::Function::Sin, scale)),
            Self::Cos => Structure::Exponential(Exponential::Cos, Numeric::call(tree::Function::Cos, scale)),
            Self::Exp => Structure::Exponential(Exponential::Exp, Numeric::call(tree::Function::Exp, scale)),
            Self::Square => Structure::Polynomial(PowerSeries::monomial(2)),
            Self::Cube => Structure::Polynomial(PowerSeries::monomial(3)),
            Self::Hermite(k) => Structure::Polynomial(PowerSeries::hermite(*k)),
            Self::Formula(f) => match f.as_polynomial() {
                Some(p) => Structure::Polynomial(p),
                None => Structure::Numeric(f.numeric(scale)?),
            },
            Self::Function(f) => Structure::Numeric(Numeric::function(&f.apply, &f.kinks, scale)),
        })
    }

    /// The structure of the derivative, for the tangent kernel.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an activation that jumps or a closure, whose derivative is not known.
    pub fn derivative_structure(&self, scale: f64) -> Result<Structure> {
        let none = || {
            Error::parameter(
                "the activation of the tangent kernel",
                format!("'{}'", self.name()),
                "one without jumps and with a known derivative",
            )
        };
        match self.structure(scale)? {
            Structure::Piecewise(p) => p.derivative().map(Structure::Piecewise).ok_or_else(none),
            Structure::Polynomial(p) => Ok(Structure::Polynomial(p.derivative())),
            Structure::Exponential(Exponential::Exp, n) => Ok(Structure::Exponential(Exponential::Exp, n)),
            Structure::Exponential(Exponential::Sin, _) => Self::Cos.structure(scale),
            // The sign is lost, which no kernel sees.
            Structure::Exponential(Exponential::Cos, _) => Self::Sin.structure(scale),
            Structure::Numeric(n) => match self {
                Self::Formula(f) if f.may_jump() => Err(none()),
                _ => n.derivative().map(Structure::Numeric).ok_or_else(none),
            },
        }
    }

    /// Which degrees can have a non-zero coefficient.
    pub fn support(&self) -> Support {
        const ALL: i32 = Support::NO_LIMIT;
        let (even, odd) = match self {
            // t/2 plus an even function.
            Self::Relu | Self::LeakyRelu | Self::Gelu | Self::Silu | Self::Softplus => (ALL, 1),
            // t^2/2 plus an odd function.
            Self::SquaredRelu => (2, ALL),
            // 1/2 plus an odd function.
            Self::Step | Self::Sigmoid => (0, ALL),
            Self::Sign | Self::Tanh | Self::Erf | Self::Sin => (-1, ALL),
            Self::Abs | Self::Cos => (ALL, -1),
            Self::Exp | Self::Function(_) => (ALL, ALL),
            Self::Square => (2, -1),
            Self::Cube => (-1, 3),
            Self::Hermite(k) => {
                let k = i32::from(*k);
                if k % 2 == 0 { (k, -1) } else { (-1, k) }
            }
            Self::Formula(f) => match f.as_polynomial() {
                Some(p) => {
                    let last = |parity: usize| {
                        let terms = p.coefficients().iter().enumerate();
                        let present = terms.filter(|(i, c)| i % 2 == parity && c.to_f64() != 0.0);
                        present.map(|(i, _)| i as i32).max().unwrap_or(-1)
                    };
                    (last(0), last(1))
                }
                None => {
                    let (no_even, no_odd) = f.missing_parts();
                    (if no_even { -1 } else { ALL }, if no_odd { -1 } else { ALL })
                }
            },
        };
        Support { even, odd }
    }

    /// Whether the Funk-Hecke coefficient of degree k is zero in every dimension and at every scale.
    pub fn vanishes_at(&self, degree: Degree) -> bool {
        self.support().vanishes_at(degree)
    }

    /// The exponent a with phi(c t) = c^a phi(t) for c > 0, if there is one: then the scale is only a factor.
    pub fn homogeneity(&self) -> Option<u32> {
        match self {
            Self::Relu | Self::LeakyRelu | Self::Abs => Some(1),
            Self::SquaredRelu | Self::Square => Some(2),
            Self::Cube => Some(3),
            Self::Step | Self::Sign => Some(0),
            _ => None,
        }
    }
}

impl PartialEq for Activation {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Function(a), Self::Function(b)) => Arc::ptr_eq(a, b) || a.is_same(b),
            (Self::Function(_), _) | (_, Self::Function(_)) => false,
            (Self::Formula(a), Self::Formula(b)) => a.text() == b.text() && a.kinks() == b.kinks(),
            _ => self.name() == other.name(),
        }
    }
}

impl std::fmt::Display for Activation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl std::str::FromStr for Activation {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        Self::parse(name)
    }
}

impl From<Activation> for String {
    fn from(a: Activation) -> Self {
        a.name()
    }
}

impl TryFrom<String> for Activation {
    type Error = Error;
    fn try_from(name: String) -> Result<Self> {
        Self::parse(&name)
    }
}

/// The formula with every `t` that is a word of its own replaced.
fn replace_variable(formula: &str, by: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in formula.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        out += if word == "t" { by } else { &word };
        word.clear();
        out.push(c);
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_formulas_survive_being_written_and_read() {
        for a in Activation::NAMED {
            assert_eq!(Activation::parse(&a.name()).unwrap(), a);
        }
        let formula = Activation::parse("max(t,0)^2 - 0.1*t").unwrap();
        assert_eq!(Activation::parse(&formula.name()).unwrap(), formula);
        assert!(Activation::parse("hermite-99").is_err());
        assert!(Activation::parse("reluu").unwrap_err().to_string().contains("leaky-relu"));
    }

    #[test]
    fn supports_follow_from_even_and_odd_parts() {
        let visible = |a: &Activation| -> Vec<usize> { (0..8).filter(|k| !a.vanishes_at(*k)).collect() };
        assert_eq!(visible(&Activation::Relu), vec![0, 1, 2, 4, 6]);
        assert_eq!(visible(&Activation::SquaredRelu), vec![0, 1, 2, 3, 5, 7]);
        assert_eq!(visible(&Activation::Hermite(4)), vec![0, 2, 4]);
        assert_eq!(visible(&Activation::parse("t*sin(t)").unwrap()), vec![0, 2, 4, 6]);
        assert_eq!(visible(&Activation::parse("t^3 - 1").unwrap()), vec![0, 1, 3]);
        let slope = Activation::Relu.support().derivative();
        assert_eq!((0..8).filter(|k| !slope.vanishes_at(*k)).collect::<Vec<_>>(), vec![0, 1, 3, 5, 7]);
    }

    #[test]
    fn a_bias_shifts_the_argument() {
        let formula = Activation::parse("t*tanh(t) - 2^t").unwrap();
        let named = Activation::NAMED.into_iter().take(17).chain([formula]);
        for a in named {
            let shifted = a.with_bias(0.25).unwrap();
            for t in [-0.9, -0.25, 0.0, 0.3, 1.0] {
                assert!((shifted.value(t) - a.value(t + 0.25)).abs() < 1e-15, "{a} -> {shifted} at {t}");
            }
        }
        assert_eq!(Activation::Relu.with_bias(-0.5).unwrap().name(), "relu(t - 0.5)");
        assert!(Activation::Hermite(3).with_bias(0.1).is_none());
    }
}
