//! Guarantees: the width, the step and the number of iterations that bring the expected loss to a goal (PL-1, PL-1b), and the
//! prediction of the infinite-width operator (PL-2).

mod rows;

use crate::dynamics::{Operator, Step};
use crate::error::{Error, Result};
use crate::spectrum::{Coefficient, Spectrum, check_law};
use crate::sphere::Degree;
use crate::target::PowerSpectrum;
use serde::Serialize;

pub use rows::{ProvedRows, RowsBound};

/// The bound of PL-1b with the comparator that minimises it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LossBound {
    /// An upper bound on the expectation over hidden units of E (g - f_T)^2.
    pub bound: f64,
    /// The degrees of the comparator: visible, with energy.
    pub degrees: Vec<Degree>,
    /// The share s_k of each of them in the comparator.
    pub shares: Vec<f64>,
    /// The error of the comparator's mean: the energy in other degrees and (1 - s_k)^2 of that in these.
    pub comparator_error: f64,
    /// R^2 = sum s_k^2 ||g_k||^2 / alpha_k^2, the mean square of the comparator's output coefficients.
    pub comparator_norm_sq: f64,
}

/// Computes the bound of PL-1b, the smallest of PL-1 over all comparators with a share of each visible degree, for a step of at
/// most 1 / ||phi||^2 or the step 1 / lambda_max(K), both of which are covered by 1/eta <= `inverse_step`:
///
/// sum_k ||g_k||^2 h_k / (1 + h_k), h_k = (||phi||^2 / m + 1 / (2 eta T)) / alpha_k^2 - 1/m, plus the energy of other degrees.
///
/// Infinite width and infinitely many iterations are `f64::INFINITY`. The bound never increases with the width or the
/// iterations. It is NaN for a target on another sphere than that of the spectrum.
pub fn smallest_loss_bound(
    target: &PowerSpectrum,
    spectrum: &Spectrum,
    width: f64,
    inverse_step: f64,
    iterations: f64,
) -> LossBound {
    let fits = check_law(spectrum.law(), target.dim()).is_ok();
    let outside = if fits { target.tail_energy } else { f64::NAN };
    let mut found = LossBound {
        bound: outside,
        degrees: Vec::new(),
        shares: Vec::new(),
        comparator_error: outside,
        comparator_norm_sq: 0.0,
    };
    for (k, &energy) in target.energies.iter().enumerate() {
        let Some(coefficient) = usable(spectrum, k).filter(|_| energy != 0.0) else {
            found.bound += energy;
            found.comparator_error += energy;
            continue;
        };
        // The bound uses the smallest coefficient that the errors allow.
        let eigenvalue = coefficient.eigenvalue() * (1.0 - coefficient.relative_error).powi(2);
        let cost = (spectrum.norm_sq() / width + 0.5 * inverse_step / iterations) / eigenvalue - 1.0 / width;
        let share = 1.0 / (1.0 + cost);
        // 1 - share without the loss of digits of a small cost; all of it if the cost is infinite.
        let missed = if cost < f64::INFINITY { cost * share } else { 1.0 };
        found.bound += energy * missed;
        found.comparator_error += energy * missed * missed;
        found.comparator_norm_sq += energy * share * share / eigenvalue;
        found.degrees.push(k);
        found.shares.push(share);
    }
    found
}

/// Returns the coefficient of a degree that a comparator can use: computed, visible and with a square in the range of f64.
fn usable(spectrum: &Spectrum, degree: Degree) -> Option<&Coefficient> {
    spectrum.get(degree).filter(|c| c.visible() && c.eigenvalue() > 0.0)
}

/// The goal of a plan, and the quantities that the user has fixed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// The comparator is the best polynomial of at most this degree.
    pub degree: Degree,
    /// The amount by which the expected loss may exceed the comparator's error.
    pub epsilon: f64,
    /// A given width; None for the smallest sufficient one.
    pub width: Option<u64>,
    /// A given number of iterations; None for the smallest sufficient one.
    pub iterations: Option<u64>,
}

