//! The output layer on the units so far: the exact path, stopped on held-out rows.

use crate::rows::Rows;
use crate::unit::Units;
use rand::Rng;
use zonal::dynamics::accumulated;
use zonal::linalg::{Matrix, SymmetricEigen, add_scaled, dot, symmetric_eigen};
use zonal::numeric::random::normal;
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
/// The number of random projections that estimate leverages: their relative standard error is 18 %.
const PROBES: usize = 64;

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

    /// Returns the labels, centred, each row times the root of its weight.
    pub(crate) fn labels(&self) -> &Matrix {
        &self.labels
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
        let tried: Vec<u64> =
            std::iter::successors(Some(1u64), |t| Some(2 * t)).take_while(|t| *t < LAST).collect();
        let mut path = Vec::new();
        for &iterations in &tried {
            path.extend_from_slice(path_at(&eigen, &turned, step, iterations).values());
        }
        let labels = self.labels.columns();
        let path = Matrix::from_rows(tried.len() * labels, self.means.len(), path)?;
        let losses = self.held_out(&path);
        let best = (0..tried.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap_or(0);
        let coefficients = path.row_range(best * labels, (best + 1) * labels);
        Ok(Solution { coefficients, iterations: tried[best], step, held_out: losses[best], eigen })
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

    /// Returns the mean square of the residuals on held-out rows, summed over labels, for output weights that follow each
    /// other.
    fn held_out(&self, coefficients: &Matrix) -> Vec<f64> {
        let values = products(&self.held_blocks, self.held.len(), coefficients);
        let mut sums = vec![0.0; coefficients.rows() / self.label_means.len()];
        for i in 0..self.held.len() {
            let labels = self.held.labels.row(i);
            for (sum, values) in sums.iter_mut().zip(values.row(i).chunks(labels.len())) {
                let pairs = values.iter().zip(labels).zip(&self.label_means);
                let square: f64 = pairs.map(|((f, y), mean)| (f + mean - y).powi(2)).sum();
                *sum += self.held.weights[i] * square;
            }
        }
        sums.iter_mut().for_each(|sum| *sum /= self.held.len() as f64);
        sums
    }

    /// Returns the residuals of a fit without the row, each times the root of the row's weight. The leverage of a row, the
    /// derivative of its fit by its label, is exact up to [`PROBES`] units, and for more units estimated by random
    /// projections.
    pub(crate) fn residuals(&self, solution: &Solution, rng: &mut impl Rng) -> Matrix {
        let (rows, labels) = (self.rows.len(), self.labels.columns());
        let roots = self.roots_of_leverage(solution, rng);
        let directions = [solution.coefficients.values(), roots.values()].concat();
        let mut stacked = Matrix::zeros(labels + roots.rows(), self.means.len());
        stacked.values_mut().copy_from_slice(&directions);
        let values = products(&self.blocks, rows, &stacked);
        let mut out = self.labels.clone();
        for i in 0..rows {
            let (fitted, turned) = values.row(i).split_at(labels);
            let leverage = self.rows.weights[i] / rows as f64 + dot(turned, turned);
            let factor = 1.0 / (1.0 - leverage).max(LEAST_DIVISOR);
            out.row_mut(i).iter_mut().zip(fitted).for_each(|(y, f)| *y = factor * (*y - f));
        }
        out
    }

    /// Returns directions d such that the leverage of a row of features x, without that of the mean, is the sum of <d, x>^2.
    fn roots_of_leverage(&self, solution: &Solution, rng: &mut impl Rng) -> Matrix {
        let (width, count) = (self.means.len(), self.rows.len() as f64);
        let root =
            |x: &f64| (accumulated(x.max(0.0), solution.step, solution.iterations) / count).max(0.0).sqrt();
        let roots: Vec<f64> = solution.eigen.values.iter().map(root).collect();
        let mut turned = Matrix::zeros(width.min(PROBES), width);
        for probe in 0..turned.rows() {
            for (l, (x, root)) in turned.row_mut(probe).iter_mut().zip(&roots).enumerate() {
                *x = match width <= PROBES {
                    true if l == probe => *root,
                    true => 0.0,
                    false => root * normal(rng) / (PROBES as f64).sqrt(),
                };
            }
        }
        turned.times(&solution.eigen.vectors)
    }

    /// Returns the residual of the first label at a row.
    #[cfg(test)]
    pub(crate) fn plain_residual(&self, solution: &Solution, row: usize) -> f64 {
        let fitted = products(&self.blocks, self.rows.len(), &solution.coefficients);
        self.labels.row(row)[0] - fitted.row(row)[0]
    }
}

/// Returns the products of features, in blocks of columns, with directions, which have one row each.
fn products(blocks: &[Matrix], rows: usize, directions: &Matrix) -> Matrix {
    let mut out = Matrix::zeros(rows, directions.rows());
    let mut first = 0;
    for block in blocks {
        let own = block.columns();
        let mut part = Matrix::zeros(directions.rows(), own);
        for i in 0..directions.rows() {
            part.row_mut(i).copy_from_slice(&directions.row(i)[first..first + own]);
        }
        add_scaled(out.values_mut(), 1.0, block.times_transposed(&part).values());
        first += own;
    }
    out
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

/// Returns the mean square gradient of the network by each column, summed over labels, as shares of their sum; zeros if the
/// network is constant.
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
    let share = if total > 0.0 { 1.0 / total } else { 0.0 };
    sums.into_iter().map(|s| s * share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::activation::Activation;
    use zonal::numeric::random::{Purpose, stream};

    fn draw(rng: &mut impl Rng, rows: usize, columns: usize) -> Matrix {
        Matrix::from_rows(rows, columns, (0..rows * columns).map(|_| normal(rng)).collect()).unwrap()
    }

    #[test]
    fn stages_add_up_to_one_fit_of_all_units() {
        let mut rng = stream(2, Purpose::Points, 0);
        let rows = Rows::new(draw(&mut rng, 90, 3), draw(&mut rng, 90, 2), Vec::new()).unwrap();
        let held = Rows::new(draw(&mut rng, 40, 3), draw(&mut rng, 40, 2), Vec::new()).unwrap();
        let mut units = Units::none(vec![Activation::Relu, Activation::Tanh], 4);
        (0..12).for_each(|j| units.push(j / 6, draw(&mut rng, 1, 4).row(0)));
        let of = |stages: &[(usize, usize)]| {
            let mut fit = Fit::new(&rows, &held);
            stages.iter().for_each(|&(first, last)| fit.add(&units.range(first, last)));
            let solution = fit.solve().unwrap();
            let residuals = fit.residuals(&solution, &mut stream(0, Purpose::Growth, 0));
            [
                &[solution.held_out, solution.iterations as f64],
                solution.coefficients.values(),
                residuals.values(),
            ]
            .concat()
        };
        let (one, several) = (of(&[(0, 12)]), of(&[(0, 5), (5, 6), (6, 12)]));
        assert_eq!(one.len(), several.len());
        for (a, b) in one.iter().zip(&several) {
            assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{a} {b}");
        }
    }

    /// With more units than projections, the mean of many estimates is the leverage.
    #[test]
    fn estimated_leverages_are_right_on_average() {
        let mut rng = stream(1, Purpose::Points, 0);
        let rows = Rows::new(draw(&mut rng, 200, 3), draw(&mut rng, 200, 1), Vec::new()).unwrap();
        let held = Rows::new(draw(&mut rng, 50, 3), draw(&mut rng, 50, 1), Vec::new()).unwrap();
        let mut units = Units::none(vec![Activation::Tanh], 4);
        (0..PROBES + 10).for_each(|_| units.push(0, draw(&mut rng, 1, 4).row(0)));
        let mut fit = Fit::new(&rows, &held);
        fit.add(&units);
        // Few iterations: some directions are learned, others are not.
        let solution = Solution { iterations: 30, ..fit.solve().unwrap() };
        let row = fit.blocks[0].row(17);
        let factor = |x: f64| accumulated(x.max(0.0), solution.step, solution.iterations) / 200.0;
        let pairs = solution.eigen.values.iter().enumerate();
        let exact: f64 =
            pairs.map(|(l, x)| factor(*x) * dot(solution.eigen.vectors.row(l), row).powi(2)).sum();
        assert!((0.01..0.5).contains(&exact), "{exact}");
        let count = 400;
        let estimate = |seed: u64| -> f64 {
            let roots = fit.roots_of_leverage(&solution, &mut stream(seed, Purpose::Growth, 0));
            (0..roots.rows()).map(|i| dot(roots.row(i), row).powi(2)).sum()
        };
        let mean = (0..count).map(estimate).sum::<f64>() / count as f64;
        // Five standard errors: an estimate has the relative deviation (2 / PROBES)^(1/2).
        let error = 5.0 * (2.0 / (PROBES * count as usize) as f64).sqrt();
        assert!((mean / exact - 1.0).abs() < error, "{mean} {exact} {error}");
    }
}
