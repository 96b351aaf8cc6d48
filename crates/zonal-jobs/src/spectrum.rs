//! `spectrum`: Funk-Hecke spectra of activations, and rankings of activations for a range of degrees.

use zonal::kernel::{decay_exponent, tangent_eigenvalues};
use zonal::numeric::Scaled;
use zonal::spectrum::{Coefficient, Spectrum};
use zonal::sphere::{Degree, Dim, exact_multiplicities, multiplicities};
use zonal_documents::number::{Extended, Scale};
use zonal_documents::options::DIM;
use zonal_documents::options::SCALE;
use zonal_documents::spectrum::{
    DecayReport, DegreeReport, KernelKind, RankConfig, RankedActivation, Ranking, SpectrumConfig,
    SpectrumReport,
};
use zonal_documents::{Error, Result};
use zonal_io::model::SCHEMA;

/// The relative error of rounding to f64.
const ROUNDED: f64 = 1.2e-16;
/// The number of degrees computed beyond the listed ones.
const TAIL_DEGREES: Degree = 16;
/// The largest degree tried for 99.9 % of the energy.
const SHARE_DEGREES: Degree = 1000;
/// The share of the energy for `degree_999`.
const SHARE: f64 = 0.999;

/// Computes a spectrum.
///
/// # Errors
/// As [`Spectrum::new`]; [`Error::Usage`] for conflicting options.
pub fn spectrum(config: &SpectrumConfig) -> Result<SpectrumReport> {
    let activation = &config.activation;
    // Additional degrees, so that a tail far below the rounding error of the norm is a sum of energies.
    let top = config.decay.map_or(config.max_degree, |(_, to)| to.max(config.max_degree));
    let max = zonal::spectrum::MAX_DEGREE - TAIL_DEGREES;
    if top > max {
        return Err(zonal::Error::parameter("the largest degree", top, format!("at most {max}")).into());
    }
    let top = top + TAIL_DEGREES;
    let (dim, scale, spectrum) = in_dimension(config, top)?;
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
        decay: config.decay.map(|range| decay(range, &eigenvalues)).transpose()?,
        degrees,
    })
}

/// Computes the spectrum in the requested dimension up to a degree, and returns the dimension (None for the limit), the
/// scale and the spectrum.
fn in_dimension(config: &SpectrumConfig, top: Degree) -> Result<(Option<Dim>, f64, Spectrum)> {
    let n = match config.dim {
        Extended::Finite(n) => n,
        Extended::Infinite if config.kernel == KernelKind::Tangent => {
            return Err(Error::Usage(format!("the tangent kernel needs a finite {DIM}")));
        }
        Extended::Infinite if matches!(config.scale, Scale::Fixed(_)) => {
            return Err(Error::Usage(format!(
                "{} is the limit at {}; omit the number",
                DIM.with("inf"),
                SCALE.with("sqrt-dim")
            )));
        }
        Extended::Infinite => {
            return Ok((None, 1.0, Spectrum::infinite_dimension(&config.activation, top)?));
        }
    };
    let dim = Dim::new(n)?;
    let scale = config.scale.value(n).unwrap_or(1.0);
    Ok((Some(dim), scale, Spectrum::new(&config.activation, dim, scale, top)?))
}

/// Fits the decay of the eigenvalues over a range of degrees.
fn decay((from, to): (Degree, Degree), eigenvalues: &[Scaled]) -> Result<DecayReport> {
    let range = (from..=to).map(|k| (k, eigenvalues[k].ln_abs()));
    let fit = decay_exponent(range).ok_or_else(|| {
        Error::Usage(format!(
            "the degrees {from}..{to} have fewer than three non-zero eigenvalues; a fit needs three"
        ))
    })?;
    let zonal::kernel::Decay { exponent, standard_error, degrees, ends } = fit;
    Ok(DecayReport { from, to, degrees, exponent, standard_error, ends })
}

/// Computes the eigenvalues of the requested kernel, and its value at coinciding points.
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
        // A trained output bias is one more feature, of degree 0.
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

/// Ranks activations at the scales 1 and sqrt(n) by the ratio of eigenvalues that determines the training time.
///
/// # Errors
/// [`Error::Usage`] for an empty range, and as [`Spectrum::new`].
pub fn rank(config: &RankConfig) -> Result<Ranking> {
    let RankConfig { dim, from, to, ref activations } = *config;
    if from > to {
        return Err(Error::Usage(format!(
            "the degrees {from}..{to} are an empty range; write the smaller degree first"
        )));
    }
    let space = Dim::new(dim)?;
    let mut ranking = Vec::new();
    for activation in activations {
        let scales =
            if activation.homogeneity().is_some() { vec![1.0] } else { vec![1.0, (dim as f64).sqrt()] };
        for scale in scales {
            let spectrum = Spectrum::new(activation, space, scale, to)?;
            let largest = spectrum.coefficients().iter().map(Coefficient::eigenvalue).fold(0.0, f64::max);
            let (visible, invisible): (Vec<_>, Vec<_>) =
                spectrum.iter().skip(from).partition(|(_, c)| c.visible());
            let least = |part: &[(Degree, &Coefficient)]| {
                part.iter().map(|(_, c)| c.eigenvalue()).fold(f64::INFINITY, f64::min)
            };
            let (least_visible, smallest) = (least(&visible), least(&visible).min(least(&invisible)));
            let invisible_degrees: Vec<Degree> = invisible.iter().map(|(k, _)| *k).collect();
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
    // Fewer invisible degrees first, then the larger ratio over visible degrees.
    ranking.sort_by(|a, b| {
        a.invisible_degrees
            .len()
            .cmp(&b.invisible_degrees.len())
            .then(b.visible_ratio.total_cmp(&a.visible_ratio))
    });
    Ok(Ranking { schema: SCHEMA, dim, from, to, ranking })
}
