//! Polynomials in the coordinates in exact arithmetic: rational coefficients, harmonic parts by repeated Laplacians,
//! and inner products from the closed formula for monomial moments.

use super::work::Work;
use crate::error::{Error, Result, check_size};
use crate::numeric::DoubleDouble;
use crate::sphere::{Degree, Dim};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};
use std::collections::BTreeMap;

/// The exponents of a monomial: (variable counted from 0, exponent >= 1), variables ascending.
type Exponents = Vec<(usize, u32)>;

/// A polynomial in x1..xn with rational coefficients; zero terms are not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polynomial {
    terms: BTreeMap<Exponents, BigRational>,
}

/// The largest degree of a polynomial; the cost of its exact projection grows with the square of the degree.
pub(super) const MAX_DEGREE: u32 = 64;
/// The largest size in bits of a numerator and denominator together.
const MAX_BITS: u64 = 8_192;
/// The values of the parts may lose digits by cancellation up to this factor.
const MAX_CANCELLATION: f64 = 1e7;
/// The largest number of terms of a polynomial.
pub const MAX_TERMS: usize = 5_000;

impl Polynomial {
    /// Returns a constant polynomial.
    pub fn constant(value: BigRational) -> Self {
        Self::monomial(Vec::new(), value)
    }

    /// Returns the coordinate with index `variable`, counted from 0.
    pub fn coordinate(variable: usize) -> Self {
        Self::monomial(vec![(variable, 1)], BigRational::one())
    }

    fn monomial(exponents: Exponents, coefficient: BigRational) -> Self {
        let mut p = Self::default();
        p.add_term(exponents, coefficient);
        p
    }

    fn add_term(&mut self, exponents: Exponents, coefficient: BigRational) {
        let entry = self.terms.entry(exponents.clone()).or_insert_with(BigRational::zero);
        *entry += coefficient;
        if entry.is_zero() {
            self.terms.remove(&exponents);
        }
    }

    /// Returns whether it is the zero polynomial.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// Returns its value if it is constant.
    pub fn as_constant(&self) -> Option<BigRational> {
        match self.terms.len() {
            0 => Some(BigRational::zero()),
            1 => self.terms.get(&Vec::new()).cloned(),
            _ => None,
        }
    }

    /// Returns the algebraic degree; 0 for the zero polynomial.
    pub fn degree(&self) -> u32 {
        self.terms.keys().map(total).max().unwrap_or(0)
    }

    /// Returns the size in bits of the largest numerator and denominator together.
    pub(super) fn bits(&self) -> u64 {
        self.terms.values().map(bits).max().unwrap_or(0)
    }

    /// Returns the number of terms.
    pub(super) fn len(&self) -> usize {
        self.terms.len()
    }

    /// Returns the sum.
    pub fn plus(mut self, other: &Self) -> Self {
        for (e, c) in &other.terms {
            self.add_term(e.clone(), c.clone());
        }
        self
    }

    /// Returns the product with a number.
    pub fn times_number(&self, factor: &BigRational) -> Self {
        if factor.is_zero() {
            return Self::default();
        }
        Self { terms: self.terms.iter().map(|(e, c)| (e.clone(), c * factor)).collect() }
    }

    /// Returns the product.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the product has a degree beyond 64 or more than [`MAX_TERMS`] terms, or takes too
    /// long.
    pub fn times(&self, other: &Self) -> Result<Self> {
        self.times_within(other, &mut Work::new())
    }

    /// Like [`Self::times`], with the cost charged to `work`.
    pub(super) fn times_within(&self, other: &Self, work: &mut Work) -> Result<Self> {
        let degree = self.degree() + other.degree();
        if degree > MAX_DEGREE {
            return Err(Error::parameter(
                "the degree of the polynomial",
                degree,
                format!("at most {MAX_DEGREE}"),
            ));
        }
        let (found, most) = (self.bits() + other.bits(), MAX_BITS);
        if found > most {
            return Err(Error::parameter(
                "the size of a coefficient in bits",
                found,
                format!("at most {most}"),
            ));
        }
        work.fractions(2 * self.len() * other.len(), found)?;
        let mut out = Self::default();
        for (e, c) in &self.terms {
            for (f, d) in &other.terms {
                out.add_term(product(e, f), c * d);
            }
            if out.terms.len() > MAX_TERMS {
                return Err(Error::parameter(
                    "the number of terms of the polynomial",
                    out.terms.len(),
                    format!("at most {MAX_TERMS}"),
                ));
            }
        }
        Ok(out)
    }

