//! The energy of the residual g - f by degree at finite width, exactly (GD-4).

use crate::error::{Result, check_size};
use crate::kernel::Kernel;
use crate::legendre::Recurrence;
use crate::linalg::{Matrix, dot};
use crate::network::Network;
use crate::numeric::sum::{non_negative, tree_sum_vectors};
use crate::observer::{Observer, Stage, check};
use crate::sphere::Degree;
use crate::target::{PowerSpectrum, Target};
use rayon::prelude::*;

/// The number of units processed at a time: their Legendre values against all units stay in the cache.
const TILE: usize = 64;

/// Computes ||(g - f)_k||^2 for k <= `max_degree`, and the energy beyond, for each row a of `coefficients`:
///
/// ||g_k||^2 - (2/sqrt m) sum_j a_j alpha_k g_k(w_j) + (1/m) alpha_k^2 N_k sum_ij a_i a_j P_k(<w_i, w_j>).
///
/// The energy beyond the last degree uses the kernel's own remainder in place of alpha_k^2 N_k P_k, and the target's
/// own tail; it is never computed as a difference to the loss. Absolute error near 1e-16 (||g||^2 + kappa(1) |a|^2).
/// Cost for T rows of coefficients: 2 m^2 (K + 2) T flops.
///
/// # Errors
/// [`crate::Error::Size`] if the dimension differs from the target's or the number of coefficients from the number of
/// units; [`crate::Error::Parameter`] for a network with biases, a factor other than 1/sqrt m or units whose length is
/// not 1 (see [`super::moving_energies`]); as [`crate::spectrum::Spectrum::new`], or [`crate::Error::Stopped`] if the
/// observer requests a stop.
pub fn residual_energies(
    network: &Network,
    target: &Target,
    coefficients: &Matrix,
    max_degree: Degree,
    observer: &mut dyn Observer,
) -> Result<Vec<PowerSpectrum>> {
    let m = network.width();
    let dim = target.dim();
    network.check_on_sphere(dim)?;
    check_size("output coefficients", coefficients.columns(), m)?;
    let count = coefficients.rows();
    let kernel = kernel(network, target, max_degree)?;
    let correlations = target.correlations(&network.unit(), network.directions(), max_degree)?;
    let energies = target.power_spectrum(max_degree)?;
    let recurrence = Recurrence::new(dim, max_degree + 1);
    let kernel_energies = (0..=max_degree).map(|k| kernel.energy(k)).collect::<Result<Vec<f64>>>()?;

    // Quadratic forms sum_ij a_i a_j P_k(<w_i, w_j>), one column for each degree and one for the remainder, tile by
    // tile; the sums over tiles are added in a fixed tree.
    let columns = max_degree + 2;
    let by_unit = coefficients.transposed();
    let tiles: Vec<usize> = (0..m).step_by(TILE).collect();
    let tile_form = |&from: &usize| {
        let to = (from + TILE).min(m);
        let mut rho = network.directions().row_range(from, to).times_transposed(network.directions());
        for (i, row) in rho.values_mut().chunks_mut(m).enumerate() {
            row.iter_mut().for_each(|r| *r = r.clamp(-1.0, 1.0));
            row[from + i] = 1.0;
        }
        let mut forms = vec![0.0; count * columns];
        let mut add = |values: &Matrix, column: usize| {
            let products = values.times(&by_unit);
            for i in from..to {
                for t in 0..count {
                    forms[t * columns + column] += products.row(i - from)[t] * coefficients.row(t)[i];
                }
            }
        };
        let mut previous = Matrix::zeros(to - from, m);
        let mut current = previous.clone();
        current.values_mut().fill(1.0);
        for k in 0..=max_degree {
            if kernel_energies[k] != 0.0 {
                add(&current, k);
            }
            recurrence.advance(k, rho.values(), previous.values_mut(), current.values_mut());
        }
        kernel.remainder(max_degree, rho.values(), current.values_mut());
        add(&current, max_degree + 1);
        forms
    };
    // A few tiles between reports: enough for all threads, and frequent enough for a progress bar.
    let mut parts = Vec::with_capacity(tiles.len());
    for batch in tiles.chunks(16) {
        check(observer, Stage::Measurement, parts.len() as u64, tiles.len() as u64)?;
        parts.extend(batch.par_iter().map(tile_form).collect::<Vec<_>>());
    }
    let forms = tree_sum_vectors(parts);

    let root = 2.0 / (m as f64).sqrt();
    let norm = 1.0 / m as f64;
    Ok((0..count)
        .map(|t| {
            let a = coefficients.row(t);
            let form = &forms[t * columns..(t + 1) * columns];
            let by_degree = (0..=max_degree).map(|k| {
                let linear = root * dot(a, correlations.by_degree.row(k));
                energies.energies[k] - linear + norm * kernel_energies[k] * form[k]
            });
            let tail = energies.tail_energy - root * dot(a, &correlations.tail) + norm * form[max_degree + 1];
            // These are squared norms: negative values are rounding errors.
            PowerSpectrum::new(dim, by_degree.map(non_negative).collect(), non_negative(tail))
        })
        .collect())
}

