//! Activations phi: their values, symmetry and exact structure.

mod builtin;
mod exponential;
mod formula;
mod function;
mod pieces;
mod piecewise;
mod polynomial;
mod scalar;
mod slices;
mod smooth;
mod support;
mod tree;

pub use builtin::Activation;
pub use exponential::Exponential;
pub use formula::Formula;
pub use function::Function;
pub use pieces::{FromEnd, Piece};
pub use piecewise::Piecewise;
pub use polynomial::{MAX_HERMITE, PowerSeries};
pub use scalar::Scalar;
pub(crate) use slices::SlopeFrom;
pub use smooth::Numeric;
pub use support::Support;

use crate::error::{Error, Result};
use crate::sphere::Degree;
use builtin::{Definition, Exact};
use std::sync::Arc;
use support::Part;

/// Where an activation's exact formulas come from.
#[derive(Debug)]
pub enum Structure {
    /// Truncated powers: closed forms for coefficients and kernels.
    Piecewise(Piecewise),
    /// A polynomial: finitely many coefficients, in closed form.
    Polynomial(PowerSeries),
    /// exp, sin or cos: a series in addition to the numerical routes.
    Exponential(Exponential, Numeric),
    /// Everything else: numerical, with an error bound.
    Numeric(Numeric),
}

impl Activation {
    /// The name by which users choose it, or the formula.
    pub fn name(&self) -> String {
        match self.definition() {
            Definition::Builtin(row) => row.name.to_owned(),
            Definition::Hermite(k) => format!("hermite-{k}"),
            Definition::Formula(f) => f.text().to_owned(),
            // The name of a built-in activation would be misread, so the name of a function is quoted.
            Definition::Function(f) => format!("function '{}'", f.name),
        }
    }

