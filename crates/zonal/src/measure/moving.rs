//! Measurements of a network with moving hidden units: the residual's energy by degree (GD-4 with units of any length
//! and bias), the alignment of its units with the target's directions, and the movement of its weights.

use crate::error::{Result, check_size};
use crate::kernel::Kernel;
use crate::legendre::Recurrence;
use crate::linalg::{Matrix, dot};
use crate::network::{Architecture, Weights};
use crate::numeric::special::mean_abs_coordinate;
use crate::numeric::sum::{non_negative, tree_sum_vectors};
use crate::observer::{Observer, Stage, check};
use crate::sphere::{Degree, Dim, multiplicities};
use crate::target::{PowerSpectrum, Profile, Target};
use crate::units::{Coefficients, Units, cosines};
use rayon::prelude::*;
use std::f64::consts::{E, PI, SQRT_2};

/// The number of units processed at a time.
const TILE: usize = 64;
/// The degrees up to which a series without a closed form is tried, in turn, until it is complete.
const ATTEMPTS: [Degree; 5] = [64, 128, 256, 512, 1024];
/// The approximate number of flops beyond which no further attempt is made.
const MOST_WORK: f64 = 2e9;
/// A series is complete if the remaining degrees can change the loss by at most this fraction of the energies.
const COMPLETE: f64 = 1e-13;
/// Energy below this fraction of a unit's energy is rounding error.
const ROUNDING: f64 = 4e-15;
/// A relative energy of a target that changes no digit of a loss, not even through its square root.
const NO_ENERGY: f64 = 1e-26;

/// The energy of g - f by degree.
#[derive(Clone, Debug, PartialEq)]
pub struct MovingEnergies {
    /// ||(g - f)_k||^2 for the listed degrees, and the energy beyond them.
    pub energies: PowerSpectrum,
    /// A bound on the error of the energy beyond and of the loss from degrees that are not summed. Rounding, about
    /// 1e-13 of the energies of g and of the units, is not included.
    pub error: f64,
}

/// Computes ||(g - f)_k||^2 for k <= `max_degree`, and the energy beyond, of the network with these weights (its first
/// label).
///
/// Homogeneous activations without biases are exact as in [`super::residual_energies`]. All others are integrated (see
/// GD-6) and summed over degrees, regardless of `max_degree`, until the series is complete, to degree 1024, or to about
/// a second of work. The energy of each unit beyond the last degree is known; that of the network is the sum of these
/// except for cross terms, which [`MovingEnergies::error`] bounds (GD-4). Cost 2 m^2 flops for each degree summed.
///
/// # Errors
/// [`crate::Error::Size`] for weights that are not those of the architecture and for another dimension than the
/// target's; as [`crate::spectrum::Spectrum::new`]; [`crate::Error::Parameter`] for units that turn too fast to be
/// integrated; [`crate::Error::Stopped`] if the observer requests a stop.
pub fn moving_energies(
    architecture: &Architecture,
    weights: &Weights,
    target: &Target,
    max_degree: Degree,
    observer: &mut dyn Observer,
) -> Result<MovingEnergies> {
    weights.check_sizes(architecture)?;
    check_size("coordinates of a hidden unit", architecture.dim, target.dim().as_usize())?;
    let (lengths, directions) = polar(&weights.hidden);
    let c = architecture.factor();
    let output: Vec<f64> = weights.output.row(0).iter().map(|a| c * a).collect();
    let biases = architecture.biases.then_some(weights.biases.as_slice());
    let network = Moving { architecture, output, lengths, biases, directions };
    match architecture.activation.homogeneity().filter(|_| biases.is_none()) {
        Some(power) => network.closed(power, target, max_degree, observer),
        None => network.series(target, max_degree, observer),
    }
}

/// A network given by its units.
struct Moving<'a> {
    architecture: &'a Architecture,
    /// c a_j.
    output: Vec<f64>,
    lengths: Vec<f64>,
    biases: Option<&'a [f64]>,
    directions: Matrix,
}

