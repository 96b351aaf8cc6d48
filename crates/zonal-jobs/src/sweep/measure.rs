//! One training of a sweep: a cell with a seed, measured at all listed iterations.

use super::grid::{Cell, Grid};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zonal::dynamics::{GradientPath, Operator, Step};
use zonal::linalg::Matrix;
use zonal::measure::residual_energies;
use zonal::network::Network;
use zonal::numeric::random::{Purpose, normal, stream};
use zonal::observer::Observer;
use zonal::plan::smallest_loss_bound;
use zonal::risk::{Empirical, Population};
use zonal::spectrum::Spectrum;
use zonal::sphere::{Dim, uniform_points};
use zonal::target::Target;
use zonal_documents::Result;

/// The measurements of one training. They are written to the journal and read back bit by bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Measurements {
    /// The index of the cell.
    pub(super) cell: usize,
    /// The index of the seed, counted from the first.
    pub(super) seed: u64,
    pub(super) step_size: f64,
    pub(super) target_energy: f64,
    /// The error of the best polynomial of the cell's degree.
    pub(super) best_polynomial_error: Option<f64>,
    /// One entry for each listed iteration; empty if descent diverged because of a too large step.
    pub(super) at: Vec<State>,
}

/// The measurements at one iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// The loss E (f - g)^2 over the sphere.
    pub(super) loss: f64,
    /// The loss on the sampled rows.
    pub(super) train_loss: Option<f64>,
    /// The loss predicted by the operator, for exact expectations.
    pub(super) predicted: Option<f64>,
    /// The upper bound of PL-1 on the loss, for exact expectations.
    pub(super) bound: Option<f64>,
    pub(super) energies: Vec<f64>,
    pub(super) tail: f64,
}

/// The largest degree of the operator's prediction.
const OPERATOR_DEGREE: usize = 128;

/// Trains a cell with one of its seeds, which determines hidden units, target and data.
pub(super) fn measure(
    grid: &Grid,
    index: usize,
    number: u64,
    observer: &mut dyn Observer,
) -> Result<Measurements> {
    let cell = &grid.cells[index];
    let seed = grid.first_seed.wrapping_add(number);
    let dim = Dim::new(cell.dim)?;
    let target = Target::parse(&cell.target, dim, seed)?.with_spectra(&grid.spectra);
    let width = usize::try_from(cell.width).unwrap_or(usize::MAX);
    let network = Network::random(cell.activation.clone(), cell.scale, dim, width, seed)?;
    let step = cell.step.given().map_or(Step::Auto, Step::Fixed);
    let quadratic = match cell.rows {
        None => Population::new(&target).quadratic(&network)?,
        Some(rows) => {
            let (points, labels) = sampled_rows(&target, rows, grid.noise, seed)?;
            Empirical::new(&points, &labels).quadratic(&network)?
        }
    };
    let energies = target.power_spectrum(cell.degree.unwrap_or(0))?;
    let measured = Measurements {
        cell: index,
        seed: number,
        step_size: f64::NAN,
        target_energy: energies.total(),
        best_polynomial_error: cell.degree.map(|_| energies.tail_energy),
        at: Vec::new(),
    };
    let path = match GradientPath::new(&quadratic, step, observer) {
        Ok(path) => path,
        Err(zonal::Error::StepTooLarge { step, .. }) => {
            return Ok(Measurements { step_size: step, ..measured });
        }
        Err(error) => return Err(error.into()),
    };
    drop(quadratic);
    let coefficients = path.coefficients(&grid.iterations);
    let residuals = residual_energies(&network, &target, &coefficients, grid.max_degree, observer)?;
    let exact = cell.rows.is_none();
    let theory = if exact { Some(Theory::new(grid, cell, &target, path.step())?) } else { None };
    let at = grid.iterations.iter().zip(residuals).map(|(&t, residual)| State {
        loss: if exact { path.loss(t) } else { residual.total() },
        train_loss: (!exact).then(|| path.loss(t)),
        predicted: theory.as_ref().map(|theory| theory.predicted(t)),
        bound: theory.as_ref().and_then(|theory| theory.bound(cell, t)),
        energies: residual.energies,
        tail: residual.tail_energy,
    });
    let at: Vec<State> = at.collect();
    let all = |s: &State| [s.loss, s.tail].iter().chain(&s.energies).all(|x| x.is_finite());
    if !path.step().is_finite() || !at.iter().all(all) {
        return Err(zonal_documents::Error::Usage(
            "a loss overflows; use a target and a scale closer to 1".into(),
        ));
    }
    Ok(Measurements { step_size: path.step(), at, ..measured })
}

/// Draws uniform points, with the target's values plus normal noise as labels.
fn sampled_rows(target: &Target, rows: u64, noise: f64, seed: u64) -> Result<(Matrix, Vec<f64>)> {
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let points = uniform_points(target.dim(), rows, seed, Purpose::Points);
    let label = |i: usize| -> Result<f64> {
        let error = normal(&mut stream(seed, Purpose::Noise, i as u64));
        Ok(target.value(points.row(i))? + noise * error)
    };
    let labels = (0..rows).map(label).collect::<Result<_>>()?;
    Ok((points, labels))
}

/// The theory of a cell.
struct Theory {
    spectrum: Arc<Spectrum>,
    energies: zonal::target::PowerSpectrum,
    step: f64,
}

impl Theory {
    fn new(grid: &Grid, cell: &Cell, target: &Target, step: f64) -> Result<Self> {
        let degree = grid.max_degree.max(OPERATOR_DEGREE);
        let spectrum = grid.spectra.spectrum(&cell.activation, target.dim(), cell.scale, degree)?;
        Ok(Self { spectrum, energies: target.power_spectrum(degree)?, step })
    }

    fn predicted(&self, t: u64) -> f64 {
        let operator = Operator::with_step(&self.spectrum, self.step);
        operator.residual(&self.energies, self.spectrum.max_degree(), t).total()
    }

    fn bound(&self, cell: &Cell, t: u64) -> Option<f64> {
        let norm_sq = self.spectrum.norm_sq();
        let inverse = match cell.step.given() {
            None => norm_sq,
            Some(eta) if eta <= 1.0 / norm_sq => 1.0 / eta,
            Some(_) => return None,
        };
        let bound = smallest_loss_bound(&self.energies, &self.spectrum, cell.width as f64, inverse, t as f64);
        Some(bound.bound)
    }
}
