//! Polynomials in the coordinates, exactly: rational coefficients, harmonic parts by repeated Laplacians, inner
//! products by the closed formula for monomial moments.

use crate::error::{Error, Result};
use crate::sphere::{Degree, Dim};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};
use std::collections::BTreeMap;

/// Exponents of a monomial: (variable counted from 0, exponent >= 1), variables ascending.
type Exponents = Vec<(usize, u32)>;

/// A polynomial in x1..xn with rational coefficients; no term is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polynomial {
    terms: BTreeMap<Exponents, BigRational>,
}

/// The largest degree of a polynomial; its exact projection grows with its square.
pub(super) const MAX_DEGREE: u32 = 64;
/// The largest numerator and denominator together, in bits.
const MAX_BITS: u64 = 8_192;
/// Pairs of terms multiplied for the exact norms of a polynomial: a few seconds.
const MAX_PAIRS: usize = 1_500_000;
/// Digits of the parts' values may be lost to cancellation down to this relative accuracy.
const MAX_CANCELLATION: f64 = 1e7;
/// The largest number of terms a polynomial may have.
pub const MAX_TERMS: usize = 5_000;

impl Polynomial {
    /// The constant polynomial.
    pub fn constant(value: BigRational) -> Self {
        Self::monomial(Vec::new(), value)
    }

    /// The coordinate with index `variable`, counted from 0.
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

    /// Whether it is the zero polynomial.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// Its value if it is a constant.
    pub fn as_constant(&self) -> Option<BigRational> {
        match self.terms.len() {
            0 => Some(BigRational::zero()),
            1 => self.terms.get(&Vec::new()).cloned(),
            _ => None,
        }
    }

    /// The algebraic degree; 0 for the zero polynomial.
    pub fn degree(&self) -> u32 {
        self.terms.keys().map(total).max().unwrap_or(0)
    }

    /// The sum.
    pub fn plus(mut self, other: &Self) -> Self {
        for (e, c) in &other.terms {
            self.add_term(e.clone(), c.clone());
        }
        self
    }

    /// The product with a number.
    pub fn times_number(&self, factor: &BigRational) -> Self {
        if factor.is_zero() {
            return Self::default();
        }
        Self { terms: self.terms.iter().map(|(e, c)| (e.clone(), c * factor)).collect() }
    }

    /// The product.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the product has a degree beyond 64 or more than [`MAX_TERMS`] terms.
    pub fn times(&self, other: &Self) -> Result<Self> {
        let degree = self.degree() + other.degree();
        if degree > MAX_DEGREE {
            return Err(Error::parameter(
                "the degree of the polynomial",
                degree,
                format!("at most {MAX_DEGREE}"),
            ));
        }
        let bits =
            |p: &Self| p.terms.values().map(|c| c.numer().bits() + c.denom().bits()).max().unwrap_or(0);
        let (found, most) = (bits(self) + bits(other), MAX_BITS);
        if found > most {
            return Err(Error::parameter(
                "the size of a coefficient in bits",
                found,
                format!("at most {most}"),
            ));
        }
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

    /// The Laplacian.
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

    /// The homogeneous part of one degree.
    pub fn homogeneous(&self, degree: u32) -> Self {
        let terms = self.terms.iter().filter(|(e, _)| total(e) == degree);
        Self { terms: terms.map(|(e, c)| (e.clone(), c.clone())).collect() }
    }

    /// The harmonic parts on the sphere: entry k is a list (i, q_i) with the part of degree k equal to
    /// sum |x|^(2 i) q_i, which is a harmonic polynomial, homogeneous of degree k.
    ///
    /// For p homogeneous of degree d the part of degree k = d - 2j is Top(Delta^j p) / M_j, where
    /// M_j = prod_{l=1..j} 2l (n + 2k + 2l - 2) undoes Delta^j |x|^(2j), and Top removes every multiple of |x|^2:
    /// Top(q) = sum_i (-1)^i |x|^(2i) Delta^i q / prod_{l=1..i} 2l (n + 2k - 2l - 2).
    ///
    /// # Errors
    /// [`Error::Parameter`] when Laplacians have more than [`MAX_TERMS`] terms.
    pub fn harmonic_parts(&self, dim: Dim) -> Result<Vec<Vec<(u32, Self)>>> {
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
                    // M_j for this k, from scratch: every factor changes with k.
                    m = (1..=u64::from(j))
                        .map(|l| integer(2 * l * (n + 2 * u64::from(k) + 2 * l - 2)))
                        .product();
                }
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
                    q = q.laplacian().times_number(&factor);
                }
                power = power.laplacian();
            }
        }
        Ok(parts)
    }

    /// E[p q] over the uniform measure of the sphere, exactly.
    pub fn inner_product(&self, other: &Self, dim: Dim) -> BigRational {
        let mut sum = BigRational::zero();
        for (e, c) in &self.terms {
            for (f, d) in &other.terms {
                if let Some(moment) = moment(&product(e, f), dim) {
                    sum += c * d * moment;
                }
            }
        }
        sum
    }

    /// The polynomial in floating point, for fast evaluation.
    pub fn compile(&self) -> CompiledPolynomial {
        let terms = self.terms.iter().map(|(e, c)| (c.to_f64().unwrap_or(f64::NAN), e.clone())).collect();
        CompiledPolynomial { terms }
    }
}

