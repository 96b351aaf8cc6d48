//! A piece of a formula in terms of the distance from one of its ends: nodes of the rule, and enclosures around panels.

use super::enclosure::{Enclosure, around, real};
use super::legendre_bound::LegendreBound;
use crate::activation::{FromEnd, Piece};
use crate::numeric::{DoubleDouble, Elementary, Interval, Rectangle, Tracked};
use crate::quadrature::Law;

/// The part of a piece between one of its ends and its middle, parametrised by the fraction of the way from the end.
pub(super) struct Half<'a> {
    law: Law,
    scale: DoubleDouble,
    form: &'a FromEnd,
    /// t at the end, and sqrt(1 - t^2).
    sine: DoubleDouble,
    cosine: DoubleDouble,
    /// 1 if t increases with the distance from the end, otherwise -1.
    direction: f64,
    /// The angle to the middle or, under the normal law, the distance.
    pub(super) length: DoubleDouble,
}

/// A point of the rule.
pub(super) struct Node {
    pub(super) t: DoubleDouble,
    pub(super) ln_weight: DoubleDouble,
    /// The value of f.
    pub(super) value: Tracked,
}

impl<'a> Half<'a> {
    /// Returns both halves of a piece, which meet in the middle of its angle.
    pub(super) fn both(law: Law, scale: f64, piece: &'a Piece) -> [Self; 2] {
        let scale = DoubleDouble::from(scale);
        let ends = [piece.from / scale, piece.to / scale];
        let angles = match law {
            Law::Sphere(_) => ends.map(arcsine),
            Law::Normal => ends,
        };
        let whole = angles[1] - angles[0];
        // The length is exact in f64, so that there is no gap between the halves.
        let first = DoubleDouble::from(0.5 * whole.to_f64());
        let half = |end: DoubleDouble, form, direction, length| {
            let square = (DoubleDouble::ONE - end) * (DoubleDouble::ONE + end);
            let cosine = if square.to_f64() > 0.0 { square.sqrt() } else { DoubleDouble::ZERO };
            Self { law, scale, form, sine: end, cosine, direction, length }
        };
        [half(ends[0], &piece.after, 1.0, first), half(ends[1], &piece.before, -1.0, whole - first)]
    }

    pub(super) fn length(&self) -> f64 {
        self.length.to_f64()
    }

    /// Returns the argument of f at a fraction of the way, for messages.
    pub(super) fn argument(&self, part: f64) -> f64 {
        (self.node(DoubleDouble::from(part)).t * self.scale).to_f64()
    }

    pub(super) fn value_is_finite(&self, part: f64) -> bool {
        self.node(DoubleDouble::from(part)).value.value.is_finite()
    }

    /// Returns the node at a fraction of the way from the end. The distance from the end retains its relative accuracy:
    /// sin(theta + phi) - sin(theta) = 2 sin(phi / 2) cos(theta + phi / 2).
    pub(super) fn node(&self, part: DoubleDouble) -> Node {
        let phi = self.length * part;
        let forward = DoubleDouble::from(self.direction);
        match self.law {
            Law::Normal => {
                let t = self.sine + forward * phi;
                Node { t, ln_weight: -(t * t).scale_by_power_of_two(-1), value: self.form.value(phi) }
            }
            Law::Sphere(dim) => {
                let turned = |angle: DoubleDouble| {
                    let (sin, cos) = angle.sin_cos();
                    (sin, self.cosine * cos - forward * self.sine * sin)
                };
                let (sin_half, cos_half) = turned(phi.scale_by_power_of_two(-1));
                let distance = (sin_half * cos_half).scale_by_power_of_two(1);
                let t = self.sine + forward * distance;
                let cosine = turned(phi).1;
                let n = DoubleDouble::from(dim.as_f64() - 2.0);
                // ln cos retains its relative accuracy near t = 0, where a large n multiplies it.
                let ln_cosine = if t.to_f64().abs() < 0.5 {
                    (-(t * t)).ln_1p().scale_by_power_of_two(-1)
                } else {
                    cosine.ln()
                };
                let ln_weight = if dim.get() == 2 { DoubleDouble::ZERO } else { n * ln_cosine };
                Node { t, ln_weight, value: self.form.value(distance * self.scale) }
            }
        }
    }

