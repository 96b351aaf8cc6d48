//! The spectrum of an activation as a document.

use crate::error::Result;
use crate::number::Extended;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::quadrature::Route;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Degree, Dim, multiplicities, multiplicity};
use zonal_io::model::SCHEMA;

/// A spectrum with everything known about each degree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpectrumReport {
    /// Version of the format.
    pub schema: u32,
    /// The dimension n.
    pub dim: Extended,
    /// The activation.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s.
    pub scale: f64,
    /// E[phi(s t)^2].
    pub norm_sq: f64,
    /// Energy beyond the last degree listed.
    pub tail_energy: f64,
    /// Each degree.
    pub degrees: Vec<DegreeReport>,
}

/// One degree of a spectrum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DegreeReport {
    /// k.
    pub degree: Degree,
    /// N(n, k), exactly.
    pub multiplicity: String,
    /// Its natural logarithm.
    pub ln_multiplicity: f64,
    /// alpha_k; 0 where it leaves the range of f64, while the next two fields still hold it.
    pub coefficient: f64,
    /// Its sign.
    pub sign: i8,
    /// ln |alpha_k|; null for an exact zero.
    pub ln_abs_coefficient: Option<f64>,
    /// alpha_k^2, what gradient descent sees.
    pub eigenvalue: f64,
    /// alpha_k^2 N_k.
    pub energy: f64,
    /// Whether gradient descent sees this degree at all.
    pub visible: bool,
    /// Bound on the absolute error of the coefficient.
    pub error: f64,
    /// Bound on its relative error; null for an exact zero.
    pub relative_error: Option<f64>,
    /// The formula it came from.
    #[schemars(with = "String")]
    pub route: Route,
}

/// Computes a spectrum.
///
/// # Errors
/// As [`Spectrum::new`].
pub fn spectrum(activation: Activation, dim: Dim, scale: f64, max_degree: Degree) -> Result<SpectrumReport> {
    let spectrum = Spectrum::new(activation, dim, scale, max_degree)?;
    let logarithms = multiplicities(dim, max_degree);
    let degrees = spectrum.coefficients().iter().enumerate().map(|(k, c)| {
        let visible = c.visible();
        DegreeReport {
            degree: k,
            multiplicity: multiplicity(dim, k).to_string(),
            ln_multiplicity: logarithms[k].ln_abs(),
            coefficient: c.value.to_f64(),
            sign: c.value.sign(),
            ln_abs_coefficient: visible.then(|| c.value.ln_abs()),
            eigenvalue: c.eigenvalue(),
            energy: c.energy.to_f64(),
            visible,
            error: if visible { c.relative_error * c.value.to_f64().abs() } else { 0.0 },
            relative_error: visible.then_some(c.relative_error),
            route: c.route,
        }
    });
    Ok(SpectrumReport {
        schema: SCHEMA,
        dim: Extended::Finite(dim.get()),
        activation,
        scale,
        norm_sq: spectrum.norm_sq(),
        tail_energy: spectrum.tail_energy(),
        degrees: degrees.collect(),
    })
}
