//! Networks with moving hidden units: their loss on a target and the exact gradient, compared with quadrature that does
//! not use degrees, and with samples.

use rand::Rng;
use rayon::prelude::*;
use std::f64::consts::PI;
use std::sync::Arc;
use zonal::activation::{Activation, Function};
use zonal::dynamics::{Descent, Source, Step};
use zonal::linalg::{Matrix, dot};
use zonal::measure::{MovingEnergies, moving_energies};
use zonal::network::{Architecture, Layers, Parametrisation, Start, Weights};
use zonal::numeric::random::{Purpose, stream, uniform};
use zonal::observer::Silent;
use zonal::risk::BothLayers;
use zonal::sphere::{Dim, uniform_points};
use zonal::statistics::Precision;
use zonal::target::Target;

fn architecture(activation: &str, scale: f64, dim: usize, width: usize) -> Architecture {
    Architecture {
        activation: Activation::parse(activation).unwrap(),
        scale,
        dim,
        width,
        labels: 1,
        biases: false,
        on_sphere: false,
        parametrisation: Parametrisation::Standard,
    }
}

fn measured(a: &Architecture, weights: &Weights, target: &Target, max_degree: usize) -> MovingEnergies {
    moving_energies(a, weights, target, max_degree, &mut Silent).unwrap()
}

/// Evaluates c sum_j a_j phi(s <w_j, x> + b_j) directly from the formula.
fn network(a: &Architecture, weights: &Weights, x: &[f64]) -> f64 {
    let unit = |j: usize| {
        let z = a.scale * dot(weights.hidden.row(j), x) + weights.biases[j];
        weights.output.row(0)[j] * a.activation.value(z)
    };
    a.factor() * (0..a.width).map(unit).sum::<f64>()
}

/// Computes the Gauss-Legendre nodes and weights on [-1, 1] by Newton's method.
fn gauss(count: usize) -> Vec<(f64, f64)> {
    let legendre = |x: f64| {
        let (mut before, mut value) = (1.0, x);
        for k in 1..count {
            let k = k as f64;
            (before, value) = (value, ((2.0 * k + 1.0) * x * value - k * before) / (k + 1.0));
        }
        (value, count as f64 * (x * value - before) / (x * x - 1.0))
    };
    let node = |i: usize| {
        let mut x = (PI * (i as f64 + 0.75) / (count as f64 + 0.5)).cos();
        for _ in 0..8 {
            let (value, slope) = legendre(x);
            x -= value / slope;
        }
        let slope = legendre(x).1;
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..count).map(node).collect()
}

/// Computes the expectation of `term` over the circle (n = 2) or the sphere (n = 3) by `count` points per half turn:
/// spectrally accurate for smooth functions, and to 1 / count^2 for kinked ones.
fn expectation(
    dim: usize,
    count: usize,
    outputs: usize,
    term: impl Fn(&[f64], &mut [f64]) + Sync,
) -> Vec<f64> {
    let around = 2 * count;
    let heights = if dim == 2 { vec![(0.0, 2.0)] } else { gauss(count) };
    let ring = |&(z, w): &(f64, f64)| {
        let radius = ((1.0 - z) * (1.0 + z)).sqrt();
        let mut sums = vec![0.0; outputs];
        let mut values = vec![0.0; outputs];
        for i in 0..around {
            let angle = 2.0 * PI * (i as f64 + 0.3) / around as f64;
            let x = [radius * angle.cos(), radius * angle.sin(), z];
            term(&x[..dim], &mut values);
            sums.iter_mut().zip(&values).for_each(|(s, v)| *s += 0.5 * w * v / around as f64);
        }
        sums
    };
    let rings: Vec<Vec<f64>> = heights.par_iter().map(ring).collect();
    (0..outputs).map(|k| rings.iter().map(|r| r[k]).sum()).collect()
}

fn quadrature_loss(a: &Architecture, weights: &Weights, target: &Target, count: usize) -> f64 {
    expectation(a.dim, count, 1, |x, out| {
        out[0] = (network(a, weights, x) - target.value(x).unwrap()).powi(2)
    })[0]
}

