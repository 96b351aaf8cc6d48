//! Compares the fused kernel with a plain implementation.

use super::*;
use crate::activation::Activation;
use crate::network::{Parametrisation, Start};
use crate::numeric::random::Purpose;
use crate::sphere::uniform_points;

fn architecture(width: usize, labels: usize, biases: bool) -> Architecture {
    Architecture {
        activation: Activation::Gelu,
        scale: 1.7,
        dim: 11,
        width,
        labels,
        biases,
        on_sphere: false,
        parametrisation: Parametrisation::Ntk,
    }
}

/// Returns random points and labels.
fn rows(count: usize, dim: usize, labels: usize) -> (Matrix, Matrix) {
    let points = uniform_points(crate::sphere::Dim::new(dim as u64).unwrap(), count, 3, Purpose::Points);
    let values = (0..count * labels).map(|i| ((i * 7) % 11) as f64 / 5.0 - 1.0).collect();
    (points, Matrix::from_rows(count, labels, values).unwrap())
}

fn pairs((points, labels): &(Matrix, Matrix)) -> Vec<(&[f64], &[f64])> {
    (0..points.rows()).map(|i| (points.row(i), labels.row(i))).collect()
}

/// Computes the same gradient directly from the formulas.
fn plain(a: &Architecture, weights: &Weights, rows: &(Matrix, Matrix)) -> (Vec<f64>, Gradient) {
    let (points, labels) = rows;
    let (c, count) = (a.factor(), points.rows() as f64);
    let mut gradient = Gradient {
        hidden: Matrix::zeros(a.width, a.dim),
        biases: vec![0.0; a.width],
        output: Matrix::zeros(a.labels, a.width),
    };
    let mut losses = vec![0.0; a.labels];
    for i in 0..points.rows() {
        let z: Vec<f64> = (0..a.width)
            .map(|j| a.scale * crate::linalg::dot(weights.hidden.row(j), points.row(i)) + weights.biases[j])
            .collect();
        let r: Vec<f64> = (0..a.labels)
            .map(|l| {
                let f: f64 = (0..a.width).map(|j| weights.output.row(l)[j] * a.activation.value(z[j])).sum();
                c * f - labels.row(i)[l]
            })
            .collect();
        for j in 0..a.width {
            let mut error = 0.0;
            for l in 0..a.labels {
                gradient.output.row_mut(l)[j] += c * r[l] * a.activation.value(z[j]) / count;
                error += c * r[l] * weights.output.row(l)[j] * a.activation.slope(z[j]) / count;
            }
            for k in 0..a.dim {
                gradient.hidden.row_mut(j)[k] += error * a.scale * points.row(i)[k];
            }
            if a.biases {
                gradient.biases[j] += error;
            }
        }
        losses.iter_mut().zip(r).for_each(|(s, r)| *s += r * r / count);
    }
    (losses, gradient)
}

fn largest_difference(a: &Gradient, b: &Gradient) -> f64 {
    let all = |g: &Gradient| [g.hidden.values(), &g.biases, g.output.values()].concat();
    all(a).iter().zip(all(b)).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

#[test]
fn every_level_precision_and_size_gives_the_plain_gradient() {
    for (width, labels, count, biases) in
        [(1, 1, 1, false), (37, 1, 5, true), (300, 3, 131, true), (64, 1, 200, false)]
    {
        let a = architecture(width, labels, biases);
        let mut weights = a.weights(Start::Random, 5).unwrap();
        if biases {
            weights.biases.iter_mut().enumerate().for_each(|(j, b)| *b = 0.1 * (j as f64).sin());
        }
        let rows = rows(count, a.dim, labels);
        let (losses, exact) = plain(&a, &weights, &rows);
        for level in Level::all() {
            let mut wide = Fused::<f64>::at_level(level, &a, Layers::Both, &weights).unwrap();
            assert_eq!(wide.weights(), weights);
            let batch = wide.pack(&pairs(&rows));
            let (found, gradient) = wide.gradient(&batch);
            assert!(largest_difference(&gradient, &exact) < 1e-14, "{level:?} {width}");
            found.iter().zip(&losses).for_each(|(x, y)| assert!((x - y).abs() < 1e-13 * y));
            let mut narrow = Fused::<f32>::at_level(level, &a, Layers::Both, &weights).unwrap();
            let batch = narrow.pack(&pairs(&rows));
            let (found, gradient) = narrow.gradient(&batch);
            assert!(largest_difference(&gradient, &exact) < 2e-6, "{level:?} {width}");
            found.iter().zip(&losses).for_each(|(x, y)| assert!((x - y).abs() < 1e-5 * y));
        }
    }
}

#[test]
fn a_symmetric_start_is_exactly_zero() {
    for biases in [false, true] {
        let a = architecture(1001, 2, biases);
        let weights = a.weights(Start::Symmetric, 5).unwrap();
        let (points, _) = rows(150, a.dim, 2);
        let zeros = Matrix::zeros(150, 2);
        for level in Level::all() {
            let rows = (points.clone(), zeros.clone());
            let mut wide = Fused::<f64>::at_level(level, &a, Layers::Both, &weights).unwrap();
            let batch = wide.pack(&pairs(&rows));
            assert_eq!(wide.gradient(&batch).0, [0.0; 2]);
            let mut narrow = Fused::<f32>::at_level(level, &a, Layers::Both, &weights).unwrap();
            let batch = narrow.pack(&pairs(&rows));
            assert_eq!(narrow.gradient(&batch).0, [0.0; 2]);
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let a = architecture(1500, 1, false);
    let weights = a.weights(Start::Random, 5).unwrap();
    let rows = rows(700, a.dim, 1);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut network = Fused::<f32>::new(&a, Layers::Both, &weights).unwrap();
            let batch = network.pack(&pairs(&rows));
            (0..5).for_each(|_| drop(network.step(&batch, 0.3, f64::INFINITY)));
            network.weights()
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(4));
}