    /// Whether it is defined by the program: built in, or a Hermite polynomial.
    pub(crate) fn is_named(&self) -> bool {
        match self.definition() {
            Definition::Builtin(_) | Definition::Hermite(_) => true,
            Definition::Formula(_) | Definition::Function(_) => false,
        }
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
    /// [`Error::Unknown`] with the nearest name, [`Error::Expression`] pointing into a formula.
    pub fn parse(text: &str) -> Result<Self> {
        // Surrounding spaces have no meaning, and must not turn a misspelt name into a formula.
        let text = text.trim();
        if let Some(found) = Self::BUILTIN.into_iter().find(|a| a.name() == text) {
            return Ok(found);
        }
        if let Some(degree) = text.strip_prefix("hermite-") {
            let degree: u8 = degree.parse().map_err(|_| wrong_hermite(text))?;
            let found = Self::Hermite(degree);
            return found.check().map(|()| found);
        }
        if is_word(text) {
            return Err(unknown(text));
        }
        Ok(Self::Formula(Arc::new(Formula::parse(text, None)?)))
    }

    /// The formula t -> phi(t + bias): a shift breaks the symmetry that hides degrees from odd and even activations.
    /// None for Hermite polynomials and functions given as code.
    ///
    /// The formula is read from its text, so that one read back from a record has the same bits: decimals have more
    /// digits than f64.
    pub fn with_bias(&self, bias: f64) -> Option<Self> {
        let t = if bias < 0.0 { format!("(t - {})", -bias) } else { format!("(t + {bias})") };
        let text = match self.definition() {
            Definition::Builtin(row) => row.formula.replace("(t)", &t),
            Definition::Formula(f) => replace_variable(f.text(), &t),
            Definition::Hermite(_) | Definition::Function(_) => return None,
        };
        Self::parse(&text).ok()
    }

    /// The same activation with the kinks of its formula given instead of searched; named ones know theirs.
    ///
    /// # Errors
    /// [`Error::Parameter`] for kinks that are not finite numbers, or a named activation.
    pub fn with_kinks(&self, kinks: Vec<f64>) -> Result<Self> {
        check_kinks(&kinks)?;
        match self.definition() {
            Definition::Formula(f) => Ok(Self::Formula(Arc::new(f.with_kinks(kinks)))),
            Definition::Builtin(_) | Definition::Hermite(_) | Definition::Function(_) => {
                let what = "the activation whose kinks are given";
                Err(Error::parameter(what, self.name(), "an expression in t; others know their kinks"))
            }
        }
    }

    /// Checks what the variants of the type leave open: the degree of a Hermite polynomial and the kinks of code.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Hermite(k) if *k > MAX_HERMITE => Err(wrong_hermite(&self.name())),
            Self::Function(f) => check_kinks(&f.kinks),
            _ => Ok(()),
        }
    }

    /// Its exact structure for arguments between -scale and scale.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a formula that is not finite there or has too many kinks, a Hermite polynomial of degree
    /// above [`MAX_HERMITE`], and code with kinks that are not finite.
    pub fn structure(&self, scale: f64) -> Result<Structure> {
        self.check()?;
        Ok(match self.definition() {
            Definition::Builtin(row) => match row.exact {
                Exact::Piecewise(p) => Structure::Piecewise(p),
                Exact::Monomial(p) => Structure::Polynomial(PowerSeries::monomial(p)),
                Exact::Exponential(e, f) => Structure::Exponential(e, Numeric::call(f, scale)),
                Exact::Numeric(f) => Structure::Numeric(Numeric::call(f, scale)),
            },
            Definition::Hermite(k) => Structure::Polynomial(PowerSeries::hermite(k)),
            Definition::Formula(f) => match f.as_polynomial() {
                Some(p) => Structure::Polynomial(p),
                None => Structure::Numeric(f.numeric(scale)?),
            },
            Definition::Function(f) => Structure::Numeric(Numeric::function(&f.apply, &f.kinks, scale)),
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
            // The sign is lost, but kernels do not depend on it.
            Structure::Exponential(Exponential::Cos, _) => Self::Sin.structure(scale),
            Structure::Numeric(_) if matches!(self, Self::Formula(f) if f.may_jump()) => Err(none()),
            Structure::Numeric(n) => n.derivative().map(Structure::Numeric).ok_or_else(none),
        }
    }

    /// Which degrees can have a non-zero coefficient.
    pub fn support(&self) -> Support {
        match self.definition() {
            Definition::Builtin(row) => row.support,
            Definition::Hermite(k) => Support::of_exponents(std::iter::once(usize::from(k))),
            Definition::Formula(f) => match f.as_polynomial() {
                Some(p) => {
                    let terms = p.coefficients().iter().enumerate();
                    Support::of_exponents(terms.filter(|(_, c)| c.to_f64() != 0.0).map(|(p, _)| p))
                }
                None => {
                    let part = |missing| if missing { Part::Zero } else { Part::Unlimited };
                    let (no_even, no_odd) = f.missing_parts();
                    Support { even: part(no_even), odd: part(no_odd) }
                }
            },
            Definition::Function(_) => Support { even: Part::Unlimited, odd: Part::Unlimited },
        }
    }

    /// Whether the Funk-Hecke coefficient of degree k is zero in every dimension and at every scale.
    pub fn vanishes_at(&self, degree: Degree) -> bool {
        self.support().vanishes_at(degree)
    }

    /// The exponent a with phi(c t) = c^a phi(t) for c > 0, if there is one: then the scale is only a factor.
    pub fn homogeneity(&self) -> Option<u32> {
        match self.definition() {
            Definition::Builtin(row) => row.homogeneity,
            Definition::Hermite(_) | Definition::Formula(_) | Definition::Function(_) => None,
        }
    }
}

impl Activation {
    /// An activation given as code that is smooth; [`Function`] is for code with kinks, or that works on slices.
    ///
    /// ```
    /// use zonal::{activation::Activation, spectrum::Spectrum, sphere::Dim};
    /// let cosh = Activation::from_fn("cosh", f64::cosh);
    /// let spectrum = Spectrum::new(&cosh, Dim::new(10)?, 1.0, 4)?;
    /// assert!(spectrum.visible(4)? && !spectrum.visible(3)?);
    /// # Ok::<(), zonal::Error>(())
    /// ```
    pub fn from_fn(name: &str, value: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        Function::new(name, [], value).into()
    }
}

