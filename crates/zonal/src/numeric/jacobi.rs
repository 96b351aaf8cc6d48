//! The symmetric eigenproblem in double-double arithmetic, by Jacobi's rotations, for small matrices.

use super::DoubleDouble;
use crate::error::{Error, Result};

/// Eigenvalues in ascending order, and the unit eigenvector of each.
pub(crate) type Eigen = (Vec<DoubleDouble>, Vec<Vec<DoubleDouble>>);

/// The largest number of sweeps of rotations; about ten are enough.
const SWEEPS: usize = 40;
/// The rounding error of one operation.
pub(crate) const UNIT: f64 = f64::EPSILON * f64::EPSILON;

/// Solves the eigenproblem of the symmetric matrix with the lower triangle `lower`, row by row. The backward error is a
/// few times 2^-104 of the largest eigenvalue. Cost about 50 m^3 operations.
///
/// # Errors
/// [`Error::NoConvergence`].
pub(crate) fn eigen(lower: &[Vec<DoubleDouble>]) -> Result<Eigen> {
    let size = lower.len();
    let entry = |i: usize, j: usize| if i >= j { lower[i][j] } else { lower[j][i] };
    let mut a: Vec<Vec<DoubleDouble>> = (0..size).map(|i| (0..size).map(|j| entry(i, j)).collect()).collect();
    let unit = |i: usize, j: usize| if i == j { DoubleDouble::ONE } else { DoubleDouble::ZERO };
    let mut vectors: Vec<Vec<DoubleDouble>> =
        (0..size).map(|i| (0..size).map(|j| unit(i, j)).collect()).collect();
    let largest = a.iter().flatten().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
    if a.iter().flatten().any(|x| !x.is_finite()) {
        return Err(Error::NoConvergence { size });
    }
    for sweep in 0.. {
        let mut rotated = false;
        for p in 0..size {
            for q in p + 1..size {
                let [off, first, second] = [a[p][q], a[p][p], a[q][q]].map(|x| x.to_f64().abs());
                if off > UNIT * (first.sqrt() * second.sqrt()).max(1e-3 * largest) {
                    rotate(&mut a, &mut vectors, p, q);
                    rotated = true;
                }
            }
        }
        if !rotated {
            break;
        }
        if sweep == SWEEPS {
            return Err(Error::NoConvergence { size });
        }
    }
    let mut pairs: Vec<(DoubleDouble, Vec<DoubleDouble>)> =
        vectors.into_iter().enumerate().map(|(i, v)| (a[i][i], v)).collect();
    pairs.sort_by(|x, y| x.0.to_f64().total_cmp(&y.0.to_f64()));
    Ok(pairs.into_iter().unzip())
}

/// Rotates rows and columns p and q so that their common entry becomes zero.
fn rotate(a: &mut [Vec<DoubleDouble>], vectors: &mut [Vec<DoubleDouble>], p: usize, q: usize) {
    let off = a[p][q];
    let ratio = (a[q][q] - a[p][p]) / (off + off);
    let size = ratio.abs() + (ratio * ratio + DoubleDouble::ONE).sqrt();
    let tangent = if ratio.to_f64() < 0.0 { -(DoubleDouble::ONE / size) } else { DoubleDouble::ONE / size };
    let cosine = DoubleDouble::ONE / (tangent * tangent + DoubleDouble::ONE).sqrt();
    let sine = tangent * cosine;
    let (first, second) = (a[p][p] - tangent * off, a[q][q] + tangent * off);
    turn(a, p, q, cosine, sine);
    turn(vectors, p, q, cosine, sine);
    let (upper, lower) = (a[p].clone(), a[q].clone());
    for ((row, x), y) in a.iter_mut().zip(upper).zip(lower) {
        (row[p], row[q]) = (x, y);
    }
    (a[p][p], a[q][q]) = (first, second);
    (a[p][q], a[q][p]) = (DoubleDouble::ZERO, DoubleDouble::ZERO);
}

/// Replaces rows p < q by their combinations.
fn turn(rows: &mut [Vec<DoubleDouble>], p: usize, q: usize, cosine: DoubleDouble, sine: DoubleDouble) {
    let (head, tail) = rows.split_at_mut(q);
    for (x, y) in head[p].iter_mut().zip(tail[0].iter_mut()) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_eigenvalues_of_hilberts_matrix_have_their_digits() {
        let one = |i: usize, j: usize| DoubleDouble::ONE / DoubleDouble::from((i + j + 1) as f64);
        let lower: Vec<Vec<DoubleDouble>> = (0..10).map(|i| (0..=i).map(|j| one(i, j)).collect()).collect();
        let (values, vectors) = eigen(&lower).unwrap();
        // The smallest and largest eigenvalue of order 10, known to these digits.
        assert!(
            (values[0].to_f64() / 1.093_153_819_379_666e-13 - 1.0).abs() < 1e-12,
            "{:e}",
            values[0].to_f64()
        );
        assert!((values[9].to_f64() - 1.751_919_670_265_178).abs() < 1e-14);
        for (value, vector) in values.iter().zip(&vectors) {
            for i in 0..10 {
                let image: DoubleDouble = (0..10).map(|j| one(i, j) * vector[j]).sum();
                assert!((image - *value * vector[i]).to_f64().abs() < 1e-29);
            }
        }
        assert!(eigen(&[vec![DoubleDouble::from(f64::NAN)]]).is_err());
        assert!(eigen(&[]).unwrap().0.is_empty());
    }
}