    /// Returns the Laplacian.
    pub fn laplacian(&self) -> Self {
        let mut out = Self::default();
        for (e, c) in &self.terms {
            for (i, &(variable, power)) in e.iter().enumerate() {
                if power >= 2 {
                    let mut f = e.clone();
                    if power == 2 {
                        f.remove(i);
                    } else {
                        f[i] = (variable, power - 2);
                    }
                    out.add_term(f, c * integer(u64::from(power) * u64::from(power - 1)));
                }
            }
        }
        out
    }

    /// Returns the homogeneous part of one degree.
    pub fn homogeneous(&self, degree: u32) -> Self {
        let terms = self.terms.iter().filter(|(e, _)| total(e) == degree);
        Self { terms: terms.map(|(e, c)| (e.clone(), c.clone())).collect() }
    }

    /// Returns the harmonic parts on the sphere: entry k is a list (i, q_i) with the part of degree k equal to sum
    /// |x|^(2 i) q_i, which is a harmonic polynomial, homogeneous of degree k.
    ///
    /// For p homogeneous of degree d the part of degree k = d - 2j is Top(Delta^j p) / M_j, where M_j = prod_{l=1..j}
    /// 2l (n + 2k + 2l - 2) undoes Delta^j |x|^(2j), and Top removes every multiple of |x|^2: Top(q) = sum_i (-1)^i
    /// |x|^(2i) Delta^i q / prod_{l=1..i} 2l (n + 2k - 2l - 2).
    ///
    /// # Errors
    /// [`Error::Size`] for variables beyond the dimension; [`Error::Parameter`] if Laplacians have more than
    /// [`MAX_TERMS`] terms, or take too long.
    pub fn harmonic_parts(&self, dim: Dim) -> Result<Vec<Vec<(u32, Self)>>> {
        self.harmonic_parts_within(dim, &mut Work::new())
    }

    fn harmonic_parts_within(&self, dim: Dim, work: &mut Work) -> Result<Vec<Vec<(u32, Self)>>> {
        self.check(dim)?;
        let n = dim.get();
        let mut parts: Vec<Vec<(u32, Self)>> = vec![Vec::new(); self.degree() as usize + 1];
        for d in 0..=self.degree() {
            let mut power = self.homogeneous(d);
            let mut m = BigRational::one();
            for j in 0..=d / 2 {
                if power.is_zero() {
                    break;
                }
                let k = d - 2 * j;
                if j > 0 {
                    // M_j is recomputed for each k, since all its factors change with k.
                    m = (1..=u64::from(j))
                        .map(|l| integer(2 * l * (n + 2 * u64::from(k) + 2 * l - 2)))
                        .product();
                }
                work.fractions(power.len(), power.bits() + bits(&m))?;
                let mut q = power.times_number(&m.recip());
                let mut i = 0u32;
                while !q.is_zero() {
                    if q.terms.len() > MAX_TERMS {
                        return Err(too_much_work(q.terms.len()));
                    }
                    parts[k as usize].push((i, q.clone()));
                    i += 1;
                    if 2 * i > k {
                        break;
                    }
                    let l = u64::from(i);
                    let factor = -integer(2 * l * (n + 2 * u64::from(k) - 2 * l - 2)).recip();
                    work.fractions(q.len() * (1 + q.variables_of_a_term()), q.bits() + bits(&factor))?;
                    q = q.laplacian().times_number(&factor);
                }
                work.fractions(power.len() * power.variables_of_a_term(), power.bits())?;
                power = power.laplacian();
            }
        }
        Ok(parts)
    }

    /// Checks that no variable is beyond the dimension.
    fn check(&self, dim: Dim) -> Result<()> {
        let found = self.terms.keys().flatten().map(|(variable, _)| variable + 1).max().unwrap_or(0);
        if found <= dim.as_usize() {
            return Ok(());
        }
        Err(Error::Size { what: "variables of a polynomial".into(), found, required: dim.as_usize() })
    }

    /// Returns the largest number of variables in one term.
    fn variables_of_a_term(&self) -> usize {
        self.terms.keys().map(Vec::len).max().unwrap_or(0)
    }

    /// Computes E[p q] over the uniform measure of the sphere, exactly.
    ///
    /// # Errors
    /// [`Error::Size`] for variables beyond the dimension, [`Error::Parameter`] if it takes too long.
    pub fn inner_product(&self, other: &Self, dim: Dim) -> Result<BigRational> {
        self.inner_product_within(other, dim, &mut Work::new())
    }

