//! Elementary functions of whole slices, in loops that the compiler converts to vector instructions: AVX-512, AVX2 or
//! none, selected at run time. The bits of a value do not depend on the slice's length or on neighbouring values; they
//! may depend on the instruction set, within the stated errors.
//!
//! This module is for f64, [`narrow`] for f32. Errors for f64, measured by the tests against double-double arithmetic:
//! at most 2 ulp for exp, sigmoid, sin, cos and acos, 3 ulp for tanh, erf, softplus and silu, 4 ulp for gelu. Sources:
//! argument reductions of Cody and Waite; Taylor polynomials on the reduced ranges; for erfc beyond 1 a Chebyshev
//! interpolant of (1 + 2x) exp(x^2) erfc(x) in (x - 15/4)/(x + 15/4), computed with 50 digits (Schonfelder 1978).

pub mod narrow;
mod wide;

pub use wide::{acos, cos, erf, exp, gelu, sigmoid, silu, sin, softplus, tanh};

/// Defines a function of slices at a level from a function of numbers that is generic over whether fused multiply-adds
/// are instructions (as library calls they would be fifty times slower). The loops call it by its name: through a
/// closure or an iterator it might not be inlined, and would then be compiled for another instruction set.
macro_rules! vectorised {
    ($number:ty: $($(#[$doc:meta])* $visible:vis $name:ident $at:ident $one:ident;)*) => {$(
        $(#[$doc])*
        $visible fn $name(values: &mut [$number]) {
            $at(values, Level::here());
        }

        fn $at(values: &mut [$number], level: Level) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512dq,fma")]
                fn avx512(values: &mut [$number]) {
                    for x in values {
                        *x = $one::<true>(*x);
                    }
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2(values: &mut [$number]) {
                    for x in values {
                        *x = $one::<true>(*x);
                    }
                }
                match level {
                    // SAFETY: these levels are selected only if the processor has the features.
                    Level::Avx512 => return unsafe { avx512(values) },
                    // SAFETY: as above.
                    Level::Avx2 => return unsafe { avx2(values) },
                    Level::Baseline => {}
                }
            }
            let _ = level;
            for x in values {
                *x = $one::<false>(*x);
            }
        }
    )*};
}

/// Defines the functions whose formulas are the same in both precisions; the constants are those of the calling module.
macro_rules! shared {
    ($number:ident) => {
        #[inline(always)]
        fn fma<const F: bool>(a: $number, b: $number, c: $number) -> $number {
            if F { a.mul_add(b, c) } else { a * b + c }
        }

        /// Evaluates a polynomial by Horner's rule, the constant term first.
        #[inline(always)]
        fn polynomial<const F: bool, const N: usize>(coefficients: &[$number; N], x: $number) -> $number {
            let mut sum = coefficients[N - 1];
            for i in (0..N - 1).rev() {
                sum = fma::<F>(sum, x, coefficients[i]);
            }
            sum
        }

        /// Clamps and preserves NaN, which `clamp` of a vector would too, but `min` and `max` would not.
        #[inline(always)]
        fn clamp(x: $number, low: $number, high: $number) -> $number {
            let x = if x < low { low } else { x };
            if x > high { high } else { x }
        }

        /// Returns 2^k for an integer k that is the exponent of a number.
        #[inline(always)]
        fn power_of_two(k: $number) -> $number {
            $number::from_bits((k + MAGIC).to_bits().wrapping_add(ONE.0) << ONE.1)
        }

        /// Returns k and r with x = k ln 2 + r and |r| <= ln 2 / 2.
        #[inline(always)]
        fn reduce<const F: bool>(x: $number) -> ($number, $number) {
            let k = fma::<F>(x, std::$number::consts::LOG2_E, MAGIC) - MAGIC;
            (k, fma::<F>(k, -LN_2[1], fma::<F>(k, -LN_2[0], x)))
        }

        /// Returns e^r - 1 for |r| <= ln 2 / 2.
        #[inline(always)]
        fn expm1_reduced<const F: bool>(r: $number) -> $number {
            fma::<F>(r * r, polynomial::<F, _>(&INVERSE_FACTORIALS, r), r)
        }

        #[inline(always)]
        fn exp_one<const F: bool>(x: $number) -> $number {
            let (k, r) = reduce::<F>(clamp(x, EXP_ENDS[0], EXP_ENDS[1]));
            // In two halves, so that the ends of the range are reached.
            let half = fma::<F>(k, 0.5, MAGIC) - MAGIC;
            (1.0 + expm1_reduced::<F>(r)) * power_of_two(half) * power_of_two(k - half)
        }

        #[inline(always)]
        fn sigmoid_one<const F: bool>(x: $number) -> $number {
            let e = exp_one::<F>(-x.abs());
            let large = if x < 0.0 { e } else { 1.0 };
            large / (1.0 + e)
        }

        /// 2/1, 2/3, 2/5, ..: ln((1 + s)/(1 - s)) = s (2 + 2 s^2 / 3 + ..).
        const LOGARITHM: [$number; LOGARITHM_TERMS] = {
            let mut out = [0.0; LOGARITHM_TERMS];
            let mut i = 0;
            while i < LOGARITHM_TERMS {
                out[i] = 2.0 / (2 * i + 1) as $number;
                i += 1;
            }
            out
        };

        #[inline(always)]
        fn softplus_one<const F: bool>(x: $number) -> $number {
            let e = exp_one::<F>(-x.abs());
            // ln(1 + e) through s = e / (2 + e) <= 1/3.
            let s = e / (2.0 + e);
            let logarithm = s * polynomial::<F, _>(&LOGARITHM, s * s);
            logarithm + if x > 0.0 { x } else { 0.0 }
        }

        #[inline(always)]
        fn silu_one<const F: bool>(x: $number) -> $number {
            // 0 * -inf would be NaN where the limit is 0.
            let x = if x < SILU_END { SILU_END } else { x };
            x * sigmoid_one::<F>(x)
        }

        /// Returns erf y for |y| <= 1.
        #[inline(always)]
        fn erf_small<const F: bool>(y: $number) -> $number {
            y * polynomial::<F, _>(&ERF, y * y)
        }

        /// Returns erfc y for y >= 1.
        #[inline(always)]
        fn erfc_large<const F: bool>(y: $number) -> $number {
            let t = (y - 3.75) / (y + 3.75);
            let s = (19.0 * t - 4.0) / 15.0;
            let square = y * y;
            // The rounding error of the square, which the exponential would multiply.
            let lost = if F { y.mul_add(y, -square) } else { 0.0 };
            let gauss = exp_one::<F>(-square);
            fma::<F>(gauss, -lost, gauss) * polynomial::<F, _>(&ERFC, s) / fma::<F>(2.0, y, 1.0)
        }

        #[inline(always)]
        fn erf_one<const F: bool>(x: $number) -> $number {
            let y = clamp(x.abs(), 0.0, ERF_END);
            let small = erf_small::<F>(if y < 1.0 { y } else { 1.0 });
            let large = 1.0 - erfc_large::<F>(if y < 1.0 { 1.0 } else { y });
            let value = if y < 1.0 { small } else { large };
            // The comparison above is false for NaN, and its branch preserves it.
            value.copysign(x)
        }

        #[inline(always)]
        fn gelu_one<const F: bool>(x: $number) -> $number {
            let x = if x < GELU_ENDS[0] { GELU_ENDS[0] } else { x };
            let z = -x * std::$number::consts::FRAC_1_SQRT_2;
            let y = clamp(z.abs(), 0.0, GELU_ENDS[1]);
            let erf = erf_small::<F>(if y < 1.0 { y } else { 1.0 }).copysign(z);
            let tail = erfc_large::<F>(if y < 1.0 { 1.0 } else { y });
            let far = if z < 0.0 { 2.0 - tail } else { tail };
            x * 0.5 * if y < 1.0 { 1.0 - erf } else { far }
        }
    };
}

use {shared, vectorised};
