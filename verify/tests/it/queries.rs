//! Correlations of targets with queries, and the answers of oracles: compared with sampling, with each other, and with
//! the published numbers of the laboratory.

use std::sync::Arc;
use zonal::activation::Activation;
use zonal::dynamics::{Descent, GradientPath, Source, Step};
use zonal::linalg::dot;
use zonal::measure::mean;
use zonal::network::{Architecture, Layers, Network, Parametrisation, Start};
use zonal::numeric::random::Purpose;
use zonal::observer::Silent;
use zonal::risk::{BothLayers, Empirical, GradientOracle, Population, answered_quadratic};
use zonal::sphere::{Dim, uniform_point, uniform_points};
use zonal::statistics::Precision;
use zonal::target::Target;
use zonal_sq::basis::Basis;
use zonal_sq::learner::{self, QueryGradients};
use zonal_sq::{Answers, Convention, Directions, Family, Function, Policy, Query, Secret, Unit};

fn dim(n: u64) -> Dim {
    Dim::new(n).unwrap()
}

/// Returns families of every kind in dimension 6, degree k.
fn families(k: usize) -> Vec<Arc<Family>> {
    let n = dim(6);
    vec![
        Arc::new(Family::zonal(n, k, 5, Directions::Random, 1).unwrap()),
        Arc::new(Family::random(n, k, 5, 1).unwrap()),
        Arc::new(Family::signs(n, k, 5, 1).unwrap()),
        Arc::new(Family::monomials(n, k, 5, 1).unwrap()),
    ]
}

#[test]
#[ignore = "slow"]
fn expectations_are_those_of_sampling() {
    let n = dim(6);
    let points = uniform_points(n, 40_000, 11, Purpose::Points);
    let mut compared = 0;
    let mut worst = 0.0f64;
    for k in [1usize, 2, 3, 4] {
        let w = uniform_point(n, 12, Purpose::Points, k as u64);
        let relu = Unit::new(Activation::Relu, 1.0, n).unwrap();
        let tanh = Unit::new(Activation::Tanh, 2.0, n).unwrap();
        let basis = Basis::new(n, k, 3).unwrap();
        let set: Arc<[usize]> = (0..k).collect::<Vec<_>>().into();
        let mut queries = vec![
            Query::unit(&relu, &w).unwrap(),
            Query::unit(&tanh, &w).unwrap(),
            Query::unit(&relu, &w).unwrap().clipped(),
            Query::correlation(Function::Harmonic { degree: k, direction: w.clone().into() }, n).unwrap(),
            Query::correlation(Function::Dense(Arc::new(basis.function(1))), n).unwrap(),
            Query::correlation(Function::Signs(set.clone()), n).unwrap(),
            Query::correlation(Function::Monomial(set), n).unwrap(),
        ];
        queries.push(Query::derivatives(&relu, &w).unwrap()[2].clone());
        for family in families(k) {
            for (member, value) in [(0, 0), (3, 3)] {
                let f: Vec<f64> =
                    (0..points.rows()).map(|i| family.value(value, points.row(i)).unwrap()).collect();
                for query in &queries {
                    // Some have no exact form, which is reported as an error and not approximated.
                    let Ok(exact) = family.answers(query, &[member]) else { continue };
                    let products: Vec<f64> =
                        (0..points.rows()).map(|i| query.value(n, points.row(i), f[i]).unwrap()).collect();
                    let sampled = mean(&products);
                    let z = (exact[0] - sampled.value) / sampled.standard_error.max(1e-12);
                    worst = worst.max(z.abs());
                    compared += 1;
                    assert!(z.abs() < 5.0, "{} {k} {query}: {} {}", family.kind(), exact[0], sampled.value);
                }
            }
        }
    }
    println!("{compared} expectations, the furthest {worst:.1} standard errors away");
    // Five standard errors: exceeded by chance in fewer than one of 10^4 runs over all of them.
    assert!(compared > 150);
}

#[test]
#[ignore = "slow"]
fn members_have_norm_one_and_the_correlations_that_are_said() {
    let n = dim(6);
    let points = uniform_points(n, 100_000, 21, Purpose::Points);
    for k in [2usize, 3] {
        for family in families(k) {
            let values: Vec<Vec<f64>> = (0..2)
                .map(|m| (0..points.rows()).map(|i| family.value(m, points.row(i)).unwrap()).collect())
                .collect();
            for (a, b) in [(0, 0), (0, 1), (1, 1)] {
                let products: Vec<f64> = values[a].iter().zip(&values[b]).map(|(x, y)| x * y).collect();
                let sampled = mean(&products);
                let error = (sampled.value - family.correlation(a, b)).abs();
                assert!(
                    error < 5.0 * sampled.standard_error + 1e-12,
                    "{} {k} {a} {b}: {error}",
                    family.kind()
                );
                let asked =
                    family.answers(&Query::correlation(family.member(b), n).unwrap(), &[a]).unwrap()[0];
                assert!((asked - family.correlation(a, b)).abs() < 1e-11, "{} {k}: {asked}", family.kind());
            }
        }
    }
}

