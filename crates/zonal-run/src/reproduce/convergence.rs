//! Agnostic convergence: with the width and the iterations of a plan the mean loss reaches the best polynomial's error
//! up to epsilon, whatever the target holds beyond.

use super::trial::Trial;
use super::{Check, Claim, Size};
use crate::error::Result;
use zonal::dynamics::Step;
use zonal::observer::Observer;
use zonal::sphere::Degree;

pub(super) const CLAIM: Claim = Claim {
    name: "convergence",
    statement: "From random hidden units gradient descent reaches the error of the best polynomial of degree <= k, up \
                to epsilon, with the width and iterations of the plan",
    source: "Vempala and Wilmes 2019, the main theorem",
    formulas: "PL-1",
    run,
};

/// (activation, scale, dimension, target, degree k, epsilon): piecewise and analytic activations, targets with energy
/// beyond k, with energy in every degree, and from a library of shapes.
const CASES: [(&str, f64, u64, &str, Degree, f64); 8] = [
    ("relu", 1.0, 10, "0.6*harmonic(2) + 0.8*harmonic(1) + 0.3*harmonic(4)", 2, 0.05),
    ("relu", 1.0, 5, "0.8*harmonic(2) + 0.4*harmonic(4)", 2, 0.1),
    ("tanh", 2.0, 5, "0.8*harmonic(1) + 0.4*harmonic(3) + 0.3*harmonic(5)", 3, 0.2),
    ("sigmoid", 2.0, 4, "x1 + x2*x3", 1, 0.01),
    ("gelu", 3.0, 6, "x1^2*x2 + x3*x4 + 0.5*harmonic(6)", 2, 0.01),
    ("exp", 1.0, 3, "x1*x2 + 0.5*x3^4", 2, 0.01),
    ("step", 1.0, 4, "0.7*harmonic(1) + 0.5*harmonic(3) + 0.3*harmonic(2)", 3, 0.3),
    ("softplus", 4.0, 6, "teacher(relu, units=5)", 2, 0.02),
];

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let seeds = size.pick(20, 8);
    let widest = size.pick(u64::MAX, 1000);
    let mut checks = Vec::new();
    for (activation, scale, dim, target, degree, epsilon) in CASES {
        let trial = Trial::new(activation, scale, dim, target)?;
        let plan = trial.plan(degree, epsilon)?;
        if plan.width > widest {
            continue;
        }
        let step = Step::Fixed(plan.step_size);
        let loss = trial.mean_loss(plan.width, step, plan.iterations, seeds, observer)?;
        let irreducible = plan.best_polynomial_error + plan.invisible_energy;
        checks.push(Check::at_most(
            format!(
                "mean loss over {seeds} seeds: {activation}, n = {dim}, {target}, k = {degree}, m = {}",
                plan.width
            ),
            loss.value,
            irreducible + epsilon,
            format!("error {irreducible:.4} of the best visible polynomial plus epsilon = {epsilon}"),
        ));
    }
    Ok(checks)
}
