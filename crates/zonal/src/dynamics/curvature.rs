//! The largest curvature of the loss in the tangent directions: the largest eigenvalue of J^T J / N, where J is the
//! derivative of the network's values on N rows with respect to the trained weights. It is also the largest eigenvalue
//! of the tangent kernel on these rows, J J^T / N. Descent with a step above 2 / eigenvalue leaves the neighbourhood of
//! the weights.

use crate::error::{Result, check_size};
use crate::linalg::{Matrix, dot};
use crate::network::{Architecture, Layers, Weights};
use crate::numeric::random::{Purpose, normal, stream};

/// The relative accuracy at which the power iteration stops, and its largest number of steps.
const ACCURACY: f64 = 1e-4;
const MOST_STEPS: usize = 200;

/// The derivative of a network's values with respect to its weights, as an operator in both directions.
pub(crate) struct Tangent<'a> {
    architecture: &'a Architecture,
    layers: Layers,
    weights: &'a Weights,
    /// s x, one point per row.
    points: Matrix,
    features: Matrix,
    slopes: Matrix,
}

/// A vector in the space of weights.
struct Direction {
    hidden: Matrix,
    biases: Vec<f64>,
    output: Matrix,
}

impl<'a> Tangent<'a> {
    pub(crate) fn new(
        architecture: &'a Architecture,
        layers: Layers,
        weights: &'a Weights,
        points: &Matrix,
    ) -> Result<Self> {
        weights.check_sizes(architecture)?;
        check_size("coordinates of a point", points.columns(), architecture.dim)?;
        let mut points = points.clone();
        points.values_mut().iter_mut().for_each(|x| *x *= architecture.scale);
        let mut features = points.times_transposed(&weights.hidden);
        for i in 0..features.rows() {
            features.row_mut(i).iter_mut().zip(&weights.biases).for_each(|(z, b)| *z += b);
        }
        let mut slopes = features.clone();
        if layers.hidden() {
            slopes.values_mut().iter_mut().for_each(|z| *z = architecture.activation.slope(*z));
        }
        architecture.activation.apply(features.values_mut());
        Ok(Self { architecture, layers, weights, points, features, slopes })
    }

    /// Returns the network's values for its first label.
    pub(crate) fn values(&self) -> Vec<f64> {
        let mut f = self.features.times_vector(self.weights.output.row(0));
        f.iter_mut().for_each(|x| *x *= self.architecture.factor());
        f
    }

    /// Computes J J^T / N for the first label.
    pub(crate) fn kernel(&self) -> Matrix {
        let count = self.points.rows();
        let factor = self.architecture.factor().powi(2) / count.max(1) as f64;
        let mut out = Matrix::zeros(count, count);
        if self.layers.output() {
            out = self.features.times_transposed(&self.features);
        }
        if self.layers.hidden() {
            let mut slopes = self.slopes.clone();
            for i in 0..count {
                slopes.row_mut(i).iter_mut().zip(self.weights.output.row(0)).for_each(|(s, a)| *s *= a);
            }
            let slopes = slopes.times_transposed(&slopes);
            let products = self.points.times_transposed(&self.points);
            let bias = if self.architecture.biases { 1.0 } else { 0.0 };
            let hidden = slopes.values().iter().zip(products.values());
            out.values_mut().iter_mut().zip(hidden).for_each(|(x, (s, p))| *x += s * (p + bias));
        }
        out.values_mut().iter_mut().for_each(|x| *x *= factor);
        out.mirror_lower();
        out
    }

    /// Computes J^T v for v with one label per row and one point per column.
    fn pull(&self, v: &Matrix) -> Direction {
        let c = self.architecture.factor();
        let mut output = v.times(&self.features);
        output.values_mut().iter_mut().for_each(|x| *x *= c);
        // phi'_ij sum_l v_li a_lj
        let mut errors = v.transposed().times(&self.weights.output);
        errors.values_mut().iter_mut().zip(self.slopes.values()).for_each(|(e, s)| *e *= c * s);
        let hidden = errors.transposed_times(&self.points);
        let biases = if self.architecture.biases {
            errors.transposed_times_vector(&vec![1.0; errors.rows()])
        } else {
            vec![0.0; self.architecture.width]
        };
        Direction { hidden, biases, output }
    }

    /// Computes J d.
    fn push(&self, d: &Direction) -> Matrix {
        let c = self.architecture.factor();
        let mut out = Matrix::zeros(self.architecture.labels, self.points.rows());
        if self.layers.output() {
            out = d.output.times_transposed(&self.features);
        }
        if self.layers.hidden() {
            let mut moved = self.points.times_transposed(&d.hidden);
            for i in 0..moved.rows() {
                let row = moved.row_mut(i).iter_mut().zip(&d.biases).zip(self.slopes.row(i));
                row.for_each(|((z, b), s)| *z = (*z + b) * s);
            }
            let hidden = self.weights.output.times_transposed(&moved);
            out.values_mut().iter_mut().zip(hidden.values()).for_each(|(x, y)| *x += y);
        }
        out.values_mut().iter_mut().for_each(|x| *x *= c);
        out
    }

    /// Computes J J^T v / N.
    pub(crate) fn kernel_times(&self, v: &Matrix) -> Matrix {
        let mut out = self.push(&self.pull(v));
        let count = self.points.rows().max(1) as f64;
        out.values_mut().iter_mut().for_each(|x| *x /= count);
        out
    }

    /// Computes the largest eigenvalue of J J^T / N by power iteration from a random start, from below, until it grows
    /// by less than [`ACCURACY`] per step: a few per cent too small if the next eigenvalue is close.
    pub(crate) fn curvature(&self) -> f64 {
        let mut v = Matrix::zeros(self.architecture.labels, self.points.rows());
        let mut rng = stream(0, Purpose::Points, u64::MAX);
        v.values_mut().iter_mut().for_each(|x| *x = normal(&mut rng));
        let mut largest = 0.0;
        for _ in 0..MOST_STEPS {
            let size = dot(v.values(), v.values()).sqrt();
            if !(size > 0.0 && size.is_finite()) {
                break;
            }
            v.values_mut().iter_mut().for_each(|x| *x /= size);
            let image = self.kernel_times(&v);
            let quotient = dot(v.values(), image.values());
            let settled = (quotient - largest).abs() <= ACCURACY * quotient;
            largest = quotient;
            v = image;
            if settled {
                break;
            }
        }
        largest
    }
}

/// Computes the largest curvature on these rows.
///
/// # Errors
/// [`crate::Error::Size`] for weights that do not fit the architecture, or points of another dimension.
pub fn curvature(
    architecture: &Architecture,
    layers: Layers,
    weights: &Weights,
    points: &Matrix,
) -> Result<f64> {
    Ok(Tangent::new(architecture, layers, weights, points)?.curvature())
}
