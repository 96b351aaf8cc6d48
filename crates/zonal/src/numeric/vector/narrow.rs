//! The functions for f32: the same formulas as for f64 with fewer terms; see [`super`].
//!
//! Errors, measured by the tests against f64: at most 2 ulp for exp and sigmoid, 3 ulp for softplus, silu and erf, 5
//! ulp for gelu, 6 ulp for tanh.

use super::{shared, vectorised};
use crate::numeric::level::Level;

vectorised! { f32:
    /// Replaces each x by e^x.
    pub exp exp_at exp_one;
    /// Replaces each x by tanh x.
    pub tanh tanh_at tanh_one;
    /// Replaces each x by 1 / (1 + e^-x).
    pub sigmoid sigmoid_at sigmoid_one;
    /// Replaces each x by ln(1 + e^x).
    pub softplus softplus_at softplus_one;
    /// Replaces each x by x / (1 + e^-x).
    pub silu silu_at silu_one;
    /// Replaces each x by erf x.
    pub erf erf_at erf_one;
    /// Replaces each x by x times the normal distribution function of x.
    pub gelu gelu_at gelu_one;
}

shared!(f32);

/// Adding this rounds to an integer, which is then in the lowest bits.
const MAGIC: f32 = 12_582_912.0;
/// The exponent of 1, and the position of its lowest bit.
const ONE: (u32, u32) = (127, 23);
/// ln 2 in two parts, the first with 16 bits.
const LN_2: [f32; 2] = [0.693_145_751_953_125, 1.428_606_765_330_187e-6];
/// Arguments below and above which e^x is 0 or infinite.
const EXP_ENDS: [f32; 2] = [-104.0, 89.0];
/// Below this argument x / (1 + e^-x) is 0.
const SILU_END: f32 = -110.0;
/// From this argument on, erf is 1.
const ERF_END: f32 = 4.0;
/// The argument below which gelu is 0, and the argument above which erfc is 0.
const GELU_ENDS: [f32; 2] = [-15.0, 10.5];
/// Terms of the series of [`LOGARITHM`].
const LOGARITHM_TERMS: usize = 9;

/// 1/2!, 1/3!, .., 1/8!
const INVERSE_FACTORIALS: [f32; 7] =
    [1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5_040.0, 1.0 / 40_320.0];

/// tanh x = x P(x^2) / Q(x^2) up to 9.1 with a relative error of 2.3e-8 before rounding: least squares in 40 digits,
/// reweighted until the error is uniform (Lawson 1961).
const TANH: [[f32; 5]; 2] = [
    [0.999999977886, 0.1337441932, 0.00348773872658, 0.0000204797952016, 1.31752864329e-8],
    [1.0, 0.467077334138, 0.0258471284449, 0.000327279273917, 7.70319246216e-7],
];

#[inline(always)]
fn tanh_one<const F: bool>(x: f32) -> f32 {
    // tanh 9.1 = 1 to all digits.
    let x = clamp(x, -9.1, 9.1);
    let y = x * x;
    let value = x * polynomial::<F, _>(&TANH[0], y) / polynomial::<F, _>(&TANH[1], y);
    // 1 - tanh^2 must not be negative.
    clamp(value, -1.0, 1.0)
}

/// 2/sqrt(pi) (-1)^k / (k! (2k+1)): erf x = x sum c_k x^(2k).
const ERF: [f32; 12] = [
    std::f32::consts::FRAC_2_SQRT_PI,
    -0.37612638903183754,
    0.11283791670955126,
    -0.026866170645131252,
    0.005223977625442188,
    -0.0008548327023450853,
    0.00012055332981789664,
    -1.492565035840625e-05,
    1.6462114365889248e-06,
    -1.6365844691234924e-07,
    1.4807192815879218e-08,
    -1.2290555301717928e-09,
];

