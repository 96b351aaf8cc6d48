//! Activations given by an expression in `t`, which is parsed once, evaluated over any number type, and split into
//! analytic pieces.

use super::pieces::{Obstacle, Piece, pieces};
use super::polynomial::PowerSeries;
use super::smooth::Numeric;
use super::tree::{FUNCTIONS, Function, Node, Symmetry};
use crate::error::{Error, Result, advice, not_finite};
use crate::expression::{self, Expression, Kind, Operator, Span};
use crate::numeric::{DoubleDouble, Elementary};
use std::sync::Arc;

/// An activation given by an expression.
#[derive(Clone, Debug)]
pub struct Formula {
    text: String,
    root: Arc<Node>,
    /// Kinks given by the user, which replace the search.
    kinks: Option<Vec<f64>>,
}

/// The largest integer exponent.
const MAX_POWER: i32 = 1000;

/// The text determines the tree, so it need not be compared.
impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.kinks) == (&other.text, &other.kinks)
    }
}

impl Formula {
    /// Parses a formula; `kinks` replaces the search for points at which it is not smooth.
    ///
    /// # Errors
    /// [`Error::Expression`], pointing at the character.
    pub fn parse(text: &str, kinks: Option<Vec<f64>>) -> Result<Self> {
        let tree = expression::parse("activation", text)?;
        let root = Arc::new(Reader { text }.node(&tree)?);
        Ok(Self { text: text.trim().to_owned(), root, kinks })
    }

    /// Returns the same formula with the given kinks.
    pub fn with_kinks(&self, kinks: Vec<f64>) -> Self {
        Self { kinks: Some(kinks), ..self.clone() }
    }

    /// Returns the properties that the numerical methods need for arguments between -scale and scale.
    pub(super) fn numeric(&self, scale: f64) -> Result<Numeric> {
        Ok(Numeric::tree(Arc::clone(&self.root), self.pieces(-scale, scale)?))
    }

    /// Returns its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the kinks given by the user.
    pub fn kinks(&self) -> Option<&[f64]> {
        self.kinks.as_deref()
    }

    /// Returns the value at `t`, over any number type.
    pub fn value<T: Elementary>(&self, t: &T) -> T {
        self.root.value(t)
    }

    /// Returns whether the form shows that the formula is odd or even, as the pair (no even part, no odd part).
    pub(super) fn missing_parts(&self) -> (bool, bool) {
        match self.root.symmetry() {
            Symmetry::Even => (false, true),
            Symmetry::Odd => (true, false),
            Symmetry::None => (false, false),
        }
    }

    /// Returns the coefficients if the form shows that the formula is a polynomial.
    pub(super) fn as_polynomial(&self) -> Option<PowerSeries> {
        self.root.polynomial().map(PowerSeries::new)
    }

    /// Returns whether the formula may jump; hidden units with it cannot be trained then, for lack of a derivative.
    pub(super) fn may_jump(&self) -> bool {
        self.root.any(&|n| matches!(n, Node::Call(Function::Step | Function::Sign, _)))
    }

    /// Returns the formula on [low, high], split at the points at which it is not analytic. Points that are simple
    /// zeros of a subexpression are known to about 30 digits.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a pole, a value that is not finite, or too many kinks to be separated.
    pub fn pieces(&self, low: f64, high: f64) -> Result<Vec<Piece>> {
        let found =
            pieces(&self.root, low, high, self.kinks.as_deref()).map_err(|obstacle| match obstacle {
                Obstacle::TooManyKinks(limit) => Error::parameter(
                    format!("the number of kinks of '{}'", self.text),
                    format!("more than {limit} between {low} and {high}, or some that are too close to be separated"),
                    "smaller; use a smaller scale, or state the positions of the kinks",
                ),
                Obstacle::Pole(t) => not_finite(&self.text, t),
            })?;
        // Interval arithmetic detects no error in sqrt(t) for negative t; the values at sample points do.
        for i in 0..=400 {
            let t = low + (high - low) * (f64::from(i) + 0.37) / 401.0;
            if !self.value(&DoubleDouble::from(t)).is_finite() {
                return Err(not_finite(&self.text, t));
            }
        }
        Ok(found)
    }
}

