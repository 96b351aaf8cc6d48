//! The guarantee PL-1 compared with trained networks: no average over hidden units may exceed the bound, and the test
//! must detect a bound that is wrong by a factor of two.

use rand::Rng;
use rayon::prelude::*;
use zonal::activation::Activation;
use zonal::dynamics::{GradientPath, Step};
use zonal::equivalent::{Draw, Sizes};
use zonal::linalg::{Matrix, symmetric_eigen};
use zonal::measure::{Estimate, mean};
use zonal::network::Network;
use zonal::numeric::random::{Purpose, stream, uniform};
use zonal::observer::Silent;
use zonal::plan::{Goal, Plan, smallest_loss_bound};
use zonal::risk::{Population, Quadratic};
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal::target::{PowerSpectrum, Target};

const SEEDS: u64 = 50;
const COMBINATIONS: u64 = 240;
/// The largest degree with listed energies; higher degrees count as omitted.
const LISTED: usize = 8;

/// A setting of PL-1: everything except the draw of the hidden units.
#[derive(Debug)]
struct Setting {
    activation: Activation,
    scale: f64,
    target: Target,
    /// The degrees of the comparator: any visible ones, not the best.
    degrees: Vec<usize>,
    width: usize,
    iterations: u64,
    /// The step in units of 1 / ||phi||^2, at most 1; None for 1 / lambda_max(K).
    step: Option<f64>,
}

fn choose<'a, T>(rng: &mut impl Rng, list: &'a [T]) -> &'a T {
    &list[(uniform(rng) * list.len() as f64) as usize]
}

fn logarithmic(rng: &mut impl Rng, from: f64, to: f64) -> f64 {
    from * (to / from).powf(uniform(rng))
}

/// Draws a random setting; in every eighth the term of the width is nearly attained: one unit and a constant target.
fn setting(index: u64) -> Setting {
    let rng = &mut stream(index, Purpose::Target, 77);
    let dim = 2 + (uniform(rng) * 29.0) as u64;
    let root = (dim as f64).sqrt();
    let activation = choose(rng, &Activation::NAMED).clone();
    let scale = if activation.homogeneity().is_some() { 1.0 } else { *choose(rng, &[0.5, 1.0, root]) };
    if index.is_multiple_of(8) {
        let positive = [Activation::Sigmoid, Activation::Exp, Activation::Cos, Activation::Softplus];
        return Setting {
            activation: choose(rng, &positive).clone(),
            scale: 0.5,
            target: Target::parse("1", Dim::new(dim).unwrap(), index).unwrap(),
            degrees: vec![0],
            width: 1,
            iterations: 1_000_000,
            step: Some(1.0),
        };
    }
    let harmonics = || {
        let mut terms = Vec::new();
        let rng = &mut stream(index, Purpose::Target, 78);
        for _ in 0..1 + (uniform(rng) * 4.0) as usize {
            let degree = (uniform(rng) * 5.0) as usize;
            terms.push(format!("{:.2}*harmonic({degree})", 0.1 + uniform(rng)));
        }
        terms.join(" + ")
    };
    let text = match (uniform(rng) * 6.0) as usize {
        0 => "x1*x2 - 0.5*x1 + 0.3".to_owned(),
        1 => "x1^4 - x2^2 + x1*x2".to_owned(),
        2 => "neuron(tanh) + 0.4*neuron(relu)".to_owned(),
        _ => harmonics(),
    };
    let target = Target::parse(&text, Dim::new(dim).unwrap(), index).unwrap();
    let spectrum = Spectrum::new(&activation, target.dim(), scale, LISTED).unwrap();
    let energies = target.power_spectrum(LISTED).unwrap().energies;
    let usable = (0..=LISTED).filter(|&k| {
        energies[k] > 0.0
            && spectrum.visible(k).unwrap()
            && spectrum.eigenvalue(k).unwrap() > 0.0
            && uniform(rng) < 0.7
    });
    Setting {
        activation,
        scale,
        degrees: usable.collect(),
        target,
        width: logarithmic(rng, 1.0, 80.0) as usize,
        iterations: logarithmic(rng, 1.0, 1e5) as u64,
        step: *choose(rng, &[None, None, Some(1.0), Some(0.5), Some(0.1)]),
    }
}

impl Setting {
    fn quadratic(&self, seed: u64) -> Quadratic {
        let dim = self.target.dim();
        let network = Network::random(self.activation.clone(), self.scale, dim, self.width, seed).unwrap();
        Population::new(&self.target).quadratic(&network).unwrap()
    }

    fn spectrum(&self) -> Spectrum {
        Spectrum::new(&self.activation, self.target.dim(), self.scale, LISTED).unwrap()
    }

    fn step(&self) -> Step {
        self.step.map_or(Step::Auto, |u| Step::Fixed(u / self.spectrum().norm_sq()))
    }

