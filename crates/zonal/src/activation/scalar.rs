//! Evaluates activations and their derivatives over whole slices, in both precisions.

use super::builtin::{Activation, Definition};
use super::slices::{SlopeFrom, slopes_through_wide, through_wide};
use crate::linalg::Real;
use crate::numeric::lanes::Lanes;
use crate::numeric::{Dual, special};

/// A precision in which activations can be computed: f32 or f64.
pub trait Scalar: Real + Sealed {
    /// Replaces every argument by the value of phi there.
    fn apply(activation: &Activation, values: &mut [Self]);
}

use sealed::Sealed;

/// Further requirements of this crate on a precision.
mod sealed {
    use super::{Activation, Lanes};

    pub trait Sealed: Lanes {
        /// The number of rows of a tile; a panel of it takes at most 16 KiB, half of the first-level cache.
        const TILE: usize;
        /// Returns the square root.
        fn root(self) -> Self;
        /// Computes phi'(z); `from` holds the quantity named by [`Activation::slope_from`]. At a kink the result is one
        /// of the two slopes, or 0.
        fn slopes(activation: &Activation, from: &[Self], slopes: &mut [Self]);
    }
}

/// d/dt He_K(t)/sqrt(K!) = sqrt(K) He_(K-1)(t)/sqrt((K-1)!).
fn hermite_slope(degree: u8, t: f64) -> f64 {
    if degree == 0 { 0.0 } else { f64::from(degree).sqrt() * special::hermite(degree - 1, t) }
}

impl Scalar for f64 {
    fn apply(activation: &Activation, values: &mut [Self]) {
        match activation.definition() {
            Definition::Builtin(row) => (row.slices.wide.apply)(values),
            Definition::Hermite(k) => values.iter_mut().for_each(|t| *t = special::hermite(k, *t)),
            Definition::Formula(f) => values.iter_mut().for_each(|t| *t = f.value(t)),
            Definition::Function(f) => (f.apply)(values),
        }
    }
}

impl Sealed for f64 {
    const TILE: usize = 64;

    fn root(self) -> Self {
        self.sqrt()
    }

    fn slopes(activation: &Activation, from: &[Self], slopes: &mut [Self]) {
        let each = |slopes: &mut [Self], slope: &dyn Fn(Self) -> Self| {
            slopes.iter_mut().zip(from).for_each(|(s, t)| *s = slope(*t));
        };
        match activation.definition() {
            Definition::Builtin(row) => (row.slices.wide.slopes)(from, slopes),
            Definition::Hermite(k) => each(slopes, &|t| hermite_slope(k, t)),
            Definition::Formula(f) => each(slopes, &|t| f.value(&Dual::variable(t)).slope),
            // The derivative is unknown; training with such a function is rejected before it starts.
            Definition::Function(_) => slopes.fill(Self::NAN),
        }
    }
}

impl Scalar for f32 {
    fn apply(activation: &Activation, values: &mut [Self]) {
        match activation.definition() {
            Definition::Builtin(row) => (row.slices.narrow.apply)(values),
            Definition::Hermite(_) | Definition::Formula(_) => {
                through_wide(values, |wide| f64::apply(activation, wide));
            }
            // User code may be slow to call: one call for all arguments.
            Definition::Function(f) => {
                let mut wide: Vec<f64> = values.iter().map(|t| f64::from(*t)).collect();
                (f.apply)(&mut wide);
                values.iter_mut().zip(&wide).for_each(|(t, w)| *t = *w as Self);
            }
        }
    }
}

impl Sealed for f32 {
    const TILE: usize = 128;

    fn root(self) -> Self {
        self.sqrt()
    }

    fn slopes(activation: &Activation, from: &[Self], slopes: &mut [Self]) {
        match activation.definition() {
            Definition::Builtin(row) => (row.slices.narrow.slopes)(from, slopes),
            Definition::Hermite(_) | Definition::Formula(_) | Definition::Function(_) => {
                slopes_through_wide(from, slopes, |from, slopes| f64::slopes(activation, from, slopes));
            }
        }
    }
}

