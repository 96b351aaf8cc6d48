//! Target functions with exact spectra: sums of a polynomial and of zonal terms (harmonics, neurons, teachers).

mod parse;
mod polynomial;
mod precise;
mod work;
mod zonal;

use polynomial::CompiledPolynomial;
pub use polynomial::{HarmonicPart, MAX_TERMS, Polynomial};
pub(crate) use precise::{precise_dot, precise_unit};
pub use zonal::{Profile, ZonalTerm};

use crate::error::{Error, Result, check_size};
use crate::kernel::Kernel;
use crate::legendre::Recurrence;
use crate::linalg::{Matrix, dot};
use crate::numeric::sum::non_negative;
use crate::spectrum::{SpectrumCache, check_degree, not_computed};
use crate::sphere::{Degree, Dim, sqrt_multiplicity};
use serde::{Deserialize, Serialize};

/// The tolerance for |v|^2 = 1 of a direction.
const UNIT: f64 = 1e-6;

/// The energy of a function on a sphere by degree: ||g_k||^2 for k <= K, and the energy of the remaining degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PowerSpectrum {
    dim: Dim,
    /// ||g_k||^2, k = 0..=K.
    pub energies: Vec<f64>,
    /// sum of ||g_k||^2 over k > K, summed directly and not computed as a difference.
    pub tail_energy: f64,
}

impl PowerSpectrum {
    /// Creates a spectrum on the sphere of this dimension from the energies of degrees 0, 1, .. and the energy beyond.
    pub fn new(dim: Dim, energies: Vec<f64>, tail_energy: f64) -> Self {
        Self { dim, energies, tail_energy }
    }

    /// Returns the dimension n.
    pub fn dim(&self) -> Dim {
        self.dim
    }

    /// Returns ||g_k||^2: 0 beyond the listed degrees if there is no energy beyond them.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a degree that is not listed and may have a part of [`Self::tail_energy`].
    pub fn energy(&self, degree: Degree) -> Result<f64> {
        match self.energies.get(degree) {
            Some(energy) => Ok(*energy),
            None if self.tail_energy == 0.0 => Ok(0.0),
            None => Err(not_computed(degree, self.energies.len().saturating_sub(1))),
        }
    }

    /// Returns ||g||^2 as the sum of its parts.
    pub fn total(&self) -> f64 {
        self.energies.iter().sum::<f64>() + self.tail_energy
    }
}

/// A function on the sphere S^(n-1) with an exact spectrum.
#[derive(Clone, Debug)]
pub struct Target {
    dim: Dim,
    text: String,
    polynomial: CompiledPolynomial,
    harmonics: Vec<HarmonicPart>,
    zonal: Vec<ZonalTerm>,
    /// The factor of each zonal term that gives a harmonic norm 1.
    norms: Vec<f64>,
    /// The spectra of its neurons and of the units that learn it.
    spectra: SpectrumCache,
}

/// The text that it was read from.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// The correlations of a target with hidden units phi(s <w, x>): in total, by degree, and for the degrees beyond the
/// last one.
#[derive(Clone, Debug)]
pub struct Correlations {
    /// E[g(x) phi(s <w_j, x>)] for each unit j.
    pub total: Vec<f64>,
    /// Row k holds alpha_k g_k(w_j), the part of degree k.
    pub by_degree: Matrix,
    /// The part of the degrees beyond the last one.
    pub tail: Vec<f64>,
}

impl Target {
    /// Parses a target such as `0.8*harmonic(2) + 0.3*neuron(relu)`; see [`crate::expression`] for the syntax. Random
    /// directions are drawn from `seed`; each occurrence uses its own stream.
    ///
    /// ```
    /// use zonal::{sphere::Dim, target::Target};
    /// let g = Target::parse("2*x1*x2 - x3^2", Dim::new(5)?, 0)?;
    /// let spectrum = g.power_spectrum(4)?;
    /// // ||2 x1 x2||^2 = 4/35 and the degree-2 part of x3^2 has norm 8/175; x3^2 has mean 1/5.
    /// assert!((spectrum.energies[2] - (4.0 / 35.0 + 8.0 / 175.0)).abs() < 1e-16);
    /// assert!((spectrum.energies[0] - 1.0 / 25.0).abs() < 1e-16);
    /// # Ok::<(), zonal::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Expression`], pointing at the character.
    pub fn parse(text: &str, dim: Dim, seed: u64) -> Result<Self> {
        let (polynomial, zonal) = parse::read(text, dim, seed)?;
        Self::from_parts(text.to_owned(), dim, &polynomial, zonal)
    }

