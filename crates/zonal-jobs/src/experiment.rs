//! One network of random hidden units trained on one target and measured: what plans, claims and sweeps repeat over
//! seeds.

use rayon::prelude::*;
use std::ops::Range;
use zonal::activation::Activation;
use zonal::dynamics::Step;
use zonal::dynamics::descent::{Descent, Source};
use zonal::dynamics::path::{Path, Solver};
use zonal::measure::{moving_energies, residual_energies};
use zonal::network::{Architecture, Layers, Network, Start, Weights};
use zonal::observer::{Observer, Silent, Stage};
use zonal::risk::Population;
use zonal::sphere::Degree;
use zonal::statistics::Precision;
use zonal::target::{PowerSpectrum, Target};
use zonal_documents::Result;

/// Everything but the draw of the hidden units.
#[derive(Clone, Debug)]
pub struct Experiment<'a> {
    /// What is learned, on exact expectations.
    pub target: &'a Target,
    /// The activation.
    pub activation: Activation,
    /// The scale of the units.
    pub scale: f64,
    /// The width m.
    pub width: usize,
    /// The step.
    pub step: Step,
}

impl Experiment<'_> {
    /// The network of one seed and its path up to an iteration: by Lanczos where its bound on predictions is below
    /// [`zonal::dynamics::path::TOLERANCE`], which is far below what statements about seeds can tell.
    ///
    /// # Errors
    /// As [`Path::with_solver`] and [`Population::quadratic`].
    pub fn train(&self, seed: u64, last: u64) -> Result<(Network, Path)> {
        let dim = self.target.dim();
        let network = Network::random(self.activation.clone(), self.scale, dim, self.width, seed)?;
        let quadratic = Population::new(self.target).quadratic(&network)?;
        let path = Path::with_solver(&quadratic, self.step, Solver::Auto, last, &mut Silent)?;
        Ok((network, path))
    }

    /// The losses of one seed at the listed iterations.
    ///
    /// # Errors
    /// As [`Self::train`].
    pub fn losses(&self, seed: u64, at: &[u64]) -> Result<Vec<f64>> {
        let (_, path) = self.train(seed, last_of(at))?;
        Ok(at.iter().map(|&t| path.loss(t)).collect())
    }

    /// The residual's energies of one seed at the listed iterations.
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

/// The results for all seeds, in their order; several seeds work at once.
///
/// # Errors
/// The first one of any seed, or that the observer asks to stop.
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

/// One network of which hidden units move too, trained on exact expectations of one target.
#[derive(Clone, Debug)]
pub struct MovingExperiment<'a> {
    /// What is learned.
    pub target: &'a Target,
    /// The network.
    pub architecture: Architecture,
    /// Which layers change.
    pub layers: Layers,
    /// How output weights begin.
    pub start: Start,
    /// The step.
    pub step: Step,
}

/// A network at one iteration of a [`MovingExperiment`].
#[derive(Clone, Debug)]
pub struct Moved {
    /// The residual's energies.
    pub residual: PowerSpectrum,
    /// The weights.
    pub weights: Weights,
    /// The steps in use until then.
    pub steps: Vec<(u64, f64)>,
}

impl MovingExperiment<'_> {
    /// The network of one seed at the listed iterations, ascending.
    ///
    /// # Errors
    /// As [`Descent::new`] and [`moving_energies`].
    pub fn run(&self, seed: u64, at: &[u64], max_degree: Degree) -> Result<Vec<Moved>> {
        let start = self.architecture.weights(self.start, seed)?;
        let source = Source::Exact { target: self.target };
        let precision = Precision::F64;
        let mut descent =
            Descent::new(&self.architecture, self.layers, &start, source, self.step, precision, seed)?;
        let moved = |&t: &u64| {
            if let Some(reason) = descent.run(t, last_of(at), &mut Silent)? {
                let message = format!("a descent of seed {seed} ended by {reason:?} before iteration {t}");
                return Err(zonal_documents::Error::Usage(message));
            }
            let weights = descent.weights();
            let residual =
                moving_energies(&self.architecture, &weights, self.target, max_degree, &mut Silent)?.energies;
            Ok(Moved { residual, weights, steps: descent.state().steps.clone() })
        };
        at.iter().map(moved).collect()
    }
}
