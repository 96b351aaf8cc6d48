//! Funk-Hecke coefficients of units of any length and bias, x -> phi(s l <u, x> + b) for a unit vector u: normalised,
//! A_k = sqrt(N_k) E_t[phi(s l t + b) P_k(t)], so that the unit has energy A_k^2 in degree k and two units have
//! E[..] = sum_k A_k B_k P_k(<u, v>).
//!
//! Homogeneous activations without a bias only take a factor l^h, and keep every digit. All others are integrated over
//! t = sin theta, where the weight is cos^(n-2) theta and smooth in every dimension, piece by piece between the points where
//! phi is not smooth and the one where its argument is zero, by Gauss-Legendre rules: absolute error below 3e-14 of the
//! unit's norm for arguments up to about 150.
//! Units whose pieces are the same share their nodes.

use crate::activation::{Activation, Structure};
use crate::error::Result;
use crate::legendre::Recurrence;
use crate::linalg::Matrix;
use crate::spectrum::Spectrum;
use crate::sphere::{Degree, Dim, multiplicities};
use rayon::prelude::*;

/// Units of an activation, each with its length and its bias.
#[derive(Clone, Copy, Debug)]
pub struct Units<'a> {
    /// phi.
    pub activation: &'a Activation,
    /// s.
    pub scale: f64,
    /// l of each unit.
    pub lengths: &'a [f64],
    /// b of each unit; None where all are zero.
    pub biases: Option<&'a [f64]>,
}

/// Normalised coefficients, one degree a row, one unit a column.
#[derive(Clone, Debug)]
pub struct Coefficients {
    /// A_k.
    pub values: Matrix,
    /// dA_k/dl.
    pub by_length: Matrix,
    /// dA_k/db.
    pub by_bias: Matrix,
    /// E phi^2 of each unit.
    pub norms: Vec<f64>,
}

/// Nodes of a rule.
const NODES: usize = 128;
/// Arguments up to this size are met by shared nodes: no usual activation turns so fast that 128 on each half miss it.
const GENTLE: f64 = 10.0;
/// Where the weight has fallen below e^-80 nothing counts.
const NEGLIGIBLE: f64 = -80.0;

