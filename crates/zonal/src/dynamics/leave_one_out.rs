//! Exact leave-one-out errors of ridge regression and of gradient descent at every iteration (RW-8).

use crate::error::{Error, Result, check_finite, check_size};
use crate::linalg::{Matrix, symmetric_eigen};
use crate::numeric::contour::Contour;
use num_complex::Complex64;

/// Eigenvalues below this share of the largest one are rounding errors.
pub(crate) const RANK: f64 = 1e-13;
/// Squared lengths below this are rounding errors.
const ROUNDING: f64 = 1e-12;
/// The most columns of right sides that are multiplied at a time.
const COLUMNS: usize = 512;

/// The leave-one-out errors of a linear fit to rows.
///
/// The residual of row i in the fit of a ridge without this row is e_i / (1 - h_i), with the residual e_i and the leverage h_i
/// of the fit to all rows. Gradient descent is a contour integral of ridges, and so is its leave-one-out residual. No row is
/// fitted twice. The row that is left out keeps its part in the denominator of the mean square: the step and the ridge are
/// those of N rows.
///
/// ```
/// use zonal::dynamics::LeaveOneOut;
/// use zonal::linalg::Matrix;
/// let features = Matrix::from_rows(4, 2, vec![1.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0, 3.0])?;
/// let labels = Matrix::from_rows(4, 1, vec![0.0, 1.0, 2.0, 9.0])?;
/// let left_out = LeaveOneOut::new(&features, &labels, &[])?;
/// // The line through the first three rows is 6 below the last one.
/// assert!((left_out.ridge_residuals(0.0)?.row(3)[0] - 6.0).abs() < 1e-9);
/// # Ok::<(), zonal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LeaveOneOut {
    /// The eigenvalues of the second moments, those of rounding errors left out.
    eigenvalues: Vec<f64>,
    /// The orthonormal columns of the fit, one row for each row of the table.
    vectors: Matrix,
    /// Their squares.
    squares: Matrix,
    /// The products of the labels with these columns: one row for each column, one column for each label.
    products: Matrix,
    /// The part of the labels outside the span of the features.
    rest: Matrix,
    /// For each row the squared length of its unit vector outside that span.
    outside: Vec<f64>,
    /// The weights of rows, divided by their sum.
    shares: Vec<f64>,
    width: usize,
}

impl LeaveOneOut {
    /// The largest product of the step and the largest eigenvalue for which residuals are computed: closer to 2 the number of
    /// nodes would grow without bound.
    pub const LARGEST_REACH: f64 = 1.9;

    /// Prepares the errors for features (one row for each row of the table), labels, and weights of rows, none for equal ones.
    ///
    /// Cost: the products N m^2 and the eigenproblem of order min(N, m).
    ///
    /// # Errors
    /// [`Error::Size`] if the numbers of rows differ; [`Error::Parameter`] without rows or columns, and for weights that are not
    /// positive; [`Error::NotFinite`].
    pub fn new(features: &Matrix, labels: &Matrix, weights: &[f64]) -> Result<Self> {
        let rows = features.rows();
        check_size("rows of labels", labels.rows(), rows)?;
        if rows == 0 || features.columns() == 0 || labels.columns() == 0 {
            return Err(Error::parameter("the number of rows, features and labels", 0, "at least 1"));
        }
        check_finite("the features", features.values(), features.columns())?;
        check_finite("the labels", labels.values(), labels.columns())?;
        if !weights.is_empty() {
            check_size("weights of rows", weights.len(), rows)?;
        }
        if let Some(weight) = weights.iter().find(|w| !(**w > 0.0 && w.is_finite())) {
            return Err(Error::parameter("a weight", weight, "a positive number"));
        }
        let total: f64 = if weights.is_empty() { rows as f64 } else { weights.iter().sum() };
        let share = |i: usize| weights.get(i).copied().unwrap_or(1.0) / total;
        let shares: Vec<f64> = (0..rows).map(share).collect();
        let scaled = |x: &Matrix| {
            let mut out = x.clone();
            (0..rows).for_each(|i| out.row_mut(i).iter_mut().for_each(|value| *value *= shares[i].sqrt()));
            out
        };
        let width = features.columns();
        let (features, labels) = (scaled(features), scaled(labels));
        let (eigenvalues, vectors) = left_vectors(&features)?;
        let products = vectors.transposed_times(&labels);
        let mut squares = vectors.clone();
        squares.values_mut().iter_mut().for_each(|x| *x *= *x);
        // If the features span everything, these differences are rounding errors.
        let (mut rest, mut outside) = (Matrix::zeros(rows, labels.columns()), vec![0.0; rows]);
        if eigenvalues.len() < rows {
            let fitted = vectors.times(&products);
            rest = labels;
            rest.values_mut().iter_mut().zip(fitted.values()).for_each(|(y, f)| *y -= f);
            outside = (0..rows).map(|i| 1.0 - squares.row(i).iter().sum::<f64>()).collect();
            // So they are at rows that determine a coefficient alone.
            for (i, outside) in outside.iter_mut().enumerate().filter(|(_, outside)| **outside < ROUNDING) {
                *outside = 0.0;
                rest.row_mut(i).fill(0.0);
            }
        }
        Ok(Self { eigenvalues, vectors, squares, products, rest, outside, shares, width })
    }

