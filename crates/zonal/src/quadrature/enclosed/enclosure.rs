//! Bounds that hold in a neighbourhood of a panel.

use crate::numeric::{Interval, Rectangle};

/// The bounds on an ellipse around a panel.
pub(super) struct Enclosure {
    /// ln of a bound on |f|.
    pub(super) ln_value: f64,
    /// ln of a bound on the weight.
    pub(super) ln_weight: f64,
    /// Bounds on the real and the imaginary part of t.
    pub(super) real: f64,
    pub(super) imaginary: f64,
    /// A bound on the imaginary part of the angle.
    pub(super) turn: f64,
}

impl Enclosure {
    /// Bounds the integrals of |f| and f^2 over the panel from `a` to `b` of a piece whose half has this length.
    pub(super) fn sizes(&self, a: f64, b: f64, length: f64) -> [f64; 2] {
        let length = (b - a) * length;
        [1.0, 2.0].map(|power| (self.ln_weight + power * self.ln_value).exp() * length)
    }
}

/// Returns an interval of a few rounding errors around a number.
pub(super) fn around(x: f64) -> Interval {
    let slack = 4.0 * f64::EPSILON * x.abs() + f64::MIN_POSITIVE;
    Interval::new(x - slack, x + slack)
}

pub(super) fn real(x: f64) -> Rectangle {
    Rectangle::real(around(x))
}