#[test]
fn a_basis_is_orthonormal() {
    for (n, k) in [(3, 4), (5, 3), (8, 2), (10, 3)] {
        let basis = Basis::new(dim(n), k, 0).unwrap();
        let functions: Vec<Arc<_>> = (0..basis.len()).map(|i| Arc::new(basis.function(i))).collect();
        // The normalised part of a zonal harmonic about v is its value there over sqrt N: Parseval over the basis.
        let v = uniform_point(dim(n), 5, Purpose::Points, 0);
        let family = Family::zonal(dim(n), k, 1, Directions::Random, 7).unwrap();
        let u = family.directions().unwrap().row(0).to_vec();
        let see = |w: &[f64]| -> Vec<f64> {
            let norm = (basis.len() as f64).sqrt();
            functions.iter().map(|f| Function::Dense(f.clone()).value(dim(n), w).unwrap() / norm).collect()
        };
        let kernel = zonal::legendre::value(dim(n), k, dot(&u, &v));
        assert!((dot(&see(&u), &see(&v)) - kernel).abs() < 1e-10, "{n} {k}");
        assert!((dot(&see(&u), &see(&u)) - 1.0).abs() < 1e-10, "{n} {k}");
    }
}

#[test]
fn policies_keep_their_tolerance_and_their_word() {
    let family = Arc::new(Family::zonal(dim(8), 2, 40, Directions::Random, 3).unwrap());
    let secret = Secret::member(family.clone(), 0).unwrap();
    let queries: Vec<Query> =
        (0..40).map(|i| Query::correlation(family.member(i), dim(8)).unwrap()).collect();
    let truth = secret.expectations(&queries).unwrap();
    let tau = 0.11;
    for policy in [Policy::Honest(tau), Policy::Quantised(tau), Policy::Lazy(tau)] {
        let oracle = secret.oracle(policy, Convention::Unit, 4).unwrap();
        // One at a time in one order, and all at once in another order: the answers are the same.
        let single: Vec<f64> = queries.iter().rev().map(|q| oracle.ask(q).unwrap()).collect();
        let other = secret.oracle(policy, Convention::Unit, 4).unwrap();
        let together = other.ask_all(&queries).unwrap();
        assert!(together.iter().eq(single.iter().rev()), "{policy}");
        for (a, e) in together.iter().zip(&truth) {
            assert!((a - e).abs() <= tau * (1.0 + 1e-12), "{policy}: {a} {e}");
        }
        if policy != Policy::Honest(tau) {
            assert!(together.iter().zip(&truth).all(|(a, e)| (*a == 0.0) == (e.abs() <= tau)), "{policy}");
        }
        assert_eq!(oracle.ask_all(&queries).unwrap(), together);
        assert_eq!((oracle.distinct(), oracle.issued()), (40, 80));
        let kept = oracle.transcript();
        let text = serde_json::to_string(&kept).unwrap();
        let replay = zonal_sq::Replay::new(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(replay.ask_all(&queries).unwrap(), together);
        assert!(replay.ask(&queries[0].clipped()).is_err());
    }
    // With 400 rows, a mean is rarely five standard deviations away.
    let few = secret.oracle(Policy::Sampled { rows: 400, shared: true }, Convention::Unit, 5).unwrap();
    let fresh = secret.oracle(Policy::Sampled { rows: 400, shared: false }, Convention::Unit, 5).unwrap();
    let (a, b) = (few.ask_all(&queries[..5]).unwrap(), fresh.ask_all(&queries[..5]).unwrap());
    assert!(a.iter().chain(&b).zip(truth[..5].iter().chain(&truth[..5])).all(|(x, e)| (x - e).abs() < 1.0));
    assert_ne!(a, b);
    // VSTAT: the distance of the answer is within its own tolerance, which is that of the number of rows.
    let vstat = secret.oracle(Policy::Vstat(1e4), Convention::Unit, 0).unwrap();
    for (query, e) in queries.iter().zip(&truth) {
        // sqrt(1/4 / t) at the middle of [0, 1], which corresponds to an interval of twice the range.
        let widest = query.range(secret.label_bound().unwrap()) * 0.01;
        assert!((vstat.tolerance(query) / widest - 1.0).abs() < 1e-9);
        assert!((vstat.ask(query).unwrap() - e).abs() <= vstat.tolerance(query) * (1.0 + 1e-12));
    }
}

#[test]
fn gradients_through_an_exact_oracle_are_the_exact_ones() {
    let n = dim(5);
    let target = Target::parse("0.6*harmonic(1) + 0.8*harmonic(3)", n, 2).unwrap();
    let secret = Secret::target(target.clone());
    for (activation, scale) in
        [(Activation::Relu, 1.0), (Activation::Tanh, 1.5), (Activation::SquaredRelu, 0.7)]
    {
        let unit = Unit::new(activation.clone(), scale, n).unwrap();
        let network = Network::random(activation, scale, n, 7, 3).unwrap();
        let oracle = secret.oracle(Policy::Exact, Convention::Unit, 0).unwrap();
        let asked = QueryGradients::new(&oracle, unit);
        let population = Population::new(&target);
        let (a, b) = (asked.output_layer(&network).unwrap(), population.output_layer(&network).unwrap());
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-15));
        let (a, b) = (asked.hidden_layer(&network).unwrap(), population.hidden_layer(&network).unwrap());
        assert!(a.values().iter().zip(b.values()).all(|(a, b)| (a - b).abs() < 1e-14));
        // Each unit asks one query for its output weight and n - 1 for its tangents.
        assert_eq!(oracle.distinct(), 7 * 5);
        let path = GradientPath::new(
            &answered_quadratic(&network, &asked, target.norm_sq().unwrap()).unwrap(),
            Step::Auto,
            &mut Silent,
        )
        .unwrap();
        let exact =
            GradientPath::new(&population.quadratic(&network).unwrap(), Step::Auto, &mut Silent).unwrap();
        assert!((path.loss(1000) - exact.loss(1000)).abs() < 1e-12);
        assert_eq!((oracle.distinct(), oracle.issued()), (35, 42));
    }
}