/// Code with its kinks, where it is not smooth.
///
/// ```
/// use zonal::activation::{Activation, Function};
/// let elu = Function::new("elu", [0.0], |t| if t > 0.0 { t } else { t.exp_m1() });
/// assert_eq!(Activation::from(elu).to_string(), "function 'elu'");
/// ```
impl From<Function> for Activation {
    fn from(function: Function) -> Self {
        Self::Function(Arc::new(function))
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

fn wrong_hermite(name: &str) -> Error {
    let required = format!("hermite-0 to hermite-{MAX_HERMITE}");
    Error::parameter("the Hermite polynomial", format!("'{name}'"), required)
}

fn check_kinks(kinks: &[f64]) -> Result<()> {
    match kinks.iter().find(|k| !k.is_finite()) {
        None => Ok(()),
        Some(bad) => Err(Error::parameter("a kink", bad, "a finite number")),
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

/// Names in other programs, with the name or expression here.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("swish", "silu"),
    ("logistic", "sigmoid"),
    ("heaviside", "step"),
    ("identity", "t"),
    ("linear", "t"),
    ("relu6", "'min(max(t,0),6)'"),
    ("hardtanh", "'max(-1,min(1,t))'"),
    ("softsign", "'t/(1+abs(t))'"),
    ("elu", "'max(t,0) + min(exp(t)-1,0)'"),
];

/// Returns whether a text is a word, and therefore a misspelt name rather than a formula.
fn is_word(text: &str) -> bool {
    let dashed = text.chars().all(|c| c.is_ascii_alphabetic() || "-_".contains(c));
    let numbered = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    text != "t" && (dashed || numbered || hermite(text).is_some())
}

/// Returns the name of the Hermite polynomial that a text such as `hermite3` or `Hermite-3` means.
fn hermite(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let degree = lower.strip_prefix("hermite")?.trim_start_matches(['-', '_', ' ']);
    let is_number = !degree.is_empty() && degree.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| format!("hermite-{degree}"))
}

/// Returns the error for a word that is not the name of an activation.
fn unknown(text: &str) -> Error {
    let names: Vec<_> = Activation::BUILTIN.iter().map(Activation::name).collect();
    let all = || {
        let names = names.join(", ");
        format!("use one of {names}, hermite-K, or an expression in t such as 't*tanh(t)'")
    };
    let lower = text.to_lowercase();
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == lower).map(|(_, here)| (*here).to_owned());
    let advice = match hermite(text).or(other) {
        Some(name) => format!("did you mean {name}?"),
        None => crate::error::advice(text, names.iter().map(AsRef::as_ref), all),
    };
    Error::Unknown { what: "activation", found: text.to_owned(), advice }
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
        assert!(Activation::parse("reluu").unwrap_err().to_string().contains("did you mean relu?"));
    }

    #[test]
    fn activations_outside_their_domain_are_refused_where_they_are_used() {
        use crate::network::Network;
        use crate::spectrum::Spectrum;
        use crate::sphere::Dim;
        let dim = Dim::new(5).unwrap();
        let code: Activation = Function::new("code", [f64::NAN], f64::abs).into();
        for activation in [Activation::Hermite(200), code] {
            assert!(Spectrum::new(&activation, dim, 1.0, 4).is_err(), "{activation}");
            assert!(Spectrum::infinite_dimension(&activation, 4).is_err(), "{activation}");
            assert!(Network::random(activation.clone(), 1.0, dim, 3, 0).is_err(), "{activation}");
        }
        assert!(Spectrum::new(&Activation::Hermite(MAX_HERMITE), dim, 1.0, 4).is_ok());
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
        let named = Activation::BUILTIN.into_iter().chain([formula]);
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
