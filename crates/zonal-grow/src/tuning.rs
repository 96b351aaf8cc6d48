//! Tuning: some steps of L-BFGS on all weights of the grown units, on the rows that they were grown on.

use crate::rows::Rows;
use crate::unit::Units;
use rayon::prelude::*;
use zonal::linalg::{Matrix, add_scaled, dot};

/// Rows whose features are in memory at a time, and such tiles summed by one task.
const TILE: usize = 128;
const TILES: usize = 8;

/// The objective: half the mean square of the residuals, summed over labels, plus (ridge / 2) |a|^2, plus half of `stiffness`
/// times the mean over units of the squared relative change of their weights.
///
/// Variables: the changes of the units' weights in units of each unit's length, the output weights, and a constant for each
/// label.
pub(crate) struct Objective<'a> {
    pub(crate) rows: &'a Rows,
    /// The units before the tuning.
    pub(crate) units: &'a Units,
    /// |(w_j, b_j)| before the tuning.
    pub(crate) lengths: Vec<f64>,
    pub(crate) ridge: f64,
    pub(crate) stiffness: f64,
}

impl<'a> Objective<'a> {
    pub(crate) fn new(rows: &'a Rows, units: &'a Units, ridge: f64, stiffness: f64) -> Self {
        let length = |j| dot(units.unit(j), units.unit(j)).sqrt();
        let lengths = (0..units.len()).map(length).collect();
        Self { rows, units, lengths, ridge, stiffness }
    }

    /// Returns the variables of the units before the tuning, with these output weights and constants.
    pub(crate) fn start(&self, output: &Matrix, constants: &[f64]) -> Vec<f64> {
        [&vec![0.0; self.units.weights.len()], output.values(), constants].concat()
    }

    /// Returns the units, the output weights and the constants of these variables.
    pub(crate) fn network(&self, variables: &[f64]) -> (Units, Matrix, Vec<f64>) {
        let (m, depth, labels) = (self.units.len(), self.units.depth, self.rows.labels.columns());
        let mut units = self.units.clone();
        for (j, length) in self.lengths.iter().enumerate() {
            add_scaled(
                &mut units.weights[j * depth..(j + 1) * depth],
                *length,
                &variables[j * depth..(j + 1) * depth],
            );
        }
        let mut output = Matrix::zeros(labels, m);
        let (output_at, constants_at) = (m * depth, m * depth + labels * m);
        output.values_mut().copy_from_slice(&variables[output_at..constants_at]);
        (units, output, variables[constants_at..].to_vec())
    }

    /// Returns value and gradient. Sums over rows have a fixed order.
    pub(crate) fn value(&self, variables: &[f64]) -> (f64, Vec<f64>) {
        let (units, output, constants) = self.network(variables);
        let weights = units.matrix();
        let tasks: Vec<usize> = (0..self.rows.len()).step_by(TILE * TILES).collect();
        let of_task = |&first: &usize| {
            let mut sums = Sums::zeros(&units, &output);
            for row in (first..(first + TILE * TILES).min(self.rows.len())).step_by(TILE) {
                self.add_tile(row, &units, &weights, &output, &constants, &mut sums);
            }
            sums
        };
        let mut total = Sums::zeros(&units, &output);
        // Some tasks at a time: with many columns the sums of each are large.
        for some in tasks.chunks(rayon::current_num_threads()) {
            some.par_iter().map(of_task).collect::<Vec<_>>().iter().for_each(|sums| total.add(sums));
        }
        let inverse = 1.0 / self.rows.len() as f64;
        let stiffness = self.stiffness / units.len() as f64;
        let changes = &variables[..units.weights.len()];
        let value = 0.5
            * (inverse * total.square
                + self.ridge * dot(output.values(), output.values())
                + stiffness * dot(changes, changes));
        let mut gradient = total.hidden;
        for (j, length) in self.lengths.iter().enumerate() {
            let range = j * units.depth..(j + 1) * units.depth;
            for (g, change) in gradient[range.clone()].iter_mut().zip(&changes[range]) {
                *g = length * inverse * *g + stiffness * change;
            }
        }
        gradient.extend(total.output.iter().zip(output.values()).map(|(g, a)| inverse * g + self.ridge * a));
        gradient.extend(total.constants.iter().map(|g| inverse * g));
        (value, gradient)
    }