    /// Creates a target from its parts; directions must be unit vectors in R^n.
    ///
    /// # Errors
    /// [`Error::Size`] for a direction of another dimension, [`Error::Parameter`] for one of another length, and those
    /// of [`HarmonicPart::of`].
    pub fn from_parts(
        text: String,
        dim: Dim,
        polynomial: &Polynomial,
        zonal: Vec<ZonalTerm>,
    ) -> Result<Self> {
        for ZonalTerm { direction, .. } in &zonal {
            check_size("entries of a target's direction", direction.len(), dim.as_usize())?;
            let length = dot(direction, direction);
            if (length - 1.0).abs() > UNIT || length.is_nan() {
                return Err(Error::parameter("the squared length of a target's direction", length, "1"));
            }
        }
        for k in zonal.iter().filter_map(|z| z.profile.degree()) {
            check_degree(k)?;
        }
        let harmonics = HarmonicPart::of(polynomial, dim)?;
        let norms = zonal
            .iter()
            .map(|z| match z.profile {
                Profile::Harmonic(k) => sqrt_multiplicity(dim, k),
                Profile::Neuron { .. } => 1.0,
            })
            .collect();
        let (polynomial, spectra) = (polynomial.compile(), SpectrumCache::default());
        Ok(Self { dim, text, polynomial, harmonics, zonal, norms, spectra })
    }

    /// Returns the same target with a spectrum cache that several targets of a job can share.
    pub fn with_spectra(self, spectra: &SpectrumCache) -> Self {
        Self { spectra: spectra.clone(), ..self }
    }

    /// Returns the cache of spectra shared by this target and its clones: those of its neurons and of the units that
    /// learn it.
    pub fn spectra(&self) -> &SpectrumCache {
        &self.spectra
    }

    /// Returns the dimension n.
    pub fn dim(&self) -> Dim {
        self.dim
    }

    /// Returns the text from which it was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns its zonal terms, in the order of the text.
    pub fn zonal_terms(&self) -> &[ZonalTerm] {
        &self.zonal
    }

    /// Returns g(x) at a point of the sphere.
    ///
    /// # Errors
    /// [`Error::Size`] for a point of another dimension.
    pub fn value(&self, x: &[f64]) -> Result<f64> {
        check_size("coordinates of a point", x.len(), self.dim.as_usize())?;
        let terms = self.zonal.iter().zip(&self.norms).map(|(z, norm)| {
            let t = dot(&z.direction, x);
            z.coefficient
                * match &z.profile {
                    Profile::Neuron { activation, scale } => activation.value(scale * t),
                    Profile::Harmonic(k) => norm * crate::legendre::value(self.dim, *k, t),
                }
        });
        Ok(self.polynomial.value(x) + terms.sum::<f64>())
    }

    /// Returns the largest degree with energy, or None if infinitely many degrees have energy.
    pub fn finite_degree(&self) -> Option<Degree> {
        let zonal = self.zonal.iter().map(|z| match z.profile {
            Profile::Harmonic(k) => Some(k),
            Profile::Neuron { .. } => None,
        });
        let mut highest = self.harmonics.iter().map(|h| Some(h.degree)).chain(zonal);
        highest.try_fold(0, |most, degree| degree.map(|d| most.max(d)))
    }

