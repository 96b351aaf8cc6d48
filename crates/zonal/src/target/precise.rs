//! Correlations of a target with hidden units in double-double arithmetic.

use super::{Profile, Target};
use crate::error::Result;
use crate::legendre::precise_values;
use crate::numeric::{DoubleDouble, Scaled};
use crate::spectrum::{Coefficient, Spectrum};
use crate::sphere::multiplicities;

/// Returns sqrt(x) without leaving the range of f64; x must not be negative.
fn root(x: Scaled) -> DoubleDouble {
    x.to_double_double().sqrt()
}

impl Target {
    /// Computes alpha_k g_k(u_j), one row for each degree k up to the largest one of `unit`, one column for each unit
    /// vector u_j, with a bound on the error of each row from errors of the coefficients, relative to its size.
    ///
    /// # Errors
    /// As [`Spectrum::new`].
    pub(crate) fn precise_correlations(
        &self,
        unit: &Spectrum,
        units: &[Vec<DoubleDouble>],
    ) -> Result<(Vec<Vec<DoubleDouble>>, f64)> {
        let last = unit.max_degree();
        let mut out = vec![vec![DoubleDouble::ZERO; units.len()]; last + 1];
        let mut worst = 0.0f64;
        for h in self.harmonics.iter().filter(|h| h.degree <= last) {
            let alpha = unit.coefficients()[h.degree];
            worst = worst.max(alpha.relative_error);
            for (sum, u) in out[h.degree].iter_mut().zip(units) {
                *sum = *sum + alpha.value.to_double_double() * h.precise_value(u);
            }
        }
        for z in &self.zonal {
            let direction = precise_unit(&z.direction);
            let (factors, error) = self.cross_energies(&z.profile, unit)?;
            worst = worst.max(error);
            let highest = factors.iter().rposition(|f| f.to_f64() != 0.0).unwrap_or(0);
            for (j, u) in units.iter().enumerate() {
                let rho = precise_dot(&direction, u);
                for (k, p) in precise_values(self.dim, highest, rho).into_iter().enumerate() {
                    out[k][j] = out[k][j] + DoubleDouble::from(z.coefficient) * factors[k] * p;
                }
            }
        }
        Ok((out, worst))
    }

    /// Computes alpha_k beta_k N_k for each degree, where beta_k is the coefficient of a zonal term's profile, and the
    /// largest relative error.
    fn cross_energies(&self, profile: &Profile, unit: &Spectrum) -> Result<(Vec<DoubleDouble>, f64)> {
        let last = unit.max_degree();
        let multiplicity = multiplicities(self.dim, last);
        match profile {
            &Profile::Harmonic(k) => {
                let mut out = vec![DoubleDouble::ZERO; last + 1];
                if k > last {
                    return Ok((out, 0.0));
                }
                let alpha = unit.coefficients()[k];
                // alpha_k may underflow where sqrt(N_k) overflows.
                let energy = root(alpha.value.times_scaled(alpha.value).times_scaled(multiplicity[k]));
                out[k] = if alpha.value.sign() < 0 { -energy } else { energy };
                Ok((out, alpha.relative_error))
            }
            Profile::Neuron { activation, scale } => {
                let other = self.spectra.spectrum(activation, self.dim, *scale, last)?;
                let pairs = unit.coefficients().iter().zip(other.coefficients());
                let of_degree = |((a, b), n): ((&Coefficient, &Coefficient), &Scaled)| {
                    a.value.times_scaled(b.value).times_scaled(*n).to_double_double()
                };
                let out: Vec<DoubleDouble> = pairs.clone().zip(&multiplicity).map(of_degree).collect();
                // In the sum, an error is weighted by the size of its term.
                let total: f64 = out.iter().map(|e| e.to_f64().abs()).sum();
                let error: f64 = pairs
                    .zip(&out)
                    .filter(|(_, e)| e.to_f64() != 0.0)
                    .map(|((a, b), e)| (a.relative_error + b.relative_error) * e.to_f64().abs())
                    .sum();
                Ok((out, if total > 0.0 { error / total } else { 0.0 }))
            }
        }
    }
}

/// Returns the unit vector along x.
pub(crate) fn precise_unit(x: &[f64]) -> Vec<DoubleDouble> {
    let length: DoubleDouble = x.iter().map(|&x| DoubleDouble::from_product(x, x)).sum();
    let length = length.sqrt();
    x.iter().map(|&x| DoubleDouble::from(x) / length).collect()
}

/// Returns the inner product.
pub(crate) fn precise_dot(a: &[DoubleDouble], b: &[DoubleDouble]) -> DoubleDouble {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}
