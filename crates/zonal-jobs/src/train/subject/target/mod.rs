//! Training on a target: exact expectations, energies by degree, and the prediction at infinite width for comparison.

mod descent;
mod whole_path;

use super::Subject;
use crate::train::method::Origin;
use crate::train::method::descent::check_options;
use crate::train::run::TrainingRun;
use crate::train::trained::Notes;
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::plan::NEGLIGIBLE;
use zonal::spectrum::Spectrum;
use zonal::sphere::{Degree, Dim};
use zonal::target::{PowerSpectrum, Target};
use zonal_documents::number::short;
use zonal_documents::options::BATCH;
use zonal_documents::train::{
    BatchChoice, BestPolynomialReport, DescentConfig, LearningTime, NetworkReport, SubjectReport, TargetJob,
    TargetReport, TestRow, TrainConfig,
};
use zonal_documents::{Error, Result};
use zonal_io::model::Model;

/// The largest listed degree by default for a target with energy in all degrees.
const DEFAULT_DEGREE: Degree = 8;

/// The operator predicts degrees up to at least this one; the predicted tail energy sums those beyond the listed ones.
const OPERATOR_DEGREE: Degree = 640;
/// The tangent kernel predicts all degrees up to this one; the energy beyond is assumed constant, as it hardly changes.
const PREDICTED_DEGREE: Degree = 48;

/// A target with the quantities that are known before training.
pub(crate) struct TargetSubject<'a> {
    job: &'a TargetJob,
    dim: Dim,
    target: Target,
    network: NetworkReport,
    /// The largest listed degree.
    max_degree: Degree,
    /// The spectrum of the activation, up to the largest degree of the prediction at infinite width.
    spectrum: Arc<Spectrum>,
    energies: PowerSpectrum,
    /// The degrees with energy that are not learned at any width or after any number of iterations.
    invisible: Vec<Degree>,
}

/// The results of a training on a target in addition to its course.
pub(crate) struct TargetFindings {
    times: Vec<LearningTime>,
    /// The upper bound of PL-1 on the mean loss at the last iteration.
    loss_bound: Option<f64>,
}

impl<'a> TargetSubject<'a> {
    /// Parses the target and computes its energies and the spectrum of the activation.
    pub(crate) fn prepare(job: &'a TargetJob, run: &mut TrainingRun<'_>) -> Result<Self> {
        let config = &run.config;
        let options = config.descent.as_ref();
        options.map_or(Ok(()), |options| check(config, options))?;
        let dim = Dim::new(job.dim)?;
        let target = Target::parse(&job.text, dim, config.seed)?;
        let activation = config.activation.clone().given().unwrap_or(Activation::Relu);
        let scale = config.scale.value(job.dim).unwrap_or(1.0);
        let max_degree = config
            .max_degree
            .unwrap_or_else(|| target.finite_degree().unwrap_or(DEFAULT_DEGREE).clamp(4, 64));
        // The spectrum checks the largest degree before anything of its size is allocated.
        let predicted = match options {
            None => max_degree.max(OPERATOR_DEGREE),
            Some(_) => max_degree.saturating_add(PREDICTED_DEGREE),
        };
        let spectrum = target.spectra().spectrum(&activation, dim, scale, predicted)?;
        let energies = target.power_spectrum(max_degree)?;
        check_energy(&energies)?;
        // A bias makes every degree visible.
        let invisible = match options {
            Some(options) if options.biases => Vec::new(),
            _ => {
                note_undetermined(&energies, &activation, &spectrum, run.notes);
                invisible_degrees(&energies, &activation, run.notes)
            }
        };
        let network = NetworkReport { activation, scale, dim: job.dim, width: config.width };
        Ok(Self { job, dim, target, network, max_degree, spectrum, energies, invisible })
    }

    /// Returns the degrees with more than [`NEGLIGIBLE`] of the target's energy.
    fn degrees_with_energy(&self) -> Vec<Degree> {
        let listed = self.energies.energies.iter().enumerate();
        listed.filter(|(_, e)| **e > NEGLIGIBLE * self.energies.total()).map(|(k, _)| k).collect()
    }
}

