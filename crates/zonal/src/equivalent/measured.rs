//! The errors of a table at more rows than it has (RW-7): the equivalent whose spectrum and target are measured on its rows.

use super::ridge::Solution;
use super::{Equivalent, Part, Sizes};
use crate::dynamics::LeaveOneOut;
use crate::error::{Error, Result, check_size};
use crate::linalg::Matrix;

/// The mean product of label and residual falls from one ridge to the next at most to this share.
const LEAST_PRODUCT: f64 = 0.1;
/// Ridges and eigenvalues for each power of ten.
const EACH: i32 = 6;
/// The first ridge, as a power of ten times the largest eigenvalue, and the last one.
const RIDGES: [i32; 2] = [2, -13];
/// Effective dimensions up to this share of rows or units are used. Beyond it the estimates are noise.
const USED: f64 = 0.5;
/// The eigenvalues of the measures lie between the smallest effective ridge divided by this and the largest one times this.
const MARGIN: f64 = 100.0;
/// Sweeps of the non-negative least squares.
const SWEEPS: usize = 20_000;
/// The correction of the predicted to the measured error is at most this factor, and at least its inverse.
const MOST_CORRECTION: f64 = 1.25;
/// Effective ridges that are tried for each power of ten.
const TRIED: i32 = 24;
/// The fewest ridges from which measures are fitted, and the fewest rows and units.
const FEWEST: usize = 6;
const SMALLEST: f64 = 20.0;

/// The equivalent of a table: its errors at other numbers of rows and units, as far as its rows tell.
///
/// The effective dimension and the mean product of labels and leave-one-out residuals at a grid of ridges determine a spectrum and the
/// energies of a target on it, by non-negative least squares. From these the errors at other sizes follow by RW-2. It is a heuristic:
/// rows are taken as independent, and nothing is known below the smallest effective ridge that the rows resolve.
#[derive(Clone, Debug)]
pub struct Measured {
    equivalent: Equivalent,
    sizes: Sizes,
    reach: f64,
    largest: f64,
    correction: f64,
    /// The best ridge at the table's own size, with its error.
    own: (f64, f64),
}

/// The error of a ridge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RidgeError {
    /// The ridge.
    pub ridge: f64,
    /// The mean square error on new rows.
    pub error: f64,
    /// Whether a smaller effective ridge might do better, about which the rows tell nothing: the error may be smaller.
    pub at_most: bool,
}

/// What is measured at one ridge.
struct Observation {
    ridge: f64,
    kappa: f64,
    dimension: f64,
    /// The mean product of labels and leave-one-out residuals.
    product: f64,
    /// The mean square of the residuals.
    error: f64,
}

impl Measured {
    /// Measures the equivalent of a table from its leave-one-out residuals and its labels (one column), as given to
    /// [`LeaveOneOut::new`].
    ///
    /// Cost: about 90 ridges of leave-one-out.
    ///
    /// # Errors
    /// [`Error::Size`] for another number of labels; [`Error::Parameter`] for too few rows or units.
    pub fn new(left_out: &LeaveOneOut, labels: &[f64]) -> Result<Self> {
        let sizes = Sizes { rows: labels.len() as f64, width: left_out.width() as f64 };
        if sizes.least() < SMALLEST {
            return Err(too_few(sizes));
        }
        let all = observe(left_out, labels, sizes)?;
        let least = |some: &[Observation]| {
            let best = some.iter().min_by(|a, b| a.error.total_cmp(&b.error));
            best.map_or((0.0, f64::NAN), |o| (o.ridge, o.error))
        };
        let known = |o: &Observation| o.dimension <= USED * sizes.least();
        let count = all.iter().take_while(|o| known(o)).count();
        // A mean product that falls at once, or below zero, is noise.
        let falls = |pair: &[Observation]| pair[1].product <= LEAST_PRODUCT * pair[0].product;
        let sound = all[..count].windows(2).position(falls).map_or(count, |i| i + 1);
        let observed = &all[..sound];
        let [first, .., last] = observed else { return Err(too_few(sizes)) };
        if observed.len() < FEWEST {
            return Err(too_few(sizes));
        }
        let (largest, reach) = (first.kappa, last.kappa);
        let equivalent = fitted(observed, largest, reach);
        let (ridge, error) = least(observed);
        let predicted = equivalent.ridge(sizes, ridge)?.test_error;
        let correction = (error / predicted).clamp(1.0 / MOST_CORRECTION, MOST_CORRECTION);
        Ok(Self { equivalent, sizes, reach, largest, correction, own: least(&all) })
    }

