//! A user's activation as an expression in `t`: parsed once, evaluated over any number type, its kinks and poles found
//! by interval arithmetic.

use super::polynomial::PowerSeries;
use crate::error::{Error, Result};
use crate::expression::{self, Expression, Kind, Operator, Span};
use crate::numeric::{DoubleDouble, Elementary, Interval};

/// An activation given by an expression.
#[derive(Clone, Debug)]
pub struct Formula {
    text: String,
    root: Node,
    /// Kinks named by the user, in place of those found.
    kinks: Option<Vec<f64>>,
}

/// The formula as a tree.
#[derive(Clone, Debug)]
enum Node {
    Constant(DoubleDouble),
    Variable,
    Negative(Box<Node>),
    Add(Box<Node>, Box<Node>),
    Subtract(Box<Node>, Box<Node>),
    Multiply(Box<Node>, Box<Node>),
    Divide(Box<Node>, Box<Node>),
    Power(Box<Node>, i32),
    Call(Function, Vec<Node>),
}

/// The functions that a formula may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Exp,
    Ln,
    Sqrt,
    Sin,
    Cos,
    Tan,
    Sinh,
    Cosh,
    Tanh,
    Sigmoid,
    Softplus,
    Erf,
    NormalCdf,
    Gelu,
    Silu,
    Abs,
    Relu,
    Step,
    Sign,
    Max,
    Min,
}

const FUNCTIONS: [(&str, Function); 22] = [
    ("exp", Function::Exp),
    ("ln", Function::Ln),
    ("log", Function::Ln),
    ("sqrt", Function::Sqrt),
    ("sin", Function::Sin),
    ("cos", Function::Cos),
    ("tan", Function::Tan),
    ("sinh", Function::Sinh),
    ("cosh", Function::Cosh),
    ("tanh", Function::Tanh),
    ("sigmoid", Function::Sigmoid),
    ("softplus", Function::Softplus),
    ("erf", Function::Erf),
    ("normal_cdf", Function::NormalCdf),
    ("gelu", Function::Gelu),
    ("silu", Function::Silu),
    ("abs", Function::Abs),
    ("relu", Function::Relu),
    ("step", Function::Step),
    ("sign", Function::Sign),
    ("max", Function::Max),
    ("min", Function::Min),
];

/// The largest exponent of a whole power.
const MAX_POWER: i32 = 1000;
/// The most kinks within the range of a unit.
const MAX_KINKS: usize = 200;
/// Interval evaluations spent on finding kinks of one subexpression.
const SEARCH_BUDGET: usize = 20_000;

/// What happens where a subexpression is zero.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Crossing {
    /// The formula has a kink, a jump or another mild singularity.
    Kink,
    /// The formula is infinite.
    Pole,
}

impl Formula {
    /// Reads a formula; `kinks` replaces the search for points where it is not smooth.
    ///
    /// # Errors
    /// [`Error::Expression`], pointing at the character.
    pub fn parse(text: &str, kinks: Option<Vec<f64>>) -> Result<Self> {
        let tree = expression::parse("activation", text)?;
        let root = Reader { text }.node(&tree)?;
        Ok(Self { text: text.trim().to_owned(), root, kinks })
    }