/// Returns the weights after some steps of the mode in which the program would train.
fn trained(a: &Architecture, target: &Target, start: Start, seed: u64, steps: u64) -> Weights {
    let weights = a.weights(start, seed).unwrap();
    let source = match BothLayers::exists(&a.activation, a.biases) {
        true => Source::Exact { target },
        false => Source::Fresh { target, batch: 512 },
    };
    let mut descent =
        Descent::new(a, Layers::Both, &weights, source, Step::Auto, Precision::F64, seed).unwrap();
    descent.run(steps, steps, &mut Silent).unwrap();
    descent.weights()
}

#[test]
#[ignore = "slow"]
fn losses_hold_the_energy_of_every_degree_whatever_degrees_are_listed() {
    let mixed = "0.5*x1*x2 + 0.4*harmonic(3, axis=e1)";
    for (activation, scale, dim, text, points, allowed) in [
        ("sin", 40.0, 3, mixed, 300, 1e-11),
        ("cos(60*t)", 1.0, 3, "0.5*x1*x2", 300, 1e-11),
        ("tanh", 12.0, 3, mixed, 700, 1e-11),
        ("sigmoid", 40.0, 3, mixed, 700, 1e-11),
        ("sin", 900.0, 3, "x1", 1200, 1e-10),
        ("relu(sin(12*t))", 1.0, 2, "0.5*x1*x2 + 0.3*x2", 1_000_000, 2e-6),
    ] {
        let target = Target::parse(text, Dim::new(dim).unwrap(), 0).unwrap();
        let a = architecture(activation, scale, dim as usize, 20);
        // Beyond 768 degrees there is no exact descent.
        let steps: &[u64] = if scale > 100.0 { &[0] } else { &[0, 20] };
        for &steps in steps {
            let weights = match steps {
                0 => a.weights(Start::Random, 0).unwrap(),
                _ => trained(&a, &target, Start::Random, 0, steps),
            };
            let exact = quadrature_loss(&a, &weights, &target, points);
            let by_listed = [4, 20, 60].map(|listed| measured(&a, &weights, &target, listed));
            for found in &by_listed {
                let off = (found.energies.total() - exact).abs();
                assert!(off < allowed * (1.0 + exact), "{activation}, {steps}: {off:e} of {exact}");
                assert!(found.error < 1e-3 * exact, "{activation}, {steps}: bound {:e}", found.error);
                assert!(
                    (found.energies.total() - by_listed[0].energies.total()).abs() < 1e-12 * (1.0 + exact)
                );
            }
            // The listed energies and the energy beyond are the same sums, split at another degree.
            let moved: f64 = by_listed[1].energies.energies[5..].iter().sum();
            let rest = by_listed[0].energies.tail_energy - by_listed[1].energies.tail_energy;
            assert!((rest - moved).abs() < 1e-12 * (1.0 + exact), "{activation}: {rest} {moved}");
        }
    }
}

/// The three losses were computed by descent with gradients by quadrature of 120 times 240 points, with these two
/// steps.
#[test]
#[ignore = "slow"]
fn exact_descent_of_biased_units_follows_gradients_by_quadrature() {
    let target = Target::parse("harmonic(2, axis=e1)+0.2*x1", Dim::new(3).unwrap(), 65).unwrap();
    let a = Architecture {
        biases: true,
        parametrisation: Parametrisation::MeanField,
        ..architecture("sigmoid", 1.0, 3, 20)
    };
    let mut weights = a.weights(Start::Zero, 65).unwrap();
    let (mut t, mut step) = (0, 79.920_605_715_839_09);
    for (until, loss) in [(60, Some(0.3625955)), (69, None), (200, Some(0.0059644)), (400, Some(0.0019688))] {
        let source = Source::Exact { target: &target };
        let fixed = Step::Fixed(step);
        let mut descent =
            Descent::new(&a, Layers::Both, &weights, source, fixed, Precision::F64, 65).unwrap();
        descent.run(until - t, until - t, &mut Silent).unwrap();
        weights = descent.weights();
        t = until;
        let Some(loss) = loss else {
            step = 31.103_664_075_228_9;
            continue;
        };
        let found = measured(&a, &weights, &target, 6).energies.total();
        assert!((found - loss).abs() < 1e-7, "{t}: {found} {loss}");
        let by_points = quadrature_loss(&a, &weights, &target, 200);
        assert!((found - by_points).abs() < 1e-12, "{t}: {found} {by_points}");
    }
}

