//! Agnostic convergence: with the width and the iterations of a plan, the mean loss reaches the best polynomial's
//! error up to epsilon, for any target.
//!
//! Power. The loss has only an upper bound, which it stays far below, so a plan that is too large would pass.
//! Therefore the terms of the plan are measured too. The comparator's mean error at the planned width equals the
//! width's term of the bound, and the mean square of its coefficients over 2 eta T equals the iterations' term; each
//! reason states the detectable error. The constant in R^2 / (2 eta T) is measured twice: on infinitely wide
//! networks, whose loss is a known fraction of that term, and for a single draw with the comparator that attains it.

use super::comparator::{Comparator, mean_error, mean_norm_sq};
use super::trial::Trial;
use crate::claim::Claim;
use zonal::dynamics::Step;
use zonal::measure::{Estimate, mean};
use zonal::observer::Observer;
use zonal::plan::Plan;
use zonal::sphere::Degree;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_documents::number::short;
use zonal_jobs::experiment::over_seeds;

pub(super) const CLAIM: Claim = Claim {
    name: "convergence",
    statement: "From random hidden units gradient descent reaches the error of the best polynomial of degree <= k, up \
                to epsilon, with the width and iterations of the plan; the plan's width and iterations are those at \
                which the terms of its bound add up to epsilon, and the term of the iterations has the right \
                constant",
    source: "Vempala and Wilmes 2019, the main theorem",
    formulas: "PL-1b",
    run,
};

/// Activation, scale, dimension, target, degree k, and epsilon for the two sizes.
struct Case(&'static str, f64, u64, &'static str, Degree, f64, f64);

/// Piecewise and analytic activations; targets with energy beyond k, with energy in every degree, and of several
/// forms. Some have a larger epsilon at the quick size, so that their networks are narrower.
const CASES: [Case; 8] = [
    Case("relu", 1.0, 10, "0.6*harmonic(2) + 0.8*harmonic(1) + 0.3*harmonic(4)", 2, 0.05, 0.25),
    Case("relu", 1.0, 5, "0.8*harmonic(2) + 0.4*harmonic(4)", 2, 0.1, 0.2),
    Case("tanh", 2.0, 5, "0.8*harmonic(1) + 0.4*harmonic(3) + 0.3*harmonic(5)", 3, 0.2, 0.2),
    Case("sigmoid", 2.0, 4, "x1 + x2*x3", 1, 0.01, 0.02),
    Case("gelu", 3.0, 6, "x1^2*x2 + x3*x4 + 0.5*harmonic(6)", 2, 0.01, 0.01),
    Case("exp", 1.0, 3, "x1*x2 + 0.5*x3^4", 2, 0.01, 0.05),
    Case("step", 1.0, 4, "0.7*harmonic(1) + 0.5*harmonic(3) + 0.3*harmonic(2)", 3, 0.3, 0.3),
    Case("softplus", 4.0, 6, "teacher(relu, units=5)", 2, 0.02, 0.02),
];

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for case in CASES {
        checks.extend(check_case(&case, size, observer)?);
    }
    checks.push(iterations_in_the_mean(size, observer)?);
    checks.push(iterations_of_one_draw()?);
    Ok(checks)
}

fn check_case(case: &Case, size: Size, observer: &mut dyn Observer) -> Result<[Check; 3]> {
    let &Case(activation, scale, dim, target, degree, whole, quick) = case;
    let epsilon = size.pick(whole, quick);
    let seeds = size.pick(20, 8);
    let trial = Trial::new(activation, scale, dim, target)?;
    let plan = trial.plan(degree, epsilon)?;
    let what = format!("{activation}, n = {dim}, {target}, k = {degree}, m = {}", plan.width);
    let loss = trial.mean_loss(plan.width, Step::Fixed(plan.step_size), plan.iterations, seeds, observer)?;
    let irreducible = plan.best_polynomial_error + plan.invisible_energy;
    let fraction = loss.value / (irreducible + epsilon);
    let reached = Check::at_most(
        format!("{what}: mean loss over {seeds} seeds"),
        loss.value,
        irreducible + epsilon,
        format!(
            "error {irreducible:.4} of the best visible polynomial plus epsilon = {epsilon}: a bound, of which the \
             loss is the fraction {}",
            short(fraction)
        ),
    );
    let [width, iterations] = terms(&trial, &plan, irreducible + epsilon, &what, size, observer)?;
    Ok([reached, width, iterations])
}

