//! The sphere S^(n-1): its dimension, the multiplicities of its harmonics, and uniform points on it.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::numeric::random::{Purpose, stream};
use crate::numeric::{DoubleDouble, Scaled};
use num_bigint::BigUint;
use rand_distr::{Distribution, StandardNormal};
use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// Degree of a spherical harmonic.
pub type Degree = usize;

/// Ambient dimension n of the sphere S^(n-1) in R^n; n >= 2.
///
/// ```
/// use zonal::sphere::Dim;
/// let dim: Dim = "10".parse()?;
/// assert_eq!((dim, dim.get()), (Dim::try_from(10)?, 10));
/// assert!("1".parse::<Dim>().is_err());
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(into = "u64", try_from = "u64")]
pub struct Dim(u64);

impl Dim {
    /// The largest accepted dimension, well below the one at which n + 2k would become inexact.
    pub const MAX: u64 = 1_000_000_000;

    /// Checks that 2 <= n <= [`Dim::MAX`].
    ///
    /// # Errors
    /// [`Error::Parameter`] otherwise.
    pub fn new(n: u64) -> Result<Self> {
        if (2..=Self::MAX).contains(&n) { Ok(Self(n)) } else { Err(Self::wrong(n)) }
    }

    fn wrong(found: impl Display) -> Error {
        Error::parameter("the dimension", found, format!("an integer from 2 to {}", Self::MAX))
    }

    /// Returns n.
    pub fn get(self) -> u64 {
        self.0
    }

    /// Returns n as a real number, for formulas.
    pub fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// Returns n as a length.
    pub fn as_usize(self) -> usize {
        self.0 as usize
    }
}

impl From<Dim> for u64 {
    fn from(dim: Dim) -> Self {
        dim.0
    }
}

impl Display for Dim {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl FromStr for Dim {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.trim().parse() {
            Ok(n) => Self::new(n),
            Err(_) => Err(Self::wrong(format_args!("'{text}'"))),
        }
    }
}

impl TryFrom<u64> for Dim {
    type Error = Error;
    fn try_from(n: u64) -> Result<Self> {
        Self::new(n)
    }
}

/// Computes N(n, k) = C(n+k-1, k) - C(n+k-3, k-2), the dimension of the space of harmonics of degree k (GE-2), exactly.
///
/// ```
/// use zonal::sphere::{Dim, multiplicity};
/// let n = Dim::new(1000)?;
/// assert_eq!(multiplicity(n, 7).to_string(), "202605816498742800");
/// # Ok::<(), zonal::Error>(())
/// ```
pub fn multiplicity(dim: Dim, degree: Degree) -> BigUint {
    exact_multiplicities(dim).nth(degree).unwrap_or_default()
}

/// Returns N(n, 0), N(n, 1), .. exactly, each computed from the preceding one.
pub fn exact_multiplicities(dim: Dim) -> impl Iterator<Item = BigUint> {
    let n = dim.get();
    // (2k+n-2)/k * C(k+n-3, k-1); the binomial is built as a product whose every prefix is a binomial.
    let mut binomial = BigUint::from(1u8);
    let rest = (1u64..).map(move |k| {
        let value = &binomial * BigUint::from(2 * k + n - 2) / BigUint::from(k);
        binomial = &binomial * BigUint::from(n - 2 + k) / BigUint::from(k);
        value
    });
    std::iter::once(BigUint::from(1u8)).chain(rest)
}

/// Computes N(n, 0), .., N(n, max_degree) as scaled double-doubles (relative error below 1e-28), for use in products.
pub fn multiplicities(dim: Dim, max_degree: Degree) -> Vec<Scaled> {
    let n = dim.as_f64();
    let mut out = vec![Scaled::from(1.0)];
    let mut binomial = Scaled::from(1.0);
    for k in 1..=max_degree {
        let k = k as f64;
        let factor = DoubleDouble::from(2.0 * k + n - 2.0) / DoubleDouble::from(k);
        out.push(binomial.times(factor));
        binomial = binomial.times(DoubleDouble::from(k + n - 2.0) / DoubleDouble::from(k));
    }
    out
}

/// Computes sqrt N(n, k), the factor that gives P_k norm 1; infinite beyond the range of f64.
pub fn sqrt_multiplicity(dim: Dim, degree: Degree) -> f64 {
    (0.5 * multiplicities(dim, degree)[degree].ln_abs()).exp()
}

/// Draws `count` independent uniform points of the sphere, one per row. Row i depends only on `(seed, purpose, i)`:
/// more rows never change the earlier ones.
///
/// # Panics
/// If memory cannot address the points.
pub fn uniform_points(dim: Dim, count: usize, seed: u64, purpose: Purpose) -> Matrix {
    let mut points = Matrix::zeros(count, dim.as_usize());
    for i in 0..count {
        let row = uniform_point(dim, seed, purpose, i as u64);
        points.row_mut(i).copy_from_slice(&row);
    }
    points
}

/// Draws the uniform point of `(seed, purpose, index)`: a normalised Gaussian vector.
pub fn uniform_point(dim: Dim, seed: u64, purpose: Purpose, index: u64) -> Vec<f64> {
    let mut rng = stream(seed, purpose, index);
    loop {
        let mut v: Vec<f64> = (0..dim.as_usize()).map(|_| StandardNormal.sample(&mut rng)).collect();
        let norm = crate::linalg::dot(&v, &v).sqrt();
        // A zero vector has probability zero, but the loop costs nothing.
        if norm > 0.0 {
            v.iter_mut().for_each(|x| *x /= norm);
            return v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplicities_of_small_spheres() {
        let circle = Dim::new(2).unwrap();
        let sphere = Dim::new(3).unwrap();
        for k in 1..20 {
            assert_eq!(multiplicity(circle, k), BigUint::from(2u8));
            assert_eq!(multiplicity(sphere, k), BigUint::from(2 * k + 1));
        }
        assert_eq!(multiplicity(circle, 0), BigUint::from(1u8));
    }

    #[test]
    fn scaled_multiplicities_agree_with_the_exact_ones() {
        for n in [2, 3, 10, 100, 1000] {
            let dim = Dim::new(n).unwrap();
            for (k, scaled) in multiplicities(dim, 40).into_iter().enumerate() {
                let exact: f64 = multiplicity(dim, k).to_string().parse().unwrap();
                assert!((scaled.to_f64() / exact - 1.0).abs() < 4e-16, "n = {n}, k = {k}");
            }
        }
    }
}
