//! Rows packed for the products of both directions.

use crate::activation::Scalar;
use crate::numeric::lanes::Lanes;
use pulp::{Simd, WithSimd};

/// How many numbers a vector has, and how many rows a product takes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) lanes: usize,
    pub(super) rows: usize,
}

pub(super) struct ShapeOf<T>(pub(super) std::marker::PhantomData<T>);

impl<T: Lanes> WithSimd for ShapeOf<T> {
    type Output = Shape;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Shape {
        Shape { lanes: T::lanes::<S>(), rows: if many_registers::<S>() { 8 } else { 4 } }
    }
}

/// Sums of 8 rows by two vectors need 16 registers, and as many again must be left.
#[inline(always)]
pub(super) fn many_registers<S: Simd>() -> bool {
    S::REGISTER_COUNT >= 32
}

/// Rows on which a pass runs, packed for the products of both directions.
#[derive(Debug)]
pub(crate) struct PackedRows<T> {
    pub(super) tiles: Vec<Tile<T>>,
    pub(super) rows: usize,
    pub(super) labels: usize,
    /// Coordinates with the bias's, and the scale that is in them.
    pub(super) depth: usize,
    pub(super) scale: f64,
}

#[derive(Debug)]
pub(super) struct Tile<T> {
    pub(super) rows: usize,
    /// The rows s x (and 1 where there are biases), a few at a time, coordinate by coordinate.
    pub(super) forward: Vec<T>,
    /// Their transpose, a few coordinates at a time, row by row.
    pub(super) backward: Vec<T>,
    /// Row by row.
    pub(super) labels: Vec<T>,
}

/// The sizes of the blocks that a product takes its rows in: `most` at a time, and powers of two for the rest.
pub(super) fn blocks(rows: usize, most: usize) -> impl Iterator<Item = usize> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let mut size = most;
        while size > left {
            size /= 2;
        }
        left -= size;
        (size > 0).then_some(size)
    })
}

/// A matrix with so many rows, block of rows by block, column by column within a block; entry (i, j) stands at
/// `i * strides[0] + j * strides[1]` of `values`.
pub(super) fn packed<T: Copy + Default>(
    rows: usize,
    columns: usize,
    most: usize,
    strides: [usize; 2],
    values: &[T],
) -> Vec<T> {
    let mut out = vec![T::default(); rows * columns];
    let mut first = 0;
    for size in blocks(rows, most) {
        let block = &mut out[first * columns..(first + size) * columns];
        for (j, out) in block.chunks_exact_mut(size).enumerate() {
            let at = first * strides[0] + j * strides[1];
            if strides[0] == 1 {
                out.copy_from_slice(&values[at..at + size]);
            } else {
                for (i, x) in out.iter_mut().enumerate() {
                    *x = values[at + i * strides[0]];
                }
            }
        }
        first += size;
    }
    out
}

impl<T: Scalar> Tile<T> {
    pub(super) fn new(rows: &[(&[f64], &[f64])], scale: T, biases: bool, shape: Shape) -> Self {
        let n = rows.first().map_or(0, |(x, _)| x.len());
        let depth = n + usize::from(biases);
        // Where there are biases, the last coordinate stays 1.
        let mut wide = vec![T::nearest(1.0); rows.len() * depth];
        for (to, (x, _)) in wide.chunks_mut(depth).zip(rows) {
            for (to, x) in to.iter_mut().zip(*x) {
                *to = scale * T::nearest(*x);
            }
        }
        let mut labels = Vec::with_capacity(rows.len() * rows.first().map_or(0, |(_, y)| y.len()));
        for (_, y) in rows {
            labels.extend(y.iter().map(|y| T::nearest(*y)));
        }
        Self {
            rows: rows.len(),
            forward: packed(rows.len(), depth, shape.rows, [depth, 1], &wide),
            backward: packed(depth, rows.len(), shape.rows, [1, depth], &wide),
            labels,
        }
    }
}
