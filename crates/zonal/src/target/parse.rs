//! Converts the syntax tree of a target to its parts: an exact polynomial and a list of zonal terms.

use super::polynomial::Polynomial;
use super::work::Work;
use super::zonal::{Profile, ZonalTerm};
use crate::activation::Activation;
use crate::error::{Error, Result, advice};
use crate::expression::{self, Argument, Expression, Kind, Operator, Span};
use crate::numeric::random::{Purpose, stream, uniform};
use crate::spectrum::MAX_DEGREE;
use crate::sphere::{Dim, uniform_point};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};

/// The largest number of zonal terms.
const MAX_ZONAL_TERMS: usize = 2_000;
/// The largest power of ten in a number; beyond it exact arithmetic is expensive and not useful.
const MAX_EXPONENT: i32 = 400;

/// Parses a target.
pub(super) fn read(text: &str, dim: Dim, seed: u64) -> Result<(Polynomial, Vec<ZonalTerm>)> {
    let tree = expression::parse("target", text)?;
    let mut reader = Reader { text, dim, seed, occurrence: 0, work: Work::new() };
    let value = reader.value(&tree)?;
    if value.polynomial.is_zero() && value.zonal.is_empty() {
        return Err(reader.error(&tree.span, "the target is zero everywhere; a non-zero target is needed"));
    }
    Ok((value.polynomial, value.zonal))
}

/// The value of a node: a polynomial plus zonal terms.
struct Value {
    polynomial: Polynomial,
    zonal: Vec<ZonalTerm>,
}

impl Value {
    fn polynomial(polynomial: Polynomial) -> Self {
        Self { polynomial, zonal: Vec::new() }
    }

    fn constant(&self) -> Option<BigRational> {
        if self.zonal.is_empty() { self.polynomial.as_constant() } else { None }
    }

    fn times(mut self, factor: &BigRational) -> Self {
        let f = factor.to_f64().unwrap_or(f64::NAN);
        self.zonal.iter_mut().for_each(|z| z.coefficient *= f);
        self.zonal.retain(|z| z.coefficient != 0.0);
        Self { polynomial: self.polynomial.times_number(factor), zonal: self.zonal }
    }

    fn plus(mut self, other: Self) -> Self {
        self.zonal.extend(other.zonal);
        Self { polynomial: self.polynomial.plus(&other.polynomial), zonal: self.zonal }
    }
}

struct Reader<'a> {
    text: &'a str,
    dim: Dim,
    seed: u64,
    occurrence: u64,
    work: Work,
}

