//! The Funk-Hecke spectrum of an activation (FH-1): phi(s <w, x>) = sum_k alpha_k N_k P_k(<w, x>).

use crate::activation::{Activation, Structure, Support};
use crate::error::{Error, NOT_FINITE, Result, check_size, not_finite};
use crate::numeric::{DoubleDouble, Scaled};
use crate::quadrature::{self, Integral, Law, NotFinite, Route};
use crate::sphere::{Degree, Dim, multiplicities};
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt::{self, Display, Formatter};
use std::iter::Enumerate;
use std::sync::{Arc, Mutex, PoisonError};

/// One Funk-Hecke coefficient alpha_k = E[phi(s t) P_k(t)].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Coefficient {
    /// alpha_k.
    pub value: Scaled,
    /// Its relative error, a bound where `proven`; infinite for a zero that is not exact.
    pub relative_error: f64,
    /// Its absolute error, likewise (0 where it is below the range of f64; infinite where nothing is known).
    pub absolute_error: f64,
    /// The formula it came from.
    pub route: Route,
    /// Whether the errors are proven bounds; otherwise they are estimates.
    pub proven: bool,
    /// The energy alpha_k^2 N_k.
    pub energy: Scaled,
    /// N_k, the number of harmonics; 1 in the limit of infinite dimension.
    pub multiplicity: Scaled,
    visible: bool,
}

impl Coefficient {
    /// The coefficient of an integral, with what the degrees so far have left of the norm.
    ///
    /// A value within its own error says nothing; multiplied by millions of harmonics it would count as energy all the
    /// same. Nor do values of an unproven rule say anything once their energies exceed the norm, which happens where it is
    /// asked for degrees beyond its points.
    fn new(integral: Integral, multiplicity: Scaled, named: bool, left: &mut Scaled) -> Self {
        let Integral { value, relative_error, absolute_error, route, proven } = integral;
        let energy = value.times_scaled(value).times_scaled(multiplicity);
        let nonzero = relative_error < 1.0;
        if nonzero || !proven {
            *left = left.minus(energy);
        }
        let possible = left.sign() >= 0;
        let known = nonzero && possible;
        // A zero that replaces a value has at least the value as its error; for an impossible value no bound is known.
        let absolute_error = match (known, possible) {
            (true, _) => absolute_error,
            (false, true) => absolute_error + value.to_f64().abs(),
            (false, false) => f64::INFINITY,
        };
        Self {
            value: if known { value } else { Scaled::ZERO },
            relative_error: if known { relative_error } else { f64::INFINITY },
            absolute_error,
            route,
            proven,
            energy: if known { energy } else { Scaled::ZERO },
            multiplicity,
            visible: relative_error > 0.0 && (named || known),
        }
    }

    /// Whether gradient descent sees this degree at all: it is no exact zero. A coefficient of a formula or a closure
    /// that its own error bound does not tell from zero is not called visible either.
    pub fn visible(&self) -> bool {
        self.visible
    }

    /// The eigenvalue alpha_k^2 of gradient descent at infinite width.
    pub fn eigenvalue(&self) -> f64 {
        self.value.times_scaled(self.value).to_f64()
    }
}

/// Replaces the requirement of an error about values that are not finite: under the normal law, arguments and the growth
/// of phi matter instead of the scale.
fn too_large_for_the_normal_law(error: Error, reach: f64) -> Error {
    match error {
        Error::Parameter { name, found, .. } if found == NOT_FINITE => Error::Parameter {
            name,
            found,
            required: format!(
                "finite for |t| up to {reach:.0}; in infinite dimension phi must grow more slowly than exp(t^2/4), so that \
                 E phi(z)^2 is finite"
            ),
        },
        other => other,
    }
}

/// The spectrum of x -> phi(s <w, x>) on the sphere of dimension n, degrees 0..=K.
///
/// ```
/// use zonal::prelude::*;
/// let spectrum = Spectrum::new(&Activation::Relu, Dim::new(10)?, 1.0, 4)?;
/// let visible: Vec<Degree> = spectrum.iter().filter(|(_, c)| c.visible()).map(|(k, _)| k).collect();
/// assert_eq!(visible, [0, 1, 2, 4]);
/// let third = spectrum.to_string().lines().nth(5).map(str::to_owned);
/// assert_eq!(third.as_deref(), Some("     3  invisible"));
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Spectrum {
    law: Law,
    activation: Activation,
    scale: f64,
    coefficients: Vec<Coefficient>,
    norm_sq: f64,
    norm_error: f64,
    tail_energy: f64,
}