impl Moving<'_> {
    fn units(&self) -> Units<'_> {
        let Architecture { activation, scale, .. } = self.architecture;
        Units { activation, scale: *scale, lengths: &self.lengths, biases: self.biases }
    }

    /// Computes c a_j A_k(j), one degree per row.
    fn terms(&self, mut coefficients: Matrix) -> Matrix {
        for k in 0..coefficients.rows() {
            coefficients.row_mut(k).iter_mut().zip(&self.output).for_each(|(x, a)| *x *= a);
        }
        coefficients
    }

    /// Computes the energies with the closed kernel of a homogeneous activation for the degrees beyond the listed ones.
    fn closed(
        &self,
        power: u32,
        target: &Target,
        max_degree: Degree,
        observer: &mut dyn Observer,
    ) -> Result<MovingEnergies> {
        let Architecture { activation, scale, .. } = self.architecture;
        let kernel = Kernel::random_feature(activation, target.dim(), *scale, max_degree)?;
        let lengthened: Vec<f64> =
            self.output.iter().zip(&self.lengths).map(|(a, l)| a * l.powi(power as i32)).collect();
        let terms = self.terms(self.units().values(target.dim(), max_degree)?.values);
        let beyond = |rho: &[f64], i: usize| {
            let mut values = vec![0.0; rho.len()];
            kernel.remainder(max_degree, rho, &mut values);
            [lengthened[i] * dot(&lengthened, &values), 0.0]
        };
        let forms = forms(&self.directions, &terms, &beyond, observer)?;
        let target_energies = target.power_spectrum(max_degree)?;
        let listed = self.listed(&terms, &forms, &target_energies, target)?;
        let unit = Profile::Neuron { activation: activation.clone(), scale: *scale };
        let met = target.correlations(&unit, &self.directions, max_degree)?.tail;
        let tail = target_energies.tail_energy - 2.0 * dot(&lengthened, &met) + forms[max_degree + 1];
        let energies = PowerSpectrum::new(target.dim(), listed, non_negative(tail));
        Ok(MovingEnergies { energies, error: 0.0 })
    }

    /// Computes the energies by the sum over degrees.
    fn series(
        &self,
        target: &Target,
        max_degree: Degree,
        observer: &mut dyn Observer,
    ) -> Result<MovingEnergies> {
        let mut target_energies = target.power_spectrum(max_degree.max(ATTEMPTS[1]))?;
        let (coefficients, missing) = self.complete(target.dim(), max_degree, &target_energies)?;
        let last = coefficients.values.rows() - 1;
        if last >= target_energies.energies.len()
            && target_energies.tail_energy > NO_ENERGY * target_energies.total()
        {
            target_energies = target.power_spectrum(last)?;
        }
        let terms = self.terms(coefficients.values);
        let roots: Vec<f64> = self.output.iter().zip(&missing).map(|(a, m)| a * m.sqrt()).collect();
        let bound = TailBound::new(target.dim(), last + 1);
        let beyond = |rho: &[f64], i: usize| self.beyond(&roots, &bound, rho, i);
        let forms = forms(&self.directions, &terms, &beyond, observer)?;
        let mut listed = self.listed(&terms, &forms, &target_energies, target)?;
        let followed: f64 = listed.drain(max_degree + 1..).sum();
        let (rest, cross) = (non_negative(forms[last + 1]), forms[last + 2]);
        let unfollowed =
            target_energies.tail_energy + target_energies.energies.iter().skip(last + 1).sum::<f64>();
        let energies = PowerSpectrum::new(target.dim(), listed, followed + unfollowed + rest);
        Ok(MovingEnergies { energies, error: cross + 2.0 * ((rest + cross) * unfollowed).sqrt() })
    }

    /// Computes the coefficients up to a degree by which they are complete, or up to the limits, and the energy that
    /// each unit lacks.
    fn complete(
        &self,
        dim: Dim,
        max_degree: Degree,
        target: &PowerSpectrum,
    ) -> Result<(Coefficients, Vec<f64>)> {
        let m = self.output.len() as f64;
        let mut attempts = ATTEMPTS.iter().filter(|last| **last >= max_degree).peekable();
        loop {
            let last = attempts.next().copied().unwrap_or(max_degree);
            let coefficients = self.units().values(dim, last)?;
            let missing: Vec<f64> = coefficients
                .missing()
                .into_iter()
                .zip(&coefficients.norms)
                .map(|(missing, norm)| if missing > ROUNDING * norm { missing } else { 0.0 })
                .collect();
            let of_all = |x: &[f64]| self.output.iter().zip(x).map(|(a, x)| a * a * x).sum::<f64>();
            let root: f64 = self.output.iter().zip(&missing).map(|(a, x)| a.abs() * x.sqrt()).sum();
            let beyond: f64 = target.tail_energy + target.energies.iter().skip(last + 1).sum::<f64>();
            let error = root * (root + 2.0 * beyond.sqrt());
            let too_long = |next: &&Degree| m * **next as f64 * (m + 3.0 * **next as f64) > MOST_WORK;
            if error <= COMPLETE * (target.total() + of_all(&coefficients.norms))
                || attempts.peek().is_none_or(too_long)
            {
                return Ok((coefficients, missing));
            }
        }
    }

    /// Computes row i of the network's energy beyond the last degree: the part from units with equal weights, which is
    /// known, and a bound on the rest.
    fn beyond(&self, roots: &[f64], bound: &TailBound, rho: &[f64], i: usize) -> [f64; 2] {
        if roots[i] == 0.0 {
            return [0.0; 2];
        }
        let bias = |j: usize| self.biases.map_or(0.0, |b| b[j]);
        let mut sums = [0.0; 2];
        for (j, (root, rho)) in roots.iter().zip(rho).enumerate().filter(|(_, (root, _))| **root != 0.0) {
            let same = *rho == 1.0 && self.lengths[j] == self.lengths[i] && bias(j) == bias(i);
            match same {
                true => sums[0] += roots[i] * root,
                false => sums[1] += (roots[i] * root).abs() * bound.at(*rho),
            }
        }
        sums
    }

    /// Computes ||(g - f)_k||^2 for each degree of `terms`.
    fn listed(
        &self,
        terms: &Matrix,
        forms: &[f64],
        target_energies: &PowerSpectrum,
        target: &Target,
    ) -> Result<Vec<f64>> {
        let degrees = terms.rows().min(target_energies.energies.len());
        let parts = target.parts(&self.directions, degrees - 1)?;
        let energy = |k: usize| match k < degrees {
            true => target_energies.energies[k] - 2.0 * dot(terms.row(k), parts.row(k)) + forms[k],
            false => forms[k],
        };
        Ok((0..terms.rows()).map(|k| non_negative(energy(k))).collect())
    }
}

