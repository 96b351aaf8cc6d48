//! Tangent-kernel limit: with the factor 1/sqrt m before the sum, networks with both layers trained follow the
//! tangent kernel at initialisation, the more closely the wider they are.

use super::trial::logarithmic_slope;
use crate::claim::Claim;
use zonal::activation::Activation;
use zonal::dynamics::{Step, share_left, tangent_spectrum};
use zonal::network::{Architecture, Layers, Parametrisation, Start};
use zonal::observer::Observer;
use zonal::sphere::Dim;
use zonal::target::Target;
use zonal_documents::Result;
use zonal_documents::claims::{Check, Size};
use zonal_jobs::experiment::{MovingExperiment, over_seeds};

pub(super) const CLAIM: Claim = Claim {
    name: "tangent-limit",
    statement: "When both layers are trained, the residual's energy in each degree approaches the prediction of the \
                tangent kernel at initialisation, at a distance that falls like the inverse square root of the width",
    source: "Jacot, Gabriel and Hongler 2018, neural tangent kernel; Vempala and Wilmes 2019, section 1",
    formulas: "KE-2, GD-4, GD-5",
    run,
};

fn run(size: Size, observer: &mut dyn Observer) -> Result<Vec<Check>> {
    let (widths, seeds): (&[usize], u64) =
        size.pick((&[100, 200, 400, 800, 1600], 100), (&[50, 200, 800], 32));
    let dim = Dim::new(6)?;
    // A small target, so that units move little and fluctuations of the kernel dominate.
    let text = "0.05*harmonic(0) + 0.06*harmonic(1) + 0.05*harmonic(2) + 0.037*harmonic(4)";
    let target = Target::parse(text, dim, 0)?;
    let (last, degrees, step) = (6, [0, 1, 2, 4], 0.5);
    let mut points = Vec::new();
    for &width in widths {
        let architecture = Architecture {
            activation: Activation::Relu,
            scale: 1.0,
            dim: dim.as_usize(),
            width,
            labels: 1,
            biases: false,
            on_sphere: false,
            parametrisation: Parametrisation::Ntk,
        };
        // Output weights of a symmetric start have variance 1 over seeds.
        let eigenvalues = tangent_spectrum(&architecture, Layers::Both, 1.0, 4)?;
        let energies = target.power_spectrum(4)?.energies;
        let step_size = step / eigenvalues.iter().fold(0.0, |a: f64, b| a.max(*b));
        let experiment = MovingExperiment {
            target: &target,
            architecture,
            layers: Layers::Both,
            start: Start::Symmetric,
            step: Step::Fixed(step_size),
        };
        let squares = over_seeds(0..seeds, observer, |seed| {
            let run = experiment.run(seed, &[last], 4)?;
            let predicted = |k: usize| energies[k] * share_left(&[(0, step_size)], eigenvalues[k], last);
            let of_degree = |k: usize| (run[0].residual.energies[k] - predicted(k)).powi(2);
            Ok(degrees.iter().map(|&k| of_degree(k)).sum::<f64>())
        })?;
        let distance = (squares.iter().sum::<f64>() / seeds as f64).sqrt();
        points.push((width as f64, distance));
    }
    let list: Vec<String> = points.iter().map(|(m, d)| format!("{m}: {d:.2e}")).collect();
    Ok(vec![Check::near(
        &format!(
            "relu, n = 6: exponent in the width of the distance between energies and prediction after {last} steps \
             (root mean square over {seeds} seeds at each width: {})",
            list.join(", ")
        ),
        logarithmic_slope(&points),
        -0.5,
        size.pick(0.12, 0.25),
        "fluctuations of the kernel at initialisation fall like m^(-1/2), the effect of moving units like 1/m; the \
         root mean square over seeds is uncertain by a few percent",
    )])
}