/// A polynomial with floating-point coefficients.
#[derive(Clone, Debug, Default)]
pub struct CompiledPolynomial {
    terms: Vec<(f64, Exponents)>,
}

impl CompiledPolynomial {
    /// Adds `factor` times the gradient at a point.
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

    /// The variables that it depends on.
    pub(super) fn variables(&self) -> impl Iterator<Item = usize> {
        self.terms.iter().flat_map(|(_, e)| e.iter().map(|(v, _)| *v))
    }

    /// The value at a point.
    pub fn value(&self, x: &[f64]) -> f64 {
        let term = |e: &Exponents| e.iter().map(|&(v, p)| x[v].powi(p as i32)).product::<f64>();
        self.terms.iter().map(|(c, e)| c * term(e)).sum()
    }
}

/// The harmonic part of one degree of a polynomial, restricted to the sphere.
#[derive(Clone, Debug)]
pub struct HarmonicPart {
    /// The degree k.
    pub degree: Degree,
    /// ||p_k||^2, from exact arithmetic.
    pub norm_sq: f64,
    values: CompiledPolynomial,
}

impl HarmonicPart {
    /// The non-zero harmonic parts of `p` on the sphere, in ascending degree.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a polynomial that takes too long, or whose coefficients are so large against its
    /// values that these would lose their digits.
    pub fn of(p: &Polynomial, dim: Dim) -> Result<Vec<Self>> {
        let mut pairs = 0;
        let mut out = Vec::new();
        for (degree, terms) in p.harmonic_parts(dim)?.into_iter().enumerate() {
            let leading = terms.iter().filter(|(i, _)| *i == 0);
            let leading = leading.fold(Polynomial::default(), |sum, (_, q)| sum.plus(q));
            // On the sphere |x|^2 = 1.
            let on_sphere = terms.iter().fold(Polynomial::default(), |sum, (_, q)| sum.plus(q));
            pairs += on_sphere.terms.len() * leading.terms.len();
            if pairs > MAX_PAIRS {
                return Err(too_much_work(on_sphere.terms.len()));
            }
            // The other terms are |x|^2 times something of lower degree, to which the part is orthogonal.
            let norm_sq = on_sphere.inner_product(&leading, dim);
            if norm_sq.is_zero() {
                continue;
            }
            let norm_sq = norm_sq.to_f64().unwrap_or(f64::NAN);
            if !(1e-290..1e290).contains(&norm_sq) {
                return Err(Error::parameter(
                    format!("the norm squared of the target's polynomial in degree {degree}"),
                    format!("{norm_sq:e}"),
                    "between 1e-290 and 1e290",
                ));
            }
            let sizes = on_sphere.terms.iter().map(|(e, c)| {
                let square = product(e, e);
                let size = moment(&square, dim).and_then(|m| m.to_f64()).unwrap_or(0.0).sqrt();
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
            out.push(Self { degree, norm_sq, values: on_sphere.compile() });
        }
        Ok(out)
    }

    /// p_k(u) at a point of the sphere.
    pub fn value(&self, u: &[f64]) -> f64 {
        self.values.value(u)
    }

    /// Adds `factor` times the gradient of an extension of p_k beyond the sphere; along the sphere it is that of p_k.
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

/// E[x^e] = prod (e_i - 1)!! / (n (n+2) .. (n+|e|-2)); None where an exponent is odd and the moment zero.
fn moment(exponents: &Exponents, dim: Dim) -> Option<BigRational> {
    let mut numerator = BigInt::one();
    for &(_, p) in exponents {
        if p % 2 == 1 {
            return None;
        }
        for odd in (1..p).step_by(2) {
            numerator *= odd;
        }
    }
    let half = u64::from(total(exponents) / 2);
    let denominator = (0..half).fold(BigInt::one(), |d, i| d * BigInt::from(dim.get() + 2 * i));
    Some(BigRational::new(numerator, denominator))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rational(a: i64, b: i64) -> BigRational {
        BigRational::new(a.into(), b.into())
    }

    /// |x|^2 in n variables.
    fn radius_sq(n: usize) -> Polynomial {
        (0..n).fold(Polynomial::default(), |p, v| {
            let x = Polynomial::coordinate(v);
            p.plus(&x.times(&x).unwrap())
        })
    }

    /// x1^4 x2 - 3 x1 x2^2 x3^2 + x2^2/2 + 5 and its like.
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
            // Equal on the sphere: the difference has norm zero there.
            let difference = on_sphere.plus(&p.times_number(&rational(-1, 1)));
            assert!(difference.inner_product(&difference, dim).is_zero());
        }
    }

    #[test]
    fn parts_of_different_degree_are_orthogonal_and_norms_add_up() {
        let dim = Dim::new(5).unwrap();
        let p = sample();
        let total = p.inner_product(&p, dim).to_f64().unwrap();
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
