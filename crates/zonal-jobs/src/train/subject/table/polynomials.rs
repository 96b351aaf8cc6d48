//! Best polynomials on the rows of a table, as baselines for the network.

use super::problem::units;
use zonal::lift::LabelScale;
use zonal::measure::{BestPolynomial, Monomials, monomials};
use zonal_documents::train::BestPolynomialReport;

/// The largest degree of best polynomials.
pub(super) const MAX_DEGREE: usize = 3;
/// The largest number of monomials that is affordable on rows in memory.
pub(super) const AFFORDABLE_MONOMIALS: usize = 300;
/// On tables up to this length [`AFFORDABLE_MONOMIALS`] are always affordable.
const SHORT_TABLE: u64 = 1_000_000;

/// Returns the largest affordable number of monomials for a table that is read in blocks. The time for sums grows with
/// the square of the width, so on a long table a seventh of the network's width adds little to the network's time.
pub(super) fn affordable(width: usize, rows: u64) -> usize {
    if rows <= SHORT_TABLE { AFFORDABLE_MONOMIALS.max(width / 7) } else { width / 7 }
}

/// Returns the monomials up to the largest degree, at most [`MAX_DEGREE`], at which there are at most `most`.
pub(super) fn at_most(variables: usize, most: usize) -> Monomials {
    let fits = |&k: &usize| monomials(variables, k).is_some_and(|n| n <= most);
    Monomials::new(variables, (0..=MAX_DEGREE).rev().find(fits).unwrap_or(0))
}

/// Returns the report of each best polynomial, with errors as means over labels, each in its unit squared.
pub(super) fn reports(fits: &[BestPolynomial], labels: &[LabelScale]) -> Vec<BestPolynomialReport> {
    let units = units(labels);
    let mean = |errors: &[f64]| {
        errors.iter().zip(&units).map(|(e, unit)| e * unit).sum::<f64>() / labels.len() as f64
    };
    let report = |fit: &BestPolynomial| BestPolynomialReport {
        degree: fit.degree,
        monomials: Some(fit.monomials),
        rank: Some(fit.rank),
        error: mean(&fit.errors),
        test_error: fit.test_errors.as_deref().map(mean),
    };
    // Degree 0 is the mean of the labels, which the untrained network predicts.
    fits.iter().skip(1).map(report).collect()
}
