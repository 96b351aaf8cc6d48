//! Zonal terms: functions c psi(<v, x>) of one direction v, of which targets and networks are composed.

use crate::activation::Activation;
use crate::error::Result;
use crate::kernel::Kernel;
use crate::spectrum::{SpectrumCache, check_degree};
use crate::sphere::{Degree, Dim, sqrt_multiplicity};

/// The function psi of one variable in a zonal term.
#[derive(Clone, Debug, PartialEq)]
pub enum Profile {
    /// sqrt(N_K) P_K: a spherical harmonic of degree K with norm 1.
    Harmonic(Degree),
    /// t -> phi(s t).
    Neuron {
        /// phi.
        activation: Activation,
        /// s.
        scale: f64,
    },
}

impl Profile {
    /// Returns the kernel E[psi(<u, x>) chi(<v, x>)] with at least `max_degree` degrees.
    ///
    /// # Errors
    /// As [`crate::spectrum::Spectrum::new`].
    pub fn kernel(&self, other: &Self, dim: Dim, max_degree: Degree) -> Result<Kernel> {
        self.kernel_with(&SpectrumCache::default(), other, dim, max_degree)
    }

    /// Like [`Self::kernel`], with spectra from a cache.
    pub(super) fn kernel_with(
        &self,
        spectra: &SpectrumCache,
        other: &Self,
        dim: Dim,
        max_degree: Degree,
    ) -> Result<Kernel> {
        for degree in [Some(max_degree), self.degree(), other.degree()].into_iter().flatten() {
            check_degree(degree)?;
        }
        match (self, other) {
            (Self::Neuron { activation: a, scale: s }, Self::Neuron { activation: b, scale: r }) => {
                Kernel::cross_with(spectra, (a, *s), (b, *r), dim, max_degree)
            }
            (&Self::Harmonic(k), Self::Neuron { activation, scale })
            | (Self::Neuron { activation, scale }, &Self::Harmonic(k)) => {
                // alpha_k beta_k N_k with beta_k = 1 / sqrt(N_k), the coefficient of the harmonic.
                let spectrum = spectra.spectrum(activation, dim, *scale, k)?;
                // Computed with logarithms: alpha_k may underflow where sqrt(N_k) overflows.
                let c = &spectrum.coefficients()[k];
                let energy = f64::from(c.value.sign()) * (0.5 * c.energy.ln_abs()).exp();
                Ok(Kernel::single_degree(dim, k, energy, max_degree))
            }
            (&Self::Harmonic(k), &Self::Harmonic(l)) => {
                Ok(Kernel::single_degree(dim, k, if k == l { 1.0 } else { 0.0 }, max_degree))
            }
        }
    }

    /// Computes the Funk-Hecke coefficient beta_k = E[psi(t) P_k(t)] for each degree up to `max_degree`.
    ///
    /// # Errors
    /// As [`crate::spectrum::Spectrum::new`].
    pub fn coefficients(&self, dim: Dim, max_degree: Degree) -> Result<Vec<f64>> {
        self.coefficients_with(&SpectrumCache::default(), dim, max_degree)
    }

    /// Like [`Self::coefficients`], with spectra from a cache.
    pub(super) fn coefficients_with(
        &self,
        spectra: &SpectrumCache,
        dim: Dim,
        max_degree: Degree,
    ) -> Result<Vec<f64>> {
        check_degree(max_degree)?;
        match self {
            &Self::Harmonic(k) => {
                let mut out = vec![0.0; max_degree + 1];
                if k <= max_degree {
                    out[k] = 1.0 / sqrt_multiplicity(dim, k);
                }
                Ok(out)
            }
            Self::Neuron { activation, scale } => {
                let spectrum = spectra.spectrum(activation, dim, *scale, max_degree)?;
                Ok(spectrum.coefficients().iter().map(|c| c.value.to_f64()).collect())
            }
        }
    }
}

impl Profile {
    /// Returns the degree of a harmonic.
    pub(super) fn degree(&self) -> Option<Degree> {
        match self {
            &Self::Harmonic(k) => Some(k),
            Self::Neuron { .. } => None,
        }
    }

    /// Computes the normalised coefficients sqrt(N_k) beta_k, whose squares are the energies of the degrees.
    ///
    /// # Errors
    /// As [`crate::spectrum::Spectrum::new`].
    pub(super) fn normalised(
        &self,
        spectra: &SpectrumCache,
        dim: Dim,
        max_degree: Degree,
    ) -> Result<Vec<f64>> {
        match self {
            &Self::Harmonic(k) => Ok((0..=max_degree).map(|j| if j == k { 1.0 } else { 0.0 }).collect()),
            Self::Neuron { activation, scale } => {
                let spectrum = spectra.spectrum(activation, dim, *scale, max_degree)?;
                // Computed with logarithms: alpha_k may underflow where sqrt(N_k) overflows.
                let of_degree = |c: &crate::spectrum::Coefficient| match c.value.sign() {
                    0 => 0.0,
                    sign => f64::from(sign) * (0.5 * c.energy.ln_abs()).exp(),
                };
                Ok(spectrum.coefficients().iter().map(of_degree).collect())
            }
        }
    }
}

/// One term c psi(<v, x>).
#[derive(Clone, Debug)]
pub struct ZonalTerm {
    /// c.
    pub coefficient: f64,
    /// v, a unit vector.
    pub direction: Vec<f64>,
    /// psi.
    pub profile: Profile,
}
