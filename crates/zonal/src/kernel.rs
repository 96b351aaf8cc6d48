//! Kernels of pairs of units: kappa(rho) = E_x[phi(s <u, x>) psi(r <v, x>)], rho = <u, v> (KE-1).
//!
//! By degrees kappa(rho) = sum_k alpha_k beta_k N_k P_k(rho). A pair of piecewise powers has a closed form; every other
//! pair contains an analytic function, whose coefficients decay so fast that the series is summed completely.

use crate::activation::{Activation, Piecewise, Structure};
use crate::error::Result;
use crate::legendre::Recurrence;
use crate::numeric::special::mean_abs_coordinate;
use crate::numeric::{DoubleDouble, Scaled, vector};
use crate::spectrum::{Spectrum, SpectrumCache, check_degree, not_computed};
use crate::sphere::{Degree, Dim};
use std::f64::consts::PI;
use std::sync::Arc;

/// A kernel that depends only on the inner product of two points of the sphere.
#[derive(Clone, Debug)]
pub struct Kernel {
    dim: Dim,
    /// alpha_k beta_k N_k for the degrees held.
    energies: Vec<f64>,
    recurrence: Recurrence,
    form: Form,
    truncation_error: f64,
    /// The truncation error of the series at rho = 1, where every degree has its full weight.
    missing_at_one: f64,
    /// A bound on the sum of the errors of the coefficients, at any rho.
    coefficient_error: f64,
}

/// The method by which values are computed.
#[derive(Clone, Debug)]
enum Form {
    /// In closed form.
    Closed(Piecewise, Piecewise),
    /// The derivative of a closed form.
    ClosedSlope(Piecewise, Piecewise),
    /// By the series.
    Series,
}

/// A series is truncated when its remainder is below this fraction of the norms.
const NEGLIGIBLE: f64 = 1e-16;
/// The tolerance for |rho| <= 1, that of the lengths of directions.
const UNIT: f64 = 1e-6;
/// The degrees up to which a series is tried, in turn; a series that has not converged at the last one is truncated
/// there, and its error includes the remainder.
const ATTEMPTS: [Degree; 2] = [128, 640];

impl Kernel {
    /// Returns the random-feature kernel of one activation, E[phi(s<u,x>) phi(s<v,x>)].
    ///
    /// ```
    /// use zonal::prelude::*;
    /// let kernel = Kernel::random_feature(&Activation::Relu, Dim::new(5)?, 1.0, 4)?;
    /// // E relu(<u, x>)^2 = 1 / (2 n), and opposite units are never active together.
    /// assert!((kernel.value(1.0) - 0.1).abs() < 1e-16 && kernel.value(-1.0).abs() < 1e-16);
    /// # Ok::<(), zonal::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Spectrum::new`].
    pub fn random_feature(activation: &Activation, dim: Dim, scale: f64, max_degree: Degree) -> Result<Self> {
        Self::cross((activation, scale), (activation, scale), dim, max_degree)
    }

    /// Returns the kernel of two different units, each given by an activation and its scale. It has at least
    /// `max_degree` degrees, and more if a series needs them.
    ///
    /// # Errors
    /// As [`Spectrum::new`].
    pub fn cross(
        left: (&Activation, f64),
        right: (&Activation, f64),
        dim: Dim,
        max_degree: Degree,
    ) -> Result<Self> {
        Self::cross_with(&SpectrumCache::default(), left, right, dim, max_degree)
    }

    /// Like [`Self::cross`], with spectra from a cache.
    ///
    /// # Errors
    /// As [`Spectrum::new`].
    pub fn cross_with(
        spectra: &SpectrumCache,
        left: (&Activation, f64),
        right: (&Activation, f64),
        dim: Dim,
        max_degree: Degree,
    ) -> Result<Self> {
        let closed = match (left.0.structure(left.1)?, right.0.structure(right.1)?) {
            (Structure::Piecewise(p), Structure::Piecewise(q)) => Some((p.scaled(left.1), q.scaled(right.1))),
            _ => None,
        };
        Self::build(closed, dim, max_degree, left == right, |degree| {
            let first = spectra.spectrum(left.0, dim, left.1, degree)?;
            let second = if left == right {
                Arc::clone(&first)
            } else {
                spectra.spectrum(right.0, dim, right.1, degree)?
            };
            Ok((first, second))
        })
    }

