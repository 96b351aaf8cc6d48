//! The whole path: gradient descent of the output layer, every listed iteration at once.

use super::Course;
use zonal::dynamics::{GradientPath, Solver, Step};
use zonal::linalg::{Matrix, symmetric_eigen};
use zonal::network::Network;
use zonal::observer::{Observer, StopReason};
use zonal::risk::Quadratic;
use zonal_documents::Result;
use zonal_documents::train::{Checkpoint, CourseReport, MethodReport, SolverReport, TrainConfig};
use zonal_io::model::HiddenLayer;

/// Gradient descent of the output layer.
#[derive(Clone, Debug)]
pub(crate) struct WholePath {
    pub(crate) step: Step,
    pub(crate) solver: Solver,
    /// The iterations to report, in order; the last one is the last of the descent.
    pub(crate) grid: Vec<u64>,
}

/// How far the largest eigenvalue over all rows may be below that over a few of them.
const CLEARLY: f64 = 1.5;

impl WholePath {
    pub(crate) fn new(config: &TrainConfig) -> Result<Self> {
        Ok(Self { step: config.step(), solver: config.solver, grid: config.grid()? })
    }

    pub(crate) fn last(&self) -> u64 {
        self.grid.last().copied().unwrap_or(0)
    }

    /// Refuses a given step that must diverge by a clear margin, by the features of a few rows, before all rows are read
    /// for their sums. K has the largest eigenvalue of Phi Phi^T / N, which is small for a few rows.
    pub(crate) fn check_step(&self, features: &Matrix) -> Result<()> {
        let Step::Fixed(step) = self.step else { return Ok(()) };
        let count = features.rows();
        let eigen = symmetric_eigen(&features.times_transposed(features))?;
        let largest = eigen.values.last().copied().unwrap_or(0.0) / count.max(1) as f64;
        let refuse = |required: String| Err(zonal::Error::parameter("the step", step, required).into());
        if !(step > 0.0 && step.is_finite()) {
            return refuse("a positive number or auto".into());
        }
        if step * largest > 2.0 * CLEARLY {
            return refuse(format!(
                "below about {:.3e} (2 / largest eigenvalue, by {count} rows), or gradient descent diverges; auto would take \
                 about {:.3e}",
                2.0 / largest,
                1.0 / largest
            ));
        }
        Ok(())
    }

    pub(crate) fn path(&self, quadratic: &Quadratic, observer: &mut dyn Observer) -> Result<GradientPath> {
        Ok(GradientPath::with_solver(quadratic, self.step, self.solver, self.last(), observer)?)
    }

    /// The course of a network along a path, whose last iteration is used; `units` bring the loss of each label into its
    /// unit squared.
    pub(crate) fn course(
        &self,
        network: Network,
        path: &GradientPath,
        coefficients: Matrix,
        checkpoints: Vec<Checkpoint>,
        units: &[f64],
    ) -> Result<Course> {
        let solver = Some(solver_report(path, self.last(), units)?);
        let report =
            CourseReport { method: MethodReport::WholePath(solver), ..self.report(path.step(), checkpoints) };
        Ok(Course { report, network: Some((HiddenLayer::Fixed(network), coefficients)) })
    }

    /// The report of a path without a network.
    pub(crate) fn report(&self, step_size: f64, path: Vec<Checkpoint>) -> CourseReport {
        CourseReport {
            iterations: self.last(),
            step_size,
            stop_reason: StopReason::IterationLimit,
            best: path.len().saturating_sub(1),
            path,
            method: MethodReport::WholePath(None),
        }
    }
}

fn solver_report(path: &GradientPath, last: u64, units: &[f64]) -> Result<SolverReport> {
    let mean = |side: fn(&(f64, f64)) -> f64, bounds: &[(f64, f64)]| {
        bounds.iter().zip(units).map(|(b, unit)| unit * side(b)).sum::<f64>() / units.len() as f64
    };
    let bounds = path.loss_bounds(last)?;
    let steps = path.lanczos_steps();
    Ok(SolverReport {
        name: if steps.is_some() { Solver::Lanczos } else { Solver::Dense },
        steps,
        prediction_error: Some(path.prediction_error(last)),
        loss_lower: Some(mean(|b| b.0, &bounds)),
        loss_upper: Some(mean(|b| b.1, &bounds)),
    })
}