    /// Returns the largest eigenvalue of the second moments of the features.
    pub fn largest_eigenvalue(&self) -> f64 {
        self.eigenvalues.iter().fold(0.0, |a, &b| a.max(b))
    }

    /// Returns the number of features.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the sum of the leverages of ridge regression on all rows, tr K (K + ridge)^-1, for a positive ridge.
    pub fn effective_dimension(&self, ridge: f64) -> f64 {
        self.eigenvalues.iter().map(|l| l / (l + ridge)).sum()
    }

    /// Returns the residuals of each row for the fit of a ridge to all others, in the labels' units.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a ridge that is negative or not finite.
    pub fn ridge_residuals(&self, ridge: f64) -> Result<Matrix> {
        check_ridge(ridge)?;
        // 0 is the limit of small ridges, in which rows that determine a coefficient alone have no leave-one-out fit.
        let ridge = ridge.max(1e-14 * self.largest_eigenvalue()).max(f64::MIN_POSITIVE);
        Ok(self.integrated(&[(Complex64::from(ridge), Complex64::from(0.5))]))
    }

    /// Returns the residuals of each row for t steps of gradient descent from zero on all others, with a ridge as in
    /// [`Quadratic::with_ridge`](crate::risk::Quadratic::with_ridge).
    ///
    /// Cost: 48 products of N times the rank for each label and 48 for the leverages from t = 48 on, up to 380 each below; up to 2,100
    /// with larger steps than 1 / (the largest eigenvalue + the ridge).
    ///
    /// # Errors
    /// [`Error::Parameter`] for a ridge that is negative or not finite, and for a step that is not positive, or larger than
    /// [`Self::LARGEST_REACH`] / (the largest eigenvalue + the ridge).
    pub fn descent_residuals(&self, step: f64, ridge: f64, iterations: u64) -> Result<Matrix> {
        check_ridge(ridge)?;
        let largest = self.largest_eigenvalue() + ridge;
        if !(step > 0.0 && step * largest <= Self::LARGEST_REACH) {
            let required = format!(
                "positive and at most {:.6e}, {} / (largest eigenvalue + ridge)",
                Self::LARGEST_REACH / largest,
                Self::LARGEST_REACH
            );
            return Err(Error::parameter("the step", step, required));
        }
        let contour = Contour::of_descent(step, iterations, step * largest);
        let nodes: Vec<(Complex64, Complex64)> =
            contour.nodes.iter().map(|node| (ridge - node.point, node.factor)).collect();
        Ok(self.integrated(&nodes))
    }

    /// Returns the mean squares of residuals over rows, by their weights, for each label.
    ///
    /// # Errors
    /// [`Error::Size`] for another number of rows.
    pub fn mean_squares(&self, residuals: &Matrix) -> Result<Vec<f64>> {
        check_size("rows of residuals", residuals.rows(), self.shares.len())?;
        let mean = |label: usize| {
            let of = |i: usize| self.shares[i] * residuals.row(i)[label].powi(2);
            (0..residuals.rows()).map(of).sum()
        };
        Ok((0..residuals.columns()).map(mean).collect())
    }

