//! Averages over labelled rows on the sphere.

use super::gradient::make_tangent;
use super::{GradientOracle, Quadratic};
use crate::error::{Error, Result, check_finite, check_size};
use crate::linalg::Matrix;
use crate::network::Network;
use crate::statistics::{Batch, Precision, Statistics};

/// The empirical risk of rows on the sphere.
///
/// ```
/// use zonal::prelude::*;
/// let points = uniform_points(Dim::new(3)?, 100, 0, Purpose::Points);
/// let labels: Vec<f64> = (0..100).map(|i| points.row(i)[0].abs()).collect();
/// let network = Network::random(Activation::Relu, 1.0, Dim::new(3)?, 40, 0)?;
/// let quadratic = Empirical::new(&points, &labels).quadratic(&network)?;
/// let path = GradientPath::new(&quadratic, Step::Auto, &mut Silent)?;
/// let mean_square = labels.iter().map(|y| y * y).sum::<f64>() / 100.0;
/// assert!((path.loss(0) - mean_square).abs() < 1e-14 && path.loss(1_000_000) < 0.05 * mean_square);
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Empirical<'a> {
    points: &'a Matrix,
    labels: &'a [f64],
}

impl<'a> Empirical<'a> {
    /// Creates the risk (1/2N) sum_i (f(x_i) - y_i)^2.
    pub fn new(points: &'a Matrix, labels: &'a [f64]) -> Self {
        Self { points, labels }
    }

    /// Computes the quadratic form of the output layer: K = Phi^T Phi / N, b = Phi^T y / N, c = y^T y / 2N.
    ///
    /// # Errors
    /// [`Error::Size`] if sizes differ, or if there are no rows; [`Error::NotFinite`] for the first point or label that
    /// is not finite.
    pub fn quadratic(&self, network: &Network) -> Result<Quadratic> {
        let count = self.check(network)?;
        let labels = Matrix::from_rows(count, 1, self.labels.to_vec())?;
        let mut statistics = Statistics::new(network.width(), 1, 1, Precision::F64);
        let numbers: Vec<u64> = (0..count as u64).collect();
        let batch = Batch {
            covered: (0, count as u64),
            numbers: &numbers,
            parts: &vec![0; count],
            points: self.points,
            labels: &labels,
            weights: &[],
        };
        statistics.update(network, &batch)?;
        statistics.close(network)?;
        Quadratic::from_sums(&statistics.part(0))
    }

    /// Checks sizes and values, and returns the number of rows.
    fn check(&self, network: &Network) -> Result<usize> {
        let count = self.points.rows();
        check_size("coordinates of a point", self.points.columns(), network.directions().columns())?;
        check_size("labels", self.labels.len(), count)?;
        if count == 0 {
            return Err(Error::Size { what: "rows".into(), found: 0, required: 1 });
        }
        for (what, values) in [("the points", self.points.values()), ("the labels", self.labels)] {
            check_finite(what, values, values.len() / count)?;
        }
        Ok(count)
    }
}

impl GradientOracle for Empirical<'_> {
    fn output_layer(&self, network: &Network) -> Result<Vec<f64>> {
        let count = self.check(network)? as f64;
        let features = network.features(self.points)?;
        let mut b = features.transposed_times_vector(self.labels);
        b.iter_mut().for_each(|x| *x /= count);
        Ok(b)
    }

    fn hidden_layer(&self, network: &Network) -> Result<Matrix> {
        let (count, directions) = (self.check(network)?, network.directions());
        let activation = network.activation();
        activation.derivative_structure(network.scale())?;
        let mut products = directions.times_transposed(self.points);
        for (i, x) in products.values_mut().iter_mut().enumerate() {
            *x = activation.slope(network.scale() * *x) * self.labels[i % count];
        }
        let mut gradient = products.times(self.points);
        let factor = network.scale() / count as f64;
        gradient.values_mut().iter_mut().for_each(|x| *x *= factor);
        make_tangent(&mut gradient, directions);
        Ok(gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::numeric::random::Purpose;
    use crate::sphere::{Dim, uniform_points};

    #[test]
    fn rows_that_are_not_finite_are_reported_by_their_number() {
        let dim = Dim::new(3).unwrap();
        let network = Network::random(Activation::Relu, 1.0, dim, 5, 0).unwrap();
        let mut points = uniform_points(dim, 6, 0, Purpose::Points);
        let place = |points: &Matrix, labels: &[f64]| match Empirical::new(points, labels).quadratic(&network)
        {
            Err(Error::NotFinite { what, row, column, .. }) => (what, row, column),
            other => panic!("{other:?}"),
        };
        let labels = [1.0, 1.0, 1.0, 1.0, f64::NAN, 1.0];
        assert_eq!(place(&points, &labels), ("the labels".into(), 4, 0));
        points.row_mut(2)[1] = f64::INFINITY;
        assert_eq!(place(&points, &[1.0; 6]), ("the points".into(), 2, 1));
        assert!(Empirical::new(&points, &[1.0; 6]).output_layer(&network).is_err());
    }
}
