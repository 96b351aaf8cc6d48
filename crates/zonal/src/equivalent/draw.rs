//! Draws of rows and units, with which predictions are compared.

use super::Sizes;
use crate::dynamics::{RANK, accumulated};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::legendre::Recurrence;
use crate::linalg::{Matrix, symmetric_eigen};
use crate::network::Network;
use crate::numeric::random::Purpose;
use crate::spectrum::{Spectrum, check_law};
use crate::sphere::uniform_points;
use crate::target::PowerSpectrum;
use rayon::prelude::*;

/// A random network on random rows. Its test error is exact, and averaged over all targets of the given energies and over the
/// noise, so that only rows and units vary from draw to draw. At infinite width degrees beyond those of the spectrum count as
/// orthogonal at different rows.
#[derive(Clone, Debug)]
pub struct Draw {
    /// The eigenvalues of the second moments of the features.
    eigenvalues: Vec<f64>,
    /// The means, in the basis of their eigenvectors, of the products of correlations with labels and target.
    cross: Vec<f64>,
    /// Entry by entry: the means of products of correlations with labels, times the products of functions.
    products: Matrix,
    /// The energy of the target and the noise.
    constant: f64,
}

/// Sums over degrees with the Legendre polynomials of pairs of points.
struct Sums {
    legendre: Recurrence,
}

impl Sums {
    /// Returns sum_k c_k P_k(<x_i, y_j>).
    fn of(&self, coefficients: &[f64], x: &Matrix, y: &Matrix) -> Result<Matrix> {
        let mut out = x.times_transposed(y);
        let columns = out.columns();
        out.values_mut().par_chunks_mut(columns).try_for_each(|row| {
            row.iter_mut().try_for_each(|t| {
                *t = self.legendre.series(coefficients, t.clamp(-1.0, 1.0))?;
                Ok::<(), Error>(())
            })
        })?;
        Ok(out)
    }
}

impl Draw {
    /// Draws rows and units and prepares their errors. One of the sizes may be infinite.
    ///
    /// Cost: the eigenproblem of order `width`, or `rows` if the width is infinite, and products of that size.
    ///
    /// # Errors
    /// [`Error::Parameter`] for the spectrum of infinite dimension, for a target with energy beyond its listed degrees, for
    /// sizes that are not whole numbers from 1, and if both are infinite; those of the kernel and of the eigenproblem.
    pub fn new(
        spectrum: &Spectrum,
        target: &PowerSpectrum,
        noise: f64,
        sizes: Sizes,
        seed: u64,
    ) -> Result<Self> {
        check_law(spectrum.law(), target.dim())?;
        check_draw(target, sizes.check()?)?;
        let drawn = Drawn::new(spectrum, target, noise, seed);
        let forms = match (sizes.rows.is_finite(), sizes.width.is_finite()) {
            (true, true) => drawn.of_both(sizes)?,
            (true, false) => drawn.of_rows(sizes.rows)?,
            (false, _) => drawn.of_units(sizes.width)?,
        };
        forms.in_eigenbasis(noise + target.energies.iter().sum::<f64>())
    }

    /// Returns the test error of ridge regression, noise of new labels included; a ridge of 0 gives the solution of least
    /// norm.
    pub fn ridge(&self, ridge: f64) -> f64 {
        self.error(|eigenvalue| 1.0 / (eigenvalue + ridge))
    }

    /// Returns the test error after t steps of gradient descent from zero.
    pub fn descent(&self, step: f64, iterations: u64) -> f64 {
        self.error(|eigenvalue| accumulated(eigenvalue, step, iterations))
    }

    fn error(&self, filter: impl Fn(f64) -> f64) -> f64 {
        let largest = self.eigenvalues.iter().fold(0.0f64, |a, &b| a.max(b));
        let of = |&l: &f64| if l > RANK * largest { filter(l) } else { 0.0 };
        let factors: Vec<f64> = self.eigenvalues.iter().map(of).collect();
        let cross: f64 = self.cross.iter().zip(&factors).map(|(a, f)| a * f).sum();
        let products = self.products.times_vector(&factors);
        self.constant - 2.0 * cross + products.iter().zip(&factors).map(|(a, f)| a * f).sum::<f64>()
    }
}

fn check_draw(target: &PowerSpectrum, Sizes { rows, width }: Sizes) -> Result<()> {
    let is_whole = |x: f64| x == f64::INFINITY || x.fract() == 0.0 && x <= 1e9;
    if !is_whole(rows) || !is_whole(width) || rows == f64::INFINITY && width == f64::INFINITY {
        let found = format!("{rows}, {width}");
        let required = "whole numbers up to 10^9, one of which may be infinite";
        return Err(Error::parameter("the numbers of rows and units of a draw", found, required));
    }
    if target.tail_energy > 0.0 {
        let (name, found) = ("the energy of a target beyond its listed degrees", target.tail_energy);
        return Err(Error::parameter(name, found, "0: list the degrees of the target up to its last one"));
    }
    Ok(())
}

/// What the forms of a draw are computed from.
struct Drawn<'a> {
    spectrum: &'a Spectrum,
    target: &'a PowerSpectrum,
    noise: f64,
    seed: u64,
    sums: Sums,
}

