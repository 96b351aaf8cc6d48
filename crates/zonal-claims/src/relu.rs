//! ReLU units without bias: degrees 0 and 1 and the even degrees are learned, the other odd degrees are not.

use super::trial::Trial;
use crate::claim::Claim;
use zonal::dynamics::Step;
use zonal::measure::mean;
use zonal::observer::Observer;
use zonal::sphere::Degree;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::over_seeds;

pub(super) const CLAIM: Claim = Claim {
    name: "relu",
    statement: "Unbiased ReLU units learn the degrees 0 and 1 and all even degrees of a target up to epsilon, whatever \
                its energy in the other degrees",
    source: "Vempala and Wilmes 2019, unbiased ReLU units",
    formulas: "FH-4, FH-6, PL-1b",
    run,
};

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let is_visible = |k: usize| k <= 1 || k.is_multiple_of(2);
    let target = "0.4*harmonic(0) + 0.6*harmonic(1) + 0.5*harmonic(2) + 0.3*harmonic(3) + 0.3*harmonic(4)";
    named_case("relu", 1.0, size.pick(4, 3), target, 4, size.pick(0.1, 0.15), is_visible, size, observer)
}

/// Checks, for an activation of the paper, which degrees are visible and that the plan holds.
#[expect(clippy::too_many_arguments, reason = "two callers, with the parameters of one case each")]
pub(super) fn named_case(
    activation: &str,
    scale: f64,
    dim: u64,
    target: &str,
    degree: Degree,
    epsilon: f64,
    is_visible: impl Fn(usize) -> bool,
    size: Size,
    observer: &mut dyn Observer,
) -> Result<Vec<Check>> {
    let trial = Trial::new(activation, scale, dim, target)?;
    let spectrum = trial.spectrum(12)?;
    let wrong = spectrum.iter().filter(|(k, c)| c.visible() != is_visible(*k)).count();
    let mut checks = vec![Check::at_most(
        format!("{activation}: degrees up to 12 whose visibility is not as stated"),
        wrong as f64,
        0.0,
        "a statement about each degree",
    )];
    let energies = trial.energies(degree)?;
    let plan = trial.plan(degree, epsilon)?;
    let experiment = trial.experiment(plan.width, Step::Fixed(plan.step_size));
    let seeds = size.pick(20, 8);
    let residuals = over_seeds(0..seeds, observer, |seed| {
        Ok(experiment.residuals(seed, &[plan.iterations], degree)?.remove(0))
    })?;
    let losses: Vec<f64> = residuals.iter().map(|r| r.total()).collect();
    let invisible: f64 = (0..=degree).filter(|&k| !is_visible(k)).map(|k| energies.energies[k]).sum();
    checks.push(Check::at_most(
        format!("{activation}, n = {dim}, m = {}: mean loss over {seeds} seeds after the plan", plan.width),
        mean(&losses).value,
        invisible + epsilon,
        format!(
            "energy {invisible:.4} in invisible degrees plus epsilon = {epsilon}: a bound; the claim convergence \
             measures the plan itself"
        ),
    ));
    let visible_energy = |r: &zonal::target::PowerSpectrum| {
        (0..=degree).filter(|&k| is_visible(k)).map(|k| r.energies[k]).sum::<f64>()
    };
    let remaining: Vec<f64> = residuals.iter().map(visible_energy).collect();
    checks.push(Check::at_most(
        format!("{activation}, n = {dim}: mean energy remaining in visible degrees"),
        mean(&remaining).value,
        epsilon,
        "epsilon: a bound",
    ));
    // The claim `invisible` checks, by sampling the network, that the other degrees are not learned.
    for k in (0..=degree).filter(|&k| is_visible(k) && energies.energies[k] > 0.0) {
        let remaining: Vec<f64> = residuals.iter().map(|r| r.energies[k] / energies.energies[k]).collect();
        checks.push(Check::at_most(
            format!("{activation}, n = {dim}: remaining share of degree {k}"),
            mean(&remaining).value,
            0.5,
            "less than half of each degree remains, including degrees with little energy",
        ));
    }
    Ok(checks)
}
