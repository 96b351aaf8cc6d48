//! Bounds on the polynomials of norm 1 at complex arguments.

use super::enclosure::Enclosure;
use crate::quadrature::Law;
use crate::sphere::{Degree, multiplicities};

/// Bounds for all degrees up to a maximum.
///
/// On the sphere there are two bounds. With t = cos(phi + i delta), P_k is a sum of cosines of multiples of the angle,
/// up to k, with coefficients that are not negative and add up to 1; so |P_k| <= cosh(k delta). The generating function
/// of Gegenbauer polynomials, sum_k C_k(t) z^k = (1 - 2tz + z^2)^(-lambda) with lambda = n/2 - 1, gives on the circle
/// of radius r
///
/// ```text
/// |C_k(t)| <= r^-k ((1 - r^2) sqrt(1 - x^2) - 2 r |t - x|)^-lambda,    |x| <= 2 / (r + 1/r),
/// ```
///
/// for any real x, since |1 - 2xz + z^2| on the circle is r times the distance of 2x from an ellipse. This is the
/// sharper bound in high dimension. The best r is about sqrt(k / (k + 2 lambda)); beyond the turning point of P_k it is
/// the smallest one that the condition on x allows. Under the normal law the same argument with exp(tz - z^2/2) and r =
/// sqrt k gives |He_k(x + iy)| / sqrt(k!) <= (2 pi k)^(1/4) exp(1/(24 k) + x^2/4 + sqrt(k) |y|).
pub(super) struct LegendreBound {
    law: Law,
    degrees: Vec<Constants>,
}

/// The constants of the bounds for one degree.
struct Constants {
    /// ln sqrt(N_k), or (1/4) ln(2 pi k) + 1/(24 k).
    first: f64,
    /// ln of sqrt(N_k) / C_k(1).
    second: f64,
    /// r.
    radius: f64,
}

impl LegendreBound {
    pub(super) fn new(law: Law, max_degree: Degree) -> Self {
        let degrees = match law {
            Law::Sphere(dim) => {
                let n = dim.as_f64();
                let constants = |(k, m): (usize, &crate::numeric::Scaled)| {
                    let (k, half) = (k as f64, 0.5 * m.ln_abs());
                    let radius = (k / (k + n - 2.0)).sqrt();
                    let outside = ((2.0 * k + n - 2.0) / (n - 2.0)).ln() - half;
                    Constants { first: half, second: outside, radius }
                };
                multiplicities(dim, max_degree).iter().enumerate().map(constants).collect()
            }
            Law::Normal => {
                let constants = |k: usize| {
                    let k = k as f64;
                    let first = 0.25 * (2.0 * std::f64::consts::PI * k).ln() + 1.0 / (24.0 * k);
                    Constants { first, second: f64::INFINITY, radius: k.sqrt() }
                };
                (0..=max_degree).map(constants).collect()
            }
        };
        Self { law, degrees }
    }

    /// Returns the number of degrees.
    pub(super) fn len(&self) -> usize {
        self.degrees.len()
    }

    /// Returns ln of a bound on |p_k| over an enclosure.
    pub(super) fn ln(&self, k: Degree, e: &Enclosure) -> f64 {
        if k == 0 {
            return 0.0;
        }
        let c = &self.degrees[k];
        // The logarithms above have rounding errors of their own, up to 1e-13.
        let slack = 1e-12;
        match self.law {
            Law::Normal => slack + c.first + 0.25 * e.real * e.real + c.radius * e.imaginary,
            Law::Sphere(dim) => {
                let cosines = c.first + k as f64 * e.turn;
                let lambda = 0.5 * dim.as_f64() - 1.0;
                let cosine = (1.0 - e.real * e.real).max(0.0).sqrt();
                if lambda == 0.0 || cosine == 0.0 {
                    return slack + cosines;
                }
                // tan(theta / 2), where the condition on x = sin(theta) holds with equality; rounded up.
                let least = (1.0 + 1e-15) * e.real / (1.0 + cosine);
                let r = c.radius.max(least);
                let distance = (1.0 - r * r) * cosine - 2.0 * r * e.imaginary;
                if distance <= 0.0 {
                    return slack + cosines;
                }
                // Logarithms and their rounding errors are multiplied by the degree and the dimension.
                let rounding = 4.0 * f64::EPSILON * (lambda + k as f64);
                let generating = c.second - k as f64 * r.ln() - lambda * distance.ln() + rounding;
                slack + cosines.min(generating)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sphere::Dim;

    /// Computes ln|p_k(x + iy)| for each degree by the recurrence, with a running scale.
    fn values(law: Law, last: Degree, (x, y): (f64, f64)) -> Vec<f64> {
        let (mut before, mut now, mut ln_scale) = ((0.0, 0.0), (1.0, 0.0), 0.0);
        let mut found = vec![0.0];
        for k in 0..last {
            let (a, b) = law.factors(k);
            let (a, b) = (a.to_f64(), b.to_f64());
            let product = (x * now.0 - y * now.1, x * now.1 + y * now.0);
            let next = (a * product.0 - b * before.0, a * product.1 - b * before.1);
            let size = next.0.hypot(next.1).max(now.0.hypot(now.1));
            before = (now.0 / size, now.1 / size);
            now = (next.0 / size, next.1 / size);
            ln_scale += size.ln();
            found.push(ln_scale + now.0.hypot(now.1).ln());
        }
        found
    }

    #[test]
    fn bounds_hold_and_are_sharp_enough_in_the_bulk() {
        let laws = [2, 3, 4, 10, 100, 10_000].map(|n| Law::Sphere(Dim::new(n).unwrap()));
        for law in laws.into_iter().chain([Law::Normal]) {
            let bound = LegendreBound::new(law, 80);
            let deviation = match law {
                Law::Sphere(dim) => 1.0 / dim.as_f64().sqrt(),
                Law::Normal => 1.0,
            };
            for i in 0..12 {
                for height in [0.0, 0.05, 0.3, 1.0] {
                    // Angles up to a right angle and, under the normal law, beyond the turning points.
                    let theta = f64::from(i) * deviation * 1.1;
                    if matches!(law, Law::Sphere(_)) && theta > 1.57 {
                        continue;
                    }
                    let turn = height * deviation;
                    let t = match law {
                        Law::Sphere(_) => (theta.sin() * turn.cosh(), theta.cos() * turn.sinh()),
                        Law::Normal => (theta, turn),
                    };
                    let e = Enclosure { ln_value: 0.0, ln_weight: 0.0, real: t.0, imaginary: t.1, turn };
                    for (k, ln) in values(law, 80, t).into_iter().enumerate() {
                        let b = bound.ln(k, &e);
                        assert!(ln <= b + 1e-9, "{law:?}, k = {k}, t = {t:?}: {ln} > {b}");
                        if i < 3 && height == 0.0 {
                            assert!(b < 12.0, "{law:?}, k = {k}, t = {t:?}: {b}");
                        }
                    }
                }
            }
        }
    }
}
