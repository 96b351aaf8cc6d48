//! The peak rate of the machine's arithmetic units: fused multiply-adds on registers only, on all threads.

/// Flops per second.
#[derive(Clone, Copy, Debug)]
pub struct Peak {
    /// In f64.
    pub wide: f64,
    /// In f32.
    pub narrow: f64,
}

/// Measures the peak; None on a processor without AVX2.
pub fn peak() -> Option<Peak> {
    #[cfg(target_arch = "x86_64")]
    {
        x86::peak()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        None
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Peak;
    use rayon::prelude::*;
    use std::arch::x86_64::*;
    use std::hint::black_box;
    use std::time::Instant;

    /// The number of independent chains, enough to hide the latency of an instruction.
    const CHAINS: usize = 10;
    const ROUNDS: usize = 8_000_000;

    /// Defines a function that runs chains of one instruction.
    macro_rules! chains {
        ($name:ident, $features:literal, $fma:ident, $set:ident) => {
            #[target_feature(enable = $features)]
            fn $name() {
                let (factor, term) = (black_box($set(0.999_999)), black_box($set(1e-6)));
                let mut sums = [black_box($set(0.5)); CHAINS];
                for _ in 0..ROUNDS {
                    for x in &mut sums {
                        *x = $fma(*x, factor, term);
                    }
                }
                black_box(sums);
            }
        };
    }

    chains!(wide_512, "avx512f", _mm512_fmadd_pd, _mm512_set1_pd);
    chains!(narrow_512, "avx512f", _mm512_fmadd_ps, _mm512_set1_ps);
    chains!(wide_256, "avx,fma", _mm256_fmadd_pd, _mm256_set1_pd);
    chains!(narrow_256, "avx,fma", _mm256_fmadd_ps, _mm256_set1_ps);

    /// Returns the best of several runs on all threads.
    fn best(lanes: usize, run: impl Fn() + Sync) -> f64 {
        let threads = rayon::current_num_threads();
        let flops = (2 * lanes * CHAINS * ROUNDS * threads) as f64;
        let once = |_| {
            let began = Instant::now();
            (0..threads).into_par_iter().with_max_len(1).for_each(|_| run());
            flops / began.elapsed().as_secs_f64()
        };
        (0..5).map(once).fold(0.0, f64::max)
    }

    pub(super) fn peak() -> Option<Peak> {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the feature has just been detected.
            let (wide, narrow) = (|| unsafe { wide_512() }, || unsafe { narrow_512() });
            return Some(Peak { wide: best(8, wide), narrow: best(16, narrow) });
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            let (wide, narrow) = (|| unsafe { wide_256() }, || unsafe { narrow_256() });
            return Some(Peak { wide: best(4, wide), narrow: best(8, narrow) });
        }
        None
    }
}
