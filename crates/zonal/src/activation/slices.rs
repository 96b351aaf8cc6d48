//! Activations and their derivatives over whole slices, in both precisions.

use super::{Activation, LEAKY_SLOPE};
use crate::linalg::Real;
use crate::numeric::lanes::Lanes;
use crate::numeric::level::Level;
use crate::numeric::{Dual, special, vector};
use pulp::{Simd, WithSimd};

/// What a layer keeps of its arguments until the gradient is taken: the derivative follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
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

/// What the kernels of this crate need beside.
mod sealed {
    use super::{Activation, Lanes};

    pub trait Sealed: Lanes {
        /// Rows of a tile: a panel of it takes at most 16 KiB, half of the first-level cache.
        const TILE: usize;
        /// The square root.
        fn root(self) -> Self;
        /// phi'(z) where `kept` holds what [`Activation::keep`] says; at a kink one of the two slopes, or 0.
        fn slopes(activation: &Activation, kept: &[Self], slopes: &mut [Self]);
    }
}

/// Replaces every value by f of it.
#[inline(always)]
fn each<T: Copy>(values: &mut [T], f: impl Fn(T) -> T) {
    for t in values {
        *t = f(*t);
    }
}

/// Writes f of each value.
#[inline(always)]
fn map<T: Copy>(from: &[T], to: &mut [T], f: impl Fn(T) -> T) {
    for (y, x) in to.iter_mut().zip(from) {
        *y = f(*x);
    }
}

/// The piecewise powers and monomials, whose loops the compiler vectorises, alike for both precisions; false for the
/// others.
macro_rules! elementary {
    ($number:ident, $vector:path) => {
        use $vector as functions;

        fn apply_elementary(activation: &Activation, values: &mut [$number]) -> bool {
            Level::here().dispatch(Apply { activation, values })
        }

        struct Apply<'a> {
            activation: &'a Activation,
            values: &'a mut [$number],
        }

        impl WithSimd for Apply<'_> {
            type Output = bool;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> bool {
                apply_loops(self.activation, self.values)
            }
        }

        #[inline(always)]
        fn apply_loops(activation: &Activation, values: &mut [$number]) -> bool {
            match activation {
                // Written so that NaN stays.
                Activation::Relu => each(values, |t| if t < 0.0 { 0.0 } else { t }),
                Activation::LeakyRelu => {
                    each(values, |t| if t > 0.0 { t } else { LEAKY_SLOPE as $number * t })
                }
                Activation::SquaredRelu => each(values, |t| if t < 0.0 { 0.0 } else { t * t }),
                Activation::Step => each(values, |t| if t > 0.0 { 1.0 } else { 0.0 }),
                Activation::Sign => each(values, |t| if t > 0.0 { 1.0 } else { -1.0 }),
                Activation::Abs => each(values, <$number>::abs),
                Activation::Square => each(values, |t| t * t),
                Activation::Cube => each(values, |t| t * t * t),
                _ => return false,
            }
            true
        }

        fn slopes_elementary(activation: &Activation, kept: &[$number], slopes: &mut [$number]) -> bool {
            use std::$number::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};
            match activation {
                Activation::Softplus => {
                    slopes.copy_from_slice(kept);
                    functions::sigmoid(slopes);
                }
                Activation::Silu => {
                    slopes.copy_from_slice(kept);
                    functions::sigmoid(slopes);
                    slopes.iter_mut().zip(kept).for_each(|(s, t)| *s *= 1.0 + t * (1.0 - *s));
                }
                Activation::Erf => {
                    map(kept, slopes, |t| -t * t);
                    functions::exp(slopes);
                    each(slopes, |e| FRAC_2_SQRT_PI * e);
                }
                Activation::Gelu => {
                    const CHUNK: usize = 64;
                    let factor = 1.0 / (2.0 * PI).sqrt();
                    let mut density = [0.0; CHUNK];
                    for (slopes, kept) in slopes.chunks_mut(CHUNK).zip(kept.chunks(CHUNK)) {
                        let density = &mut density[..kept.len()];
                        map(kept, density, |t| -0.5 * t * t);
                        functions::exp(density);
                        map(kept, slopes, |t| t * FRAC_1_SQRT_2);
                        functions::erf(slopes);
                        for ((s, d), t) in slopes.iter_mut().zip(density.iter()).zip(kept) {
                            *s = 0.5 * (1.0 + *s) + factor * t * d;
                        }
                    }
                }
                _ => return Level::here().dispatch(Slopes { activation, kept, slopes }),
            }
            true
        }

        struct Slopes<'a> {
            activation: &'a Activation,
            kept: &'a [$number],
            slopes: &'a mut [$number],
        }

        impl WithSimd for Slopes<'_> {
            type Output = bool;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> bool {
                slopes_loops(self.activation, self.kept, self.slopes)
            }
        }

        #[inline(always)]
        fn slopes_loops(activation: &Activation, kept: &[$number], slopes: &mut [$number]) -> bool {
            match activation {
                Activation::Relu => map(kept, slopes, |v| if v > 0.0 { 1.0 } else { 0.0 }),
                Activation::LeakyRelu => {
                    map(kept, slopes, |v| if v > 0.0 { 1.0 } else { LEAKY_SLOPE as $number })
                }
                Activation::SquaredRelu => map(kept, slopes, |t| 2.0 * t.max(0.0)),
                Activation::Step | Activation::Sign => slopes.fill(0.0),
                Activation::Abs => map(kept, slopes, |t| if t == 0.0 { 0.0 } else { t.signum() }),
                Activation::Sigmoid => map(kept, slopes, |v| v * (1.0 - v)),
                Activation::Tanh => map(kept, slopes, |v| 1.0 - v * v),
                Activation::Exp => slopes.copy_from_slice(kept),
                Activation::Square => map(kept, slopes, |t| 2.0 * t),
                Activation::Cube => map(kept, slopes, |t| 3.0 * t * t),
                _ => return false,
            }
            true
        }
    };
}

