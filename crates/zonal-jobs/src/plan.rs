//! `plan`: a width, a step size and a number of iterations with a guarantee, their cost, and changes that make
//! invisible degrees visible. With `verify` the plan is verified by training over seeds.

use crate::experiment::{Experiment, over_seeds};
use crate::memory;
use std::time::Instant;
use zonal::activation::Activation;
use zonal::dynamics::{Step, logarithmic_grid};
use zonal::equivalent::{Equivalent, RowsFor};
use zonal::error::check_size;
use zonal::measure::mean;
use zonal::observer::Observer;
use zonal::plan::{Goal, NEGLIGIBLE, Plan, ProvedRows, RowsBound};
use zonal::spectrum::Spectrum;
use zonal::sphere::{Degree, Dim};
use zonal::target::{PowerSpectrum, Target};
use zonal_documents::curve::DegreeRows;
use zonal_documents::options::VERIFY;
use zonal_documents::plan::{Cost, PlanConfig, PlanReport, SingleDraw, Verification, WayOut, WayOutKind};
use zonal_documents::{Error, Result};
use zonal_io::model::SCHEMA;

/// The degree of the comparator for targets of infinite degree.
const DEFAULT_DEGREE: Degree = 4;
/// The default of epsilon, as a fraction of the target's energy.
const DEFAULT_EPSILON: f64 = 0.05;
/// The width of the timed training, which takes about a tenth of a second.
const CALIBRATION_WIDTH: u64 = 500;
/// The largest degree of a comparator. Coefficients of larger degrees underflow in most dimensions.
const MAX_DEGREE: Degree = 1_000;
/// The smallest number of seeds that can refute a bound.
const MIN_SEEDS: u64 = 8;
/// The largest number of seeds of a verification.
const MAX_SEEDS: u64 = 100_000;
/// Degrees of the spectrum for the number of rows; further ones count as a tail.
const ROWS_DEGREES: Degree = 48;
/// The number of m x m matrices held while training, including vectors.
const MATRICES: u64 = 7;

/// Computes a plan.
///
/// # Errors
/// The errors of the target, the activation and [`Plan::new`]; [`Error::Memory`] if a width to verify does not fit.
pub fn plan(config: &PlanConfig, observer: &mut dyn Observer) -> Result<PlanReport> {
    let dim = Dim::new(config.dim)?;
    let target = match config.energies {
        Some(_) => None,
        None => Some(Target::parse(&config.target, dim, config.seed)?),
    };
    let scale = config.scale.value(config.dim).unwrap_or(1.0);
    let energies = energies(config, dim, target.as_ref())?;
    let (degree, total) = (energies.energies.len() - 1, energies.total());
    let epsilon = config.epsilon.unwrap_or(DEFAULT_EPSILON * total);
    let goal = Goal { degree, epsilon, width: config.width, iterations: config.iterations };
    let spectrum = Spectrum::new(&config.activation, dim, scale, degree)?;
    let plan = Plan::new(&energies, &spectrum, goal)?;
    let rows = Rows::new(config, &energies, degree, plan.goal, plan.width)?;
    let single_draw = config.delta.map(|delta| {
        // The loss of descent from zero never exceeds the target's energy.
        plan.bound_with_probability(delta).map(|bound| SingleDraw { delta, loss_bound: bound.min(total) })
    });
    let ways_out = if plan.invisible_degrees.is_empty() {
        Vec::new()
    } else {
        ways_out(&config.activation, scale, dim, &energies, Goal { width: None, iterations: None, ..goal })
    };
    let experiment = target.as_ref().map(|target| {
        let activation = config.activation.clone();
        let step = Step::Fixed(plan.step_size);
        move |width| Experiment { target, activation: activation.clone(), scale, width, step }
    });
    let cost = match &experiment {
        Some(experiment) => cost(&plan, config, experiment)?,
        None => cost_without_trial(&plan, config),
    };
    let verification = match (config.verify, &experiment) {
        (None, _) => None,
        (Some(_), None) => {
            let message = format!("{VERIFY} needs exact expectations, so the target must be an expression");
            return Err(Error::Usage(message));
        }
        (Some(seeds), Some(experiment)) => match verify(&plan, config, seeds, experiment, observer) {
            Ok(found) => Some(found),
            // The plan itself is complete and is reported.
            Err(Error::Core(zonal::Error::Stopped(_))) => None,
            Err(error) => return Err(error),
        },
    };
    Ok(PlanReport {
        schema: SCHEMA,
        target: config.target.clone(),
        dim: config.dim,
        activation: config.activation.clone(),
        scale,
        degree,
        epsilon,
        width: plan.width,
        iterations: plan.iterations,
        step_size: plan.step_size,
        norm_sq: plan.norm_sq,
        comparator_norm_sq: plan.comparator_norm_sq,
        target_norm_sq: total,
        best_polynomial_error: plan.best_polynomial_error,
        loss_bound: plan.loss_bound,
        comparator_error: plan.comparator_error,
        degrees: plan.degrees,
        shares: plan.shares,
        invisible_degrees: plan.invisible_degrees,
        invisible_energy: plan.invisible_energy,
        undetermined_degrees: plan.undetermined_degrees,
        undetermined_energy: plan.undetermined_energy,
        operator_iterations: plan.operator_iterations,
        single_draw: single_draw.transpose()?,
        batch_rows: None,
        noise: config.noise,
        rows_predicted: rows.predicted.map(|found| found.rows.ceil()),
        ridge_predicted: rows.predicted.map(|found| found.ridge),
        rows_proved: rows.proved.map(|found| found.rows),
        ridge_proved: rows.proved.map(|found| found.ridge),
        rows_half: rows.halves,
        cost,
        ways_out,
        verification,
    })
}