/// Computes the gradient of half the loss by quadrature: output weights, then biases, then hidden weights.
fn quadrature_gradient(a: &Architecture, weights: &Weights, target: &Target, count: usize) -> Vec<f64> {
    let (m, n, c) = (a.width, a.dim, a.factor());
    expectation(n, count, m * (n + 2), |x, out| {
        let residual = network(a, weights, x) - target.value(x).unwrap();
        for j in 0..m {
            let z = a.scale * dot(weights.hidden.row(j), x) + weights.biases[j];
            let slope = c * weights.output.row(0)[j] * a.activation.slope(z) * residual;
            out[j] = c * a.activation.value(z) * residual;
            out[m + j] = slope;
            for k in 0..n {
                out[2 * m + j * n + k] = a.scale * x[k] * slope;
            }
        }
    })
}

#[test]
#[ignore = "slow"]
fn gradients_of_biased_units_are_those_of_quadrature_for_any_length_and_bias() {
    let smooth = ["sigmoid", "tanh", "erf", "gelu", "silu", "softplus", "sin", "cos"];
    let mut beyond = 0;
    for index in 0..120 {
        let rng = &mut stream(index, Purpose::Target, 21);
        let n = 2 + (index % 2) as usize;
        let text = if n == 2 { "x1*x2 + 0.3*x1" } else { "harmonic(2, axis=e1) + 0.2*x1 + 0.1*x2*x3" };
        let target = Target::parse(text, Dim::new(n as u64).unwrap(), 0).unwrap();
        let scale = 0.5 * 60f64.powf(uniform(rng));
        let name = smooth[(index / 2) as usize % smooth.len()];
        let a = Architecture { biases: true, ..architecture(name, scale, n, 3) };
        let mut weights = a.weights(Start::Random, index).unwrap();
        weights.hidden.values_mut().iter_mut().for_each(|w| *w *= 0.3 + 1.2 * uniform(rng));
        // Up to twice the largest argument without a bias: the arguments of half of the units never reach zero.
        weights.biases.iter_mut().for_each(|b| *b = 2.0 * scale * (2.0 * uniform(rng) - 1.0));
        let has_zero = |j: usize| {
            let w = weights.hidden.row(j);
            weights.biases[j].abs() < scale * dot(w, w).sqrt()
        };
        beyond += (0..3).filter(|j| !has_zero(*j)).count();
        let risk = BothLayers::new(&target, &a, Layers::Both).unwrap();
        let (loss, found) = risk.gradient(&weights).unwrap();
        let points = if n == 2 { 4000 } else { 600 };
        let exact = quadrature_gradient(&a, &weights, &target, points);
        let found: Vec<f64> = [found.output.values(), &found.biases, found.hidden.values()].concat();
        let size = 1.0 + exact.iter().fold(0.0, |s: f64, x| s.max(x.abs()));
        for (i, (found, exact)) in found.iter().zip(&exact).enumerate() {
            let off = (found - exact).abs();
            assert!(off < 1e-11 * size, "{index}, {name}, n = {n}, scale {scale}, {i}: {found} {exact}");
        }
        let exact = quadrature_loss(&a, &weights, &target, points);
        assert!((loss - exact).abs() < 1e-11 * (1.0 + exact), "{index}, {name}: {loss} {exact}");
    }
    assert!(beyond > 100, "{beyond} units without a zero");
}

#[test]
#[ignore = "slow"]
fn fast_units_have_the_gradient_of_quadrature_or_are_refused_with_the_reason() {
    let target = Target::parse("x1*x2 + 0.3*x3", Dim::new(3).unwrap(), 0).unwrap();
    for (name, scale, biases) in [
        ("sin", 100.0, false),
        ("sin", 140.0, true),
        ("cos", 150.0, false),
        ("sin", 300.0, true),
        ("sin", 600.0, false),
        ("tanh", 40.0, true),
        ("sin", 2000.0, false),
        ("sin", 1e9, true),
    ] {
        let a = Architecture { biases, ..architecture(name, scale, 3, 3) };
        let mut weights = a.weights(Start::Random, 2).unwrap();
        if biases {
            weights.biases.copy_from_slice(&[0.3, -0.2 * scale, 1.5 * scale]);
        }
        let risk = BothLayers::new(&target, &a, Layers::Both).unwrap();
        match risk.gradient(&weights) {
            Ok((_, found)) => {
                let exact = quadrature_gradient(&a, &weights, &target, 900);
                let found: Vec<f64> = [found.output.values(), &found.biases, found.hidden.values()].concat();
                for (i, (found, exact)) in found.iter().zip(&exact).enumerate() {
                    let counts = biases || !(3..6).contains(&i);
                    let off = (found - exact).abs() / (1.0 + scale);
                    assert!(!counts || off < 1e-11, "{name} at {scale}, {i}: {found} {exact}");
                }
                assert!(scale < 1000.0, "{name} at {scale}");
            }
            Err(error) => {
                let error = error.to_string();
                assert!(scale > 1000.0, "{name} at {scale}: {error}");
                assert!(error.contains("smaller") && error.contains("scale"), "{error}");
            }
        }
    }
}

