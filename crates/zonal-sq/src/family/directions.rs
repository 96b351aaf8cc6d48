//! The directions of zonal families.

use crate::choice;
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zonal::linalg::Matrix;
use zonal::numeric::random::Purpose;
use zonal::sphere::{Dim, uniform_points};
use zonal::{Error, Result};

/// The choice of directions of a zonal family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Directions {
    /// Independent and uniform: an inner product exceeds d with probability at most 2 exp(-n d^2 / 2).
    Random,
    /// The coordinate axes: orthogonal, at most n.
    Coordinate,
    /// DeVore's vectors from polynomials over a prime field: n = s^2 for a prime s, M up to s^r, inner products in
    /// {0, .., r-1} / s.
    DeVore,
}

impl Directions {
    const CHOICES: [(&'static str, Self); 3] =
        [("random", Self::Random), ("coordinate", Self::Coordinate), ("devore", Self::DeVore)];
}

impl FromStr for Directions {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        choice::parse(text, "choice of directions", &Self::CHOICES)
    }
}

impl fmt::Display for Directions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(choice::name(self, &Self::CHOICES))
    }
}

impl Directions {
    /// Returns `size` unit vectors of R^n, one per row.
    pub(super) fn vectors(self, dim: Dim, size: usize, seed: u64) -> Result<Matrix> {
        match self {
            Self::Random => Ok(uniform_points(dim, size, seed, Purpose::Family)),
            Self::Coordinate => {
                let n = dim.as_usize();
                if size > n {
                    return Err(Error::parameter(
                        "the size of a family along coordinates",
                        size,
                        format!("at most {n}"),
                    ));
                }
                let mut out = Matrix::zeros(size, n);
                for i in 0..size {
                    out.row_mut(i)[i] = 1.0;
                }
                Ok(out)
            }
            Self::DeVore => devore(dim, size),
        }
    }
}

/// Returns u_p = s^(-1/2) sum_a e_(a, p(a)) for polynomials p over the field of s elements, in the order of their
/// coefficients read as digits: the first s^r have degree below r.
fn devore(dim: Dim, size: usize) -> Result<Matrix> {
    let n = dim.as_usize();
    let side = n.isqrt();
    if side * side != n || !is_prime(side) {
        let fits = |s: &usize| is_prime(*s);
        let below = (2..=side).rev().find(fits).map_or(4, |s| s * s);
        let above = (side + 1..).find(fits).map_or(4, |s| s * s);
        let required = format!("the square of a prime, such as {below} or {above}");
        return Err(Error::parameter("the dimension for DeVore's directions", n, required));
    }
    // Distinct polynomials of degree below s are distinct functions, and there are s^s functions.
    let most = (side as f64).powi(side as i32).min(1e15).to_usize().unwrap_or(usize::MAX);
    if size > most {
        return Err(Error::parameter(
            "the size of the family",
            size,
            format!("at most {most} in this dimension"),
        ));
    }
    let mut out = Matrix::zeros(size, n);
    let entry = 1.0 / (side as f64).sqrt();
    for number in 0..size {
        let row = out.row_mut(number);
        for a in 0..side {
            let (mut digits, mut power, mut value) = (number, 1, 0);
            while digits > 0 {
                value = (value + digits % side * power) % side;
                power = power * a % side;
                digits /= side;
            }
            row[a * side + value] = entry;
        }
    }
    Ok(out)
}

fn is_prime(s: usize) -> bool {
    s >= 2 && (2..=s.isqrt()).all(|d| !s.is_multiple_of(d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::linalg::dot;

    #[test]
    fn inner_products_of_devore_are_small_fractions() {
        let u = Directions::DeVore.vectors(Dim::new(25).unwrap(), 125, 0).unwrap();
        for i in 0..125 {
            for j in 0..i {
                let meets = 5.0 * dot(u.row(i), u.row(j));
                assert!((meets - meets.round()).abs() < 1e-14 && meets.round() <= 2.0, "{i} {j}: {meets}");
            }
        }
        let error = Directions::DeVore.vectors(Dim::new(30).unwrap(), 5, 0).unwrap_err().to_string();
        assert!(error.contains("25") && error.contains("49"), "{error}");
    }
}