    /// Computes bounds on the ellipse with the sum of half axes `rho` (in half lengths) around the panel, or on the
    /// panel itself for `rho` = 0; None if f is not known to be analytic and bounded there.
    pub(super) fn enclosed(&self, a: f64, b: f64, rho: f64) -> Option<Enclosure> {
        let phi = self.around_panel(a, b, rho);
        let (distance, t, ln_weight) = self.geometry(phi);
        let ln_value = self.form.enclosure(distance * real(self.scale.to_f64())).ln_magnitude();
        let largest = |x: Interval| x.low.abs().max(x.high.abs());
        let ((re, im), (_, turn)) = (t.parts(), phi.parts());
        (ln_value < f64::INFINITY).then(|| Enclosure {
            ln_value,
            ln_weight,
            real: largest(re),
            imaginary: largest(im),
            turn: largest(turn),
        })
    }

    /// Returns the midpoint of the values of f on a panel, and the largest deviation of a value from it.
    pub(super) fn range(&self, a: f64, b: f64) -> Option<(f64, f64)> {
        let distance = self.geometry(self.around_panel(a, b, 0.0)).0;
        let (values, _) = self.form.enclosure(distance * real(self.scale.to_f64())).parts();
        let middle = 0.5 * (values.low + values.high);
        let variation = (values.high - middle).max(middle - values.low);
        variation.is_finite().then_some((middle, variation))
    }

    /// Returns ln of bounds on all polynomials on a panel.
    pub(super) fn enclosed_polynomials(&self, a: f64, b: f64, bound: &LegendreBound) -> Vec<f64> {
        let phi = self.around_panel(a, b, 0.0);
        let (_, t, ln_weight) = self.geometry(phi);
        let re = t.parts().0;
        let real = re.low.abs().max(re.high.abs());
        let e = Enclosure { ln_value: 0.0, ln_weight, real, imaginary: 0.0, turn: 0.0 };
        (0..bound.len()).map(|k| bound.ln(k, &e)).collect()
    }

    fn around_panel(&self, a: f64, b: f64, rho: f64) -> Rectangle {
        let length = around(self.length());
        if rho == 0.0 {
            return Rectangle::real(Interval::new(a, b) * length);
        }
        let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
        let (wide, high) = (0.5 * half * (rho + 1.0 / rho), 0.5 * half * (rho - 1.0 / rho));
        let re = Interval::new(middle - wide, middle + wide) * length;
        Rectangle::new(re, Interval::new(-high, high) * length)
    }

    /// Returns the distance from the end, t, and ln of a bound on the weight.
    fn geometry(&self, phi: Rectangle) -> (Rectangle, Rectangle, f64) {
        let forward = real(self.direction);
        let sine = Rectangle::real(around(self.sine.to_f64()));
        match self.law {
            Law::Normal => {
                let t = sine + forward * phi;
                // Re(t^2) = x^2 - y^2.
                let (re, im) = t.parts();
                let square = re.powi(2).low - im.powi(2).high;
                (phi, t, -0.5 * square)
            }
            Law::Sphere(dim) => {
                let cosine = Rectangle::real(if self.cosine.to_f64() == 0.0 {
                    Interval::new(0.0, 0.0)
                } else {
                    around(self.cosine.to_f64())
                });
                let half_phi = phi * real(0.5);
                let turned = |angle: Rectangle| cosine * angle.cos() - forward * sine * angle.sin();
                let distance = half_phi.sin() * turned(half_phi) * real(2.0);
                let t = sine + forward * distance;
                let n = dim.as_f64() - 2.0;
                let ln_weight = if n == 0.0 { 0.0 } else { n * turned(phi).ln_magnitude() };
                (distance, t, ln_weight)
            }
        }
    }
}