impl Units<'_> {
    /// A_k and its derivatives for k <= `max_degree`. Derivatives are zero for an activation that has none.
    ///
    /// # Errors
    /// As [`Spectrum::new`].
    pub fn coefficients(&self, dim: Dim, max_degree: Degree) -> Result<Coefficients> {
        match (self.activation.homogeneity(), self.biases) {
            (Some(power), None) => self.homogeneous(dim, power, max_degree),
            _ => self.integrated(dim, max_degree),
        }
    }

    fn homogeneous(&self, dim: Dim, power: u32, max_degree: Degree) -> Result<Coefficients> {
        let spectrum = Spectrum::new(self.activation, dim, self.scale, max_degree)?;
        let (m, h) = (self.lengths.len(), f64::from(power));
        let mut out = Coefficients::zeros(max_degree, m);
        let norm = |l: &f64| spectrum.norm_sq() * l.powi(2 * power as i32);
        out.norms = self.lengths.iter().map(norm).collect();
        for (k, c) in spectrum.coefficients().iter().enumerate() {
            // In logarithms: alpha_k may underflow where sqrt(N_k) overflows.
            let unit = f64::from(c.value.sign()) * (0.5 * c.energy.ln_abs()).exp();
            let unit = if c.value.sign() == 0 { 0.0 } else { unit };
            for (j, l) in self.lengths.iter().enumerate() {
                out.values.row_mut(k)[j] = unit * l.powi(power as i32);
                out.by_length.row_mut(k)[j] =
                    if power == 0 { 0.0 } else { unit * h * l.powi(power as i32 - 1) };
            }
        }
        Ok(out)
    }

    fn integrated(&self, dim: Dim, max_degree: Degree) -> Result<Coefficients> {
        let rule = crate::quadrature::gauss_legendre(NODES)?;
        let n = dim.as_f64();
        // cos^(n-2) theta < e^-80 beyond this angle.
        let end = if n > 2.0 { (NEGLIGIBLE / (n - 2.0)).exp().acos() } else { std::f64::consts::FRAC_PI_2 };
        let weight = |theta: f64| theta.cos().powf(n - 2.0);
        let halves = [(-end, 0.0), (0.0, end)];
        let total: f64 = halves.iter().flat_map(|h| stretched(&rule, *h)).map(|(x, w)| w * weight(x)).sum();
        let reach = self.lengths.iter().fold(0.0, |a: f64, l| a.max(self.scale * l.abs()))
            + self.biases.unwrap_or_default().iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let structure = self.activation.structure(reach.max(f64::MIN_POSITIVE))?;
        let mut breaks = match &structure {
            Structure::Numeric(numeric) => numeric.breakpoints.iter().map(|b| b.to_f64()).collect(),
            _ => Vec::new(),
        };
        let kinks = breaks.len() + usize::from(matches!(structure, Structure::Piecewise(_)));
        breaks.push(0.0);
        let norms: Vec<f64> =
            multiplicities(dim, max_degree).iter().map(|m| (0.5 * m.ln_abs()).exp()).collect();
        let recurrence = Recurrence::new(dim, max_degree);
        // Where the argument is zero at t = 0, or phi has no kink and no steep slope, all units share their nodes.
        if breaks.len() == 1 && self.biases.is_none() || kinks == 0 && reach <= GENTLE {
            let nodes = halves.iter().flat_map(|half| stretched(&rule, *half));
            let nodes: Vec<(f64, f64)> = nodes.map(|(x, w)| (x.sin(), w * weight(x) / total)).collect();
            return self.with_nodes(&nodes, &norms, &recurrence);
        }
        let one = |j: usize| -> ([Vec<f64>; 3], f64) {
            let slope = self.scale * self.lengths[j];
            let bias = self.biases.map_or(0.0, |b| b[j]);
            let inside = |z: &f64| Some(((z - bias) / slope).asin()).filter(|x| x.abs() < end);
            let mut ends: Vec<f64> = breaks.iter().filter_map(inside).chain([-end, end]).collect();
            ends.sort_by(f64::total_cmp);
            let pieces = ends.windows(2).map(|w| (w[0], w[1]));
            let nodes: Vec<(f64, f64)> = pieces
                .flat_map(|piece| stretched(&rule, piece))
                .map(|(x, w)| (x.sin(), w * weight(x) / total))
                .collect();
            let arguments: Vec<f64> = nodes.iter().map(|(t, _)| slope * t + bias).collect();
            let mut values = arguments.clone();
            self.activation.apply(&mut values);
            let mut sums = [(); 3].map(|()| vec![0.0; max_degree + 1]);
            let norm = nodes.iter().zip(&values).map(|((_, w), v)| w * v * v).sum();
            for (((t, w), z), value) in nodes.iter().zip(&arguments).zip(values) {
                let derivative = if self.activation.has_slope() { self.activation.slope(*z) } else { 0.0 };
                for (k, p) in recurrence.values(*t).into_iter().enumerate() {
                    let p = w * norms[k] * p;
                    sums[0][k] += p * value;
                    sums[1][k] += p * self.scale * t * derivative;
                    sums[2][k] += p * derivative;
                }
            }
            (sums, norm)
        };
        let all: Vec<([Vec<f64>; 3], f64)> = (0..self.lengths.len()).into_par_iter().map(one).collect();
        let mut out = Coefficients::zeros(max_degree, self.lengths.len());
        for (j, (sums, norm)) in all.iter().enumerate() {
            out.norms[j] = *norm;
            for k in 0..=max_degree {
                out.values.row_mut(k)[j] = sums[0][k];
                out.by_length.row_mut(k)[j] = sums[1][k];
                out.by_bias.row_mut(k)[j] = sums[2][k];
            }
        }
        self.clear_invisible(&mut out);
        Ok(out)
    }

    /// The integrals by nodes that all units share: products of two matrices.
    fn with_nodes(
        &self,
        nodes: &[(f64, f64)],
        norms: &[f64],
        recurrence: &Recurrence,
    ) -> Result<Coefficients> {
        let (count, m) = (nodes.len(), self.lengths.len());
        // w_q sqrt(N_k) P_k(t_q), and the same times s t_q.
        let mut table = Matrix::zeros(norms.len(), count);
        for (q, (t, w)) in nodes.iter().enumerate() {
            for (k, p) in recurrence.values(*t).into_iter().enumerate() {
                table.row_mut(k)[q] = w * norms[k] * p;
            }
        }
        let mut arguments = Matrix::zeros(count, m);
        let by_row = arguments.values_mut().par_chunks_mut(m).zip(nodes);
        by_row.for_each(|(row, (t, _))| {
            for (j, z) in row.iter_mut().enumerate() {
                *z = self.scale * self.lengths[j] * t + self.biases.map_or(0.0, |b| b[j]);
            }
        });
        let mut values = arguments.clone();
        values.values_mut().par_chunks_mut(m).for_each(|row| self.activation.apply(row));
        let mut out = Coefficients::zeros(norms.len() - 1, m);
        out.values = table.times(&values);
        for (row, (_, w)) in values.values().chunks(m).zip(nodes) {
            out.norms.iter_mut().zip(row).for_each(|(norm, v)| *norm += w * v * v);
        }
        if self.activation.has_slope() {
            self.activation.replace_by_slopes(arguments.values_mut(), values.values());
            out.by_bias = table.times(&arguments);
            for k in 0..norms.len() {
                table.row_mut(k).iter_mut().zip(nodes).for_each(|(x, (t, _))| *x *= self.scale * t);
            }
            out.by_length = table.times(&arguments);
        }
        self.clear_invisible(&mut out);
        Ok(out)
    }

    /// Without a bias a degree that symmetry hides is exactly zero.
    fn clear_invisible(&self, coefficients: &mut Coefficients) {
        if self.biases.is_some() {
            return;
        }
        for k in (0..coefficients.values.rows()).filter(|&k| self.activation.vanishes_at(k)) {
            coefficients.values.row_mut(k).fill(0.0);
            coefficients.by_length.row_mut(k).fill(0.0);
        }
    }
}

