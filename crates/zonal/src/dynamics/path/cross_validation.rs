//! Generalised cross-validation along a path, from sums alone (RW-9).

use super::{GradientPath, Solution};
use crate::dynamics::{LeaveOneOut, RANK};
use crate::numeric::contour::Contour;
use crate::numeric::sum::non_negative;
use num_complex::Complex64;

impl GradientPath {
    /// Estimates, for each label, the loss on new rows of a path on `rows` rows of equal weight: the mean square of leave-one-out
    /// residuals with the same leverage for each row. None for a path of Lanczos, which has not all eigenvalues, and for steps with
    /// which [`LeaveOneOut::descent_residuals`] is not computed.
    ///
    /// The rows themselves are not needed. It is a heuristic: good where leverages are alike, as on the sphere, and too low on
    /// tables with a few rows of high leverage once the best iteration has passed. [`LeaveOneOut`] is exact. Cost: 24 times the rank
    /// from 48 iterations on.
    pub fn cross_validation(&self, rows: u64, iteration: u64) -> Option<Vec<f64>> {
        let Solution::Dense(dense) = &self.solution else { return None };
        let largest = dense.eigenvalues.last().copied().unwrap_or(0.0);
        if self.step * largest > LeaveOneOut::LARGEST_REACH {
            return None;
        }
        // The eigenvalues of the rows, with their places.
        let of_rows = |x: &f64| x - self.ridge;
        let known: Vec<usize> = (0..dense.eigenvalues.len())
            .filter(|&i| of_rows(&dense.eigenvalues[i]) > RANK * largest)
            .collect();
        let rows = rows as f64;
        let outside = (rows - known.len() as f64).max(0.0);
        let contour = Contour::of_descent(self.step, iteration, self.step * largest);
        // For each node its factor, divided by the mean of 1 minus the leverages, and its ridge.
        let nodes: Vec<(Complex64, Complex64)> = contour
            .nodes
            .iter()
            .map(|node| {
                let ridge = self.ridge - node.point;
                let left = known.iter().map(|&i| ridge / (of_rows(&dense.eigenvalues[i]) + ridge));
                (node.factor * rows / (left.sum::<Complex64>() + outside), ridge)
            })
            .collect();
        let residual = |eigenvalue: f64| -> f64 {
            nodes.iter().map(|(factor, ridge)| 2.0 * (factor * ridge / (eigenvalue + ridge)).re).sum()
        };
        let residuals: Vec<f64> = known.iter().map(|&i| residual(of_rows(&dense.eigenvalues[i]))).collect();
        let rest = residual(0.0);
        let of_label = |label: usize| {
            let square = |i: usize| dense.b.row(label)[i].powi(2) / of_rows(&dense.eigenvalues[i]);
            let inside: f64 = known.iter().zip(&residuals).map(|(&i, r)| square(i) * r * r).sum();
            let explained: f64 = known.iter().map(|&i| square(i)).sum();
            inside + non_negative(self.label_sq[label] - explained) * rest * rest
        };
        Some((0..self.labels()).map(of_label).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::dynamics::{Solver, Step};
    use crate::linalg::Matrix;
    use crate::network::Network;
    use crate::numeric::random::{Purpose, normal, stream};
    use crate::observer::Silent;
    use crate::risk::Empirical;
    use crate::sphere::{Dim, uniform_points};

    #[test]
    fn on_the_sphere_it_is_near_leave_one_out() {
        let dim = Dim::new(6).unwrap();
        for (rows, width, ridge) in [(400, 150, 0.0), (400, 600, 0.0), (300, 200, 1e-3)] {
            let counts = [0, 1, 30, 1_000, 100_000, 100_000_000];
            let (mut sums, mut exact) = ([0.0; 6], [0.0; 6]);
            for seed in 0..12 {
                let points = uniform_points(dim, rows, seed, Purpose::Points);
                let mut rng = stream(seed, Purpose::Noise, 0);
                let label =
                    |i: usize, noise: f64| points.row(i)[0] + 2.0 * points.row(i)[1].powi(2) + 0.1 * noise;
                let labels: Vec<f64> = (0..rows).map(|i| label(i, normal(&mut rng))).collect();
                let network = Network::random(Activation::Relu, 1.0, dim, width, seed).unwrap();
                let q =
                    Empirical::new(&points, &labels).quadratic(&network).unwrap().with_ridge(ridge).unwrap();
                let path = GradientPath::new(&q, Step::Auto, &mut Silent).unwrap();
                let features = network.features(&points).unwrap();
                let column = Matrix::from_rows(rows, 1, labels).unwrap();
                let left_out = LeaveOneOut::new(&features, &column, &[]).unwrap();
                for (i, &t) in counts.iter().enumerate() {
                    sums[i] += path.cross_validation(rows as u64, t).unwrap()[0];
                    let residuals = left_out.descent_residuals(path.step(), ridge, t).unwrap();
                    exact[i] += left_out.mean_squares(&residuals).unwrap()[0];
                }
            }
            for ((found, exact), t) in sums.iter().zip(exact).zip(counts) {
                assert!((found / exact - 1.0).abs() < 0.05, "{rows} {width} {t}: {found} {exact}");
            }
        }
    }

    #[test]
    fn paths_without_all_eigenvalues_have_no_estimate() {
        let points = uniform_points(Dim::new(4).unwrap(), 50, 1, Purpose::Points);
        let labels = vec![1.0; 50];
        let network = Network::random(Activation::Tanh, 1.0, Dim::new(4).unwrap(), 20, 1).unwrap();
        let q = Empirical::new(&points, &labels).quadratic(&network).unwrap();
        let lanczos = GradientPath::with_solver(&q, Step::Auto, Solver::Lanczos, 100, &mut Silent).unwrap();
        assert_eq!(lanczos.cross_validation(50, 10), None);
        let step = GradientPath::new(&q, Step::Auto, &mut Silent).unwrap().step();
        let long = GradientPath::new(&q, Step::Fixed(1.95 * step), &mut Silent).unwrap();
        assert_eq!(long.cross_validation(50, 10), None);
    }
}
