//! `curve`: predicted errors by the numbers of rows and units, and their comparison with draws.

use crate::experiment::over_seeds;
use crate::memory;
use rayon::prelude::*;
use zonal::equivalent::{Draw, Equivalent, Prediction, Regime, Sizes};
use zonal::measure::mean;
use zonal::observer::{Observer, Stage, check};
use zonal::plan::NEGLIGIBLE;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Degree, Dim};
use zonal::target::{PowerSpectrum, Target};
use zonal_documents::curve::{
    Boundary, CurveConfig, CurveLabels, CurvePoint, CurveReport, DegreePoint, DegreeRows, Fit, MapReport,
    RegimeName,
};
use zonal_documents::number::Extended;
use zonal_documents::options::{CHECK, ENERGIES, SIMULATE};
use zonal_documents::{Error, Result};
use zonal_io::model::SCHEMA;

/// Degrees of targets without a last one; what is beyond counts as unseen.
const DEGREES: Degree = 32;
/// Degrees of the spectrum: doubled from the first of these until the tail does not matter, at most to the second.
const TRIED: [Degree; 2] = [24, 1_536];
/// The relative error of the effective dimension at which the tail does not matter.
const TAIL: f64 = 1e-12;
/// The ridge, as a share of ||phi||^2, at which the tail is judged for the best ridge or iteration.
const SMALLEST: f64 = 1e-12;
/// The most points of a curve, and the most draws.
const MOST_POINTS: usize = 10_000;
const MOST_SEEDS: u64 = 100_000;
/// The number of points of a boundary, ten for each power of ten above its beginning.
const BOUNDARY_POINTS: u32 = 90;
/// A simulated error agrees within this number of standard errors plus this share of the prediction.
const AGREEMENT: (f64, f64) = (4.0, 0.03);

/// Predicts the errors of a curve.
///
/// # Errors
/// The errors of the target, the activation and [`Equivalent`]; [`Error::Usage`] for too many points;
/// [`Error::Memory`] for draws that do not fit.
pub fn curve(config: &CurveConfig, observer: &mut dyn Observer) -> Result<CurveReport> {
    let dim = Dim::new(config.dim)?;
    let target = energies(config, dim)?;
    if let Some(seeds) = config.simulate {
        check_simulation(&target, seeds)?;
    }
    let scale = config.scale.value(config.dim).unwrap_or(1.0);
    let settings = settings(config)?;
    let (spectrum, equivalent) = resolved(config, &target, dim, scale, &settings)?;
    let step = equivalent.step(config.step)?;
    let predicted = predictions(&equivalent, step, &settings, observer)?;
    let mut points: Vec<CurvePoint> = settings
        .iter()
        .zip(predicted)
        .map(|(setting, found)| point(setting, found, &equivalent, target.energies.len()))
        .collect();
    let map = config.map.then(|| map(config, &points, &equivalent));
    if map.is_some() {
        points.clear();
    }
    if let Some(seeds) = config.simulate {
        simulate(config, (&spectrum, &target, step), seeds, &mut points, observer)?;
    }
    if config.check && points.iter().all(|point| agrees(point).is_none()) {
        return Err(Error::Usage(format!(
            "{CHECK} has nothing to compare: no point has both a simulation and a finite prediction"
        )));
    }
    let invisible = |k: &Degree| target.energies[*k] > 0.0 && config.activation.vanishes_at(*k);
    let halves = (0..target.energies.len())
        .filter_map(|degree| Some(DegreeRows { degree, rows: equivalent.rows_half(degree)? }));
    Ok(CurveReport {
        schema: SCHEMA,
        target: match &config.labels {
            CurveLabels::Target(text) => Some(text.clone()),
            CurveLabels::Energies(_) => None,
        },
        dim: config.dim,
        activation: config.activation.clone(),
        scale,
        noise: config.noise,
        step_size: step,
        norm_sq: spectrum.norm_sq(),
        unseen: target.tail_energy,
        max_degree: spectrum.max_degree(),
        invisible_degrees: (0..target.energies.len()).filter(invisible).collect(),
        seeds: config.simulate,
        holds: config.check.then(|| points.iter().filter_map(agrees).all(|agrees| agrees)),
        rows_half: halves.collect(),
        target_energy: target.energies,
        points,
        map,
    })
}