impl<'a> Drawn<'a> {
    fn new(spectrum: &'a Spectrum, target: &'a PowerSpectrum, noise: f64, seed: u64) -> Self {
        let degrees = spectrum.max_degree().max(target.energies.len());
        let sums = Sums { legendre: Recurrence::new(target.dim(), degrees) };
        Self { spectrum, target, noise, seed, sums }
    }

    fn points(&self, rows: f64) -> Matrix {
        uniform_points(self.target.dim(), rows as usize, self.seed, Purpose::Points)
    }

    fn network(&self, width: f64) -> Result<Network> {
        let (activation, scale) = (self.spectrum.activation().clone(), self.spectrum.scale());
        Network::random(activation, scale, self.target.dim(), width as usize, self.seed)
    }

    /// Returns the energies times a power of the coefficients.
    fn energies(&self, power: i32) -> Vec<f64> {
        let coefficient = |k: usize| self.spectrum.get(k).map_or(0.0, |c| c.value.to_f64());
        self.target.energies.iter().enumerate().map(|(k, g)| g * coefficient(k).powi(power)).collect()
    }

    /// Returns the means of products of labels.
    fn labels(&self, x: &Matrix) -> Result<Matrix> {
        let mut products = self.sums.of(&self.energies(0), x, x)?;
        (0..x.rows()).for_each(|i| products.row_mut(i)[i] += self.noise);
        Ok(products)
    }

    /// Returns the inner products of the units' functions.
    fn functions(&self, units: &Matrix, width: f64) -> Result<Matrix> {
        let (activation, scale) = (self.spectrum.activation(), self.spectrum.scale());
        let kernel = Kernel::random_feature(activation, self.target.dim(), scale, 0)?;
        let mut functions = units.times_transposed(units);
        (0..functions.rows()).for_each(|i| functions.row_mut(i)[i] = 1.0);
        let columns = functions.columns();
        functions.values_mut().par_chunks_mut(columns).for_each(|row| {
            row.iter_mut().for_each(|t| *t = t.clamp(-1.0, 1.0));
            let values = kernel.values(row);
            row.iter_mut().zip(values).for_each(|(t, value)| *t = value / width);
        });
        Ok(functions)
    }

    fn of_both(&self, Sizes { rows, width }: Sizes) -> Result<Forms> {
        let (x, network) = (self.points(rows), self.network(width)?);
        let features = network.features(&x)?;
        let with_target = self.sums.of(&self.energies(1), &x, network.directions())?;
        let labels = features.transposed_times(&self.labels(&x)?.times(&features));
        Ok(Forms {
            moments: scaled(features.transposed_times(&features), 1.0 / rows),
            labels: scaled(labels, 1.0 / (rows * rows)),
            cross: scaled(features.transposed_times(&with_target), 1.0 / (rows * width.sqrt())),
            functions: self.functions(network.directions(), width)?,
        })
    }

    /// Rows and infinitely many units.
    fn of_rows(&self, rows: f64) -> Result<Forms> {
        let x = self.points(rows);
        let kernel = |powers: i32| -> Vec<f64> {
            self.spectrum.iter().map(|(_, c)| c.energy.to_f64() * c.eigenvalue().powi(powers)).collect()
        };
        let mut moments = self.sums.of(&kernel(0), &x, &x)?;
        // Degrees beyond those of the spectrum are nearly orthogonal at different points.
        (0..moments.rows()).for_each(|i| moments.row_mut(i)[i] += self.spectrum.tail_energy());
        Ok(Forms {
            moments: scaled(moments, 1.0 / rows),
            labels: scaled(self.labels(&x)?, 1.0 / (rows * rows)),
            cross: scaled(self.sums.of(&self.energies(2), &x, &x)?, 1.0 / rows),
            functions: self.sums.of(&kernel(1), &x, &x)?,
        })
    }

    /// Units on exact expectations.
    fn of_units(&self, width: f64) -> Result<Forms> {
        let network = self.network(width)?;
        let units = network.directions();
        let functions = self.functions(units, width)?;
        let products = scaled(self.sums.of(&self.energies(2), units, units)?, 1.0 / width);
        Ok(Forms { moments: functions.clone(), labels: products.clone(), cross: products, functions })
    }
}

/// The quadratic forms of a draw, in the basis of its units, or of its rows if the width is infinite.
struct Forms {
    /// The second moments of the features on the rows.
    moments: Matrix,
    /// The means of products of the features' correlations with the labels.
    labels: Matrix,
    /// The means of products of correlations with the labels and with the target.
    cross: Matrix,
    /// The inner products of the functions.
    functions: Matrix,
}

impl Forms {
    fn in_eigenbasis(self, constant: f64) -> Result<Draw> {
        let eigen = symmetric_eigen(&self.moments)?;
        let rotated = |form: &Matrix| eigen.vectors.times(form).times_transposed(&eigen.vectors);
        let cross = rotated(&self.cross);
        let mut products = rotated(&self.labels);
        let functions = rotated(&self.functions);
        products.values_mut().iter_mut().zip(functions.values()).for_each(|(a, b)| *a *= b);
        let cross = (0..cross.rows()).map(|i| cross.row(i)[i]).collect();
        Ok(Draw { eigenvalues: eigen.values, cross, products, constant })
    }
}

fn scaled(mut matrix: Matrix, factor: f64) -> Matrix {
    matrix.values_mut().iter_mut().for_each(|x| *x *= factor);
    matrix
}