/// The largest degree that a spectrum is computed to; cost and memory grow linearly with it.
pub const MAX_DEGREE: Degree = 20_000;
/// Degrees computed beyond those asked for, so that a tail far below rounding of the total is still a sum.
const BEYOND: Degree = 16;
/// A norm with a larger relative error than this is as good as unknown.
const WORST_NORM: f64 = 0.1;
/// Under the normal law nothing beyond this many deviations counts, up to a hundred degrees.
const NORMAL_REACH: f64 = 40.0;

impl Spectrum {
    /// Computes the spectrum.
    ///
    /// Closed forms for piecewise powers (relative error 1e-14), otherwise double-double quadrature with an error for each
    /// value: proven for named activations and formulas (FH-8), an estimate for closures and for faint coefficients that
    /// come from derivatives. Cost: some tens of milliseconds for 65 degrees in any dimension
    /// (`cargo xtask bench spectrum`).
    ///
    /// ```
    /// use zonal::{activation::Activation, spectrum::Spectrum, sphere::Dim};
    /// let relu = Spectrum::new(&Activation::Relu, Dim::new(10)?, 1.0, 4)?;
    /// assert!((relu.coefficient(1)? - 0.05).abs() < 1e-16);
    /// assert!(!relu.visible(3)?);
    /// // Degree 6 is visible, but was not computed.
    /// assert!(relu.visible(6).is_err());
    /// # Ok::<(), zonal::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a scale that is not positive and finite, too large a degree, or an activation that is not
    /// finite or not known to be square integrable.
    pub fn new(activation: &Activation, dim: Dim, scale: f64, max_degree: Degree) -> Result<Self> {
        check_scale(scale)?;
        let structure = activation.structure(scale)?;
        Self::of_structure(activation, &structure, activation.support(), Law::Sphere(dim), scale, max_degree)
    }