    /// Returns the random-feature kernel of the derivative, E[phi'(s<u,x>) phi'(s<v,x>)].
    ///
    /// # Errors
    /// As [`Spectrum::of_derivative`].
    pub fn of_derivative(activation: &Activation, dim: Dim, scale: f64, max_degree: Degree) -> Result<Self> {
        let closed = match activation.derivative_structure(scale)? {
            Structure::Piecewise(p) => Some((p.scaled(scale), p.scaled(scale))),
            _ => None,
        };
        Self::build(closed, dim, max_degree, true, |degree| {
            let spectrum = Arc::new(Spectrum::of_derivative(activation, dim, scale, degree)?);
            Ok((Arc::clone(&spectrum), spectrum))
        })
    }

    /// Increases the number of degrees until the remainder of the series is negligible, unless there is a closed form.
    fn build(
        closed: Option<(Piecewise, Piecewise)>,
        dim: Dim,
        max_degree: Degree,
        symmetric: bool,
        spectra: impl Fn(Degree) -> Result<(Arc<Spectrum>, Arc<Spectrum>)>,
    ) -> Result<Self> {
        // There are few attempts, each of which recomputes all degrees, and they are the same for all kernels of a
        // training.
        let mut attempts = ATTEMPTS.iter().copied().filter(|d| *d > max_degree && closed.is_none());
        let mut degree = attempts.next().unwrap_or(max_degree);
        loop {
            let (a, b) = spectra(degree)?;
            // Cauchy-Schwarz over the degrees beyond the last one.
            let remainder = (a.tail_energy() * b.tail_energy()).sqrt();
            let bound = (a.norm_sq() * b.norm_sq()).sqrt();
            let next =
                if closed.is_some() || remainder <= NEGLIGIBLE * bound { None } else { attempts.next() };
            match next {
                Some(more) => degree = more,
                None => {
                    let energies = energies(&a, &b, dim);
                    let recurrence = Recurrence::new(dim, energies.len());
                    let truncation_error = if closed.is_some() { 0.0 } else { remainder };
                    // The kernel of a unit with itself is its norm at rho = 1, so the remainder is added exactly there.
                    // On the diagonal this is most of the effect of the truncated degrees: away from it their P_k are
                    // small. If no degrees are truncated, the difference to the energies held would be rounding error.
                    let missing_at_one = if symmetric && closed.is_none() { remainder } else { 0.0 };
                    let coefficient_error = coefficient_error(&a, &b, &energies);
                    let form = closed.map_or(Form::Series, |(p, q)| Form::Closed(p, q));
                    return Ok(Self {
                        dim,
                        energies,
                        recurrence,
                        form,
                        truncation_error,
                        missing_at_one,
                        coefficient_error,
                    });
                }
            }
        }
    }

    /// Returns the kernel energy P_k(rho) of one degree, such as that of a spherical harmonic; all others up to
    /// `max_degree` have energy 0.
    pub(crate) fn single_degree(dim: Dim, degree: Degree, energy: f64, max_degree: Degree) -> Self {
        let mut energies = vec![0.0; degree.max(max_degree) + 1];
        energies[degree] = energy;
        let recurrence = Recurrence::new(dim, (degree + 1).max(max_degree));
        Self {
            dim,
            energies,
            recurrence,
            form: Form::Series,
            truncation_error: 0.0,
            missing_at_one: 0.0,
            coefficient_error: 0.0,
        }
    }

    /// Returns the dimension n.
    pub fn dim(&self) -> Dim {
        self.dim
    }

    /// Returns alpha_k beta_k N_k, the energy of degree k (for a kernel of one activation).
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for a degree that was not computed, of which nothing is known.
    pub fn energy(&self, degree: Degree) -> Result<f64> {
        let found = self.energies.get(degree).copied();
        found.ok_or_else(|| not_computed(degree, self.energies.len().saturating_sub(1)))
    }