/// The numbers of rows of a plan.
struct Rows {
    predicted: Option<RowsFor>,
    proved: Option<ProvedRows>,
    halves: Vec<DegreeRows>,
}

impl Rows {
    /// Finds the rows for an excess error of `goal`, in which the energy beyond the degree counts as never learned.
    fn new(
        config: &PlanConfig,
        energies: &PowerSpectrum,
        degree: Degree,
        goal: f64,
        width: u64,
    ) -> Result<Self> {
        let dim = energies.dim();
        let scale = config.scale.value(config.dim).unwrap_or(1.0);
        let spectrum = Spectrum::new(&config.activation, dim, scale, degree.max(ROWS_DEGREES))?;
        let beyond = energies.energies.iter().skip(degree + 1).sum::<f64>() + energies.tail_energy;
        let listed = energies.energies.iter().take(degree + 1).copied().collect();
        let target = PowerSpectrum::new(dim, listed, beyond);
        let equivalent = Equivalent::new(&spectrum, &target, config.noise)?;
        let halves = (0..target.energies.len()).filter(|&k| target.energies[k] > NEGLIGIBLE * target.total());
        Ok(Self {
            predicted: equivalent.rows_for(goal, width as f64)?,
            proved: RowsBound::new(&target, &spectrum, config.noise)?.rows_for(goal),
            halves: halves
                .filter_map(|degree| Some(DegreeRows { degree, rows: equivalent.rows_half(degree)? }))
                .collect(),
        })
    }
}

/// Returns the energies of the target up to the degree of the comparator, the specified ones or those of the expression.
fn energies(config: &PlanConfig, dim: Dim, target: Option<&Target>) -> Result<PowerSpectrum> {
    let finite = target.and_then(Target::finite_degree);
    let degree = config.degree.unwrap_or_else(|| finite.unwrap_or(DEFAULT_DEGREE));
    if degree > MAX_DEGREE {
        return Err(zonal::Error::parameter("the degree", degree, format!("at most {MAX_DEGREE}")).into());
    }
    let energies = match (&config.energies, target) {
        (Some(known), _) => {
            let (tail_energy, energies) = known.split_last().map_or((0.0, &[][..]), |(t, rest)| (*t, rest));
            check_size("the energies of degrees from 0", energies.len(), degree + 1)?;
            PowerSpectrum::new(dim, energies.to_vec(), tail_energy)
        }
        (None, Some(target)) => target.power_spectrum(degree)?,
        (None, None) => return Err(Error::Usage("no target is specified".into())),
    };
    let total = energies.total();
    if !(1e-290..1e290).contains(&total) {
        return Err(
            zonal::Error::parameter("the target's norm squared", total, "between 1e-290 and 1e290").into()
        );
    }
    Ok(energies)
}

/// Returns the bytes per unit in addition to the square matrices.
fn per_unit(dim: u64) -> u64 {
    8 * (dim + 64)
}

