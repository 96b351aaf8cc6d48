//! Rounding in a safe direction: counts by exact comparison, logarithms with a margin for rounding.

use num_bigint::BigUint;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};
use zonal::numeric::DoubleDouble;
use zonal::sphere::{Degree, Dim, multiplicities};

/// The rounding error of a short formula, a few dozen operations and logarithms, relative to the sum of its terms'
/// sizes.
const MARGIN: f64 = 64.0 * f64::EPSILON;

/// Returns an upper bound on the exact value of a formula that evaluates to `x` and whose terms sum to at most `size`.
pub(crate) fn above(x: f64, size: f64) -> f64 {
    x + MARGIN * (x.abs() + size.abs())
}

/// Returns a lower bound, otherwise as [`above`].
pub(crate) fn below(x: f64, size: f64) -> f64 {
    x - MARGIN * (x.abs() + size.abs())
}

/// Computes ln N(n, k) to an ulp or two.
pub(crate) fn ln_multiplicity(dim: Dim, degree: Degree) -> f64 {
    multiplicities(dim, degree)[degree].ln_abs()
}

/// Computes ln N(n, k) for k <= `max_degree`.
pub(crate) fn ln_multiplicities(dim: Dim, max_degree: Degree) -> Vec<f64> {
    multiplicities(dim, max_degree).into_iter().map(|n| n.ln_abs()).collect()
}

/// Converts an f64 to the equal fraction; zero for values that are not finite.
pub(crate) fn exactly(x: f64) -> BigRational {
    BigRational::from_float(x).unwrap_or_else(BigRational::zero)
}

/// Computes the largest integer m with m step < limit in exact arithmetic; None for a step that is not positive.
pub(crate) fn count_below(limit: &BigRational, step: &BigRational) -> Option<u64> {
    if step <= &BigRational::zero() {
        return None;
    }
    if limit <= &BigRational::zero() {
        return Some(0);
    }
    let ceiling: num_bigint::BigInt = (limit / step).ceil().to_integer() - 1;
    Some(ceiling.to_u64().unwrap_or(u64::MAX))
}

/// Computes the largest integer m with m step <= limit; None for a step that is not positive.
pub(crate) fn count_up_to(limit: &BigRational, step: &BigRational) -> Option<u64> {
    if step <= &BigRational::zero() {
        return None;
    }
    Some((limit / step).floor().to_integer().to_u64().unwrap_or(u64::MAX))
}

/// Converts an integer to the nearest f64; infinite beyond its range.
pub(crate) fn nearest(n: &BigUint) -> f64 {
    n.to_f64().unwrap_or(f64::INFINITY)
}

/// Prefix sums of ln(n + 2 l): S_i = ln E r^(2i), where r is the length of a standard Gaussian vector of n coordinates.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    n: f64,
    sums: Vec<f64>,
    last: DoubleDouble,
}

impl Moments {
    pub(crate) fn new(n: f64) -> Self {
        Self { n, sums: vec![0.0], last: DoubleDouble::ZERO }
    }

    /// Returns S_i. The relative error is below 4 2^-52: each logarithm is accurate to an ulp or two, and the error of
    /// the double-double sum is negligible.
    pub(crate) fn sum(&mut self, i: usize) -> f64 {
        while self.sums.len() <= i {
            let l = (self.sums.len() - 1) as f64;
            self.last = self.last + DoubleDouble::from((self.n + 2.0 * l).ln());
            self.sums.push(self.last.to_f64());
        }
        self.sums[i]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_at_the_edge() {
        let square = |x: f64| exactly(x) * exactly(x);
        // 0.1 in binary is a little above a tenth, so 100 of its squares are a little above 1.
        let one = exactly(1.0);
        assert_eq!(count_below(&one, &square(0.1)), Some(99));
        assert_eq!(count_below(&one, &square(0.25)), Some(15));
        assert_eq!(count_below(&one, &square(0.5)), Some(3));
        assert_eq!(count_up_to(&one, &square(0.5)), Some(4));
        assert_eq!(count_below(&exactly(0.0), &square(0.5)), Some(0));
        assert_eq!(count_below(&one, &square(0.0)), None);
    }

    #[test]
    fn moments_are_products() {
        let mut moments = Moments::new(7.0);
        assert!((moments.sum(3) - (7.0f64 * 9.0 * 11.0).ln()).abs() < 1e-15);
        assert_eq!(moments.sum(0), 0.0);
    }
}
