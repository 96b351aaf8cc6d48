//! The parser for mathematical expressions typed by users: targets and activations. Precedence climbing over
//! `+ - * / ^`, numbers, names and calls; every node records its position in the text, so that errors can point at it.
//!
//! `-t^2` is -(t^2), `2^3^2` is 2^9, `2*-t` is allowed, `1e-3` is a number. There is no implied multiplication.

use crate::error::{Error, Result};
use std::ops::Range;

/// The longest text accepted, in bytes.
pub const MAX_LENGTH: usize = 10_000;
/// The deepest nesting accepted.
pub const MAX_DEPTH: usize = 100;
/// The largest number of numbers, names and signs. A sum of many terms is a tree whose depth is its length, and code
/// that walks it needs stack in proportion.
pub const MAX_TOKENS: usize = 3_000;

/// A range of the text, in bytes.
pub type Span = Range<usize>;

/// A node of the syntax tree with its position in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// The kind of node.
    pub kind: Kind,
    /// The position in the text.
    pub span: Span,
}

/// The kinds of nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A decimal number as written.
    Number(String),
    /// A name such as `x1` or `relu`.
    Name(String),
    /// A call such as `harmonic(2, axis=e1)`.
    Call(String, Vec<Argument>),
    /// -x.
    Negative(Box<Expression>),
    /// x op y.
    Binary(Operator, Box<Expression>, Box<Expression>),
}

/// An argument of a call, positional or named.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The name before `=`, with its position, if there is one.
    pub name: Option<(String, Span)>,
    /// The value.
    pub value: Expression,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Addition.
    Add,
    /// Subtraction.
    Subtract,
    /// Multiplication.
    Multiply,
    /// Division.
    Divide,
    /// Power, associative to the right.
    Power,
}

impl Operator {
    /// Returns the binding powers to the left and to the right.
    fn binding(self) -> (u8, u8) {
        match self {
            Self::Add | Self::Subtract => (1, 2),
            Self::Multiply | Self::Divide => (3, 4),
            Self::Power => (8, 7),
        }
    }
}

/// The binding power of a sign: lower than that of `^`, higher than that of `*`.
const SIGN: u8 = 5;

/// Parses a text; `what` names it in errors ("target", "activation").
///
/// ```
/// use zonal::expression::{Kind, Operator, parse};
/// let e = parse("target", "-x1^2")?;
/// assert!(matches!(e.kind, Kind::Negative(_)));
/// assert!(parse("target", "2 x1").is_err());
/// # Ok::<(), zonal::Error>(())
/// ```
///
/// # Errors
/// [`Error::Expression`], pointing at the character.
pub fn parse(what: &'static str, text: &str) -> Result<Expression> {
    let mut parser = Parser { what, text, tokens: Vec::new(), next: 0 };
    if text.len() > MAX_LENGTH {
        return Err(parser
            .error(0..1, format!("the text has {} bytes; at most {MAX_LENGTH} are accepted", text.len())));
    }
    parser.tokens = parser.tokenize()?;
    if parser.tokens.len() > MAX_TOKENS {
        let found = parser.tokens.len();
        return Err(parser
            .error(0..1, format!("{found} numbers, names and signs; at most {MAX_TOKENS} are accepted")));
    }
    let expression = parser.expression(0, 0)?;
    let (token, span) = parser.peek();
    match token {
        Token::End => Ok(expression),
        Token::Close => Err(parser.error(span, "unmatched ')'")),
        _ => Err(parser.error(span, "an operator (+ - * / ^) is missing before this")),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(String),
    Name(String),
    Operator(Operator),
    Open,
    Close,
    Comma,
    Equals,
    End,
}

struct Parser<'a> {
    what: &'static str,
    text: &'a str,
    tokens: Vec<(Token, Span)>,
    next: usize,
}

