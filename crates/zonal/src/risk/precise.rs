//! The quadratic form of the output layer in double-double arithmetic, for small networks whose kernel is a short
//! series: for smooth activations, K has eigenvalues far below rounding in f64, which long descents come to depend on
//! (RD-1).

use crate::error::{Result, check_size};
use crate::legendre::precise_values;
use crate::network::Network;
use crate::numeric::jacobi::UNIT;
use crate::numeric::sum::non_negative;
use crate::numeric::{DoubleDouble, Scaled};
use crate::spectrum::{Coefficient, Spectrum};
use crate::sphere::{Degree, Dim, multiplicities};
use crate::target::{PowerSpectrum, Target, precise_dot, precise_unit};
use rayon::prelude::*;

/// K and b, by degree, for a target and the unit vectors along a network's directions.
#[derive(Clone, Debug)]
pub struct Precise {
    dim: Dim,
    /// <u_i, u_j> for j < i.
    products: Vec<Vec<DoubleDouble>>,
    /// alpha_k^2 N_k / m.
    energies: Vec<DoubleDouble>,
    /// alpha_k g_k(u_j) / sqrt m, one row for each degree.
    b: Vec<Vec<DoubleDouble>>,
    norm_sq: f64,
    error: (f64, f64),
}

/// The largest width; above it the eigenproblem takes more than about a second.
pub const MOST_UNITS: usize = 128;
/// The degrees up to which a series is tried, in turn.
const ATTEMPTS: [Degree; 2] = [128, 640];
/// The accepted truncation error and error of coefficients of a series, as a fraction of the norm.
const NEGLIGIBLE: f64 = 1e-24;
/// The accepted error of the coefficients behind b; such an error is equivalent to a slightly different target.
const NEGLIGIBLE_B: f64 = 1e-17;

impl Precise {
    /// Creates the form, or returns None if the width exceeds [`MOST_UNITS`] or the spectra are not known accurately
    /// enough, as for activations with kinks.
    ///
    /// # Errors
    /// As [`super::Population::quadratic`].
    pub fn new(target: &Target, network: &Network) -> Result<Option<Self>> {
        let (dim, m) = (target.dim(), network.width());
        network.check_on_sphere(dim)?;
        if m > MOST_UNITS {
            return Ok(None);
        }
        for degree in ATTEMPTS {
            let spectrum = target.spectra().spectrum(network.activation(), dim, network.scale(), degree)?;
            let error = spectrum_error(&spectrum, dim);
            if error > NEGLIGIBLE * spectrum.norm_sq() {
                continue;
            }
            let units: Vec<Vec<DoubleDouble>> =
                (0..m).map(|j| precise_unit(network.directions().row(j))).collect();
            let (mut b, b_error) = target.precise_correlations(&spectrum, &units)?;
            if b_error > NEGLIGIBLE_B {
                return Ok(None);
            }
            let root = DoubleDouble::from(m as f64).sqrt();
            b.iter_mut().flatten().for_each(|x| *x = *x / root);
            let products = (0..m).map(|i| units[..i].iter().map(|v| precise_dot(&units[i], v)).collect());
            return Ok(Some(Self {
                dim,
                products: products.collect(),
                energies: kernel_energies(&spectrum, dim, m),
                b,
                norm_sq: target.norm_sq()?,
                error: (error, b_error),
            }));
        }
        Ok(None)
    }

    /// Returns ||g||^2.
    pub(crate) fn norm_sq(&self) -> f64 {
        self.norm_sq
    }

    /// Returns bounds on the errors of K, in the spectral norm, and of b, without the rounding of an eigensolver.
    pub(crate) fn errors(&self) -> (f64, f64) {
        let b: f64 = self.b().iter().map(|b| b.to_f64().powi(2)).sum();
        // P_k changes by up to k^2 times the change of its argument.
        let degrees = self.energies.len() as f64;
        (
            self.error.0 + 4.0 * UNIT * degrees * self.trace(),
            (self.error.1 + 4.0 * UNIT * degrees.powi(2)) * b.sqrt(),
        )
    }

    /// Returns the lower triangle of K.
    pub(crate) fn matrix(&self) -> Vec<Vec<DoubleDouble>> {
        let diagonal: DoubleDouble = self.energies.iter().copied().sum();
        let entry = |&rho: &DoubleDouble| {
            let values = precise_values(self.dim, self.energies.len() - 1, rho);
            values.into_iter().zip(&self.energies).map(|(p, &e)| e * p).sum()
        };
        let row = |rho: &Vec<DoubleDouble>| rho.iter().map(entry).chain([diagonal]).collect();
        self.products.par_iter().map(row).collect()
    }

    /// Returns b.
    pub(crate) fn b(&self) -> Vec<DoubleDouble> {
        (0..self.products.len()).map(|j| self.b.iter().map(|row| row[j]).sum()).collect()
    }

