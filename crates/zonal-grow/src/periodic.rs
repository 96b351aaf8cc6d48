//! Candidates for labels that repeat along a column: sine units at the peaks of the periodogram of the residuals.
//!
//! Other candidates have slopes of order one, and random slopes rarely meet a high frequency.

use rayon::prelude::*;
use std::ops::Range;
use std::sync::LazyLock;
use zonal::linalg::Matrix;

/// Frequencies are multiples of half a period over the range of a column. Lower ones are left to other units.
const LOWEST: usize = 6;
const HIGHEST: usize = 256;
/// Values are rounded to this number of places over the range: eight to the shortest period.
const PLACES: usize = 1024;
/// The fewest places with rows to a period. On fewer, as those of a column of small integers, a high frequency is a low one,
/// until a value comes that lies between them.
const LEAST_TO_PERIOD: usize = 4;
/// Steps to each side of a peak on a finer grid.
const FINER: i32 = 8;
/// The number of columns whose residuals are in memory at a time.
const AT_ONCE: usize = 64;
/// The most units that are proposed, and the most for one column.
const MOST: usize = 16;
const MOST_OF_COLUMN: usize = 4;
/// The probability that noise in place of residuals has a peak.
const ALPHA: f64 = 1e-6;

/// A frequency at which residuals repeat along a column.
struct Peak {
    column: usize,
    /// The power, divided by that of noise.
    power: f64,
    frequency: f64,
    phase: f64,
}

/// Returns the weights of sine units of one column each, the strongest first; none where residuals look like noise.
///
/// Cost for N rows, d columns and L labels: N d L sums, and products 4 HIGHEST PLACES d L.
pub(crate) fn candidates(points: &Matrix, residuals: &Matrix) -> Vec<Vec<f64>> {
    let (columns, labels) = (points.columns() - 1, residuals.columns());
    let square: f64 = residuals.values().iter().map(|r| r * r).sum();
    let noise = Noise { square, least: ((columns * HIGHEST) as f64 / ALPHA).ln() };
    let firsts: Vec<usize> = (0..columns).step_by(AT_ONCE).collect();
    let of_some = |first: &usize| -> Vec<Peak> {
        let some = Along::each(points, residuals, *first..(first + AT_ONCE).min(columns));
        let mut sums = Matrix::zeros(some.len() * labels, PLACES);
        for (i, along) in some.iter().enumerate() {
            (0..labels).for_each(|l| sums.row_mut(i * labels + l).copy_from_slice(along.sums.row(l)));
        }
        let transforms = sums.times_transposed(&WAVES);
        let own = |i: usize| transforms.row_range(i * labels, (i + 1) * labels);
        some.iter().enumerate().flat_map(|(i, along)| along.peaks(&own(i), &noise)).collect()
    };
    let mut peaks: Vec<Peak> = firsts.par_iter().flat_map_iter(of_some).collect();
    peaks.sort_by(|a, b| b.power.total_cmp(&a.power));
    peaks.truncate(MOST);
    let unit = |peak: Peak| {
        let mut weights = vec![0.0; columns + 1];
        weights[peak.column] = peak.frequency;
        weights[columns] = peak.phase;
        weights
    };
    peaks.into_iter().map(unit).collect()
}

/// Cosines and sines at all places, one row each, of the frequencies from one below [`LOWEST`] to one above [`HIGHEST`].
static WAVES: LazyLock<Matrix> = LazyLock::new(|| {
    let mut out = Matrix::zeros(2 * (HIGHEST - LOWEST + 3), PLACES);
    for row in 0..out.rows() {
        let half_periods = (LOWEST - 1 + row / 2) as f64;
        for (place, x) in out.row_mut(row).iter_mut().enumerate() {
            let (sin, cos) = angle(half_periods, place).sin_cos();
            *x = if row % 2 == 0 { cos } else { sin };
        }
    }
    out
});

/// Returns the angle at the middle of a place, from the low end of the range.
fn angle(half_periods: f64, place: usize) -> f64 {
    std::f64::consts::PI * half_periods * (place as f64 + 0.5) / PLACES as f64
}

/// The sum of the squares of the residuals, and the least power of a peak, divided by it.
struct Noise {
    square: f64,
    least: f64,
}

/// The residuals along one column.
struct Along {
    column: usize,
    low: f64,
    range: f64,
    /// The sum of the residuals of each label, one row each, at each place.
    sums: Matrix,
    /// The number of places with rows.
    occupied: usize,
}

impl Along {
    /// Adds up the residuals along each of some columns; rows are read one after the other.
    fn each(points: &Matrix, residuals: &Matrix, columns: Range<usize>) -> Vec<Self> {
        let mut bounds = vec![[f64::INFINITY, f64::NEG_INFINITY]; columns.len()];
        for i in 0..points.rows() {
            for ([low, high], x) in bounds.iter_mut().zip(&points.row(i)[columns.clone()]) {
                (*low, *high) = (low.min(*x), high.max(*x));
            }
        }
        let mut is_occupied = vec![[false; PLACES]; columns.len()];
        let of = |(column, [low, high]): (usize, [f64; 2])| Self {
            column,
            low,
            range: high - low,
            sums: Matrix::zeros(residuals.columns(), PLACES),
            occupied: 0,
        };
        let mut all: Vec<Self> = columns.clone().zip(bounds).map(of).collect();
        for i in 0..points.rows() {
            let values = points.row(i)[columns.clone()].iter().zip(&mut is_occupied);
            for (along, (x, is_occupied)) in all.iter_mut().zip(values).filter(|(along, _)| along.range > 0.0)
            {
                let share = (x - along.low) / along.range;
                let place = ((share * PLACES as f64) as usize).min(PLACES - 1);
                is_occupied[place] = true;
                for (label, r) in residuals.row(i).iter().enumerate() {
                    along.sums.row_mut(label)[place] += r;
                }
            }
        }
        for (along, is_occupied) in all.iter_mut().zip(&is_occupied) {
            along.occupied = is_occupied.iter().filter(|o| **o).count();
        }
        all
    }

