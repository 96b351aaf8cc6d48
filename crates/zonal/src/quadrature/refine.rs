//! Sums over the nodes of a rule whose step is halved until nothing changes, and what the changes say of the error.

use super::integral::{Integral, Route};
use crate::numeric::{DoubleDouble, Scaled};

/// A level with more points than this is the last.
const MOST_NODES: usize = 200_000;
/// Terms below this part of the sum of absolute terms are left out at the ends.
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

/// Value and mass of each integral, normalised by the sum of the weights.
pub(super) type Integrals = Vec<(DoubleDouble, f64)>;

/// What is asked of a set of sums: add the nodes u and -u, or tell the integrals so far.
pub(super) enum Answer {
    /// Whether all terms added were negligible.
    Negligible(bool),
    /// The integrals.
    Integrals(Integrals),
}

/// Adds the nodes of finer and finer levels until no integral gains from another one; answers with a bound on each
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
            // Weights fall so fast that only sums which are not numbers get this far, and nothing saves those.
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

/// What is known of the error of an integral after some levels.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    pub(super) relative: f64,
    pub(super) absolute: f64,
    /// The change at the last level, relative to the mass.
    pub(super) change: f64,
}

impl Bound {
    pub(super) const UNKNOWN: Self = Self { relative: f64::INFINITY, absolute: f64::INFINITY, change: 1.0 };

    /// The integral with this bound; `factor` is what its sum was multiplied by.
    pub(super) fn integral(&self, value: Scaled, factor: f64, route: Route) -> Integral {
        let absolute_error = self.absolute * factor;
        Integral { value, relative_error: self.relative, absolute_error, route, proven: false }
    }
}

/// Bounds on the errors of `now`; whether another level would gain nothing.
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
        // An exponentially convergent rule squares its error with each level: where that is seen, the power 3/2 of
        // the change is granted. Otherwise, at a kink nobody named for example, the change itself is the bound.
        let squaring = change <= bound.change.powf(1.4) && change < 1e-6 && bound.change < 1.0;
        // Slow convergence may go up and down, so the two last changes count, four times.
        let slow = 4.0 * change.max(0.25 * bound.change.min(1.0));
        let convergence = if squaring { change.powf(1.5) } else { slow };
        let absolute = mass * (rounding + convergence);
        let relative = if absolute == 0.0 || vanishes(k) { 0.0 } else { absolute / value.to_f64().abs() };
        // No terms at all is a sign of underflow, not of an exact zero.
        let relative =
            if relative.is_nan() || mass == 0.0 && !vanishes(k) { f64::INFINITY } else { relative };
        *bound = Bound { relative, absolute, change };
        finished &= convergence <= rounding || vanishes(k);
    }
    finished
}