    /// The limit of infinite dimension at scale sqrt(n): coefficients are the Hermite coefficients
    /// E[phi(z) He_k(z)] / sqrt(k!) = lim alpha_k sqrt(N_k), z standard normal, and energies their squares.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn infinite_dimension(activation: &Activation, max_degree: Degree) -> Result<Self> {
        // Breakpoints are needed within the range of the normal law.
        let reach = NORMAL_REACH.max(Law::Normal.end(max_degree.min(MAX_DEGREE) + BEYOND));
        activation
            .structure(reach)
            .and_then(|structure| {
                Self::of_structure(activation, &structure, activation.support(), Law::Normal, 1.0, max_degree)
            })
            .map_err(|error| too_large_for_the_normal_law(error, reach))
    }

    /// The spectrum of the derivative phi'(s t), for the tangent kernel.
    ///
    /// # Errors
    /// As [`Self::new`], and for an activation without a derivative.
    pub fn of_derivative(activation: &Activation, dim: Dim, scale: f64, max_degree: Degree) -> Result<Self> {
        check_scale(scale)?;
        let structure = activation.derivative_structure(scale)?;
        let support = activation.support().derivative();
        Self::of_structure(activation, &structure, support, Law::Sphere(dim), scale, max_degree)
    }

    fn of_structure(
        activation: &Activation,
        structure: &Structure,
        support: Support,
        law: Law,
        scale: f64,
        max_degree: Degree,
    ) -> Result<Self> {
        check_degree(max_degree)?;
        let computed = max_degree + BEYOND;
        let (integrals, norm_sq, accuracy) = integrals(structure, support, law, scale, computed)
            .map_err(|at| not_finite(&activation.name(), at.0))?;
        check_norm(activation, scale, norm_sq.to_f64(), accuracy, &integrals)?;
        let multiplicities = match law {
            Law::Sphere(dim) => multiplicities(dim, computed),
            Law::Normal => vec![Scaled::from(1.0); computed + 1],
        };
        let named = activation.is_named();
        let mut left = Scaled::from(norm_sq.to_f64() * (1.0 + accuracy.max(1e-12)));
        let coefficients: Vec<Coefficient> = integrals
            .into_iter()
            .zip(multiplicities)
            .map(|(integral, multiplicity)| Coefficient::new(integral, multiplicity, named, &mut left))
            .collect();
        let (inside, beyond) = coefficients.split_at(max_degree + 1);
        let total = |part: &[Coefficient]| part.iter().fold(Scaled::ZERO, |a, c| a.plus(c.energy));
        let near = total(beyond);
        let far = Scaled::from(norm_sq).minus(total(inside)).minus(near).to_f64();
        // Below the accuracy of the norm the difference has no meaning; the energy of the degrees just computed is used
        // then.
        let far = if far > accuracy * norm_sq.to_f64() { far } else { 0.0 };
        let tail_energy = near.to_f64() + far;
        let coefficients = inside.to_vec();
        let (activation, norm_sq) = (activation.clone(), norm_sq.to_f64());
        let norm_error = accuracy * norm_sq;
        Ok(Self { law, activation, scale, coefficients, norm_sq, norm_error, tail_energy })
    }

    /// The law of the argument: the sphere's dimension, or its limit.
    pub fn law(&self) -> Law {
        self.law
    }

    /// The activation phi.
    pub fn activation(&self) -> &Activation {
        &self.activation
    }

    /// The scale s.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The largest degree held.
    pub fn max_degree(&self) -> Degree {
        self.coefficients.len() - 1
    }

    /// alpha_k with everything known about it, for each degree.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }

    /// The degrees 0, 1, .. with their coefficients.
    pub fn iter(&self) -> Enumerate<std::slice::Iter<'_, Coefficient>> {
        self.coefficients.iter().enumerate()
    }

    /// The coefficient of degree k; None for a degree beyond [`Self::max_degree`].
    pub fn get(&self, degree: Degree) -> Option<&Coefficient> {
        self.coefficients.get(degree)
    }

    /// alpha_k.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a degree that was not computed, of which nothing is known.
    pub fn coefficient(&self, degree: Degree) -> Result<f64> {
        self.computed(degree).map(|c| c.value.to_f64())
    }

    /// The eigenvalue alpha_k^2 of gradient descent at infinite width.
    ///
    /// # Errors
    /// As [`Self::coefficient`].
    pub fn eigenvalue(&self, degree: Degree) -> Result<f64> {
        self.computed(degree).map(Coefficient::eigenvalue)
    }

    /// Whether gradient descent sees degree k at all; see [`Coefficient::visible`].
    ///
    /// # Errors
    /// As [`Self::coefficient`].
    pub fn visible(&self, degree: Degree) -> Result<bool> {
        self.computed(degree).map(Coefficient::visible)
    }

    fn computed(&self, degree: Degree) -> Result<&Coefficient> {
        self.get(degree).ok_or_else(|| not_computed(degree, self.max_degree()))
    }

    /// The smallest degree up to which this share of the norm lies, if it is among those held.
    pub fn degree_for_share(&self, share: f64) -> Option<Degree> {
        let mut held = 0.0;
        self.coefficients.iter().position(|c| {
            held += c.energy.to_f64();
            held >= share * self.norm_sq
        })
    }

    /// ||phi||^2 = E[phi(s t)^2].
    pub fn norm_sq(&self) -> f64 {
        self.norm_sq
    }

    /// The error of [`Self::norm_sq`]: a bound where coefficients of low degree are proven, otherwise an estimate.
    pub fn norm_error(&self) -> f64 {
        self.norm_error
    }

    /// sum of alpha_k^2 N_k over the degrees beyond the largest one held.
    pub fn tail_energy(&self) -> f64 {
        self.tail_energy
    }
}

