//! Estimates the energy by degree of a function that can only be evaluated, from its values at random points, with
//! standard errors (TG-6).

use crate::error::{Error, Result};
use crate::legendre::Recurrence;
use crate::linalg::{Matrix, dot};
use crate::numeric::random::Purpose;
use crate::numeric::sum::tree_sum;
use crate::spectrum::check_degree;
use crate::sphere::{Degree, Dim, multiplicities, uniform_points};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// An estimate with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate; that of a square may be negative.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// Energies estimated from samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampledSpectrum {
    /// ||g||^2 = E g^2.
    pub norm_sq: Estimate,
    /// ||g_k||^2 for k = 0..=K.
    pub energies: Vec<Estimate>,
}

/// The number of points processed at a time: their Legendre values against all points stay in the cache.
const TILE: usize = 32;
/// The tolerance for |x|^2 = 1 of a point.
const UNIT: f64 = 1e-6;

/// Estimates energies up to `max_degree` from `values` of a function at `points`, which are independent and uniform on
/// the sphere, one per row: the estimate of ||g_k||^2 is N_k times the mean of g(x_i) g(x_j) P_k(<x_i, x_j>) over pairs
/// i != j.
///
/// The estimates are unbiased. The standard errors are those of a U-statistic, from the spread of the sums over one
/// point and from the mean square over pairs. They are valid for energies of several standard errors. Below that, the
/// estimate is distributed like a shifted chi-square rather than normally, and for zero energy its standard error is
/// too large by up to a half. A degree is resolved if N_k is small compared with the square of the number of points.
/// Cost M^2 (n + 6 K) flops for M points.
///
/// # Errors
/// [`Error::Size`] for fewer than three points or sizes that differ, [`Error::NotFinite`] for values that are not
/// finite, [`Error::Parameter`] for points that are not of length 1 and for too large a degree.
pub fn sampled_energies(points: &Matrix, values: &[f64], max_degree: Degree) -> Result<SampledSpectrum> {
    let count = points.rows();
    check(points, values)?;
    check_degree(max_degree)?;
    let dim = Dim::new(points.columns() as u64)?;
    let multiplicity = multiplicities(dim, max_degree);
    let squares: Vec<f64> = values.iter().map(|g| g * g).collect();
    let sums = pair_sums(dim, points, values, &squares, max_degree);
    let m = count as f64;
    let energies = (0..=max_degree)
        .map(|k| {
            let factor = multiplicity[k].to_f64();
            // For each point, the mean over the other point; and the mean square over pairs.
            let means: Vec<f64> = sums.iter().map(|s| factor * s[k].0 / (m - 1.0)).collect();
            let second: Vec<f64> = sums.iter().map(|s| s[k].1).collect();
            let mean_square = factor * factor * tree_sum(&second) / (m * (m - 1.0));
            let value = tree_sum(&means) / m;
            let spread: Vec<f64> = means.iter().map(|x| (x - value) * (x - value)).collect();
            // The spread of the means includes that of their own finite sums.
            let pairs = (mean_square - value * value).max(0.0);
            let points = (tree_sum(&spread) / (m - 1.0) - pairs / (m - 1.0)).max(0.0);
            let variance = (4.0 * (m - 2.0) * points + 2.0 * pairs) / (m * (m - 1.0));
            Estimate { value, standard_error: variance.sqrt() }
        })
        .collect();
    Ok(SampledSpectrum { norm_sq: mean(&squares), energies })
}

/// Computes, for each point i and degree k, the sums over j != i of g_i g_j P_k(<x_i, x_j>) and of its square.
fn pair_sums(
    dim: Dim,
    points: &Matrix,
    values: &[f64],
    squares: &[f64],
    max_degree: Degree,
) -> Vec<Vec<(f64, f64)>> {
    let count = points.rows();
    let recurrence = Recurrence::new(dim, max_degree + 1);
    let tiles: Vec<usize> = (0..count).step_by(TILE).collect();
    let of_tile = |&from: &usize| {
        let to = (from + TILE).min(count);
        let mut rho = points.row_range(from, to).times_transposed(points);
        rho.values_mut().iter_mut().for_each(|r| *r = r.clamp(-1.0, 1.0));
        for i in from..to {
            rho.row_mut(i - from)[i] = 1.0;
        }
        let mut previous = Matrix::zeros(to - from, count);
        let mut current = previous.clone();
        current.values_mut().fill(1.0);
        let mut out = vec![vec![(0.0, 0.0); max_degree + 1]; to - from];
        for k in 0..=max_degree {
            for i in from..to {
                let p = current.row(i - from);
                let second: f64 = p.iter().zip(squares).map(|(p, g)| p * p * g).sum();
                // P_k(1) = 1 for the point itself.
                let first = values[i] * (dot(p, values) - values[i]);
                out[i - from][k] = (first, squares[i] * (second - squares[i]));
            }
            recurrence.advance(k, rho.values(), previous.values_mut(), current.values_mut());
        }
        out
    };
    tiles.par_iter().flat_map_iter(of_tile).collect()
}