    /// Returns the largest difference, at any rho, between the truncated series and the kernel; 0 for a closed form. At
    /// rho = 1 the kernel of a unit with itself is exact in any case.
    pub fn truncation_error(&self) -> f64 {
        self.truncation_error
    }

    /// Returns a bound on the error of the kernel at any rho: rounding, errors of the coefficients and
    /// [`Self::truncation_error`].
    pub fn error(&self) -> f64 {
        let largest: f64 = self.energies.iter().map(|e| e.abs()).sum();
        self.truncation_error
            + self.coefficient_error
            + 2.0 * f64::EPSILON * largest.max(self.value(1.0).abs())
    }

    /// Like [`Self::error`], for the energies beyond a degree.
    pub fn remainder_error(&self, last: Degree) -> f64 {
        if !matches!(self.form, Form::Series) {
            return (last as f64 + 2.0) * self.error();
        }
        let beyond: f64 = self.energies.iter().skip(last + 1).map(|e| e.abs()).sum();
        let rounding = 2.0 * f64::EPSILON * (last as f64 + 2.0) * (beyond + self.missing_at_one);
        self.truncation_error + self.coefficient_error + rounding
    }

    /// Computes kappa(rho) for each rho in [-1, 1], within rounding of the inner product of unit vectors; NaN outside.
    /// Absolute error near 1e-16 kappa(1), in addition to [`Self::truncation_error`].
    pub fn values(&self, rho: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; rho.len()];
        self.evaluate(rho, &mut out);
        let outside = out.iter_mut().zip(rho).filter(|(_, r)| r.abs() > 1.0 + UNIT);
        outside.for_each(|(value, _)| *value = f64::NAN);
        out
    }

    /// Like [`Self::values`], writing to `out`, which must be as long as `rho`.
    pub(crate) fn evaluate(&self, rho: &[f64], out: &mut [f64]) {
        match &self.form {
            Form::Closed(p, q) => ClosedForm::new(p, q, self.dim).evaluate(rho, out, ClosedForm::value),
            Form::ClosedSlope(p, q) => ClosedForm::new(p, q, self.dim).evaluate(rho, out, ClosedForm::slope),
            Form::Series => {
                out.fill(0.0);
                self.recurrence.add_series(&self.energies, rho, out);
                self.add_missing(rho, out);
            }
        }
    }

    /// Returns d kappa / d rho as a kernel of dimension n + 2, since P_k' = k (k+n-2)/(n-1) P_(k-1) there. Infinite at
    /// the ends for a pair of activations with jumps.
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] for the largest dimension.
    pub(crate) fn slope(&self) -> Result<Self> {
        let n = self.dim.as_f64();
        let dim = Dim::new(self.dim.get() + 2)?;
        let lowered = self.energies.iter().enumerate().skip(1);
        let energies: Vec<f64> =
            lowered.map(|(k, e)| k as f64 * (k as f64 + n - 2.0) / (n - 1.0) * e).collect();
        let recurrence = Recurrence::new(dim, energies.len());
        let closed = match &self.form {
            Form::Closed(p, q) | Form::ClosedSlope(p, q) => Form::ClosedSlope(*p, *q),
            Form::Series => Form::Series,
        };
        Ok(Self {
            dim: self.dim,
            energies,
            recurrence,
            form: closed,
            truncation_error: f64::NAN,
            missing_at_one: 0.0,
            coefficient_error: f64::NAN,
        })
    }

    /// Returns kappa(rho) as [`Self::values`]: NaN for rho outside [-1, 1].
    pub fn value(&self, rho: f64) -> f64 {
        self.values(&[rho])[0]
    }

    /// Computes the part of the kernel beyond degree `last`: sum_{k > last} alpha_k beta_k N_k P_k(rho).
    pub(crate) fn remainder(&self, last: Degree, rho: &[f64], out: &mut [f64]) {
        let mut series = self.energies.clone();
        if !matches!(self.form, Form::Series) {
            self.evaluate(rho, out);
            series.truncate(last + 1);
            series.iter_mut().for_each(|c| *c = -*c);
        } else {
            out.fill(0.0);
            series.iter_mut().take(last + 1).for_each(|c| *c = 0.0);
        }
        self.recurrence.add_series(&series, rho, out);
        self.add_missing(rho, out);
    }

    fn add_missing(&self, rho: &[f64], out: &mut [f64]) {
        if self.missing_at_one > 0.0 {
            for (o, _) in out.iter_mut().zip(rho).filter(|(_, r)| **r == 1.0) {
                *o += self.missing_at_one;
            }
        }
    }
}

