//! The spectrum of an activation as a document, and which activation suits given degrees.

use crate::error::{Error, Result};
use crate::number::{Extended, Scale};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zonal::activation::Activation;
use zonal::kernel::{decay_exponent, tangent_eigenvalues};
use zonal::numeric::Scaled;
use zonal::quadrature::Route;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Degree, Dim, exact_multiplicities, multiplicities};
use zonal_io::model::SCHEMA;

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

/// Relative error of rounding to f64.
const ROUNDED: f64 = 1.2e-16;
/// Degrees computed beyond those listed.
const TAIL_DEGREES: Degree = 16;
/// Degrees tried for 99.9 % of the norm.
const SHARE_DEGREES: Degree = 1000;
const SHARE: f64 = 0.999;

/// Computes a spectrum.
///
/// # Errors
/// As [`Spectrum::new`]; [`Error::Usage`] for combinations without a meaning.
pub fn spectrum(config: &SpectrumConfig) -> Result<SpectrumReport> {
    let activation = &config.activation;
    // Some degrees more than listed, so that a tail far below rounding of the norm is still a sum.
    let top = config.decay.map_or(config.max_degree, |(_, to)| to.max(config.max_degree));
    let most = zonal::spectrum::MAX_DEGREE - TAIL_DEGREES;
    if top > most {
        return Err(zonal::Error::parameter("the largest degree", top, format!("at most {most}")).into());
    }
    let top = top + TAIL_DEGREES;
    let (dim, scale, spectrum) = match config.dim {
        Extended::Infinite => {
            if config.kernel == KernelKind::Tangent {
                return Err(Error::Usage("the tangent kernel needs a finite --dim".into()));
            }
            if matches!(config.scale, Scale::Fixed(_)) {
                return Err(Error::Usage(
                    "--dim inf is the limit at --scale sqrt-dim; leave the number out".into(),
                ));
            }
            (None, 1.0, Spectrum::infinite_dimension(activation, top)?)
        }
        Extended::Finite(n) => {
            let dim = Dim::new(n)?;
            let scale = config.scale.value(n).unwrap_or(1.0);
            (Some(dim), scale, Spectrum::new(activation, dim, scale, top)?)
        }
    };
    let multiplicity_scaled = match dim {
        Some(dim) => multiplicities(dim, top),
        None => vec![Scaled::from(1.0); top + 1],
    };
    let (eigenvalues, norm_sq) = eigenvalues(config, &spectrum, dim, scale, top)?;
    let energies: Vec<f64> =
        eigenvalues.iter().zip(&multiplicity_scaled).map(|(e, m)| e.times_scaled(*m).to_f64()).collect();
    let feature = config.kernel == KernelKind::Feature;
    let (inside, beyond) = energies.split_at(config.max_degree + 1);
    let near: f64 = beyond.iter().sum();
    let far = if feature {
        spectrum.tail_energy()
    } else {
        let rest = norm_sq - inside.iter().sum::<f64>() - near;
        if rest > 1e-14 * norm_sq { rest } else { 0.0 }
    };
    let tail_energy = near + far;
    let mut exact = dim.map(exact_multiplicities);
    let degrees = spectrum.coefficients()[..=config.max_degree].iter().enumerate().map(|(k, c)| {
        let exact = exact.as_mut().and_then(Iterator::next).unwrap_or_else(|| 1u8.into());
        let non_zero = c.value.sign() != 0;
        let infinite = dim.is_none() && k > 0;
        DegreeReport {
            degree: k,
            multiplicity: if infinite { "inf".to_owned() } else { exact.to_string() },
            ln_multiplicity: (!infinite).then(|| multiplicity_scaled[k].ln_abs()),
            coefficient: c.value.to_f64(),
            sign: c.value.sign(),
            ln_abs_coefficient: non_zero.then(|| c.value.ln_abs()),
            eigenvalue: eigenvalues[k].to_f64(),
            ln_eigenvalue: (eigenvalues[k].sign() != 0).then(|| eigenvalues[k].ln_abs()),
            energy: energies[k],
            visible: if feature { c.visible() } else { eigenvalues[k].sign() > 0 },
            // The value is rounded to f64, in addition to the error of the computation.
            error: Some(c.absolute_error + ROUNDED * c.value.to_f64().abs()).filter(|e| e.is_finite()),
            relative_error: non_zero.then_some(c.relative_error + ROUNDED),
            proven: c.proven,
            route: c.route,
        }
    });
    let degrees = degrees.collect();
    let decay = match config.decay {
        None => None,
        Some((from, to)) => {
            let range = (from..=to).map(|k| (k, eigenvalues[k].ln_abs()));
            let fit = decay_exponent(range).ok_or_else(|| {
                Error::Usage(format!(
                    "the degrees {from}..{to} hold fewer than three non-zero eigenvalues to fit"
                ))
            })?;
            let (degrees, exponent, standard_error) = (fit.degrees, fit.exponent, fit.standard_error);
            Some(DecayReport { from, to, degrees, exponent, standard_error })
        }
    };
    Ok(SpectrumReport {
        schema: SCHEMA,
        dim: config.dim,
        activation: activation.clone(),
        scale: dim.map(|_| scale),
        kernel: config.kernel,
        bias: config.bias,
        norm_sq,
        norm_sq_error: feature.then(|| spectrum.norm_error() + ROUNDED * norm_sq),
        tail_energy,
        degree_999: degree_for_share(config, &spectrum, dim, scale)?,
        decay,
        degrees,
    })
}

