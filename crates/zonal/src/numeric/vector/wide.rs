//! The functions for f64; see [`super`].

use super::{shared, vectorised};
use crate::numeric::level::Level;

vectorised! { f64:
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
    /// Replaces each x by arccos x; NaN outside [-1, 1].
    pub acos acos_at acos_one;
    sin_reduced sin_reduced_at sin_one;
    cos_reduced cos_reduced_at cos_one;
}

/// Replaces each x by sin x.
pub fn sin(values: &mut [f64]) {
    trigonometric(values, sin_reduced, f64::sin);
}

/// Replaces each x by cos x.
pub fn cos(values: &mut [f64]) {
    trigonometric(values, cos_reduced, f64::cos);
}

/// Beyond this argument the reduction loses digits, and the standard library's function is called.
const REDUCIBLE: f64 = 1e5;

fn trigonometric(values: &mut [f64], vector: fn(&mut [f64]), one: fn(f64) -> f64) {
    const CHUNK: usize = 64;
    let mut before = [0.0; CHUNK];
    for chunk in values.chunks_mut(CHUNK) {
        let before = &mut before[..chunk.len()];
        before.copy_from_slice(chunk);
        vector(chunk);
        for (value, x) in chunk.iter_mut().zip(before).filter(|(_, x)| x.abs() > REDUCIBLE) {
            *value = one(*x);
        }
    }
}

shared!(f64);

/// Adding this rounds to an integer, which is then in the lowest bits.
const MAGIC: f64 = 6_755_399_441_055_744.0;
/// The exponent of 1, and the position of its lowest bit.
const ONE: (u64, u32) = (1023, 52);
/// ln 2 in two parts, the first with 32 bits.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
/// Arguments below and above which e^x is 0 or infinite.
const EXP_ENDS: [f64; 2] = [-750.0, 710.0];
/// Below this argument x / (1 + e^-x) is 0.
const SILU_END: f64 = -800.0;
/// From this argument on, erf is 1.
const ERF_END: f64 = 6.0;
/// The argument below which gelu is 0, and the argument above which erfc is 0.
const GELU_ENDS: [f64; 2] = [-40.0, 28.0];
/// Terms of the series of [`LOGARITHM`].
const LOGARITHM_TERMS: usize = 18;

/// 1/2!, 1/3!, .., 1/13!
const INVERSE_FACTORIALS: [f64; 12] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

#[inline(always)]
fn tanh_one<const F: bool>(x: f64) -> f64 {
    // tanh 20 = 1 to all digits.
    let (k, r) = reduce::<F>(2.0 * clamp(x.abs(), 0.0, 20.0));
    let power = power_of_two(k);
    let expm1 = fma::<F>(power, expm1_reduced::<F>(r), power - 1.0);
    (expm1 / (expm1 + 2.0)).copysign(x)
}

/// 2/sqrt(pi) (-1)^k / (k! (2k+1)): erf x = x sum c_k x^(2k).
const ERF: [f64; 20] = [
    std::f64::consts::FRAC_2_SQRT_PI,
    -0.3761263890318375246,
    0.1128379167095512574,
    -0.02686617064513125176,
    0.005223977625442187842,
    -0.0008548327023450852833,
    0.0001205533298178966425,
    -0.00001492565035840625098,
    1.64621143658892474e-6,
    -1.636584469123492432e-7,
    1.480719281587921724e-8,
    -1.229055530171792735e-9,
    9.422759064650410971e-11,
    -6.711366855164110378e-12,
    4.463224263286477345e-13,
    -2.783516207210921355e-14,
    1.634261409536715189e-15,
    -9.063970842808672479e-17,
    4.76334804051506812e-18,
    -2.378459885277429425e-19,
];

/// (1 + 2y) exp(y^2) erfc(y) for y >= 1 as a polynomial in s = (19 t - 4)/15, t = (y - 15/4)/(y + 15/4).
const ERFC: [f64; 25] = [
    1.20873472712142401,
    -0.1034803693519805387,
    0.02101830965641539199,
    0.0109961005518711195,
    -0.0165658628493772583,
    0.01224425077784968031,
    -0.006669207284686863624,
    0.002849692981136369597,
    -0.0009389158146086582287,
    0.000213797804372667467,
    -0.00001786601483073798856,
    -8.970124978624474541e-6,
    4.007208318918325806e-6,
    -3.610694592027965251e-7,
    -2.518363790266695305e-7,
    8.658112701599094238e-8,
    7.045987144895033743e-9,
    -9.690066139927160562e-9,
    7.007022525311038499e-10,
    9.306093713283414068e-10,
    -1.726338731713745881e-10,
    -8.141935790687798464e-11,
    2.286673399964529283e-11,
    4.98341993021588251e-12,
    -1.731240423249496194e-12,
];

