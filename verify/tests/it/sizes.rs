//! Every public function of the library crates that takes slices, matrices or types built from them is called with
//! inconsistent sizes: it must return the documented error, and not panic. The functions are read from the sources, so
//! that a new one cannot be forgotten.

#![allow(clippy::type_complexity, reason = "a table of closures")]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path as File;
use std::sync::Arc;
use zonal::activation::Activation;
use zonal::block::FeatureMap;
use zonal::columns::ColumnMap;
use zonal::dynamics::{
    Batch as Ready, Descent, LeaveOneOut, LinearPrediction, Source, Step, Stepper, curvature,
    tangent_spectrum,
};
use zonal::equivalent::{Draw, Measured, Sizes};
use zonal::kernel::tangent_eigenvalues;
use zonal::legendre::Recurrence;
use zonal::lift::{LabelScale, Lift, Moments};
use zonal::linalg::{Matrix, Packed, has_cholesky, symmetric_eigen};
use zonal::measure::{self, Monomials, Repeats};
use zonal::network::{Architecture, Layers, Mixed, Network, Parametrisation, Start, Weights};
use zonal::numeric::DoubleDouble;
use zonal::observer::Silent;
use zonal::plan::{Goal, Plan, RowsBound};
use zonal::risk::{
    BothLayers, Empirical, GradientOracle, Population, Precise, Quadratic, answered_quadratic,
};
use zonal::spectrum::Spectrum;
use zonal::sphere::Dim;
use zonal::statistics::{Batch, Precision, Statistics, Sums};
use zonal::target::{HarmonicPart, Polynomial, PowerSpectrum, Profile, Target, ZonalTerm};
use zonal::{Error, Result};
use zonal_grow::Rows as Grown;
use zonal_io::model::Units;
use zonal_io::results::{Results, Values};
use zonal_io::source::{Missing, Source as Rows, Table};
use zonal_io::statistics::Shape;
use zonal_sq::learner::{Attack, RegressionFit, VersionSpace, brute_force};
use zonal_sq::{AnswerRule, Family, Function, Game, GramBounds, Query, Secret, Unit};
use zonal_verify::layers::folder;

fn dim(n: u64) -> Dim {
    Dim::new(n).unwrap()
}

/// Returns points of the sphere, one per row.
fn points(rows: usize, columns: usize) -> Matrix {
    let mut out = Matrix::zeros(rows, columns);
    (0..rows).for_each(|i| out.row_mut(i)[i % columns] = 1.0);
    out
}

fn network(n: usize) -> Network {
    Network::from_directions(Activation::Relu, 1.0, points(3, n)).unwrap()
}

fn target(n: u64) -> Target {
    Target::parse("x1*x2 + 0.5*harmonic(3)", dim(n), 0).unwrap()
}

fn architecture(n: usize) -> Architecture {
    Architecture {
        activation: Activation::Relu,
        scale: 1.0,
        dim: n,
        width: 3,
        labels: 1,
        biases: false,
        on_sphere: false,
        parametrisation: Parametrisation::Ntk,
    }
}

fn weights(n: usize) -> Weights {
    architecture(n).weights(Start::Random, 1).unwrap()
}

/// Returns sums of three features and one label over five rows.
fn sums() -> Sums {
    statistics().part(0)
}

fn statistics() -> Statistics {
    let (map, labels) = (network(4), Matrix::zeros(5, 1));
    let mut out = Statistics::new(3, 1, 1, Precision::F64);
    out.update(&map, &batch(&points(5, 4), &labels)).unwrap();
    out.close(&map).unwrap();
    out
}

fn batch<'a>(points: &'a Matrix, labels: &'a Matrix) -> Batch<'a> {
    Batch { covered: (0, 5), numbers: &[0, 1, 2, 3, 4], parts: &[0; 5], points, labels, weights: &[] }
}

fn quadratic() -> Quadratic {
    Quadratic::new(points(3, 3), vec![1.0; 3], 1.0).unwrap()
}

fn stepper(n: usize, precision: Precision) -> Stepper {
    Stepper::new(&architecture(n), Layers::Both, &weights(n), precision).unwrap()
}

fn ready(n: usize, precision: Precision) -> Ready {
    stepper(n, precision).batch(&points(2, n), &Matrix::zeros(2, 1)).unwrap()
}

fn family() -> Family {
    Family::zonal(dim(4), 2, 3, zonal_sq::Directions::Random, 1).unwrap()
}

fn unit(n: u64) -> Arc<Unit> {
    Unit::new(Activation::Relu, 1.0, dim(n)).unwrap()
}

/// Returns a query in dimension n.
fn query(n: usize) -> Query {
    Query::unit(&unit(n as u64), points(1, n).row(0)).unwrap()
}

fn gram(size: u64) -> GramBounds {
    GramBounds::orthonormal(size)
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("x{i}")).collect()
}

/// Creates a descent of the architecture in dimension 4.
fn descend(weights: &Weights, source: Source<'_>) -> Result<()> {
    Descent::new(&architecture(4), Layers::Both, weights, source, Step::Fixed(0.1), Precision::F64, 0)
        .map(|_| ())
}

/// An oracle whose answers are for one unit more than the network has.
#[derive(Debug)]
struct Wrong;

impl GradientOracle for Wrong {
    fn output_layer(&self, network: &Network) -> Result<Vec<f64>> {
        Ok(vec![0.0; network.width() + 1])
    }

    fn hidden_layer(&self, network: &Network) -> Result<Matrix> {
        Ok(Matrix::zeros(network.width() + 1, network.directions().columns()))
    }
}

/// An oracle with the right number of answers, whose gradients with respect to directions have another dimension.
#[derive(Debug)]
struct Flat;

impl GradientOracle for Flat {
    fn output_layer(&self, network: &Network) -> Result<Vec<f64>> {
        Ok(vec![0.0; network.width()])
    }

    fn hidden_layer(&self, network: &Network) -> Result<Matrix> {
        Ok(Matrix::zeros(network.width(), 1))
    }
}

/// A table of two columns.
#[derive(Debug)]
struct Two;

impl Table for Two {
    fn rows(&self) -> u64 {
        3
    }

    fn columns(&self) -> usize {
        2
    }

    fn read(&self, _: Range<u64>, out: &mut [f64]) {
        out.fill(1.0);
    }
}

/// Expects an error about sizes.
fn size<T>(result: Result<T>) {
    match result {
        Err(Error::Size { .. }) => {}
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("accepted"),
    }
}

/// Expects an error about a value outside its domain.
fn parameter<T>(result: Result<T>) {
    match result {
        Err(Error::Parameter { .. }) => {}
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("accepted"),
    }
}

/// Expects any error, where the documentation promises any error of the crate.
fn refused<T, E>(result: std::result::Result<T, E>) {
    assert!(result.is_err(), "accepted");
}