    /// Computes PL-1 for these degrees, independently of the library.
    fn bound(&self, width: f64, iterations: f64) -> f64 {
        let spectrum = self.spectrum();
        let energies = self.target.power_spectrum(LISTED).unwrap();
        let of = |f: &dyn Fn(usize) -> f64| self.degrees.iter().map(|&k| f(k)).sum::<f64>();
        let inside = of(&|k| energies.energies[k]);
        let r_sq = of(&|k| energies.energies[k] / spectrum.eigenvalue(k).unwrap());
        let inverse_step = spectrum.norm_sq() / self.step.unwrap_or(1.0);
        (energies.total() - inside)
            + (spectrum.norm_sq() * r_sq - inside) / width
            + inverse_step * r_sq / (2.0 * iterations)
    }

    fn loss(&self) -> Estimate {
        let losses: Vec<f64> = (0..SEEDS)
            .map(|seed| {
                let path = GradientPath::new(&self.quadratic(seed), self.step(), &mut Silent).unwrap();
                path.loss(self.iterations)
            })
            .collect();
        mean(&losses)
    }
}

/// The rounding error of sums of a few energies, relative to the bound.
const ROUNDING: f64 = 1e-9;

/// Hypothesis: the mean is at most the bound. With four standard errors over 50 seeds a bound that holds with equality
/// would raise an alarm in about one of 10^4 settings; the seeds are fixed.
#[test]
#[ignore = "slow"]
fn no_mean_over_hidden_units_exceeds_the_bound() {
    let settings: Vec<Setting> = (0..COMBINATIONS).map(setting).collect();
    let losses: Vec<Estimate> = settings.par_iter().map(Setting::loss).collect();
    let violations = |width: f64, iterations: f64| {
        let wrong = settings.iter().zip(&losses).filter(|(s, loss)| {
            let bound = s.bound(s.width as f64 * width, s.iterations as f64 * iterations);
            loss.value - 4.0 * loss.standard_error > bound * (1.0 + ROUNDING)
        });
        wrong.map(|(s, loss)| (s, loss.value)).collect::<Vec<_>>()
    };
    let found = violations(1.0, 1.0);
    assert!(found.is_empty(), "{found:#?}");
    // The best comparator is never worse than that of the degrees drawn.
    for s in &settings {
        let energies = s.target.power_spectrum(LISTED).unwrap();
        let (width, iterations) = (s.width as f64, s.iterations as f64);
        let spectrum = s.spectrum();
        let inverse_step = spectrum.norm_sq() / s.step.unwrap_or(1.0);
        let best = smallest_loss_bound(&energies, &spectrum, width, inverse_step, iterations);
        assert!(best.bound <= s.bound(width, iterations) * (1.0 + ROUNDING));
    }
    // The bound for twice the width is wrong, and the test detects this.
    let planted = violations(2.0, 1.0).len();
    println!("a factor 2 in the width is noticed in {planted} of {COMBINATIONS} settings");
    assert!(planted >= 10);
}

/// The same for PL-1b, which is nearly attained where a single harmonic of many dimensions is a label with heavy tails: its
/// mean over 50 draws is no normal variable. The losses are therefore averaged over all targets of the same energies.
#[test]
#[ignore = "slow"]
fn no_mean_over_hidden_units_and_targets_exceeds_that_of_the_best_comparator() {
    const SOME: u64 = 3;
    const FEW: u64 = 20;
    let found: Vec<(Estimate, [f64; 3])> = (0..COMBINATIONS / SOME)
        .into_par_iter()
        .map(|index| {
            let index = SOME * index;
            let s = setting(index);
            let (spectrum, width) = (s.spectrum(), s.width as f64);
            let mut energies = s.target.power_spectrum(LISTED).unwrap();
            energies.tail_energy = 0.0;
            let share = s.step.unwrap_or(1.0);
            let sizes = Sizes { rows: f64::INFINITY, width };
            let losses: Vec<f64> = (0..FEW)
                .map(|seed| {
                    let draw = Draw::new(&spectrum, &energies, 0.0, sizes, seed).unwrap();
                    draw.descent(share / spectrum.norm_sq(), s.iterations)
                })
                .collect();
            let (inverse_step, t) = (spectrum.norm_sq() / share, s.iterations as f64);
            let best = |width: f64| smallest_loss_bound(&energies, &spectrum, width, inverse_step, t).bound;
            (mean(&losses), [best(width), best(2.0 * width), energies.total()])
        })
        .collect();
    let mut planted = 0;
    for (loss, [bound, of_twice, total]) in &found {
        let least = loss.value - 4.0 * loss.standard_error;
        assert!(least <= bound + ROUNDING * total, "{loss:?} above {bound}");
        planted += usize::from(least > of_twice + ROUNDING * total);
    }
    println!("a factor 2 in the width of PL-1b is noticed in {planted} of {} settings", found.len());
    assert!(planted >= 20);
}