/// asin x = x + x z P(z)/Q(z), z = x^2, for |x| <= 1/2 (fdlibm, e_asin.c).
const ARCSINE: ([f64; 6], [f64; 5]) = (
    [
        1.66666666666666657415e-01,
        -3.25565818622400915405e-01,
        2.01212532134862925881e-01,
        -4.00555345006794114027e-02,
        7.91534994289814532176e-04,
        3.47933107596021167570e-05,
    ],
    [
        1.0,
        -2.40339491173441421878e+00,
        2.02094576023350569471e+00,
        -6.88283971605453293030e-01,
        7.70381505559019352791e-02,
    ],
);

#[inline(always)]
fn acos_one<const F: bool>(x: f64) -> f64 {
    use std::f64::consts::{FRAC_PI_2, PI};
    let size = x.abs();
    // acos x = 2 asin sqrt((1 - x)/2) away from the middle.
    let middle = size < 0.5;
    let z = if middle { x * x } else { 0.5 * (1.0 - size) };
    let s = if middle { x } else { z.sqrt() };
    let ratio = z * polynomial::<F, _>(&ARCSINE.0, z) / polynomial::<F, _>(&ARCSINE.1, z);
    let arcsine = fma::<F>(s, ratio, s);
    // pi/2 minus its rounding error first, so that the sum retains its digits.
    let near = FRAC_PI_2 - (arcsine - 6.123_233_995_736_766e-17);
    let far = 2.0 * arcsine;
    let outside = if x < 0.0 { PI - (far - 1.224_646_799_147_353_2e-16) } else { far };
    if middle { near } else { outside }
}

/// Returns the reduced argument r and, in the lowest two bits, the quarter turn n: x = n pi/2 + r.
#[inline(always)]
fn quarter<const F: bool>(x: f64) -> (u64, f64) {
    // pi/2 in three parts of 33 bits and a remainder.
    const PARTS: [f64; 4] = [
        1.570_796_326_734_125_6,
        6.077_100_506_303_966e-11,
        2.022_266_248_711_166_5e-21,
        8.478_427_660_368_9e-32,
    ];
    let z = fma::<F>(x, std::f64::consts::FRAC_2_PI, MAGIC);
    let n = z - MAGIC;
    let mut r = x;
    for part in PARTS {
        r = fma::<F>(n, -part, r);
    }
    (z.to_bits(), r)
}

/// -1/3!, 1/5!, ..
const SINE: [f64; 8] = [
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5_040.0,
    1.0 / 362_880.0,
    -1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
];

/// 1/4!, -1/6!, ..
const COSINE: [f64; 8] = [
    1.0 / 24.0,
    -1.0 / 720.0,
    1.0 / 40_320.0,
    -1.0 / 3_628_800.0,
    1.0 / 479_001_600.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 20_922_789_888_000.0,
    -1.0 / 6_402_373_705_728_000.0,
];

/// Returns sin(x + turns pi/2).
#[inline(always)]
fn turned<const F: bool>(x: f64, turns: u64) -> f64 {
    let (n, r) = quarter::<F>(clamp(x, -2.0 * REDUCIBLE, 2.0 * REDUCIBLE));
    let n = n.wrapping_add(turns);
    let square = r * r;
    let sine = fma::<F>(r * square, polynomial::<F, _>(&SINE, square), r);
    // 1 - r^2/2 first; its rounding error is added to the rest.
    let half = 0.5 * square;
    let head = 1.0 - half;
    let cosine = head + fma::<F>(square * square, polynomial::<F, _>(&COSINE, square), (1.0 - head) - half);
    let value = if n & 1 == 0 { sine } else { cosine };
    f64::from_bits(value.to_bits() ^ ((n & 2) << 62))
}

#[inline(always)]
fn sin_one<const F: bool>(x: f64) -> f64 {
    turned::<F>(x, 0)
}