/// A bound on |P_k(rho)| for all k from a degree on: with the density c (1 - t^2)^((n-3)/2) of one coordinate,
///
/// c N_k (1 - rho^2)^((n-2)/2) P_k(rho)^2 <= 2 e (2 + |n - 3| / sqrt 2) / pi
///
/// (Erdelyi, Magnus and Nevai 1994, theorem 1), N_k grows with k, and |P_k| <= 1.
struct TailBound {
    /// ln of the square of the bound at rho = 0.
    ln_square: f64,
    exponent: f64,
}

impl TailBound {
    fn new(dim: Dim, degree: Degree) -> Self {
        let n = dim.as_f64();
        let density = mean_abs_coordinate(dim.get()) * (n - 1.0) / 2.0;
        let most = 2.0 * E * (2.0 + (n - 3.0).abs() / SQRT_2) / PI;
        let ln_square = (most / density).ln() - multiplicities(dim, degree)[degree].ln_abs();
        Self { ln_square, exponent: 0.5 * (n - 2.0) }
    }

    fn at(&self, rho: f64) -> f64 {
        let square = (1.0 - rho) * (1.0 + rho);
        if square <= 0.0 {
            return 1.0;
        }
        (0.5 * (self.ln_square - self.exponent * square.ln())).exp().min(1.0)
    }
}

/// Computes sum_ij v_k(i) v_k(j) P_k(<u_i, u_j>) for each row v_k of `terms`, followed by the two sums over i of
/// `beyond`, which receives the cosines of unit i.
fn forms(
    directions: &Matrix,
    terms: &Matrix,
    beyond: &(dyn Fn(&[f64], usize) -> [f64; 2] + Sync),
    observer: &mut dyn Observer,
) -> Result<Vec<f64>> {
    let (m, degrees) = (directions.rows(), terms.rows());
    let recurrence = Recurrence::new(Dim::new(directions.columns() as u64)?, degrees);
    let visible: Vec<bool> = (0..degrees).map(|k| terms.row(k).iter().any(|x| *x != 0.0)).collect();
    let tile = |&from: &usize| {
        let to = (from + TILE).min(m);
        let rho = directions.row_range(from, to).times_transposed(directions);
        let mut sums = vec![0.0; degrees + 2];
        for i in from..to {
            let rho = cosines(rho.row(i - from), directions, i);
            let (mut previous, mut current) = (vec![0.0; m], vec![1.0; m]);
            for k in 0..degrees {
                if visible[k] {
                    sums[k] += terms.row(k)[i] * dot(terms.row(k), &current);
                }
                recurrence.advance(k, &rho, &mut previous, &mut current);
            }
            let beyond = beyond(&rho, i);
            sums[degrees] += beyond[0];
            sums[degrees + 1] += beyond[1];
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

/// Returns lengths and unit vectors of the rows; a row of zeros remains zero.
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

/// Computes the part of the hidden layer in a subspace, sum_j A_j |P w_j|^2 / sum_j A_j |w_j|^2, where A_j is the sum
/// of the squares of the unit's output weights; `basis` holds orthonormal rows. For directions independent of the
/// subspace it is about the dimension of the subspace divided by n. NaN for a network of zeros.
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
        // Before training from zero output weights, all units have the same weight.
        let weight = if silent { 1.0 } else { squares };
        inside += weight * (0..basis.rows()).map(|b| dot(basis.row(b), w).powi(2)).sum::<f64>();
        all += weight * dot(w, w);
    }
    Ok(inside / all)
}

/// Computes |W - W_0| / |W_0| of the hidden layer with its biases, and of the output layer; NaN for a start at zero.
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
