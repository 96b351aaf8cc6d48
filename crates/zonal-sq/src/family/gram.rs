//! Bounds on the Gram matrix of a family, computed strip by strip, and the resulting bounds on the number of members
//! that one query can separate (SQ-1).

use super::{Family, Members};
use crate::rounding::{count_below, count_up_to, exactly};
use num_rational::BigRational;
use rayon::prelude::*;
use std::ops::Range;
use zonal::linalg::{Matrix, add_scaled, dot, has_cholesky, symmetric_eigen};
use zonal::numeric::random::{Purpose, normal, stream};
use zonal::observer::{Observer, Stage, check};
use zonal::{Error, Result};

/// The properties of the M x M matrix of correlations that SQ-1 uses; every number is an upper bound.
#[derive(Clone, Debug, PartialEq)]
pub struct GramBounds {
    /// The number M of members.
    pub size: u64,
    /// The largest eigenvalue.
    pub largest_eigenvalue: f64,
    /// The assumption behind the eigenvalue bound; None for a bound verified by arithmetic.
    pub largest_eigenvalue_by: Option<String>,
    /// The largest |entry| off the diagonal.
    pub coherence: f64,
    /// The largest entry off the diagonal, or 0.
    pub signed_coherence: f64,
    /// T_m for m = 0, 1, ..: the largest sum of m absolute entries off the diagonal in one row.
    pub row_sums: Vec<f64>,
}

/// Rows of a strip.
const STRIP: usize = 128;
/// Columns of a tile in products with a vector.
const TILE: usize = 256;
/// Strips between two checks for cancellation.
const STRIPS_PER_CHECK: usize = 8;
/// Number of largest terms of a row that are summed.
const ROW_TERMS: usize = 128;
/// The largest family whose largest eigenvalue is verified by a factorisation.
const MAX_DENSE: usize = 2_500;
/// Lanczos steps for larger families.
const STEPS: usize = 48;
/// The failure probability of the Lanczos bound over the random start.
const FAILURE_PROBABILITY: f64 = 1e-9;
/// The Krylov space is invariant if the next Lanczos vector is shorter than this.
const INVARIANT: f64 = 1e-10;

impl GramBounds {
    /// Returns the bounds of exactly orthonormal members.
    pub fn orthonormal(size: u64) -> Self {
        Self {
            size,
            largest_eigenvalue: 1.0,
            largest_eigenvalue_by: None,
            coherence: 0.0,
            signed_coherence: 0.0,
            row_sums: vec![0.0; ROW_TERMS],
        }
    }

    /// Computes the bounds of a family. Costs M^2 correlations, and twenty-four times that for more than 2,500 members;
    /// memory is about a hundred rows.
    ///
    /// # Errors
    /// [`zonal::Error::Stopped`] when the observer requests cancellation.
    pub fn of(family: &Family, observer: &mut dyn Observer) -> Result<Self> {
        let size = family.size();
        if matches!(family.members, Members::Signs(_) | Members::Monomials(_)) {
            return Ok(Self::orthonormal(size as u64));
        }
        let mut out = Self::orthonormal(size as u64);
        let passes = if size <= MAX_DENSE { 1 } else { 1 + STEPS };
        let total = (passes * size) as u64;
        let terms = ROW_TERMS.min(size.saturating_sub(1));
        out.row_sums = vec![0.0; terms + 1];
        for strips in strips(size).chunks(STRIPS_PER_CHECK) {
            check(observer, Stage::Products, strips[0].start as u64, total)?;
            let found: Vec<Vec<RowBounds>> = strips
                .par_iter()
                .map(|rows| {
                    let strip = family.correlations(rows.clone(), 0..size);
                    rows.clone().map(|i| row_bounds(strip.row(i - rows.start), i, terms)).collect()
                })
                .collect();
            for row in found.iter().flatten() {
                out.coherence = out.coherence.max(row.coherence);
                out.signed_coherence = out.signed_coherence.max(row.signed);
                for (most, sum) in out.row_sums.iter_mut().zip(&row.sums) {
                    *most = most.max(*sum);
                }
            }
        }
        let error = family.correlation_error();
        if out.coherence > 0.0 {
            out.coherence += error;
            out.signed_coherence += error;
        }
        for (m, sum) in out.row_sums.iter_mut().enumerate() {
            *sum += error * m as f64;
        }
        if size <= MAX_DENSE {
            out.largest_eigenvalue = verified_eigenvalue(family)?;
        } else {
            let (value, certainty) = lanczos_eigenvalue(family, observer, total)?;
            out.largest_eigenvalue = value;
            out.largest_eigenvalue_by = Some(format!(
                "the largest eigenvalue of the Gram matrix is below {value:.4}: Lanczos from a random vector, \
                 {certainty}"
            ));
        }
        Ok(out)
    }