#[inline(always)]
fn cos_one<const F: bool>(x: f64) -> f64 {
    turned::<F>(x, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::{DoubleDouble, Elementary};

    /// Returns arguments of every size up to `most`, of both signs.
    fn arguments(most: f64) -> Vec<f64> {
        let mut out: Vec<f64> = (0..4000).map(|i| most * (f64::from(i) / 2000.0 - 1.0)).collect();
        out.extend(
            (0..1200)
                .map(|i| 1e-18 * 10f64.powf(f64::from(i) / 60.0))
                .filter(|x| *x <= most)
                .flat_map(|x| [x, -x]),
        );
        out
    }

    /// Returns the largest error in units of the last place over all levels.
    fn worst(
        most: f64,
        function: fn(&mut [f64], Level),
        exact: impl Fn(&DoubleDouble) -> DoubleDouble,
    ) -> f64 {
        let x = arguments(most);
        let mut worst = 0.0f64;
        for level in Level::all() {
            let mut values = x.clone();
            function(&mut values, level);
            for (x, value) in x.iter().zip(values) {
                let truth = exact(&DoubleDouble::from(*x));
                let nearest = truth.to_f64();
                let unit = (nearest.abs().next_up() - nearest.abs()).max(f64::MIN_POSITIVE * f64::EPSILON);
                let error = (DoubleDouble::from(value) - truth).to_f64().abs() / unit;
                assert!(error.is_finite(), "{level:?} at {x}: {value}");
                worst = worst.max(error);
            }
        }
        worst
    }

    /// Compares cos of the result with the argument, in units of the result, so that no arccosine of higher precision
    /// is needed.
    fn worst_arccosine() -> f64 {
        let mut worst = 0.0f64;
        for level in Level::all() {
            for i in 0..=40_000 {
                let x = f64::from(i) / 20_000.0 - 1.0;
                let mut value = [x];
                acos_at(&mut value, level);
                let [y] = value;
                // One step of Newton's method in double-double arithmetic; at the ends the formula is exact.
                let (sine, cosine) = (DoubleDouble::from(y).sin(), DoubleDouble::from(y).cos());
                if sine.to_f64().abs() < 1e-3 {
                    assert!((y - x.acos()).abs() <= 2.0 * f64::EPSILON * y);
                    continue;
                }
                let error = ((cosine - DoubleDouble::from(x)) / sine).to_f64().abs();
                worst = worst.max(error / (y.next_up() - y));
            }
        }
        worst
    }

    #[test]
    fn errors_are_as_stated() {
        let cases: [(&str, f64, f64); 10] = [
            ("acos", worst_arccosine(), 2.0),
            ("exp", worst(600.0, exp_at, Elementary::exp), 2.0),
            ("tanh", worst(25.0, tanh_at, Elementary::tanh), 3.0),
            ("sigmoid", worst(500.0, sigmoid_at, Elementary::sigmoid), 2.0),
            ("softplus", worst(500.0, softplus_at, Elementary::softplus), 3.0),
            ("silu", worst(500.0, silu_at, |x| *x * Elementary::sigmoid(x)), 3.0),
            ("erf", worst(7.0, erf_at, Elementary::erf), 3.0),
            ("gelu", worst(1.0, gelu_at, |x| *x * x.normal_cdf()), 4.0),
            ("sin", worst(200.0, sin_reduced_at, Elementary::sin), 2.0),
            ("cos", worst(200.0, cos_reduced_at, Elementary::cos), 2.0),
        ];
        for (name, found, allowed) in cases {
            println!("{name}: {found:.2} ulp");
            assert!(found <= allowed, "{name}: {found} ulp");
        }
    }

    #[test]
    fn ends_of_the_range_and_nan() {
        let infinity = f64::INFINITY;
        for level in Level::all() {
            let at = |f: fn(&mut [f64], Level), x: f64| {
                let mut value = [x];
                f(&mut value, level);
                value[0]
            };
            assert_eq!([at(exp_at, -infinity), at(exp_at, infinity), at(exp_at, 0.0)], [0.0, infinity, 1.0]);
            assert!((at(exp_at, -740.0) / 4.2e-322 - 1.0).abs() < 0.02 && at(exp_at, 709.7) > 1e308);
            assert_eq!([at(tanh_at, -infinity), at(tanh_at, infinity)], [-1.0, 1.0]);
            assert_eq!([at(erf_at, -infinity), at(erf_at, infinity)], [-1.0, 1.0]);
            assert_eq!([at(sigmoid_at, -infinity), at(sigmoid_at, infinity)], [0.0, 1.0]);
            assert_eq!(
                [at(softplus_at, -infinity), at(softplus_at, infinity)],
                [0.0, infinity].map(|x: f64| x)
            );
            assert!(at(silu_at, -infinity).abs() < 1e-300 && at(silu_at, infinity) == infinity);
            assert!(at(gelu_at, -infinity).abs() < 1e-300 && at(gelu_at, infinity) == infinity);
            assert!(at(tanh_at, -0.0).is_sign_negative() && at(erf_at, -0.0).is_sign_negative());
            for f in [
                exp_at,
                tanh_at,
                sigmoid_at,
                softplus_at,
                silu_at,
                erf_at,
                gelu_at,
                sin_reduced_at,
                cos_reduced_at,
            ] {
                assert!(at(f, f64::NAN).is_nan());
            }
        }
        let mut large = [1e6, 1e300, 0.5, f64::INFINITY];
        sin(&mut large);
        assert_eq!(&large[..2], &[1e6f64.sin(), 1e300f64.sin()]);
        assert!((large[2] - 0.5f64.sin()).abs() < 1e-16 && large[3].is_nan());
    }

    #[test]
    fn neighbours_do_not_change_a_value() {
        let x = arguments(30.0);
        for f in [exp, tanh, sigmoid, softplus, silu, erf, gelu, acos, sin, cos] {
            let mut whole = x.clone();
            f(&mut whole);
            for (i, x) in x.iter().enumerate().step_by(97) {
                let mut one = [*x];
                f(&mut one);
                assert_eq!(one[0].to_bits(), whole[i].to_bits(), "at {x}");
            }
        }
    }
}