/// The inequality behind the iterations' term, draw by draw, for the comparator that comes nearest to it:
/// ||g - f_T||^2 <= ||g - h||^2 + |v|^2 / (2 eta T) for the coefficients v = c (1 - rho) in the eigenbasis of K. In
/// the mean, with the comparator of PL-1, at most 1/e of that term is attained (docs/decisions/0010), so a factor of
/// two in T is detected here and not there.
#[test]
#[ignore = "slow"]
fn the_iterations_term_is_nearly_attained_and_never_exceeded() {
    let gaps = |planted: f64| -> Vec<f64> {
        (0..COMBINATIONS)
            .into_par_iter()
            .map(|index| {
                let s = setting(index);
                let quadratic = s.quadratic(index);
                let path = GradientPath::new(&quadratic, s.step(), &mut Silent).unwrap();
                let (eta, t) = (path.step(), s.iterations as f64);
                let eigen = symmetric_eigen(quadratic.k()).unwrap();
                let b = eigen.vectors.times_vector(quadratic.b().row(0));
                let largest = eigen.values.last().copied().unwrap();
                let v: Vec<f64> = eigen
                    .values
                    .iter()
                    .zip(&b)
                    .map(|(&lambda, b)| {
                        // Directions that are not distinguished from zero do not contribute.
                        let moves = lambda > 1e-12 * largest;
                        if moves { -b / lambda * (2.0 * t * (-eta * lambda).ln_1p()).exp_m1() } else { 0.0 }
                    })
                    .collect();
                let norm: f64 = v.iter().map(|x| x * x).sum();
                let coefficients = Matrix::from_rows(1, v.len(), v).unwrap().times(&eigen.vectors);
                let comparator = quadratic.losses(&coefficients).unwrap()[0];
                let scale = 2.0 * quadratic.c()[0] + norm / (eta * t);
                (path.loss(s.iterations) - comparator - norm / (2.0 * eta * t * planted)) / scale
            })
            .collect()
    };
    let worst = gaps(1.0).into_iter().fold(f64::NEG_INFINITY, f64::max);
    println!("largest excess over the inequality {worst:.1e}");
    assert!(worst <= ROUNDING, "{worst:e}");
    let noticed = gaps(2.0).into_iter().filter(|gap| *gap > 1e-6).count();
    println!("a factor 2 in T is noticed in {noticed} of {COMBINATIONS} settings");
    assert!(noticed >= 10);
}

/// Computes the loss at infinite width by the formula of GD-1, each factor by repeated multiplication.
fn loss_of_infinite_width(target: &PowerSpectrum, spectrum: &Spectrum, t: u64) -> f64 {
    let of_degree = |(k, energy): (usize, &f64)| {
        let factor = 1.0 - spectrum.eigenvalue(k).unwrap() / spectrum.norm_sq();
        (0..2 * t).fold(*energy, |left, _| left * factor)
    };
    target.energies.iter().enumerate().map(of_degree).sum::<f64>() + target.tail_energy
}

#[test]
fn infinite_width_reaches_the_goal_of_a_plan_at_the_predicted_count_and_not_before() {
    for (text, dim, activation, scale, degree, epsilon) in [
        ("0.3*harmonic(2, axis=e1)+x1", 5, "t+0.02*t^2", 1.0, 2, 0.1),
        ("0.5*x1^3*x2 - 0.7*x3 + 0.3*x1^2", 5, "softplus", 3.0, 2, 0.01),
        ("0.5*x1^3*x2 - 0.7*x3 + 0.3*x1^2", 5, "softplus", 3.0, 4, 0.02),
        ("0.8*harmonic(1) + 0.6*harmonic(2) + 0.3*harmonic(3)", 8, "relu", 1.0, 3, 0.3),
        ("0.8*harmonic(1) + 0.6*harmonic(2) + 0.1*harmonic(4)", 8, "relu", 1.0, 4, 0.02),
        ("0.2 + x1 + 0.3*x2*x3", 6, "exp", 2.0, 2, 0.05),
    ] {
        let dim = Dim::new(dim).unwrap();
        let target = Target::parse(text, dim, 0).unwrap().power_spectrum(degree).unwrap();
        let spectrum = Spectrum::new(&Activation::parse(activation).unwrap(), dim, scale, degree).unwrap();
        let plan =
            Plan::new(&target, &spectrum, Goal { degree, epsilon, width: None, iterations: None }).unwrap();
        let goal = plan.best_polynomial_error + plan.invisible_energy + plan.undetermined_energy + epsilon;
        let count = plan.operator_iterations.unwrap();
        let at = |t: u64| loss_of_infinite_width(&target, &spectrum, t);
        assert!(at(count) <= goal * (1.0 + 1e-12), "{text}: {} after {count}, goal {goal}", at(count));
        assert!(at(count - 1) > goal, "{text}: {} after {} already, goal {goal}", at(count - 1), count - 1);
    }
}
