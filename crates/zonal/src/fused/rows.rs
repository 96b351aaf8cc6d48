//! Rows packed for the products of both passes.

use crate::activation::Scalar;
use crate::numeric::lanes::Lanes;
use pulp::{Simd, WithSimd};

/// The number of lanes of a vector, and the number of rows that a product processes at a time.
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

/// Returns whether products of 8 rows fit: their sums by two vectors need 16 registers, and 16 more must be free.
#[inline(always)]
pub(super) fn many_registers<S: Simd>() -> bool {
    S::REGISTER_COUNT >= 32
}

/// The rows of a pass, packed for the products of both passes.
#[derive(Debug)]
pub(crate) struct PackedRows<T> {
    pub(super) tiles: Vec<Tile<T>>,
    pub(super) rows: usize,
    pub(super) labels: usize,
    /// The number of coordinates including the bias; the coordinates are multiplied by `scale`.
    pub(super) depth: usize,
    pub(super) scale: f64,
}

#[derive(Debug)]
pub(super) struct Tile<T> {
    pub(super) rows: usize,
    /// The rows s x (and 1 if there are biases), in blocks of a few rows, ordered by coordinate.
    pub(super) forward: Vec<T>,
    /// The transposed rows, in blocks of a few coordinates, ordered by row.
    pub(super) backward: Vec<T>,
    /// Ordered by row.
    pub(super) labels: Vec<T>,
}

/// Returns the sizes of the blocks in which a product processes its rows: blocks of `most` rows, then powers of two for
/// the remaining rows.
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

/// Packs a matrix with `rows` rows, block by block of rows and column by column within a block. Entry (i, j) is
/// `values[i * strides[0] + j * strides[1]]`.
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
        // If there are biases, the last coordinate remains 1.
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