fn energies(a: &Spectrum, b: &Spectrum, dim: Dim) -> Vec<f64> {
    let multiplicities = crate::sphere::multiplicities(dim, a.max_degree());
    (0..=a.max_degree())
        .map(|k| {
            let product = a.coefficients()[k].value.times_scaled(b.coefficients()[k].value);
            product.times_scaled(multiplicities[k]).to_f64()
        })
        .collect()
}

/// Sums |alpha_k beta_k| N_k times the relative errors of both, over the degrees whose value is known.
fn coefficient_error(a: &Spectrum, b: &Spectrum, energies: &[f64]) -> f64 {
    let relative =
        a.coefficients().iter().zip(b.coefficients()).map(|(a, b)| a.relative_error + b.relative_error);
    energies.iter().zip(relative).filter(|(_, r)| r.is_finite()).map(|(e, r)| e.abs() * r).sum()
}

/// The kernel of two piecewise powers.
///
/// For truncated powers the sphere and the Gaussian agree up to a factor: x = z/|z| is independent of |z|, so
/// E[<u,x>_+^a <v,x>_+^b] = E[<u,z>_+^a <v,z>_+^b] / E|z|^(a+b). The linear term has degree 1 only.
struct ClosedForm {
    /// Coefficient of the Gaussian expectation (a, b), divided by E|z|^(a+b).
    pairs: [[f64; 3]; 3],
    /// Factor of rho from the linear terms.
    linear: f64,
    /// The contribution of the constant terms.
    constant: f64,
}

impl ClosedForm {
    fn new(p: &Piecewise, q: &Piecewise, dim: Dim) -> Self {
        let n = dim.as_f64();
        // E|z| = sqrt(2/pi) / E|t|, since E|z_1| = E|z| E|t|.
        let mean_norm = (2.0 / PI).sqrt() / mean_abs_coordinate(dim.get());
        let norms = [1.0, mean_norm, n, (n + 1.0) * mean_norm, n * (n + 2.0)];
        let mut pairs = [[0.0; 3]; 3];
        for a in 0..3 {
            for b in 0..3 {
                pairs[a][b] = p.truncated[a] * q.truncated[b] / norms[a + b];
            }
        }
        // E[<u,x> f(<v,x>)] = rho E[t f(t)] and E[c f(<v,x>)] = c E f: the linear and constant terms need the first two
        // coefficients of the other function.
        let first = |f: &Piecewise| {
            let c = f.coefficients(dim, 1);
            (c[0].to_f64(), c[1].to_f64())
        };
        let truncated_p = first(&Piecewise { linear: 0.0, constant: 0.0, ..*p });
        let whole_q = first(q);
        let linear = p.linear * whole_q.1 + q.linear * truncated_p.1;
        let constant = p.constant * whole_q.0 + q.constant * truncated_p.0;
        Self { pairs, linear, constant }
    }

    /// Evaluates `function`, one of the functions below, at each rho.
    fn evaluate(&self, rho: &[f64], out: &mut [f64], function: impl Fn(&Self, [f64; 3]) -> f64) {
        const CHUNK: usize = 64;
        let mut angles = [0.0; CHUNK];
        for (rho, out) in rho.chunks(CHUNK).zip(out.chunks_mut(CHUNK)) {
            let angles = &mut angles[..rho.len()];
            for (angle, r) in angles.iter_mut().zip(rho) {
                *angle = r.clamp(-1.0, 1.0);
            }
            vector::acos(angles);
            for ((o, r), angle) in out.iter_mut().zip(rho).zip(angles.iter()) {
                let r = r.clamp(-1.0, 1.0);
                *o = function(self, [r, ((1.0 - r) * (1.0 + r)).sqrt(), PI - angle]);
            }
        }
    }