#[test]
#[ignore = "slow"]
fn the_attack_finds_directions_of_odd_and_even_degree() {
    for (n, k, tau) in [(30, 3, 0.01), (30, 2, 0.003), (20, 4, 0.003), (40, 1, 0.01)] {
        let family = Arc::new(Family::zonal(dim(n), k, 3, Directions::Random, 5).unwrap());
        for policy in [Policy::Exact, Policy::Honest(tau), Policy::Lazy(tau)] {
            let secret = Secret::member(family.clone(), 1).unwrap();
            let oracle = secret.oracle(policy, Convention::Range, 1).unwrap();
            let found = learner::attack(&oracle, dim(n), k).unwrap().unwrap();
            let cosine = dot(&found, family.directions().unwrap().row(1)).abs();
            println!("n = {n}, k = {k}, {policy}: |cos| {cosine:.4}");
            // In small dimensions higher degrees of the label distort the answers slightly, so even exact answers are
            // not sufficient.
            let expected = if policy == Policy::Exact { 0.98 } else { 0.9 };
            assert!(cosine > expected, "n = {n}, k = {k}, {policy}: {cosine}");
            assert_eq!(oracle.distinct(), if k % 2 == 1 { n } else { n * (n + 1) / 2 });
        }
    }
}

/// Gradients of hidden units computed in a third way: differences of the correlation with a unit that turns slightly.
#[test]
fn the_hidden_layer_is_the_derivative_of_the_output_layer() {
    let n = dim(4);
    let target = Target::parse("0.6*harmonic(1) + 0.8*harmonic(2) + x1*x2", n, 2).unwrap();
    let points = uniform_points(n, 300, 8, Purpose::Points);
    let labels: Vec<f64> = (0..300).map(|i| target.value(points.row(i)).unwrap()).collect();
    for (activation, scale) in [(Activation::Tanh, 1.5), (Activation::SquaredRelu, 0.8)] {
        let network = Network::random(activation.clone(), scale, n, 3, 6).unwrap();
        let (population, rows) = (Population::new(&target), Empirical::new(&points, &labels));
        let sources: [&dyn GradientOracle; 2] = [&population, &rows];
        for source in sources {
            let gradient = source.hidden_layer(&network).unwrap();
            for j in 0..3 {
                let w = network.directions().row(j).to_vec();
                assert!(dot(&w, gradient.row(j)).abs() < 1e-13, "{activation}: it has a part along the unit");
                for axis in 0..4 {
                    // Along the projection of an axis on the tangent space, on the sphere itself.
                    let e: Vec<f64> =
                        (0..4).map(|i| f64::from(u8::from(i == axis)) - w[axis] * w[i]).collect();
                    let at = |h: f64| {
                        let mut moved = network.directions().clone();
                        let row = moved.row_mut(j);
                        row.iter_mut().zip(&e).for_each(|(x, e)| *x += h * e);
                        let length = dot(row, row).sqrt();
                        row.iter_mut().for_each(|x| *x /= length);
                        let moved = Network::from_directions(activation.clone(), scale, moved).unwrap();
                        source.output_layer(&moved).unwrap()[j] / moved.factor()
                    };
                    let h = 1e-4;
                    let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
                    assert!(
                        (slope - dot(gradient.row(j), &e)).abs() < 1e-9,
                        "{activation} {j} {axis}: {slope} {}",
                        dot(gradient.row(j), &e)
                    );
                }
            }
        }
    }
}

