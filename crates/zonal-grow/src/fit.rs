//! The output layer on the units so far: the exact path, stopped on held-out rows.

use crate::rows::Rows;
use crate::unit::Units;
use zonal::dynamics::accumulated;
use zonal::linalg::{Matrix, SymmetricEigen, add_scaled, dot, symmetric_eigen};
use zonal::{Error, Result};

/// Features of the units so far, with their products.
pub(crate) struct Fit<'a> {
    rows: &'a Rows,
    held: &'a Rows,
    /// Centred labels of `rows`, each row times the root of its weight.
    labels: Matrix,
    /// The means of the labels over `rows`.
    pub(crate) label_means: Vec<f64>,
    /// The features of each stage on `rows`, as `labels`.
    blocks: Vec<Matrix>,
    /// The features of each stage on `held`, less the means over `rows`.
    held_blocks: Vec<Matrix>,
    /// The means over `rows` of all features.
    pub(crate) means: Vec<f64>,
    /// Products of the features of each stage with those of the stages up to it.
    products: Vec<Vec<Matrix>>,
    /// Products of the features of each stage with the labels.
    correlations: Vec<Matrix>,
}

/// The output layer, stopped where the loss on held-out rows is smallest.
pub(crate) struct Solution {
    /// One label per row.
    pub(crate) coefficients: Matrix,
    /// The iterations, and the step.
    pub(crate) iterations: u64,
    pub(crate) step: f64,
    /// The mean square of the residuals on held-out rows, summed over labels.
    pub(crate) held_out: f64,
    eigen: SymmetricEigen,
}

/// The most iterations that are tried.
const LAST: u64 = 1_000_000_000;
/// Leave-one-out residuals are divided by at least this number.
const LEAST_DIVISOR: f64 = 0.05;

impl<'a> Fit<'a> {
    pub(crate) fn new(rows: &'a Rows, held: &'a Rows) -> Self {
        let mut labels = rows.labels.clone();
        let label_means = rows.centre(&mut labels);
        Self {
            rows,
            held,
            labels,
            label_means,
            blocks: Vec::new(),
            held_blocks: Vec::new(),
            means: Vec::new(),
            products: Vec::new(),
            correlations: Vec::new(),
        }
    }

    /// Adds units.
    pub(crate) fn add(&mut self, units: &Units) {
        let mut block = units.features(&self.rows.points);
        let means = self.rows.centre(&mut block);
        let mut held = units.features(&self.held.points);
        for i in 0..held.rows() {
            add_scaled(held.row_mut(i), -1.0, &means);
        }
        self.blocks.push(block);
        self.held_blocks.push(held);
        self.means.extend(means);
        let block = &self.blocks[self.blocks.len() - 1];
        self.products.push(self.blocks.iter().map(|other| block.transposed_times(other)).collect());
        self.correlations.push(self.labels.transposed_times(block));
    }

    /// Returns the labels on these rows, centred, each row times the root of its weight.
    pub(crate) fn labels(&self, chosen: &[usize]) -> Matrix {
        self.labels.select(chosen)
    }

    /// Returns the standard deviation of each unit.
    pub(crate) fn deviations(&self) -> Vec<f64> {
        let count = self.rows.len() as f64;
        let of_stage = |s: usize| {
            let own = &self.products[s][s];
            (0..own.rows()).map(move |j| (own.row(j)[j] / count).max(0.0).sqrt())
        };
        (0..self.products.len()).flat_map(of_stage).collect()
    }

    /// Computes the path of the output layer and stops it by the held-out rows.
    pub(crate) fn solve(&self) -> Result<Solution> {
        let (k, b) = self.quadratic();
        let eigen = symmetric_eigen(&k)?;
        let largest = eigen.values.last().copied().unwrap_or(0.0);
        if largest.is_nan() || largest <= 0.0 {
            let message = "positive for at least one unit";
            return Err(Error::parameter("the variance of the units' features", largest, message));
        }
        let step = 1.0 / largest;
        let turned = b.times_transposed(&eigen.vectors);
        let at = |iterations| path_at(&eigen, &turned, step, iterations);
        let tried = std::iter::successors(Some(1u64), |t| Some(2 * t)).take_while(|t| *t < LAST);
        let losses = tried.map(|t| (self.held_out(&at(t)), t));
        let Some((held_out, iterations)) = losses.min_by(|a, b| a.0.total_cmp(&b.0)) else {
            return Err(Error::Size { what: "iterations that were tried".into(), found: 0, required: 1 });
        };
        Ok(Solution { coefficients: at(iterations), iterations, step, held_out, eigen })
    }

    /// Returns the means of products of features and of features and labels.
    fn quadratic(&self) -> (Matrix, Matrix) {
        let (width, labels) = (self.means.len(), self.labels.columns());
        let count = self.rows.len() as f64;
        let (mut k, mut b) = (Matrix::zeros(width, width), Matrix::zeros(labels, width));
        let mut first = 0;
        for (products, correlation) in self.products.iter().zip(&self.correlations) {
            let own = correlation.columns();
            let mut from = 0;
            for product in products {
                for j in 0..own {
                    for (i, x) in product.row(j).iter().enumerate() {
                        k.row_mut(first + j)[from + i] = x / count;
                        k.row_mut(from + i)[first + j] = x / count;
                    }
                }
                from += product.columns();
            }
            for label in 0..labels {
                let row = b.row_mut(label)[first..first + own].iter_mut().zip(correlation.row(label));
                row.for_each(|(x, c)| *x = c / count);
            }
            first += own;
        }
        (k, b)
    }