impl Activation {
    /// Returns phi(t).
    pub fn value(&self, t: f64) -> f64 {
        let mut value = [t];
        self.apply(&mut value);
        value[0]
    }

    /// Replaces every argument by the value of phi there.
    pub fn apply(&self, values: &mut [f64]) {
        Scalar::apply(self, values);
    }

    /// Returns the quantity from which [`Sealed::slopes`] is computed.
    pub(crate) fn slope_from(&self) -> SlopeFrom {
        match self.definition() {
            Definition::Builtin(row) => row.slope_from,
            Definition::Hermite(_) | Definition::Formula(_) | Definition::Function(_) => SlopeFrom::Argument,
        }
    }

    /// Returns whether the derivative is known; that of a function given as code is not.
    pub fn has_slope(&self) -> bool {
        !matches!(self, Self::Function(_))
    }

    /// Replaces every argument by phi' there, as [`Self::slope`]; `values` holds the values of phi.
    ///
    /// # Panics
    /// Unless there are as many values as arguments.
    pub fn replace_by_slopes(&self, arguments: &mut [f64], values: &[f64]) {
        assert_eq!(arguments.len(), values.len(), "arguments and values");
        match self.slope_from() {
            SlopeFrom::Value => f64::slopes(self, values, arguments),
            SlopeFrom::Argument => {
                let from = arguments.to_vec();
                f64::slopes(self, &from, arguments);
            }
        }
    }

    /// Returns phi'(t): at a kink one of the two slopes or 0 (0 for ReLU and |t|); NaN if the derivative is not known.
    pub fn slope(&self, t: f64) -> f64 {
        let from = match self.slope_from() {
            SlopeFrom::Value => self.value(t),
            SlopeFrom::Argument => t,
        };
        let mut slope = [0.0];
        f64::slopes(self, &[from], &mut slope);
        slope[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_differences_in_both_precisions() {
        let formulas = [
            "t*tanh(t) - 2^t + sqrt(1 + t^2)",
            "max(t, 0.3)^2 + abs(t - 1)",
            "sin(3*t)*softplus(t) + erf(t)/(2 + cos(t))",
        ];
        let formulas = formulas.map(|f| Activation::parse(f).unwrap());
        for a in Activation::NAMED.into_iter().chain(formulas) {
            let arguments: Vec<f64> = (-30..30).map(|i| 0.1 * f64::from(i) + 0.0371).collect();
            let kept: Vec<f32> = arguments
                .iter()
                .map(|&t| if a.slope_from() == SlopeFrom::Value { a.value(t) as f32 } else { t as f32 })
                .collect();
            let mut narrow = vec![0.0f32; kept.len()];
            f32::slopes(&a, &kept, &mut narrow);
            let mut applied: Vec<f32> = arguments.iter().map(|t| *t as f32).collect();
            f32::apply(&a, &mut applied);
            for (i, &t) in arguments.iter().enumerate() {
                let difference = |h: f64| (a.value(t + h) - a.value(t - h)) / (2.0 * h);
                let richardson = (4.0 * difference(5e-4) - difference(1e-3)) / 3.0;
                let (slope, size) = (a.slope(t), 1.0 + a.slope(t).abs());
                assert!((slope - richardson).abs() < 1e-9 * size, "{a} at {t}: {slope} {richardson}");
                assert!(
                    (f64::from(narrow[i]) - slope).abs() < 1e-5 * size,
                    "{a} at {t}: {} {slope}",
                    narrow[i]
                );
                let value = a.value(t);
                assert!((f64::from(applied[i]) - value).abs() < 1e-5 * (1.0 + value.abs()), "{a} at {t}");
            }
        }
        assert_eq!([Activation::Relu.slope(0.0), Activation::Abs.slope(0.0)], [0.0; 2]);
    }
}
