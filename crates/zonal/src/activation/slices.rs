//! Activations and their derivatives over whole slices, in both precisions.

use super::Activation;
use super::builtin::Definition;
use crate::linalg::Real;
use crate::numeric::lanes::Lanes;
use crate::numeric::level::Level;
use crate::numeric::{Dual, special, vector};
use pulp::{Simd, WithSimd};

/// What a layer stores until the gradient is taken: the slopes are computed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlopeFrom {
    /// phi(z).
    Value,
    /// z.
    Argument,
}

/// The two precisions in which activations are computed.
pub trait Scalar: Real + Sealed {
    /// Replaces every argument by phi of it.
    fn apply(activation: &Activation, values: &mut [Self]);
}

use sealed::Sealed;

/// What else this crate needs of a precision.
mod sealed {
    use super::{Activation, Lanes};

    pub trait Sealed: Lanes {
        /// Rows of a tile: a panel of it takes at most 16 KiB, half of the first-level cache.
        const TILE: usize;
        /// The square root.
        fn root(self) -> Self;
        /// phi'(z) where `from` holds what [`Activation::slope_from`] names; at a kink one of the two slopes, or 0.
        fn slopes(activation: &Activation, from: &[Self], slopes: &mut [Self]);
    }
}

/// A built-in activation over slices in both precisions.
pub(super) struct BothPrecisions {
    pub(super) wide: Slices<f64>,
    pub(super) narrow: Slices<f32>,
}

/// A built-in activation over slices.
pub(super) struct Slices<T> {
    /// Replaces every argument by phi of it.
    pub(super) apply: fn(&mut [T]),
    /// Writes the slopes, computed from what [`SlopeFrom`] names.
    pub(super) slopes: fn(&[T], &mut [T]),
}

/// A [`BothPrecisions`] by one of
///
/// - `each |t| VALUE, slope |v| SLOPE`: loops over expressions, which the compiler vectorises;
/// - `vector NAME, slope |v| SLOPE`: the function of [`vector`] of this name, and a loop;
/// - `vector NAME, SLOPES`: the same with the function `SLOPES` of [`wide`] and [`narrow`];
/// - `wide APPLY, SLOPES`: functions of f64; values of f32 are converted, as they need its range or care.
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

/// Replaces every value by f of it, with the best vector instructions.
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

/// Writes f of each value, with the best vector instructions.
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

/// Slopes that need functions of [`vector`], in one precision.
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

/// d/dt He_K(t)/sqrt(K!) = sqrt(K) He_(K-1)(t)/sqrt((K-1)!).
fn hermite_slope(degree: u8, t: f64) -> f64 {
    if degree == 0 { 0.0 } else { f64::from(degree).sqrt() * special::hermite(degree - 1, t) }
}

/// Values of f32 that are converted at a time.
const CHUNK: usize = 512;

/// Calls `apply` with chunks of the values as f64, and rounds what it writes.
pub(super) fn through_wide(values: &mut [f32], mut apply: impl FnMut(&mut [f64])) {
    let mut wide = [0.0; CHUNK];
    for chunk in values.chunks_mut(CHUNK) {
        let wide = &mut wide[..chunk.len()];
        wide.iter_mut().zip(chunk.iter()).for_each(|(w, x)| *w = f64::from(*x));
        apply(wide);
        chunk.iter_mut().zip(wide.iter()).for_each(|(x, w)| *x = *w as f32);
    }
}

/// The same for slopes.
pub(super) fn slopes_through_wide(from: &[f32], to: &mut [f32], slopes: impl Fn(&[f64], &mut [f64])) {
    to.copy_from_slice(from);
    through_wide(to, |wide| {
        let mut from = [0.0; CHUNK];
        from[..wide.len()].copy_from_slice(wide);
        slopes(&from[..wide.len()], wide);
    });
}

impl Scalar for f64 {
    fn apply(activation: &Activation, values: &mut [Self]) {
        match activation.definition() {
            Definition::Builtin(row) => (row.slices.wide.apply)(values),
            Definition::Hermite(k) => values.iter_mut().for_each(|t| *t = special::hermite(k, *t)),
            Definition::Formula(f) => values.iter_mut().for_each(|t| *t = f.value(t)),
            Definition::Function(f) => (f.apply)(values),
        }
    }
}

impl Sealed for f64 {
    const TILE: usize = 64;

    fn root(self) -> Self {
        self.sqrt()
    }

    fn slopes(activation: &Activation, from: &[Self], slopes: &mut [Self]) {
        let each = |slopes: &mut [Self], slope: &dyn Fn(Self) -> Self| {
            slopes.iter_mut().zip(from).for_each(|(s, t)| *s = slope(*t));
        };
        match activation.definition() {
            Definition::Builtin(row) => (row.slices.wide.slopes)(from, slopes),
            Definition::Hermite(k) => each(slopes, &|t| hermite_slope(k, t)),
            Definition::Formula(f) => each(slopes, &|t| f.value(&Dual::variable(t)).slope),
            // Its derivative is not known; that is refused before any training.
            Definition::Function(_) => slopes.fill(Self::NAN),
        }
    }
}

