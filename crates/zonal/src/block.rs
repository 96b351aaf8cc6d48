//! Features of rows in strips that stay in cache: product, scale and activation while the values are near. The one
//! place where features may be f32.

use crate::activation::{Activation, Scalar};
use crate::linalg::Matrix;
use rayon::prelude::*;

/// A map from points to features. What gradient descent on the output layer learns depends on nothing else.
pub trait FeatureMap: Sync {
    /// How many coordinates a point has.
    fn coordinates(&self) -> usize;
    /// How many features a point has.
    fn width(&self) -> usize;
    /// The features of each row of `points` in panels of `panel` columns: the rows of a panel stand one after another,
    /// and panels one after another, the last one narrower. With the width as `panel`, each point's features stand
    /// together. A row's features do not depend on the other rows beyond rounding.
    ///
    /// # Panics
    /// Unless points have [`Self::coordinates`] columns and `out` has room for exactly their features.
    fn fill<T: Scalar>(&self, points: &Matrix, panel: usize, out: &mut [T]);
}

/// Rows of a strip.
const STRIP: usize = 64;

/// The units phi(s <w_j, x> + b_j), w_j the rows of a matrix.
#[derive(Clone, Copy)]
pub(crate) struct Units<'a> {
    pub(crate) scale: f64,
    pub(crate) directions: &'a Matrix,
    pub(crate) biases: Option<&'a [f64]>,
}

/// Features c phi(s <w_j, x_i> + b_j); see [`FeatureMap::fill`].
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