mod wide {
    use super::*;
    elementary!(f64, crate::numeric::vector);

    pub(super) fn apply(activation: &Activation, values: &mut [f64]) {
        if apply_elementary(activation, values) {
            return;
        }
        match activation {
            Activation::Sigmoid => vector::sigmoid(values),
            Activation::Tanh => vector::tanh(values),
            Activation::Erf => vector::erf(values),
            Activation::Gelu => vector::gelu(values),
            Activation::Silu => vector::silu(values),
            Activation::Softplus => vector::softplus(values),
            Activation::Sin => vector::sin(values),
            Activation::Cos => vector::cos(values),
            Activation::Exp => vector::exp(values),
            Activation::Hermite(k) => each(values, |t| special::hermite(*k, t)),
            Activation::Formula(f) => each(values, |t| f.value(&t)),
            Activation::Function(f) => (f.apply)(values),
            // The others are elementary.
            _ => {}
        }
    }

    /// d/dt He_K(t)/sqrt(K!) = sqrt(K) He_(K-1)(t)/sqrt((K-1)!).
    fn hermite_slope(degree: u8, t: f64) -> f64 {
        if degree == 0 { 0.0 } else { f64::from(degree).sqrt() * special::hermite(degree - 1, t) }
    }

    pub(super) fn slopes(activation: &Activation, kept: &[f64], slopes: &mut [f64]) {
        if slopes_elementary(activation, kept, slopes) {
            return;
        }
        match activation {
            Activation::Sin => {
                slopes.copy_from_slice(kept);
                vector::cos(slopes);
            }
            Activation::Cos => {
                slopes.copy_from_slice(kept);
                vector::sin(slopes);
                each(slopes, |s| -s);
            }
            Activation::Hermite(k) => map(kept, slopes, |t| hermite_slope(*k, t)),
            Activation::Formula(f) => map(kept, slopes, |t| f.value(&Dual::variable(t)).slope),
            // The others are elementary, or have no derivative and are refused before any training.
            _ => slopes.fill(f64::NAN),
        }
    }
}

mod narrow {
    use super::*;
    elementary!(f32, crate::numeric::vector::narrow);