    /// Computes K(tau), an upper bound on the number of members with |<g, f_i>| > tau for one g of norm 1. Zero means
    /// that no query separates anything.
    pub fn drop_bound(&self, tau: f64) -> u64 {
        let (one, square) = (exactly(1.0), exactly(tau) * exactly(tau));
        // K tau^2 < lambda.
        let by_eigenvalue = count_below(&exactly(self.largest_eigenvalue), &square);
        // K (tau^2 - gamma) < 1 - gamma.
        let gamma = exactly(self.coherence);
        let by_coherence = count_below(&(&one - &gamma), &(&square - &gamma));
        let found = [by_eigenvalue, by_coherence, self.row_sum_bound(&square)];
        found.into_iter().flatten().min().unwrap_or(u64::MAX).min(self.size)
    }

    /// Computes the largest K with K tau^2 < 1 + T_(K-1).
    fn row_sum_bound(&self, square: &BigRational) -> Option<u64> {
        let one = exactly(1.0);
        let (known, last) = (self.row_sums.len(), *self.row_sums.last()?);
        let holds = |m: &usize| {
            square * BigRational::from_integer((*m).into()) < &one + exactly(self.row_sums[m - 1])
        };
        let within = (1..=known).rev().find(holds).unwrap_or(0) as u64;
        if known as u64 >= self.size {
            return Some(within);
        }
        // Terms are in descending order, so beyond the last known term a sum grows at most at the average rate so far.
        let average = exactly(last) / BigRational::from_integer((known.max(2) - 1).into());
        count_below(&(&one - &average), &(square - &average)).map(|beyond| beyond.max(within))
    }

    /// Computes K_plus(sqrt epsilon), an upper bound on the number of members that have correlation sqrt(epsilon) with
    /// one hypothesis of norm 1.
    pub fn fit_bound(&self, epsilon: f64) -> u64 {
        let (one, square) = (exactly(1.0), exactly(epsilon));
        let gamma = exactly(self.signed_coherence);
        let by_eigenvalue = count_up_to(&exactly(self.largest_eigenvalue), &square);
        let by_coherence = count_up_to(&(&one - &gamma), &(&square - &gamma));
        [by_eigenvalue, by_coherence].into_iter().flatten().min().unwrap_or(u64::MAX).min(self.size)
    }

    /// Computes the least number of queries after which at most K_plus(sqrt epsilon) members can remain if each query
    /// drops at most K(tau). None if no query drops any member.
    pub fn predicted_queries(&self, tau: f64, epsilon: f64) -> Option<u64> {
        let excess = self.size - self.fit_bound(epsilon);
        match self.drop_bound(tau) {
            0 if excess > 0 => None,
            0 => Some(0),
            drop => Some(excess.div_ceil(drop).saturating_sub(1)),
        }
    }
}

fn strips(size: usize) -> Vec<Range<usize>> {
    (0..size).step_by(STRIP).map(|from| from..(from + STRIP).min(size)).collect()
}

/// Computes the contribution of these rows of the upper triangle, and of the columns that mirror them, to the product
/// of the Gram matrix with a vector. The result starts at the first of the rows. Works in tiles that stay in cache.
fn upper_triangle_product(family: &Family, rows: Range<usize>, x: &[f64]) -> Vec<f64> {
    let first = rows.start;
    let mut out = vec![0.0; x.len() - first];
    for from in (first..x.len()).step_by(TILE) {
        let columns = from..(from + TILE).min(x.len());
        let tile = family.correlations(rows.clone(), columns.clone());
        for i in rows.clone() {
            let row = tile.row(i - first);
            // Within the strip's diagonal block each pair counts once.
            let beyond = columns.start.max(i + 1).min(columns.end);
            let right = &row[beyond - columns.start..];
            out[i - first] += dot(right, &x[beyond..columns.end]);
            add_scaled(&mut out[beyond - first..columns.end - first], x[i], right);
            if columns.contains(&i) {
                out[i - first] += x[i];
            }
        }
    }
    out
}

struct RowBounds {
    coherence: f64,
    signed: f64,
    sums: Vec<f64>,
}

fn row_bounds(row: &[f64], own: usize, terms: usize) -> RowBounds {
    let mut sizes: Vec<f64> =
        row.iter().enumerate().filter(|(j, _)| *j != own).map(|(_, x)| x.abs()).collect();
    let others = row.iter().enumerate().filter(|(j, _)| *j != own);
    let signed = others.fold(0.0f64, |most, (_, x)| most.max(*x));
    if terms > 0 && terms < sizes.len() {
        sizes.select_nth_unstable_by(terms - 1, |a, b| b.total_cmp(a));
        sizes.truncate(terms);
    }
    sizes.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut sums = vec![0.0];
    for x in &sizes {
        sums.push(sums[sums.len() - 1] + x);
    }
    RowBounds { coherence: sizes.first().copied().unwrap_or(0.0), signed, sums }
}

