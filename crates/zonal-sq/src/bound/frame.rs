//! SQ-0 and SQ-3: the number of queries from the fraction of targets that one query separates.

use super::{Bound, Goal, QueryClass, ln_quotient};
use crate::rounding::above;

/// Computes q >= (delta - p_plus) / p (SQ-0). `p` is the largest fraction of targets that one query separates from its
/// target-free answer, `p_plus` the largest fraction that has correlation sqrt(epsilon) with one hypothesis of norm 1.
pub fn from_separated_fraction(goal: Goal, p_plus: f64, p: f64, class: QueryClass, prior: &str) -> Bound {
    Bound::new("SQ-0", class, prior, ln_quotient(goal.delta, p_plus, above(p.ln(), 0.0))).assuming(format!(
        "one query separates at most {p} of the targets, one hypothesis fits at most {p_plus}"
    ))
}

/// Computes the largest success probability of a learner whose queries separate these fractions of the targets (SQ-0
/// for unequal queries): their sum plus p_plus, at most 1.
pub fn from_unequal_queries(fractions: &[f64], p_plus: f64) -> f64 {
    above(fractions.iter().sum::<f64>() + p_plus, fractions.len() as f64 * f64::EPSILON).min(1.0)
}

/// Computes SQ-3 from kappa^2 = sup_h E_f D_f(h)^2 / Var_base h: a query of STAT(tau) separates at most kappa^2 / tau^2
/// of the targets, and a query of VSTAT(t) at most 3 t kappa^2.
pub fn statistical_dimension(goal: Goal, p_plus: f64, kappa_sq: f64, vstat: f64, prior: &str) -> Bound {
    let p = above(3.0 * vstat * kappa_sq, 0.0);
    Bound::new("SQ-3", QueryClass::Any, prior, ln_quotient(goal.delta, p_plus, above(p.ln(), 0.0)))
        .assuming(format!("VSTAT({vstat}), with E D^2 <= {kappa_sq:e} Var for every query"))
}
