//! Values and slopes of the built-in activations over whole slices, in both precisions.

use crate::numeric::level::Level;
use crate::numeric::vector;
use pulp::{Simd, WithSimd};

/// The quantity that a layer stores for the gradient: slopes are computed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlopeFrom {
    /// phi(z).
    Value,
    /// z.
    Argument,
}

/// A built-in activation over slices in both precisions.
pub(super) struct BothPrecisions {
    pub(super) wide: Slices<f64>,
    pub(super) narrow: Slices<f32>,
}

/// A built-in activation over slices.
pub(super) struct Slices<T> {
    /// Replaces every argument by the value of phi there.
    pub(super) apply: fn(&mut [T]),
    /// Writes the slopes, computed from the quantity named by [`SlopeFrom`].
    pub(super) slopes: fn(&[T], &mut [T]),
}

/// Creates a [`BothPrecisions`] from one of
///
/// - `each |t| VALUE, slope |v| SLOPE`: loops over expressions, which the compiler vectorises;
/// - `vector NAME, slope |v| SLOPE`: the function of this name in [`vector`], and a loop;
/// - `vector NAME, SLOPES`: the same with the function `SLOPES` of [`wide`] and [`narrow`];
/// - `wide APPLY, SLOPES`: functions of f64; f32 values are converted, because they need the range or accuracy of f64.
macro_rules! slices {
    (each |$t:ident| $value:expr, slope |$v:ident| $slope:expr) => {{
        use $crate::activation::slices::{BothPrecisions, Slices, each, map};
        BothPrecisions {
            wide: Slices {
                apply: |values| each(values, |$t: f64| $value),
                slopes: |from, slopes| map(from, slopes, |$v: f64| $slope),
            },
            narrow: Slices {
                apply: |values| each(values, |$t: f32| $value),
                slopes: |from, slopes| map(from, slopes, |$v: f32| $slope),
            },
        }
    }};
    (vector $function:ident, slope |$v:ident| $slope:expr) => {{
        use $crate::activation::slices::{BothPrecisions, Slices, map};
        use $crate::numeric::vector;
        BothPrecisions {
            wide: Slices {
                apply: vector::$function,
                slopes: |from, slopes| map(from, slopes, |$v: f64| $slope),
            },
            narrow: Slices {
                apply: vector::narrow::$function,
                slopes: |from, slopes| map(from, slopes, |$v: f32| $slope),
            },
        }
    }};
    (vector $function:ident, $slopes:ident) => {{
        use $crate::activation::slices::{BothPrecisions, Slices, narrow, wide};
        use $crate::numeric::vector;
        BothPrecisions {
            wide: Slices { apply: vector::$function, slopes: wide::$slopes },
            narrow: Slices { apply: vector::narrow::$function, slopes: narrow::$slopes },
        }
    }};
    (wide $apply:path, $slopes:path) => {{
        use $crate::activation::slices::{BothPrecisions, Slices, slopes_through_wide, through_wide};
        BothPrecisions {
            wide: Slices { apply: $apply, slopes: $slopes },
            narrow: Slices {
                apply: |values| through_wide(values, $apply),
                slopes: |from, slopes| slopes_through_wide(from, slopes, $slopes),
            },
        }
    }};
}

pub(super) use slices;

/// Replaces every value x by f(x), using the best vector instructions available.
pub(super) fn each<T: Copy>(values: &mut [T], f: impl Fn(T) -> T) {
    struct Each<'a, T, F>(&'a mut [T], F);

    impl<T: Copy, F: Fn(T) -> T> WithSimd for Each<'_, T, F> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            for t in self.0 {
                *t = self.1(*t);
            }
        }
    }

    Level::here().dispatch(Each(values, f));
}

/// Writes f(x) for each value x, using the best vector instructions available.
pub(super) fn map<T: Copy>(from: &[T], to: &mut [T], f: impl Fn(T) -> T) {
    struct Map<'a, T, F>(&'a [T], &'a mut [T], F);

    impl<T: Copy, F: Fn(T) -> T> WithSimd for Map<'_, T, F> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            for (y, x) in self.1.iter_mut().zip(self.0) {
                *y = self.2(*x);
            }
        }
    }

    Level::here().dispatch(Map(from, to, f));
}

/// Defines the slopes that need functions of [`vector`], in one precision.
macro_rules! slopes {
    ($number:ident, $functions:path) => {
        use super::{each, map};
        use std::$number::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};
        use $functions as functions;

        pub(in crate::activation) fn softplus_slopes(arguments: &[$number], slopes: &mut [$number]) {
            slopes.copy_from_slice(arguments);
            functions::sigmoid(slopes);
        }

        pub(in crate::activation) fn silu_slopes(arguments: &[$number], slopes: &mut [$number]) {
            softplus_slopes(arguments, slopes);
            slopes.iter_mut().zip(arguments).for_each(|(s, t)| *s *= 1.0 + t * (1.0 - *s));
        }

        pub(in crate::activation) fn erf_slopes(arguments: &[$number], slopes: &mut [$number]) {
            map(arguments, slopes, |t| -t * t);
            functions::exp(slopes);
            each(slopes, |e| FRAC_2_SQRT_PI * e);
        }

        pub(in crate::activation) fn gelu_slopes(arguments: &[$number], slopes: &mut [$number]) {
            const CHUNK: usize = 64;
            let factor = 1.0 / (2.0 * PI).sqrt();
            let mut density = [0.0; CHUNK];
            for (slopes, arguments) in slopes.chunks_mut(CHUNK).zip(arguments.chunks(CHUNK)) {
                let density = &mut density[..arguments.len()];
                map(arguments, density, |t| -0.5 * t * t);
                functions::exp(density);
                map(arguments, slopes, |t| t * FRAC_1_SQRT_2);
                functions::erf(slopes);
                for ((s, d), t) in slopes.iter_mut().zip(density.iter()).zip(arguments) {
                    *s = 0.5 * (1.0 + *s) + factor * t * d;
                }
            }
        }
    };
}

pub(super) mod wide {
    slopes!(f64, crate::numeric::vector);
}

pub(super) mod narrow {
    slopes!(f32, crate::numeric::vector::narrow);
}

pub(super) fn sin_slopes(arguments: &[f64], slopes: &mut [f64]) {
    slopes.copy_from_slice(arguments);
    vector::cos(slopes);
}

pub(super) fn cos_slopes(arguments: &[f64], slopes: &mut [f64]) {
    slopes.copy_from_slice(arguments);
    vector::sin(slopes);
    each(slopes, |s| -s);
}

/// The number of f32 values that are converted at a time.
const CHUNK: usize = 512;

/// Calls `apply` with chunks of the values as f64, and rounds the results.
pub(super) fn through_wide(values: &mut [f32], mut apply: impl FnMut(&mut [f64])) {
    let mut wide = [0.0; CHUNK];
    for chunk in values.chunks_mut(CHUNK) {
        let wide = &mut wide[..chunk.len()];
        wide.iter_mut().zip(chunk.iter()).for_each(|(w, x)| *w = f64::from(*x));
        apply(wide);
        chunk.iter_mut().zip(wide.iter()).for_each(|(x, w)| *x = *w as f32);
    }
}

/// Like [`through_wide`], for slopes.
pub(super) fn slopes_through_wide(from: &[f32], to: &mut [f32], slopes: impl Fn(&[f64], &mut [f64])) {
    to.copy_from_slice(from);
    through_wide(to, |wide| {
        let mut from = [0.0; CHUNK];
        from[..wide.len()].copy_from_slice(wide);
        slopes(&from[..wide.len()], wide);
    });
}
