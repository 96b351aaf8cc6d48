//! Computes features of rows in strips that fit into the cache: product, scale and activation are applied while the
//! values are close to the processor. This is the only module in which features may be f32.

use crate::activation::{Activation, Scalar};
use crate::linalg::Matrix;
use rayon::prelude::*;

/// A map from points to features. Gradient descent on the output layer depends on the hidden layer only through this
/// map.
pub trait FeatureMap: Sync {
    /// Returns the number of coordinates of a point.
    fn coordinates(&self) -> usize;
    /// Returns the number of features of a point.
    fn width(&self) -> usize;
    /// Computes the features of each row of `points` and writes them to `out` in panels of `panel` columns. Panels are
    /// contiguous, the rows within a panel are contiguous, and the last panel may be narrower. If `panel` equals the
    /// width, the features of each point are contiguous. The features of a row do not depend on the other rows, up to
    /// rounding.
    ///
    /// # Panics
    /// If the points do not have [`Self::coordinates`] columns, or if `out` has not exactly the size of their features.
    fn fill<T: Scalar>(&self, points: &Matrix, panel: usize, out: &mut [T]);
}

/// The number of rows in a strip.
const STRIP: usize = 64;

/// The units phi(s <w_j, x> + b_j), where w_j are the rows of a matrix.
#[derive(Clone, Copy)]
pub(crate) struct Units<'a> {
    pub(crate) scale: f64,
    pub(crate) directions: &'a Matrix,
    pub(crate) biases: Option<&'a [f64]>,
}

/// Computes the features c phi(s <w_j, x_i> + b_j); see [`FeatureMap::fill`].
pub(crate) fn fill<T: Scalar>(
    activation: &Activation,
    units: Units<'_>,
    factor: f64,
    points: &Matrix,
    panel: usize,
    out: &mut [T],
) {
    let n = units.directions.columns();
    assert_eq!(points.columns(), n, "coordinates of a point");
    assert_eq!(out.len(), points.rows() * units.directions.rows(), "features of the points");
    if points.rows() == 0 {
        return;
    }
    let norm = T::nearest(factor);
    let biases: Option<Vec<T>> = units.biases.map(|b| b.iter().map(|&b| T::nearest(b)).collect());
    let scaled = |&w: &f64| T::nearest(units.scale * w);
    let units: Vec<T> = units.directions.values().iter().map(scaled).collect();
    let rows: Vec<T> = points.values().iter().map(|&x| T::nearest(x)).collect();
    let panels = out.par_chunks_mut(points.rows() * panel).zip(units.par_chunks(panel * n)).enumerate();
    panels.for_each(|(index, (out, units))| {
        let columns = units.len() / n;
        let strips = out.par_chunks_mut(STRIP * columns).zip(rows.par_chunks(STRIP * n));
        strips.for_each(|(out, rows)| {
            T::products(rows, units, n, out);
            if let Some(biases) = &biases {
                let biases = &biases[index * panel..index * panel + columns];
                for row in out.chunks_mut(columns) {
                    row.iter_mut().zip(biases).for_each(|(z, b)| *z += *b);
                }
            }
            T::apply(activation, out);
            out.iter_mut().for_each(|x| *x *= norm);
        });
    });
}