/// A random setting: everything on which the loss of a trained network can depend.
struct Setting {
    architecture: Architecture,
    layers: Layers,
    target: Target,
    weights: Weights,
    text: String,
}

const SETTINGS: u64 = 200;
const POINTS: usize = 1_000_000;
const DIMENSIONS: [usize; 5] = [2, 3, 4, 7, 20];

fn choose<'a, T>(rng: &mut impl Rng, list: &'a [T]) -> &'a T {
    &list[(uniform(rng) * list.len() as f64) as usize]
}

fn activations() -> Vec<Activation> {
    let formulas = [
        "relu(sin(5*t))",
        "max(t,0.3) - 0.2*t^2",
        "tanh(3*t) + abs(t - 0.2)",
        "cos(9*t)",
        "sqrt(1 + t^2)",
        "exp(-20*(t - 0.4)^2)",
    ];
    let closure = Function::new("hat", vec![-0.5, 0.5], |t| (1.0 - (t.abs() - 0.5).abs()).max(-1.0));
    let formulas = formulas.into_iter().map(|f| Activation::parse(f).unwrap());
    let closure = Activation::Function(Arc::new(closure));
    Activation::NAMED.into_iter().chain(formulas).chain([closure]).collect()
}

/// Draws a scale; the squares of growing activations must have a variance that a sample can resolve.
fn scale(rng: &mut impl Rng, activation: &Activation) -> f64 {
    let grows = matches!(
        activation,
        Activation::Exp
            | Activation::Cube
            | Activation::Square
            | Activation::SquaredRelu
            | Activation::Hermite(_)
    );
    let most: f64 = if grows { 2.0 } else { 30.0 };
    0.4 * (most / 0.4).powf(uniform(rng))
}

fn setting(index: u64, activations: &[Activation]) -> Setting {
    let rng = &mut stream(index, Purpose::Target, 2121);
    let activation = activations[index as usize % activations.len()].clone();
    let dim = DIMENSIONS[index as usize / activations.len() % DIMENSIONS.len()];
    let targets = [
        "0.5*x1*x2 + 0.4*harmonic(3, axis=e1)",
        "harmonic(2) - 0.3*x1",
        "0.4*neuron(tanh) + 0.2",
        "teacher(relu, units=2) - x2",
        "0.7*harmonic(4) + 0.1*x1^3",
    ];
    let text = *choose(rng, &targets);
    let target = Target::parse(text, Dim::new(dim as u64).unwrap(), index).unwrap();
    let architecture = Architecture {
        scale: scale(rng, &activation),
        activation,
        dim,
        width: 2 + (uniform(rng) * 4.0) as usize,
        labels: 1,
        biases: uniform(rng) < 0.5,
        on_sphere: uniform(rng) < 0.3,
        parametrisation: *choose(
            rng,
            &[Parametrisation::Standard, Parametrisation::Ntk, Parametrisation::MeanField],
        ),
    };
    let layers = *choose(rng, &[Layers::Both, Layers::Hidden]);
    let start = *choose(rng, &[Start::Random, Start::Symmetric]);
    let mut weights = architecture.weights(start, index).unwrap();
    // As after a long training: individual lengths and biases.
    if !architecture.on_sphere {
        weights.hidden.values_mut().iter_mut().for_each(|w| *w *= 0.5 + uniform(rng));
    }
    if architecture.biases {
        let reach = architecture.scale.min(3.0);
        weights.biases.iter_mut().for_each(|b| *b = 1.5 * reach * (2.0 * uniform(rng) - 1.0));
    }
    let mode = ["exact or fresh", "fresh", "rows"][index as usize % 3];
    let text = format!(
        "{index}: {} at {:.3}, n = {dim}, m = {}, {layers:?}, biases {}, sphere {}, {:?}, {mode}, {text}",
        architecture.activation,
        architecture.scale,
        architecture.width,
        architecture.biases,
        architecture.on_sphere,
        architecture.parametrisation
    );
    let weights = two_steps(&architecture, layers, weights, &target, mode, index);
    Setting { architecture, layers, target, weights, text }
}

