//! SQ-1 and SQ-9: targets drawn uniformly from a finite family.

use super::{Bound, Goal, QueryClass, check_tolerance};
use crate::family::GramBounds;
use crate::rounding::{below, exactly};
use ::zonal::Result;
use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use num_traits::ToPrimitive;

/// Computes SQ-1 for a family of M members with known bounds on its Gram matrix, against correlational queries:
/// q >= (delta M - K_plus(sqrt epsilon)) / K(tau).
///
/// # Errors
/// [`::zonal::Error::Parameter`] for a tolerance outside (0, 1].
pub fn with_gram(gram: &GramBounds, tau: f64, goal: Goal) -> Result<Bound> {
    check_tolerance(tau)?;
    let dropped = gram.drop_bound(tau);
    let fits = gram.fit_bound(goal.epsilon);
    let prior = format!("uniform on {} members", gram.size);
    let class = QueryClass::Correlational;
    let bound =
        quotient("SQ-1", class, &prior, &BigUint::from(gram.size), goal, &fits.into(), &dropped.into())
            .assuming("the tolerance is that of a query y g(x) with E g^2 = 1");
    Ok(match &gram.largest_eigenvalue_by {
        Some(how) => bound.assuming(how),
        None => bound,
    })
}

/// Computes SQ-9 for M exactly orthonormal targets with labels +-1, such as products of signs, against any query:
/// q >= (delta M - floor(1/epsilon)) / (ceil(1/tau^2) - 1).
///
/// # Errors
/// [`::zonal::Error::Parameter`] for a tolerance outside (0, 1].
pub fn products_of_signs(size: &BigUint, tau: f64, class: QueryClass, goal: Goal) -> Result<Bound> {
    Ok(orthonormal("SQ-9", size, tau, class, goal)?
        .for_any_query(class)
        .assuming("the tolerance is that of a query with values in [-1, 1]")
        .assuming(
            "labels are +-1: a query is an even part, which no target changes, plus y times a function of x",
        ))
}

/// Computes SQ-1 for M exactly orthonormal targets against correlational queries.
///
/// # Errors
/// [`::zonal::Error::Parameter`] for a tolerance outside (0, 1].
pub fn orthonormal_members(size: &BigUint, tau: f64, goal: Goal) -> Result<Bound> {
    Ok(orthonormal("SQ-1", size, tau, QueryClass::Correlational, goal)?
        .assuming("the tolerance is that of a query y g(x) with E g^2 = 1"))
}

fn orthonormal(theorem: &str, size: &BigUint, tau: f64, class: QueryClass, goal: Goal) -> Result<Bound> {
    check_tolerance(tau)?;
    // K is the largest integer below 1/tau^2, K_plus the largest integer up to 1/epsilon.
    let one = BigInt::from(1);
    let square = exactly(tau) * exactly(tau);
    let dropped = (square.recip().ceil().to_integer() - &one).min(size.clone().into());
    let fits = exactly(goal.epsilon).recip().floor().to_integer().min(size.clone().into());
    let prior = format!("uniform on {size} members");
    Ok(quotient(theorem, class, &prior, size, goal, &fits, &dropped))
}

/// Computes (delta M - K_plus) / K in exact arithmetic. There is no finite bound if K = 0, since no query separates
/// anything.
fn quotient(
    theorem: &str,
    class: QueryClass,
    prior: &str,
    size: &BigUint,
    goal: Goal,
    fits: &BigInt,
    dropped: &BigInt,
) -> Bound {
    let wanted = exactly(goal.delta) * BigRational::from_integer(size.clone().into());
    let left = wanted - BigRational::from_integer(fits.clone());
    if left <= BigRational::from_integer(0.into()) {
        return Bound::new(theorem, class, prior, f64::NEG_INFINITY);
    }
    if dropped == &BigInt::from(0) {
        return Bound { vacuous: false, ..Bound::new(theorem, class, prior, f64::NEG_INFINITY) }
            .assuming("no query separates any member: no number of queries suffices");
    }
    let queries = left / BigRational::from_integer(dropped.clone());
    let ln = below(ln_of(&queries), 1.0);
    Bound::new(theorem, class, prior, ln)
}

/// Computes ln of a positive fraction; fractions outside the range of f64 are scaled by their sizes in bits.
fn ln_of(x: &BigRational) -> f64 {
    match x.to_f64() {
        Some(value) if value.is_normal() => value.ln(),
        _ => {
            let shift = x.numer().bits() as i64 - x.denom().bits() as i64;
            let bits = u64::try_from(shift.max(0)).unwrap_or(0);
            let reduced = x / BigRational::from_integer(BigInt::from(1) << bits);
            reduced.to_f64().unwrap_or(1.0).ln() + bits as f64 * std::f64::consts::LN_2
        }
    }
}