    fn add_tile(
        &self,
        first: usize,
        units: &Units,
        weights: &Matrix,
        output: &Matrix,
        constants: &[f64],
        sums: &mut Sums,
    ) {
        let points = &self.rows.points.row_range(first, (first + TILE).min(self.rows.len()));
        let mut slopes = points.times_transposed(weights);
        let mut features = slopes.clone();
        units.apply(&mut features);
        units.slopes(&mut slopes, &features);
        let mut residuals = features.times_transposed(output);
        for i in 0..points.rows() {
            let row = first + i;
            let weight = self.rows.weights[row];
            let labels = self.rows.labels.row(row);
            for (l, r) in residuals.row_mut(i).iter_mut().enumerate() {
                let residual = *r + constants[l] - labels[l];
                sums.square += weight * residual * residual;
                sums.constants[l] += weight * residual;
                *r = weight * residual;
            }
        }
        add_scaled(&mut sums.output, 1.0, residuals.transposed_times(&features).values());
        // The derivative of the sum by the arguments of the units.
        let back = residuals.times(output);
        slopes.values_mut().iter_mut().zip(back.values()).for_each(|(s, b)| *s *= b);
        add_scaled(&mut sums.hidden, 1.0, slopes.transposed_times(points).values());
    }
}

/// Sums over rows: squares of residuals, and derivatives of half of them.
struct Sums {
    square: f64,
    hidden: Vec<f64>,
    output: Vec<f64>,
    constants: Vec<f64>,
}

impl Sums {
    fn zeros(units: &Units, output: &Matrix) -> Self {
        Self {
            square: 0.0,
            hidden: vec![0.0; units.weights.len()],
            output: vec![0.0; output.values().len()],
            constants: vec![0.0; output.rows()],
        }
    }

    fn add(&mut self, other: &Self) {
        self.square += other.square;
        add_scaled(&mut self.hidden, 1.0, &other.hidden);
        add_scaled(&mut self.output, 1.0, &other.output);
        add_scaled(&mut self.constants, 1.0, &other.constants);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::activation::Activation;
    use zonal::numeric::random::{Purpose, normal, stream};

    #[test]
    fn the_gradient_is_that_of_differences() {
        let mut rng = stream(1, Purpose::Points, 0);
        let mut draw = |rows: usize, columns: usize| {
            let values = (0..rows * columns).map(|_| normal(&mut rng)).collect();
            Matrix::from_rows(rows, columns, values).unwrap()
        };
        let weights = (0..150).map(|i| 0.5 + f64::from(i % 3)).collect();
        let rows = Rows::new(draw(150, 3), draw(150, 2), weights).unwrap();
        let mut units = Units::none(vec![Activation::Tanh, Activation::Gelu], 4);
        (0..5).for_each(|j| units.push(usize::from(j > 2), draw(1, 4).row(0)));
        let objective = Objective::new(&rows, &units, 0.1, 0.3);
        let start = objective.start(&draw(2, 5), &[0.3, -0.2]);
        let point: Vec<f64> = start.iter().zip(draw(1, 32).values()).map(|(x, d)| x + 0.1 * d).collect();
        let (_, gradient) = objective.value(&point);
        for i in 0..point.len() {
            let at = |h: f64| {
                let mut moved = point.clone();
                moved[i] += h;
                objective.value(&moved).0
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((gradient[i] - difference).abs() < 1e-8, "{i}: {} {difference}", gradient[i]);
        }
    }
}
