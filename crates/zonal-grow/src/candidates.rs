//! Candidates of a stage: fresh units, and children of units that are useful already.

use crate::rows::Rows;
use crate::unit::Units;
use rand::Rng;
use std::ops::Range;
use zonal::linalg::{Matrix, dot};
use zonal::numeric::random::{Purpose, normal, stream, uniform};

/// The share of fresh units that use all columns; the others use 1 to [`MOST_COLUMNS`].
const DENSE: f64 = 0.25;
const MOST_COLUMNS: usize = 3;
/// The standard deviation of the logarithm of a child's weights around its parent's.
const SPREAD: f64 = 0.5;
/// The range of lengths of smooth units; those of homogeneous units do not matter.
const STEEPNESS: [f64; 2] = [0.7, 5.0];

/// Where a stage draws from.
pub(crate) struct Source<'a> {
    pub(crate) rows: &'a Rows,
    /// The probability of each column.
    pub(crate) importances: &'a [f64],
    /// The units so far, and the probability of each to be a parent, up to a factor; none in the first stage.
    pub(crate) parents: Option<(&'a Units, &'a [f64])>,
    /// The number of activations of fresh units, the first ones of the list.
    pub(crate) kinds: usize,
    pub(crate) seed: u64,
    /// The number of the network and of the stage.
    pub(crate) place: [u64; 2],
}

/// Units that may join.
pub(crate) struct Candidates {
    pub(crate) units: Units,
    /// The root mean square that <w, x> is to have over the rows; None for units that are not to be scaled.
    pub(crate) sizes: Vec<Option<f64>>,
}

impl Candidates {
    pub(crate) fn push(&mut self, kind: usize, weights: &[f64], size: Option<f64>) {
        self.units.push(kind, weights);
        self.sizes.push(size);
    }

    /// Returns the same candidates grouped by activation: long runs of one activation are evaluated faster.
    pub(crate) fn grouped(self) -> Self {
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        // As `Units::grouped` does.
        order.sort_by_key(|&j| self.units.kinds[j]);
        let sizes = order.iter().map(|&j| self.sizes[j]).collect();
        Self { units: self.units.grouped(order), sizes }
    }

    /// Multiplies some units, whose arguments on the rows are given, such that <w, x> has the size that it is to have.
    pub(crate) fn scale(&mut self, some: Range<usize>, arguments: &mut Matrix) {
        let depth = self.units.depth;
        for j in some.clone() {
            let Some(size) = self.sizes[j].take() else { continue };
            let unit = &mut self.units.weights[j * depth..(j + 1) * depth];
            let (column, bias) = (j - some.start, unit[depth - 1]);
            let squares = (0..arguments.rows()).map(|i| (arguments.row(i)[column] - bias).powi(2));
            let found = (squares.sum::<f64>() / arguments.rows() as f64).sqrt();
            let factor = if found > 0.0 { size / found } else { size };
            unit.iter_mut().for_each(|w| *w *= factor);
            (0..arguments.rows()).for_each(|i| arguments.row_mut(i)[column] *= factor);
        }
    }
}