/// Computes the angle whose sine is t, also accurate near the ends.
fn arcsine(t: DoubleDouble) -> DoubleDouble {
    let quarter = DoubleDouble::pi().scale_by_power_of_two(-1);
    let one = DoubleDouble::ONE;
    if t.to_f64().abs() >= 1.0 {
        return if t.to_f64() < 0.0 { -quarter } else { quarter };
    }
    if t.to_f64().abs() > 0.75 {
        // arcsin t = pi/2 - 2 arcsin sqrt((1 - t) / 2).
        let inner = ((one - t.abs()).scale_by_power_of_two(-1)).sqrt();
        let angle = quarter - arcsine(inner).scale_by_power_of_two(1);
        return if t.to_f64() < 0.0 { -angle } else { angle };
    }
    // Two steps of Newton's method from the f64 value.
    let mut angle = DoubleDouble::from(t.to_f64().asin());
    for _ in 0..2 {
        let (sin, cos) = angle.sin_cos();
        angle = angle + (t - sin) / cos;
    }
    angle
}

/// Gauss-Legendre nodes on [-1, 1] in double-double arithmetic.
pub(super) struct Rule {
    nodes: Vec<(DoubleDouble, DoubleDouble)>,
}

/// The number of nodes of the rule.
const NODES: usize = 32;
/// The ellipses to try, from the smallest.
const ELLIPSES: [f64; 8] = [1.5, 2.1, 3.0, 4.3, 6.5, 10.0, 18.0, 40.0];

impl Rule {
    pub(super) fn new() -> Self {
        let one = DoubleDouble::ONE;
        let n = NODES as f64;
        let node = |i: usize| {
            // Newton's method on P_32 from the asymptotic zeros.
            let mut x = DoubleDouble::from((std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos());
            let mut slope = one;
            for _ in 0..7 {
                let (mut previous, mut current) = (one, x);
                for k in 1..NODES {
                    let k = k as f64;
                    let next = (x * current * DoubleDouble::from(2.0 * k + 1.0)
                        - previous * DoubleDouble::from(k))
                        / DoubleDouble::from(k + 1.0);
                    previous = current;
                    current = next;
                }
                slope = DoubleDouble::from(n) * (previous - x * current) / ((one - x) * (one + x));
                x = x - current / slope;
            }
            (x, DoubleDouble::from(2.0) / ((one - x) * (one + x) * slope * slope))
        };
        Self { nodes: (0..NODES).map(node).collect() }
    }

    /// Returns the nodes on [a, b] with their weights.
    pub(super) fn nodes(&self, a: f64, b: f64) -> Vec<(DoubleDouble, DoubleDouble)> {
        let middle = DoubleDouble::from_sum(a, b).scale_by_power_of_two(-1);
        let half = DoubleDouble::from_sum(b, -a).scale_by_power_of_two(-1);
        self.nodes.iter().map(|(x, w)| (middle + half * *x, half * *w)).collect()
    }

    /// Returns the ellipses, each with ln of the factor from a bound on the ellipse to a bound on the error: the error
    /// of N nodes on [-1, 1] for |f| <= M on the ellipse rho is at most (64/15) M rho^(-2N) / (1 - rho^-2) (L. N.
    /// Trefethen, "Approximation Theory and Approximation Practice", theorem 19.3).
    pub(super) fn ellipses(&self) -> impl Iterator<Item = (f64, f64)> + use<> {
        ELLIPSES.into_iter().map(|rho| {
            let series = 64.0 / 15.0 / (1.0 - 1.0 / (rho * rho));
            (rho, series.ln() - 2.0 * NODES as f64 * rho.ln())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_integrates_powers_up_to_its_degree() {
        let rule = Rule::new();
        for power in [0, 2, 17, 30, 63] {
            let term = |(x, w): &(DoubleDouble, DoubleDouble)| *w * Elementary::powi(x, power);
            let sum: DoubleDouble = rule.nodes.iter().map(term).sum();
            let exact = if power % 2 == 1 { 0.0 } else { 2.0 };
            let exact = DoubleDouble::from(exact) / DoubleDouble::from(f64::from(power) + 1.0);
            assert!((sum - exact).to_f64().abs() < 1e-29, "{power}");
        }
    }

    #[test]
    fn arcsines_have_all_their_digits() {
        for t in [-1.0, -0.999_999_9, -0.8, -0.3, 0.0, 1e-9, 0.5, 0.76, 0.999, 1.0] {
            let t = DoubleDouble::from(t);
            let back = arcsine(t).sin_cos().0;
            assert!((back - t).to_f64().abs() < 1e-30, "{t:?}");
        }
    }
}