/// Width, step and iterations with the bound that they guarantee.
///
/// For random hidden units and gradient descent from zero on exact expectations, with `step_size` or with
/// 1 / lambda_max(K), the expected loss is at most `loss_bound` (PL-1b), which is at most
/// `best_polynomial_error` + `invisible_energy` + `undetermined_energy` + epsilon.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The width m.
    pub width: u64,
    /// The iterations T.
    pub iterations: u64,
    /// The step 1 / ||phi||^2.
    pub step_size: f64,
    /// ||phi||^2.
    pub norm_sq: f64,
    /// R^2, the mean square of the comparator's output coefficients.
    pub comparator_norm_sq: f64,
    /// The error of the best polynomial of the goal's degree.
    pub best_polynomial_error: f64,
    /// The loss that the plan is to reach: `best_polynomial_error` + `invisible_energy` + `undetermined_energy` + epsilon.
    pub goal: f64,
    /// The bound of PL-1b.
    pub loss_bound: f64,
    /// The error of the comparator's mean, from which the bound starts.
    pub comparator_error: f64,
    /// The degrees of the comparator: visible, with energy.
    pub degrees: Vec<Degree>,
    /// The share of each of them in the comparator.
    pub shares: Vec<f64>,
    /// Degrees up to the goal's that have energy and to which the activation is blind.
    pub invisible_degrees: Vec<Degree>,
    /// The energy in `invisible_degrees`, which no width removes.
    pub invisible_energy: f64,
    /// Degrees up to the goal's that have energy and whose coefficients are too small to be distinguished from zero.
    pub undetermined_degrees: Vec<Degree>,
    /// The energy in `undetermined_degrees`, which no bound here covers.
    pub undetermined_energy: f64,
    /// The smallest number of iterations after which the loss at infinite width is at most the goal, with the energy
    /// beyond the goal's degree not learned (PL-2); None if the goal needs no iterations or no count up to 10^18
    /// reaches it.
    pub operator_iterations: Option<u64>,
}

/// The fraction of the allowed excess over the comparator's error that is assigned to iterations; the rest is assigned
/// to the width. On the path iterations cost nothing, while time grows with the cube of the width.
const ITERATIONS_SHARE: f64 = 0.01;
/// The largest count in a plan, which is also the largest that the program accepts.
const MOST: u64 = 1_000_000_000_000_000_000;
/// Energies below this fraction of the target's energy are rounding errors.
pub const NEGLIGIBLE: f64 = 1e-14;

