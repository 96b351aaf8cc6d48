//! Contours on which powers of 1 - eta z are integrated (RW-3).

use num_complex::Complex64;
use std::f64::consts::PI;

/// The number of nodes of the parabola in the upper half plane; 24 give errors near 1e-10.
const NODES: usize = 24;
/// Below this count of iterations the parabola would leave the strip in which the logarithm of 1 - eta z is one function.
const FEWEST: u64 = 2 * NODES as u64;
/// The smallest number of nodes of the circle, and their number for each iteration.
const CIRCLE: [u64; 2] = [256, 8];
/// The logarithm of the aliasing error of the circle.
const ALIASING: f64 = 30.0;
/// The part of the spectrum beyond 1/eta may be left out if it decays to this share.
const NEGLIGIBLE: f64 = 1e-12;

/// A node: a point and the factor of a function's value there.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// z.
    pub point: Complex64,
    /// (1 - eta z)^t dz / (2 pi i z).
    pub factor: Complex64,
}

/// A contour around 0 and the spectrum of a positive matrix, symmetric to the real axis, for
/// ∮ (1 - eta z)^t f(z) dz / (2 pi i z) with f real on the real axis: 2 Re sum_j `factor`_j f(`point`_j) over the nodes in the
/// upper half plane.
#[derive(Clone, Debug)]
pub struct Contour {
    /// Where the contour crosses the real axis, below 0.
    pub crossing: f64,
    /// The nodes in the upper half plane, in the order from the crossing.
    pub nodes: Vec<Node>,
}

impl Contour {
    /// Returns the contour for t iterations of descent with step eta. `reach` is eta times the largest eigenvalue, below 2.
    ///
    /// Few iterations: a circle |1 - eta z| = const with trapezoidal nodes, exact but for aliasing of e^-30. Many: the
    /// parabola of Weideman and Trefethen in -ln(1 - eta z), whose nodes shrink with 1/t, so that the cost does not depend
    /// on t. It leaves out eigenvalues beyond 1/eta, whose powers are below 1e-12 then.
    pub fn of_descent(step: f64, iterations: u64, reach: f64) -> Self {
        let beyond = (reach - 1.0).max(0.0);
        let is_decayed = iterations as f64 * beyond.ln() < NEGLIGIBLE.ln();
        if iterations >= FEWEST && is_decayed {
            Self::parabola(step, iterations)
        } else {
            Self::circle(step, iterations)
        }
    }

    fn circle(step: f64, iterations: u64) -> Self {
        let count = (CIRCLE[1] * iterations).max(CIRCLE[0]);
        let radius = ALIASING / count as f64;
        let node = |j: u64| {
            let s = Complex64::new(radius, (j as f64 + 0.5) * 2.0 * PI / count as f64);
            let factor = ((iterations + 1) as f64 * s).exp() / (expm1(s) * count as f64);
            Node { point: -expm1(s) / step, factor }
        };
        Self { crossing: -radius.exp_m1() / step, nodes: (0..count / 2).map(node).collect() }
    }

    fn parabola(step: f64, iterations: u64) -> Self {
        let t = iterations as f64;
        let (vertex, spacing) = (PI * NODES as f64 / (12.0 * t), 3.0 / NODES as f64);
        let node = |j: usize| {
            let direction = Complex64::new(1.0, (j as f64 + 0.5) * spacing);
            let s = vertex * direction * direction;
            let factor = (t * s).exp() * s.exp() / expm1(s) * direction * (vertex * spacing / PI);
            Node { point: -expm1(s) / step, factor }
        };
        Self { crossing: -vertex.exp_m1() / step, nodes: (0..NODES).map(node).collect() }
    }
}

/// Computes exp(s) - 1 without loss of digits near 0: with exp(s) - 1 itself nothing is left of 10^12 iterations.
fn expm1(s: Complex64) -> Complex64 {
    let half = (0.5 * s.im).sin();
    Complex64::new(s.re.exp_m1() * s.im.cos() - 2.0 * half * half, s.re.exp() * s.im.sin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::decay;

    /// The residual of an eigenvalue is ∮ (1 - eta z)^t / z · z / (z - l)... of a ridge: lambda / (lambda + l) at lambda = -z.
    #[test]
    fn ridges_integrate_to_descent() {
        for step in [1.0, 0.02] {
            for t in [0, 1, 7, 47, 48, 100, 10_000, 1_000_000_000, 1_000_000_000_000_000_000] {
                for share in [0.0, 1e-17, 1e-9, 1e-3, 0.1, 0.7, 1.0, 1.4, 1.9] {
                    let contour = Contour::of_descent(step, t, share);
                    let ridge = |z: Complex64| -z / (-z + share / step);
                    let found: f64 = contour.nodes.iter().map(|n| 2.0 * (n.factor * ridge(n.point)).re).sum();
                    let expected = decay(share, t);
                    assert!((found - expected).abs() < 1e-9, "{step} {t} {share}: {found} {expected}");
                }
            }
        }
    }
}
