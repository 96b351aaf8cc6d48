//! Best polynomials on the rows of a table: what the network is compared with.

use super::problem::units;
use zonal::lift::LabelScale;
use zonal::measure::{BestPolynomial, Monomials, monomials};
use zonal_documents::train::BestPolynomialReport;

/// Best polynomials have this degree at most.
pub(super) const MOST_DEGREE: usize = 3;
/// On rows in memory they have this number of monomials at most.
pub(super) const FEW_MONOMIALS: usize = 300;
/// On a table up to this length the same number always costs little.
const FEW_ROWS: u64 = 1_000_000;

/// The number of monomials that cost little on a table that is read in blocks: by themselves, or on a long table compared with
/// the network, whose sums take a time that grows with the square of the width.
pub(super) fn affordable(width: usize, rows: u64) -> usize {
    if rows <= FEW_ROWS { FEW_MONOMIALS.max(width / 7) } else { width / 7 }
}

/// The monomials of the highest degree that has at most this number of them.
pub(super) fn at_most(variables: usize, most: usize) -> Monomials {
    let fits = |&k: &usize| monomials(variables, k).is_some_and(|n| n <= most);
    Monomials::new(variables, (0..=MOST_DEGREE).rev().find(fits).unwrap_or(0))
}

/// Best polynomials with their errors as means over labels, each in its own unit squared.
pub(super) fn reports(fits: &[BestPolynomial], labels: &[LabelScale]) -> Vec<BestPolynomialReport> {
    let units = units(labels);
    let mean = |errors: &[f64]| {
        errors.iter().zip(&units).map(|(e, unit)| e * unit).sum::<f64>() / labels.len() as f64
    };
    let one = |fit: &BestPolynomial| BestPolynomialReport {
        degree: fit.degree,
        monomials: Some(fit.monomials),
        rank: Some(fit.rank),
        error: mean(&fit.errors),
        test_error: fit.test_errors.as_deref().map(mean),
    };
    // Degree 0 is the mean of the labels, which the untrained network predicts.
    fits.iter().skip(1).map(one).collect()
}
