//! The tree of a formula: its values over any number type, its derivative, its symmetry, and the points at which it is
//! not analytic.

use crate::numeric::{DoubleDouble, Elementary};

/// The formula as a tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Constant(DoubleDouble),
    Variable,
    Negative(Box<Node>),
    Add(Box<Node>, Box<Node>),
    Subtract(Box<Node>, Box<Node>),
    Multiply(Box<Node>, Box<Node>),
    Divide(Box<Node>, Box<Node>),
    Power(Box<Node>, i32),
    /// A power with a constant exponent that is not an integer; the base is not negative.
    RealPower(Box<Node>, DoubleDouble),
    /// Coefficients of 1, t, t^2, ..
    Polynomial(Vec<DoubleDouble>),
    Call(Function, Vec<Node>),
}

/// The functions that a formula may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
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

pub(super) const FUNCTIONS: [(&str, Function); 22] = [
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

/// The behaviour under t -> -t, as far as the form shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Symmetry {
    Even,
    Odd,
    None,
}

impl Node {
    pub(super) fn value<T: Elementary>(&self, t: &T) -> T {
        match self {
            Self::Constant(c) => t.constant(*c),
            Self::Variable => t.clone(),
            Self::Negative(a) => -a.value(t),
            Self::Add(a, b) => a.value(t) + b.value(t),
            Self::Subtract(a, b) => a.value(t) - b.value(t),
            Self::Multiply(a, b) => a.value(t) * b.value(t),
            Self::Divide(a, b) => a.value(t) / b.value(t),
            Self::Power(a, n) => a.value(t).powi(*n),
            Self::RealPower(a, c) => a.value(t).powf(*c),
            Self::Polynomial(coefficients) => {
                // Horner's rule; zeros are not added, so that t times a series keeps its relative accuracy.
                let mut terms = coefficients.iter().rev();
                let first = t.constant(terms.next().copied().unwrap_or_default());
                terms.fold(first, |sum, c| {
                    let product = sum * t.clone();
                    if c.to_f64() == 0.0 { product } else { product + t.constant(*c) }
                })
            }
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
            Self::Constant(_) | Self::Variable | Self::Polynomial(_) => Vec::new(),
            Self::Negative(a) | Self::Power(a, _) | Self::RealPower(a, _) => vec![a],
            Self::Add(a, b) | Self::Subtract(a, b) | Self::Multiply(a, b) | Self::Divide(a, b) => vec![a, b],
            Self::Call(_, arguments) => arguments.iter().collect(),
        }
    }

