//! The Legendre polynomials P_k of dimension n, normalised P_k(1) = 1 (GE-1): the Gegenbauer polynomials
//! C_k^((n-2)/2) divided by their value at 1; Chebyshev polynomials for n = 2.

use crate::error::{Error, Result};
use crate::numeric::DoubleDouble;
use crate::numeric::level::Level;
use crate::sphere::{Degree, Dim};
use pulp::{Simd, WithSimd};

/// The factors (A_k, B_k) of P_(k+1) = A_k t P_k - B_k P_(k-1), for one dimension.
///
/// The forward recurrence loses no accuracy: |P_k| <= 1 on [-1, 1].
#[derive(Clone, Debug)]
pub struct Recurrence {
    factors: Vec<(f64, f64)>,
}

impl Recurrence {
    /// Computes the factors for degrees up to `max_degree`.
    pub fn new(dim: Dim, max_degree: Degree) -> Self {
        let n = dim.as_f64();
        let factors = (0..max_degree)
            .map(|k| {
                if k == 0 {
                    return (1.0, 0.0);
                }
                let k = k as f64;
                let d = k + n - 2.0;
                ((2.0 * k + n - 2.0) / d, k / d)
            })
            .collect();
        Self { factors }
    }

    /// Computes the factors for sqrt(N_k) P_k, which has norm 1 and does not underflow where P_k does.
    pub(crate) fn normalised(dim: Dim, max_degree: Degree) -> Self {
        let n = dim.as_f64();
        // sqrt(N_(k+1) / N_k).
        let ratio = |k: usize| match k {
            0 => n.sqrt(),
            _ => {
                let k = k as f64;
                ((2.0 * k + n) / (2.0 * k + n - 2.0) * (k + n - 2.0) / (k + 1.0)).sqrt()
            }
        };
        let mut out = Self::new(dim, max_degree);
        for (k, (a, b)) in out.factors.iter_mut().enumerate() {
            *a *= ratio(k);
            *b *= ratio(k) * ratio(k.saturating_sub(1));
        }
        out
    }

    /// Returns (A_k, B_k) for k = 0, 1, ..
    pub(crate) fn factors(&self) -> &[(f64, f64)] {
        &self.factors
    }

    /// Returns the largest degree.
    pub fn max_degree(&self) -> Degree {
        self.factors.len()
    }

    /// Computes P_0(t), .., P_K(t). Absolute error a few times K 2^-53.
    pub fn values(&self, t: f64) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.factors.len() + 1);
        out.push(1.0);
        for (k, &(a, b)) in self.factors.iter().enumerate() {
            let previous = if k == 0 { 0.0 } else { out[k - 1] };
            out.push(a * t * out[k] - b * previous);
        }
        out
    }

    /// Replaces `previous` = P_(k-1), `current` = P_k by P_k, P_(k+1) for a whole slice of arguments.
    pub(crate) fn advance(&self, k: Degree, t: &[f64], previous: &mut [f64], current: &mut [f64]) {
        let (a, b) = self.factors[k];
        for i in 0..t.len() {
            let next = a * t[i] * current[i] - b * previous[i];
            previous[i] = current[i];
            current[i] = next;
        }
    }

    /// Replaces each t in [-1, 1] by P_K(t), K the largest degree.
    pub fn replace_by_last(&self, t: &mut [f64]) {
        Level::here().dispatch(Last { factors: &self.factors, values: t });
    }

    /// Adds sum_k c_k P_k(t_i) to `out` by Clenshaw's recurrence; at most `max_degree + 1` coefficients.
    pub(crate) fn add_series(&self, c: &[f64], t: &[f64], out: &mut [f64]) {
        // A few arguments at a time, so that the inner loop is over lanes and the state stays in registers.
        const LANES: usize = 8;
        debug_assert!(c.len() <= self.factors.len() + 1);
        for (t, out) in t.chunks(LANES).zip(out.chunks_mut(LANES)) {
            let mut x = [0.0; LANES];
            x[..t.len()].copy_from_slice(t);
            let (mut b1, mut b2) = ([0.0; LANES], [0.0; LANES]);
            for k in (0..c.len()).rev() {
                let a = self.factors.get(k).map_or(0.0, |f| f.0);
                let b = self.factors.get(k + 1).map_or(0.0, |f| f.1);
                for l in 0..LANES {
                    let next = c[k] + a * x[l] * b1[l] - b * b2[l];
                    b2[l] = b1[l];
                    b1[l] = next;
                }
            }
            for (o, b) in out.iter_mut().zip(b1) {
                *o += b;
            }
        }
    }

    /// Computes sum_k c_k P_k(t).
    ///
    /// # Errors
    /// [`Error::Size`] for more than `max_degree + 1` coefficients.
    pub fn series(&self, c: &[f64], t: f64) -> Result<f64> {
        let (found, required) = (c.len(), self.factors.len() + 1);
        if found > required {
            return Err(Error::Size { what: "coefficients of a series".into(), found, required });
        }
        let mut out = [0.0];
        self.add_series(c, &[t], &mut out);
        Ok(out[0])
    }
}