    /// Returns the best ridge at the table's own size, and its leave-one-out error: measured, not estimated.
    pub fn own(&self) -> (f64, f64) {
        self.own
    }

    /// Returns the smallest effective ridge about which the rows tell something.
    pub fn reach(&self) -> f64 {
        self.reach
    }

    /// Predicts the error with the best ridge at another number of rows, and the same number of units.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer rows than the table has.
    pub fn at(&self, rows: f64) -> Result<RidgeError> {
        if !(rows >= self.sizes.rows && rows.is_finite()) {
            return Err(Error::parameter(
                "the number of rows",
                rows,
                format!("at least {}", self.sizes.rows),
            ));
        }
        let sizes = Sizes { rows, ..self.sizes };
        let mut best = RidgeError { ridge: 0.0, error: f64::INFINITY, at_most: false };
        let count = (f64::from(TRIED) * (self.largest / self.reach).log10()).ceil() as i32;
        for step in 0..=count {
            let kappa = self.reach * 10f64.powf(f64::from(step) / f64::from(TRIED));
            let dimension = self.equivalent.dimension(kappa);
            let left = [1.0 - dimension / sizes.rows, 1.0 - dimension / sizes.width];
            if left.iter().any(|x| *x <= 0.0) {
                continue;
            }
            let ridge = kappa * left[0] * left[1];
            let error = self.equivalent.at(sizes, ridge, Solution { kappa, left }).test_error;
            if error < best.error {
                best = RidgeError { ridge, error, at_most: step == 0 };
            }
        }
        // More rows do not make the best ridge worse.
        Ok(RidgeError { error: (self.correction * best.error).min(self.own.1), ..best })
    }
}

fn too_few(sizes: Sizes) -> Error {
    let found = format!("{} and {}", sizes.rows, sizes.width);
    let required = format!("at least {SMALLEST} of each, and features that tell some rows apart");
    Error::parameter("the number of rows and units", found, required)
}

/// Measures at ridges from the largest on.
fn observe(left_out: &LeaveOneOut, labels: &[f64], sizes: Sizes) -> Result<Vec<Observation>> {
    let largest = left_out.largest_eigenvalue();
    let mut out = Vec::new();
    for step in (RIDGES[1] * EACH..=RIDGES[0] * EACH).rev() {
        let ridge = largest * 10f64.powf(f64::from(step) / f64::from(EACH));
        let dimension = left_out.effective_dimension(ridge);
        if ridge == 0.0 {
            break;
        }
        let residuals = left_out.ridge_residuals(ridge)?;
        check_size("columns of labels", residuals.columns(), 1)?;
        let left = (1.0 - dimension / sizes.rows) * (1.0 - dimension / sizes.width);
        out.push(Observation {
            ridge,
            kappa: ridge / left,
            dimension,
            product: left_out.mean_products(&residuals, labels)?,
            error: left_out.mean_squares(&residuals)?[0],
        });
    }
    Ok(out)
}

/// Fits a spectrum and energies to what was measured.
fn fitted(observed: &[Observation], largest: f64, reach: f64) -> Equivalent {
    let [high, low] = [largest * MARGIN, reach / MARGIN];
    let count = (f64::from(EACH) * (high / low).log10()).ceil() as i32;
    let eigenvalues: Vec<f64> =
        (0..=count).map(|step| high * 10f64.powf(-f64::from(step) / f64::from(EACH))).collect();
    // df(kappa) = sum of weight / (a + kappa), M(kappa) = noise + sum of kappa energy / (kappa + a), each relative to its value.
    let of_weights =
        |o: &Observation| eigenvalues.iter().map(|a| 1.0 / ((a + o.kappa) * o.dimension)).collect();
    let weights = non_negative(observed, of_weights);
    let of_energies = |o: &Observation| {
        let shares = eigenvalues.iter().map(|a| o.kappa / (o.kappa + a));
        shares.chain([1.0]).map(|share| share / o.product.max(f64::MIN_POSITIVE)).collect()
    };
    let mut energies = non_negative(observed, of_energies);
    let noise = energies.pop().unwrap_or(0.0);
    let parts = eigenvalues.iter().zip(&weights).zip(&energies);
    // An energy at an eigenvalue without weight is one that few units see: it counts as seen.
    let degrees = parts.map(|((&eigenvalue, &weight), &energy)| Part {
        eigenvalue,
        weight,
        multiplicity: weight / eigenvalue,
        energy,
    });
    Equivalent {
        degrees: degrees.collect(),
        white: 0.0,
        white_eigenvalue: 0.0,
        unlisted: 0.0,
        unseen: 0.0,
        noise,
        norm_sq: weights.iter().sum(),
    }
}