    /// Returns the mean square of the residuals on held-out rows, summed over labels.
    fn held_out(&self, coefficients: &Matrix) -> f64 {
        let mut values = Matrix::zeros(self.held.len(), coefficients.rows());
        let mut first = 0;
        for block in &self.held_blocks {
            let last = first + block.columns();
            for i in 0..values.rows() {
                for (label, f) in values.row_mut(i).iter_mut().enumerate() {
                    *f += dot(block.row(i), &coefficients.row(label)[first..last]);
                }
            }
            first = last;
        }
        let mut sum = 0.0;
        for i in 0..self.held.len() {
            let pairs = values.row(i).iter().zip(self.held.labels.row(i)).zip(&self.label_means);
            let square: f64 = pairs.map(|((f, y), mean)| (f + mean - y).powi(2)).sum();
            sum += self.held.weights[i] * square;
        }
        sum / self.held.len() as f64
    }

    /// Returns, for some rows, the residuals of a fit without the row (exact derivative by its label), each times the root
    /// of the row's weight.
    pub(crate) fn residuals(&self, solution: &Solution, chosen: &[usize]) -> Matrix {
        let features = self.features(chosen);
        let fitted = features.times_transposed(&solution.coefficients);
        let turned = features.times_transposed(&solution.eigen.vectors);
        let count = self.rows.len() as f64;
        let values = &solution.eigen.values;
        let factors: Vec<f64> = values
            .iter()
            .map(|&x| accumulated(x.max(0.0), solution.step, solution.iterations) / count)
            .collect();
        let mut out = self.labels.select(chosen);
        for (i, &row) in chosen.iter().enumerate() {
            let own: f64 = turned.row(i).iter().zip(&factors).map(|(q, g)| q * q * g).sum();
            let leverage = self.rows.weights[row] / count + own;
            let factor = 1.0 / (1.0 - leverage).max(LEAST_DIVISOR);
            out.row_mut(i).iter_mut().zip(fitted.row(i)).for_each(|(y, f)| *y = factor * (*y - f));
        }
        out
    }

    /// Returns the residual of the first label at a row.
    #[cfg(test)]
    pub(crate) fn plain_residual(&self, solution: &Solution, row: usize) -> f64 {
        let fitted = dot(self.features(&[row]).row(0), solution.coefficients.row(0));
        self.labels.row(row)[0] - fitted
    }

    /// Returns the features of all units on some rows.
    fn features(&self, chosen: &[usize]) -> Matrix {
        let mut out = Matrix::zeros(chosen.len(), self.means.len());
        for (i, &row) in chosen.iter().enumerate() {
            let mut first = 0;
            for block in &self.blocks {
                out.row_mut(i)[first..first + block.columns()].copy_from_slice(block.row(row));
                first += block.columns();
            }
        }
        out
    }
}

/// Returns the output weights after some iterations.
fn path_at(eigen: &SymmetricEigen, turned: &Matrix, step: f64, iterations: u64) -> Matrix {
    let mut weighted = turned.clone();
    let floor = f64::EPSILON * eigen.values.last().copied().unwrap_or(0.0) * eigen.values.len() as f64;
    for label in 0..weighted.rows() {
        for (x, &value) in weighted.row_mut(label).iter_mut().zip(&eigen.values) {
            *x *= if value > floor { accumulated(value, step, iterations) } else { 0.0 };
        }
    }
    weighted.times(&eigen.vectors)
}

/// Returns the mean square gradient of the network by each column, summed over labels.
pub(crate) fn importances(units: &Units, coefficients: &Matrix, points: &Matrix) -> Vec<f64> {
    let mut slopes = units.arguments(points);
    let mut features = slopes.clone();
    units.apply(&mut features);
    units.slopes(&mut slopes, &features);
    let weights = units.matrix();
    let columns = units.depth - 1;
    let mut sums = vec![0.0; columns];
    for label in 0..coefficients.rows() {
        let mut scaled = weights.clone();
        for (j, a) in coefficients.row(label).iter().enumerate() {
            scaled.row_mut(j).iter_mut().for_each(|w| *w *= a);
        }
        let gradients = slopes.times(&scaled);
        for i in 0..gradients.rows() {
            sums.iter_mut().zip(gradients.row(i)).for_each(|(s, g)| *s += g * g);
        }
    }
    let total: f64 = sums.iter().sum();
    let (uniform, share) = (1.0 / columns as f64, if total > 0.0 { 1.0 / total } else { 0.0 });
    let mixed: Vec<f64> = sums.iter().map(|s| s * share + EXPLORE * uniform).collect();
    let total: f64 = mixed.iter().sum();
    mixed.into_iter().map(|p| p / total).collect()
}

/// The share of importance that all columns keep.
const EXPLORE: f64 = 0.02;