impl Plan {
    /// Finds the smallest width, and then the smallest number of iterations, that reach the goal, unless they are
    /// given.
    ///
    /// ```
    /// use zonal::prelude::*;
    /// let dim = Dim::new(6)?;
    /// let target = Target::parse("x1*x2", dim, 0)?.power_spectrum(2)?;
    /// let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 2)?;
    /// let epsilon = 0.1 * target.total();
    /// let plan = Plan::new(&target, &spectrum, Goal { degree: 2, epsilon, width: None, iterations: None })?;
    /// assert!(plan.loss_bound <= epsilon && plan.best_polynomial_error == 0.0);
    /// # Ok::<(), zonal::Error>(())
    /// ```
    ///
    /// `target` and `spectrum` must list the degrees up to the goal's. Cost: a few hundred sums over the degrees.
    ///
    /// # Errors
    /// [`Error::Size`] if the dimensions differ or degrees up to the goal's are missing; [`Error::Parameter`] for the
    /// spectrum of infinite dimension, an epsilon that is not positive, a given width or count with which no bound of
    /// PL-1b reaches the goal (the smallest that does is named), and a goal beyond 10^18 units or iterations.
    pub fn new(target: &PowerSpectrum, spectrum: &Spectrum, goal: Goal) -> Result<Self> {
        check_goal(target, spectrum, &goal)?;
        let (parts, norm_sq) = (Parts::new(target, spectrum, goal.degree), spectrum.norm_sq());
        let allowed = parts.beyond + parts.invisible.1 + parts.undetermined.1 + goal.epsilon;
        let bound = |width: f64, iterations: f64| {
            smallest_loss_bound(&parts.seen, spectrum, width, norm_sq, iterations)
        };
        let least_width =
            |iterations: f64, allowed: f64| smallest(1, |m| bound(m as f64, iterations).bound <= allowed);
        let least_iterations = |width: u64| smallest(0, |t| bound(width as f64, t as f64).bound <= allowed);
        let (width, iterations) = match (goal.width, goal.iterations) {
            (Some(m), Some(t)) => (m, t),
            (Some(m), None) => {
                let t = least_iterations(m).ok_or_else(|| {
                    let needed = least_width(f64::INFINITY, allowed);
                    let within = bound(m as f64, MOST as f64).bound - (allowed - goal.epsilon);
                    unreachable("the width", m, needed.map(|least| (least, within)), &goal, allowed)
                })?;
                (m, t)
            }
            (None, Some(t)) => {
                let m = least_width(t as f64, allowed).ok_or_else(|| {
                    let needed = smallest(0, |t| bound(f64::INFINITY, t as f64).bound <= allowed);
                    let within = bound(MOST as f64, t as f64).bound - (allowed - goal.epsilon);
                    unreachable(
                        "the number of iterations",
                        t,
                        needed.map(|least| (least, within)),
                        &goal,
                        allowed,
                    )
                })?;
                (m, t)
            }
            (None, None) => {
                let for_width = allowed - ITERATIONS_SHARE * goal.epsilon;
                least_width(f64::INFINITY, for_width)
                    .and_then(|m| Some((m, least_iterations(m)?)))
                    .or_else(|| Some((least_width(MOST as f64, allowed)?, MOST)))
                    .ok_or_else(|| unreachable("the goal's epsilon", goal.epsilon, None, &goal, allowed))?
            }
        };
        let found = bound(width as f64, iterations as f64);
        Ok(Self {
            width,
            iterations,
            step_size: 1.0 / norm_sq,
            norm_sq,
            comparator_norm_sq: found.comparator_norm_sq,
            best_polynomial_error: parts.beyond,
            goal: allowed,
            loss_bound: found.bound,
            comparator_error: found.comparator_error,
            operator_iterations: operator_iterations(&parts.seen, spectrum, allowed)?,
            degrees: found.degrees,
            shares: found.shares,
            invisible_degrees: parts.invisible.0,
            invisible_energy: parts.invisible.1,
            undetermined_degrees: parts.undetermined.0,
            undetermined_energy: parts.undetermined.1,
        })
    }

    /// Computes a bound on the loss of a single draw of hidden units that holds with probability at least 1 - delta:
    /// (e + sqrt(excess / delta))^2, where the bound is e^2 + excess. Markov's inequality cannot be applied to
    /// the excess of the loss itself, since that can be negative.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a delta outside (0, 1).
    pub fn bound_with_probability(&self, delta: f64) -> Result<f64> {
        if !(delta > 0.0 && delta < 1.0) {
            return Err(Error::parameter("delta", delta, "a number between 0 and 1"));
        }
        let excess = (self.loss_bound - self.comparator_error).max(0.0);
        Ok((self.comparator_error.sqrt() + (excess / delta).sqrt()).powi(2))
    }
}

/// Checks the arguments of [`Plan::new`].
fn check_goal(target: &PowerSpectrum, spectrum: &Spectrum, goal: &Goal) -> Result<()> {
    check_law(spectrum.law(), target.dim())?;
    if !(goal.epsilon > 0.0 && goal.epsilon.is_finite()) {
        return Err(Error::parameter("epsilon", goal.epsilon, "a positive number"));
    }
    for (name, given) in
        [("the width of a plan", goal.width), ("the number of iterations of a plan", goal.iterations)]
    {
        if given == Some(0) {
            return Err(Error::parameter(name, 0, "at least 1"));
        }
    }
    let listed = target.energies.len().min(spectrum.coefficients().len());
    if goal.degree >= listed {
        let required = goal.degree.saturating_add(1);
        return Err(Error::Size {
            what: "degrees of the target and the spectrum".into(),
            found: listed,
            required,
        });
    }
    Ok(())
}