/// Computes a verified bound sigma on the largest eigenvalue: sigma I - G has a Cholesky factorisation in f64.
fn verified_eigenvalue(family: &Family) -> Result<f64> {
    let size = family.size();
    let gram = family.correlations(0..size, 0..size);
    let found = symmetric_eigen(&gram)?.values.last().copied().unwrap_or(1.0);
    let mut excess = 1e-11 * found.max(1.0);
    for _ in 0..20 {
        let sigma = found + excess;
        let mut difference = Matrix::zeros(size, size);
        for i in 0..size {
            for (d, g) in difference.row_mut(i).iter_mut().zip(gram.row(i)) {
                *d = -g;
            }
            difference.row_mut(i)[i] += sigma;
        }
        if has_cholesky(&difference)? {
            let trace = size as f64 * sigma;
            let rounding = (size as f64 + 1.0) * f64::EPSILON * trace + f64::EPSILON * sigma;
            // Entries differ from the true correlations, and each row has M of them.
            return Ok(sigma + rounding + family.correlation_error() * size as f64);
        }
        excess *= 8.0;
    }
    Err(Error::NoConvergence { size })
}

/// Bounds the largest eigenvalue by s steps of Lanczos from a random vector with full reorthogonalisation. Except with
/// probability p over that vector it is at most theta / (1 - e), where 1.648 sqrt(M) exp(-sqrt(e) (2 s - 1)) = p.
/// Returns the bound and a description of its certainty.
fn lanczos_eigenvalue(family: &Family, observer: &mut dyn Observer, total: u64) -> Result<(f64, String)> {
    let size = family.size();
    let mut rng = stream(0, Purpose::Learner, u64::MAX);
    let mut current: Vec<f64> = (0..size).map(|_| normal(&mut rng)).collect();
    normalise(&mut current);
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let (mut diagonal, mut off_diagonal) = (Vec::new(), Vec::new());
    let mut invariant = false;
    for step in 0..STEPS {
        let mut next = vec![0.0; size];
        for strips in strips(size).chunks(STRIPS_PER_CHECK) {
            check(observer, Stage::Products, ((step + 1) * size + strips[0].start) as u64, total)?;
            let parts: Vec<Vec<f64>> = strips
                .par_iter()
                .map(|rows| upper_triangle_product(family, rows.clone(), &current))
                .collect();
            // In the order of the strips, so that the result does not depend on threads.
            for (rows, part) in strips.iter().zip(parts) {
                add_scaled(&mut next[rows.start..], 1.0, &part);
            }
        }
        diagonal.push(dot(&next, &current));
        basis.push(current);
        for _ in 0..2 {
            for b in &basis {
                let along = dot(&next, b);
                add_scaled(&mut next, -along, b);
            }
        }
        let length = normalise(&mut next);
        if length <= INVARIANT {
            invariant = true;
            break;
        }
        off_diagonal.push(length);
        current = next;
    }
    let steps = diagonal.len();
    let mut small = Matrix::zeros(steps, steps);
    for i in 0..steps {
        small.row_mut(i)[i] = diagonal[i];
        if i > 0 {
            small.row_mut(i)[i - 1] = off_diagonal[i - 1];
            small.row_mut(i - 1)[i] = off_diagonal[i - 1];
        }
    }
    let theta = symmetric_eigen(&small)?.values.last().copied().unwrap_or(f64::NAN);
    if invariant {
        // A random vector has a component in the leading eigenspace almost surely, and what lies outside the invariant
        // space is below the threshold.
        let certainty = format!("which ended after {steps} steps in an invariant subspace");
        return Ok((theta * (1.0 + 1e-6) + 1e-6, certainty));
    }
    let root = ((1.648 * (size as f64).sqrt()).ln() - FAILURE_PROBABILITY.ln()) / (2.0 * steps as f64 - 1.0);
    let certainty = format!(
        "{steps} steps, wrong with probability below {FAILURE_PROBABILITY:e} over that vector (Kuczynski and \
         Wozniakowski 1992)"
    );
    Ok((theta / (1.0 - root * root) * (1.0 + 1e-9), certainty))
}

/// Scales a vector to length 1 and returns its previous length.
fn normalise(x: &mut [f64]) -> f64 {
    let length = dot(x, x).sqrt();
    if length > 0.0 {
        x.iter_mut().for_each(|v| *v /= length);
    }
    length
}