/// Returns the energies of the target.
fn energies(config: &CurveConfig, dim: Dim) -> Result<PowerSpectrum> {
    match &config.labels {
        CurveLabels::Energies(energies) => Ok(PowerSpectrum::new(dim, energies.clone(), 0.0)),
        CurveLabels::Target(text) => {
            let target = Target::parse(text, dim, config.seed)?;
            let mut energies = target.power_spectrum(target.finite_degree().unwrap_or(DEGREES))?;
            // Rounding errors are no energy.
            let negligible = NEGLIGIBLE * energies.total();
            energies.energies.iter_mut().filter(|e| **e <= negligible).for_each(|e| *e = 0.0);
            if energies.tail_energy <= negligible {
                energies.tail_energy = 0.0;
            }
            Ok(energies)
        }
    }
}

/// One point of a curve before its prediction.
#[derive(Clone, Copy, Debug)]
struct Setting {
    rows: Extended,
    width: Extended,
    fit: Fit,
}

impl Setting {
    fn sizes(&self) -> Sizes {
        sizes_of(self.rows, self.width)
    }
}

fn sizes_of(rows: Extended, width: Extended) -> Sizes {
    let size = |n: Extended| n.finite().map_or(f64::INFINITY, |n| n as f64);
    Sizes { rows: size(rows), width: size(width) }
}

fn settings(config: &CurveConfig) -> Result<Vec<Setting>> {
    let count = config.fits.len().saturating_mul(config.widths.len()).saturating_mul(config.rows.len());
    if count > MOST_POINTS {
        return Err(Error::Usage(format!(
            "{} numbers of rows, {} widths and {} fits make {count} points; at most {MOST_POINTS} are computed at once",
            config.rows.len(),
            config.widths.len(),
            config.fits.len()
        )));
    }
    let mut out = Vec::with_capacity(count);
    for &fit in &config.fits {
        for &width in &config.widths {
            out.extend(config.rows.iter().map(|&rows| Setting { rows, width, fit }));
        }
    }
    Ok(out)
}

/// Returns the spectrum up to a degree beyond which nothing matters at any point, and the equivalent.
fn resolved(
    config: &CurveConfig,
    target: &PowerSpectrum,
    dim: Dim,
    scale: f64,
    settings: &[Setting],
) -> Result<(Spectrum, Equivalent)> {
    let listed = target.energies.len().saturating_sub(1);
    let mut degree = config.max_degree.unwrap_or(TRIED[0]).max(listed);
    loop {
        let spectrum = Spectrum::new(&config.activation, dim, scale, degree)?;
        let equivalent = Equivalent::new(&spectrum, target, config.noise)?;
        let step = equivalent.step(config.step)?;
        let is_resolved = |setting: &Setting| {
            let ridge = match setting.fit {
                Fit::Ridge(ridge) => ridge.max(0.0),
                Fit::Iterations(t) => 1.0 / (step * t.max(1) as f64),
                Fit::BestRidge | Fit::BestIterations => SMALLEST * spectrum.norm_sq(),
            };
            Ok::<bool, Error>(equivalent.ridge(setting.sizes(), ridge)?.tail_error <= TAIL)
        };
        let mut all = true;
        // With rows and units both infinite there is no variance, and the tail does not matter.
        for setting in settings.iter().filter(|s| s.rows.finite().or(s.width.finite()).is_some()) {
            all = is_resolved(setting)?;
            if !all {
                break;
            }
        }
        if all || config.max_degree.is_some() || 2 * degree > TRIED[1] {
            return Ok((spectrum, equivalent));
        }
        degree *= 2;
    }
}

/// A fit with its prediction.
type Predicted = (Fit, Prediction);