/// Bounds the difference between each of the energies of [`residual_energies`] and those of exact descent (RD-1):
/// rounding of the sums, and the distance between the functions, given for each row of `coefficients`.
///
/// # Errors
/// [`crate::Error::Size`] unless the numbers of residuals, distances and rows of coefficients are equal and all
/// residuals list the same degrees; as [`residual_energies`].
pub fn residual_errors(
    network: &Network,
    target: &Target,
    coefficients: &Matrix,
    residuals: &[PowerSpectrum],
    distances: &[f64],
) -> Result<Vec<PowerSpectrum>> {
    network.check_on_sphere(target.dim())?;
    check_size("output coefficients", coefficients.columns(), network.width())?;
    check_size("residuals", residuals.len(), coefficients.rows())?;
    check_size("distances", distances.len(), coefficients.rows())?;
    let max_degree = residuals.first().map_or(0, |r| r.energies.len().saturating_sub(1));
    let degrees = |r: &PowerSpectrum| check_size("degrees of a residual", r.energies.len(), max_degree + 1);
    residuals.iter().try_for_each(degrees)?;
    let kernel = kernel(network, target, max_degree)?;
    let correlations = target.correlations(&network.unit(), network.directions(), max_degree)?;
    let energies = target.power_spectrum(max_degree)?;
    let kernel_energies = (0..=max_degree).map(|k| kernel.energy(k)).collect::<Result<Vec<f64>>>()?;
    let root = 1.0 / (network.width() as f64).sqrt();
    let length = |x: &[f64]| dot(x, x).sqrt();
    let visible: Vec<f64> = (0..=max_degree).map(|k| root * length(correlations.by_degree.row(k))).collect();
    let beyond = root * length(&correlations.tail);
    let of_row = |(t, (residual, &distance)): (usize, (&PowerSpectrum, &f64))| {
        let size = length(coefficients.row(t));
        // Each P_k is known to about k 2^-53.
        let sums = |k: Degree, target: f64, visible: f64, kernel: f64| {
            4.0 * f64::EPSILON * (k as f64 + 1.0) * (target + (2.0 * visible + kernel * size) * size)
        };
        let moved = |energy: f64, own: f64| own + (2.0 * (energy + own).sqrt() + distance) * distance;
        let of_degree = |(k, &energy): (Degree, &f64)| {
            moved(energy, sums(k, energies.energies[k], visible[k], kernel_energies[k].abs()))
        };
        let tail = sums(max_degree + 1, energies.tail_energy, beyond, 0.0)
            + kernel.remainder_error(max_degree) * size * size;
        let energies = residual.energies.iter().enumerate().map(of_degree).collect();
        PowerSpectrum::new(target.dim(), energies, moved(residual.tail_energy, tail))
    };
    Ok(residuals.iter().zip(distances).enumerate().map(of_row).collect())
}

/// Returns the kernel of a network's units, with the spectra of the target.
fn kernel(network: &Network, target: &Target, max_degree: Degree) -> Result<Kernel> {
    let unit = (network.activation(), network.scale());
    Kernel::cross_with(target.spectra(), unit, unit, target.dim(), max_degree)
}
