//! The whole path: gradient descent of the output layer, computed for all listed iterations at once.

use super::Course;
use zonal::dynamics::{GradientPath, Solver, Step};
use zonal::linalg::{Matrix, symmetric_eigen};
use zonal::network::Network;
use zonal::observer::{Observer, StopReason};
use zonal::risk::Quadratic;
use zonal_documents::Result;
use zonal_documents::train::{Checkpoint, CourseReport, Input, MethodReport, SolverReport, TrainConfig};
use zonal_io::model::HiddenLayer;

/// The options of gradient descent of the output layer.
#[derive(Clone, Debug)]
pub(crate) struct WholePath {
    pub(crate) step: Step,
    pub(crate) solver: Solver,
    /// The iterations to report, in order; the descent ends at the last one.
    pub(crate) grid: Vec<u64>,
    /// The ridge, on tables.
    pub(crate) ridge: f64,
}

/// The largest eigenvalue over all rows is assumed to be at least that over a few rows divided by this factor.
const EIGENVALUE_MARGIN: f64 = 1.5;

impl WholePath {
    pub(crate) fn new(config: &TrainConfig) -> Result<Self> {
        let ridge = match &config.input {
            Input::Table(job) => job.ridge,
            Input::Target(_) => 0.0,
        };
        Ok(Self { step: config.step(), solver: config.solver, grid: config.grid()?, ridge })
    }

    pub(crate) fn last(&self) -> u64 {
        self.grid.last().copied().unwrap_or(0)
    }

    /// Rejects a fixed step that clearly diverges, judged by the features Phi of a few rows, before the pass over all
    /// rows. The largest eigenvalue of K is that of Phi Phi^T / N, a small matrix for a few rows.
    pub(crate) fn check_step(&self, features: &Matrix) -> Result<()> {
        let Step::Fixed(step) = self.step else { return Ok(()) };
        let count = features.rows();
        let eigen = symmetric_eigen(&features.times_transposed(features))?;
        let largest = eigen.values.last().copied().unwrap_or(0.0) / count.max(1) as f64 + self.ridge;
        let refuse = |required: String| Err(zonal::Error::parameter("the step", step, required).into());
        if !(step > 0.0 && step.is_finite()) {
            return refuse("a positive number or auto".into());
        }
        if step * largest > 2.0 * EIGENVALUE_MARGIN {
            return refuse(format!(
                "below about {:.3e} (2 / largest eigenvalue, from {count} rows), otherwise gradient descent diverges; \
                 auto uses about {:.3e}",
                2.0 / largest,
                1.0 / largest
            ));
        }
        Ok(())
    }

    pub(crate) fn path(&self, quadratic: Quadratic, observer: &mut dyn Observer) -> Result<GradientPath> {
        let quadratic = quadratic.with_ridge(self.ridge)?;
        Ok(GradientPath::with_solver(&quadratic, self.step, self.solver, self.last(), observer)?)
    }

    /// Returns the course of a network along a path, with the last iteration as the best one. `units` convert the loss
    /// of each label from standard units to the label's unit squared.
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
        Ok(Course { report, network: Some((HiddenLayer::Fixed(network), coefficients)), grown: None })
    }

    /// Returns the report of a path without a solver, as at infinite width.
    pub(crate) fn report(&self, step_size: f64, path: Vec<Checkpoint>) -> CourseReport {
        CourseReport {
            iterations: self.last(),
            step_size,
            stop_reason: StopReason::IterationLimit,
            best: path.len().saturating_sub(1),
            path,
            method: MethodReport::WholePath(None),
            growth: None,
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