/// The public functions of the crate `zonal`, each with inconsistent sizes.
fn core() -> Vec<(&'static str, fn())> {
    let architectures: [(&'static str, fn()); 17] = [
        ("zonal::curvature::curvature", || {
            size(curvature(&architecture(4), Layers::Both, &weights(5), &points(2, 4)));
            size(curvature(&architecture(4), Layers::Both, &weights(4), &points(2, 5)));
            parameter(curvature(
                &Architecture { width: 0, ..architecture(4) },
                Layers::Both,
                &weights(4),
                &points(2, 4),
            ));
        }),
        ("zonal::linear::tangent_spectrum", || {
            parameter(tangent_spectrum(&Architecture { dim: 1, ..architecture(4) }, Layers::Both, 1.0, 2));
            parameter(tangent_spectrum(&architecture(4), Layers::Both, 1.0, usize::MAX));
            parameter(tangent_spectrum(&architecture(4), Layers::Output, 1.0, usize::MAX));
        }),
        ("zonal::LinearPrediction::new", || {
            let new = |w: usize, p: Matrix, y: Matrix| {
                LinearPrediction::new(&architecture(4), Layers::Both, &weights(w), &p, &y)
            };
            size(new(5, points(2, 4), Matrix::zeros(2, 1)));
            size(new(4, points(2, 5), Matrix::zeros(2, 1)));
            size(new(4, points(2, 4), Matrix::zeros(3, 1)));
            size(new(4, points(2, 4), Matrix::zeros(2, 2)));
        }),
        ("zonal::Descent::new", || {
            let (a, w) = (architecture(4), weights(4));
            size(descend(&weights(5), Source::Exact { target: &target(4) }));
            size(descend(&w, Source::Exact { target: &target(5) }));
            size(descend(&w, Source::Fresh { target: &target(5), batch: 2 }));
            for (points, labels) in [
                (points(2, 5), Matrix::zeros(2, 1)),
                (points(2, 4), Matrix::zeros(3, 1)),
                (points(2, 4), Matrix::zeros(2, 2)),
            ] {
                size(descend(&w, Source::Rows { points: &points, labels: &labels, batch: None }));
            }
            let (none, no_labels) = (points(0, 4), Matrix::zeros(0, 1));
            refused(descend(&w, Source::Rows { points: &none, labels: &no_labels, batch: None }));
            parameter(descend(&w, Source::Fresh { target: &target(4), batch: 0 }));
            let wrong = Source::Answered { oracle: &Wrong, label_sq: 1.0 };
            let mut descent =
                Descent::new(&a, Layers::Both, &w, wrong, Step::Fixed(0.1), Precision::F64, 0).unwrap();
            size(descent.run(1, 1, &mut Silent));
        }),
        ("zonal::Descent::resume", || {
            let (a, t) = (architecture(4), target(4));
            let source = Source::Exact { target: &t };
            let begun =
                Descent::new(&a, Layers::Both, &weights(4), source, Step::Fixed(0.1), Precision::F64, 0)
                    .unwrap();
            let mut snapshot = begun.snapshot();
            snapshot.weights = weights(5);
            size(Descent::resume(&a, Layers::Both, &snapshot, source, Step::Auto, Precision::F64, 0));
        }),
        ("zonal::Descent::lbfgs", || {
            let (a, t, other) = (architecture(4), target(4), target(5));
            let new = |width, source| Descent::lbfgs(&a, Layers::Both, &weights(width), source);
            size(new(5, Source::Exact { target: &t }));
            size(new(4, Source::Exact { target: &other }));
            let mut snapshot = new(4, Source::Exact { target: &t }).unwrap().snapshot();
            snapshot.pairs = vec![[weights(4), weights(5)]];
            let source = Source::Exact { target: &t };
            size(Descent::resume(&a, Layers::Both, &snapshot, source, Step::Auto, Precision::F64, 0));
        }),
        ("zonal::Stepper::new", || {
            size(Stepper::new(&architecture(4), Layers::Both, &weights(5), Precision::F64));
            let mut narrow = weights(4);
            narrow.output = Matrix::zeros(1, 2);
            size(Stepper::new(&architecture(4), Layers::Both, &narrow, Precision::F32));
        }),
        ("zonal::Stepper::batch", || {
            let stepper = stepper(4, Precision::F64);
            size(stepper.batch(&points(2, 5), &Matrix::zeros(2, 1)));
            size(stepper.batch(&points(2, 4), &Matrix::zeros(3, 1)));
            size(stepper.batch(&points(2, 4), &Matrix::zeros(2, 2)));
            size(stepper.batch(&points(0, 4), &Matrix::zeros(0, 1)));
        }),
        ("zonal::Stepper::step", || {
            parameter(stepper(4, Precision::F64).step(&ready(5, Precision::F64), 0.1, 1e9));
            parameter(stepper(4, Precision::F64).step(&ready(4, Precision::F32), 0.1, 1e9));
        }),
        ("zonal::Stepper::gradient", || {
            parameter(stepper(4, Precision::F32).gradient(&ready(4, Precision::F64)));
        }),
        ("zonal::Network::from_weights", || size(Network::from_weights(&architecture(4), &weights(5)))),
        ("zonal::moving::moving_energies", || {
            let energies = |w: usize, n: u64, k: usize| {
                measure::moving_energies(&architecture(4), &weights(w), &target(n), k, &mut Silent)
            };
            size(energies(5, 4, 2));
            size(energies(4, 5, 2));
            parameter(energies(4, 4, usize::MAX - 100));
        }),
        ("zonal::moving::alignment", || {
            size(measure::alignment(&weights(4), &points(2, 5)));
            let mut narrow = weights(4);
            narrow.output = Matrix::zeros(1, 2);
            size(measure::alignment(&narrow, &points(2, 4)));
        }),
        ("zonal::moving::movement", || size(measure::movement(&weights(4), &weights(5)))),
        ("zonal::BothLayers::new", || {
            size(BothLayers::new(&target(5), &architecture(4), Layers::Both));
            size(BothLayers::new(&target(4), &Architecture { labels: 2, ..architecture(4) }, Layers::Both));
        }),
        ("zonal::BothLayers::answered", || {
            size(BothLayers::answered(
                &Wrong,
                1.0,
                &Architecture { labels: 2, ..architecture(4) },
                Layers::Both,
            ));
        }),
        ("zonal::BothLayers::gradient", || {
            let (a, t) = (architecture(4), target(4));
            size(BothLayers::new(&t, &a, Layers::Both).unwrap().gradient(&weights(5)));
            for oracle in [&Wrong as &dyn GradientOracle, &Flat] {
                size(BothLayers::answered(oracle, 1.0, &a, Layers::Both).unwrap().gradient(&weights(4)));
            }
        }),
    ];
    let rows: [(&'static str, fn()); 31] = [
        ("zonal::Moments::push", || {
            size(Moments::new(3).push(&[1.0], 1.0));
            size(Moments::new(1).push(&[1.0, 2.0], 1.0));
            parameter(Moments::new(1).push(&[1.0], 0.0));
            parameter(Moments::new(1).push(&[1.0], f64::NAN));
        }),
        ("zonal::Moments::merge", || size(Moments::of(&points(2, 3)).merge(&Moments::of(&points(2, 4))))),
        ("zonal::LabelScale::learn", || {
            size(LabelScale::learn("y", &Moments::of(&points(3, 2)), 2));
            refused(LabelScale::learn("y", &Moments::new(1), 0));
        }),
        ("zonal::LabelScale::of", || refused(LabelScale::of("y", &[]))),
        ("zonal::Lift::learn", || {
            let moments = Moments::of(&points(3, 2));
            size(Lift::learn(&names(3), &moments, 1.0));
            size(Lift::learn(&names(1), &moments, 1.0));
            refused(Lift::learn(&names(2), &Moments::new(2), 1.0));
        }),
        ("zonal::Lift::standardise", || {
            let lift = Lift::learn(&names(2), &Moments::of(&points(3, 2)), 1.0).unwrap();
            size(lift.standardise(&points(3, 1)));
            size(lift.standardise(&points(3, 3)));
            size(Lift { mean: vec![0.0], ..lift.clone() }.standardise(&points(3, 2)));
            size(Lift { kept: vec![0, 7], ..lift.clone() }.standardise(&points(3, 2)));
            size(
                Lift { kept: Vec::new(), mean: Vec::new(), deviation: Vec::new(), ..lift }
                    .standardise(&points(3, 2)),
            );
        }),
        ("zonal::Lift::apply", || {
            size(Lift::learn(&names(2), &Moments::of(&points(3, 2)), 1.0).unwrap().apply(&points(3, 3)));
            size(Lift::of_points(&names(0)).apply(&Matrix::zeros(3, 0)));
            parameter(Lift::of_points(&names(1)).apply(&points(3, 1)));
        }),
        ("zonal::Sums::losses", || {
            size(sums().losses(&points(1, 4)));
            size(Sums { correlation: Matrix::zeros(2, 3), ..sums() }.losses(&points(1, 3)));
            size(Sums { correlation: Matrix::zeros(1, 2), ..sums() }.losses(&points(1, 3)));
            size(Sums::zeros(3, 0).losses(&points(1, 3)));
        }),
        ("zonal::Sums::add", || {
            size(sums().add(&Sums::zeros(4, 1)));
            size(sums().add(&Sums::zeros(3, 2)));
        }),
        ("zonal::Statistics::update", || {
            let update = |width, labels, parts, p: &Matrix, y: &Matrix| {
                Statistics::new(width, labels, parts, Precision::F64).update(&network(4), &batch(p, y))
            };
            size(update(4, 1, 1, &points(5, 4), &Matrix::zeros(5, 1)));
            size(update(3, 2, 1, &points(5, 4), &Matrix::zeros(5, 1)));
            size(update(3, 1, 1, &points(5, 5), &Matrix::zeros(5, 1)));
            size(update(3, 1, 1, &points(4, 4), &Matrix::zeros(5, 1)));
            size(update(3, 1, 1, &points(5, 4), &Matrix::zeros(4, 1)));
            parameter(update(3, 0, 1, &points(5, 4), &Matrix::zeros(5, 0)));
            parameter(update(3, 1, 0, &points(5, 4), &Matrix::zeros(5, 1)));
            let (p, y) = (points(5, 4), Matrix::zeros(5, 1));
            let mut s = Statistics::new(3, 1, 1, Precision::F64);
            size(s.update(&network(4), &Batch { weights: &[1.0], ..batch(&p, &y) }));
            size(s.update(&network(4), &Batch { numbers: &[0], ..batch(&p, &y) }));
            size(s.update(&network(4), &Batch { parts: &[0; 6], ..batch(&p, &y) }));
            parameter(s.update(&network(4), &Batch { parts: &[7; 5], ..batch(&p, &y) }));
        }),
        ("zonal::Statistics::close", || {
            size(statistics().close(&Monomials::new(4, 1)));
            // A map of points of another dimension, used after the first one within one block.
            let (first, other) = (network(4), network(6));
            let (p, q, y) = (points(5, 4), points(5, 6), Matrix::zeros(5, 1));
            let mut s = Statistics::new(3, 1, 1, Precision::F64);
            s.update(&first, &batch(&p, &y)).unwrap();
            let more = Batch { covered: (5, 10), numbers: &[5, 6, 7, 8, 9], ..batch(&q, &y) };
            s.update(&other, &more).unwrap();
            size(s.close(&other));
        }),
        ("zonal::Statistics::merge", || size(statistics().merge(Statistics::new(4, 1, 1, Precision::F64)))),
        ("zonal::Statistics::absorb", || size(statistics().absorb(Statistics::new(3, 2, 1, Precision::F64)))),
        ("zonal::Statistics::import", || {
            let import = |level, sums| Statistics::new(3, 1, 1, Precision::F64).import(0, level, 5, sums);
            size(import(0, vec![Sums::zeros(4, 1)]));
            size(import(0, vec![Sums::zeros(3, 2)]));
            size(import(0, Vec::new()));
            size(import(200, vec![sums()]));
        }),
        ("zonal::Empirical::quadratic", || {
            size(Empirical::new(&points(3, 7), &[0.0; 3]).quadratic(&network(10)));
            size(Empirical::new(&points(3, 4), &[0.0; 2]).quadratic(&network(4)));
            size(Empirical::new(&points(0, 4), &[]).quadratic(&network(4)));
            for labels in [&[0.0; 2][..], &[0.0; 4]] {
                let (p, net) = (points(3, 4), network(4));
                size(Empirical::new(&p, labels).output_layer(&net));
                size(Empirical::new(&p, labels).hidden_layer(&net));
            }
        }),
        ("zonal::Network::from_directions", || {
            parameter(Network::from_directions(Activation::Relu, 1.0, Matrix::zeros(0, 4)));
            parameter(Network::from_directions(Activation::Relu, 1.0, Matrix::zeros(3, 1)));
        }),
        ("zonal::Network::features", || size(network(10).features(&points(3, 7)))),
        ("zonal::Network::with_biases", || {
            size(Network::with_biases(Activation::Relu, points(3, 2), vec![0.0; 2]));
            parameter(Network::with_biases(Activation::Relu, points(3, 1), vec![0.0; 3]));
        }),
        ("zonal::Mixed::new", || {
            size(Mixed::new(Vec::new()));
            size(Mixed::new(vec![network(4), network(5)]));
        }),
        ("zonal::Mixed::values", || {
            let mixed = Mixed::new(vec![network(4), network(4)]).unwrap();
            size(mixed.values(&points(1, 5), &points(3, 4)));
            size(mixed.values(&points(1, 6), &points(3, 5)));
        }),
        ("zonal-grow::Rows::new", || {
            size(Grown::new(Matrix::zeros(0, 2), Matrix::zeros(0, 1), Vec::new()));
            size(Grown::new(points(3, 2), Matrix::zeros(2, 1), Vec::new()));
            size(Grown::new(points(3, 2), Matrix::zeros(3, 1), vec![1.0; 2]));
            parameter(Grown::new(points(3, 2), Matrix::zeros(3, 1), vec![0.0; 3]));
        }),
        ("zonal-grow::growth::grow", || {
            let rows =
                |columns, labels| Grown::new(points(5, columns), points(5, labels), Vec::new()).unwrap();
            let growth = zonal_grow::Growth { width: 4, stages: 1, ..zonal_grow::Growth::for_rows(5) };
            size(zonal_grow::grow(&rows(2, 2), &rows(3, 2), &growth, 0, &mut Silent));
            size(zonal_grow::grow(&rows(2, 2), &rows(2, 3), &growth, 0, &mut Silent));
        }),
        ("zonal-io::Units::values", || {
            size(Units::Alike(&network(4)).values(&points(1, 2), &points(3, 4)));
        }),
        ("zonal::ColumnMap::learn", || {
            let nothing = |rows, columns| {
                matches!(ColumnMap::learn(&Matrix::zeros(rows, columns)), Err(Error::NoVaryingFeature { .. }))
            };
            assert!(nothing(0, 2) && nothing(3, 0));
        }),
        ("zonal::ColumnMap::apply", || {
            size(ColumnMap::learn(&points(5, 2)).unwrap().0.apply(&points(3, 3)));
        }),
        ("zonal::Network::values", || {
            size(network(4).values(&points(1, 2), &points(3, 4)));
            size(network(4).values(&points(1, 3), &points(3, 5)));
        }),
        ("zonal::best_polynomial::best_polynomials", || {
            let monomials = Monomials::new(2, 1);
            let none = Sums::zeros(3, 1);
            size(measure::best_polynomials(&Monomials::new(2, 2), &sums(), &none));
            size(measure::best_polynomials(&monomials, &sums(), &Sums::zeros(4, 1)));
            size(measure::best_polynomials(&monomials, &sums(), &Sums::zeros(3, 2)));
            size(measure::best_polynomials(&monomials, &none, &none));
        }),
        ("zonal::Repeats::push", || {
            let mut repeats = Repeats::new(1, 10);
            size(repeats.push(&[1.0], &[1.0, 2.0]));
            size(repeats.push(&[1.0], &[]));
        }),
        ("zonal::unexplained::unexplained_share", || {
            size(measure::unexplained_share(&[1.0; 5], &[1.0; 4]));
        }),
        ("zonal::sampling::sampled_energies", || {
            size(measure::sampled_energies(&points(5, 4), &[1.0; 4], 2));
            size(measure::sampled_energies(&points(2, 4), &[1.0; 2], 2));
            parameter(measure::sampled_energies(&points(5, 1), &[1.0; 5], 2));
            parameter(measure::sampled_energies(&points(5, 4), &[1.0; 5], usize::MAX));
        }),
        ("zonal::sampling::energies_by_sampling", || {
            size(measure::energies_by_sampling(dim(4), |_| 1.0, 2, 0, 2));
            parameter(measure::energies_by_sampling(dim(4), |_| 1.0, 5, 0, usize::MAX));
        }),
    ];
    let others: [(&'static str, fn()); 37] = [
        ("zonal::Kernel::random_feature", || {
            parameter(zonal::kernel::Kernel::random_feature(&Activation::Relu, dim(4), 1.0, usize::MAX));
        }),
        ("zonal::kernel::tangent_eigenvalues", || {
            parameter(tangent_eigenvalues(&Activation::Relu, dim(4), 1.0, false, usize::MAX));
        }),
        ("zonal::Spectrum::new", || parameter(Spectrum::new(&Activation::Relu, dim(4), 1.0, usize::MAX))),
        ("zonal::Recurrence::series", || size(Recurrence::new(dim(4), 2).series(&[1.0; 4], 0.5))),
        ("zonal::Matrix::from_rows", || {
            size(Matrix::from_rows(2, 3, vec![0.0; 5]));
            size(Matrix::from_rows(usize::MAX, 2, vec![0.0; 5]));
        }),
        ("zonal::Packed::from_values", || {
            size(Packed::from_values(3, vec![0.0; 5]));
            size(Packed::from_values(usize::MAX, vec![0.0; 5]));
        }),
        ("zonal::linalg::has_cholesky", || {
            size(has_cholesky(&Matrix::zeros(3, 2)));
            size(has_cholesky(&Matrix::zeros(2, 3)));
        }),
        ("zonal::linalg::symmetric_eigen", || {
            size(symmetric_eigen(&Matrix::zeros(3, 2)));
            size(symmetric_eigen(&Matrix::zeros(2, 3)));
        }),
        ("zonal::residual::residual_energies", || {
            let energies = |net: usize, n: u64, coefficients: usize, k| {
                measure::residual_energies(
                    &network(net),
                    &target(n),
                    &points(1, coefficients),
                    k,
                    &mut Silent,
                )
            };
            size(energies(10, 4, 3, 2));
            size(energies(4, 4, 2, 2));
            parameter(energies(4, 4, 3, usize::MAX));
            let free = Network::from_weights(&architecture(4), &weights_of_length_two()).unwrap();
            parameter(measure::residual_energies(&free, &target(4), &points(1, 3), 2, &mut Silent));
        }),
        ("zonal::LeaveOneOut::new", || {
            size(LeaveOneOut::new(&points(5, 3), &points(4, 1), &[]));
            size(LeaveOneOut::new(&points(5, 3), &points(5, 1), &[1.0; 4]));
        }),
        ("zonal::LeaveOneOut::mean_squares", || {
            let left_out = LeaveOneOut::new(&points(5, 3), &points(5, 1), &[]).unwrap();
            size(left_out.mean_squares(&points(4, 1)));
        }),
        ("zonal::LeaveOneOut::mean_products", || {
            let left_out = LeaveOneOut::new(&points(5, 3), &points(5, 1), &[]).unwrap();
            size(left_out.mean_products(&points(4, 1), &[1.0; 5]));
            size(left_out.mean_products(&points(5, 1), &[1.0; 4]));
        }),
        ("zonal::Measured::new", || {
            let left_out = LeaveOneOut::new(&points(60, 30), &points(60, 1), &[]).unwrap();
            size(Measured::new(&left_out, &[1.0; 59]));
            let two = LeaveOneOut::new(&points(60, 30), &points(60, 2), &[]).unwrap();
            size(Measured::new(&two, &[1.0; 60]));
        }),
        ("zonal::RowsBound::new", || {
            let spectrum = Spectrum::new(&Activation::Relu, dim(4), 1.0, 2).unwrap();
            size(RowsBound::new(&target(5).power_spectrum(2).unwrap(), &spectrum, 0.1));
        }),
        ("zonal::Draw::new", || {
            let spectrum = Spectrum::new(&Activation::Relu, dim(4), 1.0, 2).unwrap();
            let sizes = Sizes { rows: 20.0, width: 10.0 };
            size(Draw::new(&spectrum, &target(5).power_spectrum(2).unwrap(), 0.1, sizes, 0));
        }),
        ("zonal::Plan::new", || {
            let spectrum = Spectrum::new(&Activation::Relu, dim(4), 1.0, 2).unwrap();
            let goal = |degree| Goal { degree, epsilon: 0.1, width: None, iterations: None };
            let energies = target(4).power_spectrum(5).unwrap();
            size(Plan::new(&energies, &spectrum, goal(3)));
            size(Plan::new(&target(4).power_spectrum(1).unwrap(), &spectrum, goal(2)));
            size(Plan::new(&energies, &spectrum, goal(usize::MAX)));
            size(Plan::new(&target(5).power_spectrum(5).unwrap(), &spectrum, goal(2)));
        }),
        ("zonal::Population::quadratic", || {
            // A target in dimension 4 with a network in dimension 10 once defined a problem that does not exist.
            size(Population::new(&target(4)).quadratic(&network(10)));
            size(Population::new(&target(4)).output_layer(&network(10)));
            size(Population::new(&target(4)).hidden_layer(&network(10)));
            // Nor does the formula apply to a network with units of another length, biases or another factor.
            let free = |a: &Architecture| Network::from_weights(a, &weights_of_length_two()).unwrap();
            let t = target(4);
            parameter(Population::new(&t).quadratic(&free(&architecture(4))));
            let unit = |a: Architecture| Network::from_weights(&a, &weights(4)).unwrap();
            parameter(Population::new(&t).quadratic(&unit(Architecture { biases: true, ..architecture(4) })));
            let mean_field = Architecture { parametrisation: Parametrisation::MeanField, ..architecture(4) };
            parameter(Population::new(&t).quadratic(&unit(mean_field)));
        }),
        ("zonal::population::answered_quadratic", || size(answered_quadratic(&network(4), &Wrong, 1.0))),
        ("zonal::Quadratic::new", || {
            size(Quadratic::new(points(3, 3), vec![1.0; 2], 1.0));
            size(Quadratic::new(points(3, 2), vec![1.0; 3], 1.0));
            size(Quadratic::new(Matrix::zeros(0, 0), Vec::new(), 1.0));
            parameter(Quadratic::new(
                Matrix::from_rows(2, 2, vec![1.0, 5.0, 0.0, 1.0]).unwrap(),
                vec![1.0; 2],
                1.0,
            ));
        }),
        ("zonal::Quadratic::with_labels", || {
            size(Quadratic::with_labels(points(3, 3), Matrix::zeros(2, 3), vec![1.0]));
            size(Quadratic::with_labels(points(3, 3), Matrix::zeros(0, 3), Vec::new()));
        }),
        ("zonal::Quadratic::from_sums", || {
            size(Quadratic::from_sums(&Sums { correlation: Matrix::zeros(1, 4), ..sums() }));
            size(Quadratic::from_sums(&Sums { label_sq: vec![1.0; 2], ..sums() }));
        }),
        ("zonal::Quadratic::with_rounding", || size(quadratic().with_rounding(0.0, vec![0.0; 2]))),
        ("zonal::Precise::new", || {
            size(Precise::new(&target(4), &network(10)));
            let free = Network::from_weights(&architecture(4), &weights_of_length_two()).unwrap();
            parameter(Precise::new(&target(4), &free));
        }),
        ("zonal::Precise::residual_energies", || {
            let net = Network::from_directions(Activation::Exp, 0.5, points(3, 4)).unwrap();
            let precise = Precise::new(&target(4), &net).unwrap().unwrap();
            let energies = |n, weights: usize, distances: usize, k| {
                let weights = vec![vec![DoubleDouble::ONE; weights]];
                precise.residual_energies(&target(n), &weights, &vec![0.0; distances], k)
            };
            assert!(energies(4, 3, 1, 2).is_ok());
            size(energies(5, 3, 1, 2));
            size(energies(4, 2, 1, 2));
            size(energies(4, 3, 2, 2));
            parameter(energies(4, 3, 1, usize::MAX));
        }),
        ("zonal::residual::residual_errors", || {
            let (t, a) = (target(4), points(1, 3));
            let found = measure::residual_energies(&network(4), &t, &a, 2, &mut Silent).unwrap();
            let errors = |net: usize, a: &Matrix, residuals: &[PowerSpectrum], distances: &[f64]| {
                measure::residual_errors(&network(net), &t, a, residuals, distances)
            };
            assert!(errors(4, &a, &found, &[0.0]).is_ok());
            size(errors(10, &a, &found, &[0.0]));
            size(errors(4, &points(1, 2), &found, &[0.0]));
            size(errors(4, &a, &[], &[0.0]));
            size(errors(4, &a, &found, &[]));
            size(errors(4, &a, &[PowerSpectrum::new(dim(4), Vec::new(), 0.0)], &[0.0]));
        }),
        ("zonal::Quadratic::losses", || size(quadratic().losses(&points(1, 4)))),
        ("zonal::Quadratic::step", || {
            size(quadratic().step(&[0.0; 2], 0.1));
            size(quadratic().step(&[0.0; 4], 0.1));
        }),
        ("zonal::Target::from_parts", || {
            let term = |direction| ZonalTerm { coefficient: 1.0, profile: Profile::Harmonic(2), direction };
            let from = |direction| {
                Target::from_parts(String::new(), dim(4), &Polynomial::default(), vec![term(direction)])
            };
            size(from(vec![1.0, 0.0, 0.0]));
            parameter(from(vec![2.0, 0.0, 0.0, 0.0]));
            let far = Polynomial::coordinate(4);
            size(Target::from_parts(String::new(), dim(4), &far, Vec::new()));
        }),
        ("zonal::Target::value", || {
            size(target(4).value(&[1.0, 0.0]));
            size(target(4).value(&[1.0, 0.0, 0.0, 0.0, 0.0]));
        }),
        ("zonal::Target::power_spectrum", || parameter(target(4).power_spectrum(usize::MAX))),
        ("zonal::Target::correlations", || {
            size(target(4).correlations(&Profile::Harmonic(2), &points(2, 5), 2));
            parameter(target(4).correlations(&Profile::Harmonic(2), &points(2, 4), usize::MAX));
        }),
        ("zonal::Target::parts", || {
            size(target(4).parts(&points(2, 5), 2));
            parameter(target(4).parts(&points(2, 4), usize::MAX));
        }),
        ("zonal::HarmonicPart::of", || size(HarmonicPart::of(&Polynomial::coordinate(4), dim(4)))),
        ("zonal::HarmonicPart::value", || {
            let parts = HarmonicPart::of(&Polynomial::coordinate(0), dim(4)).unwrap();
            size(parts[0].value(&[]));
        }),
        ("zonal::Polynomial::harmonic_parts", || size(Polynomial::coordinate(4).harmonic_parts(dim(4)))),
        ("zonal::Polynomial::inner_product", || {
            size(Polynomial::coordinate(4).inner_product(&Polynomial::coordinate(0), dim(4)));
            size(Polynomial::coordinate(0).inner_product(&Polynomial::coordinate(4), dim(4)));
        }),
        ("zonal::Profile::coefficients", || {
            parameter(Profile::Harmonic(2).coefficients(dim(4), usize::MAX));
            parameter(Profile::Harmonic(usize::MAX).kernel(&Profile::Harmonic(2), dim(4), 2));
        }),
    ];
    [architectures.as_slice(), &rows, &others].concat()
}

fn weights_of_length_two() -> Weights {
    let mut out = weights(4);
    out.hidden.values_mut().iter_mut().for_each(|w| *w *= 2.0);
    out
}

/// The public functions of `zonal-sq`.
fn queries() -> Vec<(&'static str, fn())> {
    vec![
        ("zonal-sq::Family::answers", || {
            size(family().answers(&query(5), &[0]));
            parameter(family().answers(&query(4), &[3]));
        }),
        ("zonal-sq::Family::value", || {
            size(family().value(0, &[1.0; 3]));
            parameter(family().value(3, &[1.0; 4]));
        }),
        ("zonal-sq::Family::target_free", || size(family().target_free(&query(5).clipped()))),
        ("zonal-sq::Family::combination", || parameter(family().combination(&[(3, 1.0)]))),
        ("zonal-sq::Game::new", || size(Game::new(Arc::new(family()), &gram(4), 0.5, AnswerRule::Base))),
        ("zonal-sq::GramBounds::drop_bound", || {
            assert_eq!(GramBounds { row_sums: Vec::new(), ..gram(4) }.drop_bound(0.5), 3);
        }),
        ("zonal-sq::Attack::direction", || {
            size(Attack::on_harmonics(dim(4), 3).unwrap().direction(&[0.0; 3]));
            size(Attack::on_harmonics(dim(4), 2).unwrap().direction(&[1.0; 4]));
        }),
        ("zonal-sq::brute_force::brute_force", || {
            let rows = |points, labels| zonal_sq::Rows { points, labels };
            size(brute_force(&family(), &rows(points(2, 5), vec![0.0; 2])));
            size(brute_force(&family(), &rows(points(2, 4), vec![0.0; 3])));
            size(brute_force(&family(), &rows(points(0, 4), Vec::new())));
        }),
        ("zonal-sq::RegressionFit::loss", || {
            size(RegressionFit { queries: Vec::new(), coefficients: vec![1.0; 2] }.loss(&[1.0], 0.0));
        }),
        ("zonal-sq::VersionSpace::learn", || size(VersionSpace::new(&family()).learn(&query(5), 0.0, 0.1))),
        ("zonal-sq::Secret::member", || parameter(Secret::member(Arc::new(family()), 3))),
        ("zonal-sq::Secret::expectations", || {
            size(Secret::target(target(4)).expectations(&[query(5)]));
            size(Secret::member(Arc::new(family()), 0).unwrap().expectations(&[query(5)]));
        }),
        ("zonal-sq::Secret::largest_unit_answer", || {
            size(Secret::target(target(4)).largest_unit_answer(&[query(5)]));
        }),
        ("zonal-sq::Function::value", || {
            let of = |f: Function, x: &[f64]| f.value(dim(4), x);
            let harmonic = |n| Function::Harmonic { degree: 2, direction: points(1, n).row(0).into() };
            size(of(harmonic(4), &[1.0; 3]));
            size(of(harmonic(5), &[1.0; 4]));
            size(of(Function::Signs(vec![4].into()), &[1.0; 4]));
            size(of(Function::Monomial(vec![4].into()), &[1.0; 4]));
            let turn = |tangent| Function::Derivative {
                unit: unit(4),
                direction: points(1, 4).row(0).into(),
                tangent,
            };
            size(of(turn(3), &[1.0; 4]));
            let other = Function::Unit { unit: unit(5), direction: points(1, 4).row(0).into() };
            size(of(other, &[1.0; 4]));
        }),
        ("zonal-sq::function::tangents", || {
            size(zonal_sq::tangents(&[1.0, 0.0], &[1.0]));
            size(zonal_sq::tangents(&[], &[]));
        }),
        ("zonal-sq::function::from_tangents", || {
            size(zonal_sq::from_tangents(&[1.0, 0.0], &[1.0, 1.0]));
            size(zonal_sq::from_tangents(&[], &[]));
        }),
        ("zonal-sq::Query::unit", || size(Query::unit(&unit(4), &[1.0, 0.0]))),
        ("zonal-sq::Query::derivatives", || size(Query::derivatives(&unit(4), &[1.0, 0.0]))),
        ("zonal-sq::Query::correlation", || {
            size(Query::correlation(Function::Signs(vec![4].into()), dim(4)));
        }),
        ("zonal-sq::Query::value", || {
            size(query(4).value(dim(4), &[1.0; 3], 1.0));
            size(query(4).value(dim(5), &[1.0; 5], 1.0));
        }),
    ]
}

/// The public functions of `zonal-io`, `zonal-jobs` and `zonal-report`.
fn programs() -> Vec<(&'static str, fn())> {
    vec![
        ("zonal-io::Source::memory", || {
            let memory = |features, weight: Option<String>| {
                Rows::memory(
                    Arc::new(Two),
                    names(features),
                    vec!["y".into()],
                    [weight, None],
                    Missing::Reject,
                )
            };
            assert!(memory(1, None).is_ok());
            refused(memory(2, None));
            refused(memory(0, None));
            refused(memory(1, Some("w".to_owned())));
        }),
        ("zonal-io::Results::push", || {
            let mut table = Results::default();
            table.push("a", Values::Count(vec![Some(1); 2]));
            table.push("b", Values::Count(vec![Some(1); 3]));
            refused(table.csv());
            refused(table.arrow());
        }),
        ("zonal-io::statistics::to_bytes", || {
            let shape = |width, labels, parts| Shape { width, labels, parts, precision: Precision::F64 };
            assert!(zonal_io::statistics::to_bytes(&statistics(), shape(3, 1, 1), "").is_ok());
            for wrong in [shape(4, 1, 1), shape(3, 2, 1), shape(3, 1, 2)] {
                refused(zonal_io::statistics::to_bytes(&statistics(), wrong, ""));
            }
        }),
        ("zonal-io::statistics::save", || {
            let shape = Shape { width: 4, labels: 1, parts: 1, precision: Precision::F64 };
            let folder = tempfile::tempdir().unwrap();
            refused(zonal_io::statistics::save(&folder.path().join("s"), &statistics(), shape, ""));
        }),
        ("zonal-io::weights::save", || {
            let folder = tempfile::tempdir().unwrap();
            let save = |moments: &[Weights]| zonal_io::weights::save(&folder.path().join("w"), "{}", moments);
            refused(save(&[weights(4), weights(5)]));
            refused(save(&[]));
            let mut narrow = weights(4);
            narrow.biases = vec![0.0; 2];
            refused(save(&[narrow]));
        }),
        ("zonal-documents::ClassScores::new", || {
            let tally = zonal::classes::Tally::new(3);
            assert!(zonal_documents::train::ClassScores::new(&tally, &[0.5, 0.5]).is_none());
        }),
        ("zonal-jobs::Experiment::losses", || {
            let experiment = zonal_jobs::experiment::Experiment {
                target: &target(4),
                activation: Activation::Relu,
                scale: 1.0,
                width: 0,
                step: Step::Auto,
            };
            refused(experiment.losses(0, &[]));
        }),
        ("zonal-jobs::MovingExperiment::run", || {
            let experiment = zonal_jobs::experiment::MovingExperiment {
                target: &target(4),
                architecture: architecture(5),
                layers: Layers::Both,
                start: Start::Random,
                step: Step::Auto,
            };
            refused(experiment.run(0, &[1], 2));
        }),
        ("zonal-report::comparison::comparison", || {
            assert!(zonal_report::page::comparison(&[]).unwrap().charts.is_empty());
        }),
        ("zonal-report::join::join", || drop(zonal_report::page::join(Vec::new()))),
        ("zonal-report::write::page_of_runs", || drop(zonal_report::page_of_runs(&[]))),
        ("zonal-report::predictions::predictions", || {
            drop(zonal_report::figure::predictions("id", "y", &[], 7))
        }),
        ("zonal-report::Axis::names", || {
            let _ = zonal_report::axis::Axis::names("x", Vec::new()).fraction(3.0);
        }),
    ]
}

fn cases() -> Vec<(&'static str, fn())> {
    [core(), queries(), programs()].concat()
}

/// Access to elements and products of vectors and matrices follow the rules of slices: they panic, as their
/// documentation states.
const PANICS: [&str; 30] = [
    "zonal::Strata::draw",
    "zonal::Tally::add",
    "zonal::ColumnMap::feature_of",
    "zonal::Lbfgs::resume",
    "zonal::Lbfgs::step",
    "zonal::Activation::replace_by_slopes",
    "zonal::Matrix::select",
    "zonal::Matrix::times",
    "zonal::Matrix::times_transposed",
    "zonal::Matrix::transposed_times",
    "zonal::Matrix::times_vector",
    "zonal::Matrix::transposed_times_vector",
    "zonal::Matrix::zeros",
    "zonal::Matrix::row",
    "zonal::Matrix::row_mut",
    "zonal::Matrix::column",
    "zonal::Matrix::row_range",
    "zonal::Moments::mean",
    "zonal::Moments::varies",
    "zonal::Moments::deviation",
    "zonal::Rows::select",
    "zonal::Rows::by_part",
    "zonal::Statistics::part",
    "zonal::linalg::dot",
    "zonal::linalg::add_scaled",
    "zonal::sphere::uniform_points",
    "zonal-sq::Basis::function",
    "zonal-sq::Family::member",
    "zonal-sq::Family::correlation",
    "zonal-jobs::Fingerprint::of_row",
];

/// Functions for which no size is wrong, with the reason.
const ANY: [(&str, &[&str]); 11] = [
    (
        "a list of any length",
        &[
            "zonal::Formula::parse",
            "zonal::Formula::with_kinks",
            "zonal::Function::new",
            "zonal::Function::of_slices",
            "zonal::Activation::with_kinks",
            "zonal::Activation::apply",
            "zonal::error::check_finite",
            "zonal::Lbfgs::new",
            "zonal::PowerSeries::new",
            "zonal::PowerSpectrum::new",
            "zonal::Kernel::values",
            "zonal::Recurrence::replace_by_last",
            "zonal::Moments::of",
            "zonal::Lift::of_points",
            "zonal::GradientPath::coefficients",
            "zonal::GradientPath::precise_coefficients",
            "zonal::Strata::new",
            "zonal::HeldOutErrors::new",
            "zonal::PowerLaw::fit",
            "zonal-io::DrawRule::of_times",
            "zonal::classes::largest",
            "zonal::classes::probabilities",
            "zonal::learning::time_to_learn",
            "zonal::learning::times_to_learn",
            "zonal::sampling::mean",
            "zonal::sum::tree_sum",
            "zonal::wide::sin",
            "zonal::wide::cos",
            "zonal-sq::frame::from_unequal_queries",
            "zonal-jobs::Experiment::residuals",
            "zonal-documents::train::grid",
            "zonal-documents::sweep::results",
            "zonal-report::queries::of_bounds",
        ],
    ),
    (
        "no more than a name for its parts, which the methods check",
        &["zonal::Empirical::new", "zonal::Population::new", "zonal-sq::Secret::target"],
    ),
    (
        "sizes were checked when the quadratic form was made",
        &["zonal::GradientPath::new", "zonal::GradientPath::with_solver"],
    ),
    (
        "degrees that are not listed count as outside",
        &["zonal::plan::smallest_loss_bound", "zonal::Operator::residual"],
    ),
    ("reads the kind of function alone", &["zonal-sq::Game::drop_bound"]),
    ("bounds of a family of any size", &["zonal-sq::finite::with_gram"]),
    (
        "bytes, which are checked as they are read; they are fuzzed",
        &[
            "zonal-io::bundle::to_bytes",
            "zonal-io::bundle::is_bundle",
            "zonal-io::Bundle::open",
            "zonal-io::checksum::seal",
            "zonal-io::checksum::check",
            "zonal-io::ownership::has_mark",
            "zonal-io::Model::read",
            "zonal-io::statistics::from_bytes",
            "zonal-io::weights::from_bytes",
            "zonal-io::write::write_file",
            "zonal-io::RunFolder::write",
            "zonal-jobs::PartialSums::from_bytes",
        ],
    ),
    ("parts of a report, each as its job has made it", &["zonal-documents::TrainReport::new"]),
    (
        "files and columns by name, which are looked up",
        &[
            "zonal-documents::Data::of_files",
            "zonal-documents::Data::with_files",
            "zonal-documents::TrainRequest::sharded",
            "zonal-io::Source::open",
            "zonal-io::Source::open_once",
            "zonal-io::Source::inspect",
            "zonal-io::Source::coded_classes",
            "zonal-io::sniff::default_dialect",
            "zonal-io::Encoding::of_numbers",
            "zonal-jobs::data::for_each_block",
            "zonal-jobs::PartialSums::choose",
            "zonal-jobs::predict::not_stored",
            "zonal-jobs::runs::compare",
            "zonal-jobs::runs::remove",
            "zonal-jobs::runs::differences",
        ],
    ),
    (
        "words of a command line for a record",
        &[
            "zonal-claims::src::reproduce",
            "zonal-documents::Provenance::now",
            "zonal-jobs::repeat::repeat",
            "zonal-jobs::sweep::sweep",
            "zonal-jobs::train::train",
        ],
    ),
    (
        "names of formats",
        &[
            "zonal-report::write::write_run",
            "zonal-report::write::write_run_figures",
            "zonal-report::write::write_page",
            "zonal-report::write::write_charts",
            "zonal-report::write::check_formats",
        ],
    ),
];

#[test]
fn sizes_that_do_not_fit_are_errors_as_documented() {
    let mut failed = Vec::new();
    for (name, case) in cases() {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(case)) {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|t| (*t).to_owned()));
            failed.push(format!("{name}: {}", text.unwrap_or_default()));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// A path that falls and has two entries for one iteration once made the time of a degree panic.
#[test]
fn paths_that_are_not_ascending_have_a_time() {
    assert_eq!(measure::time_to_learn(&[(5, 1.0), (5, 0.1)], 0.5), Some(5));
    assert_eq!(measure::time_to_learn(&[(9, 1.0), (5, 0.1)], 0.5), Some(5));
    let none = measure::times_to_learn(&[7], &[0, 10], |counts| {
        let list = vec![PowerSpectrum::new(dim(4), vec![1.0], 0.0); counts.len()];
        Ok::<_, Error>(list)
    });
    assert_eq!(none.unwrap(), vec![[None; 3]]);
}

/// The number of features of a map is the reported one, and its number of coordinates is that of its points.
#[test]
fn maps_know_their_sizes() {
    assert_eq!((network(4).coordinates(), FeatureMap::width(&network(4))), (4, 3));
    assert_eq!((Monomials::new(5, 2).coordinates(), Monomials::new(5, 2).width()), (5, 21));
}

/// The parts of a parameter's type for which sizes matter.
const TYPES: [&str; 18] = [
    "[",
    "Vec<",
    "Matrix",
    "Network",
    "Weights",
    "Target,",
    "Target)",
    "Sums",
    "Batch",
    "&Query",
    "Rows",
    "Moments",
    "PowerSpectrum",
    "Statistics",
    "Quadratic",
    "Snapshot",
    "Architecture",
    "GramBounds",
];

/// A public function: its documentation and its parameters.
struct Door {
    documentation: String,
    parameters: String,
}

/// Adds the public functions of a source, as `crate::Type::function`, or `crate::module::function` outside of types.
fn doors(krate: &str, file: &File, out: &mut BTreeMap<String, Door>) {
    let text = std::fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let stem = |path: &File| path.file_stem().unwrap().to_string_lossy().into_owned();
    let module = match stem(file).as_str() {
        "mod" | "lib" => stem(file.parent().unwrap()),
        other => other.to_owned(),
    };
    let (mut owner, mut documentation) = (None::<String>, String::new());
    let lines: Vec<&str> = text.lines().collect();
    for (i, line) in lines.iter().enumerate() {
        if line.starts_with('}') {
            owner = None;
        } else if let Some(rest) = line.strip_prefix("impl") {
            let head = rest.rsplit(" for ").next().unwrap_or(rest);
            // The generic parameters of the block itself come first.
            let head = if head.starts_with('<') { head.split_once("> ").map_or(head, |h| h.1) } else { head };
            owner = Some(head.trim().chars().take_while(|c| c.is_alphanumeric()).collect());
        }
        let trimmed = line.trim_start();
        if let Some(comment) = trimmed.strip_prefix("///") {
            documentation += comment;
            continue;
        }
        if let Some(rest) = trimmed.strip_prefix("pub fn ") {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let whole = lines[i..].join(" ");
            let parameters = whole.split(['{', ';']).next().unwrap_or_default();
            let parameters = parameters.split(") ->").next().unwrap_or_default().to_owned() + ")";
            let owner = owner.clone().unwrap_or_else(|| module.clone());
            let door = Door { documentation: documentation.clone(), parameters };
            out.insert(format!("{krate}::{owner}::{name}"), door);
        }
        if !trimmed.starts_with("#[") {
            documentation.clear();
        }
    }
}

fn all_doors() -> BTreeMap<String, Door> {
    fn walk(krate: &str, folder: &File, out: &mut BTreeMap<String, Door>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(krate, &path, out);
            } else if path.extension().is_some_and(|e| e == "rs") && path.file_name().unwrap() != "tests.rs" {
                doors(krate, &path, out);
            }
        }
    }
    let mut out = BTreeMap::new();
    for krate in [
        "zonal",
        "zonal-grow",
        "zonal-sq",
        "zonal-io",
        "zonal-documents",
        "zonal-jobs",
        "zonal-claims",
        "zonal-report",
        "zonal-run",
    ] {
        walk(krate, &folder(krate).join("src"), &mut out);
    }
    // Private modules are not visible to other crates.
    out.retain(|name, _| {
        !["zonal::Lanczos::", "zonal::Ritz::", "zonal::Units::"].iter().any(|p| name.starts_with(p))
    });
    out
}

#[test]
fn no_function_that_takes_sizes_is_left_out() {
    let all = all_doors();
    assert!(all.len() > 400, "{} functions were found in the sources", all.len());
    let sized = |door: &Door| TYPES.iter().any(|t| door.parameters.contains(t));
    let found: BTreeSet<&str> = all.iter().filter(|(_, d)| sized(d)).map(|(name, _)| name.as_str()).collect();
    let any = ANY.iter().flat_map(|(_, names)| names.iter().copied());
    let listed: Vec<&str> = cases().iter().map(|c| c.0).chain(PANICS).chain(any).collect();
    let known: BTreeSet<&str> = listed.iter().copied().collect();
    let missing: Vec<&&str> = found.difference(&known).collect();
    assert!(missing.is_empty(), "neither tried with wrong sizes nor exempt: {missing:#?}");
    let gone: Vec<&&str> = known.iter().filter(|name| !all.contains_key(**name)).collect();
    assert!(gone.is_empty(), "there is no such function: {gone:#?}");
    assert_eq!(known.len(), listed.len(), "a function is listed twice");
    for name in PANICS {
        assert!(all[name].documentation.contains("# Panics"), "{name} panics without saying so");
    }
    for (name, door) in &all {
        let silent = door.documentation.contains("# Panics") && !PANICS.contains(&name.as_str());
        assert!(
            !silent || name.ends_with("::zeros") || name == "zonal::Packed::row",
            "{name} panics and is not listed"
        );
    }
}
