//! Spectra of activations, and rankings of activations for a range of degrees.

use crate::number::{Extended, Scale};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::quadrature::Route;
use zonal::sphere::Degree;

/// The kernel whose eigenvalues are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KernelKind {
    /// The random-feature kernel, for training of the output layer.
    #[default]
    Feature,
    /// The tangent kernel, for training of both layers.
    Tangent,
}

/// The configuration of a spectrum.
#[derive(Clone, Debug)]
pub struct SpectrumConfig {
    /// The activation phi.
    pub activation: Activation,
    /// The dimension n of the sphere S^(n-1); infinite for the Hermite limit at scale sqrt(n).
    pub dim: Extended,
    /// The scale s of the units phi(s <w, x>).
    pub scale: Scale,
    /// The largest degree to list.
    pub max_degree: Degree,
    /// The kernel whose eigenvalues are listed.
    pub kernel: KernelKind,
    /// Whether biases are trained: of the output for the feature kernel, of the units for the tangent kernel.
    pub bias: bool,
    /// The first and last degree over which the decay of the eigenvalues is fitted.
    pub decay: Option<(Degree, Degree)>,
}

/// The Funk-Hecke spectrum of an activation, degree by degree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpectrumReport {
    /// The version of the document format.
    pub schema: u32,
    /// The dimension n of the sphere S^(n-1).
    pub dim: Extended,
    /// The activation phi.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s t); null in infinite dimension, where it is sqrt(n).
    pub scale: Option<f64>,
    /// The kernel of the eigenvalues.
    pub kernel: KernelKind,
    /// Whether biases are trained.
    pub bias: bool,
    /// The kernel at coinciding points: E[phi(s t)^2] for the feature kernel.
    pub norm_sq: f64,
    /// The absolute error of `norm_sq`; null for the tangent kernel.
    pub norm_sq_error: Option<f64>,
    /// The energy beyond the last listed degree.
    pub tail_energy: f64,
    /// The smallest degree K such that degrees up to K hold 99.9 % of the energy; null if K exceeds 1000.
    pub degree_999: Option<Degree>,
    /// The fitted decay of the eigenvalues, if requested.
    pub decay: Option<DecayReport>,
    /// The degrees 0, 1, .., in order.
    pub degrees: Vec<DegreeReport>,
}

/// The power law eigenvalue ~ degree^(-exponent), fitted by least squares on logarithms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecayReport {
    /// The first degree of the fit.
    pub from: Degree,
    /// The last degree of the fit.
    pub to: Degree,
    /// The number of degrees in the range with a non-zero eigenvalue.
    pub degrees: usize,
    /// The slope of ln(1 / eigenvalue) against ln(degree).
    pub exponent: f64,
    /// The standard error of the slope of a least-squares line; not a statistical error, since eigenvalues are exact
    /// and only their curve is not a line.
    pub standard_error: f64,
    /// The first and the last degree with a non-zero eigenvalue, each with the slope between it and its neighbour. Not
    /// serialised.
    #[serde(skip)]
    #[schemars(skip)]
    pub ends: [(Degree, f64); 2],
}

/// One degree of a spectrum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DegreeReport {
    /// The degree k.
    pub degree: Degree,
    /// The multiplicity N(n, k) in exact decimal digits; "inf" in infinite dimension for k >= 1.
    pub multiplicity: String,
    /// ln N(n, k); null if infinite.
    pub ln_multiplicity: Option<f64>,
    /// The coefficient alpha_k; 0 on underflow, where the next two fields still hold it. In infinite dimension the
    /// limit of alpha_k sqrt(N_k).
    pub coefficient: f64,
    /// The sign of the coefficient: -1, 0 or 1.
    pub sign: i8,
    /// ln |alpha_k|; null for an exact zero.
    pub ln_abs_coefficient: Option<f64>,
    /// The eigenvalue of the kernel: alpha_k^2 for the feature kernel.
    pub eigenvalue: f64,
    /// ln of the eigenvalue; null for an exact zero.
    pub ln_eigenvalue: Option<f64>,
    /// The energy of the degree: the eigenvalue times N_k.
    pub energy: f64,
    /// Whether the eigenvalue is known to be non-zero, so that gradient descent can learn this degree.
    pub visible: bool,
    /// The absolute error of the coefficient: a bound or an estimate, see `proven`; null if unknown.
    pub error: Option<f64>,
    /// The relative error of the coefficient, a bound or an estimate likewise; null for a zero.
    pub relative_error: Option<f64>,
    /// Whether `error` and `relative_error` are proven bounds; otherwise they are estimates.
    pub proven: bool,
    /// The formula or quadrature that computed the coefficient.
    #[schemars(with = "String")]
    pub route: Route,
}

impl DegreeReport {
    /// Returns whether the coefficient may be zero or not: it is neither an exact zero nor distinguished from zero by its
    /// error.
    pub fn is_undetermined(&self) -> bool {
        !self.visible && self.error != Some(0.0)
    }
}

/// The configuration of a ranking.
#[derive(Clone, Debug)]
pub struct RankConfig {
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The first degree of the range.
    pub from: Degree,
    /// The last degree of the range.
    pub to: Degree,
    /// The activations to compare.
    pub activations: Vec<Activation>,
}

/// Activations ranked by how evenly they learn a range of degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// The version of the document format.
    pub schema: u32,
    /// The dimension n of the sphere S^(n-1).
    pub dim: u64,
    /// The first degree of the range.
    pub from: Degree,
    /// The last degree of the range.
    pub to: Degree,
    /// The activations, best first.
    pub ranking: Vec<RankedActivation>,
}

/// An activation at a scale, rated for a range of degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RankedActivation {
    /// The activation phi.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale s of the units phi(s <w, x>).
    pub scale: f64,
    /// The smallest eigenvalue in the range divided by the largest of all degrees up to its end. Its inverse is about
    /// the number of iterations needed to learn the whole range. Zero if a degree of the range is invisible.
    pub ratio: f64,
    /// The same ratio over the visible degrees of the range.
    pub visible_ratio: f64,
    /// The smallest eigenvalue in the range.
    pub smallest: f64,
    /// The largest eigenvalue of all degrees up to the end of the range.
    pub largest: f64,
    /// The degrees of the range with eigenvalue zero.
    pub invisible_degrees: Vec<Degree>,
}