/// Estimates the energies of a function from `count` points drawn from `seed`; see [`sampled_energies`].
///
/// ```
/// use zonal::{measure::energies_by_sampling, sphere::Dim};
/// let found = energies_by_sampling(Dim::new(5)?, |x| x[0] * x[1], 2_000, 0, 3)?;
/// // x1 x2 is harmonic of degree 2 with norm squared 1/35.
/// let e = found.energies[2];
/// assert!((e.value - 1.0 / 35.0).abs() < 4.0 * e.standard_error);
/// # Ok::<(), zonal::Error>(())
/// ```
///
/// # Errors
/// As [`sampled_energies`].
pub fn energies_by_sampling(
    dim: Dim,
    function: impl Fn(&[f64]) -> f64 + Sync,
    count: usize,
    seed: u64,
    max_degree: Degree,
) -> Result<SampledSpectrum> {
    let points = uniform_points(dim, count, seed, Purpose::Points);
    let values: Vec<f64> = (0..count).into_par_iter().map(|i| function(points.row(i))).collect();
    sampled_energies(&points, &values, max_degree)
}

/// Returns the mean of independent values with its standard error; the mean of no values is NaN, and so is the standard
/// error for one value.
pub fn mean(values: &[f64]) -> Estimate {
    let count = values.len() as f64;
    let value = tree_sum(values) / count;
    let spread: Vec<f64> = values.iter().map(|x| (x - value) * (x - value)).collect();
    Estimate { value, standard_error: (tree_sum(&spread) / (count * (count - 1.0))).sqrt() }
}

fn check(points: &Matrix, values: &[f64]) -> Result<()> {
    let size = |what: &str, found, required| Err(Error::Size { what: what.into(), found, required });
    if points.rows() < 3 {
        return size("points to estimate energies from", points.rows(), 3);
    }
    if values.len() != points.rows() {
        return size("values of the function", values.len(), points.rows());
    }
    if let Some(row) = values.iter().position(|g| !g.is_finite()) {
        let what = "the list of the function's values".into();
        return Err(Error::NotFinite { what, row, column: 0, value: values[row] });
    }
    for i in 0..points.rows() {
        let length = dot(points.row(i), points.row(i));
        if (length - 1.0).abs() > UNIT || length.is_nan() {
            return Err(Error::parameter(
                format!("the squared length of point {i} (counted from 0)"),
                length,
                "1: points must lie on the unit sphere",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The estimate written out directly.
    #[test]
    fn sums_over_tiles_are_the_sums_over_pairs() {
        let dim = Dim::new(4).unwrap();
        let points = uniform_points(dim, 70, 3, Purpose::Points);
        let values: Vec<f64> = (0..70).map(|i| points.row(i)[0].exp()).collect();
        let found = sampled_energies(&points, &values, 3).unwrap();
        let estimate = |k: usize| {
            let (mut sum, mut pairs) = (0.0, 0.0);
            for i in 0..70 {
                for j in (0..70).filter(|j| *j != i) {
                    let p = crate::legendre::value(dim, k, dot(points.row(i), points.row(j)));
                    sum += values[i] * values[j] * p;
                    pairs += 1.0;
                }
            }
            multiplicities(dim, 3)[k].to_f64() * sum / pairs
        };
        for k in 0..=3 {
            assert!((found.energies[k].value - estimate(k)).abs() < 1e-12);
        }
    }

    /// The spread of many estimates equals their standard errors, with energy in the degree and without.
    #[test]
    fn standard_errors_are_the_spread_of_estimates() {
        let dim = Dim::new(5).unwrap();
        let runs: Vec<SampledSpectrum> = (0..400)
            .map(|seed| energies_by_sampling(dim, |x| x[0] * x[1] + 0.2 * x[2], 100, seed, 3).unwrap())
            .collect();
        for (k, exact) in [(0, 0.0), (1, 0.04 / 5.0), (2, 1.0 / 35.0), (3, 0.0)] {
            let values: Vec<f64> = runs.iter().map(|r| r.energies[k].value).collect();
            let over_runs = mean(&values);
            assert!((over_runs.value - exact).abs() < 4.0 * over_runs.standard_error, "degree {k}: biased");
            let spread = over_runs.standard_error * 400f64.sqrt();
            let claimed = runs.iter().map(|r| r.energies[k].standard_error.powi(2)).sum::<f64>() / 400.0;
            // 400 runs determine a spread to about 5 %, and heavier tails are allowed for. Without energy the estimated
            // part of the single points is truncated at zero, which makes the error too large.
            let ratio = claimed.sqrt() / spread;
            assert!((0.8..if exact > 0.0 { 1.2 } else { 1.6 }).contains(&ratio), "degree {k}: {ratio}");
        }
    }

    #[test]
    fn bad_points_and_values_are_named() {
        let dim = Dim::new(3).unwrap();
        let points = uniform_points(dim, 5, 0, Purpose::Points);
        let message = |p: &Matrix, v: &[f64]| sampled_energies(p, v, 2).unwrap_err().to_string();
        assert!(message(&points, &[0.0; 4]).contains("found 4, needed 5"));
        assert!(message(&points, &[0.0, 1.0, f64::NAN, 0.0, 0.0]).contains("row 2"));
        assert!(message(&points.row_range(0, 2), &[0.0; 2]).contains("needed 3"));
        let mut long = points.clone();
        long.row_mut(4)[0] += 2.0;
        assert!(message(&long, &[0.0; 5]).contains("point 4"));
    }
}
