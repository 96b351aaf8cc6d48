//! Iterations: the excess over the best visible error falls exponentially, so log(1/epsilon) iterations suffice; at
//! finite width this holds down to a floor set by the width.

use super::trial::Trial;
use crate::claim::Claim;
use zonal::dynamics::{Operator, Step, logarithmic_grid};
use zonal::measure::time_to_learn;
use zonal::observer::Observer;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;

pub(super) const CLAIM: Claim = Claim {
    name: "iterations",
    statement: "The number of iterations grows like log(1/epsilon): exactly at infinite width, and at finite width \
                down to a floor set by the width",
    source: "Vempala and Wilmes 2019, n^O(k) log(1/epsilon) iterations",
    formulas: "PL-2, GD-1",
    run,
};

const DIM: u64 = 6;
const TARGET: &str = "0.8*harmonic(1) + 0.6*harmonic(2)";
const DEGREE: usize = 2;

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let mut checks = infinite_width()?;
    checks.extend(finite_width(size, observer)?);
    Ok(checks)
}

fn infinite_width() -> Result<Vec<Check>> {
    let trial = Trial::new("relu", 1.0, DIM, TARGET)?;
    let spectrum = trial.spectrum(DEGREE)?;
    let operator = Operator::new(&spectrum, Step::Auto)?;
    let mut checks = Vec::new();
    // For epsilon above the energy 0.36 of degree 2, the plan's comparator omits that degree, which uses most of
    // epsilon.
    for epsilon in [0.4, 1e-2, 1e-4, 1e-8, 1e-12] {
        checks.extend(check_planned_count(&trial, &operator, epsilon)?);
    }
    // For small epsilon degree 1 is learned, and each factor of e takes the same number of iterations.
    let count = |epsilon: f64| Ok::<_, zonal_documents::Error>(planned_iterations(&trial, epsilon)? as f64);
    let slope = (count(1e-12)? - count(1e-4)?) / 1e8f64.ln();
    let rate = -2.0 * (-operator.step() * spectrum.eigenvalue(DEGREE)?).ln_1p();
    checks.push(Check::near(
        "infinite width: iterations for each unit of ln(1/epsilon), from 1e-4 to 1e-12",
        slope,
        1.0 / rate,
        0.01 / rate,
        "1 / (-2 ln(1 - eta alpha_2^2)), up to rounding to whole iterations",
    ));
    Ok(checks)
}

/// Returns the number of iterations of PL-2 for epsilon.
fn planned_iterations(trial: &Trial, epsilon: f64) -> Result<u64> {
    Ok(trial.plan(DEGREE, epsilon)?.operator_iterations.unwrap_or(u64::MAX))
}

/// Checks that the loss at infinite width is at most epsilon after the planned number of iterations, and above it one
/// iteration before.
fn check_planned_count(trial: &Trial, operator: &Operator, epsilon: f64) -> Result<[Check; 2]> {
    let energies = trial.energies(DEGREE)?;
    let count = planned_iterations(trial, epsilon)?;
    let loss = |t: u64| operator.residual(&energies, DEGREE, t).total();
    Ok([
        Check::at_most(
            format!("infinite width: error after the {count} iterations of PL-2 for epsilon = {epsilon:e}"),
            loss(count),
            epsilon,
            "PL-2",
        ),
        Check::at_most(
            format!("infinite width: epsilon = {epsilon:e} against the error one iteration before"),
            epsilon,
            loss(count.saturating_sub(1)),
            "PL-2: no smaller number suffices",
        ),
    ])
}

fn finite_width(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let trial = Trial::new("relu", 1.0, DIM, TARGET)?;
    let width = size.pick(2000, 600);
    let seeds = size.pick(8, 4);
    let plan = trial.plan(DEGREE, 0.01)?;
    let step = Step::Fixed(plan.step_size);
    let energies = trial.energies(DEGREE)?;
    let spectrum = trial.spectrum(DEGREE)?;
    let operator = Operator::new(&spectrum, step)?;
    let last = 10_000_000_000;
    let grid = logarithmic_grid(last);
    let experiment = trial.experiment(width, step);
    let losses = over_seeds(0..seeds, observer, |seed| experiment.losses(seed, &grid))?;
    let mean = |i: usize| losses.iter().map(|l| l[i]).sum::<f64>() / seeds as f64;
    let course: Vec<(u64, f64)> = grid.iter().enumerate().map(|(i, &t)| (t, mean(i))).collect();
    let floor = course.last().map_or(f64::NAN, |c| c.1);
    let exact = (plan.norm_sq * trial.comparator_norm_sq(DEGREE)? - energies.total()) / width as f64;
    let mut checks = vec![Check::at_most(
        format!("m = {width}: the floor, mean loss after {last:e} iterations", last = last as f64),
        floor,
        exact,
        "the term of the width in PL-1",
    )];
    let total = energies.total();
    let ideal: Vec<(u64, f64)> =
        grid.iter().map(|&t| (t, operator.residual(&energies, DEGREE, t).total())).collect();
    // Above twenty times the floor, the path is that of infinite width.
    for share in [0.5, 0.2, 0.1, 0.05, 0.02, 0.01].into_iter().filter(|s| s * total > 20.0 * floor) {
        let (Some(measured), Some(predicted)) = (time_to_learn(&course, share), time_to_learn(&ideal, share))
        else {
            continue;
        };
        let ratio = measured as f64 / predicted as f64;
        checks.push(Check::near(
            &format!("m = {width}: iterations to {share} of the energy against infinite width"),
            ratio,
            1.0,
            size.pick(0.15, 0.3),
            "eigenvalues of K differ from those of the operator by about sqrt(N_k / m)",
        ));
    }
    Ok(checks)
}
