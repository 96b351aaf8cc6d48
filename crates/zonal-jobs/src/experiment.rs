//! Experiments: one network trained on one target and measured, which plans and claims repeat over seeds.

use rayon::prelude::*;
use std::ops::Range;
use zonal::activation::Activation;
use zonal::dynamics::{Descent, GradientPath, Solver, Source, Step};
use zonal::measure::{moving_energies, residual_energies};
use zonal::network::{Architecture, Layers, Network, Start, Weights};
use zonal::observer::{Observer, Silent, Stage};
use zonal::risk::Population;
use zonal::sphere::Degree;
use zonal::statistics::Precision;
use zonal::target::{PowerSpectrum, Target};
use zonal_documents::Result;

/// A training of the output layer on exact expectations, except for the draw of the hidden units.
#[derive(Clone, Debug)]
pub struct Experiment<'a> {
    /// The target to learn.
    pub target: &'a Target,
    /// The activation phi.
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The width m.
    pub width: usize,
    /// The step size.
    pub step: Step,
}

impl Experiment<'_> {
    /// Returns the network of one seed and its path up to an iteration. Lanczos is used if its bound on predictions
    /// is below [`zonal::dynamics::LANCZOS_TOLERANCE`], which is far below the resolution of statistics over seeds.
    ///
    /// # Errors
    /// As [`GradientPath::with_solver`] and [`Population::quadratic`].
    pub fn train(&self, seed: u64, last: u64) -> Result<(Network, GradientPath)> {
        let dim = self.target.dim();
        let network = Network::random(self.activation.clone(), self.scale, dim, self.width, seed)?;
        let quadratic = Population::new(self.target).quadratic(&network)?;
        let path = GradientPath::with_solver(&quadratic, self.step, Solver::Auto, last, &mut Silent)?;
        Ok((network, path))
    }

    /// Returns the losses of one seed at the listed iterations.
    ///
    /// # Errors
    /// As [`Self::train`].
    pub fn losses(&self, seed: u64, at: &[u64]) -> Result<Vec<f64>> {
        let (_, path) = self.train(seed, last_of(at))?;
        Ok(at.iter().map(|&t| path.loss(t)).collect())
    }

    /// Returns the energies of the residual of one seed at the listed iterations.
    ///
    /// # Errors
    /// As [`Self::train`].
    pub fn residuals(&self, seed: u64, at: &[u64], max_degree: Degree) -> Result<Vec<PowerSpectrum>> {
        let (network, path) = self.train(seed, last_of(at))?;
        Ok(residual_energies(&network, self.target, &path.coefficients(at), max_degree, &mut Silent)?)
    }
}

fn last_of(at: &[u64]) -> u64 {
    at.iter().copied().max().unwrap_or(0)
}

/// Returns the results of `f` for all seeds, in order. Several seeds run in parallel.
///
/// # Errors
/// The first error of a seed; [`zonal::Error::Stopped`] if the observer requests a stop.
pub fn over_seeds<T: Send>(
    seeds: Range<u64>,
    observer: &mut dyn Observer,
    f: impl Fn(u64) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let total = seeds.end.saturating_sub(seeds.start);
    let at_once = rayon::current_num_threads().max(1) as u64;
    let mut out = Vec::new();
    let mut next = seeds.start;
    while next < seeds.end {
        let batch = next..next.saturating_add(at_once).min(seeds.end);
        next = batch.end;
        if let std::ops::ControlFlow::Break(reason) = observer.progress(Stage::Seeds, out.len() as u64, total)
        {
            return Err(zonal::Error::from(reason).into());
        }
        let results: Vec<Result<T>> = batch.into_par_iter().map(&f).collect();
        for result in results {
            out.push(result?);
        }
    }
    Ok(out)
}

/// A training of hidden units too, on exact expectations.
#[derive(Clone, Debug)]
pub struct MovingExperiment<'a> {
    /// The target to learn.
    pub target: &'a Target,
    /// The architecture of the network.
    pub architecture: Architecture,
    /// The layers that are trained.
    pub layers: Layers,
    /// The initial output weights.
    pub start: Start,
    /// The step size.
    pub step: Step,
}

/// A network at one iteration of a [`MovingExperiment`].
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The energies of the residual.
    pub residual: PowerSpectrum,
    /// The weights.
    pub weights: Weights,
    /// The step sizes used so far, each with its first iteration.
    pub steps: Vec<(u64, f64)>,
}

impl MovingExperiment<'_> {
    /// Returns the network of one seed at the listed iterations, which must be ascending.
    ///
    /// # Errors
    /// As [`Descent::new`] and [`moving_energies`].
    pub fn run(&self, seed: u64, at: &[u64], max_degree: Degree) -> Result<Vec<Snapshot>> {
        let start = self.architecture.weights(self.start, seed)?;
        let source = Source::Exact { target: self.target };
        let precision = Precision::F64;
        let mut descent =
            Descent::new(&self.architecture, self.layers, &start, source, self.step, precision, seed)?;
        let snapshot = |&t: &u64| {
            if let Some(reason) = descent.run(t, last_of(at), &mut Silent)? {
                let message = format!("the descent of seed {seed} ended before iteration {t}: {reason:?}");
                return Err(zonal_documents::Error::Usage(message));
            }
            let weights = descent.weights();
            let residual =
                moving_energies(&self.architecture, &weights, self.target, max_degree, &mut Silent)?.energies;
            Ok(Snapshot { residual, weights, steps: descent.state().steps.clone() })
        };
        at.iter().map(snapshot).collect()
    }
}