    /// Computes the residual's energies as [`crate::measure::residual_energies`], for output weights in double-double
    /// arithmetic, with bounds on their errors from rounding and from the distance to exact descent.
    ///
    /// # Errors
    /// [`crate::Error::Size`] if the dimension differs from the target's, the number of weights from the number of
    /// units, or the number of distances from the number of rows of weights; as [`Spectrum::new`].
    pub fn residual_energies(
        &self,
        target: &Target,
        weights: &[Vec<DoubleDouble>],
        distances: &[f64],
        max_degree: Degree,
    ) -> Result<Vec<(PowerSpectrum, PowerSpectrum)>> {
        check_size("dimension of the target", target.dim().as_usize(), self.dim.as_usize())?;
        check_size("distances", distances.len(), weights.len())?;
        weights.iter().try_for_each(|a| check_size("output weights", a.len(), self.products.len()))?;
        let energies = target.power_spectrum(max_degree)?;
        let forms = self.forms(weights, max_degree);
        let of_row = |((a, form), distance): ((&Vec<DoubleDouble>, Vec<DoubleDouble>), &f64)| {
            let products: Vec<DoubleDouble> = self.b.iter().map(|b| precise_dot(a, b)).collect();
            let size: f64 = a.iter().map(|a| a.to_f64().powi(2)).sum();
            // The sums are in double-double arithmetic, the target's energies in f64.
            let error = |target: f64, energy: f64, exact: f64| {
                let own = 16.0 * f64::EPSILON * (target + energy) + exact * size;
                own + (2.0 * (energy + own).sqrt() + distance) * distance
            };
            let rounding = 8.0 * UNIT * (max_degree as f64 + 2.0).powi(2) * self.trace();
            let residual = |target: f64, product: DoubleDouble, form: DoubleDouble| {
                let learned = product + product - form;
                non_negative((DoubleDouble::from(target) - learned).to_f64())
            };
            let listed: Vec<f64> =
                (0..=max_degree).map(|k| residual(energies.energies[k], at(&products, k), form[k])).collect();
            let rest: DoubleDouble = products.iter().skip(max_degree + 1).copied().sum();
            let tail = residual(energies.tail_energy, rest, form[max_degree + 1]);
            let errors =
                listed.iter().zip(&energies.energies).map(|(&e, &t)| error(t, e, rounding)).collect();
            let tail_error = error(energies.tail_energy, tail, rounding + self.error.0);
            (PowerSpectrum::new(self.dim, listed, tail), PowerSpectrum::new(self.dim, errors, tail_error))
        };
        Ok(weights.iter().zip(forms).zip(distances).map(of_row).collect())
    }

    /// Computes a.K_k a for each row a of weights: the parts of the listed degrees, followed by the sum of all higher
    /// degrees.
    fn forms(&self, weights: &[Vec<DoubleDouble>], max_degree: Degree) -> Vec<Vec<DoubleDouble>> {
        let columns = max_degree + 2;
        // The kernel of a unit with itself.
        let own = self.by_degree(DoubleDouble::ONE, max_degree);
        let of_unit = |i: usize| {
            let mut forms = vec![DoubleDouble::ZERO; weights.len() * columns];
            let mut add = |j: usize, parts: &[DoubleDouble], factor: f64| {
                for (row, a) in forms.chunks_mut(columns).zip(weights) {
                    let product = DoubleDouble::from(factor) * a[i] * a[j];
                    row.iter_mut().zip(parts).for_each(|(sum, &part)| *sum = *sum + product * part);
                }
            };
            add(i, &own, 1.0);
            for (j, &rho) in self.products[i].iter().enumerate() {
                add(j, &self.by_degree(rho, max_degree), 2.0);
            }
            forms
        };
        let parts: Vec<Vec<DoubleDouble>> = (0..self.products.len()).into_par_iter().map(of_unit).collect();
        let mut sums = vec![DoubleDouble::ZERO; weights.len() * columns];
        for part in parts {
            sums.iter_mut().zip(part).for_each(|(sum, x)| *sum = *sum + x);
        }
        sums.chunks(columns).map(<[DoubleDouble]>::to_vec).collect()
    }

    /// Computes the kernel's parts of the listed degrees at rho, followed by the sum of all higher degrees.
    fn by_degree(&self, rho: DoubleDouble, max_degree: Degree) -> Vec<DoubleDouble> {
        let mut out = vec![DoubleDouble::ZERO; max_degree + 2];
        let values = precise_values(self.dim, self.energies.len() - 1, rho);
        for (k, (p, &energy)) in values.into_iter().zip(&self.energies).enumerate() {
            let column = k.min(max_degree + 1);
            out[column] = out[column] + energy * p;
        }
        out
    }

    fn trace(&self) -> f64 {
        self.energies.iter().map(|e| e.to_f64()).sum::<f64>() * self.products.len() as f64
    }
}

fn at(values: &[DoubleDouble], k: Degree) -> DoubleDouble {
    values.get(k).copied().unwrap_or(DoubleDouble::ZERO)
}

/// Returns the energy of the truncation error of a spectrum and of the errors of its coefficients.
fn spectrum_error(spectrum: &Spectrum, dim: Dim) -> f64 {
    let multiplicity = multiplicities(dim, spectrum.max_degree());
    let one = |(c, n): (&Coefficient, Scaled)| {
        if c.relative_error.is_finite() {
            return 2.0 * c.relative_error * c.energy.to_f64();
        }
        let bound = Scaled::from(c.absolute_error);
        bound.times_scaled(bound).times_scaled(n).to_f64()
    };
    let errors: f64 = spectrum.coefficients().iter().zip(multiplicity).map(one).sum();
    errors + spectrum.tail_energy()
}

/// Computes alpha_k^2 N_k / m, up to the last degree that is not negligible.
fn kernel_energies(spectrum: &Spectrum, dim: Dim, m: usize) -> Vec<DoubleDouble> {
    let multiplicity = multiplicities(dim, spectrum.max_degree());
    let one = |(c, n): (&Coefficient, Scaled)| {
        c.value.times_scaled(c.value).times_scaled(n).to_double_double() / DoubleDouble::from(m as f64)
    };
    let mut out: Vec<DoubleDouble> = spectrum.coefficients().iter().zip(multiplicity).map(one).collect();
    let total: f64 = out.iter().map(|e| e.to_f64()).sum();
    let mut rest = 0.0;
    while out.len() > 1 && rest + out[out.len() - 1].to_f64() < 1e-3 * UNIT * total {
        rest += out.pop().map_or(0.0, DoubleDouble::to_f64);
    }
    out
}
