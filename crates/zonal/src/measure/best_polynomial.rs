//! The best polynomial of degree <= k on a table: least squares over all monomials of the standardised columns,
//! fitted on one part and scored on others. The honest comparator for a network of the same degree.

use crate::error::Result;
use crate::linalg::{Matrix, dot, symmetric_eigen};
use serde::{Deserialize, Serialize};

/// How a fitted polynomial does. Errors are mean squared errors in the unit of the labels given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestPolynomial {
    /// The degree k.
    pub degree: usize,
    /// Number of monomials of degree at most k.
    pub monomials: usize,
    /// How many independent directions the rows determine; where it is the number of rows, the fit interpolates.
    pub rank: usize,
    /// Error on the rows of the fit.
    pub error: f64,
    /// Error on the other rows; None where there are none.
    pub test_error: Option<f64>,
}

/// Directions with an eigenvalue below this part of the largest are not determined by the rows.
const RELATIVE_RANK: f64 = 1e-12;

/// Number of monomials of degree at most `degree` in `variables` variables: C(variables + degree, degree); None on
/// overflow.
pub fn monomials(variables: usize, degree: usize) -> Option<usize> {
    (1..=degree).try_fold(1usize, |c, i| c.checked_mul(variables + i).map(|c| c / i))
}

/// Fits by least squares on `train` and scores on `test`; both are standardised features with their labels. Where
/// the rows do not determine the polynomial it is the one with the smallest coefficients.
///
/// Normal equations with monomials scaled to mean square 1, so directions with a relative size below 1e-6 are cut.
///
/// # Errors
/// [`crate::Error::NoConvergence`] when monomials overflow.
pub fn best_polynomial(
    train: (&Matrix, &[f64]),
    test: (&Matrix, &[f64]),
    degree: usize,
) -> Result<BestPolynomial> {
    let design = design_matrix(train.0, degree);
    let scales: Vec<f64> = (0..design.columns())
        .map(|j| {
            let column = design.column(j);
            let size = (dot(&column, &column) / column.len().max(1) as f64).sqrt();
            if size > 0.0 { 1.0 / size } else { 1.0 }
        })
        .collect();
    let design = scale_columns(design, &scales);
    let gram = design.transposed_times(&design);
    let eigen = symmetric_eigen(&gram)?;
    let right = eigen.vectors.times_vector(&design.transposed_times_vector(train.1));
    let largest = eigen.values.last().copied().unwrap_or(0.0);
    let mut rank = 0;
    let weights: Vec<f64> = eigen
        .values
        .iter()
        .zip(&right)
        .map(|(&lambda, &r)| {
            if lambda > RELATIVE_RANK * largest {
                rank += 1;
                r / lambda
            } else {
                0.0
            }
        })
        .collect();
    let solution = eigen.vectors.transposed_times_vector(&weights);
    let error = |design: &Matrix, labels: &[f64]| {
        let fitted = design.times_vector(&solution);
        let sum: f64 = fitted.iter().zip(labels).map(|(f, y)| (f - y) * (f - y)).sum();
        sum / labels.len() as f64
    };
    let test_error = (!test.1.is_empty()).then(|| {
        let design = scale_columns(design_matrix(test.0, degree), &scales);
        error(&design, test.1)
    });
    Ok(BestPolynomial { degree, monomials: scales.len(), rank, error: error(&design, train.1), test_error })
}

fn scale_columns(mut design: Matrix, scales: &[f64]) -> Matrix {
    for i in 0..design.rows() {
        for (x, s) in design.row_mut(i).iter_mut().zip(scales) {
            *x *= s;
        }
    }
    design
}

/// All monomials of degree at most `degree` of each row.
fn design_matrix(features: &Matrix, degree: usize) -> Matrix {
    let variables = features.columns();
    // Each monomial as (an earlier monomial, the variable that multiplies it), variables ascending within it.
    let mut build: Vec<(usize, usize)> = vec![(0, 0)];
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
    }
    let mut out = Matrix::zeros(features.rows(), build.len());
    for i in 0..features.rows() {
        let x = features.row(i);
        let row = out.row_mut(i);
        row[0] = 1.0;
        for (j, &(parent, v)) in build.iter().enumerate().skip(1) {
            row[j] = row[parent] * x[v];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(f: impl Fn(f64, f64) -> f64) -> (Matrix, Vec<f64>) {
        let points: Vec<(f64, f64)> =
            (0..60).map(|i| ((f64::from(i) * 0.37).sin(), (f64::from(i) * 1.13).cos())).collect();
        let labels = points.iter().map(|&(x, y)| f(x, y)).collect();
        let values = points.iter().flat_map(|&(x, y)| [x, y]).collect();
        (Matrix::from_rows(60, 2, values).unwrap(), labels)
    }

    #[test]
    fn a_polynomial_is_found_at_its_degree_and_not_before() {
        let (x, y) = grid(|a, b| 1.0 - 2.0 * a * a * b + b);
        let fits: Vec<BestPolynomial> =
            (0..=3).map(|k| best_polynomial((&x, &y), (&x, &y), k).unwrap()).collect();
        assert_eq!(fits.iter().map(|f| f.monomials).collect::<Vec<_>>(), vec![1, 3, 6, 10]);
        assert!(fits[2].error > 1e-3);
        assert!(fits[3].error < 1e-20 && fits[3].test_error.unwrap() < 1e-20);
        assert!(fits.windows(2).all(|w| w[1].error <= w[0].error + 1e-15));
    }

    #[test]
    fn too_few_rows_interpolate_and_say_so() {
        let (x, y) = grid(|a, b| a + b * b);
        let few = (x.row_range(0, 5), &y[..5]);
        let fit = best_polynomial((&few.0, few.1), (&x, &[]), 3).unwrap();
        assert_eq!((fit.monomials, fit.rank), (10, 5));
        assert!(fit.error < 1e-18);
        assert_eq!(fit.test_error, None);
    }

    #[test]
    fn monomials_are_counted() {
        assert_eq!(monomials(10, 3), Some(286));
        assert_eq!(monomials(usize::MAX / 2, 3), None);
    }
}
