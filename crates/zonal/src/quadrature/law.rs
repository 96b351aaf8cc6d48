//! The law of the argument, its polynomials of norm 1, and the nodes of the rules.

use crate::numeric::DoubleDouble;
use crate::sphere::{Degree, Dim};

/// The law of the argument t, which determines the polynomials.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// One coordinate of a uniform point of the sphere; P_k normalised P_k(1) = 1.
    Sphere(Dim),
    /// The standard normal law, the limit of sqrt(n) t; He_k / sqrt(k!) of norm 1.
    Normal,
}

impl Law {
    /// Returns the first step of the rule, about one standard deviation of u.
    pub(super) fn spread(self) -> f64 {
        match self {
            Self::Sphere(dim) => 1.0 / (dim.as_f64() - 1.0).sqrt().max(1.0),
            Self::Normal => 1.0,
        }
    }

    /// Returns the node at u, with the logarithm of the weight (for a spread-out variable u with t = tanh u, or t = u).
    pub(super) fn node(self, u: DoubleDouble) -> Node {
        let half = |x: DoubleDouble| x.scale_by_power_of_two(-1);
        match self {
            Self::Sphere(dim) => {
                // sinh is computed from expm1, so that ln cosh u = ln(1 + sinh^2 u) / 2 retains its relative accuracy
                // near u = 0.
                let one = DoubleDouble::ONE;
                let e = u.exp_m1();
                let sinh = half(e + e / (one + e));
                let ln_sech = -half((sinh * sinh).ln_1p());
                let ln_weight = ln_sech * DoubleDouble::from(dim.as_f64() - 1.0);
                Node { t: u.tanh(), ln_weight, ln_sech }
            }
            Self::Normal => Node { t: u, ln_weight: -half(u * u), ln_sech: DoubleDouble::ZERO },
        }
    }

    /// Returns the u of the argument t.
    pub(super) fn inverse(self, t: DoubleDouble) -> DoubleDouble {
        match self {
            Self::Sphere(_) => {
                // artanh t = ln((1 + t) / (1 - t)) / 2.
                let one = DoubleDouble::ONE;
                ((t + t) / (one - t)).ln_1p().scale_by_power_of_two(-1)
            }
            Self::Normal => t,
        }
    }

    /// Returns sqrt(N_(k+1) / N_k). Polynomials are computed with norm 1, since P_k itself is as small as N_k^(-1/2) in
    /// the bulk, beyond the range of f64 for large n and k. Returns 1 under the normal law, where the polynomials have
    /// norm 1 already.
    pub(super) fn norm_ratio(self, k: Degree) -> DoubleDouble {
        match self {
            Self::Sphere(dim) => {
                let (n, k) = (dim.as_f64(), k as f64);
                if k == 0.0 {
                    return DoubleDouble::from(n).sqrt();
                }
                let first = DoubleDouble::from(2.0 * k + n) / DoubleDouble::from(2.0 * k + n - 2.0);
                (first * DoubleDouble::from(k + n - 2.0) / DoubleDouble::from(k + 1.0)).sqrt()
            }
            Self::Normal => DoubleDouble::ONE,
        }
    }

    /// Returns the factors (a, b) of p_(k+1) = a t p_k - b p_(k-1) for polynomials of norm 1.
    pub(super) fn factors(self, k: Degree) -> (DoubleDouble, DoubleDouble) {
        let kf = DoubleDouble::from(k as f64);
        let one = DoubleDouble::ONE;
        match self {
            Self::Sphere(_) if k == 0 => (self.norm_ratio(0), DoubleDouble::ZERO),
            Self::Normal if k == 0 => (one, DoubleDouble::ZERO),
            Self::Sphere(dim) => {
                let n = DoubleDouble::from(dim.as_f64() - 2.0);
                let d = kf + n;
                let ratio = self.norm_ratio(k);
                ((kf + kf + n) / d * ratio, kf / d * ratio * self.norm_ratio(k - 1))
            }
            Self::Normal => {
                let root = (kf + one).sqrt();
                (one / root, kf.sqrt() / root)
            }
        }
    }

    /// Returns the factor of Rodrigues' formula from degree k to k + 1, for Taylor coefficients f^(k)/k!.
    pub(super) fn rodrigues_factor(self, k: Degree) -> DoubleDouble {
        let next = DoubleDouble::from(k as f64 + 1.0);
        match self {
            Self::Sphere(dim) => next / DoubleDouble::from(dim.as_f64() + 2.0 * k as f64),
            Self::Normal => next.sqrt(),
        }
    }

    /// Returns the integral of the weight over the angle (or over t under the normal law), to a factor of 2.
    pub(super) fn rough_weight(self) -> f64 {
        let two_pi = 2.0 * std::f64::consts::PI;
        match self {
            Self::Sphere(dim) => (two_pi / (dim.as_f64() - 1.0)).sqrt(),
            Self::Normal => two_pi.sqrt(),
        }
    }

    /// Returns a u beyond which the weight is negligible even for polynomials of this degree.
    pub(crate) fn end(self, max_degree: Degree) -> f64 {
        match self {
            Self::Sphere(dim) => {
                let n = dim.as_f64();
                // Solves ln cosh u = c; P_k is larger at the ends than in the bulk by up to sqrt(N_k).
                let multiplicity = crate::sphere::multiplicities(dim, max_degree)[max_degree].ln_abs();
                let c = (80.0 + 0.5 * multiplicity) / (n - 1.0);
                if c > 20.0 { c + 1.0 } else { c.exp().acosh() }
            }
            // Normal tails against h_k ~ t^k / sqrt(k!), bounded by the point where exp(-u^2/2 + 2 sqrt(k) u) is small.
            Self::Normal => 2.0 * (max_degree as f64).sqrt() + (160.0 + 4.0 * max_degree as f64).sqrt(),
        }
    }
}

/// A node of the rule.
pub(super) struct Node {
    pub(super) t: DoubleDouble,
    pub(super) ln_weight: DoubleDouble,
    /// ln sech u = ln(1 - t^2) / 2, from which weights of higher dimension are computed; 0 for the normal law.
    pub(super) ln_sech: DoubleDouble,
}