    pub(super) fn any(&self, test: &dyn Fn(&Self) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|c| c.any(test))
    }

    /// Returns the subexpressions at whose zeros the formula is infinite.
    pub(super) fn denominators(&self) -> Vec<Self> {
        let mut found: Vec<Self> = self.children().into_iter().flat_map(Self::denominators).collect();
        match self {
            Self::Divide(_, b) => found.push((**b).clone()),
            Self::Power(a, n) if *n < 0 => found.push((**a).clone()),
            Self::Call(Function::Tan, a) => found.push(Self::Call(Function::Cos, a.clone())),
            _ => {}
        }
        found
    }

    /// Returns the subexpressions at whose zeros the formula has a logarithm or a root and is not analytic.
    pub(super) fn radicands(&self) -> Vec<Self> {
        let mut found: Vec<Self> = self.children().into_iter().flat_map(Self::radicands).collect();
        match self {
            Self::Call(Function::Ln | Function::Sqrt, a) => found.push(a[0].clone()),
            Self::RealPower(a, _) => found.push((**a).clone()),
            _ => {}
        }
        found
    }

    /// Returns whether the variable occurs in the tree.
    pub(super) fn varies(&self) -> bool {
        self.any(&|n| matches!(n, Self::Variable | Self::Polynomial(_)))
    }

    /// Returns a call of |x|, max, min, step or sign whose arguments contain no other such call, except those in
    /// `known`.
    pub(super) fn innermost_branch(&self, known: &[Self]) -> Option<&Self> {
        let inside = self.children().into_iter().find_map(|c| c.innermost_branch(known));
        inside.or_else(|| (self.difference().is_some() && !known.contains(self)).then_some(self))
    }

    /// Returns the expression whose sign selects the branch of a call of |x|, max, min, step or sign.
    pub(super) fn difference(&self) -> Option<Self> {
        match self {
            Self::Call(Function::Abs | Function::Relu | Function::Step | Function::Sign, a) => {
                Some(a[0].clone())
            }
            Self::Call(Function::Max | Function::Min, a) => {
                Some(Self::Subtract(Box::new(a[0].clone()), Box::new(a[1].clone())))
            }
            _ => None,
        }
    }

    /// Returns the branch of such a call for a positive difference (`true`), or otherwise (`false`).
    pub(super) fn side(&self, positive: bool) -> Self {
        let constant = |x: f64| Self::Constant(DoubleDouble::from(x));
        match (self, positive) {
            (Self::Call(Function::Abs | Function::Relu, a), true) => a[0].clone(),
            (Self::Call(Function::Abs, a), false) => Self::Negative(Box::new(a[0].clone())),
            (Self::Call(Function::Relu | Function::Step, _), false) => constant(0.0),
            (Self::Call(Function::Step | Function::Sign, _), true) => constant(1.0),
            (Self::Call(Function::Sign, _), false) => constant(-1.0),
            (Self::Call(Function::Max, a), true) | (Self::Call(Function::Min, a), false) => a[0].clone(),
            (Self::Call(Function::Max, a), false) | (Self::Call(Function::Min, a), true) => a[1].clone(),
            _ => self.clone(),
        }
    }

    /// Returns the tree with `change` applied to each child.
    fn with_children(&self, change: &dyn Fn(&Self) -> Self) -> Self {
        let boxed = |a: &Self| Box::new(change(a));
        match self {
            Self::Constant(_) | Self::Variable | Self::Polynomial(_) => self.clone(),
            Self::Negative(a) => Self::Negative(boxed(a)),
            Self::Add(a, b) => Self::Add(boxed(a), boxed(b)),
            Self::Subtract(a, b) => Self::Subtract(boxed(a), boxed(b)),
            Self::Multiply(a, b) => Self::Multiply(boxed(a), boxed(b)),
            Self::Divide(a, b) => Self::Divide(boxed(a), boxed(b)),
            Self::Power(a, n) => Self::Power(boxed(a), *n),
            Self::RealPower(a, c) => Self::RealPower(boxed(a), *c),
            Self::Call(function, a) => Self::Call(*function, a.iter().map(change).collect()),
        }
    }

    /// Returns the tree with every occurrence of one subexpression replaced, and constants folded.
    pub(super) fn replaced(&self, from: &Self, to: &Self) -> Self {
        if self == from {
            return to.clone();
        }
        self.with_children(&|child| child.replaced(from, to)).folded()
    }

    /// Folds constants: in one piece of a formula, a root of the constant 0 must not look like a singularity.
    fn folded(self) -> Self {
        let zero = |n: &Self| matches!(n, Self::Constant(c) if c.to_f64() == 0.0);
        if let Self::Multiply(a, b) = &self
            && (zero(a) || zero(b))
        {
            return Self::Constant(DoubleDouble::ZERO);
        }
        match &self {
            Self::Add(a, b) if zero(a) => return (**b).clone(),
            Self::Add(a, b) | Self::Subtract(a, b) if zero(b) => return (**a).clone(),
            _ => {}
        }
        let value = self.value(&DoubleDouble::ZERO);
        if !self.varies() && value.is_finite() { Self::Constant(value) } else { self }
    }

    /// Returns the formula in terms of the distance d >= 0 from `end`, t = end + d or end - d. Linear subexpressions
    /// become linear in d, and those of low degree that vanish at the end become exact multiples of d, so that they
    /// retain their relative accuracy for arbitrarily small d.
    pub(super) fn seen_from(&self, end: DoubleDouble, forward: bool) -> Self {
        if let Some(coefficients) = self.polynomial()
            && coefficients.len() <= 5
        {
            let degree = coefficients.len() - 1;
            let (shifted, vanishes) = shifted(&coefficients, end, forward);
            if degree <= 1 || vanishes {
                return if degree == 0 { Self::Constant(shifted[0]) } else { Self::Polynomial(shifted) };
            }
        }
        self.with_children(&|child| child.seen_from(end, forward))
    }

    /// Returns the derivative.
    pub(super) fn derivative(&self) -> Self {
        let boxed = |n: Self| Box::new(n);
        let constant = |x: f64| Self::Constant(DoubleDouble::from(x));
        match self {
            Self::Constant(_) => constant(0.0),
            Self::Variable => constant(1.0),
            Self::Polynomial(c) => {
                let terms = c.iter().enumerate().skip(1).map(|(k, c)| *c * DoubleDouble::from(k as f64));
                Self::Polynomial(terms.collect())
            }
            Self::Negative(a) => Self::Negative(boxed(a.derivative())),
            Self::Add(a, b) => Self::Add(boxed(a.derivative()), boxed(b.derivative())),
            Self::Subtract(a, b) => Self::Subtract(boxed(a.derivative()), boxed(b.derivative())),
            Self::Multiply(a, b) => Self::Add(
                boxed(Self::Multiply(boxed(a.derivative()), b.clone())),
                boxed(Self::Multiply(a.clone(), boxed(b.derivative()))),
            ),
            Self::Divide(a, b) => {
                let quotient = Self::Multiply(boxed(self.clone()), boxed(b.derivative()));
                Self::Divide(boxed(Self::Subtract(boxed(a.derivative()), boxed(quotient))), b.clone())
            }
            Self::Power(a, n) => {
                let outer = Self::Multiply(
                    boxed(constant(f64::from(*n))),
                    boxed(if *n == 1 { constant(1.0) } else { Self::Power(a.clone(), n - 1) }),
                );
                Self::Multiply(boxed(outer), boxed(a.derivative()))
            }
            Self::RealPower(a, c) => {
                let lower = Self::RealPower(a.clone(), *c - DoubleDouble::ONE);
                let outer = Self::Multiply(boxed(Self::Constant(*c)), boxed(lower));
                Self::Multiply(boxed(outer), boxed(a.derivative()))
            }
            Self::Call(function, a) => self.derivative_of_call(*function, a),
        }
        .folded()
    }

    /// Returns the derivative of a call by the chain rule; |x|, max and min have the derivative of the active branch.
    fn derivative_of_call(&self, function: Function, a: &[Self]) -> Self {
        let boxed = |n: Self| Box::new(n);
        let call = |function: Function| Self::Call(function, vec![a[0].clone()]);
        let constant = |x: DoubleDouble| Self::Constant(x);
        let one = || constant(DoubleDouble::ONE);
        let product = |x: Self, y: Self| Self::Multiply(boxed(x), boxed(y));
        let rest = |x: Self| Self::Subtract(boxed(one()), boxed(x));
        let gaussian = |factor: f64| {
            let square = Self::Power(boxed(a[0].clone()), 2);
            Self::Call(Function::Exp, vec![product(constant(DoubleDouble::from(-factor)), square)])
        };
        let density = || {
            let half = DoubleDouble::from(0.5) * DoubleDouble::frac_2_sqrt_pi();
            product(constant(half * DoubleDouble::frac_1_sqrt_2()), gaussian(0.5))
        };
        let outer = match function {
            Function::Exp => self.clone(),
            Function::Ln => Self::Divide(boxed(one()), boxed(a[0].clone())),
            Function::Sqrt => Self::Divide(boxed(constant(DoubleDouble::from(0.5))), boxed(self.clone())),
            Function::Sin => call(Function::Cos),
            Function::Cos => Self::Negative(boxed(call(Function::Sin))),
            Function::Tan => Self::Add(boxed(one()), boxed(Self::Power(boxed(self.clone()), 2))),
            Function::Sinh => call(Function::Cosh),
            Function::Cosh => call(Function::Sinh),
            Function::Tanh => rest(Self::Power(boxed(self.clone()), 2)),
            Function::Sigmoid => product(self.clone(), rest(self.clone())),
            Function::Softplus => call(Function::Sigmoid),
            Function::Erf => product(constant(DoubleDouble::frac_2_sqrt_pi()), gaussian(1.0)),
            Function::NormalCdf => density(),
            Function::Gelu => {
                Self::Add(boxed(call(Function::NormalCdf)), boxed(product(a[0].clone(), density())))
            }
            Function::Silu => {
                let sigmoid = call(Function::Sigmoid);
                let bend = product(a[0].clone(), product(sigmoid.clone(), rest(sigmoid.clone())));
                Self::Add(boxed(sigmoid), boxed(bend))
            }
            Function::Abs => call(Function::Sign),
            Function::Relu => call(Function::Step),
            Function::Step | Function::Sign => return constant(DoubleDouble::ZERO),
            Function::Max | Function::Min => {
                let difference = Self::Subtract(boxed(a[0].clone()), boxed(a[1].clone()));
                let step = Self::Call(Function::Step, vec![difference]);
                let first = if function == Function::Max { step } else { rest(step) };
                let second = product(rest(first.clone()), a[1].derivative());
                return Self::Add(boxed(product(first, a[0].derivative())), boxed(second));
            }
        };
        product(outer, a[0].derivative())
    }

    pub(super) fn symmetry(&self) -> Symmetry {
        use Symmetry::{Even, None, Odd};
        let product = |a: Symmetry, b: Symmetry| match (a, b) {
            (Even, Even) | (Odd, Odd) => Even,
            (Even, Odd) | (Odd, Even) => Odd,
            _ => None,
        };
        match self {
            Self::Constant(_) => Even,
            Self::Variable => Odd,
            Self::Polynomial(_) => None,
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
            Self::RealPower(a, _) => {
                if a.symmetry() == Even {
                    Even
                } else {
                    None
                }
            }
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

    pub(super) fn polynomial(&self) -> Option<Vec<DoubleDouble>> {
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
            Self::Polynomial(c) => Some(c.clone()),
            Self::Power(..) | Self::RealPower(..) | Self::Call(..) => None,
        }
    }
}

/// Returns the coefficients of p(end + d) or p(end - d), and whether p vanishes at the end up to rounding; the first
/// coefficient is then exactly 0.
fn shifted(coefficients: &[DoubleDouble], end: DoubleDouble, forward: bool) -> (Vec<DoubleDouble>, bool) {
    let mut shifted = coefficients.to_vec();
    let degree = shifted.len() - 1;
    // Taylor shift by repeated synthetic division.
    for i in 0..degree {
        for j in (i..degree).rev() {
            shifted[j] = shifted[j] + end * shifted[j + 1];
        }
    }
    if !forward {
        shifted.iter_mut().skip(1).step_by(2).for_each(|c| *c = -*c);
    }
    let size = coefficients.iter().rev().fold(0.0, |sum, c| sum * end.to_f64().abs() + c.to_f64().abs());
    let vanishes = degree > 0 && shifted[0].to_f64().abs() <= 4e-30 * size;
    if vanishes {
        shifted[0] = DoubleDouble::ZERO;
    }
    (shifted, vanishes)
}
