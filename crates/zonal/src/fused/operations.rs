//! Operations on a panel: products, sums and gradients, as loops over vectors.

use super::rows::{blocks, many_registers};
use crate::activation::Scalar;
use pulp::{Simd, WithSimd};

/// Computes out\[r\] = sum_k x\[k\]\[r\] panel\[k\] for R rows, or adds it to `out` if `ADD` is set.
#[inline(always)]
pub(super) fn block<T: Scalar, S: Simd, const R: usize, const ADD: bool>(
    simd: S,
    x: &[T],
    panel: &[[T::Vector<S>; 2]],
    out: &mut [[T::Vector<S>; 2]],
) {
    let mut sums = [[T::splat(simd, T::default()); 2]; R];
    for (x, p) in x.as_chunks::<R>().0.iter().zip(panel) {
        for r in 0..R {
            let factor = T::splat(simd, x[r]);
            sums[r][0] = T::fused(simd, factor, p[0], sums[r][0]);
            sums[r][1] = T::fused(simd, factor, p[1], sums[r][1]);
        }
    }
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = if ADD { [T::plus(simd, out[0], sum[0]), T::plus(simd, out[1], sum[1])] } else { sum };
    }
}

/// Multiplies packed rows by a panel with `depth` rows.
#[inline(always)]
pub(super) fn product<T: Scalar, S: Simd, const ADD: bool>(
    simd: S,
    x: &[T],
    depth: usize,
    panel: &[T],
    out: &mut [T],
) {
    let panel = T::vectors::<S>(panel).as_chunks::<2>().0;
    let mut out = T::vectors_mut::<S>(out).as_chunks_mut::<2>().0;
    let mut x = x;
    for size in blocks(out.len(), if many_registers::<S>() { 8 } else { 4 }) {
        let (now, rest) = std::mem::take(&mut out).split_at_mut(size);
        let (rows, after) = x.split_at(size * depth);
        match size {
            8 => block::<T, S, 8, ADD>(simd, rows, panel, now),
            4 => block::<T, S, 4, ADD>(simd, rows, panel, now),
            2 => block::<T, S, 2, ADD>(simd, rows, panel, now),
            _ => block::<T, S, 1, ADD>(simd, rows, panel, now),
        }
        (out, x) = (rest, after);
    }
}

/// Computes the arguments of the units of a panel on a tile.
pub(super) struct Arguments<'a, T> {
    pub(super) rows: &'a [T],
    pub(super) depth: usize,
    pub(super) weights: &'a [T],
    pub(super) out: &'a mut [T],
}

impl<T: Scalar> WithSimd for Arguments<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        product::<T, S, false>(simd, self.rows, self.depth, self.weights, self.out);
    }
}

/// Adds the contribution of a panel to the network's values, not yet summed over the lanes.
pub(super) struct Values<'a, T> {
    pub(super) features: &'a [T],
    /// Ordered by label.
    pub(super) output: &'a [T],
    /// Ordered by label, then by row.
    pub(super) sums: &'a mut [T],
    pub(super) rows: usize,
}

impl<T: Scalar> WithSimd for Values<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let features = T::vectors::<S>(self.features).as_chunks::<2>().0;
        let output = T::vectors::<S>(self.output).as_chunks::<2>().0;
        let sums = T::vectors_mut::<S>(self.sums);
        for (a, sums) in output.iter().zip(sums.chunks_mut(self.rows)) {
            for (phi, sum) in features.iter().zip(sums) {
                *sum = T::fused(simd, phi[1], a[1], T::fused(simd, phi[0], a[0], *sum));
            }
        }
    }
}

/// Sums the lanes of each vector. Halves are added until two neighbouring lanes remain, so that a unit and its mirror
/// image, which are neighbours, cancel exactly.
pub(super) struct LaneSums<'a, T> {
    pub(super) sums: &'a [T],
    pub(super) out: &'a mut [T],
}

impl<T: Scalar> WithSimd for LaneSums<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (out, sum) in self.out.iter_mut().zip(T::vectors::<S>(self.sums)) {
            *out = T::lane_sum(simd, *sum);
        }
    }
}