impl Parser<'_> {
    fn error(&self, span: Span, message: impl Into<String>) -> Error {
        Error::Expression { what: self.what, text: self.text.to_owned(), span, message: message.into() }
    }

    fn tokenize(&self) -> Result<Vec<(Token, Span)>> {
        let bytes = self.text.as_bytes();
        let mut out = Vec::new();
        let mut i = 0;
        while i < bytes.len() {
            let start = i;
            let token = match bytes[i] {
                b' ' | b'\t' | b'\n' | b'\r' => {
                    i += 1;
                    continue;
                }
                b'+' => Token::Operator(Operator::Add),
                b'-' => Token::Operator(Operator::Subtract),
                b'*' => Token::Operator(Operator::Multiply),
                b'/' => Token::Operator(Operator::Divide),
                b'^' => Token::Operator(Operator::Power),
                b'(' => Token::Open,
                b')' => Token::Close,
                b',' => Token::Comma,
                b'=' => Token::Equals,
                b'0'..=b'9' | b'.' => {
                    i = end_of_number(bytes, i);
                    out.push((Token::Number(self.number(start..i)?), start..i));
                    continue;
                }
                c if c.is_ascii_alphabetic() || c == b'_' => {
                    while i < bytes.len() && (bytes[i].is_ascii_alphanumeric() || b"_-".contains(&bytes[i])) {
                        // A hyphen is part of a name (leaky-relu) only before a letter, and never in x1-x2.
                        if bytes[i] == b'-'
                            && !(bytes.get(i + 1).is_some_and(u8::is_ascii_alphabetic)
                                && is_hyphenated(&self.text[start..i]))
                        {
                            break;
                        }
                        i += 1;
                    }
                    out.push((Token::Name(self.text[start..i].to_owned()), start..i));
                    continue;
                }
                _ => {
                    let c = self.text[start..].chars().next().unwrap_or(' ');
                    return Err(self.error(
                        start..start + c.len_utf8(),
                        format!("unexpected character {c:?}; use numbers, names, + - * / ^ and ( )"),
                    ));
                }
            };
            i += 1;
            out.push((token, start..i));
        }
        out.push((Token::End, bytes.len()..bytes.len()));
        Ok(out)
    }

    fn number(&self, span: Span) -> Result<String> {
        let text = &self.text[span.clone()];
        match text.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(text.to_owned()),
            Ok(_) => Err(self.error(span, "the number is too large; it must be at most 1.797e308")),
            Err(_) => Err(self.error(span, "not a number; write a number such as 12, 0.5 or 1e-3")),
        }
    }

    fn peek(&self) -> (Token, Span) {
        self.tokens[self.next].clone()
    }

    fn take(&mut self) -> (Token, Span) {
        let token = self.peek();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn expression(&mut self, least: u8, depth: usize) -> Result<Expression> {
        let mut left = self.operand(depth)?;
        loop {
            let (Token::Operator(operator), _) = self.peek() else { return Ok(left) };
            let (binding, right_binding) = operator.binding();
            if binding < least {
                return Ok(left);
            }
            self.take();
            let right = self.expression(right_binding, depth + 1)?;
            let span = left.span.start..right.span.end;
            left = Expression { kind: Kind::Binary(operator, Box::new(left), Box::new(right)), span };
        }
    }

    fn operand(&mut self, depth: usize) -> Result<Expression> {
        let (token, span) = self.take();
        if depth > MAX_DEPTH {
            return Err(
                self.error(span, format!("nested more than {MAX_DEPTH} deep; use fewer brackets or signs"))
            );
        }
        match token {
            Token::Number(text) => Ok(Expression { kind: Kind::Number(text), span }),
            Token::Name(name) if self.peek().0 == Token::Open => self.call(name, span, depth),
            Token::Name(name) => Ok(Expression { kind: Kind::Name(name), span }),
            Token::Operator(Operator::Subtract) => {
                let inner = self.expression(SIGN, depth + 1)?;
                let span = span.start..inner.span.end;
                Ok(Expression { kind: Kind::Negative(Box::new(inner)), span })
            }
            Token::Operator(Operator::Add) => self.expression(SIGN, depth + 1),
            Token::Open => {
                let inner = self.expression(0, depth + 1)?;
                match self.take() {
                    (Token::Close, close) => Ok(Expression { span: span.start..close.end, ..inner }),
                    _ => Err(self.error(span, "unmatched '('")),
                }
            }
            Token::End => Err(self.error(span, "the text ends here; expected a number, a name or '('")),
            _ => Err(self.error(span, "expected a number, a name or '('")),
        }
    }

    fn call(&mut self, name: String, name_span: Span, depth: usize) -> Result<Expression> {
        let (_, open) = self.take();
        let mut arguments = Vec::new();
        if self.peek().0 == Token::Close {
            let (_, close) = self.take();
            return Ok(Expression { kind: Kind::Call(name, arguments), span: name_span.start..close.end });
        }
        loop {
            let named = match (self.peek(), self.tokens.get(self.next + 1)) {
                ((Token::Name(n), span), Some((Token::Equals, _))) => Some((n, span)),
                _ => None,
            };
            if named.is_some() {
                self.take();
                self.take();
            }
            arguments.push(Argument { name: named, value: self.expression(0, depth + 1)? });
            match self.take() {
                (Token::Comma, _) => {}
                (Token::Close, close) => {
                    return Ok(Expression {
                        kind: Kind::Call(name, arguments),
                        span: name_span.start..close.end,
                    });
                }
                (Token::End, _) => return Err(self.error(open, "unmatched '('")),
                (_, span) => return Err(self.error(span, "expected ',' or ')'")),
            }
        }
    }
}

