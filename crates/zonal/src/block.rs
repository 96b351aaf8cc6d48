//! Features of rows in strips that stay in cache: product, scale and activation while the values are near. The one
//! place where features may be f32.

use crate::activation::Activation;
use crate::linalg::{Matrix, Real, products};
use rayon::prelude::*;

/// A map from points to features. What gradient descent on the output layer learns depends on nothing else.
pub trait FeatureMap: Sync {
    /// How many features a point has.
    fn width(&self) -> usize;
    /// The features of each row of `points` in the rows of `out`. A row's features do not depend on the other rows
    /// beyond rounding.
    fn fill<T: Real>(&self, points: &Matrix, out: &mut [T]);
}

/// Rows of a strip: with up to some thousand units its features stay in the second-level cache.
const STRIP: usize = 64;
/// Values activated at a time: they stay in the first-level cache.
const CHUNK: usize = 512;

/// Features phi(s <w_j, x_i>) / sqrt m, one row a point, for directions w_j in the rows of a matrix.
pub(crate) fn fill<T: Real>(
    activation: &Activation,
    scale: f64,
    directions: &Matrix,
    points: &Matrix,
    out: &mut [T],
) {
    let (m, n) = (directions.rows(), directions.columns());
    let norm = 1.0 / (m as f64).sqrt();
    let units: Vec<T> = directions.values().iter().map(|&x| T::nearest(x)).collect();
    out.par_chunks_mut(STRIP * m).zip(points.values().par_chunks(STRIP * n)).for_each(|(out, points)| {
        let points: Vec<T> = points.iter().map(|&x| T::nearest(x)).collect();
        products(&points, &units, n, out);
        let mut wide = [0.0; CHUNK];
        for chunk in out.chunks_mut(CHUNK) {
            let wide = &mut wide[..chunk.len()];
            for (w, x) in wide.iter_mut().zip(chunk.iter()) {
                *w = scale * x.wide();
            }
            activation.apply(wide);
            for (x, w) in chunk.iter_mut().zip(wide.iter()) {
                *x = T::nearest(norm * w);
            }
        }
    });
}
