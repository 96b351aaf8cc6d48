//! Sums over the nodes of a rule whose step is halved until the sums no longer change, with error estimates from the
//! changes.

use super::integral::{Integral, Route};
use crate::numeric::{DoubleDouble, Scaled};

/// A level with more points than this is the last one.
const MOST_NODES: usize = 200_000;
/// Terms below this fraction of the sum of absolute terms are omitted at the ends.
pub(super) const NEGLIGIBLE: f64 = 1e-34;

/// A running sum and the sum of its absolute terms.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) value: DoubleDouble,
    pub(super) mass: f64,
}

impl Sum {
    pub(super) fn add(&mut self, value: DoubleDouble, size: f64) {
        self.value = self.value + value;
        self.mass += size;
    }
}

/// The value and mass of each integral, normalised by the sum of the weights.
pub(super) type Integrals = Vec<(DoubleDouble, f64)>;

/// The answer of a set of sums to one of two requests: add the nodes u and -u, or return the integrals so far.
pub(super) enum Answer {
    /// Whether all terms added were negligible.
    Negligible(bool),
    /// The integrals.
    Integrals(Integrals),
}

/// Adds the nodes of finer and finer levels until no integral improves; returns the integrals with a bound on each
/// relative error.
pub(super) fn refine(
    first_step: f64,
    levels: usize,
    rounding: f64,
    mut add: impl FnMut(Option<DoubleDouble>) -> Answer,
    vanishes: &dyn Fn(usize) -> bool,
) -> Vec<Bound> {
    let mut h = first_step;
    add(Some(DoubleDouble::ZERO));
    let mut level = |h: f64, stride: usize| -> (Integrals, usize) {
        let (mut j, mut nodes) = (1, 0);
        while let Answer::Negligible(false) = add(Some(DoubleDouble::from_product(j as f64, h))) {
            j += stride;
            nodes += 1;
            // Weights decrease so fast that only sums that are not numbers get this far; more nodes would not help.
            if nodes > 2 * MOST_NODES {
                break;
            }
        }
        match add(None) {
            Answer::Integrals(integrals) => (integrals, nodes),
            Answer::Negligible(_) => (Vec::new(), nodes),
        }
    };
    let (mut before, mut nodes) = level(h, 1);
    let mut bounds = vec![Bound::UNKNOWN; before.len()];
    for _ in 0..levels {
        if nodes > MOST_NODES {
            break;
        }
        h *= 0.5;
        let now;
        (now, nodes) = level(h, 2);
        let finished = update_bounds(&mut bounds, &before, &now, rounding, vanishes);
        if finished {
            break;
        }
        before = now;
    }
    bounds
}

/// The known bounds on the error of an integral after some levels.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    pub(super) relative: f64,
    pub(super) absolute: f64,
    /// The change at the last level, relative to the mass.
    pub(super) change: f64,
}

impl Bound {
    pub(super) const UNKNOWN: Self = Self { relative: f64::INFINITY, absolute: f64::INFINITY, change: 1.0 };

    /// Returns the integral with this bound; `factor` is the factor by which its sum was multiplied.
    pub(super) fn integral(&self, value: Scaled, factor: f64, route: Route) -> Integral {
        let absolute_error = self.absolute * factor;
        Integral { value, relative_error: self.relative, absolute_error, route, proven: false }
    }
}

/// Updates the bounds on the errors of `now`. Returns whether another level would not improve them.
pub(super) fn update_bounds(
    bounds: &mut [Bound],
    before: &Integrals,
    now: &Integrals,
    rounding: f64,
    vanishes: &dyn Fn(usize) -> bool,
) -> bool {
    let mut finished = true;
    for (k, bound) in bounds.iter_mut().enumerate() {
        let (value, mass) = now[k];
        let change = if mass > 0.0 { (value - before[k].0).to_f64().abs() / mass } else { 0.0 };
        // An exponentially convergent rule squares its error with each level; if that is observed, the bound is the
        // power 3/2 of the change. Otherwise, for example at an unnamed kink, the change itself is the bound.
        let squaring = change <= bound.change.powf(1.4) && change < 1e-6 && bound.change < 1.0;
        // Slow convergence may not be monotone, so the last two changes count, with a factor of four.
        let slow = 4.0 * change.max(0.25 * bound.change.min(1.0));
        let convergence = if squaring { change.powf(1.5) } else { slow };
        let absolute = mass * (rounding + convergence);
        let relative = if absolute == 0.0 || vanishes(k) { 0.0 } else { absolute / value.to_f64().abs() };
        // A sum without terms is a sign of underflow, not of an exact zero.
        let relative =
            if relative.is_nan() || mass == 0.0 && !vanishes(k) { f64::INFINITY } else { relative };
        *bound = Bound { relative, absolute, change };
        finished &= convergence <= rounding || vanishes(k);
    }
    finished
}