/// The number of arguments that are processed at a time, so that the state of the recurrence stays in registers.
const LANES: usize = 32;

struct Last<'a> {
    factors: &'a [(f64, f64)],
    values: &'a mut [f64],
}

impl WithSimd for Last<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for values in self.values.chunks_mut(LANES) {
            let mut t = [0.0; LANES];
            t[..values.len()].copy_from_slice(values);
            let (mut previous, mut current) = ([0.0; LANES], [1.0; LANES]);
            for &(a, b) in self.factors {
                for l in 0..LANES {
                    let next = a * t[l] * current[l] - b * previous[l];
                    previous[l] = current[l];
                    current[l] = next;
                }
            }
            values.copy_from_slice(&current[..values.len()]);
        }
    }
}

/// Computes P_0(t), .., P_K(t) in double-double arithmetic.
pub(crate) fn precise_values(dim: Dim, max_degree: Degree, t: DoubleDouble) -> Vec<DoubleDouble> {
    let n = dim.as_f64();
    let mut out = vec![DoubleDouble::ONE];
    for k in 0..max_degree {
        let next = if k == 0 {
            t
        } else {
            let j = k as f64;
            let ahead = DoubleDouble::from(2.0 * j + n - 2.0) * t * out[k];
            (ahead - DoubleDouble::from(j) * out[k - 1]) / DoubleDouble::from(j + n - 2.0)
        };
        out.push(next);
    }
    out
}

/// Computes P_k(t) alone, without a table of factors.
pub fn value(dim: Dim, degree: Degree, t: f64) -> f64 {
    let n = dim.as_f64();
    let (mut previous, mut current) = (0.0, 1.0);
    for k in 0..degree {
        let next = if k == 0 {
            t
        } else {
            let k = k as f64;
            ((2.0 * k + n - 2.0) * t * current - k * previous) / (k + n - 2.0)
        };
        previous = current;
        current = next;
    }
    current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_circle_they_are_cosines() {
        let r = Recurrence::new(Dim::new(2).unwrap(), 30);
        for i in 0..50 {
            let theta = 0.0628 * f64::from(i);
            for (k, p) in r.values(theta.cos()).into_iter().enumerate() {
                assert!((p - (k as f64 * theta).cos()).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn the_last_of_a_slice_is_that_of_single_values() {
        for n in [2, 3, 30] {
            for k in 0..6 {
                let r = Recurrence::new(Dim::new(n).unwrap(), k);
                let t: Vec<f64> = (0..75).map(|i| -1.0 + f64::from(i) / 37.0).collect();
                let mut values = t.clone();
                r.replace_by_last(&mut values);
                for (t, p) in t.iter().zip(values) {
                    assert!((p - r.values(*t)[k]).abs() < 1e-15);
                }
            }
        }
    }

    #[test]
    fn series_equals_the_sum_of_its_terms() {
        for n in [2, 3, 17] {
            let r = Recurrence::new(Dim::new(n).unwrap(), 12);
            for len in 0..=13 {
                let c: Vec<f64> = (0..len).map(|k| 1.0 / (1.0 + k as f64)).collect();
                for t in [-1.0, -0.2, 0.0, 0.77, 1.0] {
                    let direct: f64 = c.iter().zip(r.values(t)).map(|(c, p)| c * p).sum();
                    assert!((r.series(&c, t).unwrap() - direct).abs() < 1e-14);
                }
            }
        }
    }
}