impl<'a> IntoIterator for &'a Spectrum {
    type Item = (Degree, &'a Coefficient);
    type IntoIter = Enumerate<std::slice::Iter<'a, Coefficient>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A table with one line for each degree. Errors that are estimates, not proven bounds, begin with `~`.
impl Display for Spectrum {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { law, activation, scale, norm_sq, tail_energy, .. } = self;
        match law {
            Law::Sphere(dim) => writeln!(f, "{activation}, dimension {dim}, scale {scale}")?,
            Law::Normal => writeln!(f, "{activation}, infinite dimension")?,
        }
        writeln!(f, "degree  coefficient   eigenvalue       energy  relative error")?;
        for (k, c) in self {
            let (value, eigenvalue, energy) = (c.value, c.value.times_scaled(c.value), c.energy);
            let error = format!("{}{:.0e}", if c.proven { "" } else { "~" }, c.relative_error);
            if value.sign() != 0 {
                writeln!(f, "{k:>6}  {value:>11.4} {eigenvalue:>12.4} {energy:>12.4}  {error:>14}")?;
            } else if c.relative_error > 0.0 {
                writeln!(f, "{k:>6}  not distinguished from zero")?;
            } else {
                writeln!(f, "{k:>6}  invisible")?;
            }
        }
        write!(f, "energy {norm_sq:.4e}, of which {tail_energy:.1e} beyond degree {}", self.max_degree())
    }
}

/// Spectra computed for one job: its kernels, its target and its bounds need the same few many times. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct SpectrumCache(Arc<Mutex<Recent>>);

/// Spectra with their arguments, the last one first.
type Recent = VecDeque<(Key, Arc<Spectrum>)>;
/// The arguments of a spectrum.
type Key = (Activation, Dim, u64, Degree);

/// The most spectra that a cache holds.
const CACHED: usize = 64;

impl SpectrumCache {
    /// The spectrum, computed unless it was among the last ones asked for.
    ///
    /// # Errors
    /// As [`Spectrum::new`].
    pub fn spectrum(
        &self,
        activation: &Activation,
        dim: Dim,
        scale: f64,
        max_degree: Degree,
    ) -> Result<Arc<Spectrum>> {
        let compute = || Spectrum::new(activation, dim, scale, max_degree).map(Arc::new);
        // The result of user code may depend on anything.
        if matches!(activation, Activation::Function(_)) {
            return compute();
        }
        let key = (activation.clone(), dim, scale.to_bits(), max_degree);
        // After a panic elsewhere the list is still valid.
        let recent = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = recent().iter().find(|(k, _)| *k == key) {
            return Ok(Arc::clone(found));
        }
        let spectrum = compute()?;
        let mut list = recent();
        list.push_front((key, Arc::clone(&spectrum)));
        list.truncate(CACHED);
        Ok(spectrum)
    }
}

/// Squares of coefficients must stay in range, or steps and bounds lose their meaning; and the norm must be known.
fn check_norm(
    activation: &Activation,
    scale: f64,
    norm_sq: f64,
    accuracy: f64,
    integrals: &[Integral],
) -> Result<()> {
    if !(1e-290..1e290).contains(&norm_sq) || integrals.iter().any(|i| i.absolute_error.is_nan()) {
        return Err(Error::parameter(
            format!("the norm of {activation} at scale {scale:?}"),
            norm_sq,
            "between 1e-290 and 1e290; use another scale",
        ));
    }
    if accuracy.is_nan() || accuracy > WORST_NORM {
        return Err(Error::parameter(
            format!("E[phi(s t)^2] of {activation} at scale {scale:?}"),
            "not known to be finite",
            "finite: an activation whose square can be integrated",
        ));
    }
    Ok(())
}

/// The error for a degree of which nothing is known: zero would read as invisible.
pub(crate) fn not_computed(degree: Degree, largest: Degree) -> Error {
    let required =
        format!("at most {largest}, the largest degree computed; compute the spectrum to a higher one");
    Error::parameter("the degree", degree, required)
}

/// Checks that a spectrum is one on the sphere of this dimension.
pub(crate) fn check_law(law: Law, dim: Dim) -> Result<()> {
    let what = "the dimension of the spectrum";
    match law {
        Law::Sphere(found) => check_size(what, found.as_usize(), dim.as_usize()),
        Law::Normal => Err(Error::parameter(what, "infinite", format!("{dim}, that of the target"))),
    }
}

/// Degrees beyond the last one have no coefficient here.
pub(crate) fn check_degree(max_degree: Degree) -> Result<()> {
    if max_degree <= MAX_DEGREE {
        Ok(())
    } else {
        Err(Error::parameter("the largest degree", max_degree, format!("at most {MAX_DEGREE}")))
    }
}

/// A scale must be positive and finite.
pub(crate) fn check_scale(scale: f64) -> Result<()> {
    if scale > 0.0 && scale.is_finite() {
        Ok(())
    } else {
        Err(Error::parameter("the scale", scale, "a positive number"))
    }
}

/// Relative error of the closed forms of piecewise powers.
const CLOSED: f64 = 2e-15;
/// Rounding of sums in double-double arithmetic, per unit of the sum of absolute terms.
const ROUNDING: f64 = 1e-28;

/// All coefficients and the norm, by the methods that the structure allows, with the relative accuracy of the norm
/// and of the sum of all energies.
fn integrals(
    structure: &Structure,
    support: Support,
    law: Law,
    scale: f64,
    max_degree: Degree,
) -> std::result::Result<(Vec<Integral>, DoubleDouble, f64), NotFinite> {
    let dim = match law {
        Law::Sphere(dim) => Some(dim),
        Law::Normal => None,
    };
    let closed = |value: Scaled, relative_error: f64, k: Degree| {
        if support.vanishes_at(k) || value.sign() == 0 {
            return Integral::ZERO;
        }
        let absolute_error = relative_error * value.to_f64().abs();
        Integral { value, relative_error, absolute_error, route: Route::Closed, proven: true }
    };
    let numeric = |f| quadrature::funk_hecke(law, scale, max_degree, f, &|k| support.vanishes_at(k));
    Ok(match structure {
        Structure::Piecewise(p) => {
            let p = p.scaled(scale);
            let (values, norm_sq) = match dim {
                Some(dim) => (p.coefficients(dim, max_degree), p.norm_sq(dim)),
                None => (p.hermite_coefficients(max_degree), p.normal_norm_sq()),
            };
            let values = values.into_iter().enumerate().map(|(k, v)| closed(v, CLOSED, k));
            (values.collect(), DoubleDouble::from(norm_sq), 1e-15)
        }
        Structure::Polynomial(p) => {
            let values = match dim {
                Some(dim) => p.funk_hecke(dim, scale, max_degree),
                None => p.hermite_coefficients(scale, max_degree),
            };
            let values = values.into_iter().enumerate().map(|(k, (v, ratio))| closed(v, ROUNDING * ratio, k));
            (values.collect(), p.norm_sq(dim, scale), 1e-26)
        }
        Structure::Exponential(e, f) => {
            let mut result = numeric(f)?;
            let series = e.coefficients(dim, scale, max_degree).into_iter().enumerate();
            for (k, (value, ratio)) in series {
                let candidate = closed(value, ROUNDING * ratio, k);
                if candidate.relative_error < result.coefficients[k].relative_error {
                    result.coefficients[k] = candidate;
                }
            }
            (result.coefficients, result.norm_sq, result.norm_error.max(1e-23))
        }
        Structure::Numeric(f) => {
            let result = numeric(f)?;
            (result.coefficients, result.norm_sq, result.norm_error.max(1e-23).max(100.0 * f.accuracy))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Function;

    #[test]
    fn estimated_errors_are_marked_in_the_table() {
        let dim = Dim::new(5).unwrap();
        let lines = |activation: &Activation| {
            let text = Spectrum::new(activation, dim, 1.0, 2).unwrap().to_string();
            text.lines().skip(2).take(3).map(|line| line.contains(" ~")).collect::<Vec<_>>()
        };
        assert_eq!(lines(&Activation::from_fn("code", f64::exp)), [true; 3]);
        assert_eq!(lines(&Activation::Exp), [false; 3]);
        let spectrum = Spectrum::new(&Activation::Exp, dim, 1.0, 2).unwrap();
        assert_eq!(spectrum.coefficients()[2].multiplicity.to_f64(), 14.0);
    }

    #[test]
    fn a_cache_returns_the_spectrum_asked_for_and_never_one_of_code() {
        let (cache, dim) = (SpectrumCache::default(), Dim::new(5).unwrap());
        let of = |activation: &Activation, scale, degree| {
            cache.clone().spectrum(activation, dim, scale, degree).unwrap()
        };
        let first = of(&Activation::Tanh, 1.0, 4);
        assert!(Arc::ptr_eq(&first, &of(&Activation::Tanh, 1.0, 4)));
        for (activation, scale, degree) in
            [(Activation::Erf, 1.0, 4), (Activation::Tanh, 2.0, 4), (Activation::Tanh, 1.0, 5)]
        {
            let (found, new) =
                (of(&activation, scale, degree), Spectrum::new(&activation, dim, scale, degree));
            assert_eq!(format!("{found:?}"), format!("{:?}", new.unwrap()));
        }
        let code = Activation::Function(Arc::new(Function::new("code", vec![], f64::sin).identified(1)));
        assert!(!Arc::ptr_eq(&of(&code, 1.0, 4), &of(&code, 1.0, 4)));
    }
}