    /// Returns the mean product, over rows by their weights, of the residuals of one label and other values of the rows.
    ///
    /// # Errors
    /// [`Error::Size`] for another number of rows.
    pub fn mean_products(&self, residuals: &Matrix, values: &[f64]) -> Result<f64> {
        check_size("rows of residuals", residuals.rows(), self.shares.len())?;
        check_size("values of rows", values.len(), self.shares.len())?;
        Ok((0..values.len()).map(|i| self.shares[i] * values[i] * residuals.row(i)[0]).sum())
    }

    /// Returns 2 Re sum over nodes of factor e / (1 - h) at their ridges.
    fn integrated(&self, nodes: &[(Complex64, Complex64)]) -> Matrix {
        let (rows, labels) = (self.rest.rows(), self.rest.columns());
        let mut out = Matrix::zeros(rows, labels);
        let at_once = (COLUMNS / (2 * (labels + 1))).max(1);
        for group in nodes.chunks(at_once) {
            let (residuals, unused) = self.fits(group);
            for i in 0..rows {
                let weight = self.shares[i].sqrt();
                for (j, (_, factor)) in group.iter().enumerate() {
                    let unused = Complex64::new(unused.row(i)[2 * j], unused.row(i)[2 * j + 1]);
                    // 1 minus the leverage, without the loss of digits of this difference.
                    let scale = 2.0 * factor / (self.outside[i] + unused);
                    for label in 0..labels {
                        let at = 2 * (j * labels + label);
                        let fitted = Complex64::new(residuals.row(i)[at], residuals.row(i)[at + 1]);
                        let residual = self.rest.row(i)[label] + fitted;
                        out.row_mut(i)[label] += (scale * residual).re / weight;
                    }
                }
            }
        }
        out
    }

    /// Returns, for some ridges, the residuals within the span of the features and the parts of 1 minus the leverages there, each
    /// with real and imaginary parts in neighbouring columns.
    fn fits(&self, nodes: &[(Complex64, Complex64)]) -> (Matrix, Matrix) {
        let (rank, labels) = (self.eigenvalues.len(), self.rest.columns());
        let mut right = Matrix::zeros(rank, 2 * nodes.len() * labels);
        let mut shares = Matrix::zeros(rank, 2 * nodes.len());
        for (k, eigenvalue) in self.eigenvalues.iter().enumerate() {
            for (j, (ridge, _)) in nodes.iter().enumerate() {
                let left = ridge / (eigenvalue + ridge);
                shares.row_mut(k)[2 * j] = left.re;
                shares.row_mut(k)[2 * j + 1] = left.im;
                for label in 0..labels {
                    let at = 2 * (j * labels + label);
                    right.row_mut(k)[at] = left.re * self.products.row(k)[label];
                    right.row_mut(k)[at + 1] = left.im * self.products.row(k)[label];
                }
            }
        }
        (self.vectors.times(&right), self.squares.times(&shares))
    }
}

fn check_ridge(ridge: f64) -> Result<()> {
    if ridge >= 0.0 && ridge.is_finite() {
        return Ok(());
    }
    Err(Error::parameter("the ridge", ridge, "at least 0 and finite"))
}