    /// Computes the energies by degree for k <= `max_degree`, and the energy beyond. Exact up to rounding: relative
    /// error near 1e-14 of
    /// ||g||^2. Cost: quadratic in the number of zonal terms.
    ///
    /// # Errors
    /// As [`crate::spectrum::Spectrum::new`].
    pub fn power_spectrum(&self, max_degree: Degree) -> Result<PowerSpectrum> {
        check_degree(max_degree)?;
        let mut energies = vec![0.0; max_degree + 1];
        let mut tail = 0.0;
        for h in &self.harmonics {
            *energies.get_mut(h.degree).unwrap_or(&mut tail) += h.norm_sq;
        }
        let highest = max_degree.max(self.harmonics.iter().map(|h| h.degree).max().unwrap_or(0));
        let mut kernels = KernelCache::new(self);
        for (i, z) in self.zonal.iter().enumerate() {
            // Cross term of polynomial and zonal term: E[p_k N_k beta_k P_k(<v, .>)] = beta_k p_k(v).
            if !self.harmonics.is_empty() {
                let beta = z.profile.coefficients_with(&self.spectra, self.dim, highest)?;
                for h in &self.harmonics {
                    let cross = 2.0 * z.coefficient * beta[h.degree] * h.at(&z.direction);
                    *energies.get_mut(h.degree).unwrap_or(&mut tail) += cross;
                }
            }
            for other in &self.zonal[i..] {
                let both = if std::ptr::eq(z, other) { 1.0 } else { 2.0 };
                let factor = both * z.coefficient * other.coefficient;
                let rho = dot(&z.direction, &other.direction).clamp(-1.0, 1.0);
                let rho = if std::ptr::eq(z, other) { 1.0 } else { rho };
                let kernel = kernels.get(&z.profile, &other.profile, max_degree)?;
                let p = Recurrence::new(self.dim, max_degree).values(rho);
                for (k, energy) in energies.iter_mut().enumerate() {
                    *energy += factor * kernel.energy(k)? * p[k];
                }
                let mut rest = [0.0];
                kernel.remainder(max_degree, &[rho], &mut rest);
                tail += factor * rest[0];
            }
        }
        // These are sums of squares: negative values are rounding errors.
        energies.iter_mut().for_each(|e| *e = non_negative(*e));
        Ok(PowerSpectrum::new(self.dim, energies, non_negative(tail)))
    }

    /// Computes ||g||^2 = E[g^2], directly and not as a sum over degrees if there is a closed form.
    ///
    /// # Errors
    /// As [`crate::spectrum::Spectrum::new`].
    pub fn norm_sq(&self) -> Result<f64> {
        Ok(self.power_spectrum(0)?.total())
    }

    /// Computes the correlations with the units phi(s <w_j, x>), where w_j are the rows of `directions`, as exact
    /// expectations.
    ///
    /// # Errors
    /// [`Error::Size`] for directions of another dimension; as [`crate::spectrum::Spectrum::new`].
    pub fn correlations(
        &self,
        unit: &Profile,
        directions: &Matrix,
        max_degree: Degree,
    ) -> Result<Correlations> {
        self.check(directions)?;
        check_degree(max_degree)?;
        let units = directions.rows();
        let mut total = vec![0.0; units];
        let mut tail = vec![0.0; units];
        let mut by_degree = Matrix::zeros(max_degree + 1, units);
        let highest = self.harmonics.iter().map(|h| h.degree).max().unwrap_or(0);
        let alpha = unit.coefficients_with(&self.spectra, self.dim, highest)?;
        for h in &self.harmonics {
            for j in 0..units {
                let part = alpha[h.degree] * h.at(directions.row(j));
                total[j] += part;
                if h.degree <= max_degree {
                    by_degree.row_mut(h.degree)[j] += part;
                } else {
                    tail[j] += part;
                }
            }
        }
        let recurrence = Recurrence::new(self.dim, max_degree.max(1));
        let mut kernels = KernelCache::new(self);
        for z in &self.zonal {
            let kernel = kernels.get(unit, &z.profile, max_degree)?;
            let mut rho = directions.times_vector(&z.direction);
            rho.iter_mut().for_each(|r| *r = r.clamp(-1.0, 1.0));
            let mut values = vec![0.0; units];
            kernel.evaluate(&rho, &mut values);
            crate::linalg::add_scaled(&mut total, z.coefficient, &values);
            kernel.remainder(max_degree, &rho, &mut values);
            crate::linalg::add_scaled(&mut tail, z.coefficient, &values);
            let (mut previous, mut current) = (vec![0.0; units], vec![1.0; units]);
            for k in 0..=max_degree {
                crate::linalg::add_scaled(by_degree.row_mut(k), z.coefficient * kernel.energy(k)?, &current);
                if k < max_degree {
                    recurrence.advance(k, &rho, &mut previous, &mut current);
                }
            }
        }
        Ok(Correlations { total, by_degree, tail })
    }
}