    /// The same formula with kinks given.
    pub fn with_kinks(&self, kinks: Vec<f64>) -> Self {
        Self { kinks: Some(kinks), ..self.clone() }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The kinks given by the user.
    pub fn kinks(&self) -> Option<&[f64]> {
        self.kinks.as_deref()
    }

    /// The value over any number type.
    pub fn value<T: Elementary>(&self, t: &T) -> T {
        self.root.value(t)
    }

    /// Whether it is even or odd by its form: (no even part, no odd part).
    pub(super) fn missing_parts(&self) -> (bool, bool) {
        match self.root.symmetry() {
            Symmetry::Even => (false, true),
            Symmetry::Odd => (true, false),
            Symmetry::None => (false, false),
        }
    }

    /// Its coefficients if it is a polynomial by its form.
    pub(super) fn as_polynomial(&self) -> Option<PowerSeries> {
        self.root.polynomial().map(PowerSeries::new)
    }

    /// Whether it may jump: then it has no derivative to train hidden units with.
    pub(super) fn may_jump(&self) -> bool {
        self.root.any(&|n| matches!(n, Node::Call(Function::Step | Function::Sign, _)))
    }

    /// The points of [low, high] where it is not analytic, to about 30 digits where they are simple zeros of a
    /// subexpression.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a pole, a value that is not finite, or more kinks than can be told apart.
    pub fn breakpoints(&self, low: f64, high: f64) -> Result<Vec<DoubleDouble>> {
        let mut points = Vec::new();
        let mut crossings = Vec::new();
        self.root.crossings(&mut crossings);
        for (node, kind) in crossings {
            if kind == Crossing::Kink && self.kinks.is_some() {
                continue;
            }
            let zeros = zeros(&node, low, high).ok_or_else(|| {
                Error::parameter(
                    format!("the number of kinks of '{}'", self.text),
                    format!("more than {MAX_KINKS} between {low} and {high}, or not to be told apart"),
                    "smaller; use a smaller scale (`zonal spectrum --kinks` can be told them)",
                )
            })?;
            if kind == Crossing::Pole
                && let Some(pole) = zeros.first()
            {
                return Err(self.not_finite(pole.to_f64()));
            }
            points.extend(zeros);
        }
        points.extend(self.kinks.iter().flatten().map(|k| DoubleDouble::from(*k)));
        points.retain(|p| p.to_f64() > low && p.to_f64() < high);
        points.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        points.dedup_by(|a, b| (*a - *b).to_f64().abs() < 1e-14 * high);
        // What interval arithmetic cannot exclude, a look at some points may find: sqrt(t) for negative t.
        for i in 0..=400 {
            let t = low + (high - low) * (f64::from(i) + 0.37) / 401.0;
            if !self.value(&DoubleDouble::from(t)).is_finite() {
                return Err(self.not_finite(t));
            }
        }
        Ok(points)
    }

    fn not_finite(&self, t: f64) -> Error {
        Error::parameter(
            format!("the value of '{}' near t = {t:.6}", self.text),
            "not finite",
            "finite for every t between -scale and scale",
        )
    }
}

/// Zeros of a subexpression in [low, high]; None where there are too many or they cannot be told apart.
fn zeros(node: &Node, low: f64, high: f64) -> Option<Vec<DoubleDouble>> {
    let resolution = (high - low) * 1e-9;
    let mut open = vec![(low, high)];
    let mut small: Vec<(f64, f64)> = Vec::new();
    let mut spent = 0;
    while let Some((a, b)) = open.pop() {
        spent += 1;
        if spent > SEARCH_BUDGET {
            return None;
        }
        if !node.value(&Interval::new(a, b)).contains_zero() {
            continue;
        }
        if b - a <= resolution {
            small.push((a, b));
        } else {
            let middle = 0.5 * (a + b);
            open.push((middle, b));
            open.push((a, middle));
        }
    }
    // Neighbours belong to the same zero.
    let mut groups: Vec<(f64, f64)> = Vec::new();
    for (a, b) in small {
        match groups.last_mut() {
            Some(last) if a - last.1 <= resolution => last.1 = b,
            _ => groups.push((a, b)),
        }
    }
    if groups.len() > MAX_KINKS {
        return None;
    }
    Some(groups.into_iter().map(|(a, b)| refine(node, a, b)).collect())
}

/// Bisection in double-double arithmetic where the sign changes, the middle otherwise.
fn refine(node: &Node, low: f64, high: f64) -> DoubleDouble {
    let sign = |t: DoubleDouble| {
        let v = node.value(&t).to_f64();
        if v > 0.0 {
            1
        } else if v < 0.0 {
            -1
        } else {
            0
        }
    };
    let (mut a, mut b) = (DoubleDouble::from(low), DoubleDouble::from(high));
    let (sa, sb) = (sign(a), sign(b));
    if sa == 0 {
        return a;
    }
    if sb == 0 {
        return b;
    }
    let middle = |a: DoubleDouble, b: DoubleDouble| (a + b).scale_by_power_of_two(-1);
    if sa == sb {
        return middle(a, b);
    }
    for _ in 0..110 {
        let m = middle(a, b);
        match sign(m) {
            0 => return m,
            s if s == sa => a = m,
            _ => b = m,
        }
    }
    middle(a, b)
}

/// Behaviour under t -> -t, as far as the form tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Symmetry {
    Even,
    Odd,
    None,
}

