//! What a network with moving hidden units has learned: the residual's energy by degree (GD-4 with units of any length and
//! bias), how its units lie to the target's directions, and how far its weights have moved.

use crate::error::{Result, check_size};
use crate::kernel::Kernel;
use crate::legendre::Recurrence;
use crate::linalg::{Matrix, dot};
use crate::network::{Architecture, Weights};
use crate::numeric::sum::{non_negative, tree_sum_vectors};
use crate::observer::{Observer, Stage, check};
use crate::sphere::Degree;
use crate::target::{PowerSpectrum, Profile, Target};
use crate::units::{Units, cosines};
use rayon::prelude::*;

/// Units handled at a time.
const TILE: usize = 64;
/// Degrees beyond the listed ones that stand for the rest of a series without a closed form.
const BEYOND: Degree = 32;

/// ||(g - f)_k||^2 for k <= `max_degree`, and the energy beyond, of the network with these weights (its first label).
///
/// Homogeneous activations without biases are exact as in [`super::residual_energies`]. All others are integrated (see
/// [`crate::units`]), and the network's energy beyond is that of 32 more degrees: complete for smooth activations, and for
/// kinked ones short of what stands in still higher degrees. Cost 2 m^2 (K + 2) flops.
///
/// # Errors
/// [`crate::Error::Size`] for weights that are not those of the architecture and for another dimension than the target's; as
/// [`crate::spectrum::Spectrum::new`], or [`crate::Error::Stopped`] when the observer asks for it.
pub fn moving_energies(
    architecture: &Architecture,
    weights: &Weights,
    target: &Target,
    max_degree: Degree,
    observer: &mut dyn Observer,
) -> Result<PowerSpectrum> {
    let dim = target.dim();
    weights.check_sizes(architecture)?;
    check_size("coordinates of a hidden unit", architecture.dim, dim.as_usize())?;
    let (a, c) = (weights.output.row(0), architecture.factor());
    let (lengths, directions) = polar(&weights.hidden);
    let biases = architecture.biases.then_some(weights.biases.as_slice());
    let activation = &architecture.activation;
    let units = Units { activation, scale: architecture.scale, lengths: &lengths, biases };
    let power = activation.homogeneity().filter(|_| biases.is_none());
    // All degrees that are followed one by one.
    let last = if power.is_some() { max_degree } else { max_degree + BEYOND };
    let mut terms = units.coefficients(dim, last)?.values;
    for k in 0..=last {
        terms.row_mut(k).iter_mut().zip(a).for_each(|(x, a)| *x *= c * a);
    }
    let remainder = match power {
        Some(power) => {
            let kernel = Kernel::random_feature(activation, dim, architecture.scale, max_degree)?;
            let lengthened = a.iter().zip(&lengths).map(|(a, l)| c * a * l.powi(power as i32));
            Some((kernel, lengthened.collect::<Vec<f64>>()))
        }
        None => None,
    };
    let forms =
        forms(&directions, &terms, remainder.as_ref().map(|(k, b)| (k, b.as_slice())), max_degree, observer)?;
    let parts = target.parts(&directions, last)?;
    let energies = target.power_spectrum(last)?;
    let energy = |k: usize| energies.energies[k] - 2.0 * dot(terms.row(k), parts.row(k)) + forms[k];
    let listed: Vec<f64> = (0..=max_degree).map(|k| non_negative(energy(k))).collect();
    let beyond: f64 = (max_degree + 1..=last).map(|k| non_negative(energy(k))).sum();
    let tail = match &remainder {
        Some((_, lengthened)) => {
            let unit = Profile::Neuron { activation: activation.clone(), scale: architecture.scale };
            let met = target.correlations(&unit, &directions, max_degree)?.tail;
            energies.tail_energy - 2.0 * dot(lengthened, &met) + forms[last + 1]
        }
        None => beyond + energies.tail_energy,
    };
    Ok(PowerSpectrum { energies: listed, tail_energy: non_negative(tail) })
}

