//! Descent on both layers: gradients compared with differences, many steps with a plain implementation, exact
//! expectations with rows; and the automatic step.

use zonal::activation::Activation;
use zonal::dynamics::{Descent, GradientPath, LinearPrediction, Source, Step, Stepper};
use zonal::linalg::{Matrix, dot};
use zonal::measure::{moving_energies, residual_energies, sampled_energies};
use zonal::network::{Architecture, Layers, Network, Parametrisation, Start, Weights};
use zonal::numeric::random::Purpose;
use zonal::observer::{Silent, StopReason};
use zonal::risk::{BothLayers, Population};
use zonal::sphere::{Dim, uniform_points};
use zonal::statistics::Precision;
use zonal::target::Target;

const LAYERS: [Layers; 3] = [Layers::Output, Layers::Hidden, Layers::Both];
const PARAMETRISATIONS: [Parametrisation; 3] =
    [Parametrisation::Standard, Parametrisation::Ntk, Parametrisation::MeanField];

fn architecture(activation: &Activation, dim: usize, width: usize) -> Architecture {
    Architecture {
        activation: activation.clone(),
        scale: 1.3,
        dim,
        width,
        labels: 1,
        biases: false,
        on_sphere: false,
        parametrisation: Parametrisation::Ntk,
    }
}

/// Returns points and labels.
fn rows(count: usize, dim: usize, labels: usize) -> (Matrix, Matrix) {
    let points = uniform_points(Dim::new(dim as u64).unwrap(), count, 11, Purpose::Points);
    let value = |i: usize| 0.5 * points.row(i / labels)[i % dim] + (i as f64).sin();
    let labels = Matrix::from_rows(count, labels, (0..count * labels).map(value).collect()).unwrap();
    (points, labels)
}

/// Computes (1/2) E sum_l (f_l - y_l)^2 directly from the formula.
fn loss(a: &Architecture, weights: &Weights, (points, labels): &(Matrix, Matrix)) -> f64 {
    let row = |i: usize| {
        let unit = |j: usize| {
            a.activation.value(a.scale * dot(weights.hidden.row(j), points.row(i)) + weights.biases[j])
        };
        let phi: Vec<f64> = (0..a.width).map(unit).collect();
        let square = |l: usize| (a.factor() * dot(weights.output.row(l), &phi) - labels.row(i)[l]).powi(2);
        (0..a.labels).map(square).sum::<f64>()
    };
    0.5 * (0..points.rows()).map(row).sum::<f64>() / points.rows() as f64
}

/// Returns one weight of each kind, selected by a number.
fn weight(weights: &mut Weights, index: usize) -> &mut f64 {
    let (hidden, biases) = (weights.hidden.values().len(), weights.biases.len());
    match index {
        i if i < hidden => &mut weights.hidden.values_mut()[i],
        i if i < hidden + biases => &mut weights.biases[i - hidden],
        i => &mut weights.output.values_mut()[i - hidden - biases],
    }
}

/// Computes d f / d weight by Richardson's extrapolation of central differences.
fn difference(weights: &Weights, index: usize, f: impl Fn(&Weights) -> f64) -> f64 {
    let central = |h: f64| {
        let moved = |by: f64| {
            let mut weights = weights.clone();
            *weight(&mut weights, index) += by;
            f(&weights)
        };
        (moved(h) - moved(-h)) / (2.0 * h)
    };
    let h = 2e-4;
    (4.0 * central(h / 2.0) - central(h)) / 3.0
}