fn cost<'a>(plan: &Plan, config: &PlanConfig, experiment: &dyn Fn(usize) -> Experiment<'a>) -> Result<Cost> {
    // In very high dimensions even the short training might not fit.
    let fits = |m: u64| memory::needed(m, MATRICES, per_unit(config.dim)) < memory::free() / 4;
    let mut calibration_width = plan.width.min(CALIBRATION_WIDTH);
    while calibration_width > 1 && !fits(calibration_width) {
        calibration_width /= 2;
    }
    if !fits(calibration_width) {
        return Ok(cost_without_trial(plan, config));
    }
    let started = Instant::now();
    experiment(calibration_width as usize).residuals(config.seed, &logarithmic_grid(plan.iterations), 4)?;
    let seconds = started.elapsed().as_secs_f64();
    Ok(Cost {
        memory_bytes: memory::needed(plan.width, MATRICES, per_unit(config.dim)),
        memory_free_bytes: memory::free(),
        seconds: Some(seconds * (plan.width as f64 / calibration_width as f64).powi(3)),
        calibration_width,
    })
}

/// Returns the cost without a timed training.
fn cost_without_trial(plan: &Plan, config: &PlanConfig) -> Cost {
    Cost {
        memory_bytes: memory::needed(plan.width, MATRICES, per_unit(config.dim)),
        memory_free_bytes: memory::free(),
        seconds: None,
        calibration_width: 0,
    }
}

fn verify<'a>(
    plan: &Plan,
    config: &PlanConfig,
    seeds: u64,
    experiment: &(dyn Fn(usize) -> Experiment<'a> + Sync),
    observer: &mut dyn Observer,
) -> Result<Verification> {
    if !(1..=MAX_SEEDS).contains(&seeds) {
        return Err(zonal::Error::parameter(
            VERIFY.to_string(),
            seeds,
            format!("from 1 to {MAX_SEEDS} seeds"),
        )
        .into());
    }
    // Several seeds run in parallel.
    let at_once = seeds.min(rayon::current_num_threads() as u64);
    memory::check_width(plan.width, MATRICES * at_once, per_unit(config.dim) * at_once)?;
    let experiment = experiment(plan.width as usize);
    let Some(last) = config.seed.checked_add(seeds) else {
        return Err(Error::Usage(format!("{seeds} seeds from {} exceed the largest seed", config.seed)));
    };
    let losses =
        over_seeds(config.seed..last, observer, |seed| Ok(experiment.losses(seed, &[plan.iterations])?[0]))?;
    let loss = mean(&losses);
    let standard_error = if seeds > 1 { loss.standard_error } else { 0.0 };
    Ok(Verification {
        seeds,
        mean_loss: loss.value,
        standard_error,
        holds: match loss.value <= plan.loss_bound {
            true => Some(true),
            false if seeds < MIN_SEEDS => None,
            false => Some(loss.value - 4.0 * standard_error <= plan.loss_bound),
        },
    })
}

/// Finds the cheapest bias and the cheapest other activation for which no degree up to the goal's is invisible.
fn ways_out(
    activation: &Activation,
    scale: f64,
    dim: Dim,
    energies: &PowerSpectrum,
    goal: Goal,
) -> Vec<WayOut> {
    let root = dim.as_f64().sqrt();
    let candidate = |kind, activation: &Activation, scale: f64| {
        let spectrum = Spectrum::new(activation, dim, scale, goal.degree).ok()?;
        let plan = Plan::new(energies, &spectrum, goal).ok()?;
        let complete = plan.invisible_degrees.is_empty() && plan.undetermined_degrees.is_empty();
        complete.then(|| WayOut {
            kind,
            activation: activation.clone(),
            scale,
            width: plan.width,
            loss_bound: plan.loss_bound,
        })
    };
    // Arguments s <w, x> have the typical size s / sqrt(n); a bias of that size breaks the symmetry best. Two digits
    // suffice.
    let biases = [0.25, 0.5, 1.0, 2.0].map(|fraction| round(fraction * scale / root));
    let with_bias =
        biases.iter().filter_map(|&b| candidate(WayOutKind::Bias, &activation.with_bias(b)?, scale));
    let others = Activation::NAMED.iter().filter(|a| *a != activation).flat_map(|a| {
        let scales = if a.homogeneity().is_some() { vec![1.0] } else { vec![1.0, round(root)] };
        scales.into_iter().filter_map(move |s| candidate(WayOutKind::Activation, a, s))
    });
    let cheapest = |ways: &mut dyn Iterator<Item = WayOut>| ways.min_by_key(|w| w.width);
    [cheapest(&mut with_bias.into_iter()), cheapest(&mut others.into_iter())].into_iter().flatten().collect()
}

/// Rounds to two significant digits.
fn round(x: f64) -> f64 {
    let text = format!("{x:.1e}");
    text.parse().unwrap_or(x)
}