/// sum_ij v_k(i) v_k(j) P_k(<u_i, u_j>) for each row v_k of `terms`, and the same with the kernel's remainder.
fn forms(
    directions: &Matrix,
    terms: &Matrix,
    remainder: Option<(&Kernel, &[f64])>,
    max_degree: Degree,
    observer: &mut dyn Observer,
) -> Result<Vec<f64>> {
    let (m, degrees) = (directions.rows(), terms.rows());
    let dim = crate::sphere::Dim::new(directions.columns() as u64)?;
    let recurrence = Recurrence::new(dim, degrees);
    let visible: Vec<bool> = (0..degrees).map(|k| terms.row(k).iter().any(|x| *x != 0.0)).collect();
    let tile = |&from: &usize| {
        let to = (from + TILE).min(m);
        let rho = directions.row_range(from, to).times_transposed(directions);
        let mut sums = vec![0.0; degrees + 1];
        for i in from..to {
            let rho = cosines(rho.row(i - from), directions, i);
            let (mut previous, mut current) = (vec![0.0; m], vec![1.0; m]);
            for k in 0..degrees {
                if visible[k] {
                    sums[k] += terms.row(k)[i] * dot(terms.row(k), &current);
                }
                recurrence.advance(k, &rho, &mut previous, &mut current);
            }
            if let Some((kernel, lengthened)) = remainder {
                kernel.remainder(max_degree, &rho, &mut current);
                sums[degrees] += lengthened[i] * dot(lengthened, &current);
            }
        }
        sums
    };
    let tiles: Vec<usize> = (0..m).step_by(TILE).collect();
    let mut parts = Vec::with_capacity(tiles.len());
    for batch in tiles.chunks(16) {
        check(observer, Stage::Measurement, parts.len() as u64, tiles.len() as u64)?;
        parts.extend(batch.par_iter().map(tile).collect::<Vec<_>>());
    }
    Ok(tree_sum_vectors(parts))
}

/// Lengths and unit vectors of the rows; a row of zeros stays.
pub(crate) fn polar(rows: &Matrix) -> (Vec<f64>, Matrix) {
    let mut directions = rows.clone();
    let lengths = (0..rows.rows())
        .map(|j| {
            let row = directions.row_mut(j);
            let length = dot(row, row).sqrt();
            if length > 0.0 {
                row.iter_mut().for_each(|x| *x /= length);
            }
            length
        })
        .collect();
    (lengths, directions)
}

/// The part of the hidden layer that lies in a space, sum_j A_j |P w_j|^2 / sum_j A_j |w_j|^2 with A_j the squares of the
/// unit's output weights; `basis` holds orthonormal rows. For directions that know nothing of the space it is about its
/// dimension over n. NaN for a network of zeros.
///
/// # Errors
/// [`crate::Error::Size`] for a basis of another dimension and for layers of different widths.
pub fn alignment(weights: &Weights, basis: &Matrix) -> Result<f64> {
    check_size("coordinates of a direction", basis.columns(), weights.hidden.columns())?;
    check_size("units of the output layer", weights.output.columns(), weights.hidden.rows())?;
    let silent = weights.output.values().iter().all(|a| *a == 0.0);
    let (mut inside, mut all) = (0.0, 0.0);
    for j in 0..weights.hidden.rows() {
        let w = weights.hidden.row(j);
        let squares: f64 = (0..weights.output.rows()).map(|l| weights.output.row(l)[j].powi(2)).sum();
        // Before anything is learned from zero, all units count alike.
        let weight = if silent { 1.0 } else { squares };
        inside += weight * (0..basis.rows()).map(|b| dot(basis.row(b), w).powi(2)).sum::<f64>();
        all += weight * dot(w, w);
    }
    Ok(inside / all)
}

/// |W - W_0| / |W_0| of the hidden layer with its biases, and of the output layer; NaN from a start at zero.
///
/// # Errors
/// [`crate::Error::Size`] for a start of other sizes.
pub fn movement(weights: &Weights, start: &Weights) -> Result<(f64, f64)> {
    check_size("hidden weights at the start", start.hidden.values().len(), weights.hidden.values().len())?;
    check_size("biases at the start", start.biases.len(), weights.biases.len())?;
    check_size("output weights at the start", start.output.values().len(), weights.output.values().len())?;
    let squares = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>();
    let size = |a: &[f64]| dot(a, a);
    let hidden =
        squares(weights.hidden.values(), start.hidden.values()) + squares(&weights.biases, &start.biases);
    let hidden = (hidden / (size(start.hidden.values()) + size(&start.biases))).sqrt();
    let output = squares(weights.output.values(), start.output.values()) / size(start.output.values());
    Ok((hidden, if size(start.output.values()) > 0.0 { output.sqrt() } else { f64::NAN }))
}
