//! A learner outside the statistical-query model: it compares every candidate with labelled rows.

use crate::answers::Rows;
use crate::family::Family;
use rayon::prelude::*;
use zonal::error::check_size;
use zonal::{Error, Result};

/// Returns the member with the smallest squared error on some rows, the first among ties. Costs M evaluations per row.
///
/// # Errors
/// [`Error::Size`] for no rows, for points of another dimension, and unless there is one label per point.
pub fn brute_force(family: &Family, rows: &Rows) -> Result<usize> {
    if rows.labels.is_empty() {
        return Err(Error::Size { what: "rows to learn from".into(), found: 0, required: 1 });
    }
    check_size("labels", rows.labels.len(), rows.points.rows())?;
    check_size("coordinates of a point", rows.points.columns(), family.dim().as_usize())?;
    let error = |i: usize| -> f64 {
        let member = family.member(i);
        let one = |(j, y): (usize, &f64)| (y - member.at(family.dim(), rows.points.row(j))).powi(2);
        rows.labels.iter().enumerate().map(one).sum()
    };
    let errors: Vec<f64> = (0..family.size()).into_par_iter().map(error).collect();
    let best = (0..errors.len()).min_by(|&a, &b| errors[a].total_cmp(&errors[b]));
    Ok(best.unwrap_or(0))
}

/// Computes the number of noiseless rows that suffice to identify one of M orthonormal products of signs with failure
/// probability eta: each row halves the other candidates, so ceil(log2(M / eta)).
pub fn sufficient_noiseless_rows(size: f64, eta: f64) -> u64 {
    (size / eta).log2().ceil().max(1.0) as u64
}

/// Computes the number of rows that suffice with Gaussian noise: ln(M / (2 eta)) / ln(1 / rho), where rho is the
/// maximum over pairs of E exp(-(f_i - f_j)^2 / (8 sigma^2)); for products of signs rho = (1 + exp(-1 / (2 sigma^2))) /
/// 2.
pub fn sufficient_rows(size: f64, eta: f64, sigma: f64) -> u64 {
    // ln rho = ln(1 + (e^x - 1) / 2), which does not round to zero for large sigma.
    let ln_rho = (0.5 * (-0.5 / (sigma * sigma)).exp_m1()).ln_1p();
    ((size / (2.0 * eta)).ln() / -ln_rho).ceil().max(1.0) as u64
}