impl Node {
    fn value<T: Elementary>(&self, t: &T) -> T {
        match self {
            Self::Constant(c) => t.constant(*c),
            Self::Variable => t.clone(),
            Self::Negative(a) => -a.value(t),
            Self::Add(a, b) => a.value(t) + b.value(t),
            Self::Subtract(a, b) => a.value(t) - b.value(t),
            Self::Multiply(a, b) => a.value(t) * b.value(t),
            Self::Divide(a, b) => a.value(t) / b.value(t),
            Self::Power(a, n) => a.value(t).powi(*n),
            Self::Call(function, arguments) => {
                let x = arguments[0].value(t);
                let one = t.constant(DoubleDouble::ONE);
                let half = t.constant(DoubleDouble::from(0.5));
                match function {
                    Function::Exp => x.exp(),
                    Function::Ln => x.ln(),
                    Function::Sqrt => x.sqrt(),
                    Function::Sin => x.sin(),
                    Function::Cos => x.cos(),
                    Function::Tan => x.sin() / x.cos(),
                    Function::Sinh => half * (x.exp() - (-x).exp()),
                    Function::Cosh => half * (x.exp() + (-x).exp()),
                    Function::Tanh => x.tanh(),
                    Function::Sigmoid => x.sigmoid(),
                    Function::Softplus => x.softplus(),
                    Function::Erf => x.erf(),
                    Function::NormalCdf => x.normal_cdf(),
                    Function::Gelu => x.clone() * x.normal_cdf(),
                    Function::Silu => x.clone() * x.sigmoid(),
                    Function::Abs => x.abs(),
                    Function::Relu => x.max(&t.constant(DoubleDouble::ZERO)),
                    Function::Step => x.step(),
                    Function::Sign => x.step() + x.step() - one,
                    Function::Max => x.max(&arguments[1].value(t)),
                    Function::Min => x.min(&arguments[1].value(t)),
                }
            }
        }
    }

    fn children(&self) -> Vec<&Self> {
        match self {
            Self::Constant(_) | Self::Variable => Vec::new(),
            Self::Negative(a) | Self::Power(a, _) => vec![a],
            Self::Add(a, b) | Self::Subtract(a, b) | Self::Multiply(a, b) | Self::Divide(a, b) => vec![a, b],
            Self::Call(_, arguments) => arguments.iter().collect(),
        }
    }

    fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|c| c.any(test))
    }

    /// The subexpressions whose zeros matter.
    fn crossings(&self, out: &mut Vec<(Self, Crossing)>) {
        match self {
            Self::Divide(_, b) => out.push(((**b).clone(), Crossing::Pole)),
            Self::Power(a, n) if *n < 0 => out.push(((**a).clone(), Crossing::Pole)),
            Self::Call(Function::Tan, a) => {
                out.push((Self::Call(Function::Cos, a.clone()), Crossing::Pole));
            }
            Self::Call(Function::Ln | Function::Sqrt, a) => out.push((a[0].clone(), Crossing::Kink)),
            Self::Call(Function::Abs | Function::Relu | Function::Step | Function::Sign, a) => {
                out.push((a[0].clone(), Crossing::Kink));
            }
            Self::Call(Function::Max | Function::Min, a) => {
                let difference = Self::Subtract(Box::new(a[0].clone()), Box::new(a[1].clone()));
                out.push((difference, Crossing::Kink));
            }
            _ => {}
        }
        self.children().into_iter().for_each(|c| c.crossings(out));
    }

    fn symmetry(&self) -> Symmetry {
        use Symmetry::{Even, None, Odd};
        let product = |a: Symmetry, b: Symmetry| match (a, b) {
            (Even, Even) | (Odd, Odd) => Even,
            (Even, Odd) | (Odd, Even) => Odd,
            _ => None,
        };
        match self {
            Self::Constant(_) => Even,
            Self::Variable => Odd,
            Self::Negative(a) => a.symmetry(),
            Self::Add(a, b) | Self::Subtract(a, b) => {
                let (a, b) = (a.symmetry(), b.symmetry());
                if a == b { a } else { None }
            }
            Self::Multiply(a, b) | Self::Divide(a, b) => product(a.symmetry(), b.symmetry()),
            Self::Power(a, n) => match a.symmetry() {
                Odd if n % 2 == 0 => Even,
                other => other,
            },
            Self::Call(function, arguments) => {
                let symmetries: Vec<Symmetry> = arguments.iter().map(Self::symmetry).collect();
                let all_even = symmetries.iter().all(|s| *s == Even);
                let odd_function = matches!(
                    function,
                    Function::Sin
                        | Function::Tan
                        | Function::Sinh
                        | Function::Tanh
                        | Function::Erf
                        | Function::Sign
                );
                let even_function = matches!(function, Function::Cos | Function::Cosh | Function::Abs);
                match symmetries[0] {
                    _ if all_even => Even,
                    Odd if odd_function => Odd,
                    Odd if even_function => Even,
                    _ => None,
                }
            }
        }
    }

    fn polynomial(&self) -> Option<Vec<DoubleDouble>> {
        const MOST: usize = 64;
        let product = |a: &[DoubleDouble], b: &[DoubleDouble]| {
            let mut out = vec![DoubleDouble::ZERO; a.len() + b.len() - 1];
            for (i, x) in a.iter().enumerate() {
                for (j, y) in b.iter().enumerate() {
                    out[i + j] = out[i + j] + *x * *y;
                }
            }
            (out.len() <= MOST + 1).then_some(out)
        };
        let combine = |a: Vec<DoubleDouble>, b: Vec<DoubleDouble>, sign: f64| {
            let (at, length) =
                (|v: &[DoubleDouble], i: usize| v.get(i).copied().unwrap_or_default(), a.len().max(b.len()));
            (0..length).map(|i| at(&a, i) + at(&b, i) * DoubleDouble::from(sign)).collect()
        };
        match self {
            Self::Constant(c) => Some(vec![*c]),
            Self::Variable => Some(vec![DoubleDouble::ZERO, DoubleDouble::ONE]),
            Self::Negative(a) => Some(a.polynomial()?.into_iter().map(|c| -c).collect()),
            Self::Add(a, b) => Some(combine(a.polynomial()?, b.polynomial()?, 1.0)),
            Self::Subtract(a, b) => Some(combine(a.polynomial()?, b.polynomial()?, -1.0)),
            Self::Multiply(a, b) => product(&a.polynomial()?, &b.polynomial()?),
            Self::Divide(a, b) => {
                let divisor = b.polynomial()?;
                let &[divisor] = divisor.as_slice() else { return None };
                (divisor.to_f64() != 0.0).then_some(())?;
                Some(a.polynomial()?.into_iter().map(|c| c / divisor).collect())
            }
            Self::Power(a, n) if *n >= 0 => {
                let base = a.polynomial()?;
                let mut out = vec![DoubleDouble::ONE];
                for _ in 0..*n {
                    out = product(&out, &base)?;
                }
                Some(out)
            }
            Self::Power(..) | Self::Call(..) => None,
        }
    }
}

/// From the syntax tree to the formula.
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
                .ok_or_else(|| self.error(&e.span, "this is not a number; write 12, 0.5 or 1e-3")),
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
                    let names: Vec<&str> = FUNCTIONS.iter().map(|(n, _)| *n).collect();
                    let message = format!("'{name}' is not known: the functions are {}", names.join(", "));
                    return Err(self.error(&e.span, message));
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

    /// Whole constant exponents are repeated products; all others go through exp and ln.
    fn power(&self, a: &Expression, b: &Expression) -> Result<Node> {
        let (base, exponent) = (self.node(a)?, self.node(b)?);
        let constant = exponent.polynomial().filter(|c| c.len() == 1).map(|c| c[0].to_f64());
        if let Some(c) = constant
            && c.fract() == 0.0
        {
            if c.abs() > f64::from(MAX_POWER) {
                return Err(
                    self.error(&b.span, format!("whole exponents go from -{MAX_POWER} to {MAX_POWER}"))
                );
            }
            return Ok(Node::Power(Box::new(base), c as i32));
        }
        let product = Node::Multiply(Box::new(exponent), Box::new(Node::Call(Function::Ln, vec![base])));
        Ok(Node::Call(Function::Exp, vec![product]))
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
            let points = Formula::parse(text, None).unwrap().breakpoints(-2.0, 2.0).unwrap();
            points.into_iter().map(DoubleDouble::to_f64).collect()
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
            assert!(formula.breakpoints(-2.0, 2.0).is_err(), "{text}");
        }
        assert!(Formula::parse("1/(1 + t^2)", None).unwrap().breakpoints(-2.0, 2.0).is_ok());
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