impl Source<'_> {
    /// Draws candidates. Each has a random stream of its own.
    pub(crate) fn draw(&self, count: usize, empty: &Units) -> Candidates {
        let mut out = Candidates { units: empty.clone(), sizes: Vec::new() };
        let children = if self.parents.is_some() { count / 2 } else { 0 };
        for candidate in 0..count {
            let [network, stage] = self.place;
            let index = (((network << 10) | stage) << 32) | candidate as u64;
            let mut rng = stream(self.seed, Purpose::Growth, index);
            match self.parents {
                Some((units, shares)) if candidate < children => {
                    let (kind, weights) = self.child(units, shares, &mut rng);
                    out.push(kind, &weights, None);
                }
                _ => {
                    let kind = (uniform(&mut rng) * self.kinds as f64) as usize;
                    let weights = self.fresh(&mut rng);
                    let size = match empty.activations[kind].homogeneity() {
                        Some(_) => 1.0,
                        None => STEEPNESS[0] * (STEEPNESS[1] / STEEPNESS[0]).powf(uniform(&mut rng)),
                    };
                    out.push(kind, &weights, Some(size));
                }
            }
        }
        out
    }

    /// Draws a unit whose kink lies at a random row.
    fn fresh(&self, rng: &mut impl Rng) -> Vec<f64> {
        let columns = self.importances.len();
        let chosen = if uniform(rng) < DENSE {
            (0..columns).collect()
        } else {
            let count = 1 + (uniform(rng) * MOST_COLUMNS as f64) as usize;
            self.columns(count, rng)
        };
        let largest = self.importances.iter().fold(0.0f64, |a, &b| a.max(b));
        let mut weights = vec![0.0; columns + 1];
        for column in chosen {
            weights[column] = normal(rng) * (self.importances[column] / largest).sqrt();
        }
        self.knot(&mut weights, rng);
        weights
    }

    /// Draws a variation of a unit.
    fn child(&self, units: &Units, shares: &[f64], rng: &mut impl Rng) -> (usize, Vec<f64>) {
        let parent = pick(shares, uniform(rng));
        let mut weights = units.unit(parent).to_vec();
        let columns = weights.len() - 1;
        let length = dot(&weights[..columns], &weights[..columns]).sqrt();
        weights[..columns].iter_mut().for_each(|w| *w *= (SPREAD * normal(rng)).exp());
        if uniform(rng) < 0.5 {
            for column in self.columns(1, rng) {
                weights[column] += normal(rng) * length;
            }
        }
        if uniform(rng) < 0.5 {
            self.knot(&mut weights, rng);
        }
        (units.kinds[parent], weights)
    }

    /// Draws different columns by importance (the largest of ln p plus Gumbel noise).
    fn columns(&self, count: usize, rng: &mut impl Rng) -> Vec<usize> {
        let keys: Vec<f64> = self.importances.iter().map(|p| p.ln() + gumbel(rng)).collect();
        largest(&keys, count)
    }

    /// Sets the bias so that the argument is zero at a random row.
    fn knot(&self, weights: &mut [f64], rng: &mut impl Rng) {
        let row = (uniform(rng) * self.rows.len() as f64) as usize;
        let (w, b) = weights.split_at_mut(self.importances.len());
        b[0] = -dot(w, &self.rows.points.row(row)[..w.len()]);
    }
}

/// Returns the index at a share of the total.
fn pick(shares: &[f64], share: f64) -> usize {
    let mut left = share * shares.iter().sum::<f64>();
    for (j, s) in shares.iter().enumerate() {
        left -= s;
        if left < 0.0 {
            return j;
        }
    }
    shares.len() - 1
}

/// Draws from the Gumbel law.
pub(crate) fn gumbel(rng: &mut impl Rng) -> f64 {
    // uniform is below 1 and may be 0.
    -(-(1.0 - uniform(rng)).ln()).max(f64::MIN_POSITIVE).ln()
}

/// Returns the indices of the largest values, the first ones among ties.
pub(crate) fn largest(values: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order.truncate(count);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::activation::Activation;

    #[test]
    fn kinks_lie_at_rows_and_arguments_have_the_size_that_is_said() {
        let mut rng = stream(3, Purpose::Points, 0);
        let points: Vec<f64> = (0..4 * 200).map(|_| 1.0 + normal(&mut rng)).collect();
        let points = Matrix::from_rows(200, 4, points).unwrap();
        let rows = Rows::new(points, Matrix::zeros(200, 1), Vec::new()).unwrap();
        let source = Source {
            rows: &rows,
            importances: &[0.7, 0.2, 0.1, 0.0],
            parents: None,
            kinds: 2,
            seed: 5,
            place: [0, 0],
        };
        let mut drawn = source.draw(300, &Units::none(vec![Activation::Relu, Activation::Tanh], 5));
        let mut scaled = drawn.units.arguments(&rows.points);
        drawn.scale(0..300, &mut scaled);
        let units = drawn.units;
        let arguments = units.arguments(&rows.points);
        scaled.values().iter().zip(arguments.values()).for_each(|(a, b)| assert!((a - b).abs() < 1e-9));
        let mut used = [0usize; 4];
        for j in 0..units.len() {
            let z = arguments.column(j);
            let unit = units.unit(j);
            assert!(z.iter().any(|z| z.abs() < 1e-12), "no row lies at the kink of {unit:?}");
            let square = z.iter().map(|z| (z - unit[4]) * (z - unit[4])).sum::<f64>() / 200.0;
            let range = if units.kinds[j] == 0 { 0.999..1.001 } else { STEEPNESS[0]..STEEPNESS[1] };
            assert!(range.contains(&square.sqrt()), "{} {}", units.kinds[j], square.sqrt());
            used.iter_mut().zip(unit).for_each(|(count, w)| *count += usize::from(*w != 0.0));
        }
        // A column without importance has no weight, and important ones are used more often.
        assert!(used[3] == 0 && used[0] > used[1] && used[1] > used[2], "{used:?}");
        let smooth = units.kinds.iter().filter(|kind| **kind == 1).count();
        // Four standard deviations of a fair coin.
        assert!((115..=185).contains(&smooth), "{smooth}");
    }
}