/// Compares the terms of the plan's bound with the comparator: its error for the width, its coefficients for the
/// iterations.
fn terms(
    trial: &Trial,
    plan: &Plan,
    goal: f64,
    what: &str,
    size: Size,
    observer: &mut dyn Observer,
) -> Result<[Check; 2]> {
    // Networks are wider, and slower, at the whole size.
    let seeds = size.pick(100, 200);
    let shares: Vec<(Degree, f64)> = plan.degrees.iter().copied().zip(plan.shares.iter().copied()).collect();
    let draws = over_seeds(0..seeds, observer, |seed| Comparator::new(trial, plan.width, &shares, seed))?;
    let term = 0.5 / (plan.step_size * plan.iterations as f64);
    let error = mean_error(&draws);
    let width = Check::mean(
        &format!("{what}: mean excess of the comparator's error over that of its mean"),
        Estimate { value: error.value - plan.comparator_error, standard_error: error.standard_error },
        goal - plan.comparator_norm_sq * term - plan.comparator_error,
        "the share of the goal that the iterations do not use",
    );
    let energies = trial.energies(plan.degrees.iter().copied().max().unwrap_or(0))?.energies;
    let energy: f64 = shares.iter().map(|&(k, share)| share * share * energies[k]).sum();
    let of_width = (plan.norm_sq * plan.comparator_norm_sq - energy) / plan.width as f64;
    let measured = mean_norm_sq(&draws);
    let iterations = Check::mean(
        &format!(
            "{what}, T = {}: mean square of the comparator's coefficients over 2 eta T",
            plan.iterations
        ),
        Estimate { value: measured.value * term, standard_error: measured.standard_error * term },
        goal - plan.comparator_error - of_width,
        "the share of the goal that the width does not use",
    );
    Ok([width, iterations])
}

/// Compares the loss of infinitely wide networks with the iterations' term. With x = eta T alpha_1^2, the energy
/// remaining in a single degree is (1 - x/T)^(2T) of its energy, and the term is 1/(2x) of it.
fn iterations_in_the_mean(size: Size, observer: &mut dyn Observer) -> Result<Check> {
    // For ReLU ||phi||^2 = 1/(2n) and alpha_1 = 1/(2n), so that eta alpha_1^2 = 1/(2n).
    let (dim, steps) = (6, 9);
    let rate = 1.0 / (2.0 * dim as f64);
    let trial = Trial::new("relu", 1.0, dim, "harmonic(1)")?;
    let spectrum = trial.spectrum(1)?;
    let step = Step::Fixed(1.0 / spectrum.norm_sq());
    let seeds = size.pick(400, 200);
    let (half, width) = (200, 400);
    let losses = over_seeds(0..seeds, observer, |seed| {
        let of = |width| Ok::<f64, crate::Error>(trial.experiment(width, step).losses(seed, &[steps])?[0]);
        // The deviation of order 1/m cancels; the narrow network consists of units of the wide one.
        Ok(2.0 * of(width)? - of(half)?)
    })?;
    let term = spectrum.norm_sq() / (2.0 * steps as f64 * spectrum.eigenvalue(1)?);
    let found = mean(&losses);
    let x = rate * steps as f64;
    Ok(Check::mean(
        &format!(
            "relu, n = {dim}, degree 1, T = {steps}: loss extrapolated to infinite width, as a fraction of R^2 / (2 \
             eta T)"
        ),
        Estimate { value: found.value / term, standard_error: found.standard_error / term },
        2.0 * x * (1.0 - rate).powi(2 * steps as i32),
        "2 x (1 - x/T)^(2T), x = eta T alpha_1^2, which is at most 1/e: the term is a bound that no mean attains",
    ))
}

/// Checks the iterations' term where it is attained: the loss after T steps exceeds that of the comparator v, the
/// coefficients after 2T steps, by |v|^2 / (2 eta T) in the limit of small eta T.
fn iterations_of_one_draw() -> Result<Check> {
    let trial = Trial::new("relu", 1.0, 6, "0.8*harmonic(1) + 0.6*harmonic(2)")?;
    let (steps, part) = (2, 1e-3);
    let step = part / trial.spectrum(2)?.norm_sq();
    let (_, path) = trial.experiment(50, Step::Fixed(step)).train(0, 2 * steps)?;
    let v = path.coefficients(&[2 * steps]);
    let term = zonal::linalg::dot(v.row(0), v.row(0)) / (2.0 * step * steps as f64);
    Ok(Check::near(
        "relu, n = 6, m = 50, eta T = 0.002 / ||phi||^2: excess of the loss after T steps over that after 2T steps, as \
         a fraction of |v|^2 / (2 eta T) of the latter",
        (path.loss(steps) - path.loss(2 * steps)) / term,
        1.0,
        3.0 * part * steps as f64,
        "1 - O(eta T lambda): the constant 1/2 is optimal in this inequality, and an error of 1 % in it is detected",
    ))
}
