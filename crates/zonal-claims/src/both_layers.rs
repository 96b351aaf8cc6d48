//! Both layers: trained hidden units learn a target of one direction with most of its energy in degree 3, at a width
//! far below the number of harmonics of that degree.

use super::trial::UNLIMITED;
use crate::claim::Claim;
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal::measure::{alignment, mean};
use zonal::network::{Architecture, Layers, Parametrisation, Start};
use zonal::observer::Observer;
use zonal::sphere::{Dim, multiplicity};
use zonal::target::Target;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::{Experiment, MovingExperiment, over_seeds};

pub(super) const CLAIM: Claim = Claim {
    name: "both-layers",
    statement: "A function of one direction with most of its energy in degree 3 is learned when both layers are \
                trained, by units that turn towards it, at a width at which the output layer alone cannot learn it",
    source: "Vempala and Wilmes 2019 train both layers in experiments; Abbe, Boix-Adsera and Misiakiewicz 2022, low \
             degrees that lead to higher ones",
    formulas: "GD-3, GD-4, GD-5",
    run,
};

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let (n, width, steps, seeds) = size.pick((20, 100, 3_000, 4), (12, 40, 1_000, 2));
    let dim = Dim::new(n)?;
    let target = Target::parse("0.6*harmonic(1, axis=e1) + 0.8*harmonic(3, axis=e1)", dim, 0)?;
    let energy = target.power_spectrum(3)?.energies[3];
    let harmonics = multiplicity(dim, 3);
    let (activation, scale) = (Activation::Erf, 3.0);
    let fixed =
        Experiment { target: &target, activation: activation.clone(), scale, width, step: Step::Auto };
    let alone = over_seeds(0..seeds, observer, |seed| {
        // By then everything that f64 can resolve has been learned.
        Ok(fixed.residuals(seed, &[UNLIMITED], 3)?[0].energies[3] / energy)
    })?;
    let architecture = Architecture {
        activation,
        scale,
        dim: dim.as_usize(),
        width,
        labels: 1,
        biases: false,
        on_sphere: false,
        parametrisation: Parametrisation::Ntk,
    };
    let both = MovingExperiment {
        target: &target,
        architecture,
        layers: Layers::Both,
        start: Start::Symmetric,
        step: Step::Auto,
    };
    let basis = target.relevant_directions();
    let runs = over_seeds(0..seeds, observer, |seed| {
        let run = both.run(seed, &[0, steps], 3)?;
        let energies: Vec<f64> = run[1].residual.energies.clone();
        Ok((energies, alignment(&run[0].weights, &basis)?, alignment(&run[1].weights, &basis)?))
    })?;
    let average = |values: Vec<f64>| mean(&values).value;
    let remaining = average(runs.iter().map(|m| m.0[3] / energy).collect());
    let first = average(runs.iter().map(|m| m.0[1] / 0.36).collect());
    let before = average(runs.iter().map(|m| m.1).collect());
    let after = average(runs.iter().map(|m| m.2).collect());
    let what = format!("erf, n = {n}, m = {width} ({harmonics} harmonics of degree 3)");
    let share = 1.0 - width as f64 / harmonics.to_string().parse::<f64>().unwrap_or(f64::NAN);
    Ok(vec![
        Check::at_least(
            format!(
                "{what}: share of degree 3 remaining after {UNLIMITED:e} iterations on the output layer alone"
            ),
            average(alone),
            0.8 * share,
            "m random units span m dimensions of the harmonics, so about 1 - m/N_3 of the energy is outside the span",
        )
        .predicted(share),
        Check::at_most(
            format!(
                "{what}: share of degree 3 remaining after {steps} steps on both layers (degree 1: {first:.1e})"
            ),
            remaining,
            0.25,
            "far below what the output layer alone reaches after any number of iterations",
        ),
        Check::at_least(
            format!(
                "{what}: share of the hidden weights in the target's direction after these steps ({before:.3} at \
                 initialisation)"
            ),
            after,
            5.0 / n as f64,
            "five times the share of random directions, 1/n",
        ),
    ])
}