impl Reader<'_> {
    fn error(&self, span: &Span, message: impl Into<String>) -> Error {
        Error::Expression {
            what: "target",
            text: self.text.to_owned(),
            span: span.clone(),
            message: message.into(),
        }
    }

    fn value(&mut self, e: &Expression) -> Result<Value> {
        match &e.kind {
            Kind::Number(text) => Ok(Value::polynomial(Polynomial::constant(self.decimal(text, &e.span)?))),
            Kind::Name(name) => self.coordinate(name, &e.span).map(Value::polynomial),
            Kind::Negative(x) => {
                let value = self.value(x)?;
                self.times(value, &-BigRational::one(), &e.span)
            }
            Kind::Call(name, arguments) => {
                let zonal = self.call(name, arguments, &e.span)?;
                Ok(Value { polynomial: Polynomial::default(), zonal })
            }
            Kind::Binary(operator, a, b) => self.binary(*operator, a, b),
        }
    }

    fn binary(&mut self, operator: Operator, a: &Expression, b: &Expression) -> Result<Value> {
        let (x, y) = (self.value(a)?, self.value(b)?);
        let span = a.span.start..b.span.end;
        let value = match operator {
            Operator::Add => self.plus(x, y, &span)?,
            Operator::Subtract => {
                let y = self.times(y, &-BigRational::one(), &span)?;
                self.plus(x, y, &span)?
            }
            Operator::Multiply => match (x.constant(), y.constant()) {
                (Some(c), _) => self.times(y, &c, &span)?,
                (_, Some(c)) => self.times(x, &c, &span)?,
                _ if x.zonal.is_empty() && y.zonal.is_empty() => {
                    let product = x.polynomial.times_within(&y.polynomial, &mut self.work);
                    Value::polynomial(product.map_err(|error| self.error(&span, error.to_string()))?)
                }
                _ => {
                    let at = if x.zonal.is_empty() { b } else { a };
                    return Err(self
                        .error(&at.span, "harmonic, neuron and teacher can be multiplied by numbers only"));
                }
            },
            Operator::Divide => match y.constant() {
                Some(c) if c.is_zero() => return Err(self.error(&b.span, "division by zero")),
                Some(c) => self.times(x, &c.recip(), &span)?,
                None => {
                    return Err(
                        self.error(&b.span, "the divisor is not a number; only a number can follow '/'")
                    );
                }
            },
            Operator::Power => self.power(x, &y, a, b)?,
        };
        if value.zonal.len() > MAX_ZONAL_TERMS {
            return Err(
                self.error(&span, format!("more than {MAX_ZONAL_TERMS} neurons and harmonics in one target"))
            );
        }
        Ok(value)
    }

    /// Returns the product with a number, within the limit on work.
    fn times(&mut self, x: Value, factor: &BigRational, span: &Span) -> Result<Value> {
        let bits = factor.numer().bits() + factor.denom().bits();
        let work = self.work.fractions(x.polynomial.len(), x.polynomial.bits() + bits);
        work.map_err(|error| self.error(span, error.to_string()))?;
        Ok(x.times(factor))
    }

    /// Returns the sum, within the limit on work.
    fn plus(&mut self, x: Value, y: Value, span: &Span) -> Result<Value> {
        let bits = x.polynomial.bits() + y.polynomial.bits();
        let work = self.work.fractions(y.polynomial.len(), bits);
        work.map_err(|error| self.error(span, error.to_string()))?;
        Ok(x.plus(y))
    }

    fn power(&mut self, x: Value, y: &Value, a: &Expression, b: &Expression) -> Result<Value> {
        let exponent = y.constant().filter(|c| c.is_integer() && !c.is_negative()).and_then(|c| c.to_u32());
        let Some(exponent) = exponent.filter(|e| *e <= super::polynomial::MAX_DEGREE) else {
            return Err(self.error(
                &b.span,
                format!("the exponent must be an integer from 0 to {}", super::polynomial::MAX_DEGREE),
            ));
        };
        if !x.zonal.is_empty() {
            return Err(self.error(
                &a.span,
                "harmonic, neuron and teacher cannot be raised to a power; use numbers and x1, x2, ..",
            ));
        }
        let mut out = Polynomial::constant(BigRational::one());
        for _ in 0..exponent {
            out = out
                .times_within(&x.polynomial, &mut self.work)
                .map_err(|error| self.error(&(a.span.start..b.span.end), error.to_string()))?;
        }
        Ok(Value::polynomial(out))
    }

    /// Converts a decimal number exactly.
    fn decimal(&self, text: &str, span: &Span) -> Result<BigRational> {
        let bad = || self.error(span, "not a number; write a number such as 12, 0.5 or 1e-3");
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().map_err(|_| bad())?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: BigInt = format!("{whole}{fraction}").parse().map_err(|_| bad())?;
        let power = exponent.saturating_sub(i32::try_from(fraction.len()).unwrap_or(i32::MAX));
        if power.abs() > MAX_EXPONENT {
            return Err(self.error(
                span,
                format!("the number is out of range; powers of ten must be at most {MAX_EXPONENT}"),
            ));
        }
        let ten = BigRational::from_integer(BigInt::from(10));
        Ok(BigRational::from_integer(digits) * ten.pow(power))
    }

    fn coordinate(&self, name: &str, span: &Span) -> Result<Polynomial> {
        let n = self.dim.get();
        let index = name.strip_prefix('x').filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
        let Some(digits) = index else {
            let hint = match name {
                "harmonic" => "; write harmonic(2) for a harmonic of degree 2",
                "neuron" | "teacher" => "; write neuron(relu) or teacher(relu, units=5)",
                _ => "",
            };
            return Err(self.error(
                span,
                format!(
                    "'{name}' is not known: a target is made of x1..x{n}, harmonic, neuron and teacher{hint}"
                ),
            ));
        };
        match digits.parse::<u64>() {
            Ok(i) if (1..=n).contains(&i) => Ok(Polynomial::coordinate((i - 1) as usize)),
            _ => Err(self.error(span, format!("the coordinates are x1 to x{n}, since the dimension is {n}"))),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Argument], span: &Span) -> Result<Vec<ZonalTerm>> {
        self.occurrence += 1;
        let (profile, units, axis) = match name {
            "harmonic" => {
                let [degree, axis] = self.arguments(name, arguments, ["degree", "axis"], span)?;
                let degree =
                    degree.ok_or_else(|| self.error(span, "harmonic needs a degree, as in harmonic(2)"))?;
                (Profile::Harmonic(self.count(degree, 0, MAX_DEGREE as u64)? as usize), None, axis)
            }
            "neuron" => {
                let [activation, axis, scale] =
                    self.arguments(name, arguments, ["activation", "axis", "scale"], span)?;
                (self.neuron(name, activation, scale, span)?, None, axis)
            }
            "teacher" => {
                let [activation, units, scale] =
                    self.arguments(name, arguments, ["activation", "units", "scale"], span)?;
                let units = units
                    .ok_or_else(|| self.error(span, "teacher needs units, as in teacher(relu, units=5)"))?;
                let units = self.count(units, 1, MAX_ZONAL_TERMS as u64)?;
                (self.neuron(name, activation, scale, span)?, Some(units), None)
            }
            _ => {
                let is_function = format!("{name}(t)").parse::<Activation>().is_ok();
                let advice = advice(name, ["harmonic", "neuron", "teacher"], || match is_function {
                    true => format!("for a function of one direction write neuron({name}(t))"),
                    false => "write harmonic(K), neuron(A) or teacher(A, units=U)".to_owned(),
                });
                return Err(self.error(span, format!("'{name}' is not known: {advice}")));
            }
        };
        // Each occurrence has 2^32 streams; the first is for a single direction or a teacher's signs.
        let base = self.occurrence << 32;
        if let Some(units) = units {
            let mut signs = stream(self.seed, Purpose::Target, base);
            let norm = 1.0 / (units as f64).sqrt();
            return Ok((1..=units)
                .map(|i| ZonalTerm {
                    coefficient: if uniform(&mut signs) < 0.5 { -norm } else { norm },
                    direction: uniform_point(self.dim, self.seed, Purpose::Target, base + i),
                    profile: profile.clone(),
                })
                .collect());
        }
        let direction = match axis {
            Some(axis) => self.axis(axis)?,
            None => uniform_point(self.dim, self.seed, Purpose::Target, base),
        };
        Ok(vec![ZonalTerm { coefficient: 1.0, direction, profile }])
    }

    /// Assigns positional and named arguments to `names`.
    fn arguments<'b, const K: usize>(
        &self,
        function: &str,
        arguments: &'b [Argument],
        names: [&str; K],
        span: &Span,
    ) -> Result<[Option<&'b Expression>; K]> {
        let mut out = [None; K];
        for (i, argument) in arguments.iter().enumerate() {
            let place = match &argument.name {
                Some((name, at)) => names.iter().position(|n| n == name).ok_or_else(|| {
                    self.error(
                        at,
                        format!("{function} has no argument '{name}'; it takes {}", names.join(", ")),
                    )
                })?,
                None if i < K => i,
                None => {
                    return Err(self.error(
                        span,
                        format!("{function} takes at most {K} arguments: {}", names.join(", ")),
                    ));
                }
            };
            if out[place].replace(&argument.value).is_some() {
                let message = format!("the argument '{}' is given twice", names[place]);
                return Err(self.error(&argument.value.span, message));
            }
        }
        Ok(out)
    }

    fn neuron(
        &mut self,
        function: &str,
        activation: Option<&Expression>,
        scale: Option<&Expression>,
        span: &Span,
    ) -> Result<Profile> {
        let Some(activation) = activation else {
            return Err(self.error(span, format!("{function} needs an activation, as in {function}(relu)")));
        };
        // A name or a formula in t; the activation's parser reads its text.
        let text = &self.text[activation.span.clone()];
        let chosen = Activation::parse(text).map_err(|e| self.error(&activation.span, first_line(&e)))?;
        let scale = match scale {
            None => 1.0,
            Some(e) => {
                let value = self.value(e)?.constant().and_then(|c| c.to_f64());
                value
                    .filter(|s| *s > 0.0)
                    .ok_or_else(|| self.error(&e.span, "the scale must be a positive number"))?
            }
        };
        Ok(Profile::Neuron { activation: chosen, scale })
    }

    fn count(&mut self, e: &Expression, least: u64, most: u64) -> Result<u64> {
        let value = self.value(e)?.constant().filter(|c| c.is_integer()).and_then(|c| c.to_u64());
        value
            .filter(|v| (least..=most).contains(v))
            .ok_or_else(|| self.error(&e.span, format!("expected an integer from {least} to {most}")))
    }

    fn axis(&self, e: &Expression) -> Result<Vec<f64>> {
        let n = self.dim.get();
        let index = match &e.kind {
            Kind::Name(name) => name.strip_prefix('e').and_then(|d| d.parse::<u64>().ok()),
            _ => None,
        };
        match index {
            Some(i) if (1..=n).contains(&i) => {
                let mut v = vec![0.0; self.dim.as_usize()];
                v[(i - 1) as usize] = 1.0;
                Ok(v)
            }
            _ => Err(self.error(&e.span, format!("an axis is one of e1 to e{n}"))),
        }
    }
}

