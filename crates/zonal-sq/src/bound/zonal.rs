//! SQ-2 and SQ-4: a zonal harmonic in a uniform direction.

use super::{Bound, Goal, QueryClass, cantelli, check_degree, check_tolerance, ln_quotient, tail};
use crate::rounding::{ln_multiplicities, ln_multiplicity};
use ::zonal::Result;
use ::zonal::sphere::{Degree, Dim};

/// Degrees of a query from this one on are bounded together.
const LAST: usize = 60;

const PRIOR: &str = "sqrt(N) P_k(<u,x>) with u uniform on the sphere";

/// Computes a lower bound on the queries needed to learn sqrt(N) P_k(<u, x>) with uniform u: SQ-2 for correlational
/// queries, SQ-4 for any query, including Lipschitz ones.
///
/// ```
/// use zonal::sphere::Dim;
/// use zonal_sq::bound::{Goal, QueryClass, zonal_harmonics};
/// let goal = Goal::new(0.5, 0.5)?;
/// let bound = zonal_harmonics(Dim::new(1000)?, 3, 0.03, QueryClass::Correlational, goal)?;
/// assert!((bound.log10_queries.unwrap() - 13.5).abs() < 0.05);
/// # Ok::<(), zonal::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`](::zonal::Error::Parameter) for degree 0 or a tolerance outside (0, 1].
pub fn zonal_harmonics(dim: Dim, degree: Degree, tau: f64, class: QueryClass, goal: Goal) -> Result<Bound> {
    check_tolerance(tau)?;
    check_degree(degree)?;
    let ln_n = ln_multiplicity(dim, degree);
    let correlated = |s: f64| tail::ln_single(degree, dim.as_f64(), ln_n + 2.0 * s.ln());
    let p_plus = cantelli(ln_n, goal.epsilon).min(correlated(goal.epsilon.sqrt()).exp());
    let bound = match class {
        QueryClass::Correlational => {
            Bound::new("SQ-2", class, PRIOR, ln_quotient(goal.delta, p_plus, correlated(tau)))
                .assuming("the tolerance is that of a query y g(x) with E g^2 = 1")
                .assuming("theorem used: Nelson's hypercontractivity of Gaussian polynomials")
        }
        QueryClass::Lipschitz(_) | QueryClass::Any => {
            let ln_p = arbitrary(dim, degree, tau);
            Bound::new("SQ-4", class, PRIOR, ln_quotient(goal.delta, p_plus, ln_p))
                .for_any_query(class)
                .assuming("the tolerance is that of a query with values in [-1, 1]; labels have no noise")
                .assuming("theorem used: Nelson's hypercontractivity of Gaussian polynomials")
        }
    };
    Ok(bound)
}

/// Computes ln p of SQ-4. An even label hides the odd degrees of a query.
fn arbitrary(dim: Dim, degree: Degree, tau: f64) -> f64 {
    let ln_n = ln_multiplicities(dim, LAST);
    let (first, step) = if degree.is_multiple_of(2) { (2, 2) } else { (1, 1) };
    let weights: Vec<tail::Weight> = (first..LAST).step_by(step).map(|j| (j, -ln_n[j])).collect();
    tail::ln_sum(&weights, -ln_n[LAST], dim.as_f64(), tau)
}