/// Returns the eigenvalues of the second moments and the left singular vectors of weighted features, one row for each row.
fn left_vectors(features: &Matrix) -> Result<(Vec<f64>, Matrix)> {
    let is_tall = features.rows() >= features.columns();
    let moments =
        if is_tall { features.transposed_times(features) } else { features.times_transposed(features) };
    let eigen = symmetric_eigen(&moments)?;
    let largest = eigen.values.iter().fold(0.0f64, |a, &b| a.max(b));
    let chosen: Vec<usize> =
        (0..eigen.values.len()).filter(|&k| eigen.values[k] > RANK * largest && largest > 0.0).collect();
    let eigenvalues: Vec<f64> = chosen.iter().map(|&k| eigen.values[k]).collect();
    let basis = eigen.vectors.select(&chosen);
    let mut vectors = if is_tall { features.times_transposed(&basis) } else { basis.transposed() };
    if is_tall {
        for i in 0..vectors.rows() {
            vectors.row_mut(i).iter_mut().zip(&eigenvalues).for_each(|(x, l)| *x /= l.sqrt());
        }
    }
    Ok((eigenvalues, vectors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::dynamics::accumulated;
    use crate::network::Network;
    use crate::numeric::random::{Purpose, normal, stream};
    use crate::sphere::{Dim, uniform_points};

    struct Table {
        features: Matrix,
        labels: Matrix,
        weights: Vec<f64>,
    }

    fn table(rows: usize, width: usize, labels: usize, weighted: bool, seed: u64) -> Table {
        let dim = Dim::new(5).unwrap();
        let network = Network::random(Activation::Relu, 1.0, dim, width, seed).unwrap();
        let points = uniform_points(dim, rows, seed, Purpose::Points);
        let mut rng = stream(seed, Purpose::Noise, 0);
        let label = |i: usize, l: usize, noise: f64| points.row(i)[l] * points.row(i)[l + 1] + 0.1 * noise;
        let values: Vec<f64> =
            (0..rows * labels).map(|at| label(at / labels, at % labels, normal(&mut rng))).collect();
        Table {
            features: network.features(&points).unwrap(),
            labels: Matrix::from_rows(rows, labels, values).unwrap(),
            weights: (0..rows).filter(|_| weighted).map(|i| 1.0 + (i % 3) as f64).collect(),
        }
    }

    /// The residual of row i for descent, or a ridge, on all other rows, by a refit.
    fn refitted(t: &Table, i: usize, filter: &dyn Fn(f64) -> f64) -> Vec<f64> {
        let rows = t.features.rows();
        let weight = |j: usize| t.weights.get(j).copied().unwrap_or(1.0);
        let total: f64 = (0..rows).map(weight).sum();
        let others: Vec<usize> = (0..rows).filter(|j| *j != i).collect();
        let (mut x, mut y) = (t.features.select(&others), t.labels.select(&others));
        for (at, &j) in others.iter().enumerate() {
            let root = (weight(j) / total).sqrt();
            x.row_mut(at).iter_mut().for_each(|v| *v *= root);
            y.row_mut(at).iter_mut().for_each(|v| *v *= root);
        }
        let eigen = symmetric_eigen(&x.transposed_times(&x)).unwrap();
        let mut products = eigen.vectors.times(&x.transposed_times(&y));
        for k in 0..products.rows() {
            let factor = filter(eigen.values[k].max(0.0));
            products.row_mut(k).iter_mut().for_each(|v| *v *= factor);
        }
        let predicted = eigen.vectors.transposed_times(&products).transposed_times_vector(t.features.row(i));
        t.labels.row(i).iter().zip(predicted).map(|(y, f)| y - f).collect()
    }

    #[test]
    fn leave_one_out_is_a_refit_without_each_row() {
        for (number, (rows, width, labels, weighted)) in
            [(40, 25, 1, false), (40, 70, 1, false), (30, 30, 2, true), (25, 8, 2, true)]
                .into_iter()
                .enumerate()
        {
            let t = table(rows, width, labels, weighted, number as u64);
            let left_out = LeaveOneOut::new(&t.features, &t.labels, &t.weights).unwrap();
            let step = 1.0 / left_out.largest_eigenvalue();
            let check = |found: &Matrix, filter: &dyn Fn(f64) -> f64, what: &str| {
                for i in 0..rows {
                    for (a, b) in found.row(i).iter().zip(refitted(&t, i, filter)) {
                        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{number} {what}, row {i}: {a} {b}");
                    }
                }
            };
            // More iterations than features that are nearly dependent can tell apart, refitted or not, are compared with the ridge.
            let last = left_out.descent_residuals(step, 0.0, 1_000_000_000_000_000_000).unwrap();
            let limit = left_out.ridge_residuals(0.0).unwrap();
            for (a, b) in last.values().iter().zip(limit.values()) {
                assert!((a - b).abs() < 1e-6 * (1.0 + b.abs()), "{number}: {a} {b}");
            }
            for iterations in [0, 1, 7, 47, 48, 1_000] {
                let found = left_out.descent_residuals(step, 0.0, iterations).unwrap();
                check(&found, &|l| accumulated(l, step, iterations), &format!("t = {iterations}"));
            }
            for iterations in [0, 1, 7, 47, 48, 250, 300] {
                let found = left_out.descent_residuals(1.9 * step, 0.0, iterations).unwrap();
                check(
                    &found,
                    &|l| accumulated(l, 1.9 * step, iterations),
                    &format!("long step, t = {iterations}"),
                );
            }
            let ridge = 1e-3 * left_out.largest_eigenvalue();
            let step = 1.0 / (left_out.largest_eigenvalue() + ridge);
            for iterations in [0, 1, 7, 47, 48, 1_000, 1_000_000_000_000_000_000] {
                let found = left_out.descent_residuals(step, ridge, iterations).unwrap();
                check(
                    &found,
                    &|l| accumulated(l + ridge, step, iterations),
                    &format!("ridge, t = {iterations}"),
                );
            }
            check(&left_out.ridge_residuals(ridge).unwrap(), &|l| 1.0 / (l + ridge), "ridge");
            let means = left_out.mean_squares(&left_out.descent_residuals(step, ridge, 0).unwrap()).unwrap();
            assert!(means.len() == labels && means.iter().all(|m| *m > 0.0));
        }
    }

    #[test]
    fn a_row_that_determines_a_coefficient_alone_is_left_with_its_label() {
        let mut t = table(20, 4, 1, false, 5);
        let mut features = Matrix::zeros(20, 5);
        for i in 0..20 {
            features.row_mut(i)[..4].copy_from_slice(t.features.row(i));
        }
        // No other row has the last feature. All are mixed by a reflection, so that this shows up to rounding only.
        features.row_mut(0).copy_from_slice(&[0.0, 0.0, 0.0, 0.0, 0.3]);
        let v = [0.3, -0.5, 0.7, 0.2, 0.36];
        let square: f64 = v.iter().map(|x| x * x).sum();
        for i in 0..20 {
            let row = features.row_mut(i);
            let along: f64 = row.iter().zip(v).map(|(x, v)| x * v).sum();
            row.iter_mut().zip(v).for_each(|(x, v)| *x -= 2.0 * along / square * v);
        }
        t.features = features;
        let left_out = LeaveOneOut::new(&t.features, &t.labels, &[]).unwrap();
        let step = 1.0 / left_out.largest_eigenvalue();
        for iterations in [1, 100, 1_000_000_000_000, 1_000_000_000_000_000_000] {
            let found = left_out.descent_residuals(step, 0.0, iterations).unwrap().row(0)[0];
            assert!(
                (found - t.labels.row(0)[0]).abs() < 1e-9,
                "{iterations}: {found} {}",
                t.labels.row(0)[0]
            );
        }
    }

    #[test]
    fn mistakes_are_errors() {
        let t = table(10, 5, 1, false, 0);
        let left_out = LeaveOneOut::new(&t.features, &t.labels, &[]).unwrap();
        let largest = left_out.largest_eigenvalue();
        assert!(matches!(left_out.descent_residuals(1.91 / largest, 0.0, 10), Err(Error::Parameter { .. })));
        assert!(matches!(left_out.ridge_residuals(-1.0), Err(Error::Parameter { .. })));
        assert!(matches!(
            LeaveOneOut::new(&t.features, &t.labels.row_range(0, 9), &[]),
            Err(Error::Size { .. })
        ));
        assert!(matches!(LeaveOneOut::new(&t.features, &t.labels, &[1.0]), Err(Error::Size { .. })));
        assert!(matches!(LeaveOneOut::new(&t.features, &t.labels, &[0.0; 10]), Err(Error::Parameter { .. })));
        let none = Matrix::zeros(0, 3);
        assert!(matches!(LeaveOneOut::new(&none, &none, &[]), Err(Error::Parameter { .. })));
        // Features that are all zero fit nothing: each row is left with its label.
        let zero = LeaveOneOut::new(&Matrix::zeros(10, 3), &t.labels, &[]).unwrap();
        assert!((zero.ridge_residuals(0.1).unwrap().row(3)[0] - t.labels.row(3)[0]).abs() < 1e-12);
    }
}