fn predictions(
    equivalent: &Equivalent,
    step: f64,
    settings: &[Setting],
    observer: &mut dyn Observer,
) -> Result<Vec<Predicted>> {
    let one = |setting: &Setting| -> Result<Predicted> {
        let sizes = setting.sizes();
        Ok(match setting.fit {
            Fit::Ridge(ridge) => (setting.fit, equivalent.ridge(sizes, ridge)?),
            Fit::Iterations(t) => (setting.fit, equivalent.descent(sizes, step, t)?),
            Fit::BestRidge => {
                let (ridge, found) = equivalent.best_ridge(sizes)?;
                (Fit::Ridge(ridge), found)
            }
            Fit::BestIterations => {
                let (t, found) = equivalent.best_iterations(sizes, step)?;
                (Fit::Iterations(t), found)
            }
        })
    };
    let at_once = 8 * rayon::current_num_threads().max(1);
    let mut out = Vec::with_capacity(settings.len());
    for group in settings.chunks(at_once) {
        let named = |setting: &Setting| one(setting).map_err(|error| at(setting, error));
        let (done, total) = (out.len() as u64, settings.len() as u64);
        check(observer, Stage::Points, done, total).map_err(zonal::Error::from)?;
        out.extend(group.par_iter().map(named).collect::<Result<Vec<_>>>()?);
    }
    Ok(out)
}

/// Adds the sizes to an error of the step, which depends on them.
fn at(setting: &Setting, error: Error) -> Error {
    match error {
        Error::Core(zonal::Error::Parameter { name, found, required }) if name == "the step" => {
            let required = format!("{required}, at {} rows and {} units", setting.rows, setting.width);
            Error::Core(zonal::Error::Parameter { name, found, required })
        }
        other => other,
    }
}

fn finite(x: f64) -> Option<f64> {
    Some(x).filter(|x| x.is_finite())
}

fn point(setting: &Setting, (fit, found): Predicted, equivalent: &Equivalent, listed: usize) -> CurvePoint {
    let noise = equivalent.noise();
    let degrees = found.degrees.iter().take(listed).enumerate().map(|(degree, d)| DegreePoint {
        degree,
        energy: d.energy,
        learned: d.learned,
        bias: d.bias,
        variance: finite(d.variance),
    });
    let further = found.degrees.iter().skip(listed).map(|d| d.variance).sum::<f64>() + found.tail_variance;
    CurvePoint {
        rows: setting.rows,
        width: setting.width,
        ridge: match fit {
            Fit::Ridge(ridge) => Some(ridge),
            _ => None,
        },
        iterations: match fit {
            Fit::Iterations(t) => Some(t),
            _ => None,
        },
        best: matches!(setting.fit, Fit::BestRidge | Fit::BestIterations),
        test_error: finite(found.test_error),
        train_error: finite(found.train_error),
        excess: finite(found.test_error - noise),
        noise_share: if noise > 0.0 {
            finite(noise * (found.noise_factor - 1.0).max(0.0))
        } else {
            Some(0.0)
        },
        effective_ridge: found.effective_ridge,
        effective_dimension: finite(found.effective_dimension),
        tail_error: found.tail_error,
        degrees: degrees.collect(),
        further_variance: finite(further),
        regime: match found.regime {
            Regime::Regular => RegimeName::Regular,
            Regime::NearInterpolation => RegimeName::NearInterpolation,
            Regime::Few => RegimeName::Few,
        },
        simulated: None,
        standard_error: None,
    }
}

/// Arranges the points of one fit as a map.
fn map(config: &CurveConfig, points: &[CurvePoint], equivalent: &Equivalent) -> MapReport {
    let fit = config.fits.first().copied();
    let ridge = match fit {
        Some(Fit::Ridge(ridge)) => Some(ridge),
        _ => None,
    };
    // Points are listed by width first.
    let count = config.rows.len();
    let by_rows = |i: usize| points.iter().skip(i).step_by(count.max(1));
    let listed = points.first().map_or(0, |point| point.degrees.len());
    let with_energy: Vec<Degree> = (0..listed)
        .filter(|&k| equivalent.rows_half(k).is_some() && points[0].degrees[k].energy > 0.0)
        .collect();
    let boundary = |&degree: &Degree| {
        let start = equivalent.rows_half(degree)?;
        // Rows from just above the least number that can be enough.
        let rows = (0..BOUNDARY_POINTS).map(|i| start * (1.0 + 1e-3 * 10f64.powf(0.1 * f64::from(i))));
        let of = |rows: f64| Some((rows, equivalent.width_half(degree, rows, ridge.unwrap_or(0.0))?));
        let (rows, width): (Vec<f64>, Vec<f64>) = rows.filter_map(of).unzip();
        (!rows.is_empty()).then_some(Boundary { degree, rows, width })
    };
    MapReport {
        rows: config.rows.clone(),
        width: config.widths.clone(),
        ridge,
        iterations: match fit {
            Some(Fit::Iterations(t)) => Some(t),
            _ => None,
        },
        is_stopped: matches!(fit, Some(Fit::Iterations(_) | Fit::BestIterations)),
        test_error: (0..count).map(|i| by_rows(i).map(|p| p.test_error).collect()).collect(),
        degree_learned: (0..count).map(|i| by_rows(i).map(|p| learned(p, &with_energy)).collect()).collect(),
        boundaries: with_energy.iter().filter_map(boundary).collect(),
    }
}