    /// Like [`Self::inner_product`], with the cost charged to `work`. For each degree, integers over a common
    /// denominator are summed; the moments of a degree have one denominator too, so fractions are reduced only at the
    /// end.
    fn inner_product_within(&self, other: &Self, dim: Dim, work: &mut Work) -> Result<BigRational> {
        self.check(dim)?;
        other.check(dim)?;
        let (a, b) = (self.over_common_denominator(work)?, other.over_common_denominator(work)?);
        work.products(self.len() * other.len(), [a.bits(), b.bits()])?;
        let odd = double_factorials(self.degree() + other.degree());
        let mut sums: BTreeMap<u32, BigInt> = BTreeMap::new();
        for (e, c) in &a.terms {
            for (f, d) in &b.terms {
                if let Some(moment) = moment(e, f, &odd) {
                    *sums.entry(total(e) + total(f)).or_default() += moment * (c * d);
                }
            }
        }
        let denominator = a.denominator * b.denominator;
        let of_degree = |(degree, sum): (u32, BigInt)| {
            BigRational::new(sum, &denominator * moments_denominator(degree, dim))
        };
        Ok(sums.into_iter().map(of_degree).sum())
    }

    fn over_common_denominator(&self, work: &mut Work) -> Result<Whole<'_>> {
        let mut denominator = BigInt::one();
        for c in self.terms.values() {
            work.fractions(1, denominator.bits() + bits(c))?;
            // The least common multiple of both denominators.
            let both = BigRational::new(denominator, c.denom().clone());
            denominator = both.numer() * c.denom();
        }
        work.products(self.len(), [denominator.bits(), self.bits()])?;
        let whole = |c: &BigRational| c.numer() * (&denominator / c.denom());
        let terms = self.terms.iter().map(|(e, c)| (e, whole(c))).collect();
        Ok(Whole { terms, denominator })
    }

    /// Converts the polynomial to floating point, for fast evaluation.
    pub(super) fn compile(&self) -> CompiledPolynomial {
        let terms: Vec<(f64, Exponents)> =
            self.terms.iter().map(|(e, c)| (c.to_f64().unwrap_or(f64::NAN), e.clone())).collect();
        // The difference between a coefficient and its nearest f64.
        let rest = |(c, (high, _)): (&BigRational, &(f64, Exponents))| {
            BigRational::from_float(*high).and_then(|high| (c - high).to_f64()).unwrap_or(0.0)
        };
        let low = self.terms.values().zip(&terms).map(rest).collect();
        CompiledPolynomial { terms, low }
    }
}

/// A polynomial with integer coefficients over one denominator.
struct Whole<'p> {
    terms: Vec<(&'p Exponents, BigInt)>,
    denominator: BigInt,
}

impl Whole<'_> {
    fn bits(&self) -> u64 {
        self.terms.iter().map(|(_, c)| c.bits()).max().unwrap_or(0)
    }
}

/// A polynomial with floating-point coefficients.
#[derive(Clone, Debug, Default)]
pub(super) struct CompiledPolynomial {
    terms: Vec<(f64, Exponents)>,
    low: Vec<f64>,
}

impl CompiledPolynomial {
    /// Adds `factor` times the gradient at a point to `out`.
    pub(super) fn add_gradient(&self, x: &[f64], factor: f64, out: &mut [f64]) {
        for (c, exponents) in &self.terms {
            for &(variable, power) in exponents {
                let others = exponents.iter().filter(|(v, _)| *v != variable);
                let rest: f64 = others.map(|&(v, p)| x[v].powi(p as i32)).product();
                let own = f64::from(power) * x[variable].powi(power as i32 - 1);
                out[variable] += factor * c * own * rest;
            }
        }
    }

    /// Returns the variables on which it depends.
    pub(super) fn variables(&self) -> impl Iterator<Item = usize> {
        self.terms.iter().flat_map(|(_, e)| e.iter().map(|(v, _)| *v))
    }

    /// Returns the value at a point.
    pub(super) fn value(&self, x: &[f64]) -> f64 {
        let term = |e: &Exponents| e.iter().map(|&(v, p)| x[v].powi(p as i32)).product::<f64>();
        self.terms.iter().map(|(c, e)| c * term(e)).sum()
    }

    /// Returns the value at a point in double-double arithmetic.
    fn precise_value(&self, x: &[DoubleDouble]) -> DoubleDouble {
        let term = |(&(high, ref exponents), &low): (&(f64, Exponents), &f64)| {
            let factors = exponents.iter().flat_map(|&(v, p)| (0..p).map(move |_| x[v]));
            factors.fold(DoubleDouble::from_sum(high, low), |product, factor| product * factor)
        };
        self.terms.iter().zip(&self.low).map(term).sum()
    }
}