impl Target {
    /// Checks that the directions have the dimension of the target.
    fn check(&self, directions: &Matrix) -> Result<()> {
        check_size("coordinates of a direction", directions.columns(), self.dim.as_usize())
    }

    /// Computes E[g(x) phi(s <u_j, x>)] for each direction u_j, and its gradient with respect to u_j as a vector in
    /// R^n.
    ///
    /// # Errors
    /// As [`crate::spectrum::Spectrum::new`].
    pub(crate) fn correlation_gradients(
        &self,
        unit: &Profile,
        directions: &Matrix,
    ) -> Result<(Vec<f64>, Matrix)> {
        self.check(directions)?;
        let (units, n) = (directions.rows(), directions.columns());
        let mut total = vec![0.0; units];
        let mut gradient = Matrix::zeros(units, n);
        let highest = self.harmonics.iter().map(|h| h.degree).max().unwrap_or(0);
        let alpha = unit.coefficients_with(&self.spectra, self.dim, highest)?;
        for h in &self.harmonics {
            for j in 0..units {
                total[j] += alpha[h.degree] * h.at(directions.row(j));
                h.add_gradient(directions.row(j), alpha[h.degree], gradient.row_mut(j));
            }
        }
        let mut kernels = KernelCache::new(self);
        for z in &self.zonal {
            let kernel = kernels.get(unit, &z.profile, 0)?;
            let slope = kernel.slope()?;
            let mut rho = directions.times_vector(&z.direction);
            rho.iter_mut().for_each(|r| *r = r.clamp(-1.0, 1.0));
            let mut values = vec![0.0; units];
            kernel.evaluate(&rho, &mut values);
            crate::linalg::add_scaled(&mut total, z.coefficient, &values);
            slope.evaluate(&rho, &mut values);
            for (j, value) in values.iter().enumerate().filter(|(j, _)| rho[*j].abs() < 1.0) {
                crate::linalg::add_scaled(gradient.row_mut(j), z.coefficient * value, &z.direction);
            }
        }
        Ok((total, gradient))
    }

    /// Computes the normalised parts g_k(u_j) / sqrt(N_k) for each degree k that has a row in `coefficients` and each
    /// direction u_j, and the gradient of sum_k A_k(j) g_k(u_j) / sqrt(N_k) with respect to u_j.
    ///
    /// # Errors
    /// As [`crate::spectrum::Spectrum::new`].
    pub(crate) fn part_gradients(
        &self,
        coefficients: &Matrix,
        directions: &Matrix,
    ) -> Result<(Matrix, Matrix)> {
        let (units, n, degrees) = (directions.rows(), self.dim.as_f64(), coefficients.rows());
        let parts = self.parts(directions, degrees - 1)?;
        let mut gradient = Matrix::zeros(units, directions.columns());
        for h in self.harmonics.iter().filter(|h| h.degree < degrees) {
            let norm = sqrt_multiplicity(self.dim, h.degree);
            for j in 0..units {
                let factor = coefficients.row(h.degree)[j] / norm;
                h.add_gradient(directions.row(j), factor, gradient.row_mut(j));
            }
        }
        let raised = Recurrence::new(Dim::new(self.dim.get() + 2)?, degrees);
        for z in &self.zonal {
            let profile = z.profile.normalised(&self.spectra, self.dim, degrees - 1)?;
            let rho = directions.times_vector(&z.direction);
            for j in 0..units {
                let slopes = raised.values(rho[j].clamp(-1.0, 1.0));
                let of_degree = |k: usize| {
                    let factor = k as f64 * (k as f64 + n - 2.0) / (n - 1.0);
                    coefficients.row(k)[j] * profile[k] * factor * slopes[k - 1]
                };
                let slope: f64 = (1..degrees).map(of_degree).sum();
                crate::linalg::add_scaled(gradient.row_mut(j), z.coefficient * slope, &z.direction);
            }
        }
        Ok((parts, gradient))
    }

