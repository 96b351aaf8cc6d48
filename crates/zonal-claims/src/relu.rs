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
    statement: "Unbiased ReLU units learn what lies in the degrees 0, 1 and the even ones up to epsilon, whatever lies \
                in the others",
    source: "Vempala and Wilmes 2019, unbiased ReLU units",
    formulas: "FH-4, FH-6, PL-1",
    run,
};

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let sees = |k: usize| k <= 1 || k.is_multiple_of(2);
    let target = "0.4*harmonic(0) + 0.6*harmonic(1) + 0.5*harmonic(2) + 0.3*harmonic(3) + 0.3*harmonic(4)";
    named_case("relu", 1.0, size.pick(4, 3), target, 4, size.pick(0.1, 0.15), sees, size, observer)
}

/// One of the two activations that the paper names: what is visible, and that the plan for it holds.
#[expect(clippy::too_many_arguments, reason = "the two callers read like a sentence")]
pub(super) fn named_case(
    activation: &str,
    scale: f64,
    dim: u64,
    target: &str,
    degree: Degree,
    epsilon: f64,
    sees: impl Fn(usize) -> bool,
    size: Size,
    observer: &mut dyn Observer,
) -> Result<Vec<Check>> {
    let trial = Trial::new(activation, scale, dim, target)?;
    let spectrum = trial.spectrum(12)?;
    let wrong = (0..=12).filter(|&k| spectrum.visible(k) != sees(k)).count();
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
    let invisible: f64 = (0..=degree).filter(|&k| !sees(k)).map(|k| energies.energies[k]).sum();
    checks.push(Check::at_most(
        format!("{activation}, n = {dim}, m = {}: mean loss over {seeds} seeds after the plan", plan.width),
        mean(&losses).value,
        invisible + epsilon,
        format!(
            "energy {invisible:.4} in invisible degrees plus epsilon = {epsilon}: a bound; that of the plan is measured in the \
             claim convergence"
        ),
    ));
    let visible_left = |r: &zonal::target::PowerSpectrum| {
        (0..=degree).filter(|&k| sees(k)).map(|k| r.energies[k]).sum::<f64>()
    };
    let left: Vec<f64> = residuals.iter().map(visible_left).collect();
    checks.push(Check::at_most(
        format!("{activation}, n = {dim}: mean energy of visible degrees that is left"),
        mean(&left).value,
        epsilon,
        "epsilon: a bound",
    ));
    // That nothing of the others is learned is the claim `invisible`, which samples the network itself.
    for k in (0..=degree).filter(|&k| sees(k) && energies.energies[k] > 0.0) {
        let left: Vec<f64> = residuals.iter().map(|r| r.energies[k] / energies.energies[k]).collect();
        checks.push(Check::at_most(
            format!("{activation}, n = {dim}: share of degree {k} that is left"),
            mean(&left).value,
            0.5,
            "less than half is left of each degree, also of one with little energy",
        ));
    }
    Ok(checks)
}