/// The harmonic part of one degree of a polynomial, restricted to the sphere.
#[derive(Clone, Debug)]
pub struct HarmonicPart {
    dim: Dim,
    /// The degree k.
    pub degree: Degree,
    /// ||p_k||^2, from exact arithmetic.
    pub norm_sq: f64,
    values: CompiledPolynomial,
}

impl HarmonicPart {
    /// Returns the non-zero harmonic parts of `p` on the sphere, in ascending degree.
    ///
    /// # Errors
    /// [`Error::Size`] for variables beyond the dimension; [`Error::Parameter`] for a polynomial that takes too long,
    /// or whose coefficients are so large compared with its values that evaluation would lose the digits of the values.
    pub fn of(p: &Polynomial, dim: Dim) -> Result<Vec<Self>> {
        let mut work = Work::new();
        let mut out = Vec::new();
        for (degree, terms) in p.harmonic_parts_within(dim, &mut work)?.into_iter().enumerate() {
            for (_, q) in &terms {
                work.fractions(2 * q.len(), q.bits())?;
            }
            let leading = terms.iter().filter(|(i, _)| *i == 0);
            let leading = leading.fold(Polynomial::default(), |sum, (_, q)| sum.plus(q));
            // |x|^2 = 1 on the sphere.
            let on_sphere = terms.iter().fold(Polynomial::default(), |sum, (_, q)| sum.plus(q));
            // The other terms are |x|^2 times a polynomial of lower degree, to which the part is orthogonal.
            let norm_sq = on_sphere.inner_product_within(&leading, dim, &mut work)?;
            if norm_sq.is_zero() {
                continue;
            }
            let norm_sq = norm_sq.to_f64().unwrap_or(f64::NAN);
            if !(1e-290..1e290).contains(&norm_sq) {
                return Err(Error::parameter(
                    format!("the squared norm of the target's polynomial in degree {degree}"),
                    format!("{norm_sq:e}"),
                    "between 1e-290 and 1e290",
                ));
            }
            let odd = double_factorials(2 * on_sphere.degree());
            let sizes = on_sphere.terms.iter().map(|(e, c)| {
                let square = moment(e, e, &odd).unwrap_or_default();
                let square = BigRational::new(square, moments_denominator(2 * total(e), dim));
                let size = square.to_f64().unwrap_or(0.0).sqrt();
                c.to_f64().unwrap_or(f64::INFINITY).abs() * size
            });
            let cancellation = sizes.sum::<f64>() / norm_sq.sqrt();
            if cancellation > MAX_CANCELLATION {
                return Err(Error::parameter(
                    format!("the size of the polynomial's coefficients against its part of degree {degree}"),
                    format!("{cancellation:.1e}"),
                    format!(
                        "at most {MAX_CANCELLATION:.0e}, or its values lose \
                         their digits; harmonic({degree}) is exact at any degree"
                    ),
                ));
            }
            out.push(Self { dim, degree, norm_sq, values: on_sphere.compile() });
        }
        Ok(out)
    }

    /// Returns p_k(u) at a point of the sphere.
    ///
    /// # Errors
    /// [`Error::Size`] for a point of another dimension.
    pub fn value(&self, u: &[f64]) -> Result<f64> {
        check_size("coordinates of a point", u.len(), self.dim.as_usize())?;
        Ok(self.at(u))
    }

    pub(super) fn at(&self, u: &[f64]) -> f64 {
        self.values.value(u)
    }

    /// Like [`Self::value`], in double-double arithmetic.
    pub(super) fn precise_value(&self, u: &[DoubleDouble]) -> DoubleDouble {
        self.values.precise_value(u)
    }

    /// Adds `factor` times the gradient of an extension of p_k beyond the sphere; its tangential part is the gradient
    /// of p_k on the sphere.
    pub(super) fn add_gradient(&self, u: &[f64], factor: f64, out: &mut [f64]) {
        self.values.add_gradient(u, factor, out);
    }
}

fn too_much_work(terms: usize) -> Error {
    Error::parameter(
        "the number of terms in the polynomial's harmonic parts",
        terms,
        "smaller; use fewer variables, a lower degree, or harmonic(K)",
    )
}

fn integer(x: u64) -> BigRational {
    BigRational::from_integer(BigInt::from(x))
}

fn total(exponents: &Exponents) -> u32 {
    exponents.iter().map(|e| e.1).sum()
}

fn product(a: &Exponents, b: &Exponents) -> Exponents {
    let mut out: BTreeMap<usize, u32> = a.iter().copied().collect();
    for &(v, p) in b {
        *out.entry(v).or_insert(0) += p;
    }
    out.into_iter().collect()
}

