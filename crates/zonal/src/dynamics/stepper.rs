//! Single gradient steps on rows chosen by the caller, in either precision.

use crate::error::{Error, Result, check_finite, check_size};
use crate::fused::{Fused, Gradient, PackedRows};
use crate::linalg::Matrix;
use crate::network::{Architecture, Layers, Weights};
use crate::statistics::Precision;

/// A network that performs single gradient steps on rows chosen by the caller.
#[derive(Debug)]
pub struct Stepper {
    network: Precise,
}

#[derive(Debug)]
enum Precise {
    Wide(Fused<f64>),
    Narrow(Fused<f32>),
}

/// Rows prepared for a [`Stepper`].
#[derive(Debug)]
pub struct Batch {
    rows: PreciseRows,
}

#[derive(Debug)]
enum PreciseRows {
    Wide(PackedRows<f64>),
    Narrow(PackedRows<f32>),
}

impl Stepper {
    /// Creates a network with these weights, of which the given layers are trained, in a precision.
    ///
    /// # Errors
    /// [`Error::Size`] and [`Error::NotFinite`] for weights that do not fit, [`Error::Parameter`] for an activation
    /// without a known derivative.
    pub fn new(
        architecture: &Architecture,
        layers: Layers,
        weights: &Weights,
        precision: Precision,
    ) -> Result<Self> {
        let network = match precision {
            Precision::F64 => Precise::Wide(Fused::new(architecture, layers, weights)?),
            Precision::F32 => Precise::Narrow(Fused::new(architecture, layers, weights)?),
        };
        Ok(Self { network })
    }

    /// Prepares rows: points and labels with the same number of rows and the numbers of coordinates and labels of the
    /// network.
    ///
    /// # Errors
    /// [`Error::Size`] if sizes differ or there are no rows, [`Error::NotFinite`].
    pub fn batch(&self, points: &Matrix, labels: &Matrix) -> Result<Batch> {
        let sizes = self.sizes();
        let pairs = [
            ("rows of labels", labels.rows(), points.rows()),
            ("coordinates of a point", points.columns(), sizes.dim),
            ("labels of a row", labels.columns(), sizes.labels),
        ];
        for (what, found, required) in pairs {
            check_size(what, found, required)?;
        }
        if points.rows() == 0 {
            return Err(Error::Size { what: "rows".into(), found: 0, required: 1 });
        }
        check_rows(points, labels)?;
        Ok(self.pack(&(0..points.rows()).map(|i| (points.row(i), labels.row(i))).collect::<Vec<_>>()))
    }

    fn sizes(&self) -> &Architecture {
        match &self.network {
            Precise::Wide(network) => network.architecture(),
            Precise::Narrow(network) => network.architecture(),
        }
    }

    pub(super) fn pack(&self, rows: &[(&[f64], &[f64])]) -> Batch {
        let rows = match &self.network {
            Precise::Wide(network) => PreciseRows::Wide(network.pack(rows)),
            Precise::Narrow(network) => PreciseRows::Narrow(network.pack(rows)),
        };
        Batch { rows }
    }

    /// Performs one step on the rows, a <- a - eta dF/da and likewise W, with F = (1/2) E sum_l (f_l - y_l)^2 over
    /// them. Returns the mean square of the residual of each label before the step. The step is not performed if this
    /// loss is above `limit` or not a number. Cost (4 n + 4 labels) m flops a row for both layers.
    ///
    /// # Errors
    /// [`Error::Parameter`] for rows prepared by a network of another precision, other sizes or another scale.
    pub fn step(&mut self, batch: &Batch, step: f64, limit: f64) -> Result<Vec<f64>> {
        match (&mut self.network, &batch.rows) {
            (Precise::Wide(n), PreciseRows::Wide(rows)) if n.fits(rows) => Ok(n.step(rows, step, limit)),
            (Precise::Narrow(n), PreciseRows::Narrow(rows)) if n.fits(rows) => Ok(n.step(rows, step, limit)),
            _ => Err(wrong_precision()),
        }
    }

    /// Computes the mean square of the residual of each label, and the gradient of F.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn gradient(&mut self, batch: &Batch) -> Result<(Vec<f64>, Gradient)> {
        match (&mut self.network, &batch.rows) {
            (Precise::Wide(n), PreciseRows::Wide(rows)) if n.fits(rows) => Ok(n.gradient(rows)),
            (Precise::Narrow(n), PreciseRows::Narrow(rows)) if n.fits(rows) => Ok(n.gradient(rows)),
            _ => Err(wrong_precision()),
        }
    }

    /// Returns the current weights exactly.
    pub fn weights(&self) -> Weights {
        match &self.network {
            Precise::Wide(network) => network.weights(),
            Precise::Narrow(network) => network.weights(),
        }
    }

    pub(super) fn keep_before(&mut self, before: Option<&Weights>) {
        match &mut self.network {
            Precise::Wide(network) => network.keep_before(before),
            Precise::Narrow(network) => network.keep_before(before),
        }
    }

    pub(super) fn before(&self) -> Option<Weights> {
        match &self.network {
            Precise::Wide(network) => network.before(),
            Precise::Narrow(network) => network.before(),
        }
    }

    pub(super) fn set(&mut self, weights: &Weights) {
        match &mut self.network {
            Precise::Wide(network) => network.set(weights),
            Precise::Narrow(network) => network.set(weights),
        }
    }

    /// Returns the distance from 1 to the next number of its precision.
    pub(super) fn rounding(&self) -> f64 {
        match &self.network {
            Precise::Wide(_) => f64::EPSILON,
            Precise::Narrow(_) => f64::from(f32::EPSILON),
        }
    }

    pub(super) fn undo(&mut self) {
        match &mut self.network {
            Precise::Wide(network) => network.undo(),
            Precise::Narrow(network) => network.undo(),
        }
    }
}

fn wrong_precision() -> Error {
    let required = "prepared by a network of the same precision, sizes and scale";
    Error::parameter("the batch", "prepared for another network", required)
}

/// Checks that all values are finite.
pub(super) fn check_rows(points: &Matrix, labels: &Matrix) -> Result<()> {
    for (what, matrix) in [("the points", points), ("the labels", labels)] {
        check_finite(what, matrix.values(), matrix.columns())?;
    }
    Ok(())
}