/// Returns the largest of these degrees of which half is learned, with all lower ones.
fn learned(point: &CurvePoint, degrees: &[Degree]) -> Option<Degree> {
    degrees.iter().copied().take_while(|&k| point.degrees[k].learned >= 0.5).last()
}

/// Adds the means over draws to the points. All points of the same sizes share their draws.
fn simulate(
    config: &CurveConfig,
    (spectrum, target, step): (&Spectrum, &PowerSpectrum, f64),
    seeds: u64,
    points: &mut [CurvePoint],
    observer: &mut dyn Observer,
) -> Result<()> {
    let last = config.seed.checked_add(seeds);
    let last = last
        .ok_or_else(|| Error::Usage(format!("{seeds} seeds from {} exceed the largest seed", config.seed)))?;
    let mut sizes: Vec<[Extended; 2]> = Vec::new();
    for point in points.iter() {
        let is_finite = point.rows.finite().or(point.width.finite()).is_some();
        if is_finite && !sizes.contains(&[point.rows, point.width]) {
            sizes.push([point.rows, point.width]);
        }
    }
    for of in &sizes {
        check_memory(*of)?;
    }
    for [rows, width] in sizes {
        let same: Vec<usize> =
            (0..points.len()).filter(|&i| (points[i].rows, points[i].width) == (rows, width)).collect();
        let fits: Vec<(Option<f64>, Option<u64>)> =
            same.iter().map(|&i| (points[i].ridge, points[i].iterations)).collect();
        let of = sizes_of(rows, width);
        let draws = over_seeds(config.seed..last, observer, |seed| {
            let draw = Draw::new(spectrum, target, config.noise, of, seed)?;
            let error = |(ridge, iterations): &(Option<f64>, Option<u64>)| match (ridge, iterations) {
                (Some(ridge), _) => draw.ridge(*ridge),
                (None, t) => draw.descent(step, t.unwrap_or(0)),
            };
            Ok(fits.iter().map(error).collect::<Vec<f64>>())
        })?;
        for (j, &i) in same.iter().enumerate() {
            let errors: Vec<f64> = draws.iter().map(|draw| draw[j]).collect();
            let found = mean(&errors);
            points[i].simulated = Some(found.value);
            points[i].standard_error = finite(found.standard_error);
        }
    }
    Ok(())
}

fn check_simulation(target: &PowerSpectrum, seeds: u64) -> Result<()> {
    if !(1..=MOST_SEEDS).contains(&seeds) {
        let required = format!("from 1 to {MOST_SEEDS} seeds");
        return Err(zonal::Error::parameter(SIMULATE.to_string(), seeds, required).into());
    }
    if target.tail_energy > NEGLIGIBLE * target.total() {
        return Err(Error::Usage(format!(
            "{SIMULATE} needs a target with a last degree, but this one has energy beyond degree {DEGREES}; list the energies with \
             {ENERGIES}"
        )));
    }
    Ok(())
}

/// Checks that the draws that run at the same time fit into memory.
fn check_memory([rows, width]: [Extended; 2]) -> Result<()> {
    /// Square matrices of the larger size that a draw holds at a time.
    const MATRICES: u64 = 8;
    let at_once = rayon::current_num_threads().max(1) as u64;
    let largest = rows.finite().max(width.finite()).unwrap_or(0);
    memory::check_need(largest, |size| memory::needed(size, MATRICES * at_once, 0))
}

/// Returns whether a simulated error agrees with its prediction; None without a simulation or if the prediction is infinite.
fn agrees(point: &CurvePoint) -> Option<bool> {
    let (simulated, predicted) = (point.simulated?, point.test_error?);
    let (errors, share) = AGREEMENT;
    Some((simulated - predicted).abs() <= errors * point.standard_error.unwrap_or(0.0) + share * predicted)
}
