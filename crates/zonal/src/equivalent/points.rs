//! The solutions of RW-1 along a contour of complex ridges, and RW-2 at pairs of them.

use super::{Equivalent, Sizes};
use crate::numeric::contour::Contour;
use num_complex::Complex64;

/// RW-1 at one complex ridge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) kappa: Complex64,
    /// 1 - df/N and 1 - df/m.
    pub(super) left: [Complex64; 2],
    /// df.
    pub(super) dimension: Complex64,
    /// The factor of a function's value at this point in the integral.
    pub(super) factor: Complex64,
}

/// Rounds of Newton's method before a step along the contour is halved, and its relative tolerance.
const ROUNDS: usize = 12;
const TOLERANCE: f64 = 1e-15;
/// The most halvings of a step.
const HALVINGS: u32 = 40;

impl Equivalent {
    /// Follows the solution of RW-1 from the real axis along a contour. None if it cannot be followed.
    pub(super) fn points(&self, sizes: Sizes, contour: &Contour) -> Option<Vec<Point>> {
        let start = -contour.crossing;
        let mut ridge = Complex64::from(start);
        let mut kappa = Complex64::from(self.solve(sizes, start).kappa);
        let mut points = Vec::with_capacity(contour.nodes.len());
        for node in &contour.nodes {
            kappa = self.follow(sizes, (ridge, kappa), -node.point)?;
            ridge = -node.point;
            let (dimension, _) = self.complex_dimension(kappa);
            let left = unused(sizes, ridge / kappa, Some(dimension));
            points.push(Point { kappa, left, dimension, factor: node.factor });
        }
        Some(points)
    }

    /// Follows the solution from one ridge to another, in steps that are halved until Newton's method converges to a near
    /// point.
    fn follow(&self, sizes: Sizes, from: (Complex64, Complex64), to: Complex64) -> Option<Complex64> {
        let (mut ridge, mut kappa) = from;
        let mut step = to - ridge;
        for _ in 0..1 << 12 {
            let is_last = (to - ridge).norm() <= step.norm() * (1.0 + 1e-12);
            let next = if is_last { to } else { ridge + step };
            match self.newton(sizes, kappa, next, next - ridge) {
                Some(found) if is_last => return Some(found),
                Some(found) => (ridge, kappa) = (next, found),
                None => {
                    step *= 0.5;
                    if step.norm() < (to - from.0).norm() * 0.5f64.powi(HALVINGS as i32) {
                        return None;
                    }
                }
            }
        }
        None
    }

    fn newton(
        &self,
        sizes: Sizes,
        start: Complex64,
        ridge: Complex64,
        change: Complex64,
    ) -> Option<Complex64> {
        let value = |kappa: Complex64| {
            let (dimension, slope) = self.complex_dimension(kappa);
            let [s1, s2] = [1.0 - dimension / sizes.rows, 1.0 - dimension / sizes.width];
            (kappa * s1 * s2, s1 * s2 - kappa * slope * (s1 / sizes.width + s2 / sizes.rows))
        };
        let mut kappa = start + change / value(start).1;
        for _ in 0..ROUNDS {
            let (found, slope) = value(kappa);
            let correction = (found - ridge) / slope;
            kappa -= correction;
            if (kappa - start).norm() > 0.5 * start.norm() || !kappa.is_finite() {
                return None;
            }
            if correction.norm() <= TOLERANCE * kappa.norm() {
                return Some(kappa);
            }
        }
        // Rounding may keep corrections above the tolerance.
        let (found, slope) = value(kappa);
        ((found - ridge) / slope).norm().le(&(1e-11 * kappa.norm())).then_some(kappa)
    }

    /// Returns df and its derivative.
    fn complex_dimension(&self, kappa: Complex64) -> (Complex64, Complex64) {
        let inverse = 1.0 / kappa;
        let white = self.white * inverse;
        let (mut dimension, mut slope) = (white, -white * inverse);
        for part in self.seen() {
            let factor = 1.0 / (part.eigenvalue + kappa);
            let share = part.weight * factor;
            dimension += share;
            slope -= share * factor;
        }
        (dimension, slope)
    }
}

/// Returns 1 - df/N and 1 - df/m from their product, `ratio` = lambda / kappa: the smaller one solves q s^2 + (1 - q) s = ratio with
/// q = min / max. Of the two roots it is the one near to the difference, for a complex df; the positive one without.
pub(super) fn unused(sizes: Sizes, ratio: Complex64, dimension: Option<Complex64>) -> [Complex64; 2] {
    let Sizes { rows, width } = sizes;
    let (least, most) = (rows.min(width), rows.max(width));
    if least == f64::INFINITY {
        return [Complex64::from(1.0); 2];
    }
    let (q, rest) = if most == f64::INFINITY { (0.0, 1.0) } else { (least / most, (most - least) / most) };
    let root = (rest * rest + 4.0 * q * ratio).sqrt();
    // 0/0 where the ratio is 0 and both sizes are the same.
    let mut smaller = if ratio == Complex64::ZERO { ratio } else { 2.0 * ratio / (rest + root) };
    if let Some(dimension) = dimension.filter(|_| q > 0.0) {
        let (expected, other) = (1.0 - dimension / least, -(rest + root) / (2.0 * q));
        if (other - expected).norm() < (smaller - expected).norm() {
            smaller = other;
        }
    }
    let larger = rest + q * smaller;
    if rows <= width { [smaller, larger] } else { [larger, smaller] }
}
