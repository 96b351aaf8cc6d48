//! The Funk-Hecke spectrum of an activation (FH-1): phi(s <w, x>) = sum_k alpha_k N_k P_k(<w, x>).

use crate::activation::{Activation, Structure};
use crate::error::{Error, Result};
use crate::numeric::{DoubleDouble, Scaled};
use crate::quadrature::{self, Integral, Route};
use crate::sphere::{Degree, Dim, multiplicities};

/// One Funk-Hecke coefficient alpha_k = E[phi(s t) P_k(t)].
#[derive(Clone, Copy, Debug)]
pub struct Coefficient {
    /// alpha_k.
    pub value: Scaled,
    /// Bound on its relative error.
    pub relative_error: f64,
    /// The formula it came from.
    pub route: Route,
    /// The energy alpha_k^2 N_k.
    pub energy: Scaled,
}

impl Coefficient {
    /// Whether gradient descent sees this degree at all.
    pub fn visible(&self) -> bool {
        self.value.sign() != 0
    }

    /// The eigenvalue alpha_k^2 of gradient descent at infinite width.
    pub fn eigenvalue(&self) -> f64 {
        self.value.times_scaled(self.value).to_f64()
    }
}

/// The spectrum of x -> phi(s <w, x>) on the sphere of dimension n, degrees 0..=K.
#[derive(Clone, Debug)]
pub struct Spectrum {
    dim: Dim,
    activation: Activation,
    scale: f64,
    coefficients: Vec<Coefficient>,
    norm_sq: f64,
    tail_energy: f64,
}

/// The largest degree that a spectrum is computed to; cost and memory grow linearly with it.
pub const MAX_DEGREE: Degree = 20_000;

impl Spectrum {
    /// Computes the spectrum.
    ///
    /// Closed forms for piecewise powers (relative error 1e-14), otherwise double-double quadrature with an error
    /// bound for each value. Cost: a few milliseconds for 65 degrees in any dimension.
    ///
    /// ```
    /// use zonal::{activation::Activation, spectrum::Spectrum, sphere::Dim};
    /// let relu = Spectrum::new(Activation::Relu, Dim::new(10)?, 1.0, 4)?;
    /// assert!((relu.coefficient(1) - 0.05).abs() < 1e-16);
    /// assert_eq!(relu.coefficient(3), 0.0);
    /// # Ok::<(), zonal::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for a scale that is not positive and finite, or too large a degree.
    pub fn new(activation: Activation, dim: Dim, scale: f64, max_degree: Degree) -> Result<Self> {
        check_scale(scale)?;
        if max_degree > MAX_DEGREE {
            return Err(Error::parameter("the largest degree", max_degree, format!("at most {MAX_DEGREE}")));
        }
        // Some degrees more than asked for, so that a tail far below rounding of the total is still a sum.
        let computed = max_degree + 16;
        let (integrals, norm_sq) = integrals(activation, dim, scale, computed);
        let coefficients: Vec<Coefficient> = integrals
            .into_iter()
            .zip(multiplicities(dim, computed))
            .map(|(i, multiplicity)| Coefficient {
                value: i.value,
                relative_error: i.relative_error,
                route: i.route,
                energy: i.value.times_scaled(i.value).times_scaled(multiplicity),
            })
            .collect();
        let (inside, beyond) = coefficients.split_at(max_degree + 1);
        let total = |part: &[Coefficient]| part.iter().fold(Scaled::ZERO, |a, c| a.plus(c.energy));
        let near = total(beyond);
        let far = Scaled::from(norm_sq).minus(total(inside)).minus(near).to_f64();
        // Below the accuracy of the norm the difference means nothing; there the degrees just computed are it.
        let accuracy = match activation.structure() {
            Structure::Piecewise(_) => 1e-15,
            Structure::Analytic(_) => 1e-26,
        };
        let far = if far > accuracy * norm_sq.to_f64() { far } else { 0.0 };
        let tail_energy = near.to_f64() + far;
        let coefficients = inside.to_vec();
        Ok(Self { dim, activation, scale, coefficients, norm_sq: norm_sq.to_f64(), tail_energy })
    }

    /// The dimension n.
    pub fn dim(&self) -> Dim {
        self.dim
    }

    /// The activation phi.
    pub fn activation(&self) -> Activation {
        self.activation
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

    /// alpha_k; zero beyond the largest degree held.
    pub fn coefficient(&self, degree: Degree) -> f64 {
        self.coefficients.get(degree).map_or(0.0, |c| c.value.to_f64())
    }

    /// alpha_k^2; zero beyond the largest degree held.
    pub fn eigenvalue(&self, degree: Degree) -> f64 {
        self.coefficients.get(degree).map_or(0.0, Coefficient::eigenvalue)
    }

    /// Whether degree k is visible: alpha_k is not exactly zero.
    pub fn visible(&self, degree: Degree) -> bool {
        !self.activation.vanishes_at(degree)
    }

    /// ||phi||^2 = E[phi(s t)^2].
    pub fn norm_sq(&self) -> f64 {
        self.norm_sq
    }

    /// sum of alpha_k^2 N_k over the degrees beyond the largest one held.
    pub fn tail_energy(&self) -> f64 {
        self.tail_energy
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

/// All coefficients and the norm, by the method that the activation's structure allows.
fn integrals(
    activation: Activation,
    dim: Dim,
    scale: f64,
    max_degree: Degree,
) -> (Vec<Integral>, DoubleDouble) {
    match activation.structure() {
        Structure::Piecewise(p) => {
            let p = p.scaled(scale);
            let values = p.coefficients(dim, max_degree);
            let closed = values.into_iter().enumerate().map(|(k, value)| Integral {
                value: if activation.vanishes_at(k) { Scaled::ZERO } else { value },
                relative_error: if activation.vanishes_at(k) { 0.0 } else { 2e-15 },
                route: Route::Closed,
            });
            (closed.collect(), DoubleDouble::from(p.norm_sq(dim)))
        }
        Structure::Analytic(a) => {
            let result = quadrature::funk_hecke(
                dim,
                scale,
                max_degree,
                &|x| a.value(&x),
                &|x, order| a.taylor(x, order),
                &|k| activation.vanishes_at(k),
            );
            (result.coefficients, result.norm_sq)
        }
    }
}