/// Solves the least-squares problem with a right side of ones for non-negative unknowns, by descent along each in turn.
fn non_negative(observed: &[Observation], row: impl Fn(&Observation) -> Vec<f64>) -> Vec<f64> {
    let rows: Vec<Vec<f64>> = observed.iter().map(row).collect();
    let unknowns = rows.first().map_or(0, Vec::len);
    let matrix =
        Matrix::from_rows(rows.len(), unknowns, rows.concat()).unwrap_or_else(|_| Matrix::zeros(0, unknowns));
    let gram = matrix.transposed_times(&matrix);
    let right: Vec<f64> = (0..unknowns).map(|j| matrix.column(j).iter().sum()).collect();
    let mut x = vec![0.0f64; unknowns];
    let mut gradient = right;
    for _ in 0..SWEEPS {
        let mut moved = 0.0f64;
        for j in 0..unknowns {
            let curvature = gram.row(j)[j];
            if curvature <= 0.0 {
                continue;
            }
            let next = (x[j] + gradient[j] / curvature).max(0.0);
            let change = next - x[j];
            if change != 0.0 {
                x[j] = next;
                gradient.iter_mut().zip(gram.row(j)).for_each(|(g, k)| *g -= change * k);
                moved = moved.max(change.abs() * curvature.sqrt());
            }
        }
        if moved < 1e-12 {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::network::Network;
    use crate::numeric::random::{Purpose, normal, stream};
    use crate::spectrum::Spectrum;
    use crate::sphere::{Dim, uniform_points};
    use crate::target::PowerSpectrum;

    /// Rows of the sphere are a table whose errors the equivalent of its spectrum predicts: what it measures of itself predicts as well.
    #[test]
    fn a_table_predicts_itself_with_more_rows() {
        let dim = Dim::new(6).unwrap();
        let (rows, width, noise) = (500, 500, 0.02f64);
        let spectrum = Spectrum::new(&Activation::Relu, dim, 1.0, 30).unwrap();
        // Functions of unit mean square: 6 = n and 48 = n (n + 2).
        let label = |x: &[f64]| 0.6 * 6f64.sqrt() * x[0] + 0.8 * 48f64.sqrt() * x[1] * x[2];
        let target = PowerSpectrum::new(dim, vec![0.0, 0.36, 0.64], 0.0);
        let exact = Equivalent::new(&spectrum, &target, noise).unwrap();
        let times = [1.0, 2.0, 4.0, 10.0];
        let mut ratios = [0.0; 4];
        const SEEDS: u64 = 8;
        for seed in 0..SEEDS {
            let points = uniform_points(dim, rows, seed, Purpose::Points);
            let mut rng = stream(seed, Purpose::Noise, 0);
            let labels: Vec<f64> =
                (0..rows).map(|i| label(points.row(i)) + noise.sqrt() * normal(&mut rng)).collect();
            let network = Network::random(Activation::Relu, 1.0, dim, width, seed).unwrap();
            let column = Matrix::from_rows(rows, 1, labels.clone()).unwrap();
            let left_out = LeaveOneOut::new(&network.features(&points).unwrap(), &column, &[]).unwrap();
            let measured = Measured::new(&left_out, &labels).unwrap();
            for (ratio, times) in ratios.iter_mut().zip(times) {
                let n = times * rows as f64;
                let (_, expected) = exact.best_ridge(Sizes { rows: n, width: width as f64 }).unwrap();
                let found = measured.at(n).unwrap();
                *ratio += found.error / expected.test_error / SEEDS as f64;
            }
            assert!(measured.at(rows as f64 - 1.0).is_err() && measured.at(f64::NAN).is_err());
        }
        // One noise of 500 labels varies by 6 %, its mean over the seeds by 2 %.
        assert!(ratios.iter().all(|ratio| (ratio - 1.0).abs() < 0.05), "{ratios:?}");
    }

    #[test]
    fn tables_without_enough_rows_are_refused() {
        let features = Matrix::from_rows(4, 2, vec![1.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0, 3.0]).unwrap();
        let labels = Matrix::from_rows(4, 1, vec![0.0, 1.0, 2.0, 9.0]).unwrap();
        let left_out = LeaveOneOut::new(&features, &labels, &[]).unwrap();
        let message = Measured::new(&left_out, &labels.column(0)).unwrap_err().to_string();
        assert!(message.contains("is 4 and 2, but must be at least 20 of each"), "{message}");
    }
}
