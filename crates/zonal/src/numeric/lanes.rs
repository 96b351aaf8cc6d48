//! Vectors of numbers in the processor's registers, in both precisions.

use pulp::Simd;

/// A number type with its vectors, whose width is that of the instruction set `S`.
pub trait Lanes: Copy + Default + Send + Sync + 'static {
    /// A vector of numbers.
    type Vector<S: Simd>: Copy + Send + Sync;
    /// Returns the number of lanes.
    fn lanes<S: Simd>() -> usize;
    /// Returns a vector with the same number in each lane.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;
    /// Returns a b + c, rounded once if the processor supports it.
    fn fused<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>)
    -> Self::Vector<S>;
    /// Returns a + b.
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// Returns a b.
    fn times<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// Returns the sum of all numbers of a vector, by halves.
    fn lane_sum<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;
    /// Returns the whole vectors of a slice.
    fn vectors<S: Simd>(values: &[Self]) -> &[Self::Vector<S>];
    /// Returns the whole vectors of a slice, mutable.
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Vector<S>];
}

impl Lanes for f32 {
    type Vector<S: Simd> = S::f32s;

    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        S::F32_LANES
    }
    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: f32) -> S::f32s {
        simd.splat_f32s(x)
    }
    #[inline(always)]
    fn fused<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }
    #[inline(always)]
    fn plus<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.add_f32s(a, b)
    }
    #[inline(always)]
    fn times<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.mul_f32s(a, b)
    }
    #[inline(always)]
    fn lane_sum<S: Simd>(simd: S, a: S::f32s) -> f32 {
        simd.reduce_sum_f32s(a)
    }
    #[inline(always)]
    fn vectors<S: Simd>(values: &[f32]) -> &[S::f32s] {
        S::as_simd_f32s(values).0
    }
    #[inline(always)]
    fn vectors_mut<S: Simd>(values: &mut [f32]) -> &mut [S::f32s] {
        S::as_mut_simd_f32s(values).0
    }
}

impl Lanes for f64 {
    type Vector<S: Simd> = S::f64s;

    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        S::F64_LANES
    }
    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: f64) -> S::f64s {
        simd.splat_f64s(x)
    }
    #[inline(always)]
    fn fused<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_e_f64s(a, b, c)
    }
    #[inline(always)]
    fn plus<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.add_f64s(a, b)
    }
    #[inline(always)]
    fn times<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.mul_f64s(a, b)
    }
    #[inline(always)]
    fn lane_sum<S: Simd>(simd: S, a: S::f64s) -> f64 {
        simd.reduce_sum_f64s(a)
    }
    #[inline(always)]
    fn vectors<S: Simd>(values: &[f64]) -> &[S::f64s] {
        S::as_simd_f64s(values).0
    }
    #[inline(always)]
    fn vectors_mut<S: Simd>(values: &mut [f64]) -> &mut [S::f64s] {
        S::as_mut_simd_f64s(values).0
    }
}