    pub(super) fn apply(activation: &Activation, values: &mut [f32]) {
        if apply_elementary(activation, values) {
            return;
        }
        match activation {
            Activation::Sigmoid => vector::narrow::sigmoid(values),
            Activation::Tanh => vector::narrow::tanh(values),
            Activation::Erf => vector::narrow::erf(values),
            Activation::Gelu => vector::narrow::gelu(values),
            Activation::Silu => vector::narrow::silu(values),
            Activation::Softplus => vector::narrow::softplus(values),
            Activation::Exp => vector::narrow::exp(values),
            // Code of users may be dear to call: once for all.
            Activation::Function(f) => {
                let mut wide: Vec<f64> = values.iter().map(|t| f64::from(*t)).collect();
                (f.apply)(&mut wide);
                values.iter_mut().zip(&wide).for_each(|(t, w)| *t = *w as f32);
            }
            // The others need the range or the care of f64.
            _ => through_wide(values, |wide| super::wide::apply(activation, wide)),
        }
    }

    pub(super) fn slopes(activation: &Activation, kept: &[f32], slopes: &mut [f32]) {
        if slopes_elementary(activation, kept, slopes) {
            return;
        }
        slopes.copy_from_slice(kept);
        through_wide(slopes, |wide| {
            let mut kept = [0.0; CHUNK];
            kept[..wide.len()].copy_from_slice(wide);
            super::wide::slopes(activation, &kept[..wide.len()], wide);
        });
    }

    const CHUNK: usize = 512;

    /// Calls `f` with chunks of the values as f64, and rounds what it leaves.
    fn through_wide(values: &mut [f32], mut f: impl FnMut(&mut [f64])) {
        let mut wide = [0.0; CHUNK];
        for chunk in values.chunks_mut(CHUNK) {
            let wide = &mut wide[..chunk.len()];
            wide.iter_mut().zip(chunk.iter()).for_each(|(w, x)| *w = f64::from(*x));
            f(wide);
            chunk.iter_mut().zip(wide.iter()).for_each(|(x, w)| *x = *w as f32);
        }
    }
}

impl Scalar for f64 {
    fn apply(activation: &Activation, values: &mut [Self]) {
        wide::apply(activation, values);
    }
}

impl Sealed for f64 {
    const TILE: usize = 64;

    fn root(self) -> Self {
        self.sqrt()
    }

    fn slopes(activation: &Activation, kept: &[Self], slopes: &mut [Self]) {
        wide::slopes(activation, kept, slopes);
    }
}

impl Scalar for f32 {
    fn apply(activation: &Activation, values: &mut [Self]) {
        narrow::apply(activation, values);
    }
}

impl Sealed for f32 {
    const TILE: usize = 128;

    fn root(self) -> Self {
        self.sqrt()
    }

    fn slopes(activation: &Activation, kept: &[Self], slopes: &mut [Self]) {
        narrow::slopes(activation, kept, slopes);
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

    /// What has to be kept of the arguments for [`Sealed::slopes`].
    pub(crate) fn keep(&self) -> Keep {
        match self {
            Self::Relu | Self::LeakyRelu | Self::Step | Self::Sign => Keep::Value,
            Self::Sigmoid | Self::Tanh | Self::Exp => Keep::Value,
            _ => Keep::Argument,
        }
    }

    /// Whether its derivative is known; that of a function given as code is not.
    pub fn has_slope(&self) -> bool {
        !matches!(self, Self::Function(_))
    }

    /// Replaces every argument by phi' of it; `values` holds phi of it.
    pub(crate) fn replace_by_slopes(&self, arguments: &mut [f64], values: &[f64]) {
        let kept = match self.keep() {
            Keep::Value => values.to_vec(),
            Keep::Argument => arguments.to_vec(),
        };
        wide::slopes(self, &kept, arguments);
    }

    /// phi'(t), at a kink one of the two slopes or 0 (0 for ReLU and |t|); NaN where the derivative is not known.
    pub fn slope(&self, t: f64) -> f64 {
        let kept = match self.keep() {
            Keep::Value => self.value(t),
            Keep::Argument => t,
        };
        let mut slope = [0.0];
        wide::slopes(self, &[kept], &mut slope);
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
                .map(|&t| if a.keep() == Keep::Value { a.value(t) as f32 } else { t as f32 })
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