    /// Returns the kernel at rho, given rho, sqrt(1 - rho^2) and pi - arccos rho.
    #[inline(always)]
    fn value(&self, [rho, sine, rest]: [f64; 3]) -> f64 {
        let root = (2.0 * PI).sqrt();
        let j00 = rest / (2.0 * PI);
        let j01 = (1.0 + rho) / (2.0 * root);
        let j02 = (rest + sine * rho) / (2.0 * PI);
        let j11 = (sine + rest * rho) / (2.0 * PI);
        let j12 = (1.0 + rho) * (1.0 + rho) / (2.0 * root);
        let j22 = (3.0 * sine * rho + rest * (1.0 + 2.0 * rho * rho)) / (2.0 * PI);
        let p = &self.pairs;
        p[0][0] * j00
            + (p[0][1] + p[1][0]) * j01
            + (p[0][2] + p[2][0]) * j02
            + p[1][1] * j11
            + (p[1][2] + p[2][1]) * j12
            + p[2][2] * j22
            + self.linear * rho
            + self.constant
    }

    /// Returns its derivative with respect to rho.
    #[inline(always)]
    fn slope(&self, [rho, sine, rest]: [f64; 3]) -> f64 {
        let root = (2.0 * PI).sqrt();
        let p = &self.pairs;
        // A product without jumps must not become 0/0 at the ends.
        let jumps = if p[0][0] == 0.0 { 0.0 } else { p[0][0] / (2.0 * PI * sine) };
        jumps
            + (p[0][1] + p[1][0]) / (2.0 * root)
            + (p[0][2] + p[2][0]) * sine / PI
            + p[1][1] * rest / (2.0 * PI)
            + (p[1][2] + p[2][1]) * (1.0 + rho) / root
            + p[2][2] * 2.0 * (sine + rest * rho) / PI
            + self.linear
    }
}

/// The tangent kernel at the start of training (KE-2), as a function of rho = <x, x'>.
///
/// ```
/// use zonal::{kernel::TangentKernel, prelude::*};
/// let kernel = TangentKernel::new(&Activation::Relu, Dim::new(5)?, 1.0, false)?;
/// // At coinciding points both layers contribute: 1 / (2 n) and rho / 2.
/// assert!((kernel.value(1.0) - 0.6).abs() < 1e-15);
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TangentKernel {
    feature: Kernel,
    slope: Kernel,
    scale_sq: f64,
    bias: f64,
}

impl TangentKernel {
    /// Creates Theta(rho) = kappa_phi(rho) + (s^2 rho + b) kappa_phi'(rho), b = 1 with trained biases and 0 without.
    ///
    /// # Errors
    /// As [`Spectrum::of_derivative`].
    pub fn new(activation: &Activation, dim: Dim, scale: f64, bias: bool) -> Result<Self> {
        Ok(Self {
            feature: Kernel::random_feature(activation, dim, scale, 0)?,
            slope: Kernel::of_derivative(activation, dim, scale, 0)?,
            scale_sq: scale * scale,
            bias: f64::from(u8::from(bias)),
        })
    }

    /// Returns Theta(rho), in closed form for piecewise powers and otherwise by the complete series; NaN for rho outside
    /// [-1, 1].
    pub fn value(&self, rho: f64) -> f64 {
        self.feature.value(rho) + (self.scale_sq * rho + self.bias) * self.slope.value(rho)
    }
}

