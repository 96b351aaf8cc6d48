//! The correlation of |<w, x>| with products of signs.
//!
//! For a Gaussian vector z, |T| = (2/pi) int (1 - cos omega T) / omega^2 d omega, and with T = <w, z> the expectation
//! of prod sgn(z_i) e^(i omega T) is a product over coordinates: i D(omega w_i) for those in S, with D(s) = E sgn(z)
//! sin(s z) = (2 / sqrt pi) F(s / sqrt 2), F Dawson's function; e^(-omega^2 w_i^2 / 2) for the others. On the sphere
//! everything is divided by E r, since |T| is homogeneous.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI, PI};
use zonal::numeric::special::mean_abs_coordinate;
use zonal::sphere::{Degree, Dim};

/// Spacing h of the nodes in ln omega: the error of the trapezoidal rule is about e^(-pi^2 / (2 h)).
const SPACING: f64 = 0.15;

/// The function |<w, x>| with the transforms that all subsets of k coordinates share.
#[derive(Debug)]
pub(super) struct AbsUnit<'a> {
    w: &'a [f64],
    degree: Degree,
    mean_radius: f64,
    omegas: Vec<f64>,
    /// D(omega w_i), one node per row.
    transforms: Vec<Vec<f64>>,
}

impl<'a> AbsUnit<'a> {
    pub(super) fn new(dim: Dim, w: &'a [f64], degree: Degree) -> Self {
        let mean_radius = FRAC_2_PI.sqrt() / mean_abs_coordinate(dim.get());
        // The integrand decays like omega^(k-1) to the left and at least like omega^(-k-1) to the right.
        let k = degree as f64;
        let (from, to) = (-32.0 / (k - 1.0).max(1.0), 32.0 / (k + 1.0) + 2.0 + 0.5 * (dim.as_f64()).ln());
        let count = ((to - from) / SPACING).ceil() as usize;
        let odd = !degree.is_multiple_of(2);
        let omegas: Vec<f64> =
            if odd { Vec::new() } else { (0..=count).map(|i| (from + SPACING * i as f64).exp()).collect() };
        let transforms = omegas.iter().map(|&o| w.iter().map(|&w| transform(o * w)).collect()).collect();
        Self { w, degree, mean_radius, omegas, transforms }
    }

    /// Computes E prod_{i in S} sgn(x_i) |<w, x>| over the sphere; zero for odd k.
    pub(super) fn correlation(&self, set: &[usize]) -> f64 {
        if !self.degree.is_multiple_of(2) {
            return 0.0;
        }
        let rest: f64 = 1.0 - set.iter().map(|&i| self.w[i] * self.w[i]).sum::<f64>();
        let rest = rest.max(0.0);
        let mut sum = 0.0;
        for (omega, d) in self.omegas.iter().zip(&self.transforms) {
            let product: f64 = set.iter().map(|&i| d[i]).product();
            // d omega / omega^2 = du / omega.
            sum += product * (-0.5 * omega * omega * rest).exp() / omega;
        }
        let sign = if self.degree.is_multiple_of(4) { -1.0 } else { 1.0 };
        sign * FRAC_2_PI * SPACING * sum / self.mean_radius
    }
}

/// Computes D(s) = E sgn(z) sin(s z).
fn transform(s: f64) -> f64 {
    2.0 / PI.sqrt() * dawson(s * FRAC_1_SQRT_2)
}

/// Computes Dawson's function e^(-x^2) int_0^x e^(t^2) dt by Rybicki's sum over odd multiples of h (Computers in
/// Physics 3, 1989): the error is about e^(-(pi / 2h)^2), below 1e-17 relative to the maximum.
fn dawson(x: f64) -> f64 {
    const H: f64 = 0.25;
    if x.abs() < 0.02 {
        // The sum loses digits where the function is small; a series does not.
        let y = x * x;
        return x * (1.0 - y * (2.0 / 3.0 - y * (4.0 / 15.0 - y * (8.0 / 105.0))));
    }
    if x.abs() > 1e5 {
        return 0.5 / x;
    }
    // The nearest even multiple, so that the odd ones lie around x.
    let centre = 2.0 * (0.5 * x / H).round();
    let mut sum = 0.0;
    let mut j = -27.0;
    while j <= 27.0 {
        let n = centre + j;
        let d = x - n * H;
        sum += (-d * d).exp() / n;
        j += 2.0;
    }
    sum / PI.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::numeric::random::Purpose;
    use zonal::sphere::{uniform_point, uniform_points};

    #[test]
    fn dawson_is_that_of_tables() {
        // DLMF 7.2.5, computed to 20 digits.
        for (x, f) in [
            (1e-3, 9.999993333336e-4),
            (0.0199, 0.019894747_f64),
            (0.5, 0.424_436_383_502_022_3),
            (1.0, 0.538_079_506_912_768_4),
            (3.0, 0.178_271_030_610_558_3),
            (10.0, 0.050_253_847_187_598_53),
        ] {
            let tolerance = if x == 0.0199 { 1e-9 } else { 1e-14 };
            assert!((dawson(x) - f).abs() < tolerance, "{x}: {}", dawson(x));
            assert!((dawson(-x) + dawson(x)).abs() < 1e-15, "{x}");
        }
        assert!((dawson(0.02 - 1e-12) - dawson(0.02 + 1e-12)).abs() < 1e-11);
    }

    #[test]
    fn correlations_are_those_of_sampling() {
        let dim = Dim::new(6).unwrap();
        let points = uniform_points(dim, 400_000, 5, Purpose::Points);
        for k in [2usize, 4] {
            // A unit along the subset, where the correlation is large.
            let set: Vec<usize> = (1..=k).collect();
            let mut w = uniform_point(dim, 8, Purpose::Points, k as u64);
            set.iter().for_each(|&i| w[i] = 1.0);
            let length = zonal::linalg::dot(&w, &w).sqrt();
            w.iter_mut().for_each(|x| *x /= length);
            let modulus = AbsUnit::new(dim, &w, k);
            let values: Vec<f64> = (0..points.rows())
                .map(|i| {
                    let x = points.row(i);
                    set.iter().map(|&j| x[j].signum()).product::<f64>() * zonal::linalg::dot(&w, x).abs()
                })
                .collect();
            let estimate = zonal::measure::mean(&values);
            let exact = modulus.correlation(&set);
            assert!(
                (exact - estimate.value).abs() < 4.5 * estimate.standard_error,
                "{k}: {exact} {}",
                estimate.value
            );
            assert!(exact.abs() > 10.0 * estimate.standard_error, "{k}: too small to tell");
        }
        let circle = Dim::new(2).unwrap();
        let w = [FRAC_1_SQRT_2, FRAC_1_SQRT_2];
        let exact = AbsUnit::new(circle, &w, 2).correlation(&[0, 1]);
        // |cos(t - pi/4)| over where sin 2t is positive, less the same elsewhere: (2/pi)(sqrt 2 - 1).
        assert!((exact - FRAC_2_PI * (std::f64::consts::SQRT_2 - 1.0)).abs() < 1e-12, "{exact}");
    }
}