/// Returns the first line of an error message, which does not quote the text.
fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Target;
    use super::*;

    fn parse(text: &str) -> Result<Target> {
        Target::parse(text, Dim::new(5).unwrap(), 0)
    }

    #[test]
    fn sums_and_brackets_mean_what_they_say() {
        let a = parse("0.5*(x1 - 2*x2)^2 + harmonic(2, axis=e3)/4 - 1").unwrap();
        let x = [0.1, -0.7, 0.5, 0.3, (1.0f64 - 0.84).sqrt()];
        let p2 = (5.0 * 0.25 - 1.0) / 4.0;
        let expected = 0.5 * (0.1f64 + 1.4).powi(2) + 14f64.sqrt() * p2 / 4.0 - 1.0;
        assert!((a.value(&x).unwrap() - expected).abs() < 1e-14);
    }

    #[test]
    fn mistakes_are_named_at_their_place() {
        for (text, place, part) in [
            ("x6", 1, "x1 to x5"),
            ("x0", 1, "x1 to x5"),
            ("1 + y", 5, "'y' is not known"),
            ("harmonic(2)*x1", 1, "numbers only"),
            ("x1/x2", 4, "only a number"),
            ("x1/0", 4, "division by zero"),
            ("x1^-1", 4, "integer from 0"),
            ("x1^0.5", 4, "integer from 0"),
            ("harmonic(-1)", 10, "integer from 0"),
            ("harmonic()", 1, "needs a degree"),
            ("harmonic(2, axis=e9)", 18, "e1 to e5"),
            ("neuron(reluu)", 8, "did you mean relu?"),
            ("teacher(relu)", 1, "needs units"),
            ("teacher(relu, units=0)", 21, "integer from 1"),
            ("harmonic(2, k=1)", 13, "no argument"),
            ("x1 - x1", 1, "zero everywhere"),
            ("(x1+x2)^40*(x1+x3)^40", 1, "at most 64"),
            ("1e-9999", 1, "powers of ten"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(&format!("character {place}:")), "{text}: {message}");
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn each_occurrence_draws_its_own_direction() {
        let t = parse("harmonic(2) + harmonic(2)").unwrap();
        assert_ne!(t.zonal_terms()[0].direction, t.zonal_terms()[1].direction);
        let again = parse("harmonic(2) + harmonic(2)").unwrap();
        assert_eq!(t.zonal_terms()[1].direction, again.zonal_terms()[1].direction);
    }
}