impl Scalar for f32 {
    fn apply(activation: &Activation, values: &mut [Self]) {
        match activation.definition() {
            Definition::Builtin(row) => (row.slices.narrow.apply)(values),
            Definition::Hermite(_) | Definition::Formula(_) => {
                through_wide(values, |wide| f64::apply(activation, wide));
            }
            // Code of users may be slow to call: once for all.
            Definition::Function(f) => {
                let mut wide: Vec<f64> = values.iter().map(|t| f64::from(*t)).collect();
                (f.apply)(&mut wide);
                values.iter_mut().zip(&wide).for_each(|(t, w)| *t = *w as Self);
            }
        }
    }
}

impl Sealed for f32 {
    const TILE: usize = 128;

    fn root(self) -> Self {
        self.sqrt()
    }

    fn slopes(activation: &Activation, from: &[Self], slopes: &mut [Self]) {
        match activation.definition() {
            Definition::Builtin(row) => (row.slices.narrow.slopes)(from, slopes),
            Definition::Hermite(_) | Definition::Formula(_) | Definition::Function(_) => {
                slopes_through_wide(from, slopes, |from, slopes| f64::slopes(activation, from, slopes));
            }
        }
    }
}

impl Activation {
    /// phi(t).
    pub fn value(&self, t: f64) -> f64 {
        let mut value = [t];
        self.apply(&mut value);
        value[0]
    }

    /// Replaces every argument by phi of it.
    pub fn apply(&self, values: &mut [f64]) {
        Scalar::apply(self, values);
    }

    /// What [`Sealed::slopes`] is computed from.
    pub(crate) fn slope_from(&self) -> SlopeFrom {
        match self.definition() {
            Definition::Builtin(row) => row.slope_from,
            Definition::Hermite(_) | Definition::Formula(_) | Definition::Function(_) => SlopeFrom::Argument,
        }
    }

    /// Whether its derivative is known; that of a function given as code is not.
    pub fn has_slope(&self) -> bool {
        !matches!(self, Self::Function(_))
    }

    /// Replaces every argument by phi' of it; `values` holds phi of it.
    pub(crate) fn replace_by_slopes(&self, arguments: &mut [f64], values: &[f64]) {
        let from = match self.slope_from() {
            SlopeFrom::Value => values.to_vec(),
            SlopeFrom::Argument => arguments.to_vec(),
        };
        f64::slopes(self, &from, arguments);
    }

    /// phi'(t), at a kink one of the two slopes or 0 (0 for ReLU and |t|); NaN where the derivative is not known.
    pub fn slope(&self, t: f64) -> f64 {
        let from = match self.slope_from() {
            SlopeFrom::Value => self.value(t),
            SlopeFrom::Argument => t,
        };
        let mut slope = [0.0];
        f64::slopes(self, &[from], &mut slope);
        slope[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_differences_in_both_precisions() {
        let formulas = [
            "t*tanh(t) - 2^t + sqrt(1 + t^2)",
            "max(t, 0.3)^2 + abs(t - 1)",
            "sin(3*t)*softplus(t) + erf(t)/(2 + cos(t))",
        ];
        let formulas = formulas.map(|f| Activation::parse(f).unwrap());
        for a in Activation::NAMED.into_iter().chain(formulas) {
            let arguments: Vec<f64> = (-30..30).map(|i| 0.1 * f64::from(i) + 0.0371).collect();
            let kept: Vec<f32> = arguments
                .iter()
                .map(|&t| if a.slope_from() == SlopeFrom::Value { a.value(t) as f32 } else { t as f32 })
                .collect();
            let mut narrow = vec![0.0f32; kept.len()];
            f32::slopes(&a, &kept, &mut narrow);
            let mut applied: Vec<f32> = arguments.iter().map(|t| *t as f32).collect();
            f32::apply(&a, &mut applied);
            for (i, &t) in arguments.iter().enumerate() {
                let difference = |h: f64| (a.value(t + h) - a.value(t - h)) / (2.0 * h);
                let richardson = (4.0 * difference(5e-4) - difference(1e-3)) / 3.0;
                let (slope, size) = (a.slope(t), 1.0 + a.slope(t).abs());
                assert!((slope - richardson).abs() < 1e-9 * size, "{a} at {t}: {slope} {richardson}");
                assert!(
                    (f64::from(narrow[i]) - slope).abs() < 1e-5 * size,
                    "{a} at {t}: {} {slope}",
                    narrow[i]
                );
                let value = a.value(t);
                assert!((f64::from(applied[i]) - value).abs() < 1e-5 * (1.0 + value.abs()), "{a} at {t}");
            }
        }
        assert_eq!([Activation::Relu.slope(0.0), Activation::Abs.slope(0.0)], [0.0; 2]);
    }
}
