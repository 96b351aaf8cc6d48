//! Elementary functions of whole slices, in loops that the compiler turns into vector instructions: AVX-512, AVX2 or
//! none, chosen at run time. The slice's length and neighbours never change a value's bits, the instruction set may,
//! within the stated errors.
//!
//! Here for f64, in [`narrow`] for f32. Errors for f64, measured by the tests against double-double arithmetic: at most 2 ulp for exp, sigmoid, sin, cos and acos, 3 ulp
//! for tanh, erf, softplus and silu, 4 ulp for gelu. Sources: argument reductions of Cody and Waite; Taylor polynomials on the reduced
//! ranges; for erfc beyond 1 a Chebyshev interpolant of (1 + 2x) exp(x^2) erfc(x) in (x - 15/4)/(x + 15/4), made with
//! 50 digits (Schonfelder 1978).

pub mod narrow;
mod wide;

pub use wide::{acos, cos, erf, exp, gelu, sigmoid, silu, sin, softplus, tanh};

/// A function of slices at a level, from a function of numbers that is generic over whether fused multiply-adds are
/// instructions (as library calls they would be fifty times slower). The loops call it by its name: through a closure or an
/// iterator it might not be inlined, and then be compiled for another instruction set.
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
                    // SAFETY: these levels are only chosen where the processor has the features.
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

use vectorised;