/// (1 + 2y) exp(y^2) erfc(y) for y >= 1 as a polynomial in s = (19 t - 4)/15, t = (y - 15/4)/(y + 15/4).
const ERFC: [f32; 18] = [
    1.208734727121424,
    -0.10348036935198054,
    0.021018309656415393,
    0.01099610055187112,
    -0.016565862849377257,
    0.01224425077784968,
    -0.006669207284686863,
    0.0028496929811363697,
    -0.0009389158146086582,
    0.00021379780437266746,
    -1.7866014830737988e-05,
    -8.970124978624474e-06,
    4.007208318918325e-06,
    -3.610694592027965e-07,
    -2.518363790266695e-07,
    8.658112701599095e-08,
    7.045987144895034e-09,
    -9.69006613992716e-09,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::vector;

    /// Returns the largest error in units of the last place over all levels, for arguments of every size up to `most`.
    fn worst(most: f32, narrow: fn(&mut [f32], Level), wide: fn(&mut [f64])) -> f64 {
        let even = (0..40_000u16).map(|i| most * (f32::from(i) / 20_000.0 - 1.0));
        let small = (0..600u16).map(|i| 1e-9 * 10f32.powf(f32::from(i) / 60.0)).filter(|x| *x <= most);
        let x: Vec<f32> = even.chain(small.flat_map(|x| [x, -x])).collect();
        let mut exact: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        wide(&mut exact);
        let mut worst = 0.0f64;
        for level in Level::all() {
            let mut values = x.clone();
            narrow(&mut values, level);
            for ((x, value), exact) in x.iter().zip(values).zip(&exact) {
                let nearest = (*exact as f32).abs();
                let unit =
                    f64::from(nearest.next_up() - nearest).max(f64::from(f32::MIN_POSITIVE * f32::EPSILON));
                let error = (f64::from(value) - exact).abs() / unit;
                assert!(error.is_finite(), "{level:?} at {x}: {value}");
                worst = worst.max(error);
            }
        }
        worst
    }

    #[test]
    fn errors_are_as_stated() {
        let cases = [
            ("exp", worst(80.0, exp_at, vector::exp), 2.0),
            ("tanh", worst(12.0, tanh_at, vector::tanh), 6.0),
            ("sigmoid", worst(80.0, sigmoid_at, vector::sigmoid), 2.0),
            ("softplus", worst(80.0, softplus_at, vector::softplus), 3.0),
            ("silu", worst(80.0, silu_at, vector::silu), 3.0),
            ("erf", worst(5.0, erf_at, vector::erf), 3.0),
            ("gelu", worst(1.0, gelu_at, vector::gelu), 5.0),
        ];
        for (name, error, stated) in cases {
            println!("{name}: {error:.2} ulp");
            assert!(error <= stated, "{name}: {error} ulp");
        }
    }

    #[test]
    fn ends_of_the_range_and_nan() {
        let infinity = f32::INFINITY;
        for level in Level::all() {
            let at = |f: fn(&mut [f32], Level), x: f32| {
                let mut value = [x];
                f(&mut value, level);
                value[0]
            };
            assert_eq!([at(exp_at, -infinity), at(exp_at, infinity), at(exp_at, 0.0)], [0.0, infinity, 1.0]);
            assert_eq!([at(tanh_at, -infinity), at(tanh_at, infinity)], [-1.0, 1.0]);
            assert_eq!([at(erf_at, -infinity), at(erf_at, infinity)], [-1.0, 1.0]);
            assert_eq!([at(sigmoid_at, -infinity), at(sigmoid_at, infinity)], [0.0, 1.0]);
            assert_eq!([at(softplus_at, -infinity), at(softplus_at, infinity)], [0.0, infinity]);
            assert!(at(silu_at, -infinity).abs() < 1e-40 && at(silu_at, infinity) == infinity);
            assert!(at(gelu_at, -infinity).abs() < 1e-40 && at(gelu_at, infinity) == infinity);
            for f in [exp_at, tanh_at, sigmoid_at, softplus_at, silu_at, erf_at, gelu_at] {
                assert!(at(f, f32::NAN).is_nan());
            }
        }
    }
}
