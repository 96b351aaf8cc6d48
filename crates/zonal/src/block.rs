//! Features of rows in strips that stay in cache: product, scale and activation while the values are near. The one
//! place where features may be f32.

use crate::activation::Activation;
use crate::linalg::{Matrix, Real, products};
use rayon::prelude::*;

/// A map from points to features. What gradient descent on the output layer learns depends on nothing else.
pub trait FeatureMap: Sync {
    /// How many features a point has.
    fn width(&self) -> usize;
    /// The features of each row of `points` in panels of `panel` columns: the rows of a panel stand one after another,
    /// and panels one after another, the last one narrower. With the width as `panel`, each point's features stand
    /// together. A row's features do not depend on the other rows beyond rounding.
    fn fill<T: Real>(&self, points: &Matrix, panel: usize, out: &mut [T]);
}

/// Rows of a strip.
const STRIP: usize = 64;

/// Features phi(s <w_j, x_i>) / sqrt m for directions w_j in the rows of a matrix; see [`FeatureMap::fill`].
pub(crate) fn fill<T: Real>(
    activation: &Activation,
    scale: f64,
    directions: &Matrix,
    points: &Matrix,
    panel: usize,
    out: &mut [T],
) {
    let (m, n) = (directions.rows(), directions.columns());
    if points.rows() == 0 {
        return;
    }
    let norm = 1.0 / (m as f64).sqrt();
    let units: Vec<T> = directions.values().iter().map(|&w| T::nearest(scale * w)).collect();
    let rows: Vec<T> = points.values().iter().map(|&x| T::nearest(x)).collect();
    let panels = out.par_chunks_mut(points.rows() * panel).zip(units.par_chunks(panel * n));
    panels.for_each(|(out, units)| {
        let columns = units.len() / n;
        let strips = out.par_chunks_mut(STRIP * columns).zip(rows.par_chunks(STRIP * n));
        strips.for_each(|(out, rows)| {
            products(rows, units, n, out);
            T::with_wide(out, |values| {
                activation.apply(values);
                values.iter_mut().for_each(|x| *x *= norm);
            });
        });
    });
}
