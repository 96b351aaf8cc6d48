//! The best polynomial of each degree on rows, which is the comparator in the theory, for tables. It is computed from
//! sums over rows alone, those of all monomials up to the highest degree (TB-5).

use crate::activation::Scalar;
use crate::block::FeatureMap;
use crate::error::{Error, Result, check_size};
use crate::linalg::{Matrix, symmetric_eigen};
use crate::numeric::sum::non_negative;
use crate::statistics::Sums;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The quality of a fitted polynomial. Errors are mean squared errors in the unit of the given labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestPolynomial {
    /// The degree k.
    pub degree: usize,
    /// The number of monomials of degree at most k.
    pub monomials: usize,
    /// The number of independent directions that the rows determine; if it equals the number of rows, the fit
    /// interpolates.
    pub rank: usize,
    /// The error on the rows of the fit, for each label.
    pub errors: Vec<f64>,
    /// The error on the other rows, for each label; None if there are no other rows.
    pub test_errors: Option<Vec<f64>>,
}

/// Directions with an eigenvalue below this fraction of the largest are not determined by the rows.
const RELATIVE_RANK: f64 = 1e-12;

/// Returns the number of monomials of degree at most `degree` in `variables` variables: C(variables + degree, degree);
/// None on overflow.
pub fn monomials(variables: usize, degree: usize) -> Option<usize> {
    (1..=degree).try_fold(1usize, |c, i| c.checked_mul(variables.checked_add(i)?).map(|c| c / i))
}

/// All monomials of degree at most `degree` as features, lower degrees first.
#[derive(Clone, Debug)]
pub struct Monomials {
    variables: usize,
    /// Each monomial as (an earlier one, the variable that multiplies it), variables ascending within it.
    build: Vec<(usize, usize)>,
    /// The number of monomials up to each degree.
    ends: Vec<usize>,
}

impl Monomials {
    /// Creates the monomials in this many variables. Their number must fit in memory; see [`monomials`].
    pub fn new(variables: usize, degree: usize) -> Self {
        let mut build: Vec<(usize, usize)> = vec![(0, 0)];
        let mut ends = vec![1];
        let mut level = vec![(0usize, 0usize)];
        for _ in 0..degree {
            let mut next = Vec::new();
            for &(parent, first) in &level {
                for v in first..variables {
                    next.push((build.len(), v));
                    build.push((parent, v));
                }
            }
            level = next;
            ends.push(build.len());
        }
        Self { variables, build, ends }
    }

    /// Returns the highest degree.
    pub fn degree(&self) -> usize {
        self.ends.len() - 1
    }
}

impl FeatureMap for Monomials {
    fn coordinates(&self) -> usize {
        self.variables
    }

    fn width(&self) -> usize {
        self.build.len()
    }

    fn fill<T: Scalar>(&self, points: &Matrix, panel: usize, out: &mut [T]) {
        let (rows, width) = (points.rows(), self.width());
        assert_eq!(points.columns(), self.variables, "coordinates of a point");
        assert_eq!(out.len(), rows * width, "monomials of the points");
        // Monomials are computed from earlier ones, so all those of a row are computed before they are stored in
        // panels.
        let mut whole = vec![0.0; rows * width];
        whole.par_chunks_mut(width).enumerate().for_each(|(i, row)| {
            let x = points.row(i);
            row[0] = 1.0;
            for (j, &(parent, v)) in self.build.iter().enumerate().skip(1) {
                row[j] = row[parent] * x[v];
            }
        });
        if rows == 0 {
            return;
        }
        out.par_chunks_mut(rows * panel).enumerate().for_each(|(p, out)| {
            let columns = out.len() / rows;
            for (to, row) in out.chunks_mut(columns).zip(whole.chunks(width)) {
                for (to, &x) in to.iter_mut().zip(&row[p * panel..]) {
                    *to = T::nearest(x);
                }
            }
        });
    }
}

/// Fits the polynomial of each degree by least squares to the rows summed in `train`, and scores it on those in `test`.
/// The sums are those of `monomials` of standardised features. If the rows do not determine the polynomial, the result
/// is the one with the smallest coefficients.
///
/// The normal equations use monomials scaled to mean square 1, so directions with a relative size below 1e-6 are
/// truncated. Errors are accurate to about 1e-13 of the labels' mean square.
///
/// # Errors
/// [`Error::Size`] for sums of other features, of different labels, or without rows to fit; [`Error::NoConvergence`]
/// if monomials overflow.
pub fn best_polynomials(monomials: &Monomials, train: &Sums, test: &Sums) -> Result<Vec<BestPolynomial>> {
    let labels = train.check(monomials.width())?;
    check_size("labels of the test rows", test.check(monomials.width())?, labels)?;
    if train.is_empty() {
        return Err(Error::Size { what: "rows to fit polynomials to".into(), found: 0, required: 1 });
    }
    (0..=monomials.degree()).map(|k| fit(k, monomials.ends[k], train, test)).collect()
}