/// Computes the eigenvalues of the tangent kernel (KE-2) at the start of training, with a_j of mean 0 and variance 1,
/// on harmonics of degree k = 0..=max_degree: Theta(rho) = kappa_phi(rho) + s^2 rho kappa_phi'(rho), plus
/// kappa_phi'(rho) if every unit has a trained bias that starts at zero.
///
/// # Errors
/// As [`Spectrum::new`], and for an activation without a derivative.
pub fn tangent_eigenvalues(
    activation: &Activation,
    dim: Dim,
    scale: f64,
    bias: bool,
    max_degree: Degree,
) -> Result<Vec<Scaled>> {
    let [feature, hidden] = layer_eigenvalues(activation, dim, scale, bias, max_degree)?;
    Ok(feature.into_iter().zip(hidden).map(|(a, w)| a.plus(w)).collect())
}

/// Computes the two parts of [`tangent_eigenvalues`]: the contributions of the output layer and of the hidden layer.
///
/// # Errors
/// As [`tangent_eigenvalues`].
pub(crate) fn layer_eigenvalues(
    activation: &Activation,
    dim: Dim,
    scale: f64,
    bias: bool,
    max_degree: Degree,
) -> Result<[Vec<Scaled>; 2]> {
    let n = dim.as_f64();
    // One more degree of the derivative is needed.
    check_degree(max_degree.saturating_add(1))?;
    let feature = Spectrum::new(activation, dim, scale, max_degree)?;
    let slope = Spectrum::of_derivative(activation, dim, scale, max_degree + 1)?;
    let square = |s: &Spectrum, k: Degree| {
        let value = s.coefficients()[k].value;
        value.times_scaled(value)
    };
    let scale_sq = DoubleDouble::from_product(scale, scale);
    let hidden = (0..=max_degree)
        .map(|k| {
            let kf = k as f64;
            // (rho K)_k = (k K_(k-1) + (k+n-2) K_(k+1)) / (2k+n-2), and K_1 for k = 0.
            let product = if k == 0 {
                square(&slope, 1)
            } else {
                let below = square(&slope, k - 1).times(DoubleDouble::from(kf));
                let above = square(&slope, k + 1).times(DoubleDouble::from(kf + n - 2.0));
                below.plus(above).times(DoubleDouble::ONE / DoubleDouble::from(2.0 * kf + n - 2.0))
            };
            let part = product.times(scale_sq);
            if bias { part.plus(square(&slope, k)) } else { part }
        })
        .collect();
    Ok([(0..=max_degree).map(|k| square(&feature, k)).collect(), hidden])
}

/// The rate at which eigenvalues decrease with the degree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    /// Slope of ln(1 / eigenvalue) against ln(degree).
    pub exponent: f64,
    /// Its standard error from the scatter around the line.
    pub standard_error: f64,
    /// The number of degrees in the fit: those with a non-zero eigenvalue.
    pub degrees: usize,
    /// The first and the last of these degrees, with the slope between each and its neighbour.
    pub ends: [(Degree, f64); 2],
}