    /// Returns the highest peaks, given the sums over rows of the residuals of each label times [`WAVES`].
    fn peaks(&self, transforms: &Matrix, noise: &Noise) -> Vec<Peak> {
        let highest = HIGHEST.min(2 * self.occupied / LEAST_TO_PERIOD);
        if self.range <= 0.0 || noise.square <= 0.0 || highest < LOWEST {
            return Vec::new();
        }
        let power = |i: usize| -> f64 {
            let of = |label| transforms.row(label)[2 * i].powi(2) + transforms.row(label)[2 * i + 1].powi(2);
            (0..transforms.rows()).map(of).sum::<f64>() / noise.square
        };
        let powers: Vec<f64> = (0..highest - LOWEST + 3).map(power).collect();
        let is_peak =
            |i: &usize| powers[*i] > noise.least && powers[*i] >= powers[i - 1] && powers[*i] > powers[i + 1];
        let mut peaks: Vec<usize> = (1..powers.len() - 1).filter(is_peak).collect();
        peaks.sort_by(|&a, &b| powers[b].total_cmp(&powers[a]));
        peaks.truncate(MOST_OF_COLUMN);
        peaks.into_iter().map(|i| self.peak((LOWEST - 1 + i) as f64, powers[i])).collect()
    }

    /// Returns the peak near a number of half periods.
    fn peak(&self, near: f64, power: f64) -> Peak {
        let finer = (-FINER..=FINER).map(|step| near + f64::from(step) / f64::from(FINER));
        let strength = |[c, s]: &[f64; 2]| c * c + s * s;
        let total = |half_periods: f64| self.transforms(half_periods).iter().map(strength).sum::<f64>();
        let best = finer.max_by(|&a, &b| total(a).total_cmp(&total(b))).unwrap_or(near);
        let transforms = self.transforms(best).into_iter();
        let [cosines, sines] =
            transforms.max_by(|a, b| strength(a).total_cmp(&strength(b))).unwrap_or([1.0, 0.0]);
        let frequency = std::f64::consts::PI * best / self.range;
        // cos(u - angle) = sin(u - angle + pi / 2), with u from the low end of the range.
        let phase = std::f64::consts::FRAC_PI_2 - sines.atan2(cosines) - frequency * self.low;
        Peak { column: self.column, power, frequency, phase }
    }

    /// Returns the sums over rows of the residuals of each label times cosine and sine.
    fn transforms(&self, half_periods: f64) -> Vec<[f64; 2]> {
        let of_label = |label: usize| {
            let (mut cosines, mut sines) = (0.0, 0.0);
            for (place, sum) in self.sums.row(label).iter().enumerate().filter(|(_, sum)| **sum != 0.0) {
                let (sin, cos) = angle(half_periods, place).sin_cos();
                cosines += sum * cos;
                sines += sum * sin;
            }
            [cosines, sines]
        };
        (0..self.sums.rows()).map(of_label).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zonal::numeric::random::{Purpose, normal, stream, uniform};

    /// Points of two columns, uniform and normal, and residuals of one label.
    fn rows(seed: u64, label: impl Fn(f64, f64) -> f64) -> (Matrix, Matrix) {
        let mut rng = stream(seed, Purpose::Points, 0);
        let (mut points, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..1_000 {
            let (x, noise) = (6.0 * uniform(&mut rng) - 1.0, normal(&mut rng));
            points.extend([x, normal(&mut rng), 1.0]);
            labels.push(label(x, noise));
        }
        (Matrix::from_rows(1_000, 3, points).unwrap(), Matrix::from_rows(1_000, 1, labels).unwrap())
    }

    #[test]
    fn periods_are_found_with_their_phases() {
        let (points, labels) =
            rows(1, |x, noise| (40.0 * x + 0.3).sin() + 0.5 * (11.0 * x - 1.0).sin() + noise);
        let found = candidates(&points, &labels);
        for (unit, [frequency, phase]) in found.iter().zip([[40.0, 0.3], [11.0, -1.0]]) {
            assert!((unit[0] - frequency).abs() < 0.1 && unit[1] == 0.0, "{unit:?}");
            // At the middle of the range.
            let turns = ((unit[0] - frequency) * 2.0 + unit[2] - phase) / std::f64::consts::TAU;
            assert!((turns - turns.round()).abs() < 0.05, "{unit:?}");
        }
        assert!(found.len() >= 2);
    }

    #[test]
    fn a_column_of_few_values_has_no_high_frequencies() {
        let (mut points, mut labels) = rows(1, |_, noise| noise);
        for i in 0..1_000 {
            points.row_mut(i)[0] = (i % 10) as f64;
            labels.row_mut(i)[0] += [3.0, -3.0][i % 2];
        }
        assert!(candidates(&points, &labels).is_empty());
    }

    #[test]
    fn noise_and_constants_have_none() {
        for seed in 0..50 {
            let (points, labels) = rows(seed, |_, noise| noise);
            assert!(candidates(&points, &labels).is_empty(), "{seed}");
        }
        let (mut points, labels) = rows(1, |_, _| 0.0);
        assert!(candidates(&points, &labels).is_empty());
        points.values_mut().fill(1.0);
        assert!(candidates(&points, &labels).is_empty());
    }
}