fn fit(degree: usize, count: usize, train: &Sums, test: &Sums) -> Result<BestPolynomial> {
    let leading = train.gram.leading(count);
    let scales: Vec<f64> = (0..count)
        .map(|j| {
            let size = (leading.row(j)[j] / train.weight).sqrt();
            if size > 0.0 { 1.0 / size } else { 1.0 }
        })
        .collect();
    let mut gram = leading.unpacked(1.0 / train.weight);
    for i in 0..count {
        for (j, x) in gram.row_mut(i).iter_mut().enumerate() {
            *x *= scales[i] * scales[j];
        }
    }
    let eigen = symmetric_eigen(&gram)?;
    let largest = eigen.values.last().copied().unwrap_or(0.0);
    let determined: Vec<bool> = eigen.values.iter().map(|x| *x > RELATIVE_RANK * largest).collect();
    let labels = train.label_sq.len();
    let mut solutions = Matrix::zeros(labels, test.gram.order());
    let mut errors = Vec::with_capacity(labels);
    for label in 0..labels {
        let right: Vec<f64> =
            (0..count).map(|j| scales[j] * train.correlation.row(label)[j] / train.weight).collect();
        let inside = eigen.vectors.times_vector(&right);
        let mut explained = 0.0;
        let mut weights = vec![0.0; count];
        for i in (0..count).filter(|&i| determined[i]) {
            weights[i] = inside[i] / eigen.values[i];
            explained += inside[i] * weights[i];
        }
        errors.push(non_negative(train.label_sq[label] / train.weight - explained));
        let solution = eigen.vectors.transposed_times_vector(&weights);
        for (j, x) in solution.into_iter().enumerate() {
            solutions.row_mut(label)[j] = scales[j] * x;
        }
    }
    let rank = determined.iter().filter(|d| **d).count();
    let test_errors = if test.is_empty() { None } else { Some(test.losses(&solutions)?) };
    Ok(BestPolynomial { degree, monomials: count, rank, errors, test_errors })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Batch, Precision, Statistics};

    /// Returns the sums over the first `count` of 60 points, and over all of them.
    fn sums(monomials: &Monomials, count: usize, f: impl Fn(f64, f64) -> f64) -> (Sums, Sums) {
        let points: Vec<(f64, f64)> =
            (0..60).map(|i| ((f64::from(i) * 0.37).sin(), (f64::from(i) * 1.13).cos())).collect();
        let labels = Matrix::from_rows(60, 1, points.iter().map(|&(x, y)| f(x, y)).collect()).unwrap();
        let points =
            Matrix::from_rows(60, 2, points.into_iter().flat_map(|(x, y)| [x, y]).collect()).unwrap();
        let mut s = Statistics::new(monomials.width(), 1, 2, Precision::F64);
        let numbers: Vec<u64> = (0..60).collect();
        let parts: Vec<usize> = (0..60).map(|i| usize::from(i >= count)).collect();
        let batch = Batch {
            covered: (0, 60),
            numbers: &numbers,
            parts: &parts,
            points: &points,
            labels: &labels,
            weights: &[],
        };
        s.update(monomials, &batch).unwrap();
        s.close(monomials).unwrap();
        (s.part(0), s.part(1))
    }

    #[test]
    fn a_polynomial_is_found_at_its_degree_and_not_before() {
        let monomials = Monomials::new(2, 3);
        let (train, test) = sums(&monomials, 40, |a, b| 1.0 - 2.0 * a * a * b + b);
        let fits = best_polynomials(&monomials, &train, &test).unwrap();
        assert_eq!(fits.iter().map(|f| f.monomials).collect::<Vec<_>>(), vec![1, 3, 6, 10]);
        assert!(fits[2].errors[0] > 1e-3);
        assert!(fits[3].errors[0] < 1e-13 && fits[3].test_errors.as_ref().unwrap()[0] < 1e-13);
        assert!(fits.windows(2).all(|w| w[1].errors[0] <= w[0].errors[0] + 1e-14));
    }

    #[test]
    fn too_few_rows_interpolate_and_say_so() {
        let monomials = Monomials::new(2, 3);
        let (few, _) = sums(&monomials, 5, |a, b| a + b * b);
        let nothing = Sums::zeros(monomials.width(), 1);
        let fit = best_polynomials(&monomials, &few, &nothing).unwrap().pop().unwrap();
        assert_eq!((fit.monomials, fit.rank), (10, 5));
        assert!(fit.errors[0] < 1e-13);
        assert_eq!(fit.test_errors, None);
    }

    #[test]
    fn monomials_are_counted() {
        assert_eq!(monomials(10, 3), Some(286));
        assert_eq!(Monomials::new(10, 3).width(), 286);
        assert_eq!(monomials(usize::MAX / 2, 3), None);
    }
}