    /// Computes the normalised parts g_k(u_j) / sqrt(N_k): one degree per row, one direction per column.
    ///
    /// # Errors
    /// [`Error::Size`] for directions of another dimension; as [`crate::spectrum::Spectrum::new`].
    pub fn parts(&self, directions: &Matrix, max_degree: Degree) -> Result<Matrix> {
        self.check(directions)?;
        check_degree(max_degree)?;
        let units = directions.rows();
        let mut out = Matrix::zeros(max_degree + 1, units);
        for h in self.harmonics.iter().filter(|h| h.degree <= max_degree) {
            let norm = sqrt_multiplicity(self.dim, h.degree);
            for j in 0..units {
                out.row_mut(h.degree)[j] += h.at(directions.row(j)) / norm;
            }
        }
        let recurrence = Recurrence::new(self.dim, max_degree);
        for z in &self.zonal {
            let profile = z.profile.normalised(&self.spectra, self.dim, max_degree)?;
            let rho = directions.times_vector(&z.direction);
            for j in 0..units {
                for (k, p) in recurrence.values(rho[j].clamp(-1.0, 1.0)).into_iter().enumerate() {
                    out.row_mut(k)[j] += z.coefficient * profile[k] * p;
                }
            }
        }
        Ok(out)
    }

    /// Returns an orthonormal basis, one vector per row, of the space of directions on which the target depends: the
    /// directions of its zonal terms and the coordinates of its polynomial.
    pub fn relevant_directions(&self) -> Matrix {
        let n = self.dim.as_usize();
        let mut basis: Vec<Vec<f64>> = Vec::new();
        let axes = self.polynomial.variables().map(|v| {
            let mut axis = vec![0.0; n];
            axis[v] = 1.0;
            axis
        });
        // A harmonic of degree 0 does not depend on its direction.
        let terms = self.zonal.iter().filter(|z| z.profile != Profile::Harmonic(0));
        for mut direction in axes.chain(terms.map(|z| z.direction.clone())) {
            // Two passes of orthogonalisation are enough (Kahan, Parlett).
            for _ in 0..2 {
                for b in &basis {
                    let along = dot(b, &direction);
                    crate::linalg::add_scaled(&mut direction, -along, b);
                }
            }
            let length = dot(&direction, &direction).sqrt();
            if length > 1e-9 && basis.len() < n {
                basis.push(direction.iter().map(|x| x / length).collect());
            }
        }
        let rows = basis.len();
        Matrix::from_rows(rows, n, basis.concat()).unwrap_or_else(|_| Matrix::zeros(0, n))
    }
}

/// Kernels by pair of profiles, because many terms share a profile.
struct KernelCache<'a> {
    target: &'a Target,
    kernels: Vec<(Profile, Profile, Kernel)>,
}

impl<'a> KernelCache<'a> {
    fn new(target: &'a Target) -> Self {
        Self { target, kernels: Vec::new() }
    }

    fn get(&mut self, a: &Profile, b: &Profile, max_degree: Degree) -> Result<&Kernel> {
        let found = self.kernels.iter().position(|(x, y, _)| (x, y) == (a, b));
        let index = match found {
            Some(i) => i,
            None => {
                let kernel = a.kernel_with(&self.target.spectra, b, self.target.dim, max_degree)?;
                self.kernels.push((a.clone(), b.clone(), kernel));
                self.kernels.len() - 1
            }
        };
        Ok(&self.kernels[index].2)
    }
}