/// Computes the gradients of a panel's output weights, sum_i r_il phi_ij, and, from phi', the derivative of the loss
/// with respect to each argument, phi'_ij sum_l r_il a_lj. Either may be omitted.
pub(super) struct Gradients<'a, T> {
    pub(super) features: Option<&'a [T]>,
    pub(super) slopes: Option<&'a mut [T]>,
    /// Ordered by row, then by label.
    pub(super) residuals: &'a [T],
    pub(super) labels: usize,
    /// Ordered by label.
    pub(super) output: &'a [T],
    /// Ordered by label; the result is added to it.
    pub(super) sums: &'a mut [T],
}

impl<T: Scalar> WithSimd for Gradients<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let output = T::vectors::<S>(self.output).as_chunks::<2>().0;
        let sums = T::vectors_mut::<S>(self.sums).as_chunks_mut::<2>().0;
        if let (Some(features), Some(slopes), [a], [sum]) =
            (self.features, &mut self.slopes, output, &mut *sums)
        {
            // The common case in one pass.
            let features = T::vectors::<S>(features).as_chunks::<2>().0;
            let slopes = T::vectors_mut::<S>(slopes).as_chunks_mut::<2>().0;
            let mut total = *sum;
            for ((phi, slope), r) in features.iter().zip(slopes).zip(self.residuals) {
                let r = T::splat(simd, *r);
                for v in 0..2 {
                    total[v] = T::fused(simd, r, phi[v], total[v]);
                    slope[v] = T::times(simd, slope[v], T::times(simd, r, a[v]));
                }
            }
            *sum = total;
            return;
        }
        if let Some(features) = self.features {
            let features = T::vectors::<S>(features).as_chunks::<2>().0;
            for (label, sum) in sums.iter_mut().enumerate() {
                let mut total = *sum;
                for (phi, r) in features.iter().zip(self.residuals.iter().skip(label).step_by(self.labels)) {
                    let r = T::splat(simd, *r);
                    total[0] = T::fused(simd, r, phi[0], total[0]);
                    total[1] = T::fused(simd, r, phi[1], total[1]);
                }
                *sum = total;
            }
        }
        if let Some(slopes) = self.slopes {
            let slopes = T::vectors_mut::<S>(slopes).as_chunks_mut::<2>().0;
            for (slope, r) in slopes.iter_mut().zip(self.residuals.chunks(self.labels)) {
                let mut sum = [T::splat(simd, T::default()); 2];
                for (r, a) in r.iter().zip(output) {
                    let r = T::splat(simd, *r);
                    sum = [T::fused(simd, r, a[0], sum[0]), T::fused(simd, r, a[1], sum[1])];
                }
                *slope = [T::times(simd, slope[0], sum[0]), T::times(simd, slope[1], sum[1])];
            }
        }
    }
}

/// Adds the contribution of a tile to the gradient of the hidden weights, or initialises the gradient with it.
pub(super) struct HiddenGradient<'a, T> {
    pub(super) rows: &'a [T],
    pub(super) errors: &'a [T],
    pub(super) count: usize,
    pub(super) sums: &'a mut [T],
    pub(super) first: bool,
}

impl<T: Scalar> WithSimd for HiddenGradient<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.first {
            product::<T, S, false>(simd, self.rows, self.count, self.errors, self.sums);
        } else {
            product::<T, S, true>(simd, self.rows, self.count, self.errors, self.sums);
        }
    }
}

/// Computes y += factor x.
pub(super) struct AddScaled<'a, T> {
    pub(super) y: &'a mut [T],
    pub(super) factor: T,
    pub(super) x: &'a [T],
}

impl<T: Scalar> WithSimd for AddScaled<'_, T> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let factor = T::splat(simd, self.factor);
        for (y, x) in T::vectors_mut::<S>(self.y).iter_mut().zip(T::vectors::<S>(self.x)) {
            *y = T::fused(simd, factor, *x, *y);
        }
    }
}
