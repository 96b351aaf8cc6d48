//! Trials, shared by several claims: a target with an activation, its plan, and trainings over seeds.

use std::sync::Arc;
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal::measure::{Estimate, mean};
use zonal::observer::Observer;
use zonal::plan::{Goal, Plan};
use zonal::spectrum::Spectrum;
use zonal::sphere::{Degree, Dim};
use zonal::target::{PowerSpectrum, Target};
use zonal_documents::Result;
use zonal_jobs::experiment::{Experiment, over_seeds};

/// An activation at a scale, and a target.
pub(super) struct Trial {
    pub(super) activation: Activation,
    pub(super) scale: f64,
    pub(super) target: Target,
}

/// A number of iterations after which every direction with an eigenvalue that f64 can resolve has been learned.
pub(super) const UNLIMITED: u64 = 1_000_000_000_000_000_000;

impl Trial {
    pub(super) fn new(activation: &str, scale: f64, dim: u64, target: &str) -> Result<Self> {
        let activation = Activation::parse(activation)?;
        let target = Target::parse(target, Dim::new(dim)?, 0)?;
        Ok(Self { activation, scale, target })
    }

    pub(super) fn dim(&self) -> u64 {
        self.target.dim().get()
    }

    pub(super) fn spectrum(&self, max_degree: Degree) -> Result<Arc<Spectrum>> {
        let spectra = self.target.spectra();
        Ok(spectra.spectrum(&self.activation, self.target.dim(), self.scale, max_degree)?)
    }

    pub(super) fn energies(&self, max_degree: Degree) -> Result<PowerSpectrum> {
        Ok(self.target.power_spectrum(max_degree)?)
    }

    /// Returns R^2 of PL-1, the sum of energies over eigenvalues of the visible degrees.
    pub(super) fn comparator_norm_sq(&self, max_degree: Degree) -> Result<f64> {
        let (spectrum, energies) = (self.spectrum(max_degree)?, self.energies(max_degree)?.energies);
        let seen = spectrum.iter().zip(energies).filter(|((_, c), energy)| c.visible() && *energy > 0.0);
        Ok(seen.map(|((_, c), energy)| energy / c.eigenvalue()).sum())
    }

    pub(super) fn plan(&self, degree: Degree, epsilon: f64) -> Result<Plan> {
        let goal = Goal { degree, epsilon, width: None, iterations: None };
        let spectrum = self.spectrum(degree)?;
        Ok(Plan::new(&self.energies(degree)?, &spectrum, goal)?)
    }

    pub(super) fn experiment(&self, width: u64, step: Step) -> Experiment<'_> {
        Experiment {
            target: &self.target,
            activation: self.activation.clone(),
            scale: self.scale,
            width: width as usize,
            step,
        }
    }

    /// Returns the mean loss over seeds at one iteration.
    pub(super) fn mean_loss(
        &self,
        width: u64,
        step: Step,
        iteration: u64,
        seeds: u64,
        observer: &mut dyn Observer,
    ) -> Result<Estimate> {
        let experiment = self.experiment(width, step);
        let losses = over_seeds(0..seeds, observer, |seed| Ok(experiment.losses(seed, &[iteration])?[0]))?;
        Ok(mean(&losses))
    }
}

/// Returns the slope of the least-squares line through points on logarithmic axes.
pub(super) fn logarithmic_slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let (mx, my) = logs.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / count, b + y / count));
    let xy: f64 = logs.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
    let xx: f64 = logs.iter().map(|(x, _)| (x - mx) * (x - mx)).sum();
    xy / xx
}