impl Subject for TargetSubject<'_> {
    type Findings = TargetFindings;

    fn network(&self) -> Result<NetworkReport> {
        Ok(self.network.clone())
    }

    fn origin(&self, _: &Self::Findings) -> Origin {
        (Some(self.job.text.clone()), None)
    }

    fn report(
        &self,
        found: TargetFindings,
        _: Option<&Model>,
        _: &mut TrainingRun<'_>,
    ) -> Result<(SubjectReport, Vec<TestRow>)> {
        let report = TargetReport {
            target: self.job.text.clone(),
            loss_bound: found.loss_bound,
            target_energy: self.energies.energies.clone(),
            invisible_degrees: self.invisible.clone(),
            learning: found.times,
            best_polynomial: best_polynomials(&self.energies),
        };
        Ok((SubjectReport::Target(report), Vec::new()))
    }
}

/// Rejects options of iterative training that do not apply to a target.
fn check(config: &TrainConfig, options: &DescentConfig) -> Result<()> {
    if matches!(options.batch, BatchChoice::Full | BatchChoice::Rows(_)) {
        return Err(Error::Usage(format!(
            "{} needs rows of a table; for a target use {} (N new points in each step) or {}",
            BATCH.with(options.batch),
            BATCH.with("fresh:N"),
            BATCH.with("exact")
        )));
    }
    check_options(config, options)
}

/// Rejects a target whose energy is zero, or so small or large that computations leave the range of f64.
fn check_energy(energies: &PowerSpectrum) -> Result<()> {
    let found = energies.total();
    if (1e-290..1e290).contains(&found) {
        return Ok(());
    }
    Err(zonal::Error::parameter("the target's norm squared", found, "between 1e-290 and 1e290").into())
}

/// Returns and notes the degrees with energy in which the coefficient of the activation vanishes. They are not learned
/// at any width or after any number of iterations.
fn invisible_degrees(energies: &PowerSpectrum, activation: &Activation, notes: Notes<'_>) -> Vec<Degree> {
    let total = energies.total();
    let listed = energies.energies.iter().enumerate();
    let invisible: Vec<(Degree, f64)> = listed
        .filter(|&(k, &e)| activation.vanishes_at(k) && e > NEGLIGIBLE * total)
        .map(|(k, &e)| (k, e))
        .collect();
    if !invisible.is_empty() {
        let degrees: Vec<String> = invisible.iter().map(|(k, _)| k.to_string()).collect();
        let energy: f64 = invisible.iter().map(|(_, e)| e).sum();
        let (noun, verb) = if degrees.len() == 1 { ("degree", "is") } else { ("degrees", "are") };
        notes(&format!(
            "{noun} {} {verb} invisible to {activation}: {} of the target's energy remains at any width and after any \
             number of iterations; use another activation",
            degrees.join(", "),
            short(energy)
        ));
    }
    invisible.into_iter().map(|(k, _)| k).collect()
}

/// Notes the degrees with energy in which the error of the coefficient exceeds it, so that it may vanish.
fn note_undetermined(
    energies: &PowerSpectrum,
    activation: &Activation,
    spectrum: &Spectrum,
    notes: Notes<'_>,
) {
    let with_energy =
        energies.energies.iter().enumerate().filter(|(_, e)| **e > NEGLIGIBLE * energies.total());
    for (k, energy) in with_energy {
        if let Some(c) = spectrum.get(k).filter(|c| !c.visible() && c.absolute_error > 0.0) {
            notes(&format!(
                "degree {k}: the coefficient of {activation} is not distinguished from zero (error {} {:.0e}); the \
                 energy {} of this degree will probably remain",
                if c.proven { "bound" } else { "estimate" },
                c.absolute_error,
                short(*energy)
            ));
        }
    }
}

/// Returns the best polynomials by degree. The error of the best polynomial of degree <= k is the energy beyond k.
fn best_polynomials(energies: &PowerSpectrum) -> Vec<BestPolynomialReport> {
    let mut beyond = energies.tail_energy;
    let mut out: Vec<BestPolynomialReport> = Vec::new();
    for (degree, energy) in energies.energies.iter().enumerate().rev() {
        out.push(BestPolynomialReport {
            degree,
            monomials: None,
            rank: None,
            error: beyond,
            test_error: None,
        });
        beyond += energy;
    }
    out.reverse();
    out
}