/// The energy of a target, split for a plan.
struct Parts {
    /// The energies up to the goal's degree that have a coefficient; all other energy is in the tail.
    seen: PowerSpectrum,
    /// The energy beyond the goal's degree.
    beyond: f64,
    invisible: (Vec<Degree>, f64),
    undetermined: (Vec<Degree>, f64),
}

impl Parts {
    fn new(target: &PowerSpectrum, spectrum: &Spectrum, degree: Degree) -> Self {
        let negligible = NEGLIGIBLE * target.total();
        let split = target.energies.len().min(degree + 1);
        let beyond = target.energies[split..].iter().sum::<f64>() + target.tail_energy;
        let mut energies = target.energies[..split].to_vec();
        let (mut invisible, mut undetermined) = ((Vec::new(), 0.0), (Vec::new(), 0.0));
        for (k, energy) in energies.iter_mut().enumerate() {
            if usable(spectrum, k).is_some() || *energy <= negligible {
                continue;
            }
            let list = if spectrum.activation().vanishes_at(k) { &mut invisible } else { &mut undetermined };
            list.0.push(k);
            list.1 += *energy;
            *energy = 0.0;
        }
        let tail_energy = beyond + invisible.1 + undetermined.1;
        let seen = PowerSpectrum::new(target.dim(), energies, tail_energy);
        Self { seen, beyond, invisible, undetermined }
    }
}

/// Returns the smallest count from `first` to [`MOST`] for which `holds` is true; once true, it must remain true.
fn smallest(first: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if holds(first) {
        return Some(first);
    }
    let (mut fails, mut does) = (first, MOST);
    if !holds(does) {
        return None;
    }
    while does - fails > 1 {
        let middle = fails + (does - fails) / 2;
        if holds(middle) { does = middle } else { fails = middle }
    }
    Some(does)
}

fn unreachable(
    name: &str,
    found: impl std::fmt::Display,
    needed: Option<(u64, f64)>,
    goal: &Goal,
    allowed: f64,
) -> Error {
    let required = match needed {
        // Four digits, the last one rounded up.
        Some((least, within)) => format!(
            "at least {least} for a loss of {allowed:.4e} to be proved; or epsilon at least {:.3e} instead of {:.3e}",
            within * 1.0006,
            goal.epsilon
        ),
        None => format!(
            "larger, or the degree {} lower: no width and iterations up to {MOST:e} prove a loss of {allowed:.4e}",
            goal.degree,
            MOST = MOST as f64
        ),
    };
    Error::parameter(name, found, required)
}