/// Converts the syntax tree to a formula.
struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn error(&self, span: &Span, message: impl Into<String>) -> Error {
        Error::Expression {
            what: "activation",
            text: self.text.to_owned(),
            span: span.clone(),
            message: message.into(),
        }
    }

    fn node(&self, e: &Expression) -> Result<Node> {
        match &e.kind {
            Kind::Number(text) => DoubleDouble::parse(text)
                .map(Node::Constant)
                .ok_or_else(|| self.error(&e.span, "not a number; write a number such as 12, 0.5 or 1e-3")),
            Kind::Name(name) => match name.as_str() {
                "t" => Ok(Node::Variable),
                "pi" => Ok(Node::Constant(DoubleDouble::pi())),
                "e" => Ok(Node::Constant(DoubleDouble::ONE.exp())),
                _ => Err(self.error(
                    &e.span,
                    format!("'{name}' is not known: the variable is t, constants are pi and e"),
                )),
            },
            Kind::Negative(x) => Ok(Node::Negative(Box::new(self.node(x)?))),
            Kind::Binary(Operator::Power, a, b) => self.power(a, b),
            Kind::Binary(operator, a, b) => {
                let (a, b) = (Box::new(self.node(a)?), Box::new(self.node(b)?));
                Ok(match operator {
                    Operator::Add => Node::Add(a, b),
                    Operator::Subtract => Node::Subtract(a, b),
                    Operator::Multiply => Node::Multiply(a, b),
                    Operator::Divide | Operator::Power => Node::Divide(a, b),
                })
            }
            Kind::Call(name, arguments) => {
                let Some((_, function)) = FUNCTIONS.iter().find(|(n, _)| n == name) else {
                    let names = FUNCTIONS.map(|(n, _)| n);
                    let advice = advice(name, names, || format!("the functions are {}", names.join(", ")));
                    return Err(self.error(&e.span, format!("'{name}' is not known: {advice}")));
                };
                if let Some(named) = arguments.iter().find_map(|a| a.name.as_ref()) {
                    return Err(self.error(&named.1, "functions of t take no named arguments"));
                }
                let needed = if matches!(function, Function::Max | Function::Min) { 2 } else { 1 };
                if arguments.len() != needed {
                    let message = format!("{name} takes {needed} argument(s), found {}", arguments.len());
                    return Err(self.error(&e.span, message));
                }
                let arguments: Result<Vec<Node>> = arguments.iter().map(|a| self.node(&a.value)).collect();
                Ok(Node::Call(*function, arguments?))
            }
        }
    }

    /// Converts a power: integer constant exponents become repeated products and other constants real powers; all other
    /// exponents use exp and ln.
    fn power(&self, a: &Expression, b: &Expression) -> Result<Node> {
        let (base, exponent) = (self.node(a)?, self.node(b)?);
        let constant = exponent.polynomial().filter(|c| c.len() == 1).map(|c| c[0]);
        let Some(constant) = constant else {
            let product = Node::Multiply(Box::new(exponent), Box::new(Node::Call(Function::Ln, vec![base])));
            return Ok(Node::Call(Function::Exp, vec![product]));
        };
        let c = constant.to_f64();
        if constant != DoubleDouble::from(c) || c.fract() != 0.0 {
            return Ok(Node::RealPower(Box::new(base), constant));
        }
        if c.abs() > f64::from(MAX_POWER) {
            return Err(self.error(
                &b.span,
                format!("the exponent must be an integer from -{MAX_POWER} to {MAX_POWER}"),
            ));
        }
        Ok(Node::Power(Box::new(base), c as i32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, t: f64) -> f64 {
        Formula::parse(text, None).unwrap().value(&t)
    }

    #[test]
    fn values_are_the_usual_ones() {
        assert_eq!(value("-t^2", 3.0), -9.0);
        assert_eq!(value("2^3^2", 0.0), 512.0);
        assert_eq!(value("2*-t", 3.0), -6.0);
        assert_eq!(value("1e-3", 0.0), 1e-3);
        assert!((value("exp(-t^2)", 1.0) - (-1f64).exp()).abs() < 1e-16);
        assert_eq!(value("max(t,0)^2 - 0.1*t", -2.0), 0.2);
        assert_eq!(value("sign(t) + step(t)", -2.0), -1.0);
        assert!((value("t^0.5", 2.0) - 2f64.sqrt()).abs() < 1e-15);
        assert!((value("2^t", 3.0) - 8.0).abs() < 1e-14);
    }

    #[test]
    fn kinks_are_found_to_all_digits() {
        let kinks = |text: &str| -> Vec<f64> {
            let pieces = Formula::parse(text, None).unwrap().pieces(-2.0, 2.0).unwrap();
            pieces.iter().skip(1).map(|p| p.from.to_f64()).collect()
        };
        assert_eq!(kinks("relu(t)"), vec![0.0]);
        assert_eq!(kinks("abs(t) + max(t - 0.5, 0)"), vec![0.0, 0.5]);
        assert!(kinks("exp(-t^2)*tanh(t)").is_empty());
        assert_eq!(kinks("max(t, t^2)"), vec![0.0, 1.0]);
        let root = kinks("abs(t^2 - 2)");
        assert_eq!(root.len(), 2);
        assert!((root[1] - 2f64.sqrt()).abs() < 1e-15);
        assert_eq!(kinks("sqrt(abs(t))"), vec![0.0]);
    }

    #[test]
    fn poles_and_undefined_values_are_refused() {
        for text in
            ["1/t", "tan(2*t)", "ln(t)", "sqrt(t - 5)", "t^-1", "1/(t^2)", "exp(1e6*t)", "abs(sin(1e5*t))"]
        {
            let formula = Formula::parse(text, None).unwrap();
            assert!(formula.pieces(-2.0, 2.0).is_err(), "{text}");
        }
        assert!(Formula::parse("1/(1 + t^2)", None).unwrap().pieces(-2.0, 2.0).is_ok());
    }

    #[test]
    fn symmetry_and_polynomials_are_seen_in_the_form() {
        let parts = |text: &str| Formula::parse(text, None).unwrap().missing_parts();
        assert_eq!(parts("t*tanh(t)"), (false, true));
        assert_eq!(parts("t^3 - sin(2*t)"), (true, false));
        assert_eq!(parts("max(t, 0)"), (false, false));
        assert_eq!(parts("max(abs(t), t^2)"), (false, true));
        let polynomial = Formula::parse("(t - 1)^2/2 + 3", None).unwrap().as_polynomial().unwrap();
        assert_eq!(polynomial.degree(), 2);
        assert_eq!(polynomial.coefficients()[0].to_f64(), 3.5);
    }

    #[test]
    fn mistakes_are_named_at_their_place() {
        for (text, place, part) in [
            ("x*2", 1, "variable is t"),
            ("foo(t)", 1, "functions are"),
            ("max(t)", 1, "2 argument"),
            ("t^5000", 3, "1000"),
        ] {
            let message = Formula::parse(text, None).unwrap_err().to_string();
            assert!(
                message.contains(&format!("character {place}:")) && message.contains(part),
                "{text}: {message}"
            );
        }
    }
}