/// Inner products of the unit vector in row i with all rows, from products with rounding: within [-1, 1], and exactly 1 for
/// equal rows. The square roots in closed kernels would feel 1 - 2^-53, and mirrored units would not cancel.
pub(crate) fn cosines(products: &[f64], directions: &Matrix, i: usize) -> Vec<f64> {
    // A few roundings of a sum of n squares.
    let near = 1.0 - 8.0 * f64::EPSILON * (16.0 + directions.columns() as f64);
    let own = directions.row(i);
    let cosine = |(j, &r): (usize, &f64)| {
        if j == i || r > near && directions.row(j) == own { 1.0 } else { r.clamp(-1.0, 1.0) }
    };
    products.iter().enumerate().map(cosine).collect()
}

/// The rule on another interval.
fn stretched(rule: &[(f64, f64)], (from, to): (f64, f64)) -> impl Iterator<Item = (f64, f64)> {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    rule.iter().map(move |(x, w)| (middle + half * x, half * w))
}

impl Coefficients {
    fn zeros(max_degree: Degree, units: usize) -> Self {
        let zeros = || Matrix::zeros(max_degree + 1, units);
        Self { values: zeros(), by_length: zeros(), by_bias: zeros(), norms: vec![0.0; units] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_those_of_the_spectrum_at_each_scale() {
        for (name, n) in
            [("relu", 5), ("tanh", 2), ("tanh", 12), ("gelu", 40), ("erf", 1000), ("max(t,0.2)-t^2", 7)]
        {
            let (activation, dim) = (Activation::parse(name).unwrap(), Dim::new(n).unwrap());
            let lengths = [0.3, 1.0, 4.5];
            let units = Units { activation: &activation, scale: 1.3, lengths: &lengths, biases: None };
            let found = units.coefficients(dim, 9).unwrap();
            // Through quadrature where there is a shorter way too.
            let zeros = [0.0; 3];
            let integrated = Units { biases: Some(&zeros), ..units }.coefficients(dim, 9).unwrap();
            for (j, l) in lengths.iter().enumerate() {
                let spectrum = Spectrum::new(&activation, dim, 1.3 * l, 9).unwrap();
                let norm = spectrum.norm_sq().sqrt();
                for (k, c) in spectrum.coefficients().iter().enumerate() {
                    let exact = f64::from(c.value.sign()) * c.energy.to_f64().sqrt();
                    for coefficients in [&found, &integrated] {
                        let error = (coefficients.values.row(k)[j] - exact).abs();
                        assert!(error < 3e-14 * norm, "{name}, n = {n}, l = {l}, k = {k}: {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_differences() {
        for name in ["relu", "tanh", "softplus"] {
            let (activation, dim) = (Activation::parse(name).unwrap(), Dim::new(4).unwrap());
            let at = |l: f64, b: f64| {
                let (lengths, biases) = ([l], [b]);
                let units =
                    Units { activation: &activation, scale: 0.8, lengths: &lengths, biases: Some(&biases) };
                units.coefficients(dim, 6).unwrap()
            };
            let (l, b, h) = (1.4, 0.3, 1e-5);
            let here = at(l, b);
            let (up, down) = (at(l + h, b), at(l - h, b));
            let (right, left) = (at(l, b + h), at(l, b - h));
            for k in 0..=6 {
                let by_length = (up.values.row(k)[0] - down.values.row(k)[0]) / (2.0 * h);
                let by_bias = (right.values.row(k)[0] - left.values.row(k)[0]) / (2.0 * h);
                assert!((here.by_length.row(k)[0] - by_length).abs() < 1e-9, "{name} {k}");
                assert!((here.by_bias.row(k)[0] - by_bias).abs() < 1e-9, "{name} {k}");
            }
        }
    }
}