/// Returns the smallest T with ||g - f_T||^2 <= `allowed` at infinite width and the step 1 / ||phi||^2 (PL-2), unless
/// it is 0. The sum is over all visible degrees, in the comparator or not: the energy outside the sum also counts
/// against the goal.
fn operator_iterations(seen: &PowerSpectrum, spectrum: &Spectrum, allowed: f64) -> Result<Option<u64>> {
    let operator = Operator::new(spectrum, Step::Auto)?;
    let reaches = |t: u64| operator.residual(seen, seen.energies.len(), t).total() <= allowed;
    Ok(smallest(0, reaches).filter(|t| *t > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::sphere::Dim;
    use proptest::prelude::*;

    fn relu() -> Spectrum {
        Spectrum::new(&Activation::Relu, Dim::new(10).unwrap(), 1.0, 6).unwrap()
    }

    fn energies(energies: &[f64]) -> PowerSpectrum {
        energies_in(10, energies)
    }

    fn energies_in(n: u64, energies: &[f64]) -> PowerSpectrum {
        PowerSpectrum::new(Dim::new(n).unwrap(), energies.to_vec(), 0.0)
    }

    fn goal(degree: Degree, epsilon: f64) -> Goal {
        Goal { degree, epsilon, width: None, iterations: None }
    }

    #[test]
    fn a_plan_is_the_formula_solved_for_width_and_iterations() {
        let (target, spectrum) = (energies(&[0.0, 0.64, 0.36, 0.0, 0.09]), relu());
        let plan = Plan::new(&target, &spectrum, goal(2, 0.05)).unwrap();
        assert_eq!(plan.degrees, [1, 2]);
        assert!((plan.best_polynomial_error - 0.09).abs() < 1e-16);
        let value = |m: u64, t: u64| {
            let of = |k: usize, energy: f64| {
                let h = (plan.norm_sq / m as f64 + 1.0 / (2.0 * plan.step_size * t as f64))
                    / spectrum.eigenvalue(k).unwrap()
                    - 1.0 / m as f64;
                energy * h / (1.0 + h)
            };
            0.09 + of(1, 0.64) + of(2, 0.36)
        };
        assert!((plan.loss_bound - value(plan.width, plan.iterations)).abs() < 1e-14);
        // The bound is the error of the comparator's mean and what its random part and its coefficients cost.
        let (m, t) = (plan.width as f64, plan.iterations as f64);
        let [a, b] = [0.64 * plan.shares[0].powi(2), 0.36 * plan.shares[1].powi(2)];
        let r_sq = a / spectrum.eigenvalue(1).unwrap() + b / spectrum.eigenvalue(2).unwrap();
        assert!((plan.comparator_norm_sq / r_sq - 1.0).abs() < 1e-14);
        let parts = (plan.norm_sq * r_sq - a - b) / m + r_sq / (2.0 * plan.step_size * t);
        assert!((plan.comparator_error + parts - plan.loss_bound).abs() < 1e-14);
        assert!(plan.loss_bound <= 0.14);
        // One unit or one iteration less is not sufficient.
        assert!(value(plan.width, plan.iterations - 1) > 0.14);
        assert!(value(plan.width - 1, u64::MAX) > 0.14 - 0.01 * 0.05);
    }

    #[test]
    fn invisible_degrees_are_named_and_cost_their_energy() {
        let target = energies(&[0.0, 0.5, 0.0, 0.3, 0.1]);
        let plan = Plan::new(&target, &relu(), goal(3, 0.05)).unwrap();
        assert_eq!((plan.degrees, plan.invisible_degrees), (vec![1], vec![3]));
        assert_eq!(plan.invisible_energy, 0.3);
        assert!(plan.loss_bound <= 0.1 + 0.3 + 0.05);
    }

    #[test]
    fn of_what_costs_more_than_it_brings_little_is_used() {
        // Degree 4 has less energy than epsilon, and all of it would multiply the width.
        let target = energies(&[0.0, 0.9, 0.1, 0.0, 0.01]);
        let with = Plan::new(&target, &relu(), goal(4, 0.05)).unwrap();
        assert_eq!(with.degrees, [1, 2, 4]);
        assert!(with.shares[2] < 0.2 && with.shares[0] > 0.9, "{:?}", with.shares);
        assert!(with.loss_bound <= 0.05);
    }

    #[test]
    fn given_width_or_iterations_are_kept_or_refused_with_what_would_do() {
        let (target, spectrum) = (energies(&[0.0, 0.64, 0.36, 0.0, 0.09]), relu());
        let wide = Plan::new(&target, &spectrum, Goal { width: Some(10_000), ..goal(2, 0.05) }).unwrap();
        let free = Plan::new(&target, &spectrum, goal(2, 0.05)).unwrap();
        assert!(wide.width == 10_000 && wide.iterations < free.iterations && wide.loss_bound <= 0.14);
        let short = Goal { iterations: Some(free.iterations / 10), ..goal(2, 0.05) };
        let short = Plan::new(&target, &spectrum, short).unwrap();
        assert!(short.width > free.width && short.loss_bound <= 0.14);
        let narrow = Goal { width: Some(500), ..goal(2, 0.05) };
        let message = Plan::new(&target, &spectrum, narrow).unwrap_err().to_string();
        let least: u64 =
            message.split("at least ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(Plan::new(&target, &spectrum, Goal { width: Some(least), ..goal(2, 0.05) }).is_ok());
        assert!(Plan::new(&target, &spectrum, Goal { width: Some(least - 1), ..goal(2, 0.05) }).is_err());
        let epsilon = message.split("epsilon at least ").nth(1).unwrap().split(' ').next().unwrap();
        let epsilon: f64 = epsilon.parse().unwrap();
        let with = |epsilon| Plan::new(&target, &spectrum, Goal { width: Some(500), ..goal(2, epsilon) });
        assert!(with(epsilon).is_ok() && with(0.99 * epsilon).is_err(), "{epsilon}");
    }

    #[test]
    fn target_and_spectrum_have_one_dimension() {
        let size = |found| matches!(found, Err(Error::Size { found: 10, required: 4, .. }));
        let target = energies_in(4, &[0.0, 0.5, 0.25]);
        assert!(size(Plan::new(&target, &relu(), goal(2, 0.1))));
        assert!(smallest_loss_bound(&target, &relu(), 1e3, 1.0, 1e3).bound.is_nan());
        let limit = Spectrum::infinite_dimension(&Activation::Relu, 6).unwrap();
        assert!(matches!(Plan::new(&target, &limit, goal(2, 0.1)), Err(Error::Parameter { .. })));
    }

    #[test]
    fn a_goal_that_needs_nothing_costs_nothing() {
        let plan = Plan::new(&energies(&[0.0, 0.5]), &relu(), goal(1, 1.0)).unwrap();
        assert_eq!((plan.width, plan.iterations, plan.loss_bound), (1, 0, 0.5));
        assert_eq!(plan.operator_iterations, None);
    }

    #[test]
    fn the_operator_reaches_epsilon_at_the_predicted_count_and_not_long_before() {
        use crate::dynamics::{Operator, Step};
        let (target, spectrum) = (energies(&[0.2, 0.4, 0.3]), relu());
        let operator = Operator::new(&spectrum, Step::Auto).unwrap();
        for epsilon in [1e-2, 1e-5, 1e-9] {
            let t = Plan::new(&target, &spectrum, goal(2, epsilon)).unwrap().operator_iterations.unwrap();
            assert!(operator.residual(&target, 2, t).total() <= epsilon);
            assert!(operator.residual(&target, 2, t - 1).total() > epsilon);
        }
    }

    #[test]
    fn degrees_that_the_comparator_leaves_out_count_against_the_goal_of_infinite_width() {
        // 0.3 harmonic(2) + x1 in dimension 5; t + t^2 / 50 has a very small coefficient in degree 2.
        let (target, activation) =
            (energies_in(5, &[0.0, 0.2, 0.09]), Activation::parse("t+0.02*t^2").unwrap());
        let spectrum = Spectrum::new(&activation, Dim::new(5).unwrap(), 1.0, 2).unwrap();
        let plan = Plan::new(&target, &spectrum, goal(2, 0.1)).unwrap();
        assert!(plan.degrees == [1, 2] && plan.shares[1] < 0.01, "{:?}", plan.shares);
        let loss = |t: i32| {
            let factor = |k: usize| (1.0 - spectrum.eigenvalue(k).unwrap() / spectrum.norm_sq()).powi(2 * t);
            0.2 * factor(1) + 0.09 * factor(2)
        };
        let t = i32::try_from(plan.operator_iterations.unwrap()).unwrap();
        assert!(loss(t) <= 0.1 && loss(t - 1) > 0.1, "{t}: {} {}", loss(t), loss(t - 1));
    }

    proptest! {
        #[test]
        fn the_goal_is_met_whenever_there_is_a_plan(
            list in prop::collection::vec(0.0f64..1.0, 1..7),
            degree in 0usize..8,
            epsilon in 1e-4f64..2.0,
        ) {
            let target = energies(&list);
            if let Ok(plan) = Plan::new(&target, &relu(), goal(degree, epsilon)) {
                let allowed = plan.best_polynomial_error + plan.invisible_energy + epsilon;
                prop_assert!(plan.loss_bound <= allowed * (1.0 + 1e-12));
                let d = plan.bound_with_probability(0.1).unwrap();
                prop_assert!(d >= plan.loss_bound * (1.0 - 1e-12));
            }
        }
    }
}