/// Fits the exponent by least squares over (degree, ln eigenvalue); zero eigenvalues (minus infinity) are ignored. None
/// for fewer than three degrees.
pub fn decay_exponent(eigenvalues: impl Iterator<Item = (Degree, f64)>) -> Option<Decay> {
    let used: Vec<(Degree, f64)> = eigenvalues.filter(|(k, ln)| *k > 0 && ln.is_finite()).collect();
    let points: Vec<(f64, f64)> = used.iter().map(|(k, ln)| ((*k as f64).ln(), -ln)).collect();
    if points.len() < 3 {
        return None;
    }
    let count = points.len() as f64;
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / count;
    let (mx, my) = (mean(&|p| p.0), mean(&|p| p.1));
    let xx: f64 = points.iter().map(|p| (p.0 - mx) * (p.0 - mx)).sum();
    let exponent = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum::<f64>() / xx;
    let residual: f64 = points.iter().map(|p| (p.1 - my - exponent * (p.0 - mx)).powi(2)).sum();
    let standard_error = (residual / (count - 2.0) / xx).sqrt();
    let slope = |i: usize| (points[i + 1].1 - points[i].1) / (points[i + 1].0 - points[i].0);
    let last = points.len() - 1;
    let ends = [(used[0].0, slope(0)), (used[last].0, slope(last - 1))];
    Some(Decay { exponent, standard_error, degrees: points.len(), ends })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_equal_their_series() {
        let dim = Dim::new(7).unwrap();
        let is_piecewise = |a: &&Activation| matches!(a.structure(1.0), Ok(Structure::Piecewise(_)));
        for left in Activation::BUILTIN.iter().filter(is_piecewise) {
            for right in Activation::BUILTIN.iter().filter(is_piecewise) {
                let kernel = Kernel::cross((left, 1.3), (right, 0.6), dim, 200).unwrap();
                let tail = (Spectrum::new(left, dim, 1.3, 200).unwrap().tail_energy()
                    * Spectrum::new(right, dim, 0.6, 200).unwrap().tail_energy())
                .sqrt();
                for rho in [-1.0, -0.5, 0.0, 0.3, 0.9, 1.0] {
                    let mut rest = [0.0];
                    kernel.remainder(200, &[rho], &mut rest);
                    assert!(rest[0].abs() <= tail + 4e-15, "{left} {right} {rho}: {} > {tail}", rest[0]);
                }
            }
        }
    }

    #[test]
    fn what_a_kernel_does_not_know_is_an_error_or_nan() {
        let dim = Dim::new(5).unwrap();
        for activation in [Activation::Relu, Activation::Tanh] {
            let kernel = Kernel::random_feature(&activation, dim, 1.0, 4).unwrap();
            assert!(kernel.energy(1).unwrap() > 0.0);
            assert!(kernel.energy(700).is_err(), "{activation}");
            assert!([2.0, -1.1, f64::NAN].iter().all(|&rho| kernel.value(rho).is_nan()), "{activation}");
            // An inner product of unit vectors may exceed 1 by rounding.
            assert!((kernel.value(1.0 + 1e-15) / kernel.value(1.0) - 1.0).abs() < 1e-9, "{activation}");
            let tangent = TangentKernel::new(&activation, dim, 1.0, false).unwrap();
            assert!(tangent.value(2.0).is_nan() && tangent.value(0.5).is_finite());
        }
        // A harmonic has no energy in other degrees, and those asked for are known.
        let harmonic = Kernel::single_degree(dim, 2, 1.0, 4);
        assert_eq!((harmonic.energy(2).unwrap(), harmonic.energy(4).unwrap()), (1.0, 0.0));
    }

    #[test]
    fn relu_matches_the_published_form() {
        let kernel = Kernel::random_feature(&Activation::Relu, Dim::new(10).unwrap(), 1.0, 4).unwrap();
        for rho in [-0.9f64, 0.0, 0.4, 1.0] {
            let expected = ((1.0 - rho * rho).sqrt() + rho * (PI - rho.acos())) / (20.0 * PI);
            assert!((kernel.value(rho) - expected).abs() < 1e-17);
        }
    }

    /// A series of a formula with a kink is truncated at a degree; higher coefficients are rounding errors, which must
    /// not count as energy.
    #[test]
    fn kinked_formulas_have_the_kernel_of_the_activation_they_spell() {
        for n in [3u64, 4, 10] {
            let dim = Dim::new(n).unwrap();
            let kernel =
                |text: &str| Kernel::random_feature(&Activation::parse(text).unwrap(), dim, 1.0, 4).unwrap();
            for (named, spelled) in [("relu", "relu(t)"), ("step", "step(t)")] {
                let (exact, series) = (kernel(named), kernel(spelled));
                assert!(series.truncation_error() < 1e-3, "{spelled}: {:e}", series.truncation_error());
                for rho in [-1.0, -0.7, 0.0, 0.3, 0.99, 1.0] {
                    let allowed = if rho == 1.0 { 1e-14 } else { series.truncation_error() + 1e-14 };
                    let difference = (series.value(rho) - exact.value(rho)).abs();
                    assert!(difference <= allowed, "n = {n}, {spelled} at {rho}: {difference:e}");
                }
            }
        }
    }
}
