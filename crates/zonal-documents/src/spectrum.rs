//! The spectrum of an activation, and activations ranked for a range of degrees.

use crate::number::{Extended, Scale};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::quadrature::Route;
use zonal::sphere::Degree;

/// Which kernel's eigenvalues are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KernelKind {
    /// The random-feature kernel: only the output layer is trained.
    #[default]
    Feature,
    /// The tangent kernel: both layers are trained.
    Tangent,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct SpectrumConfig {
    /// The activation.
    pub activation: Activation,
    /// The dimension; infinite means the Hermite limit at scale sqrt(n).
    pub dim: Extended,
    /// The scale of the units.
    pub scale: Scale,
    /// The largest degree listed.
    pub max_degree: Degree,
    /// Which eigenvalues.
    pub kernel: KernelKind,
    /// Whether there are trained biases: of the output for the feature kernel, of the units for the tangent kernel.
    pub bias: bool,
    /// A range of degrees to fit the decay of the eigenvalues over.
    pub decay: Option<(Degree, Degree)>,
}

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
    /// The scale s; null in infinite dimension, where it is sqrt(n).
    pub scale: Option<f64>,
    /// Which kernel the eigenvalues belong to.
    pub kernel: KernelKind,
    /// Whether there are trained biases.
    pub bias: bool,
    /// The kernel at coinciding points; E[phi(s t)^2] for the feature kernel.
    pub norm_sq: f64,
    /// Its absolute error; null for the tangent kernel.
    pub norm_sq_error: Option<f64>,
    /// Energy beyond the last degree listed.
    pub tail_energy: f64,
    /// The smallest degree up to which 99.9 % of the norm lies; null if it is beyond a thousand.
    pub degree_999: Option<Degree>,
    /// The fitted decay of the eigenvalues, where it was asked for.
    pub decay: Option<DecayReport>,
    /// Each degree.
    pub degrees: Vec<DegreeReport>,
}

/// The power of the degree by which eigenvalues fall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecayReport {
    /// First degree of the fit.
    pub from: Degree,
    /// Last degree of the fit.
    pub to: Degree,
    /// Degrees with a non-zero eigenvalue among them.
    pub degrees: usize,
    /// Slope of ln(1 / eigenvalue) against ln(degree).
    pub exponent: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// One degree of a spectrum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DegreeReport {
    /// k.
    pub degree: Degree,
    /// N(n, k), exactly; "inf" in infinite dimension for k >= 1.
    pub multiplicity: String,
    /// Its natural logarithm; null if infinite.
    pub ln_multiplicity: Option<f64>,
    /// alpha_k; 0 where it leaves the range of f64, while the next two fields still hold it. In infinite dimension the
    /// limit of alpha_k sqrt(N_k).
    pub coefficient: f64,
    /// Its sign.
    pub sign: i8,
    /// ln |alpha_k|; null for an exact zero.
    pub ln_abs_coefficient: Option<f64>,
    /// What gradient descent sees: alpha_k^2, or the tangent kernel's eigenvalue.
    pub eigenvalue: f64,
    /// Its natural logarithm; null for an exact zero.
    pub ln_eigenvalue: Option<f64>,
    /// The eigenvalue times N_k.
    pub energy: f64,
    /// Whether gradient descent sees this degree at all.
    pub visible: bool,
    /// Absolute error of the coefficient: a bound or an estimate, see `proven`; null where nothing is known.
    pub error: Option<f64>,
    /// Its relative error, likewise; null for a zero.
    pub relative_error: Option<f64>,
    /// Whether the errors are proven bounds; otherwise they are estimates.
    pub proven: bool,
    /// The formula it came from.
    #[schemars(with = "String")]
    pub route: Route,
}

/// Which activations suit a range of degrees.
#[derive(Clone, Debug)]
pub struct RankConfig {
    /// The dimension n.
    pub dim: u64,
    /// The first degree.
    pub from: Degree,
    /// The last degree.
    pub to: Degree,
    /// Those that are compared.
    pub activations: Vec<Activation>,
}

/// Activations ranked for a range of degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// Version of the format.
    pub schema: u32,
    /// The dimension n.
    pub dim: u64,
    /// First and last degree wanted.
    pub from: Degree,
    /// Last degree wanted.
    pub to: Degree,
    /// Best first.
    pub ranking: Vec<RankedActivation>,
}

/// How an activation at a scale suits a range of degrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RankedActivation {
    /// The activation.
    #[schemars(with = "String")]
    pub activation: Activation,
    /// The scale.
    pub scale: f64,
    /// The smallest eigenvalue over the degrees, relative to the largest of all degrees up to the last: its inverse is
    /// about the number of iterations that learning all of them takes. Zero if one of them is invisible.
    pub ratio: f64,
    /// The same over the visible ones among the degrees.
    pub visible_ratio: f64,
    /// The smallest eigenvalue over the degrees.
    pub smallest: f64,
    /// The largest eigenvalue over all degrees up to the last.
    pub largest: f64,
    /// Degrees among them that are invisible.
    pub invisible_degrees: Vec<Degree>,
}