fn bits(x: &BigRational) -> u64 {
    x.numer().bits() + x.denom().bits()
}

/// Returns (2 i - 1)!! for all 2 i up to a degree.
fn double_factorials(degree: u32) -> Vec<BigInt> {
    let mut out = vec![BigInt::one()];
    for i in 1..=degree / 2 {
        let next = &out[out.len() - 1] * (2 * i - 1);
        out.push(next);
    }
    out
}

/// Returns the numerator prod (e_i - 1)!! of E[x^e] for the product of two monomials, where `odd` holds the factors;
/// None if an exponent is odd, so that the moment is zero.
fn moment(a: &Exponents, b: &Exponents, odd: &[BigInt]) -> Option<BigInt> {
    let mut out = BigInt::one();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let power = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) if x.0 == y.0 => {
                (i, j) = (i + 1, j + 1);
                x.1 + y.1
            }
            (Some(x), y) if y.is_none_or(|y| x.0 < y.0) => {
                i += 1;
                x.1
            }
            (_, Some(y)) => {
                j += 1;
                y.1
            }
            (_, None) => break,
        };
        if power % 2 == 1 {
            return None;
        }
        if power > 2 {
            out *= &odd[power as usize / 2];
        }
    }
    Some(out)
}

/// Returns n (n+2) .. (n+d-2), the denominator of all moments of an even degree d.
fn moments_denominator(degree: u32, dim: Dim) -> BigInt {
    (0..u64::from(degree / 2)).fold(BigInt::one(), |d, i| d * (dim.get() + 2 * i))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rational(a: i64, b: i64) -> BigRational {
        BigRational::new(a.into(), b.into())
    }

    /// Returns |x|^2 in n variables.
    fn radius_sq(n: usize) -> Polynomial {
        (0..n).fold(Polynomial::default(), |p, v| {
            let x = Polynomial::coordinate(v);
            p.plus(&x.times(&x).unwrap())
        })
    }

    /// Returns a test polynomial with terms such as x1^4 x2, -3 x1 x2^2 x3^2 and x2^2/2.
    fn sample() -> Polynomial {
        let x = Polynomial::coordinate;
        let times = |factors: &[usize]| {
            factors.iter().fold(Polynomial::constant(BigRational::one()), |p, &v| p.times(&x(v)).unwrap())
        };
        times(&[0, 0, 0, 0, 1])
            .plus(&times(&[0, 1, 1, 2, 2]).times_number(&rational(-3, 1)))
            .plus(&times(&[1, 1]).times_number(&rational(1, 2)))
            .plus(&Polynomial::constant(rational(5, 1)))
    }

    #[test]
    fn harmonic_parts_are_harmonic_and_add_up_exactly() {
        for n in [3usize, 4, 6] {
            let dim = Dim::new(n as u64).unwrap();
            let r2 = radius_sq(n);
            let p = sample();
            let mut on_sphere = Polynomial::default();
            for (k, terms) in p.harmonic_parts(dim).unwrap().into_iter().enumerate() {
                let mut h = Polynomial::default();
                for (i, q) in terms {
                    let mut expanded = q.clone();
                    for _ in 0..i {
                        expanded = expanded.times(&r2).unwrap();
                    }
                    h = h.plus(&expanded);
                    on_sphere = on_sphere.plus(&q);
                }
                assert!(h.laplacian().is_zero(), "degree {k} is not harmonic");
                assert_eq!(h, h.homogeneous(k as u32));
            }
            // The two are equal on the sphere if the difference has norm zero there.
            let difference = on_sphere.plus(&p.times_number(&rational(-1, 1)));
            assert!(difference.inner_product(&difference, dim).unwrap().is_zero());
        }
    }

    #[test]
    fn parts_of_different_degree_are_orthogonal_and_norms_add_up() {
        let dim = Dim::new(5).unwrap();
        let p = sample();
        let total = p.inner_product(&p, dim).unwrap().to_f64().unwrap();
        let parts = HarmonicPart::of(&p, dim).unwrap();
        let sum: f64 = parts.iter().map(|h| h.norm_sq).sum();
        assert!((sum / total - 1.0).abs() < 1e-14);
    }

    #[test]
    fn squarefree_monomials_are_harmonic_already() {
        let dim = Dim::new(5).unwrap();
        let p = Polynomial::coordinate(0).times(&Polynomial::coordinate(3)).unwrap();
        let parts = HarmonicPart::of(&p, dim).unwrap();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].degree, 2);
        assert!((parts[0].norm_sq - 1.0 / 35.0).abs() < 1e-17);
    }
}