/// Performs two steps of the mode; none for code, whose slope is not known.
fn two_steps(
    a: &Architecture,
    layers: Layers,
    weights: Weights,
    target: &Target,
    mode: &str,
    seed: u64,
) -> Weights {
    if !a.activation.has_slope() {
        return weights;
    }
    let points = uniform_points(target.dim(), 40, seed, Purpose::Batches);
    let labels: Vec<f64> = (0..40).map(|i| target.value(points.row(i)).unwrap()).collect();
    let labels = Matrix::from_rows(40, 1, labels).unwrap();
    let source = match mode {
        "rows" => Source::Rows { points: &points, labels: &labels, batch: None },
        "exact or fresh" if BothLayers::exists(&a.activation, a.biases) => Source::Exact { target },
        _ => Source::Fresh { target, batch: 30 },
    };
    let step = Step::Fixed(0.02 / (a.scale * a.scale));
    let mut descent = Descent::new(a, layers, &weights, source, step, Precision::F64, seed).unwrap();
    descent.run(2, 2, &mut Silent).unwrap();
    descent.weights()
}

/// Returns the mean and standard error of the squared residual over the points.
fn sampled_loss(setting: &Setting, points: &Matrix) -> (f64, f64) {
    let Setting { architecture, target, weights, .. } = setting;
    let block = |from: usize| {
        let to = (from + 10_000).min(points.rows());
        (from..to).fold((0.0, 0.0), |sums, i| {
            let x = points.row(i);
            let square = (network(architecture, weights, x) - target.value(x).unwrap()).powi(2);
            (sums.0 + square, sums.1 + square * square)
        })
    };
    let blocks: Vec<usize> = (0..points.rows()).step_by(10_000).collect();
    let (sum, squares) =
        blocks.into_par_iter().map(block).reduce(|| (0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    let count = points.rows() as f64;
    let mean = sum / count;
    (mean, ((squares / count - mean * mean) / count).sqrt())
}

/// 200 settings at 4.9 standard errors, alpha 1e-6 each and 2e-4 together; if the exact descent has a loss, it is the
/// measured one.
#[test]
#[ignore = "slow"]
fn losses_of_all_activations_in_all_modes_are_those_of_a_sample() {
    let activations = activations();
    let points =
        DIMENSIONS.map(|dim| uniform_points(Dim::new(dim as u64).unwrap(), POINTS, 5, Purpose::Points));
    let mut wrong = Vec::new();
    for index in 0..SETTINGS {
        let setting = setting(index, &activations);
        let Setting { architecture: a, weights, target, text, layers } = &setting;
        let found = measured(a, weights, target, 6);
        let loss = found.energies.total();
        let points = &points[DIMENSIONS.iter().position(|d| *d == a.dim).unwrap()];
        let (mean, error) = sampled_loss(&setting, points);
        if (loss - mean).abs() > 4.9 * error + found.error {
            wrong.push(format!("{text}: {loss} +- {:e}, {mean} +- {error}", found.error));
        }
        // A bound so wide that anything would pass is not useful. Jumps with biases have no better one.
        let jumps = matches!(a.activation, Activation::Step | Activation::Sign);
        if found.error > 1e-3 * loss && !jumps {
            wrong.push(format!("{text}: loss {loss}, bound {:e}", found.error));
        }
        if BothLayers::exists(&a.activation, a.biases) {
            let exact = BothLayers::new(target, a, *layers).unwrap().gradient(weights).unwrap().0;
            if (loss - exact).abs() > 1e-11 * (1.0 + loss) {
                wrong.push(format!("{text}: {loss}, exact descent has {exact}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {SETTINGS}:\n{}", wrong.len(), wrong.join("\n"));
}