/// Eigenvalues of the kernel asked for, and its value at coinciding points.
fn eigenvalues(
    config: &SpectrumConfig,
    spectrum: &Spectrum,
    dim: Option<Dim>,
    scale: f64,
    top: Degree,
) -> Result<(Vec<Scaled>, f64)> {
    if let (KernelKind::Tangent, Some(dim)) = (config.kernel, dim) {
        let values = tangent_eigenvalues(&config.activation, dim, scale, config.bias, top)?;
        let slope = Spectrum::of_derivative(&config.activation, dim, scale, 0)?.norm_sq();
        let factor = scale * scale + if config.bias { 1.0 } else { 0.0 };
        return Ok((values, spectrum.norm_sq() + factor * slope));
    }
    let mut values: Vec<Scaled> =
        spectrum.coefficients().iter().map(|c| c.value.times_scaled(c.value)).collect();
    let mut norm_sq = spectrum.norm_sq();
    if config.bias {
        // A trained constant beside the units is one more feature, of degree 0.
        values[0] = values[0].plus(Scaled::from(1.0));
        norm_sq += 1.0;
    }
    Ok((values, norm_sq))
}

fn degree_for_share(
    config: &SpectrumConfig,
    spectrum: &Spectrum,
    dim: Option<Dim>,
    scale: f64,
) -> Result<Option<Degree>> {
    if let Some(found) = spectrum.degree_for_share(SHARE) {
        return Ok(Some(found));
    }
    let further = |degree| match dim {
        Some(dim) => Spectrum::new(&config.activation, dim, scale, degree),
        None => Spectrum::infinite_dimension(&config.activation, degree),
    };
    let mut degree = spectrum.max_degree();
    while degree < SHARE_DEGREES {
        degree = (2 * degree + 16).min(SHARE_DEGREES);
        if let Some(found) = further(degree)?.degree_for_share(SHARE) {
            return Ok(Some(found));
        }
    }
    Ok(None)
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

/// Ranks named activations at the scales 1 and sqrt(n) by what decides how long training takes.
///
/// # Errors
/// [`Error::Usage`] for an empty range, and as [`Spectrum::new`].
pub fn rank(config: &RankConfig) -> Result<Ranking> {
    let RankConfig { dim, from, to, ref activations } = *config;
    if from > to {
        return Err(Error::Usage(format!(
            "the degrees {from}..{to} are an empty range; write the smaller one first"
        )));
    }
    let space = Dim::new(dim)?;
    let mut ranking = Vec::new();
    for activation in activations {
        let scales =
            if activation.homogeneity().is_some() { vec![1.0] } else { vec![1.0, (dim as f64).sqrt()] };
        for scale in scales {
            let spectrum = Spectrum::new(activation, space, scale, to)?;
            let largest = (0..=to).map(|k| spectrum.eigenvalue(k)).fold(0.0, f64::max);
            let smallest = (from..=to).map(|k| spectrum.eigenvalue(k)).fold(f64::INFINITY, f64::min);
            let (visible, invisible_degrees): (Vec<Degree>, Vec<Degree>) =
                (from..=to).partition(|k| spectrum.visible(*k));
            let least_visible = visible.iter().map(|k| spectrum.eigenvalue(*k)).fold(f64::INFINITY, f64::min);
            let relative = |x: f64| if largest > 0.0 && x.is_finite() { x / largest } else { 0.0 };
            let ratio = if invisible_degrees.is_empty() { relative(smallest) } else { 0.0 };
            ranking.push(RankedActivation {
                activation: activation.clone(),
                scale,
                ratio,
                visible_ratio: relative(least_visible),
                smallest,
                largest,
                invisible_degrees,
            });
        }
    }
    // What sees more comes first, then by the ratio over what it sees.
    ranking.sort_by(|a, b| {
        a.invisible_degrees
            .len()
            .cmp(&b.invisible_degrees.len())
            .then(b.visible_ratio.total_cmp(&a.visible_ratio))
    });
    Ok(Ranking { schema: SCHEMA, dim, from, to, ranking })
}
