//! Construction of families.

use super::{Directions, Family, Members};
use crate::basis::Basis;
use crate::query::Dense;
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use rand::seq::index::sample;
use std::collections::BTreeSet;
use std::sync::Arc;
use zonal::linalg::{Matrix, dot};
use zonal::numeric::random::{Purpose, normal, stream};
use zonal::sphere::{Degree, Dim, multiplicity};
use zonal::{Error, Result};

/// Number of nodes of a random family that has too many harmonics for a basis.
const NODES: usize = 1_000;

impl Family {
    /// Creates M zonal harmonics. For even degrees u and -u give the same harmonic; random directions contain no such
    /// pair.
    ///
    /// # Errors
    /// [`Error::Parameter`] for sizes and dimensions that the choice of directions does not support.
    pub fn zonal(dim: Dim, degree: Degree, size: usize, directions: Directions, seed: u64) -> Result<Self> {
        check(degree, size)?;
        Ok(Self::from_members(dim, degree, Members::Zonal(directions.vectors(dim, size, seed)?)))
    }

    /// Creates M random harmonics: uniform on the unit sphere of all coefficients if a basis is affordable (see
    /// [`Basis::MAX_SIZE`]); otherwise random combinations of 1,000 zonal harmonics about common random nodes, which
    /// learners do not know. Correlations are exact in both cases.
    ///
    /// # Errors
    /// [`Error::Parameter`] for degree 0 or an empty family.
    pub fn random(dim: Dim, degree: Degree, size: usize, seed: u64) -> Result<Self> {
        check(degree, size)?;
        let basis = if Basis::is_affordable(dim, degree) {
            Basis::new(dim, degree, seed)?
        } else {
            Basis::of_span(dim, degree, NODES, seed)?
        };
        let mut coordinates = Matrix::zeros(size, basis.len());
        for i in 0..size {
            let mut rng = stream(seed, Purpose::Family, (1 << 32) + i as u64);
            let row = coordinates.row_mut(i);
            row.iter_mut().for_each(|c| *c = normal(&mut rng));
            let norm = dot(row, row).sqrt();
            row.iter_mut().for_each(|c| *c /= norm);
        }
        let weights = coordinates.times(basis.coefficients());
        let dense = (0..size)
            .map(|i| Arc::new(Dense::new(degree, basis.nodes().clone(), weights.row(i).to_vec())))
            .collect();
        Ok(Self::from_members(dim, degree, Members::Dense { dense, coordinates }))
    }

    /// Creates M products of k signs: all of them if M is C(n, k), otherwise M distinct random ones.
    ///
    /// # Errors
    /// [`Error::Parameter`] if M exceeds C(n, k).
    pub fn signs(dim: Dim, degree: Degree, size: usize, seed: u64) -> Result<Self> {
        check(degree, size)?;
        Ok(Self::from_members(dim, degree, Members::Signs(subsets(dim, degree, size, seed)?)))
    }

    /// Creates M normalised squarefree monomials of degree k, chosen as in [`Self::signs`].
    ///
    /// # Errors
    /// [`Error::Parameter`] if M exceeds C(n, k).
    pub fn monomials(dim: Dim, degree: Degree, size: usize, seed: u64) -> Result<Self> {
        check(degree, size)?;
        Ok(Self::from_members(dim, degree, Members::Monomials(subsets(dim, degree, size, seed)?)))
    }

    /// Returns C(n, k), the number of products of k distinct coordinates.
    pub fn subsets(dim: Dim, degree: Degree) -> BigUint {
        let n = dim.get();
        let mut out = BigUint::from(1u8);
        for i in 0..degree as u64 {
            if i >= n {
                return BigUint::from(0u8);
            }
            out = out * BigUint::from(n - i) / BigUint::from(i + 1);
        }
        out
    }

    /// Returns N(n, k), the largest number of orthonormal members.
    pub fn multiplicity(&self) -> BigUint {
        multiplicity(self.dim, self.degree)
    }
}

fn check(degree: Degree, size: usize) -> Result<()> {
    if degree == 0 {
        return Err(Error::parameter("the degree", 0, "at least 1: only constants have degree 0"));
    }
    if size == 0 {
        return Err(Error::parameter("the size of the family", 0, "at least 1"));
    }
    Ok(())
}

fn subsets(dim: Dim, degree: Degree, size: usize, seed: u64) -> Result<Vec<Arc<[usize]>>> {
    let (n, total) = (dim.as_usize(), Family::subsets(dim, degree));
    if BigUint::from(size) > total {
        let required = format!("at most {total}, the number of {degree}-element subsets of {n} coordinates");
        return Err(Error::parameter("the size of the family", size, required));
    }
    // Most of the subsets: sampling with rejection would rarely succeed.
    if BigUint::from(2 * size) > total {
        let all = total.to_usize().unwrap_or(usize::MAX);
        let mut chosen: Vec<usize> =
            sample(&mut stream(seed, Purpose::Family, 0), all, size).into_iter().collect();
        chosen.sort_unstable();
        let mut next = chosen.into_iter().peekable();
        let mut out = Vec::with_capacity(size);
        let mut set: Vec<usize> = (0..degree).collect();
        for number in 0..all {
            if next.next_if_eq(&number).is_some() {
                out.push(set.clone().into());
            }
            advance(&mut set, n);
        }
        return Ok(out);
    }
    let mut drawn = BTreeSet::new();
    let mut out: Vec<Arc<[usize]>> = Vec::with_capacity(size);
    let mut rng = stream(seed, Purpose::Family, 0);
    while out.len() < size {
        let mut set: Vec<usize> = sample(&mut rng, n, degree).into_iter().collect();
        set.sort_unstable();
        if drawn.insert(set.clone()) {
            out.push(set.into());
        }
    }
    Ok(out)
}

/// Advances to the next subset in lexicographic order.
fn advance(set: &mut [usize], n: usize) {
    let k = set.len();
    if let Some(i) = (0..k).rev().find(|&i| set[i] < n - k + i) {
        set[i] += 1;
        for j in i + 1..k {
            set[j] = set[j - 1] + 1;
        }
    }
}