#[test]
fn gradients_are_differences_for_every_activation_layer_bias_and_parametrisation() {
    let formula = Activation::parse("t*tanh(t) + 0.3*relu(t + 0.2)").unwrap();
    let mut compared = 0;
    for activation in Activation::NAMED.into_iter().chain([formula]) {
        for layers in LAYERS {
            for biases in [false, true] {
                for parametrisation in PARAMETRISATIONS {
                    let labels = 1 + compared % 2;
                    let a =
                        Architecture { biases, parametrisation, labels, ..architecture(&activation, 4, 6) };
                    let mut weights = a.weights(Start::Random, 3).unwrap();
                    if biases {
                        weights.biases.iter_mut().enumerate().for_each(|(j, b)| *b = 0.07 * j as f64 - 0.1);
                    }
                    let rows = rows(9, 4, labels);
                    let mut stepper = Stepper::new(&a, layers, &weights, Precision::F64).unwrap();
                    let batch = stepper.batch(&rows.0, &rows.1).unwrap();
                    let (losses, found) = stepper.gradient(&batch).unwrap();
                    assert!((0.5 * losses.iter().sum::<f64>() - loss(&a, &weights, &rows)).abs() < 1e-14);
                    let gradient =
                        Weights { hidden: found.hidden, biases: found.biases, output: found.output };
                    for index in 0..6 * 4 + 6 + labels * 6 {
                        let (in_hidden, in_biases) = (index < 24, (24..30).contains(&index));
                        let trained = if in_hidden || in_biases { layers.hidden() } else { layers.output() };
                        let exact = if trained && (biases || !in_biases) {
                            difference(&weights, index, |w| loss(&a, w, &rows))
                        } else {
                            0.0
                        };
                        let value = *weight(&mut gradient.clone(), index);
                        assert!(
                            (value - exact).abs() < 1e-7,
                            "{activation}, {layers:?}, {biases}, {parametrisation:?}, weight {index}: {value} {exact}"
                        );
                    }
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 20 * 18);
}

/// Performs one step directly from the formulas.
fn plain_step(a: &Architecture, layers: Layers, weights: &mut Weights, rows: &(Matrix, Matrix), step: f64) {
    let (points, labels) = rows;
    let (c, count) = (a.factor(), points.rows() as f64);
    let before = weights.clone();
    for i in 0..points.rows() {
        let z: Vec<f64> = (0..a.width)
            .map(|j| a.scale * dot(before.hidden.row(j), points.row(i)) + before.biases[j])
            .collect();
        let phi: Vec<f64> = z.iter().map(|z| a.activation.value(*z)).collect();
        let residual = c * dot(before.output.row(0), &phi) - labels.row(i)[0];
        for j in 0..a.width {
            if layers.output() {
                weights.output.row_mut(0)[j] -= step * c * residual * phi[j] / count;
            }
            if layers.hidden() {
                let error = c * residual * before.output.row(0)[j] * a.activation.slope(z[j]) / count;
                for k in 0..a.dim {
                    weights.hidden.row_mut(j)[k] -= step * a.scale * error * points.row(i)[k];
                }
                if a.biases {
                    weights.biases[j] -= step * error;
                }
            }
        }
    }
    if layers.hidden() && a.on_sphere {
        for j in 0..a.width {
            let length = dot(weights.hidden.row(j), weights.hidden.row(j)).sqrt();
            weights.hidden.row_mut(j).iter_mut().for_each(|w| *w /= length);
        }
    }
}

fn largest_difference(a: &Weights, b: &Weights) -> f64 {
    let all = |w: &Weights| [w.hidden.values(), &w.biases, w.output.values()].concat();
    all(a).iter().zip(all(b)).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

#[test]
fn a_hundred_steps_are_those_of_a_plain_implementation() {
    for (name, width, biases, on_sphere) in [
        ("relu", 70, false, false),
        ("tanh", 33, true, true),
        ("gelu", 40, true, false),
        ("softplus", 5, false, true),
    ] {
        for layers in LAYERS {
            let activation = Activation::parse(name).unwrap();
            let a = Architecture { biases, on_sphere, ..architecture(&activation, 7, width) };
            let rows = rows(150, 7, 1);
            let mut plain = a.weights(Start::Random, 9).unwrap();
            let mut stepper = Stepper::new(&a, layers, &plain, Precision::F64).unwrap();
            let batch = stepper.batch(&rows.0, &rows.1).unwrap();
            for _ in 0..100 {
                stepper.step(&batch, 0.2, f64::MAX).unwrap();
                plain_step(&a, layers, &mut plain, &rows, 0.2);
            }
            let off = largest_difference(&stepper.weights(), &plain);
            assert!(off < 1e-12, "{name}, {layers:?}: {off}");
        }
    }
}

#[test]
#[ignore = "slow"]
fn exact_gradients_are_differences_of_the_exact_loss() {
    let dim = Dim::new(5).unwrap();
    let targets = [
        "0.7*harmonic(2) + 0.4*harmonic(3) + neuron(relu)",
        "x1*x2 - 0.3*x3^3 + 0.2",
        "teacher(tanh, units=3) + 0.5*harmonic(1)",
        "neuron(step) + neuron(erf)",
    ];
    for (name, biases) in [
        ("relu", false),
        ("step", false),
        ("leaky-relu", false),
        ("squared-relu", false),
        ("abs", false),
        ("cube", false),
        ("erf", false),
        ("erf", true),
        ("tanh", true),
        ("gelu", false),
    ] {
        for text in targets {
            let target = Target::parse(text, dim, 4).unwrap();
            let activation = Activation::parse(name).unwrap();
            let a = Architecture { biases, ..architecture(&activation, 5, 6) };
            let mut weights = a.weights(Start::Random, 3).unwrap();
            weights
                .hidden
                .values_mut()
                .iter_mut()
                .enumerate()
                .for_each(|(i, w)| *w *= 1.0 + 0.05 * (i % 7) as f64);
            if biases {
                weights.biases.iter_mut().enumerate().for_each(|(j, b)| *b = 0.07 * j as f64 - 0.1);
            }
            let risk = BothLayers::new(&target, &a, Layers::Both).unwrap();
            let (value, found) = risk.gradient(&weights).unwrap();
            // The loss itself, estimated from a sample.
            let network = Network::from_weights(&a, &weights).unwrap();
            let points = uniform_points(dim, 100_000, 5, Purpose::Points);
            let f = network.values(&weights.output, &points).unwrap();
            let squares: Vec<f64> = (0..points.rows())
                .map(|i| (f.row(i)[0] - target.value(points.row(i)).unwrap()).powi(2))
                .collect();
            let mean = squares.iter().sum::<f64>() / squares.len() as f64;
            let variance = squares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / squares.len() as f64;
            let error = (variance / squares.len() as f64).sqrt();
            // 40 comparisons, alpha 1e-6 each.
            assert!((value - mean).abs() < 4.9 * error + 1e-12, "{name}, {text}: {value} {mean} +- {error}");
            let gradient = Weights { hidden: found.hidden, biases: found.biases, output: found.output };
            for index in (0..30).chain(30..42).filter(|i| biases || !(30..36).contains(i)) {
                let exact = difference(&weights, index, |w| 0.5 * risk.gradient(w).unwrap().0);
                let found = *weight(&mut gradient.clone(), index);
                assert!(
                    (found - exact).abs() < 1e-7,
                    "{name}, {biases}, {text}, weight {index}: {found} {exact}"
                );
            }
        }
    }
}

#[test]
#[ignore = "slow"]
fn descent_on_exact_expectations_of_the_output_layer_is_the_path() {
    let dim = Dim::new(6).unwrap();
    let target = Target::parse("0.7*harmonic(2) + 0.4*x1 + 0.1*neuron(tanh)", dim, 4).unwrap();
    for name in ["relu", "erf"] {
        let activation = Activation::parse(name).unwrap();
        let a = architecture(&activation, 6, 80);
        let weights = a.weights(Start::Zero, 8).unwrap();
        let network = Network::random(activation, a.scale, dim, 80, 8).unwrap();
        assert_eq!(network.directions(), &weights.hidden);
        let path = GradientPath::new(
            &Population::new(&target).quadratic(&network).unwrap(),
            Step::Auto,
            &mut Silent,
        )
        .unwrap();
        let source = Source::Exact { target: &target };
        let step = Step::Fixed(path.step());
        let mut descent =
            Descent::new(&a, Layers::Output, &weights, source, step, Precision::F64, 0).unwrap();
        assert_eq!(descent.run(200, 200, &mut Silent).unwrap(), None);
        let exact = path.coefficients(&[200]);
        let found = descent.weights().output;
        let off = found.values().iter().zip(exact.values()).map(|(x, y)| (x - y).abs());
        assert!(off.fold(0.0, f64::max) < 1e-11, "{name}");
    }
}

#[test]
fn fresh_batches_follow_exact_expectations_on_average() {
    // One step from the same weights: the mean of the step over batches is the exact step.
    let dim = Dim::new(4).unwrap();
    let target = Target::parse("x1*x2 + 0.5*x3", dim, 0).unwrap();
    let a = architecture(&Activation::Relu, 4, 10);
    let weights = a.weights(Start::Random, 1).unwrap();
    let (_, exact) = BothLayers::new(&target, &a, Layers::Both).unwrap().gradient(&weights).unwrap();
    let runs = 400;
    let mut samples = vec![Vec::new(); 10];
    for seed in 0..runs {
        let source = Source::Fresh { target: &target, batch: 50 };
        let step = Step::Fixed(1.0);
        let mut descent =
            Descent::new(&a, Layers::Both, &weights, source, step, Precision::F64, seed).unwrap();
        descent.run(1, 1, &mut Silent).unwrap();
        let after = descent.weights();
        for (j, sample) in samples.iter_mut().enumerate() {
            sample.push(weights.hidden.row(j)[0] - after.hidden.row(j)[0]);
        }
    }
    for (j, sample) in samples.iter().enumerate() {
        let mean = sample.iter().sum::<f64>() / runs as f64;
        let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (runs - 1) as f64;
        let error = (variance / runs as f64).sqrt();
        // Ten comparisons, alpha 1e-6 each.
        assert!((mean - exact.hidden.row(j)[0]).abs() < 4.9 * error, "unit {j}");
    }
}

#[test]
fn a_step_that_diverges_is_a_finding_and_the_automatic_one_recovers() {
    let rows = rows(60, 5, 1);
    let a = architecture(&Activation::Tanh, 5, 50);
    let weights = a.weights(Start::Random, 2).unwrap();
    let source = Source::Rows { points: &rows.0, labels: &rows.1, batch: None };
    let new = |step| Descent::new(&a, Layers::Output, &weights, source, step, Precision::F64, 0).unwrap();
    let limit = new(Step::Auto).largest_stable_step();
    // The output layer alone is a quadratic problem: 2 / curvature is exact.
    let mut stable = new(Step::Fixed(0.98 * limit));
    assert_eq!(stable.run(3_000, 3_000, &mut Silent).unwrap(), None);
    let mut unstable = new(Step::Fixed(1.05 * limit));
    assert_eq!(unstable.run(3_000, 3_000, &mut Silent).unwrap(), Some(StopReason::Diverged));
    assert!(unstable.state().diverged.unwrap() < 3_000);
    assert!(unstable.weights().output.values().iter().all(|x| x.is_finite()));

    // Mean-field weights grow a hundredfold on large labels, and the curvature grows with them.
    let mut large = rows.1.clone();
    large.values_mut().iter_mut().for_each(|y| *y *= 300.0);
    let a = Architecture { parametrisation: Parametrisation::MeanField, ..a };
    let weights = a.weights(Start::Symmetric, 2).unwrap();
    let source = Source::Rows { points: &rows.0, labels: &large, batch: None };
    let mut descent =
        Descent::new(&a, Layers::Both, &weights, source, Step::Auto, Precision::F64, 0).unwrap();
    let mut lowest = f64::INFINITY;
    for t in 1..400 {
        assert_eq!(descent.run(t, 400, &mut Silent).unwrap(), None);
        let loss = descent.state().last_loss.unwrap();
        assert!(loss <= lowest * 1.001 + 1e-9, "iteration {t}: {loss} after {lowest}");
        lowest = lowest.min(loss);
    }
    assert!(descent.state().steps.len() > 1, "the step was never chosen anew");
    assert!(lowest < 0.9 * descent.state().first_loss.unwrap());
}

#[test]
fn batches_cover_the_rows_and_a_snapshot_goes_on_to_the_same_bits() {
    let rows = rows(103, 5, 2);
    let a = Architecture { labels: 2, biases: true, ..architecture(&Activation::Gelu, 5, 300) };
    let weights = a.weights(Start::Symmetric, 2).unwrap();
    let target = Target::parse("x1*x2", Dim::new(5).unwrap(), 0).unwrap();
    let one = Architecture { labels: 1, ..a.clone() };
    let one_weights = one.weights(Start::Symmetric, 2).unwrap();
    let table = |batch| Source::Rows { points: &rows.0, labels: &rows.1, batch };
    for (a, weights, source, precision) in [
        (&a, &weights, table(Some(10)), Precision::F32),
        (&a, &weights, table(None), Precision::F64),
        (&one, &one_weights, Source::Fresh { target: &target, batch: 37 }, Precision::F64),
        (&one, &one_weights, Source::Exact { target: &target }, Precision::F64),
    ] {
        let steps = if matches!(source, Source::Exact { .. }) { 6 } else { 60 };
        let mut whole = Descent::new(a, Layers::Both, weights, source, Step::Auto, precision, 4).unwrap();
        whole.run(steps, steps, &mut Silent).unwrap();
        let mut first = Descent::new(a, Layers::Both, weights, source, Step::Auto, precision, 4).unwrap();
        first.run(steps / 2 + 1, steps, &mut Silent).unwrap();
        let snapshot = first.snapshot();
        let mut second =
            Descent::resume(a, Layers::Both, &snapshot, source, Step::Auto, precision, 4).unwrap();
        second.run(steps, steps, &mut Silent).unwrap();
        assert_eq!(second.snapshot(), whole.snapshot(), "{source:?}");
    }
}

#[test]
fn lbfgs_never_raises_the_loss_and_moves_only_what_is_trained() {
    let rows = rows(150, 5, 2);
    let of_rows = Source::Rows { points: &rows.0, labels: &rows.1, batch: None };
    let target = Target::parse("x1*x2 + 0.5*neuron(relu)", Dim::new(5).unwrap(), 0).unwrap();
    let two = Architecture { labels: 2, biases: true, ..architecture(&Activation::Tanh, 5, 30) };
    let one = architecture(&Activation::Relu, 5, 30);
    for (a, source) in [(&two, of_rows), (&one, Source::Exact { target: &target })] {
        for layers in LAYERS {
            let start = a.weights(Start::Random, 2).unwrap();
            let mut search = Descent::lbfgs(a, layers, &start, source).unwrap();
            let first = search.state().first_loss.unwrap();
            let mut last = first;
            for t in 1..=25 {
                search.run(t, 25, &mut Silent).unwrap();
                let loss = search.state().last_loss.unwrap();
                assert!(loss <= last, "{layers:?} at {t}: {loss} after {last}");
                last = loss;
            }
            assert!(last < 0.7 * first, "{layers:?}: {first} {last}");
            let weights = search.weights();
            assert_eq!(weights.hidden == start.hidden, !layers.hidden());
            assert_eq!(weights.output == start.output, !layers.output());
            // The loss that is reported is that of the weights.
            if let Source::Rows { .. } = source {
                assert!((2.0 * loss(a, &weights, &rows) - last).abs() < 1e-12);
            }
            let evaluations = search.state().search.unwrap().evaluations;
            assert!((26..=75).contains(&evaluations), "{evaluations}");
            // A snapshot goes on to the same bits.
            let mut half = Descent::lbfgs(a, layers, &start, source).unwrap();
            half.run(13, 25, &mut Silent).unwrap();
            let snapshot = half.snapshot();
            let mut rest =
                Descent::resume(a, layers, &snapshot, source, Step::Auto, Precision::F64, 0).unwrap();
            rest.run(25, 25, &mut Silent).unwrap();
            assert_eq!(rest.snapshot(), search.snapshot(), "{layers:?}");
        }
    }
}

#[test]
fn lbfgs_on_the_output_layer_ends_at_the_least_squares_solution() {
    let rows = rows(200, 4, 1);
    let a = architecture(&Activation::Relu, 4, 12);
    let start = a.weights(Start::Zero, 5).unwrap();
    let source = Source::Rows { points: &rows.0, labels: &rows.1, batch: None };
    let mut search = Descent::lbfgs(&a, Layers::Output, &start, source).unwrap();
    search.run(200, 200, &mut Silent).unwrap();
    let after_200 = search.state().last_loss.unwrap();
    search.run(1_000, 1_000, &mut Silent).unwrap();
    let state = search.state();
    assert!(state.search.unwrap().ended.is_some(), "{state:?}");
    // The features of the fixed units, and the best weights by descent for 1e9 iterations at once.
    let network = Network::from_weights(&a, &start).unwrap();
    let quadratic = zonal::risk::Empirical::new(&rows.0, rows.1.values()).quadratic(&network).unwrap();
    let path = GradientPath::new(&quadratic, Step::Auto, &mut Silent).unwrap();
    let best = path.losses(1_000_000_000)[0];
    // A hundredth of what 1,000 steps of descent leave; how many steps the last digits take depends on rounding.
    assert!(after_200 - best < 0.01 * (path.losses(1_000)[0] - best), "{after_200} {best}");
    assert!((state.last_loss.unwrap() - best).abs() < 1e-12, "{:?} {best}", state.last_loss);
}

#[test]
fn lbfgs_refuses_what_it_cannot_do() {
    let rows = rows(50, 4, 1);
    let a = architecture(&Activation::Relu, 4, 6);
    let start = a.weights(Start::Random, 1).unwrap();
    let some = Source::Rows { points: &rows.0, labels: &rows.1, batch: Some(10) };
    let error = Descent::lbfgs(&a, Layers::Both, &start, some).map(drop).unwrap_err();
    assert!(error.to_string().contains("all rows or exact expectations"), "{error}");
    let sphere = Architecture { on_sphere: true, ..a.clone() };
    let all = Source::Rows { points: &rows.0, labels: &rows.1, batch: None };
    assert!(Descent::lbfgs(&sphere, Layers::Both, &start, all).is_err());
    let far = Matrix::from_rows(50, 1, vec![1e200; 50]).unwrap();
    let far = Source::Rows { points: &rows.0, labels: &far, batch: None };
    let mut search = Descent::lbfgs(&a, Layers::Both, &start, far).unwrap();
    assert_eq!(search.run(5, 5, &mut Silent).unwrap(), Some(StopReason::Diverged));
}

/// Returns weights that have left the sphere, with biases if the architecture has them.
fn moved(a: &Architecture, seed: u64) -> Weights {
    let mut weights = a.weights(Start::Random, seed).unwrap();
    weights.hidden.values_mut().iter_mut().enumerate().for_each(|(i, w)| *w *= 1.0 + 0.08 * (i % 5) as f64);
    if a.biases {
        weights.biases.iter_mut().enumerate().for_each(|(j, b)| *b = 0.3 * (j as f64).sin());
    }
    weights
}

#[test]
fn energies_of_moving_units_add_up_to_the_exact_loss() {
    let dim = Dim::new(6).unwrap();
    let target = Target::parse("0.7*harmonic(2) + 0.4*harmonic(3) + 0.3*neuron(relu) + x1", dim, 4).unwrap();
    for (name, biases) in [
        ("relu", false),
        ("step", false),
        ("abs", false),
        ("erf", false),
        ("tanh", true),
        ("gelu", true),
        ("cube", false),
    ] {
        let activation = Activation::parse(name).unwrap();
        let a = Architecture { biases, ..architecture(&activation, 6, 90) };
        let weights = moved(&a, 3);
        let (loss, _) = BothLayers::new(&target, &a, Layers::Both).unwrap().gradient(&weights).unwrap();
        let energies = moving_energies(&a, &weights, &target, 6, &mut Silent).unwrap().energies;
        assert!(
            (energies.total() - loss).abs() < 1e-11 * (1.0 + loss),
            "{name}: {} {loss}",
            energies.total()
        );
    }
    // On the sphere without biases they are those of a fixed hidden layer.
    let a = architecture(&Activation::Relu, 6, 90);
    let weights = a.weights(Start::Random, 3).unwrap();
    let network = Network::random(Activation::Relu, a.scale, dim, 90, 3).unwrap();
    let fixed = residual_energies(&network, &target, &weights.output, 6, &mut Silent).unwrap();
    let free = moving_energies(&a, &weights, &target, 6, &mut Silent).unwrap().energies;
    for k in 0..=6 {
        assert!((fixed[0].energies[k] - free.energies[k]).abs() < 1e-12, "{k}");
    }
    assert!((fixed[0].tail_energy - free.tail_energy).abs() < 1e-12);
}

#[test]
#[ignore = "slow"]
fn energies_of_kinked_units_with_biases_are_those_that_sampling_sees() {
    let dim = Dim::new(4).unwrap();
    let target = Target::parse("x1*x2*x3 + 0.4*x1", dim, 4).unwrap();
    let a = Architecture { biases: true, ..architecture(&Activation::Relu, 4, 30) };
    let weights = moved(&a, 5);
    let energies = moving_energies(&a, &weights, &target, 5, &mut Silent).unwrap().energies;
    let network = Network::from_weights(&a, &weights).unwrap();
    let residual = |x: &[f64]| {
        let point = Matrix::from_rows(1, 4, x.to_vec()).unwrap();
        target.value(x).unwrap() - network.values(&weights.output, &point).unwrap().row(0)[0]
    };
    let points = uniform_points(dim, 20_000, 9, Purpose::Points);
    let values: Vec<f64> = (0..points.rows()).map(|i| residual(points.row(i))).collect();
    let sampled = sampled_energies(&points, &values, 5).unwrap();
    for (k, (exact, found)) in energies.energies.iter().zip(&sampled.energies).enumerate() {
        // Six comparisons, alpha 1e-5 each.
        assert!((found.value - exact).abs() < 4.5 * found.standard_error, "degree {k}: {found:?} {exact}");
    }
}

#[test]
fn the_linear_prediction_is_exact_for_the_output_layer_and_near_for_wide_networks() {
    let rows = rows(60, 5, 1);
    let off = |width: usize, layers: Layers| {
        let a = architecture(&Activation::Tanh, 5, width);
        let weights = a.weights(Start::Symmetric, 2).unwrap();
        let source = Source::Rows { points: &rows.0, labels: &rows.1, batch: None };
        let mut descent = Descent::new(&a, layers, &weights, source, Step::Auto, Precision::F64, 0).unwrap();
        let prediction = LinearPrediction::new(&a, layers, &weights, &rows.0, &rows.1).unwrap();
        descent.run(101, 101, &mut Silent).unwrap();
        // The loss of a step is the loss before it.
        let loss = descent.state().last_loss.unwrap();
        (prediction.loss(&descent.state().steps, 100) / loss - 1.0).abs()
    };
    assert!(off(50, Layers::Output) < 1e-9);
    let (narrow, wide) = (off(50, Layers::Both), off(5_000, Layers::Both));
    assert!(wide < 0.02 && wide < 0.2 * narrow, "{narrow} {wide}");
}

#[test]
fn single_rows_with_heavy_tails_neither_stop_a_descent_nor_shrink_its_step_to_nothing() {
    let (points, mut labels) = rows(200, 5, 1);
    // One label in twenty is a hundred times as large.
    labels.values_mut().iter_mut().enumerate().filter(|(i, _)| i % 20 == 7).for_each(|(_, y)| *y *= 100.0);
    let a = architecture(&Activation::Relu, 5, 40);
    let weights = a.weights(Start::Symmetric, 2).unwrap();
    for batch in [1, 3] {
        let source = Source::Rows { points: &points, labels: &labels, batch: Some(batch) };
        let mut descent =
            Descent::new(&a, Layers::Both, &weights, source, Step::Auto, Precision::F64, 0).unwrap();
        assert_eq!(descent.run(4_000, 4_000, &mut Silent).unwrap(), None);
        let state = descent.state();
        assert_eq!(state.iteration, 4_000);
        assert!(state.step > 1e-4 * state.steps[0].1, "batch {batch}: {} steps", state.steps.len());
        assert!(descent.weights().hidden.values().iter().all(|w| w.is_finite()));
    }
}

#[test]
fn what_is_measured_is_never_taken_back() {
    // A first step far too large for the curvature at the weights after it: the loss increases one step later.
    let (points, mut labels) = rows(60, 5, 1);
    labels.values_mut().iter_mut().for_each(|y| *y *= 300.0);
    let a = Architecture {
        parametrisation: Parametrisation::MeanField,
        ..architecture(&Activation::Tanh, 5, 50)
    };
    let weights = a.weights(Start::Symmetric, 2).unwrap();
    let source = Source::Rows { points: &points, labels: &labels, batch: None };
    let new = || Descent::new(&a, Layers::Both, &weights, source, Step::Auto, Precision::F64, 0).unwrap();
    let mut listed = new();
    for t in 0..200 {
        listed.run(t, 200, &mut Silent).unwrap();
        let seen = listed.state().steps.clone();
        let mut after = new();
        after.run(200, 200, &mut Silent).unwrap();
        // The step sizes used up to here remain.
        let kept: Vec<_> = after.state().steps.iter().filter(|s| s.0 < t).copied().collect();
        let before: Vec<_> = seen.iter().filter(|s| s.0 < t).copied().collect();
        assert_eq!(kept, before, "iteration {t}");
    }
    assert!(listed.state().steps.len() > 1);
}

#[test]
fn poles_at_zero_do_not_reach_a_network_through_what_fills_its_last_panel() {
    let rows = rows(20, 5, 1);
    for name in ["abs(t)^1.5", "t*ln(abs(t))"] {
        let a = architecture(&Activation::parse(name).unwrap(), 5, 1001);
        let weights = a.weights(Start::Random, 2).unwrap();
        let mut stepper = Stepper::new(&a, Layers::Both, &weights, Precision::F64).unwrap();
        let batch = stepper.batch(&rows.0, &rows.1).unwrap();
        for _ in 0..3 {
            assert!(stepper.step(&batch, 0.01, f64::MAX).unwrap()[0].is_finite(), "{name}");
        }
        assert!(stepper.weights().hidden.values().iter().all(|w| w.is_finite()), "{name}");
    }
}

#[test]
fn what_does_not_fit_is_an_error_and_no_panic() {
    let (points, labels) = rows(20, 5, 1);
    let a = architecture(&Activation::Relu, 5, 10);
    let weights = a.weights(Start::Random, 2).unwrap();
    let new =
        |source| Descent::new(&a, Layers::Both, &weights, source, Step::Auto, Precision::F64, 0).map(drop);
    let few = labels.row_range(0, 7);
    let other = Target::parse("x1", Dim::new(4).unwrap(), 0).unwrap();
    let mut broken = points.clone();
    broken.values_mut()[13] = f64::NAN;
    for batch in [None, Some(3)] {
        assert!(new(Source::Rows { points: &points, labels: &few, batch }).is_err());
        assert!(new(Source::Rows { points: &broken, labels: &labels, batch }).is_err());
    }
    assert!(new(Source::Fresh { target: &other, batch: 5 }).is_err());
    assert!(new(Source::Exact { target: &other }).is_err());
    assert!(new(Source::Rows { points: &points, labels: &labels, batch: Some(0) }).is_err());
    // Rows prepared for another network.
    let biased = Architecture { biases: true, ..a.clone() };
    let mut one = Stepper::new(&a, Layers::Both, &weights, Precision::F64).unwrap();
    let other = Stepper::new(&biased, Layers::Both, &weights, Precision::F64).unwrap();
    let batch = other.batch(&points, &labels).unwrap();
    assert!(one.step(&batch, 0.1, f64::MAX).is_err() && one.gradient(&batch).is_err());
    // A series that does not converge is rejected and not truncated.
    let fast = Architecture { scale: 1000.0, ..architecture(&Activation::Sin, 3, 10) };
    let target = Target::parse("x1", Dim::new(3).unwrap(), 0).unwrap();
    let risk = BothLayers::new(&target, &fast, Layers::Both).unwrap();
    let refused = risk.gradient(&fast.weights(Start::Random, 0).unwrap()).unwrap_err().to_string();
    assert!(refused.contains("fresh points"), "{refused}");
}