/// Returns whether a name that starts with this word contains a hyphen.
fn is_hyphenated(prefix: &str) -> bool {
    matches!(prefix, "leaky" | "squared")
}

/// Returns the end of the decimal number that starts at `i`: digits, a point, and an exponent if digits follow it.
fn end_of_number(bytes: &[u8], mut i: usize) -> usize {
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(|b| b.is_ascii_digit() || *b == b'.') {
            i += 1;
        }
        i
    };
    i = digits(i);
    if matches!(bytes.get(i), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(i + 1), Some(b'+' | b'-')));
        if bytes.get(i + 1 + sign).is_some_and(u8::is_ascii_digit) {
            i = digits(i + 1 + sign);
        }
    }
    i
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the tree with all brackets written out, for comparison.
    fn shape(e: &Expression) -> String {
        match &e.kind {
            Kind::Number(t) => t.clone(),
            Kind::Name(n) => n.clone(),
            Kind::Negative(x) => format!("(-{})", shape(x)),
            Kind::Binary(o, a, b) => {
                let o = match o {
                    Operator::Add => '+',
                    Operator::Subtract => '-',
                    Operator::Multiply => '*',
                    Operator::Divide => '/',
                    Operator::Power => '^',
                };
                format!("({}{o}{})", shape(a), shape(b))
            }
            Kind::Call(n, args) => {
                let args: Vec<_> = args
                    .iter()
                    .map(|a| match &a.name {
                        Some((n, _)) => format!("{n}={}", shape(&a.value)),
                        None => shape(&a.value),
                    })
                    .collect();
                format!("{n}[{}]", args.join(","))
            }
        }
    }

    #[test]
    fn precedence_is_the_usual_one() {
        for (text, expected) in [
            ("-t^2", "(-(t^2))"),
            ("2^3^2", "(2^(3^2))"),
            ("2*-t", "(2*(-t))"),
            ("-a*b", "((-a)*b)"),
            ("1e-3*x1", "(1e-3*x1)"),
            ("a-b-c", "((a-b)-c)"),
            ("a/b/c", "((a/b)/c)"),
            ("2^-1", "(2^(-1))"),
            ("-2^-x", "(-(2^(-x)))"),
            ("a+b*c^d", "(a+(b*(c^d)))"),
            ("x1-x2", "(x1-x2)"),
            ("leaky-relu", "leaky-relu"),
            ("f( 2 , k = x+1 )", "f[2,k=(x+1)]"),
            ("+(a)", "a"),
        ] {
            assert_eq!(shape(&parse("target", text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn errors_point_at_the_character() {
        for (text, place, part) in [
            ("1 + $", 5, "unexpected character"),
            ("2 x1", 3, "operator"),
            ("(a + b", 1, "unmatched '('"),
            ("a)", 2, "unmatched ')'"),
            ("1 +", 4, "ends here"),
            ("1.2.3", 1, "not a number"),
            ("f(1 2)", 5, "',' or ')'"),
            ("é", 1, "unexpected character"),
            ("1e999", 1, "too large"),
        ] {
            let message = parse("target", text).unwrap_err().to_string();
            assert!(message.contains(&format!("character {place}:")), "{text}: {message}");
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn hostile_texts_are_refused_and_do_not_exhaust_the_stack() {
        assert!(parse("target", &"(".repeat(9_999)).is_err());
        assert!(parse("target", &"-".repeat(9_999)).is_err());
        assert!(parse("target", &"2^".repeat(4_000)).is_err());
        assert!(parse("target", &"a".repeat(20_000)).is_err());
        assert!(parse("target", "").is_err());
    }
}