#[test]
fn both_layers_through_an_exact_oracle_are_the_exact_descent() {
    let n = dim(5);
    let target = Target::parse("0.6*harmonic(1) + 0.8*harmonic(2)", n, 2).unwrap();
    let secret = Secret::target(target.clone());
    for (activation, scale) in
        [(Activation::Relu, 1.0), (Activation::SquaredRelu, 1.5), (Activation::Abs, 0.5)]
    {
        let architecture = Architecture {
            activation: activation.clone(),
            scale,
            dim: 5,
            width: 12,
            labels: 1,
            biases: false,
            on_sphere: false,
            parametrisation: Parametrisation::Ntk,
        };
        let start = architecture.weights(Start::Random, 4).unwrap();
        let unit = Unit::new(activation.clone(), scale, n).unwrap();
        let oracle = secret.oracle(Policy::Exact, Convention::Unit, 0).unwrap();
        let asked = QueryGradients::new(&oracle, unit);
        let answered = Source::Answered { oracle: &asked, label_sq: target.norm_sq().unwrap() };
        let run = |source: Source<'_>| {
            let step = Step::Fixed(0.2);
            let mut descent =
                Descent::new(&architecture, Layers::Both, &start, source, step, Precision::F64, 0).unwrap();
            descent.run(60, 60, &mut Silent).unwrap();
            descent.weights()
        };
        let (through, exact) = (run(answered), run(Source::Exact { target: &target }));
        assert!(exact.hidden.values() != start.hidden.values());
        for (a, b) in through.hidden.values().iter().zip(exact.hidden.values()) {
            assert!((a - b).abs() < 1e-11, "{activation}: {a} {b}");
        }
        for (a, b) in through.output.values().iter().zip(exact.output.values()) {
            assert!((a - b).abs() < 1e-11, "{activation}: {a} {b}");
        }
    }
    // Tanh units of other lengths are other functions: this is rejected and not approximated.
    let oracle = secret.oracle(Policy::Exact, Convention::Unit, 0).unwrap();
    let unit = Unit::new(Activation::Tanh, 1.0, n).unwrap();
    let asked = QueryGradients::new(&oracle, unit);
    let architecture = Architecture {
        activation: Activation::Tanh,
        scale: 1.0,
        dim: 5,
        width: 4,
        labels: 1,
        biases: false,
        on_sphere: false,
        parametrisation: Parametrisation::Ntk,
    };
    assert!(BothLayers::answered(&asked, 1.0, &architecture, Layers::Both).is_err());
}

#[test]
#[ignore = "slow"]
fn the_target_free_answer_is_the_mean_over_targets() {
    for (n, k) in [(10, 2), (20, 4), (10, 3)] {
        let family = Family::zonal(dim(n), k, 20_000, Directions::Random, 5).unwrap();
        let everybody: Vec<usize> = (0..family.size()).collect();
        let attack = learner::Attack::on_harmonics(dim(n), k).unwrap();
        for query in &attack.queries().unwrap()[..2] {
            let base = family.target_free(query).unwrap();
            let found = mean(&family.answers(query, &everybody).unwrap());
            assert!(
                (found.value - base).abs() < 4.5 * found.standard_error,
                "{n} {k}: {base} {}",
                found.value
            );
            assert_eq!(base == 0.0, k % 2 == 1, "{n} {k}: {base}");
        }
        // Lazy answers move to that value, from either side.
        let family = Arc::new(Family::zonal(dim(n), k, 30, Directions::Random, 6).unwrap());
        let query = &attack.queries().unwrap()[0];
        let base = family.target_free(query).unwrap();
        for member in 0..30 {
            let secret = Secret::member(family.clone(), member).unwrap();
            let truth = secret.expectations(std::slice::from_ref(query)).unwrap()[0];
            let answer = secret.oracle(Policy::Lazy(0.01), Convention::Range, 0).unwrap().ask(query).unwrap();
            if (truth - base).abs() <= 0.01 {
                assert_eq!(answer, base);
            } else {
                assert!(((answer - truth).abs() - 0.01).abs() < 1e-12);
                assert!((answer - base).abs() < (truth - base).abs());
            }
        }
    }
}
